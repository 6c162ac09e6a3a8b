//! The outputs of a worker's tasks, held for the tasks that read them.
//!
//! An output is one partition that one task made of one stage of one job. It lies in the worker's [`PartitionStore`]: in memory
//! first. It is freed with its stage or its job, whichever is forgotten first; an output that comes after that, from a task
//! that was cancelled too late, is dropped.
//!
//! An output may be opened for readers that do not wait for its end; it is then known before it is finished.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use datafusion::common::{Result, exec_err};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::live::LivePartition;
use crate::store::{PartitionStore, StoreUsage, StoredPartition};

/// Forgotten jobs that are remembered as such.
const REMEMBERED_JOBS: usize = 4096;

/// Which output of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputKey {
    /// The stage that made it.
    pub stage: u32,
    /// The partition, counted over the whole stage.
    pub partition: u32,
    /// The task that made it: several tasks of a stage may each have rows of one partition.
    pub task: u32,
}

impl fmt::Display for OutputKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} of stage {} (task {})", self.partition, self.stage, self.task)
    }
}

/// All outputs that a worker holds.
#[derive(Debug)]
pub struct TaskOutputs {
    store: PartitionStore,
    jobs: Mutex<Jobs>,
    /// Wakes those who wait for an output.
    changed: watch::Sender<()>,
}

/// An output, finished or not.
#[derive(Debug)]
pub enum Readable {
    /// Finished.
    Stored(StoredPartition),
    /// Still written.
    Live(Arc<LivePartition>),
}

#[derive(Debug, Default)]
struct Jobs {
    held: HashMap<String, HashMap<OutputKey, StoredPartition>>,
    /// Those that are still written, or were given up.
    open: HashMap<String, HashMap<OutputKey, Arc<LivePartition>>>,
    forgotten: VecDeque<String>,
}

impl TaskOutputs {
    /// Outputs held in `store`.
    pub fn new(store: PartitionStore) -> Self {
        Self { store, jobs: Mutex::default(), changed: watch::channel(()).0 }
    }

    /// Where they are held.
    pub fn store(&self) -> &PartitionStore {
        &self.store
    }

    /// Holds a finished output. One that is there already, from an earlier attempt of the task, is replaced.
    ///
    /// # Errors
    /// If the job was forgotten: nobody will read it.
    pub fn insert(&self, job: &str, key: OutputKey, partition: StoredPartition) -> Result<()> {
        let mut jobs = self.jobs.lock();
        if jobs.forgotten.iter().any(|forgotten| forgotten == job) {
            return exec_err!("job {job} has ended");
        }
        jobs.held.entry(job.to_owned()).or_default().insert(key, partition);
        if let Some(open) = jobs.open.get_mut(job) {
            open.remove(&key);
        }
        drop(jobs);
        self.changed.send_replace(());
        Ok(())
    }

    /// Makes an output known that is still written. It is until it is inserted, or its job is forgotten.
    ///
    /// # Errors
    /// If the job was forgotten.
    pub fn open(&self, job: &str, key: OutputKey, partition: Arc<LivePartition>) -> Result<()> {
        let mut jobs = self.jobs.lock();
        if jobs.forgotten.iter().any(|forgotten| forgotten == job) {
            return exec_err!("job {job} has ended");
        }
        jobs.open.entry(job.to_owned()).or_default().insert(key, partition);
        drop(jobs);
        self.changed.send_replace(());
        Ok(())
    }

