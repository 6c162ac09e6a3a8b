//! Joins whose build side every task gets, and parts of plans that are no stages: the same rows, in the plans meant.

use swath::prelude::*;

use super::{connected, embedded, rows, staged};

/// Two folders of Parquet files: `big(k, v)` of 100,000 rows in four files, `few(k, t)` of 600 rows in two, with nulls and keys
/// that `big` has not, each key twice.
fn setup(folder: &std::path::Path) -> impl Fn(&Session) + use<> {
    let write = |name: &str, part: usize, sql: &str| {
        let path = folder.join(name).join(format!("{part}.parquet"));
        std::fs::create_dir_all(folder.join(name)).unwrap();
        embedded().sql(sql).unwrap().write_parquet(path.to_str().unwrap(), WriteOptions::default()).unwrap();
    };
    for part in 0..4 {
        let sql =
            format!("SELECT value AS k, value * 3 % 1000 AS v FROM range({}, {})", part * 25_000, (part + 1) * 25_000);
        write("big", part, &sql);
    }
    for part in 0..2 {
        let sql = format!(
            "SELECT CASE WHEN value % 50 = 7 THEN NULL ELSE value * 400 END AS k, 'f' || (value + {part}) AS t FROM range(300)"
        );
        write("few", part, &sql);
    }
    let folder = folder.to_path_buf();
    move |session| {
        for name in ["big", "few"] {
            session.register_parquet(name, folder.join(name).to_str().unwrap()).unwrap();
        }
    }
}

#[test]
fn every_kind_of_join_with_a_small_side() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    let (here, there, staged) = (embedded(), connected(), staged());
    for session in [&here, &there, &staged] {
        setup(session);
    }
    for (left, right) in [("big", "few"), ("few", "big")] {
        for kind in ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"] {
            for on in ["l.k = r.k", "l.k = r.k AND l.k % 3 = r.k % 7"] {
                let sql = format!(
                    "SELECT count(*), count(l.k), count(r.k), sum(l.k), sum(r.k) FROM {left} l {kind} {right} r ON {on}"
                );
                let expected = rows(&here.sql(&sql).unwrap());
                assert_eq!(rows(&there.sql(&sql).unwrap()), expected, "{sql}");
                assert_eq!(rows(&staged.sql(&sql).unwrap()), expected, "in stages: {sql}");
            }
        }
        for test in ["k IN", "k NOT IN", "EXISTS", "NOT EXISTS"] {
            let subquery = match test.contains("IN") {
                true => format!("(SELECT k FROM {right} WHERE k IS NOT NULL)"),
                false => format!("(SELECT 1 FROM {right} r WHERE r.k = l.k)"),
            };
            let sql = format!("SELECT count(*), count(k), sum(k) FROM {left} l WHERE {test} {subquery}");
            let expected = rows(&here.sql(&sql).unwrap());
            assert_eq!(rows(&there.sql(&sql).unwrap()), expected, "{sql}");
            assert_eq!(rows(&staged.sql(&sql).unwrap()), expected, "in stages: {sql}");
        }
        // With nulls on the right, nothing is surely not among them.
        let sql = format!("SELECT count(*) FROM {left} WHERE k NOT IN (SELECT k FROM {right})");
        assert_eq!(rows(&there.sql(&sql).unwrap()), rows(&here.sql(&sql).unwrap()), "{sql}");
        assert_eq!(rows(&staged.sql(&sql).unwrap()), rows(&here.sql(&sql).unwrap()), "in stages: {sql}");
    }
}

#[test]
fn small_sides_are_no_stages_unless_that_could_show() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    let (there, staged) = (connected(), staged());
    setup(&there);
    setup(&staged);
    let physical = |session: &Session, sql: &str| session.sql(sql).unwrap().explain(ExplainView::Physical).unwrap();
    let join = "SELECT count(*) FROM big JOIN (SELECT k FROM few) f ON big.k = f.k";
    let text = physical(&there, join);
    assert!(text.contains("BroadcastJoinExec") && text.contains("SingleTaskExec"), "{text}");
    let text = physical(&staged, join);
    assert!(text.contains("BroadcastJoinExec") && !text.contains("SingleTaskExec"), "{text}");
    // Which rows a limit takes, and what a random number is, may differ from task to task.
    for part in ["SELECT k FROM few LIMIT 5", "SELECT k FROM few WHERE random() < 0.5"] {
        let text = physical(&there, &format!("SELECT count(*) FROM big JOIN ({part}) f ON big.k = f.k"));
        assert!(!text.contains("SingleTaskExec"), "{text}");
    }
    // What reads little is one task as a whole.
    let text = physical(&there, "SELECT t, count(*) FROM few GROUP BY t ORDER BY t");
    assert!(text.contains("SingleTaskExec") && !text.contains("BroadcastJoinExec"), "{text}");
}

#[test]
fn a_limited_side_is_the_same_for_all_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    for session in [connected(), staged()] {
        setup(&session);
        for _ in 0..5 {
            let sql = "SELECT count(*) FROM big JOIN (SELECT k FROM few WHERE k IS NOT NULL AND k < 100000 LIMIT 5) f ON big.k = f.k";
            assert_eq!(rows(&session.sql(sql).unwrap()), ["| 5        |", "| count(*) |"], "{sql}");
        }
    }
}

#[test]
fn the_end_of_a_query_is_at_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    let there = connected();
    setup(&there);
    let below = |sql: &str| {
        let text = there.sql(sql).unwrap().explain(ExplainView::Physical).unwrap();
        let place = text.find("ClusterQueryExec").unwrap_or_else(|| panic!("{text}"));
        (text[..place].to_owned(), text[place..].to_owned())
    };
    let (client, cluster) = below("SELECT v, count(*) AS n FROM big GROUP BY v ORDER BY n DESC LIMIT 3");
    assert!(client.contains("SortPreservingMergeExec") && cluster.contains("FinalPartitioned"), "{client}{cluster}");
    let (client, cluster) = below("SELECT count(*), sum(v) FROM big WHERE v > 5");
    assert!(client.contains("mode=Final") && cluster.contains("mode=Partial"), "{client}{cluster}");
    // The states of this one are lists of all values.
    let (client, cluster) = below("SELECT median(v), array_agg(k) FROM big");
    assert!(!client.contains("Aggregate") && cluster.contains("mode=Final"), "{client}{cluster}");
}
