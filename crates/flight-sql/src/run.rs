//! Statements: a query waits until its rows are asked for, and streams; a change happens at once.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef, UInt64Type};
use datafusion::common::ParamValues;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use futures::{StreamExt, TryStreamExt, stream};
use swath_collections::{DataFrame, Result, Statement};
use tokio::sync::watch;
use tonic::Status;

use crate::failure::status;
use crate::memory_tables;
use crate::parameters::Share;
use crate::plain_types::{plain_frame, plain_schema};
use crate::results::Batches;
use crate::sessions::ClientSession;

/// A result that a client may fetch.
pub struct Ready {
    /// The columns.
    pub schema: SchemaRef,
    /// Set to true, it ends the work for whoever fetches it.
    pub cancel: watch::Sender<bool>,
    /// Whose it is; the session does not end before.
    pub client: Arc<ClientSession>,
    rows: Rows,
    _share: Option<Share>,
}

enum Rows {
    /// A query, for each row of parameters.
    Queries(Statement, Vec<Option<ParamValues>>),
    Frame(DataFrame),
    Here(Vec<RecordBatch>),
}

/// What came of a change.
pub enum Changed {
    /// It is done.
    Done {
        /// Rows that were written.
        affected: i64,
        /// What it gives.
        schema: SchemaRef,
        /// The rows of it.
        batches: Vec<RecordBatch>,
    },
    /// It was `EXECUTE` of a query.
    Rows(DataFrame),
}

impl Changed {
    /// Rows that were written; -1 if it is not known.
    pub fn affected(&self) -> i64 {
        match self {
            Self::Done { affected, .. } => *affected,
            Self::Rows(_) => -1,
        }
    }
}

/// The columns that clients get of `statement`; none if it gives no rows.
pub fn schema(statement: &Statement) -> SchemaRef {
    plain_schema(&statement.schema())
}

/// What fetching gives: a query is left for then, a change is done now, for each row of `values` if there are any.
///
/// # Errors
/// If values do not fit, or the change fails.
pub async fn ready(
    client: Arc<ClientSession>,
    statement: Statement,
    values: Option<Vec<ParamValues>>,
    share: Option<Share>,
) -> Result<Ready, Status> {
    let (schema, rows) = match statement.is_query() {
        true => queries(statement, values)?,
        false => changes(&client, &statement, values).await?,
    };
    let (cancel, _) = watch::channel(false);
    Ok(Ready { schema, cancel, client, rows, _share: share })
}

fn queries(statement: Statement, values: Option<Vec<ParamValues>>) -> Result<(SchemaRef, Rows), Status> {
    let values: Vec<_> = values.map_or_else(|| vec![None], |values| values.into_iter().map(Some).collect());
    let columns = match values.first() {
        Some(Some(first)) => schema(&bound(&statement, Some(first))?),
        _ => schema(&statement),
    };
    // A value of another row may be null.
    let columns = if values.len() > 1 { nullable(&columns) } else { columns };
    Ok((columns, Rows::Queries(statement, values)))
}

