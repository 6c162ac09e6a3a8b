//! How many rows a physical plan gives, and how many values its columns have.
//!
//! Everything comes from what the sources tell (row counts, least and greatest values) and from rules of thumb for what they
//! do not tell. DataFusion's own estimates give a filter that it does not understand one fifth of its rows, whatever its
//! parts; and lose the number of distinct values above a filter. For the order of joins both matter:
//!
//! - a conjunction is estimated part by part, and the bounds of one column together (`estimate::selectivity`);
//! - a join divides by the number of values *in the base tables*, taken from the smaller table, which is the one whose
//!   column is unique when the columns are a key and a reference to it.
//!
//! An estimate is never used for anything but a choice between plans that give the same rows.

mod selectivity;

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{JoinType, ScalarValue};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::expressions::{CastExpr, Column};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::union::UnionExec;

pub use selectivity::selectivity;

use crate::canonical_floats::CANONICAL_FLOAT;

/// Bytes of a value; for text and nested values, a guess.
pub fn value_bytes(data_type: &DataType) -> f64 {
    data_type.primitive_width().map_or(24.0, |bytes| bytes as f64)
}

/// Bytes of a row.
pub fn row_bytes(schema: &Schema) -> f64 {
    schema.fields().iter().map(|field| value_bytes(field.data_type())).sum()
}

/// What is known of a column's values in the table that it comes from, before any filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    /// Number of distinct values, at most.
    pub values: f64,
    /// Rows of the table.
    pub table_rows: f64,
    /// Least and greatest value, where the column is a number, a date or a time.
    pub bounds: Option<(f64, f64)>,
}

/// How many rows `plan` gives; `None` if a source under it does not tell how many it has.
pub fn rows(plan: &dyn ExecutionPlan) -> Option<f64> {
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        return Some((rows(filter.input().as_ref())? * selectivity(filter.predicate(), filter.input())).max(1.0));
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        return hash_join_rows(join);
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return groups(aggregate);
    }
    if let Some(cross) = plan.downcast_ref::<CrossJoinExec>() {
        return Some(rows(cross.left().as_ref())? * rows(cross.right().as_ref())?);
    }
    if let Some(nested) = plan.downcast_ref::<NestedLoopJoinExec>() {
        let (left, right) = (rows(nested.left().as_ref())?, rows(nested.right().as_ref())?);
        return Some(match nested.join_type() {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left,
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => right,
            _ => left * right * selectivity::COMPARISON,
        });
    }
    if let Some(limit) = plan.downcast_ref::<GlobalLimitExec>() {
        let input = rows(limit.input().as_ref())?;
        return Some(limit.fetch().map_or(input, |fetch| input.min(fetch as f64)));
    }
    if let Some(limit) = plan.downcast_ref::<LocalLimitExec>() {
        return Some(rows(limit.input().as_ref())?.min(limit.fetch() as f64));
    }
    if plan.is::<UnionExec>() {
        return plan.children().into_iter().map(|child| rows(child.as_ref())).sum();
    }
    match plan.children()[..] {
        // Sorts, exchanges, windows and projections give a row for a row.
        [child] => {
            let input = rows(child.as_ref())?;
            Some(plan.fetch().map_or(input, |fetch| input.min(fetch as f64)))
        }
        _ => statistics_rows(plan),
    }
}

/// What is known of the column at `index` of `plan`'s output.
pub fn domain(plan: &dyn ExecutionPlan, index: usize) -> Option<Domain> {
    if plan.is::<DataSourceExec>() {
        return source_domain(plan, index);
    }
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let index = filter.projection().as_ref().map_or(Some(index), |projection| projection.get(index).copied())?;
        return domain(filter.input().as_ref(), index);
    }
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        let column = column_of(&projection.expr().get(index)?.expr)?;
        return domain(projection.input().as_ref(), column);
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        let (group, _) = aggregate.group_expr().expr().get(index)?;
        return domain(aggregate.input().as_ref(), column_of(group)?);
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        let index = join.projection.as_ref().map_or(Some(index), |projection| projection.get(index).copied())?;
        let left_width = join.left().schema().fields().len();
        return match join.join_type() {
            JoinType::LeftSemi | JoinType::LeftAnti => domain(join.left().as_ref(), index),
            JoinType::RightSemi | JoinType::RightAnti => domain(join.right().as_ref(), index),
            JoinType::LeftMark | JoinType::RightMark => None,
            _ if index < left_width => domain(join.left().as_ref(), index),
            _ => domain(join.right().as_ref(), index - left_width),
        };
    }
    match plan.children()[..] {
        [child] if child.schema().fields() == plan.schema().fields() => domain(child.as_ref(), index),
        _ => None,
    }
}

