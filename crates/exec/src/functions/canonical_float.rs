//! `canonical_float(x)`: `x`, with one NaN for all NaNs and 0.0 for -0.0; every other number stays.
//!
//! Arrow compares and hashes floats by their bits: a NaN with the sign bit (what `0.0 / 0.0` gives on x86) is below all numbers, one
//! without above, and -0.0 is below 0.0. Of canonical floats, equal ones have equal bits, and Arrow's order is that of SQL: -inf, the
//! numbers, inf, NaN. [`swath_planner::CanonicalFloats`] puts the function around keys and operands of comparisons.
//!
//! Floats of any width; the type stays, null stays null. One pass without branches.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::sort_properties::ExprProperties;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use swath_planner::canonical_floats::CANONICAL_FLOAT;

/// The function.
pub fn canonical_float() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(CanonicalFloat::new().into()));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CanonicalFloat {
    signature: Signature,
}

impl CanonicalFloat {
    fn new() -> Self {
        let floats = vec![DataType::Float64, DataType::Float32, DataType::Float16];
        Self { signature: Signature::uniform(1, floats, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for CanonicalFloat {
    fn name(&self) -> &str {
        CANONICAL_FLOAT
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [float] => Ok(float.clone()),
            _ => internal_err!("{CANONICAL_FLOAT}: expected one argument, got {}", types.len()),
        }
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        match arguments.arg_fields {
            [field] => Ok(Arc::new(Field::new(self.name(), field.data_type().clone(), field.is_nullable()))),
            fields => internal_err!("{CANONICAL_FLOAT}: expected one argument, got {}", fields.len()),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    /// Rows in the order of a float are in that of the canonical one: the order of floats is SQL's, wherever it is declared.
    fn preserves_lex_ordering(&self, _inputs: &[ExprProperties]) -> Result<bool> {
        Ok(true)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [ColumnarValue::Array(array)] => canonical(array).map(ColumnarValue::Array),
            [ColumnarValue::Scalar(scalar)] => {
                let canonical = canonical(&scalar.to_array()?)?;
                ScalarValue::try_from_array(&canonical, 0).map(ColumnarValue::Scalar)
            }
            other => internal_err!("{CANONICAL_FLOAT}: expected one argument, got {}", other.len()),
        }
    }
}

fn canonical(array: &ArrayRef) -> Result<ArrayRef> {
    fn each<T: ArrowPrimitiveType>(array: &ArrayRef, canonical: impl Fn(T::Native) -> T::Native) -> ArrayRef {
        Arc::new(array.as_primitive::<T>().unary::<_, T>(canonical))
    }
    // The sum of -0.0 and 0.0 is 0.0.
    Ok(match array.data_type() {
        DataType::Float64 => each::<Float64Type>(array, |x| if x.is_nan() { f64::NAN } else { x + 0.0 }),
        DataType::Float32 => each::<Float32Type>(array, |x| if x.is_nan() { f32::NAN } else { x + 0.0 }),
        DataType::Float16 => {
            type Half = <Float16Type as ArrowPrimitiveType>::Native;
            each::<Float16Type>(array, |x| if x.is_nan() { Half::NAN } else { x + Half::ZERO })
        }
        other => return internal_err!("{CANONICAL_FLOAT}: expected floats, got {other}"),
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float16Array, Float32Array, Float64Array};

    use super::*;

    #[test]
    fn there_is_one_nan_and_one_zero() {
        let payload = f64::from_bits(0xfff8_0000_0000_0123);
        let odd = [f64::NAN, -f64::NAN, payload, -0.0, 0.0, -1.5, f64::NEG_INFINITY, f64::MIN_POSITIVE / 2.0];
        let array: ArrayRef = Arc::new(Float64Array::from(odd.to_vec()));
        let bits: Vec<u64> =
            canonical(&array).unwrap().as_primitive::<Float64Type>().values().iter().map(|x| x.to_bits()).collect();
        let nan = f64::NAN.to_bits();
        assert_eq!(bits[..5], [nan, nan, nan, 0, 0]);
        assert_eq!(bits[5..], odd[5..].iter().map(|x| x.to_bits()).collect::<Vec<_>>());
    }

    #[test]
    fn nulls_and_widths_stay() {
        let singles: ArrayRef = Arc::new(Float32Array::from(vec![Some(-0.0), None, Some(-f32::NAN)]));
        let canonical_singles = canonical(&singles).unwrap();
        let canonical_singles = canonical_singles.as_primitive::<Float32Type>();
        assert_eq!(
            canonical_singles.iter().map(|x| x.map(f32::to_bits)).collect::<Vec<_>>(),
            [Some(0), None, Some(f32::NAN.to_bits())]
        );
        type Half = <Float16Type as ArrowPrimitiveType>::Native;
        let halves: ArrayRef = Arc::new(Float16Array::from(vec![Half::NEG_ZERO, Half::from_bits(0xfe01)]));
        let canonical_halves = canonical(&halves).unwrap();
        let bits: Vec<u16> =
            canonical_halves.as_primitive::<Float16Type>().values().iter().map(|x| x.to_bits()).collect();
        assert_eq!(bits, [0, Half::NAN.to_bits()]);
    }
}
