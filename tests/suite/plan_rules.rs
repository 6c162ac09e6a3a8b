//! Rules on physical plans: the order of joins and shared subplans. What they choose, and that no choice changes a row.

use std::path::Path;

use arrow::util::pretty::pretty_format_batches;
use swath::prelude::Session;

/// `facts` (40,000 rows) refers to `mids` (2,000), `mids` to `smalls` (20); `pairs` has a key of two columns.
const TABLES: [(&str, &str); 4] = [
    (
        "facts",
        "SELECT value AS f_id, value * 7 % 2000 AS f_mid, value % 20 AS f_small, value % 1000 AS f_amount,
            date '2020-01-01' + CAST(value % 1000 AS INT) AS f_day FROM range(40000)",
    ),
    ("mids", "SELECT value AS m_id, value % 20 AS m_small, 'mid ' || value AS m_name FROM range(2000)"),
    ("smalls", "SELECT value AS s_id, 'small ' || value AS s_name, value % 3 AS s_kind FROM range(20)"),
    ("pairs", "SELECT value % 2000 AS p_mid, value / 2000 AS p_small, value * 3 AS p_cost FROM range(40000)"),
];

fn session(folder: &Path, settings: &[(&str, &str)]) -> Session {
    let mut builder = Session::embedded().threads(2);
    for (name, value) in settings {
        builder = builder.set(*name, *value);
    }
    let session = builder.build().unwrap();
    for (name, query) in TABLES {
        let path = folder.join(format!("{name}.parquet"));
        if !path.exists() {
            session.sql(&format!("COPY ({query}) TO '{}'", path.display())).unwrap().collect().unwrap();
        }
        session.register_parquet(name, path.to_str().unwrap()).unwrap();
    }
    session
}

fn physical(session: &Session, query: &str) -> String {
    let batches = session.sql(&format!("EXPLAIN {query}")).unwrap().collect().unwrap();
    let text = pretty_format_batches(&batches).unwrap().to_string();
    text[text.find("physical").unwrap_or_else(|| panic!("{text}"))..].to_owned()
}

