//! An array as columns of a frame.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::common::runtime::SpawnedTask;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::{StreamExt, stream};
use swath_nd::{Array, NdArray, SliceSpec, s};

use super::elements::{column, data_type_of};
use crate::error::{Error, Result};
use crate::frame::DataFrame;
use crate::session::Session;

impl Session {
    /// The rows of an array of one or two axes as a frame: its columns are the frame's, named by `names`. Blocks are computed when their rows
    /// are read, as many at a time as the session has threads. NaT is a missing value.
    ///
    /// On a connected session the array is computed now, in this process, and its rows are sent along with queries.
    ///
    /// # Errors
    /// If the array has no or more than two axes, the names are not as many as its columns, or no column holds its dtype (complex
    /// numbers: take the real and the imaginary part).
    ///
    /// ```
    /// # use swath_collections::Session;
    /// let session = Session::embedded().build()?;
    /// let x = session.arrays().arange(0, 6, 1).reshape([3, 2]);
    /// let frame = session.from_array(&x, &["a", "b"])?;
    /// assert_eq!(frame.count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_array(&self, array: &Array, names: &[&str]) -> Result<DataFrame> {
        let shape = array.shape()?;
        let columns = match shape.as_slice() {
            [_] => 1,
            [_, columns] => *columns,
            other => {
                let message = format!(
                    "expected an array of one or two axes, got shape {other:?}; reshape it to (rows, columns) first"
                );
                return Err(Error::invalid("from_array", message));
            }
        };
        if names.len() != columns {
            let message = format!("expected a name for each of {columns} columns, got {}", names.len());
            return Err(Error::invalid("from_array", message));
        }
        let dtype = array.dtype()?;
        let data_type = data_type_of(dtype).ok_or_else(|| {
            let message =
                format!("no column holds {dtype}: cast the array with astype, or take its real and imaginary parts");
            Error::invalid("from_array", message)
        })?;
        let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, data_type.clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let mut start = 0;
        let mut partitions: Vec<Arc<dyn PartitionStream>> = vec![];
        for length in array.chunks()?[0].iter().copied() {
            let (array, schema) = (array.clone(), Arc::clone(&schema));
            partitions.push(Arc::new(RowsOfArray { array, rows: start..start + length, schema }));
            start += length;
        }
        #[cfg(feature = "cluster")]
        if self.cluster().is_some() {
            // In pieces, since the pieces are what tasks share among each other.
            let whole = batch(&array.compute()?, &schema)?;
            let rows = self.context().state().config().batch_size().max(1);
            let starts = (0..whole.num_rows().max(1)).step_by(rows);
            return self.from_arrow(starts.map(|at| whole.slice(at, rows.min(whole.num_rows() - at))));
        }
        if partitions.is_empty() {
            return self.from_arrow([RecordBatch::new_empty(schema)]);
        }
        self.read_table(Arc::new(StreamingTable::try_new(schema, partitions)?))
    }
}

/// Some rows of an array.
#[derive(Debug)]
struct RowsOfArray {
    array: Array,
    rows: Range<usize>,
    schema: SchemaRef,
}

impl PartitionStream for RowsOfArray {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (array, rows, schema) = (self.array.clone(), self.rows.clone(), Arc::clone(&self.schema));
        let batch_rows = context.session_config().batch_size();
        let computed = async move {
            let work = move || {
                let part = array.slice(s![rows.start as isize..rows.end as isize]).compute();
                let part = part.map_err(|error| DataFusionError::External(Box::new(error)))?;
                batch(&part, &schema)
            };
            SpawnedTask::spawn_blocking(work)
                .join()
                .await
                .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
        };
        let batches = stream::once(computed).flat_map(move |whole| {
            let parts: Vec<Result<RecordBatch, DataFusionError>> = match whole {
                Ok(whole) => {
                    let starts = (0..whole.num_rows()).step_by(batch_rows.max(1));
                    starts.map(|at| Ok(whole.slice(at, batch_rows.min(whole.num_rows() - at)))).collect()
                }
                Err(error) => vec![Err(error)],
            };
            stream::iter(parts)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

fn batch(array: &NdArray, schema: &SchemaRef) -> Result<RecordBatch, DataFusionError> {
    let failed = |error: swath_nd::kernels::KernelError| DataFusionError::External(Box::new(error));
    let columns = (0..schema.fields().len()).map(|position| {
        let part = match array.ndim() {
            1 => array.clone(),
            _ => array.slice(&[SliceSpec::ALL, SliceSpec::Index(position as isize)]).map_err(failed)?,
        };
        Ok(column(&part)?)
    });
    let columns = columns.collect::<Result<Vec<_>, DataFusionError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(array.shape()[0]));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}
