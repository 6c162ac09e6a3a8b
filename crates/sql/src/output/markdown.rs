//! A table for documents, written row by row.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Cells, escaped, is_number};
use super::{ResultWriter, Summary};
use crate::error::Result;

pub(super) struct MarkdownWriter<'a> {
    out: &'a mut (dyn Write + Send),
    schema: SchemaRef,
    header_due: bool,
    rows: usize,
}

impl<'a> MarkdownWriter<'a> {
    pub(super) fn new(schema: &SchemaRef, out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, schema: schema.clone(), header_due: true, rows: 0 }
    }

    fn header(&mut self) -> Result<()> {
        if std::mem::take(&mut self.header_due) {
            for field in self.schema.fields() {
                write!(self.out, "| {} ", guarded(&escaped(field.name())))?;
            }
            writeln!(self.out, "|")?;
            for field in self.schema.fields() {
                write!(self.out, "{}", if is_number(field.data_type()) { "| ---: " } else { "| --- " })?;
            }
            writeln!(self.out, "|")?;
        }
        Ok(())
    }
}

impl ResultWriter for MarkdownWriter<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.header()?;
        let cells = Cells::of(batch)?;
        for row in 0..batch.num_rows() {
            for column in 0..batch.num_columns() {
                match cells.shown(column, row)? {
                    Some(text) => write!(self.out, "| {} ", guarded(&text))?,
                    None => write!(self.out, "| *NULL* ")?,
                }
            }
            writeln!(self.out, "|")?;
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn finish(&mut self) -> Result<Summary> {
        self.header()?;
        let (rows, columns) = (self.rows, self.schema.fields().len());
        Ok(Summary { rows, shown_rows: rows, columns, shown_columns: columns, cut: false })
    }
}

fn guarded(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, written};
    use super::super::{Format, Look};

    #[test]
    fn bars_are_escaped_and_numbers_stand_right() {
        assert_eq!(
            written(Format::Markdown, &[sample()], Look::default()).0,
            "| id | name | note | share |\n| ---: | --- | --- | ---: |\n\
             | 1 | a,\"b\" | two\\nlines | 0.5 |\n| *NULL* |  | 日本 | -1.25 |\n| 300 | *NULL* | x\\|y\\tz | NaN |\n"
        );
    }
}
