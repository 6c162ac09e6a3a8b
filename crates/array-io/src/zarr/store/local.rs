//! A folder as a store.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{Staging, Store, too_large};
use crate::error::{IoError, Result};
use crate::file::{StagedFile, read_exact_at};

/// What is being written starts so, and no node does.
const PART: &str = ".swath-";

/// A folder; each key is a file in it.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
    name: String,
    /// Whether nobody reads it yet, so that files need not be renamed one by one.
    is_staging: bool,
}

impl LocalStore {
    /// A store in a folder, which need not be there yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let name = root.display().to_string();
        Self { root, name, is_staging: false }
    }

    fn path(&self, key: &str) -> Result<PathBuf> {
        let mut path = self.root.clone();
        for name in key.split('/').filter(|name| !name.is_empty()) {
            if name == "." || name == ".." || name.contains(['\\', '\0', ':']) {
                return Err(IoError::argument(format!(
                    "{}: key '{}' leads out of the store",
                    self.name,
                    key.escape_debug()
                )));
            }
            path.push(name);
        }
        Ok(path)
    }

    fn error(&self, what: &str, key: &str) -> impl FnOnce(std::io::Error) -> IoError {
        let context = format!("cannot {what} {}/{key}", self.name);
        move |error| IoError::system(context, error)
    }

    /// An open file and its length.
    fn open(&self, key: &str) -> Result<Option<(File, u64)>> {
        let file = match File::open(self.path(key)?) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(self.error("open", key)(error)),
        };
        let about = file.metadata().map_err(self.error("open", key))?;
        if about.is_dir() {
            return Ok(None);
        }
        if !about.is_file() {
            return Err(IoError::format(format!("{}/{key}", self.name), "it is neither a file nor a folder"));
        }
        Ok(Some((file, about.len())))
    }
}

/// A key below what is itself a key is absent too.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

impl Store for LocalStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Bytes>> {
        let Some((file, length)) = self.open(key)? else { return Ok(None) };
        if length > limit_bytes {
            return Err(too_large(&self.name, key, length, limit_bytes));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length as usize + 1).map_err(|_| too_large(&self.name, key, length, limit_bytes))?;
        file.take(length).read_to_end(&mut bytes).map_err(self.error("read", key))?;
        Ok(Some(bytes.into()))
    }

    fn get_suffix(&self, key: &str, bytes: u64) -> Result<Option<Bytes>> {
        let Some((file, length)) = self.open(key)? else { return Ok(None) };
        let mut result = vec![0; bytes.min(length) as usize];
        read_exact_at(&file, &mut result, length - bytes.min(length)).map_err(self.error("read", key))?;
        Ok(Some(result.into()))
    }

    fn get_ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Option<Vec<Bytes>>> {
        let Some((file, length)) = self.open(key)? else { return Ok(None) };
        let read = |range: &Range<u64>| {
            if range.start > range.end || range.end > length {
                let problem = format!("bytes {range:?} are wanted, but it has {length}");
                return Err(IoError::format(format!("{}/{key}", self.name), problem));
            }
            let mut bytes = vec![0; (range.end - range.start) as usize];
            read_exact_at(&file, &mut bytes, range.start).map_err(self.error("read", key))?;
            Ok(bytes.into())
        };
        ranges.iter().map(read).collect::<Result<_>>().map(Some)
    }

    fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let path = self.path(key)?;
        let write = || {
            if self.is_staging {
                let file = File::create(&path).and_then(|mut file| file.write_all(&bytes));
                return file.map_err(self.error("write", key));
            }
            let file = StagedFile::create(&path)?;
            file.write_at(0, &bytes)?;
            file.finish()
        };
        match write() {
            Err(IoError::System { source, .. }) if source.kind() == ErrorKind::NotFound => {
                let folder = path.parent().unwrap_or(&self.root);
                fs::create_dir_all(folder).map_err(self.error("write", key))?;
                write()
            }
            other => other,
        }
    }

    fn delete(&self, key: &str) -> Result<()> {
        match fs::remove_file(self.path(key)?) {
            Err(error) if !is_absent(&error) => Err(self.error("remove", key)(error)),
            _ => Ok(()),
        }
    }

    fn delete_all(&self, prefix: &str) -> Result<()> {
        match fs::remove_dir_all(self.path(prefix)?) {
            Err(error) if !is_absent(&error) => Err(self.error("remove", prefix)(error)),
            _ => Ok(()),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(prefix)?) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(self.error("list", prefix)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(self.error("list", prefix))?;
            names.extend(entry.file_name().into_string().ok().filter(|name| !name.starts_with(PART)));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn can_stage(&self) -> bool {
        true
    }

    fn stage(&self, prefix: &str) -> Result<Option<Box<dyn Staging>>> {
        // Absolute, so that a root of `.` has a folder beside it.
        let target = std::path::absolute(self.path(prefix)?).map_err(self.error("write", prefix))?;
        let Some(beside) = target.parent() else {
            return Err(IoError::argument(format!("cannot write an array over the root folder {}", target.display())));
        };
        fs::create_dir_all(beside).map_err(self.error("write", prefix))?;
        let folder = tempfile::Builder::new().prefix(PART).suffix(".part").tempdir_in(beside);
        let folder = folder.map_err(self.error("write", prefix))?;
        let kept = folder.path().join("array");
        fs::create_dir(&kept).map_err(self.error("write", prefix))?;
        let store = Self { name: target.display().to_string(), root: kept, is_staging: true };
        Ok(Some(Box::new(LocalStaging { store: Arc::new(store), target, folder: Mutex::new(Some(folder)) })))
    }
}

/// A folder beside the one that it becomes.
#[derive(Debug)]
struct LocalStaging {
    store: Arc<LocalStore>,
    target: PathBuf,
    folder: Mutex<Option<tempfile::TempDir>>,
}

impl Staging for LocalStaging {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    fn publish(&self) -> Result<()> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = folder.take() else { return Ok(()) };
        let context = |error| IoError::system(format!("cannot write {}", self.target.display()), error);
        let before = folder.path().join("before");
        let had_one = move_aside(&self.target, &before).map_err(context)?;
        if let Err(error) = fs::rename(&self.store.root, &self.target) {
            if had_one {
                // What was there stays. Nothing better can be done if even that is refused.
                let _ = fs::rename(&before, &self.target);
            }
            return Err(context(error));
        }
        // What was there before goes with the folder.
        drop(folder);
        Ok(())
    }
}

