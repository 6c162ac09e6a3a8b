//! Functions, sources and sinks that are written in Python.
//!
//! Python's side of the package hands over one callable, which takes and gives [`Memory`]: what NumPy makes of it, and what is checked, is
//! in `swath/array/`. The GIL is taken for one block at a time.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use swath_arrays::{
    ArrayError, ArrayExpr, ArraySink, ArraySource, AxisChunks, BlockContext, BlockFunction, ChunkGrid, ChunkSpec,
    Region,
};
use swath_collections::nd::{self, Boundary, DType, NdArray};

use super::context::Arrays;
use super::error::{from_python, invalid, of_array, raised};
use super::memory::Memory;
use super::operand::{ChunksArgument, DTypeArgument, scalar_of};
use super::{Array, made, tried, wrapped};

/// A name that no other function in this process has.
fn number(kind: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("python:{kind}:{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A callable, with the name that `explain()` shows.
struct Callable {
    id: String,
    name: String,
    function: Py<PyAny>,
    is_local: bool,
}

impl Callable {
    fn new(name: String, function: Py<PyAny>) -> Self {
        Self { id: number(&name), name, function, is_local: false }
    }

    /// What it gives for blocks and a box.
    fn call(&self, blocks: &[NdArray], place: &[usize], region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        let called = Python::attach(|py| {
            let blocks: Vec<Memory> = blocks.iter().map(|block| Memory::shared(block.clone())).collect();
            let bounds: Vec<(usize, usize)> = region.iter().map(|range| (range.start, range.end)).collect();
            let given = self.function.call1(py, (blocks, PyTuple::new(py, place)?, bounds))?;
            let memory = given.bind(py).cast::<Memory>()?.get();
            Ok(memory.array.clone())
        });
        called.map_err(from_python)
    }
}

impl BlockFunction for Callable {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn apply(&self, blocks: &[NdArray], context: &BlockContext) -> swath_arrays::Result<NdArray> {
        self.call(blocks, &context.block, &context.region)
    }

    fn is_local(&self) -> bool {
        self.is_local
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn grid(chunks: &[Vec<usize>]) -> ChunkGrid {
    ChunkGrid::new(chunks.iter().map(|lengths| match lengths.as_slice() {
        [] => AxisChunks::whole(0),
        lengths => AxisChunks::from_lengths(lengths),
    }))
}

/// A function of blocks: for each input and each of its axes the result's axis whose blocks it follows, or `None` for the whole axis.
#[pyfunction]
fn blockwise(
    py: Python<'_>,
    name: String,
    function: Py<PyAny>,
    inputs: Vec<(PyRef<'_, Array>, Vec<Option<usize>>)>,
    dtype: DTypeArgument,
    chunks: Vec<Vec<usize>>,
) -> PyResult<Array> {
    let Some((first, _)) = inputs.first() else { return Err(invalid(py, "blockwise needs at least one array")) };
    let context = first.array.context().clone();
    // The chunks are those of arrays whose lengths are known.
    let expressions = inputs.iter().map(|(array, axes)| {
        let array = &array.array;
        let known = tried(py, || array.compute_chunk_sizes())?;
        let expression = known.expression().cloned().map_err(|error| raised(py, &error))?;
        Ok((expression, axes.clone()))
    });
    let expressions = expressions.collect::<PyResult<Vec<_>>>()?;
    let follows: Vec<(&ArrayExpr, Vec<Option<usize>>)> =
        expressions.iter().map(|(expression, axes)| (expression, axes.clone())).collect();
    let function = Arc::new(Callable::new(name, function));
    let made =
        ArrayExpr::blockwise(function, &follows, dtype.0, grid(&chunks)).map_err(|error| of_array(py, &error))?;
    wrapped(py, nd::Array::from_expression(&context, made))
}

/// A function of blocks with margins of their neighbours, which gives blocks of the shape without them. A local one gives for each element
/// what follows from those within the margins around it, and may get blocks in parts.
#[pyfunction]
#[pyo3(signature = (name, function, array, depths, boundary, value, dtype, local))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
fn map_overlap(
    py: Python<'_>,
    name: String,
    function: Py<PyAny>,
    array: &Array,
    depths: Vec<(usize, usize)>,
    boundary: &str,
    value: &Bound<'_, PyAny>,
    dtype: DTypeArgument,
    local: bool,
) -> PyResult<Array> {
    let expression = array.expression(py)?;
    let boundary = match boundary {
        "none" => Boundary::None,
        "reflect" => Boundary::Reflect,
        "periodic" => Boundary::Periodic,
        "nearest" => Boundary::Nearest,
        _ => {
            let value = scalar_of(py, value, expression.dtype())?;
            Boundary::Constant(swath_arrays::expr::op::Constant(value))
        }
    };
    let function = Arc::new(Callable { is_local: local, ..Callable::new(name, function) });
    let made = expression.map_overlap(function, &depths, boundary, dtype.0).map_err(|error| of_array(py, &error))?;
    wrapped(py, nd::Array::from_expression(array.array.context(), made))
}

/// An array whose blocks a function makes from their place.
#[pyfunction]
fn from_map(
    py: Python<'_>,
    context: &Arrays,
    name: String,
    function: Py<PyAny>,
    shape: Vec<usize>,
    dtype: DTypeArgument,
    chunks: ChunksArgument,
) -> PyResult<Array> {
    let callable = Callable::new(name, function);
    let make = move |start: &[usize], lengths: &[usize]| {
        let region: Region = start.iter().zip(lengths).map(|(start, length)| *start..start + length).collect();
        callable.call(&[], start, &region)
    };
    made(py, || context.arrays.from_map(shape, dtype.0, chunks.0, make))
}

/// An object of Python whose boxes a callable reads.
struct Source {
    callable: Callable,
    shape: Vec<usize>,
    dtype: DType,
    grid: ChunkGrid,
}

impl ArraySource for Source {
    fn id(&self) -> &str {
        &self.callable.id
    }

    fn name(&self) -> String {
        self.callable.name.clone()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn preferred_grid(&self) -> ChunkGrid {
        self.grid.clone()
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        let read = self.callable.call(&[], &[], region)?;
        let lengths: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
        if read.dtype() != self.dtype || read.shape() != lengths {
            return Err(ArrayError::invalid(format!(
                "{} gave {} of shape {:?}, but {} of shape {lengths:?} was asked for",
                self.callable.name,
                read.dtype(),
                read.shape(),
                self.dtype
            )));
        }
        Ok(read)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An array that a callable reads box by box.
#[pyfunction]
#[pyo3(signature = (context, name, function, shape, dtype, stored, chunks))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
fn from_source(
    py: Python<'_>,
    context: &Arrays,
    name: String,
    function: Py<PyAny>,
    shape: Vec<usize>,
    dtype: DTypeArgument,
    stored: Option<Vec<usize>>,
    chunks: Option<ChunksArgument>,
) -> PyResult<Array> {
    let grid = match stored {
        Some(stored) if stored.len() == shape.len() && !stored.contains(&0) => ChunkGrid::regular(&shape, &stored),
        _ => {
            let automatic = ChunkSpec::Auto.grid(&shape, dtype.0.item_size(), None);
            automatic.map_err(|error| of_array(py, &error))?
        }
    };
    let source = Arc::new(Source { callable: Callable::new(name, function), shape, dtype: dtype.0, grid });
    wrapped(
        py,
        match chunks {
            None => context.arrays.from_source(source),
            Some(chunks) => context.arrays.from_source_in(source, chunks.0),
        },
    )
}

/// An object of Python that takes blocks through a callable.
struct Sink {
    callable: Callable,
    /// What one write must hold whole.
    grid: Option<ChunkGrid>,
}

impl ArraySink for Sink {
    fn id(&self) -> &str {
        &self.callable.id
    }

    fn name(&self) -> String {
        self.callable.name.clone()
    }

    fn grid(&self) -> Option<ChunkGrid> {
        self.grid.clone()
    }

    fn write(&self, region: &[Range<usize>], block: &NdArray) -> swath_arrays::Result<()> {
        let written = Python::attach(|py| {
            let bounds: Vec<(usize, usize)> = region.iter().map(|range| (range.start, range.end)).collect();
            self.callable.function.call1(py, (Memory::shared(block.clone()), bounds)).map(drop)
        });
        written.map_err(from_python)
    }

    fn finish(&self) -> swath_arrays::Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An array, the name and the callable of where it goes, and the lengths of chunks there.
type Stored<'py> = (PyRef<'py, Array>, String, Py<PyAny>, Option<Vec<usize>>);

/// Writes arrays block by block through callables `(block, bounds)`; with the lengths of chunks that one write must hold whole.
#[pyfunction]
fn store(py: Python<'_>, pairs: Vec<Stored<'_>>) -> PyResult<()> {
    let mut stores: Vec<(nd::Array, Arc<dyn ArraySink>)> = Vec::with_capacity(pairs.len());
    for (array, name, function, stored) in pairs {
        let array = &array.array;
        let known = tried(py, || array.compute_chunk_sizes())?;
        let shape = known.shape().map_err(|error| raised(py, &error))?;
        let grid = stored.map(|stored| ChunkGrid::regular(&shape, &stored));
        stores.push((known, Arc::new(Sink { callable: Callable::new(name, function), grid })));
    }
    tried(py, || {
        let pairs: Vec<_> = stores.iter().map(|(array, sink)| (array, Arc::clone(sink))).collect();
        nd::store_all(&pairs)
    })
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(blockwise, module)?)?;
    module.add_function(wrap_pyfunction!(map_overlap, module)?)?;
    module.add_function(wrap_pyfunction!(from_map, module)?)?;
    module.add_function(wrap_pyfunction!(from_source, module)?)?;
    module.add_function(wrap_pyfunction!(store, module)?)
}
