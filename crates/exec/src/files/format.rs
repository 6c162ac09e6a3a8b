//! The file formats, their names and options, and how a file's name tells its format and compression.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::{CsvOptions, JsonOptions, TableParquetOptions};
use datafusion::common::parsers::CompressionTypeVariant;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;

use super::FileError;

/// A file format by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FormatKind {
    /// Apache Parquet.
    Parquet,
    /// Delimited text.
    Csv,
    /// One JSON object a line.
    Json,
    /// The Arrow IPC file format.
    Arrow,
}

impl FormatKind {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Parquet, Self::Csv, Self::Json, Self::Arrow];

    /// The name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Arrow => "Arrow",
        }
    }

    /// The suffixes by which files of this format are known, without the dot; the first is the one that writers use.
    pub fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Parquet => &["parquet", "parq", "pq"],
            Self::Csv => &["csv", "tsv", "tbl"],
            Self::Json => &["json", "jsonl", "ndjson"],
            Self::Arrow => &["arrow", "ipc", "feather"],
        }
    }

    /// Whether files of this format are text that may be compressed as a whole (`.csv.gz`).
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Json)
    }

    /// Format and compression from the suffixes of a file's name, if they tell.
    pub fn of_name(name: &str) -> Option<(Self, Compression)> {
        let (stem, compression) = Compression::of_name(name);
        let (_, suffix) = stem.rsplit_once('.')?;
        let suffix = suffix.to_ascii_lowercase();
        let kind = Self::ALL.into_iter().find(|kind| kind.suffixes().contains(&suffix.as_str()))?;
        (kind.is_text() || compression == Compression::None).then_some((kind, compression))
    }
}

/// How a text file is compressed as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, `.gz`.
    Gzip,
    /// bzip2, `.bz2`.
    Bzip2,
    /// xz, `.xz`.
    Xz,
    /// Zstandard, `.zst`.
    Zstd,
}

impl Compression {
    /// The compression of that name: `none`, `gzip`, `bzip2`, `xz`, `zstd`, or a suffix.
    pub fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "none" | "uncompressed" | "" => Some(Self::None),
            "gzip" | "gz" => Some(Self::Gzip),
            "bzip2" | "bz2" => Some(Self::Bzip2),
            "xz" => Some(Self::Xz),
            "zstd" | "zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The suffix with its dot; empty for none.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Bzip2 => ".bz2",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }

    /// `name` without its compression suffix, and that compression.
    pub fn of_name(name: &str) -> (&str, Self) {
        for compression in [Self::Gzip, Self::Bzip2, Self::Xz, Self::Zstd] {
            if let Some(stem) = name.strip_suffix(compression.suffix()) {
                return (stem, compression);
            }
        }
        (name, Self::None)
    }
}

impl From<Compression> for CompressionTypeVariant {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::UNCOMPRESSED,
            Compression::Gzip => Self::GZIP,
            Compression::Bzip2 => Self::BZIP2,
            Compression::Xz => Self::XZ,
            Compression::Zstd => Self::ZSTD,
        }
    }
}

impl From<CompressionTypeVariant> for Compression {
    fn from(variant: CompressionTypeVariant) -> Self {
        match variant {
            CompressionTypeVariant::UNCOMPRESSED => Self::None,
            CompressionTypeVariant::GZIP => Self::Gzip,
            CompressionTypeVariant::BZIP2 => Self::Bzip2,
            CompressionTypeVariant::XZ => Self::Xz,
            CompressionTypeVariant::ZSTD => Self::Zstd,
        }
    }
}

/// A format with everything that reading it needs to know.
#[derive(Clone, Debug)]
pub enum ReadFormat {
    /// Parquet.
    Parquet(Box<TableParquetOptions>),
    /// Delimited text.
    Csv(Box<CsvOptions>),
    /// JSON lines.
    Json(JsonOptions),
    /// Arrow IPC.
    Arrow,
}

impl ReadFormat {
    /// Which format.
    pub fn kind(&self) -> FormatKind {
        match self {
            Self::Parquet(_) => FormatKind::Parquet,
            Self::Csv(_) => FormatKind::Csv,
            Self::Json(_) => FormatKind::Json,
            Self::Arrow => FormatKind::Arrow,
        }
    }

    /// DataFusion's reader for files that are compressed so.
    ///
    /// # Errors
    /// If files of this format are never compressed as a whole.
    pub fn reader(&self, compression: Compression, path: &str) -> Result<Arc<dyn FileFormat>> {
        if compression != Compression::None && !self.kind().is_text() {
            let message = format!(
                "{} files are not compressed as a whole (found '{}'); uncompress it first",
                self.kind().name(),
                compression.suffix()
            );
            return Err(FileError::engine(path, message));
        }
        Ok(match self {
            Self::Parquet(options) => {
                let mut options = options.as_ref().clone();
                // What of it counts is chosen where schemas are read.
                options.global.skip_metadata = false;
                Arc::new(ParquetFormat::default().with_options(options))
            }
            Self::Csv(options) => Arc::new(
                CsvFormat::default().with_options(options.as_ref().clone().with_compression(compression.into())),
            ),
            Self::Json(options) => {
                let options = JsonOptions { compression: compression.into(), ..options.clone() };
                Arc::new(JsonFormat::default().with_options(options))
            }
            Self::Arrow => Arc::new(ArrowFormat),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_format_and_compression() {
        for (name, expected) in [
            ("a.parquet", Some((FormatKind::Parquet, Compression::None))),
            ("a.b.CSV", Some((FormatKind::Csv, Compression::None))),
            ("a.csv.gz", Some((FormatKind::Csv, Compression::Gzip))),
            ("a.ndjson.zst", Some((FormatKind::Json, Compression::Zstd))),
            ("a.feather", Some((FormatKind::Arrow, Compression::None))),
            ("a.parquet.gz", None),
            ("parquet", None),
            ("a.txt", None),
        ] {
            assert_eq!(FormatKind::of_name(name), expected, "{name}");
        }
    }
}
