//! Writing: a plan's partitions to files, in parallel, and all or nothing.
//!
//! ```text
//!  WriteNode ── planner ──> WriteExec ──> one task a plan partition:  batches ─ Encoder ─ bytes ─ Upload ─> store
//!                               │                                                                          │
//!                               └────── when all have ended: Destination::commit <──── files, not yet visible
//! ```
//!
//! | where | how a result appears at once |
//! |---|---|
//! | local folder | written to a hidden folder beside the target, synced, then the folder takes the target's place in one rename (an exchange, if there is an old one) |
//! | local file | written to a hidden folder beside it, synced, then renamed |
//! | object store | uploads are completed only when all partitions have ended; an overwrite deletes the old objects last |
//!
//! A hidden folder that a killed writer left is removed by the next write to the same target: its lock is free then.
//!
//! | module | what |
//! |---|---|
//! | [`spec`] | what to write, where and how |
//! | [`encoder`] | batches to bytes |
//! | `parquet_types` | the types that columns have in Parquet files |
//! | [`upload`] | bytes to a file that is not visible yet |
//! | [`destination`] | the check before, the commit after, the clean-up on failure |
//! | `local_commit` | how a written file or folder takes the target's place |
//! | [`staging`] | the hidden folder of local writes |
//! | [`partition`] | what one task does |
//! | [`operator`] | the operator that runs it |
//! | [`elsewhere`] | the same with tasks in other processes |
//! | [`task`] | the operator that runs there |
//! | [`task_place`] | where those tasks put their files |
//! | [`parts`] | files on a store that one process sends and another completes |
//! | [`node`] | the logical node and its planner |
//! | [`copy`] | SQL's `COPY … TO`, sent the same way |
//! | [`insert`] | SQL's `INSERT INTO` external tables, sent the same way |

pub mod copy;
pub mod destination;
pub mod elsewhere;
pub mod encoder;
pub mod insert;
mod local_commit;
pub mod node;
pub mod operator;
mod parquet_types;
pub mod partition;
pub mod parts;
pub mod spec;
pub mod staging;
pub mod task;
pub mod task_place;
pub mod upload;

pub use elsewhere::write_elsewhere;
pub use node::WriteNode;
pub use operator::WriteExec;
pub use spec::{ArrowCompression, WriteFormat, WriteMode, WriteSpec};
pub use task::WriteTaskExec;
