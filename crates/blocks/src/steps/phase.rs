//! Parts of operations over more than one task sees.

use smallvec::SmallVec;
use swath_arrays::lower::phase::Phase;

use super::{Made, Task};
use crate::block::Block;
use crate::error::Result;
use crate::fetch;

/// Inputs in their order, read by read: what a routed one reads follows from those before it.
pub(crate) fn run(task: &Task<'_>, phase: &Phase) -> Result<Made> {
    let mut run = phase.start(task.stage, task.number);
    for (number, input) in task.stage.inputs.iter().enumerate() {
        for read in task.stage.reads_with(task.number, number, &run)? {
            run.push(number, fetch::fetch(input, &read, task.blocks)?)?;
        }
    }
    Ok(run.finish()?.into_iter().map(Block::Array).collect::<SmallVec<_>>())
}
