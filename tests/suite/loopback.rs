//! Servers on loopback for the tests: S3 with authentication, and a plain web server. Each runs on its own thread.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, HOST, RANGE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use swath::prelude::*;
use tokio::net::{TcpListener, TcpStream};

pub const ACCESS_KEY: &str = "swath-test";
pub const SECRET_KEY: &str = "only-for-loopback";

/// A server that stops when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    _stop: tokio::sync::oneshot::Sender<()>,
}

type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

fn serve(connect: impl Fn(TcpStream) -> Connection + Send + 'static) -> Server {
    let (address_sender, address) = std::sync::mpsc::channel();
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address_sender.send(listener.local_addr().unwrap()).unwrap();
            loop {
                tokio::select! {
                    _ = &mut stopped => return,
                    accepted = listener.accept() => {
                        if let Ok((socket, _)) = accepted {
                            tokio::spawn(connect(socket));
                        }
                    }
                }
            }
        });
    });
    Server { address: address.recv().unwrap(), _stop: stop }
}

/// An S3 server over `root`, whose folders are the buckets.
pub fn s3(root: &Path) -> Server {
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = builder.build();
    serve(move |socket| {
        let service = service.clone();
        Box::pin(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        })
    })
}

/// A session that talks to the S3 server at `server` with `secret`.
pub fn s3_session(server: &Server, secret: &str) -> Session {
    let builder = Session::embedded().threads(2).memory_limit(256 << 20);
    let options = [
        ("aws_access_key_id", ACCESS_KEY),
        ("aws_secret_access_key", secret),
        ("aws_region", "us-east-1"),
        ("aws_endpoint", &format!("http://{}", server.address)),
    ];
    options.into_iter().fold(builder, |builder, (key, value)| builder.store_option(key, value)).build().unwrap()
}

/// A web server over the files of `root`: GET and HEAD, with ranges. Files called `signed…` need the query of a signature.
pub fn web(root: PathBuf) -> Server {
    serve(move |socket| {
        let root = root.clone();
        Box::pin(async move {
            let answer = service_fn(move |request| {
                let answer = file_answer(&root, &request);
                async move { Ok::<_, std::convert::Infallible>(answer) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), answer).await;
        })
    })
}

fn file_answer(root: &Path, request: &Request<hyper::body::Incoming>) -> Response<Body> {
    assert!(request.headers().contains_key(HOST));
    let name = request.uri().path().trim_start_matches('/').replace("%20", " ");
    if name.starts_with("signed") && request.uri().query() != Some("token=hunter2&part=1") {
        return Response::builder().status(StatusCode::FORBIDDEN).body(Body::empty()).unwrap();
    }
    let Ok(bytes) = std::fs::read(root.join(name)) else {
        return Response::builder().status(StatusCode::NOT_FOUND).body(Body::empty()).unwrap();
    };
    if request.method() == Method::HEAD {
        return Response::builder().header(CONTENT_LENGTH, bytes.len()).body(Body::empty()).unwrap();
    }
    let range = request.headers().get(RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let Some((from, to)) = range.and_then(|range| range.split_once('-')) else {
        return Response::new(Body::from(bytes));
    };
    let (start, end) = match (from.parse::<usize>(), to.parse::<usize>()) {
        (Ok(start), Ok(last)) => (start, (last + 1).min(bytes.len())),
        (Ok(start), Err(_)) => (start, bytes.len()),
        (Err(_), last) => (bytes.len() - last.unwrap().min(bytes.len()), bytes.len()),
    };
    Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header(CONTENT_RANGE, format!("bytes {start}-{}/{}", end - 1, bytes.len()))
        .body(Body::from(bytes[start..end].to_vec()))
        .unwrap()
}
