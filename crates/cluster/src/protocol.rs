//! What client, scheduler and workers say to each other beside Ballista's own messages: Flight actions with protobuf bodies.

use prost::Message;

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
}

/// What happens to a job.
#[derive(Clone, PartialEq, Message)]
pub struct RunEvent {
    /// What happened.
    #[prost(oneof = "Event", tags = "1, 2, 3")]
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
}

/// Where the result of a job lies.
#[derive(Clone, PartialEq, Message)]
pub struct Finished {
    /// Its parts.
    #[prost(message, repeated, tag = "1")]
    pub parts: Vec<ResultPart>,
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
