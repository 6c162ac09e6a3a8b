//! NumPy 2's rules: which dtype holds the values of two, what a bare Python number becomes beside an array, and which casts keep
//! values. Source: NEP 50 and NumPy's `promote_types`.

use crate::dtype::{DType, Kind, TimeUnit};
use crate::error::{KernelError, Result};

/// What stands beside another in an operation: an array's dtype, or a bare number that gives way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// An array, or a scalar with a dtype of its own.
    Dtype(DType),
    /// A bare truth value.
    WeakBool,
    /// A bare integer.
    WeakInt,
    /// A bare float.
    WeakFloat,
    /// A bare complex number.
    WeakComplex,
}

impl From<DType> for Operand {
    fn from(dtype: DType) -> Self {
        Self::Dtype(dtype)
    }
}

impl Operand {
    /// The dtype it takes when nothing else decides: `int64`, `float64`, `complex128`.
    pub const fn default_dtype(self) -> DType {
        match self {
            Self::Dtype(dtype) => dtype,
            Self::WeakBool => DType::Bool,
            Self::WeakInt => DType::I64,
            Self::WeakFloat => DType::F64,
            Self::WeakComplex => DType::C128,
        }
    }
}

/// The finer of two units. Durations in years or months do not mix with others, since their length varies.
fn common_unit(left: TimeUnit, right: TimeUnit, both_durations: bool) -> Option<TimeUnit> {
    let calendar = |unit: TimeUnit| unit.nanoseconds().is_none();
    (!both_durations || calendar(left) == calendar(right)).then(|| left.max(right))
}

/// The smallest dtype that holds the values of both.
///
/// # Errors
/// [`KernelError::Promotion`] where NumPy has none: numbers with dates, floats or `uint64` with durations, years with days.
pub fn promote(left: DType, right: DType) -> Result<DType> {
    use DType::*;
    if left == right {
        return Ok(left);
    }
    let none = || KernelError::Promotion { left, right };
    let (low, high) = if left.kind() <= right.kind() { (left, right) } else { (right, left) };
    Ok(match (low.kind(), high.kind()) {
        (Kind::Bool, Kind::Datetime) => return Err(none()),
        (Kind::Bool, _) => high,
        (Kind::Unsigned, Kind::Unsigned)
        | (Kind::Signed, Kind::Signed)
        | (Kind::Float, Kind::Float)
        | (Kind::Complex, Kind::Complex) => wider(left, right),
        (Kind::Unsigned, Kind::Signed) => match (low, high) {
            (U8, I8) => I16,
            (U8, _) => high,
            (U16, I8 | I16) => I32,
            (U16, _) => high,
            (U32, _) => I64,
            _ => F64,
        },
        (Kind::Unsigned | Kind::Signed, Kind::Float) => wider(float_for(low), high),
        (Kind::Unsigned | Kind::Signed | Kind::Float, Kind::Complex) => {
            if wider(float_for(low), high.real()) == F64 {
                C128
            } else {
                C64
            }
        }
        (Kind::Unsigned | Kind::Signed, Kind::Timedelta) if low != U64 => high,
        (Kind::Timedelta, Kind::Timedelta) | (Kind::Timedelta | Kind::Datetime, Kind::Datetime) => {
            let units = low.time_unit().zip(high.time_unit());
            let durations = high.kind() == Kind::Timedelta;
            let unit = units.and_then(|(a, b)| common_unit(a, b, durations)).ok_or_else(none)?;
            if durations { Timedelta64(unit) } else { Datetime64(unit) }
        }
        _ => return Err(none()),
    })
}

const fn wider(left: DType, right: DType) -> DType {
    if left.item_size() >= right.item_size() { left } else { right }
}

/// The smallest float that holds the values of a number: `float16` for one byte, `float32` for two, `float64` beyond.
pub const fn float_for(dtype: DType) -> DType {
    match dtype {
        DType::Bool | DType::I8 | DType::U8 | DType::F16 => DType::F16,
        DType::I16 | DType::U16 | DType::F32 => DType::F32,
        DType::C64 | DType::C128 => dtype,
        _ => DType::F64,
    }
}

/// The common dtype of several operands; bare numbers take the dtype of the others unless their kind is higher.
///
/// # Errors
/// As [`promote`]; also when there is no operand.
pub fn result_dtype(operands: &[Operand]) -> Result<DType> {
    let mut strong: Option<DType> = None;
    let mut weak: Option<Operand> = None;
    for operand in operands {
        match operand {
            Operand::Dtype(dtype) => strong = Some(strong.map_or(Ok(*dtype), |so_far| promote(so_far, *dtype))?),
            other => {
                let higher = weak.is_none_or(|so_far| so_far.default_dtype().kind() < other.default_dtype().kind());
                weak = if higher { Some(*other) } else { weak };
            }
        }
    }
    match (strong, weak) {
        (Some(dtype), None) => Ok(dtype),
        (None, Some(weak)) => Ok(weak.default_dtype()),
        (Some(dtype), Some(weak)) => weak_beside(weak, dtype),
        (None, None) => Err(KernelError::invalid("at least one array or scalar is required to find a result dtype")),
    }
}

