//! Commands of the shell, which begin with a backslash.

use std::path::PathBuf;

use crate::error::{Failure, Result};
use crate::output::Format;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `\q`
    Quit,
    /// `\h [statement]`, `\?`
    Help(String),
    /// `\d [table]`
    Describe(Option<String>),
    /// `\dt`
    Tables,
    /// `\df [part]`
    Functions(String),
    /// `\timing [on|off]`
    Timing(Option<bool>),
    /// `\x [on|off]`
    Vertical(Option<bool>),
    /// `\rows [n|all]`
    Rows(Option<Rows>),
    /// `\o`: results go to the standard output, as tables.
    OutputReset,
    /// `\o format`
    OutputFormat(Format),
    /// `\o file`
    OutputFile(PathBuf),
    /// `\i file`
    Include(PathBuf),
}

/// How many rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// At most so many.
    AtMost(usize),
    /// All.
    All,
}

impl std::str::FromStr for Rows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text.eq_ignore_ascii_case("all") => Ok(Self::All),
            Ok(rows) => Ok(Self::AtMost(rows)),
            Err(_) => Err(format!("expected a number of rows or 'all', got '{text}'")),
        }
    }
}

impl Rows {
    /// As a limit.
    pub fn limit(self) -> Option<usize> {
        match self {
            Self::AtMost(rows) => Some(rows),
            Self::All => None,
        }
    }
}

/// Names, arguments and meanings, in the order in which help lists them.
pub const LIST: [(&str, &str, &str); 11] = [
    ("\\d", "[table]", "columns of a table; without a name, all tables"),
    ("\\dt", "", "tables and views"),
    ("\\df", "[part]", "functions whose name has this part"),
    ("\\timing", "[on|off]", "show how long statements take"),
    ("\\o", "[format|file]", "choose the output's format, or a file that gets it; alone: tables here"),
    ("\\x", "[on|off]", "one line per value instead of a table"),
    ("\\rows", "[n|all]", "how many rows of a result are shown"),
    ("\\i", "file", "run the statements in a file"),
    ("\\h", "[statement]", "help; with a name, the form of that SQL statement"),
    ("\\?", "", "the same as \\h"),
    ("\\q", "", "leave (also Ctrl-D, exit, quit)"),
];

impl Command {
    /// Reads a line that begins with a backslash.
    ///
    /// # Errors
    /// If there is no such command, or its argument is wrong.
    pub fn parse(line: &str) -> Result<Self> {
        let line = line.trim().trim_end_matches(';').trim_end();
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = unquoted(argument.trim());
        let some = (!argument.is_empty()).then(|| argument.to_owned());
        Ok(match name {
            "\\q" | "\\quit" | "\\exit" => Self::Quit,
            "\\h" | "\\?" | "\\help" => Self::Help(argument.to_owned()),
            "\\d" => Self::Describe(some),
            "\\dt" => Self::Tables,
            "\\df" => Self::Functions(argument.to_owned()),
            "\\timing" => Self::Timing(switch(name, argument)?),
            "\\x" => Self::Vertical(switch(name, argument)?),
            "\\rows" => match some {
                None => Self::Rows(None),
                Some(rows) => {
                    Self::Rows(Some(rows.parse().map_err(|error| Failure::usage(format!("\\rows: {error}")))?))
                }
            },
            "\\o" => match (some, Format::named(argument)) {
                (None, _) => Self::OutputReset,
                (Some(_), Some(format)) if !format.is_binary() => Self::OutputFormat(format),
                (Some(_), Some(_)) => {
                    return Err(Failure::usage(format!(
                        "\\o {argument}: expected a file, for instance \\o result.{argument}"
                    )));
                }
                (Some(path), None) => Self::OutputFile(PathBuf::from(path)),
            },
            "\\i" => match some {
                Some(path) => Self::Include(PathBuf::from(path)),
                None => return Err(Failure::usage("\\i: expected the name of a file")),
            },
            _ => return Err(unknown(name)),
        })
    }
}

fn unknown(name: &str) -> Failure {
    let nearest = swath_collections::planner::nearest(name, LIST.iter().map(|(known, ..)| *known));
    let hint = nearest.map(|known| format!(" (did you mean {known}?)")).unwrap_or_default();
    Failure::usage(format!("there is no command {name}{hint}; \\h lists the commands"))
}

fn switch(name: &str, argument: &str) -> Result<Option<bool>> {
    match argument.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "on" | "true" | "1" => Ok(Some(true)),
        "off" | "false" | "0" => Ok(Some(false)),
        _ => Err(Failure::usage(format!("{name}: expected on or off, got '{argument}'"))),
    }
}

fn unquoted(text: &str) -> &str {
    ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_commands_and_arguments() {
        for (line, command) in [
            ("\\q", Command::Quit),
            ("\\d", Command::Describe(None)),
            ("\\d  line item;", Command::Describe(Some("line item".to_owned()))),
            ("\\timing ON", Command::Timing(Some(true))),
            ("\\x", Command::Vertical(None)),
            ("\\rows all", Command::Rows(Some(Rows::All))),
            ("\\rows 5", Command::Rows(Some(Rows::AtMost(5)))),
            ("\\o", Command::OutputReset),
            ("\\o CSV", Command::OutputFormat(Format::Csv)),
            ("\\o 'my file.parquet'", Command::OutputFile("my file.parquet".into())),
            ("\\h create table", Command::Help("create table".to_owned())),
        ] {
            assert_eq!(Command::parse(line).unwrap(), command, "{line}");
        }
    }

    #[test]
    fn wrong_commands_say_what_is_expected() {
        for (line, expected) in [
            ("\\timin", "did you mean \\timing?"),
            ("\\zzz", "there is no command \\zzz"),
            ("\\x maybe", "expected on or off, got 'maybe'"),
            ("\\rows few", "expected a number of rows or 'all'"),
            ("\\o parquet", "\\o result.parquet"),
            ("\\i", "expected the name of a file"),
        ] {
            let message = Command::parse(line).unwrap_err().to_string();
            assert!(message.contains(expected), "{line}: {message}");
        }
    }
}
