//! What a comparison needs: the `swath` program, and a Python environment with pinned engines.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::engine::Engine;
use crate::cargo;

/// Paths of everything that is started.
#[derive(Debug)]
pub struct Environment {
    /// The workspace.
    pub root: PathBuf,
    /// Where results go; the virtual environment is in it too.
    pub output: PathBuf,
    /// The `swath` program.
    pub swath: PathBuf,
    /// Python of the virtual environment; there if any engine needs it.
    pub python: PathBuf,
}

impl Environment {
    /// Builds `swath` if none is given, and makes the virtual environment if an engine needs it and it is not there as pinned.
    pub fn prepare(engines: &[Engine], swath: Option<PathBuf>) -> Result<Self, String> {
        let root = cargo::workspace()?;
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let output = target.join("compare");
        fs::create_dir_all(&output).map_err(|error| format!("{} cannot be made: {error}", output.display()))?;
        let swath = swath.map_or_else(|| cargo::build_swath(&root), Ok)?;
        let python = output.join("venv/bin/python");
        let environment = Self { root, output, swath, python };
        if engines.iter().any(|engine| engine.driver().is_some()) {
            environment.make_venv()?;
        }
        if engines.contains(&Engine::Pyspark) {
            environment.add_spark()?;
        }
        Ok(environment)
    }

    /// The folder of the Python drivers.
    pub fn drivers(&self) -> PathBuf {
        self.root.join("benches/tpch")
    }

    /// Generates what is missing of the data.
    pub fn generate(&self, scale: f64, folder: &Path) -> Result<(), String> {
        // Data that are there may be cut into several files; they are taken as they are.
        if folder.join("region").is_dir() && folder.join("lineitem/part-00000.parquet").is_file() {
            return Ok(());
        }
        let mut command = Command::new(&self.swath);
        run(command.args(["tpch", "generate", "--scale", &scale.to_string(), "--output"]).arg(folder))
    }

    fn make_venv(&self) -> Result<(), String> {
        self.install("requirements.txt", || {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(self.venv()))
        })
    }

    /// Spark is large, and needs Java, so only those who ask for it get it.
    fn add_spark(&self) -> Result<(), String> {
        if Command::new("java").arg("-version").output().is_err() {
            let help = "install one (`default-jre-headless` on Debian), or leave the engine out with --engines";
            return Err(format!("pyspark needs Java 17 or newer, and there is no program `java`: {help}"));
        }
        self.install("requirements-pyspark.txt", || Ok(()))
    }

    fn venv(&self) -> PathBuf {
        self.output.join("venv")
    }

    /// Installs what a file of the drivers pins, after `prepare`, unless it is there.
    fn install(&self, name: &str, prepare: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        let requirements = self.drivers().join(name);
        let pinned =
            fs::read_to_string(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
        // Written last, so that a half-made environment is made again.
        let stamp = self.venv().join(format!("installed-{name}"));
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pinned) {
            return Ok(());
        }
        prepare()?;
        let mut pip = Command::new(&self.python);
        run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements))?;
        fs::write(&stamp, pinned).map_err(|error| format!("{}: {error}", stamp.display()))
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    println!("== {command:?}");
    let status = command.status().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}
