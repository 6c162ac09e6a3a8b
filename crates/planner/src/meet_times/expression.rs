//! One expression in which times meet.

use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{Between, BinaryExpr, Case, Expr, ExprSchemable, Operator, cast};

use super::types::{common_of, common_time, is_time};

/// `expr`, whose inner expressions are done, with casts by which its times meet; `None` if it needs none, or has no type yet.
pub(super) fn met(expr: &Expr, schema: &DFSchema) -> Option<Expr> {
    match expr {
        Expr::BinaryExpr(binary) => met_binary(binary, schema),
        Expr::Between(between) => met_between(between, schema),
        Expr::InList(list) => met_list(list, schema),
        Expr::Case(case) => met_case(case, schema),
        Expr::ScalarFunction(function) => met_function(function, schema),
        _ => None,
    }
}

/// `expr` as `to`, if it is not of that type.
pub(super) fn as_type(expr: Expr, from: &DataType, to: &DataType) -> Expr {
    if from == to { expr } else { cast(expr, to.clone()) }
}

/// An expression with its type.
type Typed<'a> = (&'a Expr, &'a DataType);

/// The types in which two expressions are compared; `None` if that is for DataFusion to say.
pub(super) fn comparable(left: Typed<'_>, right: Typed<'_>) -> Option<(DataType, DataType)> {
    if let Some(unit) = coarser_for_constant(left.1, right) {
        return Some((unit, right.1.clone()));
    }
    if let Some(unit) = coarser_for_constant(right.1, left) {
        return Some((left.1.clone(), unit));
    }
    let both = |common: DataType| (common.clone(), common);
    let with_date = |date: Typed<'_>, time: Typed<'_>| {
        let date_fits = value_of(date.0).is_some_and(|date| fits(&date, &NANOSECONDS));
        let time_has_more = value_of(time.0).is_some_and(|time| !is_of_whole_microseconds(&time));
        (!date_fits && !time_has_more).then(|| both(MICROSECONDS))
    };
    match (left.1, right.1) {
        (DataType::Date32, DataType::Timestamp(TimeUnit::Nanosecond, _)) => with_date(left, right),
        (DataType::Timestamp(TimeUnit::Nanosecond, _), DataType::Date32) => with_date(right, left),
        (left, right) => common_time(left, right).map(both),
    }
}

const NANOSECONDS: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);
const MICROSECONDS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The type to compare values of `data_type`, which are in nanoseconds, by with a constant beyond these.
fn coarser_for_constant(data_type: &DataType, (constant, constant_type): Typed<'_>) -> Option<DataType> {
    let coarser = match (data_type, constant_type) {
        (DataType::Timestamp(TimeUnit::Nanosecond, zone), DataType::Timestamp(unit, _)) => {
            DataType::Timestamp(*unit, zone.clone())
        }
        (DataType::Duration(TimeUnit::Nanosecond), DataType::Duration(unit)) => DataType::Duration(*unit),
        _ => return None,
    };
    (coarser != *data_type && !fits(&value_of(constant)?, data_type)).then_some(coarser)
}

/// The value of a constant: a literal, or a cast of one, as SQL's `DATE '2024-01-01'` is.
fn value_of(expr: &Expr) -> Option<ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value.clone()),
        Expr::Cast(outer) => value_of(&outer.expr)?.cast_to(outer.field.data_type()).ok(),
        _ => None,
    }
}

fn fits(value: &ScalarValue, data_type: &DataType) -> bool {
    value.is_null() || value.cast_to(data_type).is_ok_and(|there| !there.is_null())
}

fn is_of_whole_microseconds(value: &ScalarValue) -> bool {
    !matches!(value, ScalarValue::TimestampNanosecond(Some(value), _) if value % 1_000 != 0)
}

fn met_binary(binary: &BinaryExpr, schema: &DFSchema) -> Option<Expr> {
    let BinaryExpr { left, op, right } = binary;
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, Minus, NotEq, Plus};
    let is_sum = matches!(op, Plus | Minus);
    if !is_sum && !matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom) {
        return None;
    }
    // The right one first: sums of many are deep on the left.
    let right_type = right.get_type(schema).ok().filter(is_time)?;
    let left_type = left.get_type(schema).ok().filter(is_time)?;
    let (left_target, right_target) = if is_sum {
        summable((left, &left_type), *op, (right, &right_type))?
    } else {
        comparable((left, &left_type), (right, &right_type))?
    };
    let left = as_type(left.as_ref().clone(), &left_type, &left_target);
    let right = as_type(right.as_ref().clone(), &right_type, &right_target);
    Some(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), *op, Box::new(right))))
}

/// The types in which two expressions are added or subtracted; `None` if that is for DataFusion to say.
fn summable(left: Typed<'_>, op: Operator, right: Typed<'_>) -> Option<(DataType, DataType)> {
    use DataType::{Date32, Date64, Duration, Interval, Timestamp};
    match (left.1, right.1) {
        (Duration(_), Duration(_)) => common_time(left.1, right.1).map(|common| (common.clone(), common)),
        (Date32 | Date64, Timestamp(..)) | (Timestamp(..), Date32 | Date64) if op == Operator::Minus => {
            common_time(left.1, right.1).map(|common| (common.clone(), common))
        }
        (Timestamp(..), Duration(_) | Interval(_)) => Some((finer(left.1, right)?, right.1.clone())),
        (Duration(_) | Interval(_), Timestamp(..)) if op == Operator::Plus => {
            Some((left.1.clone(), finer(right.1, left)?))
        }
        _ => None,
    }
}

