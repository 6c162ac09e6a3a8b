//! What answers at addresses at which there is nothing.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tonic::Status;

/// The answer to what is at no address: gRPC's own to a gRPC client.
pub(crate) async fn not_found(headers: HeaderMap, address: Uri) -> Response {
    let grpc = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    if grpc {
        return Status::unimplemented(format!("nothing answers to {}", address.path())).into_http::<Body>();
    }
    (StatusCode::NOT_FOUND, format!("there is nothing at {}\n", address.path())).into_response()
}
