//! A script parted into statements and commands, as its text comes in.

use std::collections::VecDeque;

use datafusion::sql::sqlparser::dialect::Dialect;
use swath_collections::{Error, SqlPlace};

use crate::lexer::{Kind, lex};

/// One thing to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The statement without its `;`, or the command with its backslash.
    pub text: String,
    /// Whether it is a command of the shell (`\d`), not SQL.
    pub is_command: bool,
    /// Lines of the script before the one on which it starts.
    lines_before: usize,
    /// What stands before it on its first line.
    lead: String,
}

impl Piece {
    /// `error` with the place in the whole script instead of the place in this piece.
    pub fn relocate(&self, error: Error, file: Option<&str>) -> Error {
        error.map_place(|place: &mut SqlPlace| {
            if place.line == 1 {
                place.column += self.lead.chars().count();
                place.source_line.insert_str(0, &self.lead);
            }
            place.line += self.lines_before;
            place.file = file.map(str::to_owned);
        })
    }
}

/// Takes text and hands out its pieces.
#[derive(Debug, Default)]
pub struct Script {
    /// Text that is not handed out yet.
    rest: String,
    /// What stood before it on its first line.
    lead: String,
    /// Lines before that line.
    lines_before: usize,
    ready: VecDeque<Piece>,
}

impl Script {
    /// Adds text.
    pub fn push(&mut self, text: &str) {
        self.rest.push_str(text);
    }

    /// Whether nothing but spaces and comments waits to be completed.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.rest.trim().is_empty()
    }

    /// The next piece. Without `at_end`, a statement counts only once its `;` has come, a command once its line has ended.
    pub fn next(&mut self, at_end: bool, dialect: &dyn Dialect) -> Option<Piece> {
        if self.ready.is_empty() {
            self.part(at_end, dialect);
        }
        self.ready.pop_front()
    }

    fn part(&mut self, at_end: bool, dialect: &dyn Dialect) {
        while let Some(more) = self.part_once(at_end, dialect) {
            if !more {
                break;
            }
        }
    }

    /// Takes statements off the front, up to and with the next command. `Some(true)` if there may be more behind it.
    fn part_once(&mut self, at_end: bool, dialect: &dyn Dialect) -> Option<bool> {
        let lexed = lex(&self.rest, dialect);
        let mut pieces = vec![];
        let mut done = 0;
        let mut start: Option<usize> = None;
        let mut more = false;
        for lexeme in &lexed.lexemes {
            match (lexeme.kind, start) {
                (Kind::Space | Kind::Comment, None) => {}
                (Kind::Semicolon, None) => done = lexeme.end,
                (Kind::Semicolon, Some(from)) => {
                    pieces.push((from, lexeme.start, false));
                    (start, done) = (None, lexeme.end);
                }
                (Kind::Backslash, None) => {
                    // The rest of the line is no SQL, so what comes after must be looked at afresh.
                    let line_end = self.rest[lexeme.start..].find('\n').map(|length| lexeme.start + length);
                    if line_end.is_some() || at_end {
                        let end = line_end.unwrap_or(self.rest.len());
                        pieces.push((lexeme.start, end, true));
                        (done, more) = (end, true);
                    }
                    break;
                }
                (_, None) => start = Some(lexeme.start),
                (_, Some(_)) => {}
            }
        }
        if at_end && !more {
            pieces.extend(start.map(|from| (from, self.rest.len(), false)));
            done = self.rest.len();
        }
        let found = !pieces.is_empty();
        for (from, to, is_command) in pieces {
            let piece = self.piece(from, to, is_command);
            self.ready.push_back(piece);
        }
        self.consume(done);
        found.then_some(more)
    }

    fn piece(&self, from: usize, to: usize, is_command: bool) -> Piece {
        let before = &self.rest[..from];
        let lines = before.matches('\n').count();
        let lead = match before.rfind('\n') {
            Some(newline) => before[newline + 1..].to_owned(),
            None => format!("{}{before}", self.lead),
        };
        let text = self.rest[from..to].trim_end().to_owned();
        Piece { text, is_command, lines_before: self.lines_before + lines, lead }
    }

    fn consume(&mut self, bytes: usize) {
        let taken = &self.rest[..bytes];
        self.lines_before += taken.matches('\n').count();
        match taken.rfind('\n') {
            Some(newline) => self.lead = taken[newline + 1..].to_owned(),
            None => self.lead.push_str(taken),
        }
        self.rest.drain(..bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    fn pieces(parts: &[&str]) -> Vec<String> {
        let mut script = Script::default();
        let mut found = vec![];
        for (index, part) in parts.iter().enumerate() {
            script.push(part);
            while let Some(piece) = script.next(index + 1 == parts.len(), &GenericDialect {}) {
                found.push(piece.text);
            }
        }
        assert!(script.is_empty());
        found
    }

    #[test]
    fn parts_at_semicolons_that_are_no_text() {
        assert_eq!(
            pieces(&["SELECT ';' ; -- a; b\nSELECT $$;$$; /* ; */ ;; SELECT \"a;b\" "]),
            ["SELECT ';'", "SELECT $$;$$", "SELECT \"a;b\""]
        );
    }

    #[test]
    fn commands_end_with_their_line() {
        assert_eq!(
            pieces(&["SELECT 1;\n\\o it's.csv\nSELECT 2; \\x\nSELECT 3"]),
            ["SELECT 1", "\\o it's.csv", "SELECT 2", "\\x", "SELECT 3"]
        );
    }

    #[test]
    fn text_may_come_in_parts() {
        assert_eq!(
            pieces(&["SEL", "ECT 'a", ";b'", "; SELECT 2;", " \\d", " t\n", "SELECT 3", ""]),
            ["SELECT 'a;b'", "SELECT 2", "\\d t", "SELECT 3"]
        );
    }

    #[test]
    fn an_unfinished_string_is_left_to_the_parser() {
        assert_eq!(pieces(&["SELECT 1; SELECT 'abc; SELECT 2;"]), ["SELECT 1", "SELECT 'abc; SELECT 2;"]);
        assert!(pieces(&["  -- nothing\n"]).is_empty());
    }

    #[test]
    fn places_are_those_of_the_script() {
        let mut script = Script::default();
        script.push("SELECT 1;\nSELECT 2; SELEC 3");
        let mut last = None;
        while let Some(piece) = script.next(true, &GenericDialect {}) {
            last = Some(piece);
        }
        let place = SqlPlace { file: None, line: 1, column: 1, width: 5, source_line: "SELEC 3".to_owned() };
        let error = Error::Sql { message: String::new(), place: Some(Box::new(place)) };
        let moved = last.unwrap().relocate(error, Some("a.sql"));
        let place = moved.place().unwrap();
        assert_eq!((place.line, place.column, place.source_line.as_str()), (2, 11, "SELECT 2; SELEC 3"));
    }
}
