//! Work on arrays.

use std::path::PathBuf;
use std::process::Command;

use clap::{Args, ValueEnum};

use super::comparison::Comparison;
use super::environment::Environment;
use super::process::EngineProcess;
use super::run_all;
use crate::cargo;

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Swath.
    Swath,
    /// NumPy, with as many threads in its matrix library as the others have.
    Numpy,
    /// numexpr, where an expression is elementwise.
    Numexpr,
    /// dask.array on its threaded scheduler.
    Dask,
    /// cubed on its threaded executor.
    Cubed,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Swath => "swath",
            Self::Numpy => "numpy",
            Self::Numexpr => "numexpr",
            Self::Dask => "dask",
            Self::Cubed => "cubed",
        }
    }
}

/// All workloads, as `benches/arrays/workloads.py` and `crates/nd/examples/workloads` know them.
const WORKLOADS: [&str; 22] = [
    "fused_sum",
    "many_chunks",
    "transpose_add",
    "matmul",
    "rechunk",
    "tiny",
    "standardise",
    "exp_sum",
    "qr",
    "svd",
    "svd_compressed",
    "svd_noise",
    "fft",
    "mask_sum",
    "percentile",
    "stencil",
    "climatology",
    "anomaly",
    "swap_axes",
    "vorticity",
    "sort",
    "argmax_axis",
];

/// Options of `compare arrays`.
#[derive(Debug, Args)]
pub struct ArraysArgs {
    /// Hot rounds, after one cold round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Threads of each engine.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Which engines; default: all.
    #[arg(long, value_enum, value_delimiter = ',')]
    engines: Vec<Engine>,
    /// Measure this build of the program instead of building it.
    #[arg(long, value_name = "PROGRAM")]
    program: Option<PathBuf>,
    /// Only these workloads.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(WORKLOADS))]
    workloads: Vec<String>,
}

/// Does the comparison.
///
/// # Errors
/// A sentence, if an engine cannot be set up. A workload that fails is part of the result.
pub fn run(arguments: &ArraysArgs) -> Result<(), String> {
    let engines = match arguments.engines.as_slice() {
        [] => Engine::value_variants().to_vec(),
        engines => engines.to_vec(),
    };
    let environment = Environment::prepare()?;
    let drivers = environment.root.join("benches/arrays");
    let venv = environment.venv("venv-arrays");
    if engines.iter().any(|engine| *engine != Engine::Swath) {
        venv.make(&drivers.join("requirements.txt"))?;
    }
    let threads = arguments.threads.to_string();
    let mut processes = vec![];
    for engine in &engines {
        let mut command = match engine {
            Engine::Swath => {
                let built = || cargo::build_example(&environment.root, "workloads");
                Command::new(arguments.program.clone().map_or_else(built, Ok)?)
            }
            peer => {
                let mut command = Command::new(venv.python());
                command.arg(drivers.join("workloads.py")).args(["--engine", peer.name()]);
                command
            }
        };
        command.args(["--threads", &threads]);
        for variable in ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"] {
            command.env(variable, &threads);
        }
        processes.push(EngineProcess::start(engine.name(), command, None)?);
    }
    let names: Vec<&'static str> = engines.iter().map(|engine| engine.name()).collect();
    let comparison =
        Comparison::new("Arrays".to_owned(), arguments.threads, arguments.rounds, &names, Engine::Dask.name());
    let workloads = match arguments.workloads.as_slice() {
        [] => WORKLOADS.map(str::to_owned).to_vec(),
        some => some.to_vec(),
    };
    run_all(comparison, &mut processes, &workloads, &environment.output.join("arrays"))
}
