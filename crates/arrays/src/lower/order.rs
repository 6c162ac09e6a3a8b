//! Stages of operations that need the elements of an axis in order where the axis has several blocks.
//!
//! ```text
//! SortRuns -> samples -> BracketRanks -> CutRuns -> MergeRuns
//!      \______ runs ____________________/__________/
//! ```
//! Runs are cut at exact ranks, so that every block of the result has the length that was planned, whatever the data.

pub(super) mod parts;

use super::build::{Builder, array_output};
use super::phase::{Merged, Phase, Wanted};
use super::stage::{Access, Content, Input, Origin, Output, Stage, Step};
use crate::error::{ArrayError, Result};
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Order};
use crate::expr::view::View;
use crate::grid::{AxisChunks, ChunkGrid};
use swath_kernels::DType;

/// Samples of a run for each part of the result, so that what is looked at twice is an eighth of all.
const SAMPLES_A_PART: u64 = 16;

/// Whether an operation's elements lie in several blocks.
pub(super) fn is_spread(node: &ArrayExpr) -> bool {
    let Some(input) = node.inputs().first() else { return false };
    match node.op() {
        Op::Order(Order::Sort { axis } | Order::ArgSort { axis } | Order::Top { axis, .. }) => {
            !input.grid().axis(*axis).is_single()
        }
        Op::Order(Order::Quantile { axes, .. }) => axes.iter().any(|axis| !input.grid().axis(*axis).is_single()),
        Op::Order(Order::Unique { .. }) => !node.grid().is_single(),
        _ => false,
    }
}

/// The stages of such an operation.
pub(super) fn build(builder: &mut Builder<'_>, node: &ArrayExpr, order: &Order) -> Result<()> {
    let place = match order {
        Order::Sort { axis } => sorted(builder, node, *axis, Merged::Elements)?,
        Order::ArgSort { axis } => sorted(builder, node, *axis, Merged::Positions)?,
        Order::Unique { counts } => distinct(builder, node, *counts)?,
        Order::Quantile { .. } => quantiles(builder, node, order)?,
        Order::Top { .. } => top(builder, node, order)?,
        other => return Err(ArrayError::internal(format!("{other} has no stages of its own"))),
    };
    builder.produced.insert(node.id(), place);
    Ok(())
}

/// Sorted runs that a stage makes: along `axis` of `grid` one a block, along the others blocks have length one.
struct Runs {
    stage: usize,
    grid: ChunkGrid,
    axis: usize,
    dtype: DType,
    samples: usize,
    /// Numbers of the outputs: what goes with the elements, samples, lengths.
    with: Option<usize>,
    sampled: usize,
    lengths: usize,
    distinct: bool,
}

impl Runs {
    fn count(&self) -> usize {
        self.grid.axis(self.axis).count()
    }

    /// One task for each line, or something of each line: a grid with other chunks along the axis.
    fn lines(&self, along: AxisChunks) -> ChunkGrid {
        self.known().with_axis(self.axis, along)
    }

    fn known(&self) -> ChunkGrid {
        if self.grid.is_known() { self.grid.clone() } else { ChunkGrid::new([AxisChunks::regular(self.count(), 1)]) }
    }

    fn input(&self, output: usize, access: Access, grid: ChunkGrid, dtype: DType) -> Input {
        Input { origin: Origin::Stage { stage: self.stage, output }, access, grid, dtype }
    }

    /// Everything of a task's line; `more` axes stand behind and are taken whole.
    fn line_access(&self, more: usize) -> Access {
        let own = (0..self.grid.ndim()).map(|axis| (axis != self.axis).then_some(axis));
        Access::Blocks(own.chain(std::iter::repeat_n(None, more)).collect())
    }

    fn sample_input(&self) -> Input {
        let count = self.count() * self.samples;
        let grid = self.lines(AxisChunks::regular(count, self.samples));
        self.input(self.sampled, self.line_access(0), grid, self.dtype)
    }

    fn length_input(&self, output: usize) -> Input {
        self.input(output, self.line_access(0), self.lines(AxisChunks::regular(self.count(), 1)), DType::I64)
    }

