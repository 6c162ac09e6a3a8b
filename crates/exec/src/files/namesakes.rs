//! Columns of one name in a file.
//!
//! Columns are known by their names, so two of one name could not be told apart. DataFusion 55 keeps one of them when it takes a
//! schema from a file. A CSV file's are numbered (`a`, `a_1`), as other readers do, since headers are written by hand; of the other
//! formats, whose names are made by programs, such a file is refused.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use object_store::ObjectStore;

use super::sources::FoundFile;
use super::{FileError, FormatKind};

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

/// `schema` with a name of its own for each column.
pub(super) fn numbered(schema: Schema) -> Schema {
    if two_of_one_name(schema.fields().iter().map(|field| field.name().as_str())).is_none() {
        return schema;
    }
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
    Schema::new(fields.collect::<Vec<_>>())
}

/// The positions of the first column whose name stands before it, and that name.
fn two_of_one_name<'a>(names: impl Iterator<Item = &'a str>) -> Option<(usize, usize, &'a str)> {
    let mut known = HashMap::new();
    names.enumerate().find_map(|(at, name)| known.insert(name, at).map(|first| (first, at, name)))
}
