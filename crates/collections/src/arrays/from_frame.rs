//! Columns of a frame as an array.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::buffer::MutableBuffer;
use arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::TryStreamExt;
use swath_array_io::tensor::Tensor;
use swath_arrays::{ArrayError, ArrayExpr, ArraySource, AxisChunks, ChunkGrid, ChunkSpec};
use swath_nd::kernels::promote;
use swath_nd::{Array, DType, NdArray, SliceSpec};

use super::elements::{dtype_of, write_column};
use crate::error::{Error, Result};
use crate::expr::col;
use crate::frame::DataFrame;

/// Bytes of a block of an array that is made from a table.
const BLOCK_BYTES: usize = 32 << 20;

impl DataFrame {
    /// The columns as an array of shape `(rows, columns)`, in the dtype that they have in common: `CAST` to another first where that is not
    /// what you want. Decimals become `float64`, dates `datetime64[D]`, times with a zone the moments that they mean.
    ///
    /// One column of tensors (fixed-size lists, also nested, or `arrow.fixed_shape_tensor`) gives an array of shape `(rows, *shape)`.
    ///
    /// The frame runs now and its rows are held as [`persist`](Self::persist) holds them, as long as the array lives, since its blocks follow
    /// from how many rows there are. The elements are made block by block when the array runs.
    ///
    /// A missing value is NaN or NaT.
    ///
    /// # Errors
    /// If a column is not there or its type is none of numbers, booleans, dates and times; if types have no dtype in common; whatever
    /// running the frame can fail with. When the array runs: a missing value among integers or booleans.
    ///
    /// ```
    /// # use swath_collections::Session;
    /// let session = Session::embedded().build()?;
    /// let frame = session.sql("SELECT value AS a, value * 0.5::DOUBLE AS b FROM range(4)")?;
    /// let array = frame.to_array(&["a", "b"])?;
    /// assert_eq!(array.sum(0).to_vec::<f64>()?, [6.0, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_array(&self, columns: &[&str]) -> Result<Array> {
        if columns.is_empty() {
            return Err(Error::invalid("to_array", "expected at least one column, got none"));
        }
        let chosen = self.clone().select(columns.iter().map(|name| col(*name)));
        let schema = chosen.schema()?;
        if let [field] = schema.fields().as_ref()
            && matches!(field.data_type(), DataType::FixedSizeList(..))
        {
            let tensor = Tensor::of(field)
                .map_err(|problem| Error::invalid("to_array", format!("column '{}': {problem}", field.name())))?;
            return from_rows(&chosen, Cells::Tensor(tensor));
        }
        let mut dtype: Option<DType> = None;
        for field in schema.fields() {
            let own = dtype_of(field.data_type()).ok_or_else(|| {
                let message = format!(
                    "column '{}' is {}, of which there are no arrays; expected numbers, booleans, dates or times: \
                     cast it, or leave it out",
                    field.name(),
                    field.data_type()
                );
                Error::invalid("to_array", message)
            })?;
            dtype = Some(match dtype {
                None => own,
                Some(before) => promote(before, own).map_err(|error| {
                    Error::invalid("to_array", format!("column '{}': {error}; cast the columns", field.name()))
                })?,
            });
        }
        from_rows(&chosen, Cells::Values { dtype: dtype.unwrap_or(DType::F64), columns: columns.len() })
    }
}

/// What a row holds.
enum Cells {
    /// A value in each column.
    Values { dtype: DType, columns: usize },
    /// One array.
    Tensor(Tensor),
}

impl Cells {
    fn dtype(&self) -> DType {
        match self {
            Self::Values { dtype, .. } => *dtype,
            Self::Tensor(tensor) => tensor.dtype,
        }
    }

    /// The shape of a row.
    fn shape(&self) -> Vec<usize> {
        match self {
            Self::Values { columns, .. } => vec![*columns],
            Self::Tensor(tensor) => tensor.shape(),
        }
    }
}

