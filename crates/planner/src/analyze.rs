//! What each operator of a plan that has run did: rows, bytes, time, spills, as a tree that a person can read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};

pub use elsewhere::{Elsewhere, StageReport, TaskReport};

mod elsewhere;
pub mod progress;

/// Longest description of an operator that a report prints; the rest is cut.
const DESCRIPTION_WIDTH: usize = 160;

/// One operator of a plan that has run, summed over its partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorReport {
    /// Steps from the root of the plan.
    pub depth: usize,
    /// The operator and its arguments, as EXPLAIN prints them.
    pub description: String,
    /// Rows that it gave out, if it counts them.
    pub rows: Option<usize>,
    /// Bytes of the batches that it gave out, if it counts them.
    pub bytes: Option<usize>,
    /// Processor time spent in it, without its inputs.
    pub compute: Option<Duration>,
    /// Times that it spilled.
    pub spills: usize,
    /// Bytes that it wrote to spill files.
    pub spilled_bytes: usize,
}

/// The report of a whole plan, outermost operator first.
#[derive(Clone, Debug)]
pub struct AnalyzeReport {
    /// The operators in the order in which EXPLAIN prints them.
    pub operators: Vec<OperatorReport>,
    /// What other processes did of it, in the order in which stages feed each other; nothing, if it ran in this one.
    pub stages: Vec<StageReport>,
    /// Time from start to end, as a clock on the wall shows it.
    pub elapsed: Duration,
}

impl AnalyzeReport {
    /// Reads the metrics of `plan`, which has run to its end in `elapsed`; `elsewhere` has what other processes did of it.
    pub fn of(plan: &Arc<dyn ExecutionPlan>, elsewhere: &Elsewhere, elapsed: Duration) -> Self {
        let (mut operators, stages) = (operators(plan), StageReport::of(&elsewhere.tasks.lock()));
        if !stages.is_empty() {
            // What ran elsewhere is told there.
            operators.retain(|own| own.rows.is_some() || own.compute.is_some());
        }
        Self { operators, stages, elapsed }
    }
}

/// What each operator of `plan`, which has run, did; outermost first.
pub fn operators(plan: &Arc<dyn ExecutionPlan>) -> Vec<OperatorReport> {
    let mut operators = vec![];
    collect(plan, 0, &mut operators);
    operators
}

fn collect(plan: &Arc<dyn ExecutionPlan>, depth: usize, operators: &mut Vec<OperatorReport>) {
    let metrics = plan.metrics().unwrap_or_default();
    let line = DisplayableExecutionPlan::new(plan.as_ref()).one_line().to_string();
    operators.push(OperatorReport {
        depth,
        description: line.trim_end().to_owned(),
        rows: metrics.output_rows(),
        bytes: output_bytes(&metrics),
        compute: metrics.elapsed_compute().map(|nanoseconds| Duration::from_nanos(nanoseconds as u64)),
        spills: metrics.spill_count().unwrap_or(0),
        spilled_bytes: metrics.spilled_bytes().unwrap_or(0),
    });
    for child in plan.children() {
        collect(child, depth + 1, operators);
    }
}

fn output_bytes(metrics: &MetricsSet) -> Option<usize> {
    metrics.sum(|metric| matches!(metric.value(), MetricValue::OutputBytes(_))).map(|sum| sum.as_usize())
}

/// Operators, a line each.
pub(crate) struct Lines<'a>(pub &'a [OperatorReport]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for operator in self.0 {
            let rows = operator.rows.map_or_else(|| "-".to_owned(), thousands);
            let bytes = operator.bytes.map_or_else(|| "-".to_owned(), readable_bytes);
            let time = operator.compute.map_or_else(|| "-".to_owned(), readable_time);
            let spilled = match operator.spills {
                0 => "-".to_owned(),
                _ => readable_bytes(operator.spilled_bytes),
            };
            let description = shortened(&operator.description);
            let indent = operator.depth * 2;
            writeln!(f, "{rows:>12}  {bytes:>10}  {time:>10}  {spilled:>10}  {:indent$}{description}", "")?;
        }
        Ok(())
    }
}

impl fmt::Display for AnalyzeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>12}  {:>10}  {:>10}  {:>10}  operator", "rows", "bytes", "time", "spilled")?;
        write!(f, "{}", Lines(&self.operators))?;
        for stage in &self.stages {
            write!(f, "{stage}")?;
        }
        writeln!(f, "elapsed: {}", readable_time(self.elapsed))
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(DESCRIPTION_WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes with a binary unit and three significant digits: `1.25 MiB`.
pub fn readable_bytes(bytes: usize) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match (unit, value) {
        (0, _) => format!("{bytes} B"),
        (_, value) if value < 10.0 => format!("{value:.2} {}", UNITS[unit]),
        (_, value) if value < 100.0 => format!("{value:.1} {}", UNITS[unit]),
        (_, value) => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// A duration in the unit that suits it: `850 µs`, `12.3 ms`, `4.56 s`.
pub fn readable_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            (thousands(0), thousands(999), thousands(1_234_567)),
            ("0".into(), "999".into(), "1,234,567".into())
        );
        assert_eq!(readable_bytes(999), "999 B");
        assert_eq!(readable_bytes(1536), "1.50 KiB");
        assert_eq!(readable_bytes(200 << 20), "200 MiB");
        assert_eq!(readable_time(Duration::from_micros(850)), "850 µs");
        assert_eq!(readable_time(Duration::from_millis(4560)), "4.56 s");
    }

    #[test]
    fn a_report_is_a_tree() {
        let operator = |depth, description: &str, spills| OperatorReport {
            depth,
            description: description.to_owned(),
            rows: Some(1000 * (depth + 1)),
            bytes: Some(2048),
            compute: Some(Duration::from_millis(3)),
            spills,
            spilled_bytes: 4096 * spills,
        };
        let operators = vec![operator(0, "SortExec: [a]", 1), operator(1, "Scan", 0)];
        let report = AnalyzeReport { operators, stages: vec![], elapsed: Duration::from_millis(7) };
        let expected = "        rows       bytes        time     spilled  operator
       1,000    2.00 KiB      3.0 ms    4.00 KiB  SortExec: [a]
       2,000    2.00 KiB      3.0 ms           -    Scan
elapsed: 7.0 ms
";
        assert_eq!(report.to_string(), expected);
    }
}
