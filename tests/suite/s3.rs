//! Object stores, against a real S3 server and a web server on loopback.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arrow::ipc::MetadataVersion;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use swath::prelude::*;

use crate::loopback::{self, SECRET_KEY, Server, s3_session};

struct Fixture {
    root: tempfile::TempDir,
    server: Server,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("bucket")).unwrap();
        let server = loopback::s3(root.path());
        Self { root, server }
    }

    fn session(&self) -> Session {
        s3_session(&self.server, SECRET_KEY)
    }

    /// The objects of the bucket, without the server's own notes.
    fn objects(&self) -> Vec<String> {
        let mut found = vec![];
        let bucket = self.root.path().join("bucket");
        let mut folders = vec![bucket.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&bucket).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        found
    }
}

fn numbers(session: &Session) -> DataFrame {
    session.sql("SELECT value AS n, value % 3 AS k, concat('row ', value) AS s FROM generate_series(1, 3000)").unwrap()
}

fn sum(frame: &DataFrame) -> String {
    let batch = frame.agg([count_all().alias("c"), col("n").sum().alias("s"), col("k").sum().alias("k")]).collect_one();
    arrow::util::pretty::pretty_format_batches(&[batch.unwrap()]).unwrap().to_string()
}

#[test]
fn partitioned_parquet_goes_out_and_comes_back() {
    let fixture = Fixture::new();
    let session = fixture.session();
    let frame = numbers(&session);
    let summary = frame.write_parquet("s3://bucket/data/t", WriteOptions::default().partition_by(["k"])).unwrap();
    assert_eq!((summary.rows, summary.files), (3000, 3));
    let expected = sum(&frame);
    for path in ["s3://bucket/data/t", "s3://bucket/data/t/", "s3://bucket/data/t/*/*.parquet", "s3://bucket/**/k=*/*"]
    {
        assert_eq!(sum(&session.read_parquet(path).unwrap()), expected, "{path}");
    }
    let one = session.sql("SELECT count(*) AS c FROM 's3://bucket/data/t/' WHERE k = 1").unwrap();
    assert_eq!(arrow::util::display::array_value_to_string(one.collect_one().unwrap().column(0), 0).unwrap(), "1000");
    let error = frame.write_parquet("s3://bucket/data/t", WriteOptions::default()).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/data/t") && error.contains("already exists"), "{error}");
}

#[test]
fn modes_work_on_a_store() {
    let fixture = Fixture::new();
    let session = fixture.session();
    let frame = numbers(&session);
    let mode = |mode| WriteOptions::default().mode(mode);
    frame.write_csv("s3://bucket/c", mode(WriteMode::Error)).unwrap();
    frame.write_csv("s3://bucket/c", mode(WriteMode::Append)).unwrap();
    assert_eq!(session.read_csv("s3://bucket/c").unwrap().count().unwrap(), 6000);
    frame.limit(5).write_csv("s3://bucket/c", mode(WriteMode::Overwrite)).unwrap();
    assert_eq!(session.read_csv("s3://bucket/c").unwrap().count().unwrap(), 5);
    frame.write_json("s3://bucket/one.json.gz", mode(WriteMode::Error)).unwrap();
    assert!(frame.write_json("s3://bucket/one.json.gz", mode(WriteMode::Error)).is_err());
    assert_eq!(session.read_json("s3://bucket/one.json.gz").unwrap().count().unwrap(), 3000);
    frame.write_arrow("s3://bucket/one.arrow", mode(WriteMode::Overwrite)).unwrap();
    assert_eq!(session.read_arrow(["s3://bucket/one.arrow"]).unwrap().count().unwrap(), 3000);
}

