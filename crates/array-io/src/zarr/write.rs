//! Writing Zarr arrays: new ones, and boxes of those that are there.

use std::any::Any;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};
use swath_arrays::{ArraySink, AxisChunks, ChunkGrid};
use swath_kernels::layout::index::assign;
use swath_kernels::{DType, NdArray, Scalar};

use super::array::{CHUNK_LIMIT_BYTES, ZarrArray, place};
use super::codec::packing::Packing;
use super::codec::shard::{Shards, view};
use super::codec::{Body, Codecs};
use super::group::{missing_groups_above, write_groups};
use super::metadata::{ChunkKeys, ZarrFormat, ZarrMetadata, v2, v3};
use super::store::{LocalStore, Staging, Store, join, node_path};
use crate::byte_order::ByteOrder;
use crate::error::{IoError, Result};
use crate::memory::check_block;
use crate::raw::check_region;

/// Under this key stands, in a store that cannot rename, that an array is being written. What a killed write left is known by it.
const MARK: &str = ".writing";
/// The metadata of arrays and groups in either version.
const METADATA_KEYS: [&str; 6] = ["zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata", MARK];

/// How chunks are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all: the fastest, and boxes of a chunk can be read without the rest.
    None,
    /// Zstandard at a level from -7 (fast) to 22 (small).
    Zstd(i32),
    /// gzip at a level from 0 to 9: slow, but every reader has it.
    Gzip(u32),
}

/// What happens if there is something where an array shall be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteMode {
    /// An error.
    #[default]
    Error,
    /// The new array takes its place.
    Overwrite,
}

/// How an array is written.
#[derive(Debug, Clone)]
pub struct ZarrOptions {
    /// Version of the format.
    pub format: ZarrFormat,
    /// The shape of a chunk.
    pub chunk_shape: Vec<usize>,
    /// The shape of a shard, a multiple of the chunk's; `None` for a key per chunk. Not in version 2.
    pub shard_shape: Option<Vec<usize>>,
    /// How chunks are packed.
    pub compression: Compression,
    /// Whether each chunk gets a checksum (CRC-32C), by which damage is found. Not in version 2.
    pub has_checksum: bool,
    /// What stands where nothing is written; zero if it is not given. Chunks that hold nothing else are not stored.
    pub fill_value: Option<Scalar>,
    /// Names of the axes.
    pub dimension_names: Option<Vec<Option<String>>>,
    /// What users write beside the array.
    pub attributes: Map<String, Value>,
    /// What happens if there is something already.
    pub mode: WriteMode,
}

impl ZarrOptions {
    /// Version 3, chunks of this shape packed by zstd at level 1, without shards.
    pub fn new(chunk_shape: &[usize]) -> Self {
        Self {
            format: ZarrFormat::V3,
            chunk_shape: chunk_shape.to_vec(),
            shard_shape: None,
            compression: Compression::Zstd(1),
            has_checksum: false,
            fill_value: None,
            dimension_names: None,
            attributes: Map::new(),
            mode: WriteMode::Error,
        }
    }

    /// Chunks as a grid has them: the longest where they are not alike, since Zarr's are.
    pub fn for_grid(grid: &ChunkGrid) -> Self {
        let length = |axis: &AxisChunks| axis.regular_length().unwrap_or_else(|| axis.longest()).max(1);
        Self::new(&grid.axes().iter().map(length).collect::<Vec<_>>())
    }

    fn metadata(&self, dtype: DType, shape: &[usize]) -> std::result::Result<ZarrMetadata, String> {
        if self.format == ZarrFormat::V2 && (self.shard_shape.is_some() || self.has_checksum) {
            return Err("version 2 of the format has neither shards nor checksums: write version 3".to_owned());
        }
        if let Some(names) = self.dimension_names.as_ref().filter(|names| names.len() != shape.len()) {
            return Err(format!("{} names for {} dimensions", names.len(), shape.len()));
        }
        let mut codecs = Codecs::plain(ByteOrder::NATIVE);
        codecs.packings.extend(match self.compression {
            Compression::None => None,
            Compression::Zstd(level) => Some(Packing::Zstd { level, has_checksum: false }),
            Compression::Gzip(level) => Some(Packing::Gzip { level: level.min(9) }),
        });
        codecs.packings.extend(self.has_checksum.then_some(Packing::Crc32c));
        let mut chunk_shape = self.chunk_shape.clone();
        if let Some(shard) = &self.shard_shape {
            let index = Codecs { packings: vec![Packing::Crc32c], ..Codecs::plain(ByteOrder::NATIVE) };
            let shards = Shards {
                chunk: std::mem::replace(&mut chunk_shape, shard.clone()),
                codecs,
                index,
                index_is_first: false,
            };
            codecs = Codecs { order: None, body: Body::Shards(Box::new(shards)), packings: Vec::new() };
        }
        let keys = match self.format {
            ZarrFormat::V2 => ChunkKeys { has_prefix: false, separator: '.' },
            ZarrFormat::V3 => ChunkKeys { has_prefix: true, separator: '/' },
        };
        let metadata = ZarrMetadata {
            format: self.format,
            dtype,
            shape: shape.to_vec(),
            chunk_shape,
            fill_value: self.fill_value.map_or_else(|| Scalar::zero(dtype), |fill| fill.cast(dtype)),
            dimension_names: self.dimension_names.clone(),
            attributes: self.attributes.clone(),
            codecs,
            keys,
        };
        metadata.check(CHUNK_LIMIT_BYTES)?;
        Ok(metadata)
    }
}

