//! Readers and writers.
//!
//! | module | what |
//! |---|---|
//! | [`paths`] | what a reader accepts as its paths |
//! | [`options`] | the options of each format |
//! | [`read`] | `Session::read_*` and `Session::register_*` |
//! | [`write`](mod@write) | `DataFrame::write_*` |
//! | [`file_tables`] | `SELECT … FROM 'file.parquet'` |

pub mod file_tables;
pub mod options;
pub mod paths;
pub mod read;
pub mod write;

pub use options::{ArrowOptions, CsvOptions, JsonOptions, ParquetOptions};
pub use paths::IntoPaths;
pub use swath_exec::files::Compression;
pub use write::{WriteMode, WriteOptions, WriteSummary};
