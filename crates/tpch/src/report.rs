//! The report of a run: lines for people, JSON for machines.

use std::io::{self, Write};

use serde::Serialize;

use crate::process::peak_rss_bytes;
use crate::run::{Form, Outcome};

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The scale of the data.
    pub scale: f64,
    /// Where the data are.
    pub data: String,
    /// Threads of the session.
    pub threads: usize,
    /// The session's memory limit.
    pub memory_limit_bytes: usize,
    /// Every query in every form that was asked for.
    pub outcomes: Vec<Outcome>,
    /// One per form.
    pub totals: Vec<Total>,
    /// The largest resident memory of this process.
    pub peak_rss_bytes: Option<u64>,
}

/// The times of one form together. A total over queries of which one is wrong or failed would mean nothing, so there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Total {
    /// Which form.
    pub form: Form,
    /// How many queries were run.
    pub queries: usize,
    /// The numbers of those that are wrong or failed.
    pub failures: Vec<usize>,
    /// The sum of the shortest runs, if all are right.
    pub seconds: Option<f64>,
    /// The geometric mean of the shortest runs, if all are right.
    pub geometric_mean_seconds: Option<f64>,
}

impl Total {
    /// The total of one form's outcomes.
    pub fn new(form: Form, outcomes: &[Outcome]) -> Self {
        let of_form: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.form == form).collect();
        let failures: Vec<usize> = of_form
            .iter()
            .filter(|outcome| outcome.verdict.is_failure())
            .map(|outcome| outcome.query.number())
            .collect();
        let times: Vec<f64> = of_form.iter().filter_map(|outcome| outcome.fastest_seconds()).collect();
        let whole = failures.is_empty() && !times.is_empty() && times.len() == of_form.len();
        let mean = || (times.iter().map(|time| time.ln()).sum::<f64>() / times.len() as f64).exp();
        Self {
            form,
            queries: of_form.len(),
            failures,
            seconds: whole.then(|| times.iter().sum()),
            geometric_mean_seconds: whole.then(mean),
        }
    }
}

impl Report {
    /// Whether any query is wrong or failed.
    pub fn has_failures(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.verdict.is_failure())
    }

    /// Adds totals and the peak memory so far.
    pub(crate) fn finish(mut self, forms: &[Form]) -> Self {
        self.totals = forms.iter().map(|form| Total::new(*form, &self.outcomes)).collect();
        self.peak_rss_bytes = peak_rss_bytes();
        self
    }
}

/// The heading of the lines of [`write_outcome`].
pub(crate) fn write_heading(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:<6} {:<10} {:>9} {:>9}  answer", "query", "form", "seconds", "rows")
}

/// One line per outcome, and a second one for what is wrong.
pub(crate) fn write_outcome(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    let seconds = outcome.fastest_seconds().map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.3}"));
    let (query, form, rows) = (outcome.query, outcome.form.name(), outcome.rows);
    writeln!(out, "{query:<6} {form:<10} {seconds:>9} {rows:>9}  {}", outcome.verdict.name())?;
    if let Some(detail) = outcome.verdict.detail() {
        writeln!(out, "       {}", detail.replace('\n', "\n       "))?;
    }
    out.flush()
}

/// Totals and peak memory.
pub(crate) fn write_totals(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for total in &report.totals {
        let (form, queries) = (total.form.name(), total.queries);
        match (total.seconds, total.geometric_mean_seconds) {
            (Some(seconds), Some(mean)) => {
                writeln!(out, "total  {form:<10} {seconds:>9.3}  geometric mean {mean:.4} s of {queries} queries")?;
            }
            _ => {
                let failures: Vec<_> = total.failures.iter().map(|number| format!("q{number:02}")).collect();
                let (count, failures) = (failures.len(), failures.join(", "));
                writeln!(out, "total  {form:<10} {:>9}  {count} of {queries} wrong or failed: {failures}", "-")?;
            }
        }
    }
    if let Some(bytes) = report.peak_rss_bytes {
        writeln!(out, "peak memory {:.0} MB", bytes as f64 / 1e6)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;
    use crate::run::Verdict;

    fn outcome(number: usize, seconds: f64, verdict: Verdict) -> Outcome {
        let query = Query::try_from(number).unwrap();
        Outcome { query, form: Form::Sql, seconds: vec![seconds + 1.0, seconds], rows: 1, verdict }
    }

    #[test]
    fn a_total_takes_the_shortest_runs() {
        let outcomes = [outcome(1, 1.0, Verdict::Reference), outcome(2, 4.0, Verdict::Unverified)];
        let total = Total::new(Form::Sql, &outcomes);
        assert_eq!(total.seconds, Some(5.0));
        assert_eq!(total.geometric_mean_seconds, Some(2.0));
    }

    #[test]
    fn a_wrong_query_leaves_no_total_and_is_named() {
        let outcomes = [outcome(1, 1.0, Verdict::Reference), outcome(2, 4.0, Verdict::Wrong("row 1".into()))];
        let total = Total::new(Form::Sql, &outcomes);
        assert_eq!((total.seconds, total.geometric_mean_seconds), (None, None));
        assert_eq!(total.failures, [2]);
    }
}
