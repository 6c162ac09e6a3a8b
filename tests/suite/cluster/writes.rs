//! Workers write; a write appears as a whole, or not at all.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use swath::prelude::*;

use super::{builder, connected, embedded, rows, shared};
use crate::loopback;

/// A folder with `t`: 40,000 rows in four Parquet files, `t(k, g, s)`.
fn table(folder: &Path) -> String {
    let target = folder.join("t");
    std::fs::create_dir_all(&target).unwrap();
    for part in 0..4 {
        let sql = format!(
            "SELECT value AS k, value % 7 AS g, CASE WHEN value % 50 > 0 THEN 'text ' || (value % 1000) END AS s FROM \
             range({}, {})",
            part * 10_000,
            (part + 1) * 10_000
        );
        let path = target.join(format!("{part}.parquet"));
        embedded().sql(&sql).unwrap().write_parquet(path.to_str().unwrap(), WriteOptions::default()).unwrap();
    }
    target.to_str().unwrap().to_owned()
}

/// The files below `folder`, hidden ones too.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

fn entries(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn named(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn one_file_a_partition_in_every_format() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let frame = connected().read_parquet(path.as_str()).unwrap();
    let expected = rows(&embedded().read_parquet(path.as_str()).unwrap());
    let target = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let (p, c, j, a) = (target("p"), target("c"), target("j"), target("a"));
    let gzip = WriteOptions::default().compression("gzip").null_value("none").delimiter(b';');
    let summaries = [
        frame.write_parquet(&p, WriteOptions::default().compression("zstd(5)").row_group_rows(999)).unwrap(),
        frame.write_csv(&c, gzip).unwrap(),
        frame.write_json(&j, WriteOptions::default()).unwrap(),
        frame.write_arrow(&a, WriteOptions::default().compression("lz4")).unwrap(),
    ];
    assert!(summaries.iter().all(|summary| (summary.rows, summary.files) == (40_000, 2)), "{summaries:?}");
    assert_eq!(files(Path::new(&p)), named(&["part-00000.parquet", "part-00001.parquet"]));
    assert_eq!(files(Path::new(&c)), named(&["part-00000.csv.gz", "part-00001.csv.gz"]));
    assert_eq!(rows(&embedded().read_parquet(&p).unwrap()), expected);
    let options = CsvOptions::default().delimiter(b';').null_values(["none"]);
    assert_eq!(embedded().read_csv_with(&c, options).unwrap().count().unwrap(), 40_000);
    assert_eq!(rows(&embedded().read_json(&j).unwrap().select([col("k"), col("g"), col("s")])), expected);
    assert_eq!(rows(&embedded().read_arrow(&a).unwrap()), expected);
    let bytes: u64 = files(Path::new(&p)).iter().map(|name| Path::new(&p).join(name).metadata().unwrap().len()).sum();
    assert_eq!(summaries[0].bytes, bytes);
    assert_eq!(entries(root.path()), named(&["t", "p", "c", "j", "a"]), "nothing hidden is left");
}

#[test]
fn modes_partitions_and_single_files() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let there = connected();
    let frame = there.read_parquet(path.as_str()).unwrap();
    let target = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let mode = |mode| WriteOptions::default().mode(mode);
    let out = target("out");
    frame.write_parquet(&out, mode(WriteMode::Error)).unwrap();
    let error = frame.write_parquet(&out, mode(WriteMode::Error)).unwrap_err().to_string();
    assert!(error.contains("already exists"), "{error}");
    frame.write_parquet(&out, mode(WriteMode::Append)).unwrap();
    assert_eq!((files(Path::new(&out)).len(), embedded().read_parquet(&out).unwrap().count().unwrap()), (4, 80_000));
    frame.filter(col("g").eq(lit(1))).write_parquet(&out, mode(WriteMode::Overwrite)).unwrap();
    assert_eq!(embedded().read_parquet(&out).unwrap().count().unwrap(), 5_715);
    // A frame may replace what it reads.
    let again = there.read_parquet(&out).unwrap().filter(col("k").lt(lit(100)));
    again.write_parquet(&out, mode(WriteMode::Overwrite)).unwrap();
    assert_eq!(embedded().read_parquet(&out).unwrap().count().unwrap(), 15);

    let by = target("by");
    let summary = frame.write_parquet(&by, WriteOptions::default().partition_by(["g"])).unwrap();
    assert_eq!((summary.rows, summary.files), (40_000, 7));
    let folders: BTreeSet<String> = (0..7).map(|g| format!("g={g}")).collect();
    assert_eq!(entries(Path::new(&by)), folders);
    let read = embedded().read_parquet(&by).unwrap().select([col("k"), col("g"), col("s")]);
    assert_eq!(rows(&read), rows(&embedded().read_parquet(path.as_str()).unwrap()));

    let single = target("sorted.csv.zst");
    frame.sort([col("k").desc()]).write_csv(&single, WriteOptions::default()).unwrap();
    let read = embedded().read_csv(&single).unwrap().limit(1).collect().unwrap();
    assert_eq!(format!("{:?}", read[0].column(0).slice(0, 1)), "PrimitiveArray<Int64>\n[\n  39999,\n]");
    let none = target("none");
    assert_eq!(frame.filter(col("k").lt(lit(0))).write_csv(&none, WriteOptions::default()).unwrap().files, 1);
    assert_eq!(embedded().read_csv(&none).unwrap().columns().unwrap(), ["k", "g", "s"]);
    assert_eq!(entries(root.path()), named(&["t", "out", "by", "sorted.csv.zst", "none"]));
}

