//! `swath scheduler`, `swath worker` and `swath cluster`: the arguments, and what they start.
//!
//! A value comes from its flag, else from the environment (`SWATH_WORKER_THREADS` for `--threads` of a worker), else from the file
//! that `--config` names (`threads = 4` under `[worker]`), else it is the default.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow_flight::flight_service_server::FlightService;
use ballista_executor::health::ExecutorHealth;
use swath_exec::{ByteSize, StoreOptions};
use tokio::runtime::{Builder, Runtime};

use crate::client::parse_address;
use crate::error::{Error, Result};
use crate::local::LocalCluster;
use crate::scheduler::{Front, Scheduler, SchedulerOptions, SqlLimits};
use crate::worker::{self, WorkerOptions};

/// How long open connections are waited for when a scheduler stops.
const CONNECTIONS_LIMIT: Duration = Duration::from_millis(500);
/// How long a worker's running tasks are waited for when it is told to stop.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);
/// How long a worker's scheduler may be silent before the worker ends whatever still runs. Ballista ends an idle one some seconds earlier.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);
/// The least memory that a worker can do anything with.
const LEAST_MEMORY: usize = 16 << 20;

/// Start the scheduler of a cluster.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  swath scheduler                            on this machine only, port 7050
  swath scheduler --bind 0.0.0.0 --advertise scheduler.example.org
Environment: SWATH_SCHEDULER_BIND, SWATH_SCHEDULER_PORT, …; flags win over it, and it over --config.
On the same port: Flight SQL, and HTTP /healthz, /readyz, /metrics, /api/v1.")]
pub struct SchedulerArgs {
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// The port for clients and workers; 0 takes a free one [default: 7050]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// The host by which workers reach the scheduler [default: that of --bind]
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Workers that /readyz waits for [default: 1]
    #[arg(long, value_name = "N")]
    min_workers: Option<String>,
    /// Seconds without a word from a worker after which it counts as lost [default: 60]
    #[arg(long, value_name = "SECONDS")]
    worker_timeout: Option<String>,
    /// Sessions that Flight SQL clients may have open at one time [default: 16]
    #[arg(long, value_name = "N")]
    sql_sessions: Option<String>,
    /// Memory that operators of one such session may hold here, and as much its tables in memory [default: 256MB]
    #[arg(long, value_name = "SIZE")]
    sql_session_memory: Option<String>,
    /// Seconds without a call after which such a session ends [default: 1800]
    #[arg(long, value_name = "SECONDS")]
    sql_session_idle: Option<String>,
    /// A TOML file with the same names under `[scheduler]`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// End when standard input ends
    #[arg(long, hide = true)]
    stop_with_input: bool,
}

/// Start a worker of a cluster.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  swath worker --scheduler swath://scheduler.example.org:7050
  swath worker --scheduler swath://localhost:7050 --threads 4 --memory 8GB --work-dir /fast/disk
Environment: SWATH_WORKER_SCHEDULER, SWATH_WORKER_THREADS, …; flags win over it, and it over --config.
SIGTERM lets running tasks finish. HTTP on the data port: /healthz, /readyz, /metrics.")]
pub struct WorkerArgs {
    /// The scheduler [default: swath://localhost:7050]
    #[arg(long, value_name = "ADDRESS")]
    scheduler: Option<String>,
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// The port for the scheduler, workers and clients; 0 takes a free one [default: 0]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// The host by which others reach this worker [default: as the scheduler sees it]
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    threads: Option<String>,
    /// Memory for operators and the partition store, for instance 8GB [default: 70% of the machine's]
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// The share of the memory that the partition store may hold [default: 0.5]
    #[arg(long, value_name = "SHARE")]
    store_fraction: Option<String>,
    /// Where operators and the partition store spill [default: a folder in the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<String>,
    /// A TOML file with the same names under `[worker]`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// End when standard input ends
    #[arg(long, hide = true)]
    stop_with_input: bool,
}

/// Start a whole cluster on this machine; Ctrl-C ends it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  swath cluster --workers 2
  swath sql --connect swath://localhost:7050")]
pub struct ClusterArgs {
    /// Workers
    #[arg(long, value_name = "N", default_value_t = 2)]
    workers: usize,
    /// Threads of each worker [default: the cores, shared by the workers]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory of each worker, for instance 4GB [default: 70% of the machine's, shared by the workers]
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// The scheduler's port; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 7050)]
    port: u16,
}

/// Values of one process from flags, the environment and a file.
struct Values {
    section: &'static str,
    file: HashMap<String, String>,
}

