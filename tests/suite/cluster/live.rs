//! Results that are read while they are made.

use std::path::Path;
use std::time::{Duration, Instant};

use swath::prelude::*;

use super::failures::metric;
use super::{builder, embedded, staged};

/// A Parquet file in `folder` with the numbers below 1000 as `k`.
fn numbers(folder: &Path) -> String {
    let path = folder.join("t.parquet").to_str().unwrap().to_owned();
    embedded()
        .sql("SELECT value AS k FROM range(1000)")
        .unwrap()
        .write_parquet(&path, WriteOptions::default())
        .unwrap();
    path
}

/// A query whose result has a hundred thousand million rows: nobody will see its end.
fn endless(path: &str) -> String {
    format!("SELECT t.k + b.value AS n FROM '{path}' t, range(100000000) b WHERE t.k + b.value > 10")
}

/// A query with a limit of five rows, which the partition of the even keys finds at once. That of the odd ones has three: its own
/// limit never ends it, and it has ten thousand million pairs to try.
pub fn one_sided(folder: &Path) -> String {
    let path = folder.join("t.parquet").to_str().unwrap().to_owned();
    embedded()
        .sql("SELECT value AS k FROM range(2000000)")
        .unwrap()
        .write_parquet(&path, WriteOptions::default())
        .unwrap();
    format!(
        "SELECT t.k + b.value AS n FROM '{path}' t JOIN range(20000) b ON t.k % 2 = b.value % 2 \
         WHERE t.k + b.value < 5 OR t.k * 3 + b.value < -1 LIMIT 5"
    )
}

#[test]
fn the_first_rows_come_before_the_last_task_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = numbers(folder.path());
    let cancelled = metric("swath_jobs_cancelled_total");
    // The session may go; its stream stays.
    let mut rows = staged().sql(&endless(&path)).unwrap().stream().unwrap().into_iter();
    let begin = Instant::now();
    assert!(rows.next().unwrap().unwrap().num_rows() > 0);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    drop(rows);
    let begin = Instant::now();
    while metric("swath_jobs_cancelled_total") == cancelled {
        assert!(begin.elapsed() < Duration::from_secs(10), "nobody wants the other rows, and the job goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_limit_that_is_reached_ends_the_tasks_that_have_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let sql = one_sided(folder.path());
    let cancelled = metric("swath_jobs_cancelled_total");
    let begin = Instant::now();
    assert_eq!(staged().sql(&sql).unwrap().collect_one().unwrap().num_rows(), 5);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    let begin = Instant::now();
    while metric("swath_jobs_cancelled_total") == cancelled {
        assert!(begin.elapsed() < Duration::from_secs(10), "the limit is reached, and the job goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn rows_of_a_lost_worker_are_never_mixed_with_those_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = numbers(folder.path());
    let mut cluster = builder().workers(1).threads(2).memory_limit(512 << 20).start().unwrap();
    let session = Session::connect(cluster.address()).threads(1).build().unwrap();
    let mut rows = session.sql(&endless(&path)).unwrap().stream().unwrap().into_iter();
    assert!(rows.next().unwrap().is_ok());
    // Whoever collects has seen nothing yet: the query is run again, and all is well.
    let pairs = 300_000;
    let sql = format!(
        "SELECT b.value * 1000 + t.k AS n FROM '{path}' t, range({pairs}) b WHERE (b.value * 1000 + t.k) % 10007 = 0"
    );
    let collecting = session.sql(&sql).unwrap();
    let collecting = std::thread::spawn(move || collecting.collect_one().unwrap().num_rows());
    std::thread::sleep(Duration::from_millis(700));
    cluster.kill_worker(0);
    cluster.add_worker().unwrap();
    let error = loop {
        match rows.next() {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error.to_string(),
            None => panic!("the rows ended as if they were all"),
        }
    };
    assert!(error.contains("rows were lost while the result was being read"), "{error}");
    assert!(error.contains("swath_cluster.stream_results"), "{error}");
    drop(rows);
    assert_eq!(collecting.join().unwrap(), (pairs * 1000usize).div_ceil(10007));
}

#[test]
fn a_running_plan_tells_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = numbers(folder.path());
    let session = staged();
    let sql = format!(
        "SELECT x, count(*) FROM (SELECT (t.k * 3 + b.value) % 5 AS x FROM '{path}' t, range(200000) b \
         WHERE t.k + b.value > 10) GROUP BY x"
    );
    let plan = session.sql(&sql).unwrap().physical_plan().unwrap();
    assert_eq!(Progress::of(&plan), Progress::default());
    let (running, context) = (std::sync::Arc::clone(&plan), session.context().task_ctx());
    let run = std::thread::spawn(move || {
        session.engine().block_on(async move { datafusion::physical_plan::collect(running, context).await }).unwrap()
    });
    let begin = Instant::now();
    while Progress::of(&plan).stages < 2 {
        assert!(begin.elapsed() < Duration::from_secs(60) && !run.is_finished(), "nothing was told of the stages");
        std::thread::sleep(Duration::from_millis(5));
    }
    let progress = Progress::of(&plan);
    assert!(progress.tasks > 0 && progress.tasks_done <= progress.tasks, "{progress:?}");
    assert_eq!(run.join().unwrap().iter().map(|batch| batch.num_rows()).sum::<usize>(), 5);
}
