//! The embedded engine: a thread pool, a memory pool, a spill folder, and the DataFusion context over them.
//!
//! All work of a session runs on its own threads, so a caller may be synchronous, or inside any async runtime. Dropping the
//! handle of a running query cancels it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DataFusionError, Result, config_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{MemoryPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::prelude::SessionContext;
use swath_planner::SwathOptions;
use swath_shuffle::PartitionStore;
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::task::JoinHandle;

use crate::array_engine::array_engine;
use crate::cancel::{self, Cancel};
use crate::held::HeldTables;
use crate::memory;
use crate::memory_pool::HeadroomPool;
use crate::object_stores::{ObjectStores, StoreOptions};
use crate::watch::Watch;
use crate::{interrupt, registry, settings};

/// How many consumers a "not enough memory" message lists.
const CONSUMERS_IN_MESSAGE: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// What an [`Engine`] is made from. Unset fields take the machine's values.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Worker threads, and the number of partitions that a plan aims at. Default: the processor's cores.
    pub threads: Option<usize>,
    /// Bytes that operators may hold before they spill or fail. Default: 70 % of the machine's or cgroup's memory.
    pub memory_limit_bytes: Option<usize>,
    /// Where operators spill. Default: a fresh folder in the system's temporary folder.
    pub spill_folder: Option<PathBuf>,
    /// Bytes that may be spilled at one time. Default: 100 GiB.
    pub spill_limit_bytes: Option<u64>,
    /// Rows that operators aim at in one batch. Default: 8,192.
    pub batch_size_rows: Option<usize>,
    /// Credentials and options of object stores.
    pub stores: StoreOptions,
    /// Further settings by name (`datafusion.…`, `swath.…`).
    pub settings: Vec<(String, String)>,
    /// Where plans run, if not here.
    pub remote: Option<Arc<dyn RemotePlanner>>,
}

/// Takes finished physical plans to where they run.
#[async_trait]
pub trait RemotePlanner: fmt::Debug + Send + Sync {
    /// A plan that gives what `plan` gives, with its work done elsewhere; `plan` itself where that must be here.
    ///
    /// # Errors
    /// If the plan holds something that cannot run elsewhere.
    async fn place(&self, plan: Arc<dyn ExecutionPlan>, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>>;

    /// Sets what plans for there need, over the defaults and under the user's own settings.
    ///
    /// # Errors
    /// If a setting is unknown.
    fn prepare(&self, options: &mut ConfigOptions) -> Result<()>;
}

/// A running embedded engine. Dropping it ends its threads.
pub struct Engine {
    runtime: Option<Runtime>,
    context: SessionContext,
    store: PartitionStore,
    held: HeldTables,
    arrays: swath_blocks::Engine,
    memory_limit_bytes: usize,
    threads: usize,
    /// The process whose threads these are.
    process: u32,
}

impl Engine {
    /// Starts the threads and builds the context.
    ///
    /// # Errors
    /// `Configuration` if an option is out of range or unknown, `IoError` if the spill folder cannot be made.
    pub fn start(options: EngineOptions) -> Result<Self> {
        let threads = match options.threads {
            Some(0) => return config_err!("threads must be at least 1, got 0"),
            Some(threads) if threads > 4096 => return config_err!("threads must be at most 4096, got {threads}"),
            Some(threads) => threads,
            None => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        };
        let memory_limit_bytes = options.memory_limit_bytes.unwrap_or_else(memory::default_limit_bytes);
        if memory_limit_bytes < 16 << 20 {
            return config_err!("memory_limit must be at least 16 MB, got {memory_limit_bytes} bytes");
        }
        cancel::inherit();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("swath-worker")
            // Deep plans and expressions are walked by recursion on these threads.
            .thread_stack_size(8 << 20)
            .enable_all()
            .build()?;
        let context = build_context(options, threads, memory_limit_bytes)?;
        let fraction = options_of(&context).store_memory_fraction;
        if !(0.0..=1.0).contains(&fraction) {
            return config_err!("swath.store_memory_fraction must be between 0 and 1, got {fraction}");
        }
        let store = PartitionStore::new(context.runtime_env(), (memory_limit_bytes as f64 * fraction) as usize);
        let held = HeldTables::default();
        let arrays = array_engine(&context.runtime_env(), runtime.handle().clone(), threads, memory_limit_bytes);
        let process = std::process::id();
        Ok(Self { runtime: Some(runtime), context, store, held, arrays, memory_limit_bytes, threads, process })
    }

