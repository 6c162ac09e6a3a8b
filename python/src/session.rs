//! Sessions.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use swath_collections as sw;

use crate::capsule;
use crate::errors::IntoPython;
use crate::frame::DataFrame;
use crate::wait::detached;

/// A session: embedded, or on a cluster.
#[pyclass(module = "swath._internal", frozen)]
pub struct Session {
    pub(crate) session: sw::Session,
}

#[pymethods]
impl Session {
    #[new]
    #[pyo3(signature = (*, address=None, threads=None, memory_limit=None, spill_folder=None, spill_limit=None, batch_size=None, settings=None, store_options=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn new(
        py: Python<'_>,
        address: Option<String>,
        threads: Option<usize>,
        memory_limit: Option<usize>,
        spill_folder: Option<std::path::PathBuf>,
        spill_limit: Option<u64>,
        batch_size: Option<usize>,
        settings: Option<BTreeMap<String, String>>,
        store_options: Option<BTreeMap<String, String>>,
    ) -> PyResult<Self> {
        let mut builder = match address {
            Some(address) => sw::Session::connect(address),
            None => sw::Session::embedded(),
        };
        if let Some(threads) = threads {
            builder = builder.threads(threads);
        }
        if let Some(bytes) = memory_limit {
            builder = builder.memory_limit(bytes);
        }
        if let Some(folder) = spill_folder {
            builder = builder.spill_folder(folder);
        }
        if let Some(bytes) = spill_limit {
            builder = builder.spill_limit(bytes);
        }
        if let Some(rows) = batch_size {
            builder = builder.batch_size(rows);
        }
        for (key, value) in settings.into_iter().flatten() {
            builder = builder.set(key, value);
        }
        for (key, value) in store_options.into_iter().flatten() {
            builder = builder.store_option(key, value);
        }
        Ok(Self { session: detached(py, || builder.build())? })
    }

    /// Worker threads.
    #[getter]
    fn threads(&self) -> usize {
        self.session.engine().threads()
    }

    /// The memory limit, in bytes.
    #[getter]
    fn memory_limit(&self) -> usize {
        self.session.engine().memory_limit_bytes()
    }

    /// The frame of a SQL statement.
    fn sql(&self, py: Python<'_>, text: &str) -> PyResult<DataFrame> {
        let frame = detached(py, || self.session.sql(text))?;
        Ok(DataFrame { frame })
    }

    /// A frame over what `object` hands out through the Arrow PyCapsule interface.
    fn from_arrow(&self, py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<DataFrame> {
        let reader = capsule::reader(object)?;
        let schema = reader.schema();
        let mut batches = py.detach(|| reader.collect::<Result<Vec<_>, _>>()).map_err(capsule::invalid)?;
        if batches.is_empty() {
            batches.push(arrow::array::RecordBatch::new_empty(schema));
        }
        Ok(DataFrame { frame: self.session.from_arrow(batches).python(py)? })
    }

    /// Names of the registered tables.
    fn tables(&self) -> Vec<String> {
        self.session.tables()
    }

    /// A registered table.
    fn table(&self, py: Python<'_>, name: &str) -> PyResult<DataFrame> {
        Ok(DataFrame { frame: self.session.table(name).python(py)? })
    }

    /// Registers a frame under a name.
    fn register(&self, py: Python<'_>, name: &str, frame: &DataFrame) -> PyResult<()> {
        detached(py, || self.session.register(name, &frame.frame))
    }

    /// Removes a registered table; whether it was there.
    fn deregister(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        self.session.deregister(name).python(py)
    }
}
