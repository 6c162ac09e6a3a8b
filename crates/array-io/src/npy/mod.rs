//! NumPy's file of one array: a short header and the elements, in C or Fortran order.
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::any::Any;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_buffer::Buffer;
use swath_arrays::{ArraySink, ArraySource, ChunkGrid};
use swath_kernels::{DType, NdArray};

use crate::allocate;
use crate::byte_order::ByteOrder;
use crate::error::{IoError, Result};
use crate::file::{OpenFile, StagedFile};
use crate::memory::check_block;
use crate::raw::{RawLayout, RawSource};
use crate::runs::Runs;

pub(crate) mod header;

/// An npy file as an array. Opening reads the header; a box reads the bytes that it holds.
#[derive(Debug)]
pub struct NpySource {
    elements: RawSource,
}

impl NpySource {
    /// Opens an npy file of any version, byte order and order of axes.
    ///
    /// # Errors
    /// A file that cannot be opened, is no npy file, is shorter than its header says, or holds a dtype that is not supported (Python
    /// objects, strings, records).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let file = Arc::new(OpenFile::open(path.as_ref())?);
        let layout = header::read(&*file, 0, file.bytes(), file.name())?;
        Ok(Self { elements: RawSource::over(file, layout, "npy", "")? })
    }

    /// An array that starts at a byte of an open file and ends before another.
    pub(crate) fn within(file: Arc<OpenFile>, start: u64, end: u64, name: &str) -> Result<Self> {
        let place = format!("{}: {name}", file.name());
        let layout = header::read(&*file, start, end, &place)?;
        let bytes = allocate::bytes_of(&place, layout.dtype, &layout.shape)? as u64;
        if layout.offset.checked_add(bytes).is_none_or(|last| last > end) {
            return Err(header::too_short(&place, &layout, end - layout.offset));
        }
        Ok(Self { elements: RawSource::over(file, layout, "npz", name)? })
    }

    /// Where and how the elements lie.
    pub fn layout(&self) -> &RawLayout {
        self.elements.layout()
    }
}

impl ArraySource for NpySource {
    fn id(&self) -> &str {
        self.elements.id()
    }

    fn name(&self) -> String {
        self.elements.name()
    }

    fn shape(&self) -> &[usize] {
        self.elements.shape()
    }

    fn dtype(&self) -> DType {
        self.elements.dtype()
    }

    fn preferred_grid(&self) -> ChunkGrid {
        self.elements.preferred_grid()
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        self.elements.read(region)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Reads a whole npy file.
///
/// # Errors
/// See [`NpySource::open`] and [`RawSource::read_box`].
pub fn read(path: impl AsRef<Path>) -> Result<NdArray> {
    let source = NpySource::open(path)?;
    let everything: Vec<Range<usize>> = source.shape().iter().map(|length| 0..*length).collect();
    source.elements.read_box(&everything)
}

/// Writes a whole array to an npy file, over what stands there.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: impl AsRef<Path>, array: &NdArray) -> Result<()> {
    let sink = NpySink::create(path, array.dtype(), array.shape())?;
    let everything: Vec<Range<usize>> = array.shape().iter().map(|length| 0..*length).collect();
    sink.write_box(&everything, array)?;
    sink.file.finish()
}

/// The bytes of an array's elements in C order and this machine's byte order; copied only if they do not lie so.
pub(crate) fn bytes_in_order(array: &NdArray) -> Buffer {
    let array = array.contiguous();
    let item = array.dtype().item_size();
    match array.is_empty() {
        true => Buffer::from(Vec::<u8>::new()),
        false => array.buffer().slice_with_length(array.offset() * item, array.len() * item),
    }
}

/// Writes blocks to an npy file. The file is made beside its place and moved there at `finish`.
#[derive(Debug)]
pub struct NpySink {
    file: StagedFile,
    id: String,
    dtype: DType,
    shape: Vec<usize>,
    offset: u64,
}

impl NpySink {
    /// Starts a file for an array of this dtype and shape, in C order.
    ///
    /// # Errors
    /// A folder that cannot be written to, or a disk that has no room.
    pub fn create(path: impl AsRef<Path>, dtype: DType, shape: &[usize]) -> Result<Self> {
        let path = path.as_ref();
        let file = StagedFile::create(path)?;
        let bytes = allocate::bytes_of(file.name(), dtype, shape)? as u64;
        let header = header::format(dtype, shape);
        file.write_at(0, &header)?;
        file.set_len(header.len() as u64 + bytes)?;
        let id = format!("npy:{}", file.name());
        Ok(Self { file, id, dtype, shape: shape.to_vec(), offset: header.len() as u64 })
    }

    fn write_box(&self, region: &[Range<usize>], block: &NdArray) -> Result<()> {
        check_block(self.file.name(), self.dtype, &self.shape, region, block)?;
        let bytes = bytes_in_order(block);
        let runs = Runs::new(&self.shape, region, self.dtype.item_size());
        let length = (runs.bytes as usize).max(1);
        for (start, run) in runs.zip(bytes.chunks_exact(length)) {
            self.file.write_at(self.offset + start, run)?;
        }
        Ok(())
    }
}

impl ArraySink for NpySink {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        self.id.replacen(':', " ", 1)
    }

    fn write(&self, region: &[Range<usize>], block: &NdArray) -> swath_arrays::Result<()> {
        Ok(self.write_box(region, block)?)
    }

    fn finish(&self) -> swath_arrays::Result<()> {
        Ok(self.file.finish()?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What the elements of npy files that are written here look like.
pub(crate) const WRITTEN_ORDER: ByteOrder = ByteOrder::NATIVE;

/// An error for a place in a file.
pub(crate) fn broken(place: &str, problem: impl Into<String>) -> IoError {
    IoError::format(place, format!("no npy file: {}", problem.into()))
}

#[cfg(test)]
mod tests;
