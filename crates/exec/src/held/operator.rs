//! The operator that holds its input's partitions in this process.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::runtime::JoinSet;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, execute_stream_partitioned,
};
use futures::StreamExt;
use swath_shuffle::{PartitionStore, StoredPartition, StoredTable};

use super::HeldTable;

/// What the one row of a hold tells.
pub(super) fn report_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("count", DataType::UInt64, false)]))
}

/// The one row of a hold.
///
/// # Errors
/// Never in practice.
pub fn report_batch(rows: u64) -> Result<RecordBatch> {
    Ok(RecordBatch::try_new(report_schema(), vec![Arc::new(UInt64Array::from(vec![rows])) as ArrayRef])?)
}

/// Runs its input and has a table hold what it gives, partition by partition.
#[derive(Debug)]
pub struct HoldExec {
    input: Arc<dyn ExecutionPlan>,
    table: Arc<HeldTable>,
    store: PartitionStore,
    properties: Arc<PlanProperties>,
}

impl HoldExec {
    /// Has `table` hold the rows of `input` in `store`.
    pub fn new(input: Arc<dyn ExecutionPlan>, table: Arc<HeldTable>, store: PartitionStore) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(report_schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { input, table, store, properties: Arc::new(properties) }
    }

    /// What is to be held.
    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// Which table will hold it.
    pub fn table(&self) -> &Arc<HeldTable> {
        &self.table
    }
}

impl DisplayAs for HoldExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HoldExec: {}", self.table.name())
    }
}

impl ExecutionPlan for HoldExec {
    fn name(&self) -> &str {
        "HoldExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("HoldExec has one input");
        };
        Ok(Arc::new(Self::new(input, Arc::clone(&self.table), self.store.clone())))
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("HoldExec has one partition, got a request for partition {partition}");
        }
        let (table, store) = (Arc::clone(&self.table), self.store.clone());
        let streams = execute_stream_partitioned(Arc::clone(&self.input), context)?;
        let work = async move {
            let stored = hold(streams, &table.schema(), &store).await?;
            let rows = stored.partitions().iter().map(|partition| partition.rows() as u64).sum();
            table.set_here(stored);
            report_batch(rows)
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(report_schema(), futures::stream::once(work))))
    }
}

/// Drains all partitions at the same time into `store`.
async fn hold(
    streams: Vec<SendableRecordBatchStream>,
    schema: &SchemaRef,
    store: &PartitionStore,
) -> Result<StoredTable> {
    let mut tasks = JoinSet::new();
    let count = streams.len();
    for (index, mut stream) in streams.into_iter().enumerate() {
        let mut writer = store.writer(Arc::clone(schema));
        let schema = Arc::clone(schema);
        tasks.spawn(async move {
            while let Some(batch) = stream.next().await {
                // The physical schema may know more than the logical one, for instance that a column has no nulls.
                writer.push(batch?.with_schema(Arc::clone(&schema))?)?;
            }
            Ok::<_, DataFusionError>((index, writer.finish()?))
        });
    }
    let mut partitions: Vec<(usize, StoredPartition)> = Vec::with_capacity(count);
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(stored) => partitions.push(stored?),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => return Err(DataFusionError::ExecutionJoin(Box::new(error))),
        }
    }
    partitions.sort_by_key(|(index, _)| *index);
    Ok(StoredTable::new(Arc::clone(schema), partitions.into_iter().map(|(_, partition)| partition).collect()))
}
