//! The command line of the `swath` program, wherever it is started from.
//!
//! Each subcommand lives in the crate that it is about and brings its own `cli::Args` and `cli::run`; this module only tells
//! them apart, starts logging, and turns a failure into one line on stderr and an exit code.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::processor;

const EXAMPLES: &str = "\
Examples:
  swath sql                                         open the SQL shell
  swath sql -c \"SELECT count(*) FROM 'data/*.parquet'\"
  swath tpch run --scale 1                          generate TPC-H data, run and verify the 22 queries
  swath cluster --workers 2                         a whole cluster on this machine

Logs go to stderr and are chosen with RUST_LOG, for instance RUST_LOG=info or RUST_LOG=swath_exec=debug.
Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.";

/// One lazy engine for tables and n-d arrays.
#[derive(Debug, Parser)]
#[command(name = "swath", version, after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run SQL: an interactive shell, or statements from -c, a file or a pipe
    Sql(swath_sql::cli::Args),
    /// TPC-H: generate data, run the 22 queries, verify the answers
    Tpch(swath_tpch::cli::Args),
    /// Start the scheduler of a cluster
    #[cfg(feature = "cluster")]
    Scheduler(swath_cluster::cli::SchedulerArgs),
    /// Start a worker of a cluster
    #[cfg(feature = "cluster")]
    Worker(swath_cluster::cli::WorkerArgs),
    /// Start a whole cluster on this machine
    #[cfg(feature = "cluster")]
    Cluster(swath_cluster::cli::ClusterArgs),
}

/// Runs the command line `arguments`, the first of which is the program's name, and returns what the process exits with.
pub fn run<A: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = A>) -> ExitCode {
    if let Err(message) = processor::check() {
        return fail(&message);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version come this way too. A reader that has gone away is no reason to complain.
        Err(answer) => {
            let _ = answer.print();
            return ExitCode::from(answer.exit_code().clamp(0, 255) as u8);
        }
    };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error"))
        .format_timestamp_micros()
        .init();
    let result: Result<ExitCode, Box<dyn Error>> = match cli.command {
        Command::Sql(args) => swath_sql::cli::run(&args).map_err(Into::into),
        Command::Tpch(args) => swath_tpch::cli::run(args).map_err(Into::into),
        #[cfg(feature = "cluster")]
        Command::Scheduler(args) => {
            swath_cluster::cli::run_scheduler(&args, swath_flight_sql::FlightSql::new).map_err(Into::into)
        }
        #[cfg(feature = "cluster")]
        Command::Worker(args) => swath_cluster::cli::run_worker(&args).map_err(Into::into),
        #[cfg(feature = "cluster")]
        Command::Cluster(args) => swath_cluster::cli::run_cluster(&args).map_err(Into::into),
    };
    match result {
        Ok(code) => code,
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    // Nobody is left to tell if stderr is gone as well.
    let _ = writeln!(io::stderr(), "error: {message}");
    ExitCode::FAILURE
}

/// Whether `error` comes from writing to a pipe whose reader has gone away (`swath … | head`).
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return true;
        }
        next = error.source();
    }
    false
}
