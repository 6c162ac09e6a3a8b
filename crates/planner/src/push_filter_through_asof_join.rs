//! Filters below as-of joins.
//!
//! ```text
//! Filter: a AND b AND c                    Filter: c
//!   AsofJoin                        =>       AsofJoin
//!     left                                     Filter: a AND b     (columns of the left only)
//!     right                                      left
//!                                              Filter: b'          (`b` over `by` keys only, in the right's terms)
//!                                                right
//! ```
//!
//! Right because every left row comes out exactly once, whatever the others are, and because a right row can only match left
//! rows with its own `by` keys. A predicate over right columns must stay: below the join it would change which row is nearest.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Extension, Filter, LogicalPlan, Projection};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::asof_join::AsofJoinNode;

/// Moves predicates over left columns below an [`AsofJoinNode`].
#[derive(Debug, Default)]
pub struct PushFilterThroughAsofJoin;

impl OptimizerRule for PushFilterThroughAsofJoin {
    fn name(&self) -> &str {
        "push_filter_through_asof_join"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = plan else { return Ok(Transformed::no(plan)) };
        let (projection, below) = match filter.input.as_ref() {
            LogicalPlan::Projection(projection) if is_plain(projection) => {
                (Some(projection), projection.input.as_ref())
            }
            other => (None, other),
        };
        let Some(join) = asof_join(below) else { return Ok(Transformed::no(LogicalPlan::Filter(filter))) };

        let left_columns = join.left().schema();
        let (pushed, kept): (Vec<_>, Vec<_>) = split_conjunction_owned(filter.predicate.clone())
            .into_iter()
            .partition(|predicate| !predicate.is_volatile() && refers_only(predicate, |c| left_columns.has_column(c)));
        if pushed.is_empty() {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        }
        let for_right = on_right_keys(&pushed, join);
        let left = filtered(join.left().clone(), pushed)?;
        let right = filtered(join.right().clone(), for_right)?;
        let node = Arc::new(join.with_inputs(left, right)?);
        let mut plan = LogicalPlan::Extension(Extension { node });
        if let Some(projection) = projection {
            plan = LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(plan))?);
        }
        Ok(Transformed::yes(filtered(plan, kept)?))
    }
}

/// Whether `projection` only picks columns. Projections are pushed before this rule runs, so one that drops the right's keys
/// may stand between the filter and the join.
fn is_plain(projection: &Projection) -> bool {
    projection.expr.iter().all(|expr| matches!(expr, Expr::Column(_)))
}

fn asof_join(plan: &LogicalPlan) -> Option<&AsofJoinNode> {
    match plan {
        LogicalPlan::Extension(extension) => extension.node.as_any().downcast_ref(),
        _ => None,
    }
}

fn filtered(input: LogicalPlan, predicates: Vec<Expr>) -> Result<LogicalPlan> {
    Ok(match conjunction(predicates) {
        Some(predicate) => LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?),
        None => input,
    })
}

/// Whether `predicate` has columns and `allowed` holds for all of them.
fn refers_only(predicate: &Expr, allowed: impl Fn(&Column) -> bool) -> bool {
    let columns = predicate.column_refs();
    !columns.is_empty() && columns.into_iter().all(allowed)
}

/// Those of `predicates` that read nothing but left `by` columns, over the right's columns.
fn on_right_keys(predicates: &[Expr], join: &AsofJoinNode) -> Vec<Expr> {
    let keys: HashMap<&Column, &Column> = join
        .by()
        .iter()
        .filter_map(|pair| match pair {
            (Expr::Column(left), Expr::Column(right)) => Some((left, right)),
            _ => None,
        })
        .collect();
    predicates
        .iter()
        .filter(|predicate| refers_only(predicate, |column| keys.contains_key(column)))
        .filter_map(|predicate| datafusion::logical_expr::expr_rewriter::replace_col(predicate.clone(), &keys).ok())
        .collect()
}
