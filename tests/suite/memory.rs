//! Memory limits: they never change a result, joins spill below them, errors name who asked for what, and a dropped query
//! leaves nothing behind.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{ExecutionPlan, collect};
use proptest::prelude::*;
use swath::prelude::{BatchStream, Session};

/// A share of the limit below which no build side fits.
const NOTHING: &str = "0.00001";

fn session(threads: usize, batch_size: usize, join_memory_fraction: &str) -> Session {
    Session::embedded()
        .threads(threads)
        .batch_size(batch_size)
        .memory_limit(64 << 20)
        .set("swath.join_memory_fraction", join_memory_fraction)
        // Small tables would be broadcast.
        .set("datafusion.optimizer.hash_join_single_partition_threshold", "0")
        .set("datafusion.optimizer.hash_join_single_partition_threshold_rows", "0")
        .build()
        .unwrap()
}

/// A key, which may be null.
type Key = Option<i64>;

fn register(session: &Session, name: &str, prefix: &str, keys: &[Key], partitions: usize) {
    let batch = |offset: usize, keys: &[Key]| {
        let texts: StringArray = (0..keys.len()).map(|row| Some(format!("{name}-{}", (offset + row) % 7))).collect();
        let numbers: Int64Array = (0..keys.len()).map(|row| Some((offset + row) as i64)).collect();
        RecordBatch::try_from_iter_with_nullable([
            (format!("{prefix}k"), Arc::new(Int64Array::from(keys.to_vec())) as ArrayRef, true),
            (format!("{prefix}n"), Arc::new(numbers) as ArrayRef, true),
            (format!("{prefix}t"), Arc::new(texts) as ArrayRef, true),
        ])
        .unwrap()
    };
    let size = keys.len().div_ceil(partitions).max(1);
    let batches = keys.chunks(size).enumerate().map(|(index, chunk)| vec![batch(index * size, chunk)]).collect();
    let table = MemTable::try_new(batch(0, &[]).schema(), batches).unwrap();
    session.context().register_table(name, Arc::new(table)).unwrap();
}

