//! The options of `swath sql`, and what they start.

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use swath_collections::{ByteSize, Session};

use crate::command::Rows;
use crate::error::{Failure, Result};
use crate::interactive;
use crate::interrupt::{EXIT_CODE, Interrupts};
use crate::output::Format;
use crate::script::Script;
use crate::settings::Settings;
use crate::shell::{Next, Shell};

const EXAMPLES: &str = "\
Examples:
  swath sql                                        open the shell; \\h there lists its commands
  swath sql -c \"SELECT count(*) FROM 'data/*.parquet'\"
  swath sql -f report.sql --format csv --output report.csv
  swath sql -f tables.sql -c 'SELECT * FROM sales LIMIT 5' --format vertical
  echo 'SELECT 42 AS answer' | swath sql --format json
  swath sql --memory-limit 4GB --threads 8 -f heavy.sql

Exit codes: 0 success, 1 a statement failed, 2 wrong usage, 130 interrupted.";

/// Options of `swath sql`.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Run this SQL and exit; may be given several times, and runs after the files
    #[arg(short = 'c', long = "command", value_name = "SQL")]
    pub commands: Vec<String>,
    /// Run the statements in this file and exit; may be given several times; - is the standard input
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How results are written [default: table, or what the suffix of --output says]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write results to this file; it appears when all statements have succeeded
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Results and errors only: no footers, no progress, no banner
    #[arg(short, long)]
    pub quiet: bool,
    /// Tell how long statements take (the shell does so anyway)
    #[arg(long)]
    pub timing: bool,
    /// Rows of a result that a table shows, or "all" [default: 100 on a terminal, else all]
    #[arg(long, value_name = "N")]
    pub max_rows: Option<Rows>,
    /// Go on after a statement that fails; the exit code still tells
    #[arg(long)]
    pub keep_going: bool,
    /// Worker threads [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Memory that queries may hold before they spill, for instance 4GB [default: 70% of the machine's]
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<ByteSize>,
    /// Folder that queries spill to [default: a fresh one in the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    pub spill_folder: Option<PathBuf>,
    /// A setting, for instance datafusion.execution.batch_size=4096; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub settings: Vec<(String, String)>,
    /// Run on a cluster (swath://host:port) instead of in this process
    #[arg(long, value_name = "ADDRESS")]
    pub connect: Option<String>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("expected KEY=VALUE, got '{text}'"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// Runs `swath sql`. Errors of statements have been reported when it returns with a code.
///
/// # Errors
/// If the session cannot start, or its output cannot be written.
pub fn run(args: &Args) -> Result<ExitCode> {
    let outcome = run_inner(args);
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Failure::Reported) => Ok(ExitCode::FAILURE),
        Err(Failure::Interrupted) => Ok(ExitCode::from(EXIT_CODE)),
        Err(failure) => Err(failure),
    }
}

fn run_inner(args: &Args) -> Result<()> {
    let has_script = !args.commands.is_empty() || !args.files.is_empty();
    let is_interactive = !has_script && io::stdin().is_terminal() && io::stdout().is_terminal();
    let session = session(args)?;
    let interrupts = Interrupts::listen(!is_interactive)?;
    let settings = Settings {
        format: args.format,
        max_rows: args.max_rows.map(Rows::limit),
        timing: args.timing || is_interactive,
        quiet: args.quiet,
    };
    let mut shell = Shell::new(session, interrupts, settings, is_interactive)?;
    if args.keep_going {
        shell.keep_going();
    }
    if let Some(path) = &args.output {
        shell.write_to(path, args.format)?;
    }
    match (is_interactive, has_script) {
        (true, _) => interactive::run(&mut shell, args.quiet)?,
        (false, true) => run_scripts(&mut shell, args)?,
        (false, false) => run_pipe(&mut shell)?,
    }
    shell.finish()
}

fn session(args: &Args) -> Result<Session> {
    let mut builder = match &args.connect {
        Some(address) => Session::connect(address),
        None => Session::embedded(),
    };
    if let Some(threads) = args.threads {
        builder = builder.threads(threads);
    }
    if let Some(limit) = args.memory_limit {
        builder = builder.memory_limit(usize::try_from(limit.0).unwrap_or(usize::MAX));
    }
    if let Some(folder) = &args.spill_folder {
        builder = builder.spill_folder(folder);
    }
    for (key, value) in &args.settings {
        builder = builder.set(key, value);
    }
    Ok(builder.build()?)
}

fn run_scripts(shell: &mut Shell, args: &Args) -> Result<()> {
    for file in &args.files {
        let next = if file.as_os_str() == "-" { run_stdin(shell)? } else { shell.run_file(file)? };
        if next == Next::Quit {
            return Ok(());
        }
    }
    for command in &args.commands {
        let mut script = Script::default();
        script.push(command);
        if shell.run(&mut script, true, None)? == Next::Quit {
            return Ok(());
        }
    }
    Ok(())
}

fn run_pipe(shell: &mut Shell) -> Result<()> {
    run_stdin(shell).map(|_| ())
}

/// Runs statements as they come in, so that a program at the other end can talk with us.
fn run_stdin(shell: &mut Shell) -> Result<Next> {
    let mut script = Script::default();
    let mut line = String::new();
    let mut input = io::stdin().lock();
    loop {
        line.clear();
        let length = input
            .read_line(&mut line)
            .map_err(|error| Failure::usage(format!("reading SQL from the standard input: {error}")))?;
        script.push(&line);
        // Only these can complete something; looking at all of a long statement for each of its lines would not do.
        let at_end = length == 0;
        if (at_end || line.contains([';', '\\'])) && shell.run(&mut script, at_end, None)? == Next::Quit {
            return Ok(Next::Quit);
        }
        if at_end {
            return Ok(Next::Continue);
        }
    }
}
