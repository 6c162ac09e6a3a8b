//! `swath tpch`: the arguments, and what each command does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Subcommand, ValueEnum};
use swath_collections::{ByteSize, Session};

use crate::error::{Error, Result};
use crate::generate::{GenerateOptions, generate};
use crate::manifest::{Manifest, table_path};
use crate::progress::Progress;
use crate::query::Query;
use crate::report::{Report, write_heading, write_outcome, write_totals};
use crate::run::{Form, RunOptions, run as run_queries};
use crate::scale::Scale;
use crate::serve::serve;
use crate::table::Table;
use crate::tables::Tables;

/// TPC-H: generate data, run the 22 queries, verify the answers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  swath tpch run --scale 1                           generate if needed, run all, verify
  swath tpch run --scale 10 --queries 1,18 --runs 3  two queries, the shortest of three runs
  swath tpch run --scale 1 --form dataframe --json report.json
  swath tpch run --scale 1 --connect swath://localhost:7050
  swath tpch generate --scale 10 --output data/sf10 --parts 8")]
pub struct Args {
    #[command(subcommand)]
    command: TpchCommand,
}

#[derive(Debug, Subcommand)]
enum TpchCommand {
    /// Generate the tables as zstd-compressed Parquet. Interrupted? The same command goes on where it stopped.
    Generate(GenerateArgs),
    /// Run queries and verify their answers; generates what is missing.
    Run(RunArgs),
    /// Run queries on demand, read from standard input (used by `cargo xtask compare tpch`).
    #[command(hide = true)]
    Serve(ServeArgs),
}

#[derive(Debug, clap::Args)]
struct GenerateArgs {
    /// Size of the data: 1 is about a gigabyte of text; fractions such as 0.01 are fine.
    #[arg(long, value_name = "S")]
    scale: Scale,
    /// The folder to write to; each table becomes a folder in it.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Files per table.
    #[arg(long, value_name = "N", default_value_t = 1)]
    parts: u32,
    /// Worker threads; default: all cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// Which form of the queries: both are checked against the reference, or where there is none against each other.
    #[arg(long, value_enum, default_value_t = Forms::Sql)]
    form: Forms,
    /// Only these queries, such as 1,5,18.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    queries: Vec<Query>,
    /// How often each query is run; the shortest counts, every answer is verified.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Also write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct ServeArgs {
    #[command(flatten)]
    session: SessionArgs,
    #[arg(long, value_enum, default_value_t = Form::Sql)]
    form: Form,
}

/// The data and the session over them.
#[derive(Debug, clap::Args)]
struct SessionArgs {
    /// Scale of the data.
    #[arg(long, value_name = "S")]
    scale: Scale,
    /// The folder of the data; default: `swath/tpch/sfS` (S the scale) in the user's cache folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Worker threads; default: all cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory that operators may hold together before they spill, such as 4GB.
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<ByteSize>,
    /// The folder that operators spill to.
    #[arg(long, value_name = "DIR")]
    spill_folder: Option<PathBuf>,
    /// Run on a cluster (swath://host:port) instead of in this process.
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<String>,
    /// A setting, such as swath.reorder_joins=false; may be given more than once.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    settings: Vec<(String, String)>,
}

fn key_value(text: &str) -> std::result::Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Forms {
    Sql,
    #[value(name = "dataframe")]
    DataFrame,
    Both,
}

impl Forms {
    fn list(self) -> Vec<Form> {
        match self {
            Self::Sql => vec![Form::Sql],
            Self::DataFrame => vec![Form::DataFrame],
            Self::Both => vec![Form::Sql, Form::DataFrame],
        }
    }
}

/// Does what the arguments say; reports go to standard output. The exit code is non-zero if a query failed or is wrong.
///
/// # Errors
/// If data could not be generated or opened, or the session could not start.
pub fn run(arguments: Args) -> Result<ExitCode> {
    let out = &mut io::stdout();
    match arguments.command {
        TpchCommand::Generate(arguments) => generate_command(&arguments, out),
        TpchCommand::Run(arguments) => run_command(&arguments, out),
        TpchCommand::Serve(arguments) => serve_command(&arguments, out),
    }
}

fn generate_command(arguments: &GenerateArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let options = GenerateOptions {
        scale: arguments.scale,
        folder: arguments.output.clone(),
        parts: arguments.parts,
        threads: arguments.threads.unwrap_or_else(cores),
    };
    let generated = generate(&options, &Progress::on_stderr())?;
    let (written, kept, folder) = (generated.files_written, generated.files_kept, arguments.output.display());
    writeln!(out, "{folder}: {written} files written, {kept} kept").map_err(print_failed)?;
    Ok(ExitCode::SUCCESS)
}

