//! What to write, where and how.

use std::fmt::Display;

use arrow::datatypes::{DataType, IntervalUnit, Schema};
use datafusion::common::config::{ConfigField, CsvOptions, JsonOptions, TableParquetOptions, Visit};
use datafusion::common::{Result, exec_datafusion_err, exec_err};

use crate::files::{Compression, FormatKind};
use crate::wire::{WireReader, WireWriter};

/// What to do if the target has data already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WriteMode {
    /// Fail, and leave it as it is.
    #[default]
    Error,
    /// Replace it, once the new data is complete.
    Overwrite,
    /// Add files beside it.
    Append,
}

impl WriteMode {
    /// The mode of that name: `error`, `overwrite` or `append`.
    pub fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "error" => Some(Self::Error),
            "overwrite" => Some(Self::Overwrite),
            "append" => Some(Self::Append),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Overwrite => "overwrite",
            Self::Append => "append",
        }
    }
}

/// How the buffers of Arrow files are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ArrowCompression {
    /// Not at all: such files can be mapped into memory.
    #[default]
    None,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

/// A format with everything that writing it needs to know.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteFormat {
    /// Parquet.
    Parquet(Box<TableParquetOptions>),
    /// Delimited text.
    Csv(Box<CsvOptions>),
    /// JSON lines.
    Json(JsonOptions),
    /// Arrow IPC.
    Arrow(ArrowCompression),
}

fn has_nanosecond_intervals(data_type: &DataType) -> bool {
    use DataType::{Dictionary, FixedSizeList, Interval, LargeList, List, Map, RunEndEncoded, Struct};
    match data_type {
        Interval(unit) => *unit == IntervalUnit::MonthDayNano,
        List(field) | LargeList(field) | FixedSizeList(field, _) | Map(field, _) | RunEndEncoded(_, field) => {
            has_nanosecond_intervals(field.data_type())
        }
        Struct(fields) => fields.iter().any(|field| has_nanosecond_intervals(field.data_type())),
        Dictionary(_, values) => has_nanosecond_intervals(values),
        _ => false,
    }
}

impl WriteFormat {
    /// Why files of this format cannot hold rows of `schema`, and what to do; none if they can.
    pub fn refusal(&self, schema: &Schema) -> Option<String> {
        let Self::Parquet(_) = self else { return None };
        let column = schema.fields().iter().find(|field| has_nanosecond_intervals(field.data_type()))?.name();
        Some(format!(
            "column '{column}' has intervals of months, days and nanoseconds, which Parquet has not; cast it to text \
             (CAST({column} AS VARCHAR), .cast(str)), or write Arrow files"
        ))
    }

    /// Which format.
    pub fn kind(&self) -> FormatKind {
        match self {
            Self::Parquet(_) => FormatKind::Parquet,
            Self::Csv(_) => FormatKind::Csv,
            Self::Json(_) => FormatKind::Json,
            Self::Arrow(_) => FormatKind::Arrow,
        }
    }

    /// How files are compressed as a whole.
    pub fn compression(&self) -> Compression {
        match self {
            Self::Csv(options) => options.compression.into(),
            Self::Json(options) => options.compression.into(),
            Self::Parquet(_) | Self::Arrow(_) => Compression::None,
        }
    }

    pub(super) fn set_compression(&mut self, compression: Compression) {
        match self {
            Self::Csv(options) => options.compression = compression.into(),
            Self::Json(options) => options.compression = compression.into(),
            Self::Parquet(_) | Self::Arrow(_) => {}
        }
    }

    /// Takes the delimiter that readers expect in a file of that name, unless another one than a comma was asked for.
    pub(super) fn use_delimiter_of(&mut self, name: &str) {
        let (name, _) = Compression::of_name(name);
        if let Self::Csv(options) = self
            && options.delimiter == b','
        {
            let name = name.to_ascii_lowercase();
            options.delimiter = match () {
                () if name.ends_with(".tsv") => b'\t',
                () if name.ends_with(".tbl") => b'|',
                () => b',',
            };
        }
    }

    /// The suffix of its files, compression included.
    pub fn suffix(&self) -> String {
        format!("{}{}", self.kind().suffixes()[0], self.compression().suffix())
    }
}

/// What to write, where and how.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteSpec {
    /// A file (by its suffix) or a folder, on this machine or a store.
    pub target: String,
    /// The format with its options.
    pub format: WriteFormat,
    /// Columns whose values become `key=value` folders, and leave the files.
    pub partition_by: Vec<String>,
    /// Whether the partition columns stay in the files too.
    pub keep_partition_columns: bool,
    /// What to do if the target has data.
    pub mode: WriteMode,
    /// One file or a folder; by the target's suffix if not given.
    pub single_file: Option<bool>,
}

impl WriteFormat {
    fn encode(&self, message: &mut WireWriter<'_>) -> Result<()> {
        message.text(self.kind().name());
        match self {
            Self::Parquet(options) => {
                if options.crypto != Default::default() {
                    return exec_err!("encrypted Parquet files cannot be written by a cluster: keys do not travel");
                }
                encode_options(options.as_ref(), message);
                message.number(options.key_value_metadata.len() as u64);
                for (key, value) in &options.key_value_metadata {
                    message.text(key);
                    message.flag(value.is_some());
                    message.text(value.as_deref().unwrap_or_default());
                }
            }
            Self::Csv(options) => encode_options(options.as_ref(), message),
            Self::Json(options) => encode_options(options, message),
            Self::Arrow(compression) => message.number(match compression {
                ArrowCompression::None => 0,
                ArrowCompression::Lz4 => 1,
                ArrowCompression::Zstd => 2,
            }),
        }
        Ok(())
    }

