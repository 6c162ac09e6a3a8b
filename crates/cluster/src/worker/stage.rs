//! One task: all partitions of its plan, written to the worker's partition store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use ballista_core::error::BallistaError;
use ballista_core::serde::protobuf::ShuffleWritePartition;
use ballista_executor::execution_engine::QueryStageExecutor;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::{MetricsSet, Time};
use datafusion::physical_plan::repartition::BatchPartitioner;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, displayable};
use futures::StreamExt;
use parking_lot::Mutex;
use swath_exec::cancel::Cancel;
use swath_shuffle::compact::compact;
use swath_shuffle::declared::as_declared;
use swath_shuffle::{OutputKey, PartitionWriter};
use tokio::task::JoinSet;

use super::keys::{self, PendingFilter};
use super::{Shared, reports};
use crate::failure::marked;

/// How a task's rows become partitions of its stage.
pub enum Output {
    /// As they come: its partitions have these numbers in the stage.
    Same {
        /// By the place in the task.
        partitions: Vec<usize>,
    },
    /// By this partitioning.
    Partitioned {
        /// Always a hash partitioning.
        partitioning: Partitioning,
    },
}

/// Which task.
pub struct TaskNumber {
    /// Its job.
    pub job: String,
    /// Its stage.
    pub stage: u32,
    /// Its number in the stage.
    pub task: u32,
}

/// A task.
pub struct StageTask {
    shared: Arc<Shared>,
    job: String,
    stage: u32,
    task: u32,
    plan: Arc<dyn ExecutionPlan>,
    filters: Vec<PendingFilter>,
    output: Output,
}

impl StageTask {
    /// A task that writes what `plan` gives, once its `filters` have their keys.
    pub fn new(
        shared: Arc<Shared>,
        number: TaskNumber,
        plan: Arc<dyn ExecutionPlan>,
        filters: Vec<PendingFilter>,
        output: Output,
    ) -> Self {
        let TaskNumber { job, stage, task } = number;
        Self { shared, job, stage, task, plan, filters, output }
    }

    async fn run(&self, context: Arc<TaskContext>) -> Result<Vec<ShuffleWritePartition>> {
        let schema = self.plan.schema();
        let partitions: Vec<usize> = match &self.output {
            Output::Same { partitions } => partitions.clone(),
            Output::Partitioned { partitioning } => (0..partitioning.partition_count()).collect(),
        };
        let inputs = self.plan.output_partitioning().partition_count();
        if matches!(self.output, Output::Same { .. }) && partitions.len() != inputs {
            return internal_err!(
                "task {} of stage {} has {inputs} partitions, the scheduler expects {}",
                self.task,
                self.stage,
                partitions.len()
            );
        }
        let store = self.shared.outputs.store();
        let mut writers: Vec<_> = partitions.iter().map(|_| store.writer(Arc::clone(&schema))).collect();
        if matches!(self.output, Output::Same { .. }) {
            // A client reads the last stage while it is written.
            for (writer, partition) in writers.iter_mut().zip(&partitions) {
                self.shared.outputs.open(&self.job, self.output_key(*partition)?, writer.live())?;
            }
        }
        let writers: Arc<Vec<Mutex<Sink>>> =
            Arc::new(writers.into_iter().map(|writer| Mutex::new(Sink { writer, batches: 0 })).collect());
        futures::future::join_all(self.filters.iter().map(|filter| filter.resolve(&self.shared, &self.job))).await;
        let (mut work, cancel) = (JoinSet::new(), Cancel::default());
        for input in 0..inputs {
            let stream = {
                // What operators spawn belongs to the worker's own threads, too.
                let _runtime = self.shared.handle.enter();
                self.plan.execute(input, Arc::clone(&context))?
            };
            let (writers, schema) = (Arc::clone(&writers), Arc::clone(&schema));
            let partitioner = match &self.output {
                Output::Same { .. } => None,
                Output::Partitioned { partitioning } => {
                    Some(BatchPartitioner::try_new(partitioning.clone(), Time::default(), input, inputs)?)
                }
            };
            let batch_rows = context.session_config().batch_size();
            work.spawn_on(
                cancel.scope(async move {
                    match partitioner {
                        None => write_as_is(stream, &schema, &writers[input]).await,
                        Some(partitioner) => {
                            write_partitioned(stream, &schema, partitioner, &writers, batch_rows).await
                        }
                    }
                }),
                &self.shared.handle,
            );
        }
        while let Some(joined) = work.join_next().await {
            match joined {
                Ok(written) => written?,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => return Err(DataFusionError::ExecutionJoin(Box::new(error))),
            }
        }
        let Some(writers) = Arc::into_inner(writers) else {
            return internal_err!("a part of task {} outlived it", self.task);
        };
        keys::store(&self.plan, &self.shared, &self.job, self.stage, self.task)?;
        let mut written = vec![];
        for (sink, partition) in writers.into_iter().zip(partitions) {
            let Sink { writer, batches } = sink.into_inner();
            let stored = writer.finish()?;
            if stored.rows() == 0 {
                continue;
            }
            written.push(ShuffleWritePartition {
                partition_id: partition as u64,
                num_batches: batches,
                num_rows: stored.rows() as u64,
                // Zero would mean that there is nothing.
                num_bytes: stored.bytes().max(1) as u64,
                file_id: Some(u64::from(self.task)),
                is_sort_shuffle: matches!(self.output, Output::Partitioned { .. }),
            });
            self.shared.outputs.insert(&self.job, self.output_key(partition)?, stored)?;
        }
        Ok(written)
    }

