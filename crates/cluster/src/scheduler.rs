//! The scheduler process: Ballista's scheduler, and beside it on the same port what clients of ours talk to.
//!
//! One listener serves Ballista's gRPC (workers register and report there), a Flight service, and over plain HTTP `/healthz`,
//! `/readyz`, `/metrics` and the REST interface below `/api/v1`.
//!
//! gRPC knows one Flight service a listener. The scheduler's own is the actions of [`protocol`](crate::protocol); what else it
//! is to offer comes from above, as a service over these actions ([`Front`]): SQL needs sessions, of which this crate knows
//! nothing.

mod jobs;
mod key_filters;
mod losses;
mod parts;
mod placement;
mod progress;
mod registry;
mod rest;
mod service;
mod slots;
mod watch;
mod web;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use axum::serve::ListenerExt;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_core::serde::{BallistaCodec, BallistaLogicalExtensionCodec};
use ballista_scheduler::cluster::{BallistaCluster, ClusterState, JobState};
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::metrics::default_metrics_collector;
use ballista_scheduler::scheduler_server::SchedulerServer;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::service::RoutesBuilder;

use crate::actions::Actions;
use crate::codec::SwathCodec;
use crate::error::{Error, Result};
use crate::not_found::not_found;
use crate::protocol::MAX_MESSAGE_BYTES;
use crate::state;
use placement::{Notice, Placement};
use slots::Slots;

pub(crate) type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// What a scheduler is made from.
#[derive(Clone, Debug)]
pub struct SchedulerOptions {
    /// The address to listen on.
    pub bind: String,
    /// The port for clients and workers; 0 takes a free one.
    pub port: u16,
    /// The host by which workers reach this process; by default that of `bind`.
    pub advertise: Option<String>,
    /// Workers that `/readyz` waits for.
    pub min_workers: usize,
    /// Seconds without a word from a worker after which it counts as lost. Workers speak every 5 s.
    pub worker_timeout_seconds: u64,
    /// What clients that speak SQL to the scheduler may take of it.
    pub sql: SqlLimits,
}

/// What clients that speak SQL to the scheduler may take of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlLimits {
    /// Sessions that may be open at one time.
    pub sessions: usize,
    /// Bytes that operators of one session may hold in this process, and as many its tables in memory.
    pub session_memory_bytes: usize,
    /// Seconds without a call after which a session ends.
    pub session_idle_seconds: u64,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self { sessions: 16, session_memory_bytes: 256 << 20, session_idle_seconds: 1800 }
    }
}

impl Default for SchedulerOptions {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1".to_owned(),
            port: 7050,
            advertise: None,
            min_workers: 1,
            worker_timeout_seconds: 60,
            sql: SqlLimits::default(),
        }
    }
}

/// What the Flight service of a scheduler's port is made from.
pub struct Front {
    /// What the scheduler itself answers; the service passes on the actions that it does not know.
    pub actions: Arc<dyn Actions>,
    /// The scheduler as this process reaches it, `swath://host:port`.
    pub address: String,
    /// What clients that speak SQL may take.
    pub sql: SqlLimits,
}

/// A scheduler that listens, before it serves.
pub struct Scheduler {
    listener: TcpListener,
    server: Server,
    states: Arc<dyn JobState>,
    slots: Arc<Slots>,
    address: SocketAddr,
    sql: SqlLimits,
    notices: mpsc::UnboundedReceiver<Notice>,
}

