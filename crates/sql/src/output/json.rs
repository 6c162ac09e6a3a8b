//! One JSON object a line, every column in each: null is `null`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::json::WriterBuilder;
use arrow::json::writer::{LineDelimited, Writer};

use super::{ResultWriter, Summary};
use crate::error::Result;

pub(super) struct JsonWriter<'a> {
    inner: Writer<&'a mut (dyn Write + Send), LineDelimited>,
    columns: usize,
    rows: usize,
}

impl<'a> JsonWriter<'a> {
    pub(super) fn new(schema: &SchemaRef, out: &'a mut (dyn Write + Send)) -> Self {
        let inner = WriterBuilder::new().with_explicit_nulls(true).build(out);
        Self { inner, columns: schema.fields().len(), rows: 0 }
    }
}

impl ResultWriter for JsonWriter<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        Ok(self.inner.write(batch)?)
    }

    fn finish(&mut self) -> Result<Summary> {
        self.inner.finish()?;
        let (rows, columns) = (self.rows, self.columns);
        Ok(Summary { rows, shown_rows: rows, columns, shown_columns: columns, cut: false })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, written};
    use super::super::{Format, Look};

    #[test]
    fn every_line_is_an_object_with_all_columns() {
        let (text, _) = written(Format::Json, &[sample()], Look::default());
        assert_eq!(
            text,
            "{\"id\":1,\"name\":\"a,\\\"b\\\"\",\"note\":\"two\\nlines\",\"share\":0.5}\n\
             {\"id\":null,\"name\":\"\",\"note\":\"日本\",\"share\":-1.25}\n\
             {\"id\":300,\"name\":null,\"note\":\"x|y\\tz\",\"share\":null}\n"
        );
    }
}
