//! Reading Zarr arrays.

use std::any::Any;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::Value;
use swath_arrays::{ArraySource, ChunkGrid, Region};
use swath_kernels::{DType, NdArray};

use super::codec::shard::{Shards, view};
use super::codec::{Decoded, decode_elements};
use super::group::ZarrGroup;
use super::metadata::{ZarrMetadata, v2, v3};
use super::store::{LocalStore, Store, join, node_path};
use crate::allocate;
use crate::error::{IoError, Result};
use crate::gather::gather;
use crate::raw::check_region;
use crate::runs::groups;

/// More metadata than this is no metadata.
pub(crate) const METADATA_BYTES: u64 = 64 << 20;
/// Chunks above this are refused, if no other limit is given.
pub(crate) const CHUNK_LIMIT_BYTES: u64 = 4 << 30;
/// Chunks of one box: so many that a list of them takes no noticeable part of memory.
const MOST_CHUNKS: usize = 1 << 21;
/// A shard above this is not read as one block.
const SHARD_BLOCK_BYTES: usize = 256 << 20;

/// A Zarr array.
///
/// A box reads each chunk that it meets once: whole where it is packed, in parts where elements lie as they are, by inner chunks where
/// it is a shard. Chunks that are not in the store hold the fill value.
#[derive(Debug)]
pub struct ZarrArray {
    store: Arc<dyn Store>,
    path: String,
    place: String,
    id: String,
    metadata: ZarrMetadata,
    grid: ChunkGrid,
}

