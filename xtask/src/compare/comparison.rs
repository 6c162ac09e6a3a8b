//! The figures of a comparison, as a table and as JSON.

use std::fmt::Write;

use serde::Serialize;

/// Width of the names of queries.
const NAME: usize = 18;

/// How far numbers of the same answer may lie apart, relative to their size.
const TOLERANCE: f64 = 1e-6;

/// One run of one query.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Wall time as the engine's process measured it.
    pub seconds: Option<f64>,
    /// What the engines' answers are compared by: the number of rows of a table, a sum over an array.
    pub check: Option<f64>,
    /// The process's largest resident memory during the run.
    pub peak_bytes: Option<u64>,
    /// Why there is no time.
    pub error: Option<String>,
}

impl Run {
    /// A query that the engine does not offer.
    pub fn not_offered() -> Self {
        Self { seconds: None, check: None, peak_bytes: None, error: None }
    }

    /// A run that gave no answer.
    pub fn failed(error: String) -> Self {
        Self { seconds: None, check: None, peak_bytes: None, error: Some(error) }
    }
}

/// One engine's runs of one query.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Which engine.
    pub engine: &'static str,
    /// The first run.
    pub cold_seconds: Option<f64>,
    /// The shortest of the others; none if any run failed.
    pub hot_seconds: Option<f64>,
    /// [`hot_seconds`](Self::hot_seconds) over the reference engine's.
    pub ratio: Option<f64>,
    /// The largest of all runs.
    pub peak_bytes: Option<u64>,
    /// Every run, the cold one first.
    pub runs: Vec<Run>,
}

/// One query on every engine.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which query.
    pub query: String,
    /// One per engine, in the order in which they were asked for.
    pub engines: Vec<Measured>,
    /// Whether every engine gave the same answer, as far as it is compared.
    pub same_answers: bool,
}

/// All queries on all engines.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// What is compared.
    pub title: String,
    /// The engine that the others are measured by.
    pub reference: &'static str,
    /// Threads of each engine.
    pub threads: usize,
    /// Hot rounds.
    pub rounds: u32,
    /// One per query.
    pub rows: Vec<Row>,
    /// One per engine.
    pub summaries: Vec<Summary>,
}

/// One engine over all queries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Which engine.
    pub engine: &'static str,
    /// The geometric mean of its ratios to the reference engine.
    pub geometric_mean_ratio: Option<f64>,
    /// Over how many queries; fewer than were run if one failed, here or in the reference engine.
    pub queries_in_mean: usize,
    /// The sum of the shortest hot runs; none if a query failed.
    pub hot_seconds: Option<f64>,
    /// The largest resident memory in any run.
    pub peak_bytes: Option<u64>,
    /// Queries that failed.
    pub failed: Vec<String>,
}

impl Measured {
    fn new(engine: &'static str, runs: Vec<Run>) -> Self {
        let times: Option<Vec<f64>> = runs.iter().map(|run| run.seconds).collect();
        let hot_seconds = times.and_then(|times| times.into_iter().skip(1).min_by(f64::total_cmp));
        Self {
            engine,
            cold_seconds: runs.first().and_then(|run| run.seconds),
            hot_seconds,
            ratio: None,
            peak_bytes: runs.iter().filter_map(|run| run.peak_bytes).max(),
            runs,
        }
    }
}

