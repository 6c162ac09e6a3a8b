//! The types of array elements.

use std::fmt;
use std::str::FromStr;

use crate::error::KernelError;

/// The unit of a date or a duration; from coarse to fine, so that the greater of two is the finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// Years since 1970.
    Year,
    /// Months since January 1970.
    Month,
    /// Weeks since 1970-01-01.
    Week,
    /// Days since 1970-01-01.
    Day,
    /// Hours.
    Hour,
    /// Minutes.
    Minute,
    /// Seconds.
    Second,
    /// 10⁻³ s.
    Millisecond,
    /// 10⁻⁶ s.
    Microsecond,
    /// 10⁻⁹ s.
    Nanosecond,
}

impl TimeUnit {
    /// All units, coarse to fine.
    pub const ALL: [Self; 10] = [
        Self::Year,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::Millisecond,
        Self::Microsecond,
        Self::Nanosecond,
    ];

    /// NumPy's letters: `Y`, `M`, `W`, `D`, `h`, `m`, `s`, `ms`, `us`, `ns`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Year => "Y",
            Self::Month => "M",
            Self::Week => "W",
            Self::Day => "D",
            Self::Hour => "h",
            Self::Minute => "m",
            Self::Second => "s",
            Self::Millisecond => "ms",
            Self::Microsecond => "us",
            Self::Nanosecond => "ns",
        }
    }

    /// Nanoseconds of one unit; `None` for years and months, whose length varies.
    pub const fn nanoseconds(self) -> Option<i64> {
        Some(match self {
            Self::Year | Self::Month => return None,
            Self::Week => 604_800_000_000_000,
            Self::Day => 86_400_000_000_000,
            Self::Hour => 3_600_000_000_000,
            Self::Minute => 60_000_000_000,
            Self::Second => 1_000_000_000,
            Self::Millisecond => 1_000_000,
            Self::Microsecond => 1_000,
            Self::Nanosecond => 1,
        })
    }
}

/// The type of an array's elements. Booleans take one byte; dates and durations are 64-bit integers whose smallest value is NaT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The numeric variants are their own description.
pub enum DType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
    /// A pair of `f32`.
    C64,
    /// A pair of `f64`.
    C128,
    /// A point in time, counted from 1970 in a unit.
    Datetime64(TimeUnit),
    /// A span of time, counted in a unit.
    Timedelta64(TimeUnit),
}

/// What kind of number a dtype holds, in NumPy's order of promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Truth values.
    Bool,
    /// Unsigned integers.
    Unsigned,
    /// Signed integers.
    Signed,
    /// Floating point.
    Float,
    /// Complex floating point.
    Complex,
    /// Spans of time.
    Timedelta,
    /// Points in time.
    Datetime,
}

impl DType {
    /// The dtypes that need no unit.
    pub const NUMERIC: [Self; 14] = [
        Self::Bool,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::F16,
        Self::F32,
        Self::F64,
        Self::C64,
        Self::C128,
    ];

    /// Bytes of one element.
    pub const fn item_size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 | Self::C64 | Self::Datetime64(_) | Self::Timedelta64(_) => 8,
            Self::C128 => 16,
        }
    }

    /// The alignment that typed access needs, in bytes.
    pub const fn alignment(self) -> usize {
        match self {
            Self::C64 => 4,
            Self::C128 => 8,
            other => other.item_size(),
        }
    }

    /// The kind of number.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Bool => Kind::Bool,
            Self::I8 | Self::I16 | Self::I32 | Self::I64 => Kind::Signed,
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => Kind::Unsigned,
            Self::F16 | Self::F32 | Self::F64 => Kind::Float,
            Self::C64 | Self::C128 => Kind::Complex,
            Self::Datetime64(_) => Kind::Datetime,
            Self::Timedelta64(_) => Kind::Timedelta,
        }
    }

    /// The dtype whose Rust type holds the elements: `I64` for dates and durations, else itself.
    pub const fn physical(self) -> Self {
        match self {
            Self::Datetime64(_) | Self::Timedelta64(_) => Self::I64,
            other => other,
        }
    }

    /// Integers of either sign; not `Bool`.
    pub const fn is_integer(self) -> bool {
        matches!(self.kind(), Kind::Signed | Kind::Unsigned)
    }

    /// `F16`, `F32`, `F64`.
    pub const fn is_float(self) -> bool {
        matches!(self.kind(), Kind::Float)
    }

    /// `C64`, `C128`.
    pub const fn is_complex(self) -> bool {
        matches!(self.kind(), Kind::Complex)
    }

    /// Dates and durations.
    pub const fn is_time(self) -> bool {
        matches!(self.kind(), Kind::Datetime | Kind::Timedelta)
    }

    /// Has NaN (or NaT) among its values.
    pub const fn has_nan(self) -> bool {
        matches!(self.kind(), Kind::Float | Kind::Complex | Kind::Datetime | Kind::Timedelta)
    }

    /// The unit of a date or duration.
    pub const fn time_unit(self) -> Option<TimeUnit> {
        match self {
            Self::Datetime64(unit) | Self::Timedelta64(unit) => Some(unit),
            _ => None,
        }
    }

    /// The dtype of a complex number's parts; itself for everything else.
    pub const fn real(self) -> Self {
        match self {
            Self::C64 => Self::F32,
            Self::C128 => Self::F64,
            other => other,
        }
    }

    /// The complex dtype whose parts hold this one.
    pub const fn complex(self) -> Self {
        match self {
            Self::F16 | Self::F32 | Self::C64 => Self::C64,
            _ => Self::C128,
        }
    }

    /// NumPy's name without the unit: `int64`, `complex64`, `datetime64`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::C64 => "complex64",
            Self::C128 => "complex128",
            Self::Datetime64(_) => "datetime64",
            Self::Timedelta64(_) => "timedelta64",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time_unit() {
            Some(unit) => write!(f, "{}[{}]", self.name(), unit.symbol()),
            None => f.write_str(self.name()),
        }
    }
}

impl FromStr for DType {
    type Err = KernelError;

    /// Reads what [`DType`]'s `Display` writes: `float64`, `datetime64[ns]`.
    fn from_str(text: &str) -> Result<Self, KernelError> {
        let unknown =
            || KernelError::invalid(format!("unknown dtype '{text}': write float64, int32, datetime64[ns] …"));
        if let Some((name, rest)) = text.split_once('[') {
            let symbol = rest.strip_suffix(']').ok_or_else(unknown)?;
            let unit = TimeUnit::ALL.into_iter().find(|unit| unit.symbol() == symbol).ok_or_else(unknown)?;
            return match name {
                "datetime64" => Ok(Self::Datetime64(unit)),
                "timedelta64" => Ok(Self::Timedelta64(unit)),
                _ => Err(unknown()),
            };
        }
        Self::NUMERIC.into_iter().find(|dtype| dtype.name() == text).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        let times = TimeUnit::ALL.into_iter().flat_map(|unit| [DType::Datetime64(unit), DType::Timedelta64(unit)]);
        for dtype in DType::NUMERIC.into_iter().chain(times) {
            assert_eq!(dtype.to_string().parse::<DType>().unwrap(), dtype);
        }
        assert!("float8".parse::<DType>().is_err());
        assert!("datetime64[x]".parse::<DType>().is_err());
        assert!("int64[s]".parse::<DType>().is_err());
    }
}
