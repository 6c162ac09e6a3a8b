//! Which worker has threads free.
//!
//! A thread is taken when a task is given to its worker, and free when that worker says that the task has ended, however it ended.
//! Ballista's own count gives threads back by what the job looks like when that word comes; a task whose stage was rolled back
//! meanwhile, because another worker was lost, is no longer found there, its threads would stay taken, and the job wait for ever.
//! So the count is kept here, by task, and Ballista's corrections of its own are not needed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ballista_core::JobId;
use ballista_core::error::{BallistaError, Result};
use ballista_core::serde::protobuf::{AvailableVcores, ExecutorHeartbeat, TaskStatus, task_status};
use ballista_core::serde::scheduler::{ExecutorData, ExecutorMetadata};
use ballista_scheduler::cluster::memory::InMemoryClusterState;
use ballista_scheduler::cluster::{BoundTask, ClusterState, ClusterStateEventStream, ExecutorSlot};
use ballista_scheduler::config::TaskDistributionPolicy;
use ballista_scheduler::state::task_manager::JobInfoCache;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::placement::Notice;

/// How long a task of a job that has ended may take to say that it has ended, too. Some never will: their worker refused them.
const LAST_WORD: Duration = Duration::from_secs(10);

/// The workers of a cluster, and what their threads do.
#[derive(Default)]
pub struct Slots {
    workers: InMemoryClusterState,
    ledger: Mutex<Ledger>,
    /// Held while tasks are given out.
    binding: tokio::sync::Mutex<()>,
    /// Who is told of tasks that are lost with their workers.
    tell: Option<mpsc::UnboundedSender<Notice>>,
}

impl Slots {
    /// Tells `tell` of tasks that are lost with their workers.
    pub fn new(tell: mpsc::UnboundedSender<Notice>) -> Self {
        Self { tell: Some(tell), ..Self::default() }
    }