impl Scheduler {
    /// Binds the port and starts the scheduler's event loop.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn bind(options: SchedulerOptions) -> Result<Self> {
        let place = format!("{}:{}", options.bind, options.port);
        let listener = TcpListener::bind(&place)
            .await
            .map_err(|error| Error::Start(format!("the scheduler cannot listen on {place}: {error}")))?;
        let address = listener.local_addr().map_err(|error| Error::Start(error.to_string()))?;
        let sql = options.sql;
        let host = options.advertise.unwrap_or_else(|| match address.ip().is_unspecified() {
            true => "localhost".to_owned(),
            false => address.ip().to_string(),
        });
        let (tell, notices) = mpsc::unbounded_channel();
        let placement = Placement::new(tell.clone());
        let config = Arc::new(config(host, address, options.min_workers, options.worker_timeout_seconds, placement));
        let states = BallistaCluster::new_from_config(&config).await?.job_state();
        let slots = Arc::new(Slots::new(tell));
        let cluster = BallistaCluster::new(Arc::clone(&slots) as Arc<dyn ClusterState>, Arc::clone(&states));
        let codec =
            BallistaCodec::new(Arc::new(BallistaLogicalExtensionCodec::default()), Arc::new(SwathCodec::default()));
        let metrics = default_metrics_collector()?;
        let mut server = Server::new(config.scheduler_endpoint(), cluster, codec, config, metrics);
        server.init().await?;
        Ok(Self { listener, server, states, slots, address, sql, notices })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves, with the Flight service that `flight` makes, until `stop` completes; then tells the running jobs' clients and ends.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve<F: FlightService>(
        self,
        flight: impl FnOnce(Front) -> F,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        let jobs = Arc::new(jobs::Jobs::new(self.server.clone(), self.states));
        tokio::spawn(Arc::clone(&jobs).take_notices(self.notices));
        // Before the first worker can register.
        let registrations = self.server.cluster_state_events().await?;
        tokio::spawn(watch::watch_workers(self.server.clone(), registrations));
        let grpc = SchedulerGrpcServer::new(registry::WorkerRegistry::new(self.server.clone(), self.slots))
            .max_encoding_message_size(MAX_MESSAGE_BYTES)
            .max_decoding_message_size(MAX_MESSAGE_BYTES);
        let actions: Arc<dyn Actions> = Arc::new(service::SchedulerActions::new(Arc::clone(&jobs)));
        let front = Front { actions, address: format!("swath://{}", reached_from_here(self.address)), sql: self.sql };
        let flight = FlightServiceServer::new(flight(front))
            .max_encoding_message_size(MAX_MESSAGE_BYTES)
            .max_decoding_message_size(MAX_MESSAGE_BYTES);
        let mut routes = RoutesBuilder::default();
        routes.add_service(grpc);
        routes.add_service(flight);
        let router = routes.routes().into_axum_router().merge(web::routes(Arc::clone(&jobs))).fallback(not_found);
        let listener = self.listener.tap_io(|stream| {
            // Small messages must not wait for each other.
            if let Err(error) = stream.set_nodelay(true) {
                log::debug!("TCP_NODELAY: {error}");
            }
        });
        let stopping = Arc::clone(&jobs);
        let stop = async move {
            stop.await;
            stopping.stop();
        };
        log::info!("scheduler listens on {}", self.address);
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stop)
            .await
            .map_err(|error| Error::Start(format!("the scheduler's listener failed: {error}")))
    }
}

/// The address by which this process itself reaches a listener on `address`.
fn reached_from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn config(
    host: String,
    address: SocketAddr,
    min_workers: usize,
    worker_timeout_seconds: u64,
    placement: Placement,
) -> SchedulerConfig {
    SchedulerConfig {
        external_host: host,
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        scheduling_policy: TaskSchedulingPolicy::PushStaged,
        task_distribution: TaskDistributionPolicy::Custom(Arc::new(placement)),
        // Results are freed when their client has read them (`jobs`); this is for what nobody asks for any more.
        finished_job_data_clean_up_interval_seconds: 600,
        finished_job_state_clean_up_interval_seconds: 900,
        executor_timeout_seconds: worker_timeout_seconds,
        no_executors_grace_period_seconds: 60,
        expire_dead_executor_interval_seconds: 5,
        grpc_server_max_decoding_message_size: MAX_MESSAGE_BYTES as u32,
        grpc_server_max_encoding_message_size: MAX_MESSAGE_BYTES as u32,
        grpc_client_max_message_size: MAX_MESSAGE_BYTES as u32,
        min_ready_executors: min_workers,
        override_config_producer: Some(Arc::new(|| {
            state::base_config().with_ballista_grpc_client_max_message_size(MAX_MESSAGE_BYTES)
        })),
        override_session_builder: Some(Arc::new(|config| state::session_state(config, None, None))),
        override_physical_codec: Some(Arc::new(SwathCodec::default())),
        ..Default::default()
    }
}
