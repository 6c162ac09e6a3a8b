//! `text_to_integer(text, base, strict)`: texts as whole numbers of a base from 2 to 36, in 64 bits.
//!
//! A sign may stand before the digits; letters of either case are digits beyond 9. Texts that are no such number are null, or with `strict`
//! an error; null gives null.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function.
pub fn text_to_integer() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(TextToInteger { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TextToInteger {
    signature: Signature,
}

impl ScalarUDFImpl for TextToInteger {
    fn name(&self) -> &str {
        "text_to_integer"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [text, base, DataType::Boolean] = types else {
            return plan_err!("text_to_integer: expected a text, a base, and whether it is strict");
        };
        let value = if let DataType::Dictionary(_, value) = text { value } else { text };
        if !value.is_string() && !value.is_null() {
            return plan_err!("text_to_integer: expected text, got {text}");
        }
        if !base.is_integer() {
            return plan_err!("text_to_integer: expected a whole number as base, got {base}");
        }
        Ok(vec![DataType::Utf8, DataType::Int64, DataType::Boolean])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, bases, ColumnarValue::Scalar(ScalarValue::Boolean(Some(strict)))] = arguments.args.as_slice()
        else {
            return internal_err!("text_to_integer: expected a text, a base, and whether it is strict");
        };
        let texts = cast(&texts.to_array(arguments.number_rows)?, &DataType::Utf8)?;
        let bases = bases.to_array(arguments.number_rows)?;
        let both = texts.as_string::<i32>().iter().zip(bases.as_primitive::<Int64Type>());
        let numbers = both.map(|both| match both {
            (Some(text), Some(base)) => number(text, base, *strict),
            _ => Ok(None),
        });
        Ok(ColumnarValue::Array(Arc::new(numbers.collect::<Result<Int64Array>>()?)))
    }
}

fn number(text: &str, base: i64, strict: bool) -> Result<Option<i64>> {
    let Some(known) = u32::try_from(base).ok().filter(|base| (2..=36).contains(base)) else {
        return plan_err!("str.to_integer: expected a base from 2 to 36, got {base}");
    };
    match i64::from_str_radix(text, known) {
        Ok(number) => Ok(Some(number)),
        Err(_) if !strict => Ok(None),
        Err(error) => Err(exec_datafusion_err!(
            "str.to_integer: '{text}' is no whole number of base {base}: {error}; strict=False gives null"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_a_base() {
        assert_eq!(number("110", 2, true).unwrap(), Some(6));
        assert_eq!(number("-fF", 16, true).unwrap(), Some(-255));
        assert_eq!(number("zz", 36, true).unwrap(), Some(1295));
        assert_eq!(number("12", 2, false).unwrap(), None);
        assert_eq!(number("", 10, false).unwrap(), None);
        assert_eq!(number("9223372036854775808", 10, false).unwrap(), None);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(number("x", 10, true).unwrap_err().to_string().contains("'x' is no whole number of base 10"));
        assert!(number("1", 37, false).unwrap_err().to_string().contains("base from 2 to 36, got 37"));
    }
}
