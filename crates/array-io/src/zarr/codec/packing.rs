//! Codecs from bytes to bytes: packing and checksums.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;

use super::{blosc, lz4, shuffle};

/// How much is unpacked before memory for more is taken, where the packed bytes do not make it likely that there is more.
const STEP_BYTES: usize = 8 << 20;
/// Packed bytes that become more than so many times as many are unusual.
const USUAL_RATIO: usize = 64;

/// A codec from bytes to bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Packing {
    Gzip {
        level: u32,
    },
    Zlib {
        level: u32,
    },
    Zstd {
        level: i32,
        has_checksum: bool,
    },
    /// Read only.
    Blosc,
    /// Read only.
    Lz4,
    /// Read only.
    Shuffle {
        item: usize,
    },
    /// Four bytes at the end.
    Crc32c,
}

/// What is known of the size of bytes before they are unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Exactly(usize),
    AtMost(usize),
}

impl Size {
    pub(crate) fn most(self) -> usize {
        match self {
            Self::Exactly(size) | Self::AtMost(size) => size,
        }
    }

    fn fits(self, size: usize) -> Result<(), String> {
        match self {
            Self::Exactly(exact) if size != exact => {
                Err(format!("it unpacks to {size} bytes, but the chunk has {exact}"))
            }
            Self::AtMost(most) if size > most => {
                Err(format!("it unpacks to {size} bytes, but at most {most} can be right"))
            }
            _ => Ok(()),
        }
    }
}

impl Packing {
    /// The size of what this makes of bytes of a size. Bytes that do not pack well may grow a little.
    pub(crate) fn packed_size(&self, size: Size) -> Size {
        match (self, size) {
            (Self::Crc32c, Size::Exactly(size)) => Size::Exactly(size + 4),
            (Self::Crc32c, Size::AtMost(size)) => Size::AtMost(size + 4),
            (Self::Shuffle { .. }, size) => size,
            (_, size) => Size::AtMost(size.most() + size.most() / 8 + (64 << 10)),
        }
    }

    /// Undoes the codec. Memory grows with what comes out, not by what the packed bytes say.
    pub(crate) fn unpack(&self, packed: &Bytes, size: Size) -> Result<Bytes, String> {
        let unpacked: Bytes = match self {
            Self::Gzip { .. } => drain(flate2::read::MultiGzDecoder::new(&packed[..]), packed.len(), size, "gzip")?,
            Self::Zlib { .. } => drain(flate2::read::ZlibDecoder::new(&packed[..]), packed.len(), size, "zlib")?,
            Self::Zstd { .. } => unpack_zstd(packed, size)?,
            Self::Blosc => match size {
                Size::Exactly(size) => blosc::decode(packed, size)?.into(),
                Size::AtMost(_) => return Err("blosc after another packing codec is not supported".to_owned()),
            },
            Self::Lz4 => unpack_lz4(packed, size)?,
            Self::Shuffle { item } => {
                let mut out = vec![0; packed.len()];
                shuffle::unshuffle(packed, &mut out, *item);
                out.into()
            }
            Self::Crc32c => checked(packed)?,
        };
        size.fits(unpacked.len())?;
        Ok(unpacked)
    }

    /// Applies the codec.
    pub(crate) fn pack(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| format!("{self:?}: {error}");
        match self {
            Self::Gzip { level } => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::new(*level));
                encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(failed)
            }
            Self::Zlib { level } => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::new(*level));
                encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(failed)
            }
            Self::Zstd { level, has_checksum } => {
                let mut compressor = zstd::bulk::Compressor::new(*level).map_err(failed)?;
                compressor.include_checksum(*has_checksum).map_err(failed)?;
                compressor.compress(bytes).map_err(failed)
            }
            Self::Crc32c => {
                let sum = crc32c::crc32c(bytes).to_le_bytes();
                Ok([bytes, &sum].concat())
            }
            Self::Blosc | Self::Lz4 | Self::Shuffle { .. } => {
                Err(format!("{self:?} is read but not written: write a new array, packed by zstd or gzip"))
            }
        }
    }
}

fn checked(bytes: &Bytes) -> Result<Bytes, String> {
    let (rest, sum) = bytes.split_last_chunk::<4>().ok_or("it is too short to have a checksum")?;
    let (found, stored) = (crc32c::crc32c(rest), u32::from_le_bytes(*sum));
    if found != stored {
        return Err(format!("its CRC-32C is {found:08x}, but {stored:08x} was stored: the data is damaged"));
    }
    Ok(bytes.slice(..rest.len()))
}