    fn output_key(&self, partition: usize) -> Result<OutputKey> {
        let partition =
            u32::try_from(partition).map_err(|_| exec_datafusion_err!("partition {partition} is too large"))?;
        Ok(OutputKey { stage: self.stage, partition, task: self.task })
    }
}

struct Sink {
    writer: PartitionWriter,
    batches: u64,
}

impl Sink {
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.batches += 1;
        self.writer.push(compact(batch)?)
    }
}

async fn write_as_is(
    mut stream: datafusion::execution::SendableRecordBatchStream,
    schema: &SchemaRef,
    sink: &Mutex<Sink>,
) -> Result<()> {
    while let Some(batch) = stream.next().await {
        sink.lock().push(as_declared(batch?, schema)?)?;
    }
    Ok(())
}

/// Small pieces of many batches become whole batches before they are stored.
async fn write_partitioned(
    mut stream: datafusion::execution::SendableRecordBatchStream,
    schema: &SchemaRef,
    mut partitioner: BatchPartitioner,
    sinks: &[Mutex<Sink>],
    batch_rows: usize,
) -> Result<()> {
    let mut pieces: Vec<BatchCoalescer> =
        sinks.iter().map(|_| BatchCoalescer::new(Arc::clone(schema), batch_rows)).collect();
    while let Some(batch) = stream.next().await {
        partitioner.partition(as_declared(batch?, schema)?, |partition, piece| {
            let coalescer = &mut pieces[partition];
            coalescer.push_batch(piece)?;
            while let Some(batch) = coalescer.next_completed_batch() {
                sinks[partition].lock().push(batch)?;
            }
            Ok(())
        })?;
    }
    for (coalescer, sink) in pieces.iter_mut().zip(sinks) {
        coalescer.finish_buffered_batch()?;
        while let Some(batch) = coalescer.next_completed_batch() {
            sink.lock().push(batch)?;
        }
    }
    Ok(())
}

/// Whether the scheduler has to see this error as it is: it makes the lost input again.
fn is_lost_input(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::External(external) => {
            matches!(external.downcast_ref::<BallistaError>(), Some(BallistaError::FetchFailed(..)))
        }
        _ => false,
    }
}

#[async_trait::async_trait]
impl QueryStageExecutor for StageTask {
    async fn execute_query_stage(
        &self,
        _task_id: usize,
        context: Arc<TaskContext>,
    ) -> Result<Vec<ShuffleWritePartition>> {
        let started = std::time::Instant::now();
        let mut report = Report { task: self, started, made: None };
        let result = self.run(context).await;
        if let Ok(written) = &result {
            let sum = |of: fn(&ShuffleWritePartition) -> u64| written.iter().map(of).sum();
            report.made = Some((sum(|part| part.num_rows), sum(|part| part.num_bytes)));
        }
        drop(report);
        log_end(self, started.elapsed(), result.is_ok());
        result.map_err(|error| if is_lost_input(&error) { error } else { marked(&error) })
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        // Ballista wants as many from each task of a stage; the rules may have shaped these differently.
        vec![]
    }
}

/// Tells what a task did when it ends, also if it is given up before.
struct Report<'a> {
    task: &'a StageTask,
    started: std::time::Instant,
    /// Rows and bytes, once they are complete.
    made: Option<(u64, u64)>,
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        let StageTask { stage, task, plan, job, shared, .. } = self.task;
        let made = self.made.unwrap_or_else(|| {
            let metrics = plan.metrics();
            (metrics.and_then(|metrics| metrics.output_rows()).unwrap_or_default() as u64, 0)
        });
        shared.reports.add(job, reports::figures(*stage, *task, plan, made, self.started.elapsed()));
    }
}

fn log_end(task: &StageTask, elapsed: Duration, ok: bool) {
    log::debug!("job {} stage {} task {}: {elapsed:?}, ok={ok}", task.job, task.stage, task.task);
    log::trace!(
        "{}",
        datafusion::physical_plan::display::DisplayableExecutionPlan::with_metrics(task.plan.as_ref()).indent(true)
    );
}

impl fmt::Debug for StageTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} of stage {} of job {}", self.task, self.stage, self.job)
    }
}

impl fmt::Display for StageTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", displayable(self.plan.as_ref()).indent(false))
    }
}