    /// The DataFusion context that this engine runs.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Where cached tables are held.
    pub fn store(&self) -> &PartitionStore {
        &self.store
    }

    /// The tables that were told to hold their rows.
    pub fn held(&self) -> &HeldTables {
        &self.held
    }

    /// What runs arrays, on the same threads, memory and disk.
    pub fn arrays(&self) -> &swath_blocks::Engine {
        &self.arrays
    }

    /// Number of worker threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The memory limit that operators share, in bytes.
    pub fn memory_limit_bytes(&self) -> usize {
        self.memory_limit_bytes
    }

    /// The runtime of its threads, for what must be waited for on a thread that may wait.
    pub fn handle(&self) -> &Handle {
        // The runtime is only taken in `drop`.
        match &self.runtime {
            Some(runtime) => runtime.handle(),
            None => unreachable!("the engine's runtime is there until it is dropped"),
        }
    }

    /// Runs `work` on the engine's threads. Dropping the returned handle cancels it.
    pub fn spawn<T, F>(&self, work: F) -> Running<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let cancel = Cancel::default();
        let work = cancel.scope(Watch::of_thread().unwrap_or_default().scope(work));
        // Without its threads it would wait for ever.
        let work = (!self.is_forked()).then(|| self.handle().spawn(work));
        Running { work, _cancel: cancel }
    }

    /// Whether this is the copy in a forked process: memory is copied, threads are not.
    pub fn is_forked(&self) -> bool {
        std::process::id() != self.process
    }

    /// Runs `work` on the engine's threads and blocks the caller until it ends.
    ///
    /// May be called from any thread, also from inside another async runtime (whose thread it then blocks). Within
    /// [`interruptible`](crate::interrupt::interruptible) the wait can be ended.
    pub fn block_on<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        if self.is_forked() {
            return Err(forked());
        }
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let running = self.spawn(work);
        let waiter = self.handle().spawn(async move {
            // The receiver waits below; it cannot be gone.
            let _ = sender.send(running.await);
        });
        let wait = || loop {
            let answer = match interrupt::is_interruptible() {
                true => receiver.recv_timeout(interrupt::TICK),
                false => receiver.recv().map_err(RecvTimeoutError::from),
            };
            match answer {
                Ok(result) => break result,
                Err(RecvTimeoutError::Timeout) if interrupt::asks_to_end() => {
                    waiter.abort();
                    break Err(interrupt::interrupted());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    break config_err!("the session ended while a query was running");
                }
            }
        };
        let on_worker = Handle::try_current().is_ok_and(|h| h.runtime_flavor() == RuntimeFlavor::MultiThread);
        if on_worker { tokio::task::block_in_place(wait) } else { wait() }
    }
}

/// How long a session that ends waits for its cancelled work.
const LONGEST_SHUTDOWN: Duration = Duration::from_secs(2);

impl Drop for Engine {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if self.is_forked() {
            // Its threads are not here to be ended, and its spill files are the parent's.
            std::mem::forget((runtime, self.context.clone()));
        } else if Handle::try_current().is_ok() {
            // To block is not allowed inside another async runtime.
            runtime.shutdown_background();
        } else {
            // What still runs is cancelled, and takes its spill files with it: the process may be about to end.
            runtime.shutdown_timeout(LONGEST_SHUTDOWN);
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("threads", &self.threads)
            .field("memory_limit_bytes", &self.memory_limit_bytes)
            .finish_non_exhaustive()
    }
}

/// Work that runs on an engine's threads; a future of its result. Dropping it cancels the work.
#[derive(Debug)]
pub struct Running<T> {
    /// None in a process that has no threads for it.
    work: Option<JoinHandle<Result<T>>>,
    _cancel: Cancel,
}

impl<T> Future for Running<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else { return Poll::Ready(Err(forked())) };
        Pin::new(work).poll(context).map(|joined| match joined {
            Ok(result) => result,
            Err(error) if error.is_panic() => Err(panic_error(error.into_panic().as_ref())),
            Err(_) => Err(DataFusionError::Execution("the query was cancelled".to_owned())),
        })
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        if let Some(work) = &self.work {
            work.abort();
        }
    }
}

