//! One task: it is run, what it made is kept, and what it was the last to read goes.

use std::cell::Cell;
use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use swath_arrays::Region;
use swath_arrays::lower::stage::{Content, Stage, Step};
use swath_kernels::NdArray;
use swath_kernels::fused::Place;
use swath_kernels::layout::arrange;

use super::reader::Reader;
use super::{DONE, Guard, Run, plan_name};
use crate::block::{Block, BlockId};
use crate::error::{BlocksError, Result};
use crate::graph::Graph;
use crate::results::Target;
use crate::steps::{Made, Parts, Task, makes_parts};
use crate::store::is_wasteful;

/// Blocks that are smaller are made whole.
const SMALLEST_PARTED_BYTES: u64 = 1 << 20;

/// What a task made.
pub(super) struct Done {
    made: Made,
    bytes_made: u64,
    bytes_read: u64,
    time: Duration,
}

impl Run {
    /// Runs a task; hands over what belongs to results.
    pub(super) fn run_task(&self, stage: usize, number: usize) -> Result<Done> {
        let start = Instant::now();
        let reader = Reader { run: self, read: Cell::new(0) };
        let parts = PartsOf { run: self, stage, bytes: Cell::new(0) };
        let task = Task {
            parts: if self.in_parts[stage] { Some(&parts) } else { None },
            stage_number: stage,
            stage: &self.stages[stage],
            prepared: &self.prepared[stage],
            number,
            blocks: &reader,
        };
        let mut made = self.caught(stage, number, || task.run())?;
        let mut bytes_made = parts.bytes.get();
        for (output, block) in made.iter_mut().enumerate() {
            let Block::Array(array) = block else { continue };
            bytes_made += array.size_bytes() as u64;
            if is_wasteful(array) && !self.lock().store.is_foreign(array) {
                *array = arrange::compact(array)?;
            }
            if let Some((_, target)) = self.targets.iter().find(|(place, _)| *place == (stage, output)) {
                target.place(number, array)?;
            }
        }
        Ok(Done { made, bytes_made, bytes_read: reader.read.get(), time: start.elapsed() })
    }

    /// A panic as an error that names the function and the block.
    fn caught<T>(&self, stage: usize, number: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(BlocksError::Panic {
                function: plan_name(&self.stages[stage]),
                block: self.stages[stage].tasks.index_of(number).to_vec(),
                message: text.unwrap_or_else(|| "no message".to_owned()),
            })
        })
    }

    /// Keeps what a task made, lets go of what it read, and finds what can run now.
    pub(super) fn publish<'a>(
        &'a self,
        mut state: Guard<'a>,
        task: usize,
        stage: usize,
        number: usize,
        reserved: u64,
        done: Done,
    ) -> Guard<'a> {
        let mut dropped: Vec<Block> = Vec::new();
        let mut kept = 0;
        let metrics = &mut state.stages[stage];
        metrics.tasks_done += 1;
        metrics.bytes_read += done.bytes_read;
        metrics.bytes_made += done.bytes_made;
        metrics.time += done.time;
        let is_last = metrics.tasks_done == metrics.tasks;
        state.missing[task] = DONE;
        for (output, block) in done.made.into_iter().enumerate() {
            let id = self.graph.block(BlockId { stage, output, block: number });
            kept += state.store.keep(id, block, self.state_bytes(stage, output));
            for user in self.graph.users.of(id) {
                let missing = &mut state.missing[*user as usize];
                *missing -= 1;
                if *missing == 0 {
                    state.ready.push(Reverse((self.graph.rank[*user as usize], *user)));
                }
            }
        }
        let mut freed = 0;
        for block in self.graph.needs.of(task) {
            let (bytes, block) = state.store.read_by_one(*block as usize);
            freed += bytes;
            dropped.extend(block);
        }
        self.progress.task_done(done.bytes_made);
        if is_last {
            if let Step::Store(sink) = &self.stages[stage].step {
                // Others may go on meanwhile; the run does not end before its last task is off the count.
                drop(state);
                let outcome = self.caught(stage, number, || Ok(sink.0.finish()?));
                state = self.lock();
                if let Err(error) = outcome {
                    self.fail(&mut state, error);
                }
            }
            self.progress.stage_done();
        }
        state.left -= 1;
        drop(dropped);
        // Of what was reserved for the task, what is kept stays; more than that was not promised, but is there.
        let give_back = (reserved + freed).saturating_sub(kept);
        let more = kept.saturating_sub(reserved + freed);
        if more > 0 && self.engine.memory.try_grow(more) {
            state.reserved += more;
            state.peak = state.peak.max(state.reserved);
        }
        self.give_back(&mut state, give_back);
        if state.waiting > 0 {
            self.changed.notify_all();
        }
        state
    }

    /// Bytes of a state, as the plan counts them.
    pub(super) fn state_bytes(&self, stage: usize, output: usize) -> u64 {
        let promise = &self.stages[stage].outputs[output];
        let Content::State { function, input, result, .. } = &promise.content else { return 0 };
        let item: usize = function.state(*input, *result).iter().map(|(_, dtype)| dtype.item_size()).sum();
        promise.grid.largest_block_elements().saturating_mul(item as u64 + 8)
    }
}

/// Whether a stage's tasks hand on their outputs in parts: large ones, which only the results need.
pub(super) fn comes_in_parts(stages: &[Stage], graph: &Graph, results: &[(usize, usize)], stage: usize) -> bool {
    let outputs = &stages[stage].outputs;
    let is_result =
        |output: usize| results.contains(&(stage, output)) && !graph.is_used(BlockId { stage, output, block: 0 });
    let largest =
        outputs.iter().map(|output| output.grid.largest_block_elements() * output.dtype.item_size() as u64).max();
    largest.is_some_and(|bytes| bytes >= SMALLEST_PARTED_BYTES)
        && makes_parts(&stages[stage])
        && (0..outputs.len()).all(is_result)
}

/// Takes parts of a stage's results.
struct PartsOf<'a> {
    run: &'a Run,
    stage: usize,
    bytes: Cell<u64>,
}

impl PartsOf<'_> {
    fn target(&self, output: usize) -> Result<&Target> {
        self.run.cancel.check()?;
        let target = self.run.targets.iter().find(|(place, _)| *place == (self.stage, output));
        target.map(|(_, target)| target).ok_or_else(|| BlocksError::internal("a part of what is no result"))
    }
}

impl Parts for PartsOf<'_> {
    fn place(&self, output: usize, region: &Region, array: &NdArray) -> Result<()> {
        self.bytes.set(self.bytes.get() + array.size_bytes() as u64);
        self.target(output)?.place_part(region, array)
    }

    fn room(&self, output: usize, region: &Region) -> Result<Place> {
        let elements: usize = region.iter().map(ExactSizeIterator::len).product();
        let item = self.run.stages[self.stage].outputs[output].dtype.item_size();
        self.bytes.set(self.bytes.get() + (elements * item) as u64);
        self.target(output)?.room(region)
    }
}
