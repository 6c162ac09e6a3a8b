//! What client, scheduler and workers say to each other beside Ballista's own messages: Flight actions with protobuf bodies.

use std::time::Duration;

use prost::Message;
use swath_planner::analyze::progress::Progress;
use swath_planner::analyze::{OperatorReport, TaskReport};

/// The version of this program. Two processes of different versions do not work together: a plan's wire form is not kept
/// stable between them.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The largest message: a plan with the in-memory tables that it reads.
pub const MAX_MESSAGE_BYTES: usize = 1 << 30;

/// The action by which a peer introduces itself: [`Hello`] to [`Welcome`].
pub const HELLO: &str = "swath.hello";
/// The action by which a client runs a plan: [`Run`] to a stream of [`RunEvent`]. When the client drops the stream, the job is
/// cancelled, if it still runs, and everything that it holds is freed.
pub const RUN: &str = "swath.run";
/// The action by which the scheduler tells a worker the secrets of a session: [`SessionSecrets`].
pub const SECRETS: &str = "swath.secrets";
/// The action by which the scheduler tells a worker to free what it holds of a job: [`ForgetJob`].
pub const FORGET: &str = "swath.forget";

/// The action by which the scheduler asks a worker what its tasks of a job did: [`JobName`] to [`Figures`].
pub const FIGURES: &str = "swath.figures";
/// The action by which a client asks a worker whether it holds outputs: [`Holds`].
pub const HOLDS: &str = "swath.holds";
/// The action by which the scheduler watches a worker: the worker's id, and then nothing as long as it lives.
pub const WATCH: &str = "swath.watch";
/// The action by which the scheduler asks a worker what it holds: a [`Holding`].
pub const HOLDING: &str = "swath.holding";
/// The action by which a client asks the scheduler for its workers and what each holds: a [`WorkerList`].
pub const WORKERS: &str = "swath.workers";
/// The action by which a client says that it wants no more rows of a plan that it analyzes: [`JobName`]. The job is cancelled, and its
/// [`Finished`] tells what the tasks had done by then.
pub const ENOUGH: &str = "swath.enough";
/// The action by which a client asks the scheduler what is persisted: [`HeldList`].
pub const HELD: &str = "swath.held";

/// Who is there.
#[derive(Clone, PartialEq, Message)]
pub struct Hello {
    /// The caller's version.
    #[prost(string, tag = "1")]
    pub version: String,
}

/// Who answers.
#[derive(Clone, PartialEq, Message)]
pub struct Welcome {
    /// The version of the process that answers.
    #[prost(string, tag = "1")]
    pub version: String,
    /// The workers that are there.
    #[prost(message, repeated, tag = "2")]
    pub workers: Vec<Worker>,
}

/// A worker as the scheduler knows it.
#[derive(Clone, PartialEq, Message)]
pub struct Worker {
    /// Its id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The address where it serves data, `host:port`.
    #[prost(string, tag = "2")]
    pub address: String,
    /// Its threads.
    #[prost(uint32, tag = "3")]
    pub threads: u32,
    /// What it holds; none if it was not asked, or did not answer.
    #[prost(message, optional, tag = "4")]
    pub holding: Option<Holding>,
}

/// What a worker holds now.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Holding {
    /// The bytes that operators and the partition store may take together.
    #[prost(uint64, tag = "1")]
    pub memory_limit_bytes: u64,
    /// Those that they take.
    #[prost(uint64, tag = "2")]
    pub memory_reserved_bytes: u64,
    /// Bytes of the process in memory; zero where the system does not tell.
    #[prost(uint64, tag = "3")]
    pub resident_bytes: u64,
    /// Outputs of tasks that are held: of jobs that run, of results that nobody has fetched yet, and of persisted ones.
    #[prost(uint64, tag = "4")]
    pub outputs: u64,
    /// What these take in memory.
    #[prost(uint64, tag = "5")]
    pub store_memory_bytes: u64,
    /// What these take on disk.
    #[prost(uint64, tag = "6")]
    pub store_disk_bytes: u64,
    /// Bytes that operators have spilled.
    #[prost(uint64, tag = "7")]
    pub spilled_bytes: u64,
    /// Whether it was told to stop, and takes no more tasks.
    #[prost(bool, tag = "8")]
    pub is_draining: bool,
}

/// The workers of a scheduler.
#[derive(Clone, PartialEq, Message)]
pub struct WorkerList {
    /// Those that are alive, by their ids.
    #[prost(message, repeated, tag = "1")]
    pub workers: Vec<Worker>,
}

