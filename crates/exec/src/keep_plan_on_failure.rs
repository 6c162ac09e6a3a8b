//! Rules of DataFusion's that may fail on plans that are right.
//!
//! `push_down_leaf_projections` of DataFusion 55 moves the reading of struct fields towards the scan. Where a column `t.id` was renamed to
//! `id` on the way, it builds a projection with both, and ends the query with "ambiguous"; so does `extract_leaf_expressions`, which
//! prepares that. The plan was right before; it stays as it is.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// A rule, or nothing where it fails.
#[derive(Debug)]
pub struct KeepPlanOnFailure(Arc<dyn OptimizerRule + Send + Sync>);

impl KeepPlanOnFailure {
    /// `rule`, which changes nothing where it fails.
    pub fn around(rule: Arc<dyn OptimizerRule + Send + Sync>) -> Arc<dyn OptimizerRule + Send + Sync> {
        Arc::new(Self(rule))
    }
}

impl OptimizerRule for KeepPlanOnFailure {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let before = plan.clone();
        self.0.rewrite(plan, config).or_else(|error| {
            log::debug!("{} is left out: {error}", self.name());
            Ok(Transformed::no(before))
        })
    }
}
