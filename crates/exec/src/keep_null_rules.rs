//! Inner joins that differ in whether nulls are equal.
//!
//! `eliminate_cross_join` of DataFusion 55 takes neighbouring inner joins apart and puts them together in another order, all with the
//! rule for nulls of the topmost: `a IS NOT DISTINCT FROM b` in one join would match nulls in the others, or not in its own. While it
//! runs, a join in which nulls are equal is set apart from its neighbours by projections of all columns, which are dropped later.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{JoinType, NullEquality, Result};
use datafusion::logical_expr::{Join, LogicalPlan, Projection};
use datafusion::optimizer::OptimizerConfig;

use crate::around::{Rule, around};

/// `rule`, which sees joins of other rules for nulls apart.
pub fn keep_null_rules(rule: Rule) -> Rule {
    around(rule, rewrite)
}

fn rewrite(rule: &Rule, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
    let mut any = false;
    plan.apply_with_subqueries(|node| {
        any |= matches!(node, LogicalPlan::Join(join) if matches_nulls(join));
        Ok(if any { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if !any {
        return rule.rewrite(plan, config);
    }
    let apart = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) if matches_nulls(&join) => {
            let (left, right) = (set_apart(join.left), set_apart(join.right));
            let join = LogicalPlan::Join(Join { left, right, ..join });
            Ok(Transformed::yes(Arc::unwrap_or_clone(all_columns(join))))
        }
        other => Ok(Transformed::no(other)),
    })?;
    rule.rewrite(apart.data, config)
}

fn is_inner(join: &Join) -> bool {
    join.join_type == JoinType::Inner
}

fn matches_nulls(join: &Join) -> bool {
    is_inner(join) && join.null_equality == NullEquality::NullEqualsNull
}

fn set_apart(input: Arc<LogicalPlan>) -> Arc<LogicalPlan> {
    match input.as_ref() {
        LogicalPlan::Join(join) if is_inner(join) => all_columns(Arc::unwrap_or_clone(input)),
        _ => input,
    }
}

fn all_columns(plan: LogicalPlan) -> Arc<LogicalPlan> {
    let schema = Arc::clone(plan.schema());
    Arc::new(LogicalPlan::Projection(Projection::new_from_schema(Arc::new(plan), schema)))
}
