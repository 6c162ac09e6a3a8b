//! Reads outputs of an earlier stage: from this worker's own store without a copy, from other workers by Flight.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ballista_core::error::BallistaError;
use ballista_core::execution_plans::ShuffleReaderExec;
use ballista_core::serde::protobuf;
use ballista_core::serde::scheduler::PartitionLocation;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, exec_datafusion_err, internal_err, not_impl_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, StatisticsArgs, StatisticsContext,
};
use futures::{StreamExt, TryStreamExt, stream};
use swath_shuffle::OutputKey;
use swath_shuffle::declared::as_declared;
use swath_shuffle::flight::{self, Ticket};

use super::Shared;
use crate::settings::ClusterOptions;

/// Workers that one partition is fetched from at one time.
const WORKERS_AT_ONCE: usize = 8;

/// Where one part of a partition lies.
#[derive(Clone, Debug)]
struct Part {
    worker: String,
    address: String,
    key: OutputKey,
    rows: Option<u64>,
    map_partition: usize,
}

/// A source of the rows that an earlier stage made.
pub struct ExchangeReaderExec {
    shared: Arc<Shared>,
    job: String,
    stage: usize,
    /// Parts by partition; one list for all if `broadcast`.
    partitions: Vec<Vec<Part>>,
    broadcast: bool,
    compression: String,
    properties: Arc<PlanProperties>,
    statistics: Arc<Statistics>,
    metrics: ExecutionPlanMetricsSet,
}

impl ExchangeReaderExec {
    /// What `reader` would read.
    ///
    /// # Errors
    /// If the place of an output is incomplete.
    pub fn new(reader: &ShuffleReaderExec, job: String, options: &ClusterOptions, shared: Arc<Shared>) -> Result<Self> {
        if reader.coalesce.is_some() {
            return not_impl_err!("a worker cannot read partitions that were joined while the query ran");
        }
        let partitions =
            reader.partition.iter().map(|parts| parts.iter().map(part).collect()).collect::<Result<_>>()?;
        let statistics = StatisticsContext::new().compute(reader, &StatisticsArgs::new())?;
        Ok(Self {
            shared,
            job,
            stage: reader.stage_id,
            partitions,
            broadcast: reader.broadcast,
            compression: options.exchange_compression.clone(),
            properties: Arc::clone(reader.properties()),
            statistics,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    fn stream_of(&self, worker: &str, parts: &[Part]) -> Result<SendableRecordBatchStream> {
        if worker == self.shared.id {
            let stored = parts.iter().map(|part| self.shared.outputs.get(&self.job, part.key));
            let stored =
                stored.collect::<Result<Vec<_>>>().map_err(|error| lost(&parts[0], &error.strip_backtrace()))?;
            let declared = self.schema();
            let batches = stream::iter(stored).map(|partition| partition.stream()).try_flatten();
            let batches = batches.map(move |batch| as_declared(batch?, &declared));
            return Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)));
        }
        let peer = self.shared.channels.peer(&parts[0].address)?;
        let ticket = Ticket {
            job: self.job.clone(),
            outputs: parts.iter().map(|part| part.key.into()).collect(),
            compression: self.compression.clone(),
            ..Default::default()
        };
        let rows = parts.iter().map(|part| part.rows).sum::<Option<u64>>();
        let first = parts[0].clone();
        let batches = flight::fetch(peer, ticket, self.schema(), rows).map_err(move |error| match &error {
            DataFusionError::IoError(io) => lost(&first, &io.to_string()),
            _ => error,
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

/// The error by which the scheduler knows that an output has to be made again.
fn lost(part: &Part, reason: &str) -> DataFusionError {
    DataFusionError::External(Box::new(BallistaError::FetchFailed(
        part.worker.clone(),
        part.key.stage as usize,
        part.map_partition,
        format!("{} at worker {}: {reason}", part.key, part.address),
    )))
}

fn part(location: &PartitionLocation) -> Result<Part> {
    let narrow = |number: usize| {
        u32::try_from(number).map_err(|_| exec_datafusion_err!("the number {number} of an output is too large"))
    };
    let Some(task) = location.file_id.and_then(|id| u32::try_from(id).ok()) else {
        return internal_err!("an output without its task");
    };
    // The field for rows is private; its wire form is not.
    let statistics: protobuf::PartitionStats = location.partition_stats.into();
    let key = OutputKey {
        stage: narrow(location.partition_id.stage_id)?,
        partition: narrow(location.partition_id.partition_id)?,
        task,
    };
    Ok(Part {
        worker: location.executor_meta.id.clone(),
        address: format!("{}:{}", location.executor_meta.host, location.executor_meta.port),
        key,
        rows: u64::try_from(statistics.num_rows).ok(),
        map_partition: location.map_partition_id,
    })
}

impl fmt::Debug for ExchangeReaderExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeReaderExec").field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl DisplayAs for ExchangeReaderExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExchangeReaderExec: stage={}, broadcast={}", self.stage, self.broadcast)
    }
}

impl ExecutionPlan for ExchangeReaderExec {
    fn name(&self) -> &str {
        "ExchangeReaderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if !children.is_empty() {
            return internal_err!("ExchangeReaderExec has no inputs");
        }
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let index = if self.broadcast { 0 } else { partition };
        let Some(parts) = self.partitions.get(index) else {
            return internal_err!("ExchangeReaderExec has {} partitions, got {partition}", self.partitions.len());
        };
        let mut by_worker: BTreeMap<&str, Vec<Part>> = BTreeMap::new();
        for part in parts {
            by_worker.entry(&part.worker).or_default().push(part.clone());
        }
        let streams =
            by_worker.into_iter().map(|(worker, parts)| self.stream_of(worker, &parts)).collect::<Result<Vec<_>>>()?;
        let rows = MetricBuilder::new(&self.metrics).output_rows(partition);
        let batches = stream::iter(streams).flatten_unordered(WORKERS_AT_ONCE).inspect_ok(move |batch| {
            rows.add(batch.num_rows());
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&self.statistics))
    }
}
