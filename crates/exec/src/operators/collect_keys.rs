//! Passes rows on, and keeps the join keys in them for filters elsewhere.
//!
//! ```text
//! HashJoinExec: mode=Partitioned                 HashJoinExec: mode=Partitioned
//!   RepartitionExec: build                         RepartitionExec
//!   RepartitionExec                       =>         CollectKeysExec: filter=1
//!     scan                                             build
//!                                                  RepartitionExec
//!                                                    FilterByKeysExec: filter=1
//!                                                      scan
//! ```
//!
//! On a cluster the scan on the other side of the join is in another process, and begins when the build side is complete
//! ([`filter_by_keys`](super::filter_by_keys)). Of more than [`MOST_BYTES`] of keys in one task nothing is kept: a set that
//! large would drop little.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, StatisticsArgs,
};
use futures::TryStreamExt;
use parking_lot::Mutex;

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// Bytes of keys that one task keeps.
pub const MOST_BYTES: usize = 8 << 20;

/// Keeps the values of `key` in the rows that pass.
#[derive(Debug)]
pub struct CollectKeysExec {
    filter: u64,
    key: Arc<dyn PhysicalExpr>,
    input: Arc<dyn ExecutionPlan>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    arrays: Vec<ArrayRef>,
    bytes: usize,
    too_many: bool,
}

impl CollectKeysExec {
    /// Keeps `key` of the rows of `input` for the filter with this number.
    pub fn new(filter: u64, key: Arc<dyn PhysicalExpr>, input: Arc<dyn ExecutionPlan>) -> Self {
        Self { filter, key, input, kept: Arc::default() }
    }

    /// The number of the filter.
    pub fn filter(&self) -> u64 {
        self.filter
    }

    /// The type of the key.
    ///
    /// # Errors
    /// If the input has not the key's columns; never in practice.
    pub fn key_type(&self) -> Result<DataType> {
        self.key.data_type(&self.input.schema())
    }

    /// What was kept of all rows that have passed; `None` if it was too much.
    pub fn take(&self) -> Option<Vec<ArrayRef>> {
        let kept = std::mem::take(&mut *self.kept.lock());
        (!kept.too_many).then_some(kept.arrays)
    }
}

impl Kept {
    fn keep(&mut self, keys: ArrayRef) {
        self.bytes += keys.get_array_memory_size();
        self.too_many |= self.bytes > MOST_BYTES;
        match self.too_many {
            true => self.arrays.clear(),
            false => self.arrays.push(keys),
        }
    }
}

impl DisplayAs for CollectKeysExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CollectKeysExec: filter={}, key={}", self.filter, self.key)
    }
}

impl ExecutionPlan for CollectKeysExec {
    fn name(&self) -> &str {
        "CollectKeysExec"
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
        let [input] = wire::inputs("CollectKeysExec", children)?;
        Ok(Arc::new(Self { filter: self.filter, key: Arc::clone(&self.key), input, kept: Arc::clone(&self.kept) }))
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        visit(&self.key)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (key, kept) = (Arc::clone(&self.key), Arc::clone(&self.kept));
        let rows = self.input.execute(partition, context)?.and_then(move |batch| {
            let too_many = kept.lock().too_many;
            let keep = || {
                let keys = key.evaluate(&batch)?.into_array(batch.num_rows())?;
                kept.lock().keep(keys);
                Ok(())
            };
            let keys = if too_many { Ok(()) } else { keep() };
            futures::future::ready(keys.map(|()| batch))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&inputs[0]))
    }
}

/// Number of the filter and key.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(collect) = node.downcast_ref::<CollectKeysExec>() else {
        return internal_err!("expected a CollectKeysExec, got {}", node.name());
    };
    message.number(collect.filter);
    message.expression(&collect.key)
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [input] = wire::inputs("CollectKeysExec", inputs)?;
    let (filter, key) = (message.number()?, message.expression(&input.schema())?);
    Ok(Arc::new(CollectKeysExec::new(filter, key, input)))
}
