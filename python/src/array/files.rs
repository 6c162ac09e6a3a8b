//! Files of arrays.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use swath_arrays::ArraySink;
use swath_collections::nd;
use swath_collections::nd::io::npz::NpzCompression;
use swath_collections::nd::io::zarr::{Compression, WriteMode, ZarrFormat};
use swath_collections::nd::io::{NpzReader, ZarrArray, ZarrGroup, ZarrOptions, ZarrSink};

use super::context::Arrays;
use super::error::{invalid, raised};
use super::operand::ChunksArgument;
use super::run::waited;
use super::{Array, borrowed, tried, wrapped};
use crate::errors::exception;
use crate::session::Session;
use crate::wait::{detached, or_raised};

fn opened(py: Python<'_>, array: nd::Array, chunks: Option<ChunksArgument>) -> PyResult<Array> {
    wrapped(
        py,
        match chunks {
            None => array,
            Some(chunks) => array.rechunk(chunks.0),
        },
    )
}

/// The array of a file of NumPy's `save`.
#[pyfunction]
fn from_npy(py: Python<'_>, context: &Arrays, path: PathBuf, chunks: Option<ChunksArgument>) -> PyResult<Array> {
    opened(py, py.detach(|| context.arrays.from_npy(path)), chunks)
}

/// The names of the arrays in an archive of NumPy's `savez`.
#[pyfunction]
fn npz_names(py: Python<'_>, path: PathBuf) -> PyResult<Vec<String>> {
    let archive = NpzReader::open(path).map_err(|error| raised(py, &error.into()))?;
    Ok(archive.names().map(str::to_owned).collect())
}

/// An array of such an archive.
#[pyfunction]
fn from_npz(
    py: Python<'_>,
    context: &Arrays,
    path: PathBuf,
    name: &str,
    chunks: Option<ChunksArgument>,
) -> PyResult<Array> {
    opened(py, py.detach(|| context.arrays.from_npz(path, name)), chunks)
}

/// The Zarr array in a folder, or the one of that name in a group.
#[pyfunction]
fn from_zarr(
    py: Python<'_>,
    context: &Arrays,
    folder: PathBuf,
    name: Option<&str>,
    chunks: Option<ChunksArgument>,
) -> PyResult<Array> {
    let array = match name {
        None => py.detach(|| context.arrays.from_zarr(folder)),
        Some(name) => {
            let found = py.detach(|| ZarrGroup::open(folder).and_then(|group| group.array(name)));
            context.arrays.from_source(Arc::new(found.map_err(|error| raised(py, &error.into()))?))
        }
    };
    opened(py, array, chunks)
}

/// The Zarr array at an address of an object store.
#[pyfunction]
fn from_zarr_at(py: Python<'_>, session: &Session, address: &str, chunks: Option<ChunksArgument>) -> PyResult<Array> {
    let array = detached(py, || session.session.from_zarr(address))?;
    opened(py, array, chunks)
}

#[pyfunction]
fn to_npy(py: Python<'_>, array: &Array, path: PathBuf) -> PyResult<()> {
    tried(py, || array.array.to_npy(path))
}

#[pyfunction]
fn save_npz(
    py: Python<'_>,
    path: PathBuf,
    names: Vec<String>,
    arrays: Vec<PyRef<'_, Array>>,
    compressed: bool,
) -> PyResult<()> {
    let arrays: Vec<nd::Array> = borrowed(&arrays).into_iter().cloned().collect();
    let compression = if compressed { NpzCompression::Deflated } else { NpzCompression::Stored };
    tried(py, || {
        let pairs: Vec<(&str, &nd::Array)> = names.iter().map(String::as_str).zip(&arrays).collect();
        nd::save_npz(path, &pairs, compression)
    })
}

/// Writes a Zarr array into a folder, or with a session to an address of an object store.
#[pyfunction]
#[pyo3(signature = (array, place, *, session, chunk_shape, shard_shape, version, compression, overwrite, attributes, dimension_names))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
fn to_zarr(
    py: Python<'_>,
    array: &Array,
    place: String,
    session: Option<&Session>,
    chunk_shape: Option<Vec<usize>>,
    shard_shape: Option<Vec<usize>>,
    version: u8,
    compression: &str,
    overwrite: bool,
    attributes: Option<&str>,
    dimension_names: Option<Vec<Option<String>>>,
) -> PyResult<()> {
    let known = tried(py, || array.array.compute_chunk_sizes())?;
    let mut options = match &chunk_shape {
        Some(shape) => ZarrOptions::new(shape),
        None => ZarrOptions::for_grid(known.grid().map_err(|error| raised(py, &error))?),
    };
    options.shard_shape = shard_shape;
    options.format = if version == 2 { ZarrFormat::V2 } else { ZarrFormat::V3 };
    options.compression = match compression {
        "zstd" => options.compression,
        "none" => Compression::None,
        other => return Err(invalid(py, format!("compression '{other}' is not supported; expected 'zstd' or 'none'"))),
    };
    if overwrite {
        options.mode = WriteMode::Overwrite;
    }
    if let Some(text) = attributes {
        let parsed = serde_json::from_str(text);
        options.attributes = parsed.map_err(|error| invalid(py, format!("attributes are no JSON object: {error}")))?;
    }
    options.dimension_names = dimension_names;
    let Some(session) = session else {
        return tried(py, || known.to_zarr(place, Some(&options)));
    };
    let written = waited(py, || session.session.to_zarr(&known, &place, Some(&options)));
    or_raised(written, |error| exception(py, &error))
}

/// Writes into a box of the Zarr array in a folder.
#[pyfunction]
fn to_zarr_region(py: Python<'_>, array: &Array, folder: PathBuf, region: Vec<(usize, usize)>) -> PyResult<()> {
    tried(py, || {
        let known = array.array.compute_chunk_sizes()?;
        let region: Vec<Range<usize>> = region.into_iter().map(|(start, stop)| start..stop).collect();
        let sink: Arc<dyn ArraySink> = Arc::new(ZarrSink::region(ZarrArray::open(folder)?, &region)?);
        nd::store_all(&[(&known, sink)])
    })
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(from_npy, module)?)?;
    module.add_function(wrap_pyfunction!(npz_names, module)?)?;
    module.add_function(wrap_pyfunction!(from_npz, module)?)?;
    module.add_function(wrap_pyfunction!(from_zarr, module)?)?;
    module.add_function(wrap_pyfunction!(from_zarr_at, module)?)?;
    module.add_function(wrap_pyfunction!(to_npy, module)?)?;
    module.add_function(wrap_pyfunction!(save_npz, module)?)?;
    module.add_function(wrap_pyfunction!(to_zarr, module)?)?;
    module.add_function(wrap_pyfunction!(to_zarr_region, module)?)
}
