//! A statement between its text and its run: what it gives and what it wants is known, and nothing has happened yet.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::{ParamValues, plan_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{DdlStatement, DropView, LogicalPlan, TableType};
use datafusion::sql::parser::Statement as ParsedStatement;

use crate::cached_tables::CacheStatement;
use crate::error::{Error, Result};
use crate::frame::DataFrame;
use crate::placeholders;
use crate::session::{Session, coerced, settled, without_end};

/// One planned SQL statement. It can be run several times, with other values for its placeholders; the tables that it names are
/// those of the time when it was planned.
///
/// ```
/// # use swath_collections::Session;
/// # use datafusion::scalar::ScalarValue;
/// let session = Session::embedded().build()?;
/// let statement = session.prepare("SELECT ? + 1 AS x")?;
/// assert!(statement.is_query());
/// assert_eq!(statement.parameters()?[0].name, "$1");
/// assert_eq!(statement.bind(vec![ScalarValue::from(41_i64)])?.run()?.count()?, 1);
/// # Ok::<(), swath_collections::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Statement {
    session: Session,
    text: Arc<str>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Planned(LogicalPlan),
    /// `CACHE TABLE` or `UNCACHE TABLE`.
    Cache(Box<ParsedStatement>),
}

/// A placeholder of a [`Statement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// `$1`, `$2`, … or `$name`. A `?` is the next number.
    pub name: String,
    /// The type of the values, if the statement tells.
    pub data_type: Option<DataType>,
}

impl Session {
    /// Plans one SQL statement and does nothing yet.
    ///
    /// # Errors
    /// As [`sql`](Self::sql).
    pub fn prepare(&self, text: &str) -> Result<Statement> {
        self.of_sql(text, self.engine().block_on(Statement::planned(self.clone(), text.to_owned())))
    }

    /// [`prepare`](Self::prepare) for async callers.
    ///
    /// # Errors
    /// As [`sql`](Self::sql).
    pub async fn prepare_async(&self, text: &str) -> Result<Statement> {
        self.of_sql(text, self.engine().spawn(Statement::planned(self.clone(), text.to_owned())).await)
    }

    /// What became of `text`, with the place that an error is about.
    pub(crate) fn of_sql<T>(&self, text: &str, outcome: Result<T, DataFusionError>) -> Result<T> {
        outcome.map_err(|error| Error::from(error).in_sql(text, || self.tables()))
    }
}

impl Statement {
    pub(crate) async fn planned(session: Session, text: String) -> Result<Self, DataFusionError> {
        let state = session.state();
        let parsed = state.sql_to_statement(without_end(&text), &state.config().options().sql_parser.dialect)?;
        let kind = match CacheStatement::of(&parsed, &state)? {
            // It only looks.
            Some(show @ CacheStatement::Show) => Kind::Planned(show.run(&session).await?),
            Some(_) => Kind::Cache(Box::new(parsed)),
            None => Kind::Planned(session.planned_statement(parsed).await?),
        };
        Ok(Self { session, text: text.into(), kind })
    }

    /// The session that will run it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names and types of the columns that it gives; none for what gives no rows. A column whose type hangs on the value of a
    /// placeholder has the type null.
    pub fn schema(&self) -> SchemaRef {
        use LogicalPlan as P;
        match &self.kind {
            Kind::Cache(_) | Kind::Planned(P::Ddl(_) | P::Statement(_)) => Arc::new(Schema::empty()),
            Kind::Planned(plan @ (P::Dml(_) | P::Copy(_))) => Arc::clone(plan.schema().inner()),
            // Types that hang on placeholders may not settle without their values.
            Kind::Planned(query) => match settled(&self.session.state(), query.clone()) {
                Ok(settled) => Arc::clone(settled.schema().inner()),
                Err(_) => Arc::clone(query.schema().inner()),
            },
        }
    }

    /// Its placeholders: `$1`, `$2` … in their order, or names in alphabetical order.
    ///
    /// # Errors
    /// If one of them would have to be of two types.
    pub fn parameters(&self) -> Result<Vec<Parameter>> {
        let Kind::Planned(plan) = &self.kind else { return Ok(vec![]) };
        let types = self.session.of_sql(&self.text, plan.get_parameter_types())?;
        let mut parameters: Vec<_> = types.into_iter().map(|(name, data_type)| Parameter { name, data_type }).collect();
        let order = |parameter: &Parameter| {
            let number = parameter.name.get(1..).and_then(|digits| digits.parse::<usize>().ok());
            (number.unwrap_or(usize::MAX), parameter.name.clone())
        };
        parameters.sort_by_cached_key(order);
        Ok(parameters)
    }

