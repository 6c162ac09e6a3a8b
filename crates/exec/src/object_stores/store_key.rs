//! Web stores of addresses with a query string (`https://host/file.parquet?token=…`).
//!
//! DataFusion knows a store by scheme and host, but two addresses that differ in their query are two stores: each request
//! carries the query. So the scheme of such a store's address has a mark that tells queries apart, `https+q1f0c…://host`; it is taken
//! off wherever a person would see it, and the query itself is only in [`StoreKey`] and in the store.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use url::Url;

use crate::files::FileError;

/// What a web store is made of.
#[derive(Clone, Debug)]
pub struct StoreKey {
    /// The address under which scans ask for the store.
    pub store_url: ObjectStoreUrl,
    /// The same with the query.
    pub url: SecretUrl,
}

/// An address that is not shown.
#[derive(Clone)]
pub struct SecretUrl(pub Url);

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl StoreKey {
    /// The store at `authority` whose requests carry `query`; `text` names it in errors.
    ///
    /// # Errors
    /// If that is no address.
    pub fn new(text: &str, scheme: &str, authority: &str, query: &str) -> Result<Self> {
        let wrong = |error: &dyn fmt::Display| FileError::engine(text, format!("not a URL: {error}"));
        let mut hasher = DefaultHasher::new();
        query.hash(&mut hasher);
        let address = format!("{scheme}+q{:016x}://{authority}", hasher.finish());
        let store_url = ObjectStoreUrl::parse(&address).map_err(|error| wrong(&error))?;
        let mut url = Url::parse(&address).map_err(|error| wrong(&error))?;
        url.set_query(Some(query));
        Ok(Self { store_url, url: SecretUrl(url) })
    }
}

/// A scheme or an address without the mark of a query.
pub fn without_key(text: &str) -> std::borrow::Cow<'_, str> {
    match text.split_once("+q") {
        Some((scheme @ ("http" | "https"), rest)) => format!("{scheme}{}", rest.get(16..).unwrap_or_default()).into(),
        _ => text.into(),
    }
}
