//! What a store's refusal means and what to check, wrapped into the store's error so that it survives DataFusion.

use std::error::Error as StdError;
use std::fmt;

use object_store::Error;

/// A store's refusal with the address and the remedy.
#[derive(Debug)]
pub struct StoreFailure {
    /// `s3://bucket`, or the origin of a web server.
    store: String,
    what: What,
    /// The store's own words, shortened.
    answer: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    NoBucket,
    Credentials,
    Permission,
    Unreachable,
    Other,
}

impl StoreFailure {
    /// The failure that `error` carries, if it passed a guarded store.
    pub fn of(error: &Error) -> Option<&Self> {
        match error {
            Error::Generic { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }

    /// `s3://bucket`, or the origin of a web server.
    pub fn store(&self) -> &str {
        &self.store
    }

    /// Wraps an error of the store at `store`, unless callers decide by its kind.
    pub(super) fn wrap(store: &str, error: Error) -> Error {
        let text = chain(&error);
        let what = match &error {
            _ if text.contains("NoSuchBucket") || text.contains("ContainerNotFound") => What::NoBucket,
            // A HEAD request has no body: whether the bucket exists shows when its folder is listed.
            Error::NotFound { .. }
            | Error::AlreadyExists { .. }
            | Error::Precondition { .. }
            | Error::NotModified { .. }
            | Error::NotSupported { .. }
            | Error::NotImplemented { .. } => return error,
            Error::Unauthenticated { .. } => What::Credentials,
            _ if ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "169.254.169.254", "credentials"]
                .iter()
                .any(|sign| text.contains(sign)) =>
            {
                What::Credentials
            }
            Error::PermissionDenied { .. } => What::Permission,
            _ if ["error sending request", "connect", "timed out", "dns", "refused"]
                .iter()
                .any(|sign| text.contains(sign)) =>
            {
                What::Unreachable
            }
            _ => What::Other,
        };
        let failure = Self { store: store.to_owned(), what, answer: shortened(&text) };
        Error::Generic { store: "object", source: Box::new(failure) }
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, what, answer } = self;
        let variables = match store.split_once("://").map(|(scheme, _)| scheme) {
            Some("s3" | "s3a") => {
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, for a server of your own, AWS_ENDPOINT_URL"
            }
            Some("gs" | "gcs") => "GOOGLE_SERVICE_ACCOUNT or GOOGLE_APPLICATION_CREDENTIALS",
            Some("az" | "azure" | "adl" | "abfs" | "abfss") => {
                "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY or another credential"
            }
            _ => "the address",
        };
        match what {
            What::NoBucket => write!(f, "{store} does not exist: check its name and region ({variables}); {answer}"),
            What::Credentials => write!(f, "{store} refused the credentials: check {variables}; {answer}"),
            What::Permission => {
                write!(f, "{store} denied access: check the credentials' rights and the name ({variables}); {answer}")
            }
            What::Unreachable => write!(f, "{store} cannot be reached: check the network and {variables}; {answer}"),
            What::Other => write!(f, "{store}: {answer}"),
        }
    }
}

impl StdError for StoreFailure {}

/// The messages of an error and all its sources, each once.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = StdError::source(error);
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = inner.source();
    }
    text
}

/// How much of a store's answer a message shows.
const ANSWER_CHARACTERS: usize = 400;

/// A word of a message; of a web address in it, nothing behind the path, which may be a secret.
fn without_query(word: &str) -> std::borrow::Cow<'_, str> {
    match (word.find("://"), word.find('?')) {
        (Some(scheme), Some(query)) if scheme < query => {
            let rest = &word[query..];
            let end = rest.find([')', '"', '\'', '>', ',']).unwrap_or(rest.len());
            format!("{}{}", &word[..query], &rest[end..]).into()
        }
        _ => word.into(),
    }
}

fn shortened(text: &str) -> String {
    let flat = text.split_whitespace().map(without_query).collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(ANSWER_CHARACTERS) {
        Some((at, _)) => format!("{}…", &flat[..at]),
        None => flat,
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn query_strings_are_not_shown() {
        let text = "error sending request for url (http://host/x.parquet?token=hunter2&a=b): connection refused?";
        assert_eq!(shortened(text), "error sending request for url (http://host/x.parquet): connection refused?");
    }
}
