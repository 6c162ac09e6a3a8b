//! The progress line of a long query: what its scans have read so far, and on a cluster which stages and tasks have ended.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::physical_plan::ExecutionPlan;
use indicatif::{ProgressBar, ProgressStyle};
use swath_collections::planner::analyze::progress::Progress as Done;
use swath_collections::planner::analyze::{readable_bytes, readable_time, thousands};

/// A query shows no progress before this time.
const QUIET_TIME: Duration = Duration::from_millis(500);
/// How often the line is drawn.
pub const TICK: Duration = Duration::from_millis(100);

/// Draws a line on stderr while a query runs, and takes it away.
///
/// The cursor stays behind the text, so that the `^C` which a terminal echoes is wiped away with the line.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    /// The line; none if it is not wanted, or no more.
    line: Option<ProgressBar>,
}

impl Progress {
    /// Progress of a query that starts now; nothing is drawn unless stderr is a terminal.
    pub fn start(is_wanted: bool) -> Self {
        let line = (is_wanted && io::stderr().is_terminal()).then(|| {
            let line = ProgressBar::new_spinner();
            match ProgressStyle::with_template("{spinner} {wide_msg}") {
                Ok(style) => line.with_style(style),
                Err(_) => line,
            }
        });
        Self { started: Instant::now(), line }
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Draws the line anew from the metrics of `plan`.
    pub fn tick(&mut self, plan: Option<&Arc<dyn ExecutionPlan>>) {
        let elapsed = self.elapsed();
        let Some(line) = self.line.as_ref().filter(|_| elapsed >= QUIET_TIME) else { return };
        line.set_message(match plan {
            Some(plan) => describe(&Done::of(plan), elapsed),
            None => format!("planning, {}", seconds(elapsed)),
        });
        line.tick();
    }

    /// Takes the line away, for output that is about to be written. It stays away.
    pub fn clear(&mut self) {
        if let Some(line) = self.line.take() {
            line.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn describe(progress: &Done, elapsed: Duration) -> String {
    let Done { stages, stages_done, tasks, tasks_done, rows, bytes } = *progress;
    let (verb, places) = match stages {
        0 => ("read", String::new()),
        _ => ("made", format!("stage {}/{stages}, task {tasks_done}/{tasks}, ", (stages_done + 1).min(stages))),
    };
    let bytes = if bytes > 0 { format!(", {}", readable_bytes(bytes)) } else { String::new() };
    format!("{places}{} rows {verb}{bytes}, {}", thousands(rows), seconds(elapsed))
}

/// Tenths of a second are enough for a line that changes all the time.
fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        more => format!("{}:{:02} min", more / 60, more % 60),
    }
}

/// The time of a finished query, for its footer.
pub fn took(elapsed: Duration) -> String {
    readable_time(elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use swath_collections::Session;

    #[test]
    fn counts_what_the_leaves_gave_out() {
        let session = Session::embedded().threads(1).build().unwrap();
        let frame = session.sql("SELECT count(*) FROM generate_series(1, 20000) WHERE value % 2 = 0").unwrap();
        let plan = frame.physical_plan().unwrap();
        assert_eq!(Done::of(&plan), Done::default());
        let (context, running) = (session.context().task_ctx(), Arc::clone(&plan));
        session.engine().block_on(async move { datafusion::physical_plan::collect(running, context).await }).unwrap();
        assert_eq!(Done::of(&plan), Done { rows: 20_000, ..Done::default() });
    }

    #[test]
    fn says_rows_bytes_and_time() {
        let done = Done { rows: 1_234_567, bytes: 3 << 20, ..Done::default() };
        assert_eq!(describe(&done, Duration::from_millis(1540)), "1,234,567 rows read, 3.00 MiB, 1.5 s");
        assert_eq!(describe(&Done::default(), Duration::from_secs(125)), "0 rows read, 2:05 min");
        let done = Done { stages: 3, stages_done: 1, tasks: 8, tasks_done: 5, rows: 10, ..Done::default() };
        assert_eq!(describe(&done, Duration::from_secs(2)), "stage 2/3, task 5/8, 10 rows made, 2.0 s");
    }
}