impl ZarrArray {
    /// Opens the array in a folder.
    ///
    /// # Errors
    /// See [`ZarrArray::open_in`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Self::open_in(Arc::new(LocalStore::new(folder.as_ref())), "")
    }

    /// Opens the array at a path of a store, of either version.
    ///
    /// # Errors
    /// No array there, metadata that is broken or asks for something that is not supported, a chunk of more than 4 GiB.
    pub fn open_in(store: Arc<dyn Store>, path: &str) -> Result<Self> {
        Self::open_with_limit(store, path, CHUNK_LIMIT_BYTES)
    }

    /// The same with another limit for the bytes of one chunk, unpacked.
    ///
    /// # Errors
    /// See [`ZarrArray::open_in`].
    pub fn open_with_limit(store: Arc<dyn Store>, path: &str, chunk_limit_bytes: u64) -> Result<Self> {
        let path = node_path(store.name(), path)?;
        let Some(metadata) = read_metadata(&*store, &path)? else {
            let place = place(&*store, &path);
            if ZarrGroup::exists(&*store, &path)? {
                let problem = "it is a Zarr group and not an array: open an array in it by its path";
                return Err(IoError::not_found(place, problem));
            }
            return Err(IoError::not_found(place, "no Zarr array: there is neither zarr.json nor .zarray"));
        };
        Self::with_metadata(store, path, metadata, chunk_limit_bytes)
    }

    /// An array whose metadata is known.
    pub(crate) fn with_metadata(
        store: Arc<dyn Store>,
        path: String,
        metadata: ZarrMetadata,
        chunk_limit_bytes: u64,
    ) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let place = place(&*store, &path);
        metadata.check(chunk_limit_bytes).map_err(|problem| IoError::unsupported(&place, problem))?;
        // Chunks may be written again under the same metadata: two sources are equal only if they are clones of one.
        let id = format!("zarr:{place}:{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let grid = ChunkGrid::regular(&metadata.shape, &metadata.chunk_shape);
        Ok(Self { store, path, place, id, metadata, grid })
    }

    /// What the array says of itself.
    pub fn metadata(&self) -> &ZarrMetadata {
        &self.metadata
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The path in the store.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Store and path as errors name them.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The grid of what one key holds: chunks, or shards.
    pub fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    /// The key of the chunk at a position of the grid.
    pub(crate) fn key(&self, index: &[usize]) -> String {
        join(&self.path, &self.metadata.keys.key(index))
    }

    /// The elements of a box.
    ///
    /// # Errors
    /// A store that cannot be read, and a damaged chunk; the message names its key and its position.
    pub fn read_box(&self, region: &[Range<usize>]) -> Result<NdArray> {
        check_region(&self.place, &self.metadata.shape, region)?;
        let (dtype, lengths): (_, Vec<usize>) = (self.metadata.dtype, region.iter().map(Range::len).collect());
        if lengths.contains(&0) {
            return NdArray::zeros(dtype, &lengths).map_err(|error| IoError::kernel(&self.place, error));
        }
        let along = self.grid.axes().iter().zip(region);
        let count = along
            .map(|(axis, range)| axis.locate(range.end - 1) - axis.locate(range.start) + 1)
            .fold(1usize, usize::saturating_mul);
        if count > MOST_CHUNKS {
            let message =
                format!("{}: a box meets {count} chunks, and at most {MOST_CHUNKS} are read at a time", self.place);
            return Err(IoError::argument(format!("{message}: read smaller boxes")));
        }
        if count == 1 {
            let piece = &self.grid.pieces(region)[0];
            return Ok(self.part(piece.block, &piece.within)?.contiguous());
        }
        allocate::check(&self.place, dtype, &lengths)?;
        let parts = self.grid.pieces(region).into_iter().map(|piece| {
            let at = piece.at.iter().map(|range| range.start).collect();
            Ok((at, self.part(piece.block, &piece.within)?))
        });
        gather(dtype, &lengths, parts, |error| IoError::kernel(&self.place, error))
    }

    /// A box of a chunk, counted from the chunk's start.
    fn part(&self, block: usize, within: &Region) -> Result<NdArray> {
        let index = self.grid.index_of(block);
        let key = self.key(&index);
        let shape = &self.metadata.chunk_shape;
        let (elements, codecs) = (self.metadata.elements(), &self.metadata.codecs);
        let broken =
            |problem| IoError::format(format!("{}/{key}", self.store.name()), format!("chunk {index:?}: {problem}"));
        let is_whole = within.iter().zip(shape).all(|(range, length)| range.len() == *length);
        let lengths: Vec<usize> = within.iter().map(Range::len).collect();
        if !is_whole && codecs.is_plain() {
            return match self.plain_part(&key, within)? {
                Some(bytes) => {
                    let order = match codecs.body {
                        super::codec::Body::Elements(order) => order,
                        super::codec::Body::Shards(_) => crate::ByteOrder::NATIVE,
                    };
                    decode_elements(bytes, elements.dtype, order, &lengths).map_err(broken)
                }
                None => elements.filled(&lengths).map_err(broken),
            };
        }
        if let (false, Some(shards)) = (is_whole, codecs.open_shards()) {
            let part = self.shard_part(&key, shards, within)?;
            return match part {
                Some(part) => part.map_err(broken),
                None => elements.filled(&lengths).map_err(broken),
            };
        }
        let most = codecs.encoded_size(&elements, shape).most() as u64;
        let chunk = match self.store.get(&key, most)? {
            Some(bytes) => codecs.decode(bytes, &elements, shape).map_err(broken)?,
            None => return elements.filled(&lengths).map_err(broken),
        };
        view(&chunk, within).map_err(broken)
    }

    /// The bytes of a box of a chunk whose elements lie as they are.
    fn plain_part(&self, key: &str, within: &Region) -> Result<Option<Bytes>> {
        let item = self.metadata.dtype.item_size();
        let (bytes, groups) = groups(&self.metadata.chunk_shape, within, item);
        let ranges: Vec<Range<u64>> = groups.iter().map(|group| group.range.clone()).collect();
        let Some(found) = self.store.get_ranges(key, &ranges)? else { return Ok(None) };
        if let ([only], [group]) = (&found[..], &groups[..])
            && group.runs.len() == 1
        {
            return Ok(Some(only.clone()));
        }
        let mut out = Vec::with_capacity(bytes * groups.iter().map(|group| group.runs.len()).sum::<usize>());
        for (found, group) in found.iter().zip(&groups) {
            for run in &group.runs {
                let at = (run - group.range.start) as usize;
                out.extend_from_slice(&found[at..at + bytes]);
            }
        }
        Ok(Some(out.into()))
    }

    /// A box of a shard, of which only the inner chunks that it meets are read.
    fn shard_part(&self, key: &str, shards: &Shards, within: &Region) -> Result<Option<Decoded<NdArray>>> {
        let shape = &self.metadata.chunk_shape;
        let elements = self.metadata.elements();
        let index_bytes = shards.index_bytes(shape) as u64;
        let found = if shards.index_is_first {
            let first = std::slice::from_ref(&(0..index_bytes)).to_vec();
            self.store.get_ranges(key, &first)?.map(|mut found| found.swap_remove(0))
        } else {
            self.store.get_suffix(key, index_bytes)?
        };
        let Some(found) = found else { return Ok(None) };
        let index = match shards.decode_index(found, &elements, shape) {
            Ok(index) => index,
            Err(problem) => return Ok(Some(Err(problem))),
        };
        let mut wanted: Vec<Range<u64>> =
            shards.grid(shape).pieces(within).iter().filter_map(|piece| index[piece.block].clone()).collect();
        wanted.sort_unstable_by_key(|range| range.start);
        let found = if wanted.is_empty() { Some(Vec::new()) } else { self.store.get_ranges(key, &wanted)? };
        let Some(found) = found else { return Ok(None) };
        Ok(Some(shards.gather(&index, &elements, shape, within, |range, number| {
            let at = wanted.binary_search_by_key(&range.start, |wanted| wanted.start);
            let bytes = at.ok().filter(|at| wanted[*at] == range).map(|at| found[at].clone());
            bytes.ok_or_else(|| format!("inner chunk {number} lies in the same place as another one"))
        })))
    }
}

