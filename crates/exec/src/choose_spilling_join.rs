//! Hash joins that may spill.
//!
//! ```text
//! HashJoinExec: mode=Partitioned     =>   SpillingHashJoinExec: mode=Partitioned
//!   build                                   build
//!   probe                                   probe
//! ```
//!
//! Right because the operator gives what the join gives, in the same order where the plan promises one. It runs last, after the dynamic filters were pushed: the inner join keeps its own. Estimates play no part: the
//! operator decides when it knows the build side, and costs nothing where that fits.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use swath_planner::SwathOptions;

use crate::operators::SpillingHashJoinExec;

/// Replaces each `HashJoinExec` that it may by a [`SpillingHashJoinExec`].
#[derive(Debug, Default)]
pub struct ChooseSpillingJoin;

impl PhysicalOptimizerRule for ChooseSpillingJoin {
    fn name(&self) -> &str {
        "choose_spilling_join"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let options = config.extensions.get::<SwathOptions>().cloned().unwrap_or_default();
        if !options.spilling_joins {
            return Ok(plan);
        }
        plan.transform_up(|node| match node.downcast_ref::<HashJoinExec>() {
            Some(join) if SpillingHashJoinExec::can_wrap(join) => {
                let inner = Arc::new(join.builder().build()?);
                Ok(Transformed::yes(Arc::new(SpillingHashJoinExec::try_new(inner, options.join_memory_fraction)?) as _))
            }
            _ => Ok(Transformed::no(node)),
        })
        .data()
    }
}
