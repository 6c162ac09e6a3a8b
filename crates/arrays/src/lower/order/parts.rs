//! Lines that a task could hold, sorted by several tasks: each makes the elements of its own ranks from the whole line
//! ([`Phase::Part`]), so that none waits for another.

use crate::error::{ArrayError, Result};
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Order};
use crate::grid::{AxisChunks, ChunkGrid};
use crate::lower::PlanOptions;
use crate::lower::build::{Builder, array_output};
use crate::lower::phase::Phase;
use crate::lower::stage::{Access, Stage, Step};

/// A task sorts fewer elements in less time than it takes to wake another.
const LONG: usize = 1 << 17;

fn sorted_axis(node: &ArrayExpr) -> Option<(usize, bool)> {
    match node.op() {
        Op::Order(Order::Sort { axis }) => Some((*axis, false)),
        Op::Order(Order::ArgSort { axis }) => Some((*axis, true)),
        _ => None,
    }
}

/// Whether a line is one that a task may hold. (Those that are longer are sorted in runs that are merged.)
fn is_held(node: &ArrayExpr, (axis, positions): (usize, bool), options: &PlanOptions) -> bool {
    let input = &node.inputs()[0];
    let (item, length) = (input.dtype().item_size() as u64, input.grid().axis(axis).length() as u64);
    // What one task would take for all of it, and for positions words of the whole line where most keys are alike.
    let element = if positions { (3 * item + 8).max(item + 24) } else { 3 * item };
    length.saturating_mul(element) <= options.task_limit_bytes / 16 * 15
}

/// Whether the tasks of a sort make parts of lines.
pub(in crate::lower) fn is_shared(node: &ArrayExpr, options: &PlanOptions) -> bool {
    sorted_axis(node).is_some_and(|sorted| {
        let chunks = node.grid().axis(sorted.0);
        chunks.is_known() && !chunks.is_single() && is_held(node, sorted, options)
    })
}

/// A sort whose blocks would leave processors without work, cut further: between lines where there are enough, else along them.
pub(in crate::lower) fn shared(
    node: &ArrayExpr,
    source: ArrayExpr,
    options: &PlanOptions,
) -> Result<Option<ArrayExpr>> {
    let (Some(sorted), grid) = (sorted_axis(node), node.grid()) else { return Ok(None) };
    let axis = sorted.0;
    let blocks = grid.block_count();
    if !grid.is_known() || blocks >= options.parallelism || grid.largest_block_elements() < 2 * LONG as u64 {
        return Ok(None);
    }
    let wanted = options.parallelism.div_ceil(blocks.max(1));
    let others = (0..grid.ndim()).filter(|other| *other != axis);
    if let Some(other) = others.max_by_key(|other| grid.axis(*other).longest())
        && grid.axis(other).longest() >= wanted
    {
        let cut = grid.with_axis(other, grid.axis(other).split_to(grid.axis(other).longest().div_ceil(wanted)));
        let input = source.rechunk_to(cut.clone())?;
        return Ok(Some(ArrayExpr::intern(node.op().clone(), [input], node.dtype(), cut)));
    }
    let length = grid.axis(axis).length();
    let lines = grid.axes().iter().map(AxisChunks::length).product::<usize>() / length.max(1);
    let parts = options.parallelism.div_ceil(lines.max(1)).min(length / LONG * 2);
    if parts < 2 || source.dtype().is_complex() || !is_held(node, sorted, options) {
        return Ok(None);
    }
    let lines = grid.axes().iter().map(|chunks| AxisChunks::regular(chunks.length(), 1));
    let cut = ChunkGrid::new(lines).with_axis(axis, AxisChunks::even(length, parts));
    Ok(Some(ArrayExpr::intern(node.op().clone(), [source], node.dtype(), cut)))
}

/// The stage of a sort whose tasks make parts.
pub(in crate::lower) fn build(builder: &mut Builder<'_>, node: &ArrayExpr) -> Result<()> {
    let Some((axis, positions)) = sorted_axis(node) else { return Err(ArrayError::internal("not a sort")) };
    let input = &node.inputs()[0];
    // What is dear to read is read once.
    if !matches!(input.op(), Op::Read { source, .. } if source.0.is_cheap()) {
        builder.make_input(input)?;
    }
    let mut line = builder.routed(input)?;
    if let Access::Routed { most_elements, .. } = &mut line.access {
        *most_elements = input.grid().axis(axis).length() as u64;
    }
    let stage = builder.push(Stage {
        step: Step::Phase(Phase::Part { axis, positions }),
        inputs: vec![line],
        tasks: node.grid().clone(),
        outputs: vec![array_output(node)],
        nodes: vec![node.clone()],
        task_bytes: 0,
    });
    builder.produced.insert(node.id(), (stage, 0));
    Ok(())
}
