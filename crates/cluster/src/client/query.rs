//! A plan that runs on the cluster, as an operator of the client's plan.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, exec_datafusion_err, exec_err, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, StatisticsArgs,
};
use datafusion_proto::physical_plan::{AsExecutionPlan, PhysicalPlanNodeExt};
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use prost::Message;
use swath_planner::analyze::Elsewhere;
use swath_planner::analyze::progress::Gauges;
use tonic::{Code, Status};

use super::leaves::with_whole_scans;
use super::live::{LiveJob, LiveQuery};
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
    /// Whether rows may come before the result is complete.
    live: bool,
    current: Mutex<Option<Current>>,
    metrics: ExecutionPlanMetricsSet,
    gauges: Gauges,
}

/// The job that the next partitions belong to.
struct Current {
    job: Arc<OnceLock<Arc<LiveJob>>>,
    taken: HashSet<usize>,
}

/// A job that has ended well, and whose result the workers hold.
pub(super) struct Running {
    client: Client,
    pub(super) id: String,
    pub(super) finished: Finished,
    /// Held: the scheduler frees everything when this is dropped.
    _events: Mutex<Events>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The scheduler hears of it a moment later; until then its list has what is no more.
        self.client.inner.held.lock().remove(&self.id);
    }
}

impl ClusterQueryExec {
    /// `plan` on the cluster of `client`, with the settings of a session.
    pub fn new(client: Client, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Self {
        let settings = settings::to_pairs(options, &client.inner.session);
        let live = options.extensions.get::<ClusterOptions>().is_none_or(|options| options.stream_results);
        let (settings, metrics) = (Arc::new(settings), ExecutionPlanMetricsSet::new());
        let gauges = Gauges::new(&metrics);
        Self { client, plan, settings, live, current: Mutex::new(None), metrics, gauges }
    }

    /// The same, giving rows only when the result is complete: a task that is run again cannot make it fail then.
    pub fn complete_first(self) -> Self {
        Self { live: false, ..self }
    }

    /// The same with its metrics among those of another operator.
    pub fn with_metrics(self, metrics: ExecutionPlanMetricsSet) -> Self {
        Self { gauges: Gauges::new(&metrics), metrics, ..self }
    }

    /// The place of the job for `partition`: a partition that is asked for again belongs to a new run.
    fn job(&self, partition: usize) -> Arc<OnceLock<Arc<LiveJob>>> {
        let mut current = self.current.lock();
        if let Some(known) = current.as_mut()
            && known.taken.insert(partition)
        {
            return Arc::clone(&known.job);
        }
        let job = Arc::default();
        *current = Some(Current { job: Arc::clone(&job), taken: HashSet::from([partition]) });
        job
    }

    fn query(&self, context: &TaskContext) -> LiveQuery {
        let options = context.session_config().options().extensions.get::<ClusterOptions>().cloned();
        LiveQuery {
            client: self.client.clone(),
            plan: Arc::clone(&self.plan),
            settings: Arc::clone(&self.settings),
            compression: options.unwrap_or_default().exchange_compression.clone(),
            live: self.live,
            elsewhere: Elsewhere::of(context),
            gauges: self.gauges.clone(),
        }
    }
}

/// What a client wants beside the result.
pub(super) struct Request {
    /// To know of parts of the result before it is complete.
    pub live: bool,
    /// What each task did.
    pub analyze: bool,
    /// To have the result held, and listed by this name.
    pub persist_as: Option<String>,
}

/// What the scheduler tells of a job. Dropped, the job is over, and everything that it holds is freed.
pub(super) struct Events {
    scheduler: String,
    answers: Answers,
}

impl Events {
    /// # Errors
    /// If the scheduler is gone, or ended the job without a word.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            let Some(answer) = self.answers.next().await else {
                return exec_err!("the scheduler {} ended the query without a word", self.scheduler);
            };
            let answer = answer.map_err(|status| refused(&self.scheduler, &status))?;
            let event = RunEvent::decode(answer.as_slice())
                .map_err(|error| exec_datafusion_err!("the scheduler's message is damaged: {error}"))?;
            if let Some(event) = event.event {
                return Ok(event);
            }
        }
    }
}

pub(super) fn refused(scheduler: &str, status: &Status) -> DataFusionError {
    match status.code() {
        Code::Unavailable => unreachable_scheduler(scheduler, status),
        Code::OutOfRange | Code::ResourceExhausted => {
            exec_datafusion_err!("the plan is too large to be sent: {}", status.message())
        }
        // The connection itself, not an answer.
        _ if std::error::Error::source(status).is_some() => {
            exec_datafusion_err!(
                "the connection to the scheduler {scheduler} broke while the query ran: {}",
                status.message()
            )
        }
        _ => unmarked(status.message()),
    }
}

/// Has `plan` run on the cluster.
pub(super) async fn begin(
    client: &Client,
    plan: Arc<dyn ExecutionPlan>,
    settings: &[Pair],
    request: Request,
) -> Result<Events> {
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
        persist_as: request.persist_as,
        analyze: request.analyze,
        live: request.live,
    };
    let scheduler = client.address().to_owned();
    let answers = act(client.scheduler()?, RUN, run.encode_to_vec()).await;
    let answers = answers.map_err(|status| refused(&scheduler, &status))?;
    Ok(Events { scheduler, answers })
}

/// Runs `plan` on the cluster, and has its result held there, listed by the name `persist_as`.
pub(super) async fn run(
    client: &Client,
    plan: Arc<dyn ExecutionPlan>,
    settings: &[Pair],
    persist_as: String,
) -> Result<Running> {
    let request = Request { live: false, analyze: false, persist_as: Some(persist_as) };
    let mut events = begin(client, plan, settings, request).await?;
    let mut id = String::new();
    loop {
        match events.next().await? {
            Event::Started(job) => id = job,
            Event::Failed(text) => return Err(unmarked(&text)),
            Event::Finished(finished) => {
                client.inner.held.lock().insert(id.clone());
                return Ok(Running { client: client.clone(), id, finished, _events: Mutex::new(events) });
            }
            Event::Part(_) | Event::Progress(_) => {}
        }
    }
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
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Arc::new(Self {
            client: self.client.clone(),
            plan: Arc::clone(&self.plan),
            settings: Arc::clone(&self.settings),
            live: self.live,
            current: Mutex::new(None),
            gauges: Gauges::new(&metrics),
            metrics,
        }))
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (job, query) = (self.job(partition), self.query(&context));
        let schema = self.schema();
        let output_rows = MetricBuilder::new(&self.metrics).output_rows(partition);
        let rows_schema = Arc::clone(&schema);
        let rows = async move {
            let job = Arc::clone(job.get_or_init(|| Arc::new(LiveJob::begin(query))));
            Ok::<_, DataFusionError>(job.rows(partition, rows_schema))
        };
        let batches = stream::once(rows).try_flatten().inspect_ok(move |batch| {
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
