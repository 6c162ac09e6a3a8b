//! A plan from its first task to its results.
//!
//! Each thread takes the ready task that comes first in the graph's order, reserves the memory that a task of its stage may take,
//! runs it, keeps what it made and lets go of what it was the last to read. Where memory is short, blocks that are needed last go to
//! disk; a task that still does not fit waits for others to end, and is an error if there are none.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use swath_arrays::explain::bytes as in_units;
use swath_arrays::lower::stage::{Content, Origin, Stage, Step};
use swath_arrays::{ArrayExpr, MemorySource, Plan, Region};
use swath_kernels::NdArray;
use swath_kernels::layout::arrange;

use crate::block::{Block, BlockId};
use crate::cancel::Cancel;
use crate::engine;
use crate::error::{BlocksError, Result};
use crate::graph::Graph;
use crate::progress::{Metrics, Progress, StageMetrics};
use crate::results::Target;
use crate::spill::SpillFile;
use crate::steps::makes_parts;
use crate::steps::{Made, Parts, Prepared, Task};
use crate::store::{Store, is_wasteful};
use reader::Reader;

mod reader;

/// Plans that take less are run by the caller alone: waking others would take longer.
const SMALLEST_SHARED_BYTES: u64 = 1 << 20;
/// Blocks that are smaller are made whole.
const SMALLEST_PARTED_BYTES: u64 = 1 << 20;
/// How long a task waits for memory that others than this run hold, before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(5);

/// The results of a plan.
pub(crate) fn run(
    engine: &Arc<engine::Parts>,
    plan: &Plan,
    cancel: &Cancel,
    progress: &Progress,
) -> Result<Vec<NdArray>> {
    let start = Instant::now();
    progress.start(plan);
    cancel.check()?;
    let run = Arc::new(Run::new(engine, plan, cancel, progress)?);
    let bytes = plan.stages.iter().map(|stage| stage.task_bytes.saturating_mul(stage.task_count() as u64));
    if bytes.fold(0u64, u64::saturating_add) >= SMALLEST_SHARED_BYTES {
        for _ in 1..engine.parallelism.min(run.graph.task_count()) {
            let run = Arc::clone(&run);
            engine.threads.spawn(Box::new(move || run.help()));
        }
    }
    run.work();
    let outcome = run.end();
    progress.finish(run.metrics(start.elapsed()));
    outcome
}

struct Run {
    engine: Arc<engine::Parts>,
    stages: Vec<Stage>,
    prepared: Vec<Prepared>,
    graph: Graph,
    /// Stage and output of each target, and the target of each of the plan's outputs.
    targets: Vec<((usize, usize), Target)>,
    results: Vec<usize>,
    /// For each stage whether its tasks hand on their outputs in parts.
    in_parts: Vec<bool>,
    cancel: Cancel,
    progress: Progress,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    store: Store,
    file: Option<Arc<dyn SpillFile>>,
    /// For each task the blocks that are not made yet; done ones have `u32::MAX`.
    missing: Vec<u32>,
    ready: BinaryHeap<Reverse<(u32, u32)>>,
    /// Tasks that are not done.
    left: usize,
    running: usize,
    /// Threads that write to disk.
    writing: usize,
    /// Threads that wait for something to change.
    waiting: usize,
    /// Threads beside the caller's that are at work.
    helpers: usize,
    has_ended: bool,
    failure: Option<BlocksError>,
    /// Bytes that this run has reserved, and the most it ever had.
    reserved: u64,
    peak: u64,
    stages: Vec<StageMetrics>,
}

const DONE: u32 = u32::MAX;

type Guard<'a> = MutexGuard<'a, State>;

