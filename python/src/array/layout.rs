//! Shapes, joining, cutting, margins.

use pyo3::prelude::*;
use swath_collections::nd::{self, Cuts, PadMode};

use super::error::invalid;
use super::operand::{operand, scalar_of};
use super::{Array, borrowed, made, several, tried, wrapped};

/// Another shape; one length may be -1.
#[pyfunction]
fn reshape(py: Python<'_>, array: &Array, shape: Vec<isize>) -> PyResult<Array> {
    made(py, || array.array.reshape(shape))
}

/// The axes in another order; reversed if none is given.
#[pyfunction]
fn transpose(py: Python<'_>, array: &Array, order: Option<Vec<isize>>) -> PyResult<Array> {
    made(py, || match order {
        None => array.array.t(),
        Some(order) => array.array.transpose(order),
    })
}

#[pyfunction]
fn moveaxis(py: Python<'_>, array: &Array, source: Vec<isize>, destination: Vec<isize>) -> PyResult<Array> {
    made(py, || array.array.moveaxis(source, destination))
}

#[pyfunction]
fn squeeze(py: Python<'_>, array: &Array, axes: Option<Vec<isize>>) -> PyResult<Array> {
    made(py, || match axes {
        None => array.array.squeeze(()),
        Some(axes) => array.array.squeeze(axes),
    })
}

#[pyfunction]
fn expand_dims(py: Python<'_>, array: &Array, axes: Vec<isize>) -> PyResult<Array> {
    made(py, || array.array.expand_dims(axes))
}

#[pyfunction]
fn broadcast_to(py: Python<'_>, array: &Array, shape: Vec<usize>) -> PyResult<Array> {
    made(py, || array.array.broadcast_to(shape))
}

#[pyfunction]
fn broadcast_arrays(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>) -> PyResult<Vec<Array>> {
    let arrays = borrowed(&arrays);
    let wide = tried(py, || nd::broadcast_arrays(&arrays))?;
    several(py, wide)
}

#[pyfunction]
fn flip(py: Python<'_>, array: &Array, axes: Option<Vec<isize>>) -> PyResult<Array> {
    made(py, || match axes {
        None => array.array.flip(()),
        Some(axes) => array.array.flip(axes),
    })
}

#[pyfunction]
fn rot90(py: Python<'_>, array: &Array, times: isize, first: isize, second: isize) -> PyResult<Array> {
    made(py, || array.array.rot90(times, first, second))
}

#[pyfunction]
fn roll(py: Python<'_>, array: &Array, shifts: Vec<isize>, axes: Option<Vec<isize>>) -> PyResult<Array> {
    made(py, || match axes {
        None => array.array.roll(shifts, ()),
        Some(axes) => array.array.roll(shifts, axes),
    })
}

/// Arrays one after another along an axis.
#[pyfunction]
fn concatenate(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>, axis: isize) -> PyResult<Array> {
    let arrays = borrowed(&arrays);
    let joined = tried(py, || nd::concatenate(&arrays, axis))?;
    wrapped(py, joined)
}

/// Arrays one after another along a new axis.
#[pyfunction]
fn stack(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>, axis: isize) -> PyResult<Array> {
    let arrays = borrowed(&arrays);
    let joined = tried(py, || nd::stack(&arrays, axis))?;
    wrapped(py, joined)
}

/// Cut into parts, or before positions.
#[pyfunction]
fn array_split(py: Python<'_>, array: &Array, cuts: &Bound<'_, PyAny>, axis: isize) -> PyResult<Vec<Array>> {
    let cuts = match cuts.extract::<usize>() {
        Ok(parts) => Cuts::Parts(parts),
        Err(_) => Cuts::At(cuts.extract::<Vec<usize>>()?),
    };
    let parts = tried(py, || array.array.array_split(cuts, axis))?;
    several(py, parts)
}

#[pyfunction]
fn tile(py: Python<'_>, array: &Array, times: Vec<usize>) -> PyResult<Array> {
    made(py, || array.array.tile(times))
}

#[pyfunction]
fn repeat(py: Python<'_>, array: &Array, counts: &Bound<'_, PyAny>, axis: isize) -> PyResult<Array> {
    if let Ok(count) = counts.extract::<usize>() {
        return made(py, || array.array.repeat(count, axis));
    }
    let counts = counts.extract::<Vec<usize>>()?;
    made(py, || array.array.repeat_each(&counts, axis))
}

