//! The integration tests, in one binary: each links the whole engine.
// Clippy's own exception for tests does not reach the functions that tests share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "suite/adaptive_scan.rs"]
mod adaptive_scan;
#[path = "suite/arrays.rs"]
mod arrays;
#[path = "suite/asof_join.rs"]
mod asof_join;
#[path = "suite/bad_input.rs"]
mod bad_input;
#[path = "suite/cancel.rs"]
mod cancel;
#[cfg(feature = "cluster")]
#[path = "suite/cluster.rs"]
mod cluster;
#[path = "suite/generated_docs.rs"]
mod generated_docs;
#[path = "suite/house.rs"]
mod house;
#[path = "suite/loopback.rs"]
mod loopback;
#[path = "suite/memory.rs"]
mod memory;
#[path = "suite/plan_rules.rs"]
mod plan_rules;
#[path = "suite/reported_schema.rs"]
mod reported_schema;
#[path = "suite/round_trip.rs"]
mod round_trip;
#[path = "suite/s3.rs"]
mod s3;
#[path = "suite/shell.rs"]
mod shell;
#[path = "suite/slt.rs"]
mod slt;
#[path = "suite/tpch.rs"]
mod tpch;
