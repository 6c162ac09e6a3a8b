//! NumPy's archive of several arrays: a zip file of npy files, stored as they are (`savez`) or deflated (`savez_compressed`).

use std::path::Path;
use std::sync::Arc;

use swath_arrays::{ArraySource, MemorySource};
use swath_kernels::NdArray;

use crate::byte_order::swap;
use crate::error::{IoError, Result};
use crate::file::OpenFile;
use crate::npy::{NpySource, header};
use crate::runs::ReadAt;

mod write;
mod zip;

pub use write::{NpzCompression, NpzWriter};
use zip::{Entry, Method};

/// An npz archive. Opening reads its directory.
///
/// Arrays that are stored as they are can be read by boxes; a deflated one is inflated whole when it is opened, after which it is an
/// array in memory.
#[derive(Debug)]
pub struct NpzReader {
    file: Arc<OpenFile>,
    entries: Vec<Entry>,
    limit_bytes: u64,
}

impl NpzReader {
    /// Opens an archive.
    ///
    /// # Errors
    /// A file that cannot be opened or is no zip file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let file = Arc::new(OpenFile::open(path.as_ref())?);
        let entries = zip::directory(&file)?;
        Ok(Self { file, entries, limit_bytes: 16 << 30 })
    }

    /// The same, which refuses deflated arrays of more bytes than this (16 GiB if it is not said): a small file can hold very many
    /// zeros.
    #[must_use]
    pub fn with_limit(self, limit_bytes: u64) -> Self {
        Self { limit_bytes, ..self }
    }

    /// The names of the arrays, in the archive's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| entry.name.strip_suffix(".npy"))
    }

    /// One array by its name.
    ///
    /// # Errors
    /// A name that is not there, and what [`NpySource::open`] refuses; for deflated arrays also broken data or a wrong checksum.
    pub fn array(&self, name: &str) -> Result<Arc<dyn ArraySource>> {
        let entry =
            self.entries.iter().find(|entry| entry.name.strip_suffix(".npy") == Some(name)).ok_or_else(|| {
                let names = self.names().collect::<Vec<_>>().join(", ");
                IoError::not_found(self.file.name(), format!("no array '{name}'; there are: {names}"))
            })?;
        let data = zip::data_range(&self.file, entry)?;
        Ok(match entry.method {
            Method::Stored => Arc::new(NpySource::within(Arc::clone(&self.file), data.start, data.end, &entry.name)?),
            Method::Deflated => Arc::new(MemorySource::new(self.inflated(entry, data)?)),
        })
    }

    fn inflated(&self, entry: &Entry, data: std::ops::Range<u64>) -> Result<NdArray> {
        let place = format!("{}: {}", self.file.name(), entry.name);
        let bytes = zip::inflate(&self.file, entry, data, self.limit_bytes)?;
        let layout = header::read(&InMemory(&bytes), 0, bytes.len() as u64, &place)?;
        let (dtype, offset) = (layout.dtype, layout.offset as usize);
        let expected = crate::allocate::bytes_of(&place, dtype, &layout.shape)?;
        let available = bytes.len() - offset;
        if available < expected {
            return Err(header::too_short(&place, &layout, available as u64));
        }
        let mut elements = bytes;
        elements.drain(..offset);
        elements.truncate(expected);
        if layout.byte_order.is_foreign(dtype) {
            swap(dtype, &mut elements);
        }
        let mut shape = layout.shape;
        if layout.is_fortran {
            shape.reverse();
        }
        let array =
            NdArray::from_buffer(dtype, &shape, elements.into()).map_err(|error| IoError::kernel(place, error))?;
        Ok(if layout.is_fortran { array.t() } else { array })
    }
}

struct InMemory<'a>(&'a [u8]);

impl ReadAt for InMemory<'_> {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = start.checked_add(into.len()).and_then(|end| self.0.get(start..end));
        let found = found.ok_or_else(|| IoError::argument(format!("no {} bytes at {offset}", into.len())))?;
        into.copy_from_slice(found);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
