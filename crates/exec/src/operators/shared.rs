//! One run of a subplan for several readers.
//!
//! Each place of the plan where the subplan stood has a [`SharedExec`] over its own, equal copy. Whichever is read first runs its
//! copy, all partitions at once, into a partition store (memory first, spill files when the memory pool is used up); every
//! reader gets the batches from there, without a copy. The run belongs to the plan and not to a reader: a reader that goes
//! away early takes nothing from the others. What is stored is freed with the plan.

use std::fmt;
use std::sync::{Arc, OnceLock};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_datafusion_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildStats, ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    PlanProperties, ReplaceChildrenOptions, Statistics, StatisticsArgs,
};
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use swath_shuffle::{PartitionStore, StoredPartition};
use tokio::task::JoinSet;

/// A partition as it will be stored.
type Stored = Shared<BoxFuture<'static, Result<StoredPartition, Arc<DataFusionError>>>>;

/// The run that the copies of one subplan share.
#[derive(Default)]
pub struct SharedRun {
    partitions: OnceLock<Vec<Stored>>,
}

impl fmt::Debug for SharedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRun").field("started", &self.partitions.get().is_some()).finish()
    }
}

impl SharedRun {
    /// Partition `index`, of a run over `plan` if none has begun.
    fn partition(&self, index: usize, plan: &Arc<dyn ExecutionPlan>, context: &Arc<TaskContext>) -> Result<Stored> {
        let partitions = self.partitions.get_or_init(|| {
            let store = PartitionStore::new(context.runtime_env(), usize::MAX);
            let count = plan.output_partitioning().partition_count();
            (0..count).map(|index| stored(Arc::clone(plan), index, Arc::clone(context), store.clone())).collect()
        });
        let wanted = partitions.get(index).cloned();
        wanted.ok_or_else(|| {
            internal_datafusion_err!("SharedExec has {} partitions, asked for {index}", partitions.len())
        })
    }
}

/// Runs one partition into `store`, on a task of its own.
fn stored(plan: Arc<dyn ExecutionPlan>, index: usize, context: Arc<TaskContext>, store: PartitionStore) -> Stored {
    // Spawned at once: partitions of one plan may wait for each other's input.
    // A set ends its tasks when it is dropped.
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut batches = plan.execute(index, context)?;
        let mut writer = store.writer(batches.schema());
        while let Some(batch) = batches.next().await {
            writer.push(batch?)?;
        }
        writer.finish()
    });
    async move {
        match tasks.join_next().await {
            Some(Ok(result)) => result.map_err(Arc::new),
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(Arc::new(DataFusionError::Execution("a shared subplan was cancelled".to_owned()))),
        }
    }
    .boxed()
    .shared()
}

/// One of several readers of a subplan that runs once.
#[derive(Debug)]
pub struct SharedExec {
    input: Arc<dyn ExecutionPlan>,
    run: Arc<SharedRun>,
    readers: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl SharedExec {
    /// A reader of `input`, which is one of `readers` equal copies that have `run` in common.
    pub fn new(input: Arc<dyn ExecutionPlan>, run: Arc<SharedRun>, readers: usize) -> Self {
        Self { input, run, readers, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for SharedExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedExec: readers={}", self.readers)
    }
}

impl ExecutionPlan for SharedExec {
    fn name(&self) -> &str {
        "SharedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(children)
            .map_err(|children| internal_datafusion_err!("SharedExec takes one input, got {}", children.len()))?;
        Ok(Arc::new(Self::new(input, Arc::clone(&self.run), self.readers)))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    /// A plan that runs again, as in a recursive query, must not give the rows of its first run.
    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = Arc::clone(&self.input).reset_state()?;
        Ok(Arc::new(Self::new(input, Arc::default(), 1)))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (run, input) = (Arc::clone(&self.run), Arc::clone(&self.input));
        let rows = MetricBuilder::new(&self.metrics).output_rows(partition);
        // Not before the first poll: a plan that is only prepared starts nothing.
        let batches = stream::once(async move {
            let stored = run.partition(partition, &input, &context)?.await.map_err(DataFusionError::Shared)?;
            stored.stream()
        });
        let batches = batches.try_flatten().inspect_ok(move |batch| rows.add(batch.num_rows()));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&inputs[0]))
    }
}
