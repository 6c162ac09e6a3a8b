//! Where a write goes: the check before it, the commit after it, the clean-up if it fails.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt};

use super::local_commit::{commit_file, commit_folder, take_listed};
use super::partition::FilePlace;
use super::parts::PartWriter;
use super::spec::{WriteMode, WriteSpec};
use super::staging::{Staging, TASKS, files_below, fresh_id};
use super::task::TaskFile;
use super::task_place::{Ground, TaskPlace, key_of_part, name_of_part};
use super::upload::{Upload, Uploaded};
use crate::files::{Compression, FileError, FormatKind, store_error};
use crate::object_stores::part_store;

/// Pieces sent to a store; at least 5 MB, which S3 asks for.
pub(super) const STORE_PART_BYTES: usize = 8 << 20;
pub(super) const STORE_PARTS_AT_ONCE: usize = 4;
/// Pieces written to a local file.
pub(super) const LOCAL_PART_BYTES: usize = 1 << 20;
pub(super) const LOCAL_PARTS_AT_ONCE: usize = 2;
/// Finished uploads that are made visible at one time.
const COMMITS_AT_ONCE: usize = 16;

/// A target that a write may go to, checked.
pub struct Destination {
    spec: WriteSpec,
    store: Arc<dyn ObjectStore>,
    store_url: ObjectStoreUrl,
    single_file: bool,
    /// Set apart from the names of files that are there already.
    name_suffix: String,
    place: Place,
}

enum Place {
    Local { target: PathBuf, staging: Arc<Staging> },
    Store { prefix: Path, replaced: Vec<Path> },
}

impl Destination {
    /// Looks at the target of `spec`.
    ///
    /// # Errors
    /// If it has data that the mode does not allow to touch, or cannot be written.
    pub async fn open(mut spec: WriteSpec, context: &TaskContext) -> Result<Self> {
        if let Some((scheme @ ("http" | "https"), _)) = spec.target.split_once("://") {
            return Err(FileError::engine(
                &spec.target,
                format!("cannot be written over {scheme}; write to a folder or a store"),
            ));
        }
        let single_file = single_file(&mut spec)?;
        let store_url = match spec.target.split_once("://") {
            None | Some(("file", _)) => ObjectStoreUrl::local_filesystem(),
            Some((scheme, rest)) => {
                let authority = rest.split('/').next().unwrap_or_default();
                ObjectStoreUrl::parse(format!("{scheme}://{authority}"))
                    .map_err(|error| FileError::engine(&spec.target, format!("not a URL: {error}")))?
            }
        };
        let store = context.runtime_env().object_store(&store_url)?;
        let mut name_suffix = String::new();
        let place = if store_url.as_str() == "file:///" {
            let target = local_target(&spec.target)?;
            let single_file = single_file && !(spec.single_file.is_none() && target.is_dir());
            check_local(&spec, &target, single_file)?;
            if spec.mode == WriteMode::Append {
                name_suffix = format!("-{:08x}", fresh_id() as u32);
            }
            let staging =
                Staging::beside(&target).map_err(|error| cannot(&spec.target, "cannot be written", &error))?;
            return Ok(Self {
                store,
                store_url,
                single_file,
                name_suffix,
                place: Place::Local { target, staging: Arc::new(staging) },
                spec,
            });
        } else {
            let key = spec.target.splitn(4, '/').nth(3).unwrap_or_default().trim_end_matches('/');
            let prefix =
                Path::parse(key).map_err(|error| FileError::engine(&spec.target, format!("not a key: {error}")))?;
            if single_file && prefix.as_ref().is_empty() {
                return Err(FileError::engine(&spec.target, "expected a key after the bucket"));
            }
            let replaced = check_store(&spec, store.as_ref(), &prefix, single_file).await?;
            if spec.mode != WriteMode::Error && !single_file {
                name_suffix = format!("-{:08x}", fresh_id() as u32);
            }
            Place::Store { prefix, replaced }
        };
        Ok(Self { spec, store, store_url, single_file, name_suffix, place })
    }

