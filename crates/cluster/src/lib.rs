//! Queries on many processes: Ballista embedded as a library, with our operators, exchange and processes.
//!
//! A connected session plans as an embedded one does: SQL, catalogs, views and optimiser rules are in the client's process. Its
//! finished physical plan goes to the scheduler, which cuts it into stages; workers run their tasks and hold what they made in
//! their partition stores, memory first, until its readers have it. The client fetches the last stage's partitions from the
//! workers.
//!
//! | module | what |
//! |---|---|
//! | [`actions`] | a Flight service of actions |
//! | [`cli`] | `swath scheduler`, `worker` and `cluster` |
//! | [`client`] | a connection, and what of a plan runs there |
//! | [`codec`] | plans as bytes |
//! | [`error`] | what processes fail with |
//! | [`failure`] | errors that cross processes |
//! | [`local`] | a cluster of processes on this machine |
//! | `not_found` | what answers at addresses at which there is nothing |
//! | [`protocol`] | the messages beside Ballista's |
//! | [`scheduler`] | the scheduler process |
//! | [`settings`] | `swath_cluster.*`, and what plans for a cluster need |
//! | [`state`] | functions and settings that scheduler and workers share |
//! | [`worker`] | the worker process: its tasks, their exchange, and what it serves |

pub mod actions;
pub mod cli;
pub mod client;
pub mod codec;
pub mod error;
pub mod failure;
pub mod local;
mod not_found;
pub mod protocol;
pub mod scheduler;
pub mod settings;
pub mod state;
pub mod worker;

pub use client::{Client, parse_address};
pub use error::{Error, Result};
pub use local::{LocalCluster, LocalClusterBuilder};
pub use protocol::{Holding, Worker};
pub use scheduler::{Front, Scheduler, SchedulerOptions, SqlLimits};
pub use worker::WorkerOptions;
