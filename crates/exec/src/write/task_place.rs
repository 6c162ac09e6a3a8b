//! Where the tasks of other processes put the files of a write before it is committed.
//!
//! | where | what a task leaves | what the commit does |
//! |---|---|---|
//! | local folder or file | whole files with names of their own in `tasks/` of the hidden folder | renames the listed ones into `data/` |
//! | object store | parts of uploads | completes the listed uploads |
//!
//! A task that ran twice, or ended after it was given up, leaves files or parts that no list names: they never become visible.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore};

use super::destination::{LOCAL_PART_BYTES, LOCAL_PARTS_AT_ONCE, STORE_PART_BYTES, STORE_PARTS_AT_ONCE};
use super::partition::FilePlace;
use super::parts::PartWriter;
use super::spec::WriteSpec;
use super::staging::{TASKS, fresh_id, is_staging};
use super::upload::{FileWriter, Upload};
use crate::files::FileError;
use crate::object_stores::part_store;
use crate::wire::{WireReader, WireWriter};

/// A place that tasks write to, as it travels to them.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPlace {
    pub(super) spec: WriteSpec,
    pub(super) ground: Ground,
}

/// What a [`TaskPlace`] stands on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ground {
    /// The hidden folder of a local write.
    Folder(String),
    /// A store.
    Store {
        /// `scheme://bucket`.
        url: String,
        /// The key of the target.
        prefix: String,
        /// Set apart from the names of files that are there already.
        name_suffix: String,
        /// Whether everything goes into one file.
        single_file: bool,
    },
}

impl TaskPlace {
    /// What is written there.
    pub fn spec(&self) -> &WriteSpec {
        &self.spec
    }

    /// Looks at the place from the process of a task.
    ///
    /// # Errors
    /// If this process does not see it.
    pub(super) async fn open(self, context: &TaskContext) -> Result<OpenPlace> {
        let url = match &self.ground {
            Ground::Folder(_) => ObjectStoreUrl::local_filesystem(),
            Ground::Store { url, .. } => ObjectStoreUrl::parse(url)?,
        };
        let store = context.runtime_env().object_store(&url)?;
        let parts = part_store(store.as_ref()).await;
        let open = OpenPlace { place: self, store, parts };
        open.check()?;
        Ok(open)
    }

    /// Adds the place to a message.
    pub(super) fn encode(&self, message: &mut WireWriter<'_>) -> Result<()> {
        self.spec.encode(message)?;
        match &self.ground {
            Ground::Folder(folder) => {
                message.flag(true);
                message.text(folder);
            }
            Ground::Store { url, prefix, name_suffix, single_file } => {
                message.flag(false);
                [url, prefix, name_suffix].into_iter().for_each(|text| message.text(text));
                message.flag(*single_file);
            }
        }
        Ok(())
    }

    /// The next place in a message.
    pub(super) fn decode(message: &mut WireReader<'_>) -> Result<Self> {
        let spec = WriteSpec::decode(message)?;
        let ground = match message.flag()? {
            true => Ground::Folder(message.text()?.to_owned()),
            false => Ground::Store {
                url: message.text()?.to_owned(),
                prefix: message.text()?.to_owned(),
                name_suffix: message.text()?.to_owned(),
                single_file: message.flag()?,
            },
        };
        Ok(Self { spec, ground })
    }
}

/// A [`TaskPlace`] as one process sees it.
pub(super) struct OpenPlace {
    place: TaskPlace,
    store: Arc<dyn ObjectStore>,
    parts: Option<Arc<dyn MultipartStore>>,
}

impl OpenPlace {
    /// A folder that is not shared would be made here, and nobody would find what is in it; one that the write has left
    /// behind, because it was given up, would be made again.
    fn check(&self) -> Result<()> {
        let target = &self.place.spec.target;
        match &self.place.ground {
            Ground::Folder(folder) if !is_staging(FilePath::new(folder)) => Err(FileError::engine(
                target,
                "a worker does not see the folder that the client writes to, or the write has ended; on a cluster, a local \
                 target must lie on a file system that every worker shares, or in an object store",
            )),
            Ground::Store { .. } if self.parts.is_none() => {
                Err(FileError::engine(target, "this store cannot take files in parts"))
            }
            _ => Ok(()),
        }
    }
}

impl FilePlace for OpenPlace {
    fn spec(&self) -> &WriteSpec {
        &self.place.spec
    }

    fn start_file(&self, partition: usize, folder: &str) -> Result<Upload> {
        self.check()?;
        let (spec, store) = (&self.place.spec, Arc::clone(&self.store));
        let compression = spec.format.compression();
        match (&self.place.ground, &self.parts) {
            (Ground::Folder(staging), _) => {
                let name = format!("{partition:05}-{:016x}.{}", fresh_id(), spec.format.suffix());
                let path = PathBuf::from(staging).join(TASKS).join(name);
                let location = Path::from_absolute_path(path).map_err(StoreError::from)?;
                Ok(Upload::start(store, location, compression, LOCAL_PART_BYTES, LOCAL_PARTS_AT_ONCE))
            }
            (Ground::Store { prefix, name_suffix, single_file, .. }, Some(parts)) => {
                let key = match single_file {
                    true => prefix.clone(),
                    false => key_of_part(prefix, folder, partition, name_suffix, spec),
                };
                let location = Path::parse(key).map_err(StoreError::from)?;
                let writer =
                    PartWriter::new(Arc::clone(parts), location.clone(), STORE_PART_BYTES, STORE_PARTS_AT_ONCE);
                Ok(Upload::start_with(FileWriter::Parts(writer), location, compression))
            }
            (Ground::Store { .. }, None) => {
                Err(DataFusionError::Internal("a place on a store was not checked".to_owned()))
            }
        }
    }
}

/// The key of one file below the target on a store.
pub(super) fn key_of_part(prefix: &str, folder: &str, partition: usize, suffix: &str, spec: &WriteSpec) -> String {
    let name = name_of_part(partition, suffix, spec);
    let parts = [prefix, folder, &name];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// The name of the file of one partition.
pub(super) fn name_of_part(partition: usize, suffix: &str, spec: &WriteSpec) -> String {
    format!("part-{partition:05}{suffix}.{}", spec.format.suffix())
}
