//! The client's side: a connection to a scheduler, and the session's plans taken there.

pub mod channels;
mod finish;
mod held;
mod key_filters;
mod leaves;
mod live;
mod place;
mod query;
mod small;
mod write;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow_flight::Action;
use arrow_flight::flight_service_client::FlightServiceClient;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{Result as EngineResult, exec_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use parking_lot::Mutex;
use prost::Message;
use swath_exec::{RemotePlanner, StoreOptions};
use tokio::runtime::{Handle, Runtime};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::error::{Error, Result};
use crate::protocol::{
    HELLO, Hello, MAX_MESSAGE_BYTES, Pair, VERSION, WORKERS, Welcome, Worker, WorkerList, version_mismatch,
};
use crate::settings;
use channels::Channels;

/// The port of a scheduler if an address names none.
pub const DEFAULT_PORT: u16 = 7050;

/// A connection to a cluster. Queries of one session share it.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// Moves bytes; the session's own threads compute.
    network: Option<Runtime>,
    address: String,
    channels: Channels,
    session: String,
    store_options: StoreOptions,
    threads: usize,
    /// The jobs whose results this session has the workers hold.
    held: Mutex<HashSet<String>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(network) = self.network.take() {
            // A plain drop would block, which is not allowed inside another async runtime.
            network.shutdown_background();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("scheduler", &self.inner.address).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to the scheduler at `address` (`swath://host:port`) for one session.
    ///
    /// # Errors
    /// If the address is none, nobody answers there, or the scheduler is of another version.
    pub fn connect(address: &str, store_options: StoreOptions) -> Result<Self> {
        let (host, port) = parse_address(address)?;
        let address = format!("{host}:{port}");
        let network = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("swath-network")
            .enable_all()
            .build()
            .map_err(|error| Error::Connect(format!("the network thread cannot be started: {error}")))?;
        let channels = Channels::new(network.handle().clone());
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let greeting = greet(channels.to(&address)?, address.clone());
        network.spawn(async move {
            // The receiver waits below.
            let _ = sender.send(greeting.await);
        });
        let welcome = receiver.recv().unwrap_or_else(|_| Err(Error::Connect("the network thread ended".to_owned())));
        let threads =
            welcome.map(|welcome| welcome.workers.iter().map(|worker| worker.threads as usize).sum::<usize>());
        let threads = match threads {
            Ok(threads) => threads,
            Err(error) => {
                network.shutdown_background();
                return Err(error);
            }
        };
        let session = ballista_core::ids::new_instance_id();
        let network = Some(network);
        let inner = Inner {
            network,
            address,
            channels,
            session,
            store_options,
            threads: threads.max(1),
            held: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The scheduler, `host:port`.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// Threads of all workers when the session began.
    pub fn threads(&self) -> usize {
        self.inner.threads
    }

    /// The scheduler as it answers now: its version and workers.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn welcome(&self) -> Result<Welcome> {
        greet(self.scheduler()?, self.inner.address.clone()).await
    }

    /// The workers that are alive, and what each holds.
    ///
    /// # Errors
    /// If the scheduler does not answer.
    pub async fn workers(&self) -> Result<Vec<Worker>> {
        let address = &self.inner.address;
        let unreachable = |status: Status| {
            Error::Connect(format!("the scheduler {address} does not answer: {}", root_message(&status)))
        };
        let mut answers = act(self.scheduler()?, WORKERS, Vec::new()).await.map_err(unreachable)?;
        let body = answers.next().await.transpose().map_err(unreachable)?.unwrap_or_default();
        let list = WorkerList::decode(body.as_slice());
        let damaged = |error| Error::Connect(format!("{address}: the list of workers is damaged: {error}"));
        Ok(list.map_err(damaged)?.workers)
    }

    fn scheduler(&self) -> EngineResult<Channel> {
        self.inner.channels.to(&self.inner.address)
    }

    fn store_options(&self) -> Vec<Pair> {
        let pair = |(key, value): &(String, String)| Pair { key: key.clone(), value: value.clone() };
        self.inner.store_options.0.iter().map(pair).collect()
    }
}

#[async_trait]
impl RemotePlanner for Client {
    async fn place(&self, plan: Arc<dyn ExecutionPlan>, session: &dyn Session) -> EngineResult<Arc<dyn ExecutionPlan>> {
        place::place(self, plan, session).await
    }

    fn prepare(&self, options: &mut ConfigOptions) -> EngineResult<()> {
        settings::prepare_client(options, self.threads())
    }
}

/// Host and port in `swath://host:port`.
///
/// # Errors
/// If it is no such address.
pub fn parse_address(address: &str) -> Result<(String, u16)> {
    let wrong = |why: &str| Error::Connect(format!("{address}: {why}; expected an address such as swath://host:7050"));
    let rest = match address.split_once("://") {
        Some(("swath", rest)) => rest,
        Some((scheme, _)) => return Err(wrong(&format!("unknown scheme '{scheme}'"))),
        None => address,
    };
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        // The colons of a bare IPv6 address are not before a port.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().map_err(|_| wrong(&format!("'{port}' is no port")))?)
        }
        _ => (rest, DEFAULT_PORT),
    };
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
        return Err(wrong("no host"));
    }
    Ok((host.to_owned(), port))
}

