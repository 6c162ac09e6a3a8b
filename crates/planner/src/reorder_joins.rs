//! Inner joins in the order, and with the sides and the mode, that the estimates favour.
//!
//! ```text
//! HashJoin c = o                        HashJoin c = o
//!   HashJoin o = l           =>           HashJoin c = n
//!     orders                                Filter: nation
//!     lines                                 customer
//!   HashJoin c = n                        HashJoin o = l
//!     customer                              ...
//!     Filter: nation
//! ```
//!
//! Right because inner joins commute and associate, and equality of keys is transitive: whatever the order, a row of the
//! result is a combination of rows of the inputs for which all equalities and all further conditions hold. Columns come out
//! as before by a projection on top.
//!
//! It looks at each largest tree of inner hash joins on columns (with the projections and filters between them), enumerates
//! all orders without cross products for up to [`MOST_INPUTS`] inputs, and takes the cheapest. An order that is not clearly better
//! than the one that is there is not taken. Where an input does not tell its rows nothing is changed. Joins of other kinds
//! stay where they are, but get the better side and mode. DataFusion's own `join_selection`, which runs before, keeps the order
//! of the query text and only swaps sides.
//!
//! The smaller side is built. Both sides are exchanged by the hash of the key when the built side is large; when it is small
//! against the other, it is built once for all partitions, which spares the exchange of the larger side but is the work of
//! one thread: that pays from about `2 (partitions - 1)` rows probed for a row built. Where the partitions run in several
//! processes, each of which gets its own table, only joins that give rows for rows of the probe side are built so.

mod graph;
mod order;
mod rebuild;
mod sides;

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::{ChildrenPropertiesMode, ExecutionPlan, ReplaceChildrenOptions};

use crate::options::SwathOptions;
use graph::JoinGraph;
use sides::Sides;

/// Trees with more inputs keep their order: the number of orders grows with its third power.
pub const MOST_INPUTS: usize = 10;

/// Puts trees of inner hash joins into the order that the estimates favour.
#[derive(Debug, Default)]
pub struct ReorderJoins;

impl PhysicalOptimizerRule for ReorderJoins {
    fn name(&self) -> &str {
        "reorder_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let options = config.extensions.get::<SwathOptions>().cloned().unwrap_or_default();
        if !options.reorder_joins || !config.optimizer.join_reordering {
            return Ok(plan);
        }
        let sides = Sides {
            partitions: config.execution.target_partitions,
            most_collected_bytes: options.collected_build_bytes as f64,
            one_process: options.one_process,
        };
        reordered(plan, sides)
    }
}

fn reordered(plan: Arc<dyn ExecutionPlan>, sides: Sides) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_down(|node| {
        if graph::is_inner_tree(&node) {
            let tree = tree_reordered(&node, None, sides)?;
            return Ok(Transformed::new(tree, true, TreeNodeRecursion::Jump));
        }
        if let Some(projection) = node.downcast_ref::<ProjectionExec>()
            && graph::is_inner_tree(projection.input())
        {
            return Ok(Transformed::new(projected_tree(projection, sides)?, true, TreeNodeRecursion::Jump));
        }
        match node.downcast_ref::<HashJoinExec>() {
            Some(join) => Ok(sides.other_join(join)?.map_or(Transformed::no(node), Transformed::yes)),
            None => Ok(Transformed::no(node)),
        }
    })
    .data()
}

/// The tree of joins at `node` in its new order, giving the columns at the positions `picked`, or all.
fn tree_reordered(
    node: &Arc<dyn ExecutionPlan>,
    picked: Option<&[usize]>,
    sides: Sides,
) -> Result<Arc<dyn ExecutionPlan>> {
    let Some(mut graph) = JoinGraph::of(node) else { return below_reordered(node, picked, sides) };
    if !graph.estimate() {
        return below_reordered(node, picked, sides);
    }
    for input in &mut graph.inputs {
        input.plan = reordered(Arc::clone(&input.plan), sides)?;
    }
    let mut schema = node.schema();
    if let Some(picked) = picked {
        graph.output = picked.iter().map(|index| graph.output[*index]).collect();
        schema = Arc::new(schema.project(picked)?);
    }
    rebuild::rebuilt(&graph, &order::best(&graph), &schema, sides)
}

/// `projection` over its tree of joins, which then gives only the columns that `projection` reads.
fn projected_tree(projection: &ProjectionExec, sides: Sides) -> Result<Arc<dyn ExecutionPlan>> {
    let expressions = projection.expr();
    let read: BTreeSet<usize> =
        expressions.iter().flat_map(|one| collect_columns(&one.expr)).map(|column| column.index()).collect();
    if read.is_empty() {
        let input = tree_reordered(projection.input(), None, sides)?;
        return Ok(Arc::new(ProjectionExec::try_new(expressions.to_vec(), input)?));
    }
    let read: Vec<usize> = read.into_iter().collect();
    let input = tree_reordered(projection.input(), Some(&read), sides)?;
    let position = |index: usize| read.partition_point(|own| *own < index);
    let expressions = expressions
        .iter()
        .map(|one| Ok(ProjectionExpr { expr: graph::renumbered(&one.expr, position)?, alias: one.alias.clone() }))
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(ProjectionExec::try_new(expressions, input)?))
}

/// The tree of joins at `node` as it is, over inputs in which trees further below have their new order.
fn below_reordered(
    node: &Arc<dyn ExecutionPlan>,
    picked: Option<&[usize]>,
    sides: Sides,
) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = if graph::is_inner_tree(node) {
        let children =
            node.children().into_iter().map(|child| below_reordered(child, None, sides)).collect::<Result<Vec<_>>>()?;
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        Arc::clone(node).replace_children(children, options)?
    } else {
        reordered(Arc::clone(node), sides)?
    };
    let Some(picked) = picked else { return Ok(plan) };
    let schema = plan.schema();
    let column = |index: &usize| {
        let name = schema.field(*index).name();
        ProjectionExpr { expr: Arc::new(Column::new(name, *index)), alias: name.clone() }
    };
    Ok(Arc::new(ProjectionExec::try_new(picked.iter().map(column).collect::<Vec<_>>(), plan)?))
}
