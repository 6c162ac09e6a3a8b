//! Drops rows whose key the other side of a join has not, once that side is known.
//!
//! The plan of [`collect_keys`](super::collect_keys) shows its place. The scheduler lets the tasks of this operator begin when
//! those of the other side have ended, and writes into it where their keys lie; a worker gets the keys and puts a filter in its
//! place, which also reaches the scan. Where keys cannot be had (too many, or their worker is lost) no row is dropped: the
//! join drops the same ones later.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, StatisticsArgs,
};

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// The keys of one task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeySource {
    /// The worker that holds them.
    pub worker: String,
    /// Where it serves data, `host:port`.
    pub address: String,
    /// The stage that kept them.
    pub stage: u64,
    /// The task.
    pub task: u64,
}

/// Marks the place of a filter by the keys of another stage; itself it drops nothing.
#[derive(Debug)]
pub struct FilterByKeysExec {
    filter: u64,
    key: Arc<dyn PhysicalExpr>,
    sources: Vec<KeySource>,
    input: Arc<dyn ExecutionPlan>,
}

impl FilterByKeysExec {
    /// The place of the filter with this number, on `key` of the rows of `input`.
    pub fn new(filter: u64, key: Arc<dyn PhysicalExpr>, input: Arc<dyn ExecutionPlan>) -> Self {
        Self { filter, key, sources: vec![], input }
    }

    /// The same filter, with the keys to be had from `sources`.
    #[must_use]
    pub fn with_sources(&self, sources: Vec<KeySource>) -> Self {
        Self { filter: self.filter, key: Arc::clone(&self.key), sources, input: Arc::clone(&self.input) }
    }

    /// The number of the filter.
    pub fn filter(&self) -> u64 {
        self.filter
    }

    /// What must be among the keys.
    pub fn key(&self) -> &Arc<dyn PhysicalExpr> {
        &self.key
    }

    /// Where the keys are; empty if that is not known.
    pub fn sources(&self) -> &[KeySource] {
        &self.sources
    }

    /// What is filtered.
    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }
}

impl DisplayAs for FilterByKeysExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterByKeysExec: filter={}, key={}", self.filter, self.key)
    }
}

impl ExecutionPlan for FilterByKeysExec {
    fn name(&self) -> &str {
        "FilterByKeysExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = wire::inputs("FilterByKeysExec", children)?;
        Ok(Arc::new(Self { filter: self.filter, key: Arc::clone(&self.key), sources: self.sources.clone(), input }))
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        visit(&self.key)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&inputs[0]))
    }
}

/// Number of the filter, key and sources.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(filter) = node.downcast_ref::<FilterByKeysExec>() else {
        return internal_err!("expected a FilterByKeysExec, got {}", node.name());
    };
    message.number(filter.filter);
    message.expression(&filter.key)?;
    message.number(filter.sources.len() as u64);
    for source in &filter.sources {
        message.text(&source.worker);
        message.text(&source.address);
        message.number(source.stage);
        message.number(source.task);
    }
    Ok(())
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [input] = wire::inputs("FilterByKeysExec", inputs)?;
    let (filter, key) = (message.number()?, message.expression(&input.schema())?);
    let mut sources = vec![];
    for _ in 0..message.number()? {
        sources.push(KeySource {
            worker: message.text()?.to_owned(),
            address: message.text()?.to_owned(),
            stage: message.number()?,
            task: message.number()?,
        });
    }
    Ok(Arc::new(FilterByKeysExec { filter, key, sources, input }))
}
