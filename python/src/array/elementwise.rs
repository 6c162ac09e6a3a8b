//! Elementwise functions.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use swath_collections::nd;

use super::error::invalid;
use super::operand::{argument, operand};
use super::{Array, made, several};

/// Any function of the kernels' table, of arrays and bare numbers; one of them is an array.
#[pyfunction]
#[pyo3(signature = (name, *arguments))]
fn ufunc(py: Python<'_>, name: &str, arguments: &Bound<'_, PyTuple>) -> PyResult<Array> {
    let mut context = None;
    let mut operands = Vec::with_capacity(arguments.len());
    for one in arguments.iter() {
        if let (None, Ok(array)) = (&context, one.cast::<Array>()) {
            context = Some(array.get().array.context().clone());
        }
        operands.push(argument(py, &one)?);
    }
    let context =
        context.ok_or_else(|| invalid(py, format!("{name} of numbers alone: one operand must be an array")))?;
    super::tried(py, || nd::ufunc(&context, name, &operands)).map(|array| Array { array })
}

/// Rounded to decimals.
#[pyfunction]
fn round(py: Python<'_>, array: &Array, decimals: i32) -> PyResult<Array> {
    made(py, || array.array.round(decimals))
}

/// Held between bounds.
#[pyfunction]
fn clip(
    py: Python<'_>,
    array: &Array,
    low: Option<Bound<'_, PyAny>>,
    high: Option<Bound<'_, PyAny>>,
) -> PyResult<Array> {
    let low = low.as_ref().map(operand).transpose()?;
    let high = high.as_ref().map(operand).transpose()?;
    made(py, || array.array.clip(low, high))
}

/// NaN and infinities replaced.
#[pyfunction]
fn nan_to_num(
    py: Python<'_>,
    array: &Array,
    nan: f64,
    positive: Option<f64>,
    negative: Option<f64>,
) -> PyResult<Array> {
    made(py, || array.array.nan_to_num(nan, positive, negative))
}

/// Whether elements are close.
#[pyfunction]
fn isclose(
    py: Python<'_>,
    left: &Array,
    right: &Bound<'_, PyAny>,
    relative: f64,
    absolute: f64,
    equal_nan: bool,
) -> PyResult<Array> {
    let right = operand(right)?;
    made(py, || left.array.isclose(right, relative, absolute, equal_nan))
}

/// Fraction and integer part.
#[pyfunction]
fn modf(py: Python<'_>, array: &Array) -> PyResult<Vec<Array>> {
    let (fraction, whole) = array.array.modf();
    several(py, [fraction, whole])
}

/// Mantissa and exponent.
#[pyfunction]
fn frexp(py: Python<'_>, array: &Array) -> PyResult<Vec<Array>> {
    let (mantissa, exponent) = array.array.frexp();
    several(py, [mantissa, exponent])
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(ufunc, module)?)?;
    module.add_function(wrap_pyfunction!(round, module)?)?;
    module.add_function(wrap_pyfunction!(clip, module)?)?;
    module.add_function(wrap_pyfunction!(nan_to_num, module)?)?;
    module.add_function(wrap_pyfunction!(isclose, module)?)?;
    module.add_function(wrap_pyfunction!(modf, module)?)?;
    module.add_function(wrap_pyfunction!(frexp, module)?)
}
