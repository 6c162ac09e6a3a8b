//! How far a run is, and what it took.

use std::cell::RefCell;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use swath_arrays::Plan;
use swath_arrays::explain::bytes;

/// What one stage did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageMetrics {
    /// The operation.
    pub name: String,
    /// Tasks of the stage.
    pub tasks: usize,
    /// Tasks that are done.
    pub tasks_done: usize,
    /// Bytes that its tasks read: boxes of sources, and blocks of other stages.
    pub bytes_read: u64,
    /// Bytes of the blocks that it made.
    pub bytes_made: u64,
    /// Bytes of them that went to disk.
    pub bytes_spilled: u64,
    /// Time of its tasks, those side by side added up.
    pub time: Duration,
}

/// What a run did, stage by stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// The stages, as in the plan.
    pub stages: Vec<StageMetrics>,
    /// From the start to the results.
    pub time: Duration,
    /// The most bytes that the run had reserved at a time.
    pub peak_bytes: u64,
}

impl Metrics {
    /// Bytes that went to disk.
    pub fn bytes_spilled(&self) -> u64 {
        self.stages.iter().map(|stage| stage.bytes_spilled).sum()
    }

    /// Tasks of all stages.
    pub fn tasks(&self) -> usize {
        self.stages.iter().map(|stage| stage.tasks_done).sum()
    }

    /// One line a stage, as `explain()` numbers them.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let spilled = bytes(self.bytes_spilled());
        let _ = writeln!(
            text,
            "Ran {} tasks in {:.1?}, at most {} reserved, {spilled} spilled",
            self.tasks(),
            self.time,
            bytes(self.peak_bytes)
        );
        for (number, stage) in self.stages.iter().enumerate() {
            let _ = writeln!(
                text,
                "  {number} {}: {}/{} tasks, {:.1?}, read {}, made {}, spilled {}",
                stage.name,
                stage.tasks_done,
                stage.tasks,
                stage.time,
                bytes(stage.bytes_read),
                bytes(stage.bytes_made),
                bytes(stage.bytes_spilled)
            );
        }
        text
    }
}

/// How far a run is; clones look at the same run.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tasks: AtomicU64,
    tasks_done: AtomicU64,
    stages: AtomicU64,
    stages_done: AtomicU64,
    bytes: AtomicU64,
    bytes_done: AtomicU64,
    metrics: Mutex<Metrics>,
}

/// A look at a [`Progress`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Stages of the plan.
    pub stages: u64,
    /// Stages of which all tasks are done.
    pub stages_done: u64,
    /// Tasks of the plan.
    pub tasks: u64,
    /// Tasks that are done.
    pub tasks_done: u64,
    /// Bytes of the blocks that the plan makes, as far as they are known before.
    pub bytes: u64,
    /// Bytes of the blocks that were made.
    pub bytes_done: u64,
}

thread_local! {
    static OF_THREAD: RefCell<Option<Progress>> = const { RefCell::new(None) };
}

impl Progress {
    /// Runs `work` on this thread; the runs that it waits for are told here, one after the other.
    pub fn over<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Restore(Option<Progress>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let before = self.0.take();
                OF_THREAD.with(|cell| *cell.borrow_mut() = before);
            }
        }
        let _restore = Restore(OF_THREAD.with(|cell| cell.borrow_mut().replace(self.clone())));
        work()
    }

    /// Where runs of this thread are told.
    pub(crate) fn of_thread() -> Option<Self> {
        OF_THREAD.with(|cell| cell.borrow().clone())
    }

    /// Of no run yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How far the run is now.
    pub fn snapshot(&self) -> Snapshot {
        let get = |value: &AtomicU64| value.load(Ordering::Relaxed);
        Snapshot {
            stages: get(&self.0.stages),
            stages_done: get(&self.0.stages_done),
            tasks: get(&self.0.tasks),
            tasks_done: get(&self.0.tasks_done),
            bytes: get(&self.0.bytes),
            bytes_done: get(&self.0.bytes_done),
        }
    }

    /// What the last run did; empty before its end.
    pub fn metrics(&self) -> Metrics {
        self.0.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn start(&self, plan: &Plan) {
        let outputs = plan.stages.iter().flat_map(|stage| &stage.outputs);
        let total = outputs.fold(0u64, |sum, output| {
            sum.saturating_add(output.grid.elements().saturating_mul(output.dtype.item_size() as u64))
        });
        self.0.stages.store(plan.stages.len() as u64, Ordering::Relaxed);
        self.0.tasks.store(plan.task_count() as u64, Ordering::Relaxed);
        self.0.bytes.store(total, Ordering::Relaxed);
        for done in [&self.0.stages_done, &self.0.tasks_done, &self.0.bytes_done] {
            done.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn task_done(&self, bytes_made: u64) {
        self.0.tasks_done.fetch_add(1, Ordering::Relaxed);
        self.0.bytes_done.fetch_add(bytes_made, Ordering::Relaxed);
    }

    pub(crate) fn stage_done(&self) {
        self.0.stages_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn finish(&self, metrics: Metrics) {
        *self.0.metrics.lock().unwrap_or_else(PoisonError::into_inner) = metrics;
    }
}
