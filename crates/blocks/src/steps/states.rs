//! States of reductions, merged and finished; partial results that are added up.

use std::sync::Arc;

use swath_arrays::lower::stage::Origin;
use swath_kernels::fused::{self, Builder, Output};
use swath_kernels::{Dims, NdArray, reduce};

use super::{Made, Task, made};
use crate::block::{Block, BlockId};
use crate::error::{BlocksError, Result};

/// The states of neighbouring blocks as one; or the result of it.
pub(crate) fn combine(task: &Task<'_>, finish: bool) -> Result<Made> {
    let reads = task.stage.reads(task.number, 0);
    let (Some(read), Some(input), Some(promise)) =
        (reads.first(), task.stage.inputs.first(), task.stage.outputs.first())
    else {
        return Err(super::fused::not_single(task.stage, 0));
    };
    let Origin::Stage { stage, output } = input.origin else {
        return Err(BlocksError::internal("states come from stages"));
    };
    let mut merged = None;
    for piece in &read.pieces {
        let block = task.blocks.get(BlockId { stage, output, block: piece.block })?;
        match &mut merged {
            None => merged = Some(block.state()?.clone()),
            Some(merged) => reduce::Partial::merge(merged, block.state()?)?,
        }
    }
    let state = merged.ok_or_else(|| BlocksError::internal("a task merges no state"))?;
    Ok(made(if finish {
        Block::Array(fused::cast(&state.finish()?, promise.dtype)?)
    } else {
        Block::State(Arc::new(state))
    }))
}

/// Neighbouring blocks, of length one along the axes, added up.
pub(crate) fn add(task: &Task<'_>) -> Result<Made> {
    let (Some(input), Some(promise)) = (task.stage.inputs.first(), task.stage.outputs.first()) else {
        return Err(super::fused::not_single(task.stage, 0));
    };
    let Origin::Stage { stage, output } = input.origin else {
        return Err(BlocksError::internal("partial results come from stages"));
    };
    let mut blocks = Vec::new();
    for read in task.stage.reads(task.number, 0) {
        for piece in &read.pieces {
            blocks.push(task.blocks.part(BlockId { stage, output, block: piece.block }, &piece.within)?);
        }
    }
    let sum = sum_of(&blocks)?;
    let shape: Dims = if promise.grid.is_known() { promise.grid.block_shape(task.number) } else { sum.shape().into() };
    Ok(made(Block::Array(sum.reshape(&shape)?)))
}

/// Arrays of one shape and dtype added in one pass.
pub(super) fn sum_of(arrays: &[NdArray]) -> Result<NdArray> {
    /// More sources than this in one program would not fit the cache with their tiles.
    const MOST: usize = 32;
    let Some(first) = arrays.first() else { return Err(BlocksError::internal("a sum of no blocks")) };
    if arrays.len() == 1 {
        return Ok(first.clone());
    }
    if arrays.len() > MOST {
        let sums = arrays.chunks(MOST).map(sum_of).collect::<Result<Vec<_>>>()?;
        return sum_of(&sums);
    }
    let mut build = Builder::new();
    let mut sum = build.input(0, first.dtype());
    for (number, array) in arrays.iter().enumerate().skip(1) {
        let next = build.input(number, array.dtype());
        sum = build.call("add", &[sum, next])?;
    }
    Ok(build.finish(&[Output::Array(sum)])?.run_to_array(first.shape(), arrays)?)
}
