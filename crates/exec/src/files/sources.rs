//! From what a user writes (a file, a folder, a glob, a URL) to the files that are there.
//!
//! Files and folders whose name begins with `_` or `.` below a folder or glob are skipped: that is where writers keep what
//! is not finished, and other systems their notes.

use std::path::{Component, PathBuf};
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::{StreamExt, TryStreamExt, stream};
use glob::{MatchOptions, Pattern};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::format::{Compression, FormatKind};
use super::{FileError, store_error};
use crate::object_stores::{StoreKey, without_key};

/// Requests for single files that run at one time.
const REQUESTS_AT_ONCE: usize = 16;

/// A `*` does not cross folders, `**` does.
const GLOB_OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// One place that files are read from: a file, a folder or a glob on one store.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the user wrote it.
    text: String,
    store_url: ObjectStoreUrl,
    /// What the store has to know beside its address: the query string of a web address.
    key: Option<StoreKey>,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    /// One file, or a folder if there is no such file.
    Path(Path),
    /// All files below.
    Folder(Path),
    /// The files below `base` whose location matches.
    Glob { base: Path, pattern: Pattern },
}

/// A file that a [`Source`] led to.
#[derive(Clone, Debug)]
pub struct FoundFile {
    /// The store that holds it.
    pub store_url: ObjectStoreUrl,
    /// Where it lies in the store, and its size.
    pub meta: ObjectMeta,
}

impl FoundFile {
    /// Its address for messages: a path on this machine, or a URL.
    pub fn address(&self) -> String {
        address_of(&self.store_url, &self.meta.location)
    }
}

/// The address of `location` for messages: a path on this machine, or a URL.
pub fn address_of(store_url: &ObjectStoreUrl, location: &Path) -> String {
    match store_url.as_str() {
        "file:///" => format!("/{location}"),
        url => format!("{}{location}", without_key(url)),
    }
}

/// Whether `segment` is a name that readers of a folder skip.
pub fn is_hidden(segment: &str) -> bool {
    // `_k=1` is a partition folder of a column that happens to begin so.
    segment.starts_with('.') || (segment.starts_with('_') && !segment.contains('='))
}

/// Whether `location`, which lies below `base`, is to be skipped.
pub fn is_hidden_below(base: Option<&Path>, location: &Path) -> bool {
    let below = match base {
        Some(base) => match location.prefix_match(base) {
            Some(parts) => parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>(),
            None => return false,
        },
        None => location.parts().map(|part| part.as_ref().to_owned()).collect(),
    };
    below.iter().any(|part| is_hidden(part))
}

