//! Cancelling work that does not pause by itself.
//!
//! Dropping a task of the runtime ends it where it next waits. A join that compares each of a million rows with each of another million
//! does not wait for minutes: it asks here, between two batches of pairs ([`Interruptible`](crate::interruptible_joins::Interruptible)).
//!
//! What is cancelled together is one [`Cancel`]: the work of one query in a session, of one task on a worker. It reaches the tasks that
//! operators spawn, too, by the hook that DataFusion has for tracing them.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::runtime::{JoinSetTracer, set_join_set_tracer};
use futures::FutureExt;
use futures::future::BoxFuture;

tokio::task_local! {
    static CURRENT: Arc<AtomicBool>;
}

/// Work that is cancelled together. Dropped, it is cancelled.
#[derive(Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// `work` as a part of what is cancelled.
    pub fn scope<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(Arc::clone(&self.0), work)
    }

    /// Cancels it.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Whether the work that asks was cancelled.
pub fn is_cancelled() -> bool {
    CURRENT.try_with(|cancelled| cancelled.load(Ordering::Relaxed)).unwrap_or(false)
}

/// A look at the work that this thread is in, from elsewhere.
#[derive(Clone, Debug)]
pub struct Watched(Arc<AtomicBool>);

impl Watched {
    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The work that this thread is in, if it can be cancelled.
pub fn current() -> Option<Watched> {
    CURRENT.try_with(|cancelled| Watched(Arc::clone(cancelled))).ok()
}

/// Has tasks that operators spawn belong to the work that spawns them, in this process from now on. A program that traces these tasks
/// itself keeps its own hook: then only what does not spawn is cancelled between two waits.
pub fn inherit() {
    // Set before: by an earlier session, or by the program.
    let _ = set_join_set_tracer(&Inherit);
}

struct Inherit;

impl JoinSetTracer for Inherit {
    fn trace_future(&self, work: BoxFuture<'static, Box<dyn Any + Send>>) -> BoxFuture<'static, Box<dyn Any + Send>> {
        match CURRENT.try_with(Arc::clone) {
            Ok(current) => CURRENT.scope(current, work).boxed(),
            Err(_) => work,
        }
    }

    fn trace_block(
        &self,
        work: Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>,
    ) -> Box<dyn FnOnce() -> Box<dyn Any + Send> + Send> {
        match CURRENT.try_with(Arc::clone) {
            Ok(current) => Box::new(move || CURRENT.sync_scope(current, work)),
            Err(_) => work,
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::runtime::SpawnedTask;

    use super::*;

    #[tokio::test]
    async fn spawned_tasks_are_cancelled_with_who_spawned_them() {
        inherit();
        let cancel = Cancel::default();
        let (before, inside) = cancel
            .scope(async {
                let (ask, asked) = tokio::sync::oneshot::channel::<()>();
                let task = SpawnedTask::spawn(async move {
                    let (before, watched) = (is_cancelled(), current().unwrap());
                    let _ = asked.await;
                    assert_eq!(watched.is_cancelled(), is_cancelled());
                    (before, is_cancelled())
                });
                cancel.cancel();
                let _ = ask.send(());
                task.join().await.unwrap()
            })
            .await;
        assert!(inside && !is_cancelled() && current().is_none(), "{before}");
    }
}
