//! As much of the zip format as archives of arrays need: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>.

use std::io::Read;
use std::ops::Range;

use crate::error::{IoError, Result};
use crate::file::OpenFile;
use crate::runs::ReadAt;

const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const CENTRAL: u32 = 0x0201_4b50;
pub(crate) const LOCAL: u32 = 0x0403_4b50;
/// The field that holds sizes of 64 bits.
pub(crate) const EXTRA_64: u16 = 1;
/// The directory's end may be followed by a comment of at most so many bytes.
const LONGEST_COMMENT: u64 = 65_535;
/// A directory of so many bytes has hundreds of thousands of arrays.
const LONGEST_DIRECTORY: u64 = 64 << 20;
/// How much is inflated before memory for more is taken.
const STEP_BYTES: usize = 4 << 20;

/// How an entry's bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Stored,
    Deflated,
}

/// One file of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) method: Method,
    pub(crate) checksum: u32,
    pub(crate) packed_bytes: u64,
    pub(crate) bytes: u64,
    pub(crate) header: u64,
}

/// Little-endian numbers from a slice; `None` beyond its end.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }
}

fn broken(file: &OpenFile, problem: &str) -> IoError {
    IoError::format(file.name(), format!("no npz file: {problem}"))
}

fn read(file: &OpenFile, range: Range<u64>) -> Result<Vec<u8>> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_at(range.start, &mut bytes)?;
    Ok(bytes)
}

/// The entries of an archive.
pub(crate) fn directory(file: &OpenFile) -> Result<Vec<Entry>> {
    let tail_start = file.bytes().saturating_sub(LONGEST_COMMENT + 22 + 20);
    let tail = read(file, tail_start..file.bytes())?;
    let end = (0..tail.len().saturating_sub(21))
        .rev()
        .find(|at| tail[*at..*at + 4] == END.to_le_bytes())
        .ok_or_else(|| broken(file, "it has no zip directory"))?;
    let mut fields = Fields(&tail[end + 8..]);
    let plain = (|| {
        fields.u16()?;
        let count = u64::from(fields.u16()?);
        Some((count, u64::from(fields.u32()?), u64::from(fields.u32()?)))
    })();
    let (mut count, mut bytes, mut start) = plain.ok_or_else(|| broken(file, "its directory's end is cut"))?;
    let locator = end.checked_sub(20).map(|at| &tail[at..end]).filter(|bytes| bytes[..4] == LOCATOR_64.to_le_bytes());
    if let Some(locator) = locator {
        let at = u64::from_le_bytes(locator[8..16].try_into().unwrap_or_default());
        (count, bytes, start) = end_64(file, at)?;
    }
    if bytes > LONGEST_DIRECTORY || start.checked_add(bytes).is_none_or(|last| last > file.bytes()) {
        return Err(broken(file, "its directory lies beyond the end"));
    }
    let directory = read(file, start..start + bytes)?;
    let mut fields = Fields(&directory);
    let mut entries = Vec::new();
    for _ in 0..count {
        let entry = entry(&mut fields).ok_or_else(|| broken(file, "its directory is cut or broken"))?;
        let entry = entry.map_err(|problem| IoError::unsupported(file.name(), problem))?;
        entries.extend(entry);
    }
    Ok(entries)
}

fn end_64(file: &OpenFile, at: u64) -> Result<(u64, u64, u64)> {
    if at.checked_add(56).is_none_or(|end| end > file.bytes()) {
        return Err(broken(file, "its directory's end lies beyond the end"));
    }
    let bytes = read(file, at..at + 56)?;
    let mut fields = Fields(&bytes);
    (|| {
        if fields.u32()? != END_64 {
            return None;
        }
        fields.bytes(28)?;
        Some((fields.u64()?, fields.u64()?, fields.u64()?))
    })()
    .ok_or_else(|| broken(file, "its directory's end is broken"))
}

