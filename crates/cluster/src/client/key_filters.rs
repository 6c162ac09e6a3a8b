//! Which scans are filtered by the join keys that another stage finds.
//!
//! [`swath_exec::operators::collect_keys`] draws the plan before and after. Right for joins that give nothing for a row of the
//! second input without a partner in the first, where the key can be followed down from the join to a scan through operators
//! that give, for each value of the key, rows made of rows with that value only: dropping these below drops what the join would
//! drop above. The first input has to be the same in every run of its stage: if a worker is lost and the stage runs again, the
//! rows that were dropped by the keys of the first run stay dropped.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinSide, JoinType, NullEquality, Result};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, PartitionMode};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning, replace_children_if_necessary};
use swath_exec::operators::key_set::is_supported;
use swath_exec::operators::{CollectKeysExec, FilterByKeysExec};
use swath_planner::estimate;

/// More rows than these have too many keys for a filter to be sent around.
const MOST_KEYS: f64 = 500_000.0;
/// A scan of fewer rows is read faster than a filter arrives.
const FEWEST_ROWS: f64 = 100_000.0;
/// A filter pays where the key has at least so many times more values than keys are found.
const DROPS: f64 = 3.0;

/// `plan` with the places of such filters marked.
///
/// # Errors
/// If a node does not take its new inputs; never in practice.
pub fn mark_key_filters(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let mut filters = 0;
    plan.transform_up(|node| {
        let Some(join) = node.downcast_ref::<HashJoinExec>().filter(|join| is_suitable(join)) else {
            return Ok(Transformed::no(node));
        };
        let Some(exchange) = hash_exchange(join.left()) else { return Ok(Transformed::no(node)) };
        if !is_repeatable(exchange.input())? {
            return Ok(Transformed::no(node));
        }
        let Some(keys) = estimate::rows(exchange.input().as_ref()).filter(|keys| *keys <= MOST_KEYS) else {
            return Ok(Transformed::no(node));
        };
        for (left, right) in join.on() {
            let (Some(left), Some(right)) = (left.downcast_ref::<Column>(), right.downcast_ref::<Column>()) else {
                continue;
            };
            let types = (left.data_type(&join.left().schema())?, right.data_type(&join.right().schema())?);
            if types.0 != types.1 || !is_supported(&types.0) {
                continue;
            }
            let place = Place { filter: filters, keys };
            let Some(probe) = place.marked(join.right(), right.index(), false)? else { continue };
            filters += 1;
            let collect = CollectKeysExec::new(place.filter, Arc::new(left.clone()), Arc::clone(exchange.input()));
            let build = replace_children_if_necessary(Arc::clone(join.left()), vec![Arc::new(collect)])?;
            return Ok(Transformed::yes(replace_children_if_necessary(node, vec![build, probe])?));
        }
        Ok(Transformed::no(node))
    })
    .data()
}

/// Whether the join exchanges both inputs and gives nothing for a row on the right that has no partner.
fn is_suitable(join: &HashJoinExec) -> bool {
    let drops = matches!(
        join.join_type(),
        JoinType::Inner
            | JoinType::Left
            | JoinType::LeftSemi
            | JoinType::LeftAnti
            | JoinType::LeftMark
            | JoinType::RightSemi
    );
    drops
        && *join.partition_mode() == PartitionMode::Partitioned
        && join.null_equality() == NullEquality::NullEqualsNothing
        && !join.null_aware
}

fn hash_exchange(plan: &Arc<dyn ExecutionPlan>) -> Option<&RepartitionExec> {
    plan.downcast_ref::<RepartitionExec>().filter(|exchange| matches!(exchange.partitioning(), Partitioning::Hash(..)))
}

