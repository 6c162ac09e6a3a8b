//! Bad files, bad places, full disks, killed writers: a clear error, no panic, and nothing half-written.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use swath::prelude::*;

fn session() -> Session {
    Session::embedded().threads(2).memory_limit(256 << 20).build().unwrap()
}

fn numbers(session: &Session, rows: usize) -> DataFrame {
    session
        .sql(&format!("SELECT value AS n, md5(cast(value AS varchar)) AS s FROM generate_series(1, {rows})"))
        .unwrap()
}

/// Everything below `folder`, hidden or not; folders may go while this looks.
fn entries(folder: &Path) -> Vec<String> {
    let mut found = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        let inside = match fs::read_dir(&at) {
            Err(error) if error.kind() == ErrorKind::NotFound && at != folder => continue,
            inside => inside.unwrap(),
        };
        for entry in inside {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The message of a read that has to fail, checked for panics.
fn failure(read: Result<DataFrame>) -> String {
    let error = read.and_then(|frame| frame.collect()).unwrap_err().to_string();
    assert!(!error.contains("panicked"), "{error}");
    error
}

#[test]
fn truncated_parquet_is_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let session = session();
    let whole = folder.path().join("whole.parquet");
    numbers(&session, 20_000).write_parquet(&whole, WriteOptions::default().row_group_rows(5_000)).unwrap();
    let bytes = fs::read(&whole).unwrap();
    let cut = folder.path().join("cut.parquet");
    for length in
        [0, 1, 3, 4, 7, 8, 12, bytes.len() / 3, bytes.len() / 2, bytes.len() - 9, bytes.len() - 8, bytes.len() - 1]
    {
        fs::write(&cut, &bytes[..length]).unwrap();
        let error = failure(session.read_parquet(&cut));
        assert!(error.contains("cut.parquet"), "{length}: {error}");
    }
    fs::write(&cut, "this is no Parquet file, but long enough to hold a footer").unwrap();
    assert!(failure(session.read_parquet(&cut)).contains("cut.parquet"));
    // A folder with one bad file among good ones names it.
    assert!(failure(session.read_parquet(folder.path())).contains("cut.parquet"));
}

#[test]
fn corrupted_parquet_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let session = session();
    let path = folder.path().join("a.parquet");
    numbers(&session, 5_000).write_parquet(&path, WriteOptions::default()).unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut failed = 0;
    for step in 0..150 {
        let mut bad = bytes.clone();
        // Positions all over the file, more of them in the footer, and a few bytes in a row.
        let at = if step % 3 == 0 { bytes.len() - 1 - step * 7 } else { step * bytes.len() / 150 };
        for byte in bad.iter_mut().skip(at).take(1 + step % 4) {
            *byte = byte.wrapping_mul(31).wrapping_add(97);
        }
        fs::write(&path, &bad).unwrap();
        if let Err(error) = session.read_parquet(&path).and_then(|frame| frame.collect()) {
            failed += 1;
            assert!(!error.to_string().contains("panicked"), "byte {at}: {error}");
        }
    }
    assert!(failed > 30, "only {failed} of 150 corruptions were noticed");
}

#[test]
fn bad_text_files_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let session = session();
    let put = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    for (name, bytes, expected) in [
        ("ragged.csv", b"a,b\n1,2\n3\n".as_slice(), "ragged.csv"),
        ("long.csv", b"a,b\n1,2\n3,4,5\n", "long.csv"),
        ("bytes.csv", b"a,b\n1,\xff\xfe\n", "bytes.csv"),
        ("empty.csv", b"", "empty.csv"),
        ("zip.csv.gz", b"not compressed at all", "zip.csv.gz"),
    ] {
        let error = failure(session.read_csv(put(name, bytes)));
        assert!(error.contains(expected), "{name}: {error}");
    }
    for (name, bytes) in [
        ("garbage.json", b"{\"a\": 1}\nnot json\n".as_slice()),
        ("cut.json", b"{\"a\": 1}\n{\"a\": "),
        ("number.json", b"42\n"),
        ("empty.json", b""),
        ("bytes.json", b"{\"a\": \"\xff\xfe\"}\n"),
    ] {
        let error = failure(session.read_json(put(name, bytes)));
        assert!(error.contains(name), "{name}: {error}");
    }
    for (name, bytes) in [("garbage.arrow", b"ARROW1 but no more".as_slice()), ("empty.arrow", b"")] {
        let error = failure(session.read_arrow(put(name, bytes)));
        assert!(error.contains(name), "{name}: {error}");
    }
    // A value that does not fit the type found in the first rows.
    let mut text = "x\n".to_owned();
    text.push_str(&"1\n".repeat(20_000));
    text.push_str("word\n");
    let error = failure(session.read_csv(put("late.csv", text.as_bytes())));
    assert!(error.contains("word") && error.contains("20001") && error.contains("late.csv"), "{error}");
}

