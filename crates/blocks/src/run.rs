//! A plan from its first task to its results.
//!
//! Each thread takes the ready task that comes first in the graph's order, reserves the memory that a task of its stage may take,
//! runs it, keeps what it made and lets go of what it was the last to read. Where memory is short, blocks that are needed last go to
//! disk; a task that still does not fit waits for others to end, and is an error if there are none.
//!
//! | module | what |
//! |---|---|
//! | `admission` | whether a task may start |
//! | `task` | one task, and what follows from it |
//! | `reader` | blocks that go to disk and come back |

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use swath_arrays::lower::stage::{Origin, Stage, Step};
use swath_arrays::{MemorySource, Plan};
use swath_kernels::NdArray;

use crate::cancel::Cancel;
use crate::engine;
use crate::error::{BlocksError, Result};
use crate::graph::Graph;
use crate::heap::{self, Freed};
use crate::interrupt;
use crate::progress::{Metrics, Progress, StageMetrics};
use crate::results::Target;
use crate::spill::SpillFile;
use crate::steps::Prepared;
use crate::store::Store;
use admission::Admission;
use task::comes_in_parts;

mod admission;
mod reader;
mod task;

/// Plans that take less are run by the caller alone: waking others would take longer.
const SMALLEST_SHARED_BYTES: u64 = 1 << 20;
/// How often a task that waits for memory which others than this run hold looks for it.
const LOOK: Duration = Duration::from_millis(5);
/// How long a run that was interrupted may take to end before it is left alone.
const PATIENCE: Duration = Duration::from_millis(700);

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
    let outcome = if interrupt::is_interruptible() {
        apart(&run)
    } else {
        run.work();
        run.end()
    };
    progress.finish(run.metrics(start.elapsed()));
    outcome
}

/// The outcome of a run on a thread of its own, while this one asks whether it is still wanted.
fn apart(run: &Arc<Run>) -> Result<Vec<NdArray>> {
    let (sender, receiver) = sync_channel(1);
    let own = Arc::clone(run);
    let work = move || {
        own.work();
        // Nobody waits for what was given up: its result goes nowhere.
        drop(sender.send(own.end()));
    };
    if std::thread::Builder::new().name("swath-array".to_owned()).spawn(work).is_err() {
        run.work();
        return run.end();
    }
    loop {
        match receiver.recv_timeout(interrupt::TICK) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Disconnected) => return Err(BlocksError::internal("a run ended without a result")),
            Err(RecvTimeoutError::Timeout) if interrupt::asks_to_end() => {
                run.fail(&mut run.lock(), BlocksError::Cancelled);
                // What it holds is freed before the caller goes on, unless a task takes long.
                drop(receiver.recv_timeout(PATIENCE));
                return Err(BlocksError::Cancelled);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
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
    freed: Freed,
    stages: Vec<StageMetrics>,
}

const DONE: u32 = u32::MAX;

impl State {
    fn is_hand_back_due(&mut self, limit_bytes: u64) -> bool {
        self.freed.is_due(self.peak, limit_bytes)
    }
}

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
            freed: Freed::default(),
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
        // Since when memory that others hold is waited for.
        let mut waits: Option<Instant> = None;
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
                Ok(Admission::WaitForOthers)
                    if waits.get_or_insert_with(Instant::now).elapsed() < self.engine.patience =>
                {
                    state.ready.push(Reverse((rank, task)));
                    state = self.wait(state, Some(LOOK));
                    continue;
                }
                Ok(Admission::WaitForOthers | Admission::Never) => {
                    let error = self.too_large(stage, bytes, state.reserved);
                    self.fail(&mut state, error);
                    break;
                }
                Err(error) => {
                    self.fail(&mut state, error);
                    break;
                }
            }
            waits = None;
            state.running += 1;
            let hands_back = state.is_hand_back_due(self.engine.memory.limit());
            drop(state);
            if hands_back {
                heap::hand_back();
            }
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
        if state.is_hand_back_due(self.engine.memory.limit()) {
            heap::hand_back();
        }
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
