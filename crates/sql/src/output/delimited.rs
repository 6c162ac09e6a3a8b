//! CSV (RFC 4180) and TSV. Null is nothing, the empty string is `""`, so that they stay apart.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::Cells;
use super::{ResultWriter, Summary};
use crate::error::Result;

pub(super) struct DelimitedWriter<'a> {
    out: &'a mut (dyn Write + Send),
    names: Vec<String>,
    delimiter: char,
    header_due: bool,
    rows: usize,
    text: String,
    value: String,
}

impl<'a> DelimitedWriter<'a> {
    pub(super) fn csv(schema: &SchemaRef, out: &'a mut (dyn Write + Send)) -> Self {
        Self::new(schema, out, ',')
    }

    pub(super) fn tsv(schema: &SchemaRef, out: &'a mut (dyn Write + Send)) -> Self {
        Self::new(schema, out, '\t')
    }

    fn new(schema: &SchemaRef, out: &'a mut (dyn Write + Send), delimiter: char) -> Self {
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        Self { out, names, delimiter, header_due: true, rows: 0, text: String::new(), value: String::new() }
    }

    fn header(&mut self) -> Result<()> {
        if std::mem::take(&mut self.header_due) {
            let mut line = String::new();
            for (index, name) in self.names.iter().enumerate() {
                if index > 0 {
                    line.push(self.delimiter);
                }
                push_quoted(&mut line, name, self.delimiter);
            }
            line.push('\n');
            self.out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

impl ResultWriter for DelimitedWriter<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.header()?;
        let cells = Cells::of(batch)?;
        self.text.clear();
        for row in 0..batch.num_rows() {
            for column in 0..batch.num_columns() {
                if column > 0 {
                    self.text.push(self.delimiter);
                }
                if !cells.is_null(column, row) {
                    self.value.clear();
                    cells.write(column, row, &mut self.value)?;
                    push_quoted(&mut self.text, &self.value, self.delimiter);
                }
            }
            self.text.push('\n');
        }
        self.rows += batch.num_rows();
        self.out.write_all(self.text.as_bytes())?;
        Ok(())
    }

    fn finish(&mut self) -> Result<Summary> {
        self.header()?;
        let columns = self.names.len();
        Ok(Summary { rows: self.rows, shown_rows: self.rows, columns, shown_columns: columns, cut: false })
    }
}

fn push_quoted(line: &mut String, value: &str, delimiter: char) {
    if !value.is_empty() && !value.contains([delimiter, '"', '\n', '\r']) {
        line.push_str(value);
        return;
    }
    line.push('"');
    for c in value.chars() {
        if c == '"' {
            line.push('"');
        }
        line.push(c);
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, written};
    use super::super::{Format, Look};

    #[test]
    fn quotes_what_must_be_quoted() {
        let (text, summary) = written(Format::Csv, &[sample()], Look::default());
        assert_eq!(
            text,
            "id,name,note,share\n1,\"a,\"\"b\"\"\",\"two\nlines\",0.5\n,\"\",日本,-1.25\n300,,x|y\tz,NaN\n"
        );
        assert_eq!(summary.rows, 3);
    }

    #[test]
    fn tabs_part_and_are_quoted() {
        let (text, _) = written(Format::Tsv, &[sample()], Look::default());
        assert!(text.starts_with("id\tname\tnote\tshare\n1\t\"a,\"\"b\"\"\"\t"), "{text}");
        assert!(text.ends_with("300\t\t\"x|y\tz\"\tNaN\n"), "{text}");
    }

    #[test]
    fn no_rows_still_have_a_header() {
        assert_eq!(written(Format::Csv, &[sample().slice(0, 0)], Look::default()).0, "id,name,note,share\n");
    }
}
