//! Where the keys of a Zarr hierarchy lie: a folder, or an object store.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{IoError, Result};

mod local;
#[cfg(feature = "object-store")]
mod remote;

pub use local::LocalStore;
#[cfg(feature = "object-store")]
pub use remote::RemoteStore;

/// Keys and their bytes. All calls block; several threads call at the same time.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// What errors and `explain()` call it: a path or an address.
    fn name(&self) -> &str;

    /// All bytes of a key; `None` where it is not.
    ///
    /// # Errors
    /// What reading may bring, and more than `limit_bytes` bytes.
    fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Bytes>>;

    /// The last bytes of a key, as many as there are at most; `None` where the key is not.
    ///
    /// # Errors
    /// What reading may bring.
    fn get_suffix(&self, key: &str, bytes: u64) -> Result<Option<Bytes>>;

    /// Several ranges of a key's bytes; `None` where the key is not. Ranges are ascending.
    ///
    /// # Errors
    /// What reading may bring, and a range beyond the end.
    fn get_ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Option<Vec<Bytes>>>;

    /// Sets a key. Whoever reads it finds all the bytes or what was there before.
    ///
    /// # Errors
    /// What writing may bring.
    fn put(&self, key: &str, bytes: Bytes) -> Result<()>;

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// What removing may bring.
    fn delete(&self, key: &str) -> Result<()>;

    /// Removes all keys below a prefix, of which the empty one means all.
    ///
    /// # Errors
    /// What removing may bring.
    fn delete_all(&self, prefix: &str) -> Result<()>;

    /// The names directly below a prefix, sorted: of keys and of what holds further ones.
    ///
    /// # Errors
    /// What listing may bring.
    fn list(&self, prefix: &str) -> Result<Vec<String>>;

    /// Whether [`Store::stage`] gives something.
    fn can_stage(&self) -> bool {
        false
    }

    /// A place for what shall be seen below a prefix only when it is whole; `None` where the store cannot rename.
    ///
    /// # Errors
    /// What making it may bring.
    fn stage(&self, prefix: &str) -> Result<Option<Box<dyn Staging>>> {
        let _ = prefix;
        Ok(None)
    }
}

/// Keys that are not seen yet. Dropped before they are published, they are gone.
pub trait Staging: fmt::Debug + Send + Sync {
    /// Where the keys are written, counted from the prefix.
    fn store(&self) -> Arc<dyn Store>;

    /// Moves them to their prefix, in the place of all that was there.
    ///
    /// # Errors
    /// What renaming may bring.
    fn publish(&self) -> Result<()>;
}

/// A key below a path of nodes.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") }
}

/// A path of nodes without slashes at its ends. Nothing that a file system would take for more than a name.
pub(crate) fn node_path(place: &str, path: &str) -> Result<String> {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let is_bad = |name: &&&str| {
        name.chars().all(|c| c == '.') || name.starts_with("__") || name.contains(['\\', '\0', ':']) || name.len() > 255
    };
    if let Some(name) = names.iter().find(is_bad) {
        return Err(IoError::argument(format!("{place}: '{}' cannot name an array or a group", name.escape_debug())));
    }
    Ok(names.join("/"))
}

/// The error for a value that is larger than what is expected there.
pub(crate) fn too_large(place: &str, key: &str, bytes: u64, limit_bytes: u64) -> IoError {
    IoError::format(
        format!("{place}/{key}"),
        format!("it has {bytes} bytes, but at most {limit_bytes} can be right here"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(node_path("s", "/a//b/").unwrap(), "a/b");
        assert_eq!(node_path("s", "").unwrap(), "");
        for bad in ["..", "a/../b", ".", "a/__b", "a\\b", "c:", "a/..."] {
            assert!(node_path("s", bad).unwrap_err().to_string().contains("cannot name an array"), "{bad}");
        }
        assert_eq!((join("", "c/0"), join("a", "c/0")), ("c/0".to_owned(), "a/c/0".to_owned()));
    }
}
