//! Results, put together while their blocks are made.

use std::sync::{Mutex, MutexGuard, PoisonError};

use swath_arrays::lower::stage::Output;
use swath_arrays::{ChunkGrid, Region};
use swath_kernels::fused::Place;
use swath_kernels::layout::copy::copy_out;
use swath_kernels::memory::Room;
use swath_kernels::shape::contiguous_strides;
use swath_kernels::{DType, Dims, NdArray, element_count};

use crate::error::{BlocksError, Result};
use crate::fetch;

/// A result under way.
pub(crate) struct Target {
    grid: ChunkGrid,
    dtype: DType,
    state: Mutex<State>,
}

enum State {
    /// Blocks with their positions in the grid: where there is one only, or lengths are known at the end.
    Blocks(Vec<(Dims, NdArray)>),
    /// The whole array, allocated with its first block.
    Whole(Option<Whole>),
    /// Handed out.
    Gone,
}

/// The memory of a result.
struct Whole {
    room: Room,
    bytes: usize,
}

impl Target {
    /// For a stage's output. `in_parts`: its blocks come in parts, so that even a single one has to be put together.
    pub(crate) fn new(output: &Output, in_parts: bool) -> Self {
        let grid = output.grid.clone();
        let by_block = (grid.is_single() && !in_parts) || !grid.is_known();
        let state = if by_block { State::Blocks(Vec::new()) } else { State::Whole(None) };
        Self { grid, dtype: output.dtype, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a block. Each block comes once.
    pub(crate) fn place(&self, block: usize, array: &NdArray) -> Result<()> {
        if let State::Blocks(blocks) = &mut *self.lock() {
            blocks.push((self.grid.index_of(block), array.clone()));
            return Ok(());
        }
        self.place_part(&self.grid.region(block), array)
    }

    /// Takes in a box of the result. Each element comes once.
    pub(crate) fn place_part(&self, region: &Region, array: &NdArray) -> Result<()> {
        if region.iter().zip(array.shape()).any(|(range, length)| range.len() != *length) || array.dtype() != self.dtype
        {
            return Err(BlocksError::internal("a block does not fit the result"));
        }
        let place = self.room(region)?;
        // SAFETY: the memory is there for every element of the region, and nobody else writes it.
        unsafe { copy_out(array, place.start, &place.strides) };
        Ok(())
    }

    /// Where a box of the result is to be written. The memory stays until the result is finished, after the last block; each element
    /// is written once, so that nobody else writes those of the box.
    pub(crate) fn room(&self, region: &Region) -> Result<Place> {
        let shape = self.grid.shape();
        let item = self.dtype.item_size();
        let start = match &mut *self.lock() {
            State::Whole(whole) => {
                let bytes = element_count(&shape)?.saturating_mul(item);
                whole.get_or_insert_with(|| Whole { room: Room::new(bytes), bytes }).room.as_mut_ptr()
            }
            State::Blocks(_) | State::Gone => return Err(BlocksError::internal("a part came where none was expected")),
        };
        let fits = region.len() == shape.len() && region.iter().zip(&shape).all(|(range, length)| range.end <= *length);
        if !fits {
            return Err(BlocksError::internal("a block does not fit the result"));
        }
        let strides = contiguous_strides(&shape);
        let offset: usize = region.iter().zip(&strides).map(|(range, step)| range.start * *step as usize).sum();
        Ok(Place { start: start.wrapping_add(offset * item), strides })
    }

    /// The result, after its last block.
    pub(crate) fn finish(&self) -> Result<NdArray> {
        match std::mem::replace(&mut *self.lock(), State::Gone) {
            State::Blocks(blocks) => {
                let parts: Vec<(&[usize], &NdArray)> =
                    blocks.iter().map(|(index, array)| (index.as_slice(), array)).collect();
                fetch::in_order(self.dtype, &parts)
            }
            State::Whole(Some(Whole { room, bytes })) => {
                // SAFETY: blocks and parts cover the array.
                let buffer = unsafe { room.into_buffer(bytes) };
                Ok(NdArray::from_buffer(self.dtype, &self.grid.shape(), buffer)?)
            }
            State::Whole(None) | State::Gone => Err(BlocksError::internal("a result without blocks")),
        }
    }
}

/// The contiguous runs of a region of an array in C order: place in the array, place in the region, and length, in elements.
pub(crate) fn runs(shape: &[usize], region: &Region, mut run: impl FnMut(usize, usize, usize)) {
    // Axes behind this one are whole: they and it make one run.
    let inner = (0..shape.len()).rev().find(|axis| region[*axis].len() != shape[*axis]).unwrap_or(0);
    let Some(own) = region.get(inner) else { return run(0, 0, 1) };
    let behind: usize = shape[inner + 1..].iter().product();
    let (length, first) = (own.len() * behind, own.start * behind);
    let mut index: Dims = region[..inner].iter().map(|range| range.start).collect();
    let mut at = 0;
    loop {
        let outer = index.iter().zip(shape).fold(0, |place, (index, length)| place * length + index);
        run(outer * shape[inner] * behind + first, at, length);
        at += length;
        let Some(axis) = (0..inner).rev().find(|axis| index[*axis] + 1 < region[*axis].end) else { return };
        index[axis] += 1;
        for later in axis + 1..inner {
            index[later] = region[later].start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_as_long_as_can_be() {
        let list = |shape: &[usize], region: &[std::ops::Range<usize>]| {
            let mut found = Vec::new();
            runs(shape, &region.iter().cloned().collect(), |to, at, length| found.push((to, at, length)));
            found
        };
        assert_eq!(list(&[4, 5], &[1..3, 0..5]), [(5, 0, 10)]);
        assert_eq!(list(&[4, 5], &[1..3, 2..4]), [(7, 0, 2), (12, 2, 2)]);
        assert_eq!(list(&[2, 3, 2], &[0..2, 1..2, 0..2]), [(2, 0, 2), (8, 2, 2)]);
        assert_eq!(list(&[1, 3], &[0..1, 2..3]), [(2, 0, 1)]);
        assert_eq!(list(&[2, 2], &[0..2, 0..2]), [(0, 0, 4)]);
    }
}
