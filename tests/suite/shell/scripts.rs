//! Scripts: `-c`, `-f`, pipes, exit codes, formats, output files.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn swath(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
    command.arg("sql").args(["--threads", "2"]).args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (String, String, Option<i32>) {
    texts(&swath(arguments).output().unwrap())
}

fn run_piped(input: &str, arguments: &[&str]) -> (String, String, Option<i32>) {
    let mut child =
        swath(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    texts(&child.wait_with_output().unwrap())
}

fn texts(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn commands_share_a_session_and_run_in_order() {
    let (out, err, code) =
        run(&["--format", "csv", "-c", "CREATE VIEW v AS SELECT 7 AS x; SELECT 1 AS a", "-c", "SELECT x FROM v"]);
    assert_eq!((out.as_str(), err.as_str(), code), ("a\n1\nx\n7\n", "", Some(0)));
}

#[test]
fn every_format_writes_the_same_rows() {
    let sql = "SELECT 1 AS n, 'a,b' AS t UNION ALL SELECT NULL, '' ORDER BY 1";
    for (format, expected) in [
        ("csv", "n,t\n1,\"a,b\"\n,\"\"\n"),
        ("tsv", "n\tt\n1\ta,b\n\t\"\"\n"),
        ("json", "{\"n\":1,\"t\":\"a,b\"}\n{\"n\":null,\"t\":\"\"}\n"),
        ("markdown", "| n | t |\n| ---: | --- |\n| 1 | a,b |\n| *NULL* |  |\n"),
        ("vertical", "── row 1 ────\nn │ 1\nt │ a,b\n── row 2 ────\nn │ NULL\nt │ \n2 rows\n"),
        (
            "table",
            "┌──────┬─────┐\n│    n │ t   │\n├──────┼─────┤\n│    1 │ a,b │\n│ NULL │     │\n└──────┴─────┘\n2 rows\n",
        ),
    ] {
        assert_eq!(run(&["--format", format, "-c", sql]).0, expected, "{format}");
    }
}

#[test]
fn the_first_failure_ends_a_script_with_code_1() {
    let (out, err, code) = run(&["--format", "csv", "-c", "SELECT 1 AS a; SELECT nonsense; SELECT 2 AS b"]);
    assert_eq!((out.as_str(), code), ("a\n1\n", Some(1)));
    assert!(err.starts_with("error: column 'nonsense' not found"), "{err}");

    let (out, _, code) =
        run(&["--format", "csv", "--keep-going", "-c", "SELECT 1 AS a; SELECT nonsense; SELECT 2 AS b"]);
    assert_eq!((out.as_str(), code), ("a\n1\nb\n2\n", Some(1)));
}

#[test]
fn errors_show_their_place_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.sql");
    fs::write(&file, "-- a report\nSELECT 1;\n\nSELECT amount,\n       totl\nFROM (SELECT 1 AS amount, 2 AS total);\n")
        .unwrap();
    let (_, err, code) = run(&["-f", file.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    let place = format!("  --> {}:5:8\n 5 |        totl\n   |        ^^^^\n", file.display());
    assert!(err.contains("(did you mean 'total'?)") && err.ends_with(&place), "{err}");

    let (_, err, _) = run(&["-c", "SELECT 1; SELEC 2"]);
    assert!(err.contains("line 1, column 11\n 1 | SELECT 1; SELEC 2\n   |           ^"), "{err}");
}

#[test]
fn errors_of_analysed_statements_keep_their_place() {
    let (_, err, code) = run(&["-c", "EXPLAIN ANALYZE\n  SELECT nam FROM (SELECT 1 AS name)"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("line 2, column 10\n 2 |   SELECT nam FROM"), "{err}");
}

#[test]
fn sql_comes_through_a_pipe() {
    let (out, err, code) =
        run_piped("SELECT 1 AS a;\nSELECT\n 2 AS b -- no semicolon at the end", &["--format", "json"]);
    assert_eq!((out.as_str(), err.as_str(), code), ("{\"a\":1}\n{\"b\":2}\n", "", Some(0)));
    let (out, _, _) = run_piped("SELECT 3 AS c", &["--format", "csv", "-f", "-"]);
    assert_eq!(out, "c\n3\n");
    assert_eq!(run_piped("", &[]), (String::new(), String::new(), Some(0)));
}

#[test]
fn answers_come_before_the_pipe_ends() {
    let mut child = swath(&["--format", "csv"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"SELECT 5 AS five;\n").unwrap();
    let mut answer = [0; 7];
    child.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"five\n5\n");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn commands_work_in_scripts() {
    let script = "CREATE TABLE t (a BIGINT, b VARCHAR) AS VALUES (1, 'x');\n\\d t\n\\o csv\nSELECT * FROM t;\n\\q\nSELECT nonsense;\n";
    let (out, err, code) = run_piped(script, &["--quiet"]);
    assert_eq!((err.as_str(), code), ("", Some(0)));
    assert!(out.contains("│ a      │ Int64") && out.ends_with("a,b\n1,x\n"), "{out}");
    // The name of a file tells its format, whatever was set before.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.parquet").display().to_string();
    let script = format!("\\o table\n\\o {file}\nSELECT 7 AS n;\n\\o\n\\o csv\nSELECT n FROM '{file}';");
    assert_eq!(run_piped(&script, &["--quiet"]), ("n\n7\n".to_owned(), String::new(), Some(0)));
    let (_, err, code) = run(&["-c", "\\nonsense"]);
    assert!(err.contains("there is no command \\nonsense") && code == Some(1), "{err}");
}

#[test]
fn a_file_gets_its_name_when_all_has_succeeded() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let names =
        |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();

    assert_eq!(run(&["--output", &path("bad.csv"), "-c", "SELECT 1; SELECT nonsense"]).2, Some(1));
    assert!(names(folder.path()).is_empty());

    assert_eq!(run(&["--output", &path("a.csv"), "-c", "SELECT 1 AS a"]), (String::new(), String::new(), Some(0)));
    assert_eq!(fs::read_to_string(path("a.csv")).unwrap(), "a\n1\n");

    assert_eq!(run(&["--output", &path("a.parquet"), "-c", "SELECT value FROM generate_series(1, 1000)"]).2, Some(0));
    let count = format!("SELECT count(*) AS n, sum(value) AS s FROM '{}'", path("a.parquet"));
    assert_eq!(run(&["--format", "csv", "-c", &count]).0, "n,s\n1000,500500\n");

    let (_, err, code) = run(&["--output", &path("b.arrow"), "-c", "SELECT 1; SELECT 2"]);
    assert!(err.contains("each one needs a file of its own") && code == Some(1), "{err}");
    assert_eq!(names(folder.path()).len(), 2);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = swath(&["--format", "csv", "-c", "SELECT * FROM generate_series(1, 100000000)"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 6];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"value\n");
    let (_, err, code) = texts(&child.wait_with_output().unwrap());
    assert_eq!((err.as_str(), code), ("", Some(0)));
}

#[test]
fn interrupted_scripts_end_with_130() {
    let child = swath(&["-c", "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000000) b WHERE a.value % 7 = b.value % 5"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let started = Instant::now();
    // SAFETY: a signal to a child that has not been waited for.
    assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGINT) }, 0);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
}

#[test]
fn plans_are_readable() {
    let (out, _, _) = run(&["-c", "EXPLAIN SELECT 1 AS x"]);
    assert!(
        out.starts_with("logical plan\n  Projection: Int64(1) AS x\n") && out.contains("\nphysical plan\n  "),
        "{out}"
    );
    let (out, _, _) = run(&["-c", "EXPLAIN STAGES SELECT value % 3, count(*) FROM generate_series(1, 99) GROUP BY 1"]);
    assert!(out.starts_with("Stage 0 (1 task)") && out.contains("Hash(") && out.contains("-> result"), "{out}");
    let (out, _, _) = run(&["-c", "EXPLAIN STAGES SELECT * FROM (VALUES (1), (2)) t(x)"]);
    assert!(out.starts_with("Stage 0 (1 task, about 2 rows, 16 B) -> result\n"), "{out}");
    let (out, _, _) = run(&["-c", "EXPLAIN ANALYZE SELECT count(*) FROM generate_series(1, 1000)"]);
    assert!(out.contains("1,000") && out.contains("elapsed:") && out.contains("AggregateExec"), "{out}");
}

#[test]
fn wrong_usage_is_one_clear_error() {
    for (arguments, message, code) in [
        (&["--memory-limit", "lots", "-c", "SELECT 1"][..], "expected a size such as 512MB", 2),
        (&["--memory-limit", "1kb", "-c", "SELECT 1"], "memory_limit must be at least 16 MB", 1),
        (&["--format", "xml", "-c", "SELECT 1"], "invalid value 'xml'", 2),
        (&["--connect", "swath://localhost:1", "-c", "SELECT 1"], "no scheduler answers", 1),
        (&["--set", "swath.nonsense=1", "-c", "SELECT 1"], "\"nonsense\" not found", 1),
        (&["--set", "nonsense", "-c", "SELECT 1"], "expected KEY=VALUE", 2),
        (&["-f", "/no/such/file.sql"], "/no/such/file.sql", 1),
        (&["--output", "/no/such/folder/a.csv", "-c", "SELECT 1"], "/no/such/folder/a.csv", 1),
        (&["--max-rows", "few", "-c", "SELECT 1"], "expected a number of rows or 'all'", 2),
    ] {
        let (out, err, actual) = run(arguments);
        assert!(err.starts_with("error: ") && err.contains(message), "{arguments:?}: {err}");
        assert_eq!((out.as_str(), actual), ("", Some(code)), "{arguments:?}: {err}");
    }
}

#[test]
fn help_has_examples_and_the_version_is_told() {
    for arguments in [&["--help"][..], &["sql", "--help"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_swath")).args(arguments).output().unwrap();
        let (out, _, code) = texts(&output);
        assert!(out.contains("Examples:\n  swath sql") && code == Some(0), "{out}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_swath")).arg("--version").output().unwrap();
    assert_eq!(texts(&output).0, format!("swath {}\n", env!("CARGO_PKG_VERSION")));
}

/// The promise is 60 ms; the bound leaves room for a busy machine, and still catches work at start-up.
#[test]
fn starting_is_quick() {
    let best = (0..5).map(|_| {
        let started = Instant::now();
        assert_eq!(run(&["--quiet", "-c", "SELECT 1"]).2, Some(0));
        started.elapsed()
    });
    let best = best.min().unwrap();
    assert!(best < Duration::from_millis(200), "the quickest of five runs took {best:?}");
}

/// The promise is 1 ms for a trivial query in a warm session; the bound leaves room for a busy machine.
#[test]
fn a_warm_session_answers_at_once() {
    let time = |statements: usize| {
        let started = Instant::now();
        let (out, _, code) = run_piped(&"SELECT 1 AS a;\n".repeat(statements), &["--format", "csv", "--quiet"]);
        assert_eq!((out.len(), code), (statements * "a\n1\n".len(), Some(0)));
        started.elapsed()
    };
    let best = (0..3).map(|_| time(501).saturating_sub(time(1)) / 500).min().unwrap();
    println!("a trivial statement takes {best:?}");
    assert!(best < Duration::from_millis(5), "a trivial statement takes {best:?}");
}
