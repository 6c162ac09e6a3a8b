//! A part of a plan that one task runs as a whole.
//!
//! Some operators keep state that tasks in different processes cannot share: a recursive query feeds its own output back. This
//! operator hides such a part from whoever cuts the plan into stages: it has no inputs to cut at. The worker that runs the task
//! runs the hidden plan, with all of its threads.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties, displayable,
};

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// Runs a plan of one partition that is not among its inputs.
#[derive(Debug)]
pub struct SingleTaskExec {
    plan: Arc<dyn ExecutionPlan>,
}

impl SingleTaskExec {
    /// `plan` as one task; several partitions become one.
    pub fn new(plan: Arc<dyn ExecutionPlan>) -> Self {
        match plan.output_partitioning().partition_count() {
            1 => Self { plan },
            _ => Self { plan: Arc::new(CoalescePartitionsExec::new(plan)) },
        }
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &Arc<dyn ExecutionPlan> {
        &self.plan
    }
}

impl DisplayAs for SingleTaskExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = displayable(self.plan.as_ref()).indent(false).to_string();
        let lines: Vec<&str> = inner.lines().map(str::trim).collect();
        write!(f, "SingleTaskExec: [{}]", lines.join(" <- "))
    }
}

impl ExecutionPlan for SingleTaskExec {
    fn name(&self) -> &str {
        "SingleTaskExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.plan.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if !children.is_empty() {
            return internal_err!("SingleTaskExec has no inputs");
        }
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.plan.execute(partition, context)
    }
}

/// The hidden plan.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(task) = node.downcast_ref::<SingleTaskExec>() else {
        return internal_err!("expected a SingleTaskExec, got {}", node.name());
    };
    message.plan(&task.plan)
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [] = wire::inputs("SingleTaskExec", inputs)?;
    Ok(Arc::new(SingleTaskExec::new(message.plan()?)))
}
