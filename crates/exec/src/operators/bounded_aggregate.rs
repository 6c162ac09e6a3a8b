//! The first phase of an aggregation, with a table that stays small.
//!
//! ```text
//! AggregateExec: Final                AggregateExec: Final
//!   RepartitionExec           =>        RepartitionExec
//!     AggregateExec: Partial              BoundedAggregateExec: Partial
//! ```
//!
//! The first phase exists to give fewer rows to the exchange, and may give a group in several parts. DataFusion's keeps all groups
//! until its input ends or memory runs out. With many groups that is slow, for each row misses the processor's caches, and costs
//! the memory of a second table of all groups. Where rows of one group stand close together, as they do in most files, a small
//! table sees nearly all of them before it is emptied; where they do not, a large table would not have made many fewer rows.
//!
//! So the aggregation gets a memory pool of its own, which refuses it more than a few megabytes, the first time somewhat later: the
//! first hundred thousand rows decide whether the first phase is of any use, and DataFusion skips it if it is not. It then does what it does when
//! memory runs out: it gives what it has and begins anew. What it reserves is still counted in the session's pool, and its input
//! runs with that.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, internal_datafusion_err, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{
    ChildStats, ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties,
    ReplaceChildrenOptions, Statistics, StatisticsArgs,
};
use swath_planner::SwathOptions;

/// Bounds the table of each first phase of an aggregation by groups.
#[derive(Debug, Default)]
pub struct BoundPartialAggregates;

impl PhysicalOptimizerRule for BoundPartialAggregates {
    fn name(&self) -> &str {
        "bound_partial_aggregates"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let options = config.extensions.get::<SwathOptions>().cloned().unwrap_or_default();
        if options.partial_aggregation_bytes == 0 {
            return Ok(plan);
        }
        plan.transform_up(|node| match node.downcast_ref::<AggregateExec>() {
            Some(aggregate) if BoundedAggregateExec::can_wrap(aggregate) => {
                let bounded = BoundedAggregateExec::try_new(node, options.partial_aggregation_bytes)?;
                Ok(Transformed::yes(Arc::new(bounded) as _))
            }
            _ => Ok(Transformed::no(node)),
        })
        .data()
    }
}

/// An aggregation's first phase whose table stays below a number of bytes.
#[derive(Debug)]
pub struct BoundedAggregateExec {
    /// The aggregation, over [`RestoreExec`] over the input.
    aggregate: Arc<dyn ExecutionPlan>,
    input: Arc<dyn ExecutionPlan>,
    most_bytes: usize,
}

impl BoundedAggregateExec {
    /// Whether `aggregate` may give a group in several parts, and keeps groups in a table.
    fn can_wrap(aggregate: &AggregateExec) -> bool {
        *aggregate.mode() == AggregateMode::Partial
            && !aggregate.group_expr().is_true_no_grouping()
            && *aggregate.input_order_mode() == InputOrderMode::Linear
            && aggregate.limit_options().is_none()
    }

    fn try_new(aggregate: Arc<dyn ExecutionPlan>, most_bytes: usize) -> Result<Self> {
        let Some(input) = aggregate.children().first().map(|input| Arc::clone(input)) else {
            return internal_err!("an aggregation has an input");
        };
        let restore: Arc<dyn ExecutionPlan> = Arc::new(RestoreExec { input: Arc::clone(&input) });
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
        Ok(Self { aggregate: aggregate.replace_children(vec![restore], options)?, input, most_bytes })
    }
}

impl DisplayAs for BoundedAggregateExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bounded")?;
        self.aggregate.fmt_as(format, f)
    }
}

impl ExecutionPlan for BoundedAggregateExec {
    fn name(&self) -> &str {
        "BoundedAggregateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        self.aggregate.benefits_from_input_partitioning()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.aggregate.apply_expressions(visit)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let aggregate = Arc::clone(&self.aggregate).replace_children(children, options)?;
        Ok(Arc::new(Self::try_new(aggregate, self.most_bytes)?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.aggregate.execute(partition, bounded(&context, self.most_bytes))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.aggregate.metrics()
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        self.aggregate.child_stats_requests(partition)
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        self.aggregate.statistics_from_inputs(inputs, arguments)
    }
}

/// `context` with a memory pool of at most `most_bytes`, and itself among its settings.
fn bounded(context: &Arc<TaskContext>, most_bytes: usize) -> Arc<TaskContext> {
    let outer = context.runtime_env();
    let outer_pool = Arc::clone(&outer.memory_pool);
    let pool = BoundedPool { outer: outer_pool, most_bytes, used_bytes: 0.into(), refused: false.into() };
    let runtime = RuntimeEnv { memory_pool: Arc::new(pool), ..outer.as_ref().clone() };
    let config = context.session_config().clone().with_extension(Arc::new(Outer(Arc::clone(context))));
    Arc::new(TaskContext::new(
        context.task_id(),
        context.session_id(),
        config,
        context.scalar_functions().clone(),
        context.higher_order_functions().clone(),
        context.aggregate_functions().clone(),
        context.window_functions().clone(),
        Arc::new(runtime),
    ))
}

/// The context with which the whole plan runs.
struct Outer(Arc<TaskContext>);

/// Runs its input with the context of the whole plan.
#[derive(Debug)]
struct RestoreExec {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for RestoreExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestoreExec")
    }
}

impl ExecutionPlan for RestoreExec {
    fn name(&self) -> &str {
        "RestoreExec"
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
            .map_err(|children| internal_datafusion_err!("RestoreExec takes one input, got {}", children.len()))?;
        Ok(Arc::new(Self { input }))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        match context.session_config().get_extension::<Outer>() {
            Some(outer) => self.input.execute(partition, Arc::clone(&outer.0)),
            None => internal_err!("RestoreExec runs below a BoundedAggregateExec"),
        }
    }
}

/// A part of a memory pool: counts in the whole, and refuses more than it may give.
#[derive(Debug)]
struct BoundedPool {
    outer: Arc<dyn MemoryPool>,
    most_bytes: usize,
    used_bytes: AtomicUsize,
    /// Whether it has refused anything.
    refused: AtomicBool,
}

/// The first bound is so many times the later ones.
const FIRST: usize = 4;

impl BoundedPool {
    fn limit_bytes(&self) -> usize {
        if self.refused.load(Ordering::Relaxed) { self.most_bytes } else { self.most_bytes.saturating_mul(FIRST) }
    }
}

impl fmt::Display for BoundedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(used: {}, limit: {})", self.name(), self.reserved(), self.limit_bytes())
    }
}

impl MemoryPool for BoundedPool {
    fn name(&self) -> &str {
        "bounded"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.outer.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.outer.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.outer.grow(reservation, additional);
        self.used_bytes.fetch_add(additional, Ordering::Relaxed);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.outer.shrink(reservation, shrink);
        self.used_bytes.fetch_sub(shrink, Ordering::Relaxed);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let within = |used: usize| used.checked_add(additional).filter(|sum| *sum <= self.limit_bytes());
        if self.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_err() {
            return Err(DataFusionError::ResourcesExhausted(format!(
                "the table has reached {} bytes",
                self.most_bytes
            )));
        }
        self.outer.try_grow(reservation, additional).inspect_err(|_| {
            self.used_bytes.fetch_sub(additional, Ordering::Relaxed);
        })
    }

    fn reserved(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit_bytes())
    }
}
