//! The figures of a comparison, as a table and as JSON.

use std::fmt::Write;

use serde::Serialize;

use super::engine::Engine;

/// One run of one query.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Wall time as the engine's process measured it.
    pub seconds: Option<f64>,
    /// Rows of the answer.
    pub rows: Option<u64>,
    /// The process's largest resident memory during the run.
    pub peak_bytes: Option<u64>,
    /// Why there is no time.
    pub error: Option<String>,
}

impl Run {
    /// A run that gave no answer.
    pub fn failed(error: String) -> Self {
        Self { seconds: None, rows: None, peak_bytes: None, error: Some(error) }
    }
}

/// One engine's runs of one query.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Which engine.
    pub engine: Engine,
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
    pub query: u32,
    /// One per engine, in the order in which they were asked for.
    pub engines: Vec<Measured>,
    /// Whether every engine gave the same number of rows.
    pub same_row_counts: bool,
}

/// All queries on all engines.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Scale of the data.
    pub scale: f64,
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
    pub engine: Engine,
    /// The geometric mean of its ratios to the reference engine.
    pub geometric_mean_ratio: Option<f64>,
    /// Over how many queries; fewer than were run if one failed, here or in the reference engine.
    pub queries_in_mean: usize,
    /// The sum of the shortest hot runs; none if a query failed.
    pub hot_seconds: Option<f64>,
    /// The largest resident memory in any run.
    pub peak_bytes: Option<u64>,
    /// Queries that failed.
    pub failed: Vec<u32>,
}

impl Measured {
    fn new(engine: Engine, runs: Vec<Run>) -> Self {
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
    /// A comparison without queries yet.
    pub fn new(scale: f64, threads: usize, rounds: u32, engines: &[Engine]) -> Self {
        let summaries = engines.iter().map(|engine| Summary::new(*engine, &[])).collect();
        Self { scale, threads, rounds, rows: vec![], summaries }
    }

    /// The engine that the others are measured by: DuckDB, or the first if it is not there.
    pub fn reference(&self) -> Option<Engine> {
        let mut engines = self.summaries.iter().map(|summary| summary.engine);
        let first = engines.clone().next();
        engines.find(|engine| *engine == Engine::Duckdb).or(first)
    }

    /// Adds a query's runs, one list per engine, and gives its line of the table.
    pub fn add(&mut self, query: u32, runs: Vec<Vec<Run>>) -> String {
        let mut engines: Vec<Measured> =
            self.summaries.iter().zip(runs).map(|(summary, runs)| Measured::new(summary.engine, runs)).collect();
        let reference = engines
            .iter()
            .find(|measured| Some(measured.engine) == self.reference())
            .and_then(|reference| reference.hot_seconds);
        for measured in &mut engines {
            measured.ratio = measured.hot_seconds.zip(reference).map(|(own, reference)| own / reference);
        }
        let mut counts = engines.iter().flat_map(|measured| &measured.runs).filter_map(|run| run.rows);
        let first = counts.next();
        let same_row_counts = counts.all(|count| Some(count) == first);
        let row = Row { query, engines, same_row_counts };
        let line = row.line();
        self.rows.push(row);
        self.summaries = self.summaries.iter().map(|summary| Summary::new(summary.engine, &self.rows)).collect();
        line
    }

    /// The heading over the lines of [`add`](Self::add).
    pub fn heading(&self) -> String {
        let mut text = format!(
            "hot: shortest of {} rounds in ms, and its ratio to {}; {} threads, scale {}\n{:<6}",
            self.rounds,
            self.reference().map_or("-", Engine::name),
            self.threads,
            self.scale,
            "query"
        );
        for summary in &self.summaries {
            let _ = write!(text, " | {:^24}", summary.engine.name());
        }
        let _ = write!(text, "\n{:<6}", "");
        for _ in &self.summaries {
            let _ = write!(text, " | {:>6} {:>5} {:>5} {:>5}", "hot", "ratio", "cold", "MB");
        }
        text
    }

    /// The last lines of the table.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "\n{:<13} {:>14} {:>8} {:>10} {:>8} {:>8} {:>12}\n",
            "engine", "geometric mean", "queries", "total s", "ratio", "peak MB", "worst"
        );
        let reference = self.summaries.iter().find(|summary| Some(summary.engine) == self.reference());
        let reference = reference.and_then(|summary| summary.hot_seconds);
        for summary in &self.summaries {
            let Summary { engine, geometric_mean_ratio, queries_in_mean, hot_seconds, peak_bytes, failed } = summary;
            let worst = self.rows.iter().flat_map(|row| row.engines.iter().map(|measured| (row.query, measured)));
            let worst = worst.filter(|(_, measured)| measured.engine == *engine);
            let worst = worst.filter_map(|(query, measured)| Some((query, measured.ratio?)));
            let worst = worst.max_by(|(_, a), (_, b)| a.total_cmp(b));
            let _ = write!(
                text,
                "{:<13} {:>14} {queries_in_mean:>8} {:>10} {:>8} {:>8} {:>12}",
                engine.name(),
                number(*geometric_mean_ratio, 3),
                number(*hot_seconds, 3),
                number(hot_seconds.zip(reference).map(|(own, reference)| own / reference), 3),
                megabytes(*peak_bytes),
                worst.map_or_else(|| "-".to_owned(), |(query, ratio)| format!("q{query:02} {ratio:.2}"))
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
        let mut text = format!("q{:02}   ", self.query);
        for measured in &self.engines {
            let milliseconds = |seconds: Option<f64>| number(seconds.map(|seconds| seconds * 1e3), 0);
            let _ = write!(
                text,
                " | {:>6} {:>5} {:>5} {:>5}",
                milliseconds(measured.hot_seconds),
                number(measured.ratio, 2),
                milliseconds(measured.cold_seconds),
                megabytes(measured.peak_bytes)
            );
        }
        if !self.same_row_counts {
            text.push_str("  ROW COUNTS DIFFER");
        }
        for measured in &self.engines {
            if let Some(error) = measured.runs.iter().find_map(|run| run.error.as_deref()) {
                let _ =
                    write!(text, "\n       {}: {}", measured.engine.name(), error.lines().next().unwrap_or_default());
            }
        }
        text
    }
}

impl Summary {
    fn new(engine: Engine, rows: &[Row]) -> Self {
        let of_engine: Vec<(u32, &Measured)> = rows
            .iter()
            .flat_map(|row| row.engines.iter().map(|measured| (row.query, measured)))
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
                .filter(|(_, measured)| measured.hot_seconds.is_none())
                .map(|(query, _)| *query)
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
        Run { seconds: Some(seconds), rows: Some(4), peak_bytes: Some(1_000_000), error: None }
    }

