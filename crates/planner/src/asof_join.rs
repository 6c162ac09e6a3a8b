//! The logical as-of join: each left row with the nearest right row.
//!
//! `DataFrame::join_asof` builds an [`AsofJoinNode`]; `AsofJoinExec` of the `exec` crate runs it as one merge over two sorted
//! inputs. The node checks the types here, so that a mistake is found when the query is written.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, DFSchemaRef, Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, UserDefinedLogicalNodeCore};

/// Which right row is the nearest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AsofStrategy {
    /// The last one at or before the left row.
    #[default]
    Backward,
    /// The first one at or after the left row.
    Forward,
    /// The one with the smallest distance; of two equally near ones, the earlier.
    Nearest,
}

impl AsofStrategy {
    /// The strategy of that name, as [`Display`](fmt::Display) gives it.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Backward, Self::Forward, Self::Nearest].into_iter().find(|strategy| strategy.to_string() == name)
    }
}

impl fmt::Display for AsofStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::Nearest => "nearest",
        })
    }
}

/// What makes a right row match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Hash)]
pub struct AsofMatch {
    /// Which right row is taken.
    pub strategy: AsofStrategy,
    /// The largest distance that still matches, in the terms of [`AsofKey`].
    pub tolerance: Option<ScalarValue>,
    /// Whether a right row with an equal `on` value matches.
    pub allow_exact_matches: bool,
}

impl fmt::Display for AsofMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.strategy)?;
        if let Some(tolerance) = &self.tolerance {
            write!(f, ", tolerance={tolerance}")?;
        }
        if !self.allow_exact_matches {
            f.write_str(", no exact matches")?;
        }
        Ok(())
    }
}

/// How values of an `on` column are compared and subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsofKey {
    /// As 64-bit ticks: integers, dates, times, timestamps and durations. Tolerances are `Int64`.
    Ticks,
    /// As 128-bit decimals of this scale: `u64` and decimals. Tolerances are `Decimal128`.
    Decimal(i8),
    /// As `f64`; NaN never matches. Tolerances are `Float64`.
    Float,
}

impl AsofKey {
    /// The way to compare values of `data_type`, if it has an order and a distance.
    pub fn of(data_type: &DataType) -> Option<Self> {
        use DataType::*;
        match data_type {
            Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 => Some(Self::Ticks),
            Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(_, _) | Duration(_) => Some(Self::Ticks),
            UInt64 => Some(Self::Decimal(0)),
            Decimal32(_, scale) | Decimal64(_, scale) | Decimal128(_, scale) => Some(Self::Decimal(*scale)),
            Float16 | Float32 | Float64 => Some(Self::Float),
            _ => None,
        }
    }
}

/// `tolerance` as the distance between two values of an `on` column of type `on_type`, in the terms of [`AsofKey`].
///
/// Columns of dates and times take an interval or a duration, columns of numbers a number. What is finer than the column's
/// unit is cut off: distances between whole seconds are below 1.5 s exactly when they are at most 1 s.
///
/// # Errors
/// If the two do not fit, or `tolerance` is negative, null, NaN, or contains months (whose length varies).
pub fn asof_tolerance(on_type: &DataType, tolerance: &ScalarValue) -> Result<ScalarValue> {
    let distance = match nanoseconds_per_tick(on_type) {
        Some(unit) => match nanoseconds(tolerance)? {
            Some(nanoseconds) => ScalarValue::Int64(i64::try_from(nanoseconds / unit).ok()),
            None => {
                return plan_err!(
                    "join_asof: the tolerance of a column of type {on_type} must be an interval or a duration, got {tolerance} of type {}",
                    tolerance.data_type()
                );
            }
        },
        None => numeric_tolerance(on_type, tolerance)?,
    };
    let negative = match &distance {
        ScalarValue::Int64(Some(value)) => *value < 0,
        ScalarValue::Decimal128(Some(value), _, _) => *value < 0,
        ScalarValue::Float64(Some(value)) => value.is_nan() || *value < 0.0,
        _ => true,
    };
    if negative {
        return plan_err!("join_asof: the tolerance must be a distance of zero or more, got {tolerance}");
    }
    Ok(distance)
}

fn numeric_tolerance(on_type: &DataType, tolerance: &ScalarValue) -> Result<ScalarValue> {
    let wanted = match AsofKey::of(on_type) {
        Some(AsofKey::Ticks) => DataType::Int64,
        Some(AsofKey::Decimal(scale)) => DataType::Decimal128(38, scale),
        Some(AsofKey::Float) => DataType::Float64,
        None => return unsupported_key(on_type),
    };
    if !tolerance.data_type().is_numeric() {
        return plan_err!(
            "join_asof: the tolerance of a column of type {on_type} must be a number, got {tolerance} of type {}",
            tolerance.data_type()
        );
    }
    if let (DataType::Decimal128(_, _), ScalarValue::Decimal128(_, _, _)) = (&wanted, tolerance) {
        let distance = tolerance.cast_to(&wanted)?;
        if &distance.cast_to(&tolerance.data_type())? != tolerance {
            return plan_err!("join_asof: the tolerance {tolerance} has more decimal places than the type {on_type}");
        }
        return Ok(distance);
    }
    tolerance.cast_to(&wanted)
}

