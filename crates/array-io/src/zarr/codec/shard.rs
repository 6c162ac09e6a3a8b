//! Chunks within a chunk: `sharding_indexed`. A shard holds its inner chunks one after another, and an index of where each lies.
//! The format: <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html>.

use std::ops::Range;

use bytes::Bytes;
use swath_arrays::{ChunkGrid, Region};
use swath_kernels::{DType, NdArray, Scalar};

use super::packing::Size;
use super::{Codecs, Decoded, Elements};
use crate::gather::gather;

/// In the index: an inner chunk in which nothing was written.
const ABSENT: u64 = u64::MAX;

/// How inner chunks lie in a shard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shards {
    /// The shape of an inner chunk.
    pub(crate) chunk: Vec<usize>,
    pub(crate) codecs: Codecs,
    pub(crate) index: Codecs,
    pub(crate) index_is_first: bool,
}

/// Where each inner chunk lies; `None` where nothing was written.
pub(crate) type Index = Vec<Option<Range<u64>>>;

impl Shards {
    /// The grid of inner chunks in a shard.
    pub(crate) fn grid(&self, shape: &[usize]) -> ChunkGrid {
        ChunkGrid::regular(shape, &self.chunk)
    }

    fn index_elements() -> Elements {
        Elements { dtype: DType::U64, fill: Scalar::U64(ABSENT) }
    }

    fn index_shape(&self, shape: &[usize]) -> Vec<usize> {
        vec![self.grid(shape).block_count(), 2]
    }

    /// Bytes of the index, which must not depend on what stands in it.
    pub(crate) fn index_bytes(&self, shape: &[usize]) -> usize {
        self.index.encoded_size(&Self::index_elements(), &self.index_shape(shape)).most()
    }

    pub(crate) fn encoded_size(&self, elements: &Elements, shape: &[usize]) -> Size {
        let inner = self.codecs.encoded_size(elements, &self.chunk).most();
        let count = self.grid(shape).block_count();
        // Twice as much, since a writer that changed inner chunks may have left the old ones.
        Size::AtMost(inner.saturating_mul(count).saturating_mul(2).saturating_add(self.index_bytes(shape)))
    }

    /// Where the index lies in a shard of so many bytes.
    pub(crate) fn index_range(&self, shape: &[usize], shard_bytes: usize) -> Decoded<Range<usize>> {
        let bytes = self.index_bytes(shape);
        let rest = shard_bytes.checked_sub(bytes);
        let rest = rest.ok_or_else(|| format!("the shard has {shard_bytes} bytes, less than its index of {bytes}"))?;
        Ok(if self.index_is_first { 0..bytes } else { rest..shard_bytes })
    }

    /// Reads an index. Inner chunks that are larger than they can be are refused.
    pub(crate) fn decode_index(&self, bytes: Bytes, elements: &Elements, shape: &[usize]) -> Decoded<Index> {
        let index = self.index.decode(bytes, &Self::index_elements(), &self.index_shape(shape));
        let index = index.map_err(|problem| format!("the shard's index: {problem}"))?;
        let most = self.codecs.encoded_size(elements, &self.chunk).most() as u64;
        let numbers = index.to_vec::<u64>().map_err(|error| error.to_string())?;
        let pairs = numbers.as_chunks::<2>().0.iter().enumerate();
        pairs
            .map(|(number, [offset, bytes])| match (*offset, *bytes) {
                (ABSENT, ABSENT) => Ok(None),
                (offset, bytes) => match offset.checked_add(bytes) {
                    Some(end) if bytes <= most => Ok(Some(offset..end)),
                    _ => Err(format!("the shard's index says that inner chunk {number} has {bytes} bytes from {offset} on; at most {most} can be right")),
                },
            })
            .collect()
    }

    /// One inner chunk from its bytes.
    pub(crate) fn decode_inner(&self, bytes: Bytes, elements: &Elements, number: usize) -> Decoded<NdArray> {
        self.codecs.decode(bytes, elements, &self.chunk).map_err(|problem| format!("inner chunk {number}: {problem}"))
    }

    /// All elements of a shard.
    pub(crate) fn decode(&self, shard: &Bytes, elements: &Elements, shape: &[usize]) -> Decoded<NdArray> {
        let index_range = self.index_range(shape, shard.len())?;
        let index = self.decode_index(shard.slice(index_range), elements, shape)?;
        let grid = self.grid(shape);
        let everything = grid.everything();
        self.gather(&index, elements, shape, &everything, |range, number| {
            let fits = usize::try_from(range.end).is_ok_and(|end| end <= shard.len());
            if !fits {
                return Err(format!(
                    "inner chunk {number} lies at {range:?}, beyond the shard's {} bytes",
                    shard.len()
                ));
            }
            Ok(shard.slice(range.start as usize..range.end as usize))
        })
    }

    /// A box of a shard from an index and what gives the bytes of an inner chunk, asked for in the order of the numbers.
    pub(crate) fn gather(
        &self,
        index: &Index,
        elements: &Elements,
        shape: &[usize],
        region: &[Range<usize>],
        mut bytes: impl FnMut(Range<u64>, usize) -> Decoded<Bytes>,
    ) -> Decoded<NdArray> {
        let parts = self.grid(shape).pieces(region).into_iter().map(|piece| {
            let chunk = match &index[piece.block] {
                Some(range) => self.decode_inner(bytes(range.clone(), piece.block)?, elements, piece.block)?,
                None => elements.filled(&self.chunk)?,
            };
            Ok((piece.at.iter().map(|range| range.start).collect(), view(&chunk, &piece.within)?))
        });
        let lengths: Vec<usize> = region.iter().map(Range::len).collect();
        gather(elements.dtype, &lengths, parts, |error| error.to_string())
    }

    /// The bytes of a shard. Inner chunks that hold nothing but the fill value are left out.
    pub(crate) fn encode(&self, shard: &NdArray, elements: &Elements) -> Decoded<Vec<u8>> {
        let shape = shard.shape();
        let grid = self.grid(shape);
        let index_bytes = self.index_bytes(shape);
        let mut bytes = if self.index_is_first { vec![0; index_bytes] } else { Vec::new() };
        let mut index = Vec::with_capacity(grid.block_count() * 2);
        for number in 0..grid.block_count() {
            let chunk = view(shard, &grid.region(number))?;
            if elements.is_filled(&chunk) {
                index.extend([ABSENT, ABSENT]);
                continue;
            }
            let encoded = self.codecs.encode(&chunk, elements)?;
            index.extend([bytes.len() as u64, encoded.len() as u64]);
            bytes.extend(encoded);
        }
        let index = NdArray::from_vec(&self.index_shape(shape), index).map_err(|error| error.to_string())?;
        let index = self.index.encode(&index, &Self::index_elements())?;
        if self.index_is_first {
            bytes[..index.len()].copy_from_slice(&index);
        } else {
            bytes.extend(index);
        }
        Ok(bytes)
    }
}

/// A box of an array, as a view.
pub(crate) fn view(array: &NdArray, region: &Region) -> Decoded<NdArray> {
    let parts: Vec<_> = region.iter().map(|range| range.clone().into()).collect();
    array.slice(&parts).map_err(|error| error.to_string())
}
