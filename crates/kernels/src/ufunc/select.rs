//! Loops that choose among their operands.

use crate::dtype::DType;
use crate::isa::Loop;
use crate::scalar::NAT;
use crate::ufunc::compare::Value;
use crate::ufunc::loops::{each_type, map};
use crate::{Complex, f16};

/// `b` where `a` is true, else `c`; keyed by the dtype of `b` and `c`.
pub(crate) fn choose(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F64 => Some(map!(wide |a: bool, b: f64, c: f64| -> f64 { if a { b } else { c } })),
        DType::F32 => Some(map!(wide |a: bool, b: f32, c: f32| -> f32 { if a { b } else { c } })),
        _ => each_type!(dtype, T, |a: bool, b: T, c: T| -> T { if a { b } else { c } }),
    }
}

macro_rules! extreme {
    ($($(#[$doc:meta])* $name:ident, |$a:ident, $b:ident| $first:expr, $nan:ident, |$x:ident, $y:ident| $time:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(dtype: DType) -> Option<Loop> {
            match dtype {
                DType::Datetime64(_) | DType::Timedelta64(_) => Some(map!(plain |$x: i64, $y: i64| -> i64 { $time })),
                DType::F32 => Some(map!(wide |$a: f32, $b: f32| -> f32 { if $first || $nan.nan() { $a } else { $b } })),
                DType::F64 => Some(map!(wide |$a: f64, $b: f64| -> f64 { if $first || $nan.nan() { $a } else { $b } })),
                _ => each_type!(dtype, T, |$a: T, $b: T| -> T { if $first || $nan.nan() { $a } else { $b } }),
            }
        }
    )*};
}

extreme! {
    /// The greater; NaN if either is.
    maximum, |a, b| b.less_equal(a), a, |a, b| if a == NAT || b == NAT { NAT } else { a.max(b) };
    /// The smaller; NaN if either is.
    minimum, |a, b| a.less_equal(b), a, |a, b| a.min(b);
    /// The greater; NaN only if both are.
    fmax, |a, b| b.less_equal(a), b, |a, b| a.max(b);
    /// The smaller; NaN only if both are.
    fmin, |a, b| a.less_equal(b), b, |a, b| if a == NAT { b } else if b == NAT { a } else { a.min(b) };
}

/// `a` within `[b, c]`: `minimum(c, maximum(a, b))`.
pub(crate) fn clip(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::Datetime64(_) | DType::Timedelta64(_) => Some(map!(plain |a: i64, b: i64, c: i64| -> i64 {
            if a == NAT || b == NAT || c == NAT { NAT } else { a.max(b).min(c) }
        })),
        DType::F64 => Some(map!(wide |a: f64, b: f64, c: f64| -> f64 { clipped(a, b, c) })),
        DType::F32 => Some(map!(wide |a: f32, b: f32, c: f32| -> f32 { clipped(a, b, c) })),
        _ => each_type!(dtype, T, |a: T, b: T, c: T| -> T { clipped(a, b, c) }),
    }
}

#[inline(always)]
fn clipped<T: Value>(a: T, low: T, high: T) -> T {
    let raised = if low.less_equal(a) || a.nan() { a } else { low };
    if raised.less_equal(high) || raised.nan() { raised } else { high }
}

/// `a`, or the given values for NaN, infinity and minus infinity; of integers `a`.
pub(crate) fn nan_to_num(dtype: DType) -> Option<Loop> {
    use crate::ufunc::loops::{input, output};
    macro_rules! body {
        ($name:ident, $T:ty, |$a:ident, $nan:ident, $high:ident, $low:ident| $body:expr) => {{
            struct $name;
            impl crate::isa::Body for $name {
                #[inline(always)]
                unsafe fn run(ports: &crate::isa::Ports) {
                    // SAFETY: the caller's promise.
                    let (a, nan) = unsafe { (input::<$T>(ports, 0), input::<$T>(ports, 1)) };
                    // SAFETY: the caller's promise.
                    let (high, low, result) =
                        unsafe { (input::<$T>(ports, 2), input::<$T>(ports, 3), output::<$T>(ports)) };
                    for ((((result, a), nan), high), low) in result.iter_mut().zip(a).zip(nan).zip(high).zip(low) {
                        let ($a, $nan, $high, $low) = (*a, *nan, *high, *low);
                        *result = $body;
                    }
                }
            }
            Some(crate::isa::single::<$name>())
        }};
    }
    macro_rules! replaced {
        ($a:expr, $nan:expr, $high:expr, $low:expr) => {{
            let value = if $a.is_nan() { $nan } else { $a };
            if $a.is_infinite() { if $a.is_sign_negative() { $low } else { $high } } else { value }
        }};
    }
    match dtype {
        DType::F16 => body!(Half, f16, |a, nan, high, low| replaced!(a, nan, high, low)),
        DType::F32 => body!(Single, f32, |a, nan, high, low| replaced!(a, nan, high, low)),
        DType::F64 => body!(Double, f64, |a, nan, high, low| replaced!(a, nan, high, low)),
        DType::C64 => body!(SinglePair, Complex<f32>, |a, nan, high, low| Complex::new(
            replaced!(a.re, nan.re, high.re, low.re),
            replaced!(a.im, nan.re, high.re, low.re)
        )),
        DType::C128 => body!(DoublePair, Complex<f64>, |a, nan, high, low| Complex::new(
            replaced!(a.re, nan.re, high.re, low.re),
            replaced!(a.im, nan.re, high.re, low.re)
        )),
        _ => each_type!(dtype, T, |a: T| -> T { a }),
    }
}
