//! Columns of one name in a file.
//!
//! Columns are known by their names, so two of one name could not be told apart. DataFusion 55 keeps one of them when it takes a
//! schema from a file. A CSV file's are numbered (`a`, `a_1`), as other readers do, since headers are written by hand; of the other
//! formats, whose names are made by programs, such a file is refused.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use bytes::Buf;
use datafusion::catalog::Session;
use datafusion::common::config::CsvOptions;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::file_format::DEFAULT_SCHEMA_INFER_MAX_RECORD;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::sources::FoundFile;
use super::{FileError, FormatKind, csv_zones};

/// How much of a CSV file is looked at for the types of its columns, if two of them have one name.
const LOOKED_AT_BYTES: usize = 1 << 20;

/// Refuses a file of two columns of one name, which `schema` was found in.
///
/// # Errors
/// If there are two, or the file cannot be read any more.
pub(super) async fn refuse(
    state: &dyn Session,
    store: &Arc<dyn ObjectStore>,
    file: &FoundFile,
    schema: &Schema,
    kind: FormatKind,
) -> Result<()> {
    let names: Vec<String> = if kind == FormatKind::Parquet {
        // From the cache, where the reader of its schema has just put it.
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let footer = DFParquetMetadata::new(store.as_ref(), &file.meta).with_file_metadata_cache(Some(cache));
        let footer = footer.fetch_metadata().await?;
        let columns = footer.file_metadata().schema_descr().root_schema().get_fields();
        columns.iter().map(|column| column.name().to_owned()).collect()
    } else {
        schema.fields().iter().map(|field| field.name().clone()).collect()
    };
    let Some((first, second, name)) = two_of_one_name(names.iter().map(String::as_str)) else { return Ok(()) };
    let message = format!(
        "columns {} and {} are both called '{name}'; write the file with a name for each column",
        first + 1,
        second + 1
    );
    Err(FileError::engine(file.address(), message))
}

/// The columns of a CSV file with a header that names two of them alike, each with a name of its own; none if all names differ.
///
/// # Errors
/// If the file cannot be read as CSV.
pub(super) async fn numbered(
    state: &dyn Session,
    options: &CsvOptions,
    store: &Arc<dyn ObjectStore>,
    file: &ObjectMeta,
) -> Result<Option<SchemaRef>> {
    if !options.has_header.unwrap_or_else(|| state.config_options().catalog.has_header) {
        return Ok(None);
    }
    let failed = |error| DataFusionError::ObjectStore(Box::new(error));
    let bytes = store.get(&file.location).await.map_err(failed)?.into_stream().map_err(failed).boxed();
    let mut chunks = CsvFormat::default().with_options(options.clone()).read_to_delimited_chunks_from_stream(bytes);
    let Some(mut begin) = chunks.next().await.transpose()? else { return Ok(None) };
    let format = csv_zones::format(options, true)?;
    let (header, _) = format.infer_schema(begin.clone().reader(), Some(0))?;
    if two_of_one_name(header.fields().iter().map(|field| field.name().as_str())).is_none() {
        return Ok(None);
    }
    while begin.len() < LOOKED_AT_BYTES
        && let Some(more) = chunks.next().await.transpose()?
    {
        begin = [begin, more].concat().into();
    }
    let rows = options.schema_infer_max_rec.unwrap_or(DEFAULT_SCHEMA_INFER_MAX_RECORD);
    let (schema, _) = format.infer_schema(begin.reader(), Some(rows))?;
    let mut taken: HashSet<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut known = HashSet::new();
    let fields = schema.fields().iter().map(|field| {
        if known.insert(field.name()) {
            return field.as_ref().clone();
        }
        let mut names = (1..).map(|number| format!("{}_{number}", field.name()));
        // There are more numbers than names.
        let name = names.find(|name| taken.insert(name.clone())).unwrap_or_default();
        field.as_ref().clone().with_name(name)
    });
    Ok(Some(Arc::new(Schema::new(fields.collect::<Vec<_>>()))))
}

/// The positions of the first column whose name stands before it, and that name.
fn two_of_one_name<'a>(names: impl Iterator<Item = &'a str>) -> Option<(usize, usize, &'a str)> {
    let mut known = HashMap::new();
    names.enumerate().find_map(|(at, name)| known.insert(name, at).map(|first| (first, at, name)))
}