fn unsupported_key<T>(on_type: &DataType) -> Result<T> {
    plan_err!(
        "join_asof: the 'on' column must be a number, date, time, timestamp or duration, got {on_type}; \
         cast it, or join by equality"
    )
}

fn nanoseconds_per_tick(data_type: &DataType) -> Option<i128> {
    let of_unit = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    match data_type {
        DataType::Date32 => Some(86_400_000_000_000),
        DataType::Date64 => Some(1_000_000),
        DataType::Time32(unit) | DataType::Time64(unit) | DataType::Timestamp(unit, _) | DataType::Duration(unit) => {
            Some(of_unit(unit))
        }
        _ => None,
    }
}

/// The length of an interval or duration; `None` for other values.
fn nanoseconds(value: &ScalarValue) -> Result<Option<i128>> {
    const DAY: i128 = 86_400_000_000_000;
    Ok(match value {
        ScalarValue::DurationSecond(Some(n)) => Some(i128::from(*n) * 1_000_000_000),
        ScalarValue::DurationMillisecond(Some(n)) => Some(i128::from(*n) * 1_000_000),
        ScalarValue::DurationMicrosecond(Some(n)) => Some(i128::from(*n) * 1_000),
        ScalarValue::DurationNanosecond(Some(n)) => Some(i128::from(*n)),
        ScalarValue::IntervalDayTime(Some(i)) => {
            Some(i128::from(i.days) * DAY + i128::from(i.milliseconds) * 1_000_000)
        }
        ScalarValue::IntervalMonthDayNano(Some(i)) if i.months == 0 => {
            Some(i128::from(i.days) * DAY + i128::from(i.nanoseconds))
        }
        ScalarValue::IntervalMonthDayNano(Some(_)) | ScalarValue::IntervalYearMonth(_) => {
            return plan_err!("join_asof: a tolerance of months or years has no fixed length; give it in days");
        }
        _ => None,
    })
}

/// A left join of each row with the nearest right row by `on`, among those with equal `by` keys. Nulls never match.
///
/// The output has all columns of the left input, then all of the right, which become nullable. Names must differ. Both
/// expressions of a pair have the same type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AsofJoinNode {
    left: LogicalPlan,
    right: LogicalPlan,
    on: (Expr, Expr),
    by: Vec<(Expr, Expr)>,
    matching: AsofMatch,
    schema: DFSchemaRef,
}

impl AsofJoinNode {
    /// Checks the types and builds the node. The tolerance of `matching` may be any that [`asof_tolerance`] takes.
    ///
    /// # Errors
    /// If `on` cannot be ordered and subtracted, the two sides of a pair have different types, the tolerance does not fit,
    /// or both inputs have a column of one name.
    pub fn try_new(
        left: LogicalPlan,
        right: LogicalPlan,
        on: (Expr, Expr),
        by: Vec<(Expr, Expr)>,
        mut matching: AsofMatch,
    ) -> Result<Self> {
        let on_type = same_type(&on, &left, &right)?;
        if AsofKey::of(&on_type).is_none() {
            return unsupported_key(&on_type);
        }
        matching.tolerance = matching.tolerance.map(|tolerance| asof_tolerance(&on_type, &tolerance)).transpose()?;
        Self::build(left, right, on, by, matching)
    }

    /// As [`Self::try_new`], for a tolerance that is in the terms of [`AsofKey`] already.
    fn build(
        left: LogicalPlan,
        right: LogicalPlan,
        on: (Expr, Expr),
        by: Vec<(Expr, Expr)>,
        matching: AsofMatch,
    ) -> Result<Self> {
        for pair in &by {
            same_type(pair, &left, &right)?;
        }
        let schema = output_schema(left.schema(), right.schema())?;
        Ok(Self { left, right, on, by, matching, schema })
    }

    /// The input whose rows all come out.
    pub fn left(&self) -> &LogicalPlan {
        &self.left
    }

    /// The input that is searched.
    pub fn right(&self) -> &LogicalPlan {
        &self.right
    }

    /// The ordered keys, left and right.
    pub fn on(&self) -> &(Expr, Expr) {
        &self.on
    }

    /// The equality keys, left and right.
    pub fn by(&self) -> &[(Expr, Expr)] {
        &self.by
    }

    /// Which right row matches.
    pub fn matching(&self) -> &AsofMatch {
        &self.matching
    }

    /// The same join by other equality keys, as many as before.
    ///
    /// # Errors
    /// If the two sides of a pair have different types.
    pub fn with_by(&self, by: Vec<(Expr, Expr)>) -> Result<Self> {
        Self::build(self.left.clone(), self.right.clone(), self.on.clone(), by, self.matching.clone())
    }

    /// The same join over other inputs of the same columns.
    pub fn with_inputs(&self, left: LogicalPlan, right: LogicalPlan) -> Result<Self> {
        Self::build(left, right, self.on.clone(), self.by.clone(), self.matching.clone())
    }
}

