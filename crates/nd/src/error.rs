//! What goes wrong while an array is shaped or computed.

use swath_arrays::ArrayError;
use swath_blocks::BlocksError;
use swath_kernels::{DType, KernelError};

/// An error about an array. Messages about shapes, axes and dtypes are NumPy's where NumPy has one.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, an axis, an index, a dtype or chunks that do not fit.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A file that cannot be opened, read or written.
    #[error(transparent)]
    File(#[from] swath_array_io::IoError),
    /// A run that failed.
    #[error(transparent)]
    Run(#[from] BlocksError),
    /// Elements asked for as another Rust type than they have.
    #[error("the elements are {actual}, not {asked}: cast the array with astype(DType::{asked:?}) first")]
    ElementType {
        /// The dtype there is.
        actual: DType,
        /// The dtype of the Rust type that was asked for.
        asked: DType,
    },
}

impl From<KernelError> for Error {
    fn from(error: KernelError) -> Self {
        Self::Array(error.into())
    }
}

impl Error {
    /// An error about an argument, with a message of its own.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Array(ArrayError::invalid(message))
    }

    /// Whether a length is needed that is known only after running.
    pub(crate) fn needs_lengths(&self) -> bool {
        matches!(self, Self::Array(ArrayError::UnknownLength { .. }))
    }

    /// Whether lengths may be the reason, so that bounds in their place may have brought it about.
    pub(crate) fn is_about_lengths(&self) -> bool {
        let Self::Array(ArrayError::Kernel(error)) = self else { return matches!(self, Self::Array(_)) };
        use KernelError::*;
        !matches!(error, AxisOutOfBounds { .. } | RepeatedAxis(_) | Promotion { .. } | Unsupported { .. })
    }
}

/// The result of what can go wrong with arrays.
pub type Result<T, E = Error> = std::result::Result<T, E>;
