//! Sessions on a real cluster: a scheduler and two workers as processes of their own, over loopback.

#[path = "cluster/analyze.rs"]
mod analyze;
#[path = "cluster/answers.rs"]
mod answers;
#[path = "cluster/broadcasts.rs"]
mod broadcasts;
#[path = "cluster/comparison.rs"]
mod comparison;
#[path = "cluster/failures.rs"]
mod failures;
#[path = "cluster/flight_sql.rs"]
mod flight_sql;
#[path = "cluster/flight_sql_adbc.rs"]
mod flight_sql_adbc;
#[path = "cluster/key_filters.rs"]
mod key_filters;
#[path = "cluster/live.rs"]
mod live;
#[path = "cluster/persist.rs"]
mod persist;
#[path = "cluster/processes.rs"]
mod processes;
#[path = "cluster/rest.rs"]
mod rest;
#[path = "cluster/surface.rs"]
mod surface;
#[path = "cluster/tpch.rs"]
mod tpch;
#[path = "cluster/types.rs"]
mod types;
#[path = "cluster/writes.rs"]
mod writes;

use std::sync::OnceLock;

use arrow::util::pretty::pretty_format_batches;
use swath::prelude::*;

/// A cluster that the tests of this binary share. Its processes end with this one.
pub fn shared() -> &'static LocalCluster {
    static CLUSTER: OnceLock<LocalCluster> = OnceLock::new();
    CLUSTER.get_or_init(|| builder().workers(2).threads(1).memory_limit(1 << 30).start().unwrap())
}

/// A cluster of this build's program.
pub fn builder() -> LocalClusterBuilder {
    let builder = LocalCluster::builder().program(env!("CARGO_BIN_EXE_swath"));
    match std::env::var("SWATH_TEST_LOG") {
        Ok(filter) => builder.log(filter),
        Err(_) => builder,
    }
}

/// A session on the shared cluster.
pub fn connected() -> Session {
    Session::connect(shared().address()).threads(2).build().unwrap()
}

/// A session on the shared cluster for which no part of a plan is small: everything is cut into stages.
pub fn staged() -> Session {
    Session::connect(shared().address()).threads(2).set("swath_cluster.small_input_rows", "0").build().unwrap()
}

/// A session in this process.
pub fn embedded() -> Session {
    Session::embedded().threads(2).memory_limit(1 << 30).build().unwrap()
}

/// The rows of a frame as text, sorted: order is only promised by ORDER BY.
pub fn rows(frame: &DataFrame) -> Vec<String> {
    let batches = frame.collect().unwrap();
    let mut lines: Vec<String> =
        pretty_format_batches(&batches).unwrap().to_string().lines().map(str::to_owned).collect();
    // The width of the columns depends on the rows, not on their order.
    lines.retain(|line| line.starts_with('|'));
    lines.sort();
    lines
}
