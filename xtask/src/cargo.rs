//! How xtask calls cargo.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What `cargo xtask` finds in its environment because cargo itself started it.
const SET_BY_CARGO_RUN: [&str; 5] = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_"];

/// Cargo, as if a person had called it.
///
/// Some build scripts (ring's) watch `CARGO_PKG_NAME` and its kin. Inherited from `cargo run`, they would differ from a call at
/// the prompt, and each of the two ways would rebuild half of the dependencies after the other.
pub fn command() -> Command {
    without_traces(Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

/// `command`, which calls cargo, as if a person had called it.
pub fn without_traces(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| SET_BY_CARGO_RUN.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}

/// The project's folder, as cargo says it now: two clones may share a target folder, and the path that was compiled in may be the other's.
pub fn workspace() -> Result<PathBuf, String> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map(Path::to_owned).ok_or_else(|| "xtask is not inside a workspace".to_owned())
}

/// Where cargo puts what it builds.
pub fn target(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Builds the program in its usual profile and asks cargo where it is.
pub fn build_swath(root: &Path) -> Result<PathBuf, String> {
    build(root, &["--bin", "swath"], "swath")
}

/// Builds an example of a member and asks cargo where it is. With the features of the whole workspace, as the tests: a member alone would
/// have its dependencies compiled once more.
pub fn build_example(root: &Path, name: &str) -> Result<PathBuf, String> {
    build(root, &["--workspace", "--example", name], name)
}

fn build(root: &Path, what: &[&str], name: &str) -> Result<PathBuf, String> {
    let output = command()
        .args(["build", "--release", "--message-format", "json-render-diagnostics"])
        .args(what)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name} could not be built, see above"));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("cargo did not say where it put {name}"))
}