impl Values {
    fn new(section: &'static str, file: Option<&Path>, known: &[&str]) -> Result<Self> {
        let Some(path) = file else { return Ok(Self { section, file: HashMap::new() }) };
        let wrong = |why: String| Error::Start(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let tables: HashMap<String, HashMap<String, toml::Value>> =
            toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut file = HashMap::new();
        for (key, value) in
            tables.into_iter().find(|(name, _)| name == section).map(|(_, table)| table).unwrap_or_default()
        {
            if !known.contains(&key.as_str()) {
                return Err(wrong(format!(
                    "unknown key '{key}' under [{section}]; expected one of {}",
                    known.join(", ")
                )));
            }
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                _ => return Err(wrong(format!("expected text or a number for '{key}' under [{section}]"))),
            };
            file.insert(key, text);
        }
        Ok(Self { section, file })
    }

    fn text(&self, name: &str, flag: Option<&String>) -> Option<String> {
        let variable = format!("SWATH_{}_{}", self.section, name).to_ascii_uppercase();
        flag.cloned().or_else(|| std::env::var(variable).ok()).or_else(|| self.file.get(name).cloned())
    }

    fn parsed<T: FromStr>(&self, name: &str, flag: Option<&String>, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name, flag) else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Error::Start(format!("{name} of the {}: expected {expected}, got '{text}'", self.section))),
        }
    }
}

/// Runs `swath scheduler`, with the Flight service that `flight` makes, until it is told to stop.
///
/// # Errors
/// If an option is wrong, or the port is taken.
pub fn run_scheduler<F: FlightService>(args: &SchedulerArgs, flight: impl FnOnce(Front) -> F) -> Result<ExitCode> {
    let known = [
        "bind",
        "port",
        "advertise",
        "min_workers",
        "worker_timeout",
        "sql_sessions",
        "sql_session_memory",
        "sql_session_idle",
    ];
    let values = Values::new("scheduler", args.config.as_deref(), &known)?;
    let default = SchedulerOptions::default();
    let memory = values.text("sql_session_memory", args.sql_session_memory.as_ref());
    let sql = SqlLimits {
        sessions: values
            .parsed("sql_sessions", args.sql_sessions.as_ref(), "a number")?
            .unwrap_or(default.sql.sessions),
        session_memory_bytes: memory
            .as_deref()
            .map(parse_bytes)
            .transpose()?
            .unwrap_or(default.sql.session_memory_bytes),
        session_idle_seconds: values
            .parsed("sql_session_idle", args.sql_session_idle.as_ref(), "a number of seconds")?
            .unwrap_or(default.sql.session_idle_seconds),
    };
    let options = SchedulerOptions {
        bind: values.text("bind", args.bind.as_ref()).unwrap_or(default.bind),
        port: values.parsed("port", args.port.as_ref(), "a port")?.unwrap_or(default.port),
        advertise: values.text("advertise", args.advertise.as_ref()),
        min_workers: values
            .parsed("min_workers", args.min_workers.as_ref(), "a number")?
            .unwrap_or(default.min_workers),
        worker_timeout_seconds: values
            .parsed("worker_timeout", args.worker_timeout.as_ref(), "a number of seconds")?
            .unwrap_or(default.worker_timeout_seconds),
        sql,
    };
    let runtime = runtime("swath-scheduler", 2)?;
    let stop_with_input = args.stop_with_input;
    let served = runtime.block_on(async {
        let scheduler = Scheduler::bind(options).await?;
        announce(&format!("scheduler ready: swath://{}", scheduler.address()));
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let stop = async move {
            stop_signal(stop_with_input).await;
            let _ = stopping.send(());
        };
        let serve = scheduler.serve(flight, stop);
        let limit = async {
            if stopped.await.is_ok() {
                tokio::time::sleep(CONNECTIONS_LIMIT).await;
            }
        };
        tokio::select! {
            served = serve => served,
            () = limit => Ok(()),
        }
    });
    runtime.shutdown_background();
    served.map(|()| ExitCode::SUCCESS)
}

