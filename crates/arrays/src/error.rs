//! What goes wrong while an array expression is built, planned or bounded.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use swath_kernels::KernelError;

/// An error about an array expression. Messages about shapes, axes and dtypes are NumPy's where NumPy has one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// A shape, an axis, an index or a dtype that does not fit.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// Chunks that do not fit a shape.
    #[error("{0}")]
    Chunks(String),
    /// An operation that needs the length of an axis which is known only after running.
    #[error(
        "{operation} needs the length of axis {axis}, which is known only after running (a boolean mask or unique made it): \
         compute the sizes first"
    )]
    UnknownLength {
        /// The operation.
        operation: &'static str,
        /// The axis.
        axis: usize,
    },
    /// A task that cannot be made small enough.
    #[error("{node} needs {needs} bytes in one task, but a task may take {limit}: {remedy}")]
    Memory {
        /// The node, as `explain()` shows it.
        node: String,
        /// What a task of it would take, at the least.
        needs: u64,
        /// What a task may take.
        limit: u64,
        /// What the user can do.
        remedy: &'static str,
    },
    /// Everything else that an argument may have wrong; the message says which operation, what it expected and what came.
    #[error("{0}")]
    Invalid(String),
    /// What a source, a sink or a function of the user's reports: a file that cannot be read, a chunk that is damaged.
    #[error(transparent)]
    Outside(OutsideError),
    /// A broken promise of this crate: a defect to report.
    #[error("internal error: {0}")]
    Internal(String),
}

impl ArrayError {
    /// An error about an argument, with a message of its own.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// An error about chunks, with a message of its own.
    pub fn chunks(message: impl Into<String>) -> Self {
        Self::Chunks(message.into())
    }

    /// An error of a source, a sink or a function of the user's, which is kept.
    pub fn outside(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Outside(OutsideError(Arc::new(error)))
    }

    /// A defect of this crate.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into())
    }
}

/// An error of another crate's, shared and kept as it came. Equal to another that says the same.
#[derive(Debug, Clone)]
pub struct OutsideError(pub Arc<dyn Error + Send + Sync>);

impl fmt::Display for OutsideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for OutsideError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl PartialEq for OutsideError {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

/// The result of what can go wrong here.
pub type Result<T> = std::result::Result<T, ArrayError>;
