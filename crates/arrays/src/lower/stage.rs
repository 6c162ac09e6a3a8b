//! Stages: what an executor runs, without further decisions. Every task of a stage makes one block of each of its outputs; what it reads
//! follows from its number.

use std::ops::Range;

use smallvec::SmallVec;
use swath_kernels::{DType, Dims};

use super::phase::{Phase, PhaseRun};
use super::program::Program;
use crate::error::Result;
use crate::expr::contraction::Contraction;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{BlockCall, Boundary, Scan};
use crate::expr::reduction::Reduction;
use crate::expr::traits::{GeneratorRef, SinkRef, SourceRef};
use crate::expr::view::View;
use crate::grid::{ChunkGrid, Piece, Region, region_shape};

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// An output of an earlier stage.
    Stage {
        /// The stage's number.
        stage: usize,
        /// Which of its outputs.
        output: usize,
    },
    /// ChunkSource: a box of a source, read by the task itself.
    Source(SourceRef),
    /// A box of a generated array of this shape, made by the task itself.
    Generator(GeneratorRef, Dims),
}

/// Which part of an input a task takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// What a view of the input, cut as the task grid, has in the task's block; the block is the view of the box that is read.
    View(View),
    /// The block at the task's position along an axis of the task grid, for each axis of the input; `None` takes the axis whole. Where the
    /// input has one block along an axis, that one.
    Blocks(Vec<Option<usize>>),
    /// The block with the task's number.
    SameNumber,
    /// The part of the task's block that lies at `offset` and behind along an axis (concatenation): perhaps nothing.
    Shifted {
        /// The axis.
        axis: usize,
        /// Where the input begins in the result.
        offset: usize,
    },
    /// So many neighbouring blocks along each axis: the task's position times these, and behind.
    Fan(Dims),
    /// The task's block, and so many elements before and behind it along each axis.
    Halo(Vec<(usize, usize)>, Boundary),
    /// Boxes that the step finds from the inputs before this one, when it runs ([`Stage::reads_with`]). They are boxes of a view of the
    /// input, and they are pushed one after another.
    Routed {
        /// The view whose boxes are read.
        view: View,
        /// The most elements that a task holds of them at a time.
        most_elements: u64,
    },
}

/// An input of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Where it comes from.
    pub origin: Origin,
    /// Which part of it a task takes.
    pub access: Access,
    /// Its blocks; for sources the stored chunks.
    pub grid: ChunkGrid,
    /// Its dtype.
    pub dtype: DType,
}

/// What the blocks of an output hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Elements.
    Array,
    /// States of a reduction: what the kernels' partial results are; one for each place along the axes that stay, in blocks whose
    /// reduced axes have one position for each task.
    State {
        /// The function.
        function: Reduction,
        /// The dtype that was reduced.
        input: DType,
        /// The dtype of the result.
        result: DType,
        /// The axes, ascending.
        axes: Dims,
    },
}

/// An output of a stage: block `i` is made by task `i`.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// What its blocks hold.
    pub content: Content,
    /// The dtype of its elements.
    pub dtype: DType,
    /// Its blocks.
    pub grid: ChunkGrid,
}

/// What the tasks of a stage do.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A fused program over each block.
    Fused(Program),
    /// Pieces of blocks put together: rechunk (each block of the input is split into what tasks need: [`Stage::splits`]) and concatenation.
    Assemble,
    /// The input's block under the shape of the result's.
    Reshape,
    /// States of a reduction merged; the last level makes the result.
    Combine {
        /// The function.
        function: Reduction,
        /// The axes of the states' grid, ascending.
        axes: Dims,
        /// Whether the result is made.
        finish: bool,
    },
    /// Blocks added up along axes, which go: partial products, histograms.
    Add {
        /// The axes of the input's grid, ascending.
        axes: Dims,
        /// Whether the axes go (the last level); else they stay with length one.
        finish: bool,
    },
    /// Products of blocks. Where `accumulate` holds, a task takes the blocks along the summed labels one pair after another: all of them,
    /// or, where axes for the summed labels lead the task grid, those whose numbers its region along these axes names.
    Contract {
        /// The labels.
        contraction: Contraction,
        /// Whether the task goes from block to block; else it takes its inputs whole.
        accumulate: bool,
        /// Whether the result is symmetric: tasks below the diagonal have the transpose of [`Stage::mirror`]'s block.
        symmetric: bool,
    },
    /// A running result within a block; of the totals of blocks; or of a block that starts from a carry (second input).
    Scan {
        /// The function.
        function: Scan,
        /// The axis.
        axis: usize,
        /// Which part.
        phase: ScanPhase,
    },
    /// A function of the user's; with a halo if the access says so.
    Block(BlockCall),
    /// Any other operation of the expression, over blocks that hold all it needs (sort, FFT, linear algebra, indexing by arrays).
    Local(ArrayExpr),
    /// Blocks written to a sink; after the last, `finish`.
    Store(SinkRef),
    /// A part of an operation over more than one task sees: [`Phase::start`], then every input in order, read by read
    /// ([`Stage::reads_with`], [`PhaseRun::push`]), then [`PhaseRun::finish`].
    Phase(Phase),
}

