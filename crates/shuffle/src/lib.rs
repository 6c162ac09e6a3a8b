//! How data moves and where it is held.
//!
//! | module | what |
//! |---|---|
//! | [`compact`] | batches that hold no more than their rows |
//! | [`declared`] | batches with the schema that their plan declares |
//! | [`exchange`] | the outputs of a worker's tasks, by job, stage and partition, held for the tasks that read them |
//! | [`flight`] | those outputs served to other processes, and fetched from them |
//! | [`link`] | whether data is compressed on its way |
//! | [`messages`] | batches as Flight messages |
//! | [`live`] | a partition that is read while it is written |
//! | [`source`] | a stored table as the source of a scan |
//! | [`store`] | the partition store: memory first, spill files beyond its budget |

pub mod compact;
pub mod declared;
pub mod exchange;
#[cfg(feature = "flight")]
pub mod flight;
#[cfg(feature = "flight")]
pub mod link;
pub mod live;
#[cfg(feature = "flight")]
pub mod messages;
pub mod source;
pub mod store;

pub use exchange::{OutputKey, TaskOutputs};
pub use source::{StoredTable, stored_in_memory};
pub use store::{PartitionStore, PartitionWriter, StoreUsage, StoredPartition};
