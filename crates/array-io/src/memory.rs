//! A sink that keeps what is written.

use std::any::Any;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use swath_arrays::{ArraySink, ChunkGrid, Region};
use swath_kernels::layout::arrange::assemble;
use swath_kernels::{DType, NdArray};

use crate::error::{IoError, Result};
use crate::raw::check_region;

/// Keeps blocks in memory, for results that stay in the process, and for tests.
#[derive(Debug)]
pub struct MemorySink {
    id: String,
    dtype: DType,
    shape: Vec<usize>,
    grid: Option<ChunkGrid>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blocks: Vec<(Region, NdArray)>,
    is_finished: bool,
}

impl MemorySink {
    /// A sink for an array of this dtype and shape.
    pub fn new(dtype: DType, shape: &[usize]) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let id = format!("memory sink:{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { id, dtype, shape: shape.to_vec(), grid: None, state: Mutex::default() }
    }

    /// The same, which wants whole blocks of a grid.
    #[must_use]
    pub fn with_grid(self, grid: ChunkGrid) -> Self {
        Self { grid: Some(grid), ..self }
    }

    /// What was written, as one array; `None` before `finish`.
    ///
    /// # Errors
    /// When blocks are missing.
    pub fn result(&self) -> Result<Option<NdArray>> {
        let state = self.state();
        if !state.is_finished {
            return Ok(None);
        }
        let written: usize = state.blocks.iter().map(|(_, block)| block.len()).sum();
        let expected: usize = self.shape.iter().product();
        if written != expected {
            return Err(IoError::argument(format!("{}: {written} of {expected} elements were written", self.id)));
        }
        let starts: Vec<Vec<usize>> =
            state.blocks.iter().map(|(region, _)| region.iter().map(|range| range.start).collect()).collect();
        let pieces = starts.iter().zip(&state.blocks).map(|(at, (_, block))| (at.as_slice(), block));
        assemble(self.dtype, &self.shape, pieces).map(Some).map_err(|error| IoError::kernel(&self.id, error))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a block that is not what its region says.
pub(crate) fn check_block(
    place: &str,
    dtype: DType,
    shape: &[usize],
    region: &[Range<usize>],
    block: &NdArray,
) -> Result<()> {
    check_region(place, shape, region)?;
    let lengths: Vec<usize> = region.iter().map(Range::len).collect();
    if block.dtype() != dtype || block.shape() != lengths {
        return Err(IoError::argument(format!(
            "{place}: a block of {} of shape {:?} was to be written to {region:?} of an array of {dtype}",
            block.dtype(),
            block.shape()
        )));
    }
    Ok(())
}

impl ArraySink for MemorySink {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn grid(&self) -> Option<ChunkGrid> {
        self.grid.clone()
    }

    fn write(&self, region: &[Range<usize>], block: &NdArray) -> swath_arrays::Result<()> {
        check_block(&self.id, self.dtype, &self.shape, region, block)?;
        let mut state = self.state();
        state.blocks.retain(|(other, _)| other.as_slice() != region);
        state.blocks.push((region.into(), block.clone()));
        Ok(())
    }

    fn finish(&self) -> swath_arrays::Result<()> {
        self.state().is_finished = true;
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_an_array() {
        let sink = MemorySink::new(DType::I64, &[2, 3]);
        let block = |values: &[i64], columns| NdArray::from_vec(&[2, columns], values.to_vec()).unwrap();
        sink.write(&[0..2, 1..3], &block(&[9, 9, 9, 9], 2)).unwrap();
        sink.write(&[0..2, 1..3], &block(&[1, 2, 4, 5], 2)).unwrap();
        assert_eq!(sink.result().unwrap(), None);
        sink.finish().unwrap();
        assert!(sink.result().unwrap_err().to_string().contains("4 of 6 elements were written"));
        sink.write(&[0..2, 0..1], &block(&[0, 3], 1)).unwrap();
        assert_eq!(sink.result().unwrap().unwrap().to_vec::<i64>().unwrap(), [0, 1, 2, 3, 4, 5]);
        let error = sink.write(&[0..2, 0..2], &block(&[0, 3], 1)).unwrap_err().to_string();
        assert!(error.contains("a block of int64 of shape [2, 1] was to be written to [0..2, 0..2]"), "{error}");
    }
}