/// The parts of a running result over several blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanPhase {
    /// The total of each block.
    Totals,
    /// The running result of totals, without the own one: what each block starts from (neutral for the first).
    Carries,
    /// The running result of a block; with a second input, started from it.
    Apply,
}

/// Tasks that are alike, one for each block of `tasks`.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What they do.
    pub step: Step,
    /// What they read.
    pub inputs: Vec<Input>,
    /// One block a task. Outputs have as many blocks, perhaps of other shapes.
    pub tasks: ChunkGrid,
    /// What they make.
    pub outputs: Vec<Output>,
    /// The nodes they stand for, for messages.
    pub nodes: Vec<ArrayExpr>,
    /// The most bytes that a task holds at a time: inputs, outputs, scratch.
    pub task_bytes: u64,
}

/// What a task reads of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRead {
    /// The box of the input that is assembled, in its positions.
    pub region: Region,
    /// The blocks that hold it, where the input is a stage's; else empty, and the box is read or made.
    pub pieces: Vec<Piece>,
    /// The view of the box that the step works on; `None` for the box itself.
    pub view: Option<View>,
    /// Where the box lies in the task's block (concatenation, halos); else everything.
    pub at: Region,
}

impl Stage {
    /// Number of tasks.
    pub fn task_count(&self) -> usize {
        self.tasks.block_count()
    }

    /// What a task reads of an input, in the order in which it is used. One box; several or none for concatenations, halos and
    /// products that take one block after another.
    pub fn reads(&self, task: usize, input: usize) -> Vec<TaskRead> {
        let Some(source) = self.inputs.get(input) else { return Vec::new() };
        let index = self.tasks.index_of(task);
        let region = self.tasks.region(task);
        let whole = |region: Region| {
            let at = region_shape(&region).iter().map(|length| 0..*length).collect();
            vec![self.read(source, region, None, at)]
        };
        match &source.access {
            Access::View(view) => {
                let at = region.iter().map(|range| 0..range.len()).collect();
                vec![self.read(source, view.input_region(&region), Some(view.local(&region)), at)]
            }
            Access::SameNumber => whole(source.grid.region(task)),
            Access::Blocks(axes) => {
                let accumulates = matches!(self.step, Step::Contract { accumulate: true, .. });
                let lead = match &self.step {
                    Step::Contract { contraction, .. } => self.tasks.ndim() - contraction.output.len(),
                    _ => 0,
                };
                let range = |axis: usize, follows: &Option<usize>| {
                    let chunks = source.grid.axis(axis);
                    match follows {
                        Some(_) if chunks.is_single() => chunks.range(0),
                        Some(follows) if *follows < lead => {
                            let numbers = &region[*follows];
                            chunks.range(numbers.start).start..chunks.range(numbers.end - 1).end
                        }
                        Some(follows) => chunks.range(index[*follows]),
                        None => 0..chunks.length(),
                    }
                };
                let region: Region = axes.iter().enumerate().map(|(axis, follows)| range(axis, follows)).collect();
                if !accumulates {
                    return whole(region);
                }
                // Block by block, both factors in the same order: the products of the pairs are added up.
                let mut pieces = source.grid.pieces(&region);
                if let Step::Contract { contraction, .. } = &self.step {
                    let labels = if input == 0 { &contraction.left } else { &contraction.right };
                    let places: Dims = contraction
                        .summed()
                        .iter()
                        .filter_map(|label| labels.iter().position(|own| own == label))
                        .collect();
                    pieces.sort_by_key(|piece| {
                        let index = source.grid.index_of(piece.block);
                        places.iter().map(|axis| index[*axis]).collect::<Dims>()
                    });
                }
                let pieces = pieces.into_iter().map(|piece| {
                    let region = source.grid.region(piece.block);
                    let at = region_shape(&region).iter().map(|length| 0..*length).collect();
                    self.read(source, region, None, at)
                });
                pieces.collect()
            }
            Access::Shifted { axis, offset } => {
                let own = source.grid.axis(*axis).length();
                let range = &region[*axis];
                let (low, high) = (range.start.max(*offset), range.end.min(offset + own));
                if low >= high {
                    return Vec::new();
                }
                let mut at: Region = region.iter().map(|range| 0..range.len()).collect();
                at[*axis] = low - range.start..high - range.start;
                let mut from = region.clone();
                from[*axis] = low - offset..high - offset;
                vec![self.read(source, from, None, at)]
            }
            Access::Fan(widths) => {
                let range = |axis: usize| {
                    let chunks = source.grid.axis(axis);
                    let first = index[axis] * widths[axis];
                    let last = (first + widths[axis]).min(chunks.count()) - 1;
                    chunks.range(first).start..chunks.range(last).end
                };
                whole((0..source.grid.ndim()).map(range).collect())
            }
            Access::Halo(widths, boundary) => self.halo_reads(source, &region, widths, *boundary),
            Access::Routed { .. } => Vec::new(),
        }
    }

