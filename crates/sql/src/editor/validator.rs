//! Whether Enter runs the text or starts a new line.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use reedline::{ValidationResult, Validator};

use crate::lexer::{Kind, lex};

/// A statement is complete with its `;`, a command with its line.
pub struct SqlValidator;

impl Validator for SqlValidator {
    fn validate(&self, text: &str) -> ValidationResult {
        if is_complete(text) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

fn is_complete(text: &str) -> bool {
    let trimmed = text.trim();
    if trimmed.is_empty() || ["exit", "quit"].iter().any(|word| trimmed.eq_ignore_ascii_case(word)) {
        return true;
    }
    let lexed = lex(text, &GenericDialect {});
    let meaning = || lexed.lexemes.iter().filter(|lexeme| !matches!(lexeme.kind, Kind::Space | Kind::Comment));
    // The rest of a command's line is no SQL, and may hold a quote that is never closed.
    if meaning().next().is_some_and(|first| first.kind == Kind::Backslash) {
        return true;
    }
    !lexed.is_open && meaning().next_back().is_none_or(|last| last.kind == Kind::Semicolon)
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn complete_text_ends_a_statement() {
        for text in
            ["", "  \n", "SELECT 1;", "SELECT 1; -- so", "\\d it's", "exit", "Quit", "SELECT 1; SELECT 2;", "-- only"]
        {
            assert!(is_complete(text), "{text}");
        }
    }

    #[test]
    fn a_semicolon_in_quotes_or_comments_ends_nothing() {
        for text in [
            "SELECT 1",
            "SELECT ';",
            "SELECT ';'",
            "SELECT $$;",
            "SELECT $a$ ; $$ ;",
            "SELECT \"a;",
            "SELECT 1 /* ;",
            "SELECT 1 -- ;",
            "SELECT 1; SELECT 2",
        ] {
            assert!(!is_complete(text), "{text}");
        }
    }
}
