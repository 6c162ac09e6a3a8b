//! What goes wrong while a plan runs.

use std::sync::Arc;

use swath_arrays::ArrayError;
use swath_kernels::KernelError;

/// An error of a run.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BlocksError {
    /// A source, a sink, a function of the user's or the plan; the message names it.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A kernel: a singular matrix, an index out of bounds.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A task that does not fit, though everything that can go to disk is there.
    #[error("{node} needs {needs} for one task, but {available} of the memory limit of {limit} are left: {remedy}")]
    Memory {
        /// The node, as `explain()` shows it.
        node: String,
        /// What the task asked for.
        needs: String,
        /// What was left.
        available: String,
        /// The limit, and what others than this run hold of it, if anything.
        limit: String,
        /// What the user can do.
        remedy: &'static str,
    },
    /// A block could not be written to disk, or read back.
    #[error("cannot {action} the spill file {file}: {source}{}", full(.source))]
    Spill {
        /// What was tried.
        action: &'static str,
        /// The file.
        file: String,
        /// Why it failed.
        source: Arc<std::io::Error>,
    },
    /// The run was cancelled.
    #[error("the computation was cancelled")]
    Cancelled,
    /// A panic, in a function of the user's or by a defect.
    #[error("{function} panicked in block {block:?}: {message}")]
    Panic {
        /// The function or operation.
        function: String,
        /// The block's position along each axis.
        block: Vec<usize>,
        /// The panic's message.
        message: String,
    },
    /// A function of the user's that gave something else than it was to give.
    #[error(
        "{function} gave {given} for block {block:?}, but {expected} was promised: fix the function, or the dtype and chunks it was given"
    )]
    Promise {
        /// The function.
        function: String,
        /// The block's position along each axis.
        block: Vec<usize>,
        /// Dtype and shape that came.
        given: String,
        /// Dtype and shape that were expected.
        expected: String,
    },
    /// A broken promise of this crate or of the plan: a defect to report.
    #[error("internal error: {0}")]
    Internal(String),
}

fn full(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "; free some space, name a spill folder on a larger disk, or raise the memory limit"
        }
        _ => "",
    }
}

impl BlocksError {
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into())
    }
}

/// The result of what can go wrong in a run.
pub type Result<T> = std::result::Result<T, BlocksError>;
