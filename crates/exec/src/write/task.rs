//! The operator that writes on workers: the files of each partition, not yet visible, and a row for each of them.
//!
//! ```text
//!  client:  WriteExec's destination ── TaskPlace ──> worker:  WriteTaskExec ── input
//!                │                                                │
//!             commit  <──── rows: partition, folder, place, size ─┘
//! ```
//!
//! The rows come from the attempt of each task that the scheduler took as the one that counts.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, RecordBatch, StringArray, StringBuilder, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};

use super::destination::named;
use super::partition::PartitionWriter;
use super::parts::PendingParts;
use super::task_place::TaskPlace;
use super::upload::Uploaded;
use crate::wire::{self, WireForm, WireReader, WireWriter};

/// A file that a task wrote and nobody sees yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFile {
    /// The partition of the plan, counted over all tasks.
    pub partition: u64,
    /// The folder below the target (`key=value/…`, or empty).
    pub folder: String,
    /// Where its bytes are: in the hidden folder, or the coming key on a store.
    pub location: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// On a store, the parts that have to be put together.
    pub parts: Option<PendingParts>,
}

/// Writes the partitions of its input to a [`TaskPlace`], and gives a row for each file.
#[derive(Debug)]
pub struct WriteTaskExec {
    input: Arc<dyn ExecutionPlan>,
    place: TaskPlace,
    /// The numbers of the input's partitions in the whole plan, if this is a part of it.
    partitions: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
}

impl WriteTaskExec {
    /// Writes `input`, whose partitions come as the write wants them, to `place`.
    pub fn new(input: Arc<dyn ExecutionPlan>, place: TaskPlace) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema()),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { input, place, partitions: None, properties: Arc::new(properties) }
    }

    /// The same for a part of the plan, whose partitions have these `numbers` in the whole.
    pub fn with_partition_numbers(&self, numbers: Vec<usize>) -> Self {
        Self { partitions: Some(numbers), ..Self::new(Arc::clone(&self.input), self.place.clone()) }
    }
}

impl DisplayAs for WriteTaskExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = self.place.spec();
        write!(f, "WriteTaskExec: target={}, format={}", spec.target, spec.format.kind().name())
    }
}

impl ExecutionPlan for WriteTaskExec {
    fn name(&self) -> &str {
        "WriteTaskExec"
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
            return internal_err!("WriteTaskExec has one input");
        };
        Ok(Arc::new(Self { partitions: self.partitions.clone(), ..Self::new(input, self.place.clone()) }))
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let number = match &self.partitions {
            None => partition,
            Some(numbers) => match numbers.get(partition) {
                Some(number) => *number,
                None => return internal_err!("WriteTaskExec has {} partitions, got {partition}", numbers.len()),
            },
        };
        let batches = self.input.execute(partition, Arc::clone(&context))?;
        let work = write(batches, self.place.clone(), number, context);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema(), futures::stream::once(work))))
    }
}

async fn write(
    batches: SendableRecordBatchStream,
    place: TaskPlace,
    number: usize,
    context: Arc<TaskContext>,
) -> Result<RecordBatch> {
    let spec = place.spec().clone();
    let place = Arc::new(place.open(&context).await?);
    let pool = Arc::clone(context.memory_pool());
    let writer = PartitionWriter::new(place, number, &batches.schema(), pool)?;
    let written = writer.write_all(batches).await.map_err(|error| named(&spec, error))?;
    let mut uploads = written.files;
    match hand_over(&mut uploads, number as u64).await {
        Ok(files) => to_batch(&files),
        Err(error) => {
            for upload in &mut uploads {
                upload.give_up().await;
            }
            Err(named(&spec, error))
        }
    }
}

async fn hand_over(uploads: &mut [Uploaded], partition: u64) -> Result<Vec<TaskFile>> {
    let mut files = vec![];
    for upload in uploads {
        let parts = upload.hand_over().await?;
        files.push(TaskFile {
            partition,
            folder: upload.folder.clone(),
            location: upload.location.to_string(),
            rows: upload.rows,
            bytes: upload.bytes,
            parts,
        });
    }
    Ok(files)
}

fn schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::UInt64, false);
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let upload = Field::new("upload", DataType::Utf8, true);
    let parts = Field::new_list("parts", Field::new_list_field(DataType::Utf8, true), false);
    Arc::new(Schema::new(vec![
        number("partition"),
        text("folder"),
        text("location"),
        number("rows"),
        number("bytes"),
        upload,
        parts,
    ]))
}

fn to_batch(files: &[TaskFile]) -> Result<RecordBatch> {
    let numbers = |number: fn(&TaskFile) -> u64| Arc::new(UInt64Array::from_iter_values(files.iter().map(number)));
    let texts = |text: fn(&TaskFile) -> &String| Arc::new(StringArray::from_iter_values(files.iter().map(text)));
    let upload = files.iter().map(|file| file.parts.as_ref().map(|parts| parts.upload.as_str()));
    let mut parts = ListBuilder::new(StringBuilder::new());
    for file in files {
        let names = file.parts.iter().flat_map(|pending| &pending.parts);
        parts.append_value(names.map(Some));
    }
    let columns: Vec<ArrayRef> = vec![
        numbers(|file| file.partition),
        texts(|file| &file.folder),
        texts(|file| &file.location),
        numbers(|file| file.rows),
        numbers(|file| file.bytes),
        Arc::new(upload.collect::<StringArray>()),
        Arc::new(parts.finish()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// The files that the rows of a [`WriteTaskExec`] name.
///
/// # Errors
/// If the rows are of another operator.
pub fn task_files(batches: &[RecordBatch]) -> Result<Vec<TaskFile>> {
    let mut files = vec![];
    for batch in batches {
        if batch.schema().fields() != schema().fields() {
            return internal_err!("a list of written files has the columns {:?}", batch.schema());
        }
        let number = |column: usize, row: usize| batch.column(column).as_primitive::<UInt64Type>().value(row);
        let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
        for row in 0..batch.num_rows() {
            let parts = match batch.column(5).is_valid(row) {
                false => None,
                true => {
                    let names = batch.column(6).as_list::<i32>().value(row);
                    let parts = names.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
                    Some(PendingParts { upload: text(5, row), parts })
                }
            };
            let (folder, location) = (text(1, row), text(2, row));
            let (partition, rows, bytes) = (number(0, row), number(3, row), number(4, row));
            files.push(TaskFile { partition, folder, location, rows, bytes, parts });
        }
    }
    Ok(files)
}

/// The place.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(task) = node.downcast_ref::<WriteTaskExec>() else {
        return internal_err!("expected a WriteTaskExec, got {}", node.name());
    };
    task.place.encode(message)
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [input] = wire::inputs("WriteTaskExec", inputs)?;
    let place = TaskPlace::decode(message)?;
    Ok::<_, DataFusionError>(Arc::new(WriteTaskExec::new(input, place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_files_is_read_as_it_was_written() {
        let plain = TaskFile {
            partition: 3,
            folder: "a=1/b=x%2Fy".to_owned(),
            location: "tmp/.t.swath-1/tasks/00003-1.csv".to_owned(),
            rows: 7,
            bytes: 99,
            parts: None,
        };
        let pending = PendingParts { upload: "u/1".to_owned(), parts: vec!["\"a\"".to_owned(), "b\n".to_owned()] };
        let stored = TaskFile { parts: Some(pending), folder: String::new(), ..plain.clone() };
        let files = vec![plain, stored];
        assert_eq!(task_files(&[to_batch(&files).unwrap()]).unwrap(), files);
        assert_eq!(task_files(&[to_batch(&[]).unwrap()]).unwrap(), []);
    }
}
