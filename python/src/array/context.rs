//! Where arrays are made and run.

use pyo3::prelude::*;
use swath_collections::nd;

use super::error::raised;
use super::memory;
use super::operand::{ChunksArgument, DTypeArgument, scalar_of};
use super::{Array, borrowed, made, several, wrapped};
use crate::session::Session;

/// A maker of arrays.
#[pyclass(module = "swath._internal.array", frozen)]
#[derive(Clone)]
pub struct Arrays {
    pub(crate) arrays: nd::Arrays,
}

#[pymethods]
impl Arrays {
    /// The arrays of a session.
    #[staticmethod]
    fn of_session(session: &Session) -> Self {
        Self { arrays: session.session.arrays() }
    }

    /// A maker of its own, without a session.
    #[staticmethod]
    #[pyo3(signature = (*, threads=None, memory_limit=None))]
    fn embedded(threads: Option<usize>, memory_limit: Option<u64>) -> Self {
        let mut builder = nd::Arrays::builder();
        if let Some(threads) = threads {
            builder = builder.threads(threads);
        }
        if let Some(bytes) = memory_limit {
            builder = builder.memory_limit_bytes(bytes);
        }
        Self { arrays: builder.build() }
    }

    /// The same maker with other chunks for new arrays.
    fn with_chunks(&self, chunks: ChunksArgument) -> Self {
        Self { arrays: self.arrays.with_chunks(chunks.0) }
    }

    fn full(
        &self,
        py: Python<'_>,
        shape: Vec<usize>,
        value: &Bound<'_, PyAny>,
        dtype: DTypeArgument,
    ) -> PyResult<Array> {
        let value = scalar_of(py, value, dtype.0)?;
        made(py, || self.arrays.full(shape, value))
    }

    fn arange(&self, py: Python<'_>, start: i64, stop: i64, step: i64) -> PyResult<Array> {
        made(py, || self.arrays.arange(start, stop, step))
    }

    fn arange_float(&self, py: Python<'_>, start: f64, stop: f64, step: f64) -> PyResult<Array> {
        made(py, || self.arrays.arange(start, stop, step))
    }

    fn linspace(&self, py: Python<'_>, start: f64, stop: f64, count: usize, endpoint: bool) -> PyResult<Array> {
        made(py, || match endpoint {
            true => self.arrays.linspace(start, stop, count),
            false => self.arrays.linspace_open(start, stop, count),
        })
    }

    fn eye(&self, py: Python<'_>, rows: usize, columns: usize, k: i64, dtype: DTypeArgument) -> PyResult<Array> {
        made(py, || self.arrays.eye(rows, columns, k, dtype.0))
    }

    fn tri(&self, py: Python<'_>, rows: usize, columns: usize, k: i64, dtype: DTypeArgument) -> PyResult<Array> {
        made(py, || self.arrays.tri(rows, columns, k, dtype.0))
    }

    fn indices(&self, py: Python<'_>, shape: Vec<usize>) -> PyResult<Vec<Array>> {
        several(py, self.arrays.indices(shape))
    }

    fn meshgrid(&self, py: Python<'_>, vectors: Vec<PyRef<'_, Array>>, is_matrix: bool) -> PyResult<Vec<Array>> {
        let indexing = if is_matrix { nd::Indexing::Ij } else { nd::Indexing::Xy };
        let grids = self.arrays.meshgrid(&borrowed(&vectors), indexing).map_err(|error| raised(py, &error))?;
        several(py, grids)
    }

    fn fftfreq(&self, py: Python<'_>, n: usize, spacing: f64) -> PyResult<Array> {
        wrapped(py, self.arrays.fftfreq(n, spacing))
    }

    fn rfftfreq(&self, py: Python<'_>, n: usize, spacing: f64) -> PyResult<Array> {
        wrapped(py, self.arrays.rfftfreq(n, spacing))
    }
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Arrays>()?;
    module.add_function(wrap_pyfunction!(memory::borrow, module)?)
}
