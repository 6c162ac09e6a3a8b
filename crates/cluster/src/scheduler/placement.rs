//! Which worker runs which partitions of a stage, and when.
//!
//! - Partitions go to where most of their input lies, if a thread is free there; partitions of scans go to the same worker each
//!   time, in whose caches their files may still be. The partitions of a stage are shared by all workers with free threads,
//!   in one task each.
//! - A stage with a filter by keys waits for the stage that finds them ([`key_filters`]). None waits for a stage above it, so
//!   that some stage may always run.
//!
//! It also sees first which stages have been read by all that read them, and where the parts of a result are made.
//!
//! It takes the place of Ballista's round robin, and keeps what that promises: a stage whose tasks would each see a part of what
//! one operator has to see whole is one task.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ballista_core::JobId;
use ballista_core::execution_plans::{RangeShuffleReaderExec, ShuffleReaderExec};
use ballista_core::serde::protobuf::{AvailableVcores, job_status};
use ballista_core::serde::scheduler::TaskKey;
use ballista_scheduler::cluster::{BoundTask, DistributionPolicy};
use ballista_scheduler::state::execution_graph::{TaskDescription, create_task_info};
use ballista_scheduler::state::execution_stage::{ExecutionStage, RunningStage};
use ballista_scheduler::state::task_manager::JobInfoCache;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::key_filters;

/// What is seen while tasks are given out.
#[derive(Debug)]
pub enum Notice {
    /// A stage of a job whose outputs nobody will read any more.
    Freed(String, u32),
    /// A worker was lost that ran tasks of this stage of a job.
    Lost(String, usize),
    /// A task of a job's last stage was given to a worker.
    Last(LastTask),
}

/// A task whose output is part of a result.
#[derive(Clone, Debug)]
pub struct LastTask {
    /// Its job.
    pub job: String,
    /// The last stage.
    pub stage: usize,
    /// How often that stage was begun before.
    pub attempt: usize,
    /// Its number in the stage.
    pub task: usize,
    /// The worker's id.
    pub worker: String,
    /// Its partitions.
    pub partitions: Vec<usize>,
}

/// Tasks by the place of their input.
#[derive(Debug)]
pub struct Placement {
    /// Stages that were told to be free.
    freed: Mutex<HashSet<(String, u32)>>,
    tell: mpsc::UnboundedSender<Notice>,
}

impl Placement {
    /// Tells `tell` what is seen.
    pub fn new(tell: mpsc::UnboundedSender<Notice>) -> Self {
        Self { freed: Mutex::default(), tell }
    }

    fn tell_last(&self, tasks: &[BoundTask]) {
        for (worker, task) in tasks {
            // Without a listener nobody wants to know.
            let _ = self.tell.send(Notice::Last(LastTask {
                job: task.key.job_id.to_string(),
                stage: task.key.stage_id,
                attempt: task.stage_attempt_num,
                task: task.key.task_id,
                worker: worker.clone(),
                partitions: task.global_input_partition_ids.clone(),
            }));
        }
    }

    /// Once all stages that read a stage have ended, its outputs are only of use if their outputs are lost, and then it runs
    /// again.
    fn free_stages(&self, job: &JobId, stages: &HashMap<usize, ExecutionStage>) {
        let ended = |id: &usize| matches!(stages.get(id), Some(ExecutionStage::Successful(_)));
        for (id, stage) in stages {
            let readers = stage.output_links();
            let is_free = ended(id) && !readers.is_empty() && readers.iter().all(ended);
            let Ok(number) = u32::try_from(*id) else { continue };
            let stage = (job.to_string(), number);
            let mut freed = self.freed.lock();
            match is_free {
                true if freed.insert(stage.clone()) => {
                    // Without a listener there is nothing to free.
                    let _ = self.tell.send(Notice::Freed(stage.0, stage.1));
                }
                true => {}
                false => {
                    freed.remove(&stage);
                }
            }
        }
    }
}

