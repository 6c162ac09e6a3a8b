//! The queries of TPC-H.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};

use super::comparison::Comparison;
use super::environment::Environment;
use super::process::{ClusterProcess, EngineProcess};
use super::run_all;
use crate::{cargo, python, steps};

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Swath, the queries as SQL.
    Swath,
    /// Swath, the queries as DataFrame programs.
    SwathDataframe,
    /// Swath from Python, the queries as SQL.
    SwathPythonSql,
    /// Swath from Python, the queries as programs over frames.
    SwathPython,
    /// Swath, SQL, on a cluster of this machine: as many workers of one thread as the others have threads.
    SwathCluster,
    /// DuckDB, SQL.
    Duckdb,
    /// Polars, lazy frames.
    Polars,
    /// DataFusion, SQL.
    Datafusion,
    /// Spark, SQL, in one process (`local[N]`). It needs Java.
    Pyspark,
}

impl Engine {
    /// The name in tables and charts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Swath => "swath",
            Self::SwathDataframe => "swath-df",
            Self::SwathPythonSql => "swath-py-sql",
            Self::SwathPython => "swath-py",
            Self::SwathCluster => "swath-cluster",
            Self::Duckdb => "duckdb",
            Self::Polars => "polars",
            Self::Datafusion => "datafusion",
            Self::Pyspark => "pyspark",
        }
    }

    /// The Python program that drives it, if there is one.
    pub fn driver(self) -> Option<&'static str> {
        match self {
            Self::Swath | Self::SwathDataframe | Self::SwathCluster => None,
            Self::SwathPythonSql | Self::SwathPython => Some("swath_driver.py"),
            Self::Duckdb => Some("duckdb_driver.py"),
            Self::Polars => Some("polars_driver.py"),
            Self::Datafusion => Some("datafusion_driver.py"),
            Self::Pyspark => Some("pyspark_driver.py"),
        }
    }

    /// How Swath takes the queries.
    fn form(self) -> Option<&'static str> {
        match self {
            Self::Swath | Self::SwathCluster | Self::SwathPythonSql => Some("sql"),
            Self::SwathDataframe => Some("dataframe"),
            Self::SwathPython => Some("programs"),
            Self::Duckdb | Self::Polars | Self::Datafusion | Self::Pyspark => None,
        }
    }

    /// Whether it is the package of `python/`.
    fn is_package(self) -> bool {
        matches!(self, Self::SwathPythonSql | Self::SwathPython)
    }
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
    /// Which engines. Default: swath, duckdb, polars and datafusion; with --cluster swath, swath-cluster and pyspark; with --python
    /// Swath in its four forms.
    #[arg(long, value_enum, value_delimiter = ',')]
    engines: Vec<Engine>,
    /// Compare a cluster on this machine, one worker a thread, with one process of Swath and with Spark.
    #[arg(long)]
    cluster: bool,
    /// Compare Swath from Python with Swath from Rust, as SQL and as frames.
    #[arg(long, conflicts_with = "cluster")]
    python: bool,
    /// Measure this build of the program instead of building it.
    #[arg(long, value_name = "PROGRAM")]
    swath: Option<PathBuf>,
    /// Only these queries, such as 1,5,18.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=22))]
    queries: Vec<u32>,
}

impl TpchArgs {
    fn engines(&self) -> Vec<Engine> {
        match self.engines.as_slice() {
            [] if self.cluster => vec![Engine::Swath, Engine::SwathCluster, Engine::Pyspark],
            [] if self.python => {
                vec![Engine::Swath, Engine::SwathPythonSql, Engine::SwathDataframe, Engine::SwathPython]
            }
            [] => vec![Engine::Swath, Engine::Duckdb, Engine::Polars, Engine::Datafusion],
            engines => engines.to_vec(),
        }
    }
}

