//! EXPLAIN in its forms, as text that a person can read.

use arrow::array::{RecordBatch, UInt64Array};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::sql::sqlparser::dialect::Dialect;

use crate::lexer::{Kind, lex};

/// A form of EXPLAIN that the shell answers itself, with the query that it is about.
///
/// The words before the query are blanked out, so that its places are those of the whole statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explain {
    /// `EXPLAIN STAGES query`: the stages of the physical plan.
    Stages(String),
    /// `EXPLAIN ANALYZE query`: what each operator did.
    Analyze(String),
}

impl Explain {
    /// Looks at the first words of `sql`. `EXPLAIN ANALYZE VERBOSE` and `FORMAT` are left to DataFusion.
    pub fn of(sql: &str, dialect: &dyn Dialect) -> Option<Self> {
        if !sql.get(..7)?.eq_ignore_ascii_case("explain") {
            return None;
        }
        let lexed = lex(sql, dialect);
        let mut words = lexed.lexemes.iter().filter(|lexeme| !matches!(lexeme.kind, Kind::Space | Kind::Comment));
        let (_explain, form, first) = (words.next()?, words.next()?, words.next()?);
        let blank: String = sql[..first.start].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        let query = blank + &sql[first.start..];
        match sql[form.start..form.end].to_ascii_lowercase().as_str() {
            "stages" => Some(Self::Stages(query)),
            "analyze"
                if !["verbose", "format"].iter().any(|word| sql[first.start..first.end].eq_ignore_ascii_case(word)) =>
            {
                Some(Self::Analyze(query))
            }
            _ => None,
        }
    }
}

/// The plans in DataFusion's answer to EXPLAIN, each under its name.
pub fn readable(batches: &[RecordBatch]) -> Result<String, ArrowError> {
    let mut text = String::new();
    for batch in batches {
        let options = FormatOptions::new();
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let values: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
            if !text.is_empty() {
                text.push('\n');
            }
            if let [name, plan] = values.as_slice() {
                text += &format!("{}\n", name.replace('_', " "));
                for line in plan.trim_end().lines() {
                    text += &format!("  {line}\n");
                }
            } else {
                text += &format!("{}\n", values.join("\n"));
            }
        }
    }
    Ok(text)
}

/// The number of rows that COPY or INSERT reports.
pub fn written_rows(batches: &[RecordBatch]) -> Option<u64> {
    batches
        .iter()
        .find(|batch| batch.num_rows() > 0)
        .and_then(|batch| batch.columns().first()?.as_any().downcast_ref::<UInt64Array>().map(|counts| counts.value(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    #[test]
    fn knows_its_forms() {
        let of = |sql| Explain::of(sql, &GenericDialect {});
        assert_eq!(of("EXPLAIN stages\n SELECT 1"), Some(Explain::Stages("              \n SELECT 1".to_owned())));
        let Some(Explain::Analyze(query)) = of("explain /* c */ analyze WITH a AS (SELECT 1) TABLE a") else {
            panic!()
        };
        assert_eq!(query.trim_start(), "WITH a AS (SELECT 1) TABLE a");
        assert_eq!(of("EXPLAIN ANALYZE VERBOSE SELECT 1"), None);
        assert_eq!(of("EXPLAIN SELECT 1"), None);
        assert_eq!(of("SELECT stages"), None);
    }
}
