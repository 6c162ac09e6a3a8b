//! A connected session gives what an embedded one gives.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use swath::prelude::*;

use super::{connected, embedded, rows, shared, staged};
use crate::loopback;

/// Parquet files of 40,000 rows in four files: `t(k, g, v, s)`.
fn files(folder: &std::path::Path) -> String {
    let target = folder.join("t");
    let sql = "SELECT value AS k, value % 97 AS g, value * 1.5 AS v, 'text ' || (value % 1000) AS s FROM range(40000)";
    for part in 0..4 {
        let path = target.join(format!("{part}.parquet"));
        std::fs::create_dir_all(&target).unwrap();
        let frame = embedded().sql(sql).unwrap().filter((col("k") % lit(4)).eq(lit(part)));
        frame.write_parquet(path.to_str().unwrap(), WriteOptions::default()).unwrap();
    }
    target.to_str().unwrap().to_owned()
}

/// Runs every statement embedded and connected over the same tables, with and without stages for small parts.
fn same(setup: &dyn Fn(&Session), queries: &[&str]) {
    let (here, there, staged) = (embedded(), connected(), staged());
    for session in [&here, &there, &staged] {
        setup(session);
    }
    for sql in queries {
        let expected = rows(&here.sql(sql).unwrap());
        assert_eq!(rows(&there.sql(sql).unwrap()), expected, "{sql}");
        assert_eq!(rows(&staged.sql(sql).unwrap()), expected, "in stages: {sql}");
    }
}

#[test]
fn files_in_several_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let path = files(folder.path());
    same(
        &|session| session.register_parquet("t", path.as_str()).unwrap(),
        &[
            "SELECT count(*), sum(k), min(s), max(v) FROM t",
            "SELECT g, count(*), avg(v), count(DISTINCT s) FROM t GROUP BY g",
            "SELECT s FROM t ORDER BY k DESC LIMIT 7 OFFSET 3",
            "SELECT * FROM t WHERE k BETWEEN 100 AND 110",
            "SELECT a.k, b.s FROM t a JOIN t b ON a.k = b.k + 1 WHERE a.g = 5",
            "SELECT g FROM t WHERE g < 3 INTERSECT SELECT k FROM t WHERE k < 10",
            "SELECT k FROM t WHERE k < 5 UNION ALL SELECT g FROM t WHERE k < 5 UNION ALL VALUES (1), (2)",
            "SELECT k FROM t WHERE v > (SELECT avg(v) FROM t) AND k % 5000 = 0",
            "SELECT k FROM t o WHERE v = (SELECT max(v) FROM t i WHERE i.g = o.g) AND g < 4",
            "SELECT k FROM t o WHERE EXISTS (SELECT 1 FROM t i WHERE i.k = o.k * 2) AND k > 19990",
            "SELECT k FROM t WHERE k NOT IN (SELECT k + 1 FROM t)",
            "SELECT k, sum(v) OVER (PARTITION BY g ORDER BY k ROWS 2 PRECEDING) AS w FROM t WHERE k < 500",
            "SELECT k, row_number() OVER (ORDER BY v DESC) AS n FROM t WHERE k < 50",
            "SELECT g, GROUPING(g), sum(k) FROM t GROUP BY ROLLUP (g) HAVING g < 3 OR g IS NULL",
            "SELECT l.k, r.k FROM (SELECT k FROM t WHERE k < 40) l LEFT JOIN (SELECT k FROM t WHERE k < 30) r ON l.k < r.k - 25",
            "SELECT l.k, r.k FROM (SELECT k FROM t WHERE k < 9) l FULL JOIN (SELECT k FROM t WHERE k < 12) r ON l.k > r.k + 3",
            "SELECT l.g, r.k FROM (SELECT DISTINCT g FROM t WHERE g < 3) l CROSS JOIN (SELECT k FROM t WHERE k < 3) r",
            "SELECT array_agg(k ORDER BY k)[2], array_length(array_agg(k)) FROM t WHERE k < 100 GROUP BY g",
            "SELECT median(v), approx_distinct(k) > 30000, round(stddev(v), 6) FROM t",
            "SELECT k, unnest(make_array(k, g)) AS u FROM t WHERE k < 4",
            "WITH RECURSIVE up(n, total) AS (SELECT 1, 0 UNION ALL SELECT n + 1, total + n FROM up WHERE n < 50) SELECT * FROM up",
            "WITH RECURSIVE walk(k) AS (SELECT k FROM t WHERE k = 1 UNION SELECT t.k FROM t JOIN walk ON t.k = walk.k * 2) \
             SELECT count(*), max(walk.k), sum(t.v) FROM walk JOIN t ON t.k = walk.k",
            "SELECT sum(x) FROM (SELECT k AS x FROM t LIMIT 100)",
            "SELECT 1 + 1, upper('a')",
            "SELECT count(*) FROM t a, range(3) r WHERE a.k = r.value",
        ],
    );
}