    fn decode(message: &mut WireReader<'_>) -> Result<Self> {
        let name = message.text()?;
        let kind = FormatKind::ALL.into_iter().find(|kind| kind.name() == name);
        let Some(kind) = kind else { return exec_err!("this process does not know the format {name}") };
        Ok(match kind {
            FormatKind::Parquet => {
                let mut options = TableParquetOptions::default();
                decode_options(&mut options, message)?;
                for _ in 0..message.number()? {
                    let (key, is_some) = (message.text()?.to_owned(), message.flag()?);
                    let value = message.text()?.to_owned();
                    options.key_value_metadata.insert(key, is_some.then_some(value));
                }
                Self::Parquet(Box::new(options))
            }
            FormatKind::Csv => {
                let mut options = CsvOptions::default();
                decode_options(&mut options, message)?;
                Self::Csv(Box::new(options))
            }
            FormatKind::Json => {
                let mut options = JsonOptions::default();
                decode_options(&mut options, message)?;
                Self::Json(options)
            }
            FormatKind::Arrow => Self::Arrow(match message.number()? {
                0 => ArrowCompression::None,
                1 => ArrowCompression::Lz4,
                _ => ArrowCompression::Zstd,
            }),
        })
    }
}

impl WriteSpec {
    /// Adds the spec to a message.
    pub(super) fn encode(&self, message: &mut WireWriter<'_>) -> Result<()> {
        message.text(&self.target);
        self.format.encode(message)?;
        message.number(self.partition_by.len() as u64);
        self.partition_by.iter().for_each(|column| message.text(column));
        message.flag(self.keep_partition_columns);
        message.text(self.mode.name());
        message.number(self.single_file.map_or(2, u64::from));
        Ok(())
    }

    /// The next spec in a message.
    pub(super) fn decode(message: &mut WireReader<'_>) -> Result<Self> {
        let target = message.text()?.to_owned();
        let format = WriteFormat::decode(message)?;
        let partition_by =
            (0..message.number()?).map(|_| message.text().map(str::to_owned)).collect::<Result<Vec<_>>>()?;
        let keep_partition_columns = message.flag()?;
        let mode = message.text()?;
        let mode = WriteMode::of(mode).ok_or_else(|| exec_datafusion_err!("a plan message is damaged: mode {mode}"))?;
        let single_file = match message.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        };
        Ok(Self { target, format, partition_by, keep_partition_columns, mode, single_file })
    }
}

/// Adds every option that is set, by its name.
fn encode_options(options: &impl ConfigField, message: &mut WireWriter<'_>) {
    struct Pairs(Vec<(String, String)>);
    impl Visit for Pairs {
        fn some<V: Display>(&mut self, key: &str, value: V, _description: &'static str) {
            self.0.push((key.trim_start_matches(['.', ':']).to_owned(), value.to_string()));
        }
        fn none(&mut self, _key: &str, _description: &'static str) {}
    }
    let mut pairs = Pairs(vec![]);
    options.visit(&mut pairs, "", "");
    message.number(pairs.0.len() as u64);
    for (key, value) in pairs.0 {
        message.text(&key);
        message.text(&value);
    }
}

fn decode_options(options: &mut impl ConfigField, message: &mut WireReader<'_>) -> Result<()> {
    for _ in 0..message.number()? {
        let (key, value) = (message.text()?, message.text()?);
        options.set(key, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NoExpressions;

    fn again(spec: &WriteSpec) -> WriteSpec {
        let mut message = WireWriter::new(&NoExpressions);
        spec.encode(&mut message).unwrap();
        let bytes = message.finish();
        WriteSpec::decode(&mut WireReader::new(&NoExpressions, &bytes)).unwrap()
    }

    #[test]
    fn a_spec_travels_with_all_options() {
        let mut parquet = TableParquetOptions::default();
        parquet.set("compression", "zstd(7)").unwrap();
        parquet.set("max_row_group_size", "77").unwrap();
        parquet.set("compression::a", "snappy").unwrap();
        parquet.set("bloom_filter_enabled::b", "true").unwrap();
        parquet.key_value_metadata.insert("k".to_owned(), Some("v=1".to_owned()));
        parquet.key_value_metadata.insert("none".to_owned(), None);
        let csv = CsvOptions {
            has_header: Some(false),
            delimiter: b'5',
            quote: b'\'',
            terminator: Some(b';'),
            escape: Some(b'\\'),
            null_value: Some("".to_owned()),
            date_format: Some("%d.%m.%Y ".to_owned()),
            compression: Compression::Gzip.into(),
            compression_level: Some(9),
            ..Default::default()
        };
        let json = JsonOptions { compression: Compression::Zstd.into(), ..Default::default() };
        for format in [
            WriteFormat::Parquet(Box::new(parquet)),
            WriteFormat::Csv(Box::new(csv)),
            WriteFormat::Json(json),
            WriteFormat::Arrow(ArrowCompression::Lz4),
        ] {
            let spec = WriteSpec {
                target: "s3://bucket/a b".to_owned(),
                format,
                partition_by: vec!["x".to_owned(), "y".to_owned()],
                keep_partition_columns: true,
                mode: WriteMode::Append,
                single_file: Some(false),
            };
            assert_eq!(again(&spec), spec);
            let plain = WriteSpec { partition_by: vec![], single_file: None, mode: WriteMode::Error, ..spec };
            assert_eq!(again(&plain), plain);
        }
    }
}
