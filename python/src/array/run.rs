//! Running arrays.

use pyo3::prelude::*;
use swath_collections::nd::{self, Progress};
use swath_collections::planner::analyze::progress::Progress as Figures;

use super::memory::Memory;
use super::{Array, borrowed, tried};
use crate::wait::watched;

/// Runs `work`, which may wait for arrays. Signal handlers of Python are called meanwhile; what one raised comes beside the outcome, and
/// ended the work. Work that takes long shows how far it is.
pub fn waited<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> (T, Option<PyErr>) {
    let progress = Progress::new();
    let seen = progress.clone();
    watched(py, move || figures(&seen), || progress.over(work))
}

/// What a bar shows; none before a plan runs.
fn figures(progress: &Progress) -> Option<Figures> {
    let done = progress.snapshot();
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    (done.stages > 0).then(|| Figures {
        stages: count(done.stages),
        stages_done: count(done.stages_done),
        tasks: count(done.tasks),
        tasks_done: count(done.tasks_done),
        rows: 0,
        bytes: count(done.bytes_done),
    })
}

/// The elements of arrays, computed together.
#[pyfunction]
fn compute(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>) -> PyResult<Vec<Memory>> {
    let arrays = borrowed(&arrays);
    tried(py, || Ok(nd::compute_all(&arrays)?.into_iter().map(Memory::owned).collect()))
}

/// The elements of one array.
#[pyfunction]
fn compute_one(py: Python<'_>, array: &Array) -> PyResult<Memory> {
    tried(py, || Ok(Memory::owned(array.array.compute()?)))
}

/// Arrays computed together and held in memory, in their chunks.
#[pyfunction]
fn persist(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>) -> PyResult<Vec<Array>> {
    let arrays = borrowed(&arrays);
    Ok(tried(py, || nd::persist_all(&arrays))?.into_iter().map(|array| Array { array }).collect())
}

/// The same array with all lengths known.
#[pyfunction]
fn resolve(py: Python<'_>, array: &Array) -> PyResult<Array> {
    Ok(Array { array: tried(py, || array.array.compute_chunk_sizes())? })
}

/// Runs an array and shows what each stage took.
#[pyfunction]
fn explain_analyze(py: Python<'_>, array: &Array) -> PyResult<String> {
    tried(py, || array.array.explain_analyze())
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(compute, module)?)?;
    module.add_function(wrap_pyfunction!(compute_one, module)?)?;
    module.add_function(wrap_pyfunction!(persist, module)?)?;
    module.add_function(wrap_pyfunction!(resolve, module)?)?;
    module.add_function(wrap_pyfunction!(explain_analyze, module)?)
}
