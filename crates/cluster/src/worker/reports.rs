//! What the tasks of the latest jobs did, for clients that analyze their plans.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use datafusion::physical_plan::ExecutionPlan;
use parking_lot::Mutex;
use swath_planner::analyze;

use crate::protocol::{OperatorFigures, TaskFigures, nanos};

/// Jobs that are remembered. Their scheduler asks at once when one has ended, so only those that run at the same time count.
const JOBS: usize = 64;

/// Figures by job, the newest job last.
#[derive(Default)]
pub struct Reports(Mutex<VecDeque<(String, Vec<TaskFigures>)>>);

impl Reports {
    /// Keeps what a task did; an earlier attempt of the same task is replaced.
    pub fn add(&self, job: &str, figures: TaskFigures) {
        let mut jobs = self.0.lock();
        match jobs.iter_mut().rev().find(|(known, _)| known == job) {
            Some((_, tasks)) => {
                tasks.retain(|task| (task.stage, task.task) != (figures.stage, figures.task));
                tasks.push(figures);
            }
            None => {
                if jobs.len() == JOBS {
                    jobs.pop_front();
                }
                jobs.push_back((job.to_owned(), vec![figures]));
            }
        }
    }

    /// What is known of a job.
    pub fn of(&self, job: &str) -> Vec<TaskFigures> {
        self.0.lock().iter().find(|(known, _)| known == job).map(|(_, tasks)| tasks.clone()).unwrap_or_default()
    }

    /// Forgets a job.
    pub fn forget(&self, job: &str) {
        self.0.lock().retain(|(known, _)| known != job);
    }
}

/// The figures of a task that ran `plan` and made so many rows and bytes.
pub fn figures(
    stage: u32,
    task: u32,
    plan: &Arc<dyn ExecutionPlan>,
    made: (u64, u64),
    elapsed: Duration,
) -> TaskFigures {
    let (rows, bytes) = made;
    let operators = analyze::operators(plan).into_iter().map(OperatorFigures::from).collect();
    TaskFigures { stage, task, rows, bytes, elapsed_nanos: nanos(elapsed), operators }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(task: u32, rows: u64) -> TaskFigures {
        TaskFigures { stage: 1, task, rows, ..Default::default() }
    }

    #[test]
    fn the_last_attempt_counts_and_old_jobs_are_forgotten() {
        let reports = Reports::default();
        reports.add("a", task(0, 1));
        reports.add("a", task(1, 2));
        reports.add("a", task(0, 3));
        assert_eq!(reports.of("a"), [task(1, 2), task(0, 3)]);
        for job in 0..JOBS {
            reports.add(&job.to_string(), task(0, 1));
        }
        assert_eq!(reports.of("a"), []);
        assert_eq!(reports.of("0"), [task(0, 1)]);
        reports.forget("0");
        assert_eq!(reports.of("0"), []);
    }
}
