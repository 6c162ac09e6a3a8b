//! Times of different types meet in one that holds the values of both.
//!
//! DataFusion makes intervals of durations of different units, has no common type for times of day, takes every date for nanoseconds
//! (which end in 2262) where it meets a timestamp, and cuts a duration to the unit of the timestamp that it is added to. Here
//!
//! | types | meet in |
//! |---|---|
//! | two durations, two times of day | the finer unit |
//! | a date and a timestamp of another unit than nanoseconds | a timestamp of that unit |
//! | a date and a timestamp in nanoseconds, compared | microseconds, unless the one is a constant that the other can hold |
//! | a column in nanoseconds and a constant beyond these, compared | the constant's unit |
//! | a timestamp ± a finer duration or constant interval | the finer unit, down to microseconds, which hold every date |
//!
//! wherever values are compared, chosen from (`CASE`, `coalesce` …), joined by or put below each other. Everything else is left to
//! DataFusion: dates among themselves, timestamps among themselves, dates and intervals.
//!
//! Comparing a date with a column in nanoseconds leaves out what is below a microsecond there.
//!
//! Runs before types are settled. What the user hands to a frame is [met](with_met_times) at once, so that columns made of it have
//! the right type from the start; SQL compares times of day by an [`ExprPlanner`], since its planner would refuse them.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, Join, LogicalPlan, Projection, Union, cast};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::decimal_quotients::{outer_column, with_declared_types};

mod expression;
mod types;

pub use types::common_time;

/// Makes times of different types meet. Runs before types are settled.
#[derive(Debug, Default)]
pub struct MeetTimes;

impl AnalyzerRule for MeetTimes {
    fn name(&self) -> &str {
        "meet_times"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        if !has_times_to_meet(&plan)? {
            return Ok(plan);
        }
        settle(plan, &DFSchema::empty()).data()
    }
}

