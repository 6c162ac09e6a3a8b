//! A write whose files the workers write.
//!
//! The client looks at the target, has the tasks write to a place that nobody reads, and commits what the tasks that count have
//! written. It runs the tasks through a [`ClusterQueryExec`], whose rows are the list of files.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, collect, replace_children_if_necessary,
};
use swath_exec::write::{WriteExec, write_elsewhere};

use super::Client;
use super::query::ClusterQueryExec;

/// Writes the rows of a plan that runs on the cluster; gives the row that a [`WriteExec`] gives.
#[derive(Debug)]
pub struct ClusterWriteExec {
    client: Client,
    write: Arc<WriteExec>,
    input: Arc<dyn ExecutionPlan>,
    options: Arc<ConfigOptions>,
    metrics: ExecutionPlanMetricsSet,
}

impl ClusterWriteExec {
    /// `write`, of which `input` is what its input has become for the cluster of `client`.
    pub fn new(
        client: Client,
        write: Arc<WriteExec>,
        input: Arc<dyn ExecutionPlan>,
        options: Arc<ConfigOptions>,
    ) -> Self {
        Self { client, write, input, options, metrics: ExecutionPlanMetricsSet::new() }
    }
}

async fn run(
    client: Client,
    write: Arc<WriteExec>,
    input: Arc<dyn ExecutionPlan>,
    options: Arc<ConfigOptions>,
    metrics: ExecutionPlanMetricsSet,
    context: Arc<TaskContext>,
) -> Result<RecordBatch> {
    let there = |plan| {
        // Which files count is known when the tasks that count are.
        let query =
            ClusterQueryExec::new(client.clone(), plan, &options).complete_first().with_metrics(metrics.clone());
        Arc::new(query) as Arc<dyn ExecutionPlan>
    };
    if let Some(row) = write_elsewhere(&write, Arc::clone(&input), there, Arc::clone(&context)).await? {
        return Ok(row);
    }
    // Only this process can write there: the rows come here.
    let here: Arc<dyn ExecutionPlan> = write;
    let rows = collect(replace_children_if_necessary(here, vec![there(input)])?, context).await?;
    match rows.into_iter().next() {
        Some(row) => Ok(row),
        None => internal_err!("a write gave no row"),
    }
}

impl DisplayAs for ClusterWriteExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterWriteExec: scheduler={}, ", self.client.address())?;
        self.write.fmt_as(format, f)
    }
}

impl ExecutionPlan for ClusterWriteExec {
    fn name(&self) -> &str {
        "ClusterWriteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.write.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        // As in a ClusterQueryExec, what runs there was settled when it was placed.
        if children.len() != 1 {
            return internal_err!("ClusterWriteExec has one input");
        }
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("ClusterWriteExec has one partition, got a request for partition {partition}");
        }
        let (write, input) = (Arc::clone(&self.write), Arc::clone(&self.input));
        let (options, metrics) = (Arc::clone(&self.options), self.metrics.clone());
        let work = run(self.client.clone(), write, input, options, metrics, context);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), futures::stream::once(work))))
    }
}
