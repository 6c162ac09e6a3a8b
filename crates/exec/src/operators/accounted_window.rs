//! A window function over whole partitions, with its memory accounted for.
//!
//! ```text
//! WindowAggExec                WindowAggExec (in AccountedWindowExec)
//!   input              =>        HeldInputExec
//!                                  input
//! ```
//!
//! DataFusion's `WindowAggExec` holds all rows of its input, copies them into one batch, and adds the new columns to it, without asking
//! for memory. Here each batch that enters is reserved when it comes, and as much again for the copy when the input has ended; the
//! reservation lives as long as the output. What the pool refuses becomes an error that names the operator, instead of a process
//! that the system ends.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_datafusion_err, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{
    ChildStats, ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, PlanProperties, ReplaceChildrenOptions, Statistics, StatisticsArgs,
};
use futures::{Stream, StreamExt};
use parking_lot::Mutex;

use crate::buffers::Buffers;

/// Puts each `WindowAggExec` into an [`AccountedWindowExec`].
#[derive(Debug, Default)]
pub struct AccountForWindows;

impl PhysicalOptimizerRule for AccountForWindows {
    fn name(&self) -> &str {
        "account_for_windows"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(if node.is::<WindowAggExec>() {
                Transformed::yes(Arc::new(AccountedWindowExec::try_new(node)?) as _)
            } else {
                Transformed::no(node)
            })
        })
        .data()
    }
}

/// A `WindowAggExec` that reserves what it holds.
#[derive(Debug)]
pub struct AccountedWindowExec {
    /// The window functions, over [`HeldInputExec`] over the input.
    window: Arc<dyn ExecutionPlan>,
    input: Arc<dyn ExecutionPlan>,
    held: Arc<Held>,
}

/// What each partition's operator holds, from the end of its input to the end of its output.
#[derive(Debug)]
struct Held(Vec<Mutex<Option<MemoryReservation>>>);

impl AccountedWindowExec {
    fn try_new(window: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let Some(input) = window.children().first().map(|input| Arc::clone(input)) else {
            return internal_err!("a window function has an input");
        };
        let partitions = input.output_partitioning().partition_count();
        let held = Arc::new(Held((0..partitions).map(|_| Mutex::new(None)).collect()));
        let held_input = Arc::new(HeldInputExec { input: Arc::clone(&input), held: Arc::clone(&held) });
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
        Ok(Self { window: window.replace_children(vec![held_input], options)?, input, held })
    }
}

impl DisplayAs for AccountedWindowExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.window.fmt_as(format, f)
    }
}

impl ExecutionPlan for AccountedWindowExec {
    fn name(&self) -> &str {
        "AccountedWindowExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.window.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.window.maintains_input_order()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.window.input_distribution_requirements()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.window.apply_expressions(visit)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::try_new(Arc::clone(&self.window).replace_children(children, options)?)?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let output = self.window.execute(partition, context)?;
        let release = Release { held: Arc::clone(&self.held), partition };
        // The closure owns the reservation's end.
        let output = output.inspect(move |_| {
            let _ = &release;
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), output)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.window.metrics()
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        self.window.child_stats_requests(partition)
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        self.window.statistics_from_inputs(inputs, arguments)
    }
}

/// Ends a partition's reservation when it is dropped.
struct Release {
    held: Arc<Held>,
    partition: usize,
}

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(slot) = self.held.0.get(self.partition) {
            slot.lock().take();
        }
    }
}

/// Passes batches on, and reserves memory for them as if it held them.
#[derive(Debug)]
struct HeldInputExec {
    input: Arc<dyn ExecutionPlan>,
    held: Arc<Held>,
}

impl DisplayAs for HeldInputExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeldInputExec")
    }
}

impl ExecutionPlan for HeldInputExec {
    fn name(&self) -> &str {
        "HeldInputExec"
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

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(children)
            .map_err(|children| internal_datafusion_err!("HeldInputExec takes one input, got {}", children.len()))?;
        Ok(Arc::new(Self { input, held: Arc::clone(&self.held) }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let reservation =
            MemoryConsumer::new(format!("WindowAggExec[{partition}]")).register(&context.runtime_env().memory_pool);
        Ok(Box::pin(HeldInputStream {
            input: self.input.execute(partition, context)?,
            reservation: Some(reservation),
            counted: Buffers::default(),
            held: Arc::clone(&self.held),
            partition,
        }))
    }
}

struct HeldInputStream {
    input: SendableRecordBatchStream,
    /// None when the input has ended.
    reservation: Option<MemoryReservation>,
    /// What is reserved: batches may be slices of one.
    counted: Buffers,
    held: Arc<Held>,
    partition: usize,
}

impl HeldInputStream {
    fn hold(&mut self, batch: &RecordBatch) -> Result<()> {
        let bytes = self.counted.add(batch);
        self.reservation.as_ref().map_or(Ok(()), |reservation| reservation.try_grow(bytes))
    }

    /// From now on there is a copy of everything, and the reservation is the output's.
    fn end(&mut self) -> Result<()> {
        let Some(reservation) = self.reservation.take() else { return Ok(()) };
        reservation.try_grow(reservation.size())?;
        if let Some(slot) = self.held.0.get(self.partition) {
            *slot.lock() = Some(reservation);
        }
        Ok(())
    }
}

impl Stream for HeldInputStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.input.poll_next_unpin(context)) {
            Some(Ok(batch)) => Some(self.hold(&batch).map(|()| batch)),
            Some(Err(error)) => Some(Err(error)),
            None => self.end().err().map(Err),
        })
    }
}

impl RecordBatchStream for HeldInputStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
