//! What a scheduler answers to Swath's own clients: the actions of [`protocol`](crate::protocol).

use std::sync::Arc;

use arrow_flight::{Action, ActionType};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use prost::Message;
use tonic::Status;

use super::jobs::Jobs;
use crate::actions::Actions;
use crate::protocol::{
    ENOUGH, HELD, HELLO, HeldList, Hello, JobName, RUN, Run, VERSION, WORKERS, Welcome, WorkerList, version_mismatch,
};

/// The actions of a scheduler.
pub struct SchedulerActions {
    jobs: Arc<Jobs>,
}

impl SchedulerActions {
    /// Actions on the jobs of a scheduler.
    pub fn new(jobs: Arc<Jobs>) -> Self {
        Self { jobs }
    }
}

#[tonic::async_trait]
impl Actions for SchedulerActions {
    fn list(&self) -> Vec<ActionType> {
        let action = |name: &str, what: &str| ActionType { r#type: name.to_owned(), description: what.to_owned() };
        vec![
            action(ENOUGH, "ends a plan that is analyzed"),
            action(HELD, "lists persisted results"),
            action(HELLO, "introduces a client"),
            action(RUN, "runs a plan"),
            action(WORKERS, "lists workers and what they hold"),
        ]
    }

    async fn act(&self, action: Action) -> Result<BoxStream<'static, Result<Vec<u8>, Status>>, Status> {
        match action.r#type.as_str() {
            HELLO => {
                let hello = decode::<Hello>(&action)?;
                check_version(&hello.version)?;
                let welcome = Welcome { version: VERSION.to_owned(), workers: self.jobs.workers().await };
                Ok(stream::iter([Ok(welcome.encode_to_vec())]).boxed())
            }
            ENOUGH => {
                self.jobs.enough(&decode::<JobName>(&action)?.job);
                Ok(stream::empty().boxed())
            }
            HELD => {
                let list = HeldList { results: self.jobs.held() };
                Ok(stream::iter([Ok(list.encode_to_vec())]).boxed())
            }
            WORKERS => {
                let list = WorkerList { workers: self.jobs.workers_holding().await };
                Ok(stream::iter([Ok(list.encode_to_vec())]).boxed())
            }
            RUN => {
                let run = decode::<Run>(&action)?;
                drop(action);
                check_version(&run.version)?;
                let events = self.jobs.run(run).await.map_err(|error| Status::unknown(error.strip_backtrace()))?;
                let events = stream::unfold(events, |mut events| async move {
                    events.recv().await.map(|event| (Ok(event.encode_to_vec()), events))
                });
                Ok(events.boxed())
            }
            other => Err(Status::unimplemented(format!("a scheduler does not know the action {other}"))),
        }
    }
}

fn decode<M: Message + Default>(action: &Action) -> Result<M, Status> {
    M::decode(action.body.clone())
        .map_err(|error| Status::invalid_argument(format!("the message of {} is damaged: {error}", action.r#type)))
}

fn check_version(version: &str) -> Result<(), Status> {
    if version == VERSION { Ok(()) } else { Err(Status::failed_precondition(version_mismatch("the client", version))) }
}
