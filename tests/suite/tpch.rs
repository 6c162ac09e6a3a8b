//! TPC-H at scale 0.01: generated data, all queries in both forms, answers verified against the reference; and that a
//! generator which is killed leaves nothing that is taken for data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

fn swath(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
    command.arg("tpch").args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    swath(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn all_queries_in_both_forms_give_the_reference_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (data, report) = (folder.path().join("data"), folder.path().join("report.json"));
    let (data, report) = (data.to_str().unwrap(), report.to_str().unwrap());
    let run = ["run", "--scale", "0.01", "--data", data, "--form", "both", "--threads", "2", "--json", report];
    let result = output(&run);
    assert!(result.status.success(), "{}\n{}", text(&result.stdout), text(&result.stderr));
    let report: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    let outcomes = report["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 44);
    assert!(outcomes.iter().all(|outcome| outcome["verdict"] == "verified"), "{report}");

    // The same data under another scale have other answers.
    let wrong = output(&["run", "--scale", "0.1", "--data", data]);
    assert!(!wrong.status.success());
    assert!(text(&wrong.stderr).contains("another scale"), "{}", text(&wrong.stderr));
}

#[test]
fn a_wrong_answer_is_reported_and_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let generated = output(&["generate", "--scale", "0.02", "--output", data.to_str().unwrap()]);
    assert!(generated.status.success(), "{}", text(&generated.stderr));
    // Without its manifest it may pass for data from elsewhere.
    fs::remove_file(data.join(".swath-tpch.json")).unwrap();
    let result = output(&["run", "--scale", "0.01", "--data", data.to_str().unwrap(), "--queries", "1,6"]);
    assert!(!result.status.success());
    let printed = text(&result.stdout);
    assert!(printed.contains("WRONG") && printed.contains("2 of 2 wrong or failed: q01, q06"), "{printed}");
}

#[test]
fn where_there_is_no_reference_the_forms_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let both = output(&["run", "--scale", "0.002", "--data", data, "--form", "both", "--queries", "3"]);
    assert!(both.status.success(), "{}", text(&both.stderr));
    assert_eq!(text(&both.stdout).matches("forms agree").count(), 2, "{}", text(&both.stdout));
    let one = output(&["run", "--scale", "0.002", "--data", data, "--queries", "3"]);
    assert!(text(&one.stdout).contains("unverified"), "{}", text(&one.stdout));
}

#[test]
fn a_killed_generator_leaves_no_half_file_and_the_next_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let output_folder = folder.path().to_str().unwrap();
    let generate = ["generate", "--scale", "0.2", "--output", output_folder, "--parts", "4", "--threads", "1"];
    let mut child = swath(&generate).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    // Killed in the middle of a file, with another one whole.
    while !files(folder.path()).iter().any(|file| is_data(file))
        || !files(folder.path()).iter().any(|f| is_unfinished(f))
    {
        assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none(), "it was never seen at work");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let whole = files(folder.path()).into_iter().filter(|file| is_data(file)).collect::<Vec<_>>();
    assert!(!whole.is_empty() && whole.len() < 26);
    for file in &whole {
        parquet::file::reader::SerializedFileReader::new(fs::File::open(file).unwrap()).unwrap();
    }
    let again = output(&generate);
    assert!(again.status.success(), "{}", text(&again.stderr));
    let (written, kept) = (26 - whole.len(), whole.len());
    assert!(text(&again.stdout).contains(&format!("{written} files written, {kept} kept")), "{}", text(&again.stdout));
    let left = files(folder.path());
    assert_eq!(left.iter().filter(|file| is_data(file)).count(), 26);
    assert!(!left.iter().any(|file| is_unfinished(file)));
}

#[test]
fn a_folder_of_another_scale_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    assert!(output(&["generate", "--scale", "0.001", "--output", data]).status.success());
    let other = output(&["generate", "--scale", "0.002", "--output", data]);
    assert!(!other.status.success());
    assert!(text(&other.stderr).contains("holds data of scale 0.001"), "{}", text(&other.stderr));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let tables = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    tables.flat_map(|table| fs::read_dir(table).unwrap().map(|entry| entry.unwrap().path())).collect()
}

fn is_data(file: &Path) -> bool {
    let name = file.file_name().unwrap().to_str().unwrap();
    name.ends_with(".parquet") && !name.starts_with('.')
}

fn is_unfinished(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "tmp")
}
