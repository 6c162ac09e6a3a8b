//! A plan that runs on the cluster, as an operator of the client's plan.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, exec_datafusion_err, exec_err, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
    StatisticsArgs,
};
use datafusion_proto::physical_plan::{AsExecutionPlan, PhysicalPlanNodeExt};
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use prost::Message;
use swath_planner::analyze::Elsewhere;
use swath_shuffle::flight::{self, Ticket, TicketOutput};
use tokio::sync::OnceCell;
use tonic::{Code, Status};

use super::held::{are_whole, with_places};
use super::leaves::with_whole_scans;
use super::{Answers, Client, act, unreachable_scheduler};
use crate::codec::{KnownSubqueries, SwathCodec};
use crate::failure::unmarked;
use crate::protocol::{Event, Finished, Pair, RUN, Run, RunEvent, VERSION};
use crate::settings::{self, ClusterOptions};

/// Runs its input on the cluster and gives the rows, partition by partition.
///
/// The job begins with the first partition that is polled, and ends with the last one that is dropped.
pub struct ClusterQueryExec {
    client: Client,
    plan: Arc<dyn ExecutionPlan>,
    settings: Arc<Vec<Pair>>,
    current: Mutex<Option<Current>>,
    metrics: ExecutionPlanMetricsSet,
}

/// The job that the next partitions belong to.
struct Current {
    job: Arc<Job>,
    taken: HashSet<usize>,
}

/// A job on the cluster; dropped, it is over.
struct Job {
    client: Client,
    plan: Arc<dyn ExecutionPlan>,
    settings: Arc<Vec<Pair>>,
    compression: String,
    /// Where the tasks' figures go, if the plan is analyzed.
    elsewhere: Option<Arc<Elsewhere>>,
    result: OnceCell<Result<Running, Arc<DataFusionError>>>,
}

pub(super) struct Running {
    pub(super) id: String,
    pub(super) finished: Finished,
    /// Held: the scheduler frees everything when this is dropped.
    _events: Mutex<Answers>,
}

impl ClusterQueryExec {
    /// `plan` on the cluster of `client`, with the settings of a session.
    pub fn new(client: Client, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Self {
        let settings = settings::to_pairs(options, &client.inner.session);
        let (current, metrics) = (Mutex::new(None), ExecutionPlanMetricsSet::new());
        Self { client, plan, settings: Arc::new(settings), current, metrics }
    }

    /// The job for `partition`: a partition that is asked for again belongs to a new run.
    fn job(&self, partition: usize, context: &TaskContext) -> Arc<Job> {
        let mut current = self.current.lock();
        if let Some(known) = current.as_mut()
            && known.taken.insert(partition)
        {
            return Arc::clone(&known.job);
        }
        let options = context.session_config().options().extensions.get::<ClusterOptions>().cloned();
        let job = Arc::new(Job {
            client: self.client.clone(),
            plan: Arc::clone(&self.plan),
            settings: Arc::clone(&self.settings),
            compression: options.unwrap_or_default().exchange_compression.clone(),
            elsewhere: Elsewhere::of(context),
            result: OnceCell::new(),
        });
        *current = Some(Current { job: Arc::clone(&job), taken: HashSet::from([partition]) });
        job
    }
}

impl Job {
    async fn running(&self) -> Result<&Running> {
        let result = self.result.get_or_init(|| async { self.run().await.map_err(Arc::new) }).await;
        result.as_ref().map_err(|error| DataFusionError::Shared(Arc::clone(error)))
    }