/// Rows of one file among many, of each format, that only reading finds to be bad.
#[test]
fn a_bad_file_among_many_is_named() {
    let root = tempfile::tempdir().unwrap();
    let session = session();
    let frame = numbers(&session, 30_000);
    let folders = ["parquet", "csv", "json", "arrow"].map(|kind| root.path().join(kind));
    for part in 0..5 {
        let [parquet, csv, json, arrow] = folders.each_ref().map(|folder| folder.join(format!("{part}.x")));
        frame.write_parquet(parquet.with_extension("parquet"), WriteOptions::default()).unwrap();
        frame.write_csv(csv.with_extension("csv"), WriteOptions::default()).unwrap();
        frame.write_json(json.with_extension("json"), WriteOptions::default()).unwrap();
        frame.write_arrow(arrow.with_extension("arrow"), WriteOptions::default()).unwrap();
    }
    let spoil = |path: PathBuf, change: fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
    };
    spoil(folders[0].join("3.parquet"), |bytes| bytes[4..400].fill(0xff));
    spoil(folders[1].join("3.csv"), |bytes| bytes.extend(b"word,x,y,z\n"));
    spoil(folders[2].join("3.json"), |bytes| bytes.extend(b"{\"n\": \n"));
    spoil(folders[3].join("3.arrow"), |bytes| drop(bytes.drain(1_000..100_000)));
    let reads = [
        session.read_parquet(&folders[0]),
        session.read_csv(&folders[1]),
        session.read_json(&folders[2]),
        session.read_arrow(&folders[3]),
    ];
    for (read, suffix) in reads.into_iter().zip(["parquet", "csv", "json", "arrow"]) {
        let name = format!("3.{suffix}");
        let frame = read.unwrap();
        let collected = failure(Ok(frame.clone()));
        assert!(collected.contains(&name), "{suffix}: {collected}");
        // Streaming and joins, whose scans are rewritten, say it too.
        let streamed = frame.stream().unwrap().into_iter().find_map(Result::err).unwrap().to_string();
        assert!(streamed.contains(&name), "{suffix}: {streamed}");
        let few = session.sql("SELECT value AS n FROM range(3)").unwrap();
        let joined = failure(Ok(frame.join(&few, JoinType::Inner, ["n"]).agg([col("s").max()])));
        assert!(joined.contains(&name), "{suffix}: {joined}");
    }
    session.register_csv("many", &folders[1]).unwrap();
    assert!(failure(session.sql("SELECT max(s) FROM many")).contains("3.csv"));
    // A mistake in the query is not blamed on a file.
    let division = failure(session.sql(&format!("SELECT n / (n - n) FROM '{}/0.csv'", folders[1].display())));
    assert!(!division.contains("0.csv"), "{division}");
}

#[test]
fn places_that_are_not_there_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let session = session();
    fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let at = |name: &str| folder.path().join(name);
    for (path, expected) in [
        (at("missing.csv"), "no such file or folder"),
        (at("no-folder/*.csv"), "there is no folder"),
        (at("*.csv"), "no file matches"),
        (at("[.csv"), "not a glob"),
        (at(""), "has no CSV files"),
        (at("notes.txt/x.csv"), "cannot be read"),
    ] {
        let error = failure(session.read_csv(&path));
        assert!(error.contains(expected) && error.contains(path.to_str().unwrap()), "{error} (expected {expected})");
    }
    assert!(failure(session.read_csv(Vec::<String>::new())).contains("at least one path"));
    // The superuser reads everything.
    if unsafe { libc::geteuid() } != 0 {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir(at("closed")).unwrap();
        fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        let error = failure(session.read_csv(at("closed")));
        fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(error.contains("closed") && error.contains("cannot be read"), "{error}");
    }
}

