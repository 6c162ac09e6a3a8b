//! The jobs of clients: submitted, watched, and freed on every worker when their client is done with them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow_flight::Action;
use arrow_flight::flight_service_client::FlightServiceClient;
use ballista_core::JobId;
use ballista_core::serde::protobuf::{JobStatus, job_status};
use ballista_core::serde::scheduler::ExecutorMetadata;
use ballista_scheduler::cluster::JobState;
use ballista_scheduler::state::execution_graph::ExecutionGraphBox;
use ballista_scheduler::state::task_manager::JobOverview;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::SessionContext;
use datafusion_proto::physical_plan::DefaultPhysicalProtoConverter;
use datafusion_proto::physical_plan::{PhysicalPlanDecodeContext, PhysicalProtoConverterExtension};
use datafusion_proto::protobuf::PhysicalPlanNode;
use parking_lot::Mutex;
use prost::Message;
use swath_exec::{ObjectStores, StoreOptions, WorkersLost};
use tokio::sync::{Notify, mpsc, watch};
use tonic::transport::{Channel, Endpoint};

use super::Server;
use super::losses::{Losses, functions_of, verdict};
use super::parts::Parts;
use super::placement::{LastTask, Notice};
use super::progress::progress;
use crate::codec::SwathCodec;
use crate::failure::marked;
use crate::protocol::{
    Event, FIGURES, FORGET, Figures, Finished, ForgetJob, HOLDING, HeldEntry, Holding, JobName, LivePart,
    MAX_MESSAGE_BYTES, ResultPart, Run, RunEvent, SECRETS, SessionSecrets, TaskFigures, Worker,
};
use crate::state;

/// Status changes of one job that may wait for its client.
const STATUS_BUFFER: usize = 64;

/// How long a worker may take to tell what it holds.
const HOLDING_PATIENCE: Duration = Duration::from_millis(500);

/// How often a client is told how far its job is.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// How long tasks that were cancelled may take to tell what they did, and how often they are asked.
const LAST_FIGURES: (u32, Duration) = (25, Duration::from_millis(20));

/// All jobs of this scheduler's clients.
pub struct Jobs {
    server: Server,
    /// What has ended.
    states: Arc<dyn JobState>,
    channels: Mutex<HashMap<String, Channel>>,
    /// Which worker knows the secrets of which session.
    told: Mutex<HashSet<(String, String)>>,
    stopping: watch::Sender<bool>,
    /// Persisted results by their jobs.
    held: Mutex<BTreeMap<String, HeldEntry>>,
    /// Where the parts of results are made, for the clients that want to read them at once.
    parts: Parts,
    /// Analyzed jobs whose clients may have seen enough.
    enough: Mutex<HashMap<String, Arc<Notify>>>,
    /// Tasks that were lost with their workers.
    losses: Losses,
    /// Jobs that were taken, failed, and that ended well.
    pub(super) counts: Counts,
}

/// What has happened since the start.
#[derive(Default)]
pub(super) struct Counts {
    pub taken: AtomicU64,
    pub failed: AtomicU64,
    pub finished: AtomicU64,
    pub cancelled: AtomicU64,
    /// Stages whose outputs were freed before their job ended.
    pub freed: AtomicU64,
}

impl Jobs {
    pub fn new(server: Server, states: Arc<dyn JobState>) -> Self {
        let (stopping, _) = watch::channel(false);
        let counts = Counts::default();
        Self {
            server,
            states,
            channels: Mutex::default(),
            told: Mutex::default(),
            stopping,
            held: Mutex::default(),
            parts: Parts::default(),
            enough: Mutex::default(),
            losses: Losses::default(),
            counts,
        }
    }

    /// Ends all jobs: their clients are told.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether enough workers are there.
    pub fn is_ready(&self) -> bool {
        self.server.is_ready()
    }

    /// Jobs that run now, and that wait.
    pub fn running(&self) -> (usize, usize) {
        (self.server.running_job_number(), self.server.pending_job_number())
    }