fn run_command(arguments: &RunArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let folder = arguments.session.data_folder()?;
    ensure_data(&folder, &arguments.session)?;
    let (session, tables) = arguments.session.open(&folder)?;
    let mut queries = arguments.queries.clone();
    if queries.is_empty() {
        queries.extend(Query::all());
    }
    let forms = arguments.form.list();
    let options = RunOptions { queries, forms: forms.clone(), runs: arguments.runs as usize };
    let report = Report {
        scale: arguments.session.scale.factor(),
        data: folder.to_string_lossy().into_owned(),
        threads: session.engine().threads(),
        memory_limit_bytes: session.engine().memory_limit_bytes(),
        outcomes: vec![],
        totals: vec![],
        peak_rss_bytes: None,
    };
    write_heading(out).map_err(print_failed)?;
    let mut printed = Ok(());
    let outcomes = run_queries(&session, &tables, &options, |outcome| {
        if printed.is_ok() {
            printed = write_outcome(out, outcome);
        }
    });
    printed.map_err(print_failed)?;
    let report = Report { outcomes, ..report }.finish(&forms);
    write_totals(out, &report).map_err(print_failed)?;
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Error::Option(format!("--json: {error}")))?;
        std::fs::write(path, text + "\n").map_err(Error::io("write", path))?;
    }
    Ok(if report.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn serve_command(arguments: &ServeArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let (session, tables) = arguments.session.open(&arguments.session.data_folder()?)?;
    serve(&session, &tables, arguments.form, io::stdin().lock(), out).map_err(print_failed)?;
    Ok(ExitCode::SUCCESS)
}

impl SessionArgs {
    fn open(&self, folder: &Path) -> Result<(Session, Tables)> {
        let mut builder = match &self.connect {
            Some(address) => Session::connect(address),
            None => Session::embedded(),
        };
        if let Some(threads) = self.threads {
            builder = builder.threads(threads);
        }
        if let Some(ByteSize(bytes)) = self.memory_limit {
            builder = builder.memory_limit(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        if let Some(folder) = &self.spill_folder {
            builder = builder.spill_folder(folder);
        }
        for (key, value) in &self.settings {
            builder = builder.set(key, value);
        }
        let session = builder.build()?;
        let tables = Tables::open(&session, folder, self.scale)?;
        Ok((session, tables))
    }

    fn data_folder(&self) -> Result<PathBuf> {
        match &self.data {
            Some(folder) => Ok(folder.clone()),
            None => default_data_folder(self.scale),
        }
    }
}

/// `swath/tpch/sf<S>` in `$XDG_CACHE_HOME` or `~/.cache`.
fn default_data_folder(scale: Scale) -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let cache = cache.ok_or_else(|| Error::Option("neither XDG_CACHE_HOME nor HOME is set: give --data".to_owned()))?;
    Ok(cache.join("swath/tpch").join(format!("sf{scale}")))
}

/// Generates what is missing, in a process of its own: the generator holds 300 MB of text to the end of its process, which
/// would count as this one's peak memory.
fn ensure_data(folder: &Path, arguments: &SessionArgs) -> Result<()> {
    let manifest = Manifest::read(folder)?;
    let all_there = Table::ALL.into_iter().all(|table| table_path(folder, table).is_some());
    // Data from elsewhere have no manifest; they are taken as they are.
    if manifest.is_none() && all_there {
        return Ok(());
    }
    if let Some(manifest) = &manifest
        && !manifest.is_of(arguments.scale)
    {
        let message = format!("holds data of another scale than {}; give another --data or --scale", arguments.scale);
        return Err(Error::Folder { folder: folder.to_owned(), message });
    }
    let program = std::env::current_exe().map_err(Error::io("find", Path::new("this program")))?;
    let mut command = Command::new(&program);
    command.args(["tpch", "generate", "--scale", &arguments.scale.to_string(), "--output"]).arg(folder);
    command.args(["--parts", &manifest.map_or(1, |manifest| manifest.parts()).to_string()]);
    if let Some(threads) = arguments.threads {
        command.args(["--threads", &threads.to_string()]);
    }
    // Standard output is for the report.
    let status = command.stdout(std::process::Stdio::null()).status().map_err(Error::io("start", &program))?;
    if status.success() {
        Ok(())
    } else {
        let message = "the data could not be generated, see above".to_owned();
        Err(Error::Folder { folder: folder.to_owned(), message })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

fn print_failed(source: io::Error) -> Error {
    Error::Io { operation: "write", path: PathBuf::from("standard output"), source }
}
