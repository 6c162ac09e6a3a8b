//! What a user's function returned, as the type that it declared.
//!
//! Languages have fewer types than Arrow, or other habits: 64-bit integers for all, strings with long offsets. So a value is taken as the
//! declared type where nothing is lost: an integer that fits, text as text, `null` as anything. A number is not taken for text, nor a
//! fraction for an integer.

use arrow::array::ArrayRef;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::FunctionError;

/// `values`, which are `what` of the function's result, as `declared`.
///
/// # Errors
/// One that names the function, `what` and both types, if they do not fit; if a value is out of range.
pub fn fitted(function: &str, what: &str, values: ArrayRef, declared: &DataType) -> Result<ArrayRef> {
    if values.data_type() == declared {
        return Ok(values);
    }
    if !fits(values.data_type(), declared) {
        let message = format!(
            "{what} was declared as {declared}, the function returned {got}; declare it as {got}, or have the function convert it",
            got = values.data_type()
        );
        return Err(FunctionError::wrong_result(function, "TypeError", message).into());
    }
    let strict = CastOptions { safe: false, ..Default::default() };
    match cast_with_options(&values, declared, &strict) {
        Ok(values) => Ok(values),
        Err(error) => {
            let got = values.data_type();
            let message = format!("{what} was declared as {declared}, the function returned {got}: {error}");
            Err(FunctionError::wrong_result(function, "ValueError", message).into())
        }
    }
}

/// Whether values of the type `got` may be taken as `wanted`.
pub fn fits(got: &DataType, wanted: &DataType) -> bool {
    use DataType as T;
    let is_text = |of: &T| matches!(of, T::Utf8 | T::LargeUtf8 | T::Utf8View);
    let is_bytes = |of: &T| matches!(of, T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_));
    match (got, wanted) {
        (T::Null, _) => true,
        (T::Dictionary(_, value), wanted) => fits(value, wanted),
        (got, T::Dictionary(_, value)) => fits(got, value),
        (
            T::List(got) | T::LargeList(got) | T::FixedSizeList(got, _) | T::ListView(got) | T::LargeListView(got),
            T::List(wanted) | T::LargeList(wanted) | T::FixedSizeList(wanted, _),
        ) => fits(got.data_type(), wanted.data_type()),
        (T::Struct(got), T::Struct(wanted)) => {
            got.len() == wanted.len()
                && got
                    .iter()
                    .zip(wanted)
                    .all(|(got, wanted)| got.name() == wanted.name() && fits(got.data_type(), wanted.data_type()))
        }
        (T::Timestamp(_, from), T::Timestamp(_, to)) => from.is_some() == to.is_some(),
        (T::Duration(_), T::Duration(_)) | (T::Time32(_) | T::Time64(_), T::Time32(_) | T::Time64(_)) => true,
        (T::Date32 | T::Date64, T::Date32 | T::Date64) => true,
        (got, wanted) if got.is_integer() => wanted.is_numeric(),
        (got, wanted) if got.is_floating() => wanted.is_floating(),
        (got, wanted) if got.is_decimal() => wanted.is_decimal() || wanted.is_floating(),
        (got, wanted) => got == wanted || is_text(got) && is_text(wanted) || is_bytes(got) && is_bytes(wanted),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Float64Array, Int64Array, LargeStringArray, NullArray};
    use arrow::datatypes::Int8Type;

    use super::*;

    #[test]
    fn what_loses_nothing_fits() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
        let small = fitted("f", "the result", Arc::clone(&numbers), &DataType::Int8).unwrap();
        assert_eq!(small.as_primitive::<Int8Type>().value(0), 7);
        assert!(fitted("f", "the result", Arc::clone(&numbers), &DataType::Float64).is_ok());
        let text: ArrayRef = Arc::new(LargeStringArray::from(vec!["a"]));
        assert_eq!(
            fitted("f", "the result", Arc::clone(&text), &DataType::Utf8).unwrap().as_string::<i32>().value(0),
            "a"
        );
        assert_eq!(fitted("f", "the result", Arc::new(NullArray::new(2)), &DataType::Utf8).unwrap().null_count(), 2);
        let wrong = fitted("f", "the result", text, &DataType::Int64).unwrap_err().to_string();
        assert!(wrong.contains("f: the result was declared as Int64, the function returned LargeUtf8"), "{wrong}");
        assert!(fitted("f", "the result", numbers, &DataType::Utf8).is_err());
        assert!(fitted("f", "the result", Arc::new(Float64Array::from(vec![1.5])), &DataType::Int64).is_err());
        let large: ArrayRef = Arc::new(Int64Array::from(vec![300]));
        assert!(fitted("f", "the result", large, &DataType::Int8).unwrap_err().to_string().contains("300"));
    }
}