impl ExprPlanner for MeetTimes {
    /// Times of day that are compared: without a common type the planner goes no further.
    fn plan_binary_op(&self, mut expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
        let time_of_day = |expr: &Expr| expr.get_type(schema).ok().filter(types::is_time_of_day);
        if matches!(expr.op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
            && let Some(right) = time_of_day(&expr.right)
            && let Some(left) = time_of_day(&expr.left)
            && let Some(common) = common_time(&left, &right)
        {
            expr.left = expression::as_type(expr.left, &left, &common);
            expr.right = expression::as_type(expr.right, &right, &common);
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// `expr` over columns of `schema`, in which times meet.
///
/// # Errors
/// None of its own.
pub fn with_met_times(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    rewritten(expr, schema, &DFSchema::empty()).data()
}

/// Whether anything in `plan` has to change for its times to meet; most plans are left alone by this look.
///
/// # Errors
/// None of its own.
pub fn has_times_to_meet(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= match node {
            LogicalPlan::Union(union) => common_columns(union).iter().any(Option::is_some),
            LogicalPlan::Join(join) => join.on.iter().any(|pair| met_keys(pair, join).is_some()),
            _ => false,
        };
        let inputs = node.inputs();
        let schema = match inputs.as_slice() {
            [input] => Cow::Borrowed(input.schema().as_ref()),
            inputs => Cow::Owned(merge_schema(inputs)),
        };
        if !found {
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    found |= expression::met(expr, schema.as_ref()).is_some();
                    Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
                })
            })?;
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// `plan` with its times met; `outer` has the columns of the queries around it.
fn settle(plan: LogicalPlan, outer: &DFSchema) -> Result<Transformed<LogicalPlan>> {
    let inputs = plan.map_children(|input| settle(input, outer))?;
    let mut changed = inputs.transformed;
    let plan = match inputs.data {
        LogicalPlan::Union(union) => {
            let met = met_union(union, changed)?;
            changed |= met.transformed;
            // What stands above goes by the types of the whole.
            if changed { TypeCoercionRewriter::coerce_union(met.data)? } else { LogicalPlan::Union(met.data) }
        }
        LogicalPlan::RecursiveQuery(query) if changed => LogicalPlan::RecursiveQuery(with_declared_types(query)?),
        plan if changed => plan.recompute_schema()?,
        plan => plan,
    };
    let schema = merge_schema(&plan.inputs());
    let mut scope = schema.clone();
    scope.merge(outer);

    let subqueries = plan.map_subqueries(|subquery| settle(subquery, &scope))?;
    let names = NamePreserver::new(&subqueries.data);
    let met = subqueries.data.map_expressions(|expr| {
        let name = names.save(&expr);
        Ok(rewritten(expr, &schema, outer)?.update_data(|expr| name.restore(expr)))
    })?;
    let mut here = subqueries.transformed || met.transformed;
    let plan = match met.data {
        LogicalPlan::Join(mut join) => {
            let pairs: Vec<_> = join.on.iter().map(|pair| met_keys(pair, &join)).collect();
            for (pair, met) in join.on.iter_mut().zip(pairs) {
                if let Some(met) = met {
                    *pair = met;
                    here = true;
                }
            }
            LogicalPlan::Join(join)
        }
        plan => plan,
    };
    let plan = if here { plan.recompute_schema()? } else { plan };
    Ok(if changed || here { Transformed::yes(plan) } else { Transformed::no(plan) })
}

fn rewritten(expr: Expr, schema: &DFSchema, outer: &DFSchema) -> Result<Transformed<Expr>> {
    expr.transform_up(|expr| {
        if let Expr::OuterReferenceColumn(field, column) = expr {
            return Ok(outer_column(field, column, outer));
        }
        Ok(match expression::met(&expr, schema) {
            Some(met) => Transformed::yes(met),
            None => Transformed::no(expr),
        })
    })
}

/// A pair of keys of a join, cast to meet; `None` if they need not be.
fn met_keys((left, right): &(Expr, Expr), join: &Join) -> Option<(Expr, Expr)> {
    let right_type = right.get_type(join.right.schema()).ok().filter(types::is_time)?;
    let left_type = left.get_type(join.left.schema()).ok()?;
    let (left_target, right_target) = expression::comparable((left, &left_type), (right, &right_type))?;
    Some((
        expression::as_type(left.clone(), &left_type, &left_target),
        expression::as_type(right.clone(), &right_type, &right_target),
    ))
}

/// For each column of a union, the type in which its times meet if that is for us to say.
fn common_columns(union: &Union) -> Vec<Option<DataType>> {
    let width = union.schema.fields().len();
    if union.inputs.iter().any(|input| input.schema().fields().len() != width) {
        return vec![None; width];
    }
    let column = |at: usize| union.inputs.iter().map(move |input| input.schema().field(at).data_type());
    (0..width).map(|at| types::common_of(column(at))).collect()
}

/// `union` with its times met, and of the types that its inputs have now if these `changed`.
fn met_union(union: Union, changed: bool) -> Result<Transformed<Union>> {
    let common = common_columns(&union);
    if common.iter().all(Option::is_none) {
        let union = if changed { Union::try_new_with_loose_types(union.inputs)? } else { union };
        return Ok(Transformed::no(union));
    }
    let met = |input: Arc<LogicalPlan>| -> Result<Arc<LogicalPlan>> {
        let columns = input.schema().iter().zip(&common).map(|((relation, field), common)| {
            let column = Expr::from((relation, field));
            match common {
                Some(common) if common != field.data_type() => {
                    cast(column, common.clone()).alias_qualified(relation.cloned(), field.name())
                }
                _ => column,
            }
        });
        Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(columns.collect(), Arc::clone(&input))?)))
    };
    let inputs = union.inputs.into_iter().map(met).collect::<Result<Vec<_>>>()?;
    Ok(Transformed::yes(Union::try_new_with_loose_types(inputs)?))
}

#[cfg(test)]
mod tests;