impl Source {
    /// Understands `text`; local paths are looked at, stores are not asked yet.
    ///
    /// # Errors
    /// If the address cannot be parsed, or names a local path that is not there.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(FileError::engine("''", "expected a path or URL, got an empty text"));
        }
        match text.split_once("://") {
            Some(("file", _)) => {
                let path = url::Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
                match path {
                    Some(path) => Self::parse_local(text, &path),
                    None => Err(FileError::engine(text, "not a file URL of this machine")),
                }
            }
            Some((scheme, rest)) if is_scheme(scheme) => Self::parse_url(text, scheme, rest),
            _ => Self::parse_local(text, &expand_home(text)),
        }
    }

    /// What the user wrote.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn parse_url(text: &str, scheme: &str, rest: &str) -> Result<Self> {
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(FileError::engine(text, format!("expected a name after '{scheme}://'")));
        }
        let web = matches!(scheme, "http" | "https");
        let (text, key, store_key) = match key.split_once('?').filter(|_| web) {
            // From here on nobody sees the query string, which may be a secret.
            Some((path, query)) => {
                let text = text.split_once('?').map_or(text, |(text, _)| text);
                (text, path, Some(StoreKey::new(text, scheme, authority, query)?))
            }
            None => (text, key, None),
        };
        let store_url = match &store_key {
            Some(key) => key.store_url.clone(),
            None => ObjectStoreUrl::parse(format!("{scheme}://{authority}"))
                .map_err(|error| FileError::engine(text, format!("not a URL: {error}")))?,
        };
        let parse = |key: &str| {
            let parsed = if web { Path::from_url_path(key) } else { Path::parse(key.trim_end_matches('/')) };
            parsed.map_err(|error| FileError::engine(text, format!("not a valid key: {error}")))
        };
        let shape = match split_glob(key) {
            Some((base, _)) if !web => Shape::Glob { base: parse(base)?, pattern: pattern(text, key)? },
            _ if key.is_empty() || key.ends_with('/') => {
                if web {
                    let message = "folders cannot be listed over HTTP; name the files";
                    return Err(FileError::engine(text, message));
                }
                Shape::Folder(parse(key)?)
            }
            _ => Shape::Path(parse(key)?),
        };
        Ok(Self { text: text.to_owned(), store_url, key: store_key, shape })
    }

    fn parse_local(text: &str, path: &std::path::Path) -> Result<Self> {
        let absolute =
            std::path::absolute(path).map_err(|error| FileError::engine(text, format!("not a path: {error}")))?;
        let shape = match std::fs::metadata(&absolute) {
            Ok(metadata) if metadata.is_dir() => {
                // An unreadable folder would otherwise look like an empty one.
                std::fs::read_dir(&absolute)
                    .map_err(|error| FileError::engine(text, format!("the folder cannot be read: {error}")))?;
                Shape::Folder(local_path(text, &absolute)?)
            }
            Ok(metadata) if text.ends_with('/') && metadata.is_file() => {
                return Err(FileError::engine(text, "expected a folder, but this is a file"));
            }
            Ok(_) => Shape::Path(local_path(text, &absolute)?),
            Err(error) => {
                let whole = absolute.to_string_lossy();
                let Some((base, _)) = split_glob(&whole) else {
                    let message = match error.kind() {
                        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
                        _ => format!("cannot be read: {error}"),
                    };
                    return Err(FileError::engine(text, message));
                };
                let folder = PathBuf::from(base);
                if !folder.is_dir() {
                    return Err(FileError::engine(text, format!("no file matches: there is no folder {base}")));
                }
                let base_path = local_path(text, &folder)?;
                // `..` and links are resolved in the base; the pattern has to follow.
                let below = &whole[base.len()..];
                let pattern_text = format!("{}/{}", Pattern::escape(base_path.as_ref()), below.trim_start_matches('/'));
                Shape::Glob { pattern: pattern(text, pattern_text.trim_start_matches('/'))?, base: base_path }
            }
        };
        Ok(Self { text: text.to_owned(), store_url: ObjectStoreUrl::local_filesystem(), key: None, shape })
    }

    fn store(&self, state: &dyn Session) -> Result<Arc<dyn ObjectStore>> {
        match &self.key {
            // Makes the store known under its short address, by which scans ask for it.
            Some(key) => state.runtime_env().object_store_registry.get_store(&key.url.0),
            None => state.runtime_env().object_store(&self.store_url),
        }
    }

    /// The files that are there now, in the order of their names.
    ///
    /// A folder gives the files with a suffix of `kind`, with or without a compression suffix; a file or glob gives
    /// what it names.
    ///
    /// # Errors
    /// If there is none, or the store cannot be asked.
    pub async fn files(&self, state: &dyn Session, kind: FormatKind) -> Result<Vec<FoundFile>> {
        let store = self.store(state)?;
        let metas = match &self.shape {
            Shape::Path(path) if self.may_be_folder(path) => {
                let below = self.list(&store, Some(path), |meta| of_kind(meta, kind)).await?;
                if below.is_empty() { vec![self.head(&store, path).await?] } else { below }
            }
            Shape::Path(path) => match store.head(path).await {
                Ok(meta) => vec![meta],
                Err(StoreError::NotFound { .. }) if self.can_list() => {
                    let below = self.list(&store, Some(path), |meta| of_kind(meta, kind)).await?;
                    if below.is_empty() {
                        return Err(FileError::engine(&self.text, "no such file or folder"));
                    }
                    below
                }
                Err(StoreError::NotFound { .. }) => return Err(FileError::engine(&self.text, "no such file")),
                Err(error) => return Err(store_error(&self.text, error)),
            },
            Shape::Folder(path) => {
                let others = std::sync::Mutex::new(None);
                let keep = |meta: &ObjectMeta| {
                    let keep = of_kind(meta, kind);
                    if !keep && let Ok(mut other) = others.lock() {
                        other.get_or_insert_with(|| meta.location.filename().unwrap_or_default().to_owned());
                    }
                    keep
                };
                let found = self.list(&store, Some(path), keep).await?;
                if found.is_empty() {
                    let other = others.into_inner().ok().flatten();
                    return Err(FileError::engine(&self.text, no_files_in_folder(kind, other.as_deref())));
                }
                found
            }
            Shape::Glob { base, pattern } => {
                let matches = |meta: &ObjectMeta| pattern.matches_with(meta.location.as_ref(), GLOB_OPTIONS);
                let found = self.list(&store, Some(base), matches).await?;
                if found.is_empty() {
                    return Err(FileError::engine(&self.text, "no file matches"));
                }
                found
            }
        };
        Ok(metas.into_iter().map(|meta| FoundFile { store_url: self.store_url.clone(), meta }).collect())
    }

    /// The format that the names of the files tell; `None` if this cannot be a path at all.
    ///
    /// # Errors
    /// If files of several formats are there, or none of a known one.
    pub async fn detect(&self, state: &dyn Session) -> Result<FormatKind> {
        let name = self.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if !matches!(self.shape, Shape::Folder(_))
            && let Some((kind, _)) = FormatKind::of_name(name)
        {
            return Ok(kind);
        }
        let store = self.store(state)?;
        let known = |meta: &ObjectMeta| meta.location.filename().and_then(FormatKind::of_name).is_some();
        let found = match &self.shape {
            Shape::Path(path) | Shape::Folder(path) => self.list(&store, Some(path), known).await?,
            Shape::Glob { base, pattern } => {
                let matches =
                    |meta: &ObjectMeta| known(meta) && pattern.matches_with(meta.location.as_ref(), GLOB_OPTIONS);
                self.list(&store, Some(base), matches).await?
            }
        };
        let mut kinds: Vec<FormatKind> = found
            .iter()
            .filter_map(|meta| meta.location.filename().and_then(FormatKind::of_name))
            .map(|(kind, _)| kind)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let message = match kinds.as_slice() {
            [kind] => return Ok(*kind),
            [] => {
                "no file with a known suffix (.parquet, .csv, .json, .arrow); name the format by a reader or by CREATE \
                   EXTERNAL TABLE … STORED AS"
                    .to_owned()
            }
            several => {
                let names: Vec<&str> = several.iter().map(|kind| kind.name()).collect();
                format!("files of several formats ({}); use a glob such as *.parquet", names.join(", "))
            }
        };
        Err(FileError::engine(&self.text, message))
    }

    /// Whether `path` on a store is rather a folder than a file: its name has no suffix. Asking for the folder first
    /// saves a request, and stores that keep real folders answer badly if asked for one as a file.
    fn may_be_folder(&self, path: &Path) -> bool {
        let named_as_file = path.filename().is_some_and(|name| name.contains('.'));
        self.can_list() && !named_as_file && self.store_url.as_str() != "file:///"
    }

    async fn head(&self, store: &Arc<dyn ObjectStore>, path: &Path) -> Result<ObjectMeta> {
        match store.head(path).await {
            Err(StoreError::NotFound { .. }) => Err(FileError::engine(&self.text, "no such file or folder")),
            answer => answer.map_err(|error| store_error(&self.text, error)),
        }
    }

    fn can_list(&self) -> bool {
        !self.store_url.as_str().starts_with("http")
    }

    async fn list(
        &self,
        store: &Arc<dyn ObjectStore>,
        base: Option<&Path>,
        keep: impl Fn(&ObjectMeta) -> bool,
    ) -> Result<Vec<ObjectMeta>> {
        let base = base.filter(|base| !base.as_ref().is_empty());
        let mut found: Vec<ObjectMeta> = store
            .list(base)
            .try_filter(|meta| {
                let wanted = !is_hidden_below(base, &meta.location) && !is_folder_marker(meta) && keep(meta);
                futures::future::ready(wanted)
            })
            .try_collect()
            .await
            .map_err(|error| store_error(&self.text, error))?;
        found.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }
}

