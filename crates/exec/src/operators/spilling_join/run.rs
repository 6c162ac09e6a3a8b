//! One partition of a join that may spill.
//!
//! ```text
//! build side fits    -> hash join in memory over the buffered batches and the streaming probe side
//! it does not        -> both sides scattered to 16 spill files by the hash of their keys; each pair of files
//!                       joined in the same way, one after the other
//! scattering is vain -> sort-merge join of the pair (one key has more rows than fit, or five levels were not enough)
//! ```
//!
//! Parts are disjoint by key, so every join type is the union of the joins of its parts.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, NullEquality, Result, plan_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalExprRef, PhysicalSortExpr};
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode, SortMergeJoinExec};
use datafusion::physical_plan::metrics::Count;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, SpillManager};
use futures::{StreamExt, TryStreamExt, stream};

use super::handoff::{HandoffExec, empty_stream};
use super::lease::Lease;
use super::scatter::{Scatter, SpilledPart};

/// Levels of scattering after which a part is sorted instead.
const MAX_LEVEL: usize = 5;

/// A part with more than this share of its parent's rows was not worth scattering.
const VAIN_SHARE: f64 = 0.8;

/// Bytes that a hash table takes per row, at most: 13 bytes a slot, with slots for 8/7 of the rows and up to the next power
/// of two, and 4 bytes for the chain of equal hashes.
const TABLE_BYTES_PER_ROW: usize = 34;

/// What all parts of one partition share.
pub(super) struct JoinRun {
    /// The join over anything: children are replaced, and no dynamic filter is set.
    pub(super) template: Arc<HashJoinExec>,
    pub(super) context: Arc<TaskContext>,
    pub(super) partition: usize,
    /// Bytes that the build side may take.
    pub(super) cap_bytes: usize,
    pub(super) build_spill: SpillManager,
    pub(super) probe_spill: SpillManager,
    /// Build sides that did not fit.
    pub(super) builds_spilled: Count,
    pub(super) sort_merge_joins: Count,
}

/// The join that the plan shows, which siblings share: it publishes its dynamic filter when all partitions have built.
pub(super) struct Whole {
    pub(super) join: Arc<HashJoinExec>,
    pub(super) build: Arc<HandoffExec>,
    pub(super) probe: Arc<HandoffExec>,
}

/// Two streams to join, which are a whole partition or a part of one.
pub(super) struct Part {
    pub(super) run: Arc<JoinRun>,
    pub(super) whole: Option<Whole>,
    pub(super) level: usize,
    /// Rows of the build side that this was scattered from.
    pub(super) parent_rows: Option<usize>,
    pub(super) build_rows: Option<usize>,
    pub(super) build: SendableRecordBatchStream,
    pub(super) probe: SendableRecordBatchStream,
}

impl Part {
    /// The joined rows. Work starts at the first poll.
    pub(super) fn into_stream(self) -> SendableRecordBatchStream {
        let schema = self.run.template.schema();
        Box::pin(RecordBatchStreamAdapter::new(schema, stream::once(self.start()).try_flatten()))
    }

    async fn start(mut self) -> Result<SendableRecordBatchStream> {
        let run = Arc::clone(&self.run);
        let name = format!("SpillingHashJoin[{}]", run.partition);
        let lease = Arc::new(Lease::new(name, run.cap_bytes, &run.context));
        let mut counter = RecordBatchMemoryCounter::new();
        let mut buffered = vec![];
        while let Some(batch) = self.build.next().await.transpose()? {
            // Twice, as the join makes one batch of them all and holds both for a moment.
            let bytes = 2 * counter.count_batch(&batch) + TABLE_BYTES_PER_ROW * batch.num_rows();
            buffered.push(batch);
            if !lease.try_reserve(bytes) {
                drop(counter);
                return self.spill(buffered, lease).await;
            }
        }
        self.join_in_memory(buffered, &lease)
    }

    fn join_in_memory(self, buffered: Vec<RecordBatch>, lease: &Arc<Lease>) -> Result<SendableRecordBatchStream> {
        let context = lease.context(&self.run.context)?;
        let build = stream_of(&self.build, buffered);
        // The join asks for its first probe batch when its table is built and the copy is gone.
        let on_first_probe = Arc::clone(lease);
        let (schema, mut probe, mut built) = (self.probe.schema(), self.probe, false);
        let probe = stream::poll_fn(move |task| {
            if !std::mem::replace(&mut built, true) {
                on_first_probe.close();
            }
            probe.poll_next_unpin(task)
        });
        let probe = Box::pin(RecordBatchStreamAdapter::new(schema, probe));
        match self.whole {
            Some(whole) => {
                let partition = self.run.partition;
                whole.build.put(partition, build);
                whole.probe.put(partition, probe);
                whole.join.execute(partition, context)
            }
            None => {
                let children = vec![HandoffExec::of_stream(build) as _, HandoffExec::of_stream(probe) as _];
                let join = self.run.template.builder().with_new_children(children)?.build()?;
                join.execute(0, context)
            }
        }
    }

