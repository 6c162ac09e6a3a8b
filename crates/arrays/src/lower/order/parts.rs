//! Lines that a task could hold, sorted by several tasks: each makes the elements of its own ranks from the whole line
//! ([`Phase::Part`], [`Phase::DistinctPart`]), so that none waits for another; the best few of such lines, looked for in several parts.

use crate::error::Result;
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

/// Whether the tasks of a sort, or of a search for what is distinct, make parts of lines.
pub(in crate::lower) fn is_shared(node: &ArrayExpr, options: &PlanOptions) -> bool {
    if matches!(node.op(), Op::Order(Order::Unique { .. })) {
        return !node.grid().is_single() && has_distinct_parts(node, options);
    }
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

/// Whether the distinct elements of a line are looked for part by part of the sorted line. (Those of longer lines, and their counts, come
/// from runs that are merged.)
fn has_distinct_parts(node: &ArrayExpr, options: &PlanOptions) -> bool {
    let input = &node.inputs()[0];
    matches!(node.op(), Op::Order(Order::Unique { counts: false }))
        && input.ndim() == 1
        && input.grid().is_known()
        && !input.dtype().is_complex()
        && input.grid().axis(0).length() >= 2 * LONG
        && options.parallelism > 1
        && is_held(node, (0, false), options)
}

/// The distinct elements of a long line in as many parts as there are processors.
pub(in crate::lower) fn distinct(node: &ArrayExpr, options: &PlanOptions) -> Result<Option<ArrayExpr>> {
    if !has_distinct_parts(node, options) {
        return Ok(None);
    }
    let length = node.inputs()[0].grid().axis(0).length();
    let parts = AxisChunks::even(length, options.parallelism.min(length / LONG));
    let grid = ChunkGrid::new([parts.unknown()]);
    Ok(Some(ArrayExpr::intern(node.op().clone(), node.inputs().iter().cloned(), node.dtype(), grid)))
}

/// What the best few of an axis are to be looked for in: the source in its own chunks, which need not be put together, or a long line cut
/// where processors would have no work. Nothing if one task does it as well.
pub(in crate::lower) fn best(
    node: &ArrayExpr,
    source: ArrayExpr,
    (axis, count): (usize, usize),
    options: &PlanOptions,
) -> Result<Option<ArrayExpr>> {
    let grid = source.grid();
    let (own, length) = (grid.axis(axis), grid.axis(axis).length());
    // What all parts leave is to be little.
    let is_little = |parts: usize| count.saturating_mul(parts).saturating_mul(4) <= length;
    if !grid.is_known() || grid.elements() < 2 * LONG as u64 {
        return Ok(None);
    }
    if !own.is_single() {
        return Ok(is_little(own.count()).then_some(source));
    }
    let blocks = node.grid().block_count().max(1);
    let parts = options.parallelism.div_ceil(blocks).min(length / LONG);
    if parts < 2 || !is_little(parts) {
        return Ok(None);
    }
    let cut = grid.with_axis(axis, AxisChunks::even(length, parts));
    source.rechunk_to(cut).map(Some)
}

/// The stage of a sort, or of a search for what is distinct, whose tasks make parts.
pub(in crate::lower) fn build(builder: &mut Builder<'_>, node: &ArrayExpr) -> Result<()> {
    let input = &node.inputs()[0];
    // What is dear to read is read once.
    if !matches!(input.op(), Op::Read { source, .. } if source.0.is_cheap()) {
        builder.make_input(input)?;
    }
    let (axis, phase, tasks) = match sorted_axis(node) {
        Some((axis, positions)) => (axis, Phase::Part { axis, positions }, node.grid().clone()),
        None => {
            let parts = AxisChunks::even(input.grid().axis(0).length(), node.grid().block_count());
            (0, Phase::DistinctPart, ChunkGrid::new([parts]))
        }
    };
    let mut line = builder.routed(input)?;
    if let Access::Routed { most_elements, .. } = &mut line.access {
        *most_elements = input.grid().axis(axis).length() as u64;
    }
    let stage = builder.push(Stage {
        step: Step::Phase(phase),
        inputs: vec![line],
        tasks,
        outputs: vec![array_output(node)],
        nodes: vec![node.clone()],
        task_bytes: 0,
    });
    builder.produced.insert(node.id(), (stage, 0));
    Ok(())
}
