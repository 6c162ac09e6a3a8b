//! Elements at positions of an array whose blocks are dear to read: by as few tasks as fit, each of which reads a block once.

use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::grid::{AxisChunks, ChunkGrid};
use crate::lower::PlanOptions;

/// Bytes for a position along each axis, and beside these: the lists by which a task groups positions.
const POSITION_BYTES: u64 = 16;
const PLACE_BYTES: u64 = 32;

/// The elements by larger blocks of positions. Positions that are anywhere ask for most blocks of the array, again in every task.
pub(super) fn spread(
    node: &ArrayExpr,
    (axis, count): (usize, usize),
    options: &PlanOptions,
) -> Result<Option<ArrayExpr>> {
    let [array, positions @ ..] = node.inputs() else { return Ok(None) };
    let Some(first) = positions.first() else { return Ok(None) };
    let (grid, own) = (array.grid(), axis..axis + count);
    let blocks: usize = own.clone().map(|axis| grid.axis(axis).count()).product();
    let in_memory = matches!(array.op(), Op::Read { source, .. } if source.0.is_cheap());
    let tasks = first.grid().block_count();
    if first.ndim() != 1 || !node.grid().is_known() || blocks < 2 || in_memory || tasks <= options.parallelism {
        return Ok(None);
    }
    let others = (0..grid.ndim()).filter(|axis| !own.contains(axis));
    let width: usize = others.map(|axis| grid.axis(axis).longest()).product();
    // What is picked, the same in order, and the result; a part of the limit, beside a block of the array.
    let element = (width * node.dtype().item_size()) as u64 * 3;
    let each = element + PLACE_BYTES + POSITION_BYTES * count as u64;
    let most = usize::try_from(options.task_limit_bytes / 4 / each).unwrap_or(usize::MAX).max(1);
    let length = first.shape()[0];
    let parts = length.div_ceil(most).max(options.parallelism);
    if parts >= tasks {
        return Ok(None);
    }
    let cut = ChunkGrid::new([AxisChunks::even(length, parts)]);
    let positions = positions.iter().map(|positions| positions.rechunk_to(cut.clone())).collect::<Result<Vec<_>>>()?;
    array.gather(axis, &positions).map(Some)
}