/// The type of timestamps as fine as the `length` that is added to those of type `time`, if that is finer.
fn finer(time: &DataType, length: Typed<'_>) -> Option<DataType> {
    let DataType::Timestamp(unit, zone) = time else { return None };
    let wanted = match length {
        (_, DataType::Duration(unit)) => *unit,
        (Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(length)), _), _) => unit_of(*length),
        (Expr::Literal(ScalarValue::IntervalDayTime(Some(length)), _), _) if length.milliseconds % 1_000 != 0 => {
            TimeUnit::Millisecond
        }
        _ => return None,
    };
    // Nanoseconds would end in 2262.
    let wanted = wanted.min(TimeUnit::Microsecond);
    (wanted > *unit).then(|| DataType::Timestamp(wanted, zone.clone()))
}

fn unit_of(length: IntervalMonthDayNano) -> TimeUnit {
    match length.nanoseconds {
        whole if whole % 1_000_000_000 == 0 => TimeUnit::Second,
        whole if whole % 1_000_000 == 0 => TimeUnit::Millisecond,
        whole if whole % 1_000 == 0 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

/// As two comparisons, the bounds of which may be of different types.
fn met_between(between: &Between, schema: &DFSchema) -> Option<Expr> {
    let Between { expr, negated, low, high } = between;
    let side = |op, bound: &Expr| BinaryExpr::new(expr.clone(), op, Box::new(bound.clone()));
    let (low, high) = (side(Operator::GtEq, low), side(Operator::LtEq, high));
    let (met_low, met_high) = (met_binary(&low, schema), met_binary(&high, schema));
    if (met_low.is_none() && met_high.is_none()) || expr.is_volatile() {
        return None;
    }
    let low = met_low.unwrap_or(Expr::BinaryExpr(low));
    let within = low.and(met_high.unwrap_or(Expr::BinaryExpr(high)));
    Some(if *negated { Expr::Not(Box::new(within)) } else { within })
}

fn met_list(list: &InList, schema: &DFSchema) -> Option<Expr> {
    let data_type = list.expr.get_type(schema).ok().filter(is_time)?;
    let mut types = list.list.iter().map(|item| item.get_type(schema).ok()).collect::<Option<Vec<_>>>()?;
    let mut items = list.list.clone();
    let mut changed = false;
    // Nothing in nanoseconds equals a constant beyond these.
    let beyond: Vec<bool> = items
        .iter()
        .zip(&types)
        .map(|(item, of_item)| coarser_for_constant(&data_type, (item, of_item)).is_some())
        .collect();
    if beyond.contains(&true) && beyond.contains(&false) {
        let mut kept = beyond.iter().map(|beyond| !beyond);
        items.retain(|_| kept.next().unwrap_or(true));
        let mut kept = beyond.iter().map(|beyond| !beyond);
        types.retain(|_| kept.next().unwrap_or(true));
        changed = true;
    } else if beyond.contains(&true) {
        // All of them are; the first one's unit will do.
        let coarser = coarser_for_constant(&data_type, (&items[0], &types[0]))?;
        let expr = Box::new(as_type(list.expr.as_ref().clone(), &data_type, &coarser));
        return Some(Expr::InList(InList::new(expr, items, list.negated)));
    }
    let of_items = items.iter().zip(&types).map(|(item, data_type)| match (item, data_type) {
        // A constant of whole microseconds need not make nanoseconds of dates.
        (item, DataType::Timestamp(TimeUnit::Nanosecond, zone))
            if value_of(item).is_some_and(|item| is_of_whole_microseconds(&item)) =>
        {
            DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
        }
        (_, other) => other.clone(),
    });
    let wanted: Vec<_> = if data_type == DataType::Date32 { of_items.collect() } else { types.clone() };
    let common = common_of(std::iter::once(&data_type).chain(&wanted));
    if common.is_none() && !changed {
        return None;
    }
    let as_common = |expr: Expr, from: &DataType| match &common {
        Some(common) => as_type(expr, from, common),
        None => expr,
    };
    let expr = Box::new(as_common(list.expr.as_ref().clone(), &data_type));
    let items = items.into_iter().zip(&types).map(|(item, from)| as_common(item, from)).collect();
    Some(Expr::InList(InList::new(expr, items, list.negated)))
}

fn met_case(case: &Case, schema: &DFSchema) -> Option<Expr> {
    let mut met = case.clone();
    let values = met.when_then_expr.iter_mut().map(|(_, then)| then.as_mut());
    let mut changed = meet(values.chain(met.else_expr.as_deref_mut()).collect(), schema);
    if let Some(subject) = met.expr.as_deref_mut() {
        let values = met.when_then_expr.iter_mut().map(|(when, _)| when.as_mut());
        changed |= meet(std::iter::once(subject).chain(values).collect(), schema);
    }
    changed.then_some(Expr::Case(met))
}

fn met_function(function: &ScalarFunction, schema: &DFSchema) -> Option<Expr> {
    if !matches!(function.name(), "coalesce" | "nullif" | "nvl2" | "greatest" | "least") {
        return None;
    }
    let mut met = function.clone();
    meet(met.args.iter_mut().collect(), schema).then_some(Expr::ScalarFunction(met))
}

/// Casts `values` to the type in which they meet, and tells whether there is one.
fn meet(values: Vec<&mut Expr>, schema: &DFSchema) -> bool {
    let types = values.iter().map(|value| value.get_type(schema).ok()).collect::<Option<Vec<_>>>();
    let Some(types) = types else { return false };
    let Some(common) = common_of(&types) else { return false };
    for (value, from) in values.into_iter().zip(&types) {
        *value = as_type(std::mem::take(value), from, &common);
    }
    true
}
