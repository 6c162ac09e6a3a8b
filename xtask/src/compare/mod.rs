//! `cargo xtask compare tpch`: Swath and other engines on the same files, side by side.
//!
//! Every engine is one process that answers commands (see `benches/tpch/protocol.py`), started once. Query by query, each
//! engine runs it once a round, in an order that rotates, so that whatever else the machine does hits all of them alike. The
//! first round is the cold one: first use in that process; the operating system's file cache is not emptied.

mod chart;
mod comparison;
mod engine;
mod environment;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use comparison::{Comparison, Run};
use engine::{Engine, EngineProcess};
use environment::Environment;

/// What is compared.
#[derive(Debug, Subcommand)]
pub enum Compare {
    /// The 22 queries of TPC-H, against DuckDB, Polars and DataFusion; with `--cluster` two workers against one process.
    Tpch(TpchArgs),
}

/// Options of `compare tpch`.
#[derive(Debug, Args)]
pub struct TpchArgs {
    /// Scale of the data.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// The folder of the data, generated if missing; default: that of `swath tpch run`.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Hot rounds, after one cold round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Threads of each engine.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Which engines. Default: swath, duckdb, polars and datafusion; with --cluster swath, swath-cluster and pyspark.
    #[arg(long, value_enum, value_delimiter = ',')]
    engines: Vec<Engine>,
    /// Compare a cluster on this machine, one worker a thread, with one process of Swath and with Spark.
    #[arg(long)]
    cluster: bool,
    /// Measure this build of the program instead of building it.
    #[arg(long, value_name = "PROGRAM")]
    swath: Option<PathBuf>,
    /// Only these queries, such as 1,5,18.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=22))]
    queries: Vec<u32>,
}

impl TpchArgs {
    fn engines(&self) -> Vec<Engine> {
        match (self.engines.as_slice(), self.cluster) {
            ([], false) => vec![Engine::Swath, Engine::Duckdb, Engine::Polars, Engine::Datafusion],
            ([], true) => vec![Engine::Swath, Engine::SwathCluster, Engine::Pyspark],
            (engines, _) => engines.to_vec(),
        }
    }
}

/// Does the comparison.
///
/// # Errors
/// A sentence, if an engine cannot be set up. A query that fails is part of the result.
pub fn run(compare: &Compare) -> Result<(), String> {
    let Compare::Tpch(arguments) = compare;
    let engines = arguments.engines();
    let environment = Environment::prepare(&engines, arguments.swath.clone())?;
    let data = match &arguments.data {
        Some(folder) => folder.clone(),
        None => default_data_folder(arguments.scale)?,
    };
    environment.generate(arguments.scale, &data)?;
    let mut processes = engines
        .iter()
        .map(|engine| EngineProcess::start(*engine, &environment, &data, arguments.scale, arguments.threads))
        .collect::<Result<Vec<_>, _>>()?;
    let mut comparison = Comparison::new(arguments.scale, arguments.threads, arguments.rounds, &engines);
    let queries = if arguments.queries.is_empty() { (1..=22).collect() } else { arguments.queries.clone() };
    println!("{}", comparison.heading());
    for query in queries {
        let runs = measure(&mut processes, query, arguments.rounds);
        println!("{}", comparison.add(query, runs));
    }
    println!("{}", comparison.summary());
    let name = if arguments.cluster { "tpch-cluster" } else { "tpch" };
    write_results(&comparison, &environment.output, &format!("{name}-sf{}", arguments.scale))
}

/// The runs of one query: per engine, the cold one first.
fn measure(processes: &mut [EngineProcess], query: u32, hot_rounds: u32) -> Vec<Vec<Run>> {
    let mut runs = vec![vec![]; processes.len()];
    for round in 0..=hot_rounds as usize {
        for turn in 0..processes.len() {
            let engine = (round + turn) % processes.len();
            runs[engine].push(processes[engine].run(query));
        }
    }
    runs
}

fn write_results(comparison: &Comparison, folder: &Path, name: &str) -> Result<(), String> {
    let write = |extension: &str, text: String| {
        let path = folder.join(format!("{name}.{extension}"));
        fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        println!("{}", path.display());
        Ok::<(), String>(())
    };
    write("json", serde_json::to_string_pretty(comparison).map_err(|error| error.to_string())?)?;
    write("svg", chart::svg(comparison))
}

/// Where `swath tpch run` keeps its data.
fn default_data_folder(scale: f64) -> Result<PathBuf, String> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    Ok(cache.ok_or("neither XDG_CACHE_HOME nor HOME is set: give --data")?.join(format!("swath/tpch/sf{scale}")))
}
