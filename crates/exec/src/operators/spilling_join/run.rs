//! One partition of a join that may spill.
//!
//! ```text
//! build side fits    -> hash join in memory over the buffered batches and the streaming probe side
//! it does not        -> both sides scattered to 16 spill files by the hash of their keys; each pair of files
//!                       joined in the same way, one after the other
//! scattering is vain -> sort-merge join of the pair (one key has more rows than fit, or five levels were not enough)
//! ```
//!
//! Parts are disjoint by key, so every join type is the union of the joins of its parts. `NOT IN` is an anti join of the parts,
//! too, once it is known that the probe side has no null (then nothing is left) and is not empty (then build rows with a null
//! key drop out).

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{SortOptions, filter_record_batch, is_not_null};
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, JoinType, NullEquality, Result, plan_err};
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
use super::scatter::{Scatter, Scattered, SpilledPart};

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
    /// The order of the output that the plan promises, if it does.
    pub(super) order: Option<LexOrdering>,
    pub(super) fetch: Option<usize>,
    /// Whether the join is a `NOT IN`.
    pub(super) null_aware: bool,
    /// Build sides that did not fit.
    pub(super) builds_spilled: Count,
    pub(super) sort_merge_joins: Count,
}

/// The join that the plan shows, which siblings share: it publishes its dynamic filter when all partitions have built, or
/// said that they will not. One that is dropped before it has handed over its inputs says so, lest its siblings wait for ever.
pub(super) struct Whole {
    pub(super) join: Arc<HashJoinExec>,
    pub(super) build: Arc<HandoffExec>,
    pub(super) probe: Arc<HandoffExec>,
    pub(super) partition: usize,
    pub(super) context: Arc<TaskContext>,
    pub(super) handed_over: bool,
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
        match buffer(&mut self.build, &lease).await? {
            (buffered, true) => self.join_in_memory(buffered, &lease),
            (buffered, false) => self.spill(buffered, lease).await,
        }
    }

    fn join_in_memory(self, buffered: Vec<RecordBatch>, lease: &Arc<Lease>) -> Result<SendableRecordBatchStream> {
        let build = stream_of(&self.build, buffered);
        match self.whole {
            Some(whole) => whole.join(Some(build), self.probe, lease),
            None => {
                let probe = HandoffExec::of_stream(closing(self.probe, lease));
                let children = vec![HandoffExec::of_stream(build) as _, probe as _];
                let join = self.run.template.builder().with_new_children(children)?.build()?;
                join.execute(0, lease.context(&self.run.context)?)
            }
        }
    }

    async fn spill(mut self, buffered: Vec<RecordBatch>, lease: Arc<Lease>) -> Result<SendableRecordBatchStream> {
        let run = Arc::clone(&self.run);
        drop(self.whole.take());
        let vain = match (self.build_rows, self.parent_rows) {
            (Some(rows), Some(parent)) => rows as f64 > parent as f64 * VAIN_SHARE,
            _ => false,
        };
        if vain || self.level >= MAX_LEVEL {
            return self.sort_merge(buffered, lease);
        }
        run.builds_spilled.add(1);
        let build = run.scatter_build(self.level, buffered, lease, self.build).await?;
        let probe = run.scatter_probe(self.level, self.probe).await?;
        run.join_scattered(self.level, build.parts, probe)
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

impl Whole {
    /// Joins `build` (`None`: which was put in before) with `probe`, in memory that `lease` holds.
    pub(super) fn join(
        mut self,
        build: Option<SendableRecordBatchStream>,
        probe: SendableRecordBatchStream,
        lease: &Arc<Lease>,
    ) -> Result<SendableRecordBatchStream> {
        if let Some(build) = build {
            self.build.put(self.partition, build);
        }
        self.probe.put(self.partition, closing(probe, lease));
        self.handed_over = true;
        self.join.execute(self.partition, lease.context(&self.context)?)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if self.handed_over {
            return;
        }
        // A stream that ends before it has built tells its siblings not to wait for its part of the dynamic filter. A build
        // side that is shared has one partition only.
        self.build.put_nothing(self.partition.min(self.build.streams() - 1));
        self.probe.put_nothing(self.partition);
        drop(self.join.execute(self.partition, Arc::clone(&self.context)));
    }
}

impl JoinRun {
    fn keys(&self, side: fn(&(PhysicalExprRef, PhysicalExprRef)) -> &PhysicalExprRef) -> Vec<PhysicalExprRef> {
        self.template.on().iter().map(side).cloned().collect()
    }

    fn nulls_anywhere(&self) -> bool {
        self.template.null_equality() == NullEquality::NullEqualsNothing
    }

    /// Writes a build side of which `buffered`, held by `lease`, came first.
    pub(super) async fn scatter_build(
        &self,
        level: usize,
        buffered: Vec<RecordBatch>,
        lease: Arc<Lease>,
        rest: SendableRecordBatchStream,
    ) -> Result<Scattered> {
        let keys = self.keys(|pair| &pair.0);
        let scatter = Scatter { keys: &keys, level, nulls_anywhere: self.nulls_anywhere(), spill: &self.build_spill };
        scatter.write(buffered, Some(lease), rest).await
    }

    /// Writes a probe side.
    pub(super) async fn scatter_probe(&self, level: usize, probe: SendableRecordBatchStream) -> Result<Scattered> {
        let keys = self.keys(|pair| &pair.1);
        let scatter = Scatter { keys: &keys, level, nulls_anywhere: self.nulls_anywhere(), spill: &self.probe_spill };
        scatter.write(vec![], None, probe).await
    }

    /// Joins what was scattered at `level`, part by part; the whole join's output in the order that the plan promises.
    pub(super) fn join_scattered(
        self: &Arc<Self>,
        level: usize,
        build: Vec<SpilledPart>,
        probe: Scattered,
    ) -> Result<SendableRecordBatchStream> {
        let schema = self.template.schema();
        let whole = level == 0;
        if whole && self.null_aware && probe.has_null_keys {
            return Ok(empty_stream(&schema));
        }
        let drop_null_keys = whole && self.null_aware && probe.rows() > 0;
        let parent_rows = build.iter().map(|part| part.rows).sum();
        let (run, join_type) = (Arc::clone(self), *self.template.join_type());
        let pairs =
            build.into_iter().zip(probe.parts).filter(move |(build, probe)| gives_rows(join_type, build, probe));
        let parts = stream::iter(pairs)
            .map(move |(build, probe)| {
                let build_rows = Some(build.rows);
                let mut build = read(&run.build_spill, build)?;
                if drop_null_keys {
                    build = without_null_keys(build, run.keys(|pair| &pair.0));
                }
                let part = Part {
                    whole: None,
                    level: level + 1,
                    parent_rows: Some(parent_rows),
                    build_rows,
                    build,
                    probe: read(&run.probe_spill, probe)?,
                    run: Arc::clone(&run),
                };
                Ok::<_, DataFusionError>(part.into_stream())
            })
            .try_flatten();
        let joined: SendableRecordBatchStream = Box::pin(RecordBatchStreamAdapter::new(schema, parts));
        match &self.order {
            Some(order) if whole => {
                let sort = SortExec::new(order.clone(), HandoffExec::of_stream(joined)).with_fetch(self.fetch);
                sort.execute(0, Arc::clone(&self.context))
            }
            _ => Ok(joined),
        }
    }
}

/// Whether a pair of parts can give rows at all.
fn gives_rows(join_type: JoinType, build: &SpilledPart, probe: &SpilledPart) -> bool {
    match join_type {
        JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => build.rows > 0 && probe.rows > 0,
        JoinType::Left | JoinType::LeftAnti | JoinType::LeftMark => build.rows > 0,
        JoinType::Right | JoinType::RightAnti | JoinType::RightMark => probe.rows > 0,
        JoinType::Full => build.rows + probe.rows > 0,
    }
}

/// Reads `build` until it ends (`true`) or `lease` cannot hold what came (`false`).
pub(super) async fn buffer(build: &mut SendableRecordBatchStream, lease: &Lease) -> Result<(Vec<RecordBatch>, bool)> {
    let mut counter = RecordBatchMemoryCounter::new();
    let mut buffered = vec![];
    while let Some(batch) = build.next().await.transpose()? {
        // Twice, as the join makes one batch of them all and holds both for a moment.
        let bytes = 2 * counter.count_batch(&batch) + TABLE_BYTES_PER_ROW * batch.num_rows();
        buffered.push(batch);
        if !lease.try_reserve(bytes) {
            return Ok((buffered, false));
        }
    }
    Ok((buffered, true))
}

/// `probe`, which closes `lease` when it is first read: then the join's table is built, and the copy is gone.
fn closing(mut probe: SendableRecordBatchStream, lease: &Arc<Lease>) -> SendableRecordBatchStream {
    let (schema, mut lease) = (probe.schema(), Some(Arc::clone(lease)));
    let batches = stream::poll_fn(move |task| {
        if let Some(lease) = lease.take() {
            lease.close();
        }
        probe.poll_next_unpin(task)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

fn without_null_keys(build: SendableRecordBatchStream, keys: Vec<PhysicalExprRef>) -> SendableRecordBatchStream {
    let schema = build.schema();
    let batches = build.map(move |batch| {
        let mut batch = batch?;
        for key in &keys {
            let values = key.evaluate(&batch)?.into_array(batch.num_rows())?;
            batch = filter_record_batch(&batch, &is_not_null(&values)?)?;
        }
        Ok(batch)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

pub(super) fn stream_of(like: &SendableRecordBatchStream, batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
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
    // An order is made over all parts, and so is what is cut off by it.
    let fetch = if join.properties().output_ordering().is_some() { None } else { join.fetch() };
    let builder = join.builder().reset_state().with_partition_mode(PartitionMode::Partitioned);
    let builder = builder.with_null_aware(false).with_fetch(fetch);
    Ok(Arc::new(builder.with_new_children(children)?.build()?))
}
