//! Batches that clients send as tables: a new one in memory, or rows for one that exists.

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::{CommandStatementIngest, TableExistsOption, TableNotExistOption};
use datafusion::common::TableReference;
use datafusion::datasource::MemTable;
use swath_collections::{Error, Result};
use tonic::Status;

use crate::caller::random_name;
use crate::failure::status;
use crate::memory_tables;
use crate::parameters::{Incoming, decoded};
use crate::run;
use crate::sessions::ClientSession;

/// Does `command` with the rows in `incoming`; gives their number.
///
/// # Errors
/// If the table is there, or is not, against what is asked for; if the rows do not fit it; if they are too many for a table in
/// memory.
pub async fn ingest(
    client: &ClientSession,
    command: &CommandStatementIngest,
    incoming: Incoming,
) -> Result<i64, Status> {
    if command.transaction_id.as_ref().is_some_and(|id| !id.is_empty()) {
        return Err(crate::messages::no_transactions());
    }
    if command.temporary {
        return Err(Status::invalid_argument("ingestion: all tables end with the session; leave out 'temporary'"));
    }
    let name = table(command)?;
    let options = command.table_definition_options.unwrap_or_default();
    let if_exists = TableExistsOption::try_from(options.if_exists).unwrap_or(TableExistsOption::Unspecified);
    let if_missing = TableNotExistOption::try_from(options.if_not_exist).unwrap_or(TableNotExistOption::Unspecified);
    let loading = client.loading.lock().await;
    let Some((schema, batches)) = decoded(incoming, client.table_bytes).await? else {
        return Err(Status::invalid_argument("ingestion: expected rows, or at least a schema, got nothing"));
    };
    let rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>() as i64;
    let exists = client.session.context().table_exist(name.clone()).map_err(|error| status(&error.into()))?;
    match (exists, if_missing, if_exists) {
        (true, _, TableExistsOption::Append) => {
            // What fills a table in memory takes the lock itself.
            drop(loading);
            append(client, &name, batches).await?;
        }
        (true, _, TableExistsOption::Replace) | (false, TableNotExistOption::Create, _) => {
            create(client, &name, schema, batches).await.map_err(|error| status(&error))?;
        }
        (true, ..) => return Err(status(&memory_tables::exists(&name))),
        (false, ..) => {
            return Err(status(&Error::table_not_found(&name.to_string(), client.session.tables())));
        }
    }
    Ok(rows)
}

fn table(command: &CommandStatementIngest) -> Result<TableReference, Status> {
    let table = command.table.as_str();
    if table.is_empty() {
        return Err(Status::invalid_argument("ingestion: expected the name of a table, got an empty one"));
    }
    let given = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
    Ok(match (given(&command.catalog), given(&command.schema)) {
        (Some(catalog), Some(schema)) => TableReference::full(catalog, schema, table),
        (Some(_), None) => {
            return Err(Status::invalid_argument("ingestion: expected a schema beside the catalog, got none"));
        }
        (None, Some(schema)) => TableReference::partial(schema, table),
        (None, None) => TableReference::bare(table),
    })
}

async fn create(
    client: &ClientSession,
    name: &TableReference,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
) -> Result<()> {
    let table = MemTable::try_new(schema, vec![batches])?;
    let mut counter = datafusion::common::utils::memory::RecordBatchMemoryCounter::new();
    let mut bytes = memory_tables::held_bytes(client).await;
    for batch in table.batches[0].read().await.iter() {
        bytes += counter.count_batch(batch);
    }
    memory_tables::check(client, bytes)?;
    memory_tables::replace(client, name, table)
}

/// Appends `batches` to the table `name`, column by column of the same name, by an `INSERT`: files are written by the workers.
async fn append(client: &ClientSession, name: &TableReference, batches: Vec<RecordBatch>) -> Result<(), Status> {
    let context = client.session.context();
    let target = context.table_provider(name.clone()).await.map_err(|error| status(&error.into()))?.schema();
    let fitted = batches.iter().map(|batch| fitted(&target, batch)).collect::<Result<Vec<_>, _>>()?;
    let source = format!("swath_ingested_{}", random_name());
    let rows = MemTable::try_new(target, vec![fitted]).map_err(|error| status(&error.into()))?;
    context.register_table(source.as_str(), Arc::new(rows)).map_err(|error| status(&error.into()))?;
    let inserted = insert(client, name, &source).await;
    // It was registered above; there is nothing to do if somebody dropped it.
    let _ = context.deregister_table(source.as_str());
    inserted
}

async fn insert(client: &ClientSession, name: &TableReference, source: &str) -> Result<(), Status> {
    let sql = format!("INSERT INTO {} SELECT * FROM {source}", name.to_quoted_string());
    let statement = client.session.prepare_async(&sql).await.map_err(|error| status(&error))?;
    run::change(client, &statement).await.map(drop)
}

/// `batch` with the columns of `target`, by name.
fn fitted(target: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, Status> {
    let wrong = |message: String| Status::invalid_argument(format!("ingestion: {message}"));
    if let Some(other) = batch.schema().fields().iter().find(|field| target.field_with_name(field.name()).is_err()) {
        let names: Vec<_> = target.fields().iter().map(|field| format!("'{}'", field.name())).collect();
        return Err(wrong(format!(
            "the table has no column '{}'; its columns are: {}",
            other.name(),
            names.join(", ")
        )));
    }
    let mut columns = Vec::with_capacity(target.fields().len());
    for field in target.fields() {
        columns.push(match batch.column_by_name(field.name()) {
            None => new_null_array(field.data_type(), batch.num_rows()),
            Some(column) => cast(column, field.data_type())
                .map_err(|error| wrong(format!("column '{}' does not fit the table: {error}", field.name())))?,
        });
    }
    RecordBatch::try_new(Arc::clone(target), columns).map_err(|error| wrong(error.to_string()))
}
