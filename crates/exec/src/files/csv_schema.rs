//! Columns of CSV files, from their first rows: names, types, and the units and time zones of timestamps.
//!
//! Types are what DataFusion takes them for, but of timestamps. It goes by the digits of the first rows, so that times of whole seconds
//! would count in these, and half a second more would be none. Here they are at least in microseconds.
//!
//! DataFusion takes `2024-01-01T12:00:00+02:00` for a timestamp, and forgets that it says how far its clock is from UTC. A column whose
//! values all say so holds instants: it is a timestamp in UTC here.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::{Buf, Bytes};
use datafusion::catalog::Session;
use datafusion::common::config::CsvOptions;
use datafusion::common::{DataFusionError, Result, plan_datafusion_err};
use datafusion::datasource::file_format::DEFAULT_SCHEMA_INFER_MAX_RECORD;
use datafusion::datasource::file_format::csv::CsvFormat;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use regex::Regex;

use super::namesakes;

/// The zone of instants.
const UTC: &str = "UTC";

/// The columns of `file`; those of one name are [numbered](namesakes::numbered).
///
/// # Errors
/// If the file cannot be read, or is no CSV of these `options`.
pub(super) async fn infer(
    state: &dyn Session,
    options: &CsvOptions,
    store: &Arc<dyn ObjectStore>,
    file: &ObjectMeta,
) -> Result<SchemaRef> {
    // DataFusion takes it for granted that patterns can be read.
    format(options, true)?;
    let rows = options.schema_infer_max_rec.unwrap_or(DEFAULT_SCHEMA_INFER_MAX_RECORD);
    let reader = CsvFormat::default().with_options(options.clone());
    let (schema, _) = reader.infer_schema_from_stream(state, rows, chunks(options, store, file).await?).await?;
    with_zones(state, Arc::new(namesakes::numbered(schema)), options, store, file).await
}

/// The text of `file`, in pieces of whole lines.
async fn chunks(
    options: &CsvOptions,
    store: &Arc<dyn ObjectStore>,
    file: &ObjectMeta,
) -> Result<BoxStream<'static, Result<Bytes>>> {
    let failed = |error| DataFusionError::ObjectStore(Box::new(error));
    let bytes = store.get(&file.location).await.map_err(failed)?.into_stream().map_err(failed).boxed();
    Ok(CsvFormat::default().with_options(options.clone()).read_to_delimited_chunks_from_stream(bytes))
}

/// `schema`, which was found in the file's first rows, in which timestamps are at least in microseconds, and in UTC if they have
/// offsets there.
///
/// # Errors
/// If the file cannot be read any more.
async fn with_zones(
    state: &dyn Session,
    schema: SchemaRef,
    options: &CsvOptions,
    store: &Arc<dyn ObjectStore>,
    file: &ObjectMeta,
) -> Result<SchemaRef> {
    let times: Vec<usize> = (0..schema.fields().len())
        .filter(|&at| matches!(schema.field(at).data_type(), DataType::Timestamp(_, None)))
        .collect();
    if times.is_empty() {
        return Ok(schema);
    }
    let mut chunks = chunks(options, store, file).await?;
    let texts = schema.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true));
    let texts = Arc::new(Schema::new(texts.collect::<Vec<_>>()));
    let mut header = options.has_header.unwrap_or_else(|| state.config_options().catalog.has_header);
    let mut rows_left = options.schema_infer_max_rec.unwrap_or(DEFAULT_SCHEMA_INFER_MAX_RECORD);
    let mut have_offsets = vec![true; times.len()];
    while let Some(chunk) = chunks.next().await.transpose()?
        && rows_left > 0
        && have_offsets.contains(&true)
    {
        let reader = ReaderBuilder::new(Arc::clone(&texts))
            .with_format(format(options, header)?)
            .with_projection(times.clone())
            // The reader adds the header to it.
            .with_bounds(0, rows_left.min(usize::MAX - 1))
            .build(chunk.reader())?;
        header = false;
        for rows in reader {
            let rows = rows?;
            rows_left = rows_left.saturating_sub(rows.num_rows());
            for (have, column) in have_offsets.iter_mut().zip(rows.columns()) {
                *have &= column.as_string::<i32>().iter().flatten().all(has_offset);
            }
        }
    }
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    for (at, have_offset) in times.into_iter().zip(have_offsets) {
        if let DataType::Timestamp(unit, None) = fields[at].data_type() {
            let unit = *unit.max(&TimeUnit::Microsecond);
            fields[at].set_data_type(DataType::Timestamp(unit, have_offset.then(|| UTC.into())));
        }
    }
    Ok(Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())))
}

/// How files of these `options` are written, as Arrow's reader takes it.
fn format(options: &CsvOptions, header: bool) -> Result<Format> {
    let mut format = Format::default()
        .with_header(header)
        .with_delimiter(options.delimiter)
        .with_quote(options.quote)
        .with_truncated_rows(options.truncated_rows.unwrap_or(false));
    if let Some(pattern) = &options.null_regex {
        let regex = Regex::new(pattern)
            .map_err(|error| plan_datafusion_err!("null_regex: '{pattern}' is no regular expression: {error}"))?;
        format = format.with_null_regex(regex);
    }
    if let Some(escape) = options.escape {
        format = format.with_escape(escape);
    }
    if let Some(comment) = options.comment {
        format = format.with_comment(comment);
    }
    if let Some(terminator) = options.terminator {
        format = format.with_terminator(terminator);
    }
    Ok(format)
}

/// Whether anything follows the seconds in a text that is known for a time.
fn has_offset(time: &str) -> bool {
    let rest = time.get("2024-01-01T12:00:00".len()..).unwrap_or_default();
    !rest.trim_start_matches(|character: char| character == '.' || character.is_ascii_digit()).trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::has_offset;

    #[test]
    fn offsets_follow_seconds() {
        for with in ["2024-01-01T12:00:00Z", "2024-01-01 12:00:00+02:00", "2024-01-01T12:00:00.123456-0330"] {
            assert!(has_offset(with), "{with}");
        }
        for without in ["2024-01-01T12:00:00", "2024-01-01 12:00:00.5", "2024-01-01", "2024-01-01T12:00:00 "] {
            assert!(!has_offset(without), "{without}");
        }
    }
}