#[test]
fn schemas_of_one_folder_meet_or_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let session = session();
    let write = |name: &str, query: &str| {
        session.sql(query).unwrap().write_parquet(folder.path().join(name), WriteOptions::default()).unwrap();
    };
    write("a.parquet", "SELECT CAST(1 AS INT) AS x, 'a' AS y");
    write("b.parquet", "SELECT 2 AS x, 0.5 AS z");
    let read = session.read_parquet(folder.path()).unwrap();
    let rows = read.select([col("x"), col("y").is_null().alias("y"), col("z").is_null().alias("z")]);
    let text = arrow::util::pretty::pretty_format_batches(&rows.sort(["x"]).collect().unwrap()).unwrap().to_string();
    assert!(text.contains("| 1 | false | true  |") && text.contains("| 2 | true  | false |"), "{text}");
    write("c.parquet", "SELECT 'word' AS x");
    let error = failure(session.read_parquet(folder.path()));
    for part in ["a.parquet", "c.parquet", "'x'"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_full_spill_disk_names_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let session = Session::embedded()
        .threads(2)
        .memory_limit(24 << 20)
        .spill_folder(folder.path())
        .spill_limit(1 << 20)
        .build()
        .unwrap();
    let error = numbers(&session, 2_000_000).sort(["s"]).collect().unwrap_err().to_string();
    assert!(error.contains("spill"), "{error}");
    // At once, since a process may end right after.
    drop(session);
    assert!(!entries(folder.path()).iter().any(|name| name.contains('/')), "{:?}", entries(folder.path()));
}

#[test]
fn a_spill_disk_that_the_system_calls_full_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(spawn("full spill disk", folder.path()).wait().unwrap().success());
    assert!(!entries(folder.path()).iter().any(|name| name.contains('/')), "{:?}", entries(folder.path()));
}

/// Names what a child of this test binary has to do; see [`child`].
const ROLE: &str = "SWATH_TEST_ROLE";
const TARGET: &str = "SWATH_TEST_TARGET";

fn spawn(role: &str, target: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["bad_input::child", "--exact", "--nocapture"])
        .env(ROLE, role)
        .env(TARGET, target)
        .spawn()
        .unwrap()
}

/// Not a test of its own: what [`spawn`] runs in a process of its own.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let target = PathBuf::from(std::env::var(TARGET).unwrap());
    match role.as_str() {
        "slow writer" => {
            numbers(&session(), 1_000_000_000)
                .write_csv(target, WriteOptions::default().mode(WriteMode::Overwrite))
                .unwrap();
        }
        "full disk" => {
            // A limit on the size of a file stands for a disk that is full.
            let limit = libc::rlimit { rlim_cur: 300_000, rlim_max: 300_000 };
            unsafe {
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
            }
            let error = numbers(&session(), 200_000)
                .write_csv(&target, WriteOptions::default().mode(WriteMode::Overwrite))
                .unwrap_err()
                .to_string();
            assert!(error.contains(target.to_str().unwrap()), "{error}");
            assert!(error.to_lowercase().contains("too large"), "{error}");
        }
        "full spill disk" => {
            let limit = libc::rlimit { rlim_cur: 300_000, rlim_max: 300_000 };
            unsafe {
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
            }
            for sql in [
                "SELECT value, md5(cast(value AS varchar)) AS s FROM generate_series(1, 1000000) ORDER BY s",
                "SELECT md5(cast(value AS varchar)) AS s, count(*) FROM generate_series(1, 1000000) GROUP BY s",
            ] {
                let builder = Session::embedded().threads(2).memory_limit(32 << 20).spill_folder(&target);
                let session = builder.build().unwrap();
                let error = session.sql(sql).unwrap().collect().unwrap_err().to_string();
                for word in ["spill folder is full", "spill_folder", "memory_limit"] {
                    assert!(error.contains(word), "{sql}: {error}");
                }
            }
        }
        "slow insert" => {
            let session = session();
            create_numbers(&session, &target);
            session
                .sql("INSERT INTO numbers SELECT value FROM generate_series(1, 1000000000)")
                .and_then(|frame| frame.collect())
                .unwrap();
        }
        other => panic!("no role {other}"),
    }
}

/// Bytes below `folder`.
fn bytes_below(folder: &Path) -> u64 {
    entries(folder).iter().filter_map(|name| fs::metadata(folder.join(name)).ok()).map(|data| data.len()).sum()
}

