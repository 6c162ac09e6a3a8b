//! One value of any dtype.

use std::fmt;

use half::f16;
use num_complex::Complex;

use crate::cast::CastFrom;
use crate::dtype::{DType, TimeUnit};
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::with_element;

/// "Not a time", the missing value of dates and durations.
pub const NAT: i64 = i64::MIN;

/// One value with its dtype.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // Named as the dtypes.
pub enum Scalar {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    F16(f16),
    F32(f32),
    F64(f64),
    C64(Complex<f32>),
    C128(Complex<f64>),
    Datetime64(i64, TimeUnit),
    Timedelta64(i64, TimeUnit),
}

/// Runs a block with the value bound, whatever its type.
macro_rules! with_value {
    ($scalar:expr, $value:ident => $body:expr) => {
        match $scalar {
            Scalar::Bool($value) => $body,
            Scalar::I8($value) => $body,
            Scalar::I16($value) => $body,
            Scalar::I32($value) => $body,
            Scalar::I64($value) | Scalar::Datetime64($value, _) | Scalar::Timedelta64($value, _) => $body,
            Scalar::U8($value) => $body,
            Scalar::U16($value) => $body,
            Scalar::U32($value) => $body,
            Scalar::U64($value) => $body,
            Scalar::F16($value) => $body,
            Scalar::F32($value) => $body,
            Scalar::F64($value) => $body,
            Scalar::C64($value) => $body,
            Scalar::C128($value) => $body,
        }
    };
}

