//! What can end a statement or the shell.

use std::io;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;

/// Why `swath sql` could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The engine refused or failed.
    #[error("{0}")]
    Query(#[from] swath_collections::Error),
    /// The result could not be written.
    #[error("writing the result: {0}")]
    Output(#[source] io::Error),
    /// A command or an option is wrong; the text says how it is meant.
    #[error("{0}")]
    Usage(String),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// A statement failed and has been reported; only the exit code is left to tell.
    #[error("a statement failed")]
    Reported,
}

/// Shorthand for results with [`Failure`].
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn file(operation: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        swath_collections::Error::Io { operation, path: path.to_owned(), source: source.into() }.into()
    }

    /// Whether the reader of our output has gone away.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::Output(error),
            other => Self::Query(other.into()),
        }
    }
}

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(error) => Self::Output(*error),
                Err(inner) => Self::from(DataFusionError::External(inner)),
            },
            other => Self::from(DataFusionError::from(other)),
        }
    }
}

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Self {
        Self::Query(error.into())
    }
}
