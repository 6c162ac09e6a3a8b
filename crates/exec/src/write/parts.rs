//! A file sent to a store in numbered parts, which any process may put together.
//!
//! A worker sends the parts; the client, which alone knows whether all workers have ended well, completes the file. Until then
//! it is not visible. Two attempts of one task send parts of different uploads, and only one of them is completed.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use datafusion::common::{DataFusionError, Result, internal_err};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{MultipartId, PutPayload};
use tokio::task::JoinSet;

/// Sends the parts of one file.
pub struct PartWriter {
    store: Arc<dyn MultipartStore>,
    location: Path,
    part_bytes: usize,
    parts_at_once: usize,
    upload: Option<MultipartId>,
    buffer: BytesMut,
    sending: JoinSet<object_store::Result<(usize, PartId)>>,
    parts: Vec<Option<PartId>>,
}

/// Parts that lie on a store and are no file yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingParts {
    /// The store's name of the upload.
    pub upload: String,
    /// The store's names of the parts, in their order.
    pub parts: Vec<String>,
}

impl fmt::Debug for PartWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartWriter").field("location", &self.location).finish_non_exhaustive()
    }
}

impl PartWriter {
    /// A writer of parts of `part_bytes`, of which `parts_at_once` are under way.
    pub fn new(store: Arc<dyn MultipartStore>, location: Path, part_bytes: usize, parts_at_once: usize) -> Self {
        let (buffer, sending) = (BytesMut::new(), JoinSet::new());
        Self { store, location, part_bytes, parts_at_once, upload: None, buffer, sending, parts: vec![] }
    }

    /// The file at `location` whose parts were sent by another process.
    pub fn resume(store: Arc<dyn MultipartStore>, location: Path, pending: PendingParts) -> Self {
        let mut writer = Self::new(store, location, 0, 0);
        writer.upload = Some(pending.upload);
        writer.parts = pending.parts.into_iter().map(|content_id| Some(PartId { content_id })).collect();
        writer
    }

    /// Adds bytes.
    pub async fn put(&mut self, bytes: Bytes) -> Result<()> {
        self.buffer.extend_from_slice(&bytes);
        while self.buffer.len() >= self.part_bytes {
            // All parts but the last have one size: some stores ask for that.
            let part = self.buffer.split_to(self.part_bytes).freeze();
            self.send(part).await?;
        }
        Ok(())
    }

    /// Sends what is left, and waits until every part has arrived.
    pub async fn finish(&mut self) -> Result<()> {
        if !self.buffer.is_empty() || self.parts.is_empty() {
            let rest = std::mem::take(&mut self.buffer).freeze();
            self.send(rest).await?;
        }
        while self.arrive().await? {}
        Ok(())
    }

    /// Makes the file visible.
    pub async fn complete(&mut self) -> Result<()> {
        let PendingParts { upload, parts } = self.pending()?;
        let parts = parts.into_iter().map(|content_id| PartId { content_id }).collect();
        self.store.complete_multipart(&self.location, &upload, parts).await?;
        Ok(())
    }

    /// What another process needs to make the file visible.
    pub fn pending(&self) -> Result<PendingParts> {
        let parts = self.parts.iter().map(|part| part.as_ref().map(|part| part.content_id.clone())).collect();
        match (&self.upload, parts) {
            (Some(upload), Some(parts)) => Ok(PendingParts { upload: upload.clone(), parts }),
            _ => internal_err!("{}: parts of the file are still under way", self.location),
        }
    }

    /// Takes back what was sent.
    pub async fn give_up(&mut self) {
        self.sending.shutdown().await;
        if let Some(upload) = &self.upload
            && let Err(error) = self.store.abort_multipart(&self.location, upload).await
        {
            // It is never visible, and stores have rules to remove it.
            log::debug!("{}: an upload could not be taken back: {error}", self.location);
        }
    }

    async fn send(&mut self, part: Bytes) -> Result<()> {
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => self.upload.insert(self.store.create_multipart(&self.location).await?).clone(),
        };
        while self.sending.len() >= self.parts_at_once {
            self.arrive().await?;
        }
        let (store, location, number) = (Arc::clone(&self.store), self.location.clone(), self.parts.len());
        self.parts.push(None);
        self.sending.spawn(async move {
            let sent = store.put_part(&location, &upload, number, PutPayload::from_bytes(part)).await?;
            Ok((number, sent))
        });
        Ok(())
    }

    /// Waits for one part; false if none is under way.
    async fn arrive(&mut self) -> Result<bool> {
        let Some(joined) = self.sending.join_next().await else { return Ok(false) };
        let (number, part) = joined.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
        self.parts[number] = Some(part);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;
    use object_store::{ObjectStore, ObjectStoreExt};

    #[tokio::test]
    async fn another_process_completes_one_of_two_attempts() {
        let store = Arc::new(InMemory::new());
        let location = Path::from("t/part-00000.csv");
        let mut handed_over = vec![];
        for text in ["first attempt, in several parts", "second"] {
            let mut writer = PartWriter::new(Arc::clone(&store) as Arc<dyn MultipartStore>, location.clone(), 5, 2);
            for piece in text.as_bytes().chunks(3) {
                writer.put(Bytes::copy_from_slice(piece)).await.unwrap();
            }
            writer.finish().await.unwrap();
            handed_over.push(writer.pending().unwrap());
        }
        assert!(store.head(&location).await.is_err(), "nothing is visible yet");
        assert_eq!(handed_over[0].parts.len(), 7);
        let mut first = PartWriter::resume(Arc::clone(&store) as _, location.clone(), handed_over[0].clone());
        let mut second = PartWriter::resume(Arc::clone(&store) as _, location.clone(), handed_over[1].clone());
        first.complete().await.unwrap();
        second.give_up().await;
        let bytes = store.get_opts(&location, Default::default()).await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes, "first attempt, in several parts");
    }

    #[tokio::test]
    async fn a_file_without_bytes_is_a_file() {
        let store = Arc::new(InMemory::new());
        let location = Path::from("empty");
        let mut writer = PartWriter::new(Arc::clone(&store) as _, location.clone(), 5, 2);
        writer.finish().await.unwrap();
        writer.complete().await.unwrap();
        assert_eq!(store.head(&location).await.unwrap().size, 0);
    }
}
