//! The tables that a statement names, as far as it is written: their columns are what Tab offers.

use datafusion::sql::sqlparser::dialect::GenericDialect;

use super::keywords::is_keyword;
use crate::lexer::{Kind, Lexeme, lex};

/// A table in FROM or JOIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedTable {
    /// As it is written: `a.b`, `"B"` or `'file.parquet'`.
    pub reference: String,
    /// The name by which its columns are called: its alias, or the last part of its name.
    pub name: String,
}

/// The tables that `statement` names, in order.
pub fn tables_in(statement: &str) -> Vec<ScopedTable> {
    let lexed = lex(statement, &GenericDialect {});
    let pieces: Vec<Lexeme> =
        lexed.lexemes.into_iter().filter(|lexeme| !matches!(lexeme.kind, Kind::Space | Kind::Comment)).collect();
    let text = |index: usize| pieces.get(index).map_or("", |piece| &statement[piece.start..piece.end]);
    let is_name = |index: usize| {
        pieces.get(index).is_some_and(|piece| match piece.kind {
            Kind::Word => !is_keyword(text(index)),
            kind => kind == Kind::QuotedName,
        })
    };
    let mut tables = vec![];
    let mut at = 0;
    while at < pieces.len() {
        if !["FROM", "JOIN", "INTO", "UPDATE", "DESCRIBE"].iter().any(|word| text(at).eq_ignore_ascii_case(word)) {
            at += 1;
            continue;
        }
        // A list of tables, parted by commas.
        loop {
            at += 1;
            let is_file = pieces.get(at).is_some_and(|piece| piece.kind == Kind::Text);
            if !is_file && !is_name(at) {
                break;
            }
            let mut reference = text(at).to_owned();
            let mut name = reference.clone();
            at += 1;
            while text(at) == "." && is_name(at + 1) {
                name = text(at + 1).to_owned();
                reference = format!("{reference}.{name}");
                at += 2;
            }
            if text(at).eq_ignore_ascii_case("as") {
                at += 1;
            }
            if is_name(at) {
                name = text(at).to_owned();
                at += 1;
            }
            tables.push(ScopedTable { reference, name });
            if text(at) != "," {
                break;
            }
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scoped(statement: &str) -> Vec<(String, String)> {
        tables_in(statement).into_iter().map(|table| (table.reference, table.name)).collect()
    }

    #[test]
    fn finds_tables_aliases_files_and_lists() {
        let pairs = |expected: &[(&str, &str)]| -> Vec<(String, String)> {
            expected.iter().map(|(reference, name)| ((*reference).to_owned(), (*name).to_owned())).collect()
        };
        assert_eq!(scoped("SELECT  FROM lineitem l WHERE"), pairs(&[("lineitem", "l")]));
        assert_eq!(
            scoped("select * from a, s.b AS c join 'x.parquet' x on 1 = 1 left join \"D\" using (k)"),
            pairs(&[("a", "a"), ("s.b", "c"), ("'x.parquet'", "x"), ("\"D\"", "\"D\"")])
        );
        assert_eq!(scoped("SELECT (SELECT max(y) FROM u) FROM t"), pairs(&[("u", "u"), ("t", "t")]));
        assert_eq!(scoped("SELECT 1 FROM "), pairs(&[]));
    }
}
