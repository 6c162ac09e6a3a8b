//! Ending a wait for work before the work ends.
//!
//! A caller that waits for an engine cannot be reached from outside: a program in C or Python learns of Ctrl-C only when it looks.
//! [`interruptible`] gives the waits of a thread a question to ask again and again; the answer "yes" cancels what is waited for. Runs
//! of arrays ask it, and so do queries over tables.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// How often a wait asks.
pub const TICK: Duration = Duration::from_millis(50);

thread_local! {
    static ASK: RefCell<Option<Rc<dyn Fn() -> bool>>> = const { RefCell::new(None) };
}

/// Runs `work` on this thread. Where it waits for an engine, `ask` is called every [`TICK`]; once it answers `true`, the engine's work is
/// cancelled and the wait fails.
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
