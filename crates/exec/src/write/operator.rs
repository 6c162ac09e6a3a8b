//! The operator that writes: one task a partition of its input, one row out.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::runtime::JoinSet;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};

use super::destination::Destination;
use super::partition::{FilePlace, PartitionWriter, Written};
use super::spec::WriteSpec;

/// What the one row of a write tells: `count` alone for SQL's `COPY`, or `count`, `bytes` and `files`.
pub fn report_schema(with_files: bool) -> SchemaRef {
    let mut fields = vec![Field::new("count", DataType::UInt64, false)];
    if with_files {
        fields.push(Field::new("bytes", DataType::UInt64, false));
        fields.push(Field::new("files", DataType::UInt64, false));
    }
    Arc::new(Schema::new(fields))
}

/// Writes its input to files, all or nothing.
#[derive(Clone, Debug)]
pub struct WriteExec {
    input: Arc<dyn ExecutionPlan>,
    spec: WriteSpec,
    /// One file: the input has to come as one partition.
    single_file: bool,
    with_files: bool,
    properties: Arc<PlanProperties>,
}

impl WriteExec {
    /// Writes the rows of `input` as `spec` says; `with_files` chooses the longer report.
    pub fn new(input: Arc<dyn ExecutionPlan>, spec: WriteSpec, single_file: bool, with_files: bool) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(report_schema(with_files)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { input, spec, single_file, with_files, properties: Arc::new(properties) }
    }

    /// What is to be written.
    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// Where and how.
    pub fn spec(&self) -> &WriteSpec {
        &self.spec
    }

    fn keys(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        let schema = self.input.schema();
        let column = |name: &String| {
            let at = schema.index_of(name).ok()?;
            Some(Arc::new(Column::new(name, at)) as Arc<dyn PhysicalExpr>)
        };
        self.spec.partition_by.iter().filter_map(column).collect()
    }

    fn distribution(&self) -> Distribution {
        match (self.single_file, self.keys()) {
            (true, _) => Distribution::SinglePartition,
            (false, keys) if keys.is_empty() => Distribution::UnspecifiedDistribution,
            // All rows of one folder come to one task: one file a folder, not one a folder and task.
            (false, keys) => Distribution::KeyPartitioned(keys),
        }
    }
}

impl DisplayAs for WriteExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteExec: target={}, format={}", self.spec.target, self.spec.format.kind().name())?;
        if !self.spec.partition_by.is_empty() {
            write!(f, ", partition_by=[{}]", self.spec.partition_by.join(", "))?;
        }
        Ok(())
    }
}

impl ExecutionPlan for WriteExec {
    fn name(&self) -> &str {
        "WriteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![self.distribution()]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![self.distribution()])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let keys = self.keys().into_iter().map(PhysicalSortExpr::new_default);
        // Within a folder rows keep the order they came in.
        let rest = self.input.output_ordering().into_iter().flat_map(|ordering| ordering.iter().cloned());
        let wanted = match self.spec.partition_by.is_empty() {
            true => None,
            false => LexOrdering::new(keys.chain(rest)),
        };
        vec![wanted.map(OrderingRequirements::from)]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        // Encoding is most of the work; rows in a wanted order are not dealt out again.
        vec![!self.single_file && self.input.output_ordering().is_none()]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("WriteExec has one input");
        };
        Ok(Arc::new(Self::new(input, self.spec.clone(), self.single_file, self.with_files)))
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("WriteExec has one input");
        };
        Ok(Arc::new(Self::new(input, self.spec.clone(), self.single_file, self.with_files)))
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("WriteExec has one partition, got a request for partition {partition}");
        }
        let (input, spec) = (Arc::clone(&self.input), self.spec.clone());
        let schema = report_schema(self.with_files);
        let work = write(input, spec, context, Arc::clone(&schema));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(work))))
    }
}

async fn write(
    input: Arc<dyn ExecutionPlan>,
    spec: WriteSpec,
    context: Arc<TaskContext>,
    report: SchemaRef,
) -> Result<RecordBatch> {
    let destination = Arc::new(Destination::open(spec, &context).await?);
    let mut written = Written::default();
    let outcome = write_partitions(&input, &destination, &context, &mut written).await;
    // All tasks have ended: nobody else holds it.
    let Some(destination) = Arc::into_inner(destination) else {
        return internal_err!("a writing task outlived its write");
    };
    if let Err(error) = outcome {
        let error = destination.named(error);
        destination.give_up(written.files).await;
        return Err(error);
    }
    let bytes = written.files.iter().map(|file| file.bytes).sum();
    let batch = report_batch(report, [written.rows, bytes, written.files.len() as u64])?;
    destination.commit(written.files).await?;
    Ok(batch)
}

/// The one row of a write: rows, bytes and files, as far as `report` has columns for them.
///
/// # Errors
/// If `report` is no [`report_schema`].
pub fn report_batch(report: SchemaRef, numbers: [u64; 3]) -> Result<RecordBatch> {
    let columns = numbers.iter().take(report.fields().len());
    let columns = columns.map(|&number| Arc::new(UInt64Array::from(vec![number])) as ArrayRef).collect();
    Ok(RecordBatch::try_new(report, columns)?)
}

/// Writes one file without rows, so that a result without rows still has its columns.
pub(super) async fn write_empty(
    destination: &Arc<Destination>,
    schema: &SchemaRef,
    context: &TaskContext,
) -> Result<Written> {
    let pool = Arc::clone(context.memory_pool());
    let place = Arc::clone(destination) as Arc<dyn FilePlace>;
    PartitionWriter::new(place, 0, schema, pool)?.write_empty().await
}

/// Writes all partitions. What was written before a failure is in `written`, too.
async fn write_partitions(
    input: &Arc<dyn ExecutionPlan>,
    destination: &Arc<Destination>,
    context: &Arc<TaskContext>,
    written: &mut Written,
) -> Result<()> {
    let partitions = input.output_partitioning().partition_count();
    let mut tasks = JoinSet::new();
    let mut outcome = Ok(());
    for partition in 0..partitions {
        let started = start_partition(input, destination, context, partition);
        match started {
            Ok(work) => {
                tasks.spawn(work);
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(Ok(more)) => {
                written.rows += more.rows;
                written.files.extend(more.files);
            }
            Ok(Err(error)) if outcome.is_ok() => {
                outcome = Err(error);
                tasks.abort_all();
            }
            // After the first failure the others are only cancelled.
            Ok(Err(_)) => {}
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) if outcome.is_ok() => outcome = Err(DataFusionError::External(Box::new(error))),
            Err(_) => {}
        }
    }
    outcome?;
    if written.files.is_empty() {
        written.files.extend(write_empty(destination, &input.schema(), context).await?.files);
    }
    Ok(())
}

fn start_partition(
    input: &Arc<dyn ExecutionPlan>,
    destination: &Arc<Destination>,
    context: &Arc<TaskContext>,
    partition: usize,
) -> Result<impl Future<Output = Result<Written>> + Send + 'static> {
    let pool = Arc::clone(context.memory_pool());
    let place = Arc::clone(destination) as Arc<dyn FilePlace>;
    let writer = PartitionWriter::new(place, partition, &input.schema(), pool)?;
    let batches = input.execute(partition, Arc::clone(context))?;
    Ok(writer.write_all(batches))
}
