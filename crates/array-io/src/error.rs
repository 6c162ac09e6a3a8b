//! What goes wrong with files of arrays.

use std::sync::Arc;

use swath_arrays::ArrayError;
use swath_kernels::KernelError;

/// An error of reading or writing arrays. Every message names the file or the store, and for chunked arrays the chunk.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IoError {
    /// The system refused.
    #[error("{context}: {source}")]
    System {
        /// What was tried, on which file.
        context: String,
        /// Why it failed.
        source: Arc<std::io::Error>,
    },
    /// Bytes that are not what the format says they should be.
    #[error("{place}: {problem}")]
    Format {
        /// The file, or the store and the key in it.
        place: String,
        /// What was expected, and what came.
        problem: String,
    },
    /// A valid file with something that is not supported here; the message says what to do instead.
    #[error("{place}: {problem}")]
    Unsupported {
        /// The file, or the store and the key in it.
        place: String,
        /// What it has, and what helps.
        problem: String,
    },
    /// An array or a group that is not where it was looked for.
    #[error("{place}: {problem}")]
    NotFound {
        /// Where it was looked for.
        place: String,
        /// What was looked for there.
        problem: String,
    },
    /// An argument that does not fit.
    #[error("{0}")]
    Argument(String),
    /// An object store's refusal.
    #[error("{context}: {source}")]
    Store {
        /// What was tried, on which key.
        context: String,
        /// Why it failed.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A shape or dtype that the kernels refuse.
    #[error("{place}: {source}")]
    Kernel {
        /// The file, or the store and the key in it.
        place: String,
        /// Why.
        source: KernelError,
    },
}

impl IoError {
    /// An error of the system while doing something with a file.
    pub(crate) fn system(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::System { context: context.into(), source: Arc::new(source) }
    }

    /// Bytes that break their format.
    pub(crate) fn format(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Format { place: place.into(), problem: problem.into() }
    }

    /// Something valid that is not supported.
    pub(crate) fn unsupported(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Unsupported { place: place.into(), problem: problem.into() }
    }

    /// Something that is not there.
    pub(crate) fn not_found(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::NotFound { place: place.into(), problem: problem.into() }
    }

    /// A wrong argument.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::Argument(message.into())
    }

    /// An error of the kernels about what a file holds.
    pub(crate) fn kernel(place: impl Into<String>, source: KernelError) -> Self {
        Self::Kernel { place: place.into(), source }
    }
}

impl From<IoError> for ArrayError {
    fn from(error: IoError) -> Self {
        Self::outside(error)
    }
}

/// The result of reading or writing.
pub type Result<T> = std::result::Result<T, IoError>;
