//! `cargo xtask memory`: what memory limits promise, checked query by query at a large scale.
//!
//! Each query of TPC-H runs in both forms in a process of its own. It has to be right, or to fail with a message that names
//! the option that helps; and the process may hold the limit and 512 MB more at most. Slow, hence not part of CI.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::Value;

use crate::cargo;

/// What a process may hold beyond its limit: the program, caches, decoding buffers, and what is freed but not given back.
const MARGIN_BYTES: u64 = 512_000_000;

/// Options of `memory`.
#[derive(Debug, Args)]
pub struct MemoryArgs {
    /// Scale of the data, generated if missing.
    #[arg(long, default_value_t = 10.0)]
    scale: f64,
    /// The folder of the data; default: that of `swath tpch run`.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Memory limits in MB.
    #[arg(long, value_delimiter = ',', default_values_t = [4000, 1000])]
    limits: Vec<u64>,
    /// Threads of the session.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Only these queries, such as 1,5,18.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=22))]
    queries: Vec<u32>,
    /// Check this build of the program instead of building it.
    #[arg(long, value_name = "PROGRAM")]
    swath: Option<PathBuf>,
}

/// Runs the queries below each limit.
///
/// # Errors
/// A sentence that names the queries that are wrong, end without a clear message, or hold too much.
pub fn run(arguments: &MemoryArgs) -> Result<(), String> {
    let root = cargo::workspace()?;
    let swath = arguments.swath.clone().map_or_else(|| cargo::build_swath(&root), Ok)?;
    let queries = if arguments.queries.is_empty() { (1..=22).collect() } else { arguments.queries.clone() };
    let mut bad = BTreeSet::new();
    for &limit_mb in &arguments.limits {
        println!("== limit {limit_mb} MB\nquery  seconds (sql, dataframe)   peak MB  answer");
        for &query in &queries {
            let report = report(arguments, &swath, limit_mb, query)?;
            let outcomes = report["outcomes"].as_array().map_or(&[][..], Vec::as_slice);
            let seconds: Vec<_> = outcomes
                .iter()
                .map(|outcome| {
                    outcome["seconds"][0].as_f64().map_or_else(|| "-".to_owned(), |time| format!("{time:.2}"))
                })
                .collect();
            let verdicts: BTreeSet<_> = outcomes.iter().filter_map(|outcome| outcome["verdict"].as_str()).collect();
            let peak_bytes = report["peak_rss_bytes"].as_u64().unwrap_or(u64::MAX);
            let answers = verdicts.into_iter().collect::<Vec<_>>().join(", ");
            println!("q{query:02}    {:<25} {:>9}  {answers}", seconds.join(", "), peak_bytes / 1_000_000);
            if outcomes.is_empty() || !outcomes.iter().all(is_accepted) {
                bad.insert(format!("q{query:02} at {limit_mb} MB is neither right nor a clear failure"));
            }
            if peak_bytes > limit_mb * 1_000_000 + MARGIN_BYTES {
                bad.insert(format!("q{query:02} at {limit_mb} MB held {} MB", peak_bytes / 1_000_000));
            }
        }
    }
    if bad.is_empty() { Ok(()) } else { Err(bad.into_iter().collect::<Vec<_>>().join("\n")) }
}

/// Whether an outcome is right, or a failure that says what asked for how much and what helps.
fn is_accepted(outcome: &Value) -> bool {
    let detail = outcome["detail"].as_str().unwrap_or_default();
    match outcome["verdict"].as_str() {
        Some("verified" | "forms agree") => true,
        // One form is right or not by the other, which may have failed.
        Some("unverified") => true,
        Some("FAILED") => detail.contains("asked for") && detail.contains("memory_limit"),
        _ => false,
    }
}

fn report(arguments: &MemoryArgs, swath: &Path, limit_mb: u64, query: u32) -> Result<Value, String> {
    let json = std::env::temp_dir().join(format!("swath-memory-{}.json", std::process::id()));
    let mut command = Command::new(swath);
    command.args(["tpch", "run", "--form", "both", "--scale", &arguments.scale.to_string()]);
    command.args(["--memory-limit", &format!("{limit_mb}MB"), "--threads", &arguments.threads.to_string()]);
    command.args(["--queries", &query.to_string(), "--json"]).arg(&json);
    if let Some(data) = &arguments.data {
        command.arg("--data").arg(data);
    }
    // A failed query is in the report; a process that was killed leaves none.
    let status = command.stdout(Stdio::null()).status().map_err(|error| format!("{}: {error}", swath.display()))?;
    let text =
        fs::read_to_string(&json).map_err(|error| format!("q{query:02} ended with {status}, no report: {error}"))?;
    fs::remove_file(&json).map_err(|error| format!("{}: {error}", json.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("the report of q{query:02} cannot be read: {error}"))
}
