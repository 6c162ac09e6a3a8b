//! Loops of rounding and of the parts and neighbours of floats.

use crate::dtype::DType;
use crate::isa::Loop;
use crate::ufunc::loops::{complexes, floats, in_f64, integers, map};
use crate::{Complex, f16};

/// Integers and booleans are whole already.
fn whole(dtype: DType) -> Option<Loop> {
    if dtype == DType::Bool {
        return Some(map!(plain |a: bool| -> bool { a }));
    }
    integers!(dtype, T, |a: T| -> T { a })
}

/// Towards minus infinity.
pub(crate) fn floor(dtype: DType) -> Option<Loop> {
    whole(dtype).or_else(|| floats!(dtype, |a| a.floor()))
}

/// Towards infinity.
pub(crate) fn ceil(dtype: DType) -> Option<Loop> {
    whole(dtype).or_else(|| floats!(dtype, |a| a.ceil()))
}

/// Towards zero.
pub(crate) fn trunc(dtype: DType) -> Option<Loop> {
    whole(dtype).or_else(|| floats!(dtype, |a| a.trunc()))
}

/// To the nearest, halves to even.
pub(crate) fn rint(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| a.round_ties_even())
        .or_else(|| complexes!(dtype, |a| Complex::new(a.re.round_ties_even(), a.im.round_ties_even())))
}

/// As [`rint`], of integers too.
pub(crate) fn round(dtype: DType) -> Option<Loop> {
    if dtype == DType::Bool { None } else { whole(dtype) }.or_else(|| rint(dtype))
}

/// The magnitude of `a` with the sign of `b`.
pub(crate) fn copysign(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b| a.copysign(b))
}

/// The neighbour of `a` towards `b`.
pub(crate) fn nextafter(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F16 => Some(map!(plain |a: f16, b: f16| -> f16 { next_half(a, b) })),
        _ => floats!(dtype, |a, b| {
            if a.is_nan() || b.is_nan() {
                a + b
            } else if a == b {
                b
            } else if a < b {
                a.next_up()
            } else {
                a.next_down()
            }
        }),
    }
}

fn next_half(a: f16, b: f16) -> f16 {
    if a.is_nan() || b.is_nan() {
        return f16::NAN;
    }
    let (from, to) = (a.to_f32(), b.to_f32());
    if from == to {
        return b;
    }
    if from == 0.0 {
        return f16::from_bits(1 | if to < 0.0 { 0x8000 } else { 0 });
    }
    let away = (to > from) == (from > 0.0);
    f16::from_bits(if away { a.to_bits() + 1 } else { a.to_bits() - 1 })
}

/// The distance from `a` to the next float away from zero.
pub(crate) fn spacing(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F16 => Some(map!(plain |a: f16| -> f16 { half_spacing(a) })),
        _ => floats!(dtype, |a| {
            if !a.is_finite() {
                a * 0.0
            } else if a < 0.0 {
                a.next_down() - a
            } else {
                a.next_up() - a
            }
        }),
    }
}

/// As NumPy has it for `float16`: never negative, and below a negative power of two the smaller distance.
fn half_spacing(a: f16) -> f16 {
    if !a.is_finite() {
        return f16::NAN;
    }
    if a == f16::MAX {
        return f16::INFINITY;
    }
    let (exponent, mantissa) = (a.to_bits() & 0x7c00, a.to_bits() & 0x03ff);
    let shift = if mantissa == 0 && a.is_sign_negative() { 11 } else { 10 };
    f16::from_bits(match exponent >> 10 {
        place if place > shift => (place - shift) << 10,
        place if place > shift - 9 => 1 << (place + 9 - shift),
        _ => 1,
    })
}

/// `a * 2^b`, `b` an `int64`.
pub(crate) fn ldexp(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F16 => {
            Some(map!(plain |a: f16, b: i64| -> f16 { f16::from_f64(libm::ldexp(f64::from(a.to_f32()), bounded(b))) }))
        }
        DType::F32 => Some(map!(plain |a: f32, b: i64| -> f32 { libm::ldexp(f64::from(a), bounded(b)) as f32 })),
        DType::F64 => Some(map!(plain |a: f64, b: i64| -> f64 { libm::ldexp(a, bounded(b)) })),
        _ => None,
    }
}

fn bounded(exponent: i64) -> i32 {
    exponent.clamp(-10_000, 10_000) as i32
}

/// `m` of `a = m 2^e`, `1/2 <= |m| < 1`.
pub(crate) fn frexp_mantissa(dtype: DType) -> Option<Loop> {
    in_f64!(plain, dtype, |a| if a.is_finite() { libm::frexp(a).0 } else { a })
}

/// `e` of `a = m 2^e`.
pub(crate) fn frexp_exponent(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F16 => Some(map!(plain |a: f16| -> i32 { exponent(f64::from(a.to_f32())) })),
        DType::F32 => Some(map!(plain |a: f32| -> i32 { exponent(f64::from(a)) })),
        DType::F64 => Some(map!(plain |a: f64| -> i32 { exponent(a) })),
        _ => None,
    }
}

fn exponent(a: f64) -> i32 {
    if a.is_finite() { libm::frexp(a).1 } else { 0 }
}

/// The part of `a` behind the point, with its sign.
pub(crate) fn modf_fraction(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| if a.is_infinite() { 0.0 * a.signum() } else { (a - a.trunc()).copysign(a) })
}

/// 0 below zero, `b` at zero, 1 above; NaN of NaN.
pub(crate) fn heaviside(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b| {
        let step = if a > 0.0 { 1.0 } else { 0.0 };
        if a == 0.0 {
            b
        } else if a.is_nan() {
            a
        } else {
            step
        }
    })
}

/// The real part.
pub(crate) fn real(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::C64 => Some(map!(plain |a: Complex<f32>| -> f32 { a.re })),
        DType::C128 => Some(map!(plain |a: Complex<f64>| -> f64 { a.re })),
        _ => whole(dtype).or_else(|| floats!(dtype, |a| a)),
    }
}

/// The imaginary part; zero of real numbers.
pub(crate) fn imag(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::C64 => Some(map!(plain |a: Complex<f32>| -> f32 { a.im })),
        DType::C128 => Some(map!(plain |a: Complex<f64>| -> f64 { a.im })),
        DType::Bool => Some(map!(plain |_a: bool| -> bool { false })),
        _ => integers!(dtype, T, |_a: T| -> T { 0 }).or_else(|| floats!(dtype, |_a| 0.0)),
    }
}

/// The complex conjugate.
pub(crate) fn conjugate(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::Bool => None,
        _ => whole(dtype).or_else(|| floats!(dtype, |a| a)).or_else(|| complexes!(dtype, |a| a.conj())),
    }
}

/// The angle of a complex number; 0 or π of a real one.
pub(crate) fn angle(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::C64 => {
            Some(map!(plain |a: Complex<f32>| -> f32 { crate::math::atan2(f64::from(a.im), f64::from(a.re)) as f32 }))
        }
        DType::C128 => Some(map!(plain |a: Complex<f64>| -> f64 { crate::math::atan2(a.im, a.re) })),
        _ => in_f64!(plain, dtype, |a| crate::math::atan2(0.0, a)),
    }
}
