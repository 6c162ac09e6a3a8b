//! `explain_analyze` of what ran on workers.

use std::time::Duration;

use super::live::one_sided;
use super::{connected, embedded, staged};

const QUERY: &str = "SELECT value % 7 AS k, count(*) AS n FROM range(10000) GROUP BY value % 7";

#[test]
fn stages_tell_what_their_tasks_did() {
    let report = staged().sql(QUERY).unwrap().explain_analyze().unwrap();
    assert_eq!(report.stages.len(), 2, "{report}");
    let [first, last] = &report.stages[..] else { unreachable!() };
    assert_eq!(last.rows, 7, "{report}");
    assert!(first.rows >= 7 && first.bytes > 0 && first.tasks >= 1, "{report}");
    for stage in &report.stages {
        assert!(stage.longest > Duration::ZERO && stage.longest <= stage.elapsed, "{report}");
        assert!(stage.most_rows <= stage.rows && stage.skew() >= 1.0, "{report}");
        let aggregate = stage.shapes.iter().flatten().find(|operator| operator.description.contains("AggregateExec: "));
        assert!(aggregate.is_some_and(|operator| operator.rows == Some(stage.rows)), "{report}");
    }
    let read: usize = first.shapes.iter().flatten().filter_map(|operator| operator.rows).max().unwrap();
    assert_eq!(read, 10_000, "{report}");
    let text = report.to_string();
    assert!(text.matches("LazyMemoryExec").count() == 1, "{text}");
    assert!(text.contains("stage 1: ") && text.contains(", 7 rows, "), "{text}");
}

#[test]
fn a_run_that_a_limit_ends_tells_what_was_done_by_then() {
    let folder = tempfile::tempdir().unwrap();
    let report = staged().sql(&one_sided(folder.path())).unwrap().explain_analyze().unwrap();
    let text = report.to_string();
    assert_eq!(report.stages.len(), 3, "{text}");
    assert!(report.stages[2].rows >= 5 && report.stages[2].tasks == 2, "{text}");
    assert!(text.contains("HashJoinExec") && report.elapsed < Duration::from_secs(20), "{text}");
}

#[test]
fn a_second_run_reports_itself_alone() {
    let frame = staged().sql(QUERY).unwrap();
    let rows = |_| frame.explain_analyze().unwrap().stages.iter().map(|stage| stage.rows).sum::<usize>();
    assert_eq!(rows(()), rows(()));
}

#[test]
fn what_runs_in_this_process_has_no_stages() {
    assert!(embedded().sql(QUERY).unwrap().explain_analyze().unwrap().stages.is_empty());
    assert!(connected().sql("SELECT 1").unwrap().explain_analyze().unwrap().stages.is_empty());
}
