//! The progress line of a long query: what its scans have read so far.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::physical_plan::ExecutionPlan;
use indicatif::{ProgressBar, ProgressStyle};
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
            Some(plan) => Scanned::by(plan).describe(elapsed),
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

/// What the leaves of a plan have given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Scanned {
    rows: usize,
    bytes: usize,
}

impl Scanned {
    fn by(plan: &Arc<dyn ExecutionPlan>) -> Self {
        let children = plan.children();
        if children.is_empty() {
            let metrics = plan.metrics().unwrap_or_default();
            let bytes = metrics.sum_by_name("bytes_scanned").map_or(0, |bytes| bytes.as_usize());
            return Self { rows: metrics.output_rows().unwrap_or(0), bytes };
        }
        children
            .into_iter()
            .map(Self::by)
            .fold(Self::default(), |sum, child| Self { rows: sum.rows + child.rows, bytes: sum.bytes + child.bytes })
    }

    fn describe(self, elapsed: Duration) -> String {
        let bytes = if self.bytes > 0 { format!(", {}", readable_bytes(self.bytes)) } else { String::new() };
        format!("{} rows read{bytes}, {}", thousands(self.rows), seconds(elapsed))
    }
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
        assert_eq!(Scanned::by(&plan), Scanned::default());
        let (context, running) = (session.context().task_ctx(), Arc::clone(&plan));
        session.engine().block_on(async move { datafusion::physical_plan::collect(running, context).await }).unwrap();
        assert_eq!(Scanned::by(&plan), Scanned { rows: 20_000, bytes: 0 });
    }

    #[test]
    fn says_rows_bytes_and_time() {
        let scanned = Scanned { rows: 1_234_567, bytes: 3 << 20 };
        assert_eq!(scanned.describe(Duration::from_millis(1540)), "1,234,567 rows read, 3.00 MiB, 1.5 s");
        assert_eq!(Scanned::default().describe(Duration::from_secs(125)), "0 rows read, 2:05 min");
    }
}
