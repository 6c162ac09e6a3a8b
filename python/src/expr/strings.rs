//! Functions of strings.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{cast, lit};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use swath_collections as sw;
use swath_collections::ExprExt;
use swath_collections::expr::conditional;
use swath_collections::expr::list::list_of;
use swath_collections::expr::string::StrExpr;

use super::{Expr, exprs};

/// The function `name` of a string.
#[pyfunction]
pub fn text(name: &str, value: &Expr) -> PyResult<Expr> {
    let value = value.expr.clone().str();
    Ok(match name {
        "len_chars" => value.len_chars(),
        "len_bytes" => value.len_bytes(),
        "to_uppercase" => value.to_uppercase(),
        "to_lowercase" => value.to_lowercase(),
        "to_titlecase" => value.to_titlecase(),
        "strip" => value.strip(),
        "reverse" => value.reverse(),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The function `name` of a string and further strings.
#[pyfunction]
pub fn text_with(name: &str, value: &Expr, arguments: Vec<Bound<'_, Expr>>) -> PyResult<Expr> {
    let (value, arguments) = (value.expr.clone().str(), exprs(arguments));
    Ok(match (name, arguments.as_slice()) {
        ("replace_all", [from, to]) => value.replace_all(from.clone(), to.clone()),
        ("replace_first", [text, to]) => value.replace_first(text.clone(), to.clone()),
        ("regex_replace", [regex, to]) => value.regex_replace(regex.clone(), to.clone()),
        ("regex_replace_all", [regex, to]) => value.regex_replace_all(regex.clone(), to.clone()),
        (_, [only]) => with_one(name, value, only.clone())?,
        _ => return Err(unknown(name)),
    }
    .into())
}

fn with_one(name: &str, value: StrExpr, argument: sw::Expr) -> PyResult<sw::Expr> {
    Ok(match name {
        "contains" => value.contains(argument),
        "starts_with" => value.starts_with(argument),
        "ends_with" => value.ends_with(argument),
        "like" => value.like(argument),
        "not_like" => value.not_like(argument),
        "ilike" => value.ilike(argument),
        "matches" => value.matches(argument),
        "count_matches" => value.count_matches(argument),
        "find" => value.find(argument),
        "find_regex" => {
            let sw::Expr::ScalarFunction(lower) = value.to_lowercase() else { return Err(unknown(name)) };
            let text = lower.args.into_iter().next().unwrap_or_else(|| lit(""));
            let position = cast(expr_fn::regexp_instr(text, argument, None, None, None, None, None), DataType::Int64);
            expr_fn::nullif(position, lit(0_i64)) - lit(1_i64)
        }
        "strip_chars" => value.strip_chars(argument),
        "strip_chars_start" => value.strip_chars_start(argument),
        "strip_chars_end" => value.strip_chars_end(argument),
        "repeat" => value.repeat(argument),
        "levenshtein" => value.levenshtein(argument),
        _ => return Err(unknown(name)),
    })
}

/// The function `name` of a string with texts and numbers of Python.
#[pyfunction]
#[pyo3(signature = (name, value, argument, number=0, length=None))]
pub fn text_counted(name: &str, value: &Expr, argument: &str, number: i64, length: Option<u64>) -> PyResult<Expr> {
    let (plain, value) = (value.expr.clone(), value.expr.clone().str());
    let index = || {
        u32::try_from(number)
            .map_err(|_| PyValueError::new_err(format!("{name}: expected an index of 0 or more, got {number}")))
    };
    let fill = || {
        let mut characters = argument.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(PyValueError::new_err(format!("{name}: expected one character to fill with, got '{argument}'"))),
        }
    };
    Ok(match name {
        "extract" => value.extract(argument, index()? as usize),
        "extract_all" => value.extract_all(argument, index()?),
        "slice" => value.slice(number, length.unwrap_or(u64::MAX)),
        "head" => value.head(number),
        "tail" => value.tail(number),
        "strip_prefix" => value.strip_prefix(argument),
        "strip_suffix" => value.strip_suffix(argument),
        "pad_start" => value.pad_start(number, fill()?),
        "pad_end" => value.pad_end(number, fill()?),
        "zfill" => value.zfill(number),
        // The function underneath makes an empty list of an empty text.
        "split" => {
            let whole = list_of([plain.clone()]);
            conditional::when(plain.eq(lit(""))).then(whole).otherwise(value.split(argument))
        }
        "split_part" => value.split_part(argument, index()?),
        "splitn" => value.splitn(argument, index()?),
        "split_exact" => value.split_exact(argument, index()?),
        "extract_groups" => value.extract_groups(argument),
        "json_path_match" => value.json_path_match(argument),
        "encode" => value.encode(argument),
        "decode" => value.decode(argument),
        "to_date" => value.to_date(argument),
        "to_datetime" => value.to_datetime(argument),
        "join" => value.join(argument),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// A string as a whole number of a base.
#[pyfunction]
pub fn text_to_integer(value: &Expr, base: &Expr, strict: bool) -> Expr {
    value.expr.clone().str().to_integer(base.expr.clone(), strict).into()
}

/// JSON as values of a type.
#[pyfunction]
pub fn json_decode(py: Python<'_>, value: &Expr, data_type: &crate::dtypes::DataType) -> PyResult<Expr> {
    super::sound(py, value.expr.clone().str().json_decode(&data_type.arrow))
}

fn unknown(name: &str) -> PyErr {
    PyValueError::new_err(format!("there is no function '{name}' of strings with these arguments"))
}
