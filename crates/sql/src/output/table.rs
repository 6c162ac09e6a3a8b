//! A table with lines, fitted to the terminal.
//!
//! Widths come from the first rows; those are all that is held. On a terminal that is too narrow, text is cut with `…`; if that
//! is not enough, columns in the middle are left out. Numbers are never cut. What was left out is told in [`Summary`].

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use nu_ansi_term::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::{Cells, escaped, is_number};
use super::{Look, ResultWriter, Summary};
use crate::error::Result;

/// Rows from which the widths are taken.
const SAMPLE_ROWS: usize = 1000;
/// Text is not cut below this width before columns are left out.
const LEAST_TEXT_WIDTH: usize = 12;
/// Columns of the terminal that each column of the table takes beside its text: a space on each side and a line.
const FRAME_WIDTH: usize = 3;

type Row = Vec<Option<String>>;

pub(super) struct TableWriter<'a> {
    out: &'a mut (dyn Write + Send),
    columns: Vec<Column>,
    look: Look,
    sample: Vec<Row>,
    /// The columns that are drawn, once widths are known.
    layout: Option<Vec<Slot>>,
    summary: Summary,
}

#[derive(Debug)]
struct Column {
    name: String,
    is_number: bool,
}

/// A column of the drawn table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Column { index: usize, width: usize },
    LeftOut,
}

impl<'a> TableWriter<'a> {
    pub(super) fn new(schema: &SchemaRef, out: &'a mut (dyn Write + Send), look: Look) -> Self {
        let columns: Vec<Column> = (schema.fields().iter())
            .map(|field| Column { name: escaped(field.name()), is_number: is_number(field.data_type()) })
            .collect();
        let summary = Summary { columns: columns.len(), ..Default::default() };
        Self { out, columns, look, sample: vec![], layout: None, summary }
    }

    /// Fixes the widths and draws what has been held back.
    fn start(&mut self) -> Result<()> {
        let widths: Vec<Needs> =
            self.columns.iter().enumerate().map(|(index, column)| self.needs(index, column)).collect();
        let layout = fit(&widths, self.look.width);
        self.summary.shown_columns = layout.iter().filter(|slot| **slot != Slot::LeftOut).count();
        self.rule(&layout, ["┌", "┬", "┐"])?;
        let header: Row = self.columns.iter().map(|column| Some(column.name.clone())).collect();
        let bold = if self.look.color { Style::new().bold() } else { Style::new() };
        self.line(&layout, &header, bold)?;
        self.rule(&layout, ["├", "┼", "┤"])?;
        for row in std::mem::take(&mut self.sample) {
            self.line(&layout, &row, Style::new())?;
        }
        self.layout = Some(layout);
        Ok(())
    }

    fn needs(&self, index: usize, column: &Column) -> Needs {
        let cells = self.sample.iter().map(|row| row[index].as_ref().map_or(4, |text| text.width()));
        Needs { header: column.name.width(), cells: cells.max().unwrap_or(0), is_number: column.is_number }
    }

    fn rule(&mut self, layout: &[Slot], [left, middle, right]: [&str; 3]) -> Result<()> {
        let parts: Vec<String> = layout.iter().map(|slot| "─".repeat(slot.width() + 2)).collect();
        writeln!(self.out, "{left}{}{right}", parts.join(middle))?;
        Ok(())
    }

    fn line(&mut self, layout: &[Slot], row: &Row, style: Style) -> Result<()> {
        let mut line = String::from("│");
        for slot in layout {
            let Slot::Column { index, width } = *slot else {
                line.push_str(" … │");
                continue;
            };
            let is_number = self.columns[index].is_number;
            let (text, style) = match &row[index] {
                Some(text) => (text.as_str(), style),
                None => ("NULL", if self.look.color { Style::new().dimmed() } else { style }),
            };
            let cut = (self.look.width.is_some() && text.width() > width).then(|| cut_to(text, width));
            self.summary.cut |= cut.is_some();
            let text = cut.as_deref().unwrap_or(text);
            let gap = " ".repeat(width.saturating_sub(text.width()));
            let text = if style.is_plain() { text.to_owned() } else { style.paint(text).to_string() };
            match is_number {
                true => line.extend([" ", &gap, &text, " │"]),
                false => line.extend([" ", &text, &gap, " │"]),
            }
        }
        line.push('\n');
        self.out.write_all(line.as_bytes())?;
        Ok(())
    }
}

