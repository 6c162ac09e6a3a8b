//! What a comparison needs: the `swath` program, and a Python environment with pinned engines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::engine::Engine;
use crate::cargo;
use crate::python::{Venv, run};

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
        let output = cargo::target(&root).join("compare");
        fs::create_dir_all(&output).map_err(|error| format!("{} cannot be made: {error}", output.display()))?;
        let swath = swath.map_or_else(|| cargo::build_swath(&root), Ok)?;
        let venv = Venv::at(output.join("venv"));
        let environment = Self { root, output, swath, python: venv.python() };
        if engines.iter().any(|engine| engine.driver().is_some()) {
            venv.make(&environment.drivers().join("requirements.txt"))?;
        }
        if engines.contains(&Engine::Pyspark) {
            environment.add_spark(&venv)?;
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

    /// Spark is large, and needs Java, so only those who ask for it get it.
    fn add_spark(&self, venv: &Venv) -> Result<(), String> {
        if Command::new("java").arg("-version").output().is_err() {
            let help = "install one (`default-jre-headless` on Debian), or leave the engine out with --engines";
            return Err(format!("pyspark needs Java 17 or newer, and there is no program `java`: {help}"));
        }
        venv.add(&self.drivers().join("requirements-pyspark.txt"))
    }
}
