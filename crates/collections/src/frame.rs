//! The lazy table: a logical plan and the session that runs it.

mod cache;
mod explain;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{Column, DFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{Stream, StreamExt};
use swath_exec::engine::Running;
use tokio::sync::mpsc;

pub use self::explain::ExplainView;

use crate::error::{Error, Result};
use crate::session::Session;

/// Batches that may wait between the engine and whoever reads a [`BatchStream`].
const STREAM_BUFFER_BATCHES: usize = 4;

/// A lazy table. Methods that shape it return a new one and read nothing; methods that run it use the session's threads.
///
/// Column names are unique and exact (case and dots are taken as they are).
///
/// Shaping methods never fail by themselves, so that calls chain without `?`: the first mistake (an unknown column, say) is
/// kept, and returned by [`schema`](Self::schema), [`collect`](Self::collect) or whatever looks at the frame first.
#[derive(Clone, Debug)]
pub struct DataFrame {
    session: Session,
    plan: Result<LogicalPlan>,
}

impl DataFrame {
    pub(crate) fn new(session: Session, plan: Result<LogicalPlan>) -> Self {
        Self { session, plan }
    }

    /// The session that will run it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The DataFusion plan underneath, or the first mistake that was made in building it.
    pub fn logical_plan(&self) -> Result<&LogicalPlan> {
        self.plan.as_ref().map_err(Clone::clone)
    }

    /// Names and types of the columns.
    pub fn schema(&self) -> Result<SchemaRef> {
        Ok(Arc::clone(self.logical_plan()?.schema().inner()))
    }

    /// The column names, in order.
    pub fn columns(&self) -> Result<Vec<String>> {
        Ok(self.schema()?.fields().iter().map(|field| field.name().clone()).collect())
    }

    /// A new frame from this one's plan: the way in which every shaping method ends.
    pub(crate) fn then(&self, build: impl FnOnce(LogicalPlan) -> Result<LogicalPlan>) -> Self {
        let plan = self.plan.clone().and_then(build);
        Self::new(self.session.clone(), plan)
    }

    /// [`then`](Self::then) for what a [`LogicalPlanBuilder`] can do.
    pub(crate) fn then_build(
        &self,
        build: impl FnOnce(LogicalPlanBuilder) -> Result<LogicalPlanBuilder, DataFusionError>,
    ) -> Self {
        self.then(|plan| Ok(build(LogicalPlanBuilder::new(plan))?.build()?))
    }

    /// Keeps the rows for which `predicate` is true; null counts as false.
    pub fn filter(&self, predicate: Expr) -> Self {
        self.then_build(|plan| plan.filter(predicate))
    }

    /// Exactly these columns and expressions, in this order.
    pub fn select(&self, expressions: impl IntoIterator<Item = Expr>) -> Self {
        self.then_build(|plan| plan.project(expressions))
    }

    /// The first `rows` rows.
    pub fn limit(&self, rows: usize) -> Self {
        self.then_build(|plan| plan.limit(0, Some(rows)))
    }

    /// The optimised physical plan.
    pub fn physical_plan(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let (state, plan) = (self.session.state(), self.plan.clone()?);
        Ok(self.session.engine().block_on(async move { state.create_physical_plan(&plan).await })?)
    }

    /// Runs it and returns all batches.
    ///
    /// # Errors
    /// Whatever reading and computing can fail with; [`Error::ResourcesExhausted`] at the memory or spill limit.
    pub fn collect(&self) -> Result<Vec<RecordBatch>> {
        Ok(self.session.engine().block_on(self.run()?)?)
    }

    /// [`collect`](Self::collect) for async callers. Dropping the future cancels the query.
    pub async fn collect_async(&self) -> Result<Vec<RecordBatch>> {
        Ok(self.session.engine().spawn(self.run()?).await?)
    }

    fn run(&self) -> Result<impl Future<Output = Result<Vec<RecordBatch>, DataFusionError>> + Send + 'static> {
        let (state, plan) = (self.session.state(), self.plan.clone()?);
        Ok(async move {
            let physical = state.create_physical_plan(&plan).await?;
            datafusion::physical_plan::collect(physical, state.task_ctx()).await
        })
    }

    /// The number of rows.
    pub fn count(&self) -> Result<usize> {
        let batches = self.collect()?;
        Ok(batches.iter().map(RecordBatch::num_rows).sum())
    }

    /// Runs it and hands over batches as they come. Dropping the stream cancels the query.
    pub fn stream(&self) -> Result<BatchStream> {
        let (state, plan) = (self.session.state(), self.plan.clone()?);
        let schema = self.schema()?;
        let (sender, receiver) = mpsc::channel(STREAM_BUFFER_BATCHES);
        let failures = sender.clone();
        let work = async move {
            let physical = state.create_physical_plan(&plan).await?;
            let mut batches = execute_stream(physical, state.task_ctx())?;
            while let Some(batch) = batches.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let running = self.session.engine().spawn(async move {
            if let Err(error) = work.await {
                // The reader may be gone; then nobody waits for the error.
                let _ = failures.send(Err(error)).await;
            }
            Ok(())
        });
        Ok(BatchStream { schema, receiver, _running: running })
    }
}

/// Batches of a running query, as an async [`Stream`] or, for synchronous callers, an [`Iterator`].
#[derive(Debug)]
pub struct BatchStream {
    schema: SchemaRef,
    receiver: mpsc::Receiver<Result<RecordBatch, DataFusionError>>,
    _running: Running<()>,
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
        self.receiver.poll_recv(context).map(|item| item.map(|batch| batch.map_err(Error::from)))
    }
}

/// Gives every column of `plan` its bare name.
pub(crate) fn unqualified(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let schema: &DFSchema = plan.schema();
    let columns: Vec<Expr> = schema
        .iter()
        .map(|(qualifier, field)| Expr::Column(Column::new(qualifier.cloned(), field.name())).alias(field.name()))
        .collect();
    LogicalPlanBuilder::new(plan).project(columns)?.build()
}
