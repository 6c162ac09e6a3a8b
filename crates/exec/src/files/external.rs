//! The scans of tables with partition columns that `CREATE EXTERNAL TABLE` made.
//!
//! DataFusion's listing table has no null partition keys: it takes the name of their folder for a text, and fails where the column is
//! of another type. Its schema is kept (but its partition columns may be null), and files are found and read as everywhere else here.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::config::{ConfigFileType, TableOptions};
use datafusion::datasource::listing::ListingTable;

use super::sources::files_of;
use super::{Compression, FilesTable, ReadFormat, ReadPlan, Source};

/// How a table with partition columns is read.
#[derive(Debug)]
pub struct PartitionedFiles {
    locations: Vec<String>,
    format: ReadFormat,
    compression: Option<Compression>,
    /// The columns in the files.
    file_schema: SchemaRef,
    /// The columns from folders.
    partition_fields: Vec<FieldRef>,
}

impl PartitionedFiles {
    /// The files of `listing`, which has partition columns; none if it has not, or is of a format that is not known here.
    ///
    /// # Errors
    /// If an option is unknown.
    pub fn of(
        state: &dyn Session,
        listing: &dyn TableProvider,
        locations: &[String],
        file_type: &str,
        options: &HashMap<String, String>,
    ) -> Result<Option<Self>> {
        let Some(listing) = listing.downcast_ref::<ListingTable>() else { return Ok(None) };
        let partition_columns = &listing.options().table_partition_cols;
        let Some((format, compression)) = format_of(state, file_type, options)? else { return Ok(None) };
        if partition_columns.is_empty() {
            return Ok(None);
        }
        let partition_fields: Vec<FieldRef> = partition_columns
            .iter()
            .map(|(name, data_type)| Arc::new(Field::new(name, data_type.clone(), true)))
            .collect();
        let schema = listing.schema();
        let is_in_files = |field: &&FieldRef| partition_columns.iter().all(|(name, _)| name != field.name());
        let in_files = schema.fields().iter().filter(is_in_files);
        let file_schema = Schema::new_with_metadata(in_files.cloned().collect::<Vec<_>>(), schema.metadata().clone());
        let file_schema = Arc::new(file_schema);
        Ok(Some(Self { locations: locations.to_vec(), format, compression, file_schema, partition_fields }))
    }

    /// Its files, as they are now.
    ///
    /// # Errors
    /// If a location is not there.
    pub fn table(&self) -> Result<FilesTable> {
        Ok(self.over(self.sources()?))
    }

    fn sources(&self) -> Result<Vec<Source>> {
        self.locations.iter().map(|location| Source::parse(location)).collect()
    }

    /// Whether there are any.
    pub async fn are_there(&self, state: &dyn Session) -> bool {
        match self.sources() {
            Ok(sources) => files_of(state, &sources, self.format.kind()).await.is_ok(),
            Err(_) => false,
        }
    }

    /// All its columns.
    pub fn schema(&self) -> SchemaRef {
        self.over(vec![]).schema()
    }

    /// The table without its files, for what does not need them.
    pub fn over(&self, sources: Vec<Source>) -> FilesTable {
        let plan = ReadPlan {
            sources,
            format: self.format.clone(),
            compression: self.compression,
            schema: Some(Arc::clone(&self.file_schema)),
            hive: true,
            hive_types: vec![],
        };
        FilesTable::new(plan, Arc::clone(&self.file_schema), self.partition_fields.clone())
    }
}

/// The format, and the compression that the options tell.
fn format_of(
    state: &dyn Session,
    file_type: &str,
    options: &HashMap<String, String>,
) -> Result<Option<(ReadFormat, Option<Compression>)>> {
    let table_options = |file_type: ConfigFileType| -> Result<TableOptions> {
        let mut table_options = state.default_table_options();
        table_options.set_config_format(file_type);
        table_options.alter_with_string_hash_map(options)?;
        Ok(table_options)
    };
    Ok(Some(match file_type.to_ascii_lowercase().as_str() {
        "parquet" => (ReadFormat::Parquet(Box::new(table_options(ConfigFileType::PARQUET)?.parquet)), None),
        "csv" => {
            let options = table_options(ConfigFileType::CSV)?.csv;
            let compression = options.compression.into();
            (ReadFormat::Csv(Box::new(options)), Some(compression))
        }
        "json" | "ndjson" => {
            let options = table_options(ConfigFileType::JSON)?.json;
            let compression = options.compression.into();
            (ReadFormat::Json(options), Some(compression))
        }
        "arrow" => (ReadFormat::Arrow, None),
        _ => return Ok(None),
    }))
}
