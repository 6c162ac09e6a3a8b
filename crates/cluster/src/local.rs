//! A whole cluster on this machine: a scheduler and workers as processes of their own, ended with the value that holds them.
//!
//! Each child watches its standard input, which is a pipe from this process: when this process ends, however it ends, the pipe
//! closes and the child ends, too.
//!
//! A worker that ends by an error, as one whose process a user's function ended, is started again.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::error::{Error, Result};

/// How long a process may take to be ready.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a process may take to end by itself.
const STOP_LIMIT: Duration = Duration::from_millis(300);
/// How often a worker is started again that found its port taken.
const START_ATTEMPTS: usize = 3;
/// How often it is looked whether workers still run.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a [`LocalCluster`] is made from.
#[derive(Clone, Debug)]
pub struct LocalClusterBuilder {
    program: Option<PathBuf>,
    program_arguments: Vec<String>,
    workers: usize,
    threads: usize,
    memory_limit_bytes: Option<usize>,
    port: u16,
    log: Option<String>,
    scheduler_arguments: Vec<String>,
    worker_arguments: Vec<String>,
}

impl LocalClusterBuilder {
    /// Number of workers. Default: 2.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Threads of each worker. Default: 1.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Memory of each worker. Default: 70 % of the machine's, shared by the workers.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit_bytes = Some(bytes);
        self
    }

    /// The scheduler's port. Default: a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The `swath` program. Default: the environment's `SWATH_PROGRAM`, this program if it is `swath`, or `swath` on the path.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// An argument of the program before `scheduler` or `worker`: `-m` and `swath`, say, for a Python that has the package.
    pub fn program_argument(mut self, argument: impl Into<String>) -> Self {
        self.program_arguments.push(argument.into());
        self
    }

    /// What the processes log to standard error, in the form of `RUST_LOG`.
    pub fn log(mut self, filter: impl Into<String>) -> Self {
        self.log = Some(filter.into());
        self
    }

    /// A further argument of `swath scheduler`.
    pub fn scheduler_argument(mut self, argument: impl Into<String>) -> Self {
        self.scheduler_arguments.push(argument.into());
        self
    }

    /// A further argument of `swath worker`.
    pub fn worker_argument(mut self, argument: impl Into<String>) -> Self {
        self.worker_arguments.push(argument.into());
        self
    }

    /// Starts the processes and waits until they are ready.
    ///
    /// # Errors
    /// If a process cannot be started, or is not ready in time; its last words are in the message.
    pub fn start(self) -> Result<LocalCluster> {
        let folder = tempfile::Builder::new()
            .prefix("swath-cluster-")
            .tempdir()
            .map_err(|error| Error::Start(format!("a work folder cannot be made: {error}")))?;
        let program = self.program.clone().unwrap_or_else(default_program);
        let port = self.port.to_string();
        let mut arguments = vec!["scheduler", "--bind", "127.0.0.1", "--port", &port, "--stop-with-input"];
        arguments.extend(self.scheduler_arguments.iter().map(String::as_str));
        let (scheduler, address) = Process::start(&program, &self.program_arguments, &arguments, self.log.as_deref())?;
        let pool = Pool {
            builder: self,
            program,
            address,
            workers: Mutex::default(),
            started: AtomicUsize::new(0),
            folder,
            stopped: Mutex::new(false),
            wake: Condvar::new(),
        };
        let workers = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..pool.builder.workers).map(|_| scope.spawn(|| pool.start_worker())).collect();
            let joined = starts.into_iter().map(|start| match start.join() {
                Ok(started) => started.map(Some),
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect::<Result<Vec<_>>>()
        })?;
        *pool.workers.lock() = workers;
        let pool = Arc::new(pool);
        let supervised = Arc::clone(&pool);
        let supervisor = std::thread::Builder::new()
            .name("swath-supervisor".to_owned())
            .spawn(move || supervised.supervise())
            .map_err(|error| Error::Start(format!("a thread cannot be started: {error}")))?;
        let cluster = LocalCluster { pool, supervisor: Some(supervisor), scheduler };
        Ok(cluster)
    }
}

