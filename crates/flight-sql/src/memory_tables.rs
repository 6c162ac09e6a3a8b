//! Tables in memory: this process holds their rows, so those of one session have a budget.
//!
//! `CREATE TABLE … AS`, `INSERT` into such a table and ingestion come here. A connected session of one's own has no such bound: its
//! tables are in its own process.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{TableReference, plan_datafusion_err};
use datafusion::datasource::{MemTable, source_as_provider};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{CreateMemoryTable, DmlStatement, LogicalPlan, WriteOp};
use futures::StreamExt;
use swath_collections::{DataFrame, Error, Result};

use crate::sessions::ClientSession;

/// Does `CREATE TABLE … AS`; gives the number of rows.
///
/// # Errors
/// If the table exists, the query fails, or the session's tables would hold too much.
pub async fn create(client: &ClientSession, create: &CreateMemoryTable) -> Result<i64> {
    let _loading = client.loading.lock().await;
    let context = client.session.context();
    if create.temporary {
        return Err(Error::invalid("CREATE TABLE", "all tables end with the session; leave out TEMPORARY"));
    }
    match (context.table_exist(create.name.clone())?, create.if_not_exists, create.or_replace) {
        (_, true, true) => {
            return Err(Error::invalid("CREATE TABLE", "IF NOT EXISTS and OR REPLACE exclude each other"));
        }
        (true, true, false) => return Ok(0),
        (true, false, false) => return Err(exists(&create.name)),
        _ => {}
    }
    let frame = client.session.frame(create.input.as_ref().clone());
    let schema = frame.schema()?;
    let mut names: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("two columns are named '{}'; give one of them another name with AS", twice[0]);
        return Err(Error::invalid("CREATE TABLE", message));
    }
    let (batches, rows) = collected(client, &frame).await?;
    let table = MemTable::try_new(Arc::clone(&schema), vec![typed(&schema, batches)?])?
        .with_constraints(create.constraints.clone())
        .with_column_defaults(create.column_defaults.iter().cloned().collect());
    replace(client, &create.name, table)?;
    Ok(rows)
}

/// Makes `table` known as `name`, in place of any that has the name.
///
/// # Errors
/// If there is no such schema.
pub fn replace(client: &ClientSession, name: &TableReference, table: MemTable) -> Result<()> {
    let context = client.session.context();
    context.deregister_table(name.clone())?;
    context.register_table(name.clone(), Arc::new(table))?;
    Ok(())
}

/// The error of a name that is taken.
pub fn exists(name: &TableReference) -> Error {
    plan_datafusion_err!("Table '{name}' already exists").into()
}

/// The table in memory that `statement` appends to, if it does.
pub fn target(statement: &DmlStatement) -> Option<Arc<dyn TableProvider>> {
    let WriteOp::Insert(InsertOp::Append) = statement.op else { return None };
    source_as_provider(&statement.target).ok().filter(|provider| provider.is::<MemTable>())
}

/// Appends the rows of `input` to `provider`, a table in memory; gives their number.
///
/// # Errors
/// If the query fails, a value is null where it must not be, or the session's tables would hold too much.
pub async fn insert(client: &ClientSession, provider: &Arc<dyn TableProvider>, input: LogicalPlan) -> Result<i64> {
    let _loading = client.loading.lock().await;
    let (batches, rows) = collected(client, &client.session.frame(input)).await?;
    append(provider, batches).await?;
    Ok(rows)
}

/// Puts `batches` into `provider`, a table in memory.
///
/// # Errors
/// If they do not fit its columns.
pub async fn append(provider: &Arc<dyn TableProvider>, batches: Vec<RecordBatch>) -> Result<()> {
    let partition = provider.downcast_ref::<MemTable>().and_then(|table| table.batches.first());
    let Some(partition) = partition else {
        return Err(Error::invalid("INSERT", "expected a table in memory with a partition"));
    };
    let mut batches = typed(&provider.schema(), batches)?;
    partition.write().await.append(&mut batches);
    Ok(())
}

/// `batches` with the very columns of `schema`.
fn typed(schema: &SchemaRef, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>> {
    let typed = |batch: RecordBatch| RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec());
    batches.into_iter().map(|batch| Ok(typed(batch)?)).collect()
}

