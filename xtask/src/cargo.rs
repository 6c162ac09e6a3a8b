//! How xtask calls cargo.

use std::env;
use std::process::Command;

/// What `cargo xtask` finds in its environment because cargo itself started it.
const SET_BY_CARGO_RUN: [&str; 5] = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_"];

/// Cargo, as if a person had called it.
///
/// Some build scripts (ring's) watch `CARGO_PKG_NAME` and its kin. Inherited from `cargo run`, they would differ from a call at
/// the prompt, and each of the two ways would rebuild half of the dependencies after the other.
pub fn command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| SET_BY_CARGO_RUN.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}
