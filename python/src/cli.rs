//! The `swath` program, started from Python.

use std::process::ExitCode;

use pyo3::prelude::*;

/// Runs the command line `arguments` (the first is the program's name) and returns the exit code.
#[pyfunction]
pub fn main(py: Python<'_>, arguments: Vec<String>) -> u8 {
    let code = py.detach(|| swath::cli::run(arguments));
    // An `ExitCode` can be compared, not read.
    (0..=u8::MAX).find(|number| ExitCode::from(*number) == code).unwrap_or(1)
}
