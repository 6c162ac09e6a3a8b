//! Results that lie on the workers, for later queries.
//!
//! A persisted result is a job whose client does not go: what its last stage made stays in the workers' stores until the
//! [`RemoteHeld`] is dropped. A plan that scans it has a [`HeldLeafExec`] here; when the plan is sent, that becomes a table of
//! the places of the partitions under a [`HeldScanExec`]. Before that the workers are asked whether they still hold them; if one
//! is gone, the result is computed anew, from the plan that made it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{ArrayRef, BinaryArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties, StatisticsArgs,
};
use futures::StreamExt;
use parking_lot::Mutex;
use prost::Message;
use swath_exec::held::operator::report_batch;
use swath_exec::held::{HeldScanExec, HeldTable, HeldUsage, HoldExec, RemoteResult};
use swath_exec::operators::SingleTaskExec;

use super::leaves::with_leaves;
use super::query::{Running, run};
use super::{Client, act};
use crate::protocol::{HELD, HOLDS, HeldEntry, HeldList, HeldPlace, Holds, Pair, ResultPart};
use crate::settings;

/// A result on the workers, with the plan that makes it.
pub struct RemoteHeld {
    client: Client,
    name: String,
    schema: SchemaRef,
    plan: Arc<dyn ExecutionPlan>,
    settings: Vec<Pair>,
    /// Held while it is computed, so that it is computed once for all who wait.
    computing: tokio::sync::Mutex<()>,
    current: Mutex<Option<Arc<Running>>>,
    /// Nobody wants it held any more; a plan that was made before, or another result's lineage, may still read it.
    released: AtomicBool,
    usage: Mutex<HeldUsage>,
}

impl fmt::Debug for RemoteHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteHeld").field("name", &self.name).finish_non_exhaustive()
    }
}

impl RemoteHeld {
    fn partitions(&self) -> usize {
        self.plan.output_partitioning().partition_count().max(1)
    }

    /// The result where it lies; computed if it was not yet, or if a part of it is lost. It lies there at least as long as
    /// what this returns lives.
    async fn ensure(&self) -> Result<Arc<Running>> {
        let _computing = self.computing.lock().await;
        let known = self.current.lock().clone();
        if let Some(running) = known {
            if is_whole(&self.client, &running).await {
                return Ok(running);
            }
            log::warn!("partitions of the persisted result '{}' were lost; it is computed anew", self.name);
        }
        // What is left of the old one is freed first.
        *self.current.lock() = None;
        let (plan, _held) = Box::pin(with_places(Arc::clone(&self.plan))).await?;
        let running = Arc::new(run(&self.client, plan, &self.settings, self.name.clone()).await?);
        let parts = &running.finished.parts;
        *self.usage.lock() = HeldUsage {
            partitions: self.partitions() as u64,
            rows: parts.iter().map(|part| part.rows).sum(),
            bytes: parts.iter().map(|part| part.bytes).sum(),
        };
        let mut current = self.current.lock();
        if !self.released.load(Ordering::Acquire) {
            *current = Some(Arc::clone(&running));
        }
        Ok(running)
    }

