//! Window functions.

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{WindowFrame, WindowFrameBound, WindowFrameUnits};
use datafusion::scalar::ScalarValue;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use swath_collections as sw;
use swath_collections::expr::agg::Interpolation;
use swath_collections::expr::ewm::{Ewm, ExprEwm};
use swath_collections::expr::literal;
use swath_collections::expr::rolling::{Closed, Rolling};
use swath_collections::expr::window::{self, RankMethod};
use swath_collections::{ExprAgg, ExprWindow};

use super::{Expr, SortKey, exprs, sort_keys, sound};

/// The window function `name`, which needs no value.
#[pyfunction]
pub fn window_function(name: &str) -> PyResult<Expr> {
    Ok(match name {
        "row_number" => window::row_number(),
        "rank" => window::rank(),
        "dense_rank" => window::dense_rank(),
        "percent_rank" => window::percent_rank(),
        "cume_dist" => window::cume_dist(),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The bucket of `buckets` that a row is dealt into.
#[pyfunction]
pub fn ntile(buckets: u32) -> Expr {
    window::ntile(buckets).into()
}

/// How far a bound of a range lies from the current row's value.
#[derive(FromPyObject)]
pub enum Offset {
    /// In whole numbers.
    Integer(i64),
    /// In numbers.
    Float(f64),
    /// In time: `-2h`.
    Text(String),
}

/// The aggregates and window functions in `value`, over a window.
#[pyfunction]
#[pyo3(signature = (value, partition_by, order_by, rows=None, range=None))]
pub fn over(
    py: Python<'_>,
    value: &Expr,
    partition_by: Vec<Bound<'_, Expr>>,
    order_by: Vec<Bound<'_, SortKey>>,
    rows: Option<(Option<i64>, Option<i64>)>,
    range: Option<(Option<Offset>, Option<Offset>)>,
) -> PyResult<Expr> {
    let mut over = window::window().partition_by(exprs(partition_by)).order_by(sort_keys(order_by));
    if let Some((first, last)) = rows {
        over = over.rows(first, last);
    }
    let made = sound(py, value.expr.clone().over(over))?;
    let Some((first, last)) = range else { return Ok(made) };
    let unbounded = ScalarValue::Null;
    let first = first.map_or_else(|| Ok(WindowFrameBound::Preceding(unbounded.clone())), |first| bound(py, first))?;
    let last = last.map_or_else(|| Ok(WindowFrameBound::Following(unbounded)), |last| bound(py, last))?;
    Ok(in_frame(made.expr, &WindowFrame::new_bounds(WindowFrameUnits::Range, first, last)).into())
}

fn bound(py: Python<'_>, offset: Offset) -> PyResult<WindowFrameBound> {
    let (before, zero, distance) = match offset {
        // As text the engine takes it for the type of the column.
        Offset::Integer(offset) => (offset < 0, offset == 0, ScalarValue::from(offset.unsigned_abs().to_string())),
        Offset::Float(offset) => (offset < 0.0, offset == 0.0, ScalarValue::from(offset.abs().to_string())),
        Offset::Text(text) => {
            let before = text.starts_with('-');
            let length = sound(py, literal::duration(text.trim_start_matches('-')))?;
            let sw::Expr::Literal(value, _) = length.expr else {
                return Err(PyValueError::new_err(format!(
                    "over: expected a length of time such as '2h', got '{text}'"
                )));
            };
            let zero = value == ScalarValue::new_interval_mdn(0, 0, 0);
            (before, zero, value)
        }
    };
    Ok(match (zero, before) {
        (true, _) => WindowFrameBound::CurrentRow,
        (false, true) => WindowFrameBound::Preceding(distance),
        (false, false) => WindowFrameBound::Following(distance),
    })
}

/// The outermost window functions of `expr` with the frame `frame`.
fn in_frame(expr: sw::Expr, frame: &WindowFrame) -> sw::Expr {
    let original = expr.clone();
    let changed = expr.transform_down(|node| {
        Ok(match node {
            sw::Expr::WindowFunction(mut function) => {
                function.params.window_frame = frame.clone();
                Transformed::new(sw::Expr::WindowFunction(function), true, TreeNodeRecursion::Jump)
            }
            other => Transformed::no(other),
        })
    });
    // The closure does not fail.
    changed.data().unwrap_or(original)
}

/// The value some rows before, or after; `fill` where there is no such row.
#[pyfunction]
#[pyo3(signature = (name, value, rows, fill=None))]
pub fn shift(name: &str, value: &Expr, rows: i64, fill: Option<&Expr>) -> PyResult<Expr> {
    let value = value.expr.clone();
    Ok(match (name, fill) {
        ("shift", None) => value.shift(rows),
        ("shift", Some(fill)) => match &fill.expr {
            sw::Expr::Literal(fill, _) => value.shift_or(rows, fill.clone()),
            _ => return Err(PyValueError::new_err("shift: expected a constant to fill with, got an expression")),
        },
        ("diff", None) => value.diff(rows),
        ("pct_change", None) => value.pct_change(rows),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The aggregate `name` from the first row to this one, or from this one to the last.
#[pyfunction]
pub fn cumulative(name: &str, value: &Expr, reverse: bool) -> PyResult<Expr> {
    let value = value.expr.clone();
    let to_the_end = |aggregate: sw::Expr| aggregate.over(window::window().rows(0, None));
    Ok(match (name, reverse) {
        ("sum", false) => value.cum_sum(),
        ("prod", false) => value.cum_prod(),
        ("min", false) => value.cum_min(),
        ("max", false) => value.cum_max(),
        ("count", false) => value.cum_count(),
        ("mean", false) => value.cum_mean(),
        ("sum", true) => to_the_end(value.sum()),
        ("prod", true) => to_the_end(value.product()),
        ("min", true) => to_the_end(value.min()),
        ("max", true) => to_the_end(value.max()),
        ("count", true) => to_the_end(value.count()),
        ("mean", true) => to_the_end(value.mean()),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The exponentially weighted moment `name`; `by` says what `decay` is.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn ewm(
    py: Python<'_>,
    name: &str,
    value: &Expr,
    by: &str,
    decay: f64,
    adjust: bool,
    ignore_nulls: bool,
    min_samples: u64,
    bias: bool,
) -> PyResult<Expr> {
    let weights = match by {
        "alpha" => Ewm::alpha(decay),
        "com" => Ewm::com(decay),
        "span" => Ewm::span(decay),
        "half_life" => Ewm::half_life(decay),
        _ => return Err(unknown(by)),
    };
    let weights = weights.adjust(adjust).ignore_nulls(ignore_nulls).min_samples(min_samples).bias(bias);
    let value = value.expr.clone();
    let moment = match name {
        "mean" => value.ewm_mean(weights),
        "var" => value.ewm_var(weights),
        "std" => value.ewm_std(weights),
        _ => return Err(unknown(name)),
    };
    sound(py, moment)
}

/// The value, or the nearest before it (after it) that is not null, over at most `limit` nulls.
#[pyfunction]
#[pyo3(signature = (name, value, limit=None))]
pub fn fill(name: &str, value: &Expr, limit: Option<u32>) -> PyResult<Expr> {
    let value = value.expr.clone();
    Ok(match (name, limit) {
        ("forward", None) => value.forward_fill(),
        ("backward", None) => value.backward_fill(),
        ("forward", Some(limit)) => value.forward_fill_limit(limit),
        ("backward", Some(limit)) => value.backward_fill_limit(limit),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The rank of the value among all.
#[pyfunction]
pub fn rank_values(value: &Expr, method: &str, descending: bool) -> PyResult<Expr> {
    let method = match method {
        "min" => RankMethod::Min,
        "max" => RankMethod::Max,
        "average" => RankMethod::Average,
        "dense" => RankMethod::Dense,
        "ordinal" => RankMethod::Ordinal,
        _ => {
            return Err(PyValueError::new_err(format!(
                "rank: expected 'average', 'min', 'max', 'dense' or 'ordinal', got '{method}'"
            )));
        }
    };
    Ok(value.expr.clone().rank_values(method, descending).into())
}

/// The aggregate `name` of the last `rows` rows.
#[pyfunction]
#[pyo3(signature = (name, value, rows, min_samples=None, center=false, q=0.5, interpolation="linear", bias=true))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn rolling_rows(
    py: Python<'_>,
    name: &str,
    value: &Expr,
    rows: u32,
    min_samples: Option<u32>,
    center: bool,
    q: f64,
    interpolation: &str,
    bias: bool,
) -> PyResult<Expr> {
    let mut rolling = value.expr.clone().rolling(rows);
    if let Some(values) = min_samples {
        rolling = rolling.min_samples(values);
    }
    if center {
        rolling = rolling.center();
    }
    sound(py, rolled(name, rolling, q, super::aggregates::interpolation(interpolation)?, bias)?)
}

/// The aggregate `name` of the rows whose `by` lies within `period` before this row's.
#[pyfunction]
#[pyo3(signature = (name, value, by, period, min_samples=1, closed="right", q=0.5, interpolation="linear"))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn rolling_time(
    py: Python<'_>,
    name: &str,
    value: &Expr,
    by: &Expr,
    period: &str,
    min_samples: u32,
    closed: &str,
    q: f64,
    interpolation: &str,
) -> PyResult<Expr> {
    let rolling = value.expr.clone().rolling_by(by.expr.clone(), period);
    let rolling = rolling.min_samples(min_samples).closed(self::closed(closed)?);
    sound(py, rolled(name, rolling, q, super::aggregates::interpolation(interpolation)?, true)?)
}

/// Which ends belong to a span.
pub fn closed(text: &str) -> PyResult<Closed> {
    Ok(match text {
        "left" => Closed::Left,
        "right" => Closed::Right,
        "both" => Closed::Both,
        "none" => Closed::Neither,
        _ => {
            let message = format!("closed: expected 'left', 'right', 'both' or 'none', got '{text}'");
            return Err(PyValueError::new_err(message));
        }
    })
}

fn rolled(name: &str, rolling: Rolling, q: f64, interpolation: Interpolation, bias: bool) -> PyResult<sw::Expr> {
    Ok(match name {
        "mean" => rolling.mean(),
        "sum" => rolling.sum(),
        "min" => rolling.min(),
        "max" => rolling.max(),
        "std" => rolling.std(),
        "var" => rolling.var(),
        "median" => rolling.median(),
        "count" => rolling.count(),
        "quantile" => rolling.quantile_by(q, interpolation),
        "skew" => rolling.skew(!bias),
        "kurtosis" => rolling.kurtosis(!bias),
        _ => return Err(unknown(name)),
    })
}

fn unknown(name: &str) -> PyErr {
    PyValueError::new_err(format!("there is no window function '{name}' with these arguments"))
}
