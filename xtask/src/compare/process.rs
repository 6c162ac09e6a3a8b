//! An engine as a child process that answers commands (`benches/serve.py`).

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::comparison::Run;

/// A started engine. Dropping it ends its process.
#[derive(Debug)]
pub struct EngineProcess {
    name: &'static str,
    child: Child,
    commands: ChildStdin,
    replies: BufReader<ChildStdout>,
    cluster: Option<ClusterProcess>,
}

/// A cluster that is held while an engine runs. Its processes end with it.
#[derive(Debug)]
pub struct ClusterProcess {
    child: Child,
    address: String,
}

impl ClusterProcess {
    /// Starts a cluster of so many workers of one thread.
    pub fn start(swath: &Path, workers: usize) -> Result<Self, String> {
        let mut command = Command::new(swath);
        command.args(["cluster", "--threads", "1", "--port", "0", "--workers", &workers.to_string()]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            // An end without a line is told below.
            let _ = BufReader::new(output).read_line(&mut line);
        }
        let mut cluster = Self { child, address: String::new() };
        let address = line.split_whitespace().find(|word| word.starts_with("swath://"));
        cluster.address = address.ok_or_else(|| format!("{command:?} said '{}'", line.trim()))?.to_owned();
        Ok(cluster)
    }

    /// Where clients connect.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Scheduler and workers.
    fn processes(&self) -> Vec<u32> {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        children.split_whitespace().filter_map(|id| id.parse().ok()).collect()
    }
}

impl Drop for ClusterProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl EngineProcess {
    /// Starts the process and waits until it is ready.
    pub fn start(name: &'static str, mut command: Command, cluster: Option<ClusterProcess>) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        let (Some(commands), Some(replies)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{command:?} has no pipes"));
        };
        let mut process = Self { name, child, commands, replies: BufReader::new(replies), cluster };
        match process.ask("ready?")?["ready"] {
            Value::Bool(true) => Ok(process),
            _ => Err(format!("{name} is not ready")),
        }
    }

    /// Runs a query once.
    pub fn run(&mut self, query: &str) -> Run {
        self.forget_peak();
        let reply = match self.ask(&format!("run {query}")) {
            Ok(reply) => reply,
            Err(error) => return Run::failed(error),
        };
        if reply["offered"] == Value::Bool(false) {
            return Run::not_offered();
        }
        match reply["seconds"].as_f64() {
            Some(seconds) => {
                let check = reply["rows"].as_f64().or(reply["check"].as_f64());
                Run { seconds: Some(seconds), check, peak_bytes: self.peak_bytes(), error: None }
            }
            None => Run::failed(reply["error"].as_str().unwrap_or("gave no time").to_owned()),
        }
    }

    fn ask(&mut self, command: &str) -> Result<Value, String> {
        let ended = |error| format!("{} has ended: {error}", self.name);
        writeln!(self.commands, "{command}").and_then(|()| self.commands.flush()).map_err(ended)?;
        let mut line = String::new();
        match self.replies.read_line(&mut line) {
            Ok(0) => Err(ended(std::io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => serde_json::from_str(&line).map_err(|error| format!("{} said '{line}': {error}", self.name)),
            Err(error) => Err(ended(error)),
        }
    }

    /// The processes that work for it.
    fn processes(&self) -> Vec<u32> {
        let of_cluster = self.cluster.iter().flat_map(ClusterProcess::processes);
        std::iter::once(self.child.id()).chain(of_cluster).collect()
    }

    /// Starts a new peak of resident memory; Linux only, elsewhere there are no peaks.
    fn forget_peak(&self) {
        for id in self.processes() {
            // Without the permission the peak is that of the process so far.
            let _ = fs::write(format!("/proc/{id}/clear_refs"), "5");
        }
    }

    /// The peaks of its processes together.
    fn peak_bytes(&self) -> Option<u64> {
        self.processes().into_iter().map(peak_bytes).sum()
    }
}

fn peak_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
