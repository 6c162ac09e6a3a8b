//! A value in the data that an operation cannot take.

use std::fmt;

use datafusion::common::DataFusionError;

/// What is wrong with which value, and what to do. It travels through DataFusion as an external error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong with which value.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

/// Between the two as text.
const SEPARATOR: char = '\u{1f}';

impl ValueError {
    /// An error with its remedy.
    pub fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }

    /// The error as text that [`from_text`](Self::from_text) reads.
    pub fn to_text(&self) -> String {
        [&self.message, &self.remedy].map(|part| part.replace(SEPARATOR, " ")).join(&SEPARATOR.to_string())
    }

    /// The error in `text`.
    pub fn from_text(text: &str) -> Option<Self> {
        text.split_once(SEPARATOR).map(|(message, remedy)| Self::new(message, remedy))
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

impl std::error::Error for ValueError {}

impl From<ValueError> for DataFusionError {
    fn from(error: ValueError) -> Self {
        Self::External(Box::new(error))
    }
}