/// A name with a value.
#[derive(Clone, PartialEq, Message)]
pub struct Pair {
    /// The name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A plan to run.
#[derive(Clone, PartialEq, Message)]
pub struct Run {
    /// The client's version.
    #[prost(string, tag = "1")]
    pub version: String,
    /// The client's session.
    #[prost(string, tag = "2")]
    pub session: String,
    /// Its settings.
    #[prost(message, repeated, tag = "3")]
    pub settings: Vec<Pair>,
    /// Its credentials and options of object stores. They are kept in memory only, and never logged.
    #[prost(message, repeated, tag = "4")]
    pub store_options: Vec<Pair>,
    /// The physical plan.
    #[prost(bytes = "vec", tag = "5")]
    pub plan: Vec<u8>,
    /// Whether the client wants to know what each task did.
    #[prost(bool, tag = "7")]
    pub analyze: bool,
    /// Set if the result is to be persisted: the name in lists.
    #[prost(string, optional, tag = "6")]
    pub persist_as: Option<String>,
    /// Whether the client wants to read the result while it is made: it is told of each [`LivePart`].
    #[prost(bool, tag = "8")]
    pub live: bool,
}

/// What happens to a job.
#[derive(Clone, PartialEq, Message)]
pub struct RunEvent {
    /// What happened.
    #[prost(oneof = "Event", tags = "1, 2, 3, 4, 5")]
    pub event: Option<Event>,
}

/// What may happen to a job.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Event {
    /// It was taken, under this id.
    #[prost(string, tag = "1")]
    Started(String),
    /// It has ended, and its result lies on the workers.
    #[prost(message, tag = "2")]
    Finished(Finished),
    /// It failed.
    #[prost(string, tag = "3")]
    Failed(String),
    /// A part of the result is about to be made.
    #[prost(message, tag = "4")]
    Part(LivePart),
    /// How far it is.
    #[prost(message, tag = "5")]
    Progress(JobProgress),
}

/// A part of a result that a worker was told to make.
#[derive(Clone, PartialEq, Message)]
pub struct LivePart {
    /// The worker, `host:port`.
    #[prost(string, tag = "1")]
    pub address: String,
    /// The last stage.
    #[prost(uint32, tag = "2")]
    pub stage: u32,
    /// How often that stage was begun before.
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    /// The partition.
    #[prost(uint32, tag = "4")]
    pub partition: u32,
    /// The task.
    #[prost(uint32, tag = "5")]
    pub task: u32,
}

/// How far a job is.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct JobProgress {
    /// Stages of the job.
    #[prost(uint64, tag = "1")]
    pub stages: u64,
    /// Those that have ended.
    #[prost(uint64, tag = "2")]
    pub stages_done: u64,
    /// Partitions of the stages that are known so far.
    #[prost(uint64, tag = "3")]
    pub partitions: u64,
    /// Those that have ended.
    #[prost(uint64, tag = "4")]
    pub partitions_done: u64,
    /// Rows that tasks have made.
    #[prost(uint64, tag = "5")]
    pub rows: u64,
    /// Bytes that tasks have made.
    #[prost(uint64, tag = "6")]
    pub bytes: u64,
}

/// Where the result of a job lies.
#[derive(Clone, PartialEq, Message)]
pub struct Finished {
    /// Its parts.
    #[prost(message, repeated, tag = "1")]
    pub parts: Vec<ResultPart>,
    /// What its tasks did, if the client asked.
    #[prost(message, repeated, tag = "2")]
    pub tasks: Vec<TaskFigures>,
}

/// A job by its id.
#[derive(Clone, PartialEq, Message)]
pub struct JobName {
    /// Its id.
    #[prost(string, tag = "1")]
    pub job: String,
}

/// What tasks did.
#[derive(Clone, PartialEq, Message)]
pub struct Figures {
    /// A task each.
    #[prost(message, repeated, tag = "1")]
    pub tasks: Vec<TaskFigures>,
}

/// What one task did.
#[derive(Clone, PartialEq, Message)]
pub struct TaskFigures {
    /// Its stage.
    #[prost(uint32, tag = "1")]
    pub stage: u32,
    /// Its number in the stage.
    #[prost(uint32, tag = "2")]
    pub task: u32,
    /// Rows that it made.
    #[prost(uint64, tag = "3")]
    pub rows: u64,
    /// Bytes that it made.
    #[prost(uint64, tag = "4")]
    pub bytes: u64,
    /// Nanoseconds from its start to its end.
    #[prost(uint64, tag = "5")]
    pub elapsed_nanos: u64,
    /// Its operators, outermost first.
    #[prost(message, repeated, tag = "6")]
    pub operators: Vec<OperatorFigures>,
}

/// What one operator did: an [`OperatorReport`] on its way.
#[derive(Clone, PartialEq, Message)]
pub struct OperatorFigures {
    /// Steps from the root of the plan.
    #[prost(uint32, tag = "1")]
    pub depth: u32,
    /// As EXPLAIN prints it.
    #[prost(string, tag = "2")]
    pub description: String,
    /// Rows that it gave out.
    #[prost(uint64, optional, tag = "3")]
    pub rows: Option<u64>,
    /// Bytes that it gave out.
    #[prost(uint64, optional, tag = "4")]
    pub bytes: Option<u64>,
    /// Nanoseconds of a processor.
    #[prost(uint64, optional, tag = "5")]
    pub compute_nanos: Option<u64>,
    /// Times that it spilled.
    #[prost(uint64, tag = "6")]
    pub spills: u64,
    /// Bytes that it spilled.
    #[prost(uint64, tag = "7")]
    pub spilled_bytes: u64,
}

