//! Groups of rows, and what is made of them.

use std::sync::Mutex;

use pyo3::prelude::*;
use swath_collections as sw;
use swath_collections::frame::dynamic::{Label, StartBy};
use swath_collections::prelude::{Closed, ExprAgg};

use crate::errors::IntoPython;
use crate::expr::Expr;
use crate::expr::aggregates::interpolation;
use crate::expr::expand::expand_one;
use crate::frame::{DataFrame, exprs, exprs_beside, made, unknown, value};
use crate::wait::detached;

/// A frame with keys.
#[pyclass(module = "swath._internal", frozen)]
pub struct GroupBy {
    pub(crate) group: sw::prelude::GroupBy,
    frame: sw::DataFrame,
    keys: Vec<String>,
}

/// Names of the keys that are columns.
fn names(keys: &[sw::Expr]) -> Vec<String> {
    let name = |key: &sw::Expr| match key {
        sw::Expr::Column(column) => Some(column.name.clone()),
        sw::Expr::Alias(alias) => Some(alias.name.clone()),
        _ => None,
    };
    keys.iter().filter_map(name).collect()
}

/// Groups `frame` by `keys`: `sets` is `all`, `rollup` or `cube`.
#[pyfunction]
pub fn group_by(py: Python<'_>, frame: &DataFrame, keys: Vec<PyRef<'_, Expr>>, sets: &str) -> PyResult<GroupBy> {
    let frame = &frame.frame;
    let keys = exprs(py, frame, &keys)?;
    let key_names = names(&keys);
    let group = match sets {
        "all" => frame.group_by(keys),
        "rollup" => frame.rollup(keys),
        "cube" => frame.cube(keys),
        other => return Err(unknown("group_by", "sets", "all, rollup, cube", other)).python(py),
    };
    group.check().python(py)?;
    Ok(GroupBy { group, frame: frame.clone(), keys: key_names })
}

/// Groups `frame` by each of the sets of columns.
#[pyfunction]
pub fn grouping_sets(py: Python<'_>, frame: &DataFrame, sets: Vec<Vec<String>>) -> PyResult<GroupBy> {
    let keys = sets.iter().flatten().cloned().collect();
    let group = frame.frame.grouping_sets(sets);
    group.check().python(py)?;
    Ok(GroupBy { group, frame: frame.frame.clone(), keys })
}

#[pymethods]
impl GroupBy {
    fn agg(&self, py: Python<'_>, aggregates: Vec<PyRef<'_, Expr>>) -> PyResult<DataFrame> {
        made(py, self.group.agg(exprs_beside(py, &self.frame, &self.keys, &aggregates)?))
    }

    /// One aggregate of every column that it fits.
    fn each(&self, py: Python<'_>, aggregate: &str) -> PyResult<DataFrame> {
        let group = &self.group;
        made(
            py,
            match aggregate {
                "count" => group.count(),
                "first" => group.first(),
                "last" => group.last(),
                "sum" => group.sum(),
                "mean" => group.mean(),
                "median" => group.median(),
                "min" => group.min(),
                "max" => group.max(),
                "n_unique" => group.n_unique(),
                "implode" => group.implode(),
                other => return Err(unknown("group_by", "aggregate", "count, first, last, sum, …", other)).python(py),
            },
        )
    }

    fn quantile(&self, py: Python<'_>, quantile: f64, interpolation: &str) -> PyResult<DataFrame> {
        made(py, self.group.quantile_by(quantile, self::interpolation(interpolation)?))
    }

    /// Only the groups for which all of these are true.
    fn having(&self, py: Python<'_>, predicates: Vec<PyRef<'_, Expr>>) -> PyResult<Self> {
        let predicates = exprs_beside(py, &self.frame, &self.keys, &predicates)?;
        let group = predicates.into_iter().fold(self.group.clone(), |group, predicate| group.having(predicate));
        Ok(Self { group, frame: self.frame.clone(), keys: self.keys.clone() })
    }
}

fn keys_and(time: &str, keys: &[sw::Expr]) -> Vec<String> {
    let mut names = names(keys);
    names.push(time.to_owned());
    names
}

fn closed(name: &str) -> Result<Closed, sw::Error> {
    Ok(match name {
        "left" => Closed::Left,
        "right" => Closed::Right,
        "both" => Closed::Both,
        "none" | "neither" => Closed::Neither,
        other => return Err(unknown("group_by_dynamic", "closed", "left, right, both, none", other)),
    })
}

