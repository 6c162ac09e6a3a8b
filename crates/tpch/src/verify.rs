//! Whether an answer is right.
//!
//! The rules, for an answer and what is expected:
//! - the same columns by name and order, and as many rows;
//! - row by row the same values in the columns that the query orders by. Rows that agree in all of these may come in any order,
//!   so within such a run of rows the rest is compared as a multiset;
//! - strings, dates, integers and decimals are exact: `1.50` is `1.5`, but `1.51` is not. A binary float where an exact
//!   number is expected is wrong;
//! - averages and quotients agree to [`TOLERANCE`] relative.

use std::fmt;

use crate::answer::{Answer, Cell};
use crate::query::Query;

/// The largest relative difference between two floats that count as equal.
pub const TOLERANCE: f64 = 1e-9;

/// How an answer differs from what was expected; only the first difference is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch(String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Compares an answer with the expected one by the rules above.
pub fn verify(query: Query, answer: &Answer, expected: &Answer) -> Result<(), Mismatch> {
    if answer.row_count() != expected.row_count() {
        return Err(Mismatch(format!("expected {} rows, got {}", expected.row_count(), answer.row_count())));
    }
    // An engine may give no batch, and so no columns, where there are no rows.
    if answer.row_count() == 0 {
        return Ok(());
    }
    if answer.columns != expected.columns {
        let (expected, got) = (expected.columns.join(", "), answer.columns.join(", "));
        return Err(Mismatch(format!("expected the columns {expected}, got {got}")));
    }
    let rules = Rules::new(query, &expected.columns);
    for (row, (got, expected)) in answer.rows.iter().zip(&expected.rows).enumerate() {
        rules.compare(row, got, expected, &rules.order)?;
    }
    for run in rules.runs_of_equal_order(&expected.rows) {
        let got = rules.sorted(&answer.rows[run.clone()]);
        let expected = rules.sorted(&expected.rows[run.clone()]);
        for (row, (got, expected)) in run.zip(got.into_iter().zip(expected)) {
            rules.compare(row, got, expected, &rules.every)?;
        }
    }
    Ok(())
}

/// What the columns of a query's answer are.
struct Rules<'a> {
    columns: &'a [String],
    order: Vec<usize>,
    every: Vec<usize>,
    quotient: Vec<bool>,
}

impl<'a> Rules<'a> {
    fn new(query: Query, columns: &'a [String]) -> Self {
        let order = query.order().iter().filter_map(|name| columns.iter().position(|column| column == name)).collect();
        let quotient = columns.iter().map(|column| query.quotients().contains(&column.as_str())).collect();
        Self { columns, order, every: (0..columns.len()).collect(), quotient }
    }

    fn compare(&self, row: usize, got: &[Cell], expected: &[Cell], columns: &[usize]) -> Result<(), Mismatch> {
        for &column in columns {
            if !self.equal(column, &got[column], &expected[column]) {
                return Err(Mismatch(format!(
                    "row {}, column {}: expected {}, got {}",
                    row + 1,
                    self.columns[column],
                    expected[column],
                    got[column]
                )));
            }
        }
        Ok(())
    }

    fn equal(&self, column: usize, got: &Cell, expected: &Cell) -> bool {
        match (got, expected) {
            (Cell::Null, Cell::Null) => true,
            (Cell::Null, _) | (_, Cell::Null) => false,
            _ if self.quotient[column] => quotients_agree(got, expected),
            _ => sort_key(got) == sort_key(expected),
        }
    }

    /// The longest runs of rows that agree in all columns that the query orders by.
    fn runs_of_equal_order(&self, rows: &[Vec<Cell>]) -> Vec<std::ops::Range<usize>> {
        let mut runs = vec![];
        let mut start = 0;
        for end in 1..=rows.len() {
            let ends = end == rows.len()
                || self.order.iter().any(|&column| !self.equal(column, &rows[end][column], &rows[start][column]));
            if ends {
                runs.push(start..end);
                start = end;
            }
        }
        runs
    }

    /// The rows in an order that depends on their exact values alone.
    fn sorted<'r>(&self, rows: &'r [Vec<Cell>]) -> Vec<&'r Vec<Cell>> {
        let mut rows: Vec<_> = rows.iter().collect();
        if rows.len() > 1 {
            rows.sort_by_cached_key(|row| {
                let exact = row.iter().zip(&self.quotient).filter(|(_, quotient)| !**quotient);
                exact.map(|(cell, _)| sort_key(cell)).collect::<Vec<_>>()
            });
        }
        rows
    }
}