    fn routed(&self, output: usize, most_elements: u64, dtype: DType) -> Input {
        let view = View::identity(&self.grid.shape());
        self.input(output, Access::Routed { view, most_elements }, self.grid.clone(), dtype)
    }
}

/// How many samples a run gives: enough that the parts looked at for a rank are small, few enough that one task holds all.
fn sample_count(builder: &Builder<'_>, runs: &ChunkGrid, axis: usize, parts: usize, item: u64) -> usize {
    let limit = builder.options.task_limit_bytes.max(1);
    let (count, elements) = (runs.axis(axis).count() as u64, runs.axis(axis).length() as u64);
    let wanted = (SAMPLES_A_PART * (parts as u64 + 1)).max(8 * elements.saturating_mul(item) / limit);
    let table = (parts as u64 + 1).saturating_mul(count + 1) * 16;
    let most = (limit / 4 * 3).saturating_sub(table) / (count * (item + 56));
    wanted.min(most).clamp(1, runs.axis(axis).longest().max(1) as u64) as usize
}

fn stage(step: Phase, inputs: Vec<Input>, tasks: ChunkGrid, outputs: Vec<Output>, node: &ArrayExpr) -> Stage {
    Stage { step: Step::Phase(step), inputs, tasks, outputs, nodes: vec![node.clone()], task_bytes: 0 }
}

fn output(dtype: DType, grid: ChunkGrid) -> Output {
    Output { content: Content::Array, dtype, grid }
}

/// The cuts of runs at the wanted ranks: their stage (cuts, elements at the ranks).
fn cut(builder: &mut Builder<'_>, node: &ArrayExpr, runs: &Runs, wanted: Wanted) -> usize {
    let (count, ranks) = (runs.count(), wanted.count());
    let tail = [AxisChunks::whole(count + 1), AxisChunks::whole(2)];
    let with_tail = |grid: ChunkGrid, tail: &[AxisChunks]| ChunkGrid::new(grid.axes().iter().chain(tail).cloned());
    let brackets = with_tail(runs.lines(AxisChunks::whole(ranks)), &tail);
    let phase = Phase::Brackets { wanted, distinct: runs.distinct };
    let inputs = vec![runs.sample_input(), runs.length_input(runs.lengths)];
    let tasks = runs.lines(AxisChunks::whole(1));
    let bracketed = builder.push(stage(phase, inputs, tasks, vec![output(DType::I64, brackets.clone())], node));

    let single = runs.lines(AxisChunks::regular(ranks, 1));
    let table = Input {
        origin: Origin::Stage { stage: bracketed, output: 0 },
        access: Access::View(View::identity(&brackets.shape())),
        grid: brackets,
        dtype: DType::I64,
    };
    let (elements, longest) = (runs.grid.axis(runs.axis).length(), runs.grid.axis(runs.axis).longest());
    let looked_at = 2 * (elements.div_ceil(runs.samples) + longest.div_ceil(runs.samples)) + 6 * count + 4;
    let values = runs.routed(0, looked_at.min(elements) as u64, runs.dtype);
    let outputs = vec![
        output(DType::I64, with_tail(single.clone(), &[AxisChunks::whole(count)])),
        output(runs.dtype, single.clone()),
    ];
    let phase = Phase::Cuts { axis: runs.axis, distinct: runs.distinct };
    builder.push(stage(phase, vec![table, values], with_tail(single, &tail), outputs, node))
}

/// Parts of runs between the cuts, as blocks of `tasks`.
fn merge(
    builder: &mut Builder<'_>,
    node: &ArrayExpr,
    runs: &Runs,
    cuts: usize,
    (tasks, result): (ChunkGrid, Output),
    into: Merged,
) -> (usize, usize) {
    let ranks = tasks.axis(runs.axis).count() - 1;
    let single = runs.lines(AxisChunks::regular(ranks, 1));
    let grid = ChunkGrid::new(single.axes().iter().cloned().chain([AxisChunks::whole(runs.count())]));
    let table = Input {
        origin: Origin::Stage { stage: cuts, output: 0 },
        access: runs.line_access(1),
        grid,
        dtype: DType::I64,
    };
    let most = result.grid.axes().iter().map(AxisChunks::longest).product::<usize>() as u64;
    let mut inputs = vec![table, runs.length_input(runs.lengths), runs.routed(0, most, runs.dtype)];
    if let (Some(with), Merged::Positions | Merged::Counts) = (runs.with, into) {
        inputs.push(runs.routed(with, most, DType::I64));
    }
    let made = builder.push(stage(Phase::Merge { axis: runs.axis, into }, inputs, tasks, vec![result], node));
    (made, 0)
}

