//! The options of the readers. Each is a builder whose `default()` is what the short form of the reader uses.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::config::{CsvOptions as EngineCsvOptions, JsonOptions as EngineJsonOptions};
use datafusion::execution::SessionState;
use swath_exec::files::{Compression, ReadFormat, ReadPlan, Source};

use crate::error::{Error, Result};

/// Rows of a text file that are looked at to find the types of its columns.
const INFER_ROWS: usize = 10_000;

/// What the readers of all formats share.
#[derive(Clone, Debug)]
struct Shared {
    schema: Option<SchemaRef>,
    hive: bool,
    hive_types: Vec<(String, DataType)>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { schema: None, hive: true, hive_types: vec![] }
    }
}

impl Shared {
    fn plan(&self, sources: Vec<Source>, format: ReadFormat, compression: Option<Compression>) -> ReadPlan {
        ReadPlan {
            sources,
            format,
            compression,
            schema: self.schema.clone(),
            hive: self.hive,
            hive_types: self.hive_types.clone(),
        }
    }
}

macro_rules! shared_options {
    () => {
        /// The columns in the files, with their types. Default: found by looking at the files.
        pub fn schema(mut self, schema: impl Into<Arc<Schema>>) -> Self {
            self.shared.schema = Some(schema.into());
            self
        }

        /// Whether `key=value` folders become columns. Default: true.
        pub fn hive_partitions(mut self, on: bool) -> Self {
            self.shared.hive = on;
            self
        }

        /// The type of a partition column. Default: `Int64` if all its values are whole numbers, `Date32` if all are
        /// dates, else text.
        pub fn partition_type(mut self, column: impl Into<String>, data_type: DataType) -> Self {
            self.shared.hive_types.push((column.into(), data_type));
            self
        }
    };
}

/// How to read Parquet files.
#[derive(Clone, Debug, Default)]
pub struct ParquetOptions {
    shared: Shared,
}

impl ParquetOptions {
    shared_options!();

    pub(super) fn plan(&self, state: &SessionState, sources: Vec<Source>) -> Result<ReadPlan> {
        let options = state.default_table_options().parquet;
        Ok(self.shared.plan(sources, ReadFormat::Parquet(Box::new(options)), None))
    }
}

/// How to read Arrow IPC files.
#[derive(Clone, Debug, Default)]
pub struct ArrowOptions {
    shared: Shared,
}

impl ArrowOptions {
    shared_options!();

    pub(super) fn plan(&self, _state: &SessionState, sources: Vec<Source>) -> Result<ReadPlan> {
        Ok(self.shared.plan(sources, ReadFormat::Arrow, None))
    }
}

/// How to read delimited text.
///
/// ```
/// use swath_collections::io::CsvOptions;
///
/// let options = CsvOptions::default().delimiter(b';').null_values(["NA", "-"]).infer_rows(100);
/// ```
#[derive(Clone, Debug)]
pub struct CsvOptions {
    shared: Shared,
    header: bool,
    delimiter: Option<u8>,
    quote: u8,
    escape: Option<u8>,
    comment: Option<u8>,
    newlines_in_values: bool,
    null_values: Vec<String>,
    compression: Option<Compression>,
    infer_rows: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            shared: Shared::default(),
            header: true,
            delimiter: None,
            quote: b'"',
            escape: None,
            comment: None,
            newlines_in_values: false,
            null_values: vec![],
            compression: None,
            infer_rows: INFER_ROWS,
        }
    }
}

impl CsvOptions {
    shared_options!();

    /// Whether the first line holds the names. Default: true; without, the columns are `column_1`, `column_2`, ….
    pub fn header(mut self, on: bool) -> Self {
        self.header = on;
        self
    }

    /// The byte between values. Default: a comma; a tab if every path ends in `.tsv`, `|` for `.tbl`.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// The byte around values that hold a delimiter. Default: `"`.
    pub fn quote(mut self, quote: u8) -> Self {
        self.quote = quote;
        self
    }

    /// The byte before a quote within a quoted value. Default: none, the quote is doubled.
    pub fn escape(mut self, escape: u8) -> Self {
        self.escape = Some(escape);
        self
    }

    /// The byte that begins a comment line. Default: none.
    pub fn comment(mut self, comment: u8) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Whether quoted values may hold line ends. Default: false, which lets one large file be read by several threads.
    pub fn newlines_in_values(mut self, on: bool) -> Self {
        self.newlines_in_values = on;
        self
    }

