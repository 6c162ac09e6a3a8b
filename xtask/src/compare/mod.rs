//! `cargo xtask compare`: Swath and its peers on the same work, side by side.
//!
//! Every engine is one process that answers commands (see `benches/serve.py`), started once. Query by query, each
//! engine runs it once a round, in an order that rotates, so that whatever else the machine does hits all of them alike. The
//! first round is the cold one: first use in that process; the operating system's file cache is not emptied.

mod arrays;
mod chart;
mod comparison;
mod environment;
mod process;
mod python;
mod tpch;

use std::fs;
use std::path::Path;

use clap::Subcommand;

use comparison::{Comparison, Run};
use process::EngineProcess;

/// What is compared.
#[derive(Debug, Subcommand)]
pub enum Compare {
    /// The 22 queries of TPC-H, against DuckDB, Polars and DataFusion; with `--cluster` two workers against one process, with
    /// `--python` the package against the program.
    Tpch(tpch::TpchArgs),
    /// Work on arrays, against NumPy, numexpr, dask.array and cubed.
    Arrays(arrays::ArraysArgs),
    /// Functions written in Python, and tables into and out of other libraries, against Polars, PySpark and NumPy.
    Python(python::PythonArgs),
}

/// Does the comparison.
///
/// # Errors
/// A sentence, if an engine cannot be set up. A query that fails is part of the result.
pub fn run(compare: &Compare) -> Result<(), String> {
    match compare {
        Compare::Tpch(arguments) => tpch::run(arguments),
        Compare::Arrays(arguments) => arrays::run(arguments),
        Compare::Python(arguments) => python::run(arguments),
    }
}

/// Runs all queries, prints the table as it grows, and writes JSON and a chart to `results` with their suffixes.
fn run_all(
    mut comparison: Comparison,
    processes: &mut [EngineProcess],
    queries: &[String],
    results: &Path,
) -> Result<(), String> {
    println!("{}", comparison.heading());
    for query in queries {
        let runs = measure(processes, query, comparison.rounds);
        println!("{}", comparison.add(query, runs));
    }
    println!("{}", comparison.summary());
    write_results(&comparison, results)
}

/// The runs of one query: per engine, the cold one first.
fn measure(processes: &mut [EngineProcess], query: &str, hot_rounds: u32) -> Vec<Vec<Run>> {
    let mut runs = vec![vec![]; processes.len()];
    for round in 0..=hot_rounds as usize {
        for turn in 0..processes.len() {
            let engine = (round + turn) % processes.len();
            runs[engine].push(processes[engine].run(query));
        }
    }
    runs
}

fn write_results(comparison: &Comparison, path: &Path) -> Result<(), String> {
    let write = |extension: &str, text: String| {
        // The scale in the name may have a point.
        let path =
            path.with_file_name(format!("{}.{extension}", path.file_name().unwrap_or_default().to_string_lossy()));
        fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        println!("{}", path.display());
        Ok::<(), String>(())
    };
    write("json", serde_json::to_string_pretty(comparison).map_err(|error| error.to_string())?)?;
    write("svg", chart::svg(comparison))
}
