//! What a person repeats: `cargo xtask test`, `lint`, `python`, `develop`, `wheel`, `reference`, `docs`, `compare`, `memory`. CI calls the same commands.

mod cargo;
mod compare;
mod memory;
mod python;
mod steps;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of Swath.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must pass: formatting, clippy, documentation, all tests.
    Test {
        /// Run only tests whose name contains this, and skip formatting, clippy and documentation.
        filter: Option<String>,
    },
    /// Formatting, clippy and documentation only.
    Lint,
    /// The Python package only: build, ruff, mypy, tests.
    Python {
        /// Run only tests whose name contains this, and skip ruff and mypy.
        filter: Option<String>,
    },
    /// Compile the Python package into the virtual environment `python` of the target folder.
    Develop,
    /// Build a wheel of the Python package into the folder `dist` of the target folder.
    Wheel,
    /// Build the reference of the Python package, as HTML in the folder `reference` of the target folder.
    Reference,
    /// Write the generated documentation (docs/configuration.md).
    Docs,
    /// Measure Swath beside other engines.
    #[command(subcommand)]
    Compare(compare::Compare),
    /// Check TPC-H below memory limits: answers, messages and resident memory of each query in a process of its own.
    Memory(memory::MemoryArgs),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Test { filter: Some(filter) } => steps::tests(Some(&filter)),
        Task::Test { filter: None } => {
            steps::lint().and_then(|()| steps::tests(None)).and_then(|()| steps::python_package(None))
        }
        Task::Python { filter } => steps::python_package(filter.as_deref()),
        Task::Develop => steps::build_package(),
        Task::Wheel => steps::wheel(),
        Task::Reference => steps::reference(),
        Task::Lint => steps::lint(),
        Task::Docs => steps::docs(),
        Task::Compare(what) => compare::run(&what),
        Task::Memory(arguments) => memory::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
