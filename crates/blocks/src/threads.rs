//! Threads that help with a run.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What a thread does once.
pub type Job = Box<dyn FnOnce() + Send + 'static>;

/// Starts jobs beside the caller: a pool of threads, or a runtime's blocking ones. A run goes on without the help that comes late or
/// never.
pub trait Threads: Send + Sync + 'static {
    /// Has a job done by another thread, some time.
    fn spawn(&self, job: Job);
}

/// Threads that wait for jobs; started with the first ones, gone with the pool.
#[derive(Clone)]
pub struct ThreadPool(Arc<Owner>);

struct Owner(Arc<Inner>);

struct Inner {
    most: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = self.lock();
            } else if state.closed {
                return;
            } else {
                state.idle += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

impl ThreadPool {
    /// At most so many threads.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Owner(Arc::new(Inner { most, state: Mutex::default(), work: Condvar::new() }))))
    }
}

impl Threads for ThreadPool {
    fn spawn(&self, job: Job) {
        let inner = &self.0.0;
        let mut state = inner.lock();
        state.jobs.push_back(job);
        if state.idle < state.jobs.len() && state.threads < inner.most {
            let own = Arc::clone(inner);
            let name = format!("swath-blocks-{}", state.threads);
            // Without a thread the job waits for those that are there, or is done by nobody: it is help only.
            if std::thread::Builder::new().name(name).spawn(move || own.serve()).is_ok() {
                state.threads += 1;
            }
        }
        drop(state);
        inner.work.notify_one();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.work.notify_all();
    }
}
