//! An object store as a store.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;

use super::{Store, too_large};
use crate::error::{IoError, Result};

/// A prefix of an object store: S3, Google Cloud, Azure, HTTP, memory.
///
/// Requests run on a tokio runtime while the caller's thread waits: call it from a thread that may wait (`spawn_blocking`), not from
/// one that drives a runtime.
#[derive(Debug)]
pub struct RemoteStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    runtime: Handle,
    name: String,
}

impl RemoteStore {
    /// The keys below `prefix` of an object store. `name` is what errors call it: its address.
    ///
    /// # Errors
    /// A prefix that no object can have.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str, name: impl Into<String>, runtime: Handle) -> Result<Self> {
        let name = name.into();
        let prefix = Path::parse(prefix.trim_matches('/'))
            .map_err(|error| IoError::Store { context: format!("cannot use {name}"), source: Arc::new(error) })?;
        Ok(Self { store, prefix, runtime, name })
    }

    fn path(&self, key: &str) -> Result<Path> {
        let whole = if key.is_empty() { self.prefix.to_string() } else { format!("{}/{key}", self.prefix) };
        Path::parse(whole.trim_matches('/')).map_err(|error| IoError::Store {
            context: format!("cannot use {}/{key}", self.name),
            source: Arc::new(error),
        })
    }

    /// Runs a request on the runtime, and waits.
    fn run<T: Send + 'static>(
        &self,
        what: &str,
        key: &str,
        request: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<Option<T>> {
        let (sender, receiver) = sync_channel(1);
        let task = self.runtime.spawn(async move {
            // Nobody waits any more: nothing to tell.
            let _ = sender.send(request.await);
        });
        let context = || format!("cannot {what} {}/{key}", self.name);
        let answer = receiver.recv().map_err(|_| {
            let reason = std::io::Error::other("the runtime that runs its requests was shut down");
            IoError::system(context(), reason)
        })?;
        drop(task);
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(IoError::Store { context: context(), source: Arc::new(error) }),
        }
    }
}

impl Store for RemoteStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Bytes>> {
        let (store, path) = (Arc::clone(&self.store), self.path(key)?);
        let answer = self.run("read", key, async move {
            let answer = store.get(&path).await?;
            let size = answer.meta.size;
            // Not even asked for when it is too large.
            if size > limit_bytes { Ok(Err(size)) } else { answer.bytes().await.map(Ok) }
        })?;
        answer.transpose().map_err(|size| too_large(&self.name, key, size, limit_bytes))
    }

    fn get_suffix(&self, key: &str, bytes: u64) -> Result<Option<Bytes>> {
        let (store, path) = (Arc::clone(&self.store), self.path(key)?);
        let options = GetOptions { range: Some(GetRange::Suffix(bytes)), ..GetOptions::default() };
        self.run("read", key, async move { store.get_opts(&path, options).await?.bytes().await })
    }

    fn get_ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Option<Vec<Bytes>>> {
        let (store, path, wanted) = (Arc::clone(&self.store), self.path(key)?, ranges.to_vec());
        let found = self.run("read", key, async move { store.get_ranges(&path, &wanted).await })?;
        if let Some(found) = &found
            && found.iter().zip(ranges).any(|(bytes, range)| bytes.len() as u64 != range.end - range.start)
        {
            let problem = format!("bytes {ranges:?} are wanted, but it ends before");
            return Err(IoError::format(format!("{}/{key}", self.name), problem));
        }
        Ok(found)
    }

    fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let (store, path) = (Arc::clone(&self.store), self.path(key)?);
        let done = self.run("write", key, async move { store.put(&path, bytes.into()).await })?;
        done.map(drop).ok_or_else(|| IoError::not_found(format!("{}/{key}", self.name), "no such bucket"))
    }

    fn delete(&self, key: &str) -> Result<()> {
        let (store, path) = (Arc::clone(&self.store), self.path(key)?);
        self.run("remove", key, async move { store.delete(&path).await }).map(drop)
    }

    fn delete_all(&self, prefix: &str) -> Result<()> {
        let (store, path) = (Arc::clone(&self.store), self.path(prefix)?);
        self.run("remove", prefix, async move {
            let paths = store.list(Some(&path)).map_ok(|object| object.location).boxed();
            store.delete_stream(paths).try_for_each(|_| async { Ok(()) }).await
        })
        .map(drop)
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let (store, path) = (Arc::clone(&self.store), self.path(prefix)?);
        let found = self.run("list", prefix, async move { store.list_with_delimiter(Some(&path)).await })?;
        let Some(found) = found else { return Ok(Vec::new()) };
        let objects = found.objects.iter().map(|object| &object.location);
        let names = found.common_prefixes.iter().chain(objects).filter_map(|path| path.filename().map(str::to_owned));
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn keys_are_objects() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let memory = Arc::new(InMemory::new());
        let store = RemoteStore::new(memory, "/some/prefix/", "mem://some/prefix", runtime.handle().clone()).unwrap();
        store.put("a/c/0", vec![1, 2, 3, 4].into()).unwrap();
        store.put("a/zarr.json", vec![9].into()).unwrap();
        assert_eq!(store.get("a/c/0", 4).unwrap().unwrap(), [1, 2, 3, 4][..]);
        let error = store.get("a/c/0", 3).unwrap_err().to_string();
        assert_eq!(error, "mem://some/prefix/a/c/0: it has 4 bytes, but at most 3 can be right here");
        assert_eq!(store.get("a/c/9", 3).unwrap(), None);
        assert_eq!(store.get_suffix("a/c/0", 3).unwrap().unwrap(), [2, 3, 4][..]);
        assert_eq!(store.get_suffix("a/c/1", 3).unwrap(), None);
        assert_eq!(store.get_ranges("a/c/0", &[0..1, 2..4]).unwrap().unwrap()[1], [3, 4][..]);
        assert!(store.get_ranges("a/c/0", &[0..1, 2..9]).is_err());
        assert_eq!(store.list("a").unwrap(), ["c", "zarr.json"]);
        assert_eq!(store.list("").unwrap(), ["a"]);
        store.delete("a/zarr.json").unwrap();
        assert_eq!(store.list("a").unwrap(), ["c"]);
        store.delete_all("a").unwrap();
        assert_eq!(store.list("").unwrap(), Vec::<String>::new());
        assert!(store.stage("a").unwrap().is_none());
    }
}
