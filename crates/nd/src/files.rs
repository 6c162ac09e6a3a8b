//! Arrays from files and into them: npy, npz, Zarr, raw files.
//!
//! Opening reads a header; a computation reads the bytes or chunks that it needs. What is written can be found by a reader only when
//! all of it is there.

use std::path::Path;
use std::sync::Arc;

use swath_array_io::npz::NpzCompression;
use swath_array_io::zarr::{LocalStore, Store};
use swath_array_io::{
    NpySink, NpySource, NpzReader, NpzWriter, RawLayout, RawSource, ZarrArray, ZarrOptions, ZarrSink,
};
use swath_arrays::ArraySource;

use crate::array::Array;
use crate::context::Arrays;
use crate::error::Result;
use crate::run::compute_all;

impl Arrays {
    fn opened<S: ArraySource>(&self, source: swath_array_io::Result<S>) -> Array {
        match source {
            Ok(source) => self.from_source(Arc::new(source)),
            Err(error) => Array::new(self, Err(error.into())),
        }
    }

    /// The array in a file of NumPy's `save`.
    ///
    /// # Errors
    /// Kept: a file that cannot be opened, is no npy file, or holds objects or records.
    pub fn from_npy(&self, path: impl AsRef<Path>) -> Array {
        self.opened(NpySource::open(path))
    }

    /// An array of an archive of NumPy's `savez`.
    ///
    /// # Errors
    /// Kept: as [`Arrays::from_npy`]; no array of that name.
    pub fn from_npz(&self, path: impl AsRef<Path>, name: &str) -> Array {
        match NpzReader::open(path).and_then(|archive| archive.array(name)) {
            Ok(source) => self.from_source(source),
            Err(error) => Array::new(self, Err(error.into())),
        }
    }

    /// The Zarr array in a folder, of version 2 or 3; in multiples of its chunks.
    ///
    /// # Errors
    /// Kept: no array there, metadata that is broken or asks for what is not supported.
    pub fn from_zarr(&self, folder: impl AsRef<Path>) -> Array {
        self.opened(ZarrArray::open(folder))
    }

    /// The Zarr array at a path of any store, as [`from_zarr`](Self::from_zarr).
    ///
    /// # Errors
    /// Kept: as [`from_zarr`](Self::from_zarr).
    pub fn from_zarr_in(&self, store: Arc<dyn Store>, path: &str) -> Array {
        self.opened(ZarrArray::open_in(store, path))
    }

    /// The array in a file of nothing but elements.
    ///
    /// # Errors
    /// Kept: a file that cannot be opened or is too short.
    pub fn from_raw(&self, path: impl AsRef<Path>, layout: RawLayout) -> Array {
        self.opened(RawSource::open(path, layout))
    }
}

impl Array {
    /// Writes the array to a file as NumPy's `save` does, block by block, now; over what stands there.
    ///
    /// # Errors
    /// The first mistake in shaping; a file that cannot be written; what running may bring.
    pub fn to_npy(&self, path: impl AsRef<Path>) -> Result<()> {
        let known = self.known()?;
        self.store(Arc::new(NpySink::create(path, known.dtype(), &known.shape())?))
    }

    /// Writes the array to a Zarr array in a folder, block by block, now: in this array's chunks, packed by zstd, if no options say
    /// otherwise.
    ///
    /// # Errors
    /// As [`Array::to_npy`]; something that is there already, unless the options overwrite it; options that do not fit.
    pub fn to_zarr(&self, folder: impl AsRef<Path>, options: Option<&ZarrOptions>) -> Result<()> {
        self.to_zarr_in(Arc::new(LocalStore::new(folder.as_ref())), "", options)
    }

    /// Writes the array to a path of any store, as [`to_zarr`](Self::to_zarr).
    ///
    /// # Errors
    /// As [`to_zarr`](Self::to_zarr).
    pub fn to_zarr_in(&self, store: Arc<dyn Store>, path: &str, options: Option<&ZarrOptions>) -> Result<()> {
        let known = self.known()?;
        let own;
        let options = match options {
            Some(options) => options,
            None => {
                own = ZarrOptions::for_grid(known.grid());
                &own
            }
        };
        let sink = ZarrSink::create_in(store, path, known.dtype(), &known.shape(), options)?;
        Self::from_expression(self.context(), known).store(Arc::new(sink))
    }
}

/// Writes arrays to an archive as NumPy's `savez` does, each whole.
///
/// # Errors
/// As [`Array::to_npy`].
pub fn save_npz(path: impl AsRef<Path>, arrays: &[(&str, &Array)], compression: NpzCompression) -> Result<()> {
    let computed = compute_all(&arrays.iter().map(|(_, array)| *array).collect::<Vec<_>>())?;
    let mut archive = NpzWriter::create(path, compression)?;
    for ((name, _), array) in arrays.iter().zip(&computed) {
        archive.add(name, array)?;
    }
    Ok(archive.finish()?)
}