    #[test]
    fn ratios_take_the_shortest_hot_run() {
        let mut comparison = Comparison::new(1.0, 2, 2, &[Engine::Swath, Engine::Duckdb]);
        comparison.add(1, vec![vec![run(0.1), run(3.0), run(2.0)], vec![run(9.0), run(1.0), run(1.5)]]);
        comparison.add(2, vec![vec![run(0.1), run(8.0), run(9.0)], vec![run(9.0), run(1.0), run(1.0)]]);
        assert_eq!(comparison.rows[0].engines[0].ratio, Some(2.0));
        assert_eq!(comparison.rows[0].engines[0].cold_seconds, Some(0.1));
        assert_eq!(comparison.summaries[0].geometric_mean_ratio.map(|mean| (mean * 1e6).round()), Some(4e6));
        assert_eq!(comparison.summaries[0].hot_seconds, Some(10.0));
    }

    #[test]
    fn without_duckdb_the_first_engine_is_the_reference() {
        let mut comparison = Comparison::new(1.0, 2, 1, &[Engine::Swath, Engine::SwathCluster]);
        comparison.add(7, vec![vec![run(1.0), run(2.0)], vec![run(1.0), run(3.0)]]);
        assert_eq!(comparison.rows[0].engines[1].ratio, Some(1.5));
        assert!(comparison.heading().contains("ratio to swath;"));
        assert!(comparison.summary().contains("q07 1.50"), "{}", comparison.summary());
    }

    #[test]
    fn a_failed_query_is_named_and_leaves_no_total() {
        let mut comparison = Comparison::new(1.0, 2, 1, &[Engine::Swath, Engine::Duckdb]);
        let line = comparison.add(3, vec![vec![run(1.0), Run::failed("no memory".into())], vec![run(1.0), run(1.0)]]);
        assert!(line.contains("swath: no memory"), "{line}");
        let summary = &comparison.summaries[0];
        assert_eq!(
            (summary.hot_seconds, summary.queries_in_mean, summary.failed.as_slice()),
            (None, 0, [3].as_slice())
        );
    }

    #[test]
    fn differing_row_counts_are_shown() {
        let mut comparison = Comparison::new(1.0, 2, 1, &[Engine::Swath, Engine::Duckdb]);
        let other = Run { rows: Some(5), ..run(1.0) };
        let line = comparison.add(3, vec![vec![run(1.0), run(1.0)], vec![run(1.0), other]]);
        assert!(line.contains("ROW COUNTS DIFFER"), "{line}");
    }
}
