//! `\h`: what the shell can do, and the forms of SQL statements.

use crate::command::LIST;
use crate::error::{Failure, Result};

/// Statements and their forms.
const STATEMENTS: [(&str, &str); 14] = [
    (
        "SELECT",
        "[WITH [RECURSIVE] name AS (query), …]\n\
         SELECT [DISTINCT [ON (…)]] expression [AS name], …\n\
         FROM table | 'file.parquet' | 'folder/*.csv' [alias] [JOIN … ON … | USING (…)]\n\
         [WHERE condition] [GROUP BY … | ROLLUP (…) | CUBE (…) | GROUPING SETS (…) | ALL] [HAVING condition]\n\
         [QUALIFY condition] [ORDER BY … [ASC | DESC] [NULLS FIRST | LAST]] [LIMIT n] [OFFSET n]\n\
         [UNION | INTERSECT | EXCEPT [ALL] query]",
    ),
    (
        "CREATE EXTERNAL TABLE",
        "CREATE EXTERNAL TABLE name [(column type, …)] STORED AS PARQUET | CSV | JSON | ARROW\n[PARTITIONED BY (column, …)] [OPTIONS ('key' 'value', …)] LOCATION 'path or address'",
    ),
    ("CREATE TABLE", "CREATE [OR REPLACE] TABLE name AS query\nCREATE TABLE name (column type [NOT NULL], …)"),
    ("CREATE VIEW", "CREATE [OR REPLACE] VIEW name AS query"),
    ("INSERT", "INSERT INTO table [(column, …)] query | VALUES (…), …"),
    (
        "COPY",
        "COPY table | (query) TO 'path' [STORED AS PARQUET | CSV | JSON | ARROW] [PARTITIONED BY (column, …)]\n[OPTIONS ('key' 'value', …)]",
    ),
    (
        "EXPLAIN",
        "EXPLAIN query              the logical and the physical plan\nEXPLAIN ANALYZE query      runs it; rows, bytes and time of each operator\nEXPLAIN STAGES query       the stages between which data moves\nEXPLAIN FORMAT TREE query  a drawing of the physical plan",
    ),
    ("DROP", "DROP TABLE | VIEW [IF EXISTS] name"),
    ("DESCRIBE", "DESCRIBE table"),
    ("SHOW", "SHOW TABLES\nSHOW COLUMNS FROM table\nSHOW FUNCTIONS [LIKE 'pattern']\nSHOW setting | ALL"),
    ("SET", "SET setting = value      for instance SET datafusion.execution.batch_size = 4096\nRESET setting"),
    ("PREPARE", "PREPARE name [(type, …)] AS query with $1, $2, …\nEXECUTE name (value, …)\nDEALLOCATE name"),
    ("VALUES", "VALUES (value, …), (value, …)"),
    ("UNNEST", "SELECT unnest(list) FROM table\nSELECT * FROM table, unnest(table.list) AS item"),
];

/// Help on the shell, or on the statement that `topic` names.
///
/// # Errors
/// If there is no help on `topic`.
pub fn text(topic: &str) -> Result<String> {
    if !topic.is_empty() {
        return statement(topic);
    }
    let mut text = String::from("Statements end with ; and may span lines. Commands:\n");
    for (name, argument, meaning) in LIST {
        text += &format!("  {:<20} {meaning}\n", format!("{name} {argument}"));
    }
    let formats: Vec<&str> = crate::output::Format::NAMED.iter().map(|(name, _)| *name).collect();
    text += &format!("Formats: {}\n", formats.join(", "));
    text += "Keys: Tab completes, Up and Ctrl-R search the history, Ctrl-C cancels, Alt-Enter starts a new line.\n";
    text += &format!("Help on statements (\\h name): {}\n", STATEMENTS.map(|(name, _)| name).join(", "));
    Ok(text)
}

fn statement(topic: &str) -> Result<String> {
    let wanted = topic.to_uppercase();
    let matching = STATEMENTS.iter().filter(|(name, _)| name.starts_with(&wanted));
    let text: Vec<String> = matching.map(|(_, form)| format!("{form}\n")).collect();
    if text.is_empty() {
        let names = STATEMENTS.map(|(name, _)| name);
        return Err(Failure::usage(format!("\\h: no help on '{topic}'; there is some on: {}", names.join(", "))));
    }
    Ok(text.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_commands_and_finds_statements() {
        assert!(text("").unwrap().contains("\\timing [on|off]"));
        assert!(text("create").unwrap().contains("VIEW name AS query") && text("create").unwrap().contains("LOCATION"));
        assert!(text("frobnicate").unwrap_err().to_string().contains("EXPLAIN"));
    }
}