/// The files of all `sources`, each once, in order.
///
/// # Errors
/// As [`Source::files`], for the first that fails.
pub async fn files_of(state: &dyn Session, sources: &[Source], kind: FormatKind) -> Result<Vec<FoundFile>> {
    let lists: Vec<Vec<FoundFile>> = stream::iter(sources.to_vec())
        .map(|source| async move { source.files(state, kind).await })
        .buffered(REQUESTS_AT_ONCE)
        .try_collect()
        .await?;
    let mut files: Vec<FoundFile> = lists.into_iter().flatten().collect();
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert((file.store_url.clone(), file.meta.location.clone())));
    Ok(files)
}

/// Some stores keep an empty object for a folder.
fn is_folder_marker(meta: &ObjectMeta) -> bool {
    meta.size == 0 && meta.location.as_ref().ends_with('/')
}

fn of_kind(meta: &ObjectMeta, kind: FormatKind) -> bool {
    let Some(name) = meta.location.filename() else { return false };
    FormatKind::of_name(name).is_some_and(|(found, _)| found == kind)
        // A compressed Parquet file is no Parquet file, but leaving it out without a word would be worse.
        || FormatKind::of_name(Compression::of_name(name).0).is_some_and(|(found, _)| found == kind)
}

fn no_files_in_folder(kind: FormatKind, other: Option<&str>) -> String {
    let suffixes: Vec<String> = kind.suffixes().iter().map(|suffix| format!(".{suffix}")).collect();
    match other {
        Some(name) => format!(
            "the folder has no {} files ({}), but others, for instance {name}; name them by a glob",
            kind.name(),
            suffixes.join(", ")
        ),
        None => format!("the folder has no {} files ({}); it is empty", kind.name(), suffixes.join(", ")),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
}

/// Splits before the first segment that has a glob character.
fn split_glob(path: &str) -> Option<(&str, &str)> {
    let at = path.find(['*', '?', '['])?;
    let slash = path[..at].rfind('/').map_or(0, |slash| slash + 1);
    Some((path[..slash].trim_end_matches('/'), &path[slash..]))
}

fn pattern(text: &str, glob: &str) -> Result<Pattern> {
    Pattern::new(glob).map_err(|error| FileError::engine(text, format!("not a glob: {error}")))
}

fn expand_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

fn local_path(text: &str, path: &std::path::Path) -> Result<Path> {
    let resolved = if path.components().any(|component| component == Component::ParentDir) {
        path.canonicalize().map_err(|error| FileError::engine(text, format!("cannot be read: {error}")))?
    } else {
        path.to_owned()
    };
    Path::from_absolute_path(&resolved).map_err(|error| FileError::engine(text, format!("not a usable path: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_split_at_the_first_pattern() {
        assert_eq!(split_glob("/a/b*/c"), Some(("/a", "b*/c")));
        assert_eq!(split_glob("*.csv"), Some(("", "*.csv")));
        assert_eq!(split_glob("/a/b"), None);
    }

    #[test]
    fn hidden_names_are_skipped_only_below_the_base() {
        let base = Path::from(".tmp/data");
        assert!(!is_hidden_below(Some(&base), &Path::from(".tmp/data/a.parquet")));
        assert!(is_hidden_below(Some(&base), &Path::from(".tmp/data/_staging/a.parquet")));
        assert!(is_hidden_below(Some(&base), &Path::from(".tmp/data/.a.parquet")));
        assert!(!is_hidden_below(Some(&base), &Path::from(".tmp/data/_k=1/a.parquet")));
    }

    #[test]
    fn a_query_string_is_kept_and_never_shown() {
        let source = Source::parse("https://example.org/a%20b/x.parquet?token=hunter2&part=1").unwrap();
        assert_eq!(source.text(), "https://example.org/a%20b/x.parquet");
        assert!(!format!("{source:?}").contains("hunter2"), "{source:?}");
        let Shape::Path(path) = &source.shape else { panic!("{source:?}") };
        assert_eq!(address_of(&source.store_url, path), "https://example.org/a b/x.parquet");
        let other = Source::parse("https://example.org/x.parquet?token=other").unwrap();
        assert_ne!(other.store_url, source.store_url, "another query is another store");
        assert_eq!(source.key.unwrap().url.0.query(), Some("token=hunter2&part=1"));
    }

    #[test]
    fn what_is_not_there_is_named() {
        for (text, expected) in [
            ("/no/such/file.csv", "/no/such/file.csv: no such file or folder"),
            ("/no/such/*.csv", "there is no folder /no/such"),
            ("", "empty"),
            ("s3://", "expected a name"),
            ("https://example.org/data/", "folders cannot be listed"),
            ("/tmp/[", "not a glob"),
        ] {
            let error = Source::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