    /// Whether it only reads: neither tables nor files nor settings are others after it.
    pub fn is_query(&self) -> bool {
        use LogicalPlan as P;
        match &self.kind {
            Kind::Planned(plan) => !matches!(plan, P::Ddl(_) | P::Dml(_) | P::Copy(_) | P::Statement(_)),
            Kind::Cache(_) => false,
        }
    }

    /// The DataFusion plan underneath; none for `CACHE TABLE` and its kin.
    pub fn logical_plan(&self) -> Option<&LogicalPlan> {
        match &self.kind {
            Kind::Planned(plan) => Some(plan),
            Kind::Cache(_) => None,
        }
    }

    /// The same statement with values for its placeholders: a list for `$1`, `$2` …, or pairs of names and values for `$name`.
    /// Values are never read as SQL.
    ///
    /// # Errors
    /// If a placeholder has no value, or there are values and no placeholder.
    pub fn bind(&self, values: impl Into<ParamValues>) -> Result<Self> {
        self.session.of_sql(&self.text, self.bound(values.into()))
    }

    pub(crate) fn bound(&self, values: ParamValues) -> Result<Self, DataFusionError> {
        let names = match &self.kind {
            Kind::Planned(plan) => plan.get_parameter_names()?,
            Kind::Cache(_) => HashSet::new(),
        };
        if let Err(message) = placeholders::check(&names, &values) {
            return Err(DataFusionError::External(Box::new(Error::Sql { message, place: None })));
        }
        let plan = match &self.kind {
            Kind::Planned(plan) if !names.is_empty() => plan.clone().with_param_values(values)?,
            // Nothing to put in.
            _ => return Ok(self.clone()),
        };
        Ok(Self { session: self.session.clone(), text: Arc::clone(&self.text), kind: Kind::Planned(plan) })
    }

    /// Runs it as [`Session::sql`] does: DDL takes effect at once, queries run when the frame is collected.
    ///
    /// # Errors
    /// As [`Session::sql`].
    pub fn run(&self) -> Result<DataFrame> {
        let plan = self.session.engine().block_on(self.clone().executed());
        Ok(self.session.frame(self.session.of_sql(&self.text, plan)?))
    }

    /// [`run`](Self::run) for async callers. Dropping the future cancels what the statement does.
    ///
    /// # Errors
    /// As [`Session::sql`].
    pub async fn run_async(&self) -> Result<DataFrame> {
        let plan = self.session.engine().spawn(self.clone().executed()).await;
        Ok(self.session.frame(self.session.of_sql(&self.text, plan)?))
    }

    pub(crate) async fn executed(self) -> Result<LogicalPlan, DataFusionError> {
        let state = self.session.state();
        let mut plan = match self.kind {
            Kind::Planned(plan) => plan,
            Kind::Cache(parsed) => match CacheStatement::of(&parsed, &state)? {
                Some(statement) => return statement.run(&self.session).await,
                None => return plan_err!("expected a statement about cached tables, got: {}", self.text),
            },
        };
        if let LogicalPlan::Ddl(DdlStatement::CreateView(view)) = &mut plan {
            // DataFusion would settle types by its own rules alone.
            view.input = Arc::new(settled(&state, view.input.as_ref().clone())?);
        }
        let plan = dropping_views(&self.session, plan).await;
        let plan = self.session.context().execute_logical_plan(plan).await?.into_parts().1;
        coerced(&state, plan)
    }
}

