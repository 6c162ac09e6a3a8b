//! Where comparisons keep what they need and what they give.

use std::fs;
use std::path::PathBuf;

use crate::cargo;
use crate::python::Venv;

/// Folders of a comparison.
#[derive(Debug)]
pub struct Environment {
    /// The workspace.
    pub root: PathBuf,
    /// Where results go; the virtual environments are in it too.
    pub output: PathBuf,
}

impl Environment {
    /// Makes the folder of results.
    pub fn prepare() -> Result<Self, String> {
        let root = cargo::workspace()?;
        let output = cargo::target(&root).join("compare");
        fs::create_dir_all(&output).map_err(|error| format!("{} cannot be made: {error}", output.display()))?;
        Ok(Self { root, output })
    }

    /// A virtual environment, which need not be there yet.
    pub fn venv(&self, name: &str) -> Venv {
        Venv::at(self.output.join(name))
    }
}