    async fn spill(self, buffered: Vec<RecordBatch>, lease: Arc<Lease>) -> Result<SendableRecordBatchStream> {
        let run = Arc::clone(&self.run);
        if let Some(whole) = &self.whole {
            // A stream that ends before it has built tells its siblings not to wait for its part of the dynamic filter.
            whole.build.put_nothing(run.partition);
            whole.probe.put_nothing(run.partition);
            drop(whole.join.execute(run.partition, Arc::clone(&run.context))?);
        }
        let vain = match (self.build_rows, self.parent_rows) {
            (Some(rows), Some(parent)) => rows as f64 > parent as f64 * VAIN_SHARE,
            _ => false,
        };
        if vain || self.level >= MAX_LEVEL {
            return self.sort_merge(buffered, lease);
        }
        run.builds_spilled.add(1);
        let level = self.level;
        let scatter = |side: fn(&(PhysicalExprRef, PhysicalExprRef)) -> &PhysicalExprRef| {
            run.template.on().iter().map(side).cloned().collect::<Vec<_>>()
        };
        let (build_keys, probe_keys) = (scatter(|pair| &pair.0), scatter(|pair| &pair.1));
        let nulls_anywhere = run.template.null_equality() == NullEquality::NullEqualsNothing;
        let to_files = |keys, spill| Scatter { keys, level, nulls_anywhere, spill };
        let build = to_files(&build_keys[..], &run.build_spill).write(buffered, Some(lease), self.build).await?;
        let probe = to_files(&probe_keys[..], &run.probe_spill).write(vec![], None, self.probe).await?;
        let rows = build.iter().map(|part| part.rows).sum();

        let joined = build.into_iter().zip(probe).filter(|(build, probe)| build.rows + probe.rows > 0);
        let schema = run.template.schema();
        let parts = stream::iter(joined)
            .map(move |(build, probe)| {
                let part = Part {
                    whole: None,
                    level: level + 1,
                    parent_rows: Some(rows),
                    build_rows: Some(build.rows),
                    build: read(&run.build_spill, build)?,
                    probe: read(&run.probe_spill, probe)?,
                    run: Arc::clone(&run),
                };
                Ok::<_, DataFusionError>(part.into_stream())
            })
            .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, parts)))
    }

    fn sort_merge(self, buffered: Vec<RecordBatch>, lease: Arc<Lease>) -> Result<SendableRecordBatchStream> {
        self.run.sort_merge_joins.add(1);
        let template = &self.run.template;
        let buffered = stream_of(&self.build, buffered);
        let release = stream::poll_fn({
            let mut lease = Some(lease);
            move |_| {
                drop(lease.take());
                std::task::Poll::Ready(None)
            }
        });
        let build = buffered.chain(release).chain(self.build);
        let build = Box::pin(RecordBatchStreamAdapter::new(self.run.build_spill.schema().clone(), build));
        let left = sorted(HandoffExec::of_stream(build), template.on().iter().map(|pair| &pair.0))?;
        let right = sorted(HandoffExec::of_stream(self.probe), template.on().iter().map(|pair| &pair.1))?;
        let join = SortMergeJoinExec::try_new(
            left,
            right,
            template.on().to_vec(),
            template.filter().cloned(),
            *template.join_type(),
            vec![SortOptions::default(); template.on().len()],
            template.null_equality(),
        )?;
        let mut plan: Arc<dyn ExecutionPlan> = Arc::new(join);
        if let Some(projection) = &template.projection {
            let schema = plan.schema();
            let columns = projection.iter().map(|index| {
                let name = schema.field(*index).name();
                (Arc::new(Column::new(name, *index)) as Arc<dyn PhysicalExpr>, name.clone())
            });
            plan = Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), plan)?);
        }
        let schema = template.schema();
        let batches = plan.execute(0, Arc::clone(&self.run.context))?.map({
            let schema = Arc::clone(&schema);
            move |batch| Ok(batch?.with_schema(Arc::clone(&schema))?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

fn stream_of(like: &SendableRecordBatchStream, batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
    Box::pin(RecordBatchStreamAdapter::new(like.schema(), stream::iter(batches.into_iter().map(Ok))))
}

fn read(spill: &SpillManager, part: SpilledPart) -> Result<SendableRecordBatchStream> {
    match part.file {
        Some(file) => spill.read_spill_as_stream(file, None),
        None => Ok(empty_stream(spill.schema())),
    }
}

fn sorted<'a>(
    input: Arc<HandoffExec>,
    keys: impl Iterator<Item = &'a PhysicalExprRef>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let order = LexOrdering::new(keys.map(|key| PhysicalSortExpr::new(Arc::clone(key), SortOptions::default())));
    match order {
        Some(order) => Ok(Arc::new(SortExec::new(order, input))),
        None => plan_err!("a hash join has at least one pair of keys"),
    }
}

/// `join` over other children in one partition, as [`JoinRun::template`] needs it.
pub(super) fn template(join: &HashJoinExec) -> Result<Arc<HashJoinExec>> {
    let child = |plan: &Arc<dyn ExecutionPlan>| HandoffExec::of_stream(empty_stream(&plan.schema())) as _;
    let children = vec![child(join.left()), child(join.right())];
    let builder = join.builder().reset_state().with_partition_mode(PartitionMode::Partitioned);
    Ok(Arc::new(builder.with_new_children(children)?.build()?))
}
