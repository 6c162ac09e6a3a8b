//! The processes: started, asked, stopped.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use swath::prelude::*;

use super::failures::get;
use super::{builder, shared};

fn is_running(process: u32) -> bool {
    // SAFETY: signal 0 only asks whether the process is there.
    unsafe { libc::kill(i32::try_from(process).unwrap(), 0) == 0 }
}

#[test]
fn a_dropped_cluster_leaves_no_process() {
    let cluster = builder().workers(1).start().unwrap();
    let processes: Vec<u32> = cluster.worker_ids().into_iter().chain([cluster.scheduler_id()]).collect();
    assert!(processes.iter().all(|process| is_running(*process)));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _held = cluster;
        panic!("a test that fails");
    }));
    assert!(caught.is_err());
    assert!(!processes.iter().any(|process| is_running(*process)));
}

#[test]
fn health_and_metrics() {
    let address = shared().address().trim_start_matches("swath://");
    assert_eq!(get(address, "/healthz"), "ok\n");
    assert_eq!(get(address, "/readyz"), "ready\n");
    let metrics = get(address, "/metrics");
    assert!(metrics.contains("swath_workers 2\n") && metrics.contains("# TYPE swath_jobs_running gauge"), "{metrics}");
}

#[test]
fn a_worker_drains_on_sigterm() {
    let mut cluster = builder().workers(1).start().unwrap();
    let session = Session::connect(cluster.address()).threads(1).build().unwrap();
    assert_eq!(session.sql("SELECT * FROM range(3)").unwrap().count().unwrap(), 3);
    let worker = cluster.worker_ids()[0];
    // SAFETY: the process is a child of this one and has not been waited for.
    unsafe { libc::kill(i32::try_from(worker).unwrap(), libc::SIGTERM) };
    let begin = Instant::now();
    while cluster.is_running(0) {
        assert!(begin.elapsed() < Duration::from_secs(15), "the worker did not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let error = session.sql("SELECT * FROM range(3)").unwrap().collect().unwrap_err().to_string();
    assert!(error.contains("no worker"), "{error}");
    cluster.add_worker().unwrap();
    assert_eq!(session.sql("SELECT * FROM range(3)").unwrap().count().unwrap(), 3);
}

#[test]
fn the_program_tells_what_is_wrong() {
    let swath = |arguments: &[&str]| {
        let result = Command::new(env!("CARGO_BIN_EXE_swath")).args(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(!result.status.success(), "{arguments:?}");
        String::from_utf8(result.stderr).unwrap()
    };
    let error = swath(&["worker", "--scheduler", "swath://127.0.0.1:1", "--threads", "1"]);
    assert!(error.starts_with("error: 127.0.0.1:1: no scheduler answers"), "{error}");
    let error = swath(&["worker", "--threads", "none"]);
    assert!(error.contains("threads of the worker: expected a number, got 'none'"), "{error}");
    let error = swath(&["sql", "--connect", "swath://127.0.0.1:1", "-c", "SELECT 1"]);
    assert!(error.contains("no scheduler answers"), "{error}");
}

#[test]
fn a_config_file_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("swath.toml");
    std::fs::write(&path, "[scheduler]\nport = 0\nbind = \"127.0.0.9\"\n").unwrap();
    let start = |environment: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        command.args(["scheduler", "--stop-with-input", "--config"]).arg(&path);
        if let Some(bind) = environment {
            command.env("SWATH_SCHEDULER_BIND", bind);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        child.stdin.take().unwrap().flush().unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    assert!(start(None).contains("swath://127.0.0.9:"));
    assert!(start(Some("127.0.0.8")).contains("swath://127.0.0.8:"));
    std::fs::write(&path, "[scheduler]\nprot = 0\n").unwrap();
    let result = Command::new(env!("CARGO_BIN_EXE_swath")).args(["scheduler", "--config"]).arg(&path).output().unwrap();
    assert!(String::from_utf8_lossy(&result.stderr).contains("unknown key 'prot'"));
}
