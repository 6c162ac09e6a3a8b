//! What the tasks of each step do.
//!
//! | module | steps |
//! |---|---|
//! | `fused` | fused programs |
//! | `states` | states of reductions merged, partial results added |
//! | `contract` | products |
//! | `scan` | running results |
//! | `local` | order, indexing, linear algebra, Fourier transforms |
//! | `phase` | operations in several stages |
//! | `call` | functions of the user's, with halos |

pub(crate) mod call;
pub(crate) mod contract;
pub(crate) mod fused;
pub(crate) mod local;
pub(crate) mod phase;
pub(crate) mod scan;
pub(crate) mod states;

use smallvec::{SmallVec, smallvec};
use swath_arrays::Region;
use swath_arrays::lower::stage::{Content, Input, Origin, Stage, Step, TaskRead};
use swath_kernels::fused::Place;
use swath_kernels::{DType, Dims, NdArray, Scalar};

use crate::block::{Block, BlockId, Blocks};
use crate::error::{BlocksError, Result};
use crate::fetch;

/// A block for each output of a task.
pub(crate) type Made = SmallVec<[Block; 1]>;

fn made(block: Block) -> Made {
    smallvec![block]
}

/// What is made ready once for all tasks of a stage.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// A fused program.
    Fused(fused::Compiled),
    /// Nothing.
    Plain,
}

impl Prepared {
    pub(crate) fn new(stage: &Stage) -> Result<Self> {
        Ok(match &stage.step {
            Step::Fused(program) => Self::Fused(fused::compile(program)?),
            _ => Self::Plain,
        })
    }
}

/// Whether the outputs of a stage can be made in parts.
pub(crate) fn makes_parts(stage: &Stage) -> bool {
    match &stage.step {
        Step::Fused(program) => fused::makes_parts(stage, program),
        Step::Local(node) => local::part_axis(stage, node).is_some(),
        Step::Block(call) => call::makes_parts(stage, call),
        _ => false,
    }
}

/// One task under way.
pub(crate) struct Task<'a> {
    pub(crate) stage_number: usize,
    pub(crate) stage: &'a Stage,
    pub(crate) prepared: &'a Prepared,
    pub(crate) number: usize,
    pub(crate) blocks: &'a dyn Blocks,
    /// Takes the outputs in parts, where nobody but the results needs them.
    pub(crate) parts: Option<&'a dyn Parts>,
}

/// Takes boxes of a task's outputs as soon as they are made.
pub(crate) trait Parts {
    /// A box of an output, in positions of the whole array.
    fn place(&self, output: usize, region: &Region, array: &NdArray) -> Result<()>;
    /// Where a box of an output is to be written by the task itself.
    fn room(&self, output: usize, region: &Region) -> Result<Place>;
}

