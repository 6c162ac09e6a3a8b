//! Memory limits: they never change a result, joins spill below them, errors name who asked for what, and a dropped query
//! leaves nothing behind.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use proptest::prelude::*;
use swath::prelude::{AsofOptions, BatchStream, Session};

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
    let mut batches: Vec<_> =
        keys.chunks(size).enumerate().map(|(index, chunk)| vec![batch(index * size, chunk)]).collect();
    if batches.is_empty() {
        batches.push(vec![]);
    }
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
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_memory_limit_changes_a_join(
        hot in 0..2_i64,
        hot_share in 0..10_i64,
        join in proptest::sample::select(JOINS.to_vec()),
        residual in any::<bool>(),
        threads in 1..4_usize,
        limit_mb in 16..48_usize,
        thousandths in 0..300_usize,
        broadcast in any::<bool>(),
    ) {
        // One key may have nearly all rows, so that its part is as large as the whole.
        let keys = |rows: i64, step: i64| -> Vec<Key> {
            (0..rows).map(|row| if row % 10 < hot_share { Some(hot) } else { Some(row * step % 5_000) }).collect()
        };
        let (left, right) = (keys(6_000, 7), keys(600, 3));
        let run_with = |limit: usize, fraction: String, threads| {
            let threshold = if broadcast { "1000000" } else { "0" };
            let session = Session::embedded()
                .threads(threads)
                .memory_limit(limit)
                .set("swath.join_memory_fraction", &fraction)
                .set("datafusion.optimizer.hash_join_single_partition_threshold", threshold)
                .set("datafusion.optimizer.hash_join_single_partition_threshold_rows", threshold)
                .build()
                .unwrap();
            register(&session, "a", "a", &left, 2);
            register(&session, "b", "b", &right, 3);
            let condition = if residual { "ak = bk AND an % 3 = bn % 3" } else { "ak = bk AND an % 101 = 0" };
            let (rows, plan) = run(&session, &query(join, condition));
            (rows, total(&plan, builds_spilled) + total(&plan, sort_merge_joins))
        };
        let (expected, none) = run_with(1 << 30, "0.3".to_owned(), 1);
        prop_assert_eq!(none, 0);
        let (found, _) = run_with(limit_mb << 20, format!("{}", thousandths as f64 / 1e4), threads);
        prop_assert_eq!(found.len(), expected.len());
        prop_assert!(found == expected, "{} rows differ", expected.len());
    }
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

/// Sessions that join in memory and on disk, with the plans that small tables get: one build side for all partitions.
fn broadcasting(threads: usize) -> [Session; 2] {
    ["0.3", NOTHING].map(|fraction| {
        Session::embedded()
            .threads(threads)
            .batch_size(64)
            .memory_limit(64 << 20)
            .set("swath.join_memory_fraction", fraction)
            .build()
            .unwrap()
    })
}

/// `sql` on disk gives what it gives in memory, and does go to disk, by a plan with `part` in it.
fn check_spilled(sessions: &[Session; 2], sql: &str, part: &str) -> Vec<String> {
    let (expected, in_memory) = run(&sessions[0], sql);
    let (found, spilled) = run(&sessions[1], sql);
    let text = displayable(spilled.as_ref()).indent(false).to_string();
    assert!(text.contains(part), "{sql}: {part} is not in\n{text}");
    assert_eq!(total(&in_memory, builds_spilled), 0, "{sql}");
    assert!(total(&spilled, builds_spilled) > 0, "{sql}: nothing was spilled");
    assert_eq!(found, expected, "{sql}");
    found
}

#[test]
fn a_build_side_that_several_partitions_share_spills() {
    let sessions = broadcasting(3);
    let left: Vec<Key> = (0..500).map(|row| (row % 11 != 0).then_some(row % 97)).collect();
    let right: Vec<Key> = (0..700).map(|row| (row % 13 != 0).then_some(row % 120 + 40)).collect();
    for session in &sessions {
        register(session, "a", "a", &left, 3);
        register(session, "b", "b", &right, 3);
    }
    for join in JOINS {
        for condition in ["ak = bk", "ak = bk AND an < bn"] {
            check_spilled(&sessions, &query(join, condition), "SpillingHashJoinExec: mode=CollectLeft");
        }
    }
    for negation in ["", "NOT"] {
        let sql = format!("SELECT * FROM a WHERE an < 9 OR {negation} EXISTS (SELECT 1 FROM b WHERE bk = ak)");
        check_spilled(&sessions, &sql, "Mark");
    }
}

