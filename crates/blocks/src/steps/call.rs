//! Functions of the user's over blocks.

use swath_arrays::expr::op::{BlockCall, Boundary};
use swath_arrays::grid::region_shape;
use swath_arrays::lower::stage::{Access, Input, Origin, Stage};
use swath_arrays::{BlockContext, MemorySource, Region};
use swath_kernels::layout::{arrange, pad};
use swath_kernels::{Dims, NdArray};

use super::{Made, Parts, Task, made};
use crate::block::Block;
use crate::error::{BlocksError, Result};
use crate::fetch;

/// Bytes of a part: with its margins, and what the function makes of it, it stays in the second-level cache.
const PART_BYTES: usize = 256 << 10;
/// A part has so many times the elements of its margins.
const MARGINS: usize = 8;

/// Whether a function may have its blocks in parts: one whose margins come from memory and are all that its elements depend on.
pub(super) fn makes_parts(stage: &Stage, call: &BlockCall) -> bool {
    let from_memory = |input: &Input| {
        matches!(input.access, Access::Halo(..))
            && matches!(&input.origin, Origin::Source(source) if source.0.as_any().is::<MemorySource>())
    };
    call.function.0.is_local()
        && stage.tasks.is_known()
        && stage.tasks.ndim() > 0
        && matches!(stage.inputs.as_slice(), [input] if from_memory(input))
}

pub(crate) fn run(task: &Task<'_>, call: &BlockCall) -> Result<Made> {
    let region = task.stage.tasks.region(task.number);
    if let Some(parts) = task.parts {
        return run_in_parts(task, call, region, parts);
    }
    let mut inputs = Vec::with_capacity(task.stage.inputs.len());
    for input in 0..task.stage.inputs.len() {
        inputs.push(one_input(task, input, &region)?);
    }
    Ok(made(Block::Array(apply(task, call, &inputs, &region)?)))
}

/// The block in parts along its first axis that has more than one element, each handed on at once.
fn run_in_parts(task: &Task<'_>, call: &BlockCall, mut region: Region, parts: &dyn Parts) -> Result<Made> {
    let axis = region.iter().position(|range| range.len() > 1).unwrap_or(0);
    let own = region[axis].clone();
    let item = task.dtype().item_size().max(task.stage.inputs[0].dtype.item_size());
    let row = region[axis + 1..].iter().map(ExactSizeIterator::len).product::<usize>() * item;
    let (before, after) = call.halo[axis];
    let step = (PART_BYTES / row.max(1)).max(MARGINS * (before + after)).max(1);
    for start in own.clone().step_by(step) {
        region[axis] = start..own.end.min(start + step);
        let block = one_input(task, 0, &region)?;
        parts.place(0, &region, &apply(task, call, &[block], &region)?)?;
    }
    Ok(Made::new())
}

/// What the function gives for a region of the result.
fn apply(task: &Task<'_>, call: &BlockCall, inputs: &[NdArray], region: &Region) -> Result<NdArray> {
    let tasks = &task.stage.tasks;
    let context = BlockContext {
        block: tasks.index_of(task.number).to_vec(),
        counts: tasks.counts().to_vec(),
        region: region.to_vec(),
    };
    let result = call.function.0.apply(inputs, &context)?;
    let dtype = task.dtype();
    let expected: Dims = match task.parts {
        Some(_) => region_shape(region),
        None => task.stage.outputs[0].grid.block_shape(task.number),
    };
    let is_known = task.stage.outputs[0].grid.is_known();
    if result.dtype() != dtype || (is_known && result.shape() != expected.as_slice()) {
        return Err(BlocksError::Promise {
            function: call.function.0.name(),
            block: context.block,
            given: format!("{} of shape {:?}", result.dtype(), result.shape()),
            expected: format!("{dtype} of shape {:?}", expected.as_slice()),
        });
    }
    Ok(result)
}

/// What a region of the result takes of an input, with the margins if it has any.
fn one_input(task: &Task<'_>, number: usize, region: &Region) -> Result<NdArray> {
    let input = &task.stage.inputs[number];
    let Access::Halo(widths, boundary) = &input.access else { return task.single(number) };
    let reads = task.stage.reads_around(number, region);
    let mut parts: Vec<(Dims, NdArray)> = Vec::with_capacity(reads.len());
    for read in &reads {
        parts.push((read.at.iter().map(|range| range.start).collect(), fetch::fetch(input, read, task.blocks)?));
    }
    let mut shape: Dims = region.iter().zip(widths).map(|(range, width)| range.len() + width.0 + width.1).collect();
    if matches!(boundary, Boundary::None) {
        // Nothing lies beyond the array: what was read is all there is.
        shape = shape.iter().map(|_| 0).collect();
        for read in &reads {
            shape.iter_mut().zip(&read.at).for_each(|(length, range)| *length = (*length).max(range.end));
        }
    }
    match (boundary, parts.as_slice()) {
        (Boundary::Constant(value), [(at, array)]) => {
            let margins: Vec<(usize, usize)> =
                (0..array.ndim()).map(|axis| (at[axis], shape[axis] - at[axis] - array.shape()[axis])).collect();
            let value = value.0.cast(array.dtype());
            Ok(pad::pad(array, &margins, pad::PadMode::Constant(value, value))?)
        }
        (_, [(_, array)]) if array.shape() == shape.as_slice() => match array.is_contiguous() {
            true => Ok(array.clone()),
            false => Ok(arrange::compact(array)?),
        },
        _ => {
            let pieces = parts.iter().map(|(at, array)| (at.as_slice(), array));
            Ok(arrange::assemble(input.dtype, &shape, pieces)?)
        }
    }
}
