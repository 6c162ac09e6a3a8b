//! Runs queries and judges their answers.

use std::time::Instant;

use arrow::array::RecordBatch;
use clap::ValueEnum;
use serde::{Serialize, Serializer};
use swath_collections::Session;

use crate::answer::Answer;
use crate::queries::program;
use crate::query::Query;
use crate::tables::Tables;
use crate::verify::verify;

/// In which form a query is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As SQL text.
    Sql,
    /// As a program over frames.
    #[value(name = "dataframe")]
    DataFrame,
}

impl Form {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::DataFrame => "dataframe",
        }
    }
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Which queries.
    pub queries: Vec<Query>,
    /// In which forms.
    pub forms: Vec<Form>,
    /// How often each; every answer is judged.
    pub runs: usize,
}

/// What is known of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the reference answer.
    Reference,
    /// There is no reference answer at this scale; SQL and program give the same.
    FormsAgree,
    /// There is nothing to compare it with.
    Unverified,
    /// It differs, and where.
    Wrong(String),
    /// There is none, and why.
    Failed(String),
}

impl Verdict {
    /// Whether the run as a whole has failed because of it.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Wrong(_) | Self::Failed(_))
    }

    /// In one word or two.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reference => "verified",
            Self::FormsAgree => "forms agree",
            Self::Unverified => "unverified",
            Self::Wrong(_) => "WRONG",
            Self::Failed(_) => "FAILED",
        }
    }

    /// What is wrong, if anything is.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Wrong(detail) | Self::Failed(detail) => Some(detail),
            _ => None,
        }
    }
}

/// How one query in one form went.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Which query.
    #[serde(serialize_with = "number")]
    pub query: Query,
    /// In which form.
    pub form: Form,
    /// Wall time of each run that ended, from planning to the last row.
    pub seconds: Vec<f64>,
    /// Rows of the answer.
    pub rows: usize,
    /// What is known of the answer.
    #[serde(flatten, serialize_with = "verdict")]
    pub verdict: Verdict,
}

impl Outcome {
    /// The shortest run; `None` if none ended.
    pub fn fastest_seconds(&self) -> Option<f64> {
        self.seconds.iter().copied().min_by(f64::total_cmp)
    }
}

fn number<S: Serializer>(query: &Query, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(query.number() as u64)
}

fn verdict<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Fields<'a> {
        verified: bool,
        verdict: &'static str,
        detail: Option<&'a str>,
    }
    let verified = matches!(verdict, Verdict::Reference | Verdict::FormsAgree);
    Fields { verified, verdict: verdict.name(), detail: verdict.detail() }.serialize(serializer)
}

/// Runs one query once and gives its batches.
///
/// # Errors
/// Whatever the engine fails with.
pub fn run_once(
    session: &Session,
    tables: &Tables,
    query: Query,
    form: Form,
) -> swath_collections::Result<Vec<RecordBatch>> {
    match form {
        Form::Sql => session.sql(&query.sql(tables.scale))?.collect(),
        Form::DataFrame => program(query)(tables).collect(),
    }
}

/// Runs the queries one after another; `report` hears of each query when all its forms are judged.
pub fn run(session: &Session, tables: &Tables, options: &RunOptions, mut report: impl FnMut(&Outcome)) -> Vec<Outcome> {
    let mut outcomes = vec![];
    for &query in &options.queries {
        let reference = Answer::reference(query, tables.scale);
        let mut of_query: Vec<(Outcome, Option<Answer>)> = options
            .forms
            .iter()
            .map(|&form| run_form(session, tables, query, form, options.runs, reference.as_ref()))
            .collect();
        if let [(first, Some(one)), (second, Some(other))] = of_query.as_mut_slice()
            && first.verdict == Verdict::Unverified
            && second.verdict == Verdict::Unverified
        {
            let together = match verify(query, other, one) {
                Ok(()) => Verdict::FormsAgree,
                Err(mismatch) => Verdict::Wrong(format!("the forms differ: {mismatch}")),
            };
            first.verdict = together.clone();
            second.verdict = together;
        }
        for (outcome, _) in of_query {
            report(&outcome);
            outcomes.push(outcome);
        }
    }
    outcomes
}

fn run_form(
    session: &Session,
    tables: &Tables,
    query: Query,
    form: Form,
    runs: usize,
    reference: Option<&Answer>,
) -> (Outcome, Option<Answer>) {
    let mut outcome = Outcome { query, form, seconds: vec![], rows: 0, verdict: Verdict::Unverified };
    let mut answer: Option<Answer> = None;
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        let batches = run_once(session, tables, query, form);
        let seconds = start.elapsed().as_secs_f64();
        let new = batches.and_then(|batches| Ok(Answer::from_batches(&batches)?));
        let new = match new {
            Ok(new) => new,
            Err(error) => {
                outcome.verdict = Verdict::Failed(error.to_string());
                return (outcome, None);
            }
        };
        outcome.seconds.push(seconds);
        outcome.rows = new.row_count();
        // Without a reference, at least all runs must agree.
        if let Some(expected) = reference.or(answer.as_ref())
            && let Err(mismatch) = verify(query, &new, expected)
        {
            let what = if reference.is_some() { "" } else { "two runs differ: " };
            outcome.verdict = Verdict::Wrong(format!("{what}{mismatch}"));
            return (outcome, Some(new));
        }
        answer = Some(new);
    }
    if reference.is_some() {
        outcome.verdict = Verdict::Reference;
    }
    (outcome, answer)
}