#[test]
fn not_in_spills_and_keeps_its_nulls_apart() {
    let some: Vec<Key> = (0..300).map(|row| Some(row % 97)).collect();
    let with_null: Vec<Key> = some.iter().copied().chain([None]).collect();
    let few: Vec<Key> = (0..200).map(|row| Some(row % 50)).collect();
    let few_with_null: Vec<Key> = few.iter().copied().chain([None]).collect();
    for threads in [1, 3] {
        for (left, right, rows) in
            [(&with_null, &few, 141), (&some, &few_with_null, 0), (&with_null, &vec![], 301), (&some, &some, 0)]
        {
            let sessions = broadcasting(threads);
            for session in &sessions {
                register(session, "a", "a", left, 2);
                register(session, "b", "b", right, 3);
            }
            let sql = "SELECT * FROM a WHERE ak NOT IN (SELECT bk FROM b)";
            assert_eq!(check_spilled(&sessions, sql, "null_aware").len(), rows);
        }
    }
}

#[test]
fn a_join_on_disk_keeps_the_order_that_the_plan_relies_on() {
    let keys: Vec<Key> = (0..900).map(|row| Some(row * 7919 % 101)).collect();
    for limit in ["", " LIMIT 20"] {
        let sessions = broadcasting(2);
        let [expected, found] = sessions.each_ref().map(|session| {
            register(session, "a", "a", &keys[..200], 2);
            register(session, "plain", "b", &keys, 2);
            let provider = session.engine().block_on({
                let context = session.context().clone();
                async move { context.table_provider("plain").await }
            });
            let table = provider.unwrap();
            let table = (table.as_ref() as &dyn std::any::Any).downcast_ref::<MemTable>().unwrap();
            let parts = table.batches.iter().map(|part| part.try_read().unwrap().clone()).collect();
            let order = vec![datafusion::prelude::col("bn").sort(true, false)];
            let sorted = MemTable::try_new(table.schema(), parts).unwrap().with_sort_order(vec![order]);
            session.context().register_table("b", Arc::new(sorted)).unwrap();
            let sql = format!("SELECT bn, an FROM a JOIN b ON ak = bk ORDER BY bn{limit}");
            let plan = session.sql(&sql).unwrap().physical_plan().unwrap();
            let text = displayable(plan.as_ref()).indent(false).to_string();
            assert!(text.contains("SpillingHashJoinExec") && !text.contains("SortExec"), "{text}");
            let (running, task) = (Arc::clone(&plan), session.context().task_ctx());
            let batches = session.engine().block_on(async move { collect(running, task).await }).unwrap();
            let numbers: Vec<i64> = batches
                .iter()
                .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
                .collect();
            (numbers, total(&plan, builds_spilled))
        });
        assert!(found.0.is_sorted() && expected.0.len() > 19);
        assert_eq!(found.0, expected.0);
        assert_eq!(expected.1, 0);
        assert!(found.1 > 0);
    }
}

#[test]
fn a_partition_that_is_dropped_early_holds_up_no_sibling() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = ["0.3", NOTHING].map(|fraction| session(4, 8192, fraction));
    // The outer join's build side has one key: three of its partitions end without reading the inner join, whose dynamic
    // filter is complete only when each of its partitions has built or given up.
    let keys: Vec<Key> = (0..2_000).map(Some).collect();
    for session in &sessions {
        register(session, "a", "a", &keys, 4);
        register(session, "c", "c", &[Some(7)], 1);
        let file = folder.path().join("b.parquet");
        if !file.exists() {
            register(session, "b", "b", &keys, 4);
            let copy = format!("COPY (SELECT * FROM b) TO '{}' STORED AS PARQUET", file.display());
            session.sql(&copy).unwrap().collect().unwrap();
            session.context().deregister_table("b").unwrap();
        }
        let create = format!("CREATE EXTERNAL TABLE b STORED AS PARQUET LOCATION '{}'", file.display());
        session.sql(&create).unwrap().collect().unwrap();
    }
    for session in sessions {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let sql =
                "SELECT count(*) FROM c JOIN (SELECT ak, bn FROM a JOIN b ON ak = bk WHERE an + bn >= 0) ON ck = ak";
            let _ = sender.send(run(&session, sql).0);
        });
        assert_eq!(receiver.recv_timeout(Duration::from_secs(30)).expect("the query hangs"), ["1"]);
    }
}

