//! Blocks on disk: one file a run, its parts used again when blocks are gone.

use std::sync::Arc;

use arrow_buffer::MutableBuffer;
use swath_arrays::Region;
use swath_arrays::grid::region_shape;
use swath_kernels::layout::arrange;
use swath_kernels::reduce::{Partial, Reduction};
use swath_kernels::{DType, Dims, NdArray};

use crate::block::Block;
use crate::error::{BlocksError, Result};
use crate::fetch;
use crate::results::runs;
use crate::spill::SpillFile;

/// Runs shorter than this are not read one by one where most of a block is not needed, and others where much of it is.
const SHORTEST_RUN_BYTES: usize = 512;
const LONG_RUN_BYTES: usize = 16 << 10;

/// The parts of a spill file.
#[derive(Debug, Default)]
pub(crate) struct Extents {
    end: u64,
    free: Vec<Extent>,
}

/// A part of a spill file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    start: u64,
    bytes: u64,
}

impl Extents {
    /// A part of so many bytes that nobody uses.
    pub(crate) fn take(&mut self, bytes: u64) -> Extent {
        let fitting = self.free.iter().enumerate().filter(|(_, extent)| extent.bytes >= bytes);
        if let Some((place, _)) = fitting.min_by_key(|(_, extent)| extent.bytes) {
            let found = &mut self.free[place];
            let taken = Extent { start: found.start, bytes };
            *found = Extent { start: found.start + bytes, bytes: found.bytes - bytes };
            if found.bytes == 0 {
                self.free.swap_remove(place);
            }
            return taken;
        }
        let taken = Extent { start: self.end, bytes };
        self.end += bytes;
        taken
    }

    /// Gives a part back.
    pub(crate) fn give_back(&mut self, extent: Extent) {
        if extent.bytes > 0 {
            self.free.push(extent);
        }
    }
}

/// What of a block lies where in the file.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) extent: Extent,
    layout: Arc<Layout>,
}

#[derive(Debug)]
enum Layout {
    /// Boxes of an array, each in C order, one after another; together the whole array.
    Array { dtype: DType, shape: Dims, boxes: Vec<Part> },
    /// The arrays of a state.
    State { reduction: Reduction, input: DType, kept: Dims, arrays: Vec<Part> },
}

#[derive(Debug)]
struct Part {
    /// The box of the block; everything for the arrays of a state.
    within: Region,
    dtype: DType,
    shape: Dims,
    start: u64,
    bytes: u64,
}

/// A block as it is to be written.
pub(crate) struct Written {
    layout: Layout,
    parts: Vec<NdArray>,
    bytes: u64,
}

