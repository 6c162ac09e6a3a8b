//! A file of nothing but elements, as programs write memory to a disk; also what lies behind the header of an npy file.

use std::any::Any;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use swath_arrays::{ArraySource, ChunkGrid};
use swath_kernels::{DType, NdArray};

use crate::allocate;
use crate::byte_order::{ByteOrder, swap};
use crate::error::{IoError, Result};
use crate::file::OpenFile;
use crate::runs::read_box;

/// Blocks of a file that is not cut itself have about so many bytes.
const BLOCK_BYTES: usize = 16 << 20;

/// How the elements lie in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLayout {
    /// The dtype.
    pub dtype: DType,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// The byte order of each number.
    pub byte_order: ByteOrder,
    /// Whether the first axis is the fastest and not the last.
    pub is_fortran: bool,
    /// Bytes before the first element.
    pub offset: u64,
}

impl RawLayout {
    /// Elements in C order and this machine's byte order, from the start of the file on.
    pub fn new(dtype: DType, shape: &[usize]) -> Self {
        Self { dtype, shape: shape.to_vec(), byte_order: ByteOrder::NATIVE, is_fortran: false, offset: 0 }
    }
}

/// A file as an array. A box is read as the runs of bytes that it holds; runs near to each other are read together.
#[derive(Debug)]
pub struct RawSource {
    file: Arc<OpenFile>,
    layout: RawLayout,
    id: String,
    kind: &'static str,
}

impl RawSource {
    /// Opens a file whose elements lie as `layout` says.
    ///
    /// # Errors
    /// A file that cannot be opened, or is shorter than the layout needs.
    pub fn open(path: impl AsRef<Path>, layout: RawLayout) -> Result<Self> {
        Self::over(Arc::new(OpenFile::open(path.as_ref())?), layout, "raw", "")
    }

    /// An array within an open file. `part` tells it from others in the same file.
    pub(crate) fn over(file: Arc<OpenFile>, layout: RawLayout, kind: &'static str, part: &str) -> Result<Self> {
        let bytes = allocate::bytes_of(file.name(), layout.dtype, &layout.shape)? as u64;
        let end = layout.offset.checked_add(bytes);
        if end.is_none_or(|end| end > file.bytes()) {
            return Err(IoError::format(
                file.name(),
                format!(
                    "{bytes} bytes of elements (shape {:?} of {}) were expected after byte {}, but the file has {} bytes",
                    layout.shape,
                    layout.dtype,
                    layout.offset,
                    file.bytes()
                ),
            ));
        }
        let id = format!("{kind}:{}:{part}:{layout:?}", file.id());
        Ok(Self { file, layout, id, kind })
    }

    /// How the elements lie.
    pub fn layout(&self) -> &RawLayout {
        &self.layout
    }

    /// The elements of a box, as `ArraySource::read` gives them.
    ///
    /// # Errors
    /// A file that cannot be read, or holds a truth value that is neither 0 nor 1.
    pub fn read_box(&self, region: &[Range<usize>]) -> Result<NdArray> {
        let RawLayout { dtype, byte_order, is_fortran, offset, .. } = self.layout;
        // A Fortran array is the transpose of the C array of the reversed shape.
        let turned = |lengths: &[usize]| lengths.iter().rev().copied().collect::<Vec<_>>();
        let turned_region: Vec<_> = region.iter().rev().cloned().collect();
        let (shape, region) = if is_fortran {
            (turned(&self.layout.shape), &turned_region[..])
        } else {
            (self.layout.shape.clone(), region)
        };
        let name = self.file.name();
        check_region(name, &shape, region)?;
        let lengths: Vec<usize> = region.iter().map(Range::len).collect();
        let mut buffer = allocate::zeroed(name, dtype, &lengths)?;
        read_box(&*self.file, offset, &shape, region, dtype.item_size(), buffer.as_slice_mut())?;
        if byte_order.is_foreign(dtype) {
            swap(dtype, buffer.as_slice_mut());
        }
        let array =
            NdArray::from_buffer(dtype, &lengths, buffer.into()).map_err(|error| IoError::kernel(name, error))?;
        Ok(if is_fortran { array.t() } else { array })
    }
}

