//! Parquet and Arrow IPC.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::MetadataVersion;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::{ResultWriter, Summary};
use crate::error::{Failure, Result};

type Out<'a> = &'a mut (dyn Write + Send);

/// Parquet with zstd.
pub(super) struct ParquetWriter<'a> {
    inner: Option<ArrowWriter<Out<'a>>>,
    summary: Summary,
}

impl<'a> ParquetWriter<'a> {
    pub(super) fn new(schema: &SchemaRef, out: Out<'a>) -> Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let inner = Some(ArrowWriter::try_new(out, schema.clone(), Some(properties))?);
        Ok(Self { inner, summary: summary_of(schema) })
    }
}

impl ResultWriter for ParquetWriter<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        count(&mut self.summary, batch);
        self.inner.as_mut().map_or(Err(finished()), |inner| Ok(inner.write(batch)?))
    }

    fn finish(&mut self) -> Result<Summary> {
        self.inner.take().ok_or_else(finished)?.close()?;
        Ok(self.summary)
    }
}

/// Arrow IPC.
pub(super) struct IpcWriter<'a> {
    inner: Ipc<'a>,
    summary: Summary,
}

enum Ipc<'a> {
    /// The file format, which readers can seek in.
    File(FileWriter<Out<'a>>),
    /// The stream format, for pipes.
    Stream(StreamWriter<Out<'a>>),
}

impl<'a> IpcWriter<'a> {
    pub(super) fn file(schema: &SchemaRef, out: Out<'a>) -> Result<Self> {
        // As everywhere else: DataFusion 55 finds the schema of a file on a store only behind a header of 8 bytes.
        let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?;
        let writer = FileWriter::try_new_with_options(out, schema, options)?;
        Ok(Self { inner: Ipc::File(writer), summary: summary_of(schema) })
    }

    pub(super) fn stream(schema: &SchemaRef, out: Out<'a>) -> Result<Self> {
        Ok(Self { inner: Ipc::Stream(StreamWriter::try_new(out, schema)?), summary: summary_of(schema) })
    }
}

impl ResultWriter for IpcWriter<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        count(&mut self.summary, batch);
        match &mut self.inner {
            Ipc::File(writer) => writer.write(batch)?,
            Ipc::Stream(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Summary> {
        match &mut self.inner {
            Ipc::File(writer) => writer.finish()?,
            Ipc::Stream(writer) => writer.finish()?,
        }
        Ok(self.summary)
    }
}

fn summary_of(schema: &SchemaRef) -> Summary {
    let columns = schema.fields().len();
    Summary { columns, shown_columns: columns, ..Default::default() }
}

fn count(summary: &mut Summary, batch: &RecordBatch) {
    summary.rows += batch.num_rows();
    summary.shown_rows = summary.rows;
}

fn finished() -> Failure {
    Failure::usage("the Parquet file has been finished already")
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::super::{Format, Look, writer};
    use arrow::array::RecordBatch;

    fn bytes(format: Format, to_file: bool) -> Vec<u8> {
        let mut bytes = vec![];
        let mut writer =
            writer(format, &sample().schema(), &mut bytes, Look { to_file, ..Default::default() }).unwrap();
        writer.batch(&sample()).unwrap();
        writer.batch(&sample()).unwrap();
        assert_eq!(writer.finish().unwrap().rows, 6);
        drop(writer);
        bytes
    }

    #[test]
    fn parquet_reads_back() {
        let bytes = bytes(Format::Parquet, true);
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(parquet_bytes(&bytes), 100).unwrap();
        let read: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
        assert_eq!(read[0].num_rows(), 6);
        assert_eq!(read[0].slice(0, 3).column(1), sample().column(1));
    }

    fn parquet_bytes(bytes: &[u8]) -> impl parquet::file::reader::ChunkReader + 'static {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        file
    }

    #[test]
    fn arrow_reads_back() {
        let stream = bytes(Format::Arrow, false);
        let read = arrow::ipc::reader::StreamReader::try_new(stream.as_slice(), None).unwrap();
        assert_eq!(read.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 6);
        let file = bytes(Format::Arrow, true);
        assert_eq!(file[8..12], [0xff; 4], "the first message follows the header, without padding");
        let file = std::io::Cursor::new(file);
        let read = arrow::ipc::reader::FileReader::try_new(file, None).unwrap();
        assert_eq!(read.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 6);
    }
}
