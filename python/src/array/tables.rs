//! Tables as arrays, and arrays as tables.

use pyo3::prelude::*;

use super::Array;
use super::run::waited;
use crate::errors::exception;
use crate::frame::DataFrame;
use crate::session::Session;
use crate::wait::{detached, or_raised};

/// Columns of a table as an array `(rows, columns)`; the table runs now.
#[pyfunction]
fn from_frame(py: Python<'_>, frame: &DataFrame, columns: Vec<String>) -> PyResult<Array> {
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    Ok(Array { array: detached(py, || frame.frame.to_array(&names))? })
}

/// An array of one or two axes as a table, with a column for each position along the second.
#[pyfunction]
fn to_frame(py: Python<'_>, session: &Session, array: &Array, columns: Vec<String>) -> PyResult<DataFrame> {
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let made = waited(py, || session.session.from_array(&array.array, &names));
    Ok(or_raised(made, |error| exception(py, &error))?.into())
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(from_frame, module)?)?;
    module.add_function(wrap_pyfunction!(to_frame, module)?)
}
