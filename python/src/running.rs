//! Queries while they run: bars that show how far they are, and futures that are awaited.

use std::any::Any;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use pyo3::prelude::*;
use swath_collections as sw;
use swath_collections::Result;
use swath_collections::planner::analyze::progress::Progress;

use crate::batches::Batches;
use crate::errors::{IntoPython, exception};
use crate::frame::DataFrame;

/// Work shows no progress before this time.
const QUIET_TIME: Duration = Duration::from_millis(500);
/// How often progress is drawn.
const REDRAWN: Duration = Duration::from_millis(100);

/// The progress of one wait, drawn by `swath.progress`.
pub struct Shown {
    started: Instant,
    drawn: Option<Instant>,
    /// The bar of the package; none before it is first drawn, or if none is wanted.
    bar: Option<Py<PyAny>>,
    is_wanted: bool,
}

impl Shown {
    /// Of a wait that begins now.
    pub fn new() -> Self {
        Self { started: Instant::now(), drawn: None, bar: None, is_wanted: true }
    }

    /// Draws it, if it is time to.
    pub fn tick(&mut self, py: Python<'_>, progress: &impl Fn() -> Option<Progress>) {
        if !self.is_wanted
            || self.started.elapsed() < QUIET_TIME
            || self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAWN)
        {
            return;
        }
        self.drawn = Some(Instant::now());
        // A bar that cannot be drawn is no reason to fail.
        if self.draw(py, progress()).is_err() {
            self.is_wanted = false;
        }
    }

    fn draw(&mut self, py: Python<'_>, progress: Option<Progress>) -> PyResult<()> {
        if self.bar.is_none() {
            let bar = py.import("swath._progress")?.call_method0("bar")?;
            self.is_wanted = !bar.is_none();
            self.bar = self.is_wanted.then(|| bar.unbind());
        }
        let Some(bar) = &self.bar else { return Ok(()) };
        let seconds = self.started.elapsed().as_secs_f64();
        let figures = progress.map(|Progress { stages, stages_done, tasks, tasks_done, rows, bytes }| {
            (stages, stages_done, tasks, tasks_done, rows, bytes)
        });
        bar.call_method1(py, "update", (seconds, figures)).map(drop)
    }

    /// Takes the bar away.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            Python::attach(|py| {
                // Nobody can be told, and nothing depends on it.
                let _ = bar.call_method0(py, "close");
            });
        }
    }
}

/// A query that a coroutine awaits. It is cancelled with it.
#[pyclass(module = "swath._internal", frozen)]
pub struct Awaited {
    /// The work, which ends when this is dropped.
    work: Mutex<Option<Box<dyn Any + Send>>>,
}

#[pymethods]
impl Awaited {
    /// Begins to collect `frame`; `done` is called with its rows and `None`, or `None` and an exception, on another thread.
    #[new]
    fn new(py: Python<'_>, frame: &DataFrame, done: Py<PyAny>) -> PyResult<Self> {
        let frame = frame.frame.clone();
        let session = frame.session().clone();
        // Says so where nothing would ever run: in a forked process.
        py.detach(|| session.engine().block_on(async { Ok(()) })).python(py)?;
        let work = py.detach(|| {
            session.engine().spawn(async move {
                let collected = collected(frame).await;
                // Not on a thread of the engine: it may wait for the interpreter's lock.
                std::thread::spawn(move || {
                    Python::try_attach(|py| {
                        if let Err(error) = tell(py, &done, collected) {
                            error.write_unraisable(py, None);
                        }
                    })
                });
                Ok(())
            })
        });
        Ok(Self { work: Mutex::new(Some(Box::new(work))) })
    }

    /// Ends the query.
    fn cancel(&self, py: Python<'_>) {
        py.detach(|| drop(self.work.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

async fn collected(frame: sw::DataFrame) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let schema = frame.schema()?;
    Ok((schema, frame.collect_async().await?))
}

fn tell(py: Python<'_>, done: &Py<PyAny>, collected: Result<(SchemaRef, Vec<RecordBatch>)>) -> PyResult<()> {
    match collected {
        Ok((schema, batches)) => done.call1(py, (Batches::new(schema, batches), py.None())),
        Err(error) => done.call1(py, (py.None(), exception(py, &error))),
    }
    .map(drop)
}
