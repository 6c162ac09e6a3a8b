//! Sorting and what rests on it over axes that no task holds.

use swath_kernels::{DType, Dims};

use super::before_rechunk;
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Order};
use crate::grid::{AxisChunks, ChunkGrid};
use crate::lower::PlanOptions;
use crate::lower::order::parts;

/// Distinct elements of more than this are looked for block by block even where one task could hold all.
const LARGE_UNIQUE_BYTES: u64 = 64 << 20;

/// The operation over several blocks, where one task cannot hold what it needs, or would leave the others idle.
pub(super) fn spread(node: &ArrayExpr, order: &Order, options: &PlanOptions) -> Result<Option<ArrayExpr>> {
    let input = &node.inputs()[0];
    let item = input.dtype().item_size() as u64;
    let limit = options.task_limit_bytes;
    let length = |axes: &[usize]| axes.iter().map(|axis| input.grid().axis(*axis).length() as u64).product::<u64>();
    // With room for results that are small beside what they are made of.
    let too_long = |axes: &[usize], element: u64| length(axes).saturating_mul(element) > limit / 16 * 15;
    match order {
        Order::Sort { axis } if too_long(&[*axis], 3 * item) => {
            let cut = in_lines(&before_rechunk(input), *axis, 2 * item + 40, limit)?;
            Ok(Some(over(Order::Sort { axis: *axis }, cut, node.dtype())))
        }
        // Whatever is sorted is also partitioned.
        Order::Partition { axis, .. } if too_long(&[*axis], 3 * item) => {
            let cut = in_lines(&before_rechunk(input), *axis, 2 * item + 40, limit)?;
            Ok(Some(over(Order::Sort { axis: *axis }, cut, node.dtype())))
        }
        Order::ArgSort { axis } if too_long(&[*axis], 3 * item + 8) => {
            let cut = in_lines(&before_rechunk(input), *axis, 2 * item + 72, limit)?;
            Ok(Some(over(Order::ArgSort { axis: *axis }, cut, DType::I64)))
        }
        Order::Sort { .. } | Order::ArgSort { .. } => parts::shared(node, before_rechunk(input), options),
        // More than a task can hold of two blocks' best: all are sorted.
        Order::Top { axis, count, largest, positions }
            if too_long(&[*axis], 3 * item) && (*count as u64).saturating_mul(12 * (item + 8)) > limit =>
        {
            Ok(Some(sorted_top(&before_rechunk(input), (*axis, *count), (*largest, *positions), limit)?))
        }
        Order::Top { axis, .. } if too_long(&[*axis], 3 * item) => {
            let cut = in_blocks(&before_rechunk(input), &[*axis], 2 * item + 56, limit)?;
            Ok(Some(top_of(node, cut, *axis)))
        }
        Order::Top { axis, count, .. } => {
            let cut = parts::best(node, before_rechunk(input), (*axis, *count), options)?;
            Ok(cut.map(|cut| top_of(node, cut, *axis)))
        }
        Order::Quantile { at, axes, method, skip_nan } if too_long(axes, 2 * item) => {
            let source = before_rechunk(input);
            let source = if source.dtype() == DType::Bool { source.cast(DType::U8)? } else { source };
            let element = 2 * item + 40;
            let (cut, axes) = if axes.len() == input.ndim() {
                (in_blocks(&source, axes, element, limit)?, axes.clone())
            } else {
                let line = merged_axes(&source, axes)?;
                let last = line.ndim() - 1;
                (in_lines(&line, last, element, limit)?, Dims::from_slice(&[last]))
            };
            if axes.iter().all(|axis| cut.grid().axis(*axis).is_single()) {
                return Ok(None);
            }
            let kept = (0..cut.ndim()).filter(|axis| !axes.contains(axis)).map(|axis| cut.grid().axis(axis).clone());
            let grid = ChunkGrid::new([AxisChunks::whole(at.len())].into_iter().chain(kept));
            let order = Order::Quantile { at: at.clone(), axes, method: *method, skip_nan: *skip_nan };
            Ok(Some(ArrayExpr::intern(Op::Order(order), [cut], node.dtype(), grid)))
        }
        Order::Unique { .. } if node.grid().is_single() => {
            if let Some(shared) = parts::distinct(node, options)? {
                return Ok(Some(shared));
            }
            let elements = input.elements();
            let (needs, bytes) = (elements.saturating_mul(2 * item + 72), input.bytes());
            if needs <= limit && bytes <= LARGE_UNIQUE_BYTES {
                return Ok(None);
            }
            let axes: Vec<usize> = (0..input.ndim()).collect();
            let input =
                if input.grid().is_known() { in_blocks(input, &axes, 2 * item + 88, limit)? } else { input.clone() };
            let parts = needs.div_ceil((limit / 2).max(1)).max(options.parallelism as u64).max(2) as usize;
            // A block more than its part has at most one element of each run.
            let longest = (elements as usize).div_ceil(parts) + input.grid().block_count() + 1;
            let grid = ChunkGrid::new([AxisChunks::regular(parts * longest, longest).unknown()]);
            Ok(Some(ArrayExpr::intern(node.op().clone(), [input], node.dtype(), grid)))
        }
        _ => Ok(None),
    }
}