/// Runs `swath worker` until it is told to stop.
///
/// # Errors
/// If an option is wrong, a port is taken, or the scheduler does not answer.
pub fn run_worker(args: &WorkerArgs) -> Result<ExitCode> {
    let known = ["scheduler", "bind", "port", "advertise", "threads", "memory", "store_fraction", "work_dir"];
    let values = Values::new("worker", args.config.as_deref(), &known)?;
    let scheduler = values.text("scheduler", args.scheduler.as_ref()).unwrap_or_else(|| "swath://localhost".to_owned());
    let memory = values.text("memory", args.memory.as_ref());
    let threads: Option<usize> = values.parsed("threads", args.threads.as_ref(), "a number")?;
    if threads == Some(0) {
        return Err(Error::Start("threads of the worker: expected at least 1, got 0".to_owned()));
    }
    let store_fraction: Option<f64> = values.parsed("store_fraction", args.store_fraction.as_ref(), "a share")?;
    if store_fraction.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        return Err(Error::Start("store_fraction of the worker: expected a share between 0 and 1".to_owned()));
    }
    let memory = memory.as_deref().map(parse_bytes).transpose()?;
    if let Some(bytes) = memory.filter(|bytes| *bytes < LEAST_MEMORY) {
        return Err(Error::Start(format!("memory of the worker: expected at least 16MB, got {bytes} bytes")));
    }
    let options = WorkerOptions {
        scheduler: parse_address(&scheduler)?,
        bind: values.text("bind", args.bind.as_ref()),
        port: values.parsed("port", args.port.as_ref(), "a port")?.unwrap_or(0),
        advertise: values.text("advertise", args.advertise.as_ref()),
        threads,
        memory_limit_bytes: memory,
        store_fraction,
        work_folder: values.text("work_dir", args.work_dir.as_ref()).map(PathBuf::from),
        stores: StoreOptions::default(),
        draining: Arc::default(),
    };
    let draining = Arc::clone(&options.draining);
    let tasks = runtime("swath-worker", threads.unwrap_or_else(cores))?;
    let network = runtime("swath-network", 2)?;
    let health = ExecutorHealth::new();
    let stop_with_input = args.stop_with_input;
    let handle = tasks.handle().clone();
    let ended = network.block_on(async {
        let (ready, lost) = (health.clone(), health.clone());
        tokio::spawn(async move {
            while !ready.is_ready() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            announce("worker ready");
        });
        tokio::select! {
            ended = worker::run(options, handle, health) => ended,
            () = input_ended(), if stop_with_input => Ok(()),
            () = drain_limit(&draining) => Err(Error::Start("running tasks did not finish in time".to_owned())),
            () = silence(lost) => Err(Error::Start(format!(
                "the scheduler has not answered for {} seconds",
                SILENCE_LIMIT.as_secs()
            ))),
        }
    });
    tasks.shutdown_background();
    network.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}

/// Runs `swath cluster` until Ctrl-C.
///
/// # Errors
/// If a process cannot be started.
pub fn run_cluster(args: &ClusterArgs) -> Result<ExitCode> {
    let threads = args.threads.unwrap_or_else(|| (cores() / args.workers.max(1)).max(1));
    if args.workers == 0 {
        return Err(Error::Start("workers of the cluster: expected at least 1, got 0".to_owned()));
    }
    let mut builder = LocalCluster::builder().workers(args.workers).threads(threads).port(args.port);
    if let Some(memory) = &args.memory {
        builder = builder.memory_limit(parse_bytes(memory)?);
    }
    let runtime = runtime("swath-cluster", 1)?;
    let cluster = builder.start()?;
    announce(&format!(
        "cluster ready: {} ({} workers of {threads} threads); Ctrl-C ends it",
        cluster.address(),
        args.workers
    ));
    runtime.block_on(stop_signal(false));
    drop(cluster);
    Ok(ExitCode::SUCCESS)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get())
}

fn runtime(name: &str, threads: usize) -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name(name)
        // Deep plans and expressions are walked by recursion on these threads.
        .thread_stack_size(8 << 20)
        .enable_all()
        .build()
        .map_err(|error| Error::Start(format!("threads cannot be started: {error}")))
}

/// The bytes in a size such as `4GB`.
fn parse_bytes(text: &str) -> Result<usize> {
    let size: ByteSize = text.parse().map_err(|error| Error::Start(format!("memory: {error}")))?;
    usize::try_from(size.0).map_err(|_| Error::Start(format!("memory: {text} is more than this machine can address")))
}

fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody has to listen.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Completes on Ctrl-C, SIGTERM, or at the end of standard input if asked for.
async fn stop_signal(with_input: bool) {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated() => {}
        () = input_ended(), if with_input => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// Completes some time after the process was told to stop.
async fn drain_limit(draining: &AtomicBool) {
    stop_signal(false).await;
    draining.store(true, Ordering::Relaxed);
    log::warn!("told to stop: running tasks may take {} seconds more", DRAIN_LIMIT.as_secs());
    tokio::time::sleep(DRAIN_LIMIT).await;
}

/// Ends when the scheduler has been silent for too long, once it was there.
async fn silence(health: ExecutorHealth) {
    let mut heard = None;
    loop {
        if health.is_ready() {
            heard = Some(Instant::now());
        }
        if heard.is_some_and(|heard| heard.elapsed() > SILENCE_LIMIT) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn input_ended() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // A blocked read cannot be cancelled, so it gets a thread that nobody waits for.
    std::thread::spawn(move || {
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    let _ = receiver.await;
}
