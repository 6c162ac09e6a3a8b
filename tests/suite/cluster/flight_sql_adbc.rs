//! Flight SQL as the ADBC driver for Python speaks it.

use std::process::Command;

use super::shared;
use crate::house::project;

#[test]
fn the_adbc_driver_works() {
    let Some(python) = std::env::var_os("SWATH_TEST_PYTHON") else {
        panic!(
            "this test needs Python with the ADBC driver: run `cargo xtask test`, which makes a virtual environment (it needs \
             Python 3.11 or newer with venv: `python3` and `python3-venv` on Debian), or set SWATH_TEST_PYTHON to an interpreter \
             that has what tests/python/requirements.txt names"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(&python)
        .arg(project().join("tests/python/flight_sql.py"))
        .arg(shared().address().replace("swath://", "grpc://"))
        .arg(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", python.display()));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}{err}", output.status);
}
