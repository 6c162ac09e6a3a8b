//! A join whose build side several probe partitions share, or whose answer depends on the whole probe side (`NOT IN`).
//!
//! ```text
//! build side fits     -> the wrapped join, which shares its table
//! it does not         -> scattered once; then, by join type:
//!   rows of the probe    each probe partition is scattered and joined with the shared files by itself, so that rows stay in
//!   side                 the partition that they came in
//!   rows of the build    the first partition that is asked joins for all, as only the whole probe side tells which build
//!   side                 rows have no match; the others are empty
//! ```

use std::sync::Arc;

use datafusion::common::{DataFusionError, JoinType, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, TryStreamExt, stream};
use parking_lot::Mutex;

use super::handoff::{HandoffExec, empty_stream};
use super::lease::Lease;
use super::run::{JoinRun, Whole, buffer, stream_of};
use super::scatter::SpilledPart;

/// What became of the build side.
#[derive(Clone)]
enum Built {
    InMemory(Arc<Lease>),
    OnDisk(Arc<Vec<SpilledPart>>),
}

type Building = Shared<BoxFuture<'static, Result<Built, Arc<DataFusionError>>>>;

/// A probe partition.
enum Probe {
    Unopened,
    Open(SendableRecordBatchStream),
    Taken,
}

/// What the partitions of one execution share. It empties itself when the last of them is dropped, as a plan may live longer.
pub(super) struct SharedJoin {
    probe_plan: Arc<dyn ExecutionPlan>,
    state: Mutex<State>,
}

struct State {
    building: Option<Building>,
    probes: Vec<Probe>,
    /// Whether a partition joins for all.
    claimed: bool,
    ended: usize,
}

impl State {
    fn new(partitions: usize) -> Self {
        let probes = (0..partitions).map(|_| Probe::Unopened).collect();
        Self { building: None, probes, claimed: false, ended: 0 }
    }
}

impl SharedJoin {
    /// For a join with the probe side `probe_plan`.
    pub(super) fn new(probe_plan: &Arc<dyn ExecutionPlan>) -> Arc<Self> {
        let partitions = probe_plan.properties().partitioning.partition_count();
        Arc::new(Self { probe_plan: Arc::clone(probe_plan), state: Mutex::new(State::new(partitions)) })
    }

    /// Partition `run.partition`. `open_build` is called by the first; the lease of the build side may take `cap_bytes`.
    pub(super) fn execute(
        self: &Arc<Self>,
        run: Arc<JoinRun>,
        whole: Whole,
        cap_bytes: usize,
        open_build: impl FnOnce() -> Result<SendableRecordBatchStream>,
    ) -> Result<SendableRecordBatchStream> {
        let building = {
            let mut state = self.state.lock();
            let probe = &mut state.probes[run.partition];
            if matches!(probe, Probe::Unopened) {
                *probe = Probe::Open(self.probe_plan.execute(run.partition, Arc::clone(&run.context))?);
            }
            match &state.building {
                Some(building) => building.clone(),
                None => {
                    let building = build(Arc::clone(&run), Arc::clone(&whole.build), cap_bytes, open_build()?);
                    state.building.insert(building.map(|built| built.map_err(Arc::new)).boxed().shared()).clone()
                }
            }
        };
        let (schema, ended) = (run.template.schema(), Ended(Arc::clone(self)));
        let joined = stream::once(Arc::clone(self).start(run, whole, building)).try_flatten();
        let joined = joined.inspect_ok(move |_| {
            // Held until the stream is dropped.
            let _ = &ended;
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, joined)))
    }

    async fn start(
        self: Arc<Self>,
        run: Arc<JoinRun>,
        whole: Whole,
        building: Building,
    ) -> Result<SendableRecordBatchStream> {
        let built = building.await.map_err(DataFusionError::Shared)?;
        let schema = run.template.schema();
        let build = match built {
            Built::InMemory(lease) => {
                let Some(probe) = self.take(run.partition) else { return Ok(empty_stream(&schema)) };
                return whole.join(None, probe, &lease);
            }
            Built::OnDisk(build) => build,
        };
        drop(whole);
        let probe = match run.template.join_type() {
            JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                self.take(run.partition)
            }
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark | JoinType::Full => {
                self.claim(&run.context)?
            }
        };
        let Some(probe) = probe else { return Ok(empty_stream(&schema)) };
        let probe = run.scatter_probe(0, probe).await?;
        run.join_scattered(0, build.to_vec(), probe)
    }

    fn take(&self, partition: usize) -> Option<SendableRecordBatchStream> {
        match std::mem::replace(&mut self.state.lock().probes[partition], Probe::Taken) {
            Probe::Open(stream) => Some(stream),
            Probe::Unopened | Probe::Taken => None,
        }
    }

    /// All probe partitions as one; `None` if another partition has them.
    fn claim(&self, context: &Arc<TaskContext>) -> Result<Option<SendableRecordBatchStream>> {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.claimed, true) {
            return Ok(None);
        }
        let all = HandoffExec::in_place_of(&self.probe_plan, false);
        for (partition, probe) in state.probes.iter_mut().enumerate() {
            let stream = match std::mem::replace(probe, Probe::Taken) {
                Probe::Open(stream) => stream,
                Probe::Unopened => self.probe_plan.execute(partition, Arc::clone(context))?,
                Probe::Taken => empty_stream(&self.probe_plan.schema()),
            };
            all.put(partition, stream);
        }
        CoalescePartitionsExec::new(all).execute(0, Arc::clone(context)).map(Some)
    }
}

/// One partition's hold on what is shared.
struct Ended(Arc<SharedJoin>);

impl Drop for Ended {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.ended += 1;
        if state.ended >= state.probes.len() {
            let used = std::mem::replace(
                &mut *state,
                State::new(self.0.probe_plan.properties().partitioning.partition_count()),
            );
            // What it holds may run code of its own when dropped.
            drop(state);
            drop(used);
        }
    }
}

async fn build(
    run: Arc<JoinRun>,
    place: Arc<HandoffExec>,
    cap_bytes: usize,
    mut stream: SendableRecordBatchStream,
) -> Result<Built> {
    let lease = Arc::new(Lease::new("SpillingHashJoin".to_owned(), cap_bytes, &run.context));
    let (buffered, complete) = buffer(&mut stream, &lease).await?;
    if complete {
        place.put(0, stream_of(&stream, buffered));
        return Ok(Built::InMemory(lease));
    }
    run.builds_spilled.add(1);
    let scattered = run.scatter_build(0, buffered, lease, stream).await?;
    Ok(Built::OnDisk(Arc::new(scattered.parts)))
}
