//! The plans that a caller waits for, seen by who waits.
//!
//! Who runs a plan tells it here ([`running`]); the work that it belongs to knows the thread that waits for it, so that this thread can
//! ask how far its plans are ([`Watch`]), for a progress bar say. Without a watch both cost nothing.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use datafusion::physical_plan::ExecutionPlan;
use swath_planner::analyze::progress::Progress;

/// The plans that run for one caller.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Mutex<Vec<Weak<dyn ExecutionPlan>>>>);

tokio::task_local! {
    static OF_WORK: Watch;
}

thread_local! {
    static OF_THREAD: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

impl Watch {
    /// Runs `work` on this thread; the plans that it waits for are seen here.
    pub fn over<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Restore(Option<Watch>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let before = self.0.take();
                OF_THREAD.with(|cell| *cell.borrow_mut() = before);
            }
        }
        let _restore = Restore(OF_THREAD.with(|cell| cell.borrow_mut().replace(self.clone())));
        work()
    }

    /// How far the last plan that still runs is; none if no plan runs.
    pub fn progress(&self) -> Option<Progress> {
        let plan = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().find_map(Weak::upgrade)?;
        Some(Progress::of(&plan))
    }

    /// `work`, whose plans this sees.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        OF_WORK.scope(self, work)
    }

    /// The watch of this thread, for work that it is about to start.
    pub fn of_thread() -> Option<Self> {
        OF_THREAD.with(|cell| cell.borrow().clone())
    }
}

/// Tells who waits for the work that calls this that `plan` begins to run.
pub fn running(plan: &Arc<dyn ExecutionPlan>) {
    // Most work is not watched.
    let _ = OF_WORK.try_with(|watch| {
        let mut plans = watch.0.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|plan| plan.strong_count() > 0);
        plans.push(Arc::downgrade(plan));
    });
}