/// The dtype of a bare number beside an array of `dtype`.
fn weak_beside(weak: Operand, dtype: DType) -> Result<DType> {
    let none = || KernelError::Promotion { left: dtype, right: weak.default_dtype() };
    match weak {
        Operand::Dtype(other) => promote(dtype, other),
        Operand::WeakBool => promote(dtype, DType::Bool),
        Operand::WeakInt => match dtype.kind() {
            Kind::Bool => Ok(DType::I64),
            Kind::Datetime => Err(none()),
            _ => Ok(dtype),
        },
        Operand::WeakFloat => match dtype.kind() {
            Kind::Bool | Kind::Unsigned | Kind::Signed => Ok(DType::F64),
            Kind::Float | Kind::Complex => Ok(dtype),
            Kind::Timedelta | Kind::Datetime => Err(none()),
        },
        Operand::WeakComplex => match dtype.kind() {
            Kind::Bool | Kind::Unsigned | Kind::Signed => Ok(DType::C128),
            Kind::Float | Kind::Complex => Ok(dtype.complex()),
            Kind::Timedelta | Kind::Datetime => Err(none()),
        },
    }
}

/// How much a cast may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Casting {
    /// Nothing changes.
    No,
    /// Every value is kept.
    Safe,
    /// Safe, or within a kind (`float64` to `float32`).
    SameKind,
    /// Anything goes; integers wrap, floats are cut.
    Unsafe,
}

/// Whether a cast is of a kind, as NumPy's `can_cast`.
pub fn can_cast(from: DType, to: DType, casting: Casting) -> bool {
    match casting {
        Casting::No => from == to,
        Casting::Safe => is_safe(from, to),
        Casting::SameKind => {
            is_safe(from, to)
                || match (from.kind(), to.kind()) {
                    (Kind::Unsigned | Kind::Signed, Kind::Timedelta) => true,
                    (Kind::Timedelta, Kind::Timedelta) | (Kind::Datetime, Kind::Datetime) => promote(from, to).is_ok(),
                    (Kind::Timedelta | Kind::Datetime, _) | (_, Kind::Timedelta | Kind::Datetime) => false,
                    (low, high) => low <= high,
                }
        }
        Casting::Unsafe => true,
    }
}

fn is_safe(from: DType, to: DType) -> bool {
    // NumPy calls int64 and uint64 to float64 safe, although the last digits go: so does promotion.
    promote(from, to) == Ok(to) && !(from.kind() == Kind::Timedelta && to.kind() == Kind::Datetime)
}

#[cfg(test)]
mod tests {
    use super::DType::*;
    use super::*;

    #[test]
    fn numbers_promote_as_in_numpy() {
        for (left, right, expected) in [
            (U8, I8, I16),
            (U16, I8, I32),
            (U32, I32, I64),
            (U64, I8, F64),
            (U8, I64, I64),
            (Bool, I8, I8),
            (I8, F16, F16),
            (I16, F16, F32),
            (I32, F32, F64),
            (U16, F32, F32),
            (I16, C64, C64),
            (I32, C64, C128),
            (F64, C64, C128),
            (F16, C64, C64),
            (F32, F64, F64),
        ] {
            assert_eq!(promote(left, right), Ok(expected), "{left} {right}");
            assert_eq!(promote(right, left), Ok(expected), "{right} {left}");
        }
    }

    #[test]
    fn times_promote_to_the_finer_unit() {
        use TimeUnit::*;
        assert_eq!(promote(Timedelta64(Second), Datetime64(Day)), Ok(Datetime64(Second)));
        assert_eq!(promote(Timedelta64(Week), Timedelta64(Day)), Ok(Timedelta64(Day)));
        assert_eq!(promote(Datetime64(Month), Datetime64(Week)), Ok(Datetime64(Week)));
        assert_eq!(promote(I32, Timedelta64(Day)), Ok(Timedelta64(Day)));
        for (left, right) in [
            (Timedelta64(Year), Timedelta64(Day)),
            (F64, Timedelta64(Day)),
            (U64, Timedelta64(Day)),
            (I64, Datetime64(Day)),
            (Bool, Datetime64(Day)),
        ] {
            assert!(promote(left, right).is_err(), "{left} {right}");
        }
    }

    #[test]
    fn bare_numbers_give_way() {
        use Operand::*;
        assert_eq!(result_dtype(&[Dtype(U8), WeakInt]), Ok(U8));
        assert_eq!(result_dtype(&[WeakFloat, Dtype(F16)]), Ok(F16));
        assert_eq!(result_dtype(&[WeakFloat, Dtype(I8)]), Ok(F64));
        assert_eq!(result_dtype(&[WeakComplex, Dtype(F32)]), Ok(C64));
        assert_eq!(result_dtype(&[WeakInt, Dtype(Bool)]), Ok(I64));
        assert_eq!(result_dtype(&[WeakInt, WeakFloat]), Ok(F64));
        assert!(result_dtype(&[]).is_err());
    }

    #[test]
    fn casts_have_kinds() {
        assert!(can_cast(I32, F64, Casting::Safe) && !can_cast(I32, F32, Casting::Safe));
        assert!(can_cast(F64, F32, Casting::SameKind) && !can_cast(F64, I64, Casting::SameKind));
        assert!(can_cast(I64, U8, Casting::Unsafe) && !can_cast(I64, U8, Casting::SameKind));
        assert!(can_cast(I64, F64, Casting::Safe));
    }
}
