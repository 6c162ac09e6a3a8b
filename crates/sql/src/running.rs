//! A query on its way: batches as they come, the plan whose metrics tell how far it is.

use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use swath_collections::{Error, Session, name_files};
use tokio::sync::mpsc;

/// Batches that may wait for the writer.
const BUFFER_BATCHES: usize = 4;

/// A running query. Dropping it cancels it.
pub struct RunningQuery {
    plan: Arc<dyn ExecutionPlan>,
    batches: mpsc::Receiver<Result<RecordBatch, DataFusionError>>,
    work: Pin<Box<dyn Future<Output = Result<(), DataFusionError>> + Send>>,
}

impl RunningQuery {
    /// Starts `plan` on the session's threads.
    pub fn start(session: &Session, plan: Arc<dyn ExecutionPlan>) -> Self {
        Self::start_in(session, session.context().task_ctx(), plan)
    }

    /// Starts `plan` on the session's threads in a context of its own.
    pub fn start_in(session: &Session, context: Arc<TaskContext>, plan: Arc<dyn ExecutionPlan>) -> Self {
        let (sender, batches) = mpsc::channel(BUFFER_BATCHES);
        let running = Arc::clone(&plan);
        let work = session.engine().spawn(async move {
            let mut stream = execute_stream(running, context)?;
            while let Some(batch) = stream.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        });
        Self { plan, batches, work: Box::pin(work) }
    }

    /// The plan that runs.
    pub fn plan(&self) -> &Arc<dyn ExecutionPlan> {
        &self.plan
    }

    /// The next batch; none after the last.
    ///
    /// # Errors
    /// Whatever the query fails with.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        match self.batches.recv().await {
            Some(batch) => Ok(Some(batch?)),
            // The channel also ends when the work fails outside the stream, by a panic say.
            None => Ok(self.work.as_mut().await.map(|()| None)?),
        }
    }
}

/// Plans `plan` on the session's threads.
pub async fn physical_plan(session: &Session, plan: LogicalPlan) -> Result<Arc<dyn ExecutionPlan>, Error> {
    let state = session.context().state();
    Ok(session.engine().spawn(async move { name_files(state.create_physical_plan(&plan).await?) }).await?)
}
