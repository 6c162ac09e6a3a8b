//! Constants beside which floats may be compared by their bits.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::Between;
use datafusion::logical_expr::{Expr, Operator, lit};

/// Whether a side is a constant that nothing but itself equals, so that bits decide.
pub(super) fn is_plain_equality(left: &Expr, op: Operator, right: &Expr) -> bool {
    use Operator::{Eq, IsDistinctFrom, IsNotDistinctFrom, NotEq};
    let by_equality = matches!(op, Eq | NotEq | IsDistinctFrom | IsNotDistinctFrom);
    by_equality && (is_plain_constant(left) || is_plain_constant(right))
}

pub(super) fn is_plain_constant(expr: &Expr) -> bool {
    constant(expr).is_some_and(|value| value != 0.0 && !value.is_nan())
}

/// The bounds of a range between constants, such that bits decide: all NaNs are beyond one of the two, and both zeros are within a range
/// that begins or ends at zero.
pub(super) fn plain_range(between: &Between) -> Option<(Expr, Expr)> {
    let bound = |expr: &Expr, zero: f64| {
        let value = constant(expr).filter(|value| !value.is_nan())?;
        match expr {
            _ if value != 0.0 => Some(expr.clone()),
            Expr::Literal(scalar, _) => with_value(scalar, zero).map(lit),
            Expr::Cast(cast) => with_value(&ScalarValue::try_new_null(cast.field.data_type()).ok()?, zero).map(lit),
            _ => None,
        }
    };
    Some((bound(&between.low, -0.0)?, bound(&between.high, 0.0)?))
}

/// `value` as a scalar of `like`'s float type.
pub(crate) fn with_value(like: &ScalarValue, value: f64) -> Option<ScalarValue> {
    match like.data_type() {
        DataType::Float64 => Some(ScalarValue::Float64(Some(value))),
        DataType::Float32 => Some(ScalarValue::Float32(Some(value as f32))),
        _ => None,
    }
}

/// The number that `expr` is before constants are folded.
fn constant(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(scalar, _) => number(scalar),
        Expr::Cast(cast) if cast.field.data_type().is_floating() => constant(&cast.expr),
        Expr::Negative(inner) => constant(inner).map(|value| -value),
        Expr::Alias(alias) => constant(&alias.expr),
        _ => None,
    }
}

/// A number as a float.
pub(crate) fn number(scalar: &ScalarValue) -> Option<f64> {
    match scalar {
        ScalarValue::Float64(value) => *value,
        ScalarValue::Float32(value) => value.map(f64::from),
        ScalarValue::Int64(value) => value.map(|value| value as f64),
        ScalarValue::Int32(value) => value.map(f64::from),
        _ => None,
    }
}
