//! The scale factor: the size of the data in units of one gigabyte of text.

use std::fmt;
use std::str::FromStr;

/// A TPC-H scale factor. Fractions are fine; equal numbers are equal scales.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Scale(f64);

/// The smallest scale: one at which every table still has rows.
const SMALLEST: f64 = 0.001;
/// The largest scale: beyond it the generator's 32-bit counters overflow.
const LARGEST: f64 = 100_000.0;

impl Scale {
    /// The scale as a number.
    pub fn factor(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Scale {
    type Error = String;

    fn try_from(factor: f64) -> Result<Self, Self::Error> {
        if (SMALLEST..=LARGEST).contains(&factor) {
            Ok(Self(factor))
        } else {
            Err(format!("the scale must be between {SMALLEST} and {LARGEST}, got {factor}"))
        }
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let factor: f64 = text.trim().parse().map_err(|_| {
            format!("the scale must be a number between {SMALLEST} and {LARGEST}, such as 1 or 0.01, got '{text}'")
        })?;
        Self::try_from(factor)
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_equal_scales_and_print_shortest() {
        let scale: Scale = "1.0".parse().unwrap();
        assert_eq!(scale, "1".parse().unwrap());
        assert_eq!(scale.to_string(), "1");
        assert_eq!("0.010".parse::<Scale>().unwrap().to_string(), "0.01");
    }

    #[test]
    fn absurd_scales_are_refused() {
        for text in ["0", "-1", "nan", "inf", "1e9", "ten", ""] {
            assert!(text.parse::<Scale>().is_err(), "{text}");
        }
    }
}
