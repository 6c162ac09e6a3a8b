//! Operators of our own: one file each, with the planner that makes them from a logical node.
//!
//! | module | what |
//! |---|---|
//! | [`accounted_window`] | a window function over whole partitions, with its memory accounted for |
//! | [`adaptive_scan`] | a Parquet scan that decodes late where a join wants few rows |
//! | [`asof_join`] | each left row with the nearest right row, as one merge of two sorted inputs |
//! | [`broadcast_join`] | a hash join each of whose tasks gets the build side whole |
//! | [`collect_keys`], [`filter_by_keys`], [`key_set`] | a scan filtered by the join keys that another stage has found |
//! | [`map_batches`] | a function of the user's over batches |
//! | [`bounded_aggregate`] | an aggregation's first phase with a small table |
//! | [`shared`] | one run of a subplan for several readers |
//! | [`recursive`] | wire forms of recursive queries |
//! | [`single_task`] | a part of a plan that one task runs as a whole |
//! | [`text_scan`] | the wire form of scans of compressed text |
//! | [`spilling_join`] | a hash join that goes to disk when its build side does not fit |

pub mod accounted_window;
pub mod adaptive_scan;
pub mod asof_join;
pub mod bounded_aggregate;
pub mod broadcast_join;
pub mod collect_keys;
pub mod filter_by_keys;
pub mod key_set;
pub mod map_batches;
pub mod recursive;
pub mod shared;
pub mod single_task;
pub mod spilling_join;
pub mod text_scan;

pub use accounted_window::AccountedWindowExec;
pub use adaptive_scan::AdaptiveScanExec;
pub use asof_join::AsofJoinExec;
pub use bounded_aggregate::BoundedAggregateExec;
pub use broadcast_join::BroadcastJoinExec;
pub use collect_keys::CollectKeysExec;
pub use filter_by_keys::{FilterByKeysExec, KeySource};
pub use key_set::KeySet;
pub use map_batches::{BatchFunction, MapBatchesExec, MapBatchesNode, Mapping};
pub use shared::SharedExec;
pub use single_task::SingleTaskExec;
pub use spilling_join::SpillingHashJoinExec;
pub use text_scan::TextScanExec;