    /// The boxes that make up a box of the tasks' array with the margins that an input has.
    pub fn reads_around(&self, input: usize, region: &Region) -> Vec<TaskRead> {
        match self.inputs.get(input) {
            Some(source) => match &source.access {
                Access::Halo(widths, boundary) => self.halo_reads(source, region, widths, *boundary),
                _ => Vec::new(),
            },
            None => Vec::new(),
        }
    }

    /// As [`Stage::reads`], also for routed inputs: what they read follows from what was pushed before. Their boxes are parts of one
    /// block, in the positions of the input's grid even where its lengths are bounds.
    ///
    /// # Errors
    /// Tables of a wrong form: a defect.
    pub fn reads_with(&self, task: usize, input: usize, run: &PhaseRun<'_>) -> Result<Vec<TaskRead>> {
        let Some(source) = self.inputs.get(input) else { return Ok(Vec::new()) };
        let Access::Routed { view, .. } = &source.access else { return Ok(self.reads(task, input)) };
        let read = |region: Region| {
            let at = region.iter().map(|range| 0..range.len()).collect();
            self.read(source, view.input_region(&region), Some(view.local(&region)), at)
        };
        Ok(run.routes(input)?.into_iter().map(read).collect())
    }

    fn read(&self, source: &Input, region: Region, view: Option<View>, at: Region) -> TaskRead {
        let pieces = match source.origin {
            Origin::Stage { .. } => source.grid.pieces(&region),
            _ => Vec::new(),
        };
        TaskRead { region, pieces, view, at }
    }

