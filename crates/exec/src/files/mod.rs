//! Files as tables: from what a user writes to a plan that reads.
//!
//! | module | what |
//! |---|---|
//! | [`sources`] | files, folders, globs and URLs, and the files that are there |
//! | [`external`] | the scans of partitioned tables of `CREATE EXTERNAL TABLE` |
//! | [`format`](mod@format) | the formats, their options, suffixes and compression |
//! | `arrow_schema` | the schema of an Arrow IPC file, from its footer |
//! | `csv_schema` | the columns of a CSV file, from its first rows |
//! | [`float_bounds`] | least and greatest floats, which leave NaN out |
//! | [`hive`] | partition columns from `key=value` folders |
//! | [`schema`] | one schema for several files |
//! | [`named_scan`] | errors of a scan that name the file |
//! | `text_error` | what readers of text say, in other words |
//! | [`table`] | the table provider that plans the scans |

mod arrow_schema;
mod csv_schema;
pub mod external;
pub mod file_error;
pub mod float_bounds;
pub mod format;
pub mod hive;
pub mod named_scan;
mod namesakes;
pub mod schema;
pub mod sources;
pub mod table;
mod text_error;

use datafusion::common::DataFusionError;

pub use external::PartitionedFiles;
pub use file_error::FileError;
pub use format::{Compression, FormatKind, ReadFormat};
pub use named_scan::name_files;
pub use sources::Source;
pub use table::{FilesTable, ReadPlan};

/// What a store answered about `address`, as an error that says what to check.
pub fn store_error(address: &str, error: object_store::Error) -> DataFusionError {
    match crate::object_stores::StoreFailure::of(&error) {
        Some(failure) => FileError::engine(address, failure.to_string()),
        None => match error {
            object_store::Error::NotFound { .. } => FileError::engine(address, "no such file or folder"),
            other => FileError::engine(address, other.to_string()),
        },
    }
}
