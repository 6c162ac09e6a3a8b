//! The operator by which workers read what they hold.
//!
//! A plan may only have leaves that the scheduler can cut into tasks. So the leaf is a table in memory with one row for each
//! partition, which says where that partition lies, and this operator above it turns the row into the partition's rows. Who can
//! read it is known to the process that runs the task: it [binds](HeldScanExec::bind) a reader before the plan runs.

use std::fmt;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::EmissionType;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::{StreamExt, TryStreamExt};

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// Reads partitions by what says where they lie.
pub trait HeldReader: Send + Sync {
    /// The rows of the partition that lies at `place`, of `schema`.
    ///
    /// # Errors
    /// If `place` is damaged, or nothing lies there any more.
    fn read(&self, place: &[u8], schema: SchemaRef) -> Result<SendableRecordBatchStream>;
}

/// Turns rows that say where partitions lie into the rows of these partitions.
pub struct HeldScanExec {
    places: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    /// The columns that are wanted.
    projection: Option<Vec<usize>>,
    reader: Option<Arc<dyn HeldReader>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl HeldScanExec {
    /// A scan of the partitions, of `schema`, that the one column of `places` names.
    ///
    /// # Errors
    /// If a column of `projection` is not there.
    pub fn new(places: Arc<dyn ExecutionPlan>, schema: SchemaRef, projection: Option<Vec<usize>>) -> Result<Self> {
        let projected = match &projection {
            Some(columns) => Arc::new(schema.project(columns)?),
            None => Arc::clone(&schema),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(projected),
            Partitioning::UnknownPartitioning(places.output_partitioning().partition_count()),
            EmissionType::Incremental,
            places.boundedness(),
        );
        let (properties, metrics) = (Arc::new(properties), ExecutionPlanMetricsSet::new());
        Ok(Self { places, schema, projection, reader: None, properties, metrics })
    }

    /// What says where `partition` lies; none if that is not known here.
    pub fn place(&self, partition: usize) -> Option<Vec<u8>> {
        let source = self.places.downcast_ref::<DataSourceExec>()?.data_source();
        let batch = source.downcast_ref::<MemorySourceConfig>()?.partitions().get(partition)?.first()?;
        let places = batch.columns().first()?.as_binary_opt::<i32>()?;
        places.iter().next().flatten().map(<[u8]>::to_vec)
    }

    /// The same scan through `reader`.
    ///
    /// # Errors
    /// Never in practice.
    pub fn bind(&self, reader: Arc<dyn HeldReader>) -> Result<Self> {
        let scan = Self::new(Arc::clone(&self.places), Arc::clone(&self.schema), self.projection.clone())?;
        Ok(Self { reader: Some(reader), ..scan })
    }
}

impl fmt::Debug for HeldScanExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldScanExec").field("projection", &self.projection).finish_non_exhaustive()
    }
}

impl DisplayAs for HeldScanExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partitions = self.places.output_partitioning().partition_count();
        write!(f, "HeldScanExec: partitions={partitions}")?;
        self.projection.as_ref().map_or(Ok(()), |columns| write!(f, ", projection={columns:?}"))
    }
}

impl ExecutionPlan for HeldScanExec {
    fn name(&self) -> &str {
        "HeldScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.places]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(places), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("HeldScanExec has one input");
        };
        let scan = Self::new(places, Arc::clone(&self.schema), self.projection.clone())?;
        Ok(Arc::new(Self { reader: self.reader.clone(), ..scan }))
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(reader) = self.reader.clone() else {
            return internal_err!("HeldScanExec runs on a worker only, which binds a reader");
        };
        let (schema, projection) = (Arc::clone(&self.schema), self.projection.clone());
        let rows = MetricBuilder::new(&self.metrics).output_rows(partition);
        let places = self.places.execute(partition, context)?;
        let batches = places
            .map_ok(move |batch| {
                let places = match batch.columns() {
                    [column] => column.as_binary_opt::<i32>(),
                    _ => None,
                };
                let streams: Vec<Result<SendableRecordBatchStream>> = match places {
                    Some(places) => places.iter().flatten().map(|at| reader.read(at, Arc::clone(&schema))).collect(),
                    None => vec![internal_err!("HeldScanExec reads one column of places")],
                };
                futures::stream::iter(streams).try_flatten()
            })
            .try_flatten()
            .map(move |batch| match &projection {
                Some(columns) => Ok(batch?.project(columns)?),
                None => batch,
            })
            .inspect_ok(move |batch| rows.add(batch.num_rows()));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// Schema and columns.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(scan) = node.downcast_ref::<HeldScanExec>() else {
        return internal_err!("expected a HeldScanExec, got {}", node.name());
    };
    message.schema(&scan.schema)?;
    message.flag(scan.projection.is_some());
    let columns = scan.projection.as_deref().unwrap_or_default();
    message.number(columns.len() as u64);
    columns.iter().for_each(|column| message.number(*column as u64));
    Ok(())
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [places] = wire::inputs("HeldScanExec", inputs)?;
    let (schema, is_projected) = (message.schema()?, message.flag()?);
    let columns = (0..message.number()?).map(|_| message.number().map(|column| column as usize));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(HeldScanExec::new(places, schema, is_projected.then_some(columns))?))
}
