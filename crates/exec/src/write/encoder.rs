//! Batches to bytes, format by format.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder as CsvWriterBuilder;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::{FileWriter as IpcWriter, IpcWriteOptions};
use arrow::ipc::{CompressionType, MetadataVersion};
use arrow::json::WriterBuilder as JsonWriterBuilder;
use arrow::json::writer::LineDelimited;
use bytes::Bytes;
use datafusion::common::Result;
use datafusion::common::file_options::csv_writer::CsvWriterOptions;
use datafusion::common::file_options::parquet_writer::ParquetWriterOptions;
use datafusion::execution::memory_pool::MemoryReservation;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::parquet_types::AsStored;
use super::spec::{ArrowCompression, WriteFormat};

/// Turns batches of one schema into the bytes of one file.
pub struct Encoder {
    inner: Inner,
    /// Counts what a Parquet row group holds before it is written.
    memory: MemoryReservation,
}

enum Inner {
    Parquet { writer: Box<ArrowWriter<Vec<u8>>>, as_stored: AsStored },
    Csv { builder: Box<CsvWriterBuilder>, header: bool, schema: SchemaRef },
    Json,
    Arrow(Box<IpcWriter<Vec<u8>>>),
}

impl Encoder {
    /// An encoder for a new file.
    ///
    /// # Errors
    /// If the format cannot hold the schema, or its options do not fit together.
    pub fn new(format: &WriteFormat, schema: &SchemaRef, memory: MemoryReservation) -> Result<Self> {
        let inner = match format {
            WriteFormat::Parquet(options) => {
                let as_stored = AsStored::of(schema);
                let mut options = options.as_ref().clone();
                options.arrow_schema(as_stored.schema());
                let properties = ParquetWriterOptions::try_from(&options)?.writer_options;
                // The schema is among the properties already.
                let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(vec![], Arc::clone(as_stored.schema()), options)?;
                Inner::Parquet { writer: Box::new(writer), as_stored }
            }
            WriteFormat::Csv(options) => {
                let header = options.has_header.unwrap_or(true);
                let builder = Box::new(CsvWriterOptions::try_from(options.as_ref())?.writer_options);
                Inner::Csv { builder, header, schema: Arc::clone(schema) }
            }
            WriteFormat::Json(_) => Inner::Json,
            WriteFormat::Arrow(compression) => {
                let compression = match compression {
                    ArrowCompression::None => None,
                    ArrowCompression::Lz4 => Some(CompressionType::LZ4_FRAME),
                    ArrowCompression::Zstd => Some(CompressionType::ZSTD),
                };
                // DataFusion 55 finds the schema of a file on a store only if the header is padded to 8 bytes, not 64.
                let options =
                    IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?.try_with_compression(compression)?;
                Inner::Arrow(Box::new(IpcWriter::try_new_with_options(vec![], schema, options)?))
            }
        };
        Ok(Self { inner, memory })
    }

    /// The bytes that are ready after `batch`; may be none yet.
    pub fn encode(&mut self, batch: &RecordBatch) -> Result<Bytes> {
        let bytes = match &mut self.inner {
            Inner::Parquet { writer, as_stored } => {
                writer.write(as_stored.batch(batch)?.as_ref())?;
                if self.memory.try_resize(writer.memory_size()).is_err() {
                    // A smaller row group is better than a failed write.
                    writer.flush()?;
                    self.memory.resize(writer.memory_size());
                }
                std::mem::take(writer.inner_mut())
            }
            Inner::Csv { builder, header, .. } => {
                let mut bytes = vec![];
                builder.as_ref().clone().with_header(std::mem::take(header)).build(&mut bytes).write(batch)?;
                bytes
            }
            Inner::Json => {
                let mut bytes = vec![];
                // Every line has every key, so that a column without values is still a column when it is read.
                let mut writer =
                    JsonWriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut bytes);
                writer.write(batch)?;
                writer.finish()?;
                drop(writer);
                bytes
            }
            Inner::Arrow(writer) => {
                writer.write(batch)?;
                std::mem::take(writer.get_mut())
            }
        };
        Ok(Bytes::from(bytes))
    }

    /// The last bytes of the file.
    pub fn finish(self) -> Result<Bytes> {
        Ok(Bytes::from(match self.inner {
            Inner::Parquet { writer, .. } => writer.into_inner()?,
            Inner::Csv { builder, header, schema } => {
                let mut bytes = vec![];
                if header {
                    // No batch came: the names are all there is.
                    let empty = RecordBatch::new_empty(schema);
                    builder.as_ref().clone().with_header(true).build(&mut bytes).write(&empty)?;
                }
                bytes
            }
            Inner::Json => vec![],
            Inner::Arrow(mut writer) => {
                writer.finish()?;
                std::mem::take(writer.get_mut())
            }
        }))
    }
}
