//! A result that is read while it is made.
//!
//! ```text
//! scheduler  ── events ──▶ follow ── Known ──▶ PartitionReader  (one for each partition)
//! workers    ── batches of the parts that are known ──────▲
//! ```
//!
//! The scheduler tells of each part of the result when it gives the task to a worker, and where all parts lie when the job has
//! ended. A reader takes what is known of its partition, and does not come to its end before the job has: then it compares what
//! it has read with what counts. Right because rows of a part that does not count, since its task was run again elsewhere, make
//! the query fail ([`RowsLost`]) if they were handed out, and are of no matter if they were not.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use prost::Message;
use swath_exec::RowsLost;
use swath_planner::analyze::Elsewhere;
use swath_planner::analyze::progress::Gauges;
use swath_shuffle::flight::{self, Ticket, TicketOutput};
use tokio::sync::{Notify, watch};

use super::held::{are_whole, with_places};
use super::query::{Events, Request, begin, refused};
use super::{Client, act};
use crate::protocol::{ENOUGH, Event, Finished, JobName, LivePart, Pair, ResultPart};

/// What a job is made from.
pub struct LiveQuery {
    pub client: Client,
    pub plan: Arc<dyn ExecutionPlan>,
    pub settings: Arc<Vec<Pair>>,
    pub compression: String,
    /// Whether parts are read before the job has ended.
    pub live: bool,
    /// Where the tasks' figures go, if the plan is analyzed.
    pub elsewhere: Option<Arc<Elsewhere>>,
    /// How far it is.
    pub gauges: Gauges,
}

/// A job on the cluster; dropped, it is over.
pub struct LiveJob {
    query: Arc<LiveQuery>,
    known: watch::Receiver<Known>,
    given: Arc<Mutex<Given>>,
    _following: SpawnedTask<()>,
}

/// What the scheduler has told.
#[derive(Default)]
struct Known {
    /// How often the job was begun anew.
    run: usize,
    id: String,
    parts: Vec<LivePart>,
    end: Option<Result<Finished, Arc<DataFusionError>>>,
}

/// Whether rows were handed out, in which run of the job.
#[derive(Default)]
struct Given {
    run: usize,
    rows: bool,
}

impl Given {
    /// Another run may begin: nobody has seen rows of this one.
    fn begin_again(&mut self) -> bool {
        if !self.rows {
            self.run += 1;
        }
        !self.rows
    }

    /// Rows of `run` are handed out; false if that is not the one that counts.
    fn give(&mut self, run: usize) -> bool {
        let counts = self.run == run;
        self.rows |= counts;
        counts
    }
}

impl LiveJob {
    /// Begins the job.
    pub fn begin(query: LiveQuery) -> Self {
        let (tell, known) = watch::channel(Known::default());
        let (query, given) = (Arc::new(query), Arc::<Mutex<Given>>::default());
        let enough = Arc::<Notify>::default();
        let following = follow(Arc::clone(&query), tell, Arc::clone(&given), Arc::clone(&enough));
        let following = SpawnedTask::spawn(following);
        if let Some(elsewhere) = &query.elsewhere {
            // A limit may have had the plan's rows end before the job.
            let mut known = known.clone();
            elsewhere.expect(async move {
                enough.notify_one();
                let _ = known.wait_for(|known| known.end.is_some()).await;
            });
        }
        Self { query, known, given, _following: following }
    }

