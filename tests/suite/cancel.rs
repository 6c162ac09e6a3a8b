//! What nobody waits for any more, ends: also where an operator never waits by itself.

use std::time::{Duration, Instant};

use swath::prelude::*;

/// Queries that would take minutes, and whose operators return rarely or never.
const ENDLESS: [&str; 4] = [
    // No pair counts: the join does not return before it has tried all.
    "SELECT count(*) FROM range(3000000) a, range(3000000) b WHERE a.value * 3 + b.value < -1",
    "SELECT count(*) FROM range(300000) a JOIN range(300000) b ON a.value % 2 = b.value % 2 \
     WHERE a.value * 3 + b.value < -1",
    // Every pair counts: the join returns, and the aggregation asks it for more.
    "SELECT sum(a.value + b.value) FROM range(300000) a JOIN range(300000) b ON a.value % 2 = b.value % 2",
    "SELECT sum(a.value + b.value) FROM range(3000000) a CROSS JOIN range(3000000) b",
];

/// After a dropped query the session's threads are free within a moment.
fn threads_are_free_after_a_drop(session: &Session, sql: &str, limit: Duration) {
    let stream = session.sql(sql).unwrap().stream().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    drop(stream);
    let begin = Instant::now();
    assert_eq!(session.sql("SELECT count(*) FROM range(100) GROUP BY value").unwrap().count().unwrap(), 100);
    assert!(begin.elapsed() < limit, "{sql}: {:?}", begin.elapsed());
}

#[test]
fn joins_of_a_dropped_query_end() {
    let session = Session::embedded().threads(1).memory_limit(512 << 20).build().unwrap();
    for sql in ENDLESS {
        threads_are_free_after_a_drop(&session, sql, Duration::from_secs(3));
    }
}

#[cfg(feature = "cluster")]
#[test]
fn joins_of_a_dropped_query_end_on_a_cluster() {
    let cluster = crate::cluster::builder().workers(1).threads(1).memory_limit(512 << 20).start().unwrap();
    for small_input_rows in ["0", "65536"] {
        let session = Session::connect(cluster.address()).threads(1);
        let session = session.set("swath_cluster.small_input_rows", small_input_rows).build().unwrap();
        for sql in ENDLESS {
            threads_are_free_after_a_drop(&session, sql, Duration::from_secs(6));
        }
    }
}