impl Comparison {
    /// A comparison without queries yet. The others are measured by `reference`, or the first engine if that is not there.
    pub fn new(title: String, threads: usize, rounds: u32, engines: &[&'static str], reference: &'static str) -> Self {
        let reference = engines.iter().find(|engine| **engine == reference).or(engines.first()).copied();
        let summaries = engines.iter().map(|engine| Summary::new(engine, &[])).collect();
        Self { title, reference: reference.unwrap_or("-"), threads, rounds, rows: vec![], summaries }
    }

    /// Adds a query's runs, one list per engine, and gives its line of the table.
    pub fn add(&mut self, query: &str, runs: Vec<Vec<Run>>) -> String {
        let mut engines: Vec<Measured> =
            self.summaries.iter().zip(runs).map(|(summary, runs)| Measured::new(summary.engine, runs)).collect();
        let reference = engines
            .iter()
            .find(|measured| measured.engine == self.reference)
            .and_then(|reference| reference.hot_seconds);
        for measured in &mut engines {
            measured.ratio = measured.hot_seconds.zip(reference).map(|(own, reference)| own / reference);
        }
        let mut checks = engines.iter().flat_map(|measured| &measured.runs).filter_map(|run| run.check);
        let first = checks.next().unwrap_or_default();
        let same_answers = checks.all(|check| (check - first).abs() <= TOLERANCE * first.abs().max(1.0));
        let row = Row { query: query.to_owned(), engines, same_answers };
        let line = row.line();
        self.rows.push(row);
        self.summaries = self.summaries.iter().map(|summary| Summary::new(summary.engine, &self.rows)).collect();
        line
    }

    /// The heading over the lines of [`add`](Self::add).
    pub fn heading(&self) -> String {
        let mut text = format!(
            "{}\nhot: shortest of {} rounds in ms, and its ratio to {}; {} threads\n{:<NAME$}",
            self.title, self.rounds, self.reference, self.threads, ""
        );
        for summary in &self.summaries {
            let _ = write!(text, " | {:^26}", summary.engine);
        }
        let _ = write!(text, "\n{:<NAME$}", "");
        for _ in &self.summaries {
            let _ = write!(text, " | {:>7} {:>5} {:>6} {:>5}", "hot", "ratio", "cold", "MB");
        }
        text
    }

    /// The last lines of the table.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "\n{:<13} {:>14} {:>8} {:>10} {:>8} {:>8} {:>20}\n",
            "engine", "geometric mean", "queries", "total s", "ratio", "peak MB", "worst"
        );
        let reference = self.summaries.iter().find(|summary| summary.engine == self.reference);
        let reference = reference.and_then(|summary| summary.hot_seconds);
        for summary in &self.summaries {
            let Summary { engine, geometric_mean_ratio, queries_in_mean, hot_seconds, peak_bytes, failed } = summary;
            let worst = self.rows.iter().flat_map(|row| row.engines.iter().map(|measured| (&row.query, measured)));
            let worst = worst.filter(|(_, measured)| measured.engine == *engine);
            let worst = worst.filter_map(|(query, measured)| Some((query, measured.ratio?)));
            let worst = worst.max_by(|(_, a), (_, b)| a.total_cmp(b));
            let _ = write!(
                text,
                "{:<13} {:>14} {queries_in_mean:>8} {:>10} {:>8} {:>8} {:>20}",
                engine,
                number(*geometric_mean_ratio, 3),
                number(*hot_seconds, 3),
                number(hot_seconds.zip(reference).map(|(own, reference)| own / reference), 3),
                megabytes(*peak_bytes),
                worst.map_or_else(|| "-".to_owned(), |(query, ratio)| format!("{query} {ratio:.2}"))
            );
            if !failed.is_empty() {
                let _ = write!(text, "  failed: {failed:?}");
            }
            text.push('\n');
        }
        text
    }
}

impl Row {
    fn line(&self) -> String {
        let mut text = format!("{:<NAME$}", self.query);
        for measured in &self.engines {
            let milliseconds = |seconds: Option<f64>| {
                let milliseconds = seconds.map(|seconds| seconds * 1e3);
                number(milliseconds, if milliseconds.is_some_and(|time| time < 10.0) { 2 } else { 0 })
            };
            let _ = write!(
                text,
                " | {:>7} {:>5} {:>6} {:>5}",
                milliseconds(measured.hot_seconds),
                number(measured.ratio, 2),
                milliseconds(measured.cold_seconds),
                megabytes(measured.peak_bytes)
            );
        }
        if !self.same_answers {
            text.push_str("  ANSWERS DIFFER");
        }
        for measured in &self.engines {
            if let Some(error) = measured.runs.iter().find_map(|run| run.error.as_deref()) {
                let _ = write!(text, "\n       {}: {}", measured.engine, error.lines().next().unwrap_or_default());
            }
        }
        text
    }
}