#[test]
fn copy_and_insert() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let there = connected();
    there.register_parquet("t", path.as_str()).unwrap();
    let run = |sql: &str| there.sql(sql).and_then(|frame| frame.collect());
    let at = |name: &str| root.path().join(name).display().to_string();
    let copy = there.sql(&format!("COPY t TO '{}' STORED AS CSV", at("x"))).unwrap().physical_plan().unwrap();
    assert_eq!(copy.name(), "ClusterWriteExec");
    run(&format!("COPY (SELECT k, s FROM t WHERE k < (SELECT avg(k) FROM t)) TO '{}' STORED AS CSV", at("c"))).unwrap();
    assert_eq!(embedded().read_csv(at("c")).unwrap().count().unwrap(), 20_000);
    let error = run(&format!("COPY t TO '{}' STORED AS CSV", at("c"))).unwrap_err().to_string();
    assert!(error.contains("already exists"), "{error}");
    run(&format!(
        "CREATE EXTERNAL TABLE e (k BIGINT, g BIGINT) STORED AS PARQUET PARTITIONED BY (g) LOCATION '{}/'",
        at("e")
    ))
    .unwrap();
    run("INSERT INTO e SELECT k, g FROM t WHERE g < 3").unwrap();
    run("INSERT INTO e SELECT k + 100000, g FROM t WHERE g < 3").unwrap();
    let count = "SELECT g, count(*) AS n, min(k) AS a, max(k) AS b FROM e GROUP BY g";
    let expected = "SELECT g, 2 * count(*) AS n, min(k) AS a, max(k) + 100000 AS b FROM t WHERE g < 3 GROUP BY g";
    assert_eq!(rows(&there.sql(count).unwrap()), rows(&there.sql(expected).unwrap()));
    run("INSERT OVERWRITE e VALUES (1, 2)").unwrap();
    assert_eq!(there.table("e").unwrap().count().unwrap(), 1);
    assert_eq!(entries(root.path()), named(&["t", "c", "e"]));
}

#[test]
fn a_failed_write_leaves_nothing_and_keeps_the_old() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let there = connected();
    let bad = there.sql(&format!("SELECT k, 1 / (k - 39000) AS q FROM '{path}'")).unwrap();
    let target = root.path().join("out");
    let target = target.to_str().unwrap();
    let error = bad.write_parquet(target, WriteOptions::default()).unwrap_err().to_string();
    assert!(error.to_lowercase().contains("divide by zero"), "{error}");
    assert_eq!(entries(root.path()), named(&["t"]));
    there.read_parquet(path.as_str()).unwrap().write_parquet(target, WriteOptions::default()).unwrap();
    let before = files(Path::new(target));
    assert!(bad.write_parquet(target, WriteOptions::default().mode(WriteMode::Overwrite)).is_err());
    assert_eq!((files(Path::new(target)), entries(root.path())), (before, named(&["t", "out"])));
}