fn sorted(builder: &mut Builder<'_>, node: &ArrayExpr, axis: usize, into: Merged) -> Result<(usize, usize)> {
    let input = &node.inputs()[0];
    let grid = node.grid().clone();
    let item = input.dtype().item_size() as u64;
    let parts = grid.axis(axis).count();
    let samples = sample_count(builder, &grid, axis, parts, item);
    let positions = into == Merged::Positions;
    let source = builder.input(input, Access::SameNumber)?;
    let mut outputs = vec![output(input.dtype(), grid.clone())];
    if positions {
        outputs.push(output(DType::I64, grid.clone()));
    }
    outputs.push(output(input.dtype(), grid.with_axis(axis, AxisChunks::regular(parts * samples, samples))));
    outputs.push(output(DType::I64, grid.with_axis(axis, AxisChunks::regular(parts, 1))));
    let phase = Phase::Runs { axis: Some(axis), positions, samples, sorted_nan: true };
    let made = builder.push(stage(phase, vec![source], grid.clone(), outputs, node));
    let runs = Runs {
        stage: made,
        grid: grid.clone(),
        axis,
        dtype: input.dtype(),
        samples,
        with: positions.then_some(1),
        sampled: 1 + usize::from(positions),
        lengths: 2 + usize::from(positions),
        distinct: false,
    };
    let ranks = (1..parts).map(|block| grid.axis(axis).range(block).start as u64).collect();
    let cuts = cut(builder, node, &runs, Wanted::Ranks(ranks));
    Ok(merge(builder, node, &runs, cuts, (grid, array_output(node)), into))
}

/// One run for each block of an array, whatever its axes.
fn block_lengths(grid: &ChunkGrid) -> AxisChunks {
    let lengths: Vec<usize> =
        (0..grid.block_count()).map(|block| grid.block_shape(block).iter().product::<usize>()).collect();
    AxisChunks::from_lengths(&lengths)
}

fn quantiles(builder: &mut Builder<'_>, node: &ArrayExpr, order: &Order) -> Result<(usize, usize)> {
    let Order::Quantile { at, axes, method, skip_nan } = order else {
        return Err(ArrayError::internal("not a quantile"));
    };
    let input = &node.inputs()[0];
    let (grid, axis) = if axes.len() == input.ndim() {
        (ChunkGrid::new([block_lengths(input.grid())]), 0)
    } else {
        (input.grid().clone(), axes[0])
    };
    let item = input.dtype().item_size() as u64;
    let count = grid.axis(axis).count();
    let samples = sample_count(builder, &grid, axis, at.len() * 2, item);
    let source = builder.input(input, Access::SameNumber)?;
    let lengths = grid.with_axis(axis, AxisChunks::regular(count, 1));
    let outputs = vec![
        output(input.dtype(), grid.clone()),
        output(input.dtype(), grid.with_axis(axis, AxisChunks::regular(count * samples, samples))),
        output(DType::I64, lengths.clone()),
        output(DType::I64, lengths),
    ];
    let along = (axes.len() < input.ndim()).then_some(axis);
    let phase = Phase::Runs { axis: along, positions: false, samples, sorted_nan: false };
    let made = builder.push(stage(phase, vec![source], grid.clone(), outputs, node));
    let runs = Runs {
        stage: made,
        grid,
        axis,
        dtype: input.dtype(),
        samples,
        with: None,
        sampled: 1,
        lengths: 2,
        distinct: false,
    };
    let cuts = cut(builder, node, &runs, Wanted::Quantiles(at.clone(), *method));
    let elements = Input {
        origin: Origin::Stage { stage: cuts, output: 1 },
        access: runs.line_access(0),
        grid: runs.lines(AxisChunks::regular(at.len() * 2, 1)),
        dtype: input.dtype(),
    };
    let inputs = vec![elements, runs.length_input(2), runs.length_input(3)];
    let phase = Phase::Quantiles { at: at.clone(), method: *method, skip_nan: *skip_nan };
    let tasks = runs.lines(AxisChunks::whole(1));
    let made = builder.push(stage(phase, inputs, tasks, vec![array_output(node)], node));
    Ok((made, 0))
}