fn same_type(pair: &(Expr, Expr), left: &LogicalPlan, right: &LogicalPlan) -> Result<DataType> {
    let (left_type, right_type) = (pair.0.get_type(left.schema())?, pair.1.get_type(right.schema())?);
    if left_type != right_type {
        return plan_err!(
            "join_asof: '{}' is {left_type} and '{}' is {right_type}; cast one of them",
            pair.0.schema_name(),
            pair.1.schema_name()
        );
    }
    Ok(left_type)
}

fn output_schema(left: &DFSchema, right: &DFSchema) -> Result<DFSchemaRef> {
    let nullable = |field: &Arc<arrow::datatypes::Field>| Arc::new(field.as_ref().clone().with_nullable(true));
    let fields = left
        .iter()
        .map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)))
        .chain(right.iter().map(|(qualifier, field)| (qualifier.cloned(), nullable(field))))
        .collect();
    Ok(Arc::new(DFSchema::new_with_metadata(fields, left.metadata().clone())?))
}

impl PartialOrd for AsofJoinNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let key = |node: &Self| (node.on.clone(), node.by.clone(), node.matching.clone());
        match self.left.partial_cmp(&other.left)? {
            Ordering::Equal => match self.right.partial_cmp(&other.right)? {
                Ordering::Equal => key(self).partial_cmp(&key(other)),
                unequal => Some(unequal),
            },
            unequal => Some(unequal),
        }
        .filter(|ordering| *ordering != Ordering::Equal || self == other)
    }
}

impl UserDefinedLogicalNodeCore for AsofJoinNode {
    fn name(&self) -> &str {
        "AsofJoin"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.left, &self.right]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        let pairs = std::iter::once(&self.on).chain(&self.by);
        pairs.flat_map(|(left, right)| [left.clone(), right.clone()]).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "AsofJoin: {}, on {} = {}", self.matching, self.on.0, self.on.1)?;
        for (left, right) in &self.by {
            write!(f, ", by {left} = {right}")?;
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (Some(right), Some(left)) = (inputs.pop(), inputs.pop()) else {
            return internal_err!("AsofJoin has two inputs");
        };
        let mut exprs = exprs.into_iter();
        let mut pairs = vec![];
        while let (Some(left), Some(right)) = (exprs.next(), exprs.next()) {
            pairs.push((left, right));
        }
        if pairs.len() != self.by.len() + 1 {
            return internal_err!("AsofJoin has {} pairs of expressions, got {}", self.by.len() + 1, pairs.len());
        }
        let on = pairs.remove(0);
        Self::build(left, right, on, pairs, self.matching.clone())
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        // The keys are added by whoever asks, from `expressions`.
        let left_width = self.left.schema().fields().len();
        let (left, right): (Vec<usize>, Vec<usize>) = output_columns.iter().partition(|column| **column < left_width);
        Some(vec![left, right.into_iter().map(|column| column - left_width).collect()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::IntervalMonthDayNano;

    fn interval(months: i32, days: i32, nanoseconds: i64) -> ScalarValue {
        ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, nanoseconds)))
    }

    #[test]
    fn tolerances_are_counted_in_the_column_s_unit() {
        let seconds = DataType::Timestamp(TimeUnit::Second, None);
        let of = |data_type: &DataType, tolerance: ScalarValue| asof_tolerance(data_type, &tolerance).unwrap();
        assert_eq!(of(&seconds, interval(0, 1, 1_500_000_000)), ScalarValue::Int64(Some(86_401)));
        assert_eq!(of(&DataType::Date32, interval(0, 2, 0)), ScalarValue::Int64(Some(2)));
        assert_eq!(of(&DataType::Int32, ScalarValue::Float64(Some(2.9))), ScalarValue::Int64(Some(2)));
        assert_eq!(of(&DataType::Float32, ScalarValue::Int32(Some(3))), ScalarValue::Float64(Some(3.0)));
        assert_eq!(
            of(&DataType::Decimal128(10, 2), ScalarValue::Int64(Some(3))),
            ScalarValue::Decimal128(Some(300), 38, 2)
        );
    }

    #[test]
    fn tolerances_that_do_not_fit_are_refused() {
        let seconds = DataType::Timestamp(TimeUnit::Second, None);
        let error = |data_type: &DataType, tolerance: ScalarValue| {
            asof_tolerance(data_type, &tolerance).unwrap_err().strip_backtrace()
        };
        assert!(error(&seconds, ScalarValue::Int64(Some(3))).contains("must be an interval or a duration"));
        assert!(error(&seconds, interval(1, 0, 0)).contains("no fixed length"));
        assert!(error(&seconds, interval(0, -1, 0)).contains("zero or more"));
        assert!(error(&DataType::Int64, interval(0, 1, 0)).contains("must be a number"));
        assert!(error(&DataType::Int64, ScalarValue::Int64(Some(-1))).contains("zero or more"));
        assert!(error(&DataType::Float64, ScalarValue::Float64(Some(f64::NAN))).contains("zero or more"));
        assert!(error(&DataType::Utf8, ScalarValue::Int64(Some(1))).contains("got Utf8"));
    }
}
