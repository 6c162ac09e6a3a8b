//! The steps, each one child process of cargo, with its time.

use std::time::Instant;

use crate::cargo;
use crate::python::Venv;

/// Formatting, clippy without a warning, documentation without a warning.
pub fn lint() -> Result<(), String> {
    run("formatting", &["fmt", "--all", "--check"], &[])?;
    run("clippy", &["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])?;
    let documentation = ["doc", "--release", "--workspace", "--no-deps", "--document-private-items"];
    // Private items are documented too, so links to them lead somewhere.
    run("documentation", &documentation, &[("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links")])
}

/// All tests, in the one profile that the program itself is built with.
pub fn tests(filter: Option<&str>) -> Result<(), String> {
    let mut arguments = vec!["test", "--release", "--workspace"];
    arguments.extend(filter);
    match python() {
        Ok(python) => run("tests", &arguments, &[("SWATH_TEST_PYTHON", &python)]),
        // The tests in Python fail, and say what helps; the others need none.
        Err(error) => {
            println!("== no Python for tests: {error}");
            run("tests", &arguments, &[])
        }
    }
}

/// The interpreter for tests in Python, with what they need.
fn python() -> Result<String, String> {
    let root = cargo::workspace()?;
    let venv = Venv::at(cargo::target(&root).join("python-tests"));
    venv.make(&root.join("tests/python/requirements.txt"))?;
    let python = std::path::absolute(venv.python()).map_err(|error| error.to_string())?;
    python.into_os_string().into_string().map_err(|path| format!("{} is no text", path.display()))
}

/// Rewrites what is generated; the tests only check it.
pub fn docs() -> Result<(), String> {
    let arguments = ["test", "--release", "--package", "swath", "--test", "suite", "generated_docs"];
    run("generated documentation", &arguments, &[("SWATH_UPDATE_DOCS", "1")])
}

fn run(step: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    println!("== {step}: cargo {}", arguments.join(" "));
    let started = Instant::now();
    let status = cargo::command()
        .args(arguments)
        .envs(environment.iter().copied())
        .status()
        .map_err(|error| format!("{step}: cargo cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!("{step} failed ({status}); run `cargo {}` to see it alone", arguments.join(" ")));
    }
    println!("== {step}: {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}
