//! Virtual environments for what is done in Python: made when first needed, from files that pin every package by its version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A virtual environment in a folder of its own.
#[derive(Debug)]
pub struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// The one in `folder`, which need not be there yet.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program in it.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Makes it, with what `requirements` pins, unless it is there as pinned.
    pub fn make(&self, requirements: &Path) -> Result<(), String> {
        self.install_after(requirements, || {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&self.folder)).map_err(|error| {
                format!("{error}; install Python 3.11 or newer with venv (`python3` and `python3-venv` on Debian)")
            })
        })
    }

    /// Adds what `requirements` pins, unless it is there as pinned.
    pub fn add(&self, requirements: &Path) -> Result<(), String> {
        self.install_after(requirements, || Ok(()))
    }

    fn install_after(&self, requirements: &Path, prepare: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", requirements.display());
        let pinned = fs::read_to_string(requirements).map_err(wrong)?;
        let name = requirements.file_name().unwrap_or_default().to_string_lossy();
        // Written last, so that a half-made environment is made again.
        let stamp = self.folder.join(format!("installed-{name}"));
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pinned) {
            return Ok(());
        }
        prepare()?;
        let mut pip = Command::new(self.python());
        run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(requirements))?;
        fs::write(&stamp, pinned).map_err(|error| format!("{}: {error}", stamp.display()))
    }
}

/// Runs `command`, which may print.
pub fn run(command: &mut Command) -> Result<(), String> {
    println!("== {command:?}");
    let status = command.status().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}
