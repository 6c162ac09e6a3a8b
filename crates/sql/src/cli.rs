//! The options of `swath sql`.

use std::process::ExitCode;

use swath_collections::{ByteSize, Result, Session};

/// Options of `swath sql`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Run this SQL and exit; may be given several times
    #[arg(short = 'c', long = "command", value_name = "SQL")]
    pub commands: Vec<String>,
    /// Worker threads [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Memory that queries may hold before they spill, for instance 4GB [default: 70% of the machine's]
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<ByteSize>,
}

/// Runs `swath sql`.
///
/// # Errors
/// If the session cannot start or a statement fails.
pub fn run(args: Args) -> Result<ExitCode> {
    let mut builder = Session::embedded();
    if let Some(threads) = args.threads {
        builder = builder.threads(threads);
    }
    if let Some(limit) = args.memory_limit {
        builder = builder.memory_limit(usize::try_from(limit.0).unwrap_or(usize::MAX));
    }
    let session = builder.build()?;
    for command in &args.commands {
        session.sql(command)?.count()?;
    }
    Ok(ExitCode::SUCCESS)
}
