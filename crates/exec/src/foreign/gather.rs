//! Batches for functions of users: the larger, the fewer calls.
//!
//! ```text
//! ProjectionExec: f(a)         ProjectionExec: f(a)
//!   input              =>        GatherBatchesExec
//!                                  input
//! ```
//!
//! A call of a function in another language has a price of its own, and with two threads each call may wait for the language's lock.
//! The operator puts small batches together. It begins with those of its input, so that a query for a few rows calls no function with
//! many; each time that what it handed out was done with quickly it hands out twice as many rows, and where that takes long, half as
//! many, so that a slow function can still be interrupted between calls. Rows and their order stay the same, and so do results: a
//! function over columns sees rows, not batches.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
};
use futures::{Stream, StreamExt};

use super::calls_function;

/// Rows of the largest batch that is put together. Results of four megabytes are what NumPy asks huge pages for: where they are kept, that is
/// twice as fast as smaller ones.
const MOST_ROWS: usize = 1 << 19;
/// Bytes from which on a batch is large enough.
const MOST_BYTES: usize = 8 << 20;
/// A batch that is done with in less is followed by a larger one.
const QUICK: Duration = Duration::from_millis(10);
/// A batch that takes more is followed by a smaller one.
const SLOW: Duration = Duration::from_millis(40);

/// Puts a [`GatherBatchesExec`] under each projection and filter that calls a user's function.
#[derive(Debug, Default)]
pub struct GatherForFunctions;

impl PhysicalOptimizerRule for GatherForFunctions {
    fn name(&self) -> &str {
        "gather_for_functions"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            if !(node.is::<ProjectionExec>() || node.is::<FilterExec>()) || !calls_function(node.as_ref())? {
                return Ok(Transformed::no(node));
            }
            let inputs = node.children().into_iter().map(|input| {
                // One below has gathered them already.
                if calls_function(input.as_ref())? {
                    return Ok(Arc::clone(input));
                }
                Ok(Arc::new(GatherBatchesExec { input: Arc::clone(input) }) as _)
            });
            let inputs = inputs.collect::<Result<Vec<_>>>()?;
            let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
            Ok(Transformed::yes(node.replace_children(inputs, options)?))
        })
        .data()
    }
}

/// Puts batches together.
#[derive(Debug)]
pub struct GatherBatchesExec {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for GatherBatchesExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatherBatchesExec: rows<={MOST_ROWS}")
    }
}

impl ExecutionPlan for GatherBatchesExec {
    fn name(&self) -> &str {
        "GatherBatchesExec"
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
        let [input] = <[_; 1]>::try_from(children).map_err(|children| {
            internal_datafusion_err!("GatherBatchesExec takes one input, got {}", children.len())
        })?;
        Ok(Arc::new(Self { input }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let name = format!("GatherBatchesExec[{partition}]");
        let reservation = MemoryConsumer::new(name).register(&context.runtime_env().memory_pool);
        Ok(Box::pin(GatherStream {
            input: self.input.execute(partition, context)?,
            reservation,
            aim: 0,
            gathered: vec![],
            rows: 0,
            handed_out: None,
        }))
    }
}

struct GatherStream {
    input: SendableRecordBatchStream,
    /// For what is gathered.
    reservation: MemoryReservation,
    /// How many rows the next batch should have; none means as the input gives them.
    aim: usize,
    gathered: Vec<RecordBatch>,
    rows: usize,
    /// When the last batch was handed out, and its rows.
    handed_out: Option<(Instant, usize)>,
}

impl GatherStream {
    /// Whoever took the last batch is done with it.
    fn adapt(&mut self) {
        let Some((since, rows)) = self.handed_out.take() else { return };
        let took = since.elapsed();
        if took < QUICK {
            self.aim = (rows.max(self.aim) * 2).min(MOST_ROWS);
        } else if took > SLOW {
            self.aim = rows / 2;
        }
    }

    /// Takes `batch` in; whether that is enough.
    fn take(&mut self, batch: RecordBatch) -> bool {
        let bytes = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(MOST_BYTES));
        let bytes: usize = bytes.sum();
        self.rows += batch.num_rows();
        self.gathered.push(batch);
        // The copies that are made of several; where there is no memory for them the batches go on as they are.
        let refused = self.reservation.try_grow(bytes).is_err();
        refused || self.rows >= self.aim || self.reservation.size() >= MOST_BYTES
    }

    /// What was gathered; none, if nothing.
    fn hand_out(&mut self) -> Option<Result<RecordBatch>> {
        let batches = std::mem::take(&mut self.gathered);
        let rows = std::mem::take(&mut self.rows);
        self.reservation.free();
        let batch = match batches.as_slice() {
            [] => return None,
            [one] => Ok(one.clone()),
            several => concat_batches(&self.input.schema(), several).map_err(Into::into),
        };
        self.handed_out = Some((Instant::now(), rows));
        Some(batch)
    }
}

impl Stream for GatherStream {
    type Item = Result<RecordBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.adapt();
        loop {
            match ready!(this.input.poll_next_unpin(context)) {
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => {
                    if this.take(batch) {
                        return Poll::Ready(this.hand_out());
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(this.hand_out()),
            }
        }
    }
}

impl RecordBatchStream for GatherStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use datafusion::datasource::memory::MemorySourceConfig;
    use futures::executor::block_on;

    use super::*;

    fn source(lengths: &[usize]) -> (Arc<dyn ExecutionPlan>, Vec<i64>) {
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, false)]));
        let mut next = 0..;
        let batches: Vec<RecordBatch> = lengths
            .iter()
            .map(|length| {
                let values = Int64Array::from_iter_values(next.by_ref().take(*length));
                RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(values)]).unwrap()
            })
            .collect();
        let all = (0..lengths.iter().sum::<usize>() as i64).collect();
        (MemorySourceConfig::try_new_exec(&[batches], schema, None).unwrap(), all)
    }

    fn lengths_and_values(gather: &GatherBatchesExec, wait: Duration) -> (Vec<usize>, Vec<i64>) {
        let mut stream = gather.execute(0, Arc::new(TaskContext::default())).unwrap();
        let (mut lengths, mut values) = (vec![], vec![]);
        while let Some(batch) = block_on(stream.next()) {
            let batch = batch.unwrap();
            lengths.push(batch.num_rows());
            values.extend(batch.column(0).as_primitive::<Int64Type>().values());
            std::thread::sleep(wait);
        }
        assert!(block_on(stream.next()).is_none());
        (lengths, values)
    }

    #[test]
    fn batches_grow_while_they_are_done_with_quickly() {
        let (input, all) = source(&[1000; 200]);
        let (lengths, values) = lengths_and_values(&GatherBatchesExec { input }, Duration::ZERO);
        assert_eq!(values, all);
        // A machine that stops for a while may hold growth up, but not undo the first steps.
        assert_eq!(lengths[0], 1000);
        assert!(lengths.len() < 30, "{lengths:?}");
    }

    #[test]
    fn batches_stay_small_where_they_take_long() {
        let (input, all) = source(&[10; 12]);
        let (lengths, values) = lengths_and_values(&GatherBatchesExec { input }, SLOW + Duration::from_millis(5));
        assert_eq!(values, all);
        assert_eq!(lengths, [10; 12]);
    }

    #[test]
    fn empty_batches_and_empty_inputs_give_none() {
        for lengths in [&[][..], &[0, 0], &[0, 3, 0]] {
            let (input, all) = source(lengths);
            let (lengths, values) = lengths_and_values(&GatherBatchesExec { input }, Duration::ZERO);
            assert_eq!(values, all);
            assert!(lengths.len() <= 1);
        }
    }
}
