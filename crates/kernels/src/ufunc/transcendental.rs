//! Loops of elementary and special functions: the vectors of [`crate::math`] for floats, `num-complex` for complex numbers.

use crate::dtype::DType;
use crate::isa::Loop;
use crate::math::{self, REDUCIBLE, special};
use crate::ufunc::loops::{Guard1, Guard2, Guarded1, Guarded2, complexes, floats, in_f64, map};
use crate::ufunc::{complex, complex_arc, complex_elementary};
use crate::{Complex, f16, isa};

macro_rules! function {
    ($($(#[$doc:meta])* $name:ident, $real:path $(, |$z:ident| $complex:expr)?;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(dtype: DType) -> Option<Loop> {
            in_f64!(wide, dtype, |a| $real(a))$(.or_else(|| complexes!(dtype, |$z| $complex)))?
        }
    )*};
}

function! {
    /// `e^a`.
    exp, math::exp, |z| complex_elementary::exp(z);
    /// `2^a`.
    exp2, math::exp2, |z| complex_elementary::exp(z * std::f64::consts::LN_2);
    /// `e^a - 1`.
    expm1, math::expm1, |z| {
        let half = (0.5 * z.im).sin();
        Complex::new(z.re.exp_m1() * z.im.cos() - 2.0 * half * half, z.re.exp() * z.im.sin())
    };
    /// The natural logarithm.
    log, math::log, |z| complex_elementary::ln(z);
    /// The logarithm to base 2.
    log2, math::log2, |z| complex_elementary::ln(z) / std::f64::consts::LN_2;
    /// The logarithm to base 10.
    log10, math::log10, |z| complex_elementary::ln(z) / std::f64::consts::LN_10;
    /// `log(1 + a)`.
    log1p, math::log1p, |z| Complex::new((z + 1.0).norm().ln(), z.im.atan2(z.re + 1.0));
    /// The cube root.
    cbrt, math::cbrt;
    /// The arc sine.
    arcsin, math::asin, |z| complex_arc::asin(z);
    /// The arc cosine.
    arccos, math::acos, |z| complex_arc::acos(z);
    /// The arc tangent.
    arctan, math::atan, |z| complex_arc::atan(z);
    /// The hyperbolic sine.
    sinh, math::sinh, |z| complex_elementary::sinh(z);
    /// The hyperbolic cosine.
    cosh, math::cosh, |z| complex_elementary::cosh(z);
    /// The hyperbolic tangent.
    tanh, math::tanh, |z| complex_elementary::tanh(z);
    /// The inverse hyperbolic sine.
    arcsinh, math::asinh, |z| complex_arc::asinh(z);
    /// The inverse hyperbolic cosine.
    arccosh, math::acosh, |z| complex_arc::acosh(z);
    /// The inverse hyperbolic tangent.
    arctanh, math::atanh, |z| complex_arc::atanh(z);
}