fn distinct(builder: &mut Builder<'_>, node: &ArrayExpr, counts: bool) -> Result<(usize, usize)> {
    let input = &node.inputs()[0];
    let item = input.dtype().item_size() as u64;
    let bounds = ChunkGrid::new([block_lengths(input.grid())]);
    let grid = ChunkGrid::new([bounds.axis(0).unknown()]);
    let (count, parts) = (bounds.block_count(), node.grid().block_count());
    let samples = sample_count(builder, &bounds, 0, parts, item);
    let source = builder.input(input, Access::SameNumber)?;
    let each = |length: usize| ChunkGrid::new([AxisChunks::regular(count * length, length)]);
    let outputs = vec![
        output(input.dtype(), grid.clone()),
        output(DType::I64, grid.clone()),
        output(input.dtype(), each(samples)),
        output(DType::I64, each(1)),
    ];
    let made = builder.push(stage(Phase::DistinctRuns { samples }, vec![source], bounds, outputs, node));
    let runs = Runs {
        stage: made,
        grid,
        axis: 0,
        dtype: input.dtype(),
        samples,
        with: Some(1),
        sampled: 2,
        lengths: 3,
        distinct: true,
    };
    let cuts = cut(builder, node, &runs, Wanted::Parts(parts));
    let into = if counts { Merged::Counts } else { Merged::Distinct };
    let tasks = ChunkGrid::new([AxisChunks::regular(parts, 1)]);
    Ok(merge(builder, node, &runs, cuts, (tasks, array_output(node)), into))
}

/// The best of each block, then the best of several, until one block is left.
fn top(builder: &mut Builder<'_>, node: &ArrayExpr, order: &Order) -> Result<(usize, usize)> {
    let Order::Top { axis, count, largest, positions } = order else {
        return Err(ArrayError::internal("not a topk"));
    };
    let input = &node.inputs()[0];
    let dtype = input.dtype();
    let mut source = vec![builder.input(input, Access::SameNumber)?];
    let mut grid = input.grid().clone();
    let mut tasks = grid.clone();
    let mut first = true;
    loop {
        let lengths: Vec<usize> = tasks.axis(*axis).lengths().map(|length| length.min(*count)).collect();
        let left = grid.with_axis(*axis, AxisChunks::from_lengths(&lengths));
        let last = lengths.len() == 1;
        let outputs = match last {
            true => vec![array_output(node)],
            false => vec![output(dtype, left.clone()), output(DType::I64, left.clone())],
        };
        let give = last.then_some(*positions);
        let phase = Phase::Top { axis: *axis, count: *count, largest: *largest, first, give };
        let made = builder.push(stage(phase, source, tasks, outputs, node));
        if last {
            return Ok((made, 0));
        }
        // As many neighbours as fit, at least two.
        let block = left.largest_block_elements().max(1) * (dtype.item_size() as u64 + 8) * 6;
        let fan = (builder.options.task_limit_bytes / block.max(1)).clamp(2, 256) as usize;
        let mut widths = swath_kernels::Dims::from_elem(1, left.ndim());
        widths[*axis] = fan;
        let next: Vec<usize> = lengths.chunks(fan).map(|several| several.iter().sum::<usize>()).collect();
        tasks = left.with_axis(*axis, AxisChunks::from_lengths(&next));
        let input = |output: usize, dtype: DType| Input {
            origin: Origin::Stage { stage: made, output },
            access: Access::Fan(widths.clone()),
            grid: left.clone(),
            dtype,
        };
        source = vec![input(0, dtype), input(1, DType::I64)];
        grid = left;
        first = false;
    }
}

#[cfg(test)]
mod tests;