/// The rows as sorted texts, and the plan that ran.
fn run(session: &Session, sql: &str) -> (Vec<String>, Arc<dyn ExecutionPlan>) {
    let plan = session.sql(sql).unwrap().physical_plan().unwrap();
    let (running, task) = (Arc::clone(&plan), session.context().task_ctx());
    let batches = session.engine().block_on(async move { collect(running, task).await }).unwrap();
    let options = FormatOptions::default().with_null("null");
    let mut rows: Vec<String> = batches
        .iter()
        .flat_map(|batch| {
            let columns: Vec<_> =
                batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
            (0..batch.num_rows())
                .map(|row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|"))
                .collect::<Vec<_>>()
        })
        .collect();
    rows.sort();
    (rows, plan)
}

/// The sum over all operators of what `read` finds in their metrics.
fn total(plan: &Arc<dyn ExecutionPlan>, read: fn(&MetricsSet) -> Option<usize>) -> usize {
    let own = plan.metrics().and_then(|metrics| read(&metrics)).unwrap_or(0);
    own + plan.children().into_iter().map(|child| total(child, read)).sum::<usize>()
}

fn sort_merge_joins(metrics: &MetricsSet) -> Option<usize> {
    metrics.sum_by_name("sort_merge_joins").map(|value| value.as_usize())
}

fn builds_spilled(metrics: &MetricsSet) -> Option<usize> {
    metrics.sum_by_name("builds_spilled").map(|value| value.as_usize())
}

const JOINS: [&str; 8] = ["INNER", "LEFT", "RIGHT", "FULL", "LEFT SEMI", "LEFT ANTI", "RIGHT SEMI", "RIGHT ANTI"];

fn query(join: &str, condition: &str) -> String {
    format!("SELECT * FROM a {join} JOIN b ON {condition}")
}

fn check(left: &[Key], right: &[Key], join: &str, condition: &str, threads: usize, batch_size: usize) -> usize {
    let sessions = [session(1, 8192, "0.3"), session(threads, batch_size, NOTHING)];
    for session in &sessions {
        register(session, "a", "a", left, 2);
        register(session, "b", "b", right, 3);
    }
    let sql = query(join, condition);
    let (expected, in_memory) = run(&sessions[0], &sql);
    let (found, spilled) = run(&sessions[1], &sql);
    assert_eq!(total(&in_memory, builds_spilled) + total(&in_memory, MetricsSet::spill_count), 0, "{sql}");
    assert_eq!(found, expected, "{sql}");
    total(&spilled, builds_spilled).min(total(&spilled, MetricsSet::spill_count))
}

#[test]
fn every_join_type_gives_the_same_rows_from_disk() {
    let left: Vec<Key> = (0..500).map(|row| (row % 11 != 0).then_some(row % 97)).collect();
    let right: Vec<Key> = (0..700).map(|row| (row % 13 != 0).then_some(row % 120 + 40)).collect();
    for join in JOINS {
        for condition in ["ak = bk", "ak = bk AND an < bn", "ak = bk AND at = bt"] {
            assert!(check(&left, &right, join, condition, 2, 64) > 0, "{join} on {condition} did not spill");
        }
    }
}

#[test]
fn a_key_that_no_scattering_can_split_is_sorted() {
    let (left, right) = (vec![Some(7); 300], vec![Some(7); 40]);
    let sessions = [session(1, 8192, "0.3"), session(2, 32, NOTHING)];
    for session in &sessions {
        register(session, "a", "a", &left, 1);
        register(session, "b", "b", &right, 1);
    }
    for join in JOINS {
        let sql = query(join, "ak = bk AND an <> bn");
        let (found, plan) = run(&sessions[1], &sql);
        assert_eq!(found, run(&sessions[0], &sql).0, "{sql}");
        assert!(total(&plan, sort_merge_joins) > 0, "{sql}");
    }
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    proptest::collection::vec(proptest::option::weighted(0.9, 0..30_i64), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn memory_batch_size_and_partitions_never_change_a_join(
        left in keys(),
        right in keys(),
        join in proptest::sample::select(JOINS.to_vec()),
        threads in 1..4_usize,
        batch_size in prop_oneof![Just(1_usize), Just(13), Just(8192)],
    ) {
        check(&left, &right, join, "ak = bk", threads, batch_size);
    }
}

#[test]
fn sorts_and_aggregations_spill_to_the_same_result() {
    let keys: Vec<Key> = (0..400_000).map(|row| Some(row * 7919 % 200_003)).collect();
    let sql = "SELECT ak, count(*) AS n, max(at) AS s FROM a GROUP BY ak ORDER BY n DESC, ak";
    let [large, small] = [512 << 20, 16 << 20].map(|limit| {
        let session = Session::embedded().threads(2).memory_limit(limit).build().unwrap();
        register(&session, "a", "a", &keys, 4);
        run(&session, sql)
    });
    assert_eq!(large.0.len(), 200_003);
    assert_eq!(total(&large.1, MetricsSet::spill_count), 0);
    assert!(total(&small.1, MetricsSet::spill_count) > 0);
    assert_eq!(small.0, large.0);
}

#[test]
fn exhaustion_names_the_operator_its_wish_and_the_remedy() {
    let session = Session::embedded().threads(1).memory_limit(16 << 20).build().unwrap();
    let frame = session.sql("SELECT array_agg(value) FROM generate_series(1, 20000000)").unwrap();
    let message = frame.collect().unwrap_err().to_string();
    assert!(message.contains("Aggregate"), "{message}");
    assert!(message.contains("asked for"), "{message}");
    assert!(message.contains("memory_limit"), "{message}");
}

fn files_below(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| {
        entries.flatten().map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
    })
}

#[test]
fn a_dropped_stream_leaves_no_files_and_no_memory_behind() {
    let folder = tempfile::tempdir().unwrap();
    let session = Session::embedded()
        .threads(2)
        .memory_limit(64 << 20)
        .spill_folder(folder.path())
        .set("swath.join_memory_fraction", NOTHING)
        .set("datafusion.optimizer.hash_join_single_partition_threshold", "0")
        .set("datafusion.optimizer.hash_join_single_partition_threshold_rows", "0")
        .build()
        .unwrap();
    let keys: Vec<Key> = (0..300_000).map(Some).collect();
    register(&session, "a", "a", &keys, 2);
    register(&session, "b", "b", &keys, 2);
    let mut stream: BatchStream = session.sql(&query("INNER", "ak = bk")).unwrap().stream().unwrap();
    let waiting = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = waiting.block_on(async { futures::StreamExt::next(&mut stream).await });
    assert!(first.unwrap().unwrap().num_rows() > 0);
    assert!(files_below(folder.path()) > 0);
    drop(stream);

    let pool = Arc::clone(session.context().task_ctx().memory_pool());
    let dropped = Instant::now();
    while files_below(folder.path()) > 0 || pool.reserved() > 0 {
        let (files, bytes) = (files_below(folder.path()), pool.reserved());
        assert!(dropped.elapsed() < Duration::from_secs(1), "{files} files and {bytes} bytes are left");
        std::thread::sleep(Duration::from_millis(10));
    }
}
