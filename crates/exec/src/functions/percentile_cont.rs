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
//! Numbers give floats. Dates give timestamps in microseconds; timestamps (with their zone), times of day and durations give their
//! own type, rounded down to its unit. Nulls are skipped; NaN is larger than every number.
//!
//! DataFusion's function of this name takes numbers only, and rounds the place between the two values to a millionth, so that 0.3 of
//! (0, 1, 2) is 0.599999. Here its bookkeeping is kept (for dates and times that of its `median`), and the value computed from what it
//! has gathered. All values of a group are held in memory.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::functions_aggregate::median::median_udaf;
use datafusion::functions_aggregate::percentile_cont::percentile_cont_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
};
use datafusion::physical_expr::expressions::{CastExpr, Literal};

use super::float_extremes::FloatExtreme;
use super::times::{as_numbers, is_time, type_between};

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
    signature: Signature,
    /// DataFusion's.
    inner: Arc<AggregateUDF>,
}

impl PercentileCont {
    fn new(between: Between) -> Self {
        let plain = Signature::user_defined(Volatility::Immutable);
        let signature = plain.clone().with_parameter_names(vec!["expr", "percentile"]).unwrap_or(plain);
        Self { between, signature, inner: percentile_cont_udaf() }
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
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let name = self.name();
        let [values, share] = types else {
            return plan_err!(
                "{name}: expected values and a share of them between 0 and 1, got {} arguments",
                types.len()
            );
        };
        if !(share.is_numeric() || share.is_null()) {
            return plan_err!("{name}: expected a number between 0 and 1, got {share}");
        }
        let values = match values {
            DataType::Boolean | DataType::Null => DataType::Float64,
            number if number.is_numeric() => DataType::Float64,
            other => match type_between(other) {
                Some(time) => time,
                None => return plan_err!("{name}: expected numbers, dates or times, got {other}; cast them before"),
            },
        };
        Ok(vec![values, DataType::Float64])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types[0].clone())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        if !is_time(arguments.input_fields[0].data_type()) {
            return self.inner.state_fields(arguments);
        }
        let name = format_state_name(arguments.name, "values");
        Ok(vec![Arc::new(Field::new_list(name, Field::new_list_field(DataType::Int64, true), true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let place = Place { share: share(&arguments)?, between: self.between };
        accumulator(&self.inner, arguments, place)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let place = Place { share: share(&arguments)?, between: self.between };
        groups_accumulator(&self.inner, arguments, place)
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        let simplify = self.inner.simplify()?;
        Some(Box::new(move |call, info| {
            let mut simplified = simplify(call, info)?;
            // The first and the last value in order, which of floats are not DataFusion's smallest and largest.
            if let Expr::AggregateFunction(call) = &mut simplified
                && let Some(extreme) = FloatExtreme::of(&call.func)
                && info.get_data_type(&call.params.args[0])?.is_floating()
            {
                call.func = extreme.function();
            }
            Ok(simplified)
        }))
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// The share of values that lie below, in ascending order.
fn share(arguments: &AccumulatorArgs) -> Result<f64> {
    let mut expression = &arguments.exprs[1];
    while let Some(cast) = expression.downcast_ref::<CastExpr>() {
        expression = cast.expr();
    }
    let Some(literal) = expression.downcast_ref::<Literal>() else {
        return exec_err!("percentile_cont: expected a constant between 0 and 1");
    };
    let share = match literal.value().cast_to(&DataType::Float64)? {
        ScalarValue::Float64(Some(share)) if (0.0..=1.0).contains(&share) => share,
        _ => return exec_err!("percentile_cont: expected a constant between 0 and 1, got {}", literal.value()),
    };
    let is_descending = arguments.order_bys.first().is_some_and(|sort| sort.options.descending);
    Ok(if is_descending { 1.0 - share } else { share })
}

/// Which quantile is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    share: f64,
    between: Between,
}

impl Place {
    /// The median.
    pub(super) const MIDDLE: Self = Self { share: 0.5, between: Between::Linear };

    /// The quantile of `values`, whose order changes.
    fn quantile(self, values: &mut [f64]) -> Option<f64> {
        // A NaN may have a sign.
        let order = |a: &f64, b: &f64| a.is_nan().cmp(&b.is_nan()).then_with(|| a.total_cmp(b));
        let (lower, upper) = self.neighbours(values, order)?;
        Some(match upper {
            // Equal ones are not subtracted: both may be infinite.
            Some((upper, fraction)) if lower != upper => lower + (upper - lower) * fraction,
            _ => lower,
        })
    }

    /// The quantile of whole numbers, rounded down.
    fn whole_quantile(self, values: &mut [i64]) -> Option<i64> {
        let (lower, upper) = self.neighbours(values, i64::cmp)?;
        let Some((upper, fraction)) = upper else { return Some(lower) };
        let distance = i128::from(upper) - i128::from(lower);
        let part = if fraction == 0.5 { distance / 2 } else { (distance as f64 * fraction) as i128 };
        i64::try_from(i128::from(lower) + part).ok()
    }

    /// The value at or below the place, and unless the place is that value's, the one above with the fraction of the way to it.
    fn neighbours<N: Copy>(self, values: &mut [N], order: fn(&N, &N) -> Ordering) -> Option<(N, Option<(N, f64)>)> {
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
        let (_, lower, above) = values.select_nth_unstable_by(below, order);
        let (lower, fraction) = (*lower, place - below as f64);
        let upper = above.iter().copied().min_by(order).filter(|_| fraction > 0.0);
        let fraction = if self.between == Between::Midpoint { 0.5 } else { fraction };
        Some((lower, upper.map(|upper| (upper, fraction))))
    }
}

/// The quantile of each list, of type `result`.
fn quantiles(lists: &ArrayRef, place: Place, result: &DataType) -> Result<ArrayRef> {
    let Some(lists) = lists.as_list_opt::<i32>() else {
        return internal_err!("percentile_cont: expected lists of values, got {}", lists.data_type());
    };
    let quantiles: ArrayRef = match lists.value_type() {
        DataType::Int64 => {
            let of_list = |values: Option<ArrayRef>| place.whole_quantile(&mut present::<Int64Type>(values.as_ref()));
            Arc::new(lists.iter().map(of_list).collect::<Int64Array>())
        }
        _ => {
            let of_list = |values: Option<ArrayRef>| place.quantile(&mut present::<Float64Type>(values.as_ref()));
            Arc::new(lists.iter().map(of_list).collect::<Float64Array>())
        }
    };
    Ok(cast(&quantiles, result)?)
}

fn present<T: ArrowPrimitiveType>(values: Option<&ArrayRef>) -> Vec<T::Native> {
    let Some(values) = values.and_then(|values| values.as_primitive_opt::<T>()) else { return vec![] };
    if values.null_count() == 0 { values.values().to_vec() } else { values.iter().flatten().collect() }
}

/// The quantile at `place` of one group; `inner` keeps numbers.
pub(super) fn accumulator(
    inner: &AggregateUDF,
    arguments: AccumulatorArgs,
    place: Place,
) -> Result<Box<dyn Accumulator>> {
    let (result, is_distinct) = (arguments.return_type().clone(), arguments.is_distinct);
    let inner = keeping(inner, arguments, AggregateUDF::accumulator)?;
    Ok(Box::new(OneGroup { inner, place, result, is_distinct }))
}

/// The quantile at `place` of many groups; `inner` keeps numbers.
pub(super) fn groups_accumulator(
    inner: &AggregateUDF,
    arguments: AccumulatorArgs,
    place: Place,
) -> Result<Box<dyn GroupsAccumulator>> {
    let result = arguments.return_type().clone();
    let inner = keeping(inner, arguments, AggregateUDF::create_groups_accumulator)?;
    Ok(Box::new(ManyGroups { inner, place, result }))
}

/// What `make` makes of the function that keeps the values of a call: `inner` for numbers.
fn keeping<R>(
    inner: &AggregateUDF,
    arguments: AccumulatorArgs,
    make: impl FnOnce(&AggregateUDF, AccumulatorArgs) -> R,
) -> R {
    if !is_time(arguments.expr_fields[0].data_type()) {
        return make(inner, arguments);
    }
    let number: FieldRef = Arc::new(Field::new("number", DataType::Int64, true));
    let fields = [Arc::clone(&number)];
    let exprs = &arguments.exprs[..1];
    make(&median_udaf(), AccumulatorArgs { return_field: number, exprs, expr_fields: &fields, ..arguments })
}

/// The columns of a call as they are kept.
fn kept(values: &[ArrayRef]) -> Result<Cow<'_, [ArrayRef]>> {
    if is_time(values[0].data_type()) {
        Ok(Cow::Owned(vec![as_numbers(&values[0])?]))
    } else {
        Ok(Cow::Borrowed(values))
    }
}

#[derive(Debug)]
struct OneGroup {
    inner: Box<dyn Accumulator>,
    place: Place,
    result: DataType,
    is_distinct: bool,
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&kept(values)?)
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
        ScalarValue::try_from_array(&quantiles(&values, self.place, &self.result)?, 0)
    }

    fn size(&self) -> usize {
        self.inner.size() + size_of::<Self>()
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&kept(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}

struct ManyGroups {
    inner: Box<dyn GroupsAccumulator>,
    place: Place,
    result: DataType,
}

impl GroupsAccumulator for ManyGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.inner.update_batch(&kept(values)?, groups, filter, total)
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
        quantiles(lists, self.place, &self.result)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(&kept(values)?, filter)
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

    #[test]
    fn whole_quantiles_are_exact_and_rounded_down() {
        let of = |share, values: &[i64]| Place { share, between: Between::Linear }.whole_quantile(&mut values.to_vec());
        assert_eq!(of(0.5, &[i64::MAX, i64::MAX - 2]), Some(i64::MAX - 1));
        assert_eq!(of(0.5, &[i64::MIN, i64::MAX]), Some(-1));
        assert_eq!(of(0.5, &[-3, 0]), Some(-2));
        assert_eq!(of(0.25, &[0, 10]), Some(2));
        assert_eq!(of(0.25, &[]), None);
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
        let days = "FROM (VALUES (1, DATE '2024-01-01'), (1, DATE '2024-01-02'), (2, NULL), (3, DATE '2024-05-05')) AS t(k, d)";
        assert_eq!(
            one(&format!("SELECT k, percentile_cont(d, 0.5) {days} GROUP BY k ORDER BY k")).await,
            ["|1|2024-01-01T12:00:00|", "|2||", "|3|2024-05-05T00:00:00|"]
        );
        assert_eq!(
            one(&format!("SELECT percentile_cont(DISTINCT d, 0.5), percentile_cont(d, 0) {days} WHERE k = 1")).await,
            ["|2024-01-01T12:00:00|2024-01-01T00:00:00|"]
        );
        let rows = "ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW";
        assert_eq!(
            one(&format!("SELECT percentile_cont(d, 0.5) OVER ({rows}) AS m {days} WHERE k = 1 ORDER BY d")).await,
            ["|2024-01-01T00:00:00|", "|2024-01-01T12:00:00|"]
        );
        let twice = "FROM (VALUES (0), (1), (1), (1), (2)) AS t(x)";
        assert_eq!(one(&format!("SELECT percentile_cont(DISTINCT x, 0.3) {twice}")).await, ["|0.6|"]);
    }
}
