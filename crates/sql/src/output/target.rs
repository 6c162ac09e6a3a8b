//! Where output goes.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::error::{Failure, Result};

/// The standard output, or a file that gets its name only when it is whole.
#[derive(Debug)]
pub enum Target {
    /// The standard output.
    Stdout(BufWriter<io::Stdout>),
    /// A file.
    File(PendingFile),
}

impl Target {
    /// The standard output.
    pub fn stdout() -> Self {
        Self::Stdout(BufWriter::with_capacity(1 << 16, io::stdout()))
    }

    /// A file at `path`, which appears with [`publish`](Self::publish).
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn file(path: &Path) -> Result<Self> {
        Ok(Self::File(PendingFile::create(path)?))
    }

    /// Whether a person sees it.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout(_)) && io::stdout().is_terminal()
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Makes all that has been written visible.
    ///
    /// # Errors
    /// If it cannot be written, or the file cannot get its name.
    pub fn publish(&mut self) -> Result<()> {
        match self {
            Self::Stdout(out) => Ok(out.flush()?),
            Self::File(file) => file.publish(),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(file) => file.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(file) => file.out.flush(),
        }
    }
}

/// A file under a hidden name beside its own, until it is published. Dropped before that, it leaves nothing.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    hidden: Option<PathBuf>,
    out: BufWriter<File>,
}

impl PendingFile {
    fn create(path: &Path) -> Result<Self> {
        let failed = |error| Failure::file("writing", path, error);
        let Some(name) = path.file_name().filter(|_| !path.is_dir()) else {
            return Err(Failure::usage(format!("cannot write to {}: expected the name of a file", path.display())));
        };
        // Pipes and devices are written directly.
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(path).map_err(failed)?;
            return Ok(Self { path: path.to_owned(), hidden: None, out: BufWriter::new(file) });
        }
        let hidden = path.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
        let file = File::create(&hidden).map_err(failed)?;
        Ok(Self { path: path.to_owned(), hidden: Some(hidden), out: BufWriter::with_capacity(1 << 16, file) })
    }

    fn publish(&mut self) -> Result<()> {
        self.out.flush()?;
        if let Some(hidden) = &self.hidden {
            fs::rename(hidden, &self.path).map_err(|error| Failure::file("writing", &self.path, error))?;
            self.hidden = None;
        }
        Ok(())
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if let Some(hidden) = &self.hidden {
            // What cannot be removed has a name that no reader takes for a result.
            let _ = fs::remove_file(hidden);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_published() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut target = Target::file(&path).unwrap();
        target.write_all(b"one\n").unwrap();
        assert!(!path.exists());
        target.publish().unwrap();
        target.write_all(b"two\n").unwrap();
        target.publish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_unpublished_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut target = Target::file(&folder.path().join("a.csv")).unwrap();
        target.write_all(b"one\n").unwrap();
        drop(target);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_is_no_target() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Target::file(folder.path()).is_err());
        assert!(Target::file(&folder.path().join("missing/a.csv")).is_err());
    }
}
