//! The scheduler's REST interface: the cluster, its workers, jobs and their stages as JSON, described by an OpenAPI document.
//!
//! Everything is read-only. Times are milliseconds since 1970-01-01 UTC, sizes bytes. Jobs that have ended stay listed for 15
//! minutes, the newest [`LISTED`] of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ballista_core::JobId;
use ballista_core::serde::protobuf::{JobStatus, SuccessfulTask, job_status, task_status};
use ballista_scheduler::state::execution_graph::ExecutionGraphBox;
use ballista_scheduler::state::execution_stage::{ExecutionStage, TaskInfo};
use datafusion::physical_plan::{ExecutionPlan, displayable};
use serde_json::{Value, json};

use super::jobs::Jobs;
use crate::protocol::VERSION;

/// Jobs that a list holds at most.
const LISTED: usize = 200;

/// The routes.
pub fn routes() -> Router<Arc<Jobs>> {
    Router::new()
        .route("/api/v1/cluster", get(cluster))
        .route("/api/v1/workers", get(workers))
        .route("/api/v1/jobs", get(jobs))
        .route("/api/v1/jobs/{job}", get(job))
        .route("/api/v1/openapi.json", get(async || answer(&openapi())))
}

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], format!("{value:#}\n")).into_response()
}

fn failure(status: StatusCode, message: &str) -> Response {
    (status, answer(&json!({ "error": message }))).into_response()
}

async fn cluster(State(jobs): State<Arc<Jobs>>) -> Response {
    let workers = jobs.workers().await;
    let (running, waiting) = jobs.running();
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    answer(&json!({
        "version": VERSION,
        "ready": jobs.is_ready(),
        "workers": workers.len(),
        "threads": workers.iter().map(|worker| worker.threads).sum::<u32>(),
        "jobs_running": running,
        "jobs_waiting": waiting,
        "jobs_taken": count(&jobs.counts.taken),
        "jobs_finished": count(&jobs.counts.finished),
        "jobs_failed": count(&jobs.counts.failed),
        "jobs_cancelled": count(&jobs.counts.cancelled),
    }))
}

async fn workers(State(jobs): State<Arc<Jobs>>) -> Response {
    let workers = jobs.workers_holding().await;
    let list: Vec<_> = workers
        .iter()
        .map(|worker| {
            let held = worker.holding;
            json!({
                "id": worker.id,
                "address": worker.address,
                "threads": worker.threads,
                "memory_limit_bytes": held.map(|held| held.memory_limit_bytes),
                "memory_reserved_bytes": held.map(|held| held.memory_reserved_bytes),
                "resident_bytes": held.map(|held| held.resident_bytes),
                "outputs": held.map(|held| held.outputs),
                "store_memory_bytes": held.map(|held| held.store_memory_bytes),
                "store_disk_bytes": held.map(|held| held.store_disk_bytes),
                "spilled_bytes": held.map(|held| held.spilled_bytes),
                "draining": held.map(|held| held.is_draining),
            })
        })
        .collect();
    answer(&json!(list))
}

