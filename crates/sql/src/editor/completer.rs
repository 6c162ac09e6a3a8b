//! What Tab offers: keywords, functions, tables, columns of the tables in scope, files inside quotes, commands.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use reedline::{Completer, Span, Suggestion};
use swath_collections::Session;

use super::keywords::{KEYWORDS, is_keyword};
use super::scope::{ScopedTable, tables_in};
use crate::command::LIST;
use crate::lexer::{Kind, Lexeme, lex};
use crate::output::Format;

/// Offers at most so many; more would fill the screen and help nobody.
const MOST: usize = 200;
/// Columns are looked for in so many tables while a statement names none.
const MOST_TABLES: usize = 50;

/// Completes SQL over a session.
pub struct SqlCompleter {
    session: Session,
}

/// What is being typed, and where.
struct Typed<'a> {
    /// The statement up to the cursor.
    before: &'a str,
    /// All of the statement.
    statement: &'a str,
    /// The word before the cursor, maybe empty, and where it starts in the buffer.
    word: &'a str,
    start: usize,
    /// The pieces before that word, without spaces and comments.
    pieces: Vec<Lexeme>,
}

impl SqlCompleter {
    /// Offers what `session` knows.
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// Texts that may stand for the part of `buffer` that starts at the returned byte.
    fn candidates(&self, buffer: &str, cursor: usize) -> (usize, Vec<String>) {
        let buffer_before = &buffer[..cursor];
        if buffer_before.trim_start().starts_with('\\') {
            return self.command_candidates(buffer_before);
        }
        let lexed = lex(buffer_before, &GenericDialect {});
        let last = lexed.lexemes.last().copied();
        if let Some(last) = last.filter(|last| lexed.is_open && last.kind == Kind::Text) {
            // Only names of files are completed inside quotes.
            return (last.start + 1, files(&buffer[last.start + 1..cursor]));
        }
        if last.is_some_and(|last| last.kind == Kind::Comment && (lexed.is_open || !buffer_before.ends_with('\n'))) {
            return (cursor, vec![]);
        }
        let typed = Typed::at(buffer, cursor, &lexed.lexemes);
        (typed.start, self.sql_candidates(&typed))
    }

    fn sql_candidates(&self, typed: &Typed<'_>) -> Vec<String> {
        let scope = tables_in(typed.statement);
        if let Some(qualifier) = typed.qualifier() {
            return matching(typed.word, self.qualified(qualifier, &scope));
        }
        let previous = typed.previous_word().unwrap_or_default();
        let wants_table = ["FROM", "JOIN", "INTO", "TABLE", "DESCRIBE", "UPDATE", "VIEW"].contains(&previous.as_str());
        let tables: Vec<String> = self.session.tables().iter().map(|name| quoted_if_needed(name)).collect();
        if wants_table {
            return matching(typed.word, tables);
        }
        if typed.word.is_empty() && scope.is_empty() {
            return vec![];
        }
        // Before FROM is written, the columns of every table may be meant.
        let references: Vec<String> = match scope.is_empty() {
            true => tables.iter().take(MOST_TABLES).cloned().collect(),
            false => scope.iter().map(|table| table.reference.clone()).collect(),
        };
        let mut all = matching(typed.word, references.iter().flat_map(|reference| self.columns(reference)));
        // Without a letter typed, columns are all that is worth a list.
        if !typed.word.is_empty() {
            all.extend(matching(
                typed.word,
                scope.iter().map(|table| table.name.clone()).filter(|name| !name.starts_with('\'')),
            ));
            all.extend(matching(typed.word, tables));
            all.extend(matching(typed.word, cased(typed)));
            all.extend(matching(typed.word, function_names(&self.session).into_iter().map(|name| format!("{name}("))));
        }
        let mut seen = BTreeSet::new();
        all.retain(|text| seen.insert(text.clone()));
        all
    }

