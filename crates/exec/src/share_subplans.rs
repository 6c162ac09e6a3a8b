//! Equal aggregations, once.
//!
//! ```text
//! join                                join
//!   Aggregate: a    (runs)              SharedExec: readers=2
//!   max             (runs)     =>         Aggregate: a     (one of the two runs)
//!     Aggregate: a                      max
//!                                         SharedExec: readers=2
//!                                           Aggregate: a
//! ```
//!
//! Right because two subplans that are equal node for node, expression for expression and file for file, and have nothing
//! volatile in them, give the same rows. Only aggregations are shared: they do much work for few rows, which are stored until the plan
//! ends. Only nodes that are known here are compared; any other makes a subplan unequal to all. The rule runs before dynamic
//! filters are pushed down, for those of one reader's joins must not reach the other's rows.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use swath_planner::SwathOptions;

use crate::operators::shared::{SharedExec, SharedRun};

/// Puts a [`SharedExec`] over each of several equal aggregations.
#[derive(Debug, Default)]
pub struct ShareSubplans;

impl PhysicalOptimizerRule for ShareSubplans {
    fn name(&self) -> &str {
        "share_subplans"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let options = config.extensions.get::<SwathOptions>().cloned().unwrap_or_default();
        if !options.share_subplans {
            return Ok(plan);
        }
        let mut candidates = vec![];
        plan.apply(|node| {
            if is_candidate(node) {
                candidates.push(Arc::clone(node));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        // Most queries have one aggregation, and pay no more than this.
        if candidates.len() < 2 {
            return Ok(plan);
        }
        // The text only groups; what is in one group is compared.
        let mut groups: HashMap<String, Vec<Arc<dyn ExecutionPlan>>> = HashMap::new();
        for node in candidates {
            groups.entry(text(&node)).or_default().push(node);
        }
        groups.retain(|_, nodes| nodes.len() > 1 && nodes.iter().skip(1).all(|node| equal(&nodes[0], node)));
        if groups.is_empty() {
            return Ok(plan);
        }
        let runs: HashMap<String, (usize, Arc<SharedRun>)> =
            groups.into_iter().map(|(text, nodes)| (text, (nodes.len(), Arc::default()))).collect();
        plan.transform_down(|node| {
            if !is_candidate(&node) {
                return Ok(Transformed::no(node));
            }
            let Some((readers, run)) = runs.get(&text(&node)) else { return Ok(Transformed::no(node)) };
            let shared: Arc<dyn ExecutionPlan> = Arc::new(SharedExec::new(node, Arc::clone(run), *readers));
            // What is inside is shared with the whole.
            Ok(Transformed::new(shared, true, TreeNodeRecursion::Jump))
        })
        .data()
    }
}

fn text(node: &Arc<dyn ExecutionPlan>) -> String {
    displayable(node.as_ref()).indent(false).to_string()
}

/// Whether `node` gives whole groups.
fn is_candidate(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.downcast_ref::<AggregateExec>().is_some_and(|aggregate| *aggregate.mode() != AggregateMode::Partial)
}

/// Whether two plans surely give the same rows.
fn equal(a: &Arc<dyn ExecutionPlan>, b: &Arc<dyn ExecutionPlan>) -> bool {
    let (children_a, children_b) = (a.children(), b.children());
    a.schema() == b.schema()
        && children_a.len() == children_b.len()
        && equal_node(a, b)
        && children_a.into_iter().zip(children_b).all(|(a, b)| equal(a, b))
}

/// Whether two nodes do the same to equal inputs.
fn equal_node(a: &Arc<dyn ExecutionPlan>, b: &Arc<dyn ExecutionPlan>) -> bool {
    if let (Some(a), Some(b)) = (a.downcast_ref::<AggregateExec>(), b.downcast_ref::<AggregateExec>()) {
        let functions = a.aggr_expr().iter().zip(b.aggr_expr()).all(|(a, b)| {
            a == b
                && a.is_distinct() == b.is_distinct()
                && a.ignore_nulls() == b.ignore_nulls()
                && a.is_reversed() == b.is_reversed()
                && a.order_bys() == b.order_bys()
                && a.expressions().iter().all(|argument| !is_volatile(argument))
        });
        let filters = a.filter_expr().iter().zip(b.filter_expr()).all(|(a, b)| match (a, b) {
            (Some(a), Some(b)) => same(a, b),
            (a, b) => a.is_none() && b.is_none(),
        });
        return functions
            && filters
            && a.mode() == b.mode()
            && a.aggr_expr().len() == b.aggr_expr().len()
            && a.limit_options() == b.limit_options()
            && a.group_expr() == b.group_expr()
            && a.group_expr().expr().iter().all(|(key, _)| !is_volatile(key));
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<FilterExec>(), b.downcast_ref::<FilterExec>()) {
        return same(a.predicate(), b.predicate()) && a.projection() == b.projection() && a.fetch() == b.fetch();
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<ProjectionExec>(), b.downcast_ref::<ProjectionExec>()) {
        return a.expr().len() == b.expr().len()
            && a.expr().iter().zip(b.expr()).all(|(a, b)| a.alias == b.alias && same(&a.expr, &b.expr));
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<RepartitionExec>(), b.downcast_ref::<RepartitionExec>()) {
        return a.partitioning() == b.partitioning();
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<HashJoinExec>(), b.downcast_ref::<HashJoinExec>()) {
        return a.filter().is_none()
            && b.filter().is_none()
            && a.join_type() == b.join_type()
            && a.partition_mode() == b.partition_mode()
            && a.null_equality() == b.null_equality()
            && a.null_aware == b.null_aware
            && a.fetch() == b.fetch()
            && a.projection == b.projection
            && a.on().len() == b.on().len()
            && a.on().iter().zip(b.on()).all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1));
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<DataSourceExec>(), b.downcast_ref::<DataSourceExec>()) {
        return equal_scan(a, b);
    }
    (a.is::<CoalescePartitionsExec>() && b.is::<CoalescePartitionsExec>() && a.fetch() == b.fetch())
        || (a.is::<CooperativeExec>() && b.is::<CooperativeExec>())
}

/// Whether two scans read the same columns of the same rows of the same files.
fn equal_scan(a: &DataSourceExec, b: &DataSourceExec) -> bool {
    let config = |scan: &DataSourceExec| scan.data_source().downcast_ref::<FileScanConfig>().cloned();
    let (Some(a), Some(b)) = (config(a), config(b)) else { return false };
    let filters = match (a.file_source().filter(), b.file_source().filter()) {
        (Some(a), Some(b)) => same(&a, &b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let projections = match (a.file_source().projection(), b.file_source().projection()) {
        (Some(a), Some(b)) => a == b,
        (a, b) => a.is_none() && b.is_none(),
    };
    let files = |config: &FileScanConfig| {
        config
            .file_groups
            .iter()
            .map(|group| group.iter().map(|file| (file.object_meta.clone(), file.range.clone())).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    filters
        && projections
        && a.limit == b.limit
        && a.object_store_url == b.object_store_url
        && a.file_compression_type == b.file_compression_type
        && a.file_source().file_type() == b.file_source().file_type()
        && a.file_schema() == b.file_schema()
        && files(&a) == files(&b)
}

fn same(a: &Arc<dyn PhysicalExpr>, b: &Arc<dyn PhysicalExpr>) -> bool {
    a == b && !is_volatile(a)
}
