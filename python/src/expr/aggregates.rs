//! Aggregates.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use swath_collections::ExprAgg;
use swath_collections::expr::agg::{self, Interpolation};

use super::{Expr, SortKey, exprs, sort_keys, sound};

/// The aggregate `name` of a value.
#[pyfunction]
pub fn aggregate(py: Python<'_>, name: &str, value: &Expr) -> PyResult<Expr> {
    let value = value.expr.clone();
    let aggregate = match name {
        "sum" => value.sum(),
        "mean" => value.mean(),
        "min" => value.min(),
        "max" => value.max(),
        "count" => value.count(),
        "null_count" => value.null_count(),
        "n_unique" => value.n_unique(),
        "approx_n_unique" => value.approx_n_unique(),
        "first" => value.first(),
        "last" => value.last(),
        "std" => value.std(),
        "var" => value.var(),
        "std_pop" => value.std_pop(),
        "var_pop" => value.var_pop(),
        "median" => value.median(),
        "mode" => value.mode(),
        "product" => value.product(),
        "arg_max" => value.arg_max(),
        "arg_min" => value.arg_min(),
        "any" => value.any(),
        "all" => value.all(),
        "implode" => value.implode(),
        "unique" => return sound(py, value.unique()),
        "grouping" => agg::grouping(value),
        _ => return Err(unknown(name)),
    };
    Ok(aggregate.into())
}

/// The aggregate `name` of a value and further arguments: expressions, or a share.
#[pyfunction]
#[pyo3(signature = (name, value, arguments, q=0.5, interpolation="linear"))]
pub fn aggregate_with(
    py: Python<'_>,
    name: &str,
    value: &Expr,
    arguments: Vec<Bound<'_, Expr>>,
    q: f64,
    interpolation: &str,
) -> PyResult<Expr> {
    let (value, arguments) = (value.expr.clone(), exprs(arguments));
    let aggregate = match (name, arguments.as_slice()) {
        ("quantile", []) => value.quantile_by(q, self::interpolation(interpolation)?),
        ("approx_quantile", []) => value.approx_quantile(q),
        ("filter", [predicate]) => value.filter(predicate.clone()),
        ("max_by", [by]) => value.max_by(by.clone()),
        ("min_by", [by]) => value.min_by(by.clone()),
        ("corr", [other]) => agg::corr(value, other.clone()),
        ("cov", [other]) => agg::cov(value, other.clone()),
        _ => return Err(unknown(name)),
    };
    sound(py, aggregate)
}

/// What stands for a quantile between two values.
pub fn interpolation(name: &str) -> PyResult<Interpolation> {
    Ok(match name {
        "linear" => Interpolation::Linear,
        "lower" => Interpolation::Lower,
        "higher" => Interpolation::Higher,
        "nearest" => Interpolation::Nearest,
        "midpoint" => Interpolation::Midpoint,
        "equiprobable" => Interpolation::Equiprobable,
        _ => {
            return Err(PyValueError::new_err(format!(
                "quantile: expected the interpolation 'linear', 'lower', 'higher', 'nearest', 'midpoint' or 'equiprobable', \
                 got '{name}'"
            )));
        }
    })
}

/// The `k` largest (smallest) values as a list: `top_k` or `bottom_k`.
#[pyfunction]
pub fn extremes(name: &str, value: &Expr, k: u64) -> PyResult<Expr> {
    let value = value.expr.clone();
    Ok(match name {
        "top_k" => value.top_k(k),
        "bottom_k" => value.bottom_k(k),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The shape `name` of a distribution: `skew` or `kurtosis`.
#[pyfunction]
pub fn shape(name: &str, value: &Expr, unbiased: bool) -> PyResult<Expr> {
    let value = value.expr.clone();
    Ok(match name {
        "skew" => value.skew(unbiased),
        "kurtosis" => value.kurtosis(unbiased),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The number of rows.
#[pyfunction]
pub fn count_all() -> Expr {
    agg::count_all().into()
}

/// The aggregates in `value`, which see rows in the order of `keys`.
#[pyfunction]
pub fn ordered(py: Python<'_>, value: &Expr, keys: Vec<Bound<'_, SortKey>>) -> PyResult<Expr> {
    sound(py, value.expr.clone().order_by(sort_keys(keys)))
}

fn unknown(name: &str) -> PyErr {
    PyValueError::new_err(format!("there is no aggregate '{name}' with these arguments"))
}
