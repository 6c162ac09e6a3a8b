//! The session: where tables are registered and queries run.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::ParamValues;
use datafusion::common::tree_node::TreeNode;
use datafusion::datasource::MemTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as ParsedStatement;
#[cfg(feature = "cluster")]
use swath_exec::RemotePlanner;
use swath_exec::files::FormatKind;
use swath_exec::{Engine, EngineOptions, StoreOptions};
use swath_planner::has_times_to_meet;

use crate::default_schema::DefaultSchema;
use crate::error::{Error, Result};
use crate::frame::DataFrame;
use crate::statement::Statement;
use crate::{clauses, join_using, placeholders, reread, set_operations};

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
    tables: Arc<DefaultSchema>,
    #[cfg(feature = "cluster")]
    cluster: Option<swath_cluster::Client>,
}

/// Options of a [`Session`]. Whatever is not set takes the machine's values.
#[derive(Clone, Debug, Default)]
pub struct SessionBuilder {
    options: EngineOptions,
    #[cfg(feature = "cluster")]
    cluster: Option<String>,
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
    /// If an option is out of range or unknown, or the spill folder cannot be made; [`Error::Cluster`] if the scheduler of a
    /// connected session does not answer.
    pub fn build(self) -> Result<Session> {
        #[cfg(feature = "cluster")]
        let (options, cluster) = {
            let mut options = self.options;
            let stores = options.stores.clone();
            let cluster = self.cluster.map(|address| swath_cluster::Client::connect(&address, stores)).transpose()?;
            options.remote = cluster.clone().map(|client| Arc::new(client) as Arc<dyn RemotePlanner>);
            (options, cluster)
        };
        #[cfg(not(feature = "cluster"))]
        let options = self.options;
        let engine = Arc::new(Engine::start(options)?);
        let session = Session {
            // Before files, which look into it.
            tables: DefaultSchema::install(engine.context())?,
            engine,
            #[cfg(feature = "cluster")]
            cluster,
        };
        crate::io::file_tables::install(session.context());
        Ok(session)
    }
}

impl Session {
    /// Options for a session that runs in this process.
    pub fn embedded() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// Options for a session that runs on the cluster whose scheduler is at `address`, `swath://host:port`.
    ///
    /// Everything but where the work is done is as in an embedded session: tables, views and settings are this session's.
    /// Files are read by the workers, so they must lie where those see them.
    ///
    /// ```no_run
    /// # use swath_collections::Session;
    /// let session = Session::connect("swath://localhost:7050").build()?;
    /// let rows = session.read_parquet("/shared/orders/")?.count()?;
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    #[cfg(feature = "cluster")]
    pub fn connect(address: impl Into<String>) -> SessionBuilder {
        SessionBuilder { cluster: Some(address.into()), ..Default::default() }
    }

    /// The cluster that this session runs on; none if it is embedded.
    #[cfg(feature = "cluster")]
    pub fn cluster(&self) -> Option<&swath_cluster::Client> {
        self.cluster.as_ref()
    }

    /// The workers of the cluster that this session runs on, and what each holds now; none if it is embedded.
    ///
    /// # Errors
    /// [`Error::Cluster`] if the scheduler does not answer.
    #[cfg(feature = "cluster")]
    pub fn workers(&self) -> Result<Vec<swath_cluster::Worker>> {
        let Some(client) = self.cluster.clone() else { return Ok(Vec::new()) };
        Ok(self.engine.block_on(async move { Ok(client.workers().await) })??)
    }

    /// The DataFusion context underneath, for what this API does not reach.
    pub fn context(&self) -> &SessionContext {
        self.engine.context()
    }

    /// The engine that runs this session's work.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Registers `provider` under the exact name, in place of any that has it, at once for all threads.
    pub(crate) fn replace_table(
        &self,
        operation: &'static str,
        name: &str,
        provider: Arc<dyn TableProvider>,
    ) -> Result<()> {
        if name.is_empty() {
            return Err(Error::invalid(operation, "expected a name, got an empty one"));
        }
        self.tables.replace(name, provider);
        Ok(())
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
        self.planned(text, self.engine.block_on(self.plan(text, None)))
    }

    /// [`sql`](Self::sql) with values for its placeholders: a list for `$1`, `$2` … (or `?`, `?` …), or pairs of names and
    /// values for `$name`. Values are never read as SQL.
    ///
    /// # Errors
    /// As [`sql`](Self::sql); and if a placeholder has no value, or there are values and no placeholder.
    ///
    /// ```
    /// # use swath_collections::{Session, prelude::scalar};
    /// # use datafusion::scalar::ScalarValue;
    /// let session = Session::embedded().build()?;
    /// let frame = session.sql_with("SELECT $1 + 1 AS x", vec![ScalarValue::from(41_i64)])?;
    /// assert_eq!(frame.count()?, 1);
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    pub fn sql_with(&self, text: &str, values: impl Into<ParamValues>) -> Result<DataFrame> {
        self.planned(text, self.engine.block_on(self.plan(text, Some(values.into()))))
    }