/// Aggregates of buckets of time.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn group_by_dynamic(
    py: Python<'_>,
    frame: &DataFrame,
    time: &str,
    every: &str,
    period: Option<&str>,
    offset: Option<&str>,
    ends: &str,
    label: &str,
    start_by: &str,
    by: Vec<PyRef<'_, Expr>>,
    boundaries: bool,
    aggregates: Vec<PyRef<'_, Expr>>,
) -> PyResult<DataFrame> {
    let label = match label {
        "left" => Label::Left,
        "right" => Label::Right,
        "datapoint" | "data_point" => Label::DataPoint,
        other => return Err(unknown("group_by_dynamic", "label", "left, right, datapoint", other)).python(py),
    };
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let start = match (start_by, (0_u8..).zip(DAYS).find(|(_, day)| *day == start_by)) {
        ("window" | "calendar", _) => StartBy::Calendar,
        ("datapoint" | "data_point", _) => StartBy::DataPoint,
        (_, Some((number, _))) => StartBy::Weekday(number),
        (other, None) => {
            let known = "window, datapoint, monday … sunday";
            return Err(unknown("group_by_dynamic", "start_by", known, other)).python(py);
        }
    };
    let mut group = frame.frame.group_by_dynamic(time, every).closed(closed(ends).python(py)?).label(label);
    let by = exprs(py, &frame.frame, &by)?;
    let aggregates = exprs_beside(py, &frame.frame, &keys_and(time, &by), &aggregates)?;
    group = group.start_by(start).by(by);
    if let Some(period) = period {
        group = group.period(period);
    }
    if let Some(offset) = offset {
        group = group.offset(offset);
    }
    if boundaries {
        group = group.include_boundaries();
    }
    let frame = detached(py, || Ok(group.agg(aggregates)))?;
    made(py, frame)
}

/// Aggregates of a window of time that ends at each row.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn rolling(
    py: Python<'_>,
    frame: &DataFrame,
    time: &str,
    period: &str,
    offset: Option<&str>,
    ends: &str,
    by: Vec<PyRef<'_, Expr>>,
    aggregates: Vec<PyRef<'_, Expr>>,
) -> PyResult<DataFrame> {
    let by = exprs(py, &frame.frame, &by)?;
    let aggregates = exprs_beside(py, &frame.frame, &keys_and(time, &by), &aggregates)?;
    let mut windows = frame.frame.rolling(time, period).closed(closed(ends).python(py)?).by(by);
    if let Some(offset) = offset {
        windows = windows.offset(offset);
    }
    made(py, windows.agg(aggregates))
}

/// Values of a column made columns. Runs a query for them unless `columns` has them. `aggregate` is a name, or a function from an
/// expression to an expression.
#[pyfunction]
pub fn pivot(
    py: Python<'_>,
    frame: &DataFrame,
    on: &str,
    index: Option<Vec<String>>,
    values: Option<Vec<String>>,
    columns: Option<Vec<PyRef<'_, Expr>>>,
    aggregate: Bound<'_, PyAny>,
) -> PyResult<DataFrame> {
    let mut pivot = frame.frame.pivot(on);
    if let Some(index) = index {
        pivot = pivot.index(index);
    }
    if let Some(values) = values {
        pivot = pivot.values(values);
    }
    if let Some(columns) = columns {
        let columns = columns.iter().map(|column| Ok(sw::expr::literal::scalar(value(py, "pivot", column)?)));
        pivot = pivot.columns(columns.collect::<PyResult<Vec<_>>>()?);
    }
    if let Ok(name) = aggregate.extract::<String>() {
        let aggregate: fn(sw::Expr) -> sw::Expr = match name.as_str() {
            "sum" => ExprAgg::sum,
            "mean" => ExprAgg::mean,
            "median" => ExprAgg::median,
            "min" => ExprAgg::min,
            "max" => ExprAgg::max,
            "count" | "len" => ExprAgg::count,
            "first" => ExprAgg::first,
            "last" => ExprAgg::last,
            "n_unique" => ExprAgg::n_unique,
            other => {
                let known = "sum, mean, median, min, max, count, first, last, n_unique";
                return Err(unknown("pivot", "aggregate_function", known, other)).python(py);
            }
        };
        let frame = detached(py, || Ok(pivot.agg(aggregate)))?;
        return made(py, frame);
    }
    let function = aggregate.unbind();
    let raised = Mutex::new(None);
    let call = |column: sw::Expr| {
        let called = Python::attach(|py| {
            let made = function.call1(py, (Expr::from(column.clone()),))?;
            let made = made.extract::<PyRef<'_, Expr>>(py)?.expr.clone();
            expand_one(&frame.frame, "pivot", made).python(py)
        });
        called.unwrap_or_else(|error| {
            *raised.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
            column.min()
        })
    };
    let frame = detached(py, || Ok(pivot.agg(call)))?;
    if let Some(error) = raised.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    made(py, frame)
}
