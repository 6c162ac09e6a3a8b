//! Small parts of a plan, which are cheaper to run than to make a stage of.
//!
//! ```text
//! BroadcastJoinExec                     BroadcastJoinExec
//!   CoalescePartitionsExec      =>        SingleTaskExec: [FilterExec <- DataSourceExec: nation]
//!     FilterExec                          DataSourceExec: customer
//!       DataSourceExec: nation
//!   DataSourceExec: customer
//! ```
//!
//! A stage costs some milliseconds until its readers may start. A side of a join that every task reads whole is run by every
//! task instead, if what it reads is small; a whole plan that reads little becomes one task.
//!
//! Right because each task computes the same rows: nothing in such a part is volatile, and nothing depends on the order in
//! which rows arrive, as limits and sums of floating-point numbers do.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::{Distribution, ExecutionPlan, ExecutionPlanProperties, replace_children_if_necessary};
use swath_exec::operators::SingleTaskExec;

/// `plan` as one task, if it reads at most `most_rows` rows.
///
/// # Errors
/// Never in practice.
pub fn as_one_task(plan: &Arc<dyn ExecutionPlan>, most_rows: usize) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let partitions = plan.output_partitioning().partition_count();
    let gathers_in_order = partitions == 1 || plan.output_ordering().is_none();
    if most_rows == 0
        || !gathers_in_order
        || !reads_at_most(plan, most_rows)
        || plan.exists(|node| Ok(node.is::<RecursiveQueryExec>()))?
    {
        return Ok(None);
    }
    // Of one partition and without a stage inside it is one task as it is.
    Ok(Some(match partitions == 1 && !plan.exists(|node| Ok(is_cut(node)))? {
        true => Arc::clone(plan),
        false => Arc::new(SingleTaskExec::new(Arc::clone(plan))),
    }))
}

/// `plan` without stages for parts that read at most `most_rows` rows.
///
/// # Errors
/// If a node does not take its new inputs; never in practice.
pub fn fold_small_parts(plan: Arc<dyn ExecutionPlan>, most_rows: usize) -> Result<Arc<dyn ExecutionPlan>> {
    if most_rows == 0 {
        return Ok(plan);
    }
    plan.transform_down(|node| {
        if node.is::<RecursiveQueryExec>() {
            return Ok(Transformed::new(node, false, TreeNodeRecursion::Jump));
        }
        let requirements = node.input_distribution_requirements();
        let children = node.children();
        if children.len() < 2 {
            return Ok(Transformed::no(node));
        }
        let mut changed = false;
        let inputs = requirements
            .per_child_distributions()
            .zip(children)
            .map(|(distribution, child)| {
                let whole = matches!(distribution, Distribution::SinglePartition);
                if !whole || !gives_the_same_everywhere(child)? || !reads_at_most(child, most_rows) {
                    return Ok(Arc::clone(child));
                }
                changed = true;
                Ok(Arc::new(SingleTaskExec::new(Arc::clone(child))) as Arc<dyn ExecutionPlan>)
            })
            .collect::<Result<Vec<_>>>()?;
        match changed {
            true => Ok(Transformed::yes(replace_children_if_necessary(node, inputs)?)),
            false => Ok(Transformed::no(node)),
        }
    })
    .data()
}

fn is_cut(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.is::<RepartitionExec>() || node.is::<CoalescePartitionsExec>() || node.children().len() > 1
}

/// Whether the scans below tell that together they have at most so many rows.
fn reads_at_most(plan: &Arc<dyn ExecutionPlan>, most_rows: usize) -> bool {
    fn rows(plan: &Arc<dyn ExecutionPlan>) -> Option<usize> {
        let children = plan.children();
        if children.is_empty() {
            let statistics = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new()).ok()?;
            return statistics.num_rows.get_value().copied();
        }
        children.into_iter().try_fold(0_usize, |sum, child| Some(sum.saturating_add(rows(child)?)))
    }
    rows(plan).is_some_and(|rows| rows <= most_rows)
}

/// Whether every run of `plan` gives the same rows.
pub fn gives_the_same_everywhere(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let known = plan.downcast_ref::<DataSourceExec>().is_some_and(|scan| scan.fetch().is_none())
        || plan.downcast_ref::<HashJoinExec>().is_some_and(|join| join.fetch().is_none())
        || plan.downcast_ref::<CoalescePartitionsExec>().is_some_and(|gather| gather.fetch().is_none())
        || plan.downcast_ref::<FilterExec>().is_some_and(|filter| filter.fetch().is_none())
        || plan.is::<ProjectionExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<CrossJoinExec>()
        || plan.is::<CooperativeExec>();
    if !known {
        return Ok(false);
    }
    let mut volatile = false;
    plan.apply_expressions(&mut |expression| {
        volatile |= is_volatile(expression);
        Ok(TreeNodeRecursion::Continue)
    })?;
    if volatile {
        return Ok(false);
    }
    for child in plan.children() {
        if !gives_the_same_everywhere(child)? {
            return Ok(false);
        }
    }
    Ok(true)
}
