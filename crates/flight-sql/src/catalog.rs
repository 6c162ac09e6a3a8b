//! Catalogs, schemas and tables as a client's session has them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::metadata::{GetCatalogsBuilder, GetDbSchemasBuilder, GetTablesBuilder};
use arrow_flight::sql::{CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes, CommandGetTables};
use datafusion::catalog::CatalogProvider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::TableType;
use swath_collections::Session;
use tonic::Status;

use crate::failure::status;
use crate::plain_types::plain_schema;

/// What tables are called by kind.
const TABLE_TYPES: [&str; 3] = ["LOCAL TEMPORARY", "TABLE", "VIEW"];

fn table_type(kind: TableType) -> &'static str {
    match kind {
        TableType::Base => "TABLE",
        TableType::View => "VIEW",
        TableType::Temporary => "LOCAL TEMPORARY",
    }
}

fn wrong(error: impl std::fmt::Display) -> Status {
    Status::invalid_argument(error.to_string())
}

/// The session's catalogs by name.
fn catalogs(session: &Session) -> Vec<(String, Arc<dyn CatalogProvider>)> {
    let list = session.context().state_ref().read().catalog_list().clone();
    let named = |name: String| list.catalog(&name).map(|catalog| (name, catalog));
    list.catalog_names().into_iter().filter_map(named).collect()
}

/// The columns of a list of catalogs.
pub fn catalogs_schema() -> SchemaRef {
    GetCatalogsBuilder::new().schema()
}

/// The session's catalogs.
///
/// # Errors
/// None that a client can cause.
pub fn list_catalogs(session: &Session, command: CommandGetCatalogs) -> Result<RecordBatch, Status> {
    let mut list = command.into_builder();
    for (name, _) in catalogs(session) {
        list.append(name);
    }
    list.build().map_err(wrong)
}

/// The columns of a list of schemas.
pub fn schemas_schema() -> SchemaRef {
    GetDbSchemasBuilder::new(None::<String>, None::<String>).schema()
}

/// The session's schemas.
///
/// # Errors
/// If a pattern is none.
pub fn list_schemas(session: &Session, command: CommandGetDbSchemas) -> Result<RecordBatch, Status> {
    let mut list = command.into_builder();
    for (name, catalog) in catalogs(session) {
        for schema in catalog.schema_names() {
            list.append(&name, schema);
        }
    }
    list.build().map_err(wrong)
}

/// The columns of a list of tables.
pub fn tables_schema(with_schemas: bool) -> SchemaRef {
    GetTablesBuilder::new(None::<String>, None::<String>, None::<String>, Vec::<String>::new(), with_schemas).schema()
}

/// The session's tables and views.
///
/// # Errors
/// If a pattern is none, or a table cannot be looked at.
pub async fn list_tables(session: &Session, command: CommandGetTables) -> Result<RecordBatch, Status> {
    let (owned, with_schemas) = (session.clone(), command.include_schema);
    // Tables over files look at them, which is the work of the session's threads.
    let tables = session.engine().spawn(async move { found_tables(&owned, with_schemas).await }).await;
    let mut list = command.into_builder();
    for table in tables.map_err(|error| status(&error.into()))? {
        list.append(&table.catalog, &table.schema, &table.name, table.kind, &table.columns).map_err(wrong)?;
    }
    list.build().map_err(wrong)
}

struct FoundTable {
    catalog: String,
    schema: String,
    name: String,
    kind: &'static str,
    columns: SchemaRef,
}

async fn found_tables(session: &Session, with_schemas: bool) -> Result<Vec<FoundTable>, DataFusionError> {
    let mut tables = vec![];
    for (catalog_name, catalog) in catalogs(session) {
        for schema_name in catalog.schema_names() {
            let Some(schema) = catalog.schema(&schema_name) else { continue };
            for name in schema.table_names() {
                // Another client of the same session may have dropped it meanwhile.
                let Some(table) = schema.table(&name).await? else { continue };
                let columns = if with_schemas { plain_schema(&table.schema()) } else { Arc::new(Schema::empty()) };
                let kind = table_type(table.table_type());
                let (catalog, schema) = (catalog_name.clone(), schema_name.clone());
                tables.push(FoundTable { catalog, schema, name, kind, columns });
            }
        }
    }
    Ok(tables)
}

/// The columns of a list of kinds of tables.
pub fn table_types_schema() -> SchemaRef {
    CommandGetTableTypes {}.into_builder().schema()
}

/// The kinds of tables.
///
/// # Errors
/// None that a client can cause.
pub fn list_table_types() -> Result<RecordBatch, Status> {
    let mut list = CommandGetTableTypes {}.into_builder();
    for kind in TABLE_TYPES {
        list.append(kind);
    }
    list.build().map_err(wrong)
}

/// The columns of a list of primary keys, of which there are none.
pub fn primary_keys_schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        Field::new("key_sequence", DataType::Int32, false),
        text("key_name", true),
    ]))
}

/// The columns of a list of foreign keys, of which there are none.
pub fn foreign_keys_schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("pk_catalog_name", true),
        text("pk_db_schema_name", true),
        text("pk_table_name", false),
        text("pk_column_name", false),
        text("fk_catalog_name", true),
        text("fk_db_schema_name", true),
        text("fk_table_name", false),
        text("fk_column_name", false),
        Field::new("key_sequence", DataType::Int32, false),
        text("fk_key_name", true),
        text("pk_key_name", true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]))
}
