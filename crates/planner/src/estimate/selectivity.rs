//! Which share of its input's rows a predicate keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr, Literal, NotExpr,
};
use datafusion::physical_plan::ExecutionPlan;

use super::{Domain, column_of, domain};

/// A comparison of which nothing is known.
pub(super) const COMPARISON: f64 = 0.33;
/// Equality with a constant in a column whose number of values is not known, as that of strings.
const EQUALITY: f64 = 0.05;
/// A pattern.
const PATTERN: f64 = 0.1;
/// No estimate goes below this share by guessing alone.
pub(super) const LEAST: f64 = 0.05;
/// Least share that a bounded range of a column keeps.
const NARROWEST: f64 = 1e-6;

/// The share, between 0 and 1, of `input`'s rows for which `predicate` holds.
pub fn selectivity(predicate: &Arc<dyn PhysicalExpr>, input: &Arc<dyn ExecutionPlan>) -> f64 {
    let mut parts = vec![];
    conjuncts(predicate, &mut parts);
    let mut ranges: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let mut share = 1.0;
    for part in parts {
        match range(&part, input) {
            Some((column, (from, to))) => {
                let range = ranges.entry(column).or_insert((f64::NEG_INFINITY, f64::INFINITY));
                *range = (range.0.max(from), range.1.min(to));
            }
            None => share *= of_part(&part, input),
        }
    }
    for (column, (from, to)) in ranges {
        if let Some(Domain { bounds: Some((least, greatest)), .. }) = domain(input.as_ref(), column) {
            let width = (greatest - least).max(f64::MIN_POSITIVE);
            share *= ((to.min(greatest) - from.max(least)) / width).clamp(NARROWEST, 1.0);
        }
    }
    share.clamp(0.0, 1.0)
}

fn conjuncts(predicate: &Arc<dyn PhysicalExpr>, parts: &mut Vec<Arc<dyn PhysicalExpr>>) {
    match predicate.downcast_ref::<BinaryExpr>() {
        Some(both) if *both.op() == Operator::And => {
            conjuncts(both.left(), parts);
            conjuncts(both.right(), parts);
        }
        _ => parts.push(Arc::clone(predicate)),
    }
}

/// `column < constant` and its like, as the range of values that it keeps; only for columns whose bounds are known.
fn range(part: &Arc<dyn PhysicalExpr>, input: &Arc<dyn ExecutionPlan>) -> Option<(usize, (f64, f64))> {
    let comparison = part.downcast_ref::<BinaryExpr>()?;
    let (column, constant, operator) = match (constant_of(comparison.left()), constant_of(comparison.right())) {
        (None, Some(constant)) => (column_of(comparison.left())?, constant, *comparison.op()),
        (Some(constant), None) => (column_of(comparison.right())?, constant, comparison.op().swap()?),
        _ => return None,
    };
    domain(input.as_ref(), column)?.bounds?;
    match operator {
        Operator::Lt | Operator::LtEq => Some((column, (f64::NEG_INFINITY, constant))),
        Operator::Gt | Operator::GtEq => Some((column, (constant, f64::INFINITY))),
        _ => None,
    }
}

fn constant_of(expression: &Arc<dyn PhysicalExpr>) -> Option<f64> {
    number(expression.downcast_ref::<Literal>()?.value())
}

fn of_part(part: &Arc<dyn PhysicalExpr>, input: &Arc<dyn ExecutionPlan>) -> f64 {
    if let Some(binary) = part.downcast_ref::<BinaryExpr>() {
        return match binary.op() {
            Operator::Or => {
                let (left, right) = (selectivity(binary.left(), input), selectivity(binary.right(), input));
                left + right - left * right
            }
            Operator::And => selectivity(part, input),
            Operator::Eq | Operator::IsNotDistinctFrom => equality(binary, input),
            Operator::NotEq | Operator::IsDistinctFrom => 1.0 - equality(binary, input),
            Operator::RegexMatch | Operator::RegexIMatch => PATTERN,
            Operator::RegexNotMatch | Operator::RegexNotIMatch => 1.0 - PATTERN,
            _ => COMPARISON,
        };
    }
    if let Some(list) = part.downcast_ref::<InListExpr>() {
        let one =
            column_of(list.expr()).and_then(|column| values(input, column)).map_or(EQUALITY, |values| 1.0 / values);
        let share = (one * list.len() as f64).min(0.9);
        return if list.negated() { 1.0 - share } else { share };
    }
    if let Some(like) = part.downcast_ref::<LikeExpr>() {
        return if like.negated() { 1.0 - PATTERN } else { PATTERN };
    }
    if let Some(not) = part.downcast_ref::<NotExpr>() {
        return 1.0 - selectivity(not.arg(), input);
    }
    if part.is::<IsNotNullExpr>() {
        return 1.0;
    }
    if part.is::<IsNullExpr>() {
        return LEAST;
    }
    match part.downcast_ref::<Literal>().map(Literal::value) {
        Some(ScalarValue::Boolean(Some(true))) => 1.0,
        Some(ScalarValue::Boolean(_)) => 0.0,
        _ => COMPARISON,
    }
}

fn equality(comparison: &BinaryExpr, input: &Arc<dyn ExecutionPlan>) -> f64 {
    let side = |expression| column_of(expression).and_then(|column| values(input, column));
    let values = match (side(comparison.left()), side(comparison.right())) {
        (Some(left), Some(right)) => Some(left.max(right)),
        (one, other) => one.or(other),
    };
    values.map_or(EQUALITY, |values| 1.0 / values)
}

/// The number of values of a column, if it is known and not just bounded by the number of rows.
fn values(input: &Arc<dyn ExecutionPlan>, column: usize) -> Option<f64> {
    let schema = input.schema();
    let is_text = matches!(schema.field(column).data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    domain(input.as_ref(), column)
        .filter(|domain| !is_text || domain.values < domain.table_rows)
        .map(|domain| domain.values)
}

/// A value as a number that orders like it, in units that only matter within one column.
pub(super) fn number(value: &ScalarValue) -> Option<f64> {
    match value {
        ScalarValue::Decimal128(Some(value), _, scale) => Some(*value as f64 / 10f64.powi(i32::from(*scale))),
        ScalarValue::Date32(Some(days)) => Some(f64::from(*days)),
        ScalarValue::Date64(Some(milliseconds)) => Some(*milliseconds as f64 / 86_400_000.0),
        ScalarValue::TimestampSecond(Some(value), _) => Some(*value as f64),
        ScalarValue::TimestampMillisecond(Some(value), _) => Some(*value as f64 / 1e3),
        ScalarValue::TimestampMicrosecond(Some(value), _) => Some(*value as f64 / 1e6),
        ScalarValue::TimestampNanosecond(Some(value), _) => Some(*value as f64 / 1e9),
        _ if value.data_type().is_numeric() => match value.cast_to(&DataType::Float64).ok()? {
            ScalarValue::Float64(Some(value)) if value.is_finite() => Some(value),
            _ => None,
        },
        _ => None,
    }
}
