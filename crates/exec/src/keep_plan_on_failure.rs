//! Rules of DataFusion's that may fail on plans that are right.
//!
//! `push_down_leaf_projections` of DataFusion 55 moves the reading of struct fields towards the scan. Where a column `t.id` was renamed to
//! `id` on the way, it builds a projection with both, and ends the query with "ambiguous"; so does `extract_leaf_expressions`, which
//! prepares that. The plan was right before; it stays as it is.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::OptimizerConfig;

use crate::around::{Rule, around};

/// `rule`, which changes nothing where it fails.
pub fn keep_plan_on_failure(rule: Rule) -> Rule {
    around(rule, rewrite)
}

fn rewrite(rule: &Rule, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
    let before = plan.clone();
    rule.rewrite(plan, config).or_else(|error| {
        log::debug!("{} is left out: {error}", rule.name());
        Ok(Transformed::no(before))
    })
}
