//! What goes wrong while an array expression is built, planned or bounded.

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

    /// A defect of this crate.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into())
    }
}

/// The result of what can go wrong here.
pub type Result<T> = std::result::Result<T, ArrayError>;
