//! Colours of SQL while it is typed.

use std::collections::HashSet;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use nu_ansi_term::{Color, Style};
use reedline::{Highlighter, StyledText};
use swath_collections::Session;

use super::completer::function_names;
use super::keywords::is_keyword;
use crate::lexer::{Kind, Lexeme, lex};

/// Colours keywords, functions, strings, numbers and comments.
pub struct SqlHighlighter {
    functions: HashSet<String>,
}

impl SqlHighlighter {
    /// Knows the functions of `session`.
    pub fn new(session: &Session) -> Self {
        Self { functions: function_names(session).into_iter().collect() }
    }

    fn style(&self, text: &str, lexeme: Lexeme) -> Style {
        let word = &text[lexeme.start..lexeme.end];
        match lexeme.kind {
            Kind::Word if is_keyword(word) => Style::new().fg(Color::Blue).bold(),
            Kind::Word if self.is_call(text, lexeme) => Style::new().fg(Color::Cyan),
            Kind::Text => Style::new().fg(Color::Green),
            Kind::Number => Style::new().fg(Color::Magenta),
            Kind::Comment => Style::new().fg(Color::DarkGray).italic(),
            Kind::QuotedName => Style::new().fg(Color::Yellow),
            _ => Style::new(),
        }
    }

    fn is_call(&self, text: &str, lexeme: Lexeme) -> bool {
        let word = text[lexeme.start..lexeme.end].to_ascii_lowercase();
        text[lexeme.end..].trim_start().starts_with('(') && self.functions.contains(&word)
    }
}

impl Highlighter for SqlHighlighter {
    fn highlight(&self, text: &str, _cursor: usize) -> StyledText {
        let mut styled = StyledText::new();
        if text.trim_start().starts_with('\\') {
            styled.push((Style::new().fg(Color::Yellow), text.to_owned()));
            return styled;
        }
        for lexeme in lex(text, &GenericDialect {}).lexemes {
            styled.push((self.style(text, lexeme), text[lexeme.start..lexeme.end].to_owned()));
        }
        styled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_words_are_coloured() {
        let highlighter = SqlHighlighter { functions: HashSet::from(["sum".to_owned()]) };
        let text = "select sum(x), total('a -- b') -- c\nfrom 'open";
        let styled = highlighter.highlight(text, 0);
        assert_eq!(styled.raw_string(), text);
        let color =
            |part: &str| styled.buffer.iter().find(|(_, piece)| piece == part).and_then(|(style, _)| style.foreground);
        assert_eq!(color("select"), Some(Color::Blue));
        assert_eq!(color("sum"), Some(Color::Cyan));
        assert_eq!(color("total"), None);
        assert_eq!(color("'a -- b'"), Some(Color::Green));
        assert_eq!(color("-- c\n"), Some(Color::DarkGray));
        assert_eq!(color("'open"), Some(Color::Green));
    }
}