/// Writes blocks to a Zarr array, new or there already.
#[derive(Debug)]
pub struct ZarrSink {
    array: ZarrArray,
    id: String,
    target: Target,
    /// The box of the array that is written.
    region: Vec<Range<usize>>,
    /// The chunks in that box, counted from its start.
    grid: ChunkGrid,
}

#[derive(Debug)]
enum Target {
    /// A new array in a place that nobody sees before it is published.
    Staged { staging: Box<dyn Staging>, store: Arc<dyn Store>, path: String },
    /// A new array where it will stand, without metadata.
    Direct,
    /// A part of an array that is there.
    Region,
}

impl ZarrSink {
    /// Starts an array in a folder.
    ///
    /// # Errors
    /// See [`ZarrSink::create_in`].
    pub fn create(folder: impl AsRef<Path>, dtype: DType, shape: &[usize], options: &ZarrOptions) -> Result<Self> {
        Self::create_in(Arc::new(LocalStore::new(folder.as_ref())), "", dtype, shape, options)
    }

    /// Starts an array at a path of a store. Groups above it that are not there are made with it.
    ///
    /// In a store that cannot rename, overwriting removes what is there at once: an array cannot be overwritten by what is computed
    /// from itself.
    ///
    /// # Errors
    /// Something that is there already (and is not to be overwritten), chunks that do not fit, a store that cannot be written.
    pub fn create_in(
        store: Arc<dyn Store>,
        path: &str,
        dtype: DType,
        shape: &[usize],
        options: &ZarrOptions,
    ) -> Result<Self> {
        let path = node_path(store.name(), path)?;
        let place = place(&*store, &path);
        let refused = |problem: String| IoError::argument(format!("cannot write {place}: {problem}"));
        let metadata = options.metadata(dtype, shape).map_err(refused)?;
        missing_groups_above(&*store, &path)?;
        make_room(&*store, &path, &place, options.mode)?;
        let (target, written, below) = match store.stage(&path)? {
            Some(staging) => {
                let staged = staging.store();
                (Target::Staged { staging, store: Arc::clone(&store), path }, staged, String::new())
            }
            None => {
                store.put(&join(&path, MARK), Bytes::new())?;
                (Target::Direct, store, path)
            }
        };
        let array = ZarrArray::with_metadata(written, below, metadata, u64::MAX)?;
        let region = shape.iter().map(|length| 0..*length).collect();
        Ok(Self { id: format!("zarr:{place}"), grid: array.grid().clone(), array, target, region })
    }

    /// Writes to a box of an array that is there. Chunks that the box holds only in part are read, changed and written.
    ///
    /// # Errors
    /// A box that is not inside the array, and codecs that are only read.
    pub fn region(array: ZarrArray, region: &[Range<usize>]) -> Result<Self> {
        check_region(array.place(), &array.metadata().shape, region)?;
        let can = array.metadata().elements().filled(&[1]).and_then(|_| writes(&array.metadata().codecs));
        can.map_err(|problem| IoError::unsupported(array.place(), problem))?;
        let axes = array.grid().axes().iter().zip(region).map(|(axis, range)| {
            let lengths: Vec<usize> = axis.overlapping(range.clone()).map(|piece| piece.within.len()).collect();
            AxisChunks::from_lengths(&lengths)
        });
        let (id, grid) = (format!("zarr:{}:{region:?}", array.place()), ChunkGrid::new(axes));
        Ok(Self { array, id, target: Target::Region, region: region.to_vec(), grid })
    }

    fn write_box(&self, region: &[Range<usize>], block: &NdArray) -> Result<()> {
        let metadata = self.array.metadata();
        let lengths: Vec<usize> = self.region.iter().map(Range::len).collect();
        check_block(self.array.place(), metadata.dtype, &lengths, region, block)?;
        if block.is_empty() {
            return Ok(());
        }
        let absolute: Vec<Range<usize>> =
            region.iter().zip(&self.region).map(|(a, b)| a.start + b.start..a.end + b.start).collect();
        for piece in self.array.grid().pieces(&absolute) {
            let index = self.array.grid().index_of(piece.block);
            let key = self.array.key(&index);
            let broken = |problem| {
                IoError::format(format!("{}/{key}", self.array.store().name()), format!("chunk {index:?}: {problem}"))
            };
            let part = view(block, &piece.at).map_err(broken)?;
            self.write_chunk(&key, piece.block, &piece.within, &part, &broken)?;
        }
        Ok(())
    }