impl Task<'_> {
    /// The dtype of the first output.
    fn dtype(&self) -> DType {
        self.stage.outputs[0].dtype
    }

    /// An input that is one box, seen as the step works on it.
    fn single(&self, input: usize) -> Result<NdArray> {
        let reads = self.stage.reads(self.number, input);
        match reads.as_slice() {
            [read] => fetch::fetch(&self.stage.inputs[input], read, self.blocks),
            _ => Err(fused::not_single(self.stage, input)),
        }
    }

    /// The block of each output.
    pub(crate) fn run(&self) -> Result<Made> {
        let made = if let Some(mirror) = self.stage.mirror(self.number) {
            let block = self.blocks.get(BlockId { stage: self.stage_number, output: 0, block: mirror })?;
            let array = block.array()?;
            let mut order: Dims = (0..array.ndim()).collect();
            let last = order.len();
            order.swap(last - 2, last - 1);
            made(Block::Array(array.transpose(&order)?))
        } else {
            self.compute()?
        };
        if self.parts.is_none() {
            self.check(&made)?;
        }
        Ok(made)
    }

    fn compute(&self) -> Result<Made> {
        match (&self.stage.step, self.prepared) {
            (Step::Fused(_), Prepared::Fused(compiled)) => fused::run(self, compiled),
            (Step::Fused(_), Prepared::Plain) => Err(BlocksError::internal("a program was not prepared")),
            (Step::Assemble, _) => self.assemble(),
            (Step::Reshape, _) => {
                let shape = self.stage.outputs[0].grid.block_shape(self.number);
                Ok(made(Block::Array(self.single(0)?.reshape(&shape)?)))
            }
            (Step::Combine { finish, .. }, _) => states::combine(self, *finish),
            (Step::Add { .. }, _) => states::add(self),
            (Step::Contract { contraction, .. }, _) => contract::run(self, contraction),
            (Step::Scan { function, axis, phase }, _) => scan::run(self, *function, *axis, *phase),
            (Step::Block(call), _) => call::run(self, call),
            (Step::Local(node), _) => local::run(self, node),
            (Step::Phase(phase), _) => phase::run(self, phase),
            (Step::Store(sink), _) => {
                let block = self.single(0)?;
                let region = self.stage.tasks.region(self.number);
                if block.shape().iter().zip(&region).any(|(length, range)| *length != range.len()) {
                    return Err(BlocksError::internal("a block of unknown lengths cannot be stored"));
                }
                sink.0.write(&region, &block)?;
                let shape = self.stage.outputs[0].grid.block_shape(self.number);
                Ok(made(Block::Array(NdArray::full(&shape, Scalar::I64(1))?)))
            }
        }
    }

    /// Pieces of all inputs, each in its place.
    fn assemble(&self) -> Result<Made> {
        let promise = &self.stage.outputs[0];
        if !promise.grid.is_known() {
            return self.assemble_unknown();
        }
        // Where each piece comes from, and where it goes.
        let mut pieces: Vec<(Dims, Piece<'_>)> = Vec::new();
        for (number, input) in self.stage.inputs.iter().enumerate() {
            for read in self.stage.reads(self.number, number) {
                let at: Dims = read.at.iter().map(|range| range.start).collect();
                match input.origin {
                    // The view is a box of the input: its pieces go to their places without being put together first.
                    Origin::Stage { stage, output }
                        if input.grid.is_known() && read.view.as_ref().is_none_or(is_box) =>
                    {
                        pieces.extend(read.pieces.into_iter().map(|piece| {
                            let at = piece.at.iter().zip(&at).map(|(own, outer)| own.start + outer).collect();
                            (at, Piece::Of(BlockId { stage, output, block: piece.block }, piece.within))
                        }));
                    }
                    _ => pieces.push((at, Piece::Read(input, Box::new(read)))),
                }
            }
        }
        let shape = promise.grid.block_shape(self.number);
        let fetched = |piece: &Piece<'_>| match piece {
            Piece::Of(id, within) => self.blocks.part(*id, within),
            Piece::Read(input, read) => fetch::fetch(input, read, self.blocks),
        };
        if let [(_, single)] = pieces.as_slice() {
            let array = fetched(single)?;
            if array.shape() == shape.as_slice() {
                return Ok(made(Block::Array(array)));
            }
        }
        let pieces = pieces.iter().map(|(at, piece)| Ok((at.clone(), fetched(piece)?)));
        Ok(made(Block::Array(fetch::assemble(promise.dtype, &shape, pieces)?)))
    }

    /// Blocks of unknown lengths: handed on whole.
    fn assemble_unknown(&self) -> Result<Made> {
        let mut parts: Vec<(Dims, NdArray)> = Vec::new();
        for (number, input) in self.stage.inputs.iter().enumerate() {
            for read in self.stage.reads(self.number, number) {
                let at = read.at.iter().map(|range| range.start).collect();
                parts.push((at, fetch::fetch(input, &read, self.blocks)?));
            }
        }
        let parts: Vec<(&[usize], &NdArray)> = parts.iter().map(|(at, array)| (at.as_slice(), array)).collect();
        Ok(made(Block::Array(fetch::in_order(self.dtype(), &parts)?)))
    }

    /// Holds the step to what the stage promised.
    fn check(&self, made: &Made) -> Result<()> {
        if made.len() != self.stage.outputs.len() {
            return Err(BlocksError::internal("a task made another number of blocks than was planned"));
        }
        for (block, promise) in made.iter().zip(&self.stage.outputs) {
            let (Block::Array(array), Content::Array) = (block, &promise.content) else { continue };
            let differs = promise.grid.is_known() && array.shape() != promise.grid.block_shape(self.number).as_slice();
            if array.dtype() != promise.dtype || differs {
                return Err(BlocksError::internal(format!(
                    "task {} of {:?} made {} of shape {:?}, planned were {} in {}",
                    self.number,
                    self.stage.nodes,
                    array.dtype(),
                    array.shape(),
                    promise.dtype,
                    promise.grid
                )));
            }
        }
        Ok(())
    }
}

/// A piece of an assembled block.
enum Piece<'a> {
    /// A box of a block.
    Of(BlockId, Region),
    /// A read that has to be put together or looked at otherwise.
    Read(&'a Input, Box<TaskRead>),
}

/// Whether a view only cuts: axes in their order, forward, none new or left out.
fn is_box(view: &swath_arrays::expr::view::View) -> bool {
    use swath_arrays::expr::view::ViewAxis;
    view.axes().len() == view.input_ndim()
        && view
            .axes()
            .iter()
            .enumerate()
            .all(|(own, axis)| matches!(axis, ViewAxis::Slice { axis, step: 1, start: 0, .. } if *axis == own))
}
