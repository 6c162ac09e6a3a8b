//! `list_var(list, ddof)` and `list_std(list, ddof)`: variance and standard deviation of the elements of each list.
//!
//! Nulls are skipped. Null where there are no more values than `ddof` (1 for a sample, 0 for a population) and for null.
//! Two passes over each list: the mean, then the distances from it.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::list_positions::list_type;

/// The function for variances.
pub fn list_var() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(Spread::new(false).into()));
    Arc::clone(&FUNCTION)
}

/// The function for standard deviations.
pub fn list_std() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(Spread::new(true).into()));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Spread {
    /// Whether the root is taken.
    deviation: bool,
    signature: Signature,
}

impl Spread {
    fn new(deviation: bool) -> Self {
        Self { deviation, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Spread {
    fn name(&self) -> &str {
        if self.deviation { "list_std" } else { "list_var" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [list, ddof] = types else {
            return plan_err!("{}: expected a list and ddof, got {} arguments", self.name(), types.len());
        };
        let element = list_type(self.name(), list)?;
        if !element.data_type().is_numeric() && !element.data_type().is_null() {
            return plan_err!("{}: expected lists of numbers, got {list}", self.name());
        }
        if !ddof.is_integer() {
            return plan_err!("{}: expected ddof to be a whole number, got {ddof}", self.name());
        }
        let floats = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
        Ok(vec![floats, DataType::Int64])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [lists, ddof] = arguments.args.as_slice() else {
            return internal_err!("{}: expected a list and ddof", self.name());
        };
        let ColumnarValue::Scalar(ScalarValue::Int64(Some(ddof))) = ddof else {
            return plan_err!("{}: expected a constant for ddof", self.name());
        };
        let lists = lists.to_array(arguments.number_rows)?;
        let Some(lists) = lists.as_list_opt::<i32>() else {
            return internal_err!("{}: expected lists, got {}", self.name(), lists.data_type());
        };
        let spread = |list: Option<ArrayRef>| -> Option<f64> {
            let variance = variance(&list?, *ddof as f64)?;
            Some(if self.deviation { variance.sqrt() } else { variance })
        };
        Ok(ColumnarValue::Array(Arc::new(lists.iter().map(spread).collect::<Float64Array>())))
    }
}

fn variance(list: &ArrayRef, ddof: f64) -> Option<f64> {
    let values = list.as_primitive_opt::<Float64Type>()?;
    let count = (values.len() - values.null_count()) as f64;
    if count <= ddof || count == 0.0 {
        return None;
    }
    let mean = values.iter().flatten().sum::<f64>() / count;
    Some(values.iter().flatten().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - ddof))
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn one(call: &str) -> Result<String, String> {
        let context = SessionContext::new();
        context.register_udf(super::list_var().as_ref().clone());
        context.register_udf(super::list_std().as_ref().clone());
        let sql = format!("SELECT {call} AS y FROM (VALUES ([1, NULL, 3])) AS t(l)");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().nth(3).unwrap().replace([' ', '|'], ""))
    }

    #[tokio::test]
    async fn of_lists() {
        assert_eq!(one("list_var(l, 1)").await.unwrap(), "2.0");
        assert_eq!(one("list_std(l, 0)").await.unwrap(), "1.0");
        assert_eq!(one("list_std([1], 1)").await.unwrap(), "");
        assert_eq!(one("list_var(NULL, 1)").await.unwrap(), "");
        assert!(one("list_var(['a'], 1)").await.unwrap_err().contains("expected lists of numbers"));
        assert!(one("list_var(1, 1)").await.unwrap_err().contains("list_var: expected a list, got Int64"));
    }
}
