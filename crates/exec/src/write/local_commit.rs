//! The commit of a write to a local folder: files and folders change places, in one rename each.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path as FilePath;

use super::spec::{WriteMode, WriteSpec};
use super::staging::{Staging, TASKS, exchange, files_below, sync_folder, sync_tree};
use super::task::TaskFile;
use super::task_place::name_of_part;

/// Moves the listed files of tasks to where the coming result is built. What is not listed stays behind.
pub(super) fn take_listed(staging: &Staging, files: &[TaskFile], spec: &WriteSpec, suffix: &str) -> io::Result<()> {
    let tasks = staging.folder().join(TASKS);
    for file in files {
        let from = FilePath::new("/").join(&file.location);
        let (Some(name), true) = (from.file_name(), from.parent() == Some(tasks.as_path())) else {
            let message = format!("{} is not in {}", from.display(), tasks.display());
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        };
        let mut folder = staging.data();
        folder.extend(file.folder.split('/').filter(|part| !part.is_empty()));
        fs::create_dir_all(&folder)?;
        let partition = usize::try_from(file.partition).map_err(io::Error::other)?;
        let mut to = folder.join(name_of_part(partition, suffix, spec));
        if to.exists() {
            // Two files of one task for one folder: values that differ and are written alike.
            to = folder.join(format!("part-{}", name.to_string_lossy()));
        }
        fs::rename(&from, &to).map_err(|error| {
            let message = format!("{}, written by a worker, is not here: {error}", from.display());
            io::Error::new(error.kind(), message)
        })?;
    }
    Ok(())
}

/// Held while folders and files change places, so that two commits to one folder do not lose each other's files.
fn commit_lock(parent: &FilePath) -> Option<File> {
    let folder = File::open(parent).ok()?;
    // A file system without locks has no protection against two writers, but writes.
    folder.lock().ok()?;
    Some(folder)
}

pub(super) fn commit_file(staging: &Staging, target: &FilePath, mode: WriteMode) -> io::Result<()> {
    let data = staging.data();
    let Some(name) = files_below(&data)?.into_iter().next() else {
        return Err(io::Error::new(ErrorKind::NotFound, "the written file is gone"));
    };
    let written = data.join(name);
    File::open(&written)?.sync_all()?;
    let parent = parent_of(target)?;
    let _lock = commit_lock(parent);
    if mode == WriteMode::Overwrite {
        fs::rename(&written, target)?;
    } else {
        // Unlike a rename, a link does not replace.
        match fs::hard_link(&written, target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
            Err(_) if target.exists() => return Err(ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(&written, target)?,
        }
    }
    sync_folder(parent)
}

pub(super) fn commit_folder(staging: &Staging, target: &FilePath, mode: WriteMode) -> io::Result<()> {
    let data = staging.data();
    sync_tree(&data)?;
    let parent = parent_of(target)?;
    let _lock = commit_lock(parent);
    let occupied = target.is_dir() && fs::read_dir(target)?.next().is_some();
    match mode {
        _ if !occupied => fs::rename(&data, target)?,
        WriteMode::Error => return Err(ErrorKind::DirectoryNotEmpty.into()),
        WriteMode::Overwrite => exchange(&data, target)?,
        WriteMode::Append => append(&data, target)?,
    }
    sync_folder(parent)
}

/// Adds the files of `data` to `target`: one by a rename; several by building the joined folder out of links and
/// exchanging it, since several renames could be cut short.
fn append(data: &FilePath, target: &FilePath) -> io::Result<()> {
    let new = files_below(data)?;
    if let [file] = new.as_slice() {
        let place = target.join(file);
        fs::create_dir_all(parent_of(&place)?)?;
        fs::rename(data.join(file), &place)?;
        return sync_folder(parent_of(&place)?);
    }
    for old in files_below(target)? {
        let place = data.join(&old);
        fs::create_dir_all(parent_of(&place)?)?;
        let from = target.join(&old);
        if fs::hard_link(&from, &place).is_err() {
            fs::copy(&from, &place)?;
        }
    }
    if let Ok(metadata) = fs::metadata(target) {
        fs::set_permissions(data, metadata.permissions())?;
    }
    sync_tree(data)?;
    exchange(data, target)
}

fn parent_of(path: &FilePath) -> io::Result<&FilePath> {
    path.parent().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "expected a path below a folder"))
}