impl Summary {
    fn new(engine: &'static str, rows: &[Row]) -> Self {
        let of_engine: Vec<(&String, &Measured)> = rows
            .iter()
            .flat_map(|row| row.engines.iter().map(|measured| (&row.query, measured)))
            .filter(|(_, measured)| measured.engine == engine)
            .collect();
        let ratios: Vec<f64> = of_engine.iter().filter_map(|(_, measured)| measured.ratio).collect();
        let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
        Self {
            engine,
            geometric_mean_ratio: (!ratios.is_empty()).then(|| (logarithms / ratios.len() as f64).exp()),
            queries_in_mean: ratios.len(),
            hot_seconds: of_engine.iter().map(|(_, measured)| measured.hot_seconds).sum(),
            peak_bytes: of_engine.iter().filter_map(|(_, measured)| measured.peak_bytes).max(),
            failed: of_engine
                .iter()
                .filter(|(_, measured)| measured.runs.iter().any(|run| run.error.is_some()))
                .map(|(query, _)| (*query).clone())
                .collect(),
        }
    }
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

fn megabytes(bytes: Option<u64>) -> String {
    number(bytes.map(|bytes| bytes as f64 / 1e6), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seconds: f64) -> Run {
        Run { seconds: Some(seconds), check: Some(4.0), peak_bytes: Some(1_000_000), error: None }
    }

    fn two(rounds: u32) -> Comparison {
        Comparison::new("x".to_owned(), 2, rounds, &["swath", "duckdb"], "duckdb")
    }

    #[test]
    fn ratios_take_the_shortest_hot_run() {
        let mut comparison = two(2);
        comparison.add("q01", vec![vec![run(0.1), run(3.0), run(2.0)], vec![run(9.0), run(1.0), run(1.5)]]);
        comparison.add("q02", vec![vec![run(0.1), run(8.0), run(9.0)], vec![run(9.0), run(1.0), run(1.0)]]);
        assert_eq!(comparison.rows[0].engines[0].ratio, Some(2.0));
        assert_eq!(comparison.rows[0].engines[0].cold_seconds, Some(0.1));
        assert_eq!(comparison.summaries[0].geometric_mean_ratio.map(|mean| (mean * 1e6).round()), Some(4e6));
        assert_eq!(comparison.summaries[0].hot_seconds, Some(10.0));
    }

    #[test]
    fn without_the_reference_the_first_engine_is_the_reference() {
        let mut comparison = Comparison::new("x".to_owned(), 2, 1, &["swath", "swath-cluster"], "duckdb");
        comparison.add("q07", vec![vec![run(1.0), run(2.0)], vec![run(1.0), run(3.0)]]);
        assert_eq!(comparison.rows[0].engines[1].ratio, Some(1.5));
        assert!(comparison.heading().contains("ratio to swath;"));
        assert!(comparison.summary().contains("q07 1.50"), "{}", comparison.summary());
    }

    #[test]
    fn a_failed_query_is_named_and_leaves_no_total() {
        let mut comparison = two(1);
        let line =
            comparison.add("q03", vec![vec![run(1.0), Run::failed("no memory".into())], vec![run(1.0), run(1.0)]]);
        assert!(line.contains("swath: no memory"), "{line}");
        let summary = &comparison.summaries[0];
        assert_eq!(
            (summary.hot_seconds, summary.queries_in_mean, summary.failed.as_slice()),
            (None, 0, ["q03".to_owned()].as_slice())
        );
    }

    #[test]
    fn differing_answers_are_shown() {
        let mut comparison = two(1);
        let other = Run { check: Some(5.0), ..run(1.0) };
        let line = comparison.add("q03", vec![vec![run(1.0), run(1.0)], vec![run(1.0), other]]);
        assert!(line.contains("ANSWERS DIFFER"), "{line}");
    }
}
