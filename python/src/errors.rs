//! The engine's errors as exceptions of `swath.errors`.

use datafusion::common::DataFusionError;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use swath_collections::foreign::FunctionError;
use swath_collections::{Error, RowsLost};

/// The class in `swath.errors` for each kind of error.
fn class(error: &Error) -> &'static str {
    match error {
        Error::ColumnNotFound { .. } => "ColumnNotFoundError",
        Error::TableNotFound { .. } => "TableNotFoundError",
        Error::InvalidArgument { .. } => "InvalidArgumentError",
        Error::ResourcesExhausted { .. } => "ResourceError",
        Error::Sql { .. } | Error::Plan { place: Some(_), .. } => "SqlError",
        Error::Plan { .. } => "PlanError",
        Error::Value { .. } => "InvalidValueError",
        Error::Io { .. } | Error::File(_) => "FileError",
        Error::Cluster(_) => "ClusterError",
        Error::Array(_) => "ArrayError",
        Error::Function(_) => "FunctionError",
        Error::WorkersLost(_) => "WorkerError",
        Error::Engine(cause) if RowsLost::caused(cause) => "WorkerError",
        Error::Engine(cause) if is_about_plan(cause) => "PlanError",
        // `Error` may grow: what is new here is an error of the engine until it has a class.
        _ => "EngineError",
    }
}

/// Whether a query could not be planned.
fn is_about_plan(cause: &DataFusionError) -> bool {
    use DataFusionError::{NotImplemented, Plan, SchemaError};
    matches!(cause.find_root(), Plan(_) | SchemaError(..) | NotImplemented(_))
}

/// The exception for `error`.
pub fn exception(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Array(error) => crate::array::error::raised(py, error),
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
        Error::Function(failure) => function_error(py, failure, error.to_string()),
        _ => raised(py, class(error), error.to_string()),
    }
}

/// The exception for what a function of the user's raised, which is its cause where it was raised in this process.
fn function_error(py: Python<'_>, failure: &FunctionError, message: String) -> PyErr {
    let cause = failure.source.as_ref().and_then(|source| source.downcast_ref::<PyErr>());
    let error = raised(py, "FunctionError", message);
    let value = error.value(py);
    let fields = [
        ("function", &failure.function),
        ("exception_class", &failure.class),
        ("exception_message", &failure.message),
        ("traceback_text", &failure.traceback),
    ];
    for (field, text) in fields {
        if let Err(error) = value.setattr(field, text) {
            return error;
        }
    }
    error.set_cause(py, cause.map(|cause| cause.clone_ref(py)));
    error
}

/// An exception of the class `name` of `swath.errors`.
pub fn raised(py: Python<'_>, name: &str, message: String) -> PyErr {
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = ERRORS.get_or_try_init(py, || Ok::<_, PyErr>(py.import("swath.errors")?.unbind()));
    match module.and_then(|module| module.bind(py).getattr(name)).and_then(|class| class.call1((message,))) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// Results of the engine as results for Python.
pub trait IntoPython<T> {
    /// The value, or the exception.
    fn python(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Into<Error>> IntoPython<T> for Result<T, E> {
    fn python(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error.into()))
    }
}
