//! `CACHE TABLE`, `UNCACHE TABLE` and `SHOW CACHED TABLES`: [`DataFrame::persist`](crate::DataFrame::persist) for named tables.
//!
//! | statement | effect |
//! |---|---|
//! | `CACHE TABLE t` | runs the table or view `t` now; queries read the held rows |
//! | `CACHE TABLE t AS query` | the same for a new table `t` |
//! | `UNCACHE TABLE [IF EXISTS] t` | frees the rows; `t` is computed when it is read, as before or as its query says |
//! | `SHOW CACHED TABLES` | what is held, by which session, and where; connected, of all sessions of the cluster |

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::common::{TableReference, config_err, plan_err};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::parser::Statement;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::{ObjectName, Statement as SqlStatement};
use swath_exec::held::{HeldTable, HeldUsage};

use crate::frame::unqualified;
use crate::session::Session;

type Result<T> = std::result::Result<T, DataFusionError>;

/// A statement about cached tables.
pub(crate) enum CacheStatement {
    /// `CACHE TABLE name`, or with a query.
    Cache(TableReference, Option<Box<Statement>>),
    /// `UNCACHE TABLE name`; true if it may be none.
    Uncache(TableReference, bool),
    /// `SHOW CACHED TABLES`.
    Show,
}

impl CacheStatement {
    /// `statement`, if it is one of these.
    ///
    /// # Errors
    /// If it asks for what there is not.
    pub(crate) fn of(statement: &Statement, state: &SessionState) -> Result<Option<Self>> {
        let Statement::Statement(inner) = statement else { return Ok(None) };
        let normalize = state.config().options().sql_parser.enable_ident_normalization;
        let reference = |name: &ObjectName| object_name_to_table_reference(name.clone(), normalize);
        Ok(match inner.as_ref() {
            SqlStatement::Cache { table_flag: Some(flag), .. } => {
                return plan_err!("CACHE {flag} TABLE is not supported; CACHE TABLE computes the table at once");
            }
            SqlStatement::Cache { options, .. } if !options.is_empty() => {
                return config_err!(
                    "CACHE TABLE: it has no options; memory and disk are the session's or the workers'"
                );
            }
            SqlStatement::Cache { table_name, query, .. } => {
                let query =
                    query.as_ref().map(|query| Statement::Statement(Box::new(SqlStatement::Query(query.clone()))));
                Some(Self::Cache(reference(table_name)?, query.map(Box::new)))
            }
            SqlStatement::UNCache { table_name, if_exists } => Some(Self::Uncache(reference(table_name)?, *if_exists)),
            SqlStatement::ShowVariable { variable } => match variable.as_slice() {
                [cached, tables] if is(&cached.value, "cached") && is(&tables.value, "tables") => Some(Self::Show),
                _ => None,
            },
            _ => None,
        })
    }

    /// Does it; gives the plan of what it returns.
    pub(crate) async fn run(self, session: &Session) -> Result<LogicalPlan> {
        match self {
            Self::Cache(name, query) => cache(session, name, query).await?,
            Self::Uncache(name, may_miss) => uncache(session, &name, may_miss).await?,
            Self::Show => return list(session).await,
        }
        LogicalPlanBuilder::empty(false).build()
    }
}

fn is(word: &str, expected: &str) -> bool {
    word.eq_ignore_ascii_case(expected)
}

async fn cache(session: &Session, name: TableReference, query: Option<Box<Statement>>) -> Result<()> {
    let context = session.context();
    let exists = context.table_exist(name.clone())?;
    let (plan, covered) = match query {
        Some(_) if exists => {
            return plan_err!("CACHE TABLE {name} AS: the table exists already; choose another name, or DROP it first");
        }
        Some(query) => (session.planned_statement(*query).await?, None),
        None => {
            let provider = context.table_provider(name.clone()).await?;
            if provider.downcast_ref::<HeldTable>().is_some_and(HeldTable::is_held) {
                return Ok(());
            }
            (context.table(name.clone()).await?.into_parts().1, Some(provider))
        }
    };
    let frame = session.frame(unqualified(plan)?);
    let (table, hold) = frame.holding(&name.to_string(), covered).map_err(outer)?;
    hold.collect_async().await.map_err(outer)?;
    context.deregister_table(name.clone())?;
    context.register_table(name, table)?;
    Ok(())
}

