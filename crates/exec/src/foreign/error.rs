//! What a user's function failed with.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The error of a user's function, with what its language says of it.
#[derive(Clone, Debug)]
pub struct FunctionError {
    /// The function's name.
    pub function: String,
    /// The class of the exception.
    pub class: String,
    /// Its message.
    pub message: String,
    /// Where in the user's code it was raised, in the form of the language.
    pub traceback: String,
    /// The exception itself, in the process where it was raised.
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

/// Between the fields of an error as text.
const SEPARATOR: char = '\u{1f}';

impl FunctionError {
    /// The error as text that [`from_text`](Self::from_text) reads.
    pub fn to_text(&self) -> String {
        let fields = [&self.function, &self.class, &self.message, &self.traceback];
        fields.map(|field| field.replace(SEPARATOR, " ")).join(&SEPARATOR.to_string())
    }

    /// The error in `text`, without its source.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut fields = text.splitn(4, SEPARATOR).map(str::to_owned);
        let (function, class, message) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self { function, class, message, traceback: fields.next()?, source: None })
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function {} failed: {}: {}", self.function, self.class, self.message)?;
        match &self.source {
            // Whoever reads it has the exception at hand.
            Some(_) => Ok(()),
            None => write!(f, "\n\nOn a worker:\n{}", self.traceback.trim_end()),
        }
    }
}

impl Error for FunctionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_as_text() {
        let [function, class, message, traceback] =
            ["f", "ValueError", "no\nluck", "line 1\nline 2"].map(str::to_owned);
        let error = FunctionError { function, class, message, traceback, source: None };
        let again = FunctionError::from_text(&error.to_text()).unwrap();
        assert_eq!(again.to_string(), error.to_string());
        assert!(again.to_string().ends_with("On a worker:\nline 1\nline 2"), "{again}");
        assert!(FunctionError::from_text("something else").is_none());
    }
}