/// A scheduler and workers on this machine. Dropping it ends them, also when a panic drops it.
#[derive(Debug)]
pub struct LocalCluster {
    pool: Arc<Pool>,
    supervisor: Option<JoinHandle<()>>,
    scheduler: Process,
}

impl Drop for LocalCluster {
    fn drop(&mut self) {
        *self.pool.stopped.lock() = true;
        self.pool.wake.notify_all();
        // It has nothing to say.
        let _ = self.supervisor.take().map(JoinHandle::join);
        self.pool.workers.lock().clear();
    }
}

/// The workers, and what is needed to start more of them.
#[derive(Debug)]
struct Pool {
    builder: LocalClusterBuilder,
    program: PathBuf,
    address: String,
    /// Those that were killed leave an empty place.
    workers: Mutex<Vec<Option<Process>>>,
    started: AtomicUsize,
    folder: tempfile::TempDir,
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl LocalCluster {
    /// Two workers of one thread, unless told otherwise.
    pub fn builder() -> LocalClusterBuilder {
        LocalClusterBuilder {
            program: None,
            program_arguments: vec![],
            workers: 2,
            threads: 1,
            memory_limit_bytes: None,
            port: 0,
            log: None,
            scheduler_arguments: vec![],
            worker_arguments: vec![],
        }
    }

    /// The address to connect to, `swath://host:port`.
    pub fn address(&self) -> &str {
        &self.pool.address
    }

    /// The process of the scheduler.
    pub fn scheduler_id(&self) -> u32 {
        self.scheduler.child.id()
    }

    /// The processes of the workers that were not stopped or killed.
    pub fn worker_ids(&self) -> Vec<u32> {
        self.pool.workers.lock().iter().flatten().map(|worker| worker.child.id()).collect()
    }

    /// Starts one more worker and waits until it is ready.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn add_worker(&mut self) -> Result<()> {
        let worker = self.pool.start_worker()?;
        self.pool.workers.lock().push(Some(worker));
        Ok(())
    }

    /// Ends a worker at once, as a lost machine would, by its number in the order of their starts. It is not started again.
    pub fn kill_worker(&mut self, number: usize) {
        if let Some(worker) = self.pool.workers.lock().get_mut(number) {
            *worker = None;
        }
    }

    /// Whether the worker of that number still runs.
    pub fn is_running(&mut self, number: usize) -> bool {
        let mut workers = self.pool.workers.lock();
        let worker = workers.get_mut(number).and_then(Option::as_mut);
        worker.is_some_and(|worker| matches!(worker.child.try_wait(), Ok(None)))
    }
}

impl Pool {
    /// Looks after the workers until the cluster is dropped.
    fn supervise(&self) {
        let mut stopped = self.stopped.lock();
        while !*stopped {
            self.wake.wait_for(&mut stopped, LOOK_EVERY);
            if !*stopped {
                MutexGuard::unlocked(&mut stopped, || self.replace_failed());
            }
        }
    }

    /// Starts a worker in the place of each that ended by an error. One that was told to end has ended well.
    fn replace_failed(&self) {
        let failed: Vec<usize> = {
            let mut workers = self.workers.lock();
            let places = workers.iter_mut().enumerate();
            places.filter_map(|(number, worker)| worker.as_mut()?.has_failed().then_some(number)).collect()
        };
        for number in failed {
            let started = self.start_worker().inspect_err(|error| log::error!("{error}")).ok();
            // Unless it was killed meanwhile.
            if let Some(place) = self.workers.lock().get_mut(number).filter(|place| place.is_some()) {
                *place = started;
            }
        }
    }

