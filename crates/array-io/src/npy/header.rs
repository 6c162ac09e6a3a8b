//! The header of an npy file: magic bytes, a version, and a Python dictionary as text.

use swath_kernels::DType;

use super::{WRITTEN_ORDER, broken};
use crate::descr;
use crate::error::{IoError, Result};
use crate::raw::RawLayout;
use crate::runs::ReadAt;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longer headers are of records with very many fields, which are not supported anyway.
const LONGEST_BYTES: u64 = 1 << 16;
/// NumPy's own limit.
const MOST_AXES: usize = 64;
/// The elements start at a multiple of it.
const ALIGNMENT: usize = 64;

/// Reads the header that starts at a byte of a file; the array must end before `end`.
pub(crate) fn read(file: &(impl ReadAt + ?Sized), start: u64, end: u64, place: &str) -> Result<RawLayout> {
    let available = end.saturating_sub(start);
    let mut fixed = [0; 12];
    if available < 10 {
        return Err(broken(place, format!("it has {available} bytes, which is less than a header")));
    }
    let fixed = &mut fixed[..available.min(12) as usize];
    file.read_at(start, fixed)?;
    if &fixed[..6] != MAGIC {
        return Err(broken(place, "it does not start with \\x93NUMPY"));
    }
    let (length_bytes, length) = match fixed[6] {
        1 => (2, u64::from(u16::from_le_bytes([fixed[8], fixed[9]]))),
        2 | 3 if fixed.len() == 12 => (4, u64::from(u32::from_le_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]))),
        2 | 3 => return Err(broken(place, "it ends within the header")),
        version => {
            return Err(IoError::unsupported(place, format!("npy version {version} is not known: 1, 2 and 3 are")));
        }
    };
    let text_start = start + 8 + length_bytes;
    if text_start + length > end {
        return Err(broken(place, format!("the header has {length} bytes, but the file ends before")));
    }
    if length > LONGEST_BYTES {
        return Err(IoError::unsupported(
            place,
            format!("the header has {length} bytes; at most {LONGEST_BYTES} are read"),
        ));
    }
    let mut text = vec![0; length as usize];
    file.read_at(text_start, &mut text)?;
    let text = String::from_utf8_lossy(&text);
    let header = Parser { rest: &text }
        .header()
        .map_err(|problem| broken(place, format!("{problem} in the header {}", text.trim())))?;
    let (dtype, byte_order) = descr::parse(&header.descr).map_err(|problem| IoError::unsupported(place, problem))?;
    let offset = text_start + length;
    Ok(RawLayout { dtype, shape: header.shape, byte_order, is_fortran: header.is_fortran, offset })
}

/// The error for elements that are not all there.
pub(crate) fn too_short(place: &str, layout: &RawLayout, there: u64) -> IoError {
    broken(
        place,
        format!(
            "shape {:?} of {} needs more than the {there} bytes that follow the header",
            layout.shape, layout.dtype
        ),
    )
}

/// The header for an array in C order.
pub(crate) fn format(dtype: DType, shape: &[usize]) -> Vec<u8> {
    let lengths: String = match shape {
        [one] => format!("{one},"),
        _ => shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let descr = descr::format(dtype, WRITTEN_ORDER);
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}");
    // Version 1 holds 65,535 bytes; 64 axes of 20 digits are far below.
    let before = MAGIC.len() + 4;
    let padding = (before + text.len() + 1).next_multiple_of(ALIGNMENT) - before - text.len() - 1;
    text.extend(std::iter::repeat_n(' ', padding));
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

struct Header {
    descr: String,
    is_fortran: bool,
    shape: Vec<usize>,
}

/// Reads the few Python literals that a header holds.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn header(&mut self) -> std::result::Result<Header, String> {
        let (mut descr, mut is_fortran, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.take('}') {
            let key = self.string()?;
            self.expect(':')?;
            match key {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => is_fortran = Some(self.truth()?),
                "shape" => shape = Some(self.tuple()?),
                other => return Err(format!("the unknown key '{}'", other.escape_debug())),
            }
            if !self.take(',') {
                self.expect('}')?;
                break;
            }
        }
        let missing = |key: &str| format!("no key '{key}'");
        Ok(Header {
            descr: descr.ok_or_else(|| missing("descr"))?,
            is_fortran: is_fortran.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    fn take(&mut self, mark: char) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(mark) else { return false };
        self.rest = rest;
        true
    }

    fn expect(&mut self, mark: char) -> std::result::Result<(), String> {
        if self.take(mark) {
            return Ok(());
        }
        Err(match self.rest.chars().next() {
            Some(other) => format!("'{}' where '{mark}' was expected", other.escape_debug()),
            None => format!("an end where '{mark}' was expected"),
        })
    }

    fn string(&mut self) -> std::result::Result<&'a str, String> {
        let quote = if self.take('"') { '"' } else { self.expect('\'').map(|()| '\'')? };
        let (text, rest) = self.rest.split_once(quote).ok_or("a text without an end")?;
        self.rest = rest;
        Ok(text)
    }

    fn descr(&mut self) -> std::result::Result<String, String> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('[') || self.rest.starts_with('(') {
            return Err("a record dtype (save each field as an array of its own)".to_owned());
        }
        self.string().map(str::to_owned)
    }

    fn truth(&mut self) -> std::result::Result<bool, String> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("neither True nor False for fortran_order".to_owned())
    }

    fn tuple(&mut self) -> std::result::Result<Vec<usize>, String> {
        self.expect('(')?;
        let mut lengths = Vec::new();
        while !self.take(')') {
            self.rest = self.rest.trim_start();
            let digits = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
            let (number, rest) = self.rest.split_at(digits);
            lengths.push(number.parse().map_err(|_| format!("'{number}' where a length was expected"))?);
            // Python 2 marked long integers.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if lengths.len() > MOST_AXES {
                return Err(format!("more than {MOST_AXES} axes"));
            }
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(lengths)
    }
}
