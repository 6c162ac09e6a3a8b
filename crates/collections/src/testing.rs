//! What the unit tests of this crate share: one small session, and results as text.

use std::sync::LazyLock;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::expr::Expr;
use crate::frame::DataFrame;
use crate::session::Session;

/// One session of two threads for all tests.
pub(crate) fn session() -> &'static Session {
    static SESSION: LazyLock<Session> =
        LazyLock::new(|| Session::embedded().threads(2).memory_limit(256 << 20).build().unwrap());
    &SESSION
}

/// The frame of an SQL query.
pub(crate) fn table(sql: &str) -> DataFrame {
    session().sql(sql).unwrap()
}

/// Each row as its values with `|` between, in the frame's order; null is `null`.
pub(crate) fn rows(frame: &DataFrame) -> Vec<String> {
    text(&frame.collect_one().unwrap())
}

/// [`rows`], sorted: for frames without order.
pub(crate) fn sorted_rows(frame: &DataFrame) -> Vec<String> {
    let mut rows = rows(frame);
    rows.sort_unstable();
    rows
}

fn text(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let columns: Vec<_> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap()).collect();
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|"))
        .collect()
}

/// The message of the frame's mistake.
pub(crate) fn mistake(frame: &DataFrame) -> String {
    frame.schema().unwrap_err().to_string()
}

/// Two short series, `a` and `b` in `k`, in the order of time `t`, with values `x`.
pub(crate) fn series() -> DataFrame {
    table(
        "SELECT * FROM (VALUES ('a', 1, 10), ('a', 2, 30), ('a', 3, NULL), ('a', 4, 20), ('b', 1, 5), ('b', 2, 5)) \
         AS v(k, t, x)",
    )
    .sort(["k", "t"])
}

/// The values of `expr` for each row of [`series`], in its order.
pub(crate) fn values(expr: Expr) -> Vec<String> {
    rows(&series().with_column("r", expr).select(["r"]))
}