/// By how much the product of the rows of two inputs is divided when they are joined on keys with these domains, one pair
/// for each key.
///
/// The number of values of a key is that of the smaller table: a reference has no value that its key has not. Several keys
/// together have no more values than that table has rows.
pub fn join_divisor(keys: &[(Option<Domain>, Option<Domain>)], left_rows: f64, right_rows: f64) -> f64 {
    let mut divisor = 1.0;
    let mut cap = f64::INFINITY;
    for (left, right) in keys {
        let values = match (left, right) {
            (Some(left), Some(right)) => {
                cap = cap.min(left.table_rows.min(right.table_rows));
                left.values.min(right.values)
            }
            (Some(one), None) | (None, Some(one)) => one.values.min(left_rows.max(right_rows)),
            (None, None) => left_rows.min(right_rows),
        };
        divisor *= values.max(1.0);
    }
    divisor.min(cap).max(1.0)
}

fn hash_join_rows(join: &HashJoinExec) -> Option<f64> {
    let (left, right) = (rows(join.left().as_ref())?, rows(join.right().as_ref())?);
    let keys: Vec<_> = join
        .on()
        .iter()
        .map(|(l, r)| {
            let of =
                |key, input: &Arc<dyn ExecutionPlan>| column_of(key).and_then(|index| domain(input.as_ref(), index));
            (of(l, join.left()), of(r, join.right()))
        })
        .collect();
    let divisor = join_divisor(&keys, left, right);
    let residual = if join.filter().is_some() { selectivity::COMPARISON } else { 1.0 };
    let inner = left * right / divisor * residual;
    let kept = |side: f64, other: f64| side * (other / divisor * residual).min(1.0);
    let rows = match join.join_type() {
        JoinType::Inner => inner,
        JoinType::Left => inner.max(left),
        JoinType::Right => inner.max(right),
        JoinType::Full => inner.max(left + right),
        JoinType::LeftSemi => kept(left, right),
        JoinType::RightSemi => kept(right, left),
        JoinType::LeftAnti => (left - kept(left, right)).max(left * selectivity::LEAST),
        JoinType::RightAnti => (right - kept(right, left)).max(right * selectivity::LEAST),
        JoinType::LeftMark => left,
        JoinType::RightMark => right,
    };
    Some(rows.max(1.0))
}

fn groups(aggregate: &AggregateExec) -> Option<f64> {
    let input = rows(aggregate.input().as_ref())?;
    let keys = aggregate.group_expr();
    let mut groups: f64 = 1.0;
    for (key, _) in keys.expr() {
        let values =
            column_of(key).and_then(|index| domain(aggregate.input().as_ref(), index)).map(|domain| domain.values);
        groups *= values.unwrap_or(input);
    }
    Some(if keys.has_grouping_set() { input } else { groups.min(input) })
}

fn statistics_rows(plan: &dyn ExecutionPlan) -> Option<f64> {
    let statistics = StatisticsContext::new().compute(plan, &StatisticsArgs::new()).ok()?;
    statistics.num_rows.get_value().map(|rows| *rows as f64)
}

fn source_domain(plan: &dyn ExecutionPlan, index: usize) -> Option<Domain> {
    let statistics = StatisticsContext::new().compute(plan, &StatisticsArgs::new()).ok()?;
    let table_rows = *statistics.num_rows.get_value()? as f64;
    let column = statistics.column_statistics.get(index)?;
    let bound = |value: &Precision<ScalarValue>| value.get_value().and_then(selectivity::number);
    let bounds = bound(&column.min_value).zip(bound(&column.max_value)).filter(|(least, greatest)| least <= greatest);
    let field = Arc::clone(&plan.schema().fields()[index]);
    // Whole numbers and dates have at most one value a step.
    let steps = match bounds {
        Some((least, greatest)) if field.data_type().is_integer() || is_date(field.data_type()) => {
            greatest - least + 1.0
        }
        _ => table_rows,
    };
    let told = column.distinct_count.get_value().map_or(table_rows, |count| *count as f64);
    Some(Domain { values: told.min(steps).min(table_rows).max(1.0), table_rows, bounds })
}

fn is_date(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64)
}

/// The column that `expression` is, as it stands, cast or made canonical.
fn column_of(expression: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    if let Some(cast) = expression.downcast_ref::<CastExpr>() {
        return column_of(cast.expr());
    }
    if let Some(call) = expression.downcast_ref::<ScalarFunctionExpr>()
        && let (CANONICAL_FLOAT, [float]) = (call.fun().name(), call.args())
    {
        return column_of(float);
    }
    expression.downcast_ref::<Column>().map(Column::index)
}
