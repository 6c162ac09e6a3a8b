//! Where the parts of results are made, for the clients that read them at once.
//!
//! A task may be given out before its job's client is known to listen: what comes early waits.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::protocol::LivePart;

/// How long parts wait for a client that does not come.
const UNCLAIMED: Duration = Duration::from_secs(60);

/// The parts of all jobs that run.
#[derive(Default)]
pub struct Parts(Mutex<HashMap<String, PartsOfJob>>);

struct PartsOfJob {
    since: Instant,
    /// Those that came before somebody listened.
    early: Vec<LivePart>,
    listener: Option<mpsc::UnboundedSender<LivePart>>,
}

impl Default for PartsOfJob {
    fn default() -> Self {
        Self { since: Instant::now(), early: vec![], listener: None }
    }
}

impl Parts {
    /// Parts of `job` are about to be made.
    pub fn add(&self, job: String, parts: impl IntoIterator<Item = LivePart>) {
        let mut all = self.0.lock();
        if !all.contains_key(&job) {
            // Those of jobs whose clients went before they listened.
            all.retain(|_, of_job| of_job.listener.is_some() || of_job.since.elapsed() < UNCLAIMED);
        }
        let of_job = all.entry(job).or_default();
        for part in parts {
            match &of_job.listener {
                // A listener that is gone needs nothing any more.
                Some(listener) => drop(listener.send(part)),
                None => of_job.early.push(part),
            }
        }
    }

    /// The parts of `job`, those that came early first.
    pub fn listen(&self, job: &str) -> mpsc::UnboundedReceiver<LivePart> {
        let (listener, parts) = mpsc::unbounded_channel();
        let mut all = self.0.lock();
        let of_job = all.entry(job.to_owned()).or_default();
        for part in of_job.early.drain(..) {
            // The receiver is held here.
            let _ = listener.send(part);
        }
        of_job.listener = Some(listener);
        parts
    }

    /// `job` is over.
    pub fn forget(&self, job: &str) {
        self.0.lock().remove(job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_parts_wait_for_their_listener() {
        let part = |task| LivePart { task, ..LivePart::default() };
        let parts = Parts::default();
        parts.add("a".to_owned(), [part(0), part(1)]);
        let mut heard = parts.listen("a");
        parts.add("a".to_owned(), [part(2)]);
        parts.add("b".to_owned(), [part(9)]);
        for task in 0..3 {
            assert_eq!(heard.try_recv().unwrap(), part(task));
        }
        assert!(heard.try_recv().is_err());
        parts.forget("a");
        parts.forget("b");
        assert!(parts.0.lock().is_empty());
    }
}
