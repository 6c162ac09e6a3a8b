//! What one task does: the batches of one plan partition into its files.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::TryStreamExt;

use super::encoder::Encoder;
use super::spec::WriteSpec;
use super::upload::{Upload, Uploaded};
use crate::files::hive;

/// Begins files that nobody sees yet.
pub trait FilePlace: Send + Sync {
    /// What is written, with the compression settled.
    fn spec(&self) -> &WriteSpec;

    /// Begins the file of `partition` in `folder` (`key=value/…`, or empty).
    ///
    /// # Errors
    /// If the place cannot be named, or is gone.
    fn start_file(&self, partition: usize, folder: &str) -> Result<Upload>;
}

/// What a task wrote.
#[derive(Default)]
pub struct Written {
    /// The files, not yet visible.
    pub files: Vec<Uploaded>,
    /// Rows in them.
    pub rows: u64,
}

/// Writes the rows of one plan partition. With partition columns its rows come sorted by them, so one file is open at
/// a time.
pub struct PartitionWriter {
    destination: Arc<dyn FilePlace>,
    partition: usize,
    pool: Arc<dyn MemoryPool>,
    /// The columns that stay in the files.
    file_columns: Vec<usize>,
    file_schema: SchemaRef,
    /// The columns whose values become folders.
    key_columns: Vec<usize>,
    keys: Option<RowConverter>,
    open: Option<OpenFile>,
    written: Written,
}

struct OpenFile {
    folder: String,
    encoder: Encoder,
    upload: Upload,
    rows: u64,
}

impl PartitionWriter {
    /// A writer for rows of `schema`.
    ///
    /// # Errors
    /// If a partition column is not there, or no column would be left.
    pub fn new(
        destination: Arc<dyn FilePlace>,
        partition: usize,
        schema: &SchemaRef,
        pool: Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        let spec = destination.spec();
        let key_columns: Vec<usize> =
            spec.partition_by.iter().map(|name| schema.index_of(name)).collect::<Result<_, _>>()?;
        let keep = |column: &usize| spec.keep_partition_columns || !key_columns.contains(column);
        let file_columns: Vec<usize> = (0..schema.fields().len()).filter(keep).collect();
        let file_schema = Arc::new(schema.project(&file_columns)?);
        let fields = key_columns.iter().map(|&column| SortField::new(schema.field(column).data_type().clone()));
        let keys = match key_columns.is_empty() {
            true => None,
            false => Some(RowConverter::new(fields.collect())?),
        };
        let written = Written::default();
        Ok(Self { destination, partition, pool, file_columns, file_schema, key_columns, keys, open: None, written })
    }

    /// Writes everything that `batches` gives.
    pub async fn write_all(mut self, mut batches: SendableRecordBatchStream) -> Result<Written> {
        let result = self.drain(&mut batches).await;
        match result {
            Ok(()) => Ok(self.written),
            Err(error) => {
                // The open file gives itself up when it is dropped.
                for file in &mut self.written.files {
                    file.give_up().await;
                }
                Err(error)
            }
        }
    }

    /// Writes one file without rows, so that a result without rows still has its columns.
    pub async fn write_empty(mut self) -> Result<Written> {
        // In the folder of the null key: files of one table lie at one depth.
        let folders = self.key_columns.iter().zip(&self.destination.spec().partition_by);
        let folder = folders.map(|(_, key)| hive::folder_of(key, None)).collect::<Vec<_>>().join("/");
        self.open(folder)?;
        self.close().await?;
        Ok(self.written)
    }

    async fn drain(&mut self, batches: &mut SendableRecordBatchStream) -> Result<()> {
        while let Some(batch) = batches.try_next().await? {
            if batch.num_rows() == 0 {
                continue;
            }
            if self.keys.is_none() {
                self.append(String::new(), &batch).await?;
                continue;
            }
            for (start, length) in self.runs(&batch)? {
                let rows = batch.slice(start, length);
                let folder = self.folder_of(&rows)?;
                self.append(folder, &rows).await?;
            }
        }
        self.close().await
    }

    /// The runs of rows with equal keys, as (start, length).
    fn runs(&mut self, batch: &RecordBatch) -> Result<Vec<(usize, usize)>> {
        let Some(converter) = &self.keys else { return Ok(vec![(0, batch.num_rows())]) };
        let columns: Vec<ArrayRef> = self.key_columns.iter().map(|&column| Arc::clone(batch.column(column))).collect();
        let rows = converter.convert_columns(&columns)?;
        let mut runs = vec![];
        let mut start = 0;
        for row in 1..=batch.num_rows() {
            if row == batch.num_rows() || rows.row(row) != rows.row(start) {
                runs.push((start, row - start));
                start = row;
            }
        }
        Ok(runs)
    }

    /// The folder of the first row's keys.
    fn folder_of(&self, rows: &RecordBatch) -> Result<String> {
        let folder = |(&column, key): (&usize, &String)| {
            let values = rows.column(column);
            if values.is_null(0) || *values.data_type() == DataType::Null {
                return Ok(hive::folder_of(key, None));
            }
            let first = values.slice(0, 1);
            // Dictionaries and views show what they stand for.
            let plain = match first.data_type() {
                DataType::Dictionary(_, value) => cast(&first, value)?,
                _ => first,
            };
            let formatter = ArrayFormatter::try_new(&plain, &FormatOptions::default().with_display_error(false))?;
            let text = formatter.value(0).try_to_string()?;
            Ok::<_, DataFusionError>(hive::folder_of(key, Some(&text)))
        };
        let folders: Vec<String> =
            self.key_columns.iter().zip(&self.destination.spec().partition_by).map(folder).collect::<Result<_>>()?;
        Ok(folders.join("/"))
    }

    async fn append(&mut self, folder: String, rows: &RecordBatch) -> Result<()> {
        if self.open.as_ref().is_none_or(|open| open.folder != folder) {
            self.close().await?;
            self.open(folder)?;
        }
        let rows = rows.project(&self.file_columns)?.with_schema(Arc::clone(&self.file_schema))?;
        if let Some(open) = &mut self.open {
            let bytes = open.encoder.encode(&rows)?;
            open.upload.write(bytes).await?;
            open.rows += rows.num_rows() as u64;
            self.written.rows += rows.num_rows() as u64;
        }
        Ok(())
    }

    fn open(&mut self, folder: String) -> Result<()> {
        let memory = MemoryConsumer::new("FileWriter").register(&self.pool);
        let encoder = Encoder::new(&self.destination.spec().format, &self.file_schema, memory)?;
        let upload = self.destination.start_file(self.partition, &folder)?;
        self.open = Some(OpenFile { folder, encoder, upload, rows: 0 });
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        if let Some(OpenFile { folder, encoder, mut upload, rows }) = self.open.take() {
            upload.write(encoder.finish()?).await?;
            let mut uploaded = upload.finish().await?;
            (uploaded.folder, uploaded.rows) = (folder, rows);
            self.written.files.push(uploaded);
        }
        Ok(())
    }
}
