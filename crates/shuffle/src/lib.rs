//! How data moves and where it is held.
//!
//! Today this crate holds the [`store`]: partitions of Arrow batches, kept in memory within a budget and in spill files
//! beyond it, and the [`source`] by which plans scan them. A cached table is such a set of partitions; so will be the
//! output of a shuffle, an array's chunks and a task's result: one kind of thing, owned, counted and spillable.

pub mod source;
pub mod store;

pub use source::StoredTable;
pub use store::{PartitionStore, PartitionWriter, StoreUsage, StoredPartition};
