//! Waiting for the engine.

use std::cell::RefCell;
use std::rc::Rc;

use pyo3::prelude::*;
use swath_collections::planner::analyze::progress::Progress;
use swath_collections::watch::Watch;
use swath_collections::{Error, interruptible};

use crate::errors::exception;
use crate::running::Shown;

/// Runs `work`, which may wait for the engine, while other Python threads run. Python's signal handlers are called in between, and what
/// one of them raises (`KeyboardInterrupt`) cancels the engine's work. Progress is shown if it takes long.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    detached_over(py, &Watch::default(), work)
}

/// [`detached`], for work about plans that `watch` sees.
pub fn detached_over<T: Send>(
    py: Python<'_>,
    watch: &Watch,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    let seen = watch.clone();
    or_raised(watched(py, move || seen.progress(), move || watch.over(work)), |error| exception(py, &error))
}

/// The outcome of [`watched`] work: what was raised while it was waited for is why it failed.
pub fn or_raised<T, E>(
    (outcome, raised): (Result<T, E>, Option<PyErr>),
    exception: impl FnOnce(E) -> PyErr,
) -> PyResult<T> {
    outcome.map_err(|error| raised.unwrap_or_else(|| exception(error)))
}

/// [`detached`], for any work, where `progress` tells how far it is. What a signal handler raised comes beside the outcome: where that
/// is a failure, it is the cause.
pub fn watched<T: Send>(
    py: Python<'_>,
    progress: impl Fn() -> Option<Progress> + Send + 'static,
    work: impl FnOnce() -> T + Send,
) -> (T, Option<PyErr>) {
    py.detach(|| {
        let raised: Rc<RefCell<Option<PyErr>>> = Rc::default();
        let asked = Rc::clone(&raised);
        let shown = Rc::new(RefCell::new(Shown::new()));
        let bar = Rc::clone(&shown);
        let ask = move || {
            let error = Python::attach(|py| {
                bar.borrow_mut().tick(py, &progress);
                py.check_signals().err()
            });
            let ends = error.is_some();
            *asked.borrow_mut() = error;
            ends
        };
        let outcome = interruptible(ask, work);
        shown.borrow_mut().clear();
        (outcome, raised.take())
    })
}
