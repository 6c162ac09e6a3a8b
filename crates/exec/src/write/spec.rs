//! What to write, where and how.

use datafusion::common::config::{CsvOptions, JsonOptions, TableParquetOptions};

use crate::files::{Compression, FormatKind};

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
#[derive(Clone, Debug)]
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

impl WriteFormat {
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
#[derive(Clone, Debug)]
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
