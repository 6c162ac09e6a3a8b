//! Loops on the bits of integers and booleans. Shifts by the width or more give 0, or -1 for negative numbers to the right.

use crate::dtype::DType;
use crate::isa::Loop;
use crate::ufunc::loops::{integers, map, signed, unsigned};

/// `a & b`.
pub(crate) fn bitwise_and(dtype: DType) -> Option<Loop> {
    if dtype == DType::Bool {
        return Some(map!(plain |a: bool, b: bool| -> bool { a & b }));
    }
    integers!(dtype, T, |a: T, b: T| -> T { a & b })
}

/// `a | b`.
pub(crate) fn bitwise_or(dtype: DType) -> Option<Loop> {
    if dtype == DType::Bool {
        return Some(map!(plain |a: bool, b: bool| -> bool { a | b }));
    }
    integers!(dtype, T, |a: T, b: T| -> T { a | b })
}

/// `a ^ b`.
pub(crate) fn bitwise_xor(dtype: DType) -> Option<Loop> {
    if dtype == DType::Bool {
        return Some(map!(plain |a: bool, b: bool| -> bool { a ^ b }));
    }
    integers!(dtype, T, |a: T, b: T| -> T { a ^ b })
}

/// All bits turned; `not` of a boolean.
pub(crate) fn invert(dtype: DType) -> Option<Loop> {
    if dtype == DType::Bool {
        return Some(map!(plain |a: bool| -> bool { !a }));
    }
    integers!(dtype, T, |a: T| -> T { !a })
}

/// `a << b`.
pub(crate) fn left_shift(dtype: DType) -> Option<Loop> {
    integers!(dtype, T, |a: T, b: T| -> T { if (b as u64) < u64::from(T::BITS) { a << b } else { 0 } })
}

/// `a >> b`, keeping the sign.
pub(crate) fn right_shift(dtype: DType) -> Option<Loop> {
    signed!(dtype, T, |a: T, b: T| -> T { if (b as u64) < u64::from(T::BITS) { a >> b } else { a >> (T::BITS - 1) } })
        .or_else(|| unsigned!(dtype, T, |a: T, b: T| -> T { if (b as u64) < u64::from(T::BITS) { a >> b } else { 0 } }))
}

/// The number of ones in `|a|`.
pub(crate) fn bitwise_count(dtype: DType) -> Option<Loop> {
    signed!(dtype, T, |a: T| -> u8 { a.unsigned_abs().count_ones() as u8 })
        .or_else(|| unsigned!(dtype, T, |a: T| -> u8 { a.count_ones() as u8 }))
}
