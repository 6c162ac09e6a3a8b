//! Sorting, searching, sets.

use pyo3::prelude::*;

use super::operand::operand;
use super::{Array, made, several, tried};

/// `sort`, `argsort`.
#[pyfunction]
fn sort(py: Python<'_>, array: &Array, axis: isize, positions: bool) -> PyResult<Array> {
    made(py, || if positions { array.array.argsort(axis) } else { array.array.sort(axis) })
}

/// `partition`, `argpartition`.
#[pyfunction]
fn partition(py: Python<'_>, array: &Array, kth: isize, axis: isize, positions: bool) -> PyResult<Array> {
    made(py, || if positions { array.array.argpartition(kth, axis) } else { array.array.partition(kth, axis) })
}

/// `topk`, `argtopk`.
#[pyfunction]
fn topk(py: Python<'_>, array: &Array, k: isize, axis: isize, positions: bool) -> PyResult<Array> {
    made(py, || if positions { array.array.argtopk(k, axis) } else { array.array.topk(k, axis) })
}

#[pyfunction]
fn searchsorted(py: Python<'_>, array: &Array, values: &Bound<'_, PyAny>, right: bool) -> PyResult<Array> {
    let values = operand(values)?;
    made(py, || array.array.searchsorted(values, right))
}

/// The values alone.
#[pyfunction]
fn unique(py: Python<'_>, array: &Array) -> PyResult<Array> {
    made(py, || array.array.unique())
}

/// Values, first positions, positions of the elements among the values, counts.
#[pyfunction]
fn unique_all(py: Python<'_>, array: &Array) -> PyResult<Vec<Array>> {
    let found = tried(py, || array.array.unique_all())?;
    several(py, [found.values, found.index, found.inverse, found.counts])
}

/// [`unique_all`], of the parts along an axis.
#[pyfunction]
fn unique_along(py: Python<'_>, array: &Array, axis: isize) -> PyResult<Vec<Array>> {
    let found = tried(py, || array.array.unique_along(axis))?;
    several(py, [found.values, found.index, found.inverse, found.counts])
}

#[pyfunction]
fn unique_counts(py: Python<'_>, array: &Array) -> PyResult<Vec<Array>> {
    let (values, counts) = py.detach(|| array.array.unique_counts());
    several(py, [values, counts])
}

#[pyfunction]
fn unique_inverse(py: Python<'_>, array: &Array) -> PyResult<Vec<Array>> {
    let (values, inverse) = py.detach(|| array.array.unique_inverse());
    several(py, [values, inverse])
}

#[pyfunction]
fn isin(py: Python<'_>, array: &Array, others: &Bound<'_, PyAny>) -> PyResult<Array> {
    let others = operand(others)?;
    made(py, || array.array.isin(others))
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(sort, module)?)?;
    module.add_function(wrap_pyfunction!(partition, module)?)?;
    module.add_function(wrap_pyfunction!(topk, module)?)?;
    module.add_function(wrap_pyfunction!(searchsorted, module)?)?;
    module.add_function(wrap_pyfunction!(unique, module)?)?;
    module.add_function(wrap_pyfunction!(unique_all, module)?)?;
    module.add_function(wrap_pyfunction!(unique_along, module)?)?;
    module.add_function(wrap_pyfunction!(unique_counts, module)?)?;
    module.add_function(wrap_pyfunction!(unique_inverse, module)?)?;
    module.add_function(wrap_pyfunction!(isin, module)?)
}
