//! A plan from its first task to its results.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use swath_arrays::Plan;
use swath_arrays::lower::stage::Step;
use swath_kernels::NdArray;

use crate::block::{Block, BlockId, Blocks};
use crate::cancel::Cancel;
use crate::engine::Engine;
use crate::error::{BlocksError, Result};
use crate::fetch;
use crate::progress::{Metrics, Progress};
use crate::steps::{Prepared, Task};

#[derive(Default)]
struct Kept(Mutex<HashMap<BlockId, Block>>);

impl Blocks for Kept {
    fn get(&self, id: BlockId) -> Result<Block> {
        let blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.get(&id).cloned().ok_or_else(|| BlocksError::internal(format!("{id:?} is not there")))
    }
}

pub(crate) fn run(_engine: &Engine, plan: &Plan, cancel: &Cancel, progress: &Progress) -> Result<Vec<NdArray>> {
    progress.start(plan);
    let kept = Kept::default();
    let mut readers = plan.readers();
    for (stage_number, stage) in plan.stages.iter().enumerate() {
        let prepared = Prepared::new(stage)?;
        for number in 0..stage.task_count() {
            cancel.check()?;
            let task = Task { stage_number, stage, prepared: &prepared, number, blocks: &kept };
            let made = task.run()?;
            let mut blocks = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (output, block) in made.into_iter().enumerate() {
                blocks.insert(BlockId { stage: stage_number, output, block: number }, block);
            }
            progress.task_done(0);
        }
        if let Step::Store(sink) = &stage.step {
            sink.0.finish()?;
        }
        progress.stage_done();
        for input in &stage.inputs {
            if let swath_arrays::lower::stage::Origin::Stage { stage, .. } = input.origin {
                readers[stage] -= 1;
                if readers[stage] == 0 {
                    kept.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| id.stage != stage);
                }
            }
        }
    }
    progress.finish(Metrics::default());
    let result = |(stage, output): &(usize, usize)| {
        let promise = &plan.stages[*stage].outputs[*output];
        let grid = &promise.grid;
        let mut parts = Vec::new();
        for block in 0..grid.block_count() {
            let made = kept.get(BlockId { stage: *stage, output: *output, block })?;
            parts.push((grid.index_of(block), made));
        }
        let parts =
            parts.iter().map(|(index, block)| Ok((index.as_slice(), block.array()?))).collect::<Result<Vec<_>>>()?;
        fetch::in_order(promise.dtype, &parts)
    };
    plan.outputs.iter().map(result).collect()
}
