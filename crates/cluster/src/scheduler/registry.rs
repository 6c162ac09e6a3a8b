//! What workers say to the scheduler in Ballista's words: that they are there, what their tasks did, that they go.
//!
//! The other calls of Ballista's service are for its own clients, and would run plans past what [`jobs`](super::jobs) looks
//! after; they are refused.
//!
//! A worker serves everything on one port, orders among it. Ballista's worker listens for these on a port of its own, on loopback,
//! and would tell that one: the public port takes its place here, on which the worker passes them on.

use std::sync::Arc;

use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpc;
use ballista_core::serde::protobuf::{
    CancelJobParams, CancelJobResult, CleanJobDataParams, CleanJobDataResult, CreateUpdateSessionParams,
    CreateUpdateSessionResult, ExecuteQueryParams, ExecuteQueryResult, ExecutorRegistration, ExecutorStoppedParams,
    ExecutorStoppedResult, GetJobMetricsParams, GetJobMetricsResult, GetJobStatusParams, GetJobStatusResult,
    HeartBeatParams, HeartBeatResult, PollWorkParams, PollWorkResult, RegisterExecutorParams, RegisterExecutorResult,
    RemoveSessionParams, RemoveSessionResult, UpdateTaskStatusParams, UpdateTaskStatusResult,
};
use futures::stream::BoxStream;
use tonic::{Request, Response, Status};

use super::Server;
use super::slots::Slots;

/// The workers' service.
pub struct WorkerRegistry {
    server: Server,
    slots: Arc<Slots>,
}

impl WorkerRegistry {
    /// The service over a scheduler, and over the count of its workers' threads.
    pub fn new(server: Server, slots: Arc<Slots>) -> Self {
        Self { server, slots }
    }
}

fn with_one_port(registration: &mut Option<ExecutorRegistration>) {
    if let Some(registration) = registration {
        registration.grpc_port = registration.port;
    }
}

fn refused<T>(call: &str) -> Result<Response<T>, Status> {
    Err(Status::unimplemented(format!(
        "this is a Swath scheduler, which does not offer Ballista's {call}; connect with `Session::connect` or `swath sql --connect`"
    )))
}

#[tonic::async_trait]
impl SchedulerGrpc for WorkerRegistry {
    type ExecuteQueryPushStream = BoxStream<'static, Result<GetJobStatusResult, Status>>;

    async fn register_executor(
        &self,
        mut request: Request<RegisterExecutorParams>,
    ) -> Result<Response<RegisterExecutorResult>, Status> {
        with_one_port(&mut request.get_mut().metadata);
        self.server.register_executor(request).await
    }

    async fn heart_beat_from_executor(
        &self,
        mut request: Request<HeartBeatParams>,
    ) -> Result<Response<HeartBeatResult>, Status> {
        with_one_port(&mut request.get_mut().metadata);
        self.server.heart_beat_from_executor(request).await
    }

    async fn update_task_status(
        &self,
        request: Request<UpdateTaskStatusParams>,
    ) -> Result<Response<UpdateTaskStatusResult>, Status> {
        let told = request.get_ref();
        self.slots.release(&told.executor_id, &told.task_status);
        // The call of the service, not the method of the same name.
        SchedulerGrpc::update_task_status(&self.server, request).await
    }

    async fn executor_stopped(
        &self,
        request: Request<ExecutorStoppedParams>,
    ) -> Result<Response<ExecutorStoppedResult>, Status> {
        self.server.executor_stopped(request).await
    }

    async fn poll_work(&self, _: Request<PollWorkParams>) -> Result<Response<PollWorkResult>, Status> {
        refused("PollWork")
    }

    async fn create_update_session(
        &self,
        _: Request<CreateUpdateSessionParams>,
    ) -> Result<Response<CreateUpdateSessionResult>, Status> {
        refused("CreateUpdateSession")
    }

    async fn remove_session(&self, _: Request<RemoveSessionParams>) -> Result<Response<RemoveSessionResult>, Status> {
        refused("RemoveSession")
    }

    async fn execute_query_push(
        &self,
        _: Request<ExecuteQueryParams>,
    ) -> Result<Response<Self::ExecuteQueryPushStream>, Status> {
        refused("ExecuteQueryPush")
    }

    async fn execute_query(&self, _: Request<ExecuteQueryParams>) -> Result<Response<ExecuteQueryResult>, Status> {
        refused("ExecuteQuery")
    }

    async fn get_job_status(&self, _: Request<GetJobStatusParams>) -> Result<Response<GetJobStatusResult>, Status> {
        refused("GetJobStatus")
    }

    async fn get_job_metrics(&self, _: Request<GetJobMetricsParams>) -> Result<Response<GetJobMetricsResult>, Status> {
        refused("GetJobMetrics")
    }

    async fn cancel_job(&self, _: Request<CancelJobParams>) -> Result<Response<CancelJobResult>, Status> {
        refused("CancelJob")
    }

    async fn clean_job_data(&self, _: Request<CleanJobDataParams>) -> Result<Response<CleanJobDataResult>, Status> {
        refused("CleanJobData")
    }
}