impl From<JobProgress> for Progress {
    fn from(progress: JobProgress) -> Self {
        Self {
            stages: number(progress.stages),
            stages_done: number(progress.stages_done),
            tasks: number(progress.partitions),
            tasks_done: number(progress.partitions_done),
            rows: number(progress.rows),
            bytes: number(progress.bytes),
        }
    }
}

/// All processes have as many bits.
fn number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

impl From<OperatorReport> for OperatorFigures {
    fn from(report: OperatorReport) -> Self {
        Self {
            depth: u32::try_from(report.depth).unwrap_or(u32::MAX),
            description: report.description,
            rows: report.rows.map(|rows| rows as u64),
            bytes: report.bytes.map(|bytes| bytes as u64),
            compute_nanos: report.compute.map(nanos),
            spills: report.spills as u64,
            spilled_bytes: report.spilled_bytes as u64,
        }
    }
}

impl From<OperatorFigures> for OperatorReport {
    fn from(figures: OperatorFigures) -> Self {
        Self {
            // What a peer says decides how far a line is indented.
            depth: number(figures.depth.into()).min(256),
            description: figures.description,
            rows: figures.rows.map(number),
            bytes: figures.bytes.map(number),
            compute: figures.compute_nanos.map(Duration::from_nanos),
            spills: number(figures.spills),
            spilled_bytes: number(figures.spilled_bytes),
        }
    }
}

impl TaskFigures {
    /// As the task of `job` reports it.
    pub fn into_report(self, job: &str) -> TaskReport {
        TaskReport {
            job: job.to_owned(),
            stage: self.stage,
            task: self.task,
            rows: usize::try_from(self.rows).unwrap_or(usize::MAX),
            bytes: usize::try_from(self.bytes).unwrap_or(usize::MAX),
            elapsed: Duration::from_nanos(self.elapsed_nanos),
            operators: self.operators.into_iter().map(OperatorReport::from).collect(),
        }
    }
}

/// Nanoseconds, which fit for 584 years.
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A part of one partition of a result.
#[derive(Clone, PartialEq, Message)]
pub struct ResultPart {
    /// The worker that holds it, `host:port`.
    #[prost(string, tag = "1")]
    pub address: String,
    /// The last stage.
    #[prost(uint32, tag = "2")]
    pub stage: u32,
    /// The partition.
    #[prost(uint32, tag = "3")]
    pub partition: u32,
    /// The task that made it.
    #[prost(uint32, tag = "4")]
    pub task: u32,
    /// Its rows.
    #[prost(uint64, tag = "5")]
    pub rows: u64,
    /// Its bytes, as batches in memory.
    #[prost(uint64, tag = "6")]
    pub bytes: u64,
    /// The id of the worker.
    #[prost(string, tag = "7")]
    pub worker: String,
}

/// Where one partition of a persisted result lies: what a scan of it gets in the place of a file.
#[derive(Clone, PartialEq, Message)]
pub struct HeldPlace {
    /// The job that made it.
    #[prost(string, tag = "1")]
    pub job: String,
    /// Its parts.
    #[prost(message, repeated, tag = "2")]
    pub parts: Vec<ResultPart>,
}

/// Outputs that a worker is asked for.
#[derive(Clone, PartialEq, Message)]
pub struct Holds {
    /// The job.
    #[prost(string, tag = "1")]
    pub job: String,
    /// The outputs.
    #[prost(message, repeated, tag = "2")]
    pub parts: Vec<ResultPart>,
}

/// The persisted results of all sessions.
#[derive(Clone, PartialEq, Message)]
pub struct HeldList {
    /// One for each.
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<HeldEntry>,
}

/// A persisted result.
#[derive(Clone, PartialEq, Message)]
pub struct HeldEntry {
    /// Its name; empty for a frame's result.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The session that holds it.
    #[prost(string, tag = "2")]
    pub session: String,
    /// Where its parts lie.
    #[prost(message, repeated, tag = "3")]
    pub parts: Vec<ResultPart>,
    /// The job that made it.
    #[prost(string, tag = "4")]
    pub job: String,
}

/// Credentials and options of object stores of one session.
#[derive(Clone, PartialEq, Message)]
pub struct SessionSecrets {
    /// The session.
    #[prost(string, tag = "1")]
    pub session: String,
    /// The options.
    #[prost(message, repeated, tag = "2")]
    pub store_options: Vec<Pair>,
}

/// A job that has ended, or stages of it that nobody reads any more.
#[derive(Clone, PartialEq, Message)]
pub struct ForgetJob {
    /// Its id.
    #[prost(string, tag = "1")]
    pub job: String,
    /// Only this stage is free, and the job goes on.
    #[prost(uint32, optional, tag = "2")]
    pub stage: Option<u32>,
    /// All stages but this one are free: it is the result.
    #[prost(uint32, optional, tag = "3")]
    pub all_but: Option<u32>,
}

/// What to tell a peer of another version.
pub fn version_mismatch(peer: &str, theirs: &str) -> String {
    format!(
        "{peer} is of version {theirs}, this process of version {VERSION}; client, scheduler and workers must be of the same \
         version"
    )
}