    /// The boxes that make up a block with its halo: each axis falls into what lies before the array, in it, and behind it.
    fn halo_reads(
        &self,
        source: &Input,
        region: &Region,
        widths: &[(usize, usize)],
        boundary: Boundary,
    ) -> Vec<TaskRead> {
        let axes: Vec<Vec<Segment>> = region
            .iter()
            .zip(widths)
            .zip(source.grid.axes())
            .map(|((range, width), chunks)| segments(range, *width, chunks.length(), boundary))
            .collect();
        let mut reads = Vec::new();
        let mut index: Dims = axes.iter().map(|_| 0).collect();
        let count: usize = axes.iter().map(Vec::len).product();
        for _ in 0..count {
            let parts: SmallVec<[&Segment; 4]> = index.iter().zip(&axes).map(|(index, parts)| &parts[*index]).collect();
            let from: Region = parts.iter().map(|part| part.from.clone()).collect();
            let at: Region = parts.iter().map(|part| part.at.clone()).collect();
            let shape = region_shape(&from);
            let axes_of_view = parts.iter().enumerate().map(|(axis, part)| match part.kind {
                SegmentKind::Forward => {
                    crate::expr::view::ViewAxis::Slice { axis, start: 0, step: 1, length: shape[axis] }
                }
                SegmentKind::Backward => crate::expr::view::ViewAxis::Slice {
                    axis,
                    start: shape[axis] - 1,
                    step: if shape[axis] > 1 { -1 } else { 1 },
                    length: shape[axis],
                },
                SegmentKind::Repeat => crate::expr::view::ViewAxis::New(part.at.len()),
            });
            let view = View::new(axes_of_view, &vec![0; shape.len()]);
            reads.push(self.read(source, from, Some(view), at));
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < axes[axis].len() {
                    break;
                }
                index[axis] = 0;
            }
        }
        reads
    }

    /// The pieces into which a block of the input is split for the tasks of this stage: `(task, part of the input's block)`. What the
    /// sending side of an exchange needs; only for stages that assemble.
    pub fn splits(&self, block: usize) -> Vec<(usize, Region)> {
        let Some(source) = self.inputs.first() else { return Vec::new() };
        let region = source.grid.region(block);
        let pieces = self.tasks.pieces(&region);
        pieces.into_iter().map(|piece| (piece.block, piece.at)).collect()
    }

    /// For a task below the diagonal of a symmetric product: the task whose transposed block is the same.
    pub fn mirror(&self, task: usize) -> Option<usize> {
        let (mut index, row, column) = self.place_in_symmetric(task)?;
        let last = index.len();
        index.swap(last - 2, last - 1);
        (row > column).then(|| self.tasks.block_at(&index))
    }

    /// Whether a task of a symmetric product makes a block on its diagonal, whose factors are the same blocks.
    pub fn is_on_diagonal(&self, task: usize) -> bool {
        self.place_in_symmetric(task).is_some_and(|(_, row, column)| row == column)
    }

    fn place_in_symmetric(&self, task: usize) -> Option<(Dims, usize, usize)> {
        let Step::Contract { symmetric: true, .. } = self.step else { return None };
        let index = self.tasks.index_of(task);
        let (row, column) = (*index.get(index.len().checked_sub(2)?)?, *index.last()?);
        Some((index, row, column))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum SegmentKind {
    Forward,
    Backward,
    Repeat,
}

/// A run of positions of the input, and where it stands in the block with its halo.
#[derive(Debug, Clone)]
struct Segment {
    from: Range<usize>,
    at: Range<usize>,
    kind: SegmentKind,
}

fn segments(range: &Range<usize>, (before, after): (usize, usize), length: usize, boundary: Boundary) -> Vec<Segment> {
    let low = range.start.saturating_sub(before);
    let high = (range.end + after).min(length);
    let (missing_before, missing_after) = (before - (range.start - low), range.end + after - high);
    let pads = !matches!(boundary, Boundary::None);
    // Without a boundary the block at the border is smaller.
    let lead = if pads { missing_before } else { 0 };
    let mut result = vec![Segment { from: low..high, at: lead..lead + high - low, kind: SegmentKind::Forward }];
    let mut add = |missing: usize, at: usize, is_before: bool| {
        if missing == 0 || length == 0 {
            return;
        }
        let at = at..at + missing;
        let (from, kind) = match boundary {
            Boundary::None | Boundary::Constant(_) => return,
            Boundary::Nearest if is_before => (0..1, SegmentKind::Repeat),
            Boundary::Nearest => (length - 1..length, SegmentKind::Repeat),
            Boundary::Periodic if is_before => (length - missing..length, SegmentKind::Forward),
            Boundary::Periodic => (0..missing, SegmentKind::Forward),
            Boundary::Reflect if is_before => (0..missing, SegmentKind::Backward),
            Boundary::Reflect => (length - missing..length, SegmentKind::Backward),
        };
        result.push(Segment { from, at, kind });
    };
    add(missing_before, 0, true);
    add(missing_after, lead + high - low, false);
    result
}