    fn start_worker(&self) -> Result<Process> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let builder = &self.builder;
        let all = builder
            .memory_limit_bytes
            .unwrap_or_else(|| swath_exec::memory::default_limit_bytes() / builder.workers.max(1));
        let (threads, memory) = (builder.threads.to_string(), all.to_string());
        let folder = self.folder.path().join(format!("worker-{number}"));
        let folder = folder.to_string_lossy();
        let mut arguments = vec![
            "worker",
            "--scheduler",
            &self.address,
            "--bind",
            "127.0.0.1",
            "--advertise",
            "127.0.0.1",
            "--threads",
            &threads,
            "--memory",
            &memory,
            "--work-dir",
            &folder,
            "--stop-with-input",
        ];
        arguments.extend(builder.worker_arguments.iter().map(String::as_str));
        let mut attempt = 1;
        loop {
            match Process::start(&self.program, &builder.program_arguments, &arguments, builder.log.as_deref()) {
                Ok((process, _)) => return Ok(process),
                // Another process took the port between its choice and its use.
                Err(_) if attempt < START_ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

fn default_program() -> PathBuf {
    if let Some(program) = std::env::var_os("SWATH_PROGRAM") {
        return program.into();
    }
    match std::env::current_exe() {
        Ok(program) if program.file_stem().is_some_and(|name| name == "swath") => program,
        _ => "swath".into(),
    }
}

/// A child process; dropped, it is ended.
#[derive(Debug)]
struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

/// What is kept of the complaints of a process.
const LAST_WORDS_BYTES: usize = 16 << 10;

impl Process {
    /// Starts `program` and gives its first line of output, which says that it is ready and where.
    fn start(program: &Path, before: &[String], arguments: &[&str], log: Option<&str>) -> Result<(Self, String)> {
        let role = arguments.first().copied().unwrap_or_default();
        let mut command = Command::new(program);
        command.args(before).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C in a terminal is for the program that holds the cluster: it may only mean a query.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        match log {
            Some(filter) => command.env("RUST_LOG", filter).stderr(Stdio::inherit()),
            None => command.stderr(Stdio::piped()),
        };
        let mut child = command
            .spawn()
            .map_err(|error| Error::Start(format!("{} cannot be started: {error}", program.display())))?;
        let input = child.stdin.take();
        let (output, complaints) = (child.stdout.take(), child.stderr.take());
        let mut process = Self { child, input };
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = output.map(|output| BufReader::new(output).lines()).into_iter().flatten();
            let _ = sender.send(lines.next().and_then(std::result::Result::ok));
            // The child must not be stopped by a full pipe.
            lines.for_each(drop);
        });
        let last_words = complaints.map(|mut complaints| {
            std::thread::spawn(move || {
                // The child must not be stopped by a full pipe; only what it said last matters.
                let (mut last, mut read) = (vec![], [0; 4096]);
                while let Ok(bytes @ 1..) = complaints.read(&mut read) {
                    last.extend_from_slice(&read[..bytes]);
                    last.drain(..last.len().saturating_sub(LAST_WORDS_BYTES));
                }
                String::from_utf8_lossy(&last).into_owned()
            })
        });
        match receiver.recv_timeout(START_LIMIT) {
            Ok(Some(line)) => {
                let address = line.split_whitespace().find(|word| word.contains("://")).unwrap_or_default().to_owned();
                Ok((process, address))
            }
            outcome => {
                process.end();
                let words = last_words.and_then(|words| words.join().ok()).unwrap_or_default();
                let why = match outcome {
                    Ok(_) => words.trim().to_owned(),
                    Err(_) => format!("it was not ready after {} s; {}", START_LIMIT.as_secs(), words.trim()),
                };
                Err(Error::Start(format!("swath {role} did not start: {why}")))
            }
        }
    }

    fn has_failed(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(status)) if !status.success())
    }

    fn end(&mut self) {
        drop(self.input.take());
        let asked = Instant::now();
        while asked.elapsed() < STOP_LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // Both fail only if it has ended meanwhile.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A worker that is asked to end tells its scheduler; a killed one does not, which is what this stands for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.end();
    }
}
