//! The side of a store that takes files in parts, of which one process may send some and another complete the file.
//!
//! DataFusion hands stores around as `dyn ObjectStore`, which hides that side. The question for it travels in the extensions
//! of a request; the outermost layer of every store of a session answers it, and sends nothing.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, GetOptions, MultipartId, ObjectStore, PutPayload, PutResult, Result};
use parking_lot::Mutex;

use super::StoreFailure;

/// Asks a store for the side that takes files in parts.
#[derive(Clone, Default)]
pub(super) struct PartsQuestion(Arc<Mutex<Option<GuardedParts>>>);

impl PartsQuestion {
    /// Answers, and gives what the request that carried the question fails with.
    pub(super) fn answered_with(&self, parts: Option<&GuardedParts>) -> Error {
        *self.0.lock() = parts.cloned();
        Error::NotSupported { source: "a question, not a request".into() }
    }
}

/// The side of `store` that takes files in parts; none if it has none.
pub async fn part_store(store: &dyn ObjectStore) -> Option<Arc<dyn MultipartStore>> {
    let question = PartsQuestion::default();
    let mut options = GetOptions { head: true, ..Default::default() };
    options.extensions.insert(question.clone());
    // The answer is in the question.
    let _ = store.get_opts(&Path::default(), options).await;
    let parts = question.0.lock().take();
    parts.map(|parts| Arc::new(parts) as Arc<dyn MultipartStore>)
}

/// Parts with errors that say what to check.
#[derive(Clone)]
pub(super) struct GuardedParts {
    inner: Arc<dyn MultipartStore>,
    address: String,
}

impl fmt::Debug for GuardedParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedParts").field("address", &self.address).finish_non_exhaustive()
    }
}

impl GuardedParts {
    pub(super) fn new(inner: Arc<dyn MultipartStore>, address: String) -> Self {
        Self { inner, address }
    }

    fn explain(&self) -> impl Fn(Error) -> Error + Send + Sync + 'static {
        let address = self.address.clone();
        move |error| StoreFailure::wrap(&address, error)
    }
}

#[async_trait]
impl MultipartStore for GuardedParts {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.inner.create_multipart(path).await.map_err(self.explain())
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, number: usize, data: PutPayload) -> Result<PartId> {
        self.inner.put_part(path, id, number, data).await.map_err(self.explain())
    }

    async fn complete_multipart(&self, path: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        self.inner.complete_multipart(path, id, parts).await.map_err(self.explain())
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        self.inner.abort_multipart(path, id).await.map_err(self.explain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_stores::guarded::GuardedStore;
    use object_store::memory::InMemory;

    #[tokio::test]
    async fn a_layer_answers_for_its_store() {
        let store = Arc::new(InMemory::new());
        let plain = GuardedStore::new(Arc::clone(&store) as _, "memory://");
        assert!(part_store(&plain).await.is_none());
        let parts = part_store(&plain.with_parts(Some(store))).await.unwrap();
        let upload = parts.create_multipart(&Path::from("a")).await.unwrap();
        parts.abort_multipart(&Path::from("a"), &upload).await.unwrap();
    }
}
