//! The worker process: Ballista's executor with our memory, object stores, exchange and task rules.
//!
//! Ballista registers the worker, takes its tasks and reports them. How a task runs is ours: [`engine`] turns its plan into one
//! that reads and writes this worker's partition store, and runs it on the worker's own threads.

mod engine;
mod held;
mod keys;
mod orders;
mod reader;
mod reports;
mod service;
mod stage;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_flight::flight_service_server::FlightServiceServer;
use axum::Router;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::error::BallistaError;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_executor::health::ExecutorHealth;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;
use parking_lot::Mutex;
use swath_exec::engine::runtime_env;
use swath_exec::{EngineOptions, ObjectStores, StoreOptions, memory};
use swath_shuffle::{PartitionStore, TaskOutputs};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use crate::client::channels::Channels;
use crate::codec::SwathCodec;
use crate::error::{Error, Result};
use crate::protocol::MAX_MESSAGE_BYTES;
use crate::settings::ClusterOptions;
use crate::state;

/// What a worker is made from. Unset fields take the machine's values.
#[derive(Clone, Debug, Default)]
pub struct WorkerOptions {
    /// The scheduler's host and port.
    pub scheduler: (String, u16),
    /// The address to listen on. Default: 127.0.0.1.
    pub bind: Option<String>,
    /// The port for data and orders; 0 takes a free one.
    pub port: u16,
    /// The host by which others reach this worker. Default: the address from which it talks to the scheduler.
    pub advertise: Option<String>,
    /// Threads, which is also how many partitions it works on at one time.
    pub threads: Option<usize>,
    /// Bytes for operators and for the partition store together.
    pub memory_limit_bytes: Option<usize>,
    /// The share of that for the partition store.
    pub store_fraction: Option<f64>,
    /// Where operators and the partition store spill.
    pub work_folder: Option<PathBuf>,
    /// Credentials and options of object stores, for sessions that bring none.
    pub stores: StoreOptions,
    /// Set when it was told to stop.
    pub draining: Arc<AtomicBool>,
}

/// What all tasks of a worker share.
pub(crate) struct Shared {
    /// Runs the tasks' work.
    pub handle: Handle,
    /// Memory pool and spill folder.
    pub runtime: Arc<RuntimeEnv>,
    /// The size of the pool.
    pub memory_limit_bytes: usize,
    /// What the tasks made.
    pub outputs: Arc<TaskOutputs>,
    /// What the tasks did.
    pub reports: reports::Reports,
    /// Store options by session.
    pub secrets: Mutex<HashMap<String, StoreOptions>>,
    /// Connections to other workers.
    pub channels: Channels,
    /// Those of sessions that bring none.
    stores: StoreOptions,
    /// Known to itself by this id, so that its own outputs are read without a connection.
    pub id: String,
    /// Set when it was told to stop.
    draining: Arc<AtomicBool>,
}

impl Shared {
    /// The runtime of a session: the worker's memory, the session's stores.
    fn runtime_of(&self, config: &SessionConfig) -> datafusion::common::Result<Arc<RuntimeEnv>> {
        let session = config.options().extensions.get::<ClusterOptions>().map(|options| options.session.clone());
        let own = session.and_then(|session| self.secrets.lock().get(&session).cloned());
        let stores = own.unwrap_or_else(|| self.stores.clone());
        RuntimeEnvBuilder::from_runtime_env(&self.runtime)
            .with_object_store_registry(Arc::new(ObjectStores::new(stores)))
            .build_arc()
    }
}