    /// A worker tells what became of tasks.
    pub fn release(&self, worker: &str, statuses: &[TaskStatus]) {
        let mut ledger = self.ledger.lock();
        for status in statuses {
            let has_ended = !matches!(status.status, None | Some(task_status::Status::Running(_)));
            let task = TaskId {
                job: status.job_id.clone(),
                stage: status.stage_id as usize,
                attempt: status.stage_attempt_num as usize,
                task: status.task_id as usize,
            };
            if has_ended && ledger.taken.get(&task).is_some_and(|taken| taken.worker == worker) {
                ledger.taken.remove(&task);
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TaskId {
    job: String,
    stage: usize,
    attempt: usize,
    task: usize,
}

#[derive(Debug)]
struct Taken {
    worker: String,
    threads: u32,
    since: Instant,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Threads by worker.
    threads: HashMap<String, u32>,
    taken: HashMap<TaskId, Taken>,
}

impl Ledger {
    /// The workers with free threads, of those that `may` have tasks.
    fn free(&self, may: impl Fn(&str) -> bool) -> Vec<AvailableVcores> {
        let mut free: HashMap<&str, u32> =
            self.threads.iter().map(|(worker, threads)| (worker.as_str(), *threads)).collect();
        for taken in self.taken.values() {
            if let Some(threads) = free.get_mut(taken.worker.as_str()) {
                *threads = threads.saturating_sub(taken.threads);
            }
        }
        free.into_iter()
            .filter(|(worker, threads)| *threads > 0 && may(worker))
            .map(|(worker, vcores)| AvailableVcores { executor_id: worker.to_owned(), vcores })
            .collect()
    }

    fn take(&mut self, task: TaskId, worker: &str, threads: u32) {
        self.taken.insert(task, Taken { worker: worker.to_owned(), threads, since: Instant::now() });
    }

    /// Forgets tasks of jobs that are over, and that nothing was heard of for long.
    fn forget_silent(&mut self, is_active: impl Fn(&str) -> bool, patience: Duration) {
        self.taken.retain(|task, taken| is_active(&task.job) || taken.since.elapsed() < patience);
    }

    /// Forgets a worker; the stages, with their jobs, of the tasks that it ran.
    fn remove(&mut self, worker: &str) -> HashSet<(String, usize)> {
        self.threads.remove(worker);
        let lost = self.taken.extract_if(|_, taken| taken.worker == worker);
        lost.map(|(task, _)| (task.job, task.stage)).collect()
    }
}

#[async_trait::async_trait]
impl ClusterState for Slots {
    async fn bind_schedulable_tasks(
        &self,
        distribution: TaskDistributionPolicy,
        active_jobs: Arc<HashMap<JobId, JobInfoCache>>,
        executors: Option<HashSet<String>>,
    ) -> Result<Vec<BoundTask>> {
        let TaskDistributionPolicy::Custom(policy) = distribution else {
            return Err(BallistaError::Internal("tasks are given out by a policy of ours".to_owned()));
        };
        let _binding = self.binding.lock().await;
        let mut free = {
            let mut ledger = self.ledger.lock();
            ledger.forget_silent(|job| active_jobs.contains_key(job), LAST_WORD);
            ledger.free(|worker| executors.as_ref().is_none_or(|alive| alive.contains(worker)))
        };
        let bound = policy.bind_tasks(free.iter_mut().collect(), active_jobs).await?;
        let mut ledger = self.ledger.lock();
        for (worker, task) in &bound {
            let id = TaskId {
                job: task.key.job_id.to_string(),
                stage: task.key.stage_id,
                attempt: task.stage_attempt_num,
                task: task.key.task_id,
            };
            ledger.take(id, worker, task.vcores_consumed);
        }
        Ok(bound)
    }

    async fn unbind_tasks(&self, _slots: Vec<ExecutorSlot>) -> Result<()> {
        Ok(())
    }

    async fn register_executor(&self, metadata: ExecutorMetadata, spec: ExecutorData) -> Result<()> {
        let (worker, threads) = (metadata.id.clone(), spec.available_vcores);
        self.workers.register_executor(metadata, spec).await?;
        self.ledger.lock().threads.insert(worker, threads);
        Ok(())
    }

    async fn remove_executor(&self, executor_id: &str) -> Result<()> {
        let lost = self.ledger.lock().remove(executor_id);
        if let Some(tell) = &self.tell {
            // Without a listener nobody wants to know.
            lost.into_iter().for_each(|(job, stage)| drop(tell.send(Notice::Lost(job, stage))));
        }
        self.workers.remove_executor(executor_id).await
    }

    async fn save_executor_metadata(&self, metadata: ExecutorMetadata) -> Result<()> {
        self.workers.save_executor_metadata(metadata).await
    }

    async fn get_executor_metadata(&self, executor_id: &str) -> Result<ExecutorMetadata> {
        self.workers.get_executor_metadata(executor_id).await
    }

    async fn registered_executor_metadata(&self) -> Vec<ExecutorMetadata> {
        self.workers.registered_executor_metadata().await
    }

    async fn save_executor_heartbeat(&self, heartbeat: ExecutorHeartbeat) -> Result<()> {
        self.workers.save_executor_heartbeat(heartbeat).await
    }

    fn executor_heartbeats(&self) -> HashMap<String, ExecutorHeartbeat> {
        self.workers.executor_heartbeats()
    }

    fn get_executor_heartbeat(&self, executor_id: &str) -> Option<ExecutorHeartbeat> {
        self.workers.get_executor_heartbeat(executor_id)
    }

    async fn cluster_state_events(&self) -> Result<ClusterStateEventStream> {
        self.workers.cluster_state_events().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballista_core::serde::protobuf::{FailedTask, RunningTask};

    fn task(job: &str, attempt: usize, task: usize) -> TaskId {
        TaskId { job: job.to_owned(), stage: 1, attempt, task }
    }

    fn free(ledger: &Ledger) -> Vec<(String, u32)> {
        let mut free: Vec<_> = ledger.free(|_| true).into_iter().map(|free| (free.executor_id, free.vcores)).collect();
        free.sort();
        free
    }

    #[test]
    fn threads_are_taken_by_task_and_given_back_by_the_workers_word() {
        let slots = Slots::default();
        let threads = HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]);
        slots.ledger.lock().threads = threads;
        slots.ledger.lock().take(task("j", 0, 0), "a", 2);
        slots.ledger.lock().take(task("j", 1, 0), "b", 1);
        assert_eq!(free(&slots.ledger.lock()), []);
        let ended = |attempt| TaskStatus {
            job_id: "j".to_owned(),
            stage_id: 1,
            stage_attempt_num: attempt,
            status: Some(task_status::Status::Failed(FailedTask::default())),
            ..TaskStatus::default()
        };
        let runs = TaskStatus { status: Some(task_status::Status::Running(RunningTask::default())), ..ended(0) };
        slots.release("a", &[runs]);
        slots.release("b", &[ended(0)]);
        assert_eq!(free(&slots.ledger.lock()), [], "neither an end, nor a word of the worker that has the task");
        slots.release("a", &[ended(0)]);
        slots.release("a", &[ended(0)]);
        assert_eq!(free(&slots.ledger.lock()), [("a".to_owned(), 2)]);
        assert_eq!(slots.ledger.lock().remove("b"), HashSet::from([("j".to_owned(), 1)]));
        assert!(slots.ledger.lock().taken.is_empty());
    }

    #[test]
    fn tasks_that_never_say_that_they_ended_are_forgotten_with_their_job() {
        let mut ledger = Ledger { threads: HashMap::from([("a".to_owned(), 3)]), ..Ledger::default() };
        ledger.take(task("runs", 0, 0), "a", 1);
        ledger.take(task("over", 0, 0), "a", 1);
        ledger.forget_silent(|job| job == "runs", Duration::from_secs(10));
        assert_eq!(free(&ledger), [("a".to_owned(), 1)]);
        ledger.forget_silent(|job| job == "runs", Duration::ZERO);
        assert_eq!(free(&ledger), [("a".to_owned(), 2)]);
    }
}
