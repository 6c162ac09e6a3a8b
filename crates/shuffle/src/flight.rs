//! Task outputs served to other processes as Arrow Flight streams, and fetched from them.
//!
//! A [`Ticket`] names several outputs of one worker; they come one after another in one stream. The stream is encoded as the
//! reader takes it, so that a slow reader holds up nothing but itself: what is on its way is bounded by the window of the
//! HTTP/2 stream. A reader whose connection breaks asks again for the rows that it has not seen. The number of rows is
//! checked at the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{FlightData, Ticket as FlightTicket};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use prost::Message;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::compact::compact;
use crate::declared::as_declared;
use crate::exchange::{OutputKey, Readable, TaskOutputs};
use crate::link::{self, Links};
use crate::messages;

/// The largest message that a reader takes: one batch that cannot be split.
pub const MAX_MESSAGE_BYTES: usize = 1 << 30;

/// How often a reader asks again when its connection breaks.
const ATTEMPTS: u32 = 4;

/// What a reader asks a worker for.
#[derive(Clone, PartialEq, Message)]
pub struct Ticket {
    /// The job.
    #[prost(string, tag = "1")]
    pub job: String,
    /// The outputs, in the order in which they are wanted.
    #[prost(message, repeated, tag = "2")]
    pub outputs: Vec<TicketOutput>,
    /// Rows at the start that the reader has already.
    #[prost(uint64, tag = "3")]
    pub skip_rows: u64,
    /// How batches are compressed on the way: empty, `none`, `lz4`, `zstd`, or `adaptive` by what the first batch is like.
    #[prost(string, tag = "4")]
    pub compression: String,
    /// The outputs may still be written, or not even be begun: they are waited for, and come as they are written.
    #[prost(bool, tag = "5")]
    pub live: bool,
}

/// One output in a [`Ticket`].
#[derive(Clone, Copy, PartialEq, Message)]
pub struct TicketOutput {
    /// The stage that made it.
    #[prost(uint32, tag = "1")]
    pub stage: u32,
    /// Its partition.
    #[prost(uint32, tag = "2")]
    pub partition: u32,
    /// The task that made it.
    #[prost(uint32, tag = "3")]
    pub task: u32,
}

impl From<OutputKey> for TicketOutput {
    fn from(key: OutputKey) -> Self {
        Self { stage: key.stage, partition: key.partition, task: key.task }
    }
}

impl From<TicketOutput> for OutputKey {
    fn from(output: TicketOutput) -> Self {
        Self { stage: output.stage, partition: output.partition, task: output.task }
    }
}

/// The stream that answers `ticket`.
///
/// # Errors
/// `NotFound` if an output is not held here, `InvalidArgument` for a damaged ticket.
pub fn serve(
    outputs: &Arc<TaskOutputs>,
    ticket: &FlightTicket,
) -> Result<BoxStream<'static, Result<FlightData, Status>>, Status> {
    let ticket = Ticket::decode(ticket.ticket.clone())
        .map_err(|error| Status::invalid_argument(format!("the ticket is damaged: {error}")))?;
    let asked = compression(&ticket.compression)?;
    if ticket.live {
        return serve_live(Arc::clone(outputs), ticket, asked);
    }
    let held: Vec<_> = ticket
        .outputs
        .iter()
        .map(|output| outputs.get(&ticket.job, (*output).into()))
        .collect::<Result<_>>()
        .map_err(|error| Status::not_found(error.strip_backtrace()))?;
    let Some(first) = held.first() else { return Err(Status::invalid_argument("the ticket names no output")) };
    let schema = Arc::clone(first.schema());
    let batches = stream::iter(held).map(|partition| partition.stream()).try_flatten();
    Ok(encoded(schema, batches, ticket.skip_rows, asked))
}

/// As [`serve`], for one output that need not be finished, nor even be begun.
fn serve_live(
    outputs: Arc<TaskOutputs>,
    ticket: Ticket,
    asked: Asked,
) -> Result<BoxStream<'static, Result<FlightData, Status>>, Status> {
    let [output] = ticket.outputs[..] else {
        return Err(Status::invalid_argument("a ticket for an output that is still written names one output"));
    };
    let answer = async move {
        let found = outputs.await_output(&ticket.job, output.into()).await;
        let not_found = |error: DataFusionError| Status::not_found(error.strip_backtrace());
        let (schema, batches) = match found.map_err(not_found)? {
            Readable::Stored(partition) => (Arc::clone(partition.schema()), partition.stream().map_err(not_found)?),
            Readable::Live(partition) => (Arc::clone(partition.schema()), partition.stream()),
        };
        Ok::<_, Status>(encoded(schema, batches, ticket.skip_rows, asked))
    };
    Ok(stream::once(answer).try_flatten().boxed())
}

