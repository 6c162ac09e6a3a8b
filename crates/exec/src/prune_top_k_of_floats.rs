//! The least rows by a float, without the row groups that cannot have any of them.
//!
//! ```text
//! SortExec: TopK(fetch=10), expr=[canonical_float(f) ASC]
//!   DataSourceExec: predicate=DynamicFilter [canonical_float(f) < x]
//! =>
//! SortExec: TopK(fetch=10), expr=[canonical_float(f) ASC]
//!   DataSourceExec: predicate=DynamicFilter [canonical_float(f) < x] AND DynamicFilter [f < x]
//! ```
//!
//! While a sort of the first rows runs, it tells the scan which rows it does not want any more. No file has statistics of
//! `canonical_float(f)`, but of `f`: the second filter is the same one in terms of the column. Right because a float that is less than `x`
//! when it is canonical is so by its bits, too: a NaN never is, and -0.0 is below all that 0.0 is below.
//!
//! Only for one key in ascending order: of the greatest floats NaN is the first, of which statistics do not tell.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::expressions::{Column, DynamicFilterPhysicalExpr};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr, conjunction, split_conjunction};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use swath_planner::canonical_floats::CANONICAL_FLOAT;

/// Gives scans below a TopK by a canonical float a filter that statistics can decide.
#[derive(Debug, Default)]
pub struct PruneTopKOfFloats;

impl PhysicalOptimizerRule for PruneTopKOfFloats {
    fn name(&self) -> &str {
        "prune_top_k_of_floats"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let mut filters = HashSet::new();
        plan.apply(|node| {
            filters.extend(node.downcast_ref::<SortExec>().and_then(filter_of));
            Ok(TreeNodeRecursion::Continue)
        })?;
        if filters.is_empty() {
            return Ok(plan);
        }
        plan.transform_up(|node| {
            Ok(match prunable(&node, &filters)? {
                Some(scan) => Transformed::yes(scan),
                None => Transformed::no(node),
            })
        })
        .data()
    }
}

/// The filter of a sort that gives the least rows by a canonical float.
fn filter_of(sort: &SortExec) -> Option<u64> {
    let [key] = &sort.expr()[..] else { return None };
    let is_least = sort.fetch().is_some() && !key.options.descending && canonical(&key.expr).is_some();
    let produced = sort.dynamic_expressions_produced();
    let [filter] = produced.as_slice() else { return None };
    if is_least { filter.expression_id() } else { None }
}

/// What is made canonical.
fn canonical(expression: &Arc<dyn PhysicalExpr>) -> Option<&Arc<dyn PhysicalExpr>> {
    let call = expression.downcast_ref::<ScalarFunctionExpr>()?;
    match call.args() {
        [float] if call.fun().name() == CANONICAL_FLOAT => Some(float),
        _ => None,
    }
}

fn prunable(node: &Arc<dyn ExecutionPlan>, filters: &HashSet<u64>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(scan) = node.downcast_ref::<DataSourceExec>() else { return Ok(None) };
    let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>() else { return Ok(None) };
    let Some(source) = config.file_source().downcast_ref::<ParquetSource>() else { return Ok(None) };
    let Some(predicate) = config.file_source().filter() else { return Ok(None) };
    let mut parts: Vec<Arc<dyn PhysicalExpr>> = split_conjunction(&predicate).into_iter().cloned().collect();
    let known = parts.len();
    for at in 0..known {
        if let Some(plain) = of_plain_column(&parts[at], filters)? {
            parts.push(plain);
        }
    }
    if parts.len() == known {
        return Ok(None);
    }
    let source = source.with_predicate(conjunction(parts));
    let config = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(source)).build();
    Ok(Some(Arc::new(scan.clone().with_data_source(Arc::new(config)))))
}

/// The filter `part` in terms of the column that its key makes canonical.
fn of_plain_column(part: &Arc<dyn PhysicalExpr>, filters: &HashSet<u64>) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let is_one = part.is::<DynamicFilterPhysicalExpr>() && part.expression_id().is_some_and(|id| filters.contains(&id));
    let [key] = part.children()[..] else { return Ok(None) };
    match canonical(key) {
        Some(column) if is_one && column.is::<Column>() => {
            Ok(Some(Arc::clone(part).with_new_children(vec![Arc::clone(column)])?))
        }
        _ => Ok(None),
    }
}
