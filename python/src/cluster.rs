//! A whole cluster on this machine.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use swath_collections as sw;

use crate::errors::{IntoPython, raised};

/// A scheduler and workers as processes of this one, until it is closed or this process ends.
#[pyclass(module = "swath._internal", frozen)]
pub struct LocalCluster {
    /// Until it is closed. A copy of it that a fork made must not end the processes: they belong to the process that started them.
    cluster: Mutex<Option<sw::LocalCluster>>,
    owner: u32,
}

#[pymethods]
impl LocalCluster {
    #[new]
    #[pyo3(signature = (*, program, program_arguments, workers, threads, memory_limit=None, port=0, log=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn new(
        py: Python<'_>,
        program: PathBuf,
        program_arguments: Vec<String>,
        workers: usize,
        threads: usize,
        memory_limit: Option<usize>,
        port: u16,
        log: Option<String>,
    ) -> PyResult<Self> {
        let mut builder = sw::LocalCluster::builder().program(program).workers(workers).threads(threads).port(port);
        for argument in program_arguments {
            builder = builder.program_argument(argument);
        }
        if let Some(bytes) = memory_limit {
            builder = builder.memory_limit(bytes);
        }
        if let Some(filter) = log {
            builder = builder.log(filter);
        }
        let cluster = py.detach(|| builder.start()).python(py)?;
        Ok(Self { cluster: Mutex::new(Some(cluster)), owner: std::process::id() })
    }

    /// Where clients connect to, `swath://host:port`.
    #[getter]
    fn address(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |cluster| cluster.address().to_owned())
    }

    /// The process of the scheduler.
    #[getter]
    fn scheduler_id(&self, py: Python<'_>) -> PyResult<u32> {
        self.with(py, |cluster| cluster.scheduler_id())
    }

    /// The processes of the workers.
    #[getter]
    fn worker_ids(&self, py: Python<'_>) -> PyResult<Vec<u32>> {
        self.with(py, |cluster| cluster.worker_ids())
    }

    /// Starts one more worker.
    fn add_worker(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, sw::LocalCluster::add_worker)?.python(py)
    }

    /// Ends a worker as a lost machine would.
    fn kill_worker(&self, py: Python<'_>, number: usize) -> PyResult<()> {
        self.with(py, |cluster| cluster.kill_worker(number))
    }

    /// Ends all processes; whether they still ran.
    fn close(&self, py: Python<'_>) -> bool {
        py.detach(|| {
            let cluster = self.cluster.lock().unwrap_or_else(PoisonError::into_inner).take();
            let was_open = cluster.is_some();
            self.end(cluster);
            was_open
        })
    }
}

impl LocalCluster {
    fn with<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut sw::LocalCluster) -> T + Send) -> PyResult<T> {
        let done = py.detach(|| self.cluster.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(work));
        done.ok_or_else(|| raised(py, "ClusterError", "this cluster was closed; start another LocalCluster".to_owned()))
    }

    fn end(&self, cluster: Option<sw::LocalCluster>) {
        match std::process::id() == self.owner {
            true => drop(cluster),
            false => std::mem::forget(cluster),
        }
    }
}

impl Drop for LocalCluster {
    fn drop(&mut self) {
        let cluster = self.cluster.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        self.end(cluster);
    }
}
