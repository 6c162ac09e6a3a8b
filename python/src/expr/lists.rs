//! Functions of lists and structs.

use datafusion::functions_nested::expr_fn as nested;
use datafusion::logical_expr::{lambda_var, lit};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use swath_collections::ExprExt;
use swath_collections::expr::list;

use super::{Expr, exprs};

/// The function `name` of a list.
#[pyfunction]
pub fn of_list(name: &str, value: &Expr) -> PyResult<Expr> {
    let value = value.expr.clone().list();
    Ok(match name {
        "len" => value.len(),
        "sum" => value.sum(),
        "mean" => value.mean(),
        "min" => value.min(),
        "max" => value.max(),
        "reverse" => value.reverse(),
        "unique" => value.unique(),
        "drop_nulls" => value.drop_nulls(),
        "flatten" => value.flatten(),
        "is_empty" => value.is_empty(),
        "null_if_empty" => value.null_if_empty(),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The function `name` of a list and another value, list, or expression over its elements.
#[pyfunction]
pub fn list_with(name: &str, value: &Expr, arguments: Vec<Bound<'_, Expr>>) -> PyResult<Expr> {
    let (value, arguments) = (value.expr.clone().list(), exprs(arguments));
    let [argument] = <[_; 1]>::try_from(arguments).map_err(|_| unknown(name))?;
    Ok(match name {
        "contains" => value.contains(argument),
        "contains_all" => value.contains_all(argument),
        "contains_any" => value.contains_any(argument),
        "get" => value.get_at(argument),
        "position" => value.position(argument),
        "shift" => value.shift(argument),
        "diff" => value.diff(argument),
        "append" => value.append(argument),
        "concat" => value.concat(argument),
        "intersect" => value.intersect(argument),
        "union" => value.union(argument),
        "difference" => value.difference(argument),
        "transform" => value.transform(|_| argument),
        "filter" => value.filter(|_| argument),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The spread `name` of the elements of a list: `var` or `std`.
#[pyfunction]
pub fn list_spread(name: &str, value: &Expr, ddof: u32) -> PyResult<Expr> {
    let value = value.expr.clone().list();
    Ok(match name {
        "var" => value.var(ddof),
        "std" => value.std(ddof),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The elements of a list at the positions in another.
#[pyfunction]
pub fn list_gather(value: &Expr, positions: &Expr, null_on_oob: bool) -> Expr {
    value.expr.clone().list().gather(positions.expr.clone(), null_on_oob).into()
}

/// A struct with its fields named anew.
#[pyfunction]
pub fn struct_renamed(value: &Expr, names: Vec<String>) -> Expr {
    value.expr.clone().structure().rename_fields(names).into()
}

/// The last position in a list of 32-bit offsets.
const FARTHEST: i64 = i32::MAX as i64;

/// Elements of a list by position: `get`, `slice`, `head`, `tail`; its texts joined.
#[pyfunction]
#[pyo3(signature = (name, value, offset=0, length=None, separator=""))]
pub fn list_slice(name: &str, value: &Expr, offset: i64, length: Option<u32>, separator: &str) -> PyResult<Expr> {
    let (plain, value) = (value.expr.clone(), value.expr.clone().list());
    let last = length.map_or(i64::MAX, i64::from);
    Ok(match name {
        "get" => value.get(offset),
        "join" => value.join(separator),
        // From the end.
        "slice" if offset < 0 => {
            let end = offset.saturating_add(last).saturating_sub(1);
            if last == 0 { value.slice(0, 0) } else { nested::array_slice(plain, lit(offset), lit(end.min(-1)), None) }
        }
        // The function underneath takes no position beyond those that the list's offsets can have.
        "slice" if offset < FARTHEST => {
            let end = offset.saturating_add(last).min(FARTHEST);
            nested::array_slice(plain, lit(offset + 1), lit(end), None)
        }
        "slice" => return Err(PyValueError::new_err(format!("list.slice: the offset {offset} is too large"))),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The list in order.
#[pyfunction]
pub fn list_sort(value: &Expr, descending: bool, nulls_last: bool) -> Expr {
    let order = if descending { "DESC" } else { "ASC" };
    let nulls = if nulls_last { "NULLS LAST" } else { "NULLS FIRST" };
    nested::array_sort(value.expr.clone(), lit(order), lit(nulls)).into()
}

/// The element that a function over lists is at.
#[pyfunction]
pub fn element() -> Expr {
    lambda_var("element").into()
}

/// The integers from `start` to before `end`, as a list.
#[pyfunction]
pub fn int_ranges(start: &Expr, end: &Expr, step: &Expr) -> Expr {
    if matches!(&step.expr, swath_collections::Expr::Literal(value, _) if *value == 1_i64.into()) {
        return list::int_range(start.expr.clone(), end.expr.clone()).into();
    }
    nested::range(start.expr.clone(), end.expr.clone(), step.expr.clone()).into()
}

fn unknown(name: &str) -> PyErr {
    PyValueError::new_err(format!("there is no function '{name}' of lists with these arguments"))
}
