//! Orders of the scheduler, passed on from the worker's one public port to where Ballista listens for them on loopback.

use std::future::poll_fn;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use tonic::Status;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::transport::{Channel, Endpoint};

use crate::error::{Error, Result};

/// The routes of Ballista's service, answered by the listener at `control_port` of this machine.
///
/// # Errors
/// If the address cannot be formed; never in practice.
pub fn routes(control_port: u16) -> Result<Router> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{control_port}"))
        .map_err(|error| Error::Start(error.to_string()))?;
    // The listener is not there yet.
    let control = endpoint.tcp_nodelay(true).connect_lazy();
    let pass = move |request: Request| pass_on(control.clone(), request);
    Ok(Router::new().route("/ballista.protobuf.ExecutorGrpc/{call}", any(pass)))
}

async fn pass_on(mut control: Channel, request: Request) -> Response {
    let request = request.map(Body::new);
    let answer = match poll_fn(|context| control.poll_ready(context)).await {
        Ok(()) => control.call(request).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => answer.map(axum::body::Body::new),
        Err(error) => {
            let status = Status::unavailable(format!("the worker's executor does not answer: {error}"));
            status.into_http::<Body>().map(axum::body::Body::new)
        }
    }
}
