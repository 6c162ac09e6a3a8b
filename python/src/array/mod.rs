//! Lazy n-d arrays: `swath._internal.array`, what `swath.array` stands on.
//!
//! | module | what |
//! |---|---|
//! | `context` | where arrays are made and run |
//! | [`memory`] | elements from NumPy and to NumPy, without copies |
//! | `operand` | numbers, dtypes, chunks and indices of Python |
//! | `elementwise`, `reduce`, `layout`, `index`, `order` | what makes arrays of arrays |
//! | `linalg`, `fft`, `random` | factorisations, transforms, chance |
//! | `blocks` | functions, sources and sinks that are written in Python |
//! | `files`, `tables` | npy, npz and Zarr; tables |
//! | `run` | waiting for results, so that Ctrl-C and other threads get their turn |
//! | [`error`] | the exceptions of arrays |

mod blocks;
mod context;
mod elementwise;
pub mod error;
mod fft;
mod files;
mod index;
mod layout;
mod linalg;
pub mod memory;
mod operand;
mod order;
mod random;
mod reduce;
mod run;
mod tables;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use swath_arrays::ArrayExpr;
use swath_collections::nd;

use crate::wait::or_raised;
use error::raised;

/// A lazy array.
#[pyclass(module = "swath._internal.array", name = "Array", frozen)]
pub struct Array {
    pub(crate) array: nd::Array,
}

/// An array that a shaping method made, or the mistake in it.
///
/// The method may run something (lengths that a mask makes), so it is waited for as results are.
fn made(py: Python<'_>, work: impl FnOnce() -> nd::Array + Send) -> PyResult<Array> {
    tried(py, || {
        let array = work();
        array.expression()?;
        Ok(Array { array })
    })
}

/// [`made`], for what says at once what is wrong.
fn tried<T: Send>(py: Python<'_>, work: impl FnOnce() -> nd::Result<T> + Send) -> PyResult<T> {
    or_raised(run::waited(py, work), |error| raised(py, &error))
}

/// Several arrays, each with its mistake or none.
fn several(py: Python<'_>, arrays: impl IntoIterator<Item = nd::Array>) -> PyResult<Vec<Array>> {
    arrays.into_iter().map(|array| wrapped(py, array)).collect()
}

fn wrapped(py: Python<'_>, array: nd::Array) -> PyResult<Array> {
    match array.expression() {
        Ok(_) => Ok(Array { array }),
        Err(error) => Err(raised(py, &error)),
    }
}

/// References to the arrays of a list from Python.
fn borrowed<'a>(arrays: &'a [PyRef<'_, Array>]) -> Vec<&'a nd::Array> {
    arrays.iter().map(|array| &array.array).collect()
}

impl Array {
    /// The expression, which is sound: unsound ones are raised where they are made.
    pub(crate) fn expression(&self, py: Python<'_>) -> PyResult<ArrayExpr> {
        self.array.expression().cloned().map_err(|error| raised(py, &error))
    }
}

#[pymethods]
impl Array {
    /// The dtype, by NumPy's name.
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        let dtype = self.array.dtype().map_err(|error| raised(py, &error))?;
        Ok(match dtype.time_unit() {
            None => PyString::intern(py, dtype.name()),
            Some(_) => PyString::new(py, &dtype.to_string()),
        })
    }

    /// Lengths of the axes; `None` where a mask made one that nobody knows yet.
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let expression = self.expression(py)?;
        if !expression.grid().is_known() {
            return Ok(None);
        }
        Ok(Some(PyTuple::new(py, expression.shape())?))
    }

    /// Number of axes.
    fn ndim(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.expression(py)?.ndim())
    }

    /// For each axis the lengths of its chunks; `None` where a mask made one that nobody knows yet.
    fn chunks<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let expression = self.expression(py)?;
        if !expression.grid().is_known() {
            return Ok(None);
        }
        let axes = expression.grid().axes().iter().map(|axis| PyTuple::new(py, axis.lengths().collect::<Vec<_>>()));
        Ok(Some(PyTuple::new(py, axes.collect::<PyResult<Vec<_>>>()?)?))
    }

    /// Lengths of the axes where they are known, and `None` elsewhere: what can be said without running.
    fn known_shape(&self, py: Python<'_>) -> PyResult<Vec<Option<usize>>> {
        let expression = self.expression(py)?;
        Ok(expression.grid().axes().iter().map(|axis| axis.is_known().then(|| axis.length())).collect())
    }

    /// Number of chunks.
    fn chunk_count(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.expression(py)?.grid().block_count())
    }

    /// Shape, dtype, chunks and bytes, as text.
    fn describe(&self) -> String {
        self.array.to_string()
    }

    /// The elements, if they lie in memory as they are.
    fn in_memory(&self, py: Python<'_>) -> PyResult<Option<memory::Memory>> {
        let expression = self.expression(py)?;
        let swath_arrays::Op::Read { source, .. } = expression.op() else { return Ok(None) };
        let Some(held) = source.0.as_any().downcast_ref::<swath_arrays::MemorySource>() else { return Ok(None) };
        let is_whole = held.array().shape() == expression.shape().as_slice();
        Ok(is_whole.then(|| memory::Memory::shared(held.array().clone())))
    }

    /// Where it runs.
    fn context(&self) -> context::Arrays {
        context::Arrays { arrays: self.array.context().clone() }
    }

    /// The same array in other chunks.
    fn rechunk(&self, py: Python<'_>, chunks: operand::ChunksArgument) -> PyResult<Self> {
        made(py, || self.array.rechunk(chunks.0))
    }

    /// The same elements as another dtype.
    fn astype(&self, py: Python<'_>, dtype: operand::DTypeArgument) -> PyResult<Self> {
        made(py, || self.array.astype(dtype.0))
    }

    /// The plan, as text.
    fn explain(&self, py: Python<'_>) -> PyResult<String> {
        tried(py, || self.array.explain())
    }

    /// Bytes that a task may hold.
    fn projected_memory(&self, py: Python<'_>) -> PyResult<u64> {
        tried(py, || self.array.projected_memory())
    }
}

/// The module `swath._internal.array`.
pub fn add(parent: &Bound<'_, PyModule>) -> PyResult<()> {
    let module = PyModule::new(parent.py(), "swath._internal.array")?;
    module.add_class::<Array>()?;
    module.add_class::<memory::Memory>()?;
    context::add(&module)?;
    run::add(&module)?;
    elementwise::add(&module)?;
    reduce::add(&module)?;
    layout::add(&module)?;
    index::add(&module)?;
    order::add(&module)?;
    linalg::add(&module)?;
    fft::add(&module)?;
    random::add(&module)?;
    blocks::add(&module)?;
    files::add(&module)?;
    tables::add(&module)?;
    parent.add("array", &module)
}
