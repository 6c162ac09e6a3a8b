//! A store as a session sees it: without hidden files in listings, and with errors that say what to check.
//!
//! Hiding what begins with `_` or `.` here, below every reader, keeps unfinished output out of DataFusion's own listings too
//! (`CREATE EXTERNAL TABLE`, say).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use super::StoreFailure;
use super::part_store::{GuardedParts, PartsQuestion};
use crate::files::sources::is_hidden_below;

/// A store that hides unfinished files and explains its errors.
#[derive(Debug)]
pub(super) struct GuardedStore {
    parts: Option<GuardedParts>,
    inner: Arc<dyn ObjectStore>,
    /// `s3://bucket`, for messages.
    address: String,
}

impl GuardedStore {
    pub(super) fn new(inner: Arc<dyn ObjectStore>, address: impl Into<String>) -> Self {
        Self { inner, parts: None, address: address.into() }
    }

    /// With the side of the store that takes files in parts.
    pub(super) fn with_parts(mut self, parts: Option<Arc<dyn MultipartStore>>) -> Self {
        self.parts = parts.map(|parts| GuardedParts::new(parts, self.address.clone()));
        self
    }

    fn explain(&self) -> impl Fn(object_store::Error) -> object_store::Error + Send + Sync + 'static {
        let address = self.address.clone();
        move |error| StoreFailure::wrap(&address, error)
    }
}

impl fmt::Display for GuardedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for GuardedStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await.map_err(self.explain())
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await.map_err(self.explain())
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if let Some(question) = options.extensions.get::<PartsQuestion>() {
            return Err(question.answered_with(self.parts.as_ref()));
        }
        self.inner.get_opts(location, options).await.map_err(self.explain())
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await.map_err(self.explain())
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations).map_err(self.explain()).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let base = prefix.cloned();
        let visible = move |meta: &ObjectMeta| !is_hidden_below(base.as_ref(), &meta.location);
        let listed = self.inner.list(prefix).map_err(self.explain());
        listed.try_filter(move |meta| futures::future::ready(visible(meta))).boxed()
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let base = prefix.cloned();
        let visible = move |meta: &ObjectMeta| !is_hidden_below(base.as_ref(), &meta.location);
        let listed = self.inner.list_with_offset(prefix, offset).map_err(self.explain());
        listed.try_filter(move |meta| futures::future::ready(visible(meta))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = self.inner.list_with_delimiter(prefix).await.map_err(self.explain())?;
        listed.objects.retain(|meta| !is_hidden_below(prefix, &meta.location));
        listed.common_prefixes.retain(|path| !is_hidden_below(prefix, path));
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await.map_err(self.explain())
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await.map_err(self.explain())
    }
}