#[test]
fn other_operators_are_right_or_say_what_they_lack() {
    let keys: Vec<Key> = (0..400_000).map(|row| Some(row * 7919 % 200_003)).collect();
    let [large, small] = [1 << 30, 16 << 20].map(|limit| {
        let session = Session::embedded().threads(2).memory_limit(limit).build().unwrap();
        register(&session, "a", "a", &keys, 4);
        register(&session, "b", "b", &keys[..300], 2);
        session
    });
    let mut failures = 0;
    for sql in [
        "SELECT ak, an, row_number() OVER (PARTITION BY ak ORDER BY an) AS r FROM a",
        "SELECT sum(an) OVER (ORDER BY an) AS r FROM a",
        "SELECT max(at) OVER (PARTITION BY ak % 3) AS m FROM a",
        "SELECT count(*) AS n FROM b JOIN a ON bn > an + 395000",
        "SELECT count(*) AS n FROM a JOIN b ON an % 1000 < bn % 2",
        "SELECT count(*) AS n FROM a CROSS JOIN (SELECT * FROM b LIMIT 3)",
        "SELECT count(DISTINCT at || an) AS n FROM a",
        "SELECT DISTINCT ak, at FROM a",
        "SELECT ak, array_agg(at) AS l FROM a GROUP BY ak ORDER BY ak",
        "SELECT * FROM a ORDER BY at, an",
    ] {
        match small.sql(sql).unwrap().collect() {
            Ok(batches) => {
                let rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>();
                assert_eq!(rows, run(&large, sql).0.len(), "{sql}");
            }
            Err(error) => {
                let message = error.to_string();
                failures += 1;
                for word in ["asked for", "memory_limit"] {
                    assert!(message.contains(word), "{sql}: {message}");
                }
            }
        }
    }
    assert!(failures < 10, "nothing runs below 16 MB");
}

/// A window function that no row's neighbours alone decide holds all rows.
const WHOLE_PARTITION: &str = "SELECT value, max(value) OVER () AS m FROM generate_series(1, 4000000)";

