//! A plan whose partitions are streams that somebody puts in.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, EmptyRecordBatchStream, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
    SendableRecordBatchStream,
};
use parking_lot::Mutex;

/// Stands for an input of an inner operator, which then reads what is [put](Self::put) in.
pub(super) struct HandoffExec {
    properties: Arc<PlanProperties>,
    /// What it stands for, if inner operators look into it (for a consumer of their dynamic filter).
    stands_for: Option<Arc<dyn ExecutionPlan>>,
    streams: Mutex<Vec<Option<SendableRecordBatchStream>>>,
}

impl HandoffExec {
    /// In place of `plan`: same schema, partitions and order.
    pub(super) fn in_place_of(plan: &Arc<dyn ExecutionPlan>, visible: bool) -> Arc<Self> {
        let streams = (0..plan.output_partitioning().partition_count()).map(|_| None).collect();
        Arc::new(Self {
            properties: Arc::clone(plan.properties()),
            stands_for: visible.then(|| Arc::clone(plan)),
            streams: Mutex::new(streams),
        })
    }

    /// One partition that reads `stream`.
    pub(super) fn of_stream(stream: SendableRecordBatchStream) -> Arc<Self> {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(stream.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Arc::new(Self { properties: Arc::new(properties), stands_for: None, streams: Mutex::new(vec![Some(stream)]) })
    }

    /// Lets `partition` read `stream`, once.
    pub(super) fn put(&self, partition: usize, stream: SendableRecordBatchStream) {
        if let Some(place) = self.streams.lock().get_mut(partition) {
            *place = Some(stream);
        }
    }

    /// How many partitions there are.
    pub(super) fn streams(&self) -> usize {
        self.streams.lock().len()
    }

    /// Lets `partition` read nothing.
    pub(super) fn put_nothing(&self, partition: usize) {
        self.put(partition, empty_stream(&self.schema()));
    }
}

/// A stream without batches.
pub(super) fn empty_stream(schema: &SchemaRef) -> SendableRecordBatchStream {
    Box::pin(EmptyRecordBatchStream::new(Arc::clone(schema)))
}

impl fmt::Debug for HandoffExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandoffExec")
    }
}

impl DisplayAs for HandoffExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("HandoffExec")
    }
}

impl ExecutionPlan for HandoffExec {
    fn name(&self) -> &str {
        "HandoffExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.stands_for.iter().collect()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        internal_err!("HandoffExec is made when a plan runs, after all rewriting")
    }

    fn execute(&self, partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        match self.streams.lock().get_mut(partition).and_then(Option::take) {
            Some(stream) => Ok(stream),
            None => internal_err!("partition {partition} of HandoffExec was not put in, or was read before"),
        }
    }
}