/// Moves what stands at a path away; whether there was anything.
fn move_aside(target: &Path, to: &Path) -> std::io::Result<bool> {
    match fs::rename(target, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_files() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path());
        store.put("a/c/0/1", vec![1, 2, 3, 4].into()).unwrap();
        store.put("a/zarr.json", vec![9].into()).unwrap();
        assert_eq!(store.get("a/c/0/1", 4).unwrap().unwrap(), [1, 2, 3, 4][..]);
        assert!(store.get("a/c/0/1", 3).unwrap_err().to_string().contains("a/c/0/1: it has 4 bytes, but at most 3"));
        assert_eq!(store.get("a/c/0", 9).unwrap(), None);
        assert_eq!(store.get("a/zarr.json/b", 9).unwrap(), None);
        assert_eq!(store.get_suffix("a/c/0/1", 3).unwrap().unwrap(), [2, 3, 4][..]);
        assert_eq!(store.get_suffix("a/c/0/1", 30).unwrap().unwrap(), [1, 2, 3, 4][..]);
        assert_eq!(
            store.get_ranges("a/c/0/1", &[0..1, 2..4]).unwrap().unwrap(),
            [[1][..].into(), Bytes::from(vec![3, 4])]
        );
        assert!(store.get_ranges("a/c/0/1", std::slice::from_ref(&(2..5))).is_err());
        assert_eq!(store.list("a").unwrap(), ["c", "zarr.json"]);
        assert_eq!(store.list("b").unwrap(), Vec::<String>::new());
        store.delete("a/zarr.json").unwrap();
        store.delete("a/zarr.json").unwrap();
        store.delete_all("a").unwrap();
        store.delete_all("a").unwrap();
        assert_eq!(store.get("a/c/0/1", 4).unwrap(), None);
        assert!(store.get("../x", 4).unwrap_err().to_string().contains("key '../x' leads out of the store"));
    }

    #[test]
    fn staged_keys_appear_together() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path());
        store.put("a/old", vec![1].into()).unwrap();
        let staging = store.stage("a").unwrap().unwrap();
        staging.store().put("c/0", vec![2].into()).unwrap();
        assert_eq!(store.list("a").unwrap(), ["old"]);
        assert_eq!(store.list("").unwrap(), ["a"]);
        staging.publish().unwrap();
        staging.publish().unwrap();
        assert_eq!(store.list("a").unwrap(), ["c"]);
        drop(store.stage("a").unwrap());
        drop(staging);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