#[test]
fn stores_are_written_by_workers() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let bucket = root.path().join("s3/bucket");
    std::fs::create_dir_all(&bucket).unwrap();
    let server = loopback::s3(&root.path().join("s3"));
    let session = |secret: &str| {
        let options = [
            ("aws_access_key_id", loopback::ACCESS_KEY),
            ("aws_secret_access_key", secret),
            ("aws_region", "us-east-1"),
            ("aws_endpoint", &format!("http://{}", server.address)),
        ];
        let builder = Session::connect(shared().address()).threads(1);
        options.into_iter().fold(builder, |builder, (key, value)| builder.store_option(key, value)).build().unwrap()
    };
    let there = session(loopback::SECRET_KEY);
    let frame = there.read_parquet(path.as_str()).unwrap();
    let objects = || -> BTreeSet<String> { files(&bucket).into_iter().filter(|name| !name.starts_with('.')).collect() };
    let summary = frame.write_parquet("s3://bucket/out", WriteOptions::default()).unwrap();
    assert_eq!((summary.rows, summary.files), (40_000, 2));
    assert_eq!(objects(), named(&["out/part-00000.parquet", "out/part-00001.parquet"]));
    let expected = rows(&embedded().read_parquet(path.as_str()).unwrap());
    assert_eq!(rows(&there.read_parquet("s3://bucket/out/").unwrap()), expected);
    let error = frame.write_parquet("s3://bucket/out", WriteOptions::default()).unwrap_err().to_string();
    assert!(error.contains("already exists"), "{error}");
    let bad = there.sql(&format!("SELECT k, 1 / (k - 39000) AS q FROM '{path}'")).unwrap();
    let overwrite = || WriteOptions::default().mode(WriteMode::Overwrite);
    assert!(bad.write_parquet("s3://bucket/out", overwrite()).is_err());
    assert_eq!(rows(&there.read_parquet("s3://bucket/out/").unwrap()), expected);
    frame.write_parquet("s3://bucket/out", overwrite().partition_by(["g"])).unwrap();
    assert!(objects().iter().all(|name| name.starts_with("out/g=")) && objects().len() == 7, "{:?}", objects());
    frame.select([col("k")]).write_csv("s3://bucket/one.csv", WriteOptions::default()).unwrap();
    assert_eq!(there.read_csv("s3://bucket/one.csv").unwrap().count().unwrap(), 40_000);
    let wrong = session("wrong").read_parquet(path.as_str()).unwrap();
    let error = wrong.write_parquet("s3://bucket/no", WriteOptions::default()).unwrap_err().to_string();
    assert!(error.contains("s3://bucket"), "{error}");
}

#[test]
fn a_worker_killed_in_the_middle_of_a_write() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let mut cluster = builder().workers(2).threads(1).memory_limit(512 << 20).start().unwrap();
    let session = Session::connect(cluster.address()).threads(1).build().unwrap();
    let sql = format!(
        "SELECT a.k * 100 + b.value AS k, a.g, repeat(md5(a.s || b.value), 4) AS s FROM '{path}' a CROSS JOIN range(100) b"
    );
    let target = root.path().join("out");
    let (frame, text) = (session.sql(&sql).unwrap(), target.to_str().unwrap().to_owned());
    let write = std::thread::spawn(move || frame.write_parquet(&text, WriteOptions::default()));
    let begin = Instant::now();
    let is_writing = || {
        let hidden = entries(root.path()).into_iter().find(|name| name.starts_with(".out.swath-"));
        hidden.is_some_and(|name| {
            root.path().join(name).join("tasks").read_dir().is_ok_and(|mut files| files.next().is_some())
        })
    };
    while !is_writing() {
        assert!(begin.elapsed() < Duration::from_secs(60) && !write.is_finished(), "no task began to write");
        std::thread::sleep(Duration::from_millis(5));
    }
    cluster.kill_worker(0);
    match write.join().unwrap() {
        Ok(summary) => {
            assert_eq!(summary.rows, 4_000_000);
            let read = embedded().read_parquet(target.to_str().unwrap()).unwrap();
            let totals = read.agg([col("k").sum().alias("sum"), col("k").n_unique().alias("n")]);
            assert_eq!(rows(&totals), ["| 7999998000000 | 4000000 |", "| sum           | n       |"]);
            assert_eq!(entries(root.path()), named(&["t", "out"]));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(entries(root.path()), named(&["t"]), "{error}");
        }
    }
}
