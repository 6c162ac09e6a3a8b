//! Inner joins that differ in whether nulls are equal.
//!
//! `eliminate_cross_join` of DataFusion 55 takes neighbouring inner joins apart and puts them together in another order, all with the
//! rule for nulls of the topmost: `a IS NOT DISTINCT FROM b` in one join would match nulls in the others, or not in its own. While it
//! runs, a join in which nulls are equal is set apart from its neighbours by projections of all columns, which are dropped later.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{JoinType, NullEquality, Result};
use datafusion::logical_expr::{Join, LogicalPlan, Projection};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// A rule that sees joins of other rules for nulls apart.
#[derive(Debug)]
pub struct KeepNullRules(Arc<dyn OptimizerRule + Send + Sync>);

impl KeepNullRules {
    /// `rule`, for which joins are set apart.
    pub fn around(rule: Arc<dyn OptimizerRule + Send + Sync>) -> Arc<dyn OptimizerRule + Send + Sync> {
        Arc::new(Self(rule))
    }
}

impl OptimizerRule for KeepNullRules {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let mut any = false;
        plan.apply_with_subqueries(|node| {
            any |= matches_nulls(node);
            Ok(if any { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        if !any {
            return self.0.rewrite(plan, config);
        }
        let apart = plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::Join(join) if is_inner(&join) && join.null_equality == NullEquality::NullEqualsNull => {
                let (left, right) = (set_apart(join.left), set_apart(join.right));
                let join = LogicalPlan::Join(Join { left, right, ..join });
                Ok(Transformed::yes(Arc::unwrap_or_clone(all_columns(join))))
            }
            other => Ok(Transformed::no(other)),
        })?;
        self.0.rewrite(apart.data, config)
    }
}

fn is_inner(join: &Join) -> bool {
    join.join_type == JoinType::Inner
}

fn matches_nulls(node: &LogicalPlan) -> bool {
    matches!(node, LogicalPlan::Join(join) if is_inner(join) && join.null_equality == NullEquality::NullEqualsNull)
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
