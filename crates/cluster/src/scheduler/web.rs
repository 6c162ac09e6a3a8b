//! What a scheduler tells over plain HTTP: health, readiness, metrics in Prometheus' text format, and the REST interface
//! ([`rest`]).

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use super::jobs::Jobs;
use super::rest;
use crate::protocol::VERSION;

/// The routes.
pub fn routes(jobs: Arc<Jobs>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(rest::routes())
        .with_state(jobs)
}

async fn ready(State(jobs): State<Arc<Jobs>>) -> (StatusCode, &'static str) {
    match jobs.is_ready() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "waiting for workers\n"),
    }
}

async fn metrics(State(jobs): State<Arc<Jobs>>) -> String {
    let workers = jobs.workers().await;
    let threads: u32 = workers.iter().map(|worker| worker.threads).sum();
    let (running, waiting) = jobs.running();
    let counts = &jobs.counts;
    let mut page = String::new();
    let mut line = |name: &str, kind: &str, help: &str, value: u64| {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    line("swath_workers", "gauge", "Workers that are alive.", workers.len() as u64);
    line("swath_worker_threads", "gauge", "Threads of all workers.", u64::from(threads));
    line("swath_jobs_running", "gauge", "Jobs that run now.", running as u64);
    line("swath_jobs_waiting", "gauge", "Jobs that are planned.", waiting as u64);
    line("swath_persisted_results", "gauge", "Results that sessions have the workers hold.", jobs.held().len() as u64);
    line("swath_jobs_taken_total", "counter", "Jobs taken.", counts.taken.load(Ordering::Relaxed));
    line("swath_jobs_finished_total", "counter", "Jobs that ended well.", counts.finished.load(Ordering::Relaxed));
    line("swath_jobs_failed_total", "counter", "Jobs that failed.", counts.failed.load(Ordering::Relaxed));
    line("swath_jobs_cancelled_total", "counter", "Jobs whose client went.", counts.cancelled.load(Ordering::Relaxed));
    let freed = counts.freed.load(Ordering::Relaxed);
    line("swath_stages_freed_total", "counter", "Stages whose outputs were freed before their job ended.", freed);
    let _ =
        writeln!(page, "# HELP swath_info Version.\n# TYPE swath_info gauge\nswath_info{{version=\"{VERSION}\"}} 1");
    page
}
