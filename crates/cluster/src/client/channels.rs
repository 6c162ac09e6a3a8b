//! Connections that are kept: one to each peer, made when first used, and made again when it breaks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::common::{Result, exec_datafusion_err};
use parking_lot::Mutex;
use swath_shuffle::flight::Peer;
use swath_shuffle::link::Links;
use tokio::runtime::Handle;
use tonic::transport::{Channel, Endpoint};

/// Bytes of one stream that may be on their way.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
/// Bytes of all streams of a connection that may be on their way: no bound of its own. A merge waits for a batch of each of its
/// streams, and what others have sent meanwhile must not keep that one from coming.
const CONNECTION_WINDOW_BYTES: u32 = (1 << 31) - 1;

/// Connections by address.
#[derive(Debug)]
pub struct Channels {
    known: Mutex<HashMap<String, Channel>>,
    links: Arc<Links>,
    network: Handle,
}

impl Channels {
    /// Connections whose bytes are moved by the threads of `network`.
    pub fn new(network: Handle) -> Self {
        Self { known: Mutex::default(), links: Arc::default(), network }
    }

    /// The process at `address`, `host:port`, to fetch data from.
    ///
    /// # Errors
    /// If that is no address.
    pub fn peer(&self, address: &str) -> Result<Peer> {
        Ok(Peer { channel: self.to(address)?, address: address.to_owned(), links: Arc::clone(&self.links) })
    }

    /// The connection to `address`, `host:port`.
    ///
    /// # Errors
    /// If that is no address.
    pub fn to(&self, address: &str) -> Result<Channel> {
        if let Some(channel) = self.known.lock().get(address) {
            return Ok(channel.clone());
        }
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|error| exec_datafusion_err!("{address} is no address: {error}"))?;
        let _runtime = self.network.enter();
        let channel = endpoint
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(5))
            // A peer whose machine is gone does not close its connections.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(10))
            .keep_alive_while_idle(true)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .connect_lazy();
        self.known.lock().insert(address.to_owned(), channel.clone());
        Ok(channel)
    }
}