    /// The rows of one partition.
    pub fn rows(self: Arc<Self>, partition: usize, schema: SchemaRef) -> SendableRecordBatchStream {
        let plan = &self.query.plan;
        let partitions = plan.output_partitioning().partition_count().max(1);
        let counts = plan.output_ordering().is_some() || matches!(plan.output_partitioning(), Partitioning::Hash(..));
        let reader = PartitionReader {
            known: self.known.clone(),
            job: self,
            share: Share { partition, partitions, counts },
            schema: Arc::clone(&schema),
            run: 0,
            current: None,
            read: vec![],
            broken: vec![],
            lost: None,
        };
        let batches =
            stream::try_unfold(
                reader,
                |mut reader| async move { Ok(reader.next().await?.map(|batch| (batch, reader))) },
            );
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}

/// Passes on what the scheduler tells, until the job is dropped.
async fn follow(query: Arc<LiveQuery>, tell: watch::Sender<Known>, given: Arc<Mutex<Given>>, enough: Arc<Notify>) {
    let mut again = true;
    loop {
        let (plan, held) = match with_places(Arc::clone(&query.plan)).await {
            Ok(placed) => placed,
            Err(error) => return end(&tell, Err(Arc::new(error))),
        };
        match followed(&query, plan, &tell, &enough).await {
            Ok((finished, events)) => {
                end(&tell, Ok(finished));
                // The scheduler frees everything when these are dropped.
                let _events = events;
                return std::future::pending().await;
            }
            // A worker was lost with persisted partitions while they were read: they are computed anew, once.
            Err(error) if again && !are_whole(&held).await && given.lock().begin_again() => {
                log::info!("persisted partitions were lost; running the query again: {error}");
                again = false;
                tell.send_modify(|known| *known = Known { run: known.run + 1, ..Known::default() });
            }
            Err(error) => return end(&tell, Err(Arc::new(error))),
        }
    }
}

fn end(tell: &watch::Sender<Known>, result: Result<Finished, Arc<DataFusionError>>) {
    tell.send_modify(|known| known.end = Some(result));
}

/// Follows one run of the job to its end.
async fn followed(
    query: &LiveQuery,
    plan: Arc<dyn ExecutionPlan>,
    tell: &watch::Sender<Known>,
    enough: &Notify,
) -> Result<(Finished, Events)> {
    let request = Request { live: query.live, analyze: query.elsewhere.is_some(), persist_as: None };
    let mut events = begin(&query.client, plan, &query.settings, request).await?;
    let mut job = String::new();
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            () = enough.notified(), if !job.is_empty() => {
                let name = JobName { job: job.clone() };
                let told = act(query.client.scheduler()?, ENOUGH, name.encode_to_vec()).await;
                drop(told.map_err(|status| refused(query.client.address(), &status))?);
                continue;
            }
        };
        match event {
            Event::Started(id) => {
                job.clone_from(&id);
                tell.send_modify(|known| known.id = id);
            }
            Event::Part(part) => tell.send_modify(|known| known.parts.push(part)),
            Event::Progress(progress) => query.gauges.set(&progress.into()),
            Event::Finished(mut finished) => {
                if let Some(elsewhere) = &query.elsewhere {
                    elsewhere.add(finished.tasks.drain(..).map(|task| task.into_report(&job)));
                }
                return Ok((finished, events));
            }
            Event::Failed(text) => return Err(crate::failure::unmarked(&text)),
        }
    }
}

/// Which part of a result.
#[derive(Clone, Debug, PartialEq)]
struct PartId {
    address: String,
    output: TicketOutput,
}

impl From<&LivePart> for PartId {
    fn from(part: &LivePart) -> Self {
        let output = TicketOutput { stage: part.stage, partition: part.partition, task: part.task };
        Self { address: part.address.clone(), output }
    }
}

impl From<&ResultPart> for PartId {
    fn from(part: &ResultPart) -> Self {
        let output = TicketOutput { stage: part.stage, partition: part.partition, task: part.task };
        Self { address: part.address.clone(), output }
    }
}

/// Which parts belong to a partition of the plan.
#[derive(Clone, Copy)]
struct Share {
    partition: usize,
    partitions: usize,
    /// Whether the number of a partition means something.
    counts: bool,
}

impl Share {
    /// The scheduler may have cut rows without an order into more partitions than were planned.
    fn has(self, part: &PartId) -> Result<bool> {
        let place = part.output.partition as usize;
        if place >= self.partitions && self.counts {
            return internal_err!("the cluster gave partition {place} of a result of {}", self.partitions);
        }
        Ok(place % self.partitions == self.partition)
    }
}

/// A part, and how many of its rows were handed out.
struct Taken {
    part: PartId,
    rows: u64,
}