    /// An output that is, or will be, written here: waits until it is opened or inserted.
    ///
    /// # Errors
    /// If the job was forgotten.
    pub async fn await_output(&self, job: &str, key: OutputKey) -> Result<Readable> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            {
                let jobs = self.jobs.lock();
                if let Some(partition) = jobs.held.get(job).and_then(|outputs| outputs.get(&key)) {
                    return Ok(Readable::Stored(partition.clone()));
                }
                if let Some(partition) = jobs.open.get(job).and_then(|outputs| outputs.get(&key)) {
                    return Ok(Readable::Live(Arc::clone(partition)));
                }
                if jobs.forgotten.iter().any(|forgotten| forgotten == job) {
                    return exec_err!("job {job} has ended");
                }
            }
            // The sender is this value's own.
            if changed.changed().await.is_err() {
                return exec_err!("job {job} has ended");
            }
        }
    }

    /// An output.
    ///
    /// # Errors
    /// If it is not held here (any more).
    pub fn get(&self, job: &str, key: OutputKey) -> Result<StoredPartition> {
        match self.jobs.lock().held.get(job).and_then(|outputs| outputs.get(&key)) {
            Some(partition) => Ok(partition.clone()),
            None => exec_err!("this worker does not hold {key} of job {job}"),
        }
    }

    /// Frees all outputs of a job as soon as their readers are done, and refuses later ones.
    pub fn forget_job(&self, job: &str) {
        let freed = {
            let mut jobs = self.jobs.lock();
            if jobs.forgotten.len() == REMEMBERED_JOBS {
                jobs.forgotten.pop_front();
            }
            jobs.forgotten.push_back(job.to_owned());
            jobs.open.remove(job);
            jobs.held.remove(job)
        };
        self.changed.send_replace(());
        // Files are deleted outside of the lock.
        drop(freed);
    }

    /// Frees the outputs of one stage of a job.
    pub fn forget_stage(&self, job: &str, stage: u32) {
        let mut freed = vec![];
        if let Some(outputs) = self.jobs.lock().held.get_mut(job) {
            freed.extend(outputs.extract_if(|key, _| key.stage == stage));
        }
        drop(freed);
    }

    /// Frees the outputs of all stages of a job but one.
    pub fn forget_all_but(&self, job: &str, stage: u32) {
        let mut freed = vec![];
        if let Some(outputs) = self.jobs.lock().held.get_mut(job) {
            freed.extend(outputs.extract_if(|key, _| key.stage != stage));
        }
        drop(freed);
    }

    /// The jobs and stages that hold something here.
    pub fn stages(&self) -> Vec<(String, u32)> {
        let jobs = self.jobs.lock();
        let mut stages: Vec<_> =
            jobs.held.iter().flat_map(|(job, outputs)| outputs.keys().map(|key| (job.clone(), key.stage))).collect();
        stages.sort_unstable();
        stages.dedup();
        stages
    }

    /// Number of outputs held, and what they take.
    pub fn usage(&self) -> (usize, StoreUsage) {
        let count = self.jobs.lock().held.values().map(HashMap::len).sum();
        (count, self.store.usage())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use datafusion::execution::runtime_env::RuntimeEnv;

    fn outputs() -> (TaskOutputs, StoredPartition) {
        let store = PartitionStore::new(Arc::new(RuntimeEnv::default()), 1 << 20);
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let mut writer = store.writer(batch.schema());
        writer.push(batch).unwrap();
        let partition = writer.finish().unwrap();
        (TaskOutputs::new(store), partition)
    }

    #[tokio::test]
    async fn an_output_may_be_waited_for() {
        use futures::FutureExt;

        let (outputs, partition) = outputs();
        let key = OutputKey { stage: 1, partition: 0, task: 0 };
        assert!(outputs.await_output("a", key).now_or_never().is_none());
        let mut writer = outputs.store().writer(Arc::clone(partition.schema()));
        outputs.open("a", key, writer.live()).unwrap();
        assert!(matches!(outputs.await_output("a", key).await.unwrap(), Readable::Live(_)));
        outputs.insert("a", key, writer.finish().unwrap()).unwrap();
        assert!(matches!(outputs.await_output("a", key).await.unwrap(), Readable::Stored(_)));
        outputs.forget_job("a");
        assert!(outputs.await_output("a", key).await.unwrap_err().to_string().contains("has ended"));
    }

    #[test]
    fn a_forgotten_job_frees_everything_and_stays_forgotten() {
        let (outputs, partition) = outputs();
        let key = OutputKey { stage: 1, partition: 0, task: 0 };
        outputs.insert("a", key, partition.clone()).unwrap();
        outputs.insert("a", OutputKey { stage: 2, ..key }, partition.clone()).unwrap();
        assert_eq!(outputs.get("a", key).unwrap().rows(), 1000);
        outputs.forget_stage("a", 1);
        assert!(outputs.get("a", key).unwrap_err().to_string().contains("does not hold partition 0 of stage 1"));
        assert_eq!(outputs.stages(), [("a".to_owned(), 2)]);
        outputs.insert("a", OutputKey { stage: 3, ..key }, partition.clone()).unwrap();
        outputs.forget_all_but("a", 2);
        assert_eq!(outputs.stages(), [("a".to_owned(), 2)]);
        outputs.forget_job("a");
        assert!(outputs.insert("a", key, partition).is_err());
        let (count, usage) = outputs.usage();
        assert_eq!((count, usage.memory_bytes), (0, 0));
    }
}