macro_rules! guarded_trigonometry {
    ($($(#[$doc:meta])* $name:ident, $op:ident, $quick:path, $exact:path, |$z:ident| $complex:expr;)*) => {$(
        struct $op;
        impl Guarded1<f64, f64> for $op {
            #[inline(always)]
            fn quick(a: f64) -> f64 {
                $quick(a)
            }
            #[inline(always)]
            fn is_special(a: f64) -> bool {
                a.abs() > REDUCIBLE
            }
            #[inline(always)]
            fn exact(a: f64) -> f64 {
                $exact(a)
            }
        }
        impl Guarded1<f32, f32> for $op {
            #[inline(always)]
            fn quick(a: f32) -> f32 {
                $quick(f64::from(a)) as f32
            }
            #[inline(always)]
            fn is_special(a: f32) -> bool {
                a.abs() > REDUCIBLE as f32
            }
            #[inline(always)]
            fn exact(a: f32) -> f32 {
                $exact(f64::from(a)) as f32
            }
        }
        $(#[$doc])*
        pub(crate) fn $name(dtype: DType) -> Option<Loop> {
            match dtype {
                DType::F16 => Some(map!(plain |a: f16| -> f16 { f16::from_f64($quick(f64::from(a.to_f32()))) })),
                DType::F32 => Some(isa::dispatch::<Guard1<$op, f32, f32>>()),
                DType::F64 => Some(isa::dispatch::<Guard1<$op, f64, f64>>()),
                _ => complexes!(dtype, |$z| $complex),
            }
        }
    )*};
}

guarded_trigonometry! {
    /// The sine.
    sin, Sin, math::sin, f64::sin, |z| complex_elementary::sin(z);
    /// The cosine.
    cos, Cos, math::cos, f64::cos, |z| complex_elementary::cos(z);
    /// The tangent.
    tan, Tan, math::tan, f64::tan, |z| complex_elementary::tan(z);
}

struct Power;

impl Guarded2<f64, f64> for Power {
    #[inline(always)]
    fn quick(a: f64, b: f64) -> f64 {
        math::pow(a, b)
    }
    #[inline(always)]
    fn is_special(a: f64, b: f64) -> bool {
        math::pow_is_special(a, b)
    }
    #[inline(always)]
    fn exact(a: f64, b: f64) -> f64 {
        a.powf(b)
    }
}

impl Guarded2<f32, f32> for Power {
    #[inline(always)]
    fn quick(a: f32, b: f32) -> f32 {
        math::pow(f64::from(a), f64::from(b)) as f32
    }
    #[inline(always)]
    fn is_special(a: f32, b: f32) -> bool {
        math::pow_is_special(f64::from(a), f64::from(b))
    }
    #[inline(always)]
    fn exact(a: f32, b: f32) -> f32 {
        f64::from(a).powf(f64::from(b)) as f32
    }
}

/// `a^b`. Integers wrap; a negative whole exponent of an integer gives what is left of the fraction (0, but ±1 for ±1).
pub(crate) fn power(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F16 => Some(
            map!(plain |a: f16, b: f16| -> f16 { f16::from_f64(f64::from(a.to_f32()).powf(f64::from(b.to_f32()))) }),
        ),
        DType::F32 => Some(isa::dispatch::<Guard2<Power, f32, f32>>()),
        DType::F64 => Some(isa::dispatch::<Guard2<Power, f64, f64>>()),
        DType::I8 => Some(map!(plain |a: i8, b: i8| -> i8 { integer_power(i64::from(a), i64::from(b)) as i8 })),
        DType::I16 => Some(map!(plain |a: i16, b: i16| -> i16 { integer_power(i64::from(a), i64::from(b)) as i16 })),
        DType::I32 => Some(map!(plain |a: i32, b: i32| -> i32 { integer_power(i64::from(a), i64::from(b)) as i32 })),
        DType::I64 => Some(map!(plain |a: i64, b: i64| -> i64 { integer_power(a, b) })),
        DType::U8 => Some(map!(plain |a: u8, b: u8| -> u8 { wrapping_power(u64::from(a), u64::from(b)) as u8 })),
        DType::U16 => Some(map!(plain |a: u16, b: u16| -> u16 { wrapping_power(u64::from(a), u64::from(b)) as u16 })),
        DType::U32 => Some(map!(plain |a: u32, b: u32| -> u32 { wrapping_power(u64::from(a), u64::from(b)) as u32 })),
        DType::U64 => Some(map!(plain |a: u64, b: u64| -> u64 { wrapping_power(a, b) })),
        _ => complexes!(dtype, |a, b| complex::pow(a, b)),
    }
}

/// `a^b` in floats whatever the operands.
pub(crate) fn float_power(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F64 | DType::C128 => power(dtype),
        _ => None,
    }
}

fn integer_power(a: i64, b: i64) -> i64 {
    match (a, b) {
        (_, 0..) => wrapping_power(a as u64, b as u64) as i64,
        (1, _) => 1,
        (-1, _) => {
            if b % 2 == 0 {
                1
            } else {
                -1
            }
        }
        _ => 0,
    }
}

fn wrapping_power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1u64;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    result
}

struct Hypot;

