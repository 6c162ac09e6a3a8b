//! The end of a plan, where the rows of all tasks come together: that is done where they are wanted.
//!
//! ```text
//! SortPreservingMergeExec              SortPreservingMergeExec
//!   ProjectionExec               =>      ClusterQueryExec
//!     SortExec                             ProjectionExec
//!                                            SortExec
//! ```
//!
//! As a stage the merge would be one task on one worker, which waits for all others, and through which the whole result passes
//! once more. Right because the operators kept are run over the same partitions as there.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::replace_children_if_necessary;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use swath_exec::foreign::calls_function;

/// The end of a plan that stays at the client.
pub struct Finish {
    /// From the root down; the last one reads the rest.
    operators: Vec<Arc<dyn ExecutionPlan>>,
}

impl Finish {
    /// The end of `plan`, and what is below it.
    pub fn split(plan: &Arc<dyn ExecutionPlan>) -> (Self, Arc<dyn ExecutionPlan>) {
        let mut operators = vec![];
        let mut kept = 0;
        let mut below = Arc::clone(plan);
        while is_light(&below)
            // Users' functions run on workers.
            && !calls_function(below.as_ref()).unwrap_or(true)
            && let [input] = below.children()[..]
        {
            let input = Arc::clone(input);
            let gathers = below.is::<CoalescePartitionsExec>() || below.is::<SortPreservingMergeExec>();
            operators.push(std::mem::replace(&mut below, input));
            if gathers {
                kept = operators.len();
            }
        }
        if let Some(first) = operators.get(kept) {
            below = Arc::clone(first);
        }
        operators.truncate(kept);
        (Self { operators }, below)
    }

    /// The end over `input`.
    ///
    /// # Errors
    /// If an operator does not take it; never in practice.
    pub fn over(self, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let mut plan = input;
        for operator in self.operators.into_iter().rev() {
            plan = replace_children_if_necessary(operator, vec![plan])?;
        }
        Ok(plan)
    }
}

/// Whether the operator does little with each row that it gets.
fn is_light(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<CoalescePartitionsExec>()
        || plan.is::<SortPreservingMergeExec>()
        || plan.is::<ProjectionExec>()
        || plan.is::<GlobalLimitExec>()
        || plan.is::<FilterExec>()
        || plan.is::<CooperativeExec>()
        || plan.downcast_ref::<AggregateExec>().is_some_and(joins_few_rows)
}

/// Whether an aggregation reads one row of each task: no groups, and no lists of values in the states.
fn joins_few_rows(aggregate: &AggregateExec) -> bool {
    let small = |function: &Arc<datafusion::physical_expr::aggregate::AggregateFunctionExpr>| {
        function.state_fields().is_ok_and(|fields| fields.iter().all(|field| !field.data_type().is_nested()))
    };
    *aggregate.mode() == AggregateMode::Final
        && aggregate.group_expr().expr().is_empty()
        && aggregate.aggr_expr().iter().all(small)
}
