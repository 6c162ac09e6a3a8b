//! Sizes in bytes as people write them: `4GB`, `512 MiB`, `1.5g`.

use std::fmt;
use std::str::FromStr;

/// A number of bytes. Read from text with a unit, shown with the largest unit that fits.
///
/// Decimal and binary prefixes are both taken as powers of 1024 (`4GB` = `4GiB` = `4g`), as memory options usually are.
///
/// ```
/// use swath_exec::ByteSize;
///
/// assert_eq!("1.5 GB".parse(), Ok(ByteSize(3 << 29)));
/// assert_eq!(ByteSize(3 << 29).to_string(), "1.5 GiB");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// Text that is not a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a size such as 512MB, 4GB or 1.5GiB, got '{0}'")]
pub struct ByteSizeError(String);

const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ByteSizeError(text.to_owned());
        let trimmed = text.trim();
        let unit_at = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(unit_at);
        let number: f64 = number.parse().map_err(|_| error())?;
        let power = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 1,
            "m" | "mb" | "mib" => 2,
            "g" | "gb" | "gib" => 3,
            "t" | "tb" | "tib" => 4,
            "p" | "pb" | "pib" => 5,
            _ => return Err(error()),
        };
        let bytes = number * 1024_f64.powi(power);
        // Above this, a float no longer holds every integer; no machine has as much.
        if bytes > (1_u64 << 53) as f64 {
            return Err(error());
        }
        Ok(Self(bytes.round() as u64))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 1024.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        match unit {
            0 => write!(f, "{} B", self.0),
            _ => write!(f, "{value:.1} {}", UNITS[unit]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_of_any_case() {
        for (text, bytes) in [
            ("0", 0),
            ("17", 17),
            ("17 b", 17),
            ("2k", 2048),
            ("512MB", 512 << 20),
            ("4GiB", 4 << 30),
            ("0.5t", 1 << 39),
            (" 1 PB ", 1 << 50),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_size() {
        for text in ["", "GB", "-1", "1e3", "4 XB", "1.2.3", "99999999 PB", "many"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn shows_the_largest_unit() {
        assert_eq!(ByteSize(1023).to_string(), "1023 B");
        assert_eq!(ByteSize(1024).to_string(), "1.0 KiB");
        assert_eq!(ByteSize(5 << 30).to_string(), "5.0 GiB");
    }
}
