//! The engine: threads, memory and a place for spilled blocks, and the plans that run on them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use swath_arrays::{Plan, PlanOptions};
use swath_kernels::NdArray;

use crate::cancel::Cancel;
use crate::error::Result;
use crate::memory::{Memory, MemoryLimit};
use crate::progress::Progress;
use crate::spill::{Spill, SpillFolder};
use crate::threads::{ThreadPool, Threads};

/// Runs array plans. Cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Parts>);

/// What an engine is made of.
pub(crate) struct Parts {
    pub(crate) parallelism: usize,
    pub(crate) threads: Arc<dyn Threads>,
    pub(crate) memory: Arc<dyn Memory>,
    pub(crate) spill: Arc<dyn Spill>,
    pub(crate) patience: Duration,
}

/// Makes an [`Engine`].
#[derive(Clone, Default)]
pub struct EngineBuilder {
    parallelism: Option<usize>,
    threads: Option<Arc<dyn Threads>>,
    memory: Option<Arc<dyn Memory>>,
    spill: Option<Arc<dyn Spill>>,
    patience: Option<Duration>,
}

/// The limit of an engine that was given none.
const DEFAULT_LIMIT_BYTES: u64 = 4 << 30;
/// How long an engine that was not told otherwise waits for memory that others hold.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(30);

impl EngineBuilder {
    /// Tasks that run at a time; else as many as there are processors.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.parallelism = Some(threads.max(1));
        self
    }

    /// What does the work beside the thread that calls; else a pool of threads of the engine's own.
    #[must_use]
    pub fn spawner(mut self, threads: Arc<dyn Threads>) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Where memory is reserved; else a limit of 4 GiB.
    #[must_use]
    pub fn memory(mut self, memory: Arc<dyn Memory>) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Where blocks go that do not fit; else the system's folder for temporary files.
    #[must_use]
    pub fn spill(mut self, spill: Arc<dyn Spill>) -> Self {
        self.spill = Some(spill);
        self
    }

    /// How long a task waits for memory that others than its run hold, where nothing of the run's own can make room; else 30 seconds.
    /// Then the run fails with [`BlocksError::Memory`](crate::BlocksError::Memory).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// The engine.
    pub fn build(self) -> Engine {
        let memory = self.memory.unwrap_or_else(|| Arc::new(MemoryLimit::new(DEFAULT_LIMIT_BYTES)));
        crate::heap::keep_freed(memory.limit());
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let parallelism = self.parallelism.unwrap_or_else(processors);
        Engine(Arc::new(Parts {
            parallelism,
            threads: self.threads.unwrap_or_else(|| Arc::new(ThreadPool::new(parallelism - 1))),
            memory,
            spill: self.spill.unwrap_or_else(|| Arc::new(SpillFolder::new(std::env::temp_dir()))),
            patience: self.patience.unwrap_or(DEFAULT_PATIENCE),
        }))
    }
}

impl Engine {
    /// An engine of so many threads, a limit of memory, and a folder for what does not fit.
    pub fn new(threads: usize, memory_limit_bytes: u64, spill_folder: impl Into<PathBuf>) -> Self {
        Self::builder()
            .threads(threads)
            .memory(Arc::new(MemoryLimit::new(memory_limit_bytes)))
            .spill(Arc::new(SpillFolder::new(spill_folder)))
            .build()
    }

    /// An engine part by part.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// What plans for this engine are made with.
    pub fn plan_options(&self) -> PlanOptions {
        PlanOptions::new(self.0.memory.limit(), self.0.parallelism)
    }

    /// Runs a plan; its results whole, in the order of the plan's outputs. Results are the caller's: they do not count against the
    /// limit of memory. Within [`interruptible`](crate::interrupt::interruptible) the wait can be ended.
    ///
    /// # Errors
    /// Those of sources, sinks, functions and kernels; [`BlocksError`](crate::BlocksError)'s own.
    pub fn run(&self, plan: &Plan, cancel: &Cancel) -> Result<Vec<NdArray>> {
        self.run_watched(plan, cancel, &Progress::of_thread().unwrap_or_default())
    }

    /// As [`Engine::run`]; `progress` tells how far it is, and at the end what it took.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_watched(&self, plan: &Plan, cancel: &Cancel, progress: &Progress) -> Result<Vec<NdArray>> {
        crate::run::run(&self.0, plan, cancel, progress)
    }

    /// Runs a plan and shows it with what each stage took: the text of `explain`, and a line a stage.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn explain_analyze(&self, plan: &Plan, cancel: &Cancel) -> Result<String> {
        let progress = Progress::of_thread().unwrap_or_default();
        self.run_watched(plan, cancel, &progress)?;
        Ok(format!("{}{}", plan.explain(), progress.metrics().table()))
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({} threads, {} bytes)", self.0.parallelism, self.0.memory.limit())
    }
}