#[async_trait::async_trait]
impl DistributionPolicy for Placement {
    async fn bind_tasks(
        &self,
        mut budgets: Vec<&mut AvailableVcores>,
        running_jobs: Arc<HashMap<JobId, JobInfoCache>>,
    ) -> Result<Vec<BoundTask>> {
        let mut bound = vec![];
        self.freed.lock().retain(|(job, _)| running_jobs.contains_key(job.as_str()));
        // The same order each time, so that the same partition finds the same worker.
        budgets.sort_by(|a, b| a.executor_id.cmp(&b.executor_id));
        for (job, info) in running_jobs.iter() {
            if !matches!(info.status, Some(job_status::Status::Running(_))) {
                continue;
            }
            let mut graph = info.execution_graph.write().await;
            let session = graph.session_id().to_owned();
            self.free_stages(job, graph.stages());
            let mut passed_over = vec![];
            loop {
                if budgets.iter().all(|budget| budget.vcores == 0) {
                    return Ok(bound);
                }
                let Some(stage) = graph.fetch_running_stage(&passed_over) else { break };
                let (id, plan) = (stage.stage_id, Arc::clone(&stage.plan));
                passed_over.push(id);
                let plan = match key_filters::ready(&plan, graph.stages())? {
                    Some(plan) => plan,
                    None => continue,
                };
                // What was fetched before is borrowed from the graph.
                let skipped = &passed_over[..passed_over.len() - 1];
                let Some(stage) = graph.fetch_running_stage(skipped).filter(|stage| stage.stage_id == id) else {
                    continue;
                };
                stage.plan = plan;
                let first = bound.len();
                bind_stage(stage, &session, job, &mut budgets, &mut bound);
                if stage.output_links.is_empty() {
                    self.tell_last(&bound[first..]);
                }
            }
        }
        Ok(bound)
    }

    fn name(&self) -> &'static str {
        "placement"
    }
}

/// Gives out as many of the stage's partitions as there are free threads.
fn bind_stage(
    stage: &mut RunningStage,
    session: &str,
    job: &JobId,
    budgets: &mut [&mut AvailableVcores],
    bound: &mut Vec<BoundTask>,
) {
    let pending = stage.pending.next_slice(usize::MAX);
    if runs_as_one(&stage.plan) {
        let held = held_bytes(&stage.plan, &pending);
        let free = budgets.iter_mut().filter(|budget| budget.vcores > 0);
        let best = free
            .max_by_key(|budget| held.iter().filter_map(|by_worker| by_worker.get(&budget.executor_id)).sum::<u64>());
        if let Some(budget) = best
            && !pending.is_empty()
        {
            bound.push(bind(stage, session, job, budget, pending, 1));
        }
        return;
    }
    let free: Vec<usize> = (0..budgets.len()).filter(|worker| budgets[*worker].vcores > 0).collect();
    let share = pending.len().div_ceil(free.len().max(1));
    let room: Vec<usize> = budgets.iter().map(|budget| share.min(budget.vcores as usize)).collect();
    let workers: Vec<&str> = budgets.iter().map(|budget| budget.executor_id.as_str()).collect();
    let held = held_bytes(&stage.plan, &pending);
    let (given, rest) = assign(&pending, &held, &workers, room, stage.partitions);
    for (worker, partitions) in given {
        let threads = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
        bound.push(bind(stage, session, job, budgets[worker], partitions, threads));
    }
    stage.pending.reschedule(rest);
}

/// Partitions by worker, and those for which there is no room. `held` has, for each partition, the bytes of its input by worker.
fn assign(
    pending: &[usize],
    held: &[HashMap<String, u64>],
    workers: &[&str],
    mut room: Vec<usize>,
    partitions: usize,
) -> (BTreeMap<usize, Vec<usize>>, Vec<usize>) {
    let mut given: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut rest = vec![];
    for (partition, by_worker) in pending.iter().zip(held) {
        // Neighbours together: they are parts of the same file.
        let usual = partition * workers.len() / partitions.max(1);
        let bytes = |worker: &usize| by_worker.get(workers[*worker]).copied().unwrap_or(0);
        let best = (0..workers.len())
            .filter(|worker| room[*worker] > 0)
            .max_by_key(|worker| (bytes(worker), *worker == usual, room[*worker], std::cmp::Reverse(*worker)));
        match best {
            Some(worker) => {
                room[worker] -= 1;
                given.entry(worker).or_default().push(*partition);
            }
            None => rest.push(*partition),
        }
    }
    (given, rest)
}