#[test]
fn a_killed_writer_leaves_the_old_and_nothing_else_to_read() {
    for name in ["t", "t.csv"] {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join(name);
        let session = session();
        numbers(&session, 10).write_csv(&target, WriteOptions::default()).unwrap();
        let before = bytes_below(root.path());
        let mut writer = spawn("slow writer", &target);
        let started = Instant::now();
        while bytes_below(root.path()) < before + (3 << 20) {
            assert!(started.elapsed() < Duration::from_secs(60), "the writer did not get going");
            assert!(writer.try_wait().unwrap().is_none(), "the writer ended early");
            std::thread::sleep(Duration::from_millis(20));
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(entries(root.path()).iter().any(|name| name.contains(".swath-")), "it was killed in the middle");
        assert_eq!(session.read_csv(&target).unwrap().count().unwrap(), 10);
        assert_eq!(session.read_csv(root.path()).unwrap().count().unwrap(), 10);
        assert_eq!(session.read_csv(root.path().join("**/*.csv")).unwrap().count().unwrap(), 10);
        // The next write takes the leftovers away.
        numbers(&session, 5).write_csv(&target, WriteOptions::default().mode(WriteMode::Overwrite)).unwrap();
        assert!(!entries(root.path()).iter().any(|name| name.contains(".swath-")), "{:?}", entries(root.path()));
        assert_eq!(session.read_csv(root.path()).unwrap().count().unwrap(), 5);
    }
}

#[test]
fn a_full_disk_leaves_the_old() {
    for name in ["t", "t.csv"] {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join(name);
        numbers(&session(), 10).write_csv(&target, WriteOptions::default()).unwrap();
        let before = entries(root.path());
        assert!(spawn("full disk", &target).wait().unwrap().success());
        assert_eq!(entries(root.path()), before);
        assert_eq!(session().read_csv(&target).unwrap().count().unwrap(), 10);
    }
}

#[test]
fn a_cancelled_write_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("t");
    let session = session();
    let text =
        format!("COPY (SELECT value AS n FROM generate_series(1, 1000000000)) TO '{}' STORED AS CSV", target.display());
    let stream = session.sql(&text).unwrap().stream().unwrap();
    let started = Instant::now();
    while bytes_below(root.path()) < 1 << 20 {
        assert!(started.elapsed() < Duration::from_secs(60), "the write did not get going");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(stream);
    let cancelled = Instant::now();
    while !entries(root.path()).is_empty() {
        assert!(cancelled.elapsed() < Duration::from_secs(5), "{:?}", entries(root.path()));
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn create_numbers(session: &Session, folder: &Path) {
    let text = format!("CREATE EXTERNAL TABLE numbers (n BIGINT) STORED AS CSV LOCATION '{}/'", folder.display());
    session.sql(&text).unwrap();
}

#[test]
fn an_insert_is_seen_whole_or_not_at_all() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("numbers");
    fs::create_dir(&target).unwrap();
    let session = session();
    create_numbers(&session, &target);
    let count = || session.sql("SELECT n FROM numbers").unwrap().count().unwrap();
    session.sql("INSERT INTO numbers VALUES (1), (2)").unwrap().collect().unwrap();
    session.sql("INSERT INTO numbers VALUES (3)").unwrap().collect().unwrap();
    assert_eq!(count(), 3);
    let before = entries(root.path());
    // One that fails on the way.
    let failing = "INSERT INTO numbers SELECT CASE WHEN value < 900000 THEN value ELSE value / (value - value) END \
                   FROM generate_series(1, 1000000)";
    assert!(failure(session.sql(failing)).to_lowercase().contains("zero"));
    assert_eq!(entries(root.path()), before);
    // One that is killed.
    let mut writer = spawn("slow insert", &target);
    let started = Instant::now();
    while bytes_below(root.path()) < 3 << 20 {
        assert!(started.elapsed() < Duration::from_secs(60), "the insert did not get going");
        assert!(writer.try_wait().unwrap().is_none(), "the insert ended early");
        std::thread::sleep(Duration::from_millis(20));
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert_eq!(count(), 3);
    assert_eq!(entries(&target).len(), before.len() - 1);
    // The next insert takes the leftovers away.
    session.sql("INSERT INTO numbers VALUES (4)").unwrap().collect().unwrap();
    assert_eq!(count(), 4);
    session.sql("INSERT OVERWRITE numbers VALUES (9)").unwrap().collect().unwrap();
    assert_eq!(count(), 1);
    assert!(!entries(root.path()).iter().any(|name| name.contains(".swath-")), "{:?}", entries(root.path()));
}
