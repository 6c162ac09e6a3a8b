//! Writing npz archives.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use swath_kernels::NdArray;

use super::zip::{EXTRA_64, LOCAL};
use crate::error::{IoError, Result};
use crate::file::StagedFile;
use crate::npy::{bytes_in_order, header};

/// Version of the format that knows sizes of 64 bits.
const VERSION: u16 = 45;
/// 1 January 1980, the first day that zip knows: what is written does not depend on when.
const DATE: u16 = 0x21;

/// Whether arrays are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NpzCompression {
    /// As they are, as `numpy.savez` does. They can then be read by boxes.
    #[default]
    Stored,
    /// By deflate, as `numpy.savez_compressed` does.
    Deflated,
}

/// Writes arrays to an npz archive, which stands in its place after [`NpzWriter::finish`].
#[derive(Debug)]
pub struct NpzWriter {
    file: StagedFile,
    compression: NpzCompression,
    position: u64,
    entries: Vec<Written>,
}

#[derive(Debug)]
struct Written {
    name: String,
    checksum: u32,
    bytes: u64,
    packed_bytes: u64,
    at: u64,
}

impl NpzWriter {
    /// Starts an archive.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn create(path: impl AsRef<Path>, compression: NpzCompression) -> Result<Self> {
        Ok(Self { file: StagedFile::create(path.as_ref())?, compression, position: 0, entries: Vec::new() })
    }

    /// Adds an array.
    ///
    /// # Errors
    /// A name that is there already or does not fit, and a file that cannot be written.
    pub fn add(&mut self, name: &str, array: &NdArray) -> Result<()> {
        let name = format!("{name}.npy");
        if name.len() > 60_000 || self.entries.iter().any(|entry| entry.name == name) {
            return Err(IoError::argument(format!(
                "cannot write {}: the name '{}' is too long or there already",
                self.file.name(),
                name.chars().take(80).collect::<String>()
            )));
        }
        let (head, elements) = (header::format(array.dtype(), array.shape()), bytes_in_order(array));
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&head);
        checksum.update(&elements);
        let mut entry = Written {
            name,
            checksum: checksum.finalize(),
            bytes: (head.len() + elements.len()) as u64,
            packed_bytes: (head.len() + elements.len()) as u64,
            at: self.position,
        };
        let start = self.position + entry.local_header(self.compression).len() as u64;
        match self.compression {
            NpzCompression::Stored => {
                self.file.write_at(start, &head)?;
                self.file.write_at(start + head.len() as u64, &elements)?;
            }
            NpzCompression::Deflated => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                let packed = encoder.write_all(&head).and_then(|()| encoder.write_all(&elements));
                let packed = packed.and_then(|()| encoder.finish());
                let packed = packed.map_err(|error| IoError::system(format!("cannot pack {}", entry.name), error))?;
                entry.packed_bytes = packed.len() as u64;
                self.file.write_at(start, &packed)?;
            }
        }
        self.file.write_at(entry.at, &entry.local_header(self.compression))?;
        self.position = start + entry.packed_bytes;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the directory and moves the archive to its place.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(self) -> Result<()> {
        let mut bytes: Vec<u8> = self.entries.iter().flat_map(|entry| entry.central_header(self.compression)).collect();
        let (directory_bytes, count) = (bytes.len() as u64, self.entries.len() as u64);
        let end = self.position + directory_bytes;
        // Always with 64-bit sizes, so that there is one form only.
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44u64.to_le_bytes());
        bytes.extend([VERSION.to_le_bytes(), VERSION.to_le_bytes()].concat());
        bytes.extend([0; 8]);
        for value in [count, count, directory_bytes, self.position] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(end.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([0xff; 12]);
        bytes.extend([0; 2]);
        self.file.write_at(self.position, &bytes)?;
        self.file.finish()
    }
}

impl Written {
    /// Method, time, date, checksum, and sizes that stand in the field of 64 bits.
    fn shared(&self, compression: NpzCompression) -> Vec<u8> {
        let method: u16 = if compression == NpzCompression::Stored { 0 } else { 8 };
        let flags: u16 = if self.name.is_ascii() { 0 } else { 1 << 11 };
        let mut bytes = Vec::new();
        for value in [VERSION, flags, method, 0, DATE] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(self.checksum.to_le_bytes());
        bytes.extend([0xff; 8]);
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes
    }

    fn local_header(&self, compression: NpzCompression) -> Vec<u8> {
        let mut bytes = LOCAL.to_le_bytes().to_vec();
        bytes.extend(self.shared(compression));
        bytes.extend(20u16.to_le_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend([EXTRA_64.to_le_bytes(), 16u16.to_le_bytes()].concat());
        bytes.extend([self.bytes.to_le_bytes(), self.packed_bytes.to_le_bytes()].concat());
        bytes
    }

    fn central_header(&self, compression: NpzCompression) -> Vec<u8> {
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.shared(compression));
        bytes.extend(28u16.to_le_bytes());
        bytes.extend([0; 10]);
        bytes.extend([0xff; 4]);
        bytes.extend(self.name.as_bytes());
        bytes.extend([EXTRA_64.to_le_bytes(), 24u16.to_le_bytes()].concat());
        bytes.extend([self.bytes.to_le_bytes(), self.packed_bytes.to_le_bytes(), self.at.to_le_bytes()].concat());
        bytes
    }
}
