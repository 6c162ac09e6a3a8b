//! What the processes of a cluster can fail with.

use ballista_core::error::BallistaError;
use datafusion::common::DataFusionError;
use thiserror::Error;

/// A process of a cluster that cannot start, or cannot be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A process cannot start.
    #[error("{0}")]
    Start(String),
    /// A process of the cluster cannot be reached, or is of another version.
    #[error("{0}")]
    Connect(String),
    /// Ballista says so.
    #[error("{0}")]
    Ballista(#[from] BallistaError),
    /// The engine says so.
    #[error(transparent)]
    Engine(#[from] DataFusionError),
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
