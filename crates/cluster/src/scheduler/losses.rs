//! Tasks that were lost with their workers.
//!
//! A task that is lost with its worker runs again elsewhere. One that ends its process, as a user's function may, would so end one worker
//! after another: after [`MOST_LOSSES`] in one stage, or when nobody is left for it, its job fails instead.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use ballista_scheduler::state::execution_graph::ExecutionGraphBox;
use parking_lot::Mutex;
use swath_exec::WorkersLost;
use swath_exec::foreign::functions_called;

/// How many workers a stage may lose.
const MOST_LOSSES: usize = 3;
/// How long a job that lost the last worker waits for another one: not for long, if it may have been its own doing.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(50));

/// Workers lost by job and stage.
#[derive(Debug, Default)]
pub struct Losses(Mutex<HashMap<String, BTreeMap<usize, usize>>>);

impl Losses {
    /// A worker was lost that ran tasks of this stage.
    pub fn add(&self, job: String, stage: usize) {
        *self.0.lock().entry(job).or_default().entry(stage).or_default() += 1;
    }

    /// The stage of `job` that lost most workers, and how many.
    pub fn most(&self, job: &str) -> Option<(usize, usize)> {
        let all = self.0.lock();
        all.get(job)?.iter().map(|(stage, times)| (*stage, *times)).max_by_key(|(_, times)| *times)
    }

    /// The job is over.
    pub fn forget(&self, job: &str) {
        self.0.lock().remove(job);
    }
}

/// The user's functions that a stage of a job calls.
pub fn functions_of(graph: &ExecutionGraphBox, stage: usize) -> Vec<String> {
    let mut names = BTreeSet::new();
    if let Some(stage) = graph.stages().get(&stage) {
        functions_called(stage.plan(), &mut names);
    }
    names.into_iter().collect()
}

/// Why a stage that lost `times` workers is not tried again, if so. `alone_since` is when its job was first seen without any worker.
pub fn verdict(times: usize, stage: usize, functions: &[String], alone_since: Option<Instant>) -> Option<WorkersLost> {
    let patience = if functions.is_empty() { PATIENCE.1 } else { PATIENCE.0 };
    let is_alone = alone_since.is_some_and(|since| since.elapsed() >= patience);
    (times >= MOST_LOSSES || is_alone).then(|| WorkersLost::new(times, stage, functions, alone_since.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_given_up_after_some_losses() {
        let losses = Losses::default();
        losses.add("j".to_owned(), 1);
        for _ in 0..3 {
            losses.add("j".to_owned(), 2);
        }
        assert_eq!(losses.most("j"), Some((2, 3)));
        assert_eq!(losses.most("k"), None);
        assert!(verdict(2, 2, &[], None).is_none());
        assert!(verdict(3, 2, &[], None).unwrap().to_string().contains("3 workers were lost while running stage 2"));
        losses.forget("j");
        assert_eq!(losses.most("j"), None);
    }

    #[test]
    fn nobody_waits_long_for_another_victim() {
        let Some(since) = Instant::now().checked_sub(Duration::from_secs(11)) else { return };
        let functions = ["f".to_owned()];
        assert!(verdict(1, 1, &functions, Some(since)).unwrap().to_string().contains("no worker is left"));
        assert!(verdict(1, 1, &functions, Some(Instant::now())).is_none());
        assert!(verdict(1, 1, &[], Some(since)).is_none());
    }
}
