//! Literals of every Arrow type. [`lit`](super::lit) takes Rust's numbers, booleans and strings; here is the rest.

use std::sync::Arc;

use arrow::array::Array;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use super::duration::Every;
use super::mistake;
use crate::error::Error;

/// A literal of any Arrow type, nested ones included.
pub fn scalar(value: ScalarValue) -> Expr {
    Expr::Literal(value, None)
}

/// The value of `array` at `index` as a literal: the way to any value that Arrow can hold.
pub fn array_value(array: &dyn Array, index: usize) -> Expr {
    if index >= array.len() {
        let message = format!("index {index} is beyond the array's {} values", array.len());
        return mistake(Error::invalid("array_value", message));
    }
    ScalarValue::try_from_array(array, index).map_or_else(|error| mistake(error.into()), scalar)
}

/// Null, of the type that its place asks for.
pub fn null() -> Expr {
    scalar(ScalarValue::Null)
}

/// Null of `data_type`.
pub fn null_of(data_type: &DataType) -> Expr {
    ScalarValue::try_from(data_type).map_or_else(|error| mistake(error.into()), scalar)
}

/// The date `YYYY-MM-DD`.
pub fn date(text: &str) -> Expr {
    parsed("date", "a date such as 1998-09-02", text, &DataType::Date32)
}

/// The time of day `HH:MM:SS`, with a fraction if wanted.
pub fn time(text: &str) -> Expr {
    parsed("time", "a time such as 23:59:59.5", text, &DataType::Time64(TimeUnit::Nanosecond))
}

/// The timestamp `YYYY-MM-DD HH:MM:SS`, with a fraction if wanted, in microseconds and without a time zone.
pub fn timestamp(text: &str) -> Expr {
    let microseconds = DataType::Timestamp(TimeUnit::Microsecond, None);
    parsed("timestamp", "a timestamp such as 1998-09-02 23:59:59", text, &microseconds)
}

/// The decimal number `text` with `precision` digits, `scale` of them after the point.
pub fn decimal(text: &str, precision: u8, scale: i8) -> Expr {
    parsed("decimal", "a number that fits the precision and scale", text, &DataType::Decimal128(precision, scale))
}

/// Bytes.
pub fn binary(bytes: impl Into<Vec<u8>>) -> Expr {
    scalar(ScalarValue::Binary(Some(bytes.into())))
}

/// A list of `values`, which need one type; `element_type` is that of an empty list too.
pub fn list(values: &[ScalarValue], element_type: &DataType) -> Expr {
    if let Some(odd) = values.iter().find(|value| !value.is_null() && value.data_type() != *element_type) {
        let message = format!("expected values of type {element_type}, got {odd} of type {}", odd.data_type());
        return mistake(Error::invalid("list", message));
    }
    scalar(ScalarValue::List(ScalarValue::new_list_nullable(values, element_type)))
}

/// A length of time: `"1h30m"`, `"2d"`, `"1mo"` (see [`Every`] for the units). Add it to dates and timestamps.
pub fn duration(text: &str) -> Expr {
    text.parse::<Every>().map_or_else(mistake, |every| every.interval())
}

fn parsed(operation: &'static str, expected: &str, text: &str, data_type: &DataType) -> Expr {
    let wrong = || mistake(Error::invalid(operation, format!("expected {expected}, got '{text}'")));
    let array: Arc<dyn Array> = Arc::new(arrow::array::StringArray::from(vec![text]));
    let strict = arrow::compute::CastOptions { safe: false, ..Default::default() };
    match arrow::compute::cast_with_options(&array, data_type, &strict) {
        Ok(array) => array_value(&array, 0),
        Err(_) => wrong(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::first_mistake;

    #[test]
    fn texts_become_values() {
        assert_eq!(date("1970-01-11"), scalar(ScalarValue::Date32(Some(10))));
        assert_eq!(decimal("1.25", 10, 2), scalar(ScalarValue::Decimal128(Some(125), 10, 2)));
        let second = ScalarValue::TimestampMicrosecond(Some(1_500_000), None);
        assert_eq!(timestamp("1970-01-01 00:00:01.5"), scalar(second));
        assert_eq!(time("00:00:01"), scalar(ScalarValue::Time64Nanosecond(Some(1_000_000_000))));
    }

    #[test]
    fn malformed_texts_are_kept_as_mistakes() {
        let message = first_mistake(&date("1998-13-02")).unwrap().to_string();
        assert_eq!(message, "date: expected a date such as 1998-09-02, got '1998-13-02'");
        assert!(first_mistake(&list(&[ScalarValue::from("a")], &DataType::Int64)).is_some());
    }
}
