//! Values as text.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};

/// How values are shown: dates and times as SQL writes them.
const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_null("NULL")
    .with_duration_format(DurationFormat::Pretty)
    .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
    .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:z"))
    .with_datetime_format(Some("%Y-%m-%d %H:%M:%S%.f"));

/// The columns of one batch, ready to be written value by value.
pub(super) struct Cells<'a> {
    columns: Vec<(&'a ArrayRef, ArrayFormatter<'a>)>,
}

impl<'a> Cells<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let columns = batch.columns().iter();
        let columns = columns.map(|array| Ok((array, ArrayFormatter::try_new(array.as_ref(), &OPTIONS)?)));
        Ok(Self { columns: columns.collect::<Result<_, ArrowError>>()? })
    }

    /// Whether the value is null.
    pub(super) fn is_null(&self, column: usize, row: usize) -> bool {
        let array = self.columns[column].0;
        array.is_null(row) || array.data_type() == &DataType::Null
    }

    /// Writes the value to `text`, or fails if it cannot be shown (a date out of range, say).
    pub(super) fn write(&self, column: usize, row: usize, text: &mut String) -> Result<(), ArrowError> {
        let value = self.columns[column].1.value(row);
        // Errors are those of the formatter; a String takes everything.
        write!(text, "{value}")
            .map_err(|_| ArrowError::CastError(format!("row {row}: the value cannot be shown as text")))
    }

    /// The value for a layout of lines: none for null, control characters escaped.
    pub(super) fn shown(&self, column: usize, row: usize) -> Result<Option<String>, ArrowError> {
        if self.is_null(column, row) {
            return Ok(None);
        }
        let mut text = String::new();
        self.write(column, row, &mut text)?;
        Ok(Some(if text.contains(char::is_control) { escaped(&text) } else { text }))
    }
}

/// Control characters would break a layout, and could command the terminal.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Whether values of the type are numbers, which stand at the right.
pub(super) fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => is_number(value),
        other => other.is_numeric(),
    }
}
