//! Output formats. Each takes batches as they come and holds no more than it must to lay them out.
//!
//! | module | format |
//! |---|---|
//! | [`table`] | a table fitted to the terminal |
//! | [`vertical`] | one line a value, for wide rows |
//! | [`delimited`] | CSV and TSV |
//! | [`json`] | one JSON object a line |
//! | [`markdown`] | a table for documents |
//! | [`files`] | Parquet and Arrow IPC |
//! | [`target`] | where output goes: the standard output or a file that appears when it is whole |

mod cell;
mod delimited;
mod files;
mod json;
mod markdown;
mod table;
mod target;
mod vertical;

use std::io::Write;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
pub use target::Target;

use crate::error::Result;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// A table, fitted to the terminal's width
    Table,
    /// One line per value; for rows that are too wide for a table
    Vertical,
    /// Comma-separated values with a header line
    Csv,
    /// Tab-separated values with a header line
    Tsv,
    /// One JSON object per line
    Json,
    /// A Markdown table
    Markdown,
    /// A Parquet file
    Parquet,
    /// Arrow IPC: a file with --output, a stream otherwise
    Arrow,
}

impl Format {
    /// All formats with their names, in the order in which help lists them.
    pub const NAMED: [(&'static str, Self); 8] = [
        ("table", Self::Table),
        ("vertical", Self::Vertical),
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
        ("json", Self::Json),
        ("markdown", Self::Markdown),
        ("parquet", Self::Parquet),
        ("arrow", Self::Arrow),
    ];

    /// The format called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, format)| format)
    }

    /// The format that a file's name asks for by its suffix.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" => Some(Self::Table),
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "json" | "jsonl" | "ndjson" => Some(Self::Json),
            "md" | "markdown" => Some(Self::Markdown),
            "parquet" | "pq" => Some(Self::Parquet),
            "arrow" | "feather" | "ipc" => Some(Self::Arrow),
            _ => None,
        }
    }

    /// Whether it is made for people, with a footer, not for programs.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Vertical)
    }

    /// Whether it is not text.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }
}

/// How results look on this output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Columns of the terminal; none if the output is no terminal.
    pub width: Option<usize>,
    /// Rows that are shown at most.
    pub max_rows: Option<usize>,
    /// Whether colours may be used.
    pub color: bool,
    /// Whether the output is a file, not a stream.
    pub to_file: bool,
}

/// What a writer has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the result.
    pub rows: usize,
    /// Rows that were written.
    pub shown_rows: usize,
    /// Columns of the result.
    pub columns: usize,
    /// Columns that were written.
    pub shown_columns: usize,
    /// Whether some values were cut to fit.
    pub cut: bool,
}

/// Writes one result.
pub trait ResultWriter {
    /// Takes the next rows.
    fn batch(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Writes what is left.
    fn finish(&mut self) -> Result<Summary>;
}

/// A writer of `format` for a result of `schema`.
pub fn writer<'a>(
    format: Format,
    schema: &SchemaRef,
    out: &'a mut (dyn Write + Send),
    look: Look,
) -> Result<Box<dyn ResultWriter + 'a>> {
    Ok(match format {
        Format::Table => Box::new(table::TableWriter::new(schema, out, look)),
        Format::Vertical => Box::new(vertical::VerticalWriter::new(schema, out, look)),
        Format::Csv => Box::new(delimited::DelimitedWriter::csv(schema, out)),
        Format::Tsv => Box::new(delimited::DelimitedWriter::tsv(schema, out)),
        Format::Json => Box::new(json::JsonWriter::new(schema, out)),
        Format::Markdown => Box::new(markdown::MarkdownWriter::new(schema, out)),
        Format::Parquet => Box::new(files::ParquetWriter::new(schema, out)?),
        Format::Arrow if look.to_file => Box::new(files::IpcWriter::file(schema, out)?),
        Format::Arrow => Box::new(files::IpcWriter::stream(schema, out)?),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

    /// Rows with a null, an empty string, quotes, a line end and wide characters.
    pub(crate) fn sample() -> RecordBatch {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(Int64Array::from(vec![Some(1), None, Some(300)]))),
            ("name", Arc::new(StringArray::from(vec![Some("a,\"b\""), Some(""), None]))),
            ("note", Arc::new(StringArray::from(vec!["two\nlines", "日本", "x|y\tz"]))),
            ("share", Arc::new(Float64Array::from(vec![0.5, -1.25, f64::NAN]))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
            .unwrap()
    }

    pub(crate) fn written(format: Format, batches: &[RecordBatch], look: Look) -> (String, Summary) {
        let mut bytes = vec![];
        let mut writer = writer(format, &batches[0].schema(), &mut bytes, look).unwrap();
        for batch in batches {
            writer.batch(batch).unwrap();
        }
        let summary = writer.finish().unwrap();
        drop(writer);
        (String::from_utf8(bytes).unwrap(), summary)
    }

    #[test]
    fn a_suffix_names_a_format() {
        assert_eq!(Format::of_path(Path::new("a/b.PARQUET")), Some(Format::Parquet));
        assert_eq!(Format::of_path(Path::new("b.ndjson")), Some(Format::Json));
        assert_eq!(Format::of_path(Path::new("csv")), None);
        assert_eq!(Format::named("Markdown"), Some(Format::Markdown));
        assert_eq!(Format::named("xml"), None);
    }
}
