use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::datasource::MemTable;
use datafusion::execution::FunctionRegistry;
use datafusion::optimizer::Analyzer;
use datafusion::prelude::SessionContext;

use super::*;

/// A context with `t` of every kind of time.
fn context() -> SessionContext {
    let at = |unit| DataType::Timestamp(unit, None);
    let fields = [
        ("d", DataType::Date32),
        ("e", DataType::Date32),
        ("s", at(TimeUnit::Second)),
        ("u", at(TimeUnit::Microsecond)),
        ("n", at(TimeUnit::Nanosecond)),
        ("ls", DataType::Duration(TimeUnit::Second)),
        ("ln", DataType::Duration(TimeUnit::Nanosecond)),
        ("cu", DataType::Time64(TimeUnit::Microsecond)),
        ("cn", DataType::Time64(TimeUnit::Nanosecond)),
        ("i", DataType::Int64),
        ("v", DataType::Utf8),
        ("price", DataType::Decimal128(15, 2)),
    ];
    let fields: Vec<_> = fields.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect();
    let context = SessionContext::new();
    context.state_ref().write().register_expr_planner(Arc::new(MeetTimes)).unwrap();
    let table = MemTable::try_new(Arc::new(Schema::new(fields)), vec![vec![]]).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context
}

async fn planned(sql: &str) -> LogicalPlan {
    context().state().create_logical_plan(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn settled(plan: LogicalPlan) -> LogicalPlan {
    let met = MeetTimes.analyze(plan, &ConfigOptions::default()).unwrap();
    Analyzer::new().execute_and_check(met, &ConfigOptions::default(), |_, _| {}).unwrap()
}

/// The plan after the rule and DataFusion's.
async fn after(sql: &str) -> String {
    let plan = planned(sql).await;
    let names = plan.schema().columns();
    let settled = settled(plan);
    assert_eq!(names, settled.schema().columns(), "{sql}");
    settled.to_string()
}

/// The type of an expression over `t` after the rule and DataFusion's.
async fn type_of(expr: &str) -> String {
    let plan = settled(planned(&format!("SELECT {expr} AS x FROM t")).await);
    plan.schema().field(0).data_type().to_string()
}

#[tokio::test]
async fn plans_without_times_of_different_types_stay() {
    for sql in [
        "SELECT sum(price * 2) FROM t WHERE d >= DATE '1994-01-01' AND d < DATE '1994-01-01' + INTERVAL '1' YEAR",
        "SELECT i, count(*) FROM t WHERE d <= DATE '1998-12-01' - INTERVAL '90' DAY GROUP BY i ORDER BY i",
        "SELECT extract(year FROM d), sum(price) FROM t WHERE d BETWEEN DATE '1995-01-01' AND DATE '1996-12-31' GROUP BY 1",
        "SELECT * FROM t WHERE d < e AND e IN (DATE '1995-01-01', DATE '1996-12-31')",
        "SELECT * FROM t AS a JOIN t AS b ON a.d = b.e AND a.u = b.u AND a.i = b.i WHERE a.n > b.u",
        "SELECT CASE WHEN i > 1 THEN d ELSE e END, coalesce(u, n), i + 1, n + ln, u - s, d - e, v || 'x' FROM t",
        "SELECT n FROM t UNION ALL SELECT u FROM t",
        "SELECT * FROM t WHERE n > TIMESTAMP '2020-01-01 00:00:00' AND n < DATE '2021-01-01' AND d > '2020-01-01'",
        "SELECT u + INTERVAL '1 day', s - INTERVAL '1 hour', s + INTERVAL '1 month' FROM t",
    ] {
        let plan = planned(sql).await;
        assert!(!has_times_to_meet(&plan).unwrap(), "{sql}");
        let same = settle(plan.clone(), &DFSchema::empty()).unwrap();
        assert!(!same.transformed, "{sql}");
        assert_eq!(same.data.to_string(), plan.to_string(), "{sql}");
    }
}

#[tokio::test]
async fn values_are_of_the_finer_unit() {
    for (expr, expected) in [
        ("ls + ln", "Duration(ns)"),
        ("ln - ls", "Duration(ns)"),
        ("coalesce(ls, ln)", "Duration(ns)"),
        ("CASE WHEN i > 1 THEN ls ELSE ln END", "Duration(ns)"),
        ("greatest(ls, ln)", "Duration(ns)"),
        ("CASE WHEN i > 1 THEN cu ELSE cn END", "Time64(ns)"),
        ("d - u", "Duration(µs)"),
        ("u - d", "Duration(µs)"),
        ("coalesce(d, u)", "Timestamp(µs)"),
        ("coalesce(d, s)", "Timestamp(s)"),
        ("s + (u - u)", "Timestamp(µs)"),
        ("s + ln", "Timestamp(µs)"),
        ("u + ln", "Timestamp(µs)"),
        ("s + INTERVAL '500 milliseconds'", "Timestamp(ms)"),
        ("s - INTERVAL '1 microsecond'", "Timestamp(µs)"),
    ] {
        assert_eq!(type_of(expr).await, expected, "{expr}");
    }
}

#[tokio::test]
async fn comparisons_hold_all_values() {
    for (condition, expected) in [
        ("d < u", "CAST(t.d AS Timestamp(µs)) < t.u"),
        ("d < n", "CAST(t.d AS Timestamp(µs)) < CAST(t.n AS Timestamp(µs))"),
        ("n < DATE '9999-12-31'", "CAST(t.n AS Timestamp(µs)) < "),
        ("ls = ln", "CAST(t.ls AS Duration(ns)) = t.ln"),
        ("cu = cn", "CAST(t.cu AS Time64(ns)) = t.cn"),
        ("cn > TIME '10:00:00'", "t.cn > "),
        ("cu IN (TIME '10:00:00', TIME '11:00:00')", "CAST(t.cu AS Time64(ns)) IN "),
        ("cu BETWEEN TIME '10:00:00' AND TIME '11:00:00'", "CAST(t.cu AS Time64(ns)) >= "),
        ("d > TIMESTAMP '2020-01-01'", "CAST(t.d AS Timestamp(µs)) > "),
    ] {
        let plan = after(&format!("SELECT i FROM t WHERE {condition}")).await;
        assert!(plan.contains(expected), "{condition}: {plan}");
    }
}

#[tokio::test]
async fn keys_and_unions_meet() {
    let join = after("SELECT a.i FROM t AS a JOIN t AS b ON a.cu = b.cn").await;
    assert!(join.contains("CAST(a.cu AS Time64(ns)) = b.cn"), "{join}");
    for (union, expected) in [
        ("SELECT ls FROM t UNION ALL SELECT ln FROM t", "Duration(ns)"),
        ("SELECT d FROM t UNION ALL SELECT u FROM t", "Timestamp(µs)"),
        ("SELECT cn FROM t UNION SELECT cu FROM t", "Time64(ns)"),
        ("SELECT x + x FROM (SELECT ls AS x FROM t UNION ALL SELECT ln FROM t) AS u", "Duration(ns)"),
        ("SELECT ls FROM (SELECT ls + ln AS ls FROM t) UNION ALL SELECT ls FROM t", "Duration(ns)"),
        ("SELECT max(x) FROM (SELECT ls + ln AS x FROM t)", "Duration(ns)"),
    ] {
        let plan = settled(planned(union).await);
        assert_eq!(plan.schema().field(0).data_type().to_string(), expected, "{union}: {plan}");
    }
}

#[tokio::test]
async fn inside_subqueries_too() {
    let plan = after("SELECT i FROM t AS o WHERE EXISTS (SELECT 1 FROM t WHERE t.cu = o.cn)").await;
    assert!(plan.contains("CAST(t.cu AS Time64(ns))"), "{plan}");
}
