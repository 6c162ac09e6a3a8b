//! Filters that move down a plan in which two columns have one name.
//!
//! DataFusion 55 moves filters (those of a query, and those that joins and sorts find while they run) from node to node by the names
//! of their columns. Below a node that gives two columns of one name, as joins of tables with an `id` each do, a filter could end up at
//! the wrong one. While a rule that moves filters runs, a guard stands over every such node and lets only filters pass whose columns'
//! names are theirs alone.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

/// A rule that moves filters, under guard.
#[derive(Debug)]
pub struct GuardNames(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl GuardNames {
    /// `rule`, under guard.
    pub fn around(rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>) -> Arc<dyn PhysicalOptimizerRule + Send + Sync> {
        Arc::new(Self(rule))
    }
}

impl PhysicalOptimizerRule for GuardNames {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let guarded = plan.transform_up(|node| {
            let alone = names_alone(node.as_ref());
            Ok(if alone.len() < node.schema().fields().len() {
                Transformed::yes(Arc::new(Guard { input: node, alone }) as Arc<dyn ExecutionPlan>)
            } else {
                Transformed::no(node)
            })
        })?;
        let changed = guarded.transformed;
        let plan = self.0.optimize(guarded.data, config)?;
        if !changed {
            return Ok(plan);
        }
        plan.transform_down(|node| {
            let mut inner = &node;
            while let Some(guard) = inner.downcast_ref::<Guard>() {
                inner = &guard.input;
            }
            Ok(if Arc::ptr_eq(inner, &node) { Transformed::no(node) } else { Transformed::yes(Arc::clone(inner)) })
        })
        .data()
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// The columns of `node` whose names no other column has.
fn names_alone(node: &dyn ExecutionPlan) -> HashSet<usize> {
    let schema = node.schema();
    let mut of_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, field) in schema.fields().iter().enumerate() {
        of_name.entry(field.name()).or_default().push(index);
    }
    of_name.into_values().filter(|columns| columns.len() == 1).flatten().collect()
}

/// What stands over a node while filters move.
#[derive(Debug)]
struct Guard {
    input: Arc<dyn ExecutionPlan>,
    alone: HashSet<usize>,
}

impl DisplayAs for Guard {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard")
    }
}

impl ExecutionPlan for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self { input, alone: self.alone.clone() })),
            Err(children) => internal_err!("Guard has one input, not {}", children.len()),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        let passing =
            ChildFilterDescription::from_child_with_allowed_indices(&filters, self.alone.clone(), &self.input)?;
        Ok(FilterDescription::new().with_child(passing))
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }
}