#[test]
fn tables_in_memory_travel() {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..5000));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..5000).map(|i| format!("n{}", i % 13))));
    let batch = RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap();
    let pieces: Vec<_> = (0..10).map(|i| batch.slice(i * 500, 500)).collect();
    same(
        &|session| {
            session.register("m", &session.from_arrow(pieces.clone()).unwrap()).unwrap();
            session.sql("CREATE TABLE c AS SELECT t, count(*) AS n FROM m GROUP BY t").unwrap();
            session.sql("CREATE VIEW v AS SELECT n * 2 AS d FROM m WHERE n > 4990").unwrap();
        },
        &[
            "SELECT t, sum(n) FROM m GROUP BY t",
            "SELECT * FROM c",
            "SELECT * FROM v ORDER BY d",
            "SELECT m.n, c.n FROM m JOIN c ON m.t = c.t WHERE m.n < 20",
            "SELECT n FROM m LIMIT 3",
            "SELECT count(*) FROM (SELECT n FROM m LIMIT 1234)",
            "SELECT c.t, i.table_name FROM c JOIN information_schema.tables i ON i.table_name = 'c' WHERE c.n > 384",
            "SHOW TABLES",
        ],
    );
    let there = connected();
    let frame = there.from_arrow([batch]).unwrap();
    assert_eq!(frame.count().unwrap(), 5000);
    let persisted = frame.filter(col("n").lt(lit(10))).persist().unwrap();
    assert_eq!(persisted.count().unwrap(), 10);
    there.sql("CREATE TABLE target (n BIGINT)").unwrap().collect().unwrap();
    there.register("source", &frame).unwrap();
    there.sql("INSERT INTO target SELECT n FROM source WHERE n % 2 = 0").unwrap().collect().unwrap();
    assert_eq!(there.sql("SELECT count(*), sum(n) FROM target").unwrap().collect_one().unwrap().num_rows(), 1);
    assert_eq!(there.table("target").unwrap().count().unwrap(), 2500);
}

#[test]
fn order_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = files(folder.path());
    let frame = connected().read_parquet(path.as_str()).unwrap().sort([col("v").desc()]).select([col("k")]);
    let all: Vec<i64> = frame
        .collect()
        .unwrap()
        .iter()
        .flat_map(|batch| batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec())
        .collect();
    assert_eq!(all, (0..40_000).rev().collect::<Vec<_>>());
}

#[test]
fn as_of_joins() {
    let table = |from: i64, step: i64| {
        let at: ArrayRef = Arc::new(Int64Array::from_iter_values((0..300).map(|i| from + i * step)));
        let by: ArrayRef = Arc::new(StringArray::from_iter_values((0..300).map(|i| format!("k{}", i % 5))));
        let value: ArrayRef = Arc::new(Float64Array::from_iter_values((0..300).map(|i| i as f64)));
        RecordBatch::try_from_iter([("at", at), ("by", by), ("value", value)]).unwrap()
    };
    let joined = |session: &Session, options: AsofOptions| {
        let left = session.from_arrow([table(3, 7)]).unwrap();
        left.join_asof(&session.from_arrow([table(0, 5)]).unwrap(), options)
    };
    for options in [AsofOptions::on("at"), AsofOptions::on("at").by(["by"]), AsofOptions::on("at").tolerance(2_i64)] {
        assert_eq!(rows(&joined(&embedded(), options.clone())), rows(&joined(&connected(), options)));
    }
}

#[test]
fn formats_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let frame = embedded().sql("SELECT value AS k, 'a\"' || value AS s FROM range(1000)").unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    frame.write_csv(path("a.csv"), WriteOptions::default()).unwrap();
    frame.write_json(path("a.json"), WriteOptions::default()).unwrap();
    frame.write_arrow(path("a.arrow"), WriteOptions::default()).unwrap();
    let there = connected();
    let expected = rows(&frame);
    assert_eq!(rows(&there.read_csv(path("a.csv")).unwrap()), expected);
    assert_eq!(rows(&there.read_json(path("a.json")).unwrap()), expected);
    assert_eq!(rows(&there.read_arrow(path("a.arrow")).unwrap()), expected);
}

#[test]
fn workers_read_object_stores_with_the_clients_credentials() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("bucket")).unwrap();
    let server = loopback::s3(root.path());
    loopback::s3_session(&server, loopback::SECRET_KEY)
        .sql("SELECT value AS k FROM range(1000)")
        .unwrap()
        .write_parquet("s3://bucket/t.parquet", WriteOptions::default())
        .unwrap();
    let session = |secret: &str| {
        let builder = Session::connect(shared().address()).threads(1);
        let options = [
            ("aws_access_key_id", loopback::ACCESS_KEY),
            ("aws_secret_access_key", secret),
            ("aws_region", "us-east-1"),
            ("aws_endpoint", &format!("http://{}", server.address)),
        ];
        options.into_iter().fold(builder, |builder, (key, value)| builder.store_option(key, value)).build().unwrap()
    };
    let frame = session(loopback::SECRET_KEY).read_parquet("s3://bucket/t.parquet").unwrap();
    assert_eq!(frame.filter(col("k").gt_eq(lit(990))).count().unwrap(), 10);
    assert!(session("wrong").read_parquet("s3://bucket/t.parquet").is_err());
}

#[test]
fn the_sql_corpus() {
    crate::slt::run_all(&|| Session::connect(shared().address()).threads(2).build());
    crate::slt::run_all(&|| {
        let builder = Session::connect(shared().address()).threads(2);
        builder.set("swath_cluster.small_input_rows", "0").build()
    });
}

#[test]
fn settings_travel() {
    let there = connected();
    there.sql("SET swath_cluster.shipped_bytes = 1000").unwrap().collect().unwrap();
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
    let frame = there.from_arrow([RecordBatch::try_from_iter([("n", column)]).unwrap()]).unwrap();
    // Without a filter the count would be known.
    let frame = frame.filter(col("n").gt_eq(lit(0)));
    let error = frame.count().unwrap_err().to_string();
    assert!(error.contains("swath_cluster.shipped_bytes"), "{error}");
    there.sql("SET swath_cluster.shipped_bytes = 1000000").unwrap().collect().unwrap();
    there.sql("SET swath_cluster.exchange_compression = 'zstd'").unwrap().collect().unwrap();
    assert_eq!(frame.count().unwrap(), 1000);
    there.sql("SET datafusion.execution.batch_size = 100").unwrap().collect().unwrap();
    let batches = frame.sort([col("n").asc()]).collect().unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= 100));
}
