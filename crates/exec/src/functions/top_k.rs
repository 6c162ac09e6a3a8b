//! `top_k(value, k)` and `bottom_k(value, k)`: the `k` largest (smallest) values as a list, the largest (smallest) first.
//!
//! Nulls come after all values, so that they are in the list only where there are fewer values than `k`. NaN is larger than every
//! number. Without rows the list is empty. Holds `k` values a group in memory.

use std::fmt;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, ListArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, concat, sort_to_indices, take};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::{CastExpr, Literal};

/// The function for the largest.
pub fn top_k() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(Extremes::new(true).into()));
    Arc::clone(&FUNCTION)
}

/// The function for the smallest.
pub fn bottom_k() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(Extremes::new(false).into()));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Extremes {
    largest: bool,
    signature: Signature,
}

impl Extremes {
    fn new(largest: bool) -> Self {
        Self { largest, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn k(&self, arguments: &AccumulatorArgs) -> Result<usize> {
        let Some(mut expression) = arguments.exprs.get(1) else {
            return internal_err!("{}: expected a number of values", self.name());
        };
        while let Some(cast) = expression.downcast_ref::<CastExpr>() {
            expression = cast.expr();
        }
        let constant = expression.downcast_ref::<Literal>().map(|literal| literal.value().cast_to(&DataType::UInt64));
        match constant.transpose()? {
            Some(ScalarValue::UInt64(Some(k))) => Ok(usize::try_from(k).unwrap_or(usize::MAX)),
            _ => plan_err!("{}: expected a constant number of values, got {expression}", self.name()),
        }
    }
}

fn item(data_type: &DataType) -> FieldRef {
    Arc::new(Field::new_list_field(data_type.clone(), true))
}

impl AggregateUDFImpl for Extremes {
    fn name(&self) -> &str {
        if self.largest { "top_k" } else { "bottom_k" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [value, _] if value.is_nested() => {
                plan_err!("{}: expected values that have an order, got {value}", self.name())
            }
            [_, k] if !k.is_integer() => plan_err!("{}: expected k to be a whole number, got {k}", self.name()),
            [DataType::Dictionary(_, value), _] => Ok(vec![value.as_ref().clone(), DataType::UInt64]),
            [value, _] => Ok(vec![value.clone(), DataType::UInt64]),
            _ => plan_err!("{}: expected a column and a number of values, got {} arguments", self.name(), types.len()),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item(&types[0])))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = DataType::List(item(arguments.input_fields[0].data_type()));
        Ok(vec![Arc::new(Field::new(format_state_name(arguments.name, "values"), list, true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return plan_err!("{}: DISTINCT is not supported; select distinct rows before", self.name());
        }
        let k = self.k(&arguments)?;
        let order = SortOptions { descending: self.largest, nulls_first: false };
        Ok(Box::new(Kept { k, order, values: new_empty_array(arguments.expr_fields[0].data_type()) }))
    }
}

/// The values that are the largest (smallest) so far, in order.
struct Kept {
    k: usize,
    order: SortOptions,
    values: ArrayRef,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} values", self.values.len(), self.k)
    }
}

impl Kept {
    fn add(&mut self, values: &ArrayRef) -> Result<()> {
        // Of many values few are kept: they are chosen before they meet the ones that were.
        let chosen = self.chosen(values)?;
        self.values = if self.values.is_empty() {
            chosen
        } else {
            self.chosen(&concat(&[self.values.as_ref(), chosen.as_ref()])?)?
        };
        Ok(())
    }

    fn chosen(&self, values: &ArrayRef) -> Result<ArrayRef> {
        let places = sort_to_indices(values, Some(self.order), Some(self.k))?;
        Ok(take(values, &places, None)?)
    }

    fn list(&self) -> Result<ScalarValue> {
        let offsets = OffsetBuffer::from_lengths([self.values.len()]);
        let list = ListArray::try_new(item(self.values.data_type()), offsets, Arc::clone(&self.values), None)?;
        Ok(ScalarValue::List(Arc::new(list)))
    }
}

impl Accumulator for Kept {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(lists) = states[0].as_list_opt::<i32>() else {
            return internal_err!("top_k: expected lists of values, got {}", states[0].data_type());
        };
        lists.iter().flatten().try_for_each(|values| self.add(&values))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.list()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.list()
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.values.get_array_memory_size()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{SessionConfig, SessionContext};

    async fn rows(sql: &str) -> Result<Vec<String>, String> {
        let context =
            SessionContext::new_with_config(SessionConfig::new().with_batch_size(2).with_target_partitions(3));
        context.register_udaf(super::top_k().as_ref().clone());
        context.register_udaf(super::bottom_k().as_ref().clone());
        let of =
            "FROM (VALUES (1, 'b', 2.0), (1, 'c', 'NaN'), (1, NULL, NULL), (2, 'd', 1.0), (2, 'a', 7.0)) AS t(k, x, f)";
        let frame = context.sql(&sql.replace("FROM t", of)).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect())
    }

    #[tokio::test]
    async fn values_come_before_nulls() {
        assert_eq!(rows("SELECT top_k(x, 2), bottom_k(x, 2) FROM t").await.unwrap(), ["|[d,c]|[a,b]|"]);
        assert_eq!(
            rows("SELECT k, top_k(x, 3), bottom_k(k, 1) FROM t GROUP BY k ORDER BY k").await.unwrap(),
            ["|1|[c,b,]|[1]|", "|2|[d,a]|[2]|"]
        );
        assert_eq!(rows("SELECT top_k(CAST(f AS DOUBLE), 2) FROM t").await.unwrap(), ["|[NaN,7.0]|"]);
        assert_eq!(rows("SELECT top_k(x, 0), top_k(x, 1) FROM t WHERE k > 9").await.unwrap(), ["|[]|[]|"]);
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        assert!(rows("SELECT top_k([k], 1) FROM t").await.unwrap_err().contains("values that have an order"));
        assert!(rows("SELECT top_k(x, 'a') FROM t").await.unwrap_err().contains("k to be a whole number"));
        assert!(rows("SELECT top_k(x, k) FROM t").await.unwrap_err().contains("constant number of values"));
        assert!(rows("SELECT top_k(DISTINCT x, 1) FROM t").await.unwrap_err().contains("DISTINCT"));
    }
}