impl Written {
    /// An array box by box (each is read alone), or whole if no boxes are given; or a state.
    pub(crate) fn new(block: &Block, boxes: &[Region], input: DType) -> Result<Self> {
        match block {
            Block::Array(array) => {
                let everything: Region = array.shape().iter().map(|length| 0..*length).collect();
                let boxes = if boxes.is_empty() { std::slice::from_ref(&everything) } else { boxes };
                let parts = boxes.iter().map(|within| fetch::part(array, within)).collect::<Result<Vec<_>>>()?;
                let (listed, bytes) = listed(&parts, boxes);
                let (dtype, shape) = (array.dtype(), array.shape().into());
                Ok(Self { layout: Layout::Array { dtype, shape, boxes: listed }, parts, bytes })
            }
            Block::State(state) => {
                let parts = state.to_arrays()?;
                let (arrays, bytes) = listed(&parts, &[]);
                let (reduction, kept) = (state.reduction(), state.shape().into());
                Ok(Self { layout: Layout::State { reduction, input, kept, arrays }, parts, bytes })
            }
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes all of it in one go.
    pub(crate) fn write(self, file: &dyn SpillFile, extent: Extent) -> Result<Stored> {
        let failed = |source| BlocksError::Spill { action: "write", file: file.name(), source: Arc::new(source) };
        if let [array] = self.parts.as_slice()
            && array.is_contiguous()
        {
            file.write_at(extent.start, elements(array)).map_err(failed)?;
        } else {
            let mut all: Vec<u8> = Vec::with_capacity(self.bytes as usize);
            for array in &self.parts {
                all.extend_from_slice(elements(&array.contiguous()));
            }
            file.write_at(extent.start, &all).map_err(failed)?;
        }
        Ok(Stored { extent, layout: Arc::new(self.layout) })
    }
}

fn listed(arrays: &[NdArray], boxes: &[Region]) -> (Vec<Part>, u64) {
    let mut start = 0;
    let mut parts = Vec::with_capacity(arrays.len());
    for (number, array) in arrays.iter().enumerate() {
        let within = boxes.get(number).cloned().unwrap_or_default();
        let bytes = array.size_bytes() as u64;
        parts.push(Part { within, dtype: array.dtype(), shape: array.shape().into(), start, bytes });
        start += bytes;
    }
    (parts, start)
}

/// The bytes of a contiguous array.
fn elements(array: &NdArray) -> &[u8] {
    if array.is_empty() {
        return &[];
    }
    let item = array.dtype().item_size();
    &array.buffer().as_slice()[array.offset() * item..][..array.size_bytes()]
}

impl Stored {
    /// Bytes in the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.extent.bytes
    }

    /// The whole block.
    pub(crate) fn read(&self, file: &dyn SpillFile) -> Result<Block> {
        match &*self.layout {
            Layout::Array { dtype, shape, boxes } => match boxes.as_slice() {
                [whole] => Ok(Block::Array(self.read_part(file, whole)?)),
                boxes => {
                    let mut parts = Vec::with_capacity(boxes.len());
                    for part in boxes {
                        let at: Dims = part.within.iter().map(|range| range.start).collect();
                        parts.push((at, self.read_part(file, part)?));
                    }
                    Ok(Block::Array(arrange::assemble(*dtype, shape, parts)?))
                }
            },
            Layout::State { reduction, input, kept, arrays } => {
                let arrays = arrays.iter().map(|part| self.read_part(file, part)).collect::<Result<Vec<_>>>()?;
                Ok(Block::State(Arc::new(Partial::from_arrays(*reduction, *input, kept, &arrays)?)))
            }
        }
    }

    /// A box of the array, if it can be read without the rest: one of those it was written in, or a part in few long runs.
    pub(crate) fn read_box(&self, file: &dyn SpillFile, within: &Region) -> Option<Result<NdArray>> {
        let Layout::Array { dtype, shape, boxes } = &*self.layout else { return None };
        if let Some(part) = boxes.iter().find(|part| part.within == *within) {
            return Some(self.read_part(file, part));
        }
        let [whole] = boxes.as_slice() else { return None };
        let item = dtype.item_size();
        let lengths = region_shape(within);
        let bytes = lengths.iter().product::<usize>() * item;
        if bytes == 0 {
            return Some(NdArray::zeros(*dtype, &lengths).map_err(BlocksError::from));
        }
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        runs(shape, within, |from, to, length| found.push((from * item, to * item, length * item)));
        let least = if bytes as u64 * 4 < whole.bytes { SHORTEST_RUN_BYTES } else { LONG_RUN_BYTES };
        if found.len() > 1 && found.first().is_some_and(|run| run.2 < least) {
            return None;
        }
        let mut buffer = MutableBuffer::from_len_zeroed(bytes);
        for (from, to, length) in found {
            let target = &mut buffer.as_slice_mut()[to..to + length];
            if let Err(error) = self.read_bytes(file, whole.start + from as u64, target) {
                return Some(Err(error));
            }
        }
        Some(NdArray::from_buffer(*dtype, &lengths, buffer.into()).map_err(BlocksError::from))
    }

    fn read_part(&self, file: &dyn SpillFile, part: &Part) -> Result<NdArray> {
        let mut buffer = MutableBuffer::from_len_zeroed(part.bytes as usize);
        self.read_bytes(file, part.start, buffer.as_slice_mut())?;
        Ok(NdArray::from_buffer(part.dtype, &part.shape, buffer.into())?)
    }

    fn read_bytes(&self, file: &dyn SpillFile, start: u64, target: &mut [u8]) -> Result<()> {
        let failed = |source| BlocksError::Spill { action: "read", file: file.name(), source: Arc::new(source) };
        file.read_at(self.extent.start + start, target).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_used_again() {
        let mut extents = Extents::default();
        let (a, b) = (extents.take(100), extents.take(50));
        extents.give_back(a);
        assert_eq!(extents.take(40), Extent { start: 0, bytes: 40 });
        assert_eq!(extents.take(60), Extent { start: 40, bytes: 60 });
        extents.give_back(b);
        assert_eq!(extents.take(51), Extent { start: 150, bytes: 51 });
    }
}
