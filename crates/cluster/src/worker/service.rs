//! What a worker serves: outputs of its tasks to other workers and clients, orders from the scheduler, health and metrics.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::{Action, ActionType, FlightData, Ticket};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use ballista_executor::health::ExecutorHealth;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use prost::Message;
use swath_exec::StoreOptions;
use swath_shuffle::flight;
use tonic::Status;
use tonic::service::RoutesBuilder;

use super::Shared;
use super::held::key_of;
use crate::actions::{ActionService, Actions};
use crate::not_found::not_found;
use crate::protocol::{
    FIGURES, FORGET, Figures, ForgetJob, HOLDING, HOLDS, Holding, Holds, JobName, SECRETS, SessionSecrets, WATCH,
};

/// The actions and the data of a worker.
pub struct WorkerActions {
    shared: Arc<Shared>,
}

/// The Flight service over what the tasks share.
pub fn worker_flight(shared: Arc<Shared>) -> ActionService<WorkerActions> {
    ActionService(WorkerActions { shared })
}

#[tonic::async_trait]
impl Actions for WorkerActions {
    fn list(&self) -> Vec<ActionType> {
        let action = |name: &str, what: &str| ActionType { r#type: name.to_owned(), description: what.to_owned() };
        vec![
            action(FORGET, "frees what is held of a job"),
            action(FIGURES, "tells what the tasks of a job did"),
            action(HOLDING, "tells what is held"),
            action(HOLDS, "tells whether outputs are held"),
            action(SECRETS, "takes store options of a session"),
            action(WATCH, "gives this worker's id, and ends with it"),
        ]
    }

    async fn act(&self, action: Action) -> Result<BoxStream<'static, Result<Vec<u8>, Status>>, Status> {
        let damaged = |error| Status::invalid_argument(format!("the message of {} is damaged: {error}", action.r#type));
        match action.r#type.as_str() {
            FORGET => {
                let forget = ForgetJob::decode(action.body.clone()).map_err(damaged)?;
                match (forget.stage, forget.all_but) {
                    (Some(stage), _) => self.shared.outputs.forget_stage(&forget.job, stage),
                    (None, Some(result)) => self.shared.outputs.forget_all_but(&forget.job, result),
                    (None, None) => {
                        self.shared.outputs.forget_job(&forget.job);
                        self.shared.reports.forget(&forget.job);
                    }
                }
            }
            SECRETS => {
                let secrets = SessionSecrets::decode(action.body.clone()).map_err(damaged)?;
                let options = secrets.store_options.into_iter().map(|pair| (pair.key, pair.value)).collect();
                self.shared.secrets.lock().insert(secrets.session, StoreOptions(options));
            }
            FIGURES => {
                let wanted = JobName::decode(action.body.clone()).map_err(damaged)?;
                let figures = Figures { tasks: self.shared.reports.of(&wanted.job) };
                return Ok(stream::iter([Ok(figures.encode_to_vec())]).boxed());
            }
            HOLDS => {
                let asked = Holds::decode(action.body.clone()).map_err(damaged)?;
                for part in &asked.parts {
                    let held = self.shared.outputs.get(&asked.job, key_of(part));
                    held.map_err(|error| Status::not_found(error.strip_backtrace()))?;
                }
            }
            HOLDING => return Ok(stream::iter([Ok(holding(&self.shared).encode_to_vec())]).boxed()),
            WATCH => {
                let id = self.shared.id.clone().into_bytes();
                return Ok(stream::iter([Ok(id)]).chain(stream::pending()).boxed());
            }
            other => return Err(Status::unimplemented(format!("a worker does not know the action {other}"))),
        }
        Ok(stream::empty().boxed())
    }

    async fn get(&self, ticket: Ticket) -> Result<BoxStream<'static, Result<FlightData, Status>>, Status> {
        flight::serve(&self.shared.outputs, &ticket)
    }
}

/// Flight and plain HTTP on one port.
pub fn routes<S: FlightService>(flight: FlightServiceServer<S>, shared: Arc<Shared>, health: ExecutorHealth) -> Router {
    let mut routes = RoutesBuilder::default();
    routes.add_service(flight);
    let draining = Arc::clone(&shared);
    let ready = move || async move {
        match (health.is_ready(), draining.draining.load(Ordering::Relaxed)) {
            (_, true) => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            (true, false) => (StatusCode::OK, "ready\n"),
            (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "the scheduler does not answer\n"),
        }
    };
    routes
        .routes()
        .into_axum_router()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(move || async move { metrics(&shared) }))
        .fallback(not_found)
}

/// What the worker holds now.
fn holding(shared: &Shared) -> Holding {
    let (outputs, usage) = shared.outputs.usage();
    Holding {
        memory_limit_bytes: shared.memory_limit_bytes as u64,
        memory_reserved_bytes: shared.runtime.memory_pool.reserved() as u64,
        resident_bytes: swath_exec::resident::resident_bytes().unwrap_or(0),
        outputs: outputs as u64,
        store_memory_bytes: usage.memory_bytes as u64,
        store_disk_bytes: usage.disk_bytes as u64,
        spilled_bytes: shared.runtime.disk_manager.used_disk_space(),
        is_draining: shared.draining.load(Ordering::Relaxed),
    }
}

fn metrics(shared: &Shared) -> String {
    let held = holding(shared);
    let mut page = String::new();
    let mut gauge = |name: &str, help: &str, value: u64| {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    };
    gauge("swath_outputs", "Task outputs held.", held.outputs);
    gauge("swath_store_memory_bytes", "Bytes that the partition store holds in memory.", held.store_memory_bytes);
    gauge("swath_store_disk_bytes", "Bytes that the partition store holds on disk.", held.store_disk_bytes);
    gauge("swath_memory_limit_bytes", "Bytes that operators and the store may reserve.", held.memory_limit_bytes);
    gauge("swath_memory_reserved_bytes", "Bytes reserved by operators and the store.", held.memory_reserved_bytes);
    gauge("swath_spilled_bytes", "Bytes in spill files.", held.spilled_bytes);
    page
}