async fn jobs(State(jobs): State<Arc<Jobs>>) -> Response {
    let mut listed = match jobs.overviews().await {
        Ok(listed) => listed,
        Err(error) => return failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    listed.sort_by(|a, b| b.start_time.cmp(&a.start_time).then_with(|| a.job_id.as_str().cmp(b.job_id.as_str())));
    listed.truncate(LISTED);
    let list: Vec<_> = listed
        .iter()
        .map(|job| {
            let mut entry = head(job.job_id.as_str(), &job.status, job.start_time, job.end_time);
            entry["stages"] = json!(job.num_stages);
            entry["stages_done"] = json!(job.completed_stages);
            entry
        })
        .collect();
    answer(&json!(list))
}

async fn job(State(jobs): State<Arc<Jobs>>, Path(job): Path<String>) -> Response {
    let id = JobId::new(job.as_str());
    match jobs.look(&id, described).await {
        Ok(Some(value)) => answer(&value),
        Ok(None) => failure(StatusCode::NOT_FOUND, &format!("there is no job {job}, or it ended long ago")),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// What is known of a job without its stages.
fn head(id: &str, status: &JobStatus, started: u64, ended: u64) -> Value {
    let (state, error) = match &status.status {
        Some(job_status::Status::Queued(_)) | None => ("waiting", None),
        Some(job_status::Status::Running(_)) => ("running", None),
        Some(job_status::Status::Successful(_)) => ("finished", None),
        Some(job_status::Status::Failed(failed)) => ("failed", Some(crate::failure::told(&failed.error))),
    };
    let time = |millis: u64| (millis > 0).then_some(millis);
    json!({ "id": id, "state": state, "started": time(started), "ended": time(ended), "error": error })
}

fn described(graph: &ExecutionGraphBox) -> Value {
    let mut job = head(graph.job_id().as_str(), graph.status(), graph.start_time(), graph.end_time());
    let mut stages: Vec<Stage> = graph.stages().values().map(stage).collect();
    stages.sort_by_key(|stage| stage.id);
    job["session"] = json!(graph.session_id());
    job["tasks"] = json!(stages.iter().map(|stage| stage.tasks).sum::<usize>());
    job["tasks_done"] = json!(stages.iter().map(|stage| stage.done.len()).sum::<usize>());
    job["stages"] = stages.iter().map(Stage::to_json).collect();
    job
}

/// A stage of a job as it stands.
struct Stage {
    id: usize,
    state: &'static str,
    /// Times that it was begun again.
    attempt: usize,
    tasks: usize,
    done: Vec<Done>,
    readers: Vec<usize>,
    plan: Option<Arc<dyn ExecutionPlan>>,
    error: Option<String>,
}

/// A task that has ended well.
struct Done {
    worker: String,
    rows: u64,
    bytes: u64,
    millis: u64,
}

fn stage(stage: &ExecutionStage) -> Stage {
    let state = |id, state, attempt, tasks| Stage {
        id,
        state,
        attempt,
        tasks,
        done: vec![],
        readers: vec![],
        plan: None,
        error: None,
    };
    match stage {
        ExecutionStage::UnResolved(stage) => Stage {
            readers: stage.output_links.clone(),
            plan: Some(Arc::clone(&stage.plan)),
            ..state(stage.stage_id, "waiting", stage.stage_attempt_num, 0)
        },
        ExecutionStage::Resolved(stage) => Stage {
            readers: stage.output_links.clone(),
            plan: Some(Arc::clone(&stage.plan)),
            ..state(stage.stage_id, "ready", stage.stage_attempt_num, stage.partitions)
        },
        ExecutionStage::Running(stage) => Stage {
            done: done(&stage.task_infos),
            readers: stage.output_links.clone(),
            plan: Some(Arc::clone(&stage.plan)),
            ..state(stage.stage_id, "running", stage.stage_attempt_num, stage.partitions)
        },
        ExecutionStage::Successful(stage) => Stage {
            done: done(&stage.task_infos),
            readers: stage.output_links.clone(),
            plan: Some(Arc::clone(&stage.plan)),
            ..state(stage.stage_id, "finished", stage.stage_attempt_num, stage.task_infos.len())
        },
        ExecutionStage::Failed(stage) => Stage {
            done: done(&stage.task_infos),
            readers: stage.output_links.clone(),
            plan: Some(Arc::clone(&stage.plan)),
            error: Some(crate::failure::told(&stage.error_message)),
            ..state(stage.stage_id, "failed", stage.stage_attempt_num, stage.partitions)
        },
    }
}

fn done(tasks: &[TaskInfo]) -> Vec<Done> {
    let done = |task: &TaskInfo| {
        let task_status::Status::Successful(SuccessfulTask { executor_id, partitions, .. }) = &task.task_status else {
            return None;
        };
        let millis = task.end_exec_time.saturating_sub(task.start_exec_time);
        Some(Done {
            worker: executor_id.clone(),
            rows: partitions.iter().map(|partition| partition.num_rows).sum(),
            bytes: partitions.iter().map(|partition| partition.num_bytes).sum(),
            millis: u64::try_from(millis).unwrap_or(u64::MAX),
        })
    };
    tasks.iter().filter_map(done).collect()
}

impl Stage {
    fn to_json(&self) -> Value {
        let mut workers: HashMap<&str, usize> = HashMap::new();
        for task in &self.done {
            *workers.entry(task.worker.as_str()).or_default() += 1;
        }
        json!({
            "id": self.id,
            "state": self.state,
            "attempt": self.attempt,
            "tasks": self.tasks,
            "tasks_done": self.done.len(),
            "tasks_by_worker": workers,
            "rows": self.done.iter().map(|task| task.rows).sum::<u64>(),
            "bytes": self.done.iter().map(|task| task.bytes).sum::<u64>(),
            "task_millis": self.done.iter().map(|task| task.millis).sum::<u64>(),
            "longest_task_millis": self.done.iter().map(|task| task.millis).max().unwrap_or(0),
            "read_by": self.readers,
            "plan": self.plan.as_ref().map(|plan| displayable(plan.as_ref()).indent(false).to_string()),
            "error": self.error,
        })
    }
}

/// The OpenAPI document of these routes.
fn openapi() -> Value {
    let kind = |name: &str| json!({ "type": name });
    let nullable = |name: &str| json!({ "type": [name, "null"] });
    let one = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let many = |name: &str| json!({ "type": "array", "items": one(name) });
    let reply = |what: &str, schema: Value| json!({ "description": what, "content": { "application/json": { "schema": schema } } });
    let read = |summary: &str, schema: Value| json!({ "get": { "summary": summary, "responses": { "200": reply(summary, schema) } } });
    let mut job = read("A job with its stages", one("Job"));
    job["parameters"] = json!([{ "name": "job", "in": "path", "required": true, "schema": kind("string") }]);
    job["get"]["responses"]["404"] = reply("There is no such job", one("Error"));
    let states = |names: &[&str]| json!({ "type": "string", "enum": names });
    let job_state = states(&["waiting", "running", "finished", "failed"]);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Swath scheduler",
            "version": VERSION,
            "description": "Read-only. Times are milliseconds since 1970-01-01 UTC, sizes bytes.",
        },
        "paths": {
            "/api/v1/cluster": read("The cluster as a whole", one("Cluster")),
            "/api/v1/workers": read("The workers that are alive, and what each holds; null where one does not answer", many("Worker")),
            "/api/v1/jobs": read("Jobs that run, wait, or ended in the last 15 minutes, newest first", many("JobHead")),
            "/api/v1/jobs/{job}": job,
            "/api/v1/openapi.json": read("This document", kind("object")),
        },
        "components": { "schemas": {
            "Cluster": { "type": "object", "properties": {
                "version": kind("string"), "ready": kind("boolean"), "workers": kind("integer"), "threads": kind("integer"),
                "jobs_running": kind("integer"), "jobs_waiting": kind("integer"), "jobs_taken": kind("integer"),
                "jobs_finished": kind("integer"), "jobs_failed": kind("integer"), "jobs_cancelled": kind("integer"),
            } },
            "Worker": { "type": "object", "properties": {
                "id": kind("string"), "address": kind("string"), "threads": kind("integer"),
                "memory_limit_bytes": nullable("integer"), "memory_reserved_bytes": nullable("integer"),
                "resident_bytes": nullable("integer"), "outputs": nullable("integer"),
                "store_memory_bytes": nullable("integer"), "store_disk_bytes": nullable("integer"),
                "spilled_bytes": nullable("integer"), "draining": nullable("boolean"),
            } },
            "JobHead": { "type": "object", "properties": {
                "id": kind("string"), "state": job_state, "started": nullable("integer"), "ended": nullable("integer"),
                "error": nullable("string"), "stages": kind("integer"), "stages_done": kind("integer"),
            } },
            "Job": { "type": "object", "properties": {
                "id": kind("string"), "state": job_state, "started": nullable("integer"), "ended": nullable("integer"),
                "error": nullable("string"), "session": kind("string"), "tasks": kind("integer"),
                "tasks_done": kind("integer"), "stages": many("Stage"),
            } },
            "Stage": { "type": "object", "properties": {
                "id": kind("integer"), "state": states(&["waiting", "ready", "running", "finished", "failed"]),
                "attempt": kind("integer"), "tasks": kind("integer"), "tasks_done": kind("integer"),
                "tasks_by_worker": { "type": "object", "additionalProperties": kind("integer") },
                "rows": kind("integer"), "bytes": kind("integer"), "task_millis": kind("integer"),
                "longest_task_millis": kind("integer"),
                "read_by": { "type": "array", "items": kind("integer") },
                "plan": nullable("string"), "error": nullable("string"),
            } },
            "Error": { "type": "object", "properties": { "error": kind("string") } },
        } },
    })
}