/// A node of a store as errors name it.
pub(crate) fn place(store: &dyn Store, path: &str) -> String {
    if path.is_empty() { store.name().to_owned() } else { format!("{}/{path}", store.name()) }
}

/// JSON under a key; `None` where the key is not.
pub(crate) fn read_json(store: &dyn Store, key: &str) -> Result<Option<Value>> {
    let Some(bytes) = store.get(key, METADATA_BYTES)? else { return Ok(None) };
    let place = || format!("{}/{key}", store.name());
    serde_json::from_slice(&bytes).map(Some).map_err(|error| IoError::format(place(), format!("no JSON: {error}")))
}

/// The metadata of the array at a path; `None` where there is no array.
pub(crate) fn read_metadata(store: &dyn Store, path: &str) -> Result<Option<ZarrMetadata>> {
    let refused = |key: &str, problem: String| IoError::unsupported(format!("{}/{key}", store.name()), problem);
    let key = join(path, "zarr.json");
    if let Some(json) = read_json(store, &key)? {
        if json.get("node_type").and_then(Value::as_str) == Some("group") {
            return Ok(None);
        }
        return v3::parse(&json).map(Some).map_err(|problem| refused(&key, problem));
    }
    let key = join(path, ".zarray");
    let Some(json) = read_json(store, &key)? else { return Ok(None) };
    let attributes = read_json(store, &join(path, ".zattrs"))?;
    v2::parse(&json, attributes.as_ref()).map(Some).map_err(|problem| refused(&key, problem))
}

impl ArraySource for ZarrArray {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        format!("zarr {}", self.place)
    }

    fn shape(&self) -> &[usize] {
        &self.metadata.shape
    }

    fn dtype(&self) -> DType {
        self.metadata.dtype
    }

    fn preferred_grid(&self) -> ChunkGrid {
        match self.metadata.inner_chunk_shape() {
            Some(inner) if self.metadata.elements().bytes(&self.metadata.chunk_shape) > SHARD_BLOCK_BYTES => {
                ChunkGrid::regular(&self.metadata.shape, inner)
            }
            _ => self.grid.clone(),
        }
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        Ok(self.read_box(region)?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
