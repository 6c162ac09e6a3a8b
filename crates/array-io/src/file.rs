//! Files that are read at positions, and files that appear only when they are whole.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use tempfile::NamedTempFile;

use crate::error::{IoError, Result};
use crate::runs::ReadAt;

/// An open file for reading.
#[derive(Debug)]
pub(crate) struct OpenFile {
    file: File,
    name: String,
    bytes: u64,
    id: String,
}

impl OpenFile {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let context = || format!("cannot open {name}");
        let file = File::open(path).map_err(|error| IoError::system(context(), error))?;
        let about = file.metadata().map_err(|error| IoError::system(context(), error))?;
        if !about.is_file() {
            return Err(IoError::argument(format!("cannot open {name}: it is no file")));
        }
        let path = std::path::absolute(path).map_err(|error| IoError::system(context(), error))?;
        let written = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let id = format!("{}:{}:{}", path.display(), about.len(), written.as_nanos());
        Ok(Self { file, name, bytes: about.len(), id })
    }

    /// The path, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Path, length and time of writing: two files of the same id hold the same bytes.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Bytes when it was opened.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl ReadAt for OpenFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        read_exact_at(&self.file, into, offset).map_err(|error| {
            let context = if error.kind() == std::io::ErrorKind::UnexpectedEof {
                format!("{} is shorter than when it was opened ({} bytes wanted at {offset})", self.name, into.len())
            } else {
                format!("cannot read {} bytes at {offset} of {}", into.len(), self.name)
            };
            IoError::system(context, error)
        })
    }
}

/// A file that is written beside its place, by many threads, and moved there when it is whole. Dropped before, it is gone.
#[derive(Debug)]
pub(crate) struct StagedFile {
    target: PathBuf,
    name: String,
    staged: Mutex<Option<NamedTempFile>>,
    /// A second handle, so that threads write without waiting for each other.
    file: File,
}

impl StagedFile {
    /// Starts a file that will stand at `target`.
    pub(crate) fn create(target: &Path) -> Result<Self> {
        let name = target.display().to_string();
        let context = || format!("cannot write {name}");
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if target.is_dir() {
            return Err(IoError::argument(format!("cannot write {name}: it is a folder")));
        }
        let staged = tempfile::Builder::new()
            .prefix(".swath-")
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(|error| IoError::system(context(), error))?;
        let file = staged.reopen().map_err(|error| IoError::system(context(), error))?;
        Ok(Self { target: target.to_owned(), name, staged: Mutex::new(Some(staged)), file })
    }

    /// The path where it will stand.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Gives the file its length, so that a full disk is known before the work.
    pub(crate) fn set_len(&self, bytes: u64) -> Result<()> {
        self.file.set_len(bytes).map_err(|error| IoError::system(format!("cannot write {}", self.name), error))
    }

    /// Writes bytes at a position.
    pub(crate) fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        write_all_at(&self.file, bytes, offset).map_err(|error| {
            IoError::system(format!("cannot write {} bytes at {offset} of {}", bytes.len(), self.name), error)
        })
    }

    /// Moves it to its place, over what stands there. Once is enough.
    pub(crate) fn finish(&self) -> Result<()> {
        let mut staged = self.staged.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(file) = staged.take() else { return Ok(()) };
        let context = || format!("cannot write {}", self.name);
        // Temporary files are for their owner only; the result is for whom a plain new file would be.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o666 & !umask());
            self.file.set_permissions(mode).map_err(|error| IoError::system(context(), error))?;
        }
        file.persist(&self.target).map_err(|error| IoError::system(context(), error.error))?;
        Ok(())
    }
}

/// The permissions that new files do not get. The system tells them only while setting them, which other threads would see;
/// Linux also shows them in a file.
#[cfg(unix)]
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut into: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => {
                into = &mut into[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = &bytes[count..];
        offset += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let staged = StagedFile::create(&path).unwrap();
        staged.write_at(2, b"cd").unwrap();
        assert!(!path.exists());
        staged.write_at(0, b"ab").unwrap();
        staged.finish().unwrap();
        staged.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abcd");
        drop(StagedFile::create(&path).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "").unwrap();
        assert_eq!(std::fs::metadata(&plain).unwrap().permissions(), std::fs::metadata(&path).unwrap().permissions());
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        std::fs::write(&path, [0; 100]).unwrap();
        let open = OpenFile::open(&path).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
        let error = open.read_at(5, &mut [0; 50]).unwrap_err().to_string();
        assert!(error.contains("a.bin is shorter than when it was opened (50 bytes wanted at 5)"), "{error}");
        let error = OpenFile::open(&folder.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("none: No such file"), "{error}");
        assert!(OpenFile::open(folder.path()).unwrap_err().to_string().contains("it is no file"));
    }
}