/// `plan`; for `DROP TABLE` of a view, `DROP VIEW`. A frame that was registered is a view, which its user made as a table.
async fn dropping_views(session: &Session, plan: LogicalPlan) -> LogicalPlan {
    let LogicalPlan::Ddl(DdlStatement::DropTable(drop)) = plan else { return plan };
    let found = session.context().table_provider(drop.name.clone()).await;
    let statement = match found {
        Ok(table) if table.table_type() == TableType::View => {
            DdlStatement::DropView(DropView { name: drop.name, if_exists: drop.if_exists, schema: drop.schema })
        }
        _ => DdlStatement::DropTable(drop),
    };
    LogicalPlan::Ddl(statement)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;
    use datafusion::scalar::ScalarValue;

    use super::Parameter;
    use crate::Session;
    use crate::testing::{rows, session};

    fn parameter(name: &str, data_type: Option<DataType>) -> Parameter {
        Parameter { name: name.to_owned(), data_type }
    }

    #[test]
    fn nothing_happens_before_it_runs() {
        let session = Session::embedded().threads(1).build().unwrap();
        let create = session.prepare("CREATE VIEW v AS SELECT 1 AS x").unwrap();
        assert!(!create.is_query() && create.schema().fields().is_empty() && session.tables().is_empty());
        create.run().unwrap();
        assert_eq!(session.tables(), ["v"]);
        let cache = session.prepare("CACHE TABLE v").unwrap();
        assert!(!cache.is_query());
        assert_eq!(session.persisted_bytes().memory_bytes, 0);
        cache.run().unwrap();
        assert!(session.persisted_bytes().memory_bytes > 0);
        assert!(session.prepare("SHOW CACHED TABLES").unwrap().is_query());
    }

    #[test]
    fn it_tells_columns_and_placeholders() {
        let statement = session().prepare("SELECT value AS n, $2 AS s FROM range(5) WHERE value > $1").unwrap();
        assert_eq!(statement.schema().field(0).data_type(), &DataType::Int64);
        assert_eq!(statement.parameters().unwrap(), [parameter("$1", Some(DataType::Int64)), parameter("$2", None)]);
        let bound = statement.bind(vec![ScalarValue::from(3_i64), ScalarValue::from("x")]).unwrap();
        assert!(bound.parameters().unwrap().is_empty());
        assert_eq!(bound.schema().field(1).data_type(), &DataType::Utf8);
        assert_eq!(rows(&bound.run().unwrap()), ["4|x"]);
        let again = statement.bind(vec![ScalarValue::from(2_i64), ScalarValue::from("y")]).unwrap();
        assert_eq!(rows(&again.run().unwrap().sort(["n"])), ["3|y", "4|y"]);
        assert!(statement.bind(vec![ScalarValue::from(3_i64)]).is_err());
    }

    #[test]
    fn a_registered_frame_is_dropped_as_a_table() {
        let session = Session::embedded().threads(1).build().unwrap();
        for drop in ["DROP TABLE t", "DROP TABLE IF EXISTS t", "DROP VIEW t"] {
            session.register("t", &session.sql("SELECT 1 AS x").unwrap()).unwrap();
            session.sql(drop).unwrap();
            assert!(session.tables().is_empty(), "{drop}");
        }
        session.sql("DROP TABLE IF EXISTS t").unwrap();
        let error = session.sql("DROP TABLE t").unwrap_err().to_string();
        assert!(error.contains("'t'"), "{error}");
    }

    #[test]
    fn question_marks_are_numbered_as_they_stand() {
        let text = "WITH t AS (SELECT ? AS a) SELECT a, ? AS b FROM t ORDER BY a LIMIT ?";
        let values = vec![ScalarValue::from("a"), ScalarValue::from("b"), ScalarValue::from(1_i64)];
        assert_eq!(rows(&session().prepare(text).unwrap().bind(values.clone()).unwrap().run().unwrap()), ["a|b"]);
        assert_eq!(rows(&session().sql_with(text, values).unwrap()), ["a|b"]);
        let mixed = session().prepare("SELECT ? + $1").unwrap_err().to_string();
        assert!(mixed.contains("either ?") && mixed.contains("line 1, column 8"), "{mixed}");
    }

    #[test]
    fn rows_are_inserted_by_placeholders() {
        let session = Session::embedded().threads(1).build().unwrap();
        session.sql("CREATE TABLE t (a INT, b VARCHAR)").unwrap();
        let insert = session.prepare("INSERT INTO t VALUES (?, ?)").unwrap();
        assert!(!insert.is_query());
        let types: Vec<_> =
            insert.parameters().unwrap().into_iter().map(|parameter| parameter.data_type.unwrap()).collect();
        assert_eq!(types[0], DataType::Int32);
        for n in [1_i32, 2] {
            let values = vec![ScalarValue::from(n), ScalarValue::from("x").cast_to(&types[1]).unwrap()];
            insert.bind(values).unwrap().run().unwrap().collect().unwrap();
        }
        assert_eq!(rows(&session.sql("SELECT a, b FROM t ORDER BY a").unwrap()), ["1|x", "2|x"]);
    }
}
