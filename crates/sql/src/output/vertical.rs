//! One line a value: for rows that are too wide for a table.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use nu_ansi_term::Style;
use unicode_width::UnicodeWidthStr;

use super::cell::{Cells, escaped};
use super::{Look, ResultWriter, Summary};
use crate::error::Result;

pub(super) struct VerticalWriter<'a> {
    out: &'a mut (dyn Write + Send),
    names: Vec<String>,
    name_width: usize,
    look: Look,
    rows: usize,
}

impl<'a> VerticalWriter<'a> {
    pub(super) fn new(schema: &SchemaRef, out: &'a mut (dyn Write + Send), look: Look) -> Self {
        let names: Vec<String> = schema.fields().iter().map(|field| escaped(field.name())).collect();
        let name_width = names.iter().map(|name| name.width()).max().unwrap_or(0);
        Self { out, names, name_width, look, rows: 0 }
    }
}

impl ResultWriter for VerticalWriter<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let cells = Cells::of(batch)?;
        let left = self.look.max_rows.map_or(usize::MAX, |max| max.saturating_sub(self.rows));
        let (bold, dim) =
            if self.look.color { (Style::new().bold(), Style::new().dimmed()) } else { Default::default() };
        for row in 0..batch.num_rows().min(left) {
            let title = format!("── row {} ", self.rows + row + 1);
            let rule = "─".repeat((self.name_width + 12).saturating_sub(title.width()));
            writeln!(self.out, "{}", dim.paint(title + &rule))?;
            for (column, name) in self.names.iter().enumerate() {
                let gap = " ".repeat(self.name_width - name.width());
                match cells.shown(column, row)? {
                    Some(text) => writeln!(self.out, "{gap}{} │ {text}", bold.paint(name))?,
                    None => writeln!(self.out, "{gap}{} │ {}", bold.paint(name), dim.paint("NULL"))?,
                }
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn finish(&mut self) -> Result<Summary> {
        let shown_rows = self.look.max_rows.map_or(self.rows, |max| max.min(self.rows));
        let columns = self.names.len();
        Ok(Summary { rows: self.rows, shown_rows, columns, shown_columns: columns, cut: false })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, written};
    use super::super::{Format, Look};

    #[test]
    fn names_stand_right_and_rows_are_counted_on() {
        let look = Look { max_rows: Some(4), ..Default::default() };
        let (text, summary) = written(Format::Vertical, &[sample().slice(0, 1), sample(), sample()], look);
        assert!(
            text.starts_with(
                "── row 1 ────────\n   id │ 1\n name │ a,\"b\"\n note │ two\\nlines\nshare │ 0.5\n── row 2"
            )
        );
        assert!(
            text.ends_with("── row 4 ────────\n   id │ 300\n name │ NULL\n note │ x|y\\tz\nshare │ NaN\n"),
            "{text}"
        );
        assert_eq!((summary.rows, summary.shown_rows), (7, 4));
    }
}
