//! Files for blocks that do not fit into memory.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{BlocksError, Result};

/// Makes spill files: a folder, or a session's disk manager.
pub trait Spill: Send + Sync + 'static {
    /// A new empty file, for one run.
    ///
    /// # Errors
    /// [`BlocksError::Spill`] when it cannot be made.
    fn create(&self) -> Result<Arc<dyn SpillFile>>;
}

/// A file of raw bytes at positions that the run chooses. Its space is free again when it is dropped.
pub trait SpillFile: Send + Sync + 'static {
    /// Writes bytes at a position; the file grows as needed.
    ///
    /// # Errors
    /// What the system says: a full disk.
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reads the bytes at a position, all of them.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, position: u64, bytes: &mut [u8]) -> io::Result<()>;
    /// A name for messages.
    fn name(&self) -> String;
}

/// Spill files in a folder, which is made when it is needed.
///
/// A file loses its name as soon as it is open, so that the system takes it back however the process ends, killed or not.
#[derive(Debug, Clone)]
pub struct SpillFolder(PathBuf);

impl SpillFolder {
    /// Files in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl Spill for SpillFolder {
    fn create(&self) -> Result<Arc<dyn SpillFile>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.0.join(format!("swath-blocks-{}-{number}.spill", std::process::id()));
        let failed = |source: io::Error| BlocksError::Spill {
            action: "make",
            file: path.display().to_string(),
            source: Arc::new(source),
        };
        std::fs::create_dir_all(&self.0).map_err(failed)?;
        let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(failed)?;
        std::fs::remove_file(&path).map_err(failed)?;
        Ok(Arc::new(UnnamedFile { file, path }))
    }
}

/// An open file that no folder lists.
struct UnnamedFile {
    file: File,
    /// Where it was made, for messages.
    path: PathBuf,
}

impl SpillFile for UnnamedFile {
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, position)
    }

    fn read_at(&self, position: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, position)
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_no_name_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = SpillFolder::new(folder.path().join("made when needed")).create().unwrap();
        file.write_at(3, b"blocks").unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("made when needed")).unwrap().count(), 0);
        let mut back = [0; 6];
        file.read_at(3, &mut back).unwrap();
        assert_eq!(&back, b"blocks");
        assert!(file.name().contains("made when needed"));
    }
}