fn rows(session: &Session, query: &str) -> Vec<String> {
    let batches = session.sql(query).unwrap_or_else(|error| panic!("{query}: {error}")).collect();
    let text = pretty_format_batches(&batches.unwrap_or_else(|error| panic!("{query}: {error}"))).unwrap().to_string();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// How deep the join on the column `key` stands.
fn depth(plan: &str, key: &str) -> usize {
    let is_it = |line: &&str| {
        line.contains("HashJoinExec") && line.contains(&format!("({key}")) | line.contains(&format!(", {key}"))
    };
    let line = plan.lines().find(is_it).unwrap_or_else(|| panic!("no join on {key} in\n{plan}"));
    line.find("HashJoinExec").unwrap()
}

const WRITTEN_BADLY: &str = "SELECT s_name, sum(f_amount) FROM facts JOIN mids ON f_mid = m_id JOIN smalls ON m_small = s_id \
    WHERE s_name = 'small 3' GROUP BY s_name";

#[test]
fn the_selective_tables_are_joined_first() {
    let folder = tempfile::tempdir().unwrap();
    let on = physical(&session(folder.path(), &[]), WRITTEN_BADLY);
    let off = physical(&session(folder.path(), &[("swath.reorder_joins", "false")]), WRITTEN_BADLY);
    assert!(depth(&off, "f_mid@") > depth(&off, "s_id@"), "{off}");
    assert!(depth(&on, "f_mid@") < depth(&on, "s_id@"), "{on}");
    // A small side is built once, and the large one not exchanged.
    assert!(!on.lines().any(|line| line.contains("RepartitionExec: partitioning=Hash([f_mid")), "{on}");
}

/// Queries whose joins can be made in several orders, of all kinds, with conditions beyond equality.
fn join_queries() -> Vec<String> {
    let mut queries: Vec<String> = [
        WRITTEN_BADLY,
        "SELECT count(*), sum(f_amount), min(p_cost) FROM facts, mids, smalls, pairs \
            WHERE f_mid = m_id AND m_small = s_id AND p_mid = f_mid AND p_small = f_small AND s_kind = 1",
        "SELECT s_name, m_name, f_id FROM facts, mids, smalls WHERE f_mid = m_id AND f_small = s_id AND m_small = s_id \
            AND f_amount > 10 * s_kind + m_small AND f_day < date '2020-02-01'",
        "SELECT a.s_name, b.s_name, count(*) FROM smalls a, smalls b, facts, mids WHERE a.s_id = f_small AND b.s_id = m_small \
            AND f_mid = m_id AND (a.s_kind = 1 AND b.s_kind = 2 OR a.s_kind = 2 AND b.s_kind = 1) GROUP BY 1, 2",
        "SELECT m_id, s_name, f_id FROM mids LEFT JOIN smalls ON m_small = s_id AND s_kind = 0 LEFT JOIN facts ON f_mid = m_id \
            AND f_day = date '2020-01-08' WHERE m_id < 300",
        "SELECT f_id FROM facts JOIN mids ON f_mid = m_id WHERE EXISTS (SELECT 1 FROM pairs WHERE p_mid = m_id AND p_cost < 900) \
            AND NOT EXISTS (SELECT 1 FROM smalls WHERE s_id = f_small AND s_kind = 2)",
        "SELECT count(*) FROM facts JOIN mids ON f_mid = m_id JOIN smalls ON m_small = s_id",
        "SELECT s.s_id, x.n FROM smalls s FULL JOIN (SELECT m_small, count(*) AS n FROM mids JOIN facts ON f_mid = m_id \
            WHERE f_amount < 5 GROUP BY m_small) x ON x.m_small = s.s_id",
        "SELECT f_id, f_id + m_id AS both, 1 AS one FROM facts JOIN mids ON f_mid = m_id JOIN smalls ON s_id = m_small \
            WHERE s_name LIKE '%9' AND m_name <> 'mid 9'",
    ]
    .map(str::to_owned)
    .to_vec();
    // Every order of the text.
    let tables = ["facts", "mids", "smalls", "pairs"];
    for first in 0..4 {
        let order: Vec<_> = (0..4).map(|index| tables[(first + index * 3) % 4]).collect();
        queries.push(format!(
            "SELECT sum(f_amount * s_kind + p_cost), count(*) FROM {} WHERE f_mid = m_id AND m_small = s_id AND p_mid = m_id \
             AND p_small = s_id AND f_id % {} = 0",
            order.join(", "),
            first + 2
        ));
    }
    queries
}

#[test]
fn the_order_of_joins_never_changes_a_result() {
    let folder = tempfile::tempdir().unwrap();
    let plain = session(folder.path(), &[("swath.reorder_joins", "false")]);
    let variants = [
        session(folder.path(), &[]),
        session(folder.path(), &[("swath.collected_build_bytes", "0")]),
        session(
            folder.path(),
            &[("datafusion.execution.batch_size", "100"), ("datafusion.execution.target_partitions", "5")],
        ),
    ];
    for query in join_queries() {
        let expected = rows(&plain, &query);
        assert!(expected.len() > 4, "no rows: {query}");
        for variant in &variants {
            assert_eq!(rows(variant, &query), expected, "{query}");
        }
    }
}

const SHARED: &str = "WITH totals AS (SELECT f_mid, sum(f_amount) AS total FROM facts WHERE f_day > date '2020-03-01' GROUP BY f_mid) \
    SELECT m_name, total FROM mids JOIN totals ON m_id = f_mid WHERE total = (SELECT max(total) FROM totals)";

#[test]
fn equal_aggregations_run_once() {
    let folder = tempfile::tempdir().unwrap();
    let (on, off) = (session(folder.path(), &[]), session(folder.path(), &[("swath.share_subplans", "false")]));
    assert_eq!(physical(&on, SHARED).matches("SharedExec: readers=2").count(), 2);
    assert!(!physical(&off, SHARED).contains("SharedExec"));
    let expected = rows(&off, SHARED);
    assert!(expected.len() > 4, "{expected:?}");
    assert_eq!(rows(&on, SHARED), expected);
    // One of the two copies has read its files, the other has not.
    let report = on.sql(SHARED).unwrap().explain_analyze().unwrap().to_string();
    let scans: Vec<_> = report.lines().filter(|line| line.contains("facts.parquet")).collect();
    assert_eq!(scans.len(), 2, "{report}");
}

#[test]
fn what_differs_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path(), &[]);
    let twice = |first: &str, second: &str| {
        format!("SELECT * FROM ({first}) a JOIN ({second}) b ON a.k = b.k WHERE a.n < (SELECT count(*) FROM mids)")
    };
    let counts = "SELECT f_mid AS k, count(*) AS n FROM facts WHERE f_amount < 500 GROUP BY f_mid";
    assert!(physical(&session, &twice(counts, counts)).contains("SharedExec"));
    for other in [
        "SELECT f_mid AS k, count(*) AS n FROM facts WHERE f_amount < 501 GROUP BY f_mid",
        "SELECT f_mid AS k, count(f_day) AS n FROM facts WHERE f_amount < 500 GROUP BY f_mid",
        "SELECT f_mid AS k, count(DISTINCT f_amount) AS n FROM facts WHERE f_amount < 500 GROUP BY f_mid",
        "SELECT p_mid AS k, count(*) AS n FROM pairs WHERE p_small < 500 GROUP BY p_mid",
    ] {
        assert!(!physical(&session, &twice(counts, other)).contains("SharedExec"), "{other}");
    }
    let volatile = "SELECT f_mid AS k, count(*) AS n FROM facts WHERE f_amount < 500 * random() GROUP BY f_mid";
    assert!(!physical(&session, &twice(volatile, volatile)).contains("SharedExec"));
}