    /// What may follow `qualifier.`: columns of a table in scope, tables of a schema.
    fn qualified(&self, qualifier: &str, scope: &[ScopedTable]) -> Vec<String> {
        let table = scope.iter().find(|table| table.name.eq_ignore_ascii_case(qualifier));
        let mut names = self.columns(table.map_or(qualifier, |table| &table.reference));
        let prefix = format!("{qualifier}.");
        names.extend(self.session.tables().iter().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned));
        names
    }

    fn columns(&self, reference: &str) -> Vec<String> {
        let frame = self.session.sql(&format!("SELECT * FROM {reference}"));
        // What cannot be planned yet has no columns to offer.
        let columns = frame.and_then(|frame| frame.columns()).unwrap_or_default();
        columns.iter().map(|name| quoted_if_needed(name)).collect()
    }

    fn command_candidates(&self, before: &str) -> (usize, Vec<String>) {
        let line_start = before.len() - before.trim_start().len();
        let line = &before[line_start..];
        let Some((name, argument)) = line.split_once(char::is_whitespace) else {
            return (line_start, matching(line, LIST.iter().map(|(name, ..)| (*name).to_owned())));
        };
        let argument = argument.trim_start();
        let start = before.len() - argument.len();
        let words = |words: &[&str]| matching(argument, words.iter().map(|word| (*word).to_owned()));
        let offered = match name {
            "\\d" => matching(argument, self.session.tables()),
            "\\o" => {
                let formats = Format::NAMED.iter().filter(|(_, format)| !format.is_binary());
                let mut offered = matching(argument, formats.map(|(name, _)| (*name).to_owned()));
                offered.extend(files(argument));
                offered
            }
            "\\i" => files(argument),
            "\\timing" | "\\x" => words(&["on", "off"]),
            "\\rows" => words(&["all"]),
            _ => vec![],
        };
        (start, offered)
    }
}

impl Completer for SqlCompleter {
    fn complete(&mut self, line: &str, pos: usize) -> Vec<Suggestion> {
        let cursor = (0..=pos.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        let (start, candidates) = self.candidates(line, cursor);
        let suggestion = |value: String| Suggestion {
            // After a folder or a function one goes on typing; inside quotes, the quote follows.
            append_whitespace: !value.ends_with(['/', '(', '.']) && !is_in_quotes(line, start),
            span: Span::new(start, cursor),
            value,
            ..Default::default()
        };
        candidates.into_iter().take(MOST).map(suggestion).collect()
    }
}

impl<'a> Typed<'a> {
    fn at(buffer: &'a str, cursor: usize, lexemes: &[Lexeme]) -> Self {
        let from =
            lexemes.iter().rev().find(|lexeme| lexeme.kind == Kind::Semicolon).map_or(0, |semicolon| semicolon.end);
        let to = lex(&buffer[from..], &GenericDialect {})
            .lexemes
            .iter()
            .find(|lexeme| lexeme.kind == Kind::Semicolon)
            .map_or(buffer.len(), |semicolon| from + semicolon.start);
        let mut pieces: Vec<Lexeme> = (lexemes.iter().copied())
            .filter(|lexeme| lexeme.start >= from && !matches!(lexeme.kind, Kind::Space | Kind::Comment))
            .collect();
        let is_word = |piece: &Lexeme| piece.end == cursor && matches!(piece.kind, Kind::Word | Kind::QuotedName);
        let start = match pieces.last().copied().filter(is_word) {
            Some(word) => {
                pieces.pop();
                word.start
            }
            None => cursor,
        };
        Self {
            before: &buffer[..cursor],
            statement: &buffer[from..to.max(cursor)],
            word: &buffer[start..cursor],
            start,
            pieces,
        }
    }

    /// `a` of `a.` before the cursor.
    fn qualifier(&self) -> Option<&'a str> {
        let [.., name, dot] = self.pieces.as_slice() else { return None };
        (self.before[dot.start..dot.end] == *"." && dot.end == self.start).then(|| &self.before[name.start..name.end])
    }

    /// The keyword that decides what follows: the last word, or the one before a list of names.
    fn previous_word(&self) -> Option<String> {
        let last = self.pieces.last()?;
        (last.kind == Kind::Word).then(|| self.before[last.start..last.end].to_ascii_uppercase())
    }
}

/// Keywords in the case that the user writes.
fn cased(typed: &Typed<'_>) -> Vec<String> {
    let is_lower = match typed.word.chars().next() {
        Some(first) => first.is_lowercase(),
        None => typed.before.chars().any(char::is_lowercase),
    };
    KEYWORDS.iter().map(|word| if is_lower { word.to_lowercase() } else { (*word).to_owned() }).collect()
}

/// Those of `names` that begin with `word`, whatever the case.
fn matching(word: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let wanted = word.trim_start_matches('"').to_lowercase();
    names.into_iter().filter(|name| name.trim_start_matches('"').to_lowercase().starts_with(&wanted)).collect()
}