/// All that a decoder gives, at most one byte more than can be right.
fn drain(mut decoder: impl Read, packed: usize, size: Size, name: &str) -> Result<Bytes, String> {
    let most = size.most();
    let mut out = Vec::new();
    out.try_reserve(first_step(packed, most) + 1).map_err(|error| format!("{name}: {error}"))?;
    decoder.by_ref().take(most as u64 + 1).read_to_end(&mut out).map_err(|error| format!("{name}: {error}"))?;
    if out.len() > most {
        return Err(format!("{name}: it unpacks to more than the {most} bytes that can be right"));
    }
    Ok(out.into())
}

/// How much memory to take at first.
fn first_step(packed: usize, most: usize) -> usize {
    most.min(packed.saturating_mul(USUAL_RATIO).max(STEP_BYTES))
}

fn unpack_zstd(packed: &Bytes, size: Size) -> Result<Bytes, String> {
    let most = size.most();
    if first_step(packed.len(), most) == most {
        // In one call: faster, and the buffer bounds what can come.
        let mut out = Vec::new();
        out.try_reserve_exact(most).map_err(|error| format!("zstd: {error}"))?;
        let decompressed =
            zstd::bulk::Decompressor::new().and_then(|mut zstd| zstd.decompress_to_buffer(packed, &mut out));
        decompressed.map_err(|error| {
            let message = error.to_string();
            let hint = if message.contains("too small") { format!(" (more than {most} bytes)") } else { String::new() };
            format!("zstd: {message}{hint}")
        })?;
        return Ok(out.into());
    }
    let decoder = zstd::stream::read::Decoder::with_buffer(&packed[..]).map_err(|error| format!("zstd: {error}"))?;
    drain(decoder, packed.len(), size, "zstd")
}

/// numcodecs' LZ4: the size in four bytes, and a block.
fn unpack_lz4(packed: &Bytes, size: Size) -> Result<Bytes, String> {
    let (head, block) = packed.split_first_chunk::<4>().ok_or("lz4: it is cut")?;
    let told = u32::from_le_bytes(*head) as usize;
    size.fits(told)?;
    if told / 256 > block.len() {
        return Err("lz4: it is cut".to_owned());
    }
    let mut out = vec![0; told];
    lz4::decode(block, &mut out).ok_or("lz4: the data is damaged")?;
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Packing; 4] = [
        Packing::Gzip { level: 5 },
        Packing::Zlib { level: 1 },
        Packing::Zstd { level: 1, has_checksum: true },
        Packing::Crc32c,
    ];

    #[test]
    fn packed_bytes_come_back() {
        let bytes: Vec<u8> = (0..100_000u32).flat_map(|value| (value / 7).to_le_bytes()).collect();
        for packing in ALL {
            let packed = packing.pack(&bytes).unwrap();
            let unpacked = packing.unpack(&packed.clone().into(), Size::Exactly(bytes.len())).unwrap();
            assert!(unpacked == bytes, "{packing:?}");
            assert!(packed.len() <= packing.packed_size(Size::Exactly(bytes.len())).most());
            let error = packing.unpack(&packed.clone().into(), Size::Exactly(bytes.len() - 1)).unwrap_err();
            assert!(error.contains("399999") || error.contains("too small"), "{packing:?}: {error}");
            assert!(packing.unpack(&packed.clone().into(), Size::Exactly(bytes.len() + 1)).is_err(), "{packing:?}");
            let mut damaged = packed;
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x55;
            assert!(packing.unpack(&damaged.into(), Size::Exactly(bytes.len())).is_err(), "{packing:?}");
        }
    }

    #[test]
    fn bombs_do_not_go_off() {
        let zeros = vec![0; 300 << 20];
        for packing in &ALL[..3] {
            let packed = packing.pack(&zeros).unwrap();
            let error = packing.unpack(&packed.clone().into(), Size::Exactly(1000)).unwrap_err();
            assert!(error.contains("1000"), "{packing:?}: {error}");
            let unpacked = packing.unpack(&packed.into(), Size::Exactly(zeros.len())).unwrap();
            assert_eq!(unpacked.len(), zeros.len());
        }
        // A frame whose header promises 2^60 bytes.
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
        frame.extend((1u64 << 60).to_le_bytes());
        frame.extend([1, 0, 0]);
        assert!(ALL[2].unpack(&frame.into(), Size::Exactly(1 << 40)).is_err());
        let lz4 = Packing::Lz4;
        assert!(
            lz4.unpack(&vec![255, 255, 255, 127, 0].into(), Size::Exactly(0x7fff_ffff)).unwrap_err().contains("cut")
        );
    }

    #[test]
    fn nothing_is_an_error_too() {
        for packing in ALL.into_iter().chain([Packing::Blosc, Packing::Lz4]) {
            assert!(packing.unpack(&Bytes::new(), Size::Exactly(8)).is_err(), "{packing:?}");
        }
    }
}
