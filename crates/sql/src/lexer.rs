//! SQL text as pieces with byte ranges, by the tokenizer that the parser uses.
//!
//! Unlike the tokenizer alone this never fails: what is left open (a string, a comment, a dollar quote) is the last piece.
//! The editor asks here what is complete, what to colour and what is being typed; scripts are parted by it.

use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer, Whitespace};

/// What a piece of SQL text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a bare name.
    Word,
    /// A name in double quotes or backticks.
    QuotedName,
    /// A string of any kind of quotes.
    Text,
    /// A number.
    Number,
    /// A comment, to the end of the line or between `/*` and `*/`.
    Comment,
    /// Spaces and line ends.
    Space,
    /// `;`
    Semicolon,
    /// `\`
    Backslash,
    /// Operators and punctuation.
    Symbol,
}

/// A piece of the text: `text[start..end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexeme {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// One after the last byte.
    pub end: usize,
}

/// The pieces of a text; together they cover all of it.
#[derive(Debug)]
pub struct Lexed {
    /// In order, without gaps.
    pub lexemes: Vec<Lexeme>,
    /// Whether the last piece is a string, quoted name or comment that does not end.
    pub is_open: bool,
}

/// Parts `text` into pieces.
pub fn lex(text: &str, dialect: &dyn Dialect) -> Lexed {
    let mut tokens = vec![];
    let outcome = Tokenizer::new(dialect, text).tokenize_with_location_into_buf(&mut tokens);
    let mut offsets = Offsets::new(text);
    let mut lexemes: Vec<Lexeme> = Vec::with_capacity(tokens.len() + 1);
    let mut start = 0;
    for token in &tokens {
        let end = offsets.byte_at(token.span.end);
        lexemes.push(Lexeme { kind: kind_of(&token.token), start, end });
        start = end;
    }
    let mut is_open = false;
    if let Err(error) = outcome {
        let rest = &text[start..];
        is_open = ["Unterminated", "Unexpected EOF", "Expected close", "Expected nested"]
            .iter()
            .any(|beginning| error.message.starts_with(beginning));
        lexemes.push(Lexeme { kind: open_kind(rest), start, end: text.len() });
    }
    Lexed { lexemes, is_open }
}

fn kind_of(token: &Token) -> Kind {
    match token {
        Token::Word(word) if word.quote_style.is_some() => Kind::QuotedName,
        Token::Word(_) => Kind::Word,
        Token::Number(..) => Kind::Number,
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Kind::Comment,
        Token::Whitespace(_) => Kind::Space,
        Token::SemiColon => Kind::Semicolon,
        Token::Backslash => Kind::Backslash,
        Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_) => Kind::Text,
        _ => Kind::Symbol,
    }
}

fn open_kind(rest: &str) -> Kind {
    match rest.chars().next() {
        Some('/') => Kind::Comment,
        Some('"' | '`') => Kind::QuotedName,
        Some('\'' | '$') => Kind::Text,
        // E'…', X'…' and their like.
        Some(_) if rest.chars().nth(1) == Some('\'') => Kind::Text,
        _ => Kind::Symbol,
    }
}

/// Turns the tokenizer's lines and columns, which only go forward, into byte offsets.
struct Offsets<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
    column: u64,
}

impl<'a> Offsets<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, byte: 0, line: 1, column: 1 }
    }

    fn byte_at(&mut self, location: Location) -> usize {
        for c in self.text[self.byte..].chars() {
            if (self.line, self.column) >= (location.line, location.column) {
                break;
            }
            self.byte += c.len_utf8();
            if c == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    fn pieces(text: &str) -> Vec<(Kind, &str)> {
        let lexed = lex(text, &GenericDialect {});
        let mut at = 0;
        for lexeme in &lexed.lexemes {
            assert_eq!(lexeme.start, at, "gap in {text:?}");
            at = lexeme.end;
        }
        assert_eq!(at, text.len(), "{text:?} is not covered");
        let shown = lexed.lexemes.iter().filter(|lexeme| lexeme.kind != Kind::Space);
        shown.map(|lexeme| (lexeme.kind, &text[lexeme.start..lexeme.end])).collect()
    }

    #[test]
    fn pieces_cover_the_text() {
        assert_eq!(
            pieces("SELECT 'é;',\r\n \"a b\", 1.5 -- end\n;"),
            [
                (Kind::Word, "SELECT"),
                (Kind::Text, "'é;'"),
                (Kind::Symbol, ","),
                (Kind::QuotedName, "\"a b\""),
                (Kind::Symbol, ","),
                (Kind::Number, "1.5"),
                (Kind::Comment, "-- end\n"),
                (Kind::Semicolon, ";"),
            ]
        );
    }

    #[test]
    fn what_is_left_open_is_the_last_piece() {
        for (text, kind, last) in [
            ("SELECT 'abc; d", Kind::Text, "'abc; d"),
            ("SELECT $$ a; ", Kind::Text, "$$ a; "),
            ("SELECT $tag$ a $$ ;", Kind::Text, "$tag$ a $$ ;"),
            ("SELECT \"na;me", Kind::QuotedName, "\"na;me"),
            ("SELECT 1 /* a; ", Kind::Comment, "/* a; "),
            ("SELECT E'a\\'; ", Kind::Text, "E'a\\'; "),
        ] {
            assert!(lex(text, &GenericDialect {}).is_open, "{text}");
            assert_eq!(pieces(text).last(), Some(&(kind, last)));
        }
    }

    #[test]
    fn closed_text_is_not_open() {
        for text in ["", "SELECT 'it''s'", "$$;$$", "/* /* nested */ */", "-- only a comment", "\"a\"\"b\""] {
            assert!(!lex(text, &GenericDialect {}).is_open, "{text}");
        }
    }
}