fn nullable(schema: &Schema) -> SchemaRef {
    let fields: Vec<_> = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

async fn changes(
    client: &ClientSession,
    statement: &Statement,
    values: Option<Vec<ParamValues>>,
) -> Result<(SchemaRef, Rows), Status> {
    let rows = values.map_or_else(|| vec![None], |values| values.into_iter().map(Some).collect::<Vec<_>>());
    let (mut columns, mut all) = (schema(statement), vec![]);
    for values in &rows {
        match change(client, &bound(statement, values.as_ref())?).await? {
            Changed::Done { schema, batches, .. } => {
                columns = schema;
                all.extend(batches);
            }
            Changed::Rows(frame) => {
                let frame = plain_frame(&frame).map_err(|error| status(&error))?;
                let schema = frame.schema().map_err(|error| status(&error))?;
                return Ok((schema, Rows::Frame(frame)));
            }
        }
    }
    Ok((columns, Rows::Here(all)))
}

/// Does `statement` once for each row of `values`, once if there are none; gives the rows that were written.
///
/// # Errors
/// If it is a query, or fails. Rows before the failing one stay.
pub async fn update(
    client: &ClientSession,
    statement: &Statement,
    values: Option<&[ParamValues]>,
) -> Result<i64, Status> {
    if statement.is_query() {
        return Err(Status::invalid_argument(
            "expected a statement that changes something, got a query: execute it as a query to fetch its rows",
        ));
    }
    let Some(values) = values else { return Ok(change(client, statement).await?.affected()) };
    let mut affected = 0;
    for values in values {
        affected += change(client, &bound(statement, Some(values))?).await?.affected();
    }
    Ok(affected)
}

fn bound(statement: &Statement, values: Option<&ParamValues>) -> Result<Statement, Status> {
    match values {
        Some(values) => statement.bind(values.clone()).map_err(|error| status(&error)),
        None => Ok(statement.clone()),
    }
}

/// Does what is no query.
///
/// # Errors
/// Whatever the statement fails with.
pub async fn change(client: &ClientSession, statement: &Statement) -> Result<Changed, Status> {
    changed(client, statement).await.map_err(|error| {
        let text = statement.text();
        status(&error.in_sql(text, || client.session.tables()))
    })
}

async fn changed(client: &ClientSession, statement: &Statement) -> Result<Changed> {
    let none = Arc::new(Schema::empty());
    if let Some(LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create))) = statement.logical_plan() {
        let affected = memory_tables::create(client, create).await?;
        return Ok(Changed::Done { affected, schema: none, batches: vec![] });
    }
    let frame = statement.run_async().await?;
    match frame.logical_plan()? {
        LogicalPlan::Dml(dml) => {
            if let Some(table) = memory_tables::target(dml) {
                let affected = memory_tables::insert(client, &table, dml.input.as_ref().clone()).await?;
                return Ok(Changed::Done { affected, schema: count_schema(), batches: vec![count_batch(affected)?] });
            }
        }
        LogicalPlan::Copy(_) => {}
        LogicalPlan::EmptyRelation(_) if frame.schema()?.fields().is_empty() => {
            return Ok(Changed::Done { affected: 0, schema: none, batches: vec![] });
        }
        _ => return Ok(Changed::Rows(frame)),
    }
    let batches = frame.collect_async().await?;
    let counts = batches.iter().filter_map(|batch| batch.columns().first()?.as_primitive_opt::<UInt64Type>());
    let affected = counts.flat_map(|counts| counts.iter().flatten()).sum::<u64>();
    let schema = batches.first().map_or(none, RecordBatch::schema);
    Ok(Changed::Done { affected: i64::try_from(affected).unwrap_or(i64::MAX), schema, batches })
}

/// What an `INSERT` gives.
fn count_schema() -> SchemaRef {
    use arrow::datatypes::{DataType, Field};
    Arc::new(Schema::new(vec![Field::new("count", DataType::UInt64, false)]))
}

fn count_batch(rows: i64) -> Result<RecordBatch> {
    let counts = arrow::array::UInt64Array::from(vec![u64::try_from(rows).unwrap_or_default()]);
    Ok(RecordBatch::try_new(count_schema(), vec![Arc::new(counts)])?)
}

impl Ready {
    /// The rows, made as they are taken.
    ///
    /// # Errors
    /// If the query cannot be planned.
    pub fn batches(&self) -> Result<Batches, Status> {
        match &self.rows {
            Rows::Here(batches) => Ok(stream::iter(batches.clone().into_iter().map(Ok)).boxed()),
            Rows::Frame(frame) => streamed(frame),
            Rows::Queries(statement, values) => {
                let (statement, schema) = (statement.clone(), Arc::clone(&self.schema));
                let results = stream::iter(values.clone()).then(move |values| {
                    let (statement, schema) = (statement.clone(), Arc::clone(&schema));
                    async move {
                        let bound = bound(&statement, values.as_ref())?;
                        let frame = bound.run_async().await.and_then(|frame| plain_frame(&frame));
                        let frame = frame.map_err(|error| status(&error))?;
                        let found = frame.schema().map_err(|error| status(&error))?;
                        check_types(&schema, &found)?;
                        streamed(&frame)
                    }
                });
                Ok(results.try_flatten().boxed())
            }
        }
    }
}

/// Checks that the rows of all parameters have the types that were promised for the first.
fn check_types(promised: &Schema, found: &Schema) -> Result<(), Status> {
    let types = |schema: &Schema| schema.fields().iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
    if types(promised) == types(found) {
        return Ok(());
    }
    Err(Status::invalid_argument(format!(
        "the columns are of types {:?} for the first row of parameters, and {:?} for another: give the placeholders types with \
         CAST",
        types(promised),
        types(found)
    )))
}

fn streamed(frame: &DataFrame) -> Result<Batches, Status> {
    let stream = frame.stream().map_err(|error| status(&error))?;
    Ok(stream.map_err(|error| status(&error)).boxed())
}
