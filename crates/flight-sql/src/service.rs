//! The Flight service: Flight's calls, each answered by [`Server`].
//!
//! Flight SQL says what it wants by messages inside Flight's calls. A statement gives a [`FlightInfo`] whose ticket names the result;
//! a list (catalogs, types …) gives one whose ticket is the command itself, as lists are made again at little cost. `arrow-flight`
//! has a trait with a method for each pair of call and command; it leaves out `GetSchema`, so the calls are matched here.

use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, SchemaResult, Ticket,
};
use futures::{StreamExt, stream};
use swath_cluster::Front;
use tonic::{Request, Response, Status, Streaming};

use crate::caller::{Caller, SessionId};
use crate::failure::guarded;
use crate::messages::{ACTIONS, schema_result};
use crate::results;
use crate::server::{Boxed, Server};

/// How often is looked for what nobody uses.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// Flight SQL on a scheduler, beside the scheduler's own actions.
pub struct FlightSql {
    server: Arc<Server>,
}

impl FlightSql {
    /// The service on a scheduler. Must be made inside an async runtime, on which it looks for what nobody uses.
    pub fn new(front: Front) -> Self {
        let server = Arc::new(Server::new(front));
        let weak = Arc::downgrade(&server);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_INTERVAL).await;
                let Some(server) = weak.upgrade() else { return };
                server.sweep();
            }
        });
        Self { server }
    }
}

/// `answer` to `caller`, with a name if it has none.
fn answered<T>(caller: &Caller, answer: T) -> Response<T> {
    let mut response = Response::new(answer);
    caller.offer_name(response.metadata_mut());
    response
}

#[tonic::async_trait]
impl FlightService for FlightSql {
    type HandshakeStream = Boxed<HandshakeResponse>;
    type ListFlightsStream = Boxed<FlightInfo>;
    type DoGetStream = Boxed<FlightData>;
    type DoPutStream = Boxed<PutResult>;
    type DoExchangeStream = Boxed<FlightData>;
    type DoActionStream = Boxed<arrow_flight::Result>;
    type ListActionsStream = Boxed<ActionType>;

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        // Whoever it is: there is no authentication, only a session of one's own.
        let token = SessionId::fresh();
        let answer = HandshakeResponse { protocol_version: 0, payload: token.as_str().to_owned().into() };
        let mut response = Response::new(results::one(answer));
        let header = format!("Bearer {}", token.as_str()).parse();
        response.metadata_mut().insert("authorization", header.map_err(|_| Status::internal("a token is no header"))?);
        Ok(response)
    }

    async fn get_flight_info(&self, request: Request<FlightDescriptor>) -> Result<Response<FlightInfo>, Status> {
        let caller = Caller::of(request.metadata())?;
        let info = guarded(self.server.info(&caller, request.into_inner())).await?;
        Ok(answered(&caller, info))
    }

    async fn poll_flight_info(&self, request: Request<FlightDescriptor>) -> Result<Response<PollInfo>, Status> {
        let caller = Caller::of(request.metadata())?;
        let info = guarded(self.server.info(&caller, request.into_inner())).await?;
        // Nothing is left to poll for: the rows stream as they are made.
        Ok(answered(&caller, PollInfo { info: Some(info), progress: Some(1.0), ..Default::default() }))
    }

    async fn get_schema(&self, request: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        let caller = Caller::of(request.metadata())?;
        let schema = guarded(self.server.schema(&caller, request.get_ref())).await?;
        Ok(answered(&caller, schema_result(&schema)?))
    }

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        let caller = Caller::of(request.metadata())?;
        let rows = guarded(self.server.fetched(&caller, request.get_ref())).await?;
        Ok(answered(&caller, rows))
    }

    async fn do_put(&self, request: Request<Streaming<FlightData>>) -> Result<Response<Self::DoPutStream>, Status> {
        let caller = Caller::of(request.metadata())?;
        let result = guarded(self.server.put(&caller, request.into_inner())).await?;
        Ok(answered(&caller, results::one(result)))
    }

    async fn do_action(&self, request: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let caller = Caller::of(request.metadata())?;
        let answers = guarded(self.server.act(&caller, request.into_inner())).await?;
        Ok(answered(&caller, answers))
    }

    async fn list_actions(&self, _: Request<Empty>) -> Result<Response<Self::ListActionsStream>, Status> {
        let action = |(name, what): (&str, &str)| ActionType { r#type: name.to_owned(), description: what.to_owned() };
        let actions = ACTIONS.into_iter().map(action).chain(self.server.actions.list());
        Ok(Response::new(stream::iter(actions.map(Ok).collect::<Vec<_>>()).boxed()))
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Result<Response<Self::ListFlightsStream>, Status> {
        Err(Status::unimplemented("there is no list of flights: ask for catalogs, schemas and tables"))
    }

    async fn do_exchange(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoExchangeStream>, Status> {
        Err(Status::unimplemented("exchanges are not offered: put rows, or get them"))
    }
}
