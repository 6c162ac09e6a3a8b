//! The scheduler's REST interface.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::failures::get;
use super::{embedded, shared, staged};

fn read(path: &str) -> Value {
    let text = get(shared().address().trim_start_matches("swath://"), path);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

/// The job one of whose plans names `marker`, when it has ended.
fn ended_job(marker: &str) -> Value {
    let begin = Instant::now();
    loop {
        for head in read("/api/v1/jobs").as_array().unwrap() {
            let job = read(&format!("/api/v1/jobs/{}", head["id"].as_str().unwrap()));
            let stages = job["stages"].as_array().cloned().unwrap_or_default();
            let named = stages.iter().any(|stage| stage["plan"].as_str().is_some_and(|plan| plan.contains(marker)));
            if named && !job["ended"].is_null() {
                return job;
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "no job names {marker}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_job_is_told_with_its_stages() {
    let frame =
        staged().sql("SELECT value % 7 AS rest_key, count(*) AS n FROM range(1000) GROUP BY value % 7").unwrap();
    assert_eq!(frame.collect().unwrap().iter().map(|batch| batch.num_rows()).sum::<usize>(), 7);
    let job = ended_job("rest_key");
    assert_eq!((job["state"].as_str(), &job["error"]), (Some("finished"), &Value::Null), "{job:#}");
    assert_eq!(job["tasks"], job["tasks_done"], "{job:#}");
    assert!(job["ended"].as_u64() >= job["started"].as_u64(), "{job:#}");
    let stages = job["stages"].as_array().unwrap();
    assert!(stages.len() >= 2, "{job:#}");
    assert!(
        stages.iter().all(|stage| stage["state"] == "finished" && stage["tasks_done"] == stage["tasks"]),
        "{job:#}"
    );
    let last = stages.iter().find(|stage| stage["read_by"].as_array().unwrap().is_empty()).unwrap();
    assert_eq!(last["rows"], 7, "{job:#}");
}

#[test]
fn a_failed_job_says_why() {
    let error = staged().sql("SELECT 1 / (value - 1) AS rest_zero FROM range(3)").unwrap().collect().unwrap_err();
    assert!(error.to_string().contains("ivide by zero"), "{error}");
    let job = ended_job("rest_zero");
    assert_eq!(job["state"], "failed");
    assert!(job["error"].as_str().unwrap().contains("ivide by zero"), "{job:#}");
}

#[test]
fn workers_tell_what_they_hold() {
    let held = staged().sql("SELECT value, value % 11 AS held_rest FROM range(50000)").unwrap().persist().unwrap();
    assert_eq!(held.count().unwrap(), 50_000);
    let workers = read("/api/v1/workers");
    let sum = |name: &str| {
        let of = |worker: &Value| worker[name].as_u64().unwrap_or_else(|| panic!("{name}: {workers:#}"));
        workers.as_array().unwrap().iter().map(of).sum::<u64>()
    };
    assert!(sum("outputs") > 0, "{workers:#}");
    assert!(sum("store_memory_bytes") + sum("store_disk_bytes") >= 50_000 * 8, "{workers:#}");
    assert!(sum("memory_reserved_bytes") <= sum("memory_limit_bytes"), "{workers:#}");
    assert!(!cfg!(target_os = "linux") || sum("resident_bytes") > 1 << 20, "{workers:#}");
    let listed = staged().workers().unwrap();
    assert_eq!(listed.len(), workers.as_array().unwrap().len());
    assert!(listed.iter().all(|worker| worker.holding.is_some_and(|holding| !holding.is_draining)), "{listed:?}");
    assert!(embedded().workers().unwrap().is_empty());
}

#[test]
fn an_unknown_job_is_named() {
    assert_eq!(read("/api/v1/jobs/none")["error"], "there is no job none, or it ended long ago");
}

/// The schema that `schema` refers to, if it does.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(path) => document.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path}")),
        None => schema,
    }
}

/// Checks that `value` has exactly the properties and types that `schema` tells.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = resolved(document, schema);
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        kinds => kinds.as_array().unwrap().iter().filter_map(Value::as_str).collect(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(kinds.contains(&kind), "{at} is {kind}, the document says {kinds:?}");
    if let Some(names) = schema["enum"].as_array() {
        assert!(names.contains(value), "{at} is {value}");
    }
    for item in value.as_array().into_iter().flatten() {
        check(document, &schema["items"], item, &format!("{at}[]"));
    }
    if let (Some(properties), Some(found)) = (schema["properties"].as_object(), value.as_object()) {
        let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(properties), names(found), "{at}");
        for (name, found) in found {
            check(document, &properties[name], found, &format!("{at}.{name}"));
        }
    }
}

#[test]
fn the_document_tells_what_is_answered() {
    staged()
        .sql("SELECT value % 3 AS rest_document, sum(value) FROM range(10) GROUP BY value % 3")
        .unwrap()
        .collect()
        .unwrap();
    let id = ended_job("rest_document")["id"].as_str().unwrap().to_owned();
    let document = read("/api/v1/openapi.json");
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 5);
    for (path, operations) in paths {
        let schema = &operations["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        check(&document, schema, &read(&path.replace("{job}", &id)), path);
    }
}
