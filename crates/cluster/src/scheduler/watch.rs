//! Whether the workers still live.
//!
//! The scheduler keeps a stream open to each worker. A process that ends closes its connections, which is seen at once; a machine
//! that is gone does not answer pings any more. Without this a lost worker would be known only by the words that it does not say
//! (`--worker-timeout`), and queries would wait for that.
//!
//! A worker that is given up by mistake, since the way to it was broken for a moment, registers again with its next word.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::Action;
use arrow_flight::flight_service_client::FlightServiceClient;
use ballista_core::serde::protobuf::ExecutorStoppedParams;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpc;
use ballista_core::serde::scheduler::ExecutorMetadata;
use ballista_scheduler::cluster::{ClusterStateEvent, ClusterStateEventStream};
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::Server;
use crate::protocol::WATCH;

/// How often in a row a worker may be out of reach.
const ATTEMPTS: u32 = 3;
/// The time between two attempts.
const PAUSE: Duration = Duration::from_millis(200);
/// Silence after which a worker is pinged, and how long it may take to answer.
const PING: Duration = Duration::from_secs(5);

/// Watches all workers that `events` tells of.
pub async fn watch_workers(server: Server, mut events: ClusterStateEventStream) {
    let watched = Arc::<Mutex<HashSet<String>>>::default();
    let mut watches = JoinSet::new();
    while let Some(event) = events.next().await {
        while watches.try_join_next().is_some() {}
        let ClusterStateEvent::RegisteredExecutor { executor_id } = event else { continue };
        let Some(worker) = registered(&server, &executor_id).await else { continue };
        if watched.lock().insert(executor_id) {
            let (server, watched) = (server.clone(), Arc::clone(&watched));
            watches.spawn(async move {
                watch(&server, &worker).await;
                watched.lock().remove(&worker.id);
            });
        }
    }
}

async fn registered(server: &Server, worker: &str) -> Option<ExecutorMetadata> {
    server.state.executor_manager.get_executor_metadata(worker).await.ok()
}

/// Watches `worker` until it is gone.
async fn watch(server: &Server, worker: &ExecutorMetadata) {
    let mut failed = 0;
    let reason = loop {
        match follow(worker).await {
            Ok(Answer::Worker) => failed = 0,
            Ok(Answer::SomebodyElse) => break "another process has its place",
            Err(status) => {
                log::debug!("worker {} is out of reach: {status}", worker.id);
                failed += 1;
            }
        }
        // One that took its leave is not lost.
        if registered(server, &worker.id).await.is_none() {
            return;
        }
        if failed >= ATTEMPTS {
            break "its process is gone, or out of reach";
        }
        tokio::time::sleep(PAUSE).await;
    };
    log::warn!("worker {} at {}:{} is lost: {reason}", worker.id, worker.host, worker.port);
    let lost = ExecutorStoppedParams { executor_id: worker.id.clone(), reason: reason.to_owned() };
    if let Err(status) = server.executor_stopped(Request::new(lost)).await {
        log::error!("the loss of worker {} could not be dealt with: {status}", worker.id);
    }
}

/// Who answered at the address of a worker.
enum Answer {
    Worker,
    SomebodyElse,
}

/// Follows the worker's stream to its end, which a living worker does not give.
async fn follow(worker: &ExecutorMetadata) -> Result<Answer, Status> {
    let mut client = FlightServiceClient::new(connect(worker).await?);
    let action = Action { r#type: WATCH.to_owned(), body: Default::default() };
    let mut answers = client.do_action(action).await?.into_inner();
    match answers.message().await? {
        Some(id) if id.body == worker.id.as_bytes() => {}
        _ => return Ok(Answer::SomebodyElse),
    }
    // Nothing more is said: this ends with the connection.
    while let Ok(Some(_)) = answers.message().await {}
    Ok(Answer::Worker)
}

async fn connect(worker: &ExecutorMetadata) -> Result<Channel, Status> {
    let unavailable = |error: tonic::transport::Error| Status::unavailable(error.to_string());
    Endpoint::from_shared(format!("http://{}:{}", worker.host, worker.port))
        .map_err(unavailable)?
        .connect_timeout(Duration::from_secs(2))
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .keep_alive_while_idle(true)
        .connect()
        .await
        .map_err(unavailable)
}
