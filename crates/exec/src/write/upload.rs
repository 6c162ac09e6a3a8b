//! Bytes to a file that nobody sees yet.
//!
//! Each file has a task of its own that compresses and sends, so that encoding goes on meanwhile. The task takes bytes from
//! a short channel. If the channel closes without `Message::End`, the writer has failed, and the upload is given up.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use futures::StreamExt;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::parts::{PartWriter, PendingParts};
use crate::files::Compression;

/// Pieces that may wait to be sent.
const PIECES_WAITING: usize = 2;

enum Message {
    Bytes(Bytes),
    End,
}

/// A file that is being sent.
pub struct Upload {
    sender: mpsc::Sender<Message>,
    task: JoinHandle<Result<Uploaded>>,
}

/// A file whose bytes are all on their way, but which is not visible before [`complete`](Self::complete).
pub struct Uploaded {
    writer: FileWriter,
    /// Where it will be.
    pub location: Path,
    /// Its size.
    pub bytes: u64,
    /// The folder below the target (`key=value/…`, or empty).
    pub folder: String,
    /// Its rows.
    pub rows: u64,
}

/// How the bytes of a file get to its store.
pub enum FileWriter {
    /// By an upload that this process completes.
    Whole(BufWriter),
    /// In parts that another process may put together.
    Parts(PartWriter),
}

impl FileWriter {
    async fn put(&mut self, bytes: Bytes) -> Result<()> {
        match self {
            Self::Whole(writer) => Ok(writer.put(bytes).await?),
            Self::Parts(writer) => writer.put(bytes).await,
        }
    }

    async fn give_up(&mut self) {
        match self {
            // What is left unfinished on a store is never visible, and stores have rules to remove it.
            Self::Whole(writer) => drop(writer.abort().await),
            Self::Parts(writer) => writer.give_up().await,
        }
    }
}

impl Upload {
    /// Begins to send a file to `location`. `part_bytes` is the size of the pieces, `parts_at_once` how many are under way.
    pub fn start(
        store: Arc<dyn ObjectStore>,
        location: Path,
        compression: Compression,
        part_bytes: usize,
        parts_at_once: usize,
    ) -> Self {
        let writer = BufWriter::with_capacity(store, location.clone(), part_bytes).with_max_concurrency(parts_at_once);
        Self::start_with(FileWriter::Whole(writer), location, compression)
    }

    /// Begins to send a file to `location` through `writer`.
    pub fn start_with(writer: FileWriter, location: Path, compression: Compression) -> Self {
        let (sender, receiver) = mpsc::channel(PIECES_WAITING);
        // Not aborted when dropped: it gives the upload up by itself, which an aborted task could not.
        let task = tokio::spawn(send(writer, location, compression, receiver));
        Self { sender, task }
    }

    /// Hands `bytes` over; waits if the store is behind.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        match self.sender.send(Message::Bytes(bytes)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(failure_of(&mut self.task).await),
        }
    }

    /// Waits until everything is sent. The file is still not visible.
    pub async fn finish(mut self) -> Result<Uploaded> {
        if self.sender.send(Message::End).await.is_err() {
            return Err(failure_of(&mut self.task).await);
        }
        drop(self.sender);
        self.task.await.map_err(|error| DataFusionError::External(Box::new(error)))?
    }
}

impl Uploaded {
    /// Makes the file visible.
    pub async fn complete(&mut self) -> Result<()> {
        match &mut self.writer {
            FileWriter::Whole(writer) => {
                let shutdown = futures::future::poll_fn(|context| Pin::new(&mut *writer).poll_shutdown(context));
                shutdown.await.map_err(store_failure)
            }
            FileWriter::Parts(writer) => writer.complete().await,
        }
    }

    /// What another process needs to make the file visible: nothing if it is whole, which this sees to.
    pub async fn hand_over(&mut self) -> Result<Option<PendingParts>> {
        if let FileWriter::Parts(writer) = &mut self.writer {
            return writer.pending().map(Some);
        }
        self.complete().await?;
        Ok(None)
    }

    /// A file whose parts another process has sent.
    pub fn of_parts(writer: PartWriter, location: Path, bytes: u64) -> Self {
        Self { writer: FileWriter::Parts(writer), location, bytes, folder: String::new(), rows: 0 }
    }

    /// Takes back what was sent.
    pub async fn give_up(&mut self) {
        self.writer.give_up().await;
    }
}

async fn failure_of(task: &mut JoinHandle<Result<Uploaded>>) -> DataFusionError {
    match task.await {
        Ok(Err(error)) => error,
        Ok(Ok(_)) => DataFusionError::Internal("an upload ended before its file".to_owned()),
        Err(error) => DataFusionError::External(Box::new(error)),
    }
}

async fn send(
    mut writer: FileWriter,
    location: Path,
    compression: Compression,
    receiver: mpsc::Receiver<Message>,
) -> Result<Uploaded> {
    let complete = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&complete);
    let pieces = futures::stream::unfold(receiver, move |mut receiver| {
        let seen = Arc::clone(&seen);
        async move {
            match receiver.recv().await? {
                Message::Bytes(bytes) => Some((Ok(bytes), receiver)),
                Message::End => {
                    seen.store(true, Ordering::Release);
                    None
                }
            }
        }
    })
    .boxed();
    let sent = send_all(&mut writer, compression, pieces).await;
    match sent {
        Ok(bytes) if complete.load(Ordering::Acquire) => {
            Ok(Uploaded { writer, location, bytes, folder: String::new(), rows: 0 })
        }
        other => {
            writer.give_up().await;
            Err(other.err().unwrap_or_else(|| DataFusionError::Execution("the write was given up".to_owned())))
        }
    }
}

async fn send_all(
    writer: &mut FileWriter,
    compression: Compression,
    pieces: futures::stream::BoxStream<'_, Result<Bytes>>,
) -> Result<u64> {
    let mut pieces = FileCompressionType::from(datafusion::common::parsers::CompressionTypeVariant::from(compression))
        .convert_to_compress_stream(pieces)?;
    let mut sent_bytes = 0;
    while let Some(bytes) = pieces.next().await.transpose()? {
        sent_bytes += bytes.len() as u64;
        writer.put(bytes).await?;
    }
    if let FileWriter::Parts(parts) = writer {
        parts.finish().await?;
    }
    Ok(sent_bytes)
}

/// The writer wraps the store's error once more; unwrap it, since it says what to check.
fn store_failure(error: std::io::Error) -> DataFusionError {
    if error.get_ref().is_some_and(|inner| inner.is::<object_store::Error>())
        && let Some(inner) = error.into_inner()
    {
        return match inner.downcast::<object_store::Error>() {
            Ok(error) => DataFusionError::ObjectStore(error),
            Err(other) => DataFusionError::External(other),
        };
    }
    DataFusionError::Execution("the store did not take the last bytes of a file".to_owned())
}