/// The same best few of an array that is cut along the axis.
fn top_of(node: &ArrayExpr, cut: ArrayExpr, axis: usize) -> ArrayExpr {
    let grid = cut.grid().with_axis(axis, node.grid().axis(axis).clone());
    ArrayExpr::intern(node.op().clone(), [cut], node.dtype(), grid)
}

/// The best of an axis, from all of it sorted.
fn sorted_top(
    array: &ArrayExpr,
    (axis, count): (usize, usize),
    (largest, positions): (bool, bool),
    limit: u64,
) -> Result<ArrayExpr> {
    let item = array.dtype().item_size() as u64;
    let axes = [axis as isize];
    let length = array.grid().axis(axis).length();
    if !positions {
        let sorted = over(Order::Sort { axis }, in_lines(array, axis, 2 * item + 40, limit)?, array.dtype());
        return match largest {
            true => sorted.slice_axis(axis, length - count, length)?.flip(Some(&axes)),
            false => sorted.slice_axis(axis, 0, count),
        };
    }
    // Backwards twice: of equal elements the first come first.
    let source = if largest { array.flip(Some(&axes))? } else { array.clone() };
    let order = over(Order::ArgSort { axis }, in_lines(&source, axis, 2 * item + 72, limit)?, DType::I64);
    if !largest {
        return order.slice_axis(axis, 0, count);
    }
    let best = order.slice_axis(axis, length - count, length)?.flip(Some(&axes))?;
    ArrayExpr::map("subtract", &[(length as i64 - 1).into(), best.into()])
}

fn over(order: Order, cut: ArrayExpr, dtype: DType) -> ArrayExpr {
    let grid = cut.grid().clone();
    ArrayExpr::intern(Op::Order(order), [cut], dtype, grid)
}

/// The array in blocks of one line each, cut along the line so that a task that takes `element_bytes` an element fits.
fn in_lines(array: &ArrayExpr, axis: usize, element_bytes: u64, limit: u64) -> Result<ArrayExpr> {
    let length = array.grid().axis(axis).length();
    let most = (limit / 4 * 3 / element_bytes.max(1)).max(1) as usize;
    let count = length.div_ceil(most);
    let own = array.grid().axis(axis);
    // Chunks that are there stay, if they are not many more than needed and the table of cuts, one for each two of them, is small.
    let table = (own.count() as u64).saturating_mul(own.count() as u64) * 16;
    let are_few = own.count() > 1 && own.count() <= (4 * count).max(64) && table <= limit / 8;
    let along = if own.longest() <= most && are_few { own.clone() } else { AxisChunks::even(length, count.max(2)) };
    let lines = array.grid().axes().iter().map(|chunks| AxisChunks::regular(chunks.length(), 1));
    array.rechunk_to(ChunkGrid::new(lines).with_axis(axis, along))
}

/// The array in blocks of which a task that takes `element_bytes` an element fits, cut along some axes, the longest chunks first.
fn in_blocks(array: &ArrayExpr, axes: &[usize], element_bytes: u64, limit: u64) -> Result<ArrayExpr> {
    let most = (limit / 4 * 3 / element_bytes.max(1)).max(1);
    let mut grid = array.grid().clone();
    while grid.largest_block_elements() > most {
        let Some(axis) = axes.iter().copied().max_by_key(|axis| grid.axis(*axis).longest()) else { break };
        let longest = grid.axis(axis).longest();
        if longest <= 1 {
            break;
        }
        grid = grid.with_axis(axis, grid.axis(axis).split_to(longest.div_ceil(2)));
    }
    array.rechunk_to(grid)
}

/// The axes moved to the end and made one.
fn merged_axes(array: &ArrayExpr, axes: &[usize]) -> Result<ArrayExpr> {
    let kept: Vec<usize> = (0..array.ndim()).filter(|axis| !axes.contains(axis)).collect();
    let order: Vec<isize> = kept.iter().chain(axes).map(|axis| *axis as isize).collect();
    let moved = array.transpose(Some(&order))?;
    if axes.len() == 1 {
        return Ok(moved);
    }
    let shape: Vec<isize> = kept.iter().map(|axis| array.shape()[*axis] as isize).chain([-1]).collect();
    moved.reshape(&shape)
}
