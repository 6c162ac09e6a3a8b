//! Ending a wait for work before the work ends.
//!
//! The waits of a thread are made interruptible by [`interruptible`], which those for arrays look at, too; here are the waits of queries:
//! [`Engine::block_on`](crate::Engine::block_on) and [`wait`].

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use datafusion::common::{DataFusionError, Result};
pub use swath_blocks::interrupt::{TICK, asks_to_end, interruptible, is_interruptible};

/// What [`interrupted`] becomes in a chain of errors.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Waits on this thread for `future`, which may be inside another async runtime. Within [`interruptible`] the wait can be ended.
///
/// # Errors
/// [`Interrupted`], if it was.
pub fn wait<F: Future>(future: F) -> Result<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(output);
        }
        match is_interruptible() {
            true => std::thread::park_timeout(TICK),
            false => std::thread::park(),
        }
        if asks_to_end() {
            return Err(interrupted());
        }
    }
}

/// The error of a wait that was ended.
pub fn interrupted() -> DataFusionError {
    DataFusionError::External(Box::new(Interrupted))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{Engine, EngineOptions};

    #[test]
    fn a_wait_for_a_future_ends_with_it_or_when_asked() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || sender.send(7));
        assert_eq!(wait(receiver).unwrap().unwrap(), 7);
        thread.join().unwrap().unwrap();
        let waited = interruptible(|| true, || wait(std::future::pending::<()>()));
        assert!(matches!(waited.unwrap_err(), DataFusionError::External(error) if error.is::<Interrupted>()));
    }

    #[test]
    fn a_wait_ends_when_asked_and_its_work_is_dropped() {
        let engine = Engine::start(EngineOptions { threads: Some(1), ..Default::default() }).unwrap();
        let (held, gone) = tokio::sync::oneshot::channel::<()>();
        let (asked, started) = (Cell::new(0), Instant::now());
        let waited = interruptible(
            move || asked.replace(asked.get() + 1) == 2,
            || {
                engine.block_on(async move {
                    let _held = held;
                    std::future::pending::<()>().await;
                    Ok(())
                })
            },
        );
        let DataFusionError::External(error) = waited.unwrap_err() else { panic!("another error") };
        assert!(error.is::<Interrupted>() && started.elapsed() < Duration::from_secs(5));
        assert!(gone.blocking_recv().is_err());
        assert!(!is_interruptible());
        assert_eq!(engine.block_on(async { Ok(1) }).unwrap(), 1);
    }
}