    /// The results that clients have the workers hold.
    pub fn held(&self) -> Vec<HeldEntry> {
        self.held.lock().values().cloned().collect()
    }

    /// The workers that are alive.
    pub async fn workers(&self) -> Vec<Worker> {
        let mut workers: Vec<Worker> = self.metadata().await.iter().map(worker).collect();
        workers.sort_by(|a, b| a.id.cmp(&b.id));
        workers
    }

    /// The same workers, each asked what it holds.
    pub async fn workers_holding(&self) -> Vec<Worker> {
        let metadata = self.metadata().await;
        let asked = metadata.iter().map(|known| async move {
            let answer = tokio::time::timeout(HOLDING_PATIENCE, self.ask::<Holding>(known, HOLDING, vec![])).await;
            Worker { holding: answer.ok().and_then(Result::ok), ..worker(known) }
        });
        let mut workers = futures::future::join_all(asked).await;
        workers.sort_by(|a, b| a.id.cmp(&b.id));
        workers
    }

    /// What is known of each job.
    ///
    /// # Errors
    /// If the scheduler's state cannot be read.
    pub async fn overviews(&self) -> Result<Vec<JobOverview>> {
        self.server.state.task_manager.get_all_jobs().await.map_err(|error| DataFusionError::External(Box::new(error)))
    }

    /// What `read` makes of the stages of a job that runs or has ended lately; `None` if there is none of this name.
    ///
    /// # Errors
    /// If the scheduler's state cannot be read.
    pub async fn look<T>(&self, job: &JobId, read: impl FnOnce(&ExecutionGraphBox) -> T) -> Result<Option<T>> {
        if let Some(running) = self.server.state.task_manager.get_running_job_cache().get(job) {
            return Ok(Some(read(&*running.execution_graph.read().await)));
        }
        let ended = self.states.get_execution_graph(job).await;
        let ended = ended.map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(ended.as_ref().map(read))
    }

    async fn metadata(&self) -> Vec<ExecutorMetadata> {
        let states = self.server.state.executor_manager.get_executors_state().await.unwrap_or_default();
        states.into_iter().map(|(metadata, _, _)| metadata).collect()
    }

    /// Takes a job. Its events come through the receiver; when that is dropped, the job is ended.
    ///
    /// # Errors
    /// If the plan cannot be read, or there is no worker.
    pub async fn run(self: &Arc<Self>, run: Run) -> Result<mpsc::Receiver<RunEvent>> {
        let workers = self.metadata().await;
        if workers.is_empty() {
            return exec_err!("the cluster has no worker; start one with `swath worker --scheduler …`");
        }
        self.tell_secrets(&run, &workers).await?;
        let config = state::config_of(&run.settings);
        // Scans look up their store when they are decoded; nothing is read here.
        let stores = run.store_options.iter().map(|pair| (pair.key.clone(), pair.value.clone())).collect();
        let runtime = RuntimeEnvBuilder::new()
            .with_object_store_registry(Arc::new(ObjectStores::new(StoreOptions(stores))))
            .build_arc()?;
        let session = run.session.clone();
        let entry = run.persist_as.map(|name| HeldEntry { name, session, ..HeldEntry::default() });
        let session = state::session_state(config, Some(run.session), Some(runtime))?;
        let context = Arc::new(SessionContext::new_with_state(session));
        let node = PhysicalPlanNode::decode(run.plan.as_slice())
            .map_err(|error| exec_datafusion_err!("the plan's message is damaged: {error}"))?;
        drop(run.plan);
        let codec = SwathCodec::default();
        let task_context = context.task_ctx();
        let decoding = PhysicalPlanDecodeContext::new(&task_context, &codec);
        let plan = DefaultPhysicalProtoConverter {}.proto_to_execution_plan(&node, &decoding)?;
        let (statuses, changed) = mpsc::channel(STATUS_BUFFER);
        let job = self
            .server
            .submit_physical_plan("query", context, plan, Some(statuses))
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        self.counts.taken.fetch_add(1, Ordering::Relaxed);
        let (events, receiver) = mpsc::channel(STATUS_BUFFER);
        let parts = run.live.then(|| self.parts.listen(job.as_str()));
        let enough = Arc::<Notify>::default();
        if run.analyze {
            self.enough.lock().insert(job.to_string(), Arc::clone(&enough));
        }
        let wanted = Wanted { entry, analyze: run.analyze, enough, parts };
        tokio::spawn(Arc::clone(self).watch(job, wanted, changed, events));
        Ok(receiver)
    }

