//! Functions of the user's that run, and how those whose query was cancelled are ended.
//!
//! A function that runs holds its thread: the engine cannot end it, and the prompt comes back without it. So that it does not run on for
//! ever, a thread of our own looks whether its query is still wanted, and if not raises `KeyboardInterrupt` in it. Python does so
//! between two of its instructions: a loop in Python ends at once, a call into C when it returns.

use std::collections::HashMap;
use std::ffi::{c_long, c_ulong};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::ffi;
use pyo3::prelude::*;
use swath_collections::cancel::{self, Watched};

/// How often the thread looks.
const TICK: Duration = Duration::from_millis(100);
/// How long a function that was told may take before it is told again: it may have caught the exception.
const AGAIN: Duration = Duration::from_secs(1);

/// A function that runs.
struct Call {
    /// Python's name of its thread.
    thread: c_ulong,
    query: Watched,
    /// When it was last told to end.
    told: Option<Instant>,
}

#[derive(Default)]
struct Calls {
    running: HashMap<u64, Call>,
    next: u64,
    is_watched: bool,
}

// Whoever holds this lock never waits for Python's.
static CALLS: Mutex<Option<Calls>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Calls>> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `call` of a function so that it ends when its query is cancelled.
pub fn ending_with_its_query<T>(py: Python<'_>, call: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let Some(query) = cancel::current() else { return call() };
    let _running = Running::new(py, query);
    call()
}

/// Exists while a function runs, on its thread and with Python's lock.
struct Running<'py> {
    key: u64,
    thread: c_ulong,
    _py: Python<'py>,
}

impl<'py> Running<'py> {
    fn new(py: Python<'py>, query: Watched) -> Self {
        // SAFETY: has no conditions.
        let thread = unsafe { ffi::PyThread_get_thread_ident() };
        let mut calls = lock();
        let calls = calls.get_or_insert_default();
        let key = calls.next;
        calls.next += 1;
        calls.running.insert(key, Call { thread, query, told: None });
        if !std::mem::replace(&mut calls.is_watched, true) {
            let watch = std::thread::Builder::new().name("swath-calls".to_owned());
            calls.is_watched = watch.spawn(watch_calls).is_ok();
        }
        Self { key, thread, _py: py }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let call = lock().as_mut().and_then(|calls| calls.running.remove(&self.key));
        if call.is_some_and(|call| call.told.is_some()) {
            // What was not raised yet would be raised in whatever runs next on this thread.
            raise(self.thread, std::ptr::null_mut());
        }
    }
}

fn watch_calls() {
    loop {
        std::thread::sleep(TICK);
        let unwanted = {
            let mut calls = lock();
            let Some(calls) = calls.as_mut() else { return };
            if calls.running.is_empty() {
                calls.is_watched = false;
                return;
            }
            calls.running.values().any(Call::is_to_be_told)
        };
        if unwanted && Python::try_attach(tell).is_none() {
            return;
        }
    }
}

impl Call {
    fn is_to_be_told(&self) -> bool {
        self.query.is_cancelled() && self.told.is_none_or(|told| told.elapsed() > AGAIN)
    }
}

/// Raises `KeyboardInterrupt` in functions that nobody waits for. With Python's lock: none of them ends meanwhile.
fn tell(py: Python<'_>) {
    let exception = py.get_type::<PyKeyboardInterrupt>();
    if let Some(calls) = lock().as_mut() {
        for call in calls.running.values_mut().filter(|call| call.is_to_be_told()) {
            call.told = Some(Instant::now());
            raise(call.thread, exception.as_ptr());
        }
    }
}

fn raise(thread: c_ulong, exception: *mut ffi::PyObject) {
    // SAFETY: Python's lock is held; the exception is a class, or null, which takes back what was not raised yet. A thread that is
    // none any more is passed over.
    unsafe { ffi::PyThreadState_SetAsyncExc(thread as c_long, exception) };
}
