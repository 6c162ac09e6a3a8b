//! What a Zarr array says of itself, in either version of the format, as one thing.
//!
//! | module | what |
//! |---|---|
//! | [`v2`] | `.zarray` and `.zattrs` |
//! | [`v3`] | `zarr.json` |
//! | [`codecs`] | the list of codecs and its configurations |
//! | [`fill`] | fill values |

use serde_json::{Map, Value};
use swath_kernels::{DType, Scalar, element_count};

pub(crate) mod codecs;
pub(crate) mod fill;
pub(crate) mod v2;
pub(crate) mod v3;

use super::codec::{Body, Codecs, Elements};

/// NumPy's own limit.
const MOST_AXES: usize = 64;
/// An index of more inner chunks takes more than 32 MiB for each shard.
const MOST_INNER_CHUNKS: usize = 1 << 21;

/// Versions of the Zarr format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ZarrFormat {
    /// `.zarray`, one compressor, no shards.
    V2,
    /// `zarr.json`.
    #[default]
    V3,
}

/// The keys of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkKeys {
    /// Whether they start with `c`.
    pub(crate) has_prefix: bool,
    pub(crate) separator: char,
}

impl ChunkKeys {
    /// The key of the chunk at a position of the grid.
    pub(crate) fn key(self, index: &[usize]) -> String {
        let mut key = String::new();
        if self.has_prefix {
            key.push('c');
        } else if index.is_empty() {
            key.push('0');
        }
        for position in index {
            if !key.is_empty() {
                key.push(self.separator);
            }
            key.push_str(&position.to_string());
        }
        key
    }
}

/// What a Zarr array says of itself.
#[derive(Debug, Clone)]
pub struct ZarrMetadata {
    /// Version of the format.
    pub format: ZarrFormat,
    /// The dtype.
    pub dtype: DType,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// The shape of what one key holds: a chunk, or a shard.
    pub chunk_shape: Vec<usize>,
    /// What stands where nothing was written.
    pub fill_value: Scalar,
    /// Names of the axes, where they are named.
    pub dimension_names: Option<Vec<Option<String>>>,
    /// What users wrote beside the array.
    pub attributes: Map<String, Value>,
    pub(crate) codecs: Codecs,
    pub(crate) keys: ChunkKeys,
}

impl ZarrMetadata {
    /// The shape of the chunks within a shard; `None` without shards.
    pub fn inner_chunk_shape(&self) -> Option<&[usize]> {
        match &self.codecs.body {
            Body::Shards(shards) => Some(&shards.chunk),
            Body::Elements(_) => None,
        }
    }

    pub(crate) fn elements(&self) -> Elements {
        Elements { dtype: self.dtype, fill: self.fill_value }
    }

    /// Refuses what no reader can hold: shapes that cannot be counted, chunks above a limit.
    pub(crate) fn check(&self, chunk_limit_bytes: u64) -> Result<(), String> {
        if self.shape.len() > MOST_AXES {
            return Err(format!("it has {} axes; at most {MOST_AXES} are supported", self.shape.len()));
        }
        if self.shape.len() != self.chunk_shape.len() {
            return Err(format!("shape {:?} and chunk shape {:?} differ in their axes", self.shape, self.chunk_shape));
        }
        let bytes = element_count(&self.shape).ok().and_then(|count| count.checked_mul(self.dtype.item_size()));
        if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
            return Err(format!("shape {:?} of {} is too big: its bytes cannot be counted", self.shape, self.dtype));
        }
        check_chunk(&self.codecs, self.dtype, &self.chunk_shape, chunk_limit_bytes)
    }
}

fn check_chunk(codecs: &Codecs, dtype: DType, shape: &[usize], limit: u64) -> Result<(), String> {
    if shape.contains(&0) {
        return Err(format!("chunk shape {shape:?} has a length of zero"));
    }
    let bytes = element_count(shape).ok().and_then(|count| count.checked_mul(dtype.item_size()));
    if bytes.is_none_or(|bytes| bytes as u64 > limit) {
        return Err(format!(
            "chunk shape {shape:?} of {dtype} is more than {limit} bytes, the limit for one chunk: if it is meant, open with a higher limit"
        ));
    }
    let Body::Shards(shards) = &codecs.body else { return Ok(()) };
    let stored = codecs.stored_shape(shape);
    check_chunk(&shards.codecs, dtype, &shards.chunk, limit)?;
    let divides = stored.len() == shards.chunk.len()
        && stored.iter().zip(&shards.chunk).all(|(shard, chunk)| shard.is_multiple_of(*chunk));
    if !divides {
        return Err(format!("shards of shape {stored:?} cannot be cut into inner chunks of shape {:?}", shards.chunk));
    }
    let count: usize = stored.iter().zip(&shards.chunk).map(|(shard, chunk)| shard / chunk).product();
    if count > MOST_INNER_CHUNKS {
        return Err(format!("a shard has {count} inner chunks; at most {MOST_INNER_CHUNKS} are supported"));
    }
    Ok(())
}

/// Lengths from a list of numbers.
pub(crate) fn lengths(what: &str, value: Option<&Value>) -> Result<Vec<usize>, String> {
    let list = value.and_then(Value::as_array).ok_or_else(|| format!("'{what}' is not a list of lengths"))?;
    let length = |value: &Value| value.as_u64().and_then(|length| usize::try_from(length).ok());
    let lengths: Option<Vec<usize>> = list.iter().map(length).collect();
    lengths.ok_or_else(|| format!("'{what}' is {}, not a list of lengths", shown(value)))
}

/// A value as it stands in a message: cut where it is long.
pub(crate) fn shown(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "absent".to_owned(), Value::to_string);
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
