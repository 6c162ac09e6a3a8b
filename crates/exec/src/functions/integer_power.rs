//! `integer_power(base, exponent)`: a whole number to the power of a whole number, in 64 bits.
//!
//! Unsigned if the base is an unsigned one of 64 bits, else signed. Overflow wraps around, as that of `*`; zero to the power of zero is
//! one. What a negative exponent gives is no whole number, and an error; null gives null.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray};
use arrow::compute::binary;
use arrow::datatypes::{DataType, Int64Type, UInt64Type};
use datafusion::common::{Result, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function.
pub fn integer_power() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(IntegerPower { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IntegerPower {
    signature: Signature,
}

impl ScalarUDFImpl for IntegerPower {
    fn name(&self) -> &str {
        "integer_power"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [base, exponent] = types else {
            return plan_err!("integer_power: expected a base and an exponent, got {} arguments", types.len());
        };
        for data_type in types {
            if !data_type.is_integer() && !data_type.is_null() {
                return plan_err!(
                    "integer_power: expected whole numbers, got {base} and {exponent}; others take power()"
                );
            }
        }
        let of = if *base == DataType::UInt64 { DataType::UInt64 } else { DataType::Int64 };
        Ok(vec![of, DataType::Int64])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Int64))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [bases, exponents] = arguments.args.as_slice() else {
            return internal_err!("integer_power: expected a base and an exponent");
        };
        let bases = bases.to_array(arguments.number_rows)?;
        let exponents = exponents.to_array(arguments.number_rows)?;
        let powers = match bases.data_type() {
            DataType::UInt64 => powers::<UInt64Type>(&bases, &exponents)?,
            _ => powers::<Int64Type>(&bases, &exponents)?,
        };
        Ok(ColumnarValue::Array(powers))
    }
}

fn powers<T: ArrowPrimitiveType>(bases: &ArrayRef, exponents: &ArrayRef) -> Result<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let (bases, exponents) = (bases.as_primitive::<T>(), exponents.as_primitive::<Int64Type>());
    let both = bases.iter().zip(exponents);
    for (base, exponent) in both {
        if let (Some(base), Some(exponent @ ..0)) = (base, exponent) {
            return exec_err!(
                "**: {base:?} to the power of {exponent} is no whole number, which whole numbers give here; make the base a \
                 float: x.cast(float) ** y, or 2.0 ** y"
            );
        }
    }
    // What stands below null is computed and not seen.
    let power = |base: T::Native, exponent: i64| power(base, exponent.unsigned_abs());
    Ok(Arc::new(binary::<_, _, _, T>(bases, exponents, power)?))
}

/// By squaring.
fn power<N: ArrowNativeTypeOp>(mut base: N, mut exponent: u64) -> N {
    let mut product = N::ONE;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = product.mul_wrapping(base);
        }
        base = base.mul_wrapping(base);
        exponent >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::power;

    #[test]
    fn powers_wrap_around() {
        assert_eq!(power(3_i64, 4), 81);
        assert_eq!(power(-2_i64, 63), i64::MIN);
        assert_eq!(power(2_i64, 64), 0);
        assert_eq!(power(7_i64, 40), 7_i64.wrapping_pow(40));
        assert_eq!(power(0_i64, 0), 1);
        assert_eq!(power(-1_i64, u64::MAX), -1);
        assert_eq!(power(2_u64, 63), 1 << 63);
    }

    async fn value(call: &str) -> Result<String, String> {
        let context = SessionContext::new();
        context.register_udf(super::integer_power().as_ref().clone());
        let sql = format!("SELECT {call} AS p FROM (VALUES (2, 3)) AS t(x, y)");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let column = batches[0].column(0);
        let shown = arrow::util::display::array_value_to_string(column, 0).unwrap();
        Ok(format!("{shown} {}", column.data_type()))
    }

    #[tokio::test]
    async fn types() {
        assert_eq!(value("integer_power(x, y)").await.unwrap(), "8 Int64");
        assert_eq!(value("integer_power(arrow_cast(x, 'UInt64'), arrow_cast(y, 'UInt8'))").await.unwrap(), "8 UInt64");
        assert_eq!(value("integer_power(arrow_cast(x, 'Int8'), y + 7)").await.unwrap(), "1024 Int64");
        assert_eq!(value("integer_power(NULL, y)").await.unwrap(), " Int64");
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        let error = value("integer_power(x, -y)").await.unwrap_err();
        assert!(error.contains("2 to the power of -3 is no whole number") && error.contains("cast(float)"), "{error}");
        assert!(value("integer_power(x, 0.5)").await.unwrap_err().contains("expected whole numbers"));
        assert!(value("integer_power(x)").await.unwrap_err().contains("got 1 arguments"));
    }
}
