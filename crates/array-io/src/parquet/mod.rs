//! A column of a Parquet file as an array: one row is one element, or one tensor.
//!
//! A column of numbers, truth values or dates has the shape `(rows,)`; a column of `FixedSizeList`s (also nested) or of the extension
//! type `arrow.fixed_shape_tensor` has the shape `(rows, *shape)`. A box decodes the row groups that it meets, of the one column, and
//! in them only the pages that hold its rows.

use std::any::Any;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatchReader;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use swath_arrays::{ArraySource, AxisChunks, ChunkGrid};
use swath_kernels::{DType, NdArray, SliceSpec};

use crate::allocate;
use crate::error::{IoError, Result};
use crate::file::OpenFile;
use crate::raw::check_region;
use crate::runs::ReadAt;
use crate::tensor::Tensor;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 8192;

/// A column of a Parquet file as an array.
#[derive(Debug)]
pub struct ParquetSource {
    file: Arc<OpenFile>,
    metadata: ArrowReaderMetadata,
    /// The column's number among the top-level ones.
    column: usize,
    place: String,
    id: String,
    tensor: Tensor,
    shape: Vec<usize>,
    grid: ChunkGrid,
}

impl ParquetSource {
    /// Opens a column of a local file. Reads the footer.
    ///
    /// # Errors
    /// No Parquet file, no such column, or one whose type is no array of numbers, truth values or dates.
    pub fn open(path: impl AsRef<Path>, column: &str) -> Result<Self> {
        let file = Arc::new(OpenFile::open(path.as_ref())?);
        let place = format!("{} column '{column}'", file.name());
        let broken = |error: ParquetError| IoError::format(file.name(), error.to_string());
        let metadata =
            ArrowReaderMetadata::load(&Input(Arc::clone(&file)), ArrowReaderOptions::new()).map_err(broken)?;
        let Some((number, field)) = metadata.schema().column_with_name(column) else {
            let names: Vec<&str> = metadata.schema().fields().iter().map(|field| field.name().as_str()).collect();
            return Err(IoError::not_found(
                file.name(),
                format!("no column '{column}'; there are: {}", names.join(", ")),
            ));
        };
        let tensor = Tensor::of(field).map_err(|problem| IoError::unsupported(&place, problem))?;
        let rows: Option<Vec<usize>> =
            metadata.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()).ok()).collect();
        let rows = rows.filter(|rows| rows.iter().try_fold(0usize, |sum, rows| sum.checked_add(*rows)).is_some());
        let rows =
            rows.ok_or_else(|| IoError::format(file.name(), "its row groups have impossible numbers of rows"))?;
        let groups = AxisChunks::from_lengths(&rows);
        let mut shape = vec![groups.length()];
        shape.extend(tensor.shape());
        allocate::bytes_of(&place, tensor.dtype, &shape)?;
        let axes = shape[1..].iter().map(|length| AxisChunks::whole(*length));
        let grid = ChunkGrid::new(std::iter::once(groups).chain(axes));
        let id = format!("parquet:{}:{column}", file.id());
        Ok(Self { column: number, metadata, place, id, tensor, shape, grid, file })
    }

    /// The elements of a box.
    ///
    /// # Errors
    /// Rows that cannot be read or decoded, and nulls, which arrays do not have.
    pub fn read_box(&self, region: &[Range<usize>]) -> Result<NdArray> {
        check_region(&self.place, &self.shape, region)?;
        let broken = |error: ParquetError| IoError::format(&self.place, error.to_string());
        let kernel = |error| IoError::kernel(&self.place, error);
        let rows = region[0].clone();
        let mut shape = vec![rows.len()];
        shape.extend(&self.tensor.stored);
        let expected = allocate::check(&self.place, self.tensor.dtype, &shape)?;
        let mut bytes = Vec::new();
        if expected > 0 {
            let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [self.column]);
            let (groups, selection) = self.selected(&rows);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
                Input(Arc::clone(&self.file)),
                self.metadata.clone(),
            )
            .with_projection(mask)
            .with_row_groups(groups)
            .with_row_selection(selection)
            .with_batch_size(BATCH_ROWS.min(rows.len()))
            .build()
            .map_err(broken)?;
            debug_assert_eq!(reader.schema().fields().len(), 1);
            for batch in reader {
                let batch = batch.map_err(|error| IoError::format(&self.place, error.to_string()))?;
                let column = batch.column(0);
                self.tensor.append(column, &mut bytes).map_err(|problem| IoError::unsupported(&self.place, problem))?;
            }
        }
        if bytes.len() != expected {
            let problem = format!("rows {rows:?} hold {} bytes where {expected} are expected", bytes.len());
            return Err(IoError::format(&self.place, problem));
        }
        let array = NdArray::from_buffer(self.tensor.dtype, &shape, bytes.into()).map_err(kernel)?;
        let array = array.transpose(&self.tensor.order()).map_err(kernel)?;
        let rest = region[1..].iter().cloned();
        let parts: Vec<SliceSpec> = std::iter::once(0..rows.len()).chain(rest).map(Into::into).collect();
        array.slice(&parts).map_err(kernel)
    }

    /// The row groups that hold rows, and which of their rows those are.
    fn selected(&self, rows: &Range<usize>) -> (Vec<usize>, RowSelection) {
        let mut groups = Vec::new();
        let mut selectors = Vec::new();
        for piece in self.grid.axis(0).overlapping(rows.clone()) {
            let size = self.grid.axis(0).size(piece.block);
            groups.push(piece.block);
            selectors.push(RowSelector::skip(piece.within.start));
            selectors.push(RowSelector::select(piece.within.len()));
            selectors.push(RowSelector::skip(size - piece.within.end));
        }
        (groups, selectors.into())
    }
}

impl ArraySource for ParquetSource {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        format!("parquet {}", self.place)
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.tensor.dtype
    }

    fn preferred_grid(&self) -> ChunkGrid {
        self.grid.clone()
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        Ok(self.read_box(region)?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A file as Parquet's reader wants it.
struct Input(Arc<OpenFile>);

impl Length for Input {
    fn len(&self) -> u64 {
        self.0.bytes()
    }
}

impl Input {
    fn check(&self, start: u64, length: u64) -> parquet::errors::Result<()> {
        if start.checked_add(length).is_some_and(|end| end <= self.0.bytes()) {
            return Ok(());
        }
        Err(ParquetError::EOF(format!("{length} bytes at {start} are wanted, but the file has {}", self.0.bytes())))
    }
}

impl ChunkReader for Input {
    type T = std::io::BufReader<FileRest>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        self.check(start, 0)?;
        Ok(std::io::BufReader::new(FileRest { file: Arc::clone(&self.0), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.check(start, length as u64)?;
        let mut bytes = vec![0; length];
        self.0.read_at(start, &mut bytes).map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(bytes.into())
    }
}

/// The bytes of a file from a position on.
pub(crate) struct FileRest {
    file: Arc<OpenFile>,
    at: u64,
}

impl Read for FileRest {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = into.len().min(usize::try_from(self.file.bytes().saturating_sub(self.at)).unwrap_or(usize::MAX));
        self.file.read_at(self.at, &mut into[..count]).map_err(std::io::Error::other)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