    /// The hidden folder of a local write.
    pub(super) fn hidden_folder(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Local { staging, .. } => Some(staging.folder().to_path_buf()),
            Place::Store { .. } => None,
        }
    }

    /// Whether everything goes into one file.
    pub fn is_single_file(&self) -> bool {
        self.single_file
    }

    /// Makes the files visible, all at once where the target allows it. On failure nothing of them stays.
    pub async fn commit(self, mut files: Vec<Uploaded>) -> Result<()> {
        if let Err(error) = complete(&mut files).await {
            if let Place::Store { .. } = &self.place {
                let written: Vec<Path> = files.iter().map(|file| file.location.clone()).collect();
                delete(&self.store, written).await;
            }
            for file in &mut files {
                file.give_up().await;
            }
            return Err(self.named(error));
        }
        match self.place {
            Place::Local { target, staging } => {
                let (mode, text) = (self.spec.mode, self.spec.target.clone());
                let single_file = self.single_file;
                let work = move || match single_file {
                    true => commit_file(&staging, &target, mode),
                    false => commit_folder(&staging, &target, mode),
                };
                let done = tokio::task::spawn_blocking(work).await;
                done.map_err(|error| DataFusionError::External(Box::new(error)))?.map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => exists(&text),
                    _ => cannot(&text, "the result is complete but could not be put in place", &error),
                })
            }
            Place::Store { replaced, .. } => {
                let new: HashSet<Path> = files.iter().map(|file| file.location.clone()).collect();
                delete(&self.store, replaced.into_iter().filter(|old| !new.contains(old)).collect()).await;
                Ok(())
            }
        }
    }

    /// Takes back what was sent.
    pub async fn give_up(self, mut files: Vec<Uploaded>) {
        for file in &mut files {
            file.give_up().await;
        }
    }

    /// `error` with the target's name, if it came from the target.
    pub fn named(&self, error: DataFusionError) -> DataFusionError {
        named(&self.spec, error)
    }

    /// Where tasks of other processes put their files; none if only this process can write there.
    ///
    /// # Errors
    /// If the place cannot be made.
    pub async fn task_place(&self) -> Result<Option<TaskPlace>> {
        let ground = match &self.place {
            Place::Local { staging, .. } => {
                let Some(folder) = staging.folder().to_str() else { return Ok(None) };
                fs::create_dir_all(staging.folder().join(TASKS))?;
                Ground::Folder(folder.to_owned())
            }
            Place::Store { .. } if part_store(self.store.as_ref()).await.is_none() => return Ok(None),
            Place::Store { prefix, .. } => Ground::Store {
                url: self.store_url.as_str().to_owned(),
                prefix: prefix.to_string(),
                name_suffix: self.name_suffix.clone(),
                single_file: self.single_file,
            },
        };
        Ok(Some(TaskPlace { spec: self.spec.clone(), ground }))
    }

    /// Makes the files visible that tasks of other processes wrote to [`task_place`](Self::task_place): those that are
    /// listed, and no others.
    ///
    /// # Errors
    /// As [`commit`](Self::commit); and if a file is not there.
    pub async fn commit_tasks(self, files: Vec<TaskFile>) -> Result<()> {
        let mut uploads = vec![];
        match &self.place {
            Place::Local { staging, .. } => {
                let (staging, spec, suffix) = (Arc::clone(staging), self.spec.clone(), self.name_suffix.clone());
                let work = move || take_listed(&staging, &files, &spec, &suffix);
                let taken = tokio::task::spawn_blocking(work).await;
                taken.map_err(|error| DataFusionError::External(Box::new(error)))?.map_err(|error| {
                    cannot(&self.spec.target, "what the workers wrote could not be put together", &error)
                })?;
            }
            Place::Store { .. } => {
                let Some(store) = part_store(self.store.as_ref()).await else {
                    return internal_err!("{}: the store takes no parts any more", self.spec.target);
                };
                for file in files {
                    let Some(parts) = file.parts else {
                        return internal_err!("{}: a file on a store came without its parts", file.location);
                    };
                    let location = Path::parse(&file.location).map_err(StoreError::from)?;
                    let writer = PartWriter::resume(Arc::clone(&store), location.clone(), parts);
                    uploads.push(Uploaded::of_parts(writer, location, file.bytes));
                }
            }
        }
        self.commit(uploads).await
    }
}

