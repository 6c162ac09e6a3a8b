//! Decoding Blosc 1 chunks, Zarr v2's default, with every read and write checked.
//! The format: <https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst>.

use super::lz4::{self, repeat};
use super::shuffle;

const HEADER_BYTES: usize = 16;
/// A typesize above this, or small blocks, are not split into one stream per byte of an element.
const MOST_SPLITS: usize = 16;
const LEAST_SPLIT_BYTES: usize = 128;

struct Header {
    flags: u8,
    item: usize,
    bytes: usize,
    block: usize,
}

/// Decodes a chunk that must hold `expected` bytes.
pub(crate) fn decode(chunk: &[u8], expected: usize) -> Result<Vec<u8>, String> {
    let header = header(chunk).ok_or("blosc: the header is cut or broken")?;
    if header.bytes != expected {
        return Err(format!("blosc: it holds {} bytes where {expected} are expected", header.bytes));
    }
    decode_blocks(chunk, &header)
        .ok_or_else(|| "blosc: the data is damaged, or packed in a way that is not known".to_owned())
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize)
}

fn header(chunk: &[u8]) -> Option<Header> {
    let header = Header {
        flags: *chunk.get(2)?,
        item: usize::from(*chunk.get(3)?),
        bytes: u32_at(chunk, 4)?,
        block: u32_at(chunk, 8)?,
    };
    let is_whole = u32_at(chunk, 12)? == chunk.len() && chunk.len() >= HEADER_BYTES && chunk[0] <= 2;
    (is_whole && (header.block > 0 || header.bytes == 0)).then_some(header)
}

fn decode_blocks(chunk: &[u8], header: &Header) -> Option<Vec<u8>> {
    let mut result = vec![0; header.bytes];
    if header.bytes == 0 {
        return Some(result);
    }
    if header.flags & 2 != 0 {
        result.copy_from_slice(chunk.get(HEADER_BYTES..HEADER_BYTES + header.bytes)?);
        return Some(result);
    }
    let block = header.block.min(header.bytes);
    let mut scratch = vec![0; block];
    for (number, out) in result.chunks_mut(block).enumerate() {
        let start = u32_at(chunk, HEADER_BYTES.checked_add(number.checked_mul(4)?)?)?;
        let is_last = out.len() < block;
        // Bits are shuffled in groups of eight elements, and not at all where the elements are fewer.
        let is_shuffled = header.flags & 1 != 0 && header.item > 1;
        let is_bitshuffled = header.flags & 4 != 0 && out.len() >= header.item;
        if !is_shuffled && !is_bitshuffled {
            decode_block(chunk.get(start..)?, header, is_last, out)?;
            continue;
        }
        let scratch = &mut scratch[..out.len()];
        decode_block(chunk.get(start..)?, header, is_last, scratch)?;
        if is_bitshuffled {
            shuffle::unshuffle_bits(scratch, out, header.item);
        } else {
            shuffle::unshuffle(scratch, out, header.item);
        }
    }
    Some(result)
}

fn decode_block(mut block: &[u8], header: &Header, is_last: bool, out: &mut [u8]) -> Option<()> {
    let may_split = header.flags & 0x10 == 0 && header.item > 0 && header.item <= MOST_SPLITS;
    let is_split =
        may_split && !is_last && out.len() / header.item >= LEAST_SPLIT_BYTES && out.len().is_multiple_of(header.item);
    let streams = if is_split { header.item } else { 1 };
    let size = out.len() / streams;
    for out in out.chunks_mut(size.max(1)) {
        let length = u32_at(block, 0)?;
        let stream = block.get(4..length.checked_add(4)?)?;
        block = &block[4 + length..];
        if length == out.len() {
            out.copy_from_slice(stream);
        } else {
            decode_stream(stream, header.flags >> 5, out)?;
        }
    }
    Some(())
}

fn decode_stream(stream: &[u8], format: u8, out: &mut [u8]) -> Option<()> {
    match format {
        0 => blosclz(stream, out),
        1 => lz4::decode(stream, out),
        2 => {
            let count = snap::raw::decompress_len(stream).ok().filter(|count| *count == out.len())?;
            (snap::raw::Decoder::new().decompress(stream, out).ok()? == count).then_some(())
        }
        3 => {
            let mut decoder = flate2::Decompress::new(true);
            let status = decoder.decompress(stream, out, flate2::FlushDecompress::Finish).ok()?;
            (status == flate2::Status::StreamEnd && decoder.total_out() == out.len() as u64).then_some(())
        }
        4 => (zstd::bulk::decompress_to_buffer(stream, out).ok()? == out.len()).then_some(()),
        _ => None,
    }
}

/// Blosc's own format, of FastLZ's family: <https://github.com/Blosc/c-blosc/blob/main/blosc/blosclz.c>.
fn blosclz(stream: &[u8], out: &mut [u8]) -> Option<()> {
    const FARTHEST: usize = 8191;
    let mut bytes = stream.iter().copied().map(usize::from);
    let mut control = bytes.next()? & 31;
    let mut at = 0usize;
    loop {
        if control >= 32 {
            let mut count = (control >> 5) - 1;
            let mut offset = (control & 31) << 8;
            if count == 6 {
                loop {
                    let byte = bytes.next()?;
                    count = count.checked_add(byte)?;
                    if byte != 255 {
                        break;
                    }
                }
            }
            let low = bytes.next()?;
            offset += low;
            if low == 255 && offset == (31 << 8) + 255 {
                offset = (bytes.next()? << 8) + bytes.next()? + FARTHEST;
            }
            repeat(out, at, offset + 1, count + 3)?;
            at += count + 3;
        } else {
            for _ in 0..=control {
                *out.get_mut(at)? = bytes.next()? as u8;
                at += 1;
            }
        }
        match bytes.next() {
            Some(next) => control = next,
            None => return (at == out.len()).then_some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_copies_and_wrong_sizes() {
        let mut chunk = vec![2, 1, 2, 1];
        for value in [5u32, 5, 21] {
            chunk.extend(value.to_le_bytes());
        }
        chunk.extend(b"hello");
        assert_eq!(decode(&chunk, 5).unwrap(), b"hello");
        assert!(decode(&chunk, 6).unwrap_err().contains("it holds 5 bytes where 6 are expected"));
        assert!(decode(&chunk[..20], 5).unwrap_err().contains("header is cut or broken"));
    }

    #[test]
    fn blosclz_repeats() {
        let mut out = [0; 9];
        // Three literals, then a match of six bytes three before.
        blosclz(&[2, b'a', b'b', b'c', 0x80, 2], &mut out).unwrap();
        assert_eq!(&out, b"abcabcabc");
        assert_eq!(blosclz(&[2, b'a', b'b', b'c', 0x80, 3], &mut out), None);
        assert_eq!(blosclz(&[2, b'a', b'b'], &mut out), None);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(
            flags: u8, item: u8, bytes in 0..2000u32, block in 0..700u32,
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut chunk = vec![2, 1, flags, item];
            for value in [bytes, block, rest.len() as u32 + 16] {
                chunk.extend(value.to_le_bytes());
            }
            chunk.extend(rest);
            let _ = decode(&chunk, bytes as usize);
        }
    }
}
