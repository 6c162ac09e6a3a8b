//! Zarr arrays in folders and object stores, with the session's credentials.

use std::sync::Arc;

use datafusion::datasource::object_store::ObjectStoreUrl;
pub use swath_array_io::zarr::{Compression, ZarrFormat, ZarrOptions};
use swath_array_io::zarr::{LocalStore, RemoteStore, Store};
use swath_nd::Array;
use tokio::runtime::{Handle, RuntimeFlavor};
use url::{Position, Url};

use crate::error::Result;
use crate::session::Session;

impl Session {
    /// The Zarr array, of version 2 or 3, in a folder or at an address of an object store (`s3://bucket/x.zarr`), for which the session's
    /// `store_option`s hold. Opening reads its metadata; a computation reads the chunks that it needs.
    ///
    /// # Errors
    /// An address of no known kind; no array there; metadata that is broken or asks for what is not supported.
    ///
    /// ```
    /// # use swath_collections::Session;
    /// let folder = tempfile::tempdir().unwrap();
    /// let place = folder.path().join("x.zarr").display().to_string();
    /// let session = Session::embedded().build()?;
    /// session.to_zarr(&session.arrays().arange(0, 6, 1).reshape([2, 3]), &place, None)?;
    /// assert_eq!(session.from_zarr(&place)?.sum(0).to_vec::<i64>()?, [3, 5, 7]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_zarr(&self, address: &str) -> Result<Array> {
        let store = self.zarr_store(address)?;
        let array = waiting(|| self.arrays().from_zarr_in(store, ""));
        // What is wrong with the place is told now, not when the array is first used.
        array.dtype()?;
        Ok(array)
    }

    /// Writes an array as a Zarr array to a folder or an address of an object store, block by block, now: in its own chunks, packed by zstd,
    /// if no options say otherwise.
    ///
    /// # Errors
    /// An address of no known kind; something that is there already, unless the options overwrite it; options that do not fit; what
    /// computing the array or writing may bring.
    pub fn to_zarr(&self, array: &Array, address: &str, options: Option<&ZarrOptions>) -> Result<()> {
        let store = self.zarr_store(address)?;
        Ok(waiting(|| array.to_zarr_in(store, "", options))?)
    }

    /// Where the keys of a Zarr hierarchy lie, with this session's credentials.
    ///
    /// # Errors
    /// An address of no known kind, or credentials that cannot be right.
    pub fn zarr_store(&self, address: &str) -> Result<Arc<dyn Store>> {
        let remote = Url::parse(address).ok().filter(|url| address.contains("://") && url.scheme() != "file");
        let Some(url) = remote else {
            let folder = address.strip_prefix("file://").unwrap_or(address);
            return Ok(Arc::new(LocalStore::new(folder)));
        };
        let place = ObjectStoreUrl::parse(&url[..Position::BeforePath])?;
        let store = self.context().runtime_env().object_store(&place)?;
        let prefix = url.path();
        let store = RemoteStore::new(store, prefix, address, self.engine().handle().clone());
        Ok(Arc::new(store.map_err(swath_nd::Error::from)?))
    }
}

/// What waits for requests that run on a session's threads: if this is a thread that drives a runtime, another one takes its place.
fn waiting<T>(work: impl FnOnce() -> T) -> T {
    let drives = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if drives { tokio::task::block_in_place(work) } else { work() }
}
