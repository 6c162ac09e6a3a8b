//! Ending a wait for work before the work ends.
//!
//! A caller that waits in [`Engine::block_on`](crate::Engine::block_on) cannot be reached from outside: a program in C or Python learns of
//! Ctrl-C only when it looks. [`interruptible`] gives the waits of a thread a question to ask again and again; the answer "yes" cancels
//! what is waited for.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use datafusion::common::{DataFusionError, Result};

/// How often a wait asks.
pub const TICK: Duration = Duration::from_millis(50);

/// What [`interrupted`] becomes in a chain of errors.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

thread_local! {
    static ASK: RefCell<Option<Rc<dyn Fn() -> bool>>> = const { RefCell::new(None) };
}

/// Runs `work` on this thread. Where it waits for an engine, `ask` is called every [`TICK`]; once it answers `true`, the engine's work is
/// cancelled and the wait fails with [`Interrupted`].
pub fn interruptible<T>(ask: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Rc<dyn Fn() -> bool>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let before = self.0.take();
            ASK.with(|cell| *cell.borrow_mut() = before);
        }
    }
    let _restore = Restore(ASK.with(|cell| cell.borrow_mut().replace(Rc::new(ask))));
    work()
}

/// Whether waits of this thread can be interrupted.
pub fn is_interruptible() -> bool {
    ASK.with(|cell| cell.borrow().is_some())
}

/// Whether the thread's wait is to end now.
pub fn asks_to_end() -> bool {
    // Not borrowed while it is called: it may wait for an engine itself.
    let ask = ASK.with(|cell| cell.borrow().clone());
    ask.is_some_and(|ask| ask())
}

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
    use std::time::Instant;

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