/// A text that is the same for equal values, whatever their type.
fn sort_key(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        // The reference writes exact numbers with more or fewer zeros; no text or date of an answer is a number that does.
        Cell::Untyped(text) => Cell::exact(text).map_or_else(|| (*text).to_owned(), |cell| cell.to_string()),
        Cell::Exact { .. } => cell.clone().without_trailing_zeros().to_string(),
        // Never equal to an exact number.
        Cell::Float(value) => format!("float {value}"),
        Cell::Null => "null".to_owned(),
    }
}

fn quotients_agree(got: &Cell, expected: &Cell) -> bool {
    let (Some(got_value), Some(expected_value)) = (got.as_f64(), expected.as_f64()) else { return false };
    (got_value - expected_value).abs() <= TOLERANCE * expected_value.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::Scale;

    fn reference(number: usize) -> (Query, Answer) {
        let query = Query::try_from(number).unwrap();
        (query, Answer::reference(query, Scale::try_from(0.01).unwrap()).unwrap())
    }

    #[test]
    fn the_reference_agrees_with_itself() {
        for query in Query::all() {
            let (_, answer) = reference(query.number());
            assert_eq!(verify(query, &answer, &answer), Ok(()), "{query}");
        }
    }

    #[test]
    fn any_changed_value_is_found() {
        for query in Query::all() {
            let (_, expected) = reference(query.number());
            for column in 0..expected.columns.len() {
                let mut answer = expected.clone();
                let last = answer.row_count() - 1;
                answer.rows[last][column] = match &answer.rows[last][column] {
                    Cell::Null => Cell::Float(1.0),
                    cell => match cell.as_f64() {
                        Some(number) => Cell::Float(number * (1.0 + 1e-8) + 1e-8),
                        None => Cell::Text(format!("{cell}!")),
                    },
                };
                assert!(verify(query, &answer, &expected).is_err(), "{query}, {}", expected.columns[column]);
            }
        }
    }

    #[test]
    fn a_missing_row_and_a_doubled_one_are_found() {
        let (query, expected) = reference(9);
        let mut answer = expected.clone();
        answer.rows.pop();
        assert_eq!(verify(query, &answer, &expected).unwrap_err().to_string(), "expected 173 rows, got 172");
        let doubled = answer.rows[0].clone();
        answer.rows.insert(0, doubled);
        assert!(verify(query, &answer, &expected).is_err());
    }

    #[test]
    fn a_changed_order_is_found_where_the_query_orders() {
        for query in Query::all() {
            let (_, expected) = reference(query.number());
            if expected.row_count() > 1 {
                let mut answer = expected.clone();
                answer.rows.reverse();
                assert!(verify(query, &answer, &expected).is_err(), "{query}");
            }
        }
    }

    #[test]
    fn ties_may_come_in_any_order_but_not_with_other_values() {
        // Query 11 orders by value alone.
        let query = Query::try_from(11).unwrap();
        let number = |digits| Cell::Exact { digits, scale: 0 };
        let answer = |keys: [i128; 3]| Answer {
            columns: vec!["ps_partkey".to_owned(), "value".to_owned()],
            rows: keys.into_iter().zip([9, 7, 7]).map(|(key, value)| vec![number(key), number(value)]).collect(),
        };
        assert_eq!(verify(query, &answer([1, 3, 2]), &answer([1, 2, 3])), Ok(()));
        assert!(verify(query, &answer([2, 1, 3]), &answer([1, 2, 3])).is_err());
        assert!(verify(query, &answer([1, 2, 2]), &answer([1, 2, 3])).is_err());
    }

    #[test]
    fn exact_numbers_are_exact_and_quotients_close() {
        let exact = |text| Cell::exact(text).unwrap();
        assert_eq!(sort_key(&Cell::Untyped("380456")), sort_key(&Cell::Exact { digits: 38_045_600, scale: 2 }));
        assert_ne!(sort_key(&Cell::Untyped("1.5")), sort_key(&Cell::Float(1.5)));
        assert!(quotients_agree(&Cell::Float(25.575154611454693), &Cell::Untyped("25.57515461145469")));
        assert!(!quotients_agree(&Cell::Float(25.5751547), &Cell::Untyped("25.575154611454693")));
        assert!(!quotients_agree(&exact("25.575155"), &Cell::Untyped("25.575154611454693")));
    }
}