    /// A scan of the result for a plan that is about to be sent.
    fn scan_of_places(&self, running: &Running, projection: Option<Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = self.partitions();
        let mut places = vec![HeldPlace { job: running.id.clone(), parts: vec![] }; partitions];
        for part in &running.finished.parts {
            places[part.partition as usize % partitions].parts.push(part.clone());
        }
        let rows = places.iter().map(|place| {
            let column: ArrayRef = Arc::new(BinaryArray::from_iter_values([place.encode_to_vec()]));
            Ok(vec![RecordBatch::try_from_iter([("place", column)])?])
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let schema = rows[0][0].schema();
        let places = MemorySourceConfig::try_new_exec(&rows, schema, None)?;
        Ok(Arc::new(HeldScanExec::new(places, Arc::clone(&self.schema), projection)?))
    }
}

impl RemoteResult for RemoteHeld {
    fn scan(self: Arc<Self>, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(HeldLeafExec::new(self, projection.cloned())?))
    }

    fn release(&self) {
        let mut current = self.current.lock();
        self.released.store(true, Ordering::Release);
        *current = None;
    }
}

/// Whether the workers still hold everything of a result.
async fn is_whole(client: &Client, running: &Running) -> bool {
    let mut parts: Vec<&ResultPart> = running.finished.parts.iter().collect();
    parts.sort_by(|a, b| a.address.cmp(&b.address));
    let asked = parts.chunk_by(|a, b| a.address == b.address).map(|parts| async move {
        let address = &parts[0].address;
        let holds = Holds { job: running.id.clone(), parts: parts.iter().map(|&part| part.clone()).collect() };
        let channel = client.inner.channels.to(address)?;
        match act(channel, HOLDS, holds.encode_to_vec()).await {
            Ok(_) => Ok(()),
            Err(status) => internal_err!("worker {address}: {}", status.message()),
        }
    });
    let answers: Vec<Result<()>> = futures::future::join_all(asked).await;
    answers.into_iter().all(|answer| match answer {
        Ok(()) => true,
        Err(error) => {
            log::info!("a persisted partition is lost: {error}");
            false
        }
    })
}

/// A persisted result that a query reads, where it lies.
pub(super) struct InUse {
    client: Client,
    /// Held: it is not freed meanwhile.
    running: Arc<Running>,
}

/// Whether the workers still hold everything of all these results.
pub(super) async fn are_whole(results: &[InUse]) -> bool {
    for InUse { client, running } in results {
        if !is_whole(client, running).await {
            return false;
        }
    }
    true
}

/// `plan` with its scans of persisted results in the form that travels, and these results.
pub(super) async fn with_places(plan: Arc<dyn ExecutionPlan>) -> Result<(Arc<dyn ExecutionPlan>, Vec<InUse>)> {
    let mut leaves = vec![];
    visit(&plan, &mut leaves)?;
    if leaves.is_empty() {
        return Ok((plan, vec![]));
    }
    let (mut scans, mut in_use) = (vec![], vec![]);
    for (held, projection) in leaves {
        let running = held.ensure().await?;
        scans.push(held.scan_of_places(&running, projection)?);
        in_use.push(InUse { client: held.client.clone(), running });
    }
    // The same order as that of the visit.
    let mut scans = scans.into_iter();
    let plan = with_leaves(plan, &mut |leaf| match leaf.is::<HeldLeafExec>() {
        false => Ok(None),
        true => match scans.next() {
            Some(scan) => Ok(Some(scan)),
            None => internal_err!("a scan of a persisted result was not prepared"),
        },
    })?;
    Ok((plan, in_use))
}

type Leaf = (Arc<RemoteHeld>, Option<Vec<usize>>);

fn visit(plan: &Arc<dyn ExecutionPlan>, leaves: &mut Vec<Leaf>) -> Result<()> {
    plan.apply(|node| {
        if let Some(leaf) = node.downcast_ref::<HeldLeafExec>() {
            leaves.push((Arc::clone(&leaf.held), leaf.projection.clone()));
        } else if let Some(task) = node.downcast_ref::<SingleTaskExec>() {
            visit(task.plan(), leaves)?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// A scan of a persisted result in the client's plan; it only runs on the cluster.
#[derive(Debug)]
pub struct HeldLeafExec {
    held: Arc<RemoteHeld>,
    projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
}

impl HeldLeafExec {
    fn new(held: Arc<RemoteHeld>, projection: Option<Vec<usize>>) -> Result<Self> {
        let schema = match &projection {
            Some(columns) => Arc::new(held.schema.project(columns)?),
            None => Arc::clone(&held.schema),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(held.partitions()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self { held, projection, properties: Arc::new(properties) })
    }
}

impl DisplayAs for HeldLeafExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeldUsage { partitions, rows, .. } = self.held.usage.lock().clone();
        write!(f, "HeldLeafExec: {} partitions={partitions}, rows={rows}", self.held.name)
    }
}

impl ExecutionPlan for HeldLeafExec {
    fn name(&self) -> &str {
        "HeldLeafExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if !children.is_empty() {
            return internal_err!("HeldLeafExec has no inputs");
        }
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("a persisted result is read by workers, not by the client")
    }

    fn statistics_from_inputs(&self, _inputs: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        if args.partition().is_none() {
            let HeldUsage { rows, bytes, .. } = self.held.usage.lock().clone();
            statistics.num_rows = Precision::Exact(rows as usize);
            if self.projection.is_none() {
                statistics.total_byte_size = Precision::Inexact(bytes as usize);
            }
        }
        Ok(Arc::new(statistics))
    }
}

/// Has the workers hold the rows of its input.
#[derive(Debug)]
pub struct ClusterHoldExec {
    table: Arc<HeldTable>,
    held: Arc<RemoteHeld>,
    properties: Arc<PlanProperties>,
}

impl ClusterHoldExec {
    /// What `hold` does, with `input`, which is what its input has become for the cluster of `client`.
    pub fn new(client: Client, hold: &HoldExec, input: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Self {
        let table = Arc::clone(hold.table());
        let held = RemoteHeld {
            name: table.name().to_owned(),
            schema: table.schema(),
            plan: input,
            settings: settings::to_pairs(options, &client.inner.session),
            client,
            computing: tokio::sync::Mutex::default(),
            current: Mutex::default(),
            released: AtomicBool::new(false),
            usage: Mutex::default(),
        };
        Self { table, held: Arc::new(held), properties: Arc::clone(hold.properties()) }
    }
}

impl DisplayAs for ClusterHoldExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterHoldExec: scheduler={}, {}", self.held.client.address(), self.table.name())
    }
}

impl ExecutionPlan for ClusterHoldExec {
    fn name(&self) -> &str {
        "ClusterHoldExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.held.plan]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        // As in a ClusterQueryExec, what runs there was settled when it was placed.
        if children.len() != 1 {
            return internal_err!("ClusterHoldExec has one input");
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
        if partition != 0 {
            return internal_err!("ClusterHoldExec has one partition, got a request for partition {partition}");
        }
        let (table, held) = (Arc::clone(&self.table), Arc::clone(&self.held));
        let work = async move {
            held.ensure().await?;
            let rows = held.usage.lock().rows;
            table.set_there(held);
            report_batch(rows)
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), futures::stream::once(work))))
    }
}

impl Client {
    /// The persisted results of all sessions of the cluster.
    ///
    /// # Errors
    /// If the scheduler does not answer.
    pub async fn persisted(&self) -> Result<Vec<HeldEntry>> {
        let failed = |status| super::unreachable_scheduler(self.address(), &status);
        let mut answers = act(self.scheduler()?, HELD, vec![]).await.map_err(failed)?;
        let Some(answer) = answers.next().await.transpose().map_err(failed)? else { return Ok(vec![]) };
        match HeldList::decode(answer.as_slice()) {
            Ok(list) => {
                let held = self.inner.held.lock();
                let is_held = |entry: &HeldEntry| entry.session != self.inner.session || held.contains(&entry.job);
                Ok(list.results.into_iter().filter(is_held).collect())
            }
            Err(error) => internal_err!("the scheduler's list of persisted results is damaged: {error}"),
        }
    }

    /// The name of this session among those of the cluster.
    pub fn session(&self) -> &str {
        &self.inner.session
    }
}
