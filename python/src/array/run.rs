//! Running arrays: small ones at once, others on a thread of their own while this one looks for Ctrl-C.

use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::prelude::*;
use swath_arrays::{ArrayExpr, AxisSpec, ChunkSpec, Plan};
use swath_blocks::Cancel;
use swath_collections::nd;
use swath_collections::planner::analyze::progress::Progress as Figures;

use super::error::raised;
use super::memory::Memory;
use super::{Array, borrowed, wrapped};
use crate::running::Shown;

/// How often a wait looks for signals.
const TICK: Duration = Duration::from_millis(50);
/// How long a cancelled run may take to end before it is left alone.
const PATIENCE: Duration = Duration::from_millis(700);
/// As in `swath_nd`: what is computed at once on the calling thread.
const SMALL_BYTES: u64 = 256 << 10;
const SMALL_NODES: usize = 512;

/// Whether these are so small that they are computed on the calling thread.
fn are_small(roots: &[ArrayExpr]) -> bool {
    let small = |node: &ArrayExpr| node.grid().is_single() && node.bytes() <= SMALL_BYTES;
    if !roots.iter().all(small) {
        return false;
    }
    let order = ArrayExpr::topological(roots);
    order.len() <= SMALL_NODES && order.iter().all(small)
}

/// How work that is waited for is stopped, and tells how far it is.
#[derive(Clone, Default)]
pub struct Watch {
    cancel: Cancel,
    progress: nd::Progress,
}

impl Watch {
    /// Runs a plan under it.
    pub fn run(&self, engine: &nd::Engine, plan: &Plan) -> nd::Result<Vec<nd::NdArray>> {
        Ok(engine.run_watched(plan, &self.cancel, &self.progress)?)
    }

    /// What a bar shows; none before a plan runs.
    fn figures(&self) -> Option<Figures> {
        let done = self.progress.snapshot();
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
}

/// Runs `work` on another thread. Signal handlers of Python are called meanwhile; when one raises, the work is cancelled. Work that takes
/// long shows how far it is.
pub fn waited<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&Watch) -> nd::Result<T> + Send + 'static,
) -> PyResult<T> {
    let watch = Watch::default();
    let mut shown = Shown::new();
    let outcome = waited_for(py, &watch, &mut shown, work);
    shown.clear();
    outcome
}

fn waited_for<T: Send + 'static>(
    py: Python<'_>,
    watch: &Watch,
    shown: &mut Shown,
    work: impl FnOnce(&Watch) -> nd::Result<T> + Send + 'static,
) -> PyResult<T> {
    let own = watch.clone();
    let (sender, receiver) = sync_channel(1);
    let thread = std::thread::Builder::new().name("swath-array".to_owned());
    // Nobody waits for what was given up: its result goes nowhere.
    let started = thread.spawn(move || drop(sender.send(work(&own))));
    started.map_err(|error| crate::errors::raised(py, "EngineError", format!("cannot start a thread: {error}")))?;
    // A thread of another than the main one holds the receiver only while it waits.
    let receiver = std::sync::Mutex::new(receiver);
    let wait = |longest| {
        py.detach(|| receiver.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv_timeout(longest))
    };
    loop {
        match wait(TICK) {
            Ok(outcome) => return outcome.map_err(|error| raised(py, &error)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(crate::errors::raised(py, "EngineError", "a run ended without a result".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {
                shown.tick(py, &|| watch.figures());
                if let Err(error) = py.check_signals() {
                    watch.cancel.cancel();
                    // What it holds is freed before the exception goes on, unless it takes long.
                    drop(wait(PATIENCE));
                    return Err(error);
                }
            }
        }
    }
}

fn by_plan(context: &nd::Arrays, roots: &[ArrayExpr], watch: &Watch) -> nd::Result<Vec<nd::NdArray>> {
    let engine = context.engine();
    let plan = Plan::new(roots, engine.plan_options())?;
    watch.run(engine, &plan)
}

/// The results of arrays; what they share is computed once.
pub fn computed(py: Python<'_>, arrays: &[&nd::Array]) -> PyResult<Vec<nd::NdArray>> {
    let Some(first) = arrays.first() else { return Ok(Vec::new()) };
    let roots = arrays.iter().map(|array| array.expression().cloned()).collect::<nd::Result<Vec<_>>>();
    let roots = roots.map_err(|error| raised(py, &error))?;
    if are_small(&roots) {
        return py.detach(|| nd::compute_all(arrays)).map_err(|error| raised(py, &error));
    }
    let context = first.context().clone();
    waited(py, move |watch| by_plan(&context, &roots, watch))
}

/// The same array with all lengths known: what masks keep is computed and held.
pub fn resolved(py: Python<'_>, array: &nd::Array) -> PyResult<nd::Array> {
    let expression = array.expression().cloned().map_err(|error| raised(py, &error))?;
    let context = array.context().clone();
    waited(py, move |watch| {
        let mut current = expression;
        while !current.grid().is_known() {
            let makers: Vec<ArrayExpr> = ArrayExpr::topological(std::slice::from_ref(&current))
                .into_iter()
                .filter(|node| !node.grid().is_known() && node.inputs().iter().all(|input| input.grid().is_known()))
                .collect();
            let mut replaced = HashMap::new();
            for (maker, found) in makers.iter().zip(by_plan(&context, &makers, watch)?) {
                replaced.insert(maker.id(), ArrayExpr::from_array(found, &ChunkSpec::Auto)?);
            }
            current = current.substitute(&replaced)?;
        }
        Ok(nd::Array::from_expression(&context, current))
    })
}

/// The elements of arrays, computed together.
#[pyfunction]
fn compute(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>) -> PyResult<Vec<Memory>> {
    let results = computed(py, &borrowed(&arrays))?;
    Ok(py.detach(|| results.into_iter().map(Memory::owned).collect()))
}

/// The elements of one array.
#[pyfunction]
fn compute_one(py: Python<'_>, array: &Array) -> PyResult<Memory> {
    let result = computed(py, &[&array.array])?.pop();
    let result = result.ok_or_else(|| super::error::invalid(py, "a run gave no result"))?;
    Ok(py.detach(|| Memory::owned(result)))
}

/// Arrays computed together and held in memory, in their chunks.
#[pyfunction]
fn persist(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>) -> PyResult<Vec<Array>> {
    let results = computed(py, &borrowed(&arrays))?;
    let held = arrays.iter().zip(results).map(|(array, result)| {
        let grid = array.expression(py)?.grid().clone();
        let chunks = match grid.is_known() {
            true => {
                ChunkSpec::Axes(grid.axes().iter().map(|axis| AxisSpec::Lengths(axis.lengths().collect())).collect())
            }
            false => ChunkSpec::Auto,
        };
        wrapped(py, array.array.context().from_array_in(result, chunks))
    });
    held.collect()
}

/// The same array with all lengths known.
#[pyfunction]
fn resolve(py: Python<'_>, array: &Array) -> PyResult<Array> {
    Ok(Array { array: resolved(py, &array.array)? })
}

/// Runs an array and shows what each stage took.
#[pyfunction]
fn explain_analyze(py: Python<'_>, array: &Array) -> PyResult<String> {
    let array = array.array.clone();
    waited(py, move |watch| Ok(array.context().engine().explain_analyze(&array.plan()?, &watch.cancel)?))
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(compute, module)?)?;
    module.add_function(wrap_pyfunction!(compute_one, module)?)?;
    module.add_function(wrap_pyfunction!(persist, module)?)?;
    module.add_function(wrap_pyfunction!(resolve, module)?)?;
    module.add_function(wrap_pyfunction!(explain_analyze, module)?)
}
