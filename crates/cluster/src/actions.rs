//! A Flight service of which only actions, and perhaps streams of data, are used.

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, SchemaResult, Ticket,
};
use futures::stream::{BoxStream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

/// What a process answers to actions and tickets.
#[tonic::async_trait]
pub trait Actions: Send + Sync + 'static {
    /// The actions that it knows.
    fn list(&self) -> Vec<ActionType>;

    /// Does one.
    async fn act(&self, action: Action) -> Result<BoxStream<'static, Result<Vec<u8>, Status>>, Status>;

    /// Gives the data that `ticket` names.
    async fn get(&self, _ticket: Ticket) -> Result<BoxStream<'static, Result<FlightData, Status>>, Status> {
        Err(Status::unimplemented("this process serves no data"))
    }
}

/// A Flight service of [`Actions`].
pub struct ActionService<A>(pub A);

type Boxed<T> = BoxStream<'static, Result<T, Status>>;

fn none<T>(what: &str) -> Result<T, Status> {
    Err(Status::unimplemented(format!("{what} is not offered here")))
}

#[tonic::async_trait]
impl<A: Actions> FlightService for ActionService<A> {
    type HandshakeStream = Boxed<HandshakeResponse>;
    type ListFlightsStream = Boxed<FlightInfo>;
    type DoGetStream = Boxed<FlightData>;
    type DoPutStream = Boxed<PutResult>;
    type DoExchangeStream = Boxed<FlightData>;
    type DoActionStream = Boxed<arrow_flight::Result>;
    type ListActionsStream = Boxed<ActionType>;

    async fn do_action(&self, request: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let answers = self.0.act(request.into_inner()).await?;
        let answers = answers.map(|answer| answer.map(|body| arrow_flight::Result { body: body.into() }));
        Ok(Response::new(answers.boxed()))
    }

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        Ok(Response::new(self.0.get(request.into_inner()).await?))
    }

    async fn list_actions(&self, _: Request<Empty>) -> Result<Response<Self::ListActionsStream>, Status> {
        Ok(Response::new(futures::stream::iter(self.0.list().into_iter().map(Ok)).boxed()))
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        none("a handshake")
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Result<Response<Self::ListFlightsStream>, Status> {
        none("a list of flights")
    }

    async fn get_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<FlightInfo>, Status> {
        none("flight info")
    }

    async fn poll_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<PollInfo>, Status> {
        none("flight info")
    }

    async fn get_schema(&self, _: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        none("a schema")
    }

    async fn do_put(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoPutStream>, Status> {
        none("putting data")
    }

    async fn do_exchange(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoExchangeStream>, Status> {
        none("an exchange")
    }
}