impl FilePlace for Destination {
    fn spec(&self) -> &WriteSpec {
        &self.spec
    }

    fn start_file(&self, partition: usize, folder: &str) -> Result<Upload> {
        let (location, part_bytes, parts_at_once) = match &self.place {
            Place::Local { staging, .. } => {
                let mut path = staging.data();
                path.extend(folder.split('/').filter(|part| !part.is_empty()));
                let name = name_of_part(partition, &self.name_suffix, &self.spec);
                let location = Path::from_absolute_path(path.join(name)).map_err(StoreError::from)?;
                (location, LOCAL_PART_BYTES, LOCAL_PARTS_AT_ONCE)
            }
            Place::Store { prefix, .. } if self.single_file => (prefix.clone(), STORE_PART_BYTES, STORE_PARTS_AT_ONCE),
            Place::Store { prefix, .. } => {
                let key = key_of_part(prefix.as_ref(), folder, partition, &self.name_suffix, &self.spec);
                (Path::parse(key).map_err(StoreError::from)?, STORE_PART_BYTES, STORE_PARTS_AT_ONCE)
            }
        };
        let compression: Compression = self.spec.format.compression();
        Ok(Upload::start(Arc::clone(&self.store), location, compression, part_bytes, parts_at_once))
    }
}

/// `error` with the target's name, if it came from the target of `spec`.
pub(super) fn named(spec: &WriteSpec, error: DataFusionError) -> DataFusionError {
    match error {
        DataFusionError::ObjectStore(error) => store_error(&spec.target, *error),
        DataFusionError::IoError(error) => cannot(&spec.target, "cannot be written", &error),
        other => other,
    }
}

/// One file or a folder? Settles the compression and the usual delimiter by the file's suffix, too.
fn single_file(spec: &mut WriteSpec) -> Result<bool> {
    let kind = spec.format.kind();
    let name = spec.target.rsplit('/').next().unwrap_or_default();
    let named = FormatKind::of_name(name);
    if let Some((other, _)) = named
        && other != kind
    {
        let message = format!("the suffix says {}, but {} is to be written", other.name(), kind.name());
        return Err(FileError::engine(&spec.target, message));
    }
    let single = spec.single_file.unwrap_or(named.is_some());
    if single && !spec.partition_by.is_empty() {
        // A folder may be called `x.parquet`; with partitions it has to be one.
        if spec.single_file == Some(true) {
            return Err(FileError::engine(&spec.target, "one file cannot be partitioned by columns"));
        }
        return Ok(false);
    }
    if let (true, Some((_, by_suffix))) = (single, named)
        && by_suffix != spec.format.compression()
    {
        if spec.format.compression() != Compression::None {
            let message = format!(
                "the compression {:?} needs the suffix '{}', or readers would take it for something else",
                spec.format.compression(),
                spec.format.compression().suffix()
            );
            return Err(FileError::engine(&spec.target, message));
        }
        spec.format.set_compression(by_suffix);
    }
    if single {
        spec.format.use_delimiter_of(name);
    }
    Ok(single)
}

fn local_target(text: &str) -> Result<PathBuf> {
    let path = match text.starts_with("file://") {
        true => url::Url::parse(text).ok().and_then(|url| url.to_file_path().ok()),
        false => Some(PathBuf::from(text)),
    };
    let path = path.filter(|path| !path.as_os_str().is_empty());
    let Some(path) = path else { return Err(FileError::engine(text, "not a path of this machine")) };
    let absolute = std::path::absolute(&path).map_err(|error| cannot(text, "not a path", &error))?;
    if absolute.file_name().is_none() {
        return Err(FileError::engine(text, "expected a file or folder below another folder"));
    }
    // A link is written through, not replaced.
    Ok(absolute.canonicalize().unwrap_or(absolute))
}