impl Run {
    fn new(engine: &Arc<engine::Parts>, plan: &Plan, cancel: &Cancel, progress: &Progress) -> Result<Self> {
        let stages = plan.stages.clone();
        let graph = Graph::new(&stages, &plan.outputs)?;
        let prepared = stages.iter().map(Prepared::new).collect::<Result<Vec<_>>>()?;
        let in_parts: Vec<bool> =
            (0..stages.len()).map(|stage| comes_in_parts(&stages, &graph, &plan.outputs, stage)).collect();
        let mut targets: Vec<((usize, usize), Target)> = Vec::new();
        let mut results = Vec::with_capacity(plan.outputs.len());
        for place in &plan.outputs {
            let known = targets.iter().position(|(own, _)| own == place);
            results.push(known.unwrap_or_else(|| {
                targets.push((*place, Target::new(&stages[place.0].outputs[place.1], in_parts[place.0])));
                targets.len() - 1
            }));
        }
        let store = Store::new(
            (0..graph.block_count()).map(|block| graph.users.of(block).len() as u32),
            foreign_buffers(&stages),
        );
        let missing: Vec<u32> = (0..graph.task_count()).map(|task| graph.needs.of(task).len() as u32).collect();
        let ready = missing.iter().enumerate().filter(|(_, missing)| **missing == 0);
        let ready = ready.map(|(task, _)| Reverse((graph.rank[task], task as u32))).collect();
        let metrics = stages.iter().map(|stage| StageMetrics {
            name: plan_name(stage),
            tasks: stage.task_count(),
            ..StageMetrics::default()
        });
        let state = State {
            store,
            file: None,
            left: missing.len(),
            missing,
            ready,
            running: 0,
            writing: 0,
            waiting: 0,
            helpers: 0,
            has_ended: false,
            failure: None,
            reserved: 0,
            peak: 0,
            stages: metrics.collect(),
        };
        Ok(Self {
            engine: Arc::clone(engine),
            stages,
            prepared,
            graph,
            targets,
            results,
            in_parts,
            cancel: cancel.clone(),
            progress: progress.clone(),
            state: Mutex::new(state),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> Guard<'_> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, mut state: Guard<'a>, longest: Option<Duration>) -> Guard<'a> {
        state.waiting += 1;
        let mut state = match longest {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(longest) => self.changed.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0,
        };
        state.waiting -= 1;
        state
    }

    fn fail(&self, state: &mut State, error: BlocksError) {
        state.failure.get_or_insert(error);
        self.changed.notify_all();
    }

    /// What a thread beside the caller's does, if the run is still on when it comes.
    fn help(&self) {
        {
            let mut state = self.lock();
            if state.has_ended || state.left == 0 {
                return;
            }
            state.helpers += 1;
        }
        self.work();
        self.lock().helpers -= 1;
        self.changed.notify_all();
    }

    /// Runs tasks until there are none.
    fn work(&self) {
        let mut state = self.lock();
        let mut waited = Duration::ZERO;
        while state.left > 0 && state.failure.is_none() {
            if self.cancel.is_cancelled() {
                self.fail(&mut state, BlocksError::Cancelled);
                break;
            }
            let Some(Reverse((rank, task))) = state.ready.pop() else {
                if state.running == 0 && state.writing == 0 {
                    self.fail(&mut state, BlocksError::internal("no task can run"));
                    break;
                }
                state = self.wait(state, None);
                continue;
            };
            let (stage, number) = self.graph.task(task as usize);
            let (pinned, bytes) = self.pin(&mut state, task as usize, self.stages[stage].task_bytes);
            let admission;
            (state, admission) = self.reserve(state, bytes);
            if !matches!(admission, Ok(Admission::Granted)) {
                pinned.iter().for_each(|block| state.store.unpin(*block));
            }
            match admission {
                Ok(Admission::Granted) => {}
                Ok(Admission::Retry) => {
                    // Something has changed: perhaps another task comes first now.
                    state.ready.push(Reverse((rank, task)));
                    continue;
                }
                Ok(Admission::Wait) => {
                    state.ready.push(Reverse((rank, task)));
                    state = self.wait(state, None);
                    continue;
                }
                Ok(Admission::WaitForOthers) if waited < PATIENCE => {
                    state.ready.push(Reverse((rank, task)));
                    state = self.wait(state, Some(LOOK));
                    waited += LOOK;
                    continue;
                }
                Ok(Admission::WaitForOthers | Admission::Never) => {
                    let error = self.too_large(stage, bytes);
                    self.fail(&mut state, error);
                    break;
                }
                Err(error) => {
                    self.fail(&mut state, error);
                    break;
                }
            }
            waited = Duration::ZERO;
            state.running += 1;
            drop(state);
            let outcome = self.run_task(stage, number);
            state = self.lock();
            state.running -= 1;
            pinned.iter().for_each(|block| state.store.unpin(*block));
            match outcome {
                Ok(done) => state = self.publish(state, task as usize, stage, number, bytes, done),
                Err(error) => self.fail(&mut state, error),
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Pins the blocks in memory that a task reads where they lie. They, and what is left to reserve of what the task may take.
    fn pin(&self, state: &mut State, task: usize, bytes: u64) -> (SmallVec<[usize; 4]>, u64) {
        let mut pinned = SmallVec::new();
        let mut left = bytes;
        if self.graph.reads_in_place[task] {
            for block in self.graph.needs.of(task) {
                if let Some(own) = state.store.pin(*block as usize) {
                    pinned.push(*block as usize);
                    left = left.saturating_sub(own);
                }
            }
        }
        (pinned, left)
    }

    /// Reserves the memory of a task, for which others go to disk if need be.
    fn reserve<'a>(&'a self, mut state: Guard<'a>, bytes: u64) -> (Guard<'a>, Result<Admission>) {
        let memory = &self.engine.memory;
        loop {
            if memory.try_grow(bytes) {
                state.reserved += bytes;
                state.peak = state.peak.max(state.reserved);
                return (state, Ok(Admission::Granted));
            }
            let State { store, missing, .. } = &mut *state;
            let victims = store.victims(bytes, |block| self.next_use(missing, block));
            if victims.is_empty() {
                let others = memory.reserved() > state.reserved && bytes <= memory.limit();
                let admission = match () {
                    () if state.running > 0 || state.writing > 0 => Admission::Wait,
                    () if others => Admission::WaitForOthers,
                    () => Admission::Never,
                };
                return (state, Ok(admission));
            }
            let outcome;
            (state, outcome) = self.write(state, victims);
            if let Err(error) = outcome {
                return (state, Err(error));
            }
            if state.failure.is_some() || self.cancel.is_cancelled() {
                return (state, Ok(Admission::Retry));
            }
        }
    }

    fn too_large(&self, stage: usize, bytes: u64) -> BlocksError {
        let memory = &self.engine.memory;
        BlocksError::Memory {
            node: self.stages[stage].nodes.first().map_or_else(String::new, ArrayExpr::describe),
            needs: in_units(bytes),
            available: in_units(memory.limit().saturating_sub(memory.reserved())),
            limit: in_units(memory.limit()),
            remedy: "use smaller chunks, raise the memory limit, or run fewer things at a time",
        }
    }

    /// The place in the order of the next task that reads a block.
    fn next_use(&self, missing: &[u32], block: usize) -> u32 {
        let later = self.graph.users.of(block).iter().filter(|task| missing[**task as usize] != DONE);
        later.map(|task| self.graph.rank[*task as usize]).min().unwrap_or(u32::MAX)
    }

    /// Runs a task; hands over what belongs to results.
    fn run_task(&self, stage: usize, number: usize) -> Result<Done> {
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
    fn publish<'a>(
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

    fn give_back(&self, state: &mut State, bytes: u64) {
        let bytes = bytes.min(state.reserved);
        state.reserved -= bytes;
        self.engine.memory.shrink(bytes);
    }

    /// Bytes of a state, as the plan counts them.
    fn state_bytes(&self, stage: usize, output: usize) -> u64 {
        let promise = &self.stages[stage].outputs[output];
        let Content::State { function, input, result, .. } = &promise.content else { return 0 };
        let item: usize = function.state(*input, *result).iter().map(|(_, dtype)| dtype.item_size()).sum();
        promise.grid.largest_block_elements().saturating_mul(item as u64 + 8)
    }

    /// Waits for the others, lets everything go, and gives the results.
    fn end(&self) -> Result<Vec<NdArray>> {
        let mut state = self.lock();
        while state.helpers > 0 {
            state = self.wait(state, None);
        }
        state.has_ended = true;
        let reserved = state.reserved;
        self.give_back(&mut state, reserved);
        state.store.clear();
        state.file = None;
        if let Some(error) = state.failure.take() {
            return Err(error);
        }
        drop(state);
        let arrays = self.targets.iter().map(|(_, target)| target.finish()).collect::<Result<Vec<_>>>()?;
        Ok(self.results.iter().map(|target| arrays[*target].clone()).collect())
    }

    fn metrics(&self, time: Duration) -> Metrics {
        let mut state = self.lock();
        Metrics { stages: std::mem::take(&mut state.stages), time, peak_bytes: state.peak }
    }
}

/// Whether a task may start.
enum Admission {
    /// It has its memory.
    Granted,
    /// The run is at its end, or something else comes first.
    Retry,
    /// When another task of this run has ended.
    Wait,
    /// When others than this run give memory back.
    WaitForOthers,
    /// It does not fit.
    Never,
}

/// What a task made.
struct Done {
    made: Made,
    bytes_made: u64,
    bytes_read: u64,
    time: Duration,
}

/// Whether a stage's tasks hand on their outputs in parts: large ones, which only the results need.
fn comes_in_parts(stages: &[Stage], graph: &Graph, results: &[(usize, usize)], stage: usize) -> bool {
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

impl Parts for PartsOf<'_> {
    fn place(&self, output: usize, region: &Region, array: &NdArray) -> Result<()> {
        self.run.cancel.check()?;
        self.bytes.set(self.bytes.get() + array.size_bytes() as u64);
        let target = self.run.targets.iter().find(|(place, _)| *place == (self.stage, output));
        let (_, target) = target.ok_or_else(|| BlocksError::internal("a part of what is no result"))?;
        target.place_part(region, array)
    }
}

/// What `explain` calls a stage's work.
fn plan_name(stage: &Stage) -> String {
    match &stage.step {
        Step::Block(call) => call.function.0.name(),
        _ => stage.nodes.last().map_or_else(String::new, |node| node.op().label()),
    }
}

/// The buffers of arrays that the user holds: views of them cost nothing.
fn foreign_buffers(stages: &[Stage]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for input in stages.iter().flat_map(|stage| &stage.inputs) {
        if let Origin::Source(source) = &input.origin
            && let Some(memory) = source.0.as_any().downcast_ref::<MemorySource>()
        {
            found.push(memory.array().buffer().as_ptr() as usize);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
