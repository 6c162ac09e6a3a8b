//! `sum`, `avg` and `median` that take more types than DataFusion's:
//!
//! | values | `sum` | `avg` | `median` |
//! |---|---|---|---|
//! | `BOOLEAN` | how many are true, `BIGINT` | the share of true ones, `DOUBLE` | as `avg`, of 0 and 1 |
//! | `DATE` | | `TIMESTAMP` | `TIMESTAMP` |
//! | `TIMESTAMP`, `TIME`, durations | durations only | their type | their type |
//!
//! What lies between two units of time is rounded down. Everything else is DataFusion's: where a plan calls these
//! functions with types that DataFusion's take, [`CallNarrowAggregates`](crate::call_narrow_aggregates::CallNarrowAggregates) puts
//! the latter in their place, so that numbers are summed by no other code.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::median::median_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF, SetMonotonicity,
    Signature, Volatility,
};

use super::mean_of_times::{self, MeanOfGroups, MeanOfOne};
use super::percentile_cont::{self, Place};
use super::times::{is_time, type_between};

/// The function for sums.
pub fn sum() -> Arc<AggregateUDF> {
    Wide::Sum.function()
}

/// The function for means.
pub fn avg() -> Arc<AggregateUDF> {
    Wide::Mean.function()
}

/// The function for medians.
pub fn median() -> Arc<AggregateUDF> {
    Wide::Median.function()
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wide {
    /// Sum.
    Sum,
    /// Mean.
    Mean,
    /// Median.
    Median,
}

impl Wide {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sum, Self::Mean, Self::Median];

    /// The one whose function `function` is.
    pub fn of(function: &AggregateUDF) -> Option<Self> {
        Self::ALL.into_iter().find(|wide| &*wide.function() == function)
    }

    /// Its function.
    pub fn function(self) -> Arc<AggregateUDF> {
        static FUNCTIONS: LazyLock<[Arc<AggregateUDF>; 3]> =
            LazyLock::new(|| Wide::ALL.map(|wide| Arc::new(Function::new(wide).into())));
        Arc::clone(&FUNCTIONS[self as usize])
    }

    /// DataFusion's function.
    pub fn narrow(self) -> Arc<AggregateUDF> {
        match self {
            Self::Sum => sum_udaf(),
            Self::Mean => avg_udaf(),
            Self::Median => median_udaf(),
        }
    }

    /// The type of numbers that truths are taken for.
    pub fn type_of_truths(self) -> DataType {
        match self {
            Self::Sum => DataType::Int64,
            Self::Mean | Self::Median => DataType::Float64,
        }
    }

    /// The type that dates and times are taken for, if it computes anything of these by itself.
    pub fn type_of_times(self, data_type: &DataType) -> Option<DataType> {
        match self {
            Self::Sum => None,
            Self::Mean | Self::Median => type_between(data_type),
        }
    }

    /// What it takes, in words.
    fn takes(self) -> &'static str {
        match self {
            Self::Sum => "numbers, booleans or durations",
            Self::Mean | Self::Median => "numbers, booleans, dates or times",
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    wide: Wide,
    signature: Signature,
    inner: Arc<AggregateUDF>,
}

impl Function {
    fn new(wide: Wide) -> Self {
        Self { wide, signature: Signature::user_defined(Volatility::Immutable), inner: wide.narrow() }
    }

    /// Whether values of this type, an argument's after coercion, are left to DataFusion.
    fn is_narrow(&self, data_type: &DataType) -> bool {
        self.wide == Wide::Sum || !is_time(data_type)
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
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [data_type] = types else {
            return plan_err!("{}: expected one column, got {} arguments", self.name(), types.len());
        };
        if *data_type == DataType::Boolean {
            return Ok(vec![self.wide.type_of_truths()]);
        }
        if let Some(time) = self.wide.type_of_times(data_type) {
            return Ok(vec![time]);
        }
        let field: FieldRef = Arc::new(Field::new("value", data_type.clone(), true));
        match fields_with_udf(&[field], self.inner.as_ref()) {
            Ok(fields) => Ok(fields.iter().map(|field| field.data_type().clone()).collect()),
            Err(_) => {
                plan_err!("{}: expected {}, got {data_type}; cast them before", self.name(), self.wide.takes())
            }
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if self.is_narrow(&types[0]) { self.inner.return_type(types) } else { Ok(types[0].clone()) }
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        match self.wide {
            _ if self.is_narrow(arguments.input_fields[0].data_type()) => self.inner.state_fields(arguments),
            Wide::Sum | Wide::Mean => Ok(mean_of_times::state_fields(arguments.name)),
            Wide::Median => percentile_cont::percentile_cont().state_fields(arguments),
        }
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match self.wide {
            _ if self.is_narrow(arguments.expr_fields[0].data_type()) => self.inner.accumulator(arguments),
            Wide::Sum | Wide::Mean if arguments.is_distinct => {
                plan_err!("{}: DISTINCT is not supported of dates and times; select distinct rows before", self.name())
            }
            Wide::Sum | Wide::Mean => Ok(Box::new(MeanOfOne::of(arguments.return_type()))),
            Wide::Median => percentile_cont::accumulator(&self.inner, arguments, Place::MIDDLE),
        }
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if self.is_narrow(arguments.expr_fields[0].data_type()) {
            return self.inner.create_sliding_accumulator(arguments);
        }
        self.accumulator(arguments)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        if self.is_narrow(arguments.expr_fields[0].data_type()) {
            return self.inner.groups_accumulator_supported(arguments);
        }
        !arguments.is_distinct
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        match self.wide {
            _ if self.is_narrow(arguments.expr_fields[0].data_type()) => {
                self.inner.create_groups_accumulator(arguments)
            }
            Wide::Sum | Wide::Mean => Ok(Box::new(MeanOfGroups::of(arguments.return_type()))),
            Wide::Median => percentile_cont::groups_accumulator(&self.inner, arguments, Place::MIDDLE),
        }
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.inner.reverse_udf()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.inner().set_monotonicity(data_type)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::Wide;

    /// Without the rule: as a worker runs them, that knows functions by their names.
    async fn rows(sql: &str) -> Vec<String> {
        let context = SessionContext::new();
        Wide::ALL.into_iter().for_each(|wide| context.register_udaf(wide.function().as_ref().clone()));
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect()
    }

    #[tokio::test]
    async fn truths_are_counted() {
        let of = "FROM (VALUES (1, true), (1, false), (1, NULL), (2, true), (3, NULL)) AS t(k, b)";
        assert_eq!(rows(&format!("SELECT sum(b), avg(b), median(b) {of}")).await, ["|2|0.6666666666666666|1.0|"]);
        assert_eq!(
            rows(&format!("SELECT k, sum(b), avg(b), median(b) {of} GROUP BY k ORDER BY k")).await,
            ["|1|1|0.5|0.5|", "|2|1|1.0|1.0|", "|3||||"]
        );
    }

    #[tokio::test]
    async fn times_have_a_middle() {
        let of = "FROM (VALUES (1, DATE '2024-01-01'), (1, DATE '2024-01-02'), (2, NULL), (2, DATE '1969-12-31')) AS t(k, d)";
        let both = ["|1|2024-01-01T12:00:00|2024-01-01T12:00:00|", "|2|1969-12-31T00:00:00|1969-12-31T00:00:00|"];
        assert_eq!(rows(&format!("SELECT k, avg(d), median(d) {of} GROUP BY k ORDER BY k")).await, both);
        let zoned = "arrow_cast(d, 'Timestamp(Second, Some(\"+01:00\"))')";
        assert_eq!(
            rows(&format!("SELECT avg({zoned}), median({zoned}) {of} WHERE k = 1")).await,
            ["|2024-01-01T12:00:00+01:00|2024-01-01T12:00:00+01:00|"]
        );
        let windows = "OVER (ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)";
        assert_eq!(
            rows(&format!("SELECT avg(d) {windows} AS m, median(d) {windows} AS n {of} WHERE k = 1 ORDER BY d")).await,
            ["|2024-01-01T00:00:00|2024-01-01T00:00:00|", "|2024-01-01T12:00:00|2024-01-01T12:00:00|"]
        );
        let length = "arrow_cast(n * 6000000000, 'Duration(Nanosecond)')";
        let mean = format!("SELECT arrow_cast(avg({length}), 'Int64') FROM (VALUES (1), (2)) AS t(n)");
        assert_eq!(rows(&mean).await, ["|9000000000|"]);
    }

    #[tokio::test]
    async fn numbers_are_as_before() {
        let of = "FROM (VALUES (1, 1.5), (2, 2.5), (4, NULL)) AS t(n, d)";
        assert_eq!(
            rows(&format!("SELECT sum(n), sum(d), avg(n), median(d) {of}")).await,
            ["|7|4.0|2.3333333333333335|2.0|"]
        );
        let error = SessionContext::new();
        error.register_udaf(super::sum().as_ref().clone());
        let error = error.sql("SELECT sum(x) FROM (VALUES ('a')) AS t(x)").await.unwrap_err().to_string();
        assert!(error.contains("sum: expected numbers, booleans or durations, got Utf8; cast them"), "{error}");
    }
}
