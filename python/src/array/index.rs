//! Indexing and assignment.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use swath_collections::nd;

use super::operand::{index, operand};
use super::{Array, borrowed, made, several, tried, wrapped};

/// The part that an index names.
#[pyfunction]
fn get(py: Python<'_>, array: &Array, parts: &Bound<'_, PyTuple>) -> PyResult<Array> {
    let parts = index(py, parts)?;
    made(py, || array.array.slice(parts))
}

/// A new array with the part that an index names replaced.
#[pyfunction]
fn set(py: Python<'_>, array: &Array, parts: &Bound<'_, PyTuple>, values: &Bound<'_, PyAny>) -> PyResult<Array> {
    let parts = index(py, parts)?;
    let values = operand(values)?;
    made(py, || array.array.set(parts, values))
}

#[pyfunction]
fn vindex(py: Python<'_>, array: &Array, parts: &Bound<'_, PyTuple>) -> PyResult<Array> {
    let parts = index(py, parts)?;
    made(py, || array.array.vindex(parts))
}

#[pyfunction]
fn blocks(py: Python<'_>, array: &Array, parts: &Bound<'_, PyTuple>) -> PyResult<Array> {
    let parts = index(py, parts)?;
    made(py, || array.array.blocks(parts))
}

#[pyfunction]
fn take(py: Python<'_>, array: &Array, positions: &Bound<'_, PyAny>, axis: isize) -> PyResult<Array> {
    let positions = operand(positions)?;
    made(py, || array.array.take(positions, axis))
}

#[pyfunction]
fn take_along_axis(py: Python<'_>, array: &Array, positions: &Array, axis: isize) -> PyResult<Array> {
    made(py, || array.array.take_along_axis(&positions.array, axis))
}

#[pyfunction]
fn put_along_axis(
    py: Python<'_>,
    array: &Array,
    positions: &Array,
    values: &Bound<'_, PyAny>,
    axis: isize,
) -> PyResult<Array> {
    let values = operand(values)?;
    made(py, || array.array.put_along_axis(&positions.array, values, axis))
}

#[pyfunction]
fn compress(py: Python<'_>, array: &Array, condition: &Array, axis: isize) -> PyResult<Array> {
    made(py, || array.array.compress(&condition.array, axis))
}

#[pyfunction]
fn nonzero(py: Python<'_>, array: &Array) -> PyResult<Vec<Array>> {
    let found = tried(py, || array.array.nonzero())?;
    several(py, found)
}

#[pyfunction]
fn argwhere(py: Python<'_>, array: &Array) -> PyResult<Array> {
    made(py, || array.array.argwhere())
}

#[pyfunction]
fn choose(py: Python<'_>, array: &Array, choices: Vec<PyRef<'_, Array>>) -> PyResult<Array> {
    let choices = borrowed(&choices);
    made(py, || array.array.choose(&choices))
}

#[pyfunction]
fn select(
    py: Python<'_>,
    conditions: Vec<PyRef<'_, Array>>,
    choices: Vec<PyRef<'_, Array>>,
    default: &Bound<'_, PyAny>,
) -> PyResult<Array> {
    let (conditions, choices) = (borrowed(&conditions), borrowed(&choices));
    let default = operand(default)?;
    let selected = tried(py, || nd::select(&conditions, &choices, default))?;
    wrapped(py, selected)
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(get, module)?)?;
    module.add_function(wrap_pyfunction!(set, module)?)?;
    module.add_function(wrap_pyfunction!(vindex, module)?)?;
    module.add_function(wrap_pyfunction!(blocks, module)?)?;
    module.add_function(wrap_pyfunction!(take, module)?)?;
    module.add_function(wrap_pyfunction!(take_along_axis, module)?)?;
    module.add_function(wrap_pyfunction!(put_along_axis, module)?)?;
    module.add_function(wrap_pyfunction!(compress, module)?)?;
    module.add_function(wrap_pyfunction!(nonzero, module)?)?;
    module.add_function(wrap_pyfunction!(argwhere, module)?)?;
    module.add_function(wrap_pyfunction!(choose, module)?)?;
    module.add_function(wrap_pyfunction!(select, module)?)
}