fn check_local(spec: &WriteSpec, target: &FilePath, single_file: bool) -> Result<()> {
    let Ok(metadata) = fs::metadata(target) else { return Ok(()) };
    if single_file {
        return match (metadata.is_file(), spec.mode) {
            (false, _) if metadata.is_dir() => {
                Err(FileError::engine(&spec.target, "expected a file, but this is a folder"))
            }
            (false, _) => {
                Err(FileError::engine(&spec.target, "expected a plain file; a result cannot be put in its place"))
            }
            (true, WriteMode::Overwrite) => Ok(()),
            (true, WriteMode::Error) => Err(exists(&spec.target)),
            (true, WriteMode::Append) => {
                Err(FileError::engine(&spec.target, "a file cannot be appended to; append to a folder of files"))
            }
        };
    }
    if !metadata.is_dir() {
        return Err(FileError::engine(&spec.target, "expected a folder, but this is a file"));
    }
    let unreadable = |error: io::Error| cannot(&spec.target, "the folder cannot be read", &error);
    match spec.mode {
        WriteMode::Append => Ok(()),
        WriteMode::Error => {
            let mut entries = fs::read_dir(target).map_err(unreadable)?;
            if entries.next().is_some() { Err(exists(&spec.target)) } else { Ok(()) }
        }
        WriteMode::Overwrite => {
            let files = files_below(target).map_err(unreadable)?;
            let foreign = files.iter().find(|path| !may_be_replaced(&path.to_string_lossy()));
            foreign.map_or(Ok(()), |path| Err(not_ours(&spec.target, &path.to_string_lossy())))
        }
    }
}

async fn check_store(spec: &WriteSpec, store: &dyn ObjectStore, prefix: &Path, single_file: bool) -> Result<Vec<Path>> {
    let failed = |error: StoreError| store_error(&spec.target, error);
    if single_file {
        return match store.head(prefix).await {
            Ok(_) if spec.mode == WriteMode::Error => Err(exists(&spec.target)),
            Ok(_) if spec.mode == WriteMode::Append => {
                Err(FileError::engine(&spec.target, "a file cannot be appended to; append to a folder of files"))
            }
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(vec![]),
            Err(error) => Err(failed(error)),
        };
    }
    let base = Some(prefix).filter(|prefix| !prefix.as_ref().is_empty());
    let mut listed = store.list(base);
    match spec.mode {
        WriteMode::Append => Ok(vec![]),
        WriteMode::Error => match listed.try_next().await.map_err(failed)? {
            Some(_) => Err(exists(&spec.target)),
            None => Ok(vec![]),
        },
        WriteMode::Overwrite => {
            let old: Vec<Path> = listed.map_ok(|meta| meta.location).try_collect().await.map_err(failed)?;
            match old.iter().find(|path| !may_be_replaced(path.as_ref())) {
                Some(path) => Err(not_ours(&spec.target, path.as_ref())),
                None => Ok(old),
            }
        }
    }
}

/// Whether an overwrite may remove the file: data files, and the notes that writers leave (`_SUCCESS`, `.crc`).
fn may_be_replaced(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let in_hidden_folder = path.split('/').rev().skip(1).any(|part| part.starts_with('.'));
    !in_hidden_folder && (FormatKind::of_name(name).is_some() || name.starts_with('_') || name.ends_with(".crc"))
}

fn not_ours(target: &str, path: &str) -> DataFusionError {
    let message =
        format!("the folder holds {path}, which is no data file, and an overwrite would remove it; move it first");
    FileError::engine(target, message)
}

fn exists(target: &str) -> DataFusionError {
    FileError::engine(target, "already exists; choose the mode 'overwrite' or 'append', or another place")
}

fn cannot(target: &str, what: &str, error: &io::Error) -> DataFusionError {
    FileError::engine(target, format!("{what}: {error}"))
}

async fn complete(files: &mut [Uploaded]) -> Result<()> {
    futures::stream::iter(files.iter_mut().map(Ok::<_, DataFusionError>))
        .try_for_each_concurrent(COMMITS_AT_ONCE, |file| async move { file.complete().await })
        .await
}

async fn delete(store: &Arc<dyn ObjectStore>, locations: Vec<Path>) {
    let locations = futures::stream::iter(locations.into_iter().map(Ok)).boxed();
    let mut deleted = store.delete_stream(locations);
    while let Some(answer) = deleted.next().await {
        match answer {
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => log::warn!("an object of the old result could not be deleted: {error}"),
        }
    }
}
