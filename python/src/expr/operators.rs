//! Python's operators. What one means depends on the types it meets: `/` of integers is a float, `//` and `%` round down, `+` joins
//! strings, `&` works on truth values and on bits, and a plain number takes the width of the column beside it.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, ExprSchemable, Operator as Native, binary_expr, cast, lit};
use datafusion::scalar::ScalarValue;
use serde::{Deserialize, Serialize};
use swath_collections as sw;
use swath_collections::ExprMath;

/// An operator of Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `//`
    FloorDivide,
    /// `%`
    Modulo,
    /// `**`
    Power,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `~`
    Not,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<` where neither is NaN, which is larger than every number for `<` itself.
    Below,
    /// `>` where neither is NaN.
    Above,
}

const SYMBOLS: [(Operator, &str); 19] = [
    (Operator::Add, "+"),
    (Operator::Subtract, "-"),
    (Operator::Multiply, "*"),
    (Operator::Divide, "/"),
    (Operator::FloorDivide, "//"),
    (Operator::Modulo, "%"),
    (Operator::Power, "**"),
    (Operator::And, "&"),
    (Operator::Or, "|"),
    (Operator::Xor, "^"),
    (Operator::Not, "~"),
    (Operator::Equal, "=="),
    (Operator::NotEqual, "!="),
    (Operator::Less, "<"),
    (Operator::LessEqual, "<="),
    (Operator::Greater, ">"),
    (Operator::GreaterEqual, ">="),
    (Operator::Below, "below"),
    (Operator::Above, "above"),
];

impl Operator {
    /// The operator written `symbol` in Python.
    pub fn of(symbol: &str) -> Option<Self> {
        SYMBOLS.iter().find(|(_, text)| *text == symbol).map(|(operator, _)| *operator)
    }

    /// As Python writes it.
    pub fn symbol(self) -> &'static str {
        SYMBOLS.iter().find(|(operator, _)| *operator == self).map_or("", |(_, text)| text)
    }

    /// As SQL writes it.
    pub fn sql(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
            Self::Xor => "XOR",
            Self::Not => "NOT",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Below => "<",
            Self::Above => ">",
            other => other.symbol(),
        }
    }

    /// How tightly it binds, in SQL.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or | Self::Xor => 1,
            Self::And => 2,
            Self::Not => 3,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::FloorDivide | Self::Modulo => 6,
            Self::Power => 7,
            _ => 4,
        }
    }

    /// The engine's expression for operands of the types that they have under `schema`.
    pub fn resolve(self, operands: &[Expr], schema: &DFSchema) -> sw::Result<Expr> {
        let typed = |operand: &Expr| (operand.clone(), operand.get_type(schema).ok());
        match operands {
            [operand] => Ok(negation(typed(operand))),
            [left, right] => binary(self, typed(left), typed(right)),
            _ => Err(sw::Error::invalid("operator", format!("'{}' takes two operands", self.symbol()))),
        }
    }
}

/// An operand and its type, if it has one: what a function over list elements sees has none yet.
type Typed = (Expr, Option<DataType>);

fn is(operand: &Typed, test: impl Fn(&DataType) -> bool) -> bool {
    operand.1.as_ref().is_some_and(test)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn is_date(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64)
}

fn is_decimal(data_type: &DataType) -> bool {
    use DataType::{Decimal32, Decimal64, Decimal128, Decimal256};
    matches!(data_type, Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..))
}

fn negation(operand: Typed) -> Expr {
    if is(&operand, DataType::is_integer) { lit(-1_i64) - operand.0 } else { !operand.0 }
}

fn binary(operator: Operator, left: Typed, right: Typed) -> sw::Result<Expr> {
    let (left, right) = beside(operator, left, right);
    let native = |operator, left: Typed, right: Typed| binary_expr(left.0, operator, right.0);
    let integers = is(&left, DataType::is_integer) && is(&right, DataType::is_integer);
    Ok(match operator {
        Operator::Add if is(&left, is_text) || is(&right, is_text) => native(Native::StringConcat, left, right),
        Operator::Add | Operator::Subtract if is(&left, is_date) && is_span(&right) => {
            native(if operator == Operator::Add { Native::Plus } else { Native::Minus }, left, interval(right))
        }
        Operator::Add if is_span(&left) && is(&right, is_date) => native(Native::Plus, right, interval(left)),
        Operator::Add => native(Native::Plus, left, right),
        Operator::Subtract => native(Native::Minus, left, right),
        Operator::Multiply => scaled(&left, &right).unwrap_or_else(|| native(Native::Multiply, left, right)),
        Operator::Divide => divided(left, right),
        Operator::FloorDivide => floor_divided(left, right),
        Operator::Modulo => modulo(left, right),
        Operator::Power => power(left, right),
        Operator::And if integers => native(Native::BitwiseAnd, left, right),
        Operator::And => native(Native::And, left, right),
        Operator::Or if integers => native(Native::BitwiseOr, left, right),
        Operator::Or => native(Native::Or, left, right),
        Operator::Xor if integers => native(Native::BitwiseXor, left, right),
        Operator::Xor => native(Native::NotEq, left, right),
        Operator::Equal => native(Native::Eq, left, right),
        Operator::NotEqual => native(Native::NotEq, left, right),
        Operator::Less => native(Native::Lt, left, right),
        Operator::LessEqual => native(Native::LtEq, left, right),
        Operator::Greater => native(Native::Gt, left, right),
        Operator::GreaterEqual => native(Native::GtEq, left, right),
        // Of the two only the larger can be NaN.
        Operator::Below => number_only(&right.clone(), native(Native::Lt, left, right)),
        Operator::Above => number_only(&left.clone(), native(Native::Gt, left, right)),
        Operator::Not => {
            return Err(sw::Error::invalid("operator", "'~' takes one operand"));
        }
    })
}

/// The operands with a plain number in the type of what stands beside it, where the engine would widen that.
fn beside(operator: Operator, left: Typed, right: Typed) -> (Typed, Typed) {
    let (left, right) = match (number(&left.0), number(&right.0)) {
        (None, Some(value)) => {
            let right = narrowed(value, &left).unwrap_or(right);
            (left, right)
        }
        (Some(value), None) => (narrowed(value, &right).unwrap_or(left), right),
        _ => (left, right),
    };
    // The difference of two unsigned numbers may be negative.
    let unsigned = |side: &Typed| is(side, |data_type| *data_type == DataType::UInt64);
    if operator == Operator::Subtract && unsigned(&left) && unsigned(&right) {
        let signed = |side: Typed| (cast(side.0, DataType::Int64), Some(DataType::Int64));
        return (signed(left), signed(right));
    }
    (left, right)
}

/// A plain number of Python: its literals are of 64 bits.
#[derive(Clone, Copy)]
enum Number {
    Integer(i64),
    Float(f64),
}

fn number(expr: &Expr) -> Option<Number> {
    match expr {
        Expr::Literal(ScalarValue::Int64(Some(value)), _) => Some(Number::Integer(*value)),
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => Some(Number::Float(*value)),
        _ => None,
    }
}

fn narrowed(value: Number, other: &Typed) -> Option<Typed> {
    let data_type = other.1.clone()?;
    let scalar = match (&data_type, value) {
        (DataType::Float32, Number::Float(value)) => ScalarValue::Float32(Some(value as f32)),
        (DataType::Float32, Number::Integer(value)) => ScalarValue::Float32(Some(value as f32)),
        (DataType::Float16, Number::Float(_) | Number::Integer(_)) => {
            let wide = match value {
                Number::Float(value) => value,
                Number::Integer(value) => value as f64,
            };
            ScalarValue::Float64(Some(wide)).cast_to(&DataType::Float16).ok()?
        }
        // A signed one would make the engine go to decimals.
        (DataType::UInt64, Number::Integer(value)) => ScalarValue::UInt64(Some(u64::try_from(value).ok()?)),
        _ => return None,
    };
    Some((Expr::Literal(scalar, None), Some(data_type)))
}

/// A span of time that dates cannot be moved by as it is.
fn is_span(operand: &Typed) -> bool {
    is(operand, |data_type| matches!(data_type, DataType::Duration(_)))
}

/// A span as an interval, by which a date is moved and stays a date.
fn interval(span: Typed) -> Typed {
    let data_type = DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano);
    if let Expr::Literal(value, _) = &span.0
        && let Ok(ScalarValue::DurationMicrosecond(Some(microseconds))) =
            value.cast_to(&DataType::Duration(TimeUnit::Microsecond))
    {
        let (days, rest) = (microseconds.div_euclid(86_400_000_000), microseconds.rem_euclid(86_400_000_000));
        if let Ok(days) = i32::try_from(days) {
            let value = ScalarValue::new_interval_mdn(0, days, rest * 1_000);
            return (Expr::Literal(value, None), Some(data_type));
        }
    }
    (cast(span.0, data_type.clone()), Some(data_type))
}

/// A duration times a number; `None` for anything else.
fn scaled(left: &Typed, right: &Typed) -> Option<Expr> {
    let (duration, times) = match (is_span(left), is_span(right)) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        _ => return None,
    };
    let data_type = duration.1.clone()?;
    if !is(times, DataType::is_numeric) {
        return None;
    }
    let units = cast(duration.0.clone(), DataType::Int64);
    let product = if is(times, DataType::is_integer) {
        units * times.0.clone()
    } else {
        cast(expr_fn::round(vec![cast(units, DataType::Float64) * times.0.clone()]), DataType::Int64)
    };
    Some(cast(product, data_type))
}

/// Durations as numbers of microseconds.
fn microseconds(duration: Typed) -> Typed {
    let units = cast(duration.0, DataType::Duration(TimeUnit::Microsecond));
    (cast(units, DataType::Int64), Some(DataType::Int64))
}

/// True division: a float, also of integers.
fn divided(left: Typed, right: Typed) -> Expr {
    if is_span(&left) && is_span(&right) {
        return divided(microseconds(left), microseconds(right));
    }
    if is_span(&left)
        && is(&right, DataType::is_numeric)
        && let Some(data_type) = left.1.clone()
    {
        let units = cast(cast(left.0, DataType::Int64), DataType::Float64) / cast(right.0, DataType::Float64);
        return cast(cast(expr_fn::round(vec![units]), DataType::Int64), data_type);
    }
    let exact = |side: &Typed| {
        is(side, |data_type| {
            is_decimal(data_type) || matches!(data_type, DataType::Duration(_) | DataType::Interval(_))
        })
    };
    let float = |side: &Typed| is(side, DataType::is_floating);
    if exact(&left) || exact(&right) || float(&left) || float(&right) {
        return left.0 / right.0;
    }
    cast(left.0, DataType::Float64) / cast(right.0, DataType::Float64)
}

/// Division rounded down; integers stay integers, and give null where they are divided by zero.
fn floor_divided(left: Typed, right: Typed) -> Expr {
    if is_span(&left) && is_span(&right) {
        return floor_divided(microseconds(left), microseconds(right));
    }
    if !is(&left, DataType::is_integer) || !is(&right, DataType::is_integer) {
        return expr_fn::floor(divided(left, right));
    }
    let unsigned = is(&left, DataType::is_unsigned_integer) && is(&right, DataType::is_unsigned_integer);
    let by = divisor(right);
    let quotient = left.0.clone() / by.clone();
    if unsigned {
        return quotient;
    }
    // The engine cuts towards zero: one too many where the signs differ and a remainder is left.
    let remainder = left.0.clone() % by.clone();
    let too_large = match number(&by) {
        Some(Number::Integer(1..)) => remainder.lt(lit(0_i64)),
        _ => remainder.not_eq(lit(0_i64)).and(left.0.lt(lit(0_i64)).not_eq(by.lt(lit(0_i64)))),
    };
    choice(too_large, quotient.clone() - lit(1_i64), quotient)
}

/// The remainder, with the sign of the divisor; null where integers are divided by zero.
fn modulo(left: Typed, right: Typed) -> Expr {
    let integers = is(&left, DataType::is_integer) && is(&right, DataType::is_integer);
    let unsigned = is(&left, DataType::is_unsigned_integer)
        && (is(&right, DataType::is_unsigned_integer) || matches!(number(&right.0), Some(Number::Integer(1..))));
    let by = if integers { divisor(right) } else { right.0 };
    let remainder = left.0 % by.clone();
    if unsigned {
        return remainder;
    }
    let wrong_sign = match number(&by) {
        Some(Number::Integer(1..)) => remainder.clone().lt(lit(0_i64)),
        _ => {
            remainder.clone().not_eq(lit(0_i64)).and(remainder.clone().lt(lit(0_i64)).not_eq(by.clone().lt(lit(0_i64))))
        }
    };
    choice(wrong_sign, remainder.clone() + by, remainder)
}

/// `divisor`, null where it is zero: the engine would fail there.
fn divisor(divisor: Typed) -> Expr {
    // Zero of another type would make the engine look for one that holds both.
    let zero = divisor.1.as_ref().and_then(|data_type| ScalarValue::new_zero(data_type).ok());
    match (&divisor.0, zero) {
        (Expr::Literal(value, _), Some(zero)) if *value != zero => divisor.0,
        (_, Some(zero)) => expr_fn::nullif(divisor.0, Expr::Literal(zero, None)),
        (_, None) => expr_fn::nullif(divisor.0, lit(0_i64)),
    }
}

/// `condition`, and that `value` is not NaN.
fn number_only(value: &Typed, condition: Expr) -> Expr {
    if is(value, DataType::is_floating) { condition.and(!expr_fn::isnan(value.0.clone())) } else { condition }
}

/// Integers to the power of integers stay integers, but to that of a negative plain number; everything else gives a float.
fn power(left: Typed, right: Typed) -> Expr {
    let exponent = number(&right.0);
    let is_fraction = matches!(exponent, Some(Number::Integer(..0)));
    if !is(&left, DataType::is_integer) || !is(&right, DataType::is_integer) || is_fraction {
        return float_power(left.0, right.0, exponent);
    }
    if let Some(Number::Integer(exponent @ 1..=16)) = exponent {
        let factor = if is(&left, |of| *of == DataType::UInt64) { left.0 } else { cast(left.0, DataType::Int64) };
        return (1..exponent).fold(factor.clone(), |product, _| product * factor.clone());
    }
    left.0.integer_pow(right.0)
}

/// The power as a float; of zero to that of a negative number infinity, where the engine would fail.
fn float_power(base: Expr, exponent: Expr, number: Option<Number>) -> Expr {
    let (base, exponent) = (cast(base, DataType::Float64), cast(exponent, DataType::Float64));
    let power = expr_fn::power(base.clone(), exponent.clone());
    match number {
        Some(Number::Integer(0..)) => power,
        Some(Number::Float(exponent)) if exponent >= 0.0 => power,
        _ => {
            let is_pole = expr_fn::abs(base).eq(lit(0.0)).and(exponent.lt(lit(0.0)));
            choice(is_pole, lit(f64::INFINITY), power)
        }
    }
}

fn choice(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    sw::expr::conditional::when(condition).then(then).otherwise(otherwise)
}
