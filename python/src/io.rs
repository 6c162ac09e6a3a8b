//! Files into frames, frames into files.

use std::path::PathBuf;

use pyo3::prelude::*;
use swath_collections::io::{
    ArrowOptions, Compression, CsvOptions, JsonOptions, ParquetOptions, WriteMode, WriteOptions, WriteSummary,
};
use swath_collections::{Error, Result};

use crate::capsule;
use crate::errors::IntoPython;
use crate::frame::{DataFrame, unknown};
use crate::session::Session;
use crate::wait::detached;

/// What the readers of all formats are told: a schema, whether folders are partitions, and the types of those.
type Shared<'py> = (Option<Bound<'py, PyAny>>, bool, Vec<(String, Bound<'py, PyAny>)>);

macro_rules! shared {
    ($options:expr, $shared:expr) => {{
        let (schema, hive, types) = $shared;
        let mut options = $options.hive_partitions(hive);
        if let Some(schema) = schema {
            options = options.schema(capsule::schema_of(&schema)?);
        }
        for (column, data_type) in types {
            options = options.partition_type(column, capsule::type_of(&data_type)?);
        }
        options
    }};
}

/// Reads now, or registers under the name: files are looked at again by each query then.
macro_rules! read_or_register {
    ($py:expr, $session:expr, $register:expr, $paths:expr, $options:expr, $read:ident, $register_as:ident) => {{
        let (session, paths, options) = (&$session.session, $paths, $options);
        match $register {
            Some(name) => {
                detached($py, || session.$register_as(&name, paths, options))?;
                Ok(None)
            }
            None => Ok(Some(detached($py, || session.$read(paths, options))?.into())),
        }
    }};
}

#[pyfunction]
pub fn read_parquet(
    py: Python<'_>,
    session: &Session,
    paths: Vec<String>,
    shared: Shared<'_>,
    register: Option<String>,
) -> PyResult<Option<DataFrame>> {
    let options = shared!(ParquetOptions::default(), shared);
    read_or_register!(py, session, register, paths, options, read_parquet_with, register_parquet_with)
}

#[pyfunction]
pub fn read_arrow(
    py: Python<'_>,
    session: &Session,
    paths: Vec<String>,
    shared: Shared<'_>,
    register: Option<String>,
) -> PyResult<Option<DataFrame>> {
    let options = shared!(ArrowOptions::default(), shared);
    read_or_register!(py, session, register, paths, options, read_arrow_with, register_arrow_with)
}

#[pyfunction]
pub fn read_json(
    py: Python<'_>,
    session: &Session,
    paths: Vec<String>,
    shared: Shared<'_>,
    register: Option<String>,
    compression: Option<String>,
    infer_rows: Option<usize>,
) -> PyResult<Option<DataFrame>> {
    let mut options = shared!(JsonOptions::default(), shared);
    if let Some(name) = compression {
        options = options.compression(compression_of("read_json", &name).python(py)?);
    }
    if let Some(rows) = infer_rows {
        options = options.infer_rows(rows);
    }
    read_or_register!(py, session, register, paths, options, read_json_with, register_json_with)
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn read_csv(
    py: Python<'_>,
    session: &Session,
    paths: Vec<String>,
    shared: Shared<'_>,
    register: Option<String>,
    header: bool,
    delimiter: Option<String>,
    quote: Option<String>,
    escape: Option<String>,
    comment: Option<String>,
    newlines_in_values: bool,
    null_values: Vec<String>,
    compression: Option<String>,
    infer_rows: Option<usize>,
) -> PyResult<Option<DataFrame>> {
    let mut options = shared!(CsvOptions::default(), shared).header(header).newlines_in_values(newlines_in_values);
    if !null_values.is_empty() {
        options = options.null_values(null_values);
    }
    let byte = |name, text: Option<String>| one_byte("read_csv", name, text).python(py);
    if let Some(delimiter) = byte("delimiter", delimiter)? {
        options = options.delimiter(delimiter);
    }
    if let Some(quote) = byte("quote", quote)? {
        options = options.quote(quote);
    }
    if let Some(escape) = byte("escape", escape)? {
        options = options.escape(escape);
    }
    if let Some(comment) = byte("comment", comment)? {
        options = options.comment(comment);
    }
    if let Some(name) = compression {
        options = options.compression(compression_of("read_csv", &name).python(py)?);
    }
    if let Some(rows) = infer_rows {
        options = options.infer_rows(rows);
    }
    read_or_register!(py, session, register, paths, options, read_csv_with, register_csv_with)
}

fn compression_of(operation: &'static str, name: &str) -> Result<Compression> {
    Compression::of(name).ok_or_else(|| unknown(operation, "compression", "none, gzip, bzip2, xz, zstd", name))
}

fn one_byte(operation: &'static str, name: &str, text: Option<String>) -> Result<Option<u8>> {
    match text.as_deref().map(str::as_bytes) {
        None => Ok(None),
        Some([byte]) => Ok(Some(*byte)),
        Some(_) => {
            let text = text.unwrap_or_default();
            Err(Error::invalid(operation, format!("{name} must be one ASCII character, got {text:?}")))
        }
    }
}

/// Runs `frame` and writes it; how many rows, bytes and files that were.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn write(
    py: Python<'_>,
    frame: &DataFrame,
    format: &str,
    path: PathBuf,
    mode: &str,
    partition_by: Vec<String>,
    keep_partition_columns: bool,
    single_file: Option<bool>,
    compression: Option<String>,
    row_group_rows: Option<usize>,
    header: Option<bool>,
    delimiter: Option<String>,
    null_value: Option<String>,
) -> PyResult<(u64, u64, u64)> {
    let Some(mode) = WriteMode::of(mode) else {
        return Err(unknown("write", "mode", "error, overwrite, append", mode)).python(py);
    };
    let mut options = WriteOptions::default().mode(mode).partition_by(partition_by);
    options = options.keep_partition_columns(keep_partition_columns);
    options = single_file.into_iter().fold(options, WriteOptions::single_file);
    options = compression.into_iter().fold(options, WriteOptions::compression);
    options = row_group_rows.into_iter().fold(options, WriteOptions::row_group_rows);
    options = header.into_iter().fold(options, WriteOptions::header);
    options = null_value.into_iter().fold(options, WriteOptions::null_value);
    if let Some(delimiter) = one_byte("write_csv", "delimiter", delimiter).python(py)? {
        options = options.delimiter(delimiter);
    }
    let frame = &frame.frame;
    let WriteSummary { rows, bytes, files } = detached(py, || match format {
        "parquet" => frame.write_parquet(path, options),
        "csv" => frame.write_csv(path, options),
        "json" => frame.write_json(path, options),
        "arrow" => frame.write_arrow(path, options),
        other => Err(unknown("write", "format", "parquet, csv, json, arrow", other)),
    })?;
    Ok((rows, bytes, files))
}