/// Whether every run of `plan` gives the same rows, in whatever order.
fn is_repeatable(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let known = (plan.is::<DataSourceExec>()
        || plan.is::<HashJoinExec>()
        || plan.is::<CrossJoinExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<FilterExec>()
        || plan.is::<SortExec>()
        || plan.is::<ProjectionExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<CooperativeExec>()
        || plan.is::<CollectKeysExec>()
        || plan.is::<FilterByKeysExec>()
        || plan.downcast_ref::<AggregateExec>().is_some_and(|aggregate| aggregate.limit_options().is_none()))
        && plan.fetch().is_none();
    if !known {
        return Ok(false);
    }
    let mut volatile = false;
    plan.apply_expressions(&mut |expression| {
        volatile |= is_volatile(expression);
        Ok(TreeNodeRecursion::Continue)
    })?;
    for child in plan.children() {
        volatile |= !is_repeatable(child)?;
    }
    Ok(!volatile)
}

/// A filter on its way down.
#[derive(Clone, Copy)]
struct Place {
    filter: u64,
    /// How many keys there will be, at most.
    keys: f64,
}

impl Place {
    /// `plan` with the filter on its column `index` marked below; `None` where it cannot be or would not pay. `is_cut` says
    /// whether what is here runs before the join's own stage.
    fn marked(
        self,
        plan: &Arc<dyn ExecutionPlan>,
        index: usize,
        is_cut: bool,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if plan.fetch().is_some() {
            return Ok(None);
        }
        if plan.is::<DataSourceExec>() {
            return Ok((is_cut && self.pays(plan, index)).then(|| {
                let key = Column::new(plan.schema().field(index).name(), index);
                Arc::new(FilterByKeysExec::new(self.filter, Arc::new(key), Arc::clone(plan))) as _
            }));
        }
        let is_cut = is_cut || hash_exchange(plan).is_some() || plan.is::<CoalescePartitionsExec>();
        let Some((child, index)) = origin(plan, index) else { return Ok(None) };
        let Some(input) = plan.children().get(child).map(|child| Arc::clone(child)) else { return Ok(None) };
        let Some(marked) = self.marked(&input, index, is_cut)? else { return Ok(None) };
        let mut children: Vec<_> = plan.children().into_iter().cloned().collect();
        children[child] = marked;
        Ok(Some(replace_children_if_necessary(Arc::clone(plan), children)?))
    }

    fn pays(self, scan: &Arc<dyn ExecutionPlan>, index: usize) -> bool {
        let many = estimate::rows(scan.as_ref()).is_some_and(|rows| rows >= FEWEST_ROWS);
        many && estimate::domain(scan.as_ref(), index).is_some_and(|domain| domain.values >= DROPS * self.keys)
    }
}

/// The child, and its column, that the column `index` of `plan` is passed on from, where dropping rows by that column below
/// is dropping them above.
fn origin(plan: &Arc<dyn ExecutionPlan>, index: usize) -> Option<(usize, usize)> {
    let column = |expression: &Arc<dyn PhysicalExpr>| expression.downcast_ref::<Column>().map(Column::index);
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        return Some((0, column(&projection.expr().get(index)?.expr)?));
    }
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let index = match filter.projection().as_ref() {
            Some(projection) => *projection.get(index)?,
            None => index,
        };
        return Some((0, index));
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        let groups = aggregate.group_expr();
        if groups.has_grouping_set() || aggregate.limit_options().is_some() {
            return None;
        }
        return Some((0, column(&groups.expr().get(index)?.0)?));
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        return joined_origin(join, index);
    }
    let passes = plan.is::<RepartitionExec>() || plan.is::<CoalescePartitionsExec>() || plan.is::<CooperativeExec>();
    passes.then_some((0, index))
}

fn joined_origin(join: &HashJoinExec, index: usize) -> Option<(usize, usize)> {
    // Such a join knows whether there are rows at all on the other side.
    if join.null_aware {
        return None;
    }
    let index = match &join.projection {
        Some(projection) => *projection.get(index)?,
        None => index,
    };
    let left_width = join.left().schema().fields().len();
    let (side, index) = match join.join_type() {
        JoinType::LeftSemi | JoinType::LeftAnti => (JoinSide::Left, index),
        JoinType::RightSemi | JoinType::RightAnti => (JoinSide::Right, index),
        JoinType::Inner | JoinType::Left if index < left_width => (JoinSide::Left, index),
        JoinType::Inner | JoinType::Right if index >= left_width => (JoinSide::Right, index - left_width),
        _ => return None,
    };
    Some((usize::from(side == JoinSide::Right), index))
}
