//! Addresses of object stores, resolved when first used.
//!
//! | scheme | store | cargo feature | environment |
//! |---|---|---|---|
//! | `s3`, `s3a` | Amazon S3 and what speaks its protocol | `aws` | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`, … |
//! | `gs`, `gcs` | Google Cloud Storage | `gcp` | `GOOGLE_SERVICE_ACCOUNT`, `GOOGLE_APPLICATION_CREDENTIALS`, … |
//! | `az`, `azure`, `adl`, `abfs`, `abfss` | Azure Blob Storage and Data Lake | `azure` | `AZURE_STORAGE_ACCOUNT_NAME`, `AZURE_STORAGE_ACCOUNT_KEY`, … |
//! | `http`, `https` | any web server | `http` | |
//!
//! [`StoreOptions`] win over the environment. A store is made once a session, at the first address that needs it.

mod failure;
mod guarded;
mod part_store;
mod store_key;

use std::fmt;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result, config_err};
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::multipart::MultipartStore;
use url::{Position, Url};

pub use failure::StoreFailure;
use guarded::GuardedStore;
pub use part_store::part_store;
pub use store_key::{StoreKey, without_key};

/// Credentials and options of object stores, by key (`aws_access_key_id`, `aws_endpoint`, `azure_storage_account_name`,
/// `google_service_account`, `timeout`, `allow_http`, …). They win over the environment.
#[derive(Clone, Default)]
pub struct StoreOptions(pub Vec<(String, String)>);

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets.
        f.debug_list().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

/// The registry that a session looks its object stores up in.
#[derive(Debug)]
pub struct ObjectStores {
    known: DefaultObjectStoreRegistry,
    options: StoreOptions,
}

impl ObjectStores {
    /// A registry that knows the local file system, and makes others from `options` and the environment.
    pub fn new(options: StoreOptions) -> Self {
        let known = DefaultObjectStoreRegistry::new();
        if let Ok(url) = Url::parse("file:///") {
            known.register_store(&url, Arc::new(GuardedStore::new(Arc::new(LocalFileSystem::new()), "file://")));
        }
        Self { known, options }
    }

    fn make(&self, url: &Url) -> Result<Made> {
        match without_key(url.scheme()).as_ref() {
            "s3" | "s3a" => self.s3(url),
            "gs" | "gcs" => self.google(url),
            "az" | "azure" | "adl" | "abfs" | "abfss" => self.azure(url),
            "http" | "https" => self.web(url),
            other => config_err!(
                "{}: no store is known for '{other}://'; expected a local path, or one of s3, gs, az, abfs, http, https",
                address_of(url)
            ),
        }
    }

    #[cfg(feature = "aws")]
    fn s3(&self, url: &Url) -> Result<Made> {
        use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
        let bucket = bucket_of(url)?;
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(network::retry());
        for (key, value) in self.options_for("aws_") {
            match key.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                Ok(parsed) => builder = builder.with_config(parsed, value),
                Err(_) => unknown_option(key, "aws_")?,
            }
        }
        let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
        if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
            // Whoever names a plain endpoint means it.
            builder = builder.with_allow_http(true);
        }
        Ok(in_parts(builder.build().map_err(|error| not_made(url, &error))?))
    }

    #[cfg(not(feature = "aws"))]
    fn s3(&self, url: &Url) -> Result<Made> {
        feature_is_off(url, "aws")
    }

    #[cfg(feature = "gcp")]
    fn google(&self, url: &Url) -> Result<Made> {
        use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
        let bucket = bucket_of(url)?;
        let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(network::retry());
        for (key, value) in self.options_for("google_") {
            match key.to_ascii_lowercase().parse::<GoogleConfigKey>() {
                Ok(parsed) => builder = builder.with_config(parsed, value),
                Err(_) => unknown_option(key, "google_")?,
            }
        }
        Ok(in_parts(builder.build().map_err(|error| not_made(url, &error))?))
    }

    #[cfg(not(feature = "gcp"))]
    fn google(&self, url: &Url) -> Result<Made> {
        feature_is_off(url, "gcp")
    }

    #[cfg(feature = "azure")]
    fn azure(&self, url: &Url) -> Result<Made> {
        use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
        let mut builder = MicrosoftAzureBuilder::from_env().with_retry(network::retry());
        for (key, value) in self.options_for("azure_") {
            match key.to_ascii_lowercase().parse::<AzureConfigKey>() {
                Ok(parsed) => builder = builder.with_config(parsed, value),
                Err(_) => unknown_option(key, "azure_")?,
            }
        }
        let endpoint = builder.get_config_value(&AzureConfigKey::Endpoint);
        if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
            builder = builder.with_allow_http(true);
        }
        let builder = builder.with_url(url[..Position::BeforePath].to_owned());
        Ok(in_parts(builder.build().map_err(|error| not_made(url, &error))?))
    }

    #[cfg(not(feature = "azure"))]
    fn azure(&self, url: &Url) -> Result<Made> {
        feature_is_off(url, "azure")
    }

    #[cfg(feature = "http")]
    fn web(&self, url: &Url) -> Result<Made> {
        use object_store::ClientConfigKey;
        use object_store::http::HttpBuilder;
        // The store appends paths to this address, before the query.
        let query = url.query().map_or_else(String::new, |query| format!("/?{query}"));
        let mut builder = HttpBuilder::new()
            .with_url(format!("{}{query}", without_key(&url[..Position::BeforePath])))
            // Public servers compress on the fly, which breaks ranges and sizes unless they are told not to.
            .with_client_options(object_store::ClientOptions::new().with_allow_http(true))
            .with_retry(network::retry());
        for (key, value) in self.options_for("http_") {
            if let Ok(parsed) = key.to_ascii_lowercase().parse::<ClientConfigKey>() {
                builder = builder.with_config(parsed, value);
            }
        }
        Ok((Arc::new(builder.build().map_err(|error| not_made(url, &error))?), None))
    }

    #[cfg(not(feature = "http"))]
    fn web(&self, url: &Url) -> Result<Made> {
        feature_is_off(url, "http")
    }

    /// The options that may be meant for the store whose keys begin with `prefix`.
    #[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
    fn options_for<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        const PREFIXES: [&str; 4] = ["aws_", "azure_", "google_", "http_"];
        self.options.0.iter().map(|(key, value)| (key.as_str(), value.as_str())).filter(move |(key, _)| {
            let key = key.to_ascii_lowercase();
            key.starts_with(prefix) || !PREFIXES.iter().any(|other| key.starts_with(other))
        })
    }
}

