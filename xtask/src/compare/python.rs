//! Functions written in Python, and tables that cross into and out of other libraries.

use std::process::Command;

use clap::{Args, ValueEnum};

use super::comparison::Comparison;
use super::environment::Environment;
use super::process::EngineProcess;
use super::{run_all, tpch};
use crate::steps;

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Swath.
    Swath,
    /// Polars.
    Polars,
    /// Spark in one process (`local[N]`), with Arrow between it and Python. It needs Java.
    Pyspark,
    /// NumPy alone: the function on the array, and copies of the bytes.
    Numpy,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Swath => "swath",
            Self::Polars => "polars",
            Self::Pyspark => "pyspark",
            Self::Numpy => "numpy",
        }
    }
}

/// All workloads, as `benches/python/workloads.py` knows them.
const WORKLOADS: [&str; 7] =
    ["udf", "udf_and_sum", "udf_of_values", "to_pandas", "to_numpy", "to_polars", "from_pandas"];

/// Options of `compare python`.
#[derive(Debug, Args)]
pub struct PythonArgs {
    /// Hot rounds, after one cold round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Threads of each engine.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Which engines; default: all.
    #[arg(long, value_enum, value_delimiter = ',')]
    engines: Vec<Engine>,
    /// Only these workloads.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(WORKLOADS))]
    workloads: Vec<String>,
}

/// Does the comparison.
///
/// # Errors
/// A sentence, if an engine cannot be set up. A workload that fails is part of the result.
pub fn run(arguments: &PythonArgs) -> Result<(), String> {
    let engines = match arguments.engines.as_slice() {
        [] => Engine::value_variants().to_vec(),
        engines => engines.to_vec(),
    };
    let environment = Environment::prepare()?;
    let drivers = environment.root.join("benches/python");
    let venv = environment.venv("venv-python");
    if engines.iter().any(|engine| *engine != Engine::Swath) {
        venv.make(&drivers.join("requirements.txt"))?;
    }
    if engines.contains(&Engine::Pyspark) {
        tpch::add_spark(&venv, &environment.root.join("benches/tpch"))?;
    }
    if engines.contains(&Engine::Swath) {
        steps::build_package()?;
    }
    let threads = arguments.threads.to_string();
    let mut processes = vec![];
    for engine in &engines {
        let python = if *engine == Engine::Swath { steps::package_python()? } else { venv.python() };
        let mut command = Command::new(&python);
        command.arg(drivers.join("workloads.py")).args(["--engine", engine.name(), "--threads", &threads]);
        // How Polars learns the number of threads, and Spark with which Python its functions run.
        command.env("POLARS_MAX_THREADS", &threads).env("PYSPARK_PYTHON", &python);
        processes.push(EngineProcess::start(engine.name(), command, None)?);
    }
    let names: Vec<&'static str> = engines.iter().map(|engine| engine.name()).collect();
    let title = "Functions in Python, and crossing tables".to_owned();
    let comparison = Comparison::new(title, arguments.threads, arguments.rounds, &names, Engine::Polars.name());
    let workloads = match arguments.workloads.as_slice() {
        [] => WORKLOADS.map(str::to_owned).to_vec(),
        some => some.to_vec(),
    };
    run_all(comparison, &mut processes, &workloads, &environment.output.join("python"))
}
