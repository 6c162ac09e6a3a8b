//! Waiting for the engine.

use std::cell::RefCell;
use std::rc::Rc;

use pyo3::prelude::*;
use swath_collections::{Error, interruptible};

use crate::errors::IntoPython;

/// Runs `work`, which may wait for the engine, while other Python threads run. Python's signal handlers are called in between, and what
/// one of them raises (`KeyboardInterrupt`) cancels the engine's work.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    let (outcome, raised) = py.detach(|| {
        let raised: Rc<RefCell<Option<PyErr>>> = Rc::default();
        let asked = Rc::clone(&raised);
        let ask = move || {
            let error = Python::attach(|py| py.check_signals().err());
            let ends = error.is_some();
            *asked.borrow_mut() = error;
            ends
        };
        let outcome = interruptible(ask, work);
        (outcome, raised.take())
    });
    match (outcome, raised) {
        (Err(Error::Interrupted), Some(raised)) => Err(raised),
        (outcome, _) => outcome.python(py),
    }
}
