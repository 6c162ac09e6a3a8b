//! A hash join that spills when its build side does not fit.
//!
//! DataFusion's [`HashJoinExec`] keeps its build side in memory, and fails where that is not allowed.
//! [`SpillingHashJoinExec`] wraps one: it buffers the build side under a reservation, and runs the wrapped join over it if
//! it fits, at the same speed and with the same dynamic filters; else it scatters both sides to disk by the hash of their
//! keys and joins part by part. The choice is made by what comes, not by an estimate: per partition, or once where partitions
//! share a build side. Where the plan counts on the order of the output, what was joined on disk is sorted again.
//!
//! Source of the algorithm: the GRACE hash join (Kitsuregawa, Tanaka, Moto-oka 1983).

mod handoff;
mod lease;
mod run;
mod scatter;
mod shared;

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::physical_expr::{LexOrdering, OrderingRequirements, PhysicalExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet, SpillMetrics};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream, SpillManager,
};
use futures::StreamExt;

use handoff::HandoffExec;
use run::{JoinRun, Part, Whole};
use shared::SharedJoin;

/// A [`HashJoinExec`] that goes to disk when its build side does not fit in memory.
///
/// Memory: the build side twice and 34 bytes a row, below `memory_fraction` of the limit over all partitions; beyond that
/// a few megabytes a partition, for the spill files in the making.
pub struct SpillingHashJoinExec {
    inner: Arc<HashJoinExec>,
    memory_fraction: f64,
    /// The inner join with its inputs cut off; and the places where they are put in.
    cut: Arc<HashJoinExec>,
    build: Arc<HandoffExec>,
    probe: Arc<HandoffExec>,
    /// What partitions with one build side share.
    shared: Arc<SharedJoin>,
    metrics: ExecutionPlanMetricsSet,
}

impl SpillingHashJoinExec {
    /// Whether `join` can be wrapped: any whose partition mode is settled.
    pub fn can_wrap(join: &HashJoinExec) -> bool {
        *join.partition_mode() != PartitionMode::Auto
    }

    /// Whether the partitions depend on each other.
    fn is_shared(&self) -> bool {
        let collected = *self.inner.partition_mode() == PartitionMode::CollectLeft;
        collected && (self.inner.null_aware || self.inner.right().output_partitioning().partition_count() > 1)
    }

    /// Wraps `inner`, which may take `memory_fraction` of the memory limit for its build side.
    pub fn try_new(inner: Arc<HashJoinExec>, memory_fraction: f64) -> Result<Self> {
        let build = HandoffExec::in_place_of(inner.left(), false);
        let probe = HandoffExec::in_place_of(inner.right(), true);
        let children = vec![Arc::clone(&build) as _, Arc::clone(&probe) as _];
        let cut = Arc::new(inner.builder().with_new_children(children)?.build()?);
        let shared = SharedJoin::new(inner.right());
        Ok(Self { inner, memory_fraction, cut, build, probe, shared, metrics: ExecutionPlanMetricsSet::new() })
    }

    /// The join that runs if the build side fits.
    pub fn inner(&self) -> &Arc<HashJoinExec> {
        &self.inner
    }

    /// What all build sides together may take.
    fn cap_bytes(&self, context: &TaskContext) -> usize {
        match context.memory_pool().memory_limit() {
            MemoryLimit::Finite(limit) => (limit as f64 * self.memory_fraction) as usize,
            _ => usize::MAX,
        }
    }

    /// The order that the plan promises. Rows may be known to be in several orders at a time; sorted by one after the other,
    /// they are in each of them again.
    fn order(&self) -> Option<LexOrdering> {
        let orders = self.inner.properties().equivalence_properties().oeq_class();
        LexOrdering::new(orders.iter().flat_map(|order| order.iter().cloned()))
    }

    fn rewrapped(&self, inner: HashJoinExec) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(Arc::new(inner), self.memory_fraction)?))
    }
}

impl fmt::Debug for SpillingHashJoinExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpillingHashJoinExec")
            .field("inner", &self.inner)
            .field("memory_fraction", &self.memory_fraction)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for SpillingHashJoinExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        if !matches!(kind, DisplayFormatType::TreeRender) {
            f.write_str("Spilling")?;
        }
        self.inner.fmt_as(kind, f)
    }
}

impl ExecutionPlan for SpillingHashJoinExec {
    fn name(&self) -> &str {
        "SpillingHashJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.inner.input_distribution_requirements()
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.inner.required_input_ordering()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.inner.maintains_input_order()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inner.children()
    }

    fn dynamic_expressions_produced(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        self.inner.dynamic_expressions_produced()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.rewrapped(self.inner.builder().recompute_properties().with_new_children(children)?.build()?)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        self.rewrapped(self.inner.builder().reset_state().build()?)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let spill_metrics = SpillMetrics::new(&self.metrics, partition);
        let spill = |child: &Arc<dyn ExecutionPlan>| {
            SpillManager::new(context.runtime_env(), spill_metrics.clone(), child.schema())
                .with_compression_type(context.session_config().spill_compression())
        };
        let cap_bytes = self.cap_bytes(&context);
        let partitions = self.properties().output_partitioning().partition_count().max(1);
        let run = Arc::new(JoinRun {
            template: run::template(&self.inner)?,
            partition,
            cap_bytes: cap_bytes / partitions,
            build_spill: spill(self.inner.left()),
            probe_spill: spill(self.inner.right()),
            order: self.order(),
            fetch: self.inner.fetch(),
            null_aware: self.inner.null_aware,
            builds_spilled: MetricBuilder::new(&self.metrics).counter("builds_spilled", partition),
            sort_merge_joins: MetricBuilder::new(&self.metrics).counter("sort_merge_joins", partition),
            context: Arc::clone(&context),
        });
        let whole = Whole {
            join: Arc::clone(&self.cut),
            build: Arc::clone(&self.build),
            probe: Arc::clone(&self.probe),
            partition,
            context: Arc::clone(&context),
            handed_over: false,
        };
        let joined = if self.is_shared() {
            let open_build = || self.inner.left().execute(0, context);
            self.shared.execute(run, whole, cap_bytes, open_build)?
        } else {
            let part = Part {
                run,
                whole: Some(whole),
                level: 0,
                parent_rows: None,
                build_rows: None,
                build: self.inner.left().execute(partition, Arc::clone(&context))?,
                probe: self.inner.right().execute(partition, context)?,
            };
            part.into_stream()
        };
        let output_rows = MetricBuilder::new(&self.metrics).output_rows(partition);
        let mut left_of_fetch = self.inner.fetch().unwrap_or(usize::MAX);
        let batches = joined.map(move |batch| {
            let batch = batch?;
            let batch = if batch.num_rows() > left_of_fetch { batch.slice(0, left_of_fetch) } else { batch };
            left_of_fetch -= batch.num_rows();
            output_rows.add(batch.num_rows());
            Ok(batch)
        });
        // One batch of the probe side may give thousands: without a pause between them nobody could cancel it.
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        let mut all = self.metrics.clone_inner();
        // The inner join's rows are among ours.
        let inner = self.inner.metrics().unwrap_or_default();
        inner
            .iter()
            .filter(|metric| metric.value().name() != "output_rows")
            .for_each(|metric| all.push(metric.clone()));
        Some(all)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        self.inner.child_stats_requests(partition)
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        self.inner.statistics_from_inputs(inputs, args)
    }

    fn fetch(&self) -> Option<usize> {
        self.inner.fetch()
    }
}
