//! Scans that are filtered by the join keys that another stage finds: the same rows as without.

use swath::prelude::*;

use super::{connected, embedded, rows, shared};

/// `lines(o, p, t)` of 200,000 rows in two files, four lines to an order; `orders(o, d, t)` of 50,000 in two files, with some
/// keys null and some that no line has.
fn setup(folder: &std::path::Path) -> impl Fn(&Session) + use<> {
    let write = |name: &str, part: usize, sql: &str| {
        let path = folder.join(name).join(format!("{part}.parquet"));
        std::fs::create_dir_all(folder.join(name)).unwrap();
        embedded().sql(sql).unwrap().write_parquet(path.to_str().unwrap(), WriteOptions::default()).unwrap();
    };
    for part in 0..2 {
        let (from, to) = (part * 100_000, (part + 1) * 100_000);
        let lines = format!(
            "SELECT CASE WHEN value % 1000 = 3 THEN NULL ELSE value / 4 END AS o, value % 17 AS p, 'order ' || (value / 4) AS t \
             FROM range({from}, {to})"
        );
        write("lines", part, &lines);
        let (from, to) = (part * 25_000, (part + 1) * 25_000);
        let orders = format!(
            "SELECT CASE WHEN value % 500 = 7 THEN NULL ELSE value * 2 END AS o, value % 400 AS d, 'order ' || (value * 2) AS t \
             FROM range({from}, {to})"
        );
        write("orders", part, &orders);
    }
    let folder = folder.to_path_buf();
    move |session| {
        for name in ["lines", "orders"] {
            session.register_parquet(name, folder.join(name).to_str().unwrap()).unwrap();
        }
    }
}

const FEW: &str = "(SELECT * FROM orders WHERE d = 5)";

fn queries() -> Vec<String> {
    let mut queries = vec![];
    for on in ["l.o = r.o", "l.t = r.t", "l.o = r.o AND l.t = r.t"] {
        queries.push(format!("SELECT count(*), sum(r.p), count(r.o) FROM {FEW} l LEFT JOIN lines r ON {on}"));
        queries.push(format!("SELECT count(*), sum(l.o) FROM {FEW} l LEFT SEMI JOIN lines r ON {on}"));
        queries.push(format!("SELECT count(*), sum(l.o) FROM {FEW} l LEFT ANTI JOIN lines r ON {on}"));
    }
    // Through an aggregation, and through a further join.
    queries.push(format!(
        "SELECT count(*), sum(n) FROM {FEW} l LEFT JOIN (SELECT o, sum(p) AS n, count(*) AS c FROM lines GROUP BY o) r ON l.o = r.o"
    ));
    queries.push(format!(
        "SELECT count(*), sum(p) FROM {FEW} l LEFT JOIN \
         (SELECT a.o, a.p FROM lines a JOIN (SELECT DISTINCT p FROM lines WHERE p < 5) b ON a.p = b.p) r ON l.o = r.o"
    ));
    // Without any key.
    queries.push(
        "SELECT count(*) FROM (SELECT * FROM orders WHERE d = 5 AND t = 'x') l LEFT JOIN lines r ON l.o = r.o"
            .to_owned(),
    );
    queries
}

#[test]
fn filters_change_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    let plain =
        Session::connect(shared().address()).threads(2).set("swath_cluster.key_filters", "false").build().unwrap();
    let (here, there) = (embedded(), connected());
    for session in [&here, &there, &plain] {
        setup(session);
    }
    for sql in queries() {
        let expected = rows(&here.sql(&sql).unwrap());
        assert_eq!(rows(&plain.sql(&sql).unwrap()), expected, "without filters: {sql}");
        for _ in 0..2 {
            assert_eq!(rows(&there.sql(&sql).unwrap()), expected, "{sql}");
        }
    }
}

#[test]
fn filters_are_where_they_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    let there = connected();
    setup(&there);
    let filtered = |sql: &str| {
        let text = there.sql(sql).unwrap().explain(ExplainView::Physical).unwrap();
        let both = [text.contains("CollectKeysExec"), text.contains("FilterByKeysExec")];
        assert_eq!(both[0], both[1], "{text}");
        both[0]
    };
    for sql in queries() {
        assert!(filtered(&sql), "{sql}");
    }
    for sql in [
        // Rows without a partner are wanted.
        format!("SELECT count(*) FROM {FEW} l FULL JOIN lines r ON l.o = r.o"),
        // The limit takes some of all rows, not of those that are left.
        format!("SELECT count(*) FROM {FEW} l LEFT JOIN (SELECT o FROM lines LIMIT 150000) r ON l.o = r.o"),
        // A rerun of the left side would give other keys.
        "SELECT count(*) FROM (SELECT * FROM orders WHERE d = 5 AND random() < 0.5) l LEFT JOIN lines r ON l.o = r.o"
            .to_owned(),
        // Most keys are found.
        "SELECT count(*) FROM orders l LEFT JOIN lines r ON l.o = r.o".to_owned(),
        // Groups over several rows of one key.
        format!("SELECT count(*) FROM {FEW} l LEFT JOIN (SELECT max(o) AS o FROM lines GROUP BY p) r ON l.o = r.o"),
    ] {
        assert!(!filtered(&sql), "{sql}");
    }
}
