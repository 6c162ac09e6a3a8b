//! What can go wrong around a TPC-H run, in a user's terms.

use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

/// Shorthand for results with [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of data generation or of setting up a run. Failures of single queries are part of the run's report instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A Parquet file could not be written.
    #[error("write {}: {source}", path.display())]
    Parquet {
        /// Which file.
        path: PathBuf,
        /// The writer's answer.
        source: ParquetError,
    },
    /// Rows could not be made into a batch.
    #[error("generate {table}: {source}")]
    Rows {
        /// For which table.
        table: &'static str,
        /// Arrow's answer.
        source: ArrowError,
    },
    /// The folder holds something else than what was asked for.
    #[error("{}: {message}", folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// What it holds, what was asked for, and what to do.
        message: String,
    },
    /// An option is out of range, or does not fit the others.
    #[error("{0}")]
    Option(String),
    /// The engine could not start or could not open the tables.
    #[error(transparent)]
    Engine(#[from] swath_collections::Error),
}

impl Error {
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.to_owned(), source }
    }

    pub(crate) fn parquet(path: &Path) -> impl Fn(ParquetError) -> Self {
        move |source| Self::Parquet { path: path.to_owned(), source }
    }
}
