//! Operators of our own: one file each, with the planner that makes them from a logical node.
//!
//! | module | what |
//! |---|---|
//! | [`asof_join`] | each left row with the nearest right row, as one merge of two sorted inputs |

pub mod asof_join;

pub use asof_join::AsofJoinExec;
