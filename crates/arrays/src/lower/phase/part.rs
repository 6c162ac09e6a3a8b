//! Parts of sorted lines, each made from the whole line.

use swath_kernels::NdArray;
use swath_kernels::order::{argsort_part, sort_part, unique_part};

use crate::error::Result;
use crate::grid::{ChunkGrid, Region};

/// The blocks along a task's line, in their order.
pub(super) fn regions(line: &ChunkGrid, tasks: &ChunkGrid, task: usize, axis: usize) -> Vec<Region> {
    let chunks = line.axis(axis);
    let whole = (0..chunks.count()).map(|block| (0, chunks.size(block)));
    super::ranks::parts(whole, line, tasks, task, axis)
}

/// The distinct elements that begin at the task's ranks.
pub(super) fn distinct(pieces: &[NdArray], ranks: std::ops::Range<usize>) -> Result<NdArray> {
    Ok(unique_part(pieces, ranks)?)
}

/// The elements of the task's ranks, or their positions.
pub(super) fn sorted(pieces: &[NdArray], ranks: std::ops::Range<usize>, positions: bool) -> Result<NdArray> {
    let flat = pieces.iter().map(|piece| piece.reshape(&[piece.len()]));
    let pieces = flat.collect::<swath_kernels::Result<Vec<_>>>()?;
    Ok(if positions { argsort_part(&pieces, ranks)? } else { sort_part(&pieces, ranks)? })
}