macro_rules! from_value {
    ($($rust:ty => $variant:ident),*) => {$(
        impl From<$rust> for Scalar {
            fn from(value: $rust) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

from_value!(bool => Bool, i8 => I8, i16 => I16, i32 => I32, i64 => I64, u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    f16 => F16, f32 => F32, f64 => F64, Complex<f32> => C64, Complex<f64> => C128);

impl Scalar {
    /// The dtype.
    pub const fn dtype(&self) -> DType {
        match self {
            Self::Bool(_) => DType::Bool,
            Self::I8(_) => DType::I8,
            Self::I16(_) => DType::I16,
            Self::I32(_) => DType::I32,
            Self::I64(_) => DType::I64,
            Self::U8(_) => DType::U8,
            Self::U16(_) => DType::U16,
            Self::U32(_) => DType::U32,
            Self::U64(_) => DType::U64,
            Self::F16(_) => DType::F16,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
            Self::C64(_) => DType::C64,
            Self::C128(_) => DType::C128,
            Self::Datetime64(_, unit) => DType::Datetime64(*unit),
            Self::Timedelta64(_, unit) => DType::Timedelta64(*unit),
        }
    }

    /// The value as a Rust type, cast as `astype` does.
    pub fn to<T>(self) -> T
    where
        T: Element
            + CastFrom<bool>
            + CastFrom<i8>
            + CastFrom<i16>
            + CastFrom<i32>
            + CastFrom<i64>
            + CastFrom<u8>
            + CastFrom<u16>
            + CastFrom<u32>
            + CastFrom<u64>
            + CastFrom<f16>
            + CastFrom<f32>
            + CastFrom<f64>
            + CastFrom<Complex<f32>>
            + CastFrom<Complex<f64>>,
    {
        with_value!(self, value => T::cast_from(value))
    }

    /// A value of `dtype` held by its Rust type; the inverse of [`Scalar::to`] for `T = ` the dtype's type.
    pub fn of<T: Element + Into<Self>>(value: T, dtype: DType) -> Self {
        match (value.into(), dtype) {
            (Self::I64(value), DType::Datetime64(unit)) => Self::Datetime64(value, unit),
            (Self::I64(value), DType::Timedelta64(unit)) => Self::Timedelta64(value, unit),
            (other, _) => other,
        }
    }

    /// The value as another dtype, cast as `astype` does; dates and durations change their unit.
    pub fn cast(self, dtype: DType) -> Self {
        match (self, dtype) {
            (Self::Datetime64(value, from), DType::Datetime64(to)) => {
                Self::Datetime64(crate::time::convert_datetime(value, from, to), to)
            }
            (Self::Timedelta64(value, from), DType::Timedelta64(to)) => {
                Self::Timedelta64(crate::time::convert_timedelta(value, from, to), to)
            }
            _ => with_element!(dtype, T => Self::of(self.to::<T>(), dtype)),
        }
    }

    /// Zero of a dtype: false, 0, the epoch.
    pub fn zero(dtype: DType) -> Self {
        Self::Bool(false).cast(dtype)
    }

    /// One of a dtype.
    pub fn one(dtype: DType) -> Self {
        Self::Bool(true).cast(dtype)
    }

    /// NaN for floats and complex numbers, NaT for dates and durations; `None` where there is none.
    pub fn nan(dtype: DType) -> Option<Self> {
        match dtype {
            DType::Datetime64(unit) => Some(Self::Datetime64(NAT, unit)),
            DType::Timedelta64(unit) => Some(Self::Timedelta64(NAT, unit)),
            DType::C64 => Some(Self::C64(Complex::new(f32::NAN, f32::NAN))),
            DType::C128 => Some(Self::C128(Complex::new(f64::NAN, f64::NAN))),
            _ if dtype.is_float() => Some(Self::F64(f64::NAN).cast(dtype)),
            _ => None,
        }
    }

    /// Whether it is NaN or NaT.
    pub fn is_nan(self) -> bool {
        match self {
            Self::Datetime64(value, _) | Self::Timedelta64(value, _) => value == NAT,
            Self::F16(_) | Self::F32(_) | Self::F64(_) | Self::C64(_) | Self::C128(_) => {
                let value: Complex<f64> = self.to();
                value.re.is_nan() || value.im.is_nan()
            }
            _ => false,
        }
    }

    /// A bare Python integer as `dtype`: unlike a cast it must fit.
    ///
    /// # Errors
    /// [`KernelError::OutOfRange`] as NumPy 2's `OverflowError`.
    pub fn from_integer(value: i128, dtype: DType) -> Result<Self> {
        let range = match dtype {
            DType::I8 => i128::from(i8::MIN)..=i128::from(i8::MAX),
            DType::I16 => i128::from(i16::MIN)..=i128::from(i16::MAX),
            DType::I32 => i128::from(i32::MIN)..=i128::from(i32::MAX),
            DType::I64 | DType::Datetime64(_) | DType::Timedelta64(_) => i128::from(i64::MIN)..=i128::from(i64::MAX),
            DType::U8 => 0..=i128::from(u8::MAX),
            DType::U16 => 0..=i128::from(u16::MAX),
            DType::U32 => 0..=i128::from(u32::MAX),
            DType::U64 => 0..=i128::from(u64::MAX),
            DType::Bool => return Ok(Self::Bool(value != 0)),
            _ => return Ok(Self::F64(value as f64).cast(dtype)),
        };
        if !range.contains(&value) {
            return Err(KernelError::OutOfRange { value, dtype });
        }
        Ok(if dtype == DType::U64 { Self::U64(value as u64) } else { Self::I64(value as i64).cast(dtype) })
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datetime64(NAT, _) | Self::Timedelta64(NAT, _) => f.write_str("NaT"),
            Self::Datetime64(value, unit) => f.write_str(&crate::time::format_datetime(*value, *unit)),
            Self::Timedelta64(value, unit) => write!(f, "{value}{}", unit.symbol()),
            Self::C64(value) => write!(f, "{value}"),
            Self::C128(value) => write!(f, "{value}"),
            other => with_value!(*other, value => write!(f, "{value}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_cast() {
        assert_eq!(Scalar::F64(-1.5).cast(DType::U8), Scalar::U8(255));
        assert_eq!(Scalar::I64(3).cast(DType::Timedelta64(TimeUnit::Day)), Scalar::Timedelta64(3, TimeUnit::Day));
        assert_eq!(
            Scalar::Timedelta64(2, TimeUnit::Day).cast(DType::Timedelta64(TimeUnit::Hour)),
            Scalar::Timedelta64(48, TimeUnit::Hour)
        );
        for dtype in DType::NUMERIC {
            assert_eq!(Scalar::zero(dtype).dtype(), dtype);
            assert_eq!(Scalar::one(dtype).to::<i64>(), 1);
            assert_eq!(Scalar::nan(dtype).is_some_and(Scalar::is_nan), dtype.has_nan());
        }
    }

    #[test]
    fn bare_integers_must_fit() {
        assert_eq!(Scalar::from_integer(255, DType::U8), Ok(Scalar::U8(255)));
        let error = Scalar::from_integer(300, DType::U8).unwrap_err();
        assert_eq!(error.to_string(), "integer 300 is out of bounds for uint8");
        assert_eq!(Scalar::from_integer(1 << 63, DType::U64), Ok(Scalar::U64(1 << 63)));
    }
}