fn forked() -> DataFusionError {
    DataFusionError::Configuration(
        "this session was made before the process forked, and its threads are only in the parent; make a new session in the child"
            .to_owned(),
    )
}

fn panic_error(payload: &(dyn Any + Send)) -> DataFusionError {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    DataFusionError::Internal(format!("a worker thread panicked: {text}"))
}

fn build_context(options: EngineOptions, threads: usize, memory_limit_bytes: usize) -> Result<SessionContext> {
    let runtime_env = runtime_env(&options, threads, memory_limit_bytes)?;
    let prepare = |config: &mut ConfigOptions| options.remote.as_ref().map_or(Ok(()), |remote| remote.prepare(config));
    let config =
        settings::session_config(threads, memory_limit_bytes, options.batch_size_rows, prepare, &options.settings)?;
    let builder = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime_env).with_default_features();
    Ok(SessionContext::new_with_state(registry::install(builder, options.remote).build()))
}

/// The memory pool, spill folder and object stores of `options`, for `threads` that share `memory_limit_bytes`.
///
/// # Errors
/// If the spill folder cannot be made.
pub fn runtime_env(options: &EngineOptions, threads: usize, memory_limit_bytes: usize) -> Result<Arc<RuntimeEnv>> {
    let mut disk = DiskManagerBuilder::default();
    if let Some(folder) = &options.spill_folder {
        std::fs::create_dir_all(folder).map_err(|error| {
            DataFusionError::Configuration(format!("the spill folder {} cannot be made: {error}", folder.display()))
        })?;
        disk.set_mode(DiskManagerMode::Directories(vec![folder.clone()]));
    }
    if let Some(limit) = options.spill_limit_bytes {
        disk.set_max_temp_directory_size(limit);
    }
    let pool: Arc<dyn MemoryPool> =
        Arc::new(TrackConsumersPool::new(HeadroomPool::new(memory_limit_bytes, threads), CONSUMERS_IN_MESSAGE));
    RuntimeEnvBuilder::new()
        .with_memory_pool(pool)
        .with_disk_manager_builder(disk)
        .with_object_store_registry(Arc::new(ObjectStores::new(options.stores.clone())))
        // Listings are not kept: a folder shows what was written since.
        .with_object_list_cache_limit(0)
        .build_arc()
}

fn options_of(context: &SessionContext) -> SwathOptions {
    context.state_ref().read().config_options().extensions.get::<SwathOptions>().cloned().unwrap_or_default()
}

/// Plans logical nodes to physical ones: DataFusion's planner with the operators of the registry.
pub struct Planner {
    inner: DefaultPhysicalPlanner,
    remote: Option<Arc<dyn RemotePlanner>>,
}

impl Planner {
    /// A planner that knows `extensions` beside DataFusion's own nodes, for plans that run here or at `remote`.
    pub fn new(
        extensions: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
        remote: Option<Arc<dyn RemotePlanner>>,
    ) -> Self {
        Self { inner: DefaultPhysicalPlanner::with_extension_planners(extensions), remote }
    }
}

impl fmt::Debug for Planner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("swath::Planner")
    }
}

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, state: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let physical = self.inner.create_physical_plan(plan, state).await?;
        match &self.remote {
            Some(remote) => remote.place(physical, state).await,
            None => Ok(physical),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Engine {
        Engine::start(EngineOptions { threads: Some(1), ..Default::default() }).unwrap()
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let error = engine().block_on(async { if true { panic!("boom") } else { Ok(()) } }).unwrap_err();
        assert!(error.to_string().contains("boom"), "{error}");
    }

    #[test]
    fn blocking_works_inside_another_runtime() {
        let other = Runtime::new().unwrap();
        assert_eq!(other.block_on(async { engine().block_on(async { Ok(7) }) }).unwrap(), 7);
    }

    #[test]
    fn absurd_options_are_refused() {
        for options in [
            EngineOptions { threads: Some(0), ..Default::default() },
            EngineOptions { memory_limit_bytes: Some(1), ..Default::default() },
            EngineOptions { batch_size_rows: Some(0), ..Default::default() },
            EngineOptions { settings: vec![("swath.no_such".into(), "1".into())], ..Default::default() },
        ] {
            assert!(Engine::start(options.clone()).is_err(), "{options:?}");
        }
    }
}