impl ObjectStoreRegistry for ObjectStores {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.known.register_store(url, Arc::new(GuardedStore::new(store, address_of(url))))
    }

    fn deregister_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        self.known.deregister_store(url)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if let Ok(store) = self.known.get_store(url) {
            return Ok(store);
        }
        let (store, parts) = self.make(url)?;
        let store: Arc<dyn ObjectStore> = Arc::new(GuardedStore::new(store, address_of(url)).with_parts(parts));
        self.known.register_store(url, Arc::clone(&store));
        Ok(store)
    }
}

/// `scheme://host`, without user and password.
/// A store, and the side of it that takes files in parts.
type Made = (Arc<dyn ObjectStore>, Option<Arc<dyn MultipartStore>>);

#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn in_parts(store: impl ObjectStore + MultipartStore) -> Made {
    let store = Arc::new(store);
    (Arc::clone(&store) as Arc<dyn ObjectStore>, Some(store))
}

fn address_of(url: &Url) -> String {
    format!("{}://{}", without_key(url.scheme()), &url[Position::BeforeHost..Position::AfterPort])
}

#[cfg(any(feature = "aws", feature = "gcp"))]
fn bucket_of(url: &Url) -> Result<&str> {
    match url.host_str() {
        Some(bucket) if !bucket.is_empty() => Ok(bucket),
        _ => config_err!("{url}: expected a bucket after '{}://'", url.scheme()),
    }
}

#[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
fn not_made(url: &Url, error: &object_store::Error) -> DataFusionError {
    DataFusionError::Configuration(format!("{}: the store's options do not fit: {error}", address_of(url)))
}

/// Keys without a store's prefix may be meant for another store; one with it is a mistake.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn unknown_option(key: &str, prefix: &str) -> Result<()> {
    if key.to_ascii_lowercase().starts_with(prefix) {
        return config_err!("store option '{key}' is not known; see the documentation of the store for its keys");
    }
    Ok(())
}

#[cfg(not(all(feature = "aws", feature = "azure", feature = "gcp", feature = "http")))]
fn feature_is_off(url: &Url, feature: &str) -> Result<Made> {
    config_err!(
        "{}: this build has no support for '{}://'; build Swath with the cargo feature '{feature}'",
        address_of(url),
        url.scheme()
    )
}

/// How long a wrong endpoint may take to be noticed.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
mod network {
    use std::time::Duration;

    use object_store::{BackoffConfig, RetryConfig};

    /// A few quick retries: a passing fault is survived, a wrong endpoint is told within seconds.
    pub(super) fn retry() -> RetryConfig {
        RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(2),
                base: 2.0,
            },
            max_retries: 4,
            retry_timeout: Duration::from_secs(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str, options: &[(&str, &str)]) -> Result<Arc<dyn ObjectStore>> {
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        ObjectStores::new(StoreOptions(options)).get_store(&Url::parse(url).unwrap())
    }

    #[test]
    fn the_local_file_system_is_there() {
        assert!(get("file:///", &[]).is_ok());
    }

    #[test]
    fn an_unknown_scheme_is_named() {
        let error = get("ftp://host", &[]).unwrap_err().to_string();
        assert!(error.contains("ftp://host") && error.contains("s3"), "{error}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let options = StoreOptions(vec![("aws_secret_access_key".to_owned(), "hunter2".to_owned())]);
        assert!(!format!("{options:?}").contains("hunter2"));
        let stores = ObjectStores::new(options);
        let _ = stores.get_store(&Url::parse("s3://bucket").unwrap());
        assert!(!format!("{stores:?}").contains("hunter2"));
    }

    #[cfg(not(feature = "aws"))]
    #[test]
    fn a_feature_that_is_off_is_named() {
        let error = get("s3://bucket", &[]).unwrap_err().to_string();
        assert!(error.contains("cargo feature 'aws'"), "{error}");
    }

    #[cfg(feature = "aws")]
    #[test]
    fn an_unknown_option_is_named() {
        let error = get("s3://bucket", &[("aws_acess_key_id", "x")]).unwrap_err().to_string();
        assert!(error.contains("aws_acess_key_id"), "{error}");
        assert!(
            get("s3://bucket", &[("aws_access_key_id", "x"), ("aws_secret_access_key", "y"), ("azure_nonsense", "z")])
                .is_ok()
        );
    }
}