    /// [`sql`](Self::sql) for async callers. Dropping the future cancels what the statement does.
    ///
    /// # Errors
    /// As [`sql`](Self::sql).
    pub async fn sql_async(&self, text: &str) -> Result<DataFrame> {
        self.planned(text, self.engine.spawn(self.plan(text, None)).await)
    }

    fn plan(
        &self,
        text: &str,
        values: Option<ParamValues>,
    ) -> impl Future<Output = Result<LogicalPlan, DataFusionError>> + Send + 'static {
        let (session, owned) = (self.clone(), text.to_owned());
        async move {
            let mut statement = Statement::planned(session, owned).await?;
            if let Some(values) = values {
                statement = statement.bound(values)?;
            }
            statement.executed().await
        }
    }

    /// The plan of one statement, which does nothing yet.
    pub(crate) async fn planned_statement(
        &self,
        mut statement: ParsedStatement,
    ) -> Result<LogicalPlan, DataFusionError> {
        let mut state = self.state();
        // The planner takes `TIMESTAMP WITH TIME ZONE` for a type without one where no zone is set.
        state.config_mut().options_mut().execution.time_zone.get_or_insert_with(|| "UTC".to_owned());
        placeholders::number(&mut statement)?;
        clauses::check(&mut statement)?;
        reread::statement(&mut statement)?;
        name_format(&mut statement);
        let mut statement = join_using::spell_out(&state, statement).await;
        let counts = set_operations::mark(&mut statement)?;
        let plan = state.statement_to_plan(statement).await?;
        if counts { set_operations::count(plan) } else { Ok(plan) }
    }

    fn planned(&self, text: &str, plan: Result<LogicalPlan, DataFusionError>) -> Result<DataFrame> {
        Ok(self.frame(self.of_sql(text, plan)?))
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

/// `text` without the semicolon at its end, which the parser takes for a part of some statements.
pub(crate) fn without_end(text: &str) -> &str {
    let trimmed = text.trim_end();
    trimmed.strip_suffix(';').unwrap_or(trimmed)
}

/// Gives a `COPY … TO 'file.csv.gz'` the format that the name tells: the planner takes the last suffix alone for it.
fn name_format(statement: &mut ParsedStatement) {
    if let ParsedStatement::CopyTo(copy) = statement
        && copy.stored_as.is_none()
        && let Some((kind, _)) = FormatKind::of_name(copy.target.rsplit('/').next().unwrap_or_default())
    {
        copy.stored_as = Some(kind.name().to_ascii_uppercase());
    }
}

/// `plan` with the types that its results will have, if they may differ: the planner gives a union the types of its first
/// query, and settles on common ones only later; durations of two units it takes for intervals.
pub(crate) fn coerced(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let may_differ = plan.exists(|node| Ok(matches!(node, LogicalPlan::Union(_))))? || has_times_to_meet(&plan)?;
    if may_differ && is_query(&plan) { settled(state, plan) } else { Ok(plan) }
}

/// `plan` with the types that its results will have: the analyzer settles them, and until then the plan may show others.
pub(crate) fn settled(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})
}

/// Whether `plan` only reads.
fn is_query(plan: &LogicalPlan) -> bool {
    use LogicalPlan as P;
    !matches!(
        plan,
        P::Ddl(_) | P::Dml(_) | P::Copy(_) | P::Statement(_) | P::Explain(_) | P::Analyze(_) | P::DescribeTable(_)
    )
}

#[cfg(test)]
mod tests {
    use datafusion::common::ParamValues;
    use datafusion::scalar::ScalarValue;

    use crate::testing::{rows, session};

    #[test]
    fn placeholders_get_their_values() {
        let listed = vec![ScalarValue::from(40_i64), ScalarValue::from("it's")];
        assert_eq!(rows(&session().sql_with("SELECT $1 + 2 AS n, $2 AS s", listed).unwrap()), ["42|it's"]);
        let named: ParamValues = vec![("least", ScalarValue::from(8_i64))].into();
        let frame = session().sql_with("SELECT value FROM range(10) WHERE value >= $least ORDER BY 1", named);
        assert_eq!(rows(&frame.unwrap()), ["8", "9"]);
        let none = session().sql_with("SELECT 1", vec![ScalarValue::from(1_i64)]).unwrap_err().to_string();
        assert!(none.contains("no placeholder"), "{none}");
        assert!(session().sql_with("SELECT $1 + $2", vec![ScalarValue::from(1_i64)]).is_err());
    }

    #[test]
    fn copy_tells_format_and_compression_by_the_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["t.csv.gz", "t.json.zst", "t.parquet", "t.tsv", "t.tbl.gz", "t.arrow"] {
            let path = folder.path().join(name);
            let copy = format!("COPY (SELECT value AS n, 'a' AS s FROM range(3)) TO '{}'", path.display());
            session().sql(&copy).unwrap().collect().unwrap();
            let read = session().sql(&format!("SELECT n, s FROM '{}' ORDER BY n", path.display())).unwrap();
            assert_eq!(rows(&read), ["0|a", "1|a", "2|a"], "{name}");
        }
    }
}
