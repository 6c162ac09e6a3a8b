//! Functions of the user's over blocks.

use swath_arrays::BlockContext;
use swath_arrays::expr::op::{BlockCall, Boundary};
use swath_arrays::lower::stage::Access;
use swath_kernels::layout::{arrange, pad};
use swath_kernels::{Dims, NdArray};

use super::{Made, Task, made};
use crate::block::Block;
use crate::error::{BlocksError, Result};
use crate::fetch;

pub(crate) fn run(task: &Task<'_>, call: &BlockCall) -> Result<Made> {
    let tasks = &task.stage.tasks;
    let context = BlockContext {
        block: tasks.index_of(task.number).to_vec(),
        counts: tasks.counts().to_vec(),
        region: tasks.region(task.number).to_vec(),
    };
    let mut inputs = Vec::with_capacity(task.stage.inputs.len());
    for input in 0..task.stage.inputs.len() {
        inputs.push(one_input(task, input)?);
    }
    let result = call.function.0.apply(&inputs, &context)?;
    let dtype = task.dtype();
    let grid = &task.stage.outputs[0].grid;
    let expected = grid.block_shape(task.number);
    if result.dtype() != dtype || (grid.is_known() && result.shape() != expected.as_slice()) {
        return Err(BlocksError::Promise {
            function: call.function.0.name(),
            block: context.block,
            given: format!("{} of shape {:?}", result.dtype(), result.shape()),
            expected: format!("{dtype} of shape {:?}", expected.as_slice()),
        });
    }
    Ok(made(Block::Array(result)))
}

/// A block of an input, with its halo if it has one.
fn one_input(task: &Task<'_>, number: usize) -> Result<NdArray> {
    let input = &task.stage.inputs[number];
    let Access::Halo(widths, boundary) = &input.access else { return task.single(number) };
    let region = task.stage.tasks.region(task.number);
    let reads = task.stage.reads(task.number, number);
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
