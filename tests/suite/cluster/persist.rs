//! Persisted results: they lie on the workers, are read there, freed, and made again when a worker is lost.

use std::time::{Duration, Instant};

use swath::prelude::*;

use super::failures::get;
use super::{builder, connected, embedded, rows, shared};

/// A Parquet folder `t(k, g)` of 30,000 rows in three files.
fn table(folder: &std::path::Path) -> String {
    let target = folder.join("t");
    std::fs::create_dir_all(&target).unwrap();
    for part in 0..3 {
        let sql = format!("SELECT value AS k, value % 11 AS g FROM range({}, {})", part * 10_000, (part + 1) * 10_000);
        let path = target.join(format!("{part}.parquet"));
        embedded().sql(&sql).unwrap().write_parquet(path.to_str().unwrap(), WriteOptions::default()).unwrap();
    }
    target.to_str().unwrap().to_owned()
}

/// The tables that `session` itself has cached, by their names, with rows and place.
fn cached(session: &Session) -> Vec<String> {
    let mut listed = rows(&session.sql("SHOW CACHED TABLES").unwrap());
    listed.retain(|line| line.contains("| this session "));
    listed
}

/// A cluster of its own: other tests' outputs are not counted.
fn cluster() -> LocalCluster {
    builder().workers(2).threads(1).memory_limit(512 << 20).start().unwrap()
}

#[test]
fn workers_hold_a_result_and_read_it_where_it_lies() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let there = connected();
    let source = there.read_parquet(path.as_str()).unwrap();
    let persisted = source.with_columns([random().alias("x")]).persist().unwrap();
    let total = || rows(&persisted.agg([col("x").sum().alias("x"), col("k").max().alias("k")]));
    assert_eq!(total(), total(), "random() must not run again");
    assert_eq!(there.persisted_bytes().memory_bytes, 0, "nothing is held by the client");
    let here = embedded().read_parquet(path.as_str()).unwrap();
    for shape in [
        |frame: &DataFrame| frame.group_by(["g"]).agg([col("k").sum().alias("s")]),
        |frame: &DataFrame| frame.filter(col("k").lt(lit(40))).select([col("k")]),
        |frame: &DataFrame| frame.join(&frame.filter(col("g").eq(lit(3))), JoinType::Inner, ["k"]).select([col("k")]),
        |frame: &DataFrame| frame.sort([col("k").desc()]).limit(7).select([col("g"), col("k")]),
    ] {
        assert_eq!(rows(&shape(&persisted)), rows(&shape(&here)));
    }
    there.register("p", &persisted).unwrap();
    there.register("t", &source).unwrap();
    for sql in [
        "SELECT count(*) FROM p JOIN t USING (k) WHERE p.k > (SELECT avg(k) FROM p)",
        "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up JOIN p ON p.k = up.n WHERE n < 9) SELECT count(*) FROM up",
    ] {
        let plain = sql.replace("FROM p", "FROM t p").replace("JOIN p ", "JOIN t p ");
        assert_eq!(rows(&there.sql(sql).unwrap()), rows(&there.sql(&plain).unwrap()), "{sql}");
    }
    let before = total();
    persisted.unpersist().unwrap();
    assert_ne!(total(), before, "it is computed again");
}

#[test]
fn sql_caches_lists_and_frees() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let there = connected();
    there.register_parquet("t", path.as_str()).unwrap();
    let sql = |text: &str| there.sql(text).unwrap();
    sql("CACHE TABLE sums AS SELECT g, sum(k) AS s, random() AS x FROM t GROUP BY g");
    sql("CACHE TABLE t");
    let listed = cached(&there);
    assert_eq!(listed.len(), 2, "{listed:?}");
    let row = |name: &str| listed.iter().find(|line| line.starts_with(&format!("| {name} "))).unwrap();
    assert!(row("sums").contains("| 11 ") && row("t").contains("| 30000 "), "{listed:?}");
    assert!(row("t").contains("127.0.0.1:"), "{listed:?}");
    let before = rows(&sql("SELECT * FROM sums"));
    assert_eq!(before, rows(&sql("SELECT * FROM sums")));
    let address = shared().address().trim_start_matches("swath://");
    assert!(get(address, "/metrics").contains("swath_persisted_results "), "the scheduler counts them");
    // Another session of the cluster sees who holds what.
    let other = rows(&connected().sql("SHOW CACHED TABLES").unwrap()).join("\n");
    assert!(other.contains("| sums ") && !other.contains("this session"), "{other}");
    sql("UNCACHE TABLE sums");
    sql("UNCACHE TABLE t");
    assert_eq!(cached(&there).len(), 0);
    assert_ne!(before, rows(&sql("SELECT * FROM sums")));
}

#[test]
fn everything_is_freed_with_the_session() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let cluster = cluster();
    let session = Session::connect(cluster.address()).threads(1).build().unwrap();
    session.sql(&format!("CACHE TABLE t AS SELECT * FROM '{path}'")).unwrap();
    let address = cluster.address().trim_start_matches("swath://").to_owned();
    let held = |number: usize| get(&address, "/metrics").contains(&format!("swath_persisted_results {number}\n"));
    assert!(held(1));
    assert_eq!(session.sql("SELECT count(*) FROM t").unwrap().collect().unwrap().len(), 1);
    drop(session);
    let begin = Instant::now();
    while !held(0) {
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", get(&address, "/metrics"));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_killed_worker_held_is_made_again() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let mut cluster = cluster();
    let session = Session::connect(cluster.address()).threads(1).build().unwrap();
    let limit = "SELECT k, g FROM (SELECT k, g FROM '{path}') WHERE k < (SELECT max(k) FROM '{path}') - 9999";
    session.sql(&format!("CACHE TABLE t AS {}", limit.replace("{path}", &path))).unwrap();
    // One that reads another.
    session.sql("CACHE TABLE s AS SELECT g, sum(k) AS s FROM t GROUP BY g").unwrap();
    let queries =
        ["SELECT count(*), sum(k) FROM t", "SELECT * FROM s", "SELECT t.g, s FROM t JOIN s ON t.g = s.g AND k < 20"];
    let answers = || queries.map(|sql| rows(&session.sql(sql).unwrap()));
    let before = answers();
    cluster.kill_worker(0);
    cluster.add_worker().unwrap();
    assert_eq!(answers(), before);
    assert_eq!(cached(&session).len(), 2);
}