#[test]
fn a_window_over_whole_partitions_reserves_what_it_holds() {
    let session = |limit| Session::embedded().threads(2).memory_limit(limit).build().unwrap();
    let small = session(48 << 20);
    let message = small.sql(WHOLE_PARTITION).unwrap().collect().unwrap_err().to_string();
    for word in ["WindowAggExec", "asked for", "memory_limit"] {
        assert!(message.contains(word), "{message}");
    }
    // Tasks that a query started drop what they hold when they learn of its end, which is soon after.
    let pool = Arc::clone(small.context().task_ctx().memory_pool());
    let end = Instant::now() + Duration::from_secs(10);
    while pool.reserved() > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(pool.reserved(), 0);

    let large = session(1 << 30);
    let pool = Arc::clone(large.context().task_ctx().memory_pool());
    let mut stream = large.sql(WHOLE_PARTITION).unwrap().stream().unwrap();
    let waiting = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = waiting.block_on(async { futures::StreamExt::next(&mut stream).await }).unwrap().unwrap();
    assert_eq!(first.column(1).as_primitive::<Int64Type>().value(0), 4_000_000);
    // Until the output is taken, the rows and their copy are held.
    let rows: usize = first.num_rows() + stream.into_iter().map(|batch| batch.unwrap().num_rows()).sum::<usize>();
    assert_eq!(rows, 4_000_000);
    let ended = Instant::now();
    while pool.reserved() > 0 {
        assert!(ended.elapsed() < Duration::from_secs(1), "{} bytes are left", pool.reserved());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn partitions_of_a_window_are_right_below_the_limit() {
    let keys: Vec<Key> = (0..20_000).map(|row| Some(row % 977)).collect();
    let session = session(2, 1000, NOTHING);
    register(&session, "a", "a", &keys, 3);
    let (rows, plan) = run(&session, "SELECT DISTINCT ak, count(*) OVER (PARTITION BY ak) AS n FROM a WHERE ak < 3");
    assert_eq!(rows, ["0|21", "1|21", "2|21"]);
    assert!(displayable(plan.as_ref()).indent(false).to_string().contains("WindowAggExec"));
    // The same plan may run again.
    let again = session.sql("SELECT max(n) AS m FROM (SELECT count(*) OVER (PARTITION BY ak) AS n FROM a)").unwrap();
    let cached = again.cache().unwrap();
    assert_eq!((cached.count().unwrap(), cached.count().unwrap()), (1, 1));
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

/// Whether the engine of `handle` does nothing: no task is left, and no worker is busy for a while.
fn is_idle(handle: &tokio::runtime::Handle) -> bool {
    let metrics = handle.metrics();
    let busy =
        || -> Duration { (0..metrics.num_workers()).map(|worker| metrics.worker_total_busy_duration(worker)).sum() };
    let before = busy();
    std::thread::sleep(Duration::from_millis(50));
    metrics.num_alive_tasks() == 0 && busy() - before < Duration::from_millis(5)
}

#[test]
fn a_dropped_stream_leaves_the_threads_idle() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("written");
    let keys: Vec<Key> = (0..300_000).map(Some).collect();
    let many = "generate_series(1, 4000000000)";
    let as_of = "as-of join";
    for sql in [
        format!("{as_of} of a and b, nobody takes its rows"),
        format!("{as_of} of {many}, which sorts"),
        query("INNER", "ak = bk"),
        format!("SELECT value FROM {many} ORDER BY value % 1000003"),
        format!("SELECT value % 100000 AS k, count(*) FROM {many} GROUP BY k"),
        format!("SELECT * FROM {many} WHERE value % 3 = 1"),
        format!("SELECT count(*) FROM {many} AS x JOIN a ON value % 1000 > an"),
        format!("COPY (SELECT * FROM {many}) TO '{}' STORED AS PARQUET", target.display()),
    ] {
        let spills = folder.path().join("spills");
        let session = Session::embedded()
            .threads(2)
            .memory_limit(64 << 20)
            .spill_folder(&spills)
            .set("swath.join_memory_fraction", NOTHING)
            .build()
            .unwrap();
        register(&session, "a", "a", &keys, 2);
        register(&session, "b", "b", &keys, 2);
        let handle = session.engine().block_on(async { Ok(tokio::runtime::Handle::current()) }).unwrap();
        let frame = match sql.strip_prefix(as_of) {
            Some(which) => {
                let read = |sql: &str| session.sql(sql).unwrap();
                let (left, right) = match which.contains(" a and b") {
                    true => (read("SELECT an, at FROM a"), read("SELECT bn AS an, bt FROM b")),
                    false => (read(&format!("SELECT value AS an FROM {many}")), read("SELECT bn AS an, bt FROM b")),
                };
                left.join_asof(&right, AsofOptions::on("an"))
            }
            None => session.sql(&sql).unwrap(),
        };
        let mut stream: BatchStream = frame.stream().unwrap();
        let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        waiting.block_on(async {
            let first = futures::StreamExt::next(&mut stream);
            let _ = tokio::time::timeout(Duration::from_millis(300), first).await;
        });
        assert!(!is_idle(&handle), "{sql}: nothing ran, so nothing can be cancelled");
        drop(stream);
        let dropped = Instant::now();
        while !is_idle(&handle) || files_below(&spills) > 0 {
            assert!(dropped.elapsed() < Duration::from_secs(1), "{sql}: threads are busy, or files are left");
        }
    }
    assert_eq!(files_below(&target), 0, "a cancelled write left files");
}

/// A heap of so many rows would take many times their memory, and could not spill.
#[test]
fn a_limit_that_is_nearly_the_whole_table_sorts_and_spills() {
    let session = Session::embedded().threads(2).memory_limit(48 << 20).build().unwrap();
    let frame = session
        .sql("SELECT value, value * 7919 % 3000017 AS place FROM range(3000000) ORDER BY place LIMIT 2900000")
        .unwrap();
    let plan = frame.physical_plan().unwrap();
    let text = displayable(plan.as_ref()).indent(false).to_string();
    assert!(!text.contains("TopK"), "{text}");
    let (mut rows, mut last) = (0, -1);
    for batch in frame.stream().unwrap() {
        let batch = batch.unwrap();
        for place in batch.column(1).as_primitive::<Int64Type>().values() {
            assert!(*place > last, "{place} after {last}");
            last = *place;
        }
        rows += batch.num_rows();
    }
    assert_eq!(rows, 2_900_000);
}