struct PartitionReader {
    job: Arc<LiveJob>,
    known: watch::Receiver<Known>,
    share: Share,
    schema: SchemaRef,
    run: usize,
    current: Option<(Taken, SendableRecordBatchStream)>,
    /// Parts that were read to their end.
    read: Vec<Taken>,
    /// Parts that broke off before the first row.
    broken: Vec<PartId>,
    /// A part that broke off after some rows, and why.
    lost: Option<(Taken, String)>,
}

/// What a reader does next.
enum Step {
    Read(PartId, SendableRecordBatchStream),
    Wait,
    End,
}

impl PartitionReader {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let Some((taken, batches)) = &mut self.current else {
                match self.step()? {
                    Step::Read(part, batches) => self.current = Some((Taken { part, rows: 0 }, batches)),
                    Step::Wait => self.changed().await?,
                    Step::End => return Ok(None),
                }
                continue;
            };
            tokio::select! {
                biased;
                batch = batches.next() => match batch {
                    Some(Ok(batch)) => {
                        if self.job.given.lock().give(self.run) {
                            taken.rows += batch.num_rows() as u64;
                            return Ok(Some(batch));
                        }
                        // The job was begun anew, which is about to be told.
                        self.current = None;
                    }
                    Some(Err(error)) => self.broke_off(error)?,
                    None => self.read.extend(self.current.take().map(|(taken, _)| taken)),
                },
                changed = self.known.changed() => {
                    if changed.is_err() {
                        return internal_err!("the job of a result ended without a word");
                    }
                    self.check()?;
                }
            }
        }
    }

    async fn changed(&mut self) -> Result<()> {
        match self.known.changed().await {
            Ok(()) => Ok(()),
            Err(_) => internal_err!("the job of a result ended without a word"),
        }
    }

    /// The current part cannot be read on: what becomes of it, the scheduler will tell.
    fn broke_off(&mut self, error: DataFusionError) -> Result<()> {
        let Some((taken, _)) = self.current.take() else { return Ok(()) };
        if matches!(&self.known.borrow().end, Some(Ok(_))) {
            return Err(error);
        }
        log::info!("part {:?} of a result broke off after {} rows: {error}", taken.part, taken.rows);
        match taken.rows {
            0 => self.broken.push(taken.part),
            _ => self.lost = Some((taken, error.strip_backtrace())),
        }
        Ok(())
    }

    /// Looks at what has become known while a part is read.
    fn check(&mut self) -> Result<()> {
        let known = self.known.borrow_and_update();
        if known.run != self.run {
            drop(known);
            self.begin_again();
            return Ok(());
        }
        if let Some(Err(error)) = &known.end {
            return Err(DataFusionError::Shared(Arc::clone(error)));
        }
        let replaced = |taken: &Taken| is_replaced(&known, &taken.part);
        if let Some((taken, why)) = &self.lost
            && replaced(taken)
        {
            return Err(RowsLost::new(why.clone()).into());
        }
        if let Some(taken) = self.read.iter().find(|taken| taken.rows > 0 && replaced(taken)) {
            return Err(lost(taken));
        }
        let is_stale = match &self.current {
            Some((taken, _)) if replaced(taken) && taken.rows > 0 => return Err(lost(taken)),
            Some((taken, _)) => replaced(taken),
            None => false,
        };
        drop(known);
        if is_stale {
            self.current = None;
        }
        Ok(())
    }

    /// Nothing of the earlier run was handed out.
    fn begin_again(&mut self) {
        self.run = self.known.borrow().run;
        self.current = None;
        self.read.clear();
        self.broken.clear();
    }

    fn step(&mut self) -> Result<Step> {
        self.check()?;
        let known = self.known.borrow();
        match (&known.end, &self.lost) {
            (Some(Err(error)), _) => Err(DataFusionError::Shared(Arc::clone(error))),
            (Some(Ok(_)), Some((_, why))) => Err(RowsLost::new(why.clone()).into()),
            (Some(Ok(finished)), None) => self.rest(&known.id, finished),
            (None, Some(_)) => Ok(Step::Wait),
            (None, None) => {
                for part in &known.parts {
                    let id = PartId::from(part);
                    let is_known = self.broken.contains(&id) || self.read.iter().any(|taken| taken.part == id);
                    let is_new = !is_known && !is_replaced(&known, &id);
                    // The numbers of tasks begin anew with a stage, and a worker may still hold the old ones.
                    if part.attempt == 0 && is_new && self.share.has(&id)? {
                        let batches = self.fetch(&known.id, &id, None)?;
                        return Ok(Step::Read(id, batches));
                    }
                }
                Ok(Step::Wait)
            }
        }
    }

    /// The next part of a result that is complete; at the end, what was read is compared with what counts.
    fn rest(&self, job: &str, finished: &Finished) -> Result<Step> {
        for part in &finished.parts {
            let id = PartId::from(part);
            if self.share.has(&id)? && self.read.iter().all(|taken| taken.part != id) {
                let batches = self.fetch(job, &id, Some(part.rows))?;
                return Ok(Step::Read(id, batches));
            }
        }
        for taken in &self.read {
            match finished.parts.iter().find(|part| PartId::from(*part) == taken.part) {
                Some(part) if part.rows == taken.rows => {}
                None if taken.rows == 0 => {}
                _ => return Err(lost(taken)),
            }
        }
        Ok(Step::End)
    }

    fn fetch(&self, job: &str, part: &PartId, rows: Option<u64>) -> Result<SendableRecordBatchStream> {
        let ticket = Ticket {
            job: job.to_owned(),
            outputs: vec![part.output],
            compression: self.job.query.compression.clone(),
            live: rows.is_none(),
            ..Default::default()
        };
        let peer = self.job.query.client.inner.channels.peer(&part.address)?;
        Ok(flight::fetch(peer, ticket, Arc::clone(&self.schema), rows))
    }
}