/// `None` where the directory breaks; no entry for a folder.
fn entry(fields: &mut Fields) -> Option<std::result::Result<Option<Entry>, String>> {
    if fields.u32()? != CENTRAL {
        return None;
    }
    fields.bytes(4)?;
    let flags = fields.u16()?;
    let method = fields.u16()?;
    fields.bytes(4)?;
    let checksum = fields.u32()?;
    let (mut packed_bytes, mut bytes) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
    let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
    fields.bytes(8)?;
    let mut header = u64::from(fields.u32()?);
    let name = String::from_utf8_lossy(fields.bytes(name.into())?).into_owned();
    let mut extra = Fields(fields.bytes(extra.into())?);
    fields.bytes(comment.into())?;
    while let (Some(kind), Some(length)) = (extra.u16(), extra.u16()) {
        let mut field = Fields(extra.bytes(length.into())?);
        if kind == EXTRA_64 {
            for value in [&mut bytes, &mut packed_bytes, &mut header] {
                if *value == u64::from(u32::MAX) {
                    *value = field.u64()?;
                }
            }
        }
    }
    if !name.ends_with(".npy") {
        return Some(Ok(None));
    }
    let method = match method {
        _ if flags & 1 != 0 => return Some(Err(format!("'{name}' is encrypted"))),
        0 => Method::Stored,
        8 => Method::Deflated,
        other => return Some(Err(format!("'{name}' is packed by zip method {other}; NumPy writes 0 and 8"))),
    };
    Some(Ok(Some(Entry { name, method, checksum, packed_bytes, bytes, header })))
}

/// Where an entry's bytes lie. The local header before them may be longer than the directory's.
pub(crate) fn data_range(file: &OpenFile, entry: &Entry) -> Result<Range<u64>> {
    let problem = |what: &str| IoError::format(file.name(), format!("entry '{}' {what}", entry.name));
    if entry.header.checked_add(30).is_none_or(|end| end > file.bytes()) {
        return Err(problem("lies beyond the end"));
    }
    let bytes = read(file, entry.header..entry.header + 30)?;
    let mut fields = Fields(&bytes);
    let lengths = (|| {
        if fields.u32()? != LOCAL {
            return None;
        }
        fields.bytes(22)?;
        Some(u64::from(fields.u16()?) + u64::from(fields.u16()?))
    })();
    let start = entry.header + 30 + lengths.ok_or_else(|| problem("has no header"))?;
    let packed = if entry.method == Method::Stored { entry.bytes } else { entry.packed_bytes };
    let end = start.checked_add(packed).filter(|end| *end <= file.bytes());
    Ok(start..end.ok_or_else(|| problem("is cut"))?)
}

/// The bytes of a deflated entry. Memory grows with what is inflated, not by what the directory says.
pub(crate) fn inflate(file: &OpenFile, entry: &Entry, data: Range<u64>, limit_bytes: u64) -> Result<Vec<u8>> {
    let problem = |what: String| IoError::format(file.name(), format!("entry '{}' {what}", entry.name));
    if entry.bytes > limit_bytes {
        return Err(problem(format!("has {} bytes when inflated; the limit is {limit_bytes}", entry.bytes)));
    }
    let mut decoder = flate2::read::DeflateDecoder::new(Section { file, range: data });
    let mut result = Vec::new();
    let mut filled = 0;
    while (filled as u64) < entry.bytes {
        let left = usize::try_from(entry.bytes).unwrap_or(usize::MAX) - filled;
        result.resize(filled + left.min(STEP_BYTES.max(filled)), 0);
        let count =
            decoder.read(&mut result[filled..]).map_err(|error| problem(format!("cannot be inflated: {error}")))?;
        if count == 0 {
            return Err(problem(format!("inflates to {filled} bytes instead of {}", entry.bytes)));
        }
        filled += count;
    }
    result.truncate(filled);
    if crc32fast::hash(&result) != entry.checksum {
        return Err(problem("is damaged: its checksum is another one".to_owned()));
    }
    Ok(result)
}

struct Section<'a> {
    file: &'a OpenFile,
    range: Range<u64>,
}

impl Read for Section<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = into.len().min(usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX));
        self.file.read_at(self.range.start, &mut into[..count]).map_err(std::io::Error::other)?;
        self.range.start += count as u64;
        Ok(count)
    }
}