/// `batches` but for their first rows, as they go out.
fn encoded(
    schema: SchemaRef,
    batches: impl Stream<Item = Result<RecordBatch>> + Send + 'static,
    skip_rows: u64,
    asked: Asked,
) -> BoxStream<'static, Result<FlightData, Status>> {
    let mut skip = usize::try_from(skip_rows).unwrap_or(usize::MAX);
    let batches = batches
        .try_filter_map(move |batch| {
            let skipped = skip.min(batch.num_rows());
            skip -= skipped;
            let rest = batch.slice(skipped, batch.num_rows() - skipped);
            futures::future::ready(Ok((rest.num_rows() > 0).then_some(rest)))
        })
        .and_then(|batch| futures::future::ready(compact(batch).map_err(DataFusionError::from)))
        .map_err(|error| FlightError::ExternalError(Box::new(error)));
    let encoded = stream::once(async move {
        let mut batches = batches.boxed();
        let first = batches.next().await;
        let compression = match (asked, &first) {
            (Asked::For(compression), _) => compression,
            (Asked::ByData, Some(Ok(first))) => link::chosen(first).map_err(FlightError::Arrow)?,
            (Asked::ByData, _) => None,
        };
        let options = IpcWriteOptions::default().try_with_compression(compression).map_err(FlightError::Arrow)?;
        Ok::<_, FlightError>(messages::encoded(&schema, options, stream::iter(first).chain(batches)))
    });
    encoded.try_flatten().map_err(Status::from).boxed()
}

/// What a ticket asks for.
#[derive(Clone, Copy)]
enum Asked {
    For(Option<CompressionType>),
    ByData,
}

fn compression(name: &str) -> Result<Asked, Status> {
    match name {
        "" | link::NONE => Ok(Asked::For(None)),
        "lz4" => Ok(Asked::For(Some(CompressionType::LZ4_FRAME))),
        "zstd" => Ok(Asked::For(Some(CompressionType::ZSTD))),
        link::ADAPTIVE => Ok(Asked::ByData),
        other => {
            Err(Status::invalid_argument(format!("expected compression none, lz4, zstd or adaptive, got '{other}'")))
        }
    }
}

/// Another process, and what is known of the way there.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The connection.
    pub channel: Channel,
    /// Its address, `host:port`.
    pub address: String,
    /// What earlier transfers have told.
    pub links: Arc<Links>,
}

/// The batches of the outputs that `ticket` names, which together have `expected_rows` rows of `schema`.
///
/// Nothing is asked before the stream is polled. Dropping it ends the transfer.
pub fn fetch(
    peer: Peer,
    mut ticket: Ticket,
    schema: SchemaRef,
    expected_rows: Option<u64>,
) -> SendableRecordBatchStream {
    ticket.compression = peer.links.compression(&ticket.compression, &peer.address).to_owned();
    let reading = Reading {
        peer,
        ticket,
        seen_rows: 0,
        seen_bytes: 0,
        waited: Duration::ZERO,
        stream: None,
        attempts: 0,
        schema: Arc::clone(&schema),
    };
    let batches = stream::try_unfold(reading, move |mut reading| async move {
        match reading.next().await? {
            Some(batch) => Ok(Some((batch, reading))),
            None => match expected_rows {
                Some(expected) if expected != reading.seen_rows => exec_err!(
                    "the exchange lost rows: {expected} were written, {} were read; job {}",
                    reading.seen_rows,
                    reading.ticket.job
                ),
                _ => Ok(None),
            },
        }
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

struct Reading {
    peer: Peer,
    ticket: Ticket,
    seen_rows: u64,
    seen_bytes: usize,
    waited: Duration,
    stream: Option<FlightRecordBatchStream>,
    attempts: u32,
    schema: SchemaRef,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let asked = Instant::now();
            let advanced = self.advance().await;
            self.waited += asked.elapsed();
            match advanced {
                Ok(Some(batch)) => {
                    self.seen_rows += batch.num_rows() as u64;
                    self.seen_bytes += batch.get_array_memory_size();
                    self.attempts = 0;
                    return Ok(Some(as_declared(batch, &self.schema)?));
                }
                Ok(None) => {
                    self.peer.links.note(&self.peer.address, self.seen_bytes, self.waited);
                    return Ok(None);
                }
                Err(error) if self.attempts < ATTEMPTS && is_broken_connection(&error) => {
                    self.attempts += 1;
                    self.stream = None;
                    log::warn!("fetching an output of job {} failed, asking again: {error}", self.ticket.job);
                    tokio::time::sleep(Duration::from_millis(20 << self.attempts)).await;
                }
                Err(error) => return Err(flight_error(error)),
            }
        }
    }

    async fn advance(&mut self) -> Result<Option<RecordBatch>, FlightError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let ticket = Ticket { skip_rows: self.seen_rows, ..self.ticket.clone() };
                let ticket = FlightTicket { ticket: ticket.encode_to_vec().into() };
                let mut client =
                    FlightServiceClient::new(self.peer.channel.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES);
                let data = client.do_get(ticket).await.map_err(|status| FlightError::Tonic(Box::new(status)))?;
                let data = data.into_inner().map_err(|status| FlightError::Tonic(Box::new(status)));
                self.stream.insert(FlightRecordBatchStream::new_from_flight_data(data))
            }
        };
        stream.next().await.transpose()
    }
}

/// Whether asking again may help.
fn is_broken_connection(error: &FlightError) -> bool {
    match error {
        FlightError::Tonic(status) => matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled),
        _ => false,
    }
}

fn flight_error(error: FlightError) -> DataFusionError {
    match error {
        FlightError::Tonic(status) => match status.code() {
            // The scheduler takes an input/output error for a reason to run the producing task again.
            Code::NotFound | Code::Unavailable | Code::Unknown => {
                DataFusionError::IoError(std::io::Error::other(format!("exchange: {}", status.message())))
            }
            _ => exec_datafusion_err!("exchange: {}", status.message()),
        },
        FlightError::Arrow(error) => error.into(),
        other => exec_datafusion_err!("exchange: {other}"),
    }
}
