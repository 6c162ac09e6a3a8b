//! The steps, each one child process of cargo, with its time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::cargo;
use crate::python::{Venv, run as run_in};

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

/// The Python package: built into a virtual environment of its own, linted, type-checked, tested.
pub fn python_package(filter: Option<&str>) -> Result<(), String> {
    let (folder, venv) = package_environment()?;
    let bin = |name: &str| {
        let mut command = Command::new(venv.program(name));
        command.current_dir(&folder);
        command
    };
    step("package", build_package)?;
    // Workers without Python are tested, too.
    let program = cargo::build_swath(&cargo::workspace()?)?;
    if filter.is_none() {
        step("ruff", || run_in(bin("ruff").args(["check", "."])))?;
        step("ruff format", || run_in(bin("ruff").args(["format", "--check", "."])))?;
        step("mypy", || run_in(bin("mypy").args(["swath", "tests/typed_programs.py"])))?;
        step("stubtest", || run_in(bin("python").args(["tests/stubtest.py"])))?;
    }
    let mut pytest = bin("python");
    pytest.args(["-m", "pytest", "-q"]).env("SWATH_TEST_PROGRAM", program);
    if let Some(filter) = filter {
        pytest.args(["-k", filter]);
    }
    step("pytest", || run_in(&mut pytest))?;
    if filter.is_none() {
        let suite = cargo::target(&cargo::workspace()?).join("narwhals");
        step("narwhals", || run_in(bin("python").arg("tests/narwhals_suite.py").arg(suite)))?;
    }
    Ok(())
}

/// Compiles the Python package and puts it into its virtual environment, as `pip install -e ./python` would, in a second when nothing
/// has changed.
pub fn build_package() -> Result<(), String> {
    let (folder, venv) = package_environment()?;
    // maturin asks for the environment that it installs into by this name.
    run_in(maturin(&folder, &venv).args(["develop", "--release", "--quiet"]).env("VIRTUAL_ENV", venv.folder()))
}

/// The interpreter of the environment that the package is built into.
pub fn package_python() -> Result<PathBuf, String> {
    Ok(package_environment()?.1.python())
}

/// A wheel of the Python package, in `dist` of the target folder.
pub fn wheel() -> Result<(), String> {
    let (folder, venv) = package_environment()?;
    let dist = cargo::target(&cargo::workspace()?).join("dist");
    run_in(maturin(&folder, &venv).args(["build", "--release", "--out"]).arg(dist))
}

/// The reference of the Python package, as HTML in `reference` of the target folder; a warning is an error.
pub fn reference() -> Result<(), String> {
    let (folder, venv) = package_environment()?;
    let out = cargo::target(&cargo::workspace()?).join("reference");
    let out = std::path::absolute(out).map_err(|error| error.to_string())?;
    step("package", build_package)?;
    step("reference", || run_in(Command::new(venv.python()).arg("reference/build.py").arg(&out).current_dir(folder)))?;
    println!("{}", out.join("html/index.html").display());
    Ok(())
}

/// The environment's maturin, in the package's folder.
fn maturin(folder: &Path, venv: &Venv) -> Command {
    let mut maturin = cargo::without_traces(Command::new(venv.program("maturin")));
    maturin.current_dir(folder);
    maturin
}

/// The package's folder, and the environment with the tools that it is built and tested with.
fn package_environment() -> Result<(PathBuf, Venv), String> {
    let root = cargo::workspace()?;
    let venv = Venv::at(cargo::target(&root).join("python"));
    venv.make(&root.join("python/requirements-dev.txt"))?;
    venv.add(&root.join("python/requirements-reference.txt"))?;
    let venv = Venv::at(std::path::absolute(venv.folder()).map_err(|error| error.to_string())?);
    Ok((root.join("python"), venv))
}

fn step(name: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let started = Instant::now();
    work()?;
    println!("== {name}: {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
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

fn run(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    println!("== {name}: cargo {}", arguments.join(" "));
    step(name, || {
        let status = cargo::command()
            .args(arguments)
            .envs(environment.iter().copied())
            .status()
            .map_err(|error| format!("{name}: cargo cannot be started: {error}"))?;
        if !status.success() {
            return Err(format!("{name} failed ({status}); run `cargo {}` to see it alone", arguments.join(" ")));
        }
        Ok(())
    })
}
