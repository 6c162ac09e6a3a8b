//! `percentile_cont(value, share)`: the exact quantile, linear between the two values next to it; and its kin that choose between
//! the two otherwise:
//!
//! | function | gives |
//! |---|---|
//! | `quantile_lower`, `quantile_higher` | the value below, above |
//! | `quantile_nearest` | the nearer one; the upper one in the middle |
//! | `quantile_midpoint` | the mean of both |
//! | `quantile_equiprobable` | the smallest value that is not less than the share of all |
//!
//! DataFusion's function of this name rounds the place between the two values to a millionth, so that 0.3 of (0, 1, 2) is
//! 0.599999. Here its bookkeeping is kept, and the value computed from what it has gathered. All values of a group are held in
//! memory. Nulls are skipped; NaN is larger than every number.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, ListArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Float16Type, Float32Type, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err};
use datafusion::functions_aggregate::percentile_cont::percentile_cont_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, Signature,
};
use datafusion::physical_expr::expressions::{CastExpr, Literal};

/// The function.
pub fn percentile_cont() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> =
        LazyLock::new(|| Arc::new(PercentileCont::new(Between::Linear).into()));
    Arc::clone(&FUNCTION)
}

macro_rules! quantiles_that_choose {
    ($($(#[$doc:meta])* $name:ident = $between:ident;)*) => {
        $(
            $(#[$doc])*
            pub fn $name() -> Arc<AggregateUDF> {
                static FUNCTION: LazyLock<Arc<AggregateUDF>> =
                    LazyLock::new(|| Arc::new(PercentileCont::new(Between::$between).into()));
                Arc::clone(&FUNCTION)
            }
        )*
    };
}
quantiles_that_choose! {
    /// The function that takes the value below.
    quantile_lower = Lower;
    /// The function that takes the value above.
    quantile_higher = Higher;
    /// The function that takes the nearer value.
    quantile_nearest = Nearest;
    /// The function that takes the mean of the values below and above.
    quantile_midpoint = Midpoint;
    /// The function that takes the smallest value with at least the share of all up to it.
    quantile_equiprobable = Equiprobable;
}

/// What stands for a place between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Between {
    Linear,
    Lower,
    Higher,
    Nearest,
    Midpoint,
    Equiprobable,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PercentileCont {
    between: Between,
    /// DataFusion's.
    inner: Arc<AggregateUDF>,
}

impl PercentileCont {
    fn new(between: Between) -> Self {
        Self { between, inner: percentile_cont_udaf() }
    }
}

impl AggregateUDFImpl for PercentileCont {
    fn name(&self) -> &str {
        match self.between {
            Between::Linear => self.inner.name(),
            Between::Lower => "quantile_lower",
            Between::Higher => "quantile_higher",
            Between::Nearest => "quantile_nearest",
            Between::Midpoint => "quantile_midpoint",
            Between::Equiprobable => "quantile_equiprobable",
        }
    }

    fn aliases(&self) -> &[String] {
        if self.between == Between::Linear { self.inner.aliases() } else { &[] }
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
        let (place, is_distinct) = (Place { share: share(&arguments)?, between: self.between }, arguments.is_distinct);
        if arguments.expr_fields[0].data_type().is_null() {
            return self.inner.accumulator(arguments);
        }
        Ok(Box::new(OneGroup { inner: self.inner.accumulator(arguments)?, place, is_distinct }))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let place = Place { share: share(&arguments)?, between: self.between };
        Ok(Box::new(ManyGroups { inner: self.inner.create_groups_accumulator(arguments)?, place }))
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        self.inner.simplify()
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// The share of values that lie below, in ascending order. DataFusion's function has refused what is none.
fn share(arguments: &AccumulatorArgs) -> Result<f64> {
    let mut expression = &arguments.exprs[1];
    while let Some(cast) = expression.downcast_ref::<CastExpr>() {
        expression = cast.expr();
    }
    let Some(literal) = expression.downcast_ref::<Literal>() else {
        return exec_err!("percentile_cont: expected a constant between 0 and 1");
    };
    let share = match literal.value().cast_to(&DataType::Float64)? {
        ScalarValue::Float64(Some(share)) => share,
        _ => return exec_err!("percentile_cont: expected a constant between 0 and 1, got {}", literal.value()),
    };
    let is_descending = arguments.order_bys.first().is_some_and(|sort| sort.options.descending);
    Ok(if is_descending { 1.0 - share } else { share })
}

/// Which quantile is asked for.
#[derive(Clone, Copy, Debug)]
struct Place {
    share: f64,
    between: Between,
}

impl Place {
    /// The quantile of `values`, whose order changes.
    fn quantile(self, values: &mut [f64]) -> Option<f64> {
        let last = values.len().checked_sub(1)?;
        let place = self.share * last as f64;
        let place = match self.between {
            Between::Linear | Between::Midpoint => place,
            Between::Lower => place.floor(),
            Between::Higher => place.ceil(),
            Between::Nearest => place.round(),
            Between::Equiprobable => ((self.share * values.len() as f64).ceil() - 1.0).max(0.0),
        };
        let below = (place.floor() as usize).min(last);
        let (_, lower, above) = values.select_nth_unstable_by(below, f64::total_cmp);
        let (lower, fraction) = (*lower, place - below as f64);
        let Some(upper) = above.iter().copied().min_by(f64::total_cmp).filter(|_| fraction > 0.0) else {
            return Some(lower);
        };
        let fraction = if self.between == Between::Midpoint { 0.5 } else { fraction };
        // Equal ones are not subtracted: both may be infinite.
        Some(if lower == upper { lower } else { lower + (upper - lower) * fraction })
    }
}

/// The quantile of each list.
fn quantiles(lists: &ArrayRef, place: Place) -> Result<ArrayRef> {
    let Some(lists) = lists.as_list_opt::<i32>() else {
        return internal_err!("percentile_cont: expected lists of values, got {}", lists.data_type());
    };
    let quantiles: Float64Array = lists.iter().map(|values| place.quantile(&mut floats(values.as_ref()))).collect();
    Ok(cast(&quantiles, &lists.value_type())?)
}

fn floats(values: Option<&ArrayRef>) -> Vec<f64> {
    let Some(values) = values else { return vec![] };
    match values.data_type() {
        DataType::Float16 => values.as_primitive::<Float16Type>().iter().flatten().map(f64::from).collect(),
        DataType::Float32 => values.as_primitive::<Float32Type>().iter().flatten().map(f64::from).collect(),
        _ => values.as_primitive_opt::<Float64Type>().map(present).unwrap_or_default(),
    }
}

fn present(values: &PrimitiveArray<Float64Type>) -> Vec<f64> {
    if values.null_count() == 0 { values.values().to_vec() } else { values.iter().flatten().collect() }
}

#[derive(Debug)]
struct OneGroup {
    inner: Box<dyn Accumulator>,
    place: Place,
    is_distinct: bool,
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(values)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let state = self.inner.state()?;
        let [ScalarValue::List(values)] = state.as_slice() else {
            return internal_err!("percentile_cont: expected a list of values, got {state:?}");
        };
        let values: ArrayRef = Arc::<ListArray>::clone(values);
        // Of different values the state is a copy, else it is what was there. A window asks several times.
        if !self.is_distinct {
            self.inner.merge_batch(&[Arc::clone(&values)])?;
        }
        ScalarValue::try_from_array(&quantiles(&values, self.place)?, 0)
    }

    fn size(&self) -> usize {
        self.inner.size() + size_of::<Self>()
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}

struct ManyGroups {
    inner: Box<dyn GroupsAccumulator>,
    place: Place,
}

impl GroupsAccumulator for ManyGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.inner.update_batch(values, groups, filter, total)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.inner.merge_batch(states, groups, total)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let state = self.inner.state(emit)?;
        let [lists] = state.as_slice() else { return internal_err!("percentile_cont: expected one list a group") };
        quantiles(lists, self.place)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::prelude::SessionContext;

    fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
        Place { share, between: Between::Linear }.quantile(values)
    }

    #[test]
    fn some_quantiles_are_values() {
        let of = |between, share| Place { share, between }.quantile(&mut [4.0, 1.0, 2.0, 3.0]);
        assert_eq!([0.0, 0.3, 1.0].map(|share| of(Between::Lower, share)), [1.0, 1.0, 4.0].map(Some));
        assert_eq!([0.0, 0.3, 1.0].map(|share| of(Between::Higher, share)), [1.0, 2.0, 4.0].map(Some));
        assert_eq!([0.1, 0.3, 0.5].map(|share| of(Between::Nearest, share)), [1.0, 2.0, 3.0].map(Some));
        assert_eq!([0.0, 0.3, 0.5].map(|share| of(Between::Midpoint, share)), [1.0, 1.5, 2.5].map(Some));
        assert_eq!([0.0, 0.25, 0.3, 1.0].map(|share| of(Between::Equiprobable, share)), [1.0, 1.0, 2.0, 4.0].map(Some));
    }

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        assert_eq!(quantile(&mut [2.0, 0.0, 1.0], 0.3), Some(0.6));
        assert_eq!(quantile(&mut [3.0], 0.7), Some(3.0));
        assert_eq!(quantile(&mut [], 0.5), None);
        assert_eq!(quantile(&mut [f64::INFINITY, f64::INFINITY, 1.0], 0.75), Some(f64::INFINITY));
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 1.0), Some(4.0));
    }

    async fn one(sql: &str) -> Vec<String> {
        let context = SessionContext::new();
        context.register_udaf(percentile_cont().as_ref().clone());
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect()
    }

    #[tokio::test]
    async fn sql_has_it_in_every_form() {
        // 0.3 * 3 is a little less than 0.9, here as in NumPy.
        let of = "FROM (VALUES (1, 0), (1, 1), (1, 2), (2, NULL), (3, 7)) AS t(k, x)";
        assert_eq!(
            one(&format!("SELECT percentile_cont(0.3) WITHIN GROUP (ORDER BY x) {of}")).await,
            ["|0.8999999999999999|"]
        );
        assert_eq!(
            one(&format!("SELECT percentile_cont(0.3) WITHIN GROUP (ORDER BY x DESC) {of} WHERE k = 1")).await,
            ["|1.4|"]
        );
        assert_eq!(
            one(&format!("SELECT k, quantile_cont(x, 0.3) {of} GROUP BY k ORDER BY k")).await,
            ["|1|0.6|", "|2||", "|3|7.0|"]
        );
        let rows = "ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW";
        assert_eq!(
            one(&format!("SELECT x, percentile_cont(x, 0.3) OVER ({rows}) {of} WHERE k = 1 ORDER BY x")).await,
            ["|0|0.0|", "|1|0.3|", "|2|1.3|"]
        );
        let twice = "FROM (VALUES (0), (1), (1), (1), (2)) AS t(x)";
        assert_eq!(one(&format!("SELECT percentile_cont(DISTINCT x, 0.3) {twice}")).await, ["|0.6|"]);
    }
}