    /// Texts that stand for null beside the empty one. Default: none.
    pub fn null_values<T: Into<String>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.null_values = values.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn nulls(&self) -> &[String] {
        &self.null_values
    }

    /// The compression of all files. Default: by suffix (`.gz`, `.bz2`, `.xz`, `.zst`), file by file.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Rows of each file that are looked at to find the types. Default: 10,000.
    pub fn infer_rows(mut self, rows: usize) -> Self {
        self.infer_rows = rows;
        self
    }

    pub(super) fn plan(&self, state: &SessionState, sources: Vec<Source>) -> Result<ReadPlan> {
        let delimiter = self.delimiter.unwrap_or_else(|| usual_delimiter(&sources));
        if self.infer_rows == 0 {
            return Err(Error::invalid(
                "read_csv",
                "infer_rows must be at least 1, got 0; to skip inference give the schema",
            ));
        }
        for (name, byte) in [("delimiter", delimiter), ("quote", self.quote)] {
            if matches!(byte, b'\n' | b'\r') || !byte.is_ascii() {
                return Err(Error::invalid(
                    "read_csv",
                    format!("{name} must be an ASCII byte other than a line end, got {byte:#04x}"),
                ));
            }
        }
        if delimiter == self.quote {
            return Err(Error::invalid(
                "read_csv",
                format!("delimiter and quote must differ, both are {:?}", char::from(delimiter)),
            ));
        }
        let options = EngineCsvOptions {
            has_header: Some(self.header),
            delimiter,
            quote: self.quote,
            escape: self.escape,
            comment: self.comment,
            newlines_in_values: Some(self.newlines_in_values),
            null_regex: null_regex(&self.null_values),
            schema_infer_max_rec: Some(self.infer_rows),
            ..state.default_table_options().csv
        };
        Ok(self.shared.plan(sources, ReadFormat::Csv(Box::new(options)), self.compression))
    }
}

/// How to read line-delimited JSON: one object a line.
#[derive(Clone, Debug)]
pub struct JsonOptions {
    shared: Shared,
    compression: Option<Compression>,
    infer_rows: usize,
}

impl Default for JsonOptions {
    fn default() -> Self {
        Self { shared: Shared::default(), compression: None, infer_rows: INFER_ROWS }
    }
}

impl JsonOptions {
    shared_options!();

    /// The compression of all files. Default: by suffix (`.gz`, `.bz2`, `.xz`, `.zst`), file by file.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Rows of each file that are looked at to find the columns and their types. Default: 10,000.
    pub fn infer_rows(mut self, rows: usize) -> Self {
        self.infer_rows = rows;
        self
    }

    pub(super) fn plan(&self, state: &SessionState, sources: Vec<Source>) -> Result<ReadPlan> {
        if self.infer_rows == 0 {
            return Err(Error::invalid(
                "read_json",
                "infer_rows must be at least 1, got 0; to skip inference give the schema",
            ));
        }
        let options =
            EngineJsonOptions { schema_infer_max_rec: Some(self.infer_rows), ..state.default_table_options().json };
        Ok(self.shared.plan(sources, ReadFormat::Json(options), self.compression))
    }
}

/// A regular expression for exactly the empty text and `values`; none if there are no values.
fn null_regex(values: &[String]) -> Option<String> {
    if values.is_empty() {
        return None;
    }
    let escape = |value: &String| {
        let mut out = String::new();
        for character in value.chars() {
            if character.is_ascii() && !character.is_ascii_alphanumeric() {
                out.push('\\');
            }
            out.push(character);
        }
        out
    };
    let alternatives: Vec<String> = values.iter().map(escape).collect();
    Some(format!("^(?:|{})$", alternatives.join("|")))
}

fn usual_delimiter(sources: &[Source]) -> u8 {
    let all_end_in = |suffix: &str| {
        !sources.is_empty() && sources.iter().all(|source| Compression::of_name(source.text()).0.ends_with(suffix))
    };
    match () {
        () if all_end_in(".tsv") => b'\t',
        () if all_end_in(".tbl") => b'|',
        () => b',',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_values_are_taken_literally() {
        assert_eq!(null_regex(&[]), None);
        assert_eq!(null_regex(&["N/A".to_owned(), ".".to_owned()]).unwrap(), "^(?:|N\\/A|\\.)$");
    }
}