/// Introduces this process to the scheduler at `host` and `port`.
///
/// # Errors
/// If it does not answer, or is of another version.
pub async fn hello(host: &str, port: u16) -> Result<Welcome> {
    let address = format!("{host}:{port}");
    greet(Channels::new(Handle::current()).to(&address)?, address).await
}

async fn greet(channel: Channel, address: String) -> Result<Welcome> {
    let body = Hello { version: VERSION.to_owned() }.encode_to_vec();
    let mut answers = act(channel, HELLO, body).await.map_err(|status| match status.code() {
        Code::FailedPrecondition | Code::InvalidArgument => Error::Connect(format!("{address}: {}", status.message())),
        Code::Unimplemented => {
            Error::Connect(format!("{address}: this is no Swath scheduler, or one of another version"))
        }
        _ => Error::Connect(format!(
            "{address}: no scheduler answers ({}); start one with `swath scheduler` or `swath cluster`",
            root_message(&status)
        )),
    })?;
    let welcome = match answers.next().await {
        Some(Ok(body)) => Welcome::decode(body.as_slice()).ok(),
        _ => None,
    };
    let Some(welcome) = welcome else {
        return Err(Error::Connect(format!("{address}: this is no Swath scheduler, or one of another version")));
    };
    if welcome.version != VERSION {
        return Err(Error::Connect(version_mismatch(&format!("the scheduler {address}"), &welcome.version)));
    }
    Ok(welcome)
}

fn root_message(status: &Status) -> String {
    let mut error: &dyn std::error::Error = status;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

type Answers = futures::stream::BoxStream<'static, Result<Vec<u8>, Status>>;

/// Does `action`; dropping the answers tells the peer that nobody waits any more.
async fn act(channel: Channel, action: &str, body: Vec<u8>) -> Result<Answers, Status> {
    let mut client = FlightServiceClient::new(channel)
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let answers = client.do_action(Action { r#type: action.to_owned(), body: body.into() }).await?.into_inner();
    Ok(answers.map(|answer| answer.map(|result| result.body.to_vec())).boxed())
}

fn unreachable_scheduler(address: &str, status: &Status) -> datafusion::common::DataFusionError {
    exec_datafusion_err!("the scheduler {address} does not answer: {}", root_message(status))
}

#[cfg(test)]
mod tests {
    use super::parse_address;

    #[test]
    fn addresses() {
        assert_eq!(parse_address("swath://host:1").unwrap(), ("host".to_owned(), 1));
        assert_eq!(parse_address("swath://host/").unwrap(), ("host".to_owned(), 7050));
        assert_eq!(parse_address("10.0.0.1:9").unwrap(), ("10.0.0.1".to_owned(), 9));
        assert_eq!(parse_address("swath://[::1]:9").unwrap(), ("[::1]".to_owned(), 9));
        for wrong in ["http://host:1", "swath://", "swath://host:port", "swath://a b", "swath://:7"] {
            assert!(parse_address(wrong).is_err(), "{wrong}");
        }
    }
}