/// Whether another task has been given the partition of `part` since, as far as that is known.
fn is_replaced(known: &Known, part: &PartId) -> bool {
    let latest = known.parts.iter().rev().find(|known| known.partition == part.output.partition);
    latest.is_some_and(|latest| PartId::from(latest) != *part || latest.attempt > 0)
}

fn lost(taken: &Taken) -> DataFusionError {
    let Taken { part, rows } = taken;
    let why =
        format!("{rows} rows of partition {} from the worker at {} do not count", part.output.partition, part.address);
    RowsLost::new(why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(partition: u32, task: u32, attempt: u32) -> LivePart {
        LivePart { address: "a:1".to_owned(), stage: 3, attempt, partition, task }
    }

    #[test]
    fn a_later_task_for_the_same_partition_replaces_a_part() {
        let mut known = Known { parts: vec![part(0, 0, 0), part(1, 1, 0)], ..Known::default() };
        let (first, second) = (PartId::from(&part(0, 0, 0)), PartId::from(&part(1, 1, 0)));
        assert!(!is_replaced(&known, &first) && !is_replaced(&known, &second));
        known.parts.push(part(1, 2, 0));
        assert!(!is_replaced(&known, &first) && is_replaced(&known, &second));
        // The same number in another attempt is another task.
        known.parts.push(part(0, 0, 1));
        assert!(is_replaced(&known, &first));
    }

    #[test]
    fn rows_that_were_handed_out_bind_the_run() {
        let mut given = Given::default();
        assert!(given.begin_again(), "nothing was handed out");
        assert!(!given.give(0), "of the run that was given up");
        assert!(given.give(1));
        assert!(!given.begin_again());
    }

    #[test]
    fn parts_are_shared_among_planned_partitions() {
        let id = |partition| PartId::from(&part(partition, 0, 0));
        let dealt = Share { partition: 1, partitions: 2, counts: false };
        assert!(dealt.has(&id(1)).unwrap() && dealt.has(&id(3)).unwrap() && !dealt.has(&id(2)).unwrap());
        assert!(Share { counts: true, ..dealt }.has(&id(3)).is_err());
    }
}
