//! The exceptions of arrays.

use std::error::Error as StdError;
use std::fmt;

use pyo3::prelude::*;
use swath_arrays::ArrayError;
use swath_blocks::BlocksError;
use swath_collections::nd;
use swath_collections::nd::kernels::KernelError;

/// What a function in Python raised, on its way through the engine.
pub struct PythonRaised(pub PyErr);

impl fmt::Debug for PythonRaised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PythonRaised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for PythonRaised {}

/// What was raised in Python, as an error of the engine.
pub fn from_python(error: PyErr) -> ArrayError {
    ArrayError::outside(PythonRaised(error))
}

/// The exception for `error`; what a function in Python raised comes back as it was, with its traceback.
pub fn raised(py: Python<'_>, error: &nd::Error) -> PyErr {
    match error {
        nd::Error::Array(error) => of_array(py, error),
        nd::Error::Run(BlocksError::Array(error)) => of_array(py, error),
        nd::Error::Run(BlocksError::Kernel(error)) => of_kernel(py, error),
        nd::Error::Run(BlocksError::Cancelled) => pyo3::exceptions::PyKeyboardInterrupt::new_err(()),
        nd::Error::Run(BlocksError::Memory { .. }) => named(py, "ResourceError", error),
        nd::Error::Run(BlocksError::Spill { .. }) | nd::Error::File(_) => named(py, "FileError", error),
        nd::Error::Run(BlocksError::Internal(_) | BlocksError::Panic { .. }) => named(py, "EngineError", error),
        _ => named(py, "ArrayError", error),
    }
}

/// [`raised`], of the crate below.
pub fn of_array(py: Python<'_>, error: &ArrayError) -> PyErr {
    match error {
        ArrayError::Kernel(error) => of_kernel(py, error),
        ArrayError::Memory { .. } => named(py, "ResourceError", error),
        ArrayError::Internal(_) => named(py, "EngineError", error),
        ArrayError::Outside(outside) => match outside.0.downcast_ref::<PythonRaised>() {
            Some(PythonRaised(error)) => error.clone_ref(py),
            None => named(py, "FileError", error),
        },
        _ => named(py, "ArrayError", error),
    }
}

fn of_kernel(py: Python<'_>, error: &KernelError) -> PyErr {
    let class = match error {
        KernelError::Broadcast(_) | KernelError::Reshape { .. } => "ShapeError",
        KernelError::AxisOutOfBounds { .. } => "AxisError",
        KernelError::IndexOutOfBounds { .. }
        | KernelError::TooManyIndices { .. }
        | KernelError::BooleanIndex { .. } => "ArrayIndexError",
        KernelError::Promotion { .. } | KernelError::Unsupported { .. } => "ArrayTypeError",
        KernelError::OutOfRange { .. } => "ArrayOverflowError",
        KernelError::Invalid(message) if message.starts_with("cannot reshape") => "ShapeError",
        KernelError::Invalid(message) if message.contains("Singular matrix") => "LinAlgError",
        KernelError::Invalid(message) if message.contains("positive definite") => "LinAlgError",
        _ => "ArrayError",
    };
    named(py, class, error)
}

fn named(py: Python<'_>, class: &str, error: &dyn fmt::Display) -> PyErr {
    let message = error.to_string();
    // A mask of another length is an index that does not fit, for NumPy too.
    let is_mask = class == "ArrayError" && message.starts_with("boolean index did not match");
    crate::errors::raised(py, if is_mask { "ArrayIndexError" } else { class }, message)
}

/// An error about an argument.
pub fn invalid(py: Python<'_>, message: impl Into<String>) -> PyErr {
    crate::errors::raised(py, "ArrayError", message.into())
}
