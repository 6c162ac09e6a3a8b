//! Functions of dates, times and durations.

use datafusion::arrow::datatypes::{DataType as Arrow, TimeUnit};
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, cast, lit};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use swath_collections::ExprExt;
use swath_collections::expr::{literal, temporal};

use super::sound;

/// The function `name` of a time.
#[pyfunction]
pub fn time(name: &str, value: &super::Expr) -> PyResult<super::Expr> {
    let (plain, value) = (value.expr.clone(), value.expr.clone().dt());
    let timestamp = |unit| cast(cast(plain.clone(), Arrow::Timestamp(unit, None)), Arrow::Int64);
    Ok(match name {
        "year" => value.year(),
        "iso_year" => expr_fn::date_part(lit("isoyear"), plain),
        "quarter" => value.quarter(),
        "month" => value.month(),
        "week" => value.week(),
        "day" => value.day(),
        "weekday" => value.weekday(),
        "ordinal_day" => value.ordinal_day(),
        "hour" => value.hour(),
        "minute" => value.minute(),
        "second" => value.second(),
        "millisecond" => value.millisecond(),
        "microsecond" => value.microsecond(),
        "date" => value.date(),
        "time" => value.time(),
        "epoch_s" => floored(timestamp(TimeUnit::Microsecond), 1_000_000),
        "epoch_ms" => floored(timestamp(TimeUnit::Microsecond), 1_000),
        "epoch_us" => timestamp(TimeUnit::Microsecond),
        "epoch_ns" => timestamp(TimeUnit::Nanosecond),
        "epoch_d" => cast(value.date(), Arrow::Int32),
        "month_start" => value.month_start(),
        "month_end" => value.month_end(),
        "local" => value.local(),
        "days_in_month" => value.days_in_month(),
        "is_leap_year" => value.is_leap_year(),
        "nanosecond" => expr_fn::date_part(lit("nanosecond"), plain) % lit(1_000_000_000),
        "total_milliseconds" => value.total_milliseconds(),
        "total_microseconds" => value.total_microseconds(),
        "total_days" => value.total_days(),
        "total_hours" => value.total_hours(),
        "total_minutes" => value.total_minutes(),
        "total_seconds" => value.total_seconds(),
        "to_interval" => value.to_interval(),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// Whole `units` in a number, rounded down: a cast of a timestamp to a coarser unit would cut towards 1970.
fn floored(number: Expr, units: i64) -> Expr {
    let rest = (number.clone() % lit(units) + lit(units)) % lit(units);
    (number - rest) / lit(units)
}

/// The function `name` of a time with a duration, a format or a time zone.
#[pyfunction]
pub fn time_with(py: Python<'_>, name: &str, value: &super::Expr, argument: &str) -> PyResult<super::Expr> {
    let value = value.expr.clone().dt();
    let made = match name {
        "truncate" => value.truncate(argument),
        "round" => value.round(argument),
        "offset_by" => value.offset_by(argument),
        "to_string" => value.to_string(argument),
        "convert_time_zone" => value.convert_time_zone(argument),
        _ => return Err(unknown(name)),
    };
    sound(py, made)
}

/// A clock's reading taken for one in a time zone; `ambiguous` and `non_existent` say what becomes of readings that it has twice, or never.
#[pyfunction]
pub fn replace_time_zone(value: &super::Expr, zone: &str, ambiguous: &str, non_existent: &str) -> super::Expr {
    value.expr.clone().dt().replace_time_zone(zone, ambiguous, non_existent).into()
}

/// The time at which the query runs.
#[pyfunction]
pub fn now() -> super::Expr {
    temporal::now().into()
}

/// The date at which the query runs.
#[pyfunction]
pub fn today() -> super::Expr {
    temporal::today().into()
}

/// A length of time: `1h30m`, `2d`, `1mo`.
#[pyfunction]
pub fn duration(py: Python<'_>, text: &str) -> PyResult<super::Expr> {
    sound(py, literal::duration(text))
}

fn unknown(name: &str) -> PyErr {
    PyValueError::new_err(format!("there is no function '{name}' of times with these arguments"))
}