/// Names that SQL would read differently without quotes get them.
fn quoted_if_needed(name: &str) -> String {
    let is_plain = |part: &str| {
        let mut characters = part.chars();
        characters.next().is_some_and(|c| c == '_' || c.is_ascii_lowercase())
            && characters.all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    match name.split('.').all(is_plain) && !is_keyword(name) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// All functions of `session`.
pub(super) fn function_names(session: &Session) -> Vec<String> {
    let state = session.context().state_ref();
    let state = state.read();
    let names = state
        .scalar_functions()
        .keys()
        .chain(state.aggregate_functions().keys())
        .chain(state.window_functions().keys());
    let sorted: BTreeSet<&String> = names.chain(state.table_functions().keys()).collect();
    sorted.into_iter().cloned().collect()
}

/// Whether byte `at` of `line` stands inside an open string.
fn is_in_quotes(line: &str, at: usize) -> bool {
    at > 0 && line.as_bytes().get(at - 1) == Some(&b'\'')
}

/// Files and folders whose path begins with `typed`; folders end with `/`.
fn files(typed: &str) -> Vec<String> {
    let (folder, name) = typed.rfind('/').map_or(("", typed), |slash| typed.split_at(slash + 1));
    let Ok(entries) = fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) }) else {
        return vec![];
    };
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let file_name = entry.file_name().into_string().ok()?;
            let is_wanted = file_name.starts_with(name) && (name.starts_with('.') || !file_name.starts_with('.'));
            let slash = if entry.path().is_dir() { "/" } else { "" };
            is_wanted.then(|| format!("{folder}{file_name}{slash}"))
        })
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completer() -> SqlCompleter {
        let session = Session::embedded().threads(1).build().unwrap();
        session.sql("CREATE TABLE orders AS SELECT 1 AS o_key, 'x' AS o_comment, 2 AS \"Total\"").unwrap();
        session.sql("CREATE TABLE customers AS SELECT 1 AS c_key").unwrap();
        SqlCompleter::new(session)
    }

    /// Completes at `|`.
    fn offered(text: &str) -> Vec<String> {
        let cursor = text.find('|').unwrap();
        let buffer = text.replacen('|', "", 1);
        completer().complete(&buffer, cursor).into_iter().map(|suggestion| suggestion.value).collect()
    }

    #[test]
    fn tables_follow_from() {
        assert_eq!(offered("SELECT * FROM |"), ["customers", "orders"]);
        assert_eq!(offered("SELECT * FROM o|"), ["orders"]);
        assert_eq!(offered("SELECT 1; select * from customers join O|"), ["orders"]);
    }

    #[test]
    fn columns_of_tables_in_scope_come_first() {
        let all = offered("SELECT o_| FROM orders");
        assert_eq!(all, ["o_key", "o_comment"]);
        assert_eq!(offered("SELECT t| FROM orders")[0], "\"Total\"");
        assert_eq!(offered("SELECT c_k|"), ["c_key"]);
        assert_eq!(offered("SELECT a.| FROM customers a, orders b"), ["c_key"]);
        assert_eq!(offered("SELECT b.o_c| FROM customers a, orders b"), ["o_comment"]);
        assert!(!offered("SELECT 1 FROM orders; SELECT o_| FROM customers").contains(&"o_key".to_owned()));
    }

    #[test]
    fn keywords_keep_the_case_and_functions_open_a_parenthesis() {
        assert!(offered("sel|").contains(&"select".to_owned()));
        assert!(offered("SEL|").contains(&"SELECT".to_owned()));
        assert!(offered("SELECT date_tr|").contains(&"date_trunc(".to_owned()));
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(offered("\\ti|"), ["\\timing"]);
        assert_eq!(offered("\\d cu|"), ["customers"]);
        assert!(offered("\\o c|").contains(&"csv".to_owned()));
        assert_eq!(offered("\\timing o|"), ["on", "off"]);
    }

    #[test]
    fn files_stand_inside_quotes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a1.parquet"), "").unwrap();
        fs::create_dir(folder.path().join("a2")).unwrap();
        fs::write(folder.path().join("b.parquet"), "").unwrap();
        let path = folder.path().display();
        assert_eq!(
            offered(&format!("SELECT * FROM '{path}/a|")),
            [format!("{path}/a1.parquet"), format!("{path}/a2/")]
        );
        assert!(offered("SELECT 1 -- FROM o|").is_empty());
    }
}