#[pyfunction]
fn delete(py: Python<'_>, array: &Array, positions: Vec<isize>, axis: isize) -> PyResult<Array> {
    made(py, || array.array.delete(&positions, axis))
}

#[pyfunction]
fn insert(py: Python<'_>, array: &Array, before: isize, values: &Bound<'_, PyAny>, axis: isize) -> PyResult<Array> {
    let values = operand(values)?;
    made(py, || array.array.insert(before, values, axis))
}

/// Values before several positions, one for each.
#[pyfunction]
fn insert_at(
    py: Python<'_>,
    array: &Array,
    positions: Vec<isize>,
    values: &Bound<'_, PyAny>,
    axis: isize,
) -> PyResult<Array> {
    let values = operand(values)?;
    made(py, || array.array.insert_at(&positions, values, axis))
}

/// With margins: a mode by NumPy's name, and the value of `constant` and `linear_ramp`.
#[pyfunction]
fn pad(
    py: Python<'_>,
    array: &Array,
    widths: Vec<(usize, usize)>,
    mode: &str,
    value: &Bound<'_, PyAny>,
) -> PyResult<Array> {
    let mode = match mode {
        "constant" => {
            let dtype = array.expression(py)?.dtype();
            PadMode::Constant(scalar_of(py, value, dtype)?)
        }
        "edge" => PadMode::Edge,
        "linear_ramp" => PadMode::LinearRamp(value.extract()?),
        "maximum" => PadMode::Maximum,
        "minimum" => PadMode::Minimum,
        "mean" => PadMode::Mean,
        "median" => PadMode::Median,
        "reflect" => PadMode::Reflect,
        "symmetric" => PadMode::Symmetric,
        "wrap" => PadMode::Wrap,
        _ => {
            return Err(invalid(
                py,
                format!(
                    "mode '{mode}' is not supported; expected constant, edge, linear_ramp, maximum, minimum, mean, median, reflect, \
                     symmetric or wrap"
                ),
            ));
        }
    };
    made(py, || array.array.pad(&widths, mode))
}

#[pyfunction]
fn tril(py: Python<'_>, array: &Array, k: i64) -> PyResult<Array> {
    made(py, || array.array.tril(k))
}

#[pyfunction]
fn triu(py: Python<'_>, array: &Array, k: i64) -> PyResult<Array> {
    made(py, || array.array.triu(k))
}

#[pyfunction]
fn diag(py: Python<'_>, array: &Array, k: isize) -> PyResult<Array> {
    made(py, || array.array.diag(k))
}

#[pyfunction]
fn diagonal(py: Python<'_>, array: &Array, offset: isize, first: isize, second: isize) -> PyResult<Array> {
    made(py, || array.array.diagonal(offset, first, second))
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(reshape, module)?)?;
    module.add_function(wrap_pyfunction!(transpose, module)?)?;
    module.add_function(wrap_pyfunction!(moveaxis, module)?)?;
    module.add_function(wrap_pyfunction!(squeeze, module)?)?;
    module.add_function(wrap_pyfunction!(expand_dims, module)?)?;
    module.add_function(wrap_pyfunction!(broadcast_to, module)?)?;
    module.add_function(wrap_pyfunction!(broadcast_arrays, module)?)?;
    module.add_function(wrap_pyfunction!(flip, module)?)?;
    module.add_function(wrap_pyfunction!(rot90, module)?)?;
    module.add_function(wrap_pyfunction!(roll, module)?)?;
    module.add_function(wrap_pyfunction!(concatenate, module)?)?;
    module.add_function(wrap_pyfunction!(stack, module)?)?;
    module.add_function(wrap_pyfunction!(array_split, module)?)?;
    module.add_function(wrap_pyfunction!(tile, module)?)?;
    module.add_function(wrap_pyfunction!(repeat, module)?)?;
    module.add_function(wrap_pyfunction!(delete, module)?)?;
    module.add_function(wrap_pyfunction!(insert, module)?)?;
    module.add_function(wrap_pyfunction!(insert_at, module)?)?;
    module.add_function(wrap_pyfunction!(pad, module)?)?;
    module.add_function(wrap_pyfunction!(tril, module)?)?;
    module.add_function(wrap_pyfunction!(triu, module)?)?;
    module.add_function(wrap_pyfunction!(diag, module)?)?;
    module.add_function(wrap_pyfunction!(diagonal, module)?)
}