fn bind(
    stage: &mut RunningStage,
    session: &str,
    job: &JobId,
    budget: &mut AvailableVcores,
    partitions: Vec<usize>,
    threads: u32,
) -> BoundTask {
    let worker = budget.executor_id.clone();
    // A task's number is its place in this list.
    let task = stage.task_infos.len();
    let attempt = partitions.iter().filter_map(|partition| stage.task_failure_numbers.get(*partition)).max();
    let attempt = attempt.copied().unwrap_or(0);
    let mut info = create_task_info(worker.clone(), task);
    info.global_input_partition_ids.clone_from(&partitions);
    info.vcores_consumed = threads;
    stage.task_infos.push(info);
    budget.vcores = budget.vcores.saturating_sub(threads);
    let description = TaskDescription {
        session_id: session.to_owned(),
        key: TaskKey { job_id: job.clone(), stage_id: stage.stage_id, task_id: task },
        stage_attempt_num: stage.stage_attempt_num,
        task_attempt: attempt,
        global_input_partition_ids: partitions,
        vcores_consumed: threads,
        plan: Arc::clone(&stage.plan),
        session_config: Arc::clone(&stage.session_config),
    };
    (worker, description)
}

/// Whether an operator between the writer and the next exchange or join makes one partition of all.
fn runs_as_one(writer: &Arc<dyn ExecutionPlan>) -> bool {
    let mut node = writer;
    while let [child] = node.children()[..] {
        if child.is::<ShuffleReaderExec>() || child.is::<RangeShuffleReaderExec>() {
            return false;
        }
        if child.output_partitioning().partition_count() == 1 {
            return true;
        }
        node = child;
    }
    false
}

/// For each of `partitions`, where how many bytes of its input lie. Inputs that each task reads whole do not count.
fn held_bytes(plan: &Arc<dyn ExecutionPlan>, partitions: &[usize]) -> Vec<HashMap<String, u64>> {
    let mut held = vec![HashMap::new(); partitions.len()];
    let count = |node: &Arc<dyn ExecutionPlan>| {
        if let Some(reader) = node.downcast_ref::<ShuffleReaderExec>().filter(|reader| !reader.broadcast) {
            for (by_worker, partition) in held.iter_mut().zip(partitions) {
                for location in reader.partition.get(*partition).into_iter().flatten() {
                    let bytes = location.partition_stats.num_bytes().unwrap_or(0);
                    *by_worker.entry(location.executor_meta.id.clone()).or_insert(0) += bytes;
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    };
    // The closure does not fail.
    let _ = plan.apply(count);
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(bytes: &[(&str, u64)]) -> HashMap<String, u64> {
        bytes.iter().map(|(worker, bytes)| ((*worker).to_owned(), *bytes)).collect()
    }

    #[test]
    fn partitions_go_where_their_input_is_while_there_is_room() {
        let bytes = [held(&[("b", 9), ("a", 1)]), held(&[("b", 5)]), held(&[("a", 2), ("b", 3)])];
        let (given, rest) = assign(&[0, 1, 2], &bytes, &["a", "b"], vec![2, 2], 3);
        assert_eq!(given, BTreeMap::from([(1, vec![0, 1]), (0, vec![2])]));
        assert!(rest.is_empty());
    }

    #[test]
    fn scans_find_the_same_worker_each_time() {
        let none = vec![HashMap::new(); 4];
        let (given, _) = assign(&[0, 1, 2, 3], &none, &["a", "b"], vec![2, 2], 4);
        assert_eq!(given, BTreeMap::from([(0, vec![0, 1]), (1, vec![2, 3])]));
        // Also when only some are left.
        let (given, rest) = assign(&[1, 3], &none[..2], &["a", "b"], vec![1, 1], 4);
        assert_eq!((given, rest), (BTreeMap::from([(0, vec![1]), (1, vec![3])]), vec![]));
    }

    #[test]
    fn what_has_no_room_waits() {
        let none = vec![HashMap::new(); 3];
        let (given, rest) = assign(&[0, 1, 2], &none, &["a", "b"], vec![1, 0], 3);
        assert_eq!((given, rest), (BTreeMap::from([(0, vec![0])]), vec![1, 2]));
    }
}