/// The rows of `frame`, as far as the session's tables may still grow.
async fn collected(client: &ClientSession, frame: &DataFrame) -> Result<(Vec<RecordBatch>, i64)> {
    let mut counter = RecordBatchMemoryCounter::new();
    let mut bytes = held_bytes(client).await;
    let (mut batches, mut rows) = (vec![], 0);
    let mut stream = frame.stream()?;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        bytes += counter.count_batch(&batch);
        check(client, bytes)?;
        rows += batch.num_rows() as i64;
        batches.push(batch);
    }
    Ok((batches, rows))
}

/// Checks that the session's tables in memory may hold `bytes`.
///
/// # Errors
/// If that is too much.
pub fn check(client: &ClientSession, bytes: usize) -> Result<()> {
    if bytes <= client.table_bytes {
        return Ok(());
    }
    Err(Error::ResourcesExhausted {
        message: format!("the session's tables in memory would hold more than {} MB", client.table_bytes >> 20),
        remedy: "CACHE TABLE … AS keeps rows on the workers, COPY and CREATE EXTERNAL TABLE in files; or start the scheduler \
                 with a higher --sql-session-memory"
            .to_owned(),
    })
}

/// What the session's tables in memory hold.
pub async fn held_bytes(client: &ClientSession) -> usize {
    let mut counter = RecordBatchMemoryCounter::new();
    let mut bytes = 0;
    let catalogs = client.session.context().state_ref().read().catalog_list().clone();
    for catalog in catalogs.catalog_names().iter().filter_map(|name| catalogs.catalog(name)) {
        for schema in catalog.schema_names().iter().filter_map(|name| catalog.schema(name)) {
            for name in schema.table_names() {
                let Ok(Some(table)) = schema.table(&name).await else { continue };
                let Some(table) = table.downcast_ref::<MemTable>() else { continue };
                for partition in &table.batches {
                    bytes += partition.read().await.iter().map(|batch| counter.count_batch(batch)).sum::<usize>();
                }
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use swath_collections::Session;

    use super::*;
    use crate::run;

    fn client(table_bytes: usize) -> ClientSession {
        let session = Session::embedded().threads(1).memory_limit(64 << 20).build().unwrap();
        ClientSession { session, table_bytes, loading: tokio::sync::Mutex::default() }
    }

    async fn change(client: &ClientSession, sql: &str) -> Result<i64, tonic::Status> {
        let statement = client.session.prepare_async(sql).await.map_err(|error| crate::failure::status(&error))?;
        run::change(client, &statement).await.map(|changed| changed.affected())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn tables_are_made_and_filled_within_the_budget() {
        let client = client(1 << 20);
        assert_eq!(change(&client, "CREATE TABLE t AS SELECT value AS n, 'x' AS s FROM range(10)").await.unwrap(), 10);
        assert_eq!(change(&client, "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS n").await.unwrap(), 0);
        assert_eq!(change(&client, "INSERT INTO t (s, n) VALUES ('y', 10), ('z', 11)").await.unwrap(), 2);
        assert_eq!(client.session.sql_async("SELECT * FROM t").await.unwrap().collect_async().await.unwrap().len(), 2);
        for (sql, expected) in [
            ("CREATE TABLE t AS SELECT 1 AS n", "already exists"),
            ("CREATE TABLE u AS SELECT 1 AS n, 2 AS n", "n"),
            ("CREATE TABLE u AS SELECT value FROM range(100000000)", "more than 1 MB"),
            ("INSERT INTO t SELECT value, 'x' FROM range(100000000)", "more than 1 MB"),
        ] {
            let error = change(&client, sql).await.unwrap_err();
            assert!(error.message().contains(expected), "{sql}: {error}");
        }
        assert_eq!(client.session.tables(), ["t"]);
        assert_eq!(change(&client, "CREATE OR REPLACE TABLE t AS SELECT 1 AS n").await.unwrap(), 1);
        change(&client, "CREATE TABLE e (a INT NOT NULL, b VARCHAR)").await.unwrap();
        assert_eq!(change(&client, "INSERT INTO e VALUES (1, 'b')").await.unwrap(), 1);
        assert!(change(&client, "INSERT INTO e VALUES (NULL, 'b')").await.is_err());
        assert!(held_bytes(&client).await > 0);
        change(&client, "DROP TABLE t").await.unwrap();
    }
}