    /// The client of an analyzed job has all the rows that it wants.
    pub fn enough(&self, job: &str) {
        if let Some(enough) = self.enough.lock().get(job) {
            enough.notify_one();
        }
    }

    /// Passes on what happens to a job until its client goes.
    async fn watch(
        self: Arc<Self>,
        job: JobId,
        mut wanted: Wanted,
        mut changed: mpsc::Receiver<JobStatus>,
        events: mpsc::Sender<RunEvent>,
    ) {
        let mut stopping = self.stopping.subscribe();
        let mut ended = false;
        let mut statuses_end = false;
        let mut told = None;
        let mut alone_since = None;
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + PROGRESS_EVERY, PROGRESS_EVERY);
        let started = RunEvent { event: Some(Event::Started(job.to_string())) };
        let mut open = events.send(started).await.is_ok();
        while open {
            tokio::select! {
                () = events.closed() => open = false,
                () = stopped(&mut stopping) => {
                    let told = Event::Failed("the scheduler was stopped".to_owned());
                    let _ = events.send(RunEvent { event: Some(told) }).await;
                    open = false;
                }
                status = changed.recv(), if !statuses_end => match status.and_then(|status| status.status) {
                    None => statuses_end = changed.is_closed(),
                    Some(status) => if let Some(mut event) = self.event_of(status) {
                        ended = true;
                        self.free_all_but_result(&job, &event);
                        if let (Event::Finished(finished), true) = (&mut event, wanted.analyze) {
                            finished.tasks = self.figures(job.as_str()).await;
                        }
                        if let (Event::Finished(finished), Some(entry)) = (&event, wanted.entry.take()) {
                            let entry = HeldEntry { job: job.to_string(), parts: finished.parts.clone(), ..entry };
                            self.held.lock().insert(job.to_string(), entry);
                        }
                        open = events.send(RunEvent { event: Some(event) }).await.is_ok();
                        statuses_end = true;
                    }
                },
                () = wanted.enough.notified(), if !ended => {
                    (ended, statuses_end) = (true, true);
                    self.cancel(&job).await;
                    let finished = Finished { parts: vec![], tasks: self.last_figures(job.as_str()).await };
                    open = events.send(RunEvent { event: Some(Event::Finished(finished)) }).await.is_ok();
                }
                Some(part) = next(&mut wanted.parts), if !ended => {
                    open = events.send(RunEvent { event: Some(Event::Part(part)) }).await.is_ok();
                }
                _ = ticks.tick(), if !ended => {
                    if let Some(lost) = self.gives_up(&job, &mut alone_since).await {
                        (ended, statuses_end) = (true, true);
                        log::warn!("job {job} is given up: {lost}");
                        self.counts.failed.fetch_add(1, Ordering::Relaxed);
                        self.end(&job).await;
                        let failed = Event::Failed(marked(&lost.into()).to_string());
                        open = events.send(RunEvent { event: Some(failed) }).await.is_ok();
                        continue;
                    }
                    let now = self.look(&job, progress).await.ok().flatten();
                    if let Some(progress) = now.filter(|now| Some(*now) != told) {
                        told = Some(progress);
                        open = events.send(RunEvent { event: Some(Event::Progress(progress)) }).await.is_ok();
                    }
                }
            }
        }
        if !ended {
            self.cancel(&job).await;
        }
        self.enough.lock().remove(job.as_str());
        self.parts.forget(job.as_str());
        self.losses.forget(job.as_str());
        self.held.lock().remove(job.as_str());
        self.forget(ForgetJob { job: job.to_string(), ..Default::default() }).await;
    }

    /// Why a job whose tasks take their workers with them is not tried again.
    async fn gives_up(&self, job: &JobId, alone_since: &mut Option<Instant>) -> Option<WorkersLost> {
        let (stage, times) = self.losses.most(job.as_str())?;
        match self.metadata().await.is_empty() {
            true => *alone_since = alone_since.or_else(|| Some(Instant::now())),
            false => *alone_since = None,
        }
        let functions = self.look(job, |graph| functions_of(graph, stage)).await.ok().flatten().unwrap_or_default();
        verdict(times, stage, &functions, *alone_since)
    }

    async fn cancel(&self, job: &JobId) {
        self.counts.cancelled.fetch_add(1, Ordering::Relaxed);
        self.end(job).await;
    }

    async fn end(&self, job: &JobId) {
        if let Err(error) = self.server.cancel_job(job.clone()).await {
            log::warn!("job {job} could not be cancelled: {error}");
        }
    }

    /// What led to a result is of no more use; its client need not wait for that.
    fn free_all_but_result(self: &Arc<Self>, job: &JobId, event: &Event) {
        let Event::Finished(finished) = event else { return };
        let Some(result) = finished.parts.first() else { return };
        let forget = ForgetJob { job: job.to_string(), all_but: Some(result.stage), ..Default::default() };
        let jobs = Arc::clone(self);
        tokio::spawn(async move { jobs.forget(forget).await });
    }

    /// Frees stages that have been read by all who read them, and tells clients where the parts of their results are made.
    pub async fn take_notices(self: Arc<Self>, mut notices: mpsc::UnboundedReceiver<Notice>) {
        while let Some(notice) = notices.recv().await {
            match notice {
                Notice::Freed(job, stage) => {
                    self.counts.freed.fetch_add(1, Ordering::Relaxed);
                    let jobs = Arc::clone(&self);
                    let forget = ForgetJob { job, stage: Some(stage), ..Default::default() };
                    tokio::spawn(async move { jobs.forget(forget).await });
                }
                Notice::Lost(job, stage) => self.losses.add(job, stage),
                Notice::Last(task) => self.add_parts(task).await,
            }
        }
    }

    async fn add_parts(&self, task: LastTask) {
        let metadata = self.server.state.executor_manager.get_executor_metadata(&task.worker).await;
        let Ok(worker) = metadata else { return };
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let address = format!("{}:{}", worker.host, worker.port);
        let parts = task.partitions.iter().map(|partition| LivePart {
            address: address.clone(),
            stage: number(task.stage),
            attempt: number(task.attempt),
            partition: number(*partition),
            task: number(task.task),
        });
        self.parts.add(task.job.clone(), parts);
    }

    fn event_of(&self, status: job_status::Status) -> Option<Event> {
        match status {
            job_status::Status::Queued(_) | job_status::Status::Running(_) => None,
            job_status::Status::Failed(failed) => {
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
                Some(Event::Failed(failed.error))
            }
            job_status::Status::Successful(done) => {
                self.counts.finished.fetch_add(1, Ordering::Relaxed);
                let parts = done.partition_location.into_iter().map(|location| {
                    let (partition, worker) = (location.partition_id?, location.executor_meta?);
                    let statistics = location.partition_stats?;
                    Some(ResultPart {
                        address: format!("{}:{}", worker.host, worker.port),
                        stage: partition.stage_id,
                        partition: partition.partition_id,
                        task: u32::try_from(location.file_id?).ok()?,
                        rows: u64::try_from(statistics.num_rows).ok()?,
                        bytes: u64::try_from(statistics.num_bytes).unwrap_or_default(),
                        worker: worker.id,
                    })
                });
                Some(match parts.collect::<Option<Vec<_>>>() {
                    Some(parts) => Event::Finished(Finished { parts, tasks: vec![] }),
                    None => Event::Failed("the place of a result is incomplete".to_owned()),
                })
            }
        }
    }

    /// What the tasks of a job did, as far as their workers still answer.
    async fn figures(&self, job: &str) -> Vec<TaskFigures> {
        let body = JobName { job: job.to_owned() }.encode_to_vec();
        let mut tasks = vec![];
        for worker in self.metadata().await {
            match self.ask::<Figures>(&worker, FIGURES, body.clone()).await {
                Ok(figures) => tasks.extend(figures.tasks),
                Err(error) => log::warn!("worker {} does not tell what its tasks did: {error}", worker.id),
            }
        }
        tasks
    }

    /// The same for a job that was cancelled: its tasks end a moment later.
    async fn last_figures(&self, job: &str) -> Vec<TaskFigures> {
        let (times, pause) = LAST_FIGURES;
        let mut known = vec![];
        for _ in 0..times {
            tokio::time::sleep(pause).await;
            let now = self.figures(job).await;
            if !now.is_empty() && now == known {
                break;
            }
            known = now;
        }
        known
    }

    /// Frees what the workers hold of a job.
    async fn forget(&self, what: ForgetJob) {
        let body = what.encode_to_vec();
        for worker in self.metadata().await {
            if let Err(error) = self.tell(&worker, FORGET, body.clone()).await {
                log::debug!("worker {} could not be told to free {what:?}: {error}", worker.id);
            }
        }
    }

    async fn tell_secrets(&self, run: &Run, workers: &[ExecutorMetadata]) -> Result<()> {
        if run.store_options.is_empty() {
            return Ok(());
        }
        let secrets = SessionSecrets { session: run.session.clone(), store_options: run.store_options.clone() };
        for worker in workers {
            let key = (worker.id.clone(), run.session.clone());
            if self.told.lock().contains(&key) {
                continue;
            }
            self.tell(worker, SECRETS, secrets.encode_to_vec()).await.map_err(|error| {
                exec_datafusion_err!("worker {} could not be given the session's store options: {error}", worker.id)
            })?;
            self.told.lock().insert(key);
        }
        Ok(())
    }

    async fn tell(&self, worker: &ExecutorMetadata, action: &str, body: Vec<u8>) -> Result<(), tonic::Status> {
        self.send(worker, action, body).await.map(|_| ())
    }

    async fn ask<M: Message + Default>(
        &self,
        worker: &ExecutorMetadata,
        action: &str,
        body: Vec<u8>,
    ) -> Result<M, tonic::Status> {
        let answer = self.send(worker, action, body).await?.message().await?.unwrap_or_default();
        M::decode(answer.body).map_err(|error| tonic::Status::internal(error.to_string()))
    }

    async fn send(
        &self,
        worker: &ExecutorMetadata,
        action: &str,
        body: Vec<u8>,
    ) -> Result<tonic::Streaming<arrow_flight::Result>, tonic::Status> {
        let address = format!("{}:{}", worker.host, worker.port);
        let channel = match self.channels.lock().entry(address.clone()) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.get().clone(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let endpoint = Endpoint::from_shared(format!("http://{address}"))
                    .map_err(|error| tonic::Status::internal(error.to_string()))?;
                entry.insert(endpoint.tcp_nodelay(true).connect_lazy()).clone()
            }
        };
        let mut client = FlightServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        client.do_action(Action { r#type: action.to_owned(), body: body.into() }).await.map(tonic::Response::into_inner)
    }
}

/// What the client of a job wants beside the result.
struct Wanted {
    /// An entry in the list of persisted results.
    entry: Option<HeldEntry>,
    /// What each task did.
    analyze: bool,
    /// Told when an analyzed job may end.
    enough: Arc<Notify>,
    /// The parts of the result as they are begun.
    parts: Option<mpsc::UnboundedReceiver<LivePart>>,
}

async fn next(parts: &mut Option<mpsc::UnboundedReceiver<LivePart>>) -> Option<LivePart> {
    match parts {
        Some(parts) => parts.recv().await,
        None => std::future::pending().await,
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        std::future::pending().await
    }
}

fn worker(metadata: &ExecutorMetadata) -> Worker {
    Worker {
        id: metadata.id.clone(),
        address: format!("{}:{}", metadata.host, metadata.port),
        threads: metadata.specification.vcores,
        holding: None,
    }
}