impl Guarded2<f64, f64> for Hypot {
    #[inline(always)]
    fn quick(a: f64, b: f64) -> f64 {
        a.mul_add(a, b * b).sqrt()
    }
    #[inline(always)]
    fn is_special(a: f64, b: f64) -> bool {
        let (a, b) = (a.abs(), b.abs());
        let large = if a > b { a } else { b };
        !(large < 1e150 && large > 1e-140)
    }
    #[inline(always)]
    fn exact(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }
}

/// `√(a² + b²)` without overflow.
pub(crate) fn hypot(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F64 => Some(isa::dispatch::<Guard2<Hypot, f64, f64>>()),
        _ => in_f64!(wide, dtype, |a, b| {
            let root = a.mul_add(a, b * b).sqrt();
            if a.is_infinite() || b.is_infinite() { f64::INFINITY } else { root }
        }),
    }
}

/// The angle of the point `(b, a)`.
pub(crate) fn arctan2(dtype: DType) -> Option<Loop> {
    in_f64!(wide, dtype, |a, b| math::atan2(a, b))
}

/// The square root.
pub(crate) fn sqrt(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| a.sqrt()).or_else(|| complexes!(dtype, |a| complex_elementary::sqrt(a)))
}

/// `log(e^a + e^b)` without overflow.
pub(crate) fn logaddexp(dtype: DType) -> Option<Loop> {
    in_f64!(wide, dtype, |a, b| {
        let (high, low) = if a > b { (a, b) } else { (b, a) };
        let sum = high + math::log1p(math::exp(low - high));
        let sum = if a == b { a + std::f64::consts::LN_2 } else { sum };
        if a.is_nan() || b.is_nan() { f64::NAN } else { sum }
    })
}

/// `log2(2^a + 2^b)` without overflow.
pub(crate) fn logaddexp2(dtype: DType) -> Option<Loop> {
    in_f64!(wide, dtype, |a, b| {
        let (high, low) = if a > b { (a, b) } else { (b, a) };
        let sum = high + math::log1p(math::exp2(low - high)) * std::f64::consts::LOG2_E;
        let sum = if a == b { a + 1.0 } else { sum };
        if a.is_nan() || b.is_nan() { f64::NAN } else { sum }
    })
}

/// Radians in degrees.
pub(crate) fn degrees(dtype: DType) -> Option<Loop> {
    in_f64!(wide, dtype, |a| a * (180.0 / std::f64::consts::PI))
}

/// Degrees in radians.
pub(crate) fn radians(dtype: DType) -> Option<Loop> {
    in_f64!(wide, dtype, |a| a * (std::f64::consts::PI / 180.0))
}

macro_rules! scalar_function {
    ($($(#[$doc:meta])* $name:ident, $real:path;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(dtype: DType) -> Option<Loop> {
            in_f64!(plain, dtype, |a| $real(a))
        }
    )*};
}

scalar_function! {
    /// The error function.
    erf, special::erf;
    /// One less the error function.
    erfc, special::erfc;
    /// The gamma function.
    gamma, special::gamma;
    /// The logarithm of the gamma function's magnitude.
    lgamma, special::lgamma;
    /// The logarithm of the gamma function, differentiated.
    digamma, special::digamma;
    /// The modified Bessel function of order zero.
    i0, special::i0;
}

/// The logistic function `1 / (1 + e^-a)`.
pub(crate) fn expit(dtype: DType) -> Option<Loop> {
    in_f64!(wide, dtype, |a| 1.0 / (1.0 + math::exp(-a)))
        .or_else(|| complexes!(dtype, |a| complex::divide(Complex::new(1.0, 0.0), complex_elementary::exp(-a) + 1.0)))
}

/// The magnitude as a float, also of integers.
pub(crate) fn fabs(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| a.abs())
}

/// `sin(πa) / (πa)`.
pub(crate) fn sinc(dtype: DType) -> Option<Loop> {
    in_f64!(plain, dtype, |a| special::sinc(a)).or_else(|| {
        complexes!(dtype, |a| {
            let angle = a * std::f64::consts::PI;
            if a.re == 0.0 && a.im == 0.0 {
                Complex::new(1.0, 0.0)
            } else {
                complex::divide(complex_elementary::sin(angle), angle)
            }
        })
    })
}
