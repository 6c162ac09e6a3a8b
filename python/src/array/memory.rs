//! Elements in memory: NumPy's arrays in and out, without copies.

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use arrow::alloc::Allocation;
use arrow::buffer::Buffer;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use swath_arrays::ChunkSpec;
use swath_collections::nd::NdArray;
use swath_collections::nd::kernels::Kind;

use super::context::Arrays;
use super::error::invalid;
use super::operand::{ChunksArgument, DTypeArgument};
use super::{Array, wrapped};

/// Elements that lie in memory, which NumPy reads through `__array_interface__`.
#[pyclass(module = "swath._internal.array", frozen)]
pub struct Memory {
    pub(crate) array: NdArray,
    is_writable: bool,
}

impl Memory {
    /// Elements that others may read: nobody may write to them.
    pub fn shared(array: NdArray) -> Self {
        Self { array, is_writable: false }
    }

    /// Elements that whoever holds the result may write to: copied where others hold them too.
    pub fn owned(array: NdArray) -> Self {
        let repeats = array.shape().iter().zip(array.strides()).any(|(length, stride)| *length > 1 && *stride == 0);
        let is_most = array.size_bytes() * 2 >= array.buffer().len();
        // What lies in an object of Python may be seen, and looked at, from there.
        let is_ours = array.buffer().strong_count() == 1 && !is_borrowed(array.buffer());
        if is_ours && !repeats && is_most {
            return Self { array, is_writable: true };
        }
        let array = match array.is_contiguous() {
            false => array.contiguous(),
            true => {
                let size = array.dtype().item_size();
                let bytes = array.buffer().as_slice().get(array.offset() * size..).unwrap_or(&[]);
                let bytes = bytes.get(..array.size_bytes()).unwrap_or(&[]);
                let copy = NdArray::from_buffer(array.dtype(), array.shape(), Buffer::from(bytes));
                return match copy {
                    Ok(array) => Self { array, is_writable: true },
                    Err(_) => Self::shared(array),
                };
            }
        };
        Self { array, is_writable: true }
    }
}

#[pymethods]
impl Memory {
    /// Where the elements lie.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dtype = self.array.dtype();
        let size = dtype.item_size();
        let interface = PyDict::new(py);
        interface.set_item(pyo3::intern!(py, "version"), 3)?;
        interface.set_item(pyo3::intern!(py, "shape"), PyTuple::new(py, self.array.shape())?)?;
        let letter = match dtype.kind() {
            Kind::Bool => "|b",
            Kind::Unsigned => "<u",
            Kind::Signed => "<i",
            Kind::Float => "<f",
            Kind::Complex => "<c",
            Kind::Timedelta => "<m",
            Kind::Datetime => "<M",
        };
        let typestr = match dtype.time_unit() {
            Some(unit) => format!("{letter}{size}[{}]", unit.symbol()),
            None => format!("{letter}{size}"),
        };
        interface.set_item(pyo3::intern!(py, "typestr"), typestr)?;
        let address = self.array.buffer().as_ptr() as usize + self.array.offset() * size;
        interface.set_item(pyo3::intern!(py, "data"), (address, !self.is_writable))?;
        if !self.array.is_contiguous() {
            let strides = self.array.strides().iter().map(|stride| stride * size as isize);
            interface.set_item(pyo3::intern!(py, "strides"), PyTuple::new(py, strides.collect::<Vec<_>>())?)?;
        }
        Ok(interface)
    }

    /// As an array of a context, in chunks that are views.
    fn to_array(&self, py: Python<'_>, context: &Arrays, chunks: Option<ChunksArgument>) -> PyResult<Array> {
        wrapped(
            py,
            match chunks {
                None => context.arrays.from_array(self.array.clone()),
                Some(chunks) => context.arrays.from_array_in(self.array.clone(), ChunkSpec::from(chunks)),
            },
        )
    }
}

/// Where elements of objects of Python begin, and how many hold those.
static BORROWED: LazyLock<Mutex<HashMap<usize, usize>>> = LazyLock::new(Mutex::default);

fn borrowed_starts() -> MutexGuard<'static, HashMap<usize, usize>> {
    BORROWED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_borrowed(buffer: &Buffer) -> bool {
    borrowed_starts().contains_key(&(buffer.data_ptr().as_ptr() as usize))
}

/// An object of Python that holds elements, which begin at an address. Dropped without the GIL it is let go of at the next time that
/// somebody has it.
struct Owner {
    start: usize,
    #[expect(dead_code, reason = "held for its elements")]
    object: Py<PyAny>,
}

impl Owner {
    fn new(start: usize, object: Py<PyAny>) -> Self {
        *borrowed_starts().entry(start).or_default() += 1;
        Self { start, object }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let mut starts = borrowed_starts();
        if let Some(holders) = starts.get_mut(&self.start) {
            *holders -= 1;
            if *holders == 0 {
                starts.remove(&self.start);
            }
        }
    }
}

// A panic cannot leave it half changed: it is held, and nothing else.
impl std::panic::RefUnwindSafe for Owner {}

/// The elements of an object of Python, not copied: at `address`, with strides in elements, of native byte order.
///
/// The caller is Python's side of this package, which takes address, shape and strides from NumPy: they are not checked here.
#[pyfunction]
pub fn borrow(
    py: Python<'_>,
    address: usize,
    shape: Vec<usize>,
    strides: Option<Vec<isize>>,
    dtype: DTypeArgument,
    owner: Py<PyAny>,
) -> PyResult<Memory> {
    let dtype = dtype.0;
    let size = dtype.item_size();
    let wrong = |error| super::error::of_array(py, &swath_arrays::ArrayError::Kernel(error));
    if shape.contains(&0) {
        return Ok(Memory::shared(NdArray::zeros(dtype, &shape).map_err(wrong)?));
    }
    let strides = strides.unwrap_or_else(|| {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis] as isize;
        }
        strides
    });
    let reach = |backwards: bool| -> usize {
        let steps = shape.iter().zip(&strides).filter(|(_, stride)| (**stride < 0) == backwards);
        steps.map(|(length, stride)| (length - 1) * stride.unsigned_abs()).sum()
    };
    let (before, behind) = (reach(true), reach(false));
    let start = NonNull::new((address - before * size) as *mut u8)
        .ok_or_else(|| invalid(py, "an array of NumPy lies nowhere"))?;
    let bytes = (before + behind + 1) * size;
    let owner: Arc<dyn Allocation> = Arc::new(Owner::new(start.as_ptr() as usize, owner));
    // SAFETY: `owner` is an array of NumPy, which keeps these bytes as long as it lives; `Owner` keeps it.
    let buffer = unsafe { Buffer::from_custom_allocation(start, bytes, owner) };
    let array = py.detach(|| NdArray::from_parts(dtype, &shape, &strides, before, buffer)).map_err(wrong)?;
    Ok(Memory::shared(array))
}
