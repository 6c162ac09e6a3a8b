//! What fails, fails clearly; what is given up, ends.

use std::time::{Duration, Instant};

use swath::prelude::*;

use super::{builder, connected, shared};

/// A number that the shared scheduler counts.
pub fn metric(name: &str) -> u64 {
    metric_of(shared(), name)
}

/// A number that the scheduler of `cluster` counts.
pub fn metric_of(cluster: &LocalCluster, name: &str) -> u64 {
    let text = get(cluster.address().trim_start_matches("swath://"), "/metrics");
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("{text}"));
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The body of an HTTP answer.
pub fn get(address: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// A Parquet file in `folder` with the numbers up to 1000 as `k`.
fn numbers(folder: &std::path::Path) -> String {
    let path = folder.join("t.parquet").to_str().unwrap().to_owned();
    let frame = super::embedded().sql("SELECT value AS k FROM range(1000)").unwrap();
    frame.write_parquet(&path, WriteOptions::default()).unwrap();
    path
}

#[test]
fn errors_of_tasks_are_errors_of_the_query() {
    let folder = tempfile::tempdir().unwrap();
    let path = &numbers(folder.path());
    let frame = connected().sql(&format!("SELECT 1 / (k - 500) FROM '{path}'")).unwrap();
    let error = frame.collect().unwrap_err().to_string();
    assert!(error.to_lowercase().contains("divide by zero"), "{error}");
    assert!(!error.contains("Job") && !error.contains('⟦'), "{error}");
}

#[test]
fn a_file_that_workers_cannot_see_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = &numbers(folder.path());
    let frame = connected().read_parquet(path).unwrap();
    let physical = frame.physical_plan().unwrap();
    // Between planning and running the file goes: to the worker it was never there.
    std::fs::remove_file(path).unwrap();
    let session = frame.session().clone();
    let run = session.engine().block_on(async move {
        datafusion::physical_plan::collect(physical, std::sync::Arc::new(datafusion::execution::TaskContext::default()))
            .await
    });
    let error = run.unwrap_err().to_string();
    assert!(error.contains("t.parquet") && error.contains("every worker sees them"), "{error}");
}

#[test]
fn nobody_there() {
    let error = Session::connect("swath://127.0.0.1:1").build().unwrap_err().to_string();
    assert!(error.contains("no scheduler answers") && error.contains("127.0.0.1:1"), "{error}");
    assert!(Session::connect("http://x").build().unwrap_err().to_string().contains("swath://host:7050"));
}

#[test]
fn a_dropped_stream_ends_its_job() {
    let cancelled = metric("swath_jobs_cancelled_total");
    let session = connected();
    // More rows than anybody waits for.
    let frame =
        session.sql("SELECT count(*) FROM range(100000000) a JOIN range(1000) b ON a.value % 7 <> b.value").unwrap();
    let stream = frame.stream().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(stream);
    let begin = Instant::now();
    while metric("swath_jobs_cancelled_total") == cancelled {
        assert!(begin.elapsed() < Duration::from_secs(10), "the job was not cancelled");
        std::thread::sleep(Duration::from_millis(20));
    }
    let begin = Instant::now();
    while metric("swath_jobs_running") > 0 && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The threads are free again.
    let begin = Instant::now();
    assert_eq!(session.sql("SELECT * FROM range(5)").unwrap().count().unwrap(), 5);
    assert!(begin.elapsed() < Duration::from_secs(5), "the cancelled job still runs: {:?}", begin.elapsed());
}

#[test]
fn results_are_freed_when_they_were_read() {
    let session = Session::connect(shared().address()).threads(1).build().unwrap();
    session.sql("SELECT value % 10, count(*) FROM range(100000) GROUP BY 1").unwrap().collect().unwrap();
    assert!(metric("swath_jobs_finished_total") > 0);
}

#[test]
fn stages_are_freed_when_they_were_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = &numbers(folder.path());
    let freed = metric("swath_stages_freed_total");
    let session = super::staged();
    let sql =
        format!("SELECT n, count(*) FROM (SELECT k % 10 AS g, count(*) AS n FROM '{path}' GROUP BY 1) GROUP BY n");
    session.sql(&sql).unwrap().collect().unwrap();
    let begin = Instant::now();
    // The first stage, while the last one has still to run.
    while metric("swath_stages_freed_total") == freed {
        assert!(begin.elapsed() < Duration::from_secs(10), "no stage was freed");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_lost_worker_does_not_lose_the_cluster() {
    let mut cluster = builder().workers(2).threads(1).memory_limit(512 << 20).start().unwrap();
    let session = Session::connect(cluster.address()).threads(1).build().unwrap();
    let sql = "SELECT value % 10 AS g, count(*) AS n FROM range(100000) GROUP BY 1";
    assert_eq!(session.sql(sql).unwrap().count().unwrap(), 10);
    cluster.kill_worker(0);
    cluster.add_worker().unwrap();
    let begin = Instant::now();
    assert_eq!(session.sql(sql).unwrap().count().unwrap(), 10);
    assert!(begin.elapsed() < Duration::from_secs(15), "a lost worker is to be noticed at once: {:?}", begin.elapsed());
}