/// The rows of a frame as an array.
fn from_rows(frame: &DataFrame, cells: Cells) -> Result<Array> {
    let session = frame.session().clone();
    let held = frame.persist()?;
    let plan = held.physical_plan()?;
    let counts = session.engine().block_on(count_rows(Arc::clone(&plan), session.context().task_ctx()))?;
    let mut starts = vec![0];
    for count in &counts {
        starts.push(starts.last().copied().unwrap_or_default() + count);
    }
    let dtype = cells.dtype();
    let row_shape = cells.shape();
    let row_bytes = row_shape.iter().product::<usize>() * dtype.item_size();
    let most = (BLOCK_BYTES / row_bytes.max(1)).max(1);
    let blocks = counts.iter().flat_map(|count| {
        let parts = count.div_ceil(most).max(1);
        (0..parts).map(move |part| count * (part + 1) / parts - count * part / parts)
    });
    let blocks: Vec<usize> = blocks.filter(|length| *length > 0).collect();
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let rows = if blocks.is_empty() { AxisChunks::whole(0) } else { AxisChunks::from_lengths(&blocks) };
    let shape: Vec<usize> = std::iter::once(starts.last().copied().unwrap_or_default()).chain(row_shape).collect();
    let grid = ChunkGrid::new(std::iter::once(rows).chain(shape[1..].iter().map(|length| AxisChunks::whole(*length))));
    let id = format!("table:{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let source = FrameSource { id, held, plan, starts, shape, cells, grid };
    let read = ArrayExpr::read(Arc::new(source), &ChunkSpec::Auto).map_err(swath_nd::Error::from)?;
    Ok(Array::from_expression(&session.arrays(), read))
}

async fn count_rows(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<datafusion::execution::TaskContext>,
) -> Result<Vec<usize>, DataFusionError> {
    let mut counts = vec![];
    for partition in 0..plan.output_partitioning().partition_count() {
        let rows = plan.execute(partition, Arc::clone(&context))?;
        counts.push(rows.try_fold(0, |sum, batch| futures::future::ready(Ok(sum + batch.num_rows()))).await?);
    }
    Ok(counts)
}

/// Rows that the session holds.
struct FrameSource {
    id: String,
    /// Its rows are freed with it.
    held: DataFrame,
    plan: Arc<dyn ExecutionPlan>,
    /// The first row of each partition, and the number of rows.
    starts: Vec<usize>,
    shape: Vec<usize>,
    cells: Cells,
    grid: ChunkGrid,
}

impl FrameSource {
    /// Some rows of one partition, counted from its first.
    fn batches(&self, partition: usize, rows: Range<usize>) -> Result<Vec<RecordBatch>, DataFusionError> {
        let session = self.held.session();
        let (plan, context) = (Arc::clone(&self.plan), session.context().task_ctx());
        session.engine().block_on(async move {
            let mut batches = plan.execute(partition, context)?;
            let (mut found, mut at) = (vec![], 0);
            while let Some(batch) = batches.try_next().await? {
                let (from, to) = (rows.start.max(at), rows.end.min(at + batch.num_rows()));
                if from < to {
                    found.push(batch.slice(from - at, to - from));
                }
                at += batch.num_rows();
                if at >= rows.end {
                    break;
                }
            }
            Ok(found)
        })
    }

    /// Some rows.
    fn rows(&self, rows: &Range<usize>) -> Result<Vec<RecordBatch>, DataFusionError> {
        let mut found = vec![];
        for (partition, bounds) in self.starts.windows(2).enumerate() {
            let (from, to) = (rows.start.max(bounds[0]), rows.end.min(bounds[1]));
            if from < to {
                found.extend(self.batches(partition, from - bounds[0]..to - bounds[0])?);
            }
        }
        Ok(found)
    }

    fn read_values(&self, rows: &Range<usize>, columns: &Range<usize>, dtype: DType) -> Result<NdArray> {
        let (width, size) = (columns.len(), dtype.item_size());
        let mut out = MutableBuffer::from_len_zeroed(rows.len() * width * size);
        let mut row = 0;
        for batch in self.rows(rows)? {
            for (position, column) in columns.clone().enumerate() {
                let out = &mut out.as_slice_mut()[(row * width + position) * size..];
                write_column(batch.column(column), dtype, out, width).map_err(|error| unfit(&batch, column, &error))?;
            }
            row += batch.num_rows();
        }
        Ok(NdArray::from_buffer(dtype, &[rows.len(), width], out.into()).map_err(swath_nd::Error::from)?)
    }

    fn read_tensors(&self, region: &[Range<usize>], tensor: &Tensor) -> Result<NdArray> {
        let rows = &region[0];
        let shape: Vec<usize> = std::iter::once(rows.len()).chain(tensor.stored.iter().copied()).collect();
        let mut bytes = Vec::with_capacity(shape.iter().product::<usize>() * tensor.dtype.item_size());
        for batch in self.rows(rows)? {
            tensor.append(batch.column(0), &mut bytes).map_err(|error| unfit(&batch, 0, &error))?;
        }
        let cut = region.iter().enumerate().map(|(axis, range)| match axis {
            0 => SliceSpec::ALL,
            _ => SliceSpec::from(range.clone()),
        });
        let whole = NdArray::from_buffer(tensor.dtype, &shape, bytes.into());
        let array = whole.and_then(|whole| whole.transpose(&tensor.order()));
        Ok(array.and_then(|array| array.slice(&cut.collect::<Vec<_>>())).map_err(swath_nd::Error::from)?)
    }
}

/// The error for a column with values that are no elements.
fn unfit(batch: &RecordBatch, column: usize, error: &dyn std::fmt::Display) -> DataFusionError {
    let name = batch.schema_ref().field(column).name().clone();
    DataFusionError::Execution(format!("column '{name}': {error}; fill_null or cast it before to_array"))
}

impl ArraySource for FrameSource {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        "table".to_owned()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.cells.dtype()
    }

    fn preferred_grid(&self) -> ChunkGrid {
        self.grid.clone()
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        let read = match &self.cells {
            Cells::Values { dtype, .. } => self.read_values(&region[0], &region[1], *dtype),
            Cells::Tensor(tensor) => self.read_tensors(region, tensor),
        };
        read.map_err(|error| ArrayError::Invalid(error.to_string()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
