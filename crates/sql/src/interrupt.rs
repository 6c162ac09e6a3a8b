//! Ctrl-C: cancels the running query; without one it ends a script with code 130, and leaves a shell alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::Notify;

use crate::error::{Failure, Result};

/// The exit code of a program that was interrupted, as shells expect it.
pub const EXIT_CODE: u8 = 130;

/// Hears Ctrl-C from a thread of its own, so that it is heard even while all workers are busy.
#[derive(Clone, Debug)]
pub struct Interrupts {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// A query is running, and will look at `requested`.
    is_running: AtomicBool,
    requested: AtomicBool,
    wake: Notify,
    /// Without a running query, Ctrl-C ends the process.
    ends_process: bool,
}

/// While it lives, Ctrl-C cancels instead of ending the process.
#[derive(Debug)]
pub struct Guard<'a>(&'a Shared);

impl Interrupts {
    /// Starts to listen. `ends_process` is for scripts.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn listen(ends_process: bool) -> Result<Self> {
        let shared = Arc::new(Shared { ends_process, ..Default::default() });
        let listener = Arc::clone(&shared);
        thread::Builder::new().name("swath-interrupt".to_owned()).spawn(move || listener.listen())?;
        Ok(Self { shared })
    }

    /// Interrupts that never come, for sessions without a terminal or a process of their own.
    pub fn none() -> Self {
        Self { shared: Arc::default() }
    }

    /// Marks the time in which Ctrl-C cancels.
    pub fn guard(&self) -> Guard<'_> {
        self.shared.requested.store(false, Ordering::SeqCst);
        self.shared.is_running.store(true, Ordering::SeqCst);
        Guard(&self.shared)
    }
}

impl Guard<'_> {
    /// Waits for `work` or Ctrl-C, whichever comes first.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] at Ctrl-C; `work` is dropped then.
    pub async fn wait_for<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.requested() => Err(Failure::Interrupted),
            done = work => Ok(done),
        }
    }

    async fn requested(&self) {
        loop {
            let woken = self.0.wake.notified();
            if self.0.requested.load(Ordering::SeqCst) {
                return;
            }
            woken.await;
        }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.is_running.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn listen(&self) {
        // Without signals there is no cancelling; the system's default, ending the process, stays.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                self.interrupt();
            }
        });
    }

    fn interrupt(&self) {
        let is_running = self.is_running.load(Ordering::SeqCst);
        // A second Ctrl-C for a query that does not heed the first ends the process, too.
        let is_ignored = is_running && self.requested.swap(true, Ordering::SeqCst);
        if is_ignored || (!is_running && self.ends_process) {
            std::process::exit(i32::from(EXIT_CODE));
        }
        self.wake.notify_waiters();
        self.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupt_ends_the_wait_and_is_forgotten_by_the_next() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let interrupts = Interrupts::none();
        let guard = interrupts.guard();
        interrupts.shared.interrupt();
        let waited = runtime.block_on(guard.wait_for(std::future::pending::<()>()));
        assert!(matches!(waited, Err(Failure::Interrupted)));
        drop(guard);
        let guard = interrupts.guard();
        assert!(runtime.block_on(guard.wait_for(async { 7 })).is_ok());
    }
}