/// Refuses a region that is not a box of an array.
pub(crate) fn check_region(place: &str, shape: &[usize], region: &[Range<usize>]) -> Result<()> {
    let fits = shape.len() == region.len()
        && shape.iter().zip(region).all(|(length, range)| range.start <= range.end && range.end <= *length);
    if fits {
        return Ok(());
    }
    Err(IoError::argument(format!("{place}: region {region:?} is not inside an array of shape {shape:?}")))
}

/// The grid for a file that is not cut: whole rows (whole columns in Fortran order) of some MiB.
pub(crate) fn row_grid(dtype: DType, shape: &[usize], is_fortran: bool) -> ChunkGrid {
    let mut chunk = shape.to_vec();
    let mut bytes = dtype.item_size();
    let axes: Vec<usize> = if is_fortran { (0..shape.len()).collect() } else { (0..shape.len()).rev().collect() };
    for axis in axes {
        chunk[axis] = shape[axis].min((BLOCK_BYTES / bytes.max(1)).max(1));
        bytes = bytes.saturating_mul(shape[axis].max(1));
    }
    ChunkGrid::regular(shape, &chunk)
}

impl ArraySource for RawSource {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        format!("{} {}", self.kind, self.file.name())
    }

    fn shape(&self) -> &[usize] {
        &self.layout.shape
    }

    fn dtype(&self) -> DType {
        self.layout.dtype
    }

    fn preferred_grid(&self) -> ChunkGrid {
        row_grid(self.layout.dtype, &self.layout.shape, self.layout.is_fortran)
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        Ok(self.read_box(region)?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_a_raw_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.raw");
        let bytes: Vec<u8> = [9u8, 9].into_iter().chain((0..6i32).flat_map(i32::to_be_bytes)).collect();
        std::fs::write(&path, &bytes).unwrap();
        let layout = RawLayout { byte_order: ByteOrder::Big, offset: 2, ..RawLayout::new(DType::I32, &[2, 3]) };
        let with_shape = |shape: &[usize]| RawLayout { offset: 2, ..RawLayout::new(DType::I32, shape) };
        let source = RawSource::open(&path, layout.clone()).unwrap();
        assert_eq!(source.read(&[0..2, 1..3]).unwrap().to_vec::<i32>().unwrap(), [1, 2, 4, 5]);
        let fortran = RawSource::open(&path, RawLayout { is_fortran: true, ..layout.clone() }).unwrap();
        assert_eq!(fortran.read(&[0..2, 1..3]).unwrap().to_vec::<i32>().unwrap(), [2, 4, 3, 5]);
        assert_ne!(source.id(), fortran.id());
        let error = RawSource::open(&path, with_shape(&[7])).unwrap_err().to_string();
        assert!(error.contains("28 bytes of elements (shape [7] of int32) were expected after byte 2"), "{error}");
        let huge = with_shape(&[usize::MAX, 9]);
        assert!(RawSource::open(&path, huge).unwrap_err().to_string().contains("too many elements"));
        assert!(RawSource::open(&path, RawLayout { offset: u64::MAX, ..layout }).is_err());
        let error = source.read(&[0..2, 1..4]).unwrap_err().to_string();
        assert!(error.contains("region [0..2, 1..4] is not inside an array of shape [2, 3]"), "{error}");
    }

    #[test]
    fn truth_values_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.raw");
        std::fs::write(&path, [0, 1, 2]).unwrap();
        let source = RawSource::open(&path, RawLayout::new(DType::Bool, &[3])).unwrap();
        assert_eq!(source.read(&[0..2]).unwrap().to_vec::<bool>().unwrap(), [false, true]);
        assert!(source.read(&[0..3]).unwrap_err().to_string().contains("a.raw: bytes of a bool array must be 0 or 1"));
    }

    #[test]
    fn blocks_are_whole_rows() {
        assert_eq!(row_grid(DType::F64, &[1 << 20, 64], false).to_string(), "[32768x32, 64]");
        assert_eq!(row_grid(DType::F64, &[64, 1 << 20], true).to_string(), "[64, 32768x32]");
        assert_eq!(row_grid(DType::F64, &[4, 1 << 23], false).to_string(), "[1x4, 2097152x4]");
        assert_eq!(row_grid(DType::F64, &[], false).block_count(), 1);
        assert_eq!(row_grid(DType::F64, &[0, 5], false).block_count(), 1);
    }
}