impl ResultWriter for TableWriter<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let left = self.look.max_rows.map_or(usize::MAX, |max| max.saturating_sub(self.summary.shown_rows));
        let taken = batch.num_rows().min(left);
        self.summary.rows += batch.num_rows();
        self.summary.shown_rows += taken;
        if taken == 0 {
            return Ok(());
        }
        let cells = Cells::of(batch)?;
        for row in 0..taken {
            let texts: Row =
                (0..batch.num_columns()).map(|column| cells.shown(column, row)).collect::<Result<_, _>>()?;
            match self.layout.take() {
                Some(layout) => {
                    self.line(&layout, &texts, Style::new())?;
                    self.layout = Some(layout);
                }
                None => {
                    self.sample.push(texts);
                    if self.sample.len() == SAMPLE_ROWS {
                        self.start()?;
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Summary> {
        if self.layout.is_none() {
            self.start()?;
        }
        let layout = self.layout.take().unwrap_or_default();
        self.rule(&layout, ["└", "┴", "┘"])?;
        Ok(self.summary)
    }
}

impl Slot {
    fn width(self) -> usize {
        match self {
            Self::Column { width, .. } => width,
            Self::LeftOut => 1,
        }
    }
}

/// What a column asks for.
#[derive(Clone, Copy, Debug)]
struct Needs {
    header: usize,
    cells: usize,
    is_number: bool,
}

impl Needs {
    fn full(self) -> usize {
        self.header.max(self.cells)
    }

    fn least(self) -> usize {
        match self.is_number {
            true => self.cells.max(self.header.min(LEAST_TEXT_WIDTH)),
            false => self.full().min(LEAST_TEXT_WIDTH),
        }
    }
}

/// Chooses which columns are drawn, and how wide, in `terminal` columns.
fn fit(needs: &[Needs], terminal: Option<usize>) -> Vec<Slot> {
    let all = 0..needs.len();
    let Some(terminal) = terminal else { return slots(needs, &all.collect::<Vec<_>>(), usize::MAX) };
    let kept = kept_columns(needs, terminal);
    let frame = FRAME_WIDTH * kept.len() + 1 + if kept.len() < needs.len() { FRAME_WIDTH + 1 } else { 0 };
    let room = terminal.saturating_sub(frame);
    // The widest cap under which all fit: text columns share what is left after the narrow ones have taken theirs.
    let total = |cap: usize| kept.iter().map(|&index| width_under(needs[index], cap)).sum::<usize>();
    let widest = kept.iter().map(|&index| needs[index].full()).max().unwrap_or(0).min(terminal);
    let cap = (LEAST_TEXT_WIDTH..=widest.max(LEAST_TEXT_WIDTH)).rev().find(|cap| total(*cap) <= room);
    slots(needs, &kept, cap.unwrap_or(LEAST_TEXT_WIDTH))
}

fn width_under(needs: Needs, cap: usize) -> usize {
    needs.full().min(cap).max(needs.least())
}

/// The columns from both ends that fit at their least width; at least the first.
fn kept_columns(needs: &[Needs], terminal: usize) -> Vec<usize> {
    let cost = |index: usize| needs[index].least() + FRAME_WIDTH;
    if (0..needs.len()).map(cost).sum::<usize>() < terminal {
        return (0..needs.len()).collect();
    }
    let (mut front, mut back) = (0, needs.len());
    let mut used = 1 + FRAME_WIDTH + 1;
    loop {
        // Two from the front for one from the back: the first columns tell most.
        let from_front = front <= 2 * (needs.len() - back);
        let index = if from_front { front } else { back - 1 };
        if front == back || used + cost(index) > terminal && front > 0 {
            break;
        }
        used += cost(index);
        if from_front { front += 1 } else { back -= 1 }
    }
    (0..front).chain(back..needs.len()).collect()
}

fn slots(needs: &[Needs], kept: &[usize], cap: usize) -> Vec<Slot> {
    let mut slots = vec![];
    let mut next = 0;
    for &index in kept {
        if index > next {
            slots.push(Slot::LeftOut);
        }
        slots.push(Slot::Column { index, width: width_under(needs[index], cap) });
        next = index + 1;
    }
    if next < needs.len() {
        slots.push(Slot::LeftOut);
    }
    slots
}

/// The beginning of `text` with `…`, in `width` columns.
fn cut_to(text: &str, width: usize) -> String {
    let mut used = 1;
    let mut cut = String::new();
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::tests::{sample, written};
    use super::*;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    #[test]
    fn numbers_stand_right_and_wide_characters_count() {
        let (text, summary) = written(Format::Table, &[sample()], Look::default());
        assert_eq!(
            text,
            "┌──────┬───────┬────────────┬───────┐\n\
             │   id │ name  │ note       │ share │\n\
             ├──────┼───────┼────────────┼───────┤\n\
             │    1 │ a,\"b\" │ two\\nlines │   0.5 │\n\
             │ NULL │       │ 日本       │ -1.25 │\n\
             │  300 │ NULL  │ x|y\\tz     │   NaN │\n\
             └──────┴───────┴────────────┴───────┘\n"
        );
        assert_eq!(summary, Summary { rows: 3, shown_rows: 3, columns: 4, shown_columns: 4, cut: false });
    }

    #[test]
    fn every_line_fits_the_terminal() {
        let long = "word ".repeat(30);
        let columns: Vec<(String, ArrayRef)> = (0..20)
            .map(|index| {
                let array: ArrayRef = match index % 2 {
                    0 => Arc::new(Int64Array::from(vec![1_000_000_007 * index])),
                    _ => Arc::new(StringArray::from(vec![long.as_str()])),
                };
                (format!("column_{index}"), array)
            })
            .collect();
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        for width in [40, 60, 80, 133, 200] {
            let look = Look { width: Some(width), ..Default::default() };
            let (text, summary) = written(Format::Table, std::slice::from_ref(&batch), look);
            let widest = text.lines().map(|line| line.width()).max().unwrap();
            assert!(widest <= width, "{widest} > {width}\n{text}");
            assert!(widest + 20 > width, "room is left: {widest} of {width}\n{text}");
            assert!(summary.shown_columns < 20 && summary.cut);
            assert!(text.contains("column_0") && text.contains(" … "), "{text}");
        }
    }

    #[test]
    fn text_is_cut_before_columns_are_left_out() {
        let needs = |header, cells, is_number| Needs { header, cells, is_number };
        let all = [needs(2, 10, true), needs(4, 100, false), needs(4, 6, false)];
        assert_eq!(
            fit(&all, Some(60)),
            [
                Slot::Column { index: 0, width: 10 },
                Slot::Column { index: 1, width: 34 },
                Slot::Column { index: 2, width: 6 }
            ]
        );
        assert_eq!(fit(&all, Some(24)), [Slot::Column { index: 0, width: 10 }, Slot::LeftOut], "a number is not cut");
    }

    #[test]
    fn shows_no_more_rows_than_asked_for_but_counts_all() {
        let look = Look { max_rows: Some(4), ..Default::default() };
        let (text, summary) = written(Format::Table, &[sample(), sample(), sample()], look);
        assert_eq!(text.lines().count(), 4 + 4);
        assert_eq!((summary.rows, summary.shown_rows), (9, 4));
    }

    #[test]
    fn after_the_sample_rows_are_drawn_as_they_come() {
        let batch =
            RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from_iter_values(0..900)) as ArrayRef)]).unwrap();
        let (text, summary) = written(Format::Table, &[batch.clone(), batch], Look::default());
        assert_eq!(text.lines().count(), 1800 + 4);
        assert_eq!(summary.shown_rows, 1800);
    }

    #[test]
    fn a_result_without_columns_or_rows_is_drawn() {
        let (text, _) = written(Format::Table, &[sample().slice(0, 0)], Look::default());
        assert_eq!(text.lines().count(), 4);
        let empty = RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty()));
        written(Format::Table, &[empty], Look { width: Some(80), ..Default::default() });
    }

    #[test]
    fn cuts_by_width() {
        assert_eq!(cut_to("abcdef", 4), "abc…");
        assert_eq!(cut_to("日本語", 4), "日…");
    }
}