    fn write_chunk(
        &self,
        key: &str,
        block: usize,
        within: &[Range<usize>],
        part: &NdArray,
        broken: &dyn Fn(String) -> IoError,
    ) -> Result<()> {
        let metadata = self.array.metadata();
        let elements = metadata.elements();
        let is_region = matches!(self.target, Target::Region);
        let covers = part.shape() == self.array.grid().block_shape(block).as_slice();
        if !covers && !is_region {
            let place = self.array.place();
            let message = format!(
                "{place}: {within:?} is only a part of chunk {block}: write whole chunks (rechunk to the array's)"
            );
            return Err(IoError::argument(message));
        }
        let chunk = if part.shape() == metadata.chunk_shape {
            part.clone()
        } else {
            // Chunks at the ends are stored whole; what lies beyond the array is filled.
            let most = metadata.codecs.encoded_size(&elements, &metadata.chunk_shape).most() as u64;
            let before = if covers { None } else { self.array.store().get(key, most)? };
            let before = match before {
                Some(bytes) => metadata.codecs.decode(bytes, &elements, &metadata.chunk_shape),
                None => elements.filled(&metadata.chunk_shape),
            };
            let at: Vec<usize> = within.iter().map(|range| range.start).collect();
            let changed = before.and_then(|before| assign(&before, &at, part).map_err(|error| error.to_string()));
            changed.map_err(broken)?
        };
        if elements.is_filled(&chunk) {
            // Only in an array that was there there can be something else under the key.
            return if is_region { self.array.store().delete(key) } else { Ok(()) };
        }
        let bytes = metadata.codecs.encode(&chunk, &elements).map_err(broken)?;
        self.array.store().put(key, bytes)
    }

    fn finish_array(&self) -> Result<()> {
        let (array, metadata) = (&self.array, self.array.metadata());
        let put = |key: &str, json: &Value| {
            let bytes = serde_json::to_vec_pretty(json);
            let bytes = bytes.map_err(|error| IoError::argument(format!("{}: {error}", array.place())))?;
            array.store().put(&join(array.path(), key), bytes.into())
        };
        let write = || match metadata.format {
            ZarrFormat::V3 => put("zarr.json", &v3::format(metadata)),
            ZarrFormat::V2 => {
                let (json, attributes) = v2::format(metadata);
                put(".zattrs", &attributes)?;
                put(".zarray", &json)
            }
        };
        match &self.target {
            Target::Region => Ok(()),
            Target::Direct => {
                let missing = missing_groups_above(&**array.store(), array.path())?;
                write_groups(&**array.store(), &missing, metadata.format)?;
                write()?;
                array.store().delete(&join(array.path(), MARK))
            }
            Target::Staged { staging, store, path } => {
                write_groups(&**store, &missing_groups_above(&**store, path)?, metadata.format)?;
                write()?;
                staging.publish()
            }
        }
    }
}

/// Whether all of a list of codecs can be written.
fn writes(codecs: &Codecs) -> std::result::Result<(), String> {
    for packing in &codecs.packings {
        packing.pack(&[0; 8])?;
    }
    match &codecs.body {
        Body::Shards(shards) => writes(&shards.codecs),
        Body::Elements(_) => Ok(()),
    }
}

/// Makes sure that nothing stands at a path, or that it may go.
fn make_room(store: &dyn Store, path: &str, place: &str, mode: WriteMode) -> Result<()> {
    let names = store.list(path)?;
    let has = |key: &str| names.iter().any(|name| name == key);
    let is_zarr = METADATA_KEYS.iter().any(|key| has(key));
    match mode {
        _ if names.is_empty() => Ok(()),
        // Never an array, a group or what is left of one: somebody else's files are not removed.
        _ if !is_zarr => {
            Err(IoError::argument(format!("cannot write {place}: it has other files ({}, ...)", names[0])))
        }
        WriteMode::Error if !has(MARK) => Err(IoError::argument(format!(
            "cannot write {place}: there is an array or a group already: overwrite it, or write elsewhere"
        ))),
        // Where it can be renamed, the old array stays until the new one is whole.
        _ if store.can_stage() => Ok(()),
        _ => {
            // Without its metadata the old array is none, whatever happens next.
            for key in METADATA_KEYS.iter().filter(|key| has(key)) {
                store.delete(&join(path, key))?;
            }
            store.delete_all(path)
        }
    }
}

impl ArraySink for ZarrSink {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        self.id.replacen(':', " ", 1)
    }

    fn grid(&self) -> Option<ChunkGrid> {
        Some(self.grid.clone())
    }

    fn write(&self, region: &[Range<usize>], block: &NdArray) -> swath_arrays::Result<()> {
        Ok(self.write_box(region, block)?)
    }

    fn finish(&self) -> swath_arrays::Result<()> {
        Ok(self.finish_array()?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