/// An error of ours on its way through DataFusion's.
fn outer(error: crate::error::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

async fn uncache(session: &Session, name: &TableReference, may_miss: bool) -> Result<()> {
    let context = session.context();
    let provider = match context.table_exist(name.clone())? {
        true => Some(context.table_provider(name.clone()).await?),
        false => None,
    };
    let table = provider.as_ref().and_then(|provider| provider.downcast_ref::<HeldTable>());
    let Some(table) = table.filter(|table| table.is_held()) else {
        return match (may_miss, provider.is_some()) {
            (true, _) => Ok(()),
            (false, true) => plan_err!("UNCACHE TABLE {name}: the table is not cached"),
            (false, false) => plan_err!("UNCACHE TABLE {name}: there is no such table"),
        };
    };
    table.release();
    if let Some(covered) = table.covers() {
        context.deregister_table(name.clone())?;
        context.register_table(name.clone(), Arc::clone(covered))?;
    }
    Ok(())
}

struct Row {
    name: String,
    session: String,
    usage: HeldUsage,
    location: String,
}

async fn list(session: &Session) -> Result<LogicalPlan> {
    let this = || "this session".to_owned();
    let mut rows = vec![];
    for table in session.engine().held().all() {
        if let Some(usage) = table.usage_here() {
            rows.push(Row {
                name: table.name().to_owned(),
                session: this(),
                usage,
                location: "this process".to_owned(),
            });
        }
    }
    #[cfg(feature = "cluster")]
    if let Some(cluster) = session.cluster() {
        for entry in cluster.persisted().await? {
            let session = if entry.session == cluster.session() { this() } else { entry.session };
            let sum = |of: fn(&swath_cluster::protocol::ResultPart) -> u64| entry.parts.iter().map(of).sum();
            let usage = HeldUsage {
                partitions: entry.parts.len() as u64,
                rows: sum(|part| part.rows),
                bytes: sum(|part| part.bytes),
            };
            let mut workers: Vec<&str> = entry.parts.iter().map(|part| part.address.as_str()).collect();
            workers.sort_unstable();
            workers.dedup();
            rows.push(Row { name: entry.name, session, usage, location: workers.join(", ") });
        }
    }
    let texts = |text: fn(&Row) -> &String| Arc::new(StringArray::from_iter_values(rows.iter().map(text))) as ArrayRef;
    let numbers =
        |number: fn(&Row) -> u64| Arc::new(UInt64Array::from_iter_values(rows.iter().map(number))) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("table_name", texts(|row| &row.name)),
        ("session", texts(|row| &row.session)),
        ("partitions", numbers(|row| row.usage.partitions)),
        ("rows", numbers(|row| row.usage.rows)),
        ("bytes", numbers(|row| row.usage.bytes)),
        ("location", texts(|row| &row.location)),
    ])?;
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
    unqualified(LogicalPlanBuilder::scan("cached_tables", provider_as_source(Arc::new(table)), None)?.build()?)
}

#[cfg(test)]
mod tests {
    use crate::Session;
    use crate::testing::rows;

    fn session() -> Session {
        Session::embedded().threads(2).memory_limit(256 << 20).build().unwrap()
    }

    #[test]
    fn a_table_is_cached_listed_and_freed() {
        let session = session();
        let sql = |text: &str| session.sql(text).unwrap();
        sql("CREATE VIEW v AS SELECT random() AS x FROM range(100)");
        let total = || rows(&sql("SELECT sum(x), count(*) FROM v"));
        assert_ne!(total(), total());
        sql("CACHE TABLE v;");
        assert_eq!(total(), total());
        sql("CACHE TABLE V");
        let listed = rows(&sql("SHOW CACHED TABLES"));
        // The number of partitions is the plan's affair.
        let [only] = &listed[..] else { panic!("{listed:?}") };
        assert!(only.starts_with("v|this session|") && only.ends_with("|100|800|this process"), "{only}");
        assert!(session.persisted_bytes().memory_bytes > 0);
        sql("UNCACHE TABLE v");
        assert_eq!(session.persisted_bytes().memory_bytes, 0);
        assert_ne!(total(), total(), "it is the view again");
        assert!(rows(&sql("SHOW CACHED TABLES")).is_empty());
        sql("UNCACHE TABLE IF EXISTS nobody");
    }

    #[test]
    fn a_cached_query_is_a_table() {
        let session = session();
        let sql = |text: &str| session.sql(text).unwrap();
        sql("CREATE TABLE k AS SELECT value AS k FROM range(10)");
        sql("CACHE TABLE joined AS SELECT k, a.k + 1 AS n FROM k a JOIN k USING (k) WHERE k > 6");
        let expected = ["7|8", "8|9", "9|10"];
        assert_eq!(rows(&sql("SELECT * FROM joined ORDER BY k")), expected);
        assert!(session.tables().contains(&"joined".to_owned()));
        let error = session.sql("INSERT INTO joined VALUES (1, 2)").and_then(|frame| frame.collect());
        assert!(error.unwrap_err().to_string().contains("UNCACHE TABLE"));
        sql("UNCACHE TABLE joined");
        assert_eq!(rows(&sql("SELECT * FROM joined ORDER BY k")), expected, "computed by its query");
        assert_eq!(rows(&sql("SELECT n FROM joined WHERE n IN (SELECT n FROM joined WHERE k < 8)")), ["8"]);
        sql("CACHE TABLE joined");
        assert_eq!(
            rows(&sql("SELECT table_name, rows FROM (SELECT 'j' AS table_name, count(*) AS rows FROM joined)")),
            ["j|3"]
        );
        sql("DROP TABLE joined");
        assert_eq!(session.persisted_bytes().memory_bytes, 0);
    }

    #[test]
    fn mistakes_are_told() {
        let session = session();
        session.sql("CREATE TABLE t AS SELECT 1 AS x").unwrap();
        for (statement, expected) in [
            ("CACHE LAZY TABLE t", "CACHE TABLE computes"),
            ("CACHE TABLE t OPTIONS('storageLevel' = 'DISK_ONLY')", "no options"),
            ("CACHE TABLE t AS SELECT 1", "exists already"),
            ("CACHE TABLE nobody", "nobody"),
            ("CACHE TABLE e AS SELECT 1 / 0 AS x", "zero"),
            ("CACHE TABLE e AS SELECT 1 AS x, 2 AS x", "x"),
            ("UNCACHE TABLE t", "not cached"),
            ("UNCACHE TABLE nobody", "no such table"),
        ] {
            let error = session.sql(statement).unwrap_err().to_string();
            assert!(error.to_lowercase().contains(&expected.to_lowercase()), "{statement}: {error}");
        }
        assert!(!session.tables().contains(&"e".to_owned()));
    }
}
