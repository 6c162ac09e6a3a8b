//! What goes wrong with a file, in a user's terms: which file, what was found, what to do.

use std::fmt;

use datafusion::common::DataFusionError;

/// A file, folder or address that cannot be used as asked. It travels through DataFusion as an external error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The file, folder, glob or address, as the user wrote it or as it was found.
    pub path: String,
    /// What is wrong with it, and what to do.
    pub message: String,
}

/// Between the two as text.
const SEPARATOR: char = '\u{1f}';

impl FileError {
    /// An error about `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// The error as text that [`from_text`](Self::from_text) reads.
    pub fn to_text(&self) -> String {
        [&self.path, &self.message].map(|part| part.replace(SEPARATOR, " ")).join(&SEPARATOR.to_string())
    }

    /// The error in `text`.
    pub fn from_text(text: &str) -> Option<Self> {
        text.split_once(SEPARATOR).map(|(path, message)| Self::new(path, message))
    }

    /// [`new`](Self::new), as the error type of DataFusion's traits.
    pub fn engine(path: impl Into<String>, message: impl Into<String>) -> DataFusionError {
        Self::new(path, message).into()
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for FileError {}

impl From<FileError> for DataFusionError {
    fn from(error: FileError) -> Self {
        Self::External(Box::new(error))
    }
}
