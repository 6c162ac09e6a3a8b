//! The session: where tables are registered and queries run.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::SessionContext;
use swath_exec::{Engine, EngineOptions, StoreOptions};

use crate::error::{Error, Result};
use crate::frame::DataFrame;

/// A place to run queries: registered tables, options, threads, memory. Cheap to clone; clones share everything.
///
/// ```
/// use swath_collections::Session;
///
/// let session = Session::embedded().threads(2).memory_limit(1 << 30).build()?;
/// assert_eq!(session.sql("SELECT 1 + 1 AS two")?.count()?, 1);
/// # Ok::<(), swath_collections::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    engine: Arc<Engine>,
}

/// Options of an embedded [`Session`]. Whatever is not set takes the machine's values.
#[derive(Clone, Debug, Default)]
pub struct SessionBuilder {
    options: EngineOptions,
}

impl SessionBuilder {
    /// Worker threads; also the number of partitions that plans aim at.
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = Some(threads);
        self
    }

    /// Bytes that operators may hold together before they spill.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.options.memory_limit_bytes = Some(bytes);
        self
    }

    /// The folder that operators spill to.
    pub fn spill_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.spill_folder = Some(folder.into());
        self
    }

    /// Bytes that may be spilled at one time.
    pub fn spill_limit(mut self, bytes: u64) -> Self {
        self.options.spill_limit_bytes = Some(bytes);
        self
    }

    /// Rows that operators aim at in one batch.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.options.batch_size_rows = Some(rows);
        self
    }

    /// An option of object stores, for instance `aws_access_key_id` or `aws_endpoint`. It wins over the environment.
    pub fn store_option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.stores.0.push((key.into(), value.into()));
        self
    }

    /// Replaces all options of object stores.
    pub fn store_options(mut self, options: StoreOptions) -> Self {
        self.options.stores = options;
        self
    }

    /// Any setting by name (`swath.…` or `datafusion.…`); `docs/configuration.md` lists them.
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.settings.push((key.into(), value.into()));
        self
    }

    /// Starts the session.
    ///
    /// # Errors
    /// If an option is out of range or unknown, or the spill folder cannot be made.
    pub fn build(self) -> Result<Session> {
        let session = Session { engine: Arc::new(Engine::start(self.options)?) };
        crate::io::file_tables::install(session.context());
        Ok(session)
    }
}

impl Session {
    /// Options for a session that runs in this process.
    pub fn embedded() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// The DataFusion context underneath, for what this API does not reach.
    pub fn context(&self) -> &SessionContext {
        self.engine.context()
    }

    /// The engine that runs this session's work.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn state(&self) -> SessionState {
        self.context().state()
    }

    /// Plans one SQL statement. DDL (`CREATE VIEW`, `SET` …) takes effect at once; queries run when collected.
    ///
    /// # Errors
    /// [`Error::Sql`] with the position for text that does not parse, [`Error::ColumnNotFound`] and
    /// [`Error::TableNotFound`] with the nearest spelling for unknown names.
    pub fn sql(&self, text: &str) -> Result<DataFrame> {
        self.planned(text, self.engine.block_on(self.plan(text)))
    }

    /// [`sql`](Self::sql) for async callers. Dropping the future cancels what the statement does.
    ///
    /// # Errors
    /// As [`sql`](Self::sql).
    pub async fn sql_async(&self, text: &str) -> Result<DataFrame> {
        self.planned(text, self.engine.spawn(self.plan(text)).await)
    }

    fn plan(&self, text: &str) -> impl Future<Output = Result<LogicalPlan, DataFusionError>> + Send + 'static {
        let (context, owned) = (self.context().clone(), text.to_owned());
        async move { Ok(context.sql(&owned).await?.into_parts().1) }
    }

    fn planned(&self, text: &str, plan: Result<LogicalPlan, DataFusionError>) -> Result<DataFrame> {
        let plan = plan.map_err(|error| Error::from(error).in_sql(text, || self.table_names()))?;
        Ok(self.frame(plan))
    }

    /// The names of all tables and views: bare in the default schema, with catalog and schema elsewhere.
    pub fn table_names(&self) -> Vec<String> {
        let state = self.state();
        let defaults = &state.config().options().catalog;
        let catalogs = state.catalog_list();
        let mut names = vec![];
        for catalog_name in catalogs.catalog_names() {
            let Some(catalog) = catalogs.catalog(&catalog_name) else { continue };
            for schema_name in catalog.schema_names().into_iter().filter(|name| name != "information_schema") {
                let Some(schema) = catalog.schema(&schema_name) else { continue };
                let is_default = catalog_name == defaults.default_catalog && schema_name == defaults.default_schema;
                names.extend(schema.table_names().into_iter().map(|table| match is_default {
                    true => table,
                    false if catalog_name == defaults.default_catalog => format!("{schema_name}.{table}"),
                    false => format!("{catalog_name}.{schema_name}.{table}"),
                }));
            }
        }
        names.sort_unstable();
        names
    }

    /// A table over `batches`, which are held in memory and shared, not copied.
    ///
    /// # Errors
    /// If `batches` is empty or the schemas differ.
    pub fn from_arrow(&self, batches: impl IntoIterator<Item = RecordBatch>) -> Result<DataFrame> {
        let batches: Vec<_> = batches.into_iter().collect();
        let Some(first) = batches.first() else {
            return Err(Error::invalid("from_arrow", "expected at least one record batch, got none"));
        };
        let table = MemTable::try_new(first.schema(), vec![batches])?;
        self.read_table(Arc::new(table))
    }

    /// A table over any DataFusion table provider.
    pub fn read_table(&self, provider: Arc<dyn TableProvider>) -> Result<DataFrame> {
        let plan = LogicalPlanBuilder::scan("table", provider_as_source(provider), None)?.build()?;
        // Columns are addressed by their bare names.
        Ok(self.frame(crate::frame::unqualified(plan)?))
    }

    /// The reference page of all settings of a session, in Markdown: names, defaults, meaning.
    ///
    /// # Errors
    /// If the default settings do not form a valid configuration, which a test holds.
    pub fn configuration_page() -> Result<String> {
        Ok(swath_exec::settings::reference_page()?)
    }

    /// A [`DataFrame`] over a logical plan made elsewhere.
    pub fn frame(&self, plan: LogicalPlan) -> DataFrame {
        DataFrame::new(self.clone(), Ok(plan))
    }
}
