//! `log1p(x)` and `expm1(x)`: `ln(1 + x)` and `exp(x) - 1` without the digits that these lose near zero.

use std::sync::{Arc, LazyLock};

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// `ln(1 + x)`; NaN below -1.
pub fn log1p() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> =
        LazyLock::new(|| Arc::new(NearZero::new("log1p", f32::ln_1p, f64::ln_1p).into()));
    Arc::clone(&FUNCTION)
}

/// `exp(x) - 1`.
pub fn expm1() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> =
        LazyLock::new(|| Arc::new(NearZero::new("expm1", f32::exp_m1, f64::exp_m1).into()));
    Arc::clone(&FUNCTION)
}

#[derive(Debug)]
struct NearZero {
    name: &'static str,
    of_single: fn(f32) -> f32,
    of_double: fn(f64) -> f64,
    signature: Signature,
}

impl NearZero {
    fn new(name: &'static str, of_single: fn(f32) -> f32, of_double: fn(f64) -> f64) -> Self {
        let signature = Signature::uniform(1, vec![DataType::Float64, DataType::Float32], Volatility::Immutable);
        Self { name, of_single, of_double, signature }
    }
}

// The name tells the functions.
impl PartialEq for NearZero {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NearZero {}

impl std::hash::Hash for NearZero {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for NearZero {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(if types == [DataType::Float32] { DataType::Float32 } else { DataType::Float64 })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [values] = values.as_slice() else { return internal_err!("{} takes one argument", self.name) };
        if let Some(values) = values.as_primitive_opt::<Float32Type>() {
            return Ok(ColumnarValue::Array(Arc::new(values.unary::<_, Float32Type>(self.of_single))));
        }
        match values.as_primitive_opt::<Float64Type>() {
            Some(values) => Ok(ColumnarValue::Array(Arc::new(values.unary::<_, Float64Type>(self.of_double)))),
            None => internal_err!("{} takes floats, not {}", self.name, values.data_type()),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    #[tokio::test]
    async fn digits_near_zero_are_kept() {
        let context = SessionContext::new();
        context.register_udf(super::log1p().as_ref().clone());
        context.register_udf(super::expm1().as_ref().clone());
        let sql = "SELECT log1p(1e-18) = 1e-18, expm1(-1e-17) = -1e-17, log1p(0), isnan(log1p(-2.0)), expm1(NULL),
                          arrow_typeof(log1p(arrow_cast(1, 'Float32')))";
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        let row: String = text.lines().nth(3).unwrap().replace(' ', "");
        assert_eq!(row, "|true|true|0.0|true||Float32|");
    }
}
