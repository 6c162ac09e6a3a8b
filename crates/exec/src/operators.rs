//! Operators of our own: one file each, with the planner that makes them from a logical node.
//!
//! | module | what |
//! |---|---|
//! | [`adaptive_scan`] | a Parquet scan that decodes late where a join wants few rows |
//! | [`asof_join`] | each left row with the nearest right row, as one merge of two sorted inputs |
//! | [`map_batches`] | a function of the user's over batches |
//! | [`spilling_join`] | a hash join that goes to disk when its build side does not fit |

pub mod adaptive_scan;
pub mod asof_join;
pub mod map_batches;
pub mod spilling_join;

pub use adaptive_scan::AdaptiveScanExec;
pub use asof_join::AsofJoinExec;
pub use map_batches::{BatchFunction, MapBatchesExec, MapBatchesNode};
pub use spilling_join::SpillingHashJoinExec;
