//! Where in a SQL text a mistake stands, and how it is shown: line and column, the line itself, and a caret under the place.

use std::fmt;

use datafusion::common::Span;
use datafusion::error::DataFusionError;

/// A place in SQL text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlPlace {
    /// The script that the text comes from, if it is one.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub width: usize,
    /// The line itself; empty while unknown.
    pub source_line: String,
}

impl SqlPlace {
    /// The place that `error` carries, if any: the span of its diagnostic, or the position in a parser's message.
    pub(crate) fn of(error: &DataFusionError) -> Option<Self> {
        let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
        span.map(Self::from_span).or_else(|| match error.find_root() {
            DataFusionError::SQL(parser, _) => split_position(&parser.to_string()).1,
            _ => None,
        })
    }

    fn from_span(span: Span) -> Self {
        let width =
            if span.start.line == span.end.line { span.end.column.saturating_sub(span.start.column) } else { 1 };
        Self::at(span.start.line as usize, span.start.column as usize, width as usize)
    }

    fn at(line: usize, column: usize, width: usize) -> Self {
        Self { file: None, line: line.max(1), column: column.max(1), width: width.max(1), source_line: String::new() }
    }

    /// Adds the line that is meant from the text that was run.
    pub(crate) fn with_source(mut self, sql: &str) -> Self {
        if let Some(line) = sql.lines().nth(self.line - 1) {
            self.source_line = line.to_owned();
            self.width = self.width.min((line.chars().count() + 1).saturating_sub(self.column).max(1));
        }
        self
    }
}

/// Parts a parser's message `… at Line: 3, Column: 8` into what is wrong and where.
pub(crate) fn split_position(message: &str) -> (String, Option<SqlPlace>) {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let parts = message.rsplit_once(" at Line: ").and_then(|(text, position)| {
        let (line, column) = position.split_once(", Column: ")?;
        let digits = column.find(|c: char| !c.is_ascii_digit()).unwrap_or(column.len());
        Some((text, SqlPlace::at(line.parse().ok()?, column[..digits].parse().ok()?, 1)))
    });
    match parts {
        Some((text, place)) => (text.to_owned(), Some(place)),
        None => (message.to_owned(), None),
    }
}

impl fmt::Display for SqlPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "  --> {file}:{}:{}", self.line, self.column)?,
            None => write!(f, "  --> line {}, column {}", self.line, self.column)?,
        }
        if self.source_line.is_empty() {
            return Ok(());
        }
        let number = self.line.to_string();
        // Tabs stay tabs in the line above, so that the caret stands right whatever their width is.
        let indent: String = (self.source_line.chars().chain(std::iter::repeat(' ')))
            .take(self.column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let (gap, carets) = (" ".repeat(number.len()), "^".repeat(self.width));
        write!(f, "\n {number} | {}\n {gap} | {indent}{carets}", self.source_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_position_out_of_a_message() {
        let (text, place) = split_position("sql parser error: Expected: end, found: x at Line: 12, Column: 7");
        assert_eq!(text, "Expected: end, found: x");
        assert_eq!(place.map(|p| (p.line, p.column)), Some((12, 7)));
        assert_eq!(split_position("no position").1, None);
    }

    #[test]
    fn draws_the_line_with_a_caret() {
        let place = SqlPlace::at(2, 9, 3).with_source("select 1,\n\tselect foo\nfrom t");
        assert_eq!(place.to_string(), "  --> line 2, column 9\n 2 | \tselect foo\n   | \t       ^^^");
    }

    #[test]
    fn a_place_after_the_end_still_has_one_caret() {
        let place = SqlPlace::at(1, 7, 5).with_source("select");
        assert_eq!(place.to_string(), "  --> line 1, column 7\n 1 | select\n   |       ^");
    }
}