    async fn run(&self) -> Result<Running> {
        let mut again = true;
        loop {
            let (plan, held) = with_places(Arc::clone(&self.plan)).await?;
            let ran = run(&self.client, plan, &self.settings, None, self.elsewhere.as_deref()).await;
            match ran {
                // A worker was lost with persisted partitions while they were read: they are computed anew, once.
                Err(error) if again && !are_whole(&held).await => {
                    log::info!("persisted partitions were lost; running the query again: {error}");
                    again = false;
                }
                ran => return ran,
            }
        }
    }
}

/// Runs `plan` on the cluster; with `persist_as`, its result is listed by that name as long as it is held. What its
/// tasks did goes to `elsewhere`.
pub(super) async fn run(
    client: &Client,
    plan: Arc<dyn ExecutionPlan>,
    settings: &[Pair],
    persist_as: Option<String>,
    elsewhere: Option<&Elsewhere>,
) -> Result<Running> {
    let codec = SwathCodec::default();
    let plan = with_whole_scans(plan)?;
    let node = PhysicalPlanNode::try_from_physical_plan_with_converter(plan, &codec, &KnownSubqueries)?;
    let mut plan = Vec::with_capacity(1 << 14);
    node.try_encode(&mut plan)?;
    let run = Run {
        version: VERSION.to_owned(),
        session: client.inner.session.clone(),
        settings: settings.to_vec(),
        store_options: client.store_options(),
        plan,
        persist_as,
        analyze: elsewhere.is_some(),
    };
    let failed = |status: Status| match status.code() {
        Code::Unavailable => unreachable_scheduler(client.address(), &status),
        Code::OutOfRange | Code::ResourceExhausted => {
            exec_datafusion_err!("the plan is too large to be sent: {}", status.message())
        }
        _ => unmarked(status.message()),
    };
    let mut events = act(client.scheduler()?, RUN, run.encode_to_vec()).await.map_err(failed)?;
    let mut id = String::new();
    while let Some(event) = events.next().await {
        let event = RunEvent::decode(event.map_err(failed)?.as_slice())
            .map_err(|error| exec_datafusion_err!("the scheduler's message is damaged: {error}"))?;
        match event.event {
            Some(Event::Started(job)) => id = job,
            Some(Event::Failed(text)) => return Err(unmarked(&text)),
            Some(Event::Finished(mut finished)) => {
                if let Some(elsewhere) = elsewhere {
                    elsewhere.add(finished.tasks.drain(..).map(|task| task.into_report(&id)));
                }
                return Ok(Running { id, finished, _events: Mutex::new(events) });
            }
            None => {}
        }
    }
    exec_err!("the scheduler {} ended the query {id} without a word", client.address())
}

/// The rows of one partition, its parts one after another and each fetched ahead.
async fn rows(job: Arc<Job>, partition: usize, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
    let running = job.running().await?;
    let partitions = job.plan.output_partitioning().partition_count().max(1);
    let mut streams = vec![];
    for part in &running.finished.parts {
        let place = part.partition as usize;
        let counts =
            job.plan.output_ordering().is_some() || matches!(job.plan.output_partitioning(), Partitioning::Hash(..));
        if place >= partitions && counts {
            return internal_err!("the cluster gave partition {place} of a result of {partitions}");
        }
        // The scheduler may have cut rows without an order into more partitions than were planned.
        if place % partitions != partition {
            continue;
        }
        let ticket = Ticket {
            job: running.id.clone(),
            outputs: vec![TicketOutput { stage: part.stage, partition: part.partition, task: part.task }],
            skip_rows: 0,
            compression: job.compression.clone(),
        };
        let peer = job.client.inner.channels.peer(&part.address)?;
        streams.push(flight::fetch(peer, ticket, Arc::clone(&schema), Some(part.rows)));
    }
    let batches = stream::iter(streams).flatten().inspect(move |_| {
        // The job is over when its last partition has been read.
        let _ = &job;
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
}

impl fmt::Debug for ClusterQueryExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterQueryExec").field("client", &self.client).field("plan", &self.plan).finish()
    }
}

impl DisplayAs for ClusterQueryExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterQueryExec: scheduler={}", self.client.address())
    }
}

impl ExecutionPlan for ClusterQueryExec {
    fn name(&self) -> &str {
        "ClusterQueryExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.plan.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.plan]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        // What runs there was settled when it was placed: a pass over the client's part, which may put in what only this
        // process knows, does not reach it.
        if children.len() != 1 {
            return internal_err!("ClusterQueryExec has one input");
        }
        Ok(self)
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self {
            client: self.client.clone(),
            plan: Arc::clone(&self.plan),
            settings: Arc::clone(&self.settings),
            current: Mutex::new(None),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let job = self.job(partition, &context);
        let schema = self.schema();
        let output_rows = MetricBuilder::new(&self.metrics).output_rows(partition);
        let batches = stream::once(rows(job, partition, Arc::clone(&schema))).try_flatten().inspect_ok(move |batch| {
            output_rows.add(batch.num_rows());
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&inputs[0]))
    }
}
