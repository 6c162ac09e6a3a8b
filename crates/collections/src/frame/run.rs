//! Running a frame: whole results, streams of batches, counts, previews.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema, SchemaRef};
use datafusion::common::internal_err;
use datafusion::error::DataFusionError;
use datafusion::physical_expr::expressions::{Column, cast};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{Stream, StreamExt};
use swath_exec::engine::Running;
use swath_exec::files::name_files;
use swath_exec::watch;
use tokio::sync::mpsc;

use super::DataFrame;
use super::collect::{collect, collect_one};
use crate::error::{Error, Result};
use crate::expr::agg::count_all;
use crate::session::Session;

/// Batches that may wait between the engine and whoever reads a [`BatchStream`].
const STREAM_BUFFER_BATCHES: usize = 4;

/// Rows that [`DataFrame::show`] prints.
const SHOWN_ROWS: usize = 20;

impl DataFrame {
    /// The optimised physical plan.
    pub fn physical_plan(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let (state, plan) = (self.session.state(), self.logical_plan()?.clone());
        Ok(self.session.engine().block_on(async move { state.create_physical_plan(&plan).await })?)
    }

    /// Runs it and returns all batches.
    ///
    /// # Errors
    /// Whatever reading and computing can fail with; [`Error::ResourcesExhausted`] at the memory or spill limit, also if the
    /// rows together are larger than the memory limit: see [`stream`](Self::stream).
    pub fn collect(&self) -> Result<Vec<RecordBatch>> {
        Ok(self.session.engine().block_on(self.run()?)?)
    }

    /// [`collect`](Self::collect) for async callers. Dropping the future cancels the query.
    pub async fn collect_async(&self) -> Result<Vec<RecordBatch>> {
        Ok(self.session.engine().spawn(self.run()?).await?)
    }

    /// [`collect`](Self::collect) as one batch, also if there are no rows.
    pub fn collect_one(&self) -> Result<RecordBatch> {
        let (state, plan) = (self.session.state(), self.logical_plan()?.clone());
        Ok(self.session.engine().block_on(async move { collect_one(&state, &plan).await })?)
    }

    fn run(&self) -> Result<impl Future<Output = Result<Vec<RecordBatch>, DataFusionError>> + Send + 'static> {
        let (state, plan) = (self.session.state(), self.logical_plan()?.clone());
        Ok(async move { Ok(collect(&state, &plan).await?.1) })
    }

    /// The number of rows, counted without holding them.
    pub fn count(&self) -> Result<usize> {
        let batch = self.agg([count_all()]).collect_one()?;
        let rows = batch.column(0).as_primitive_opt::<Int64Type>().filter(|counts| counts.len() == 1);
        let rows = rows.and_then(|counts| usize::try_from(counts.value(0)).ok());
        rows.ok_or_else(|| DataFusionError::Internal("count(*) did not give one integer".to_owned()).into())
    }

    /// Runs it and hands over batches as they come. Dropping the stream cancels the query.
    pub fn stream(&self) -> Result<BatchStream> {
        let (state, plan) = (self.session.state(), self.logical_plan()?.clone());
        let schema = self.schema()?;
        let declared = Arc::clone(&schema);
        let (sender, receiver) = mpsc::channel(STREAM_BUFFER_BATCHES);
        let running = self.session.engine().spawn(async move {
            let physical = name_files(state.create_physical_plan(&plan).await?)?;
            let physical = as_declared(physical, &declared)?;
            watch::running(&physical);
            let mut batches = execute_stream(Arc::clone(&physical), state.task_ctx())?;
            while let Some(batch) = batches.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        });
        Ok(BatchStream { schema, receiver, running: Some(running), _session: self.session.clone() })
    }

    /// Prints the first 20 rows as a table.
    pub fn show(&self) -> Result<()> {
        let text = self.preview(SHOWN_ROWS)?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").map_err(|error| Error::from(DataFusionError::from(error)))
    }

    /// The first `rows` rows as a text table, with a line that says when there are more.
    pub fn preview(&self, rows: usize) -> Result<String> {
        // One row more than is shown tells whether there are more.
        let batch = self.limit(rows.saturating_add(1)).collect_one()?;
        let shown = batch.slice(0, batch.num_rows().min(rows));
        let mut text = arrow::util::pretty::pretty_format_batches(&[shown])?.to_string();
        if batch.num_rows() > rows {
            text.push_str(&format!("\nfirst {rows} rows; there are more"));
        } else {
            text.push_str(&format!("\n{} row{}", batch.num_rows(), if batch.num_rows() == 1 { "" } else { "s" }));
        }
        Ok(text)
    }
}