/// Does the comparison.
///
/// # Errors
/// A sentence, if an engine cannot be set up. A query that fails is part of the result.
pub fn run(arguments: &TpchArgs) -> Result<(), String> {
    let engines = arguments.engines();
    let environment = Environment::prepare()?;
    let swath = arguments.swath.clone().map_or_else(|| cargo::build_swath(&environment.root), Ok)?;
    let drivers = environment.root.join("benches/tpch");
    let venv = environment.venv("venv");
    if engines.iter().any(|engine| engine.driver().is_some() && !engine.is_package()) {
        venv.make(&drivers.join("requirements.txt"))?;
    }
    if engines.contains(&Engine::Pyspark) {
        add_spark(&venv, &drivers)?;
    }
    if engines.iter().any(|engine| engine.is_package()) {
        steps::build_package()?;
    }
    let data = match &arguments.data {
        Some(folder) => folder.clone(),
        None => default_data_folder(arguments.scale)?,
    };
    generate(&swath, arguments.scale, &data)?;
    let (scale, threads) = (arguments.scale.to_string(), arguments.threads.to_string());
    let mut processes = vec![];
    for engine in &engines {
        let cluster = match engine {
            Engine::SwathCluster => Some(ClusterProcess::start(&swath, arguments.threads)?),
            _ => None,
        };
        let mut command = match engine.driver() {
            Some(driver) => {
                let python = if engine.is_package() { steps::package_python()? } else { venv.python() };
                let mut command = Command::new(python);
                command.arg(drivers.join(driver));
                command
            }
            None => {
                let mut command = Command::new(&swath);
                command.args(["tpch", "serve"]);
                if let Some(cluster) = &cluster {
                    command.args(["--connect", cluster.address()]);
                }
                command
            }
        };
        if let Some(form) = engine.form() {
            command.args(["--form", form]);
        }
        command.arg("--data").arg(&data).args(["--scale", &scale, "--threads", &threads]);
        // How Polars and DataFusion's Python package learn the number of threads.
        command.env("POLARS_MAX_THREADS", &threads).env("TOKIO_WORKER_THREADS", &threads);
        processes.push(EngineProcess::start(engine.name(), command, cluster)?);
    }
    let names: Vec<&'static str> = engines.iter().map(|engine| engine.name()).collect();
    let title = format!("TPC-H scale {scale}");
    let comparison = Comparison::new(title, arguments.threads, arguments.rounds, &names, Engine::Duckdb.name());
    let queries = if arguments.queries.is_empty() { (1..=22).collect() } else { arguments.queries.clone() };
    let queries: Vec<String> = queries.into_iter().map(|query| format!("q{query:02}")).collect();
    let name = match (arguments.cluster, arguments.python) {
        (true, _) => "tpch-cluster",
        (_, true) => "tpch-python",
        _ => "tpch",
    };
    run_all(comparison, &mut processes, &queries, &environment.output.join(format!("{name}-sf{scale}")))
}

/// Generates what is missing of the data.
fn generate(swath: &Path, scale: f64, folder: &Path) -> Result<(), String> {
    // Data that are there may be cut into several files; they are taken as they are.
    if folder.join("region").is_dir() && folder.join("lineitem/part-00000.parquet").is_file() {
        return Ok(());
    }
    let mut command = Command::new(swath);
    python::run(command.args(["tpch", "generate", "--scale", &scale.to_string(), "--output"]).arg(folder))
}

/// Adds Spark. It is large, and needs Java, so only those who ask for it get it.
pub fn add_spark(venv: &python::Venv, drivers: &Path) -> Result<(), String> {
    if Command::new("java").arg("-version").output().is_err() {
        let help = "install one (`default-jre-headless` on Debian), or leave the engine out with --engines";
        return Err(format!("pyspark needs Java 17 or newer, and there is no program `java`: {help}"));
    }
    venv.add(&drivers.join("requirements-pyspark.txt"))
}

/// Where `swath tpch run` keeps its data.
fn default_data_folder(scale: f64) -> Result<PathBuf, String> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    Ok(cache.ok_or("neither XDG_CACHE_HOME nor HOME is set: give --data")?.join(format!("swath/tpch/sf{scale}")))
}