#[test]
fn a_shared_run_survives_a_reader_that_stops_early_and_a_failure_reaches_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path(), &[]);
    let early = "WITH totals AS (SELECT f_id, sum(f_amount) AS total FROM facts GROUP BY f_id) \
        SELECT count(total) FROM ((SELECT * FROM totals LIMIT 1) UNION ALL (SELECT * FROM totals))";
    assert!(physical(&session, early).contains("SharedExec"));
    assert!(rows(&session, early).iter().any(|line| line.contains(" 40001 ")), "{:?}", rows(&session, early));
    // A failing subplan fails each reader with its own message.
    let failing = SHARED.replace("sum(f_amount)", "sum(1 / (f_amount - 999))");
    let error = session.sql(&failing).unwrap().collect().unwrap_err().to_string();
    assert!(error.to_lowercase().contains("divide by zero"), "{error}");
}

#[test]
fn a_bounded_first_phase_gives_the_same_groups() {
    let folder = tempfile::tempdir().unwrap();
    let plain = session(folder.path(), &[("swath.partial_aggregation_bytes", "0")]);
    let bounded = session(folder.path(), &[("swath.partial_aggregation_bytes", "20000")]);
    for query in [
        "SELECT f_id / 4 AS k, count(*), sum(f_amount), avg(f_amount), min(f_day), max(f_mid) FROM facts GROUP BY 1",
        "SELECT f_amount, f_small, count(DISTINCT f_mid) FROM facts GROUP BY 1, 2",
        "SELECT m_name, sum(f_amount) FROM facts JOIN mids ON f_mid = m_id GROUP BY m_name",
    ] {
        assert!(physical(&bounded, query).contains("BoundedAggregateExec: mode=Partial"), "{query}");
        assert!(!physical(&plain, query).contains("Bounded"), "{query}");
        assert_eq!(rows(&bounded, query), rows(&plain, query), "{query}");
    }
    // It does give groups in parts: its output has more rows than there are groups.
    let query = "SELECT f_amount, count(*) FROM facts GROUP BY f_amount";
    let parts = |session: &Session| {
        let report = session.sql(query).unwrap().explain_analyze().unwrap().to_string();
        let line = report.lines().find(|line| line.contains("mode=Partial"));
        line.unwrap_or_else(|| panic!("{report}")).to_owned()
    };
    assert_ne!(parts(&plain), parts(&bounded));
}

#[test]
fn subqueries_as_values_are_mark_joins_by_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path(), &[]);
    let marks = |query: &str| {
        let plan = physical(&session, query);
        assert!(!plan.contains("NestedLoopJoin"), "{query}: {plan}");
        plan.matches("LeftMark").count() + plan.matches("RightMark").count()
    };
    let exists = "EXISTS (SELECT 1 FROM facts WHERE f_mid = m_id AND f_amount > 990)";
    assert_eq!(marks(&format!("SELECT m_id, {exists} AS e FROM mids")), 1);
    // Asked twice, answered once.
    assert_eq!(marks(&format!("SELECT m_id, {exists} AS e, NOT {exists} AS n FROM mids")), 1);
    assert_eq!(marks(&format!("SELECT m_id, {exists} AS e, CASE WHEN {exists} THEN 1 END AS c FROM mids")), 1);
    // What stands alone is asked once, not for each row.
    assert_eq!(marks("SELECT m_id, EXISTS (SELECT 1 FROM smalls) AS e FROM mids"), 0);
    // Below OR, only truth matters: no need to tell false from null.
    let list = "m_small IN (SELECT s_id FROM smalls WHERE s_kind = 1)";
    assert_eq!(marks(&format!("SELECT m_id FROM mids WHERE {list} OR {exists}")), 2);
    // As conditions they stay semi joins.
    assert_eq!(marks(&format!("SELECT m_id FROM mids WHERE {list} AND {exists}")), 0);
}
