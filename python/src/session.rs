//! Sessions.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use arrow::array::RecordBatch;
use datafusion::common::{ParamValues, TableReference};
use pyo3::prelude::*;
use swath_collections as sw;

use crate::batches::Batches;
use crate::errors::IntoPython;
use crate::expr::Expr;
use crate::frame::{DataFrame, made, value};
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

    /// Rows that operators aim at in one batch.
    #[getter]
    fn batch_size(&self) -> usize {
        self.session.context().state().config().batch_size()
    }

    /// The cluster's address; none if the session is embedded.
    #[getter]
    fn address(&self) -> Option<String> {
        self.session.cluster().map(|cluster| cluster.address().to_owned())
    }

    /// Bytes that operators hold now.
    #[getter]
    fn memory_reserved(&self) -> usize {
        self.session.context().runtime_env().memory_pool.reserved()
    }

    /// Whether work is done in this process.
    #[getter]
    fn is_embedded(&self) -> bool {
        self.session.cluster().is_none()
    }

    /// Whether a frame is of this session.
    fn shares(&self, frame: &DataFrame) -> bool {
        std::ptr::eq(self.session.engine(), frame.frame.session().engine())
    }

    /// The tables that a SQL text names and that the session does not know. Empty for a text that cannot be parsed.
    fn unknown_tables(&self, py: Python<'_>, text: &str) -> PyResult<Vec<String>> {
        detached(py, || {
            let _steady = SCOPE.read().unwrap_or_else(PoisonError::into_inner);
            let (context, state) = (self.session.context(), self.session.context().state());
            let dialect = state.config().options().sql_parser.dialect;
            let text = text.trim_end().trim_end_matches(';');
            let Ok(statement) = state.sql_to_statement(text, &dialect) else { return Ok(vec![]) };
            let Ok(references) = state.resolve_table_references(&statement) else { return Ok(vec![]) };
            let unknown = references.into_iter().filter_map(|reference| match reference {
                TableReference::Bare { table } => Some(table.to_string()),
                _ => None,
            });
            Ok(unknown
                .filter(|name| !context.table_exist(TableReference::bare(name.as_str())).unwrap_or(false))
                .collect())
        })
    }

    /// The frame of a SQL statement, which sees `frames` by their names beside the registered tables.
    fn sql(
        &self,
        py: Python<'_>,
        text: &str,
        listed: Option<Vec<PyRef<'_, Expr>>>,
        named: Option<Vec<(String, PyRef<'_, Expr>)>>,
        frames: Vec<(String, PyRef<'_, DataFrame>)>,
    ) -> PyResult<DataFrame> {
        let values = match (listed, named) {
            (Some(values), _) => {
                let values = values.iter().map(|expr| value(py, "sql", expr));
                Some(ParamValues::from(values.collect::<PyResult<Vec<_>>>()?))
            }
            (None, Some(values)) => {
                let values = values.iter().map(|(name, expr)| Ok((name.clone(), value(py, "sql", expr)?)));
                Some(ParamValues::from(values.collect::<PyResult<Vec<_>>>()?))
            }
            (None, None) => None,
        };
        let frames: Vec<_> = frames.iter().map(|(name, frame)| (name.as_str(), &frame.frame)).collect();
        let frame = detached(py, || {
            let mut statement = prepared(&self.session, text, &frames)?;
            if let Some(values) = values {
                statement = statement.bind(values)?;
            }
            statement.run()
        })?;
        Ok(DataFrame { frame })
    }

    /// A frame over rows that are in memory. They are shared, not copied.
    fn from_batches(&self, py: Python<'_>, batches: &Batches) -> PyResult<DataFrame> {
        // In pieces, since the pieces are what threads share among each other.
        let rows = self.batch_size().max(1);
        let pieces = batches.batches.iter().flat_map(|batch| {
            let starts = (0..batch.num_rows()).step_by(rows);
            starts.map(move |start| batch.slice(start, rows.min(batch.num_rows() - start)))
        });
        let mut pieces: Vec<RecordBatch> = pieces.collect();
        if pieces.is_empty() {
            pieces.push(RecordBatch::new_empty(batches.schema.clone()));
        }
        made(py, self.session.from_arrow(pieces).python(py)?)
    }

    /// Names of the registered tables.
    fn tables(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| {
            let _steady = SCOPE.read().unwrap_or_else(PoisonError::into_inner);
            self.session.tables()
        })
    }

    /// A registered table.
    fn table(&self, py: Python<'_>, name: &str) -> PyResult<DataFrame> {
        Ok(DataFrame { frame: detached(py, || self.session.table(name))? })
    }

    /// Registers a frame under a name.
    fn register(&self, py: Python<'_>, name: &str, frame: &DataFrame) -> PyResult<()> {
        detached(py, || self.session.register(name, &frame.frame))
    }

    /// Removes a registered table; whether it was there.
    fn deregister(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        detached(py, || self.session.deregister(name))
    }

    /// Bytes in memory and on disk that persisted frames take in this process.
    fn persisted_bytes(&self) -> (u64, u64) {
        let usage = self.session.persisted_bytes();
        (usage.memory_bytes as u64, usage.disk_bytes as u64)
    }
}

/// Held for writing while frames of a statement are registered, so that no other statement sees them.
static SCOPE: RwLock<()> = RwLock::new(());

/// The statement `text`, which sees `frames`. They are registered while it is planned: the plan holds what it needs of them.
fn prepared(session: &sw::Session, text: &str, frames: &[(&str, &sw::DataFrame)]) -> sw::Result<sw::Statement> {
    if frames.is_empty() {
        let _steady = SCOPE.read().unwrap_or_else(PoisonError::into_inner);
        return session.prepare(text);
    }
    let _alone = SCOPE.write().unwrap_or_else(PoisonError::into_inner);
    let mut registered = vec![];
    let mut planned = Ok(());
    for (name, frame) in frames {
        // A table that was registered meanwhile wins.
        if session.context().table_exist(TableReference::bare(*name)).unwrap_or(true) {
            continue;
        }
        planned = session.register(name, frame);
        if planned.is_err() {
            break;
        }
        registered.push(*name);
    }
    let statement = planned.and_then(|()| session.prepare(text));
    for name in registered {
        session.deregister(name)?;
    }
    statement
}