/// The table as an IPC file whose parts are aligned to 64 bytes: there is padding behind the magic number.
fn write_aligned(frame: &DataFrame, path: &Path) {
    let batches = frame.collect().unwrap();
    let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = FileWriter::try_new_with_options(file, &frame.schema().unwrap(), options).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

#[test]
fn ipc_files_of_others_are_read_from_stores() {
    let fixture = Fixture::new();
    let session = fixture.session();
    let frame = numbers(&session);
    let web_root = tempfile::tempdir().unwrap();
    let server = loopback::web(web_root.path().to_owned());
    write_aligned(&frame, &fixture.root.path().join("bucket/aligned.arrow"));
    write_aligned(&frame, &web_root.path().join("aligned.arrow"));
    // A footer that is longer than what is read at first.
    let wide = (0..900).map(|at| lit(at).alias(format!("a column with a long name, number {at}")));
    write_aligned(&frame.limit(2).select(wide.collect::<Vec<_>>()), &web_root.path().join("wide.arrow"));
    let mut stream = StreamWriter::try_new(
        std::fs::File::create(web_root.path().join("stream.arrow")).unwrap(),
        &frame.schema().unwrap(),
    )
    .unwrap();
    frame.collect().unwrap().iter().for_each(|batch| stream.write(batch).unwrap());
    stream.finish().unwrap();
    let at = |name: &str| format!("http://{}/{name}", server.address);
    for address in ["s3://bucket/aligned.arrow".to_owned(), at("aligned.arrow"), at("stream.arrow")] {
        let read = session.read_arrow(&address).unwrap();
        assert_eq!(read.columns().unwrap(), frame.columns().unwrap(), "{address}");
        assert_eq!(sum(&read), sum(&frame), "{address}");
    }
    let wide = session.read_arrow(at("wide.arrow")).unwrap();
    assert_eq!((wide.columns().unwrap().len(), wide.count().unwrap()), (900, 2));
    // Cut off, or with a footer that lies about its length.
    let bytes = std::fs::read(web_root.path().join("aligned.arrow")).unwrap();
    let mut lying = bytes.clone();
    let at_length = lying.len() - 10;
    lying[at_length..at_length + 4].copy_from_slice(&i32::MAX.to_le_bytes());
    for (name, bytes) in [("cut.arrow", &bytes[..bytes.len() / 2]), ("lying.arrow", &lying)] {
        std::fs::write(web_root.path().join(name), bytes).unwrap();
        let error = session.read_arrow(at(name)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("cannot be read as Arrow"), "{error}");
    }
}

#[test]
fn a_large_object_goes_in_parts() {
    let fixture = Fixture::new();
    let session = fixture.session();
    let frame =
        session.sql("SELECT value AS n, md5(cast(value AS varchar)) AS s FROM generate_series(1, 500000)").unwrap();
    let summary = frame.write_csv("s3://bucket/large.csv", WriteOptions::default()).unwrap();
    assert!(summary.bytes > 16 << 20, "{summary:?}");
    assert_eq!(session.read_csv("s3://bucket/large.csv").unwrap().count().unwrap(), 500_000);
}

#[test]
fn a_failed_write_leaves_no_object() {
    let fixture = Fixture::new();
    let session = fixture.session();
    let bad = session
        .sql("SELECT value AS n, 1 / (value - 400000) AS x, md5(cast(value AS varchar)) AS s FROM generate_series(1, 450000)")
        .unwrap();
    assert!(bad.write_csv("s3://bucket/bad", WriteOptions::default()).is_err());
    assert!(session.read_csv("s3://bucket/bad").is_err());
    let left = fixture.objects();
    assert!(!left.iter().any(|name| name.starts_with("bad")), "{left:?}");
}

#[test]
fn wrong_credentials_bucket_and_key_are_told_apart() {
    let fixture = Fixture::new();
    let session = fixture.session();
    let wrong = s3_session(&fixture.server, "not the secret");
    numbers(&session).write_parquet("s3://bucket/t", WriteOptions::default()).unwrap();
    let started = Instant::now();
    for (result, expected) in [
        (wrong.read_parquet("s3://bucket/t/"), ["s3://bucket", "AWS_SECRET_ACCESS_KEY"]),
        (session.read_parquet("s3://no-such-bucket/t/"), ["s3://no-such-bucket", "does not exist"]),
        (session.read_parquet("s3://no-such-bucket/t.parquet"), ["s3://no-such-bucket", "does not exist"]),
        (session.read_parquet("s3://bucket/missing.parquet"), ["s3://bucket/missing.parquet", "no such file"]),
        (session.read_parquet("s3://bucket/t/*.csv"), ["s3://bucket/t/*.csv", "no file matches"]),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(expected.iter().all(|part| error.contains(part)), "{error} (expected {expected:?})");
        assert!(!error.contains(SECRET_KEY) && !error.contains("not the secret"), "{error}");
    }
    for (session, target, expected) in [
        (&wrong, "s3://bucket/new", ["s3://bucket", "AWS_SECRET_ACCESS_KEY"]),
        (&session, "s3://no-such-bucket/new", ["s3://no-such-bucket", "does not exist"]),
    ] {
        let error = numbers(session).write_parquet(target, WriteOptions::default()).unwrap_err().to_string();
        assert!(expected.iter().all(|part| error.contains(part)), "{error} (expected {expected:?})");
    }
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_wrong_endpoint_fails_in_seconds() {
    // A port that nobody listens on: bound, then given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let session = Session::embedded()
        .threads(1)
        .store_option("aws_endpoint", format!("http://127.0.0.1:{port}"))
        .store_option("aws_access_key_id", "x")
        .store_option("aws_secret_access_key", "y")
        .build()
        .unwrap();
    let started = Instant::now();
    let error = session.read_parquet("s3://bucket/t.parquet").unwrap_err().to_string();
    assert!(error.contains("s3://bucket cannot be reached"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let error = session.read_parquet("nonsense://bucket/t.parquet").unwrap_err().to_string();
    assert!(error.contains("nonsense"), "{error}");
}

#[test]
fn files_come_over_http() {
    let root = tempfile::tempdir().unwrap();
    let local = Session::embedded().threads(2).build().unwrap();
    let frame = numbers(&local);
    let at = |name: &str| -> PathBuf { Path::join(root.path(), name) };
    frame.write_parquet(at("a b.parquet"), WriteOptions::default()).unwrap();
    frame.write_csv(at("t.csv.gz"), WriteOptions::default()).unwrap();
    let server = loopback::web(root.path().to_owned());
    let base = format!("http://{}", server.address);
    assert_eq!(sum(&local.read_parquet(format!("{base}/a%20b.parquet")).unwrap()), sum(&frame));
    assert_eq!(sum(&local.read_csv(format!("{base}/t.csv.gz")).unwrap()), sum(&frame));
    let count = local.sql(&format!("SELECT * FROM '{base}/a%20b.parquet' WHERE n > 10")).unwrap().count().unwrap();
    assert_eq!(count, 2990);
    let error = local.read_csv(format!("{base}/missing.csv")).unwrap_err().to_string();
    assert!(error.contains("missing.csv") && error.contains("no such file"), "{error}");
    assert!(local.read_csv(format!("{base}/folder/")).unwrap_err().to_string().contains("folders cannot be listed"));
    // A signature in the query goes with every request, and is never shown.
    frame.write_parquet(at("signed.parquet"), WriteOptions::default()).unwrap();
    let signed = format!("{base}/signed.parquet?token=hunter2&part=1");
    assert_eq!(sum(&local.read_parquet(&signed).unwrap()), sum(&frame));
    let queried = local.sql(&format!("SELECT n FROM '{signed}' WHERE n > 10")).unwrap();
    assert_eq!(queried.count().unwrap(), 2990);
    let physical = queried.explain(ExplainView::Physical).unwrap();
    assert!(physical.contains("signed.parquet") && !physical.contains("hunter2"), "{physical}");
    let refused = local.read_parquet(format!("{base}/signed.parquet?token=forged")).unwrap_err();
    let shown = format!("{refused} {refused:?}");
    assert!(shown.contains("signed.parquet") && !shown.contains("forged"), "{shown}");
    drop(server);
    let gone = local.read_parquet(format!("{base}/other.parquet?token=hunter2")).unwrap_err();
    assert!(!format!("{gone} {gone:?}").contains("hunter2"), "{gone:?}");
}

#[test]
fn zarr_arrays_lie_in_stores() {
    let fixture = Fixture::new();
    let session = fixture.session();
    let arrays = session.arrays().with_chunks([40, 50]);
    let x = arrays.random(3).uniform(0.0, 1.0, [100, 100]);
    session.to_zarr(&x, "s3://bucket/lake/x.zarr", None).unwrap();
    assert!(fixture.objects().iter().any(|key| key == "lake/x.zarr/zarr.json"), "{:?}", fixture.objects());
    let back = session.from_zarr("s3://bucket/lake/x.zarr").unwrap();
    assert!(fixture.objects().iter().any(|key| key == "lake/x.zarr/c/2/1"), "{:?}", fixture.objects());
    assert_eq!((&back - &x).abs().max(()).item::<f64>().unwrap(), 0.0);
    // Rows of a table, out of the store.
    let frame = session.from_array(&back.slice(s![.., ..2]), &["a", "b"]).unwrap();
    assert_eq!(frame.count().unwrap(), 100);
    let error = session.from_zarr("s3://bucket/lake/y.zarr").unwrap_err().to_string();
    assert!(error.contains("s3://bucket/lake/y.zarr"), "{error}");
    let error = session.to_zarr(&x, "s3://bucket/lake/x.zarr", None).unwrap_err().to_string();
    assert!(error.contains("x.zarr") && error.contains("already"), "{error}");
    let error = session.from_zarr("ftp://bucket/x.zarr").unwrap_err().to_string();
    assert!(error.contains("ftp://"), "{error}");
    let wrong = s3_session(&fixture.server, "wrong");
    let error = wrong.from_zarr("s3://bucket/lake/x.zarr").unwrap_err().to_string();
    assert!(error.contains("s3://bucket/lake/x.zarr"), "{error}");
}
