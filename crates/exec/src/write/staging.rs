//! The hidden folder that a local write fills before its result appears.
//!
//! It stands beside the target, so on the same file system: `.<target>.swath-<id>/` with `data/`, the coming result, and
//! `lock`, which is held as long as the writer lives. The system frees the lock of a killed writer, and the next write to
//! the target removes the folder.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a folder is removed in which a task still writes.
const REMOVALS: usize = 3;

/// How old a folder without a lock must be to count as left behind, not as one that is just being made.
const YOUNG: Duration = Duration::from_secs(60);

/// Below the hidden folder: what tasks of other processes wrote, before it is known which of it counts.
pub(super) const TASKS: &str = "tasks";

/// Whether `folder` is the hidden folder of a write that goes on.
pub(super) fn is_staging(folder: &Path) -> bool {
    folder.join("lock").is_file()
}

/// A fresh hidden folder beside a target; removed when dropped.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    _lock: File,
}

impl Staging {
    /// Makes the folder for a write to `target`, after removing what killed writers left there.
    pub fn beside(target: &Path) -> io::Result<Self> {
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(io::Error::new(ErrorKind::InvalidInput, "expected a file or folder below another folder"));
        };
        fs::create_dir_all(parent)?;
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(".swath-");
        remove_stale(parent, &prefix);
        let mut own = prefix;
        own.push(format!("{:016x}", fresh_id()));
        let folder = parent.join(own);
        fs::create_dir(&folder)?;
        let made = File::create(folder.join("lock")).and_then(|lock| {
            fs::create_dir(folder.join("data"))?;
            match lock.try_lock() {
                Ok(()) => Ok(lock),
                // Without locks on this file system a left-behind folder is removed by age.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(lock),
                Err(TryLockError::Error(error)) => Err(error),
                Err(TryLockError::WouldBlock) => Err(io::Error::other("a fresh lock is held by another")),
            }
        });
        match made {
            Ok(lock) => Ok(Self { folder, _lock: lock }),
            Err(error) => {
                let _ = fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    /// The hidden folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the coming result is built.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // First what says that the write goes on: a task that has not heard of its end begins no further file.
        let _ = fs::remove_file(self.folder.join("lock"));
        for _ in 0..REMOVALS {
            if fs::remove_dir_all(&self.folder).is_ok() {
                return;
            }
        }
        // What cannot be removed now is removed by the next write.
        log::debug!("{} could not be removed", self.folder.display());
    }
}

/// A number that no other write has.
pub fn fresh_id() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    if let Ok(since) = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        hasher.write_u128(since.as_nanos());
    }
    hasher.finish()
}

fn remove_stale(parent: &Path, prefix: &OsString) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            continue;
        }
        let folder = entry.path();
        let stale = match File::open(folder.join("lock")) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(_) => entry
                .metadata()
                .and_then(|data| data.modified())
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > YOUNG)),
        };
        if stale {
            log::info!("removing {}, left by a write that did not end", folder.display());
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Writes every file and folder below `folder`, and itself, through to the disk.
pub fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    sync_folder(folder)
}

/// Writes the entries of `folder` through to the disk.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The paths of all files below `folder`, relative to it.
pub fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![];
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        for entry in fs::read_dir(folder.join(&relative))? {
            let entry = entry?;
            let path = relative.join(entry.file_name());
            if entry.file_type()?.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// Exchanges two folders on one file system; a reader sees the one or the other, never neither.
#[cfg(target_os = "linux")]
pub fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    let a = CString::new(a.as_os_str().as_bytes())?;
    let b = CString::new(b.as_os_str().as_bytes())?;
    // The number of the call, since not every C library has a wrapper for it.
    // SAFETY: both paths are NUL-terminated and live until the call returns; the call keeps no pointer.
    let code = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            a.as_ptr(),
            libc::AT_FDCWD,
            b.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Exchanges two folders on one file system. For a moment neither is in place: this system has no exchange in one step.
#[cfg(not(target_os = "linux"))]
pub fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    let aside = a.with_extension("aside");
    fs::rename(b, &aside)?;
    if let Err(error) = fs::rename(a, b) {
        fs::rename(&aside, b)?;
        return Err(error);
    }
    fs::rename(&aside, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_left_behind_folder_goes_with_the_next_write() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        let alive = Staging::beside(&target).unwrap();
        let dead = root.path().join(".out.swath-00000000deadbeef");
        fs::create_dir_all(dead.join("data")).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        let other = root.path().join(".other.swath-1");
        fs::create_dir_all(&other).unwrap();
        let next = Staging::beside(&target).unwrap();
        assert!(alive.data().is_dir(), "a living writer keeps its folder");
        assert!(!dead.exists());
        assert!(other.exists());
        drop((alive, next));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn exchange_swaps_whole_folders() {
        let root = tempfile::tempdir().unwrap();
        let (a, b) = (root.path().join("a"), root.path().join("b"));
        fs::create_dir_all(a.join("x")).unwrap();
        fs::create_dir_all(b.join("y")).unwrap();
        exchange(&a, &b).unwrap();
        assert!(a.join("y").is_dir() && b.join("x").is_dir());
    }
}
