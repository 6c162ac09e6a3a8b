//! From the bytes of a chunk to its elements and back.
//!
//! | module | what |
//! |---|---|
//! | [`packing`] | codecs from bytes to bytes |
//! | [`shard`] | chunks within a chunk |
//! | [`blosc`], [`lz4`], [`shuffle`] | what unpacking needs |
//!
//! The crate `zarrs` has all of it, but trusts what it reads: a zstd frame's header sizes its buffer, gzip unpacks without a bound,
//! and a shard index whose sum of offset and length overflows panics. Here what comes out of a codec is bounded by the chunk's size.

use arrow_buffer::Buffer;
use bytes::Bytes;
use swath_kernels::{DType, NdArray, Scalar};

pub(crate) mod blosc;
pub(crate) mod lz4;
pub(crate) mod packing;
pub(crate) mod shard;
pub(crate) mod shuffle;

use packing::{Packing, Size};
use shard::Shards;

use crate::byte_order::{ByteOrder, swap};
use crate::npy::bytes_in_order;

/// What decoding has to say; the caller adds where.
pub(crate) type Decoded<T> = Result<T, String>;

/// What all chunks of an array have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elements {
    pub(crate) dtype: DType,
    /// What stands where nothing was written.
    pub(crate) fill: Scalar,
}

impl Elements {
    /// A chunk in which nothing was written. It takes no memory.
    pub(crate) fn filled(&self, shape: &[usize]) -> Decoded<NdArray> {
        NdArray::full(shape, self.fill).map_err(|error| error.to_string())
    }

    /// Bytes of a chunk.
    pub(crate) fn bytes(&self, shape: &[usize]) -> usize {
        shape.iter().product::<usize>() * self.dtype.item_size()
    }

    /// Whether all elements of a chunk are the fill value, bit by bit.
    pub(crate) fn is_filled(&self, chunk: &NdArray) -> bool {
        let bytes = bytes_in_order(chunk);
        let Ok(one) = NdArray::full(&[1], self.fill) else { return false };
        let one = bytes_in_order(&one);
        let item = one.len().max(1);
        // Equal to itself shifted by one element, and the first is the fill value.
        bytes.len() < item || (bytes[..item] == one[..] && bytes[item..] == bytes[..bytes.len() - item])
    }
}

/// How a chunk is encoded: an order of axes, then elements or shards, then packings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Codecs {
    /// Axis `i` as stored is axis `order[i]` of the array; `None` for all as they are.
    pub(crate) order: Option<Vec<usize>>,
    pub(crate) body: Body,
    /// In the order in which they are applied when writing.
    pub(crate) packings: Vec<Packing>,
}

/// From array to bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// The elements one after another.
    Elements(ByteOrder),
    /// Smaller chunks and an index.
    Shards(Box<Shards>),
}

impl Codecs {
    /// Elements of one byte order, and nothing else.
    pub(crate) fn plain(order: ByteOrder) -> Self {
        Self { order: None, body: Body::Elements(order), packings: Vec::new() }
    }

    /// Whether the elements of a chunk lie in C order and unpacked, so that parts of it can be read.
    pub(crate) fn is_plain(&self) -> bool {
        self.order.is_none() && self.packings.is_empty() && matches!(self.body, Body::Elements(_))
    }

    /// Shards whose bytes lie unpacked, so that inner chunks can be read one by one.
    pub(crate) fn open_shards(&self) -> Option<&Shards> {
        match &self.body {
            Body::Shards(shards) if self.packings.is_empty() && self.order.is_none() => Some(shards),
            _ => None,
        }
    }

    /// A chunk's shape as it is stored.
    pub(crate) fn stored_shape(&self, shape: &[usize]) -> Vec<usize> {
        match &self.order {
            Some(order) => order.iter().map(|axis| shape[*axis]).collect(),
            None => shape.to_vec(),
        }
    }

    /// The size of an encoded chunk, for a bound on what is read.
    pub(crate) fn encoded_size(&self, elements: &Elements, shape: &[usize]) -> Size {
        self.sizes(elements, shape).pop().unwrap_or(Size::Exactly(0))
    }

    /// The sizes before each packing, and after the last.
    fn sizes(&self, elements: &Elements, shape: &[usize]) -> Vec<Size> {
        let body = match &self.body {
            Body::Elements(_) => Size::Exactly(elements.bytes(shape)),
            Body::Shards(shards) => shards.encoded_size(elements, &self.stored_shape(shape)),
        };
        let mut sizes = vec![body];
        for packing in &self.packings {
            sizes.push(packing.packed_size(sizes[sizes.len() - 1]));
        }
        sizes
    }

    /// The elements of a chunk.
    pub(crate) fn decode(&self, bytes: Bytes, elements: &Elements, shape: &[usize]) -> Decoded<NdArray> {
        let sizes = self.sizes(elements, shape);
        let mut bytes = bytes;
        for (packing, size) in self.packings.iter().zip(&sizes).rev() {
            bytes = packing.unpack(&bytes, *size)?;
        }
        let stored = self.stored_shape(shape);
        let array = match &self.body {
            Body::Elements(order) => decode_elements(bytes, elements.dtype, *order, &stored)?,
            Body::Shards(shards) => shards.decode(&bytes, elements, &stored)?,
        };
        let Some(order) = &self.order else { return Ok(array) };
        let mut back = vec![0; order.len()];
        for (stored, axis) in order.iter().enumerate() {
            back[*axis] = stored;
        }
        array.transpose(&back).map_err(|error| error.to_string())
    }

    /// The bytes of a chunk; those of the array itself where nothing changes them.
    pub(crate) fn encode(&self, chunk: &NdArray, elements: &Elements) -> Decoded<Bytes> {
        let chunk = match &self.order {
            Some(order) => chunk.transpose(order).map_err(|error| error.to_string())?,
            None => chunk.clone(),
        };
        let mut bytes: Bytes = match &self.body {
            Body::Elements(order) if order.is_foreign(elements.dtype) => {
                let mut bytes = bytes_in_order(&chunk).to_vec();
                swap(elements.dtype, &mut bytes);
                bytes.into()
            }
            Body::Elements(_) => Bytes::from_owner(Shared(bytes_in_order(&chunk))),
            Body::Shards(shards) => shards.encode(&chunk, elements)?.into(),
        };
        for packing in &self.packings {
            bytes = packing.pack(&bytes)?.into();
        }
        Ok(bytes)
    }
}

/// A buffer whose bytes are lent to others.
struct Shared(Buffer);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// An array over the bytes of its elements. Not copied if their order is this machine's and they lie well.
pub(crate) fn decode_elements(bytes: Bytes, dtype: DType, order: ByteOrder, shape: &[usize]) -> Decoded<NdArray> {
    let expected = shape.iter().product::<usize>() * dtype.item_size();
    if bytes.len() != expected {
        return Err(format!("it has {} bytes where {expected} are expected", bytes.len()));
    }
    let buffer = if order.is_foreign(dtype) {
        let mut turned = bytes.to_vec();
        swap(dtype, &mut turned);
        turned.into()
    } else {
        bytes.into()
    };
    NdArray::from_buffer(dtype, shape, buffer).map_err(|error| error.to_string())
}