/// `plan` with the types of `declared`, which readers of a stream go by: a plan may turn out with others when it is optimised.
fn as_declared(plan: Arc<dyn ExecutionPlan>, declared: &Schema) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let schema = plan.schema();
    let fields = || schema.fields().iter().zip(declared.fields());
    if schema.fields().len() == declared.fields().len()
        && fields().all(|(own, declared)| own.data_type() == declared.data_type())
    {
        return Ok(plan);
    }
    if schema.fields().len() != declared.fields().len() {
        return internal_err!(
            "a plan of {} columns has become one of {}",
            declared.fields().len(),
            schema.fields().len()
        );
    }
    let columns = fields().enumerate().map(|(index, (own, declared))| {
        let column = Arc::new(Column::new(own.name(), index));
        Ok(ProjectionExpr {
            expr: cast(column, &schema, declared.data_type().clone())?,
            alias: declared.name().clone(),
        })
    });
    let columns = columns.collect::<Result<Vec<_>, DataFusionError>>()?;
    Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
}

/// Batches of a running query, as an async [`Stream`] or, for synchronous callers, in a `for` loop.
#[derive(Debug)]
pub struct BatchStream {
    schema: SchemaRef,
    receiver: mpsc::Receiver<Result<RecordBatch, DataFusionError>>,
    /// The query, until its end has been seen: how it ended is the last thing that a reader is told.
    running: Option<Running<()>>,
    /// Held: the query runs on its threads. Dropped last.
    _session: Session,
}

impl BatchStream {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Stream for BatchStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(batch) = ready!(self.receiver.poll_recv(context)) {
            return Poll::Ready(Some(batch.map_err(Error::from)));
        }
        // Without batches left the query has ended, or failed without one to say so: a panic, say.
        let Some(running) = &mut self.running else { return Poll::Ready(None) };
        let ended = ready!(Pin::new(running).poll(context));
        self.running = None;
        Poll::Ready(ended.err().map(|error| Err(error.into())))
    }
}

impl IntoIterator for BatchStream {
    type Item = Result<RecordBatch>;
    type IntoIter = BatchIterator;

    /// For callers without an async runtime: `for batch in frame.stream()? { … }`.
    fn into_iter(self) -> BatchIterator {
        BatchIterator(self)
    }
}

/// The batches of a [`BatchStream`], each waited for by the caller's thread. Inside an async runtime use the stream, which
/// does not block. (A type of its own, so that `next` of the stream is not ambiguous.)
#[derive(Debug)]
pub struct BatchIterator(BatchStream);

impl Iterator for BatchIterator {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        // Not `blocking_recv`, which panics inside an async runtime.
        swath_exec::interrupt::wait(self.0.next()).unwrap_or_else(|ended| Some(Err(ended.into())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::DataType;
    use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};

    use crate::Session;

    #[test]
    fn a_panic_while_streaming_is_an_error_not_an_end() {
        let session = Session::embedded().threads(1).build().unwrap();
        let fall = Arc::new(|_: &[ColumnarValue]| panic!("fell over"));
        let udf = create_udf("fall", vec![DataType::Int64], DataType::Int64, Volatility::Volatile, fall);
        session.context().register_udf(udf);
        let stream = session.sql("SELECT fall(value) FROM range(10)").unwrap().stream().unwrap();
        let last = stream.into_iter().last().unwrap();
        assert!(last.unwrap_err().to_string().contains("fell over"));
    }
}
