//! Trees that combine what blocks leave: states of reductions, partial sums.

use swath_kernels::Dims;

use super::build::Builder;
use super::stage::{Access, Content, Input, Origin, Output, Stage, Step};
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::grid::{AxisChunks, ChunkGrid};

/// States that one task merges at most, however small they are.
const WIDEST_FAN: usize = 256;
/// And at least.
const NARROWEST_FAN: usize = 4;

/// How many neighbouring blocks along each axis one task of the next level takes, so that together they stay within the bytes.
fn fan(grid: &ChunkGrid, axes: &Dims, block_bytes: u64, limit_bytes: u64) -> Dims {
    let fitting = usize::try_from(limit_bytes / 2 / block_bytes.max(1)).unwrap_or(usize::MAX);
    let mut left = fitting.clamp(NARROWEST_FAN, WIDEST_FAN);
    let mut widths = Dims::from_elem(1, grid.ndim());
    for axis in axes.iter().rev() {
        let width = grid.axis(*axis).count().min(left.max(1));
        widths[*axis] = width;
        left /= width.max(1);
    }
    // Some progress on every level, whatever is left.
    if axes.iter().all(|axis| widths[*axis] == 1)
        && let Some(axis) = axes.iter().max_by_key(|axis| grid.axis(**axis).count())
    {
        widths[*axis] = grid.axis(*axis).count().min(2);
    }
    widths
}

/// Levels of merging until one block is left along the axes; the last makes the result. The place of the result.
pub(super) fn combine(builder: &mut Builder<'_>, node: &ArrayExpr, stage: usize, output: usize) -> (usize, usize) {
    let (mut stage, mut output) = (stage, output);
    let from = builder.stages[stage].outputs[output].clone();
    let Op::Reduce { function, axes } = node.op() else { return (stage, output) };
    let mut grid = from.grid.clone();
    let state_bytes: u64 = super::memory::output_item_bytes(&from);
    loop {
        let block_bytes = grid.largest_block_elements().saturating_mul(state_bytes);
        let widths = fan(&grid, axes, block_bytes, builder.options.task_limit_bytes);
        let next = ChunkGrid::new(grid.axes().iter().zip(&widths).enumerate().map(|(axis, (chunks, width))| {
            if axes.contains(&axis) { AxisChunks::regular(chunks.count().div_ceil(*width), 1) } else { chunks.clone() }
        }));
        let finish = axes.iter().all(|axis| next.axis(*axis).is_single());
        let origin = Origin::Stage { stage, output };
        let input = Input { origin, access: Access::Fan(widths), grid: grid.clone(), dtype: from.dtype };
        let made = if finish {
            super::build::array_output(node)
        } else {
            Output { content: from.content.clone(), dtype: from.dtype, grid: next.clone() }
        };
        debug_assert!(matches!(from.content, Content::State { .. }));
        let step = Step::Combine { function: *function, axes: axes.clone(), finish };
        let nodes = vec![node.clone()];
        stage = builder.push(Stage {
            step,
            inputs: vec![input],
            tasks: next.clone(),
            outputs: vec![made],
            nodes,
            task_bytes: 0,
        });
        output = 0;
        if finish {
            return (stage, 0);
        }
        grid = next;
    }
}

/// Levels of adding along all axes.
pub(super) fn add(builder: &mut Builder<'_>, node: &ArrayExpr, stage: usize, output: usize) -> (usize, usize) {
    debug_assert_eq!(output, 0);
    let ndim = builder.stages[stage].outputs[output].grid.ndim();
    add_axes(builder, node, stage, &(0..ndim).collect())
}

/// Levels of adding until the axes, which have one position a block, are gone. The place of the result.
pub(super) fn add_axes(builder: &mut Builder<'_>, node: &ArrayExpr, stage: usize, axes: &Dims) -> (usize, usize) {
    let mut stage = stage;
    let from = builder.stages[stage].outputs[0].clone();
    let mut grid = from.grid.clone();
    loop {
        let block_bytes = grid.largest_block_elements().saturating_mul(from.dtype.item_size() as u64);
        let widths = fan(&grid, axes, block_bytes, builder.options.task_limit_bytes);
        let next = ChunkGrid::new(grid.axes().iter().zip(&widths).enumerate().map(|(axis, (chunks, width))| {
            if axes.contains(&axis) { AxisChunks::regular(chunks.count().div_ceil(*width), 1) } else { chunks.clone() }
        }));
        let done = axes.iter().all(|axis| next.axis(*axis).is_single());
        let input = Input {
            origin: Origin::Stage { stage, output: 0 },
            access: Access::Fan(widths),
            grid: grid.clone(),
            dtype: from.dtype,
        };
        let kept = (0..grid.ndim()).filter(|axis| !axes.contains(axis)).map(|axis| grid.axis(axis).clone());
        let made = if done { ChunkGrid::new(kept) } else { next.clone() };
        let output = Output { content: Content::Array, dtype: from.dtype, grid: made };
        let step = Step::Add { axes: axes.clone(), finish: done };
        let nodes = vec![node.clone()];
        stage = builder.push(Stage {
            step,
            inputs: vec![input],
            tasks: next.clone(),
            outputs: vec![output],
            nodes,
            task_bytes: 0,
        });
        if done {
            return (stage, 0);
        }
        grid = next;
    }
}
