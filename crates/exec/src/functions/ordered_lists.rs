//! `array_agg` and `string_agg` whose results are in the order that was asked for.
//!
//! DataFusion 55 may run a function backwards, over rows that come in the opposite of its order, where that saves a sort. Of
//! what these two make then, three cases come out wrong or not at all:
//!
//! | call | DataFusion's | here |
//! |---|---|---|
//! | `array_agg(DISTINCT x ORDER BY x)`, backwards | the opposite order | in order |
//! | `array_agg(x) OVER (…)`, `string_agg` too, backwards | the opposite order | in order |
//! | two `string_agg` of different orders | refused | each in its own |

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::functions_aggregate::string_agg::string_agg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF, Signature,
};
use datafusion::physical_expr::PhysicalSortExpr;
use datafusion::physical_expr::expressions::Literal;

/// The function for lists of values.
pub fn array_agg() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Function::around(array_agg_udaf(), Made::List));
    Arc::clone(&FUNCTION)
}

/// The function for texts joined.
pub fn string_agg() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Function::around(string_agg_udaf(), Made::Text));
    Arc::clone(&FUNCTION)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Made {
    List,
    Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Function {
    made: Made,
    inner: Arc<AggregateUDF>,
}

impl Function {
    fn around(inner: Arc<AggregateUDF>, made: Made) -> Arc<AggregateUDF> {
        Arc::new(Self { made, inner }.into())
    }

    /// Calls DataFusion's function `make` with arguments that it does right by.
    fn with_order<T>(&self, arguments: AccumulatorArgs, make: impl FnOnce(AccumulatorArgs) -> Result<T>) -> Result<T> {
        if !(arguments.is_reversed && arguments.is_distinct) {
            return make(arguments);
        }
        // Different values are sorted when all are there, in whichever order rows came.
        let order: Vec<PhysicalSortExpr> = arguments.order_bys.iter().map(PhysicalSortExpr::reverse).collect();
        make(AccumulatorArgs { order_bys: &order, is_reversed: false, ..arguments })
    }

    /// What turns rows around that come from the last to the first and have no order of their own: those of a window.
    fn backwards(&self, arguments: &AccumulatorArgs, sliding: bool) -> Result<Box<dyn Accumulator>> {
        let delimiter = match self.made {
            Made::List => None,
            Made::Text => Some(delimiter(arguments)?),
        };
        let item = arguments.expr_fields[0].data_type().clone();
        let arguments = AccumulatorArgs {
            return_field: Arc::new(Field::new("list", DataType::new_list(item, true), true)),
            exprs: &arguments.exprs[..1],
            expr_fields: &arguments.expr_fields[..1],
            ..arguments.clone()
        };
        let lists = array_agg_udaf();
        let list = if sliding { lists.create_sliding_accumulator(arguments) } else { lists.accumulator(arguments) };
        Ok(Box::new(Backwards { list: list?, delimiter }))
    }
}

fn is_backwards(arguments: &AccumulatorArgs) -> bool {
    arguments.is_reversed && arguments.order_bys.is_empty()
}

/// What `string_agg` puts between texts: its second argument, a constant.
fn delimiter(arguments: &AccumulatorArgs) -> Result<String> {
    let constant = arguments.exprs.get(1).and_then(|delimiter| delimiter.downcast_ref::<Literal>());
    match constant.map(|constant| (constant.value().is_null(), constant.value().try_as_str())) {
        Some((true, _)) => Ok(String::new()),
        Some((_, Some(text))) => Ok(text.unwrap_or_default().to_owned()),
        _ => internal_err!("string_agg: the delimiter is no text"),
    }
}

impl AggregateUDFImpl for Function {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if is_backwards(&arguments) {
            return self.backwards(&arguments, false);
        }
        self.with_order(arguments, |arguments| self.inner.accumulator(arguments))
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if is_backwards(&arguments) {
            return self.backwards(&arguments, true);
        }
        self.with_order(arguments, |arguments| self.inner.create_sliding_accumulator(arguments))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !is_backwards(&arguments) && self.inner.groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(arguments)
    }

    fn with_beneficial_ordering(self: Arc<Self>, is_ordered: bool) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        // One that does not ask sorts its rows in any case.
        let inner = self.inner.as_ref().clone().with_beneficial_ordering(is_ordered)?;
        let inner = inner.map_or_else(|| Arc::clone(&self.inner), Arc::new);
        Ok(Some(Arc::new(Self { made: self.made, inner })))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        // Both keep the keys beside the values, and sort where rows do not come in order.
        AggregateOrderSensitivity::SoftRequirement
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        match self.made {
            Made::List => ReversedUDAF::Reversed(array_agg()),
            Made::Text => ReversedUDAF::Reversed(string_agg()),
        }
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.inner.supports_null_handling_clause()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// The values of a window that runs from the last row to the first.
#[derive(Debug)]
struct Backwards {
    list: Box<dyn Accumulator>,
    /// Of texts.
    delimiter: Option<String>,
}

impl Accumulator for Backwards {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.list.update_batch(&values[..1])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.list.merge_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.list.state()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let list = self.list.evaluate()?;
        let ScalarValue::List(list) = &list else {
            return internal_err!("array_agg: made {}, no list", list.data_type());
        };
        let values = list.values();
        let last_to_first: UInt64Array = (0..values.len() as u64).rev().collect();
        let values = arrow::compute::take(values, &last_to_first, None)?;
        match &self.delimiter {
            None if list.is_null(0) => Ok(ScalarValue::List(Arc::clone(list))),
            None => Ok(SingleRowListArrayBuilder::new(values).build_list_scalar()),
            Some(delimiter) => {
                let values = arrow::compute::cast(&values, &DataType::LargeUtf8)?;
                let texts: Vec<&str> = values.as_string::<i64>().iter().flatten().collect();
                Ok(ScalarValue::LargeUtf8((!texts.is_empty()).then(|| texts.join(delimiter))))
            }
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.list.size() + self.delimiter.as_ref().map_or(0, String::capacity)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.list.retract_batch(&values[..1])
    }

    fn supports_retract_batch(&self) -> bool {
        self.list.supports_retract_batch()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(sql: &str) -> Vec<String> {
        let context = SessionContext::new();
        context.register_udaf(super::array_agg().as_ref().clone());
        context.register_udaf(super::string_agg().as_ref().clone());
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect()
    }

    const OF: &str = "FROM (VALUES (1, 'c'), (3, 'a'), (2, 'b'), (3, 'a'), (5, NULL)) AS t(k, s)";

    #[tokio::test]
    async fn different_values_are_in_order_whichever_way_rows_come() {
        let both = format!("SELECT array_agg(DISTINCT k ORDER BY k), array_agg(k ORDER BY k DESC) {OF}");
        assert_eq!(rows(&both).await, ["|[1,2,3,5]|[5,3,3,2,1]|"]);
        let from_the_last = format!("(SELECT * {OF} ORDER BY k DESC LIMIT 10)");
        for (call, list) in [
            ("array_agg(DISTINCT k ORDER BY k)", "[1,2,3,5]"),
            ("array_agg(DISTINCT k ORDER BY k DESC)", "[5,3,2,1]"),
            ("array_agg(k ORDER BY k)", "[1,2,3,3,5]"),
            ("array_agg(k ORDER BY k DESC)", "[5,3,3,2,1]"),
            ("string_agg(s, '+' ORDER BY k)", "c+b+a+a"),
            ("string_agg(DISTINCT s, '+' ORDER BY s)", "a+b+c"),
        ] {
            assert_eq!(rows(&format!("SELECT {call} FROM {from_the_last}")).await, [format!("|{list}|")], "{call}");
        }
    }

    #[tokio::test]
    async fn texts_of_several_orders_stand_side_by_side() {
        let query = format!(
            "SELECT string_agg(s, '' ORDER BY k), string_agg(s, '' ORDER BY s), string_agg(s, '' ORDER BY k DESC) {OF}"
        );
        assert_eq!(rows(&query).await, ["|cbaa|aabc|aabc|"]);
    }

    #[tokio::test]
    async fn windows_that_run_backwards_list_from_the_first_row() {
        let frame = "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING";
        let pair = "ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING";
        let query = format!(
            "SELECT k, count(*) OVER (ORDER BY k DESC) AS n, array_agg(k) OVER (ORDER BY k {frame}) AS a,
                    string_agg(s, '+') OVER (ORDER BY k {frame}) AS b, array_agg(s) OVER (ORDER BY k {pair}) AS c,
                    array_agg(k) FILTER (WHERE k < 2) OVER (ORDER BY k {pair}) AS d
             {OF} WHERE s <> 'a' OR s IS NULL ORDER BY k"
        );
        assert_eq!(rows(&query).await, ["|1|3|[1,2,5]|c+b|[c,b]|[1]|", "|2|2|[2,5]|b|[b,]||", "|5|1|[5]||[]||"]);
    }
}