/// Runs a worker until it is told to stop: by SIGTERM or Ctrl-C, whereupon running tasks may finish, or by its scheduler.
///
/// `tasks` is where the tasks' work runs; this future itself needs few threads of its own. `health` tells whether the scheduler
/// answers.
///
/// # Errors
/// If a port is taken, the scheduler cannot be reached or is of another version.
pub async fn run(options: WorkerOptions, tasks: Handle, health: ExecutorHealth) -> Result<()> {
    let threads =
        options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |cores| cores.get()));
    let memory_limit_bytes = options.memory_limit_bytes.unwrap_or_else(memory::default_limit_bytes);
    let bind = options.bind.clone().unwrap_or_else(|| "127.0.0.1".to_owned());
    let work_folder = match &options.work_folder {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("swath-worker-{}", std::process::id())),
    };
    std::fs::create_dir_all(&work_folder)
        .map_err(|error| Error::Start(format!("the work folder {} cannot be made: {error}", work_folder.display())))?;
    let engine_options = EngineOptions {
        spill_folder: Some(work_folder.join("spill")),
        stores: options.stores.clone(),
        ..Default::default()
    };
    let runtime = runtime_env(&engine_options, threads, memory_limit_bytes)?;
    let store_bytes = (memory_limit_bytes as f64 * options.store_fraction.unwrap_or(0.5)) as usize;
    let listener = TcpListener::bind((bind.as_str(), options.port))
        .await
        .map_err(|error| Error::Start(format!("the worker cannot listen on {bind}:{}: {error}", options.port)))?;
    let port = listener.local_addr().map_err(|error| Error::Start(error.to_string()))?.port();
    let control_port = free_port().await?;
    swath_exec::cancel::inherit();
    crate::client::hello(&options.scheduler.0, options.scheduler.1).await?;
    let id = new_id();
    let shared = Arc::new(Shared {
        handle: tasks,
        outputs: Arc::new(TaskOutputs::new(PartitionStore::new(Arc::clone(&runtime), store_bytes))),
        reports: reports::Reports::default(),
        runtime,
        memory_limit_bytes,
        secrets: Mutex::default(),
        channels: Channels::new(Handle::current()),
        stores: options.stores,
        id: id.clone(),
        draining: options.draining,
    });
    log::info!("worker {id}: {threads} threads, {} MB, data on port {port}", memory_limit_bytes >> 20);
    let flight = FlightServiceServer::new(service::worker_flight(Arc::clone(&shared)))
        .max_encoding_message_size(MAX_MESSAGE_BYTES)
        .max_decoding_message_size(MAX_MESSAGE_BYTES);
    let routes = service::routes(flight, Arc::clone(&shared), health.clone()).merge(orders::routes(control_port)?);
    let config = ExecutorProcessConfig {
        executor_id: id,
        // Only this process talks to that listener: orders come on the public port (`orders`).
        bind_host: "127.0.0.1".to_owned(),
        external_host: options.advertise,
        port,
        grpc_port: control_port,
        scheduler_host: options.scheduler.0,
        scheduler_port: options.scheduler.1,
        scheduler_connect_timeout_seconds: 30,
        vcores: threads,
        task_scheduling_policy: TaskSchedulingPolicy::PushStaged,
        work_dir: Some(work_folder.join("ballista").to_string_lossy().into_owned()),
        grpc_max_decoding_message_size: MAX_MESSAGE_BYTES as u32,
        grpc_max_encoding_message_size: MAX_MESSAGE_BYTES as u32,
        executor_heartbeat_interval_seconds: 5,
        // Zero: Ballista puts no pool of its own around ours.
        memory_pool_size: Some(0),
        override_execution_engine: Some(Arc::new(engine::SwathEngine::new(Arc::clone(&shared)))),
        override_function_registry: Some(state::functions()),
        override_runtime_producer: Some({
            let shared = Arc::clone(&shared);
            Arc::new(move |config: &SessionConfig| shared.runtime_of(config))
        }),
        override_config_producer: Some(Arc::new(state::base_config)),
        override_physical_codec: Some(Arc::new(SwathCodec::default())),
        override_arrow_flight_service: Some(data_service(listener, routes)),
        health,
        ..Default::default()
    };
    let ended = start_executor_process(Arc::new(config)).await;
    if options.work_folder.is_none()
        && let Err(error) = std::fs::remove_dir_all(&work_folder)
    {
        log::debug!("the work folder could not be removed: {error}");
    }
    Ok(ended?)
}

/// A port that was free a moment ago.
async fn free_port() -> Result<u16> {
    let probe = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| Error::Start(error.to_string()))?;
    Ok(probe.local_addr().map_err(|error| Error::Start(error.to_string()))?.port())
}

fn new_id() -> String {
    ballista_core::ids::new_instance_id()
}

/// Serves `router` on `listener`.
fn data_service(listener: TcpListener, router: Router) -> Arc<ballista_executor::ArrowFlightServerProvider> {
    let listener = Mutex::new(Some(listener));
    Arc::new(move |_, _, mut shutdown, _| {
        let (listener, router) = (listener.lock().take(), router.clone());
        tokio::spawn(async move {
            use axum::serve::ListenerExt;
            let Some(listener) = listener else {
                return Err(BallistaError::General("the worker's data port is served already".to_owned()));
            };
            let listener = listener.tap_io(|stream| {
                if let Err(error) = stream.set_nodelay(true) {
                    log::debug!("TCP_NODELAY: {error}");
                }
            });
            // Open connections to other workers must not keep a stopped worker alive.
            tokio::select! {
                served = axum::serve(listener, router) => served.map_err(BallistaError::from),
                () = shutdown.recv() => Ok(()),
            }
        })
    })
}
