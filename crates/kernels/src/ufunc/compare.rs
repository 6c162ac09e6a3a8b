//! Loops of comparisons, tests and logic; all give booleans. A comparison with NaN or NaT is false, but for `not_equal`.

use crate::dtype::DType;
use crate::isa::Loop;
use crate::scalar::NAT;
use crate::ufunc::complex;
use crate::ufunc::loops::{each_type, map};
use crate::{Complex, f16};

/// Values that have an order and a truth.
pub(crate) trait Value: Copy + 'static {
    /// `self < other`; false with NaN.
    fn less(self, other: Self) -> bool;
    /// `self <= other`; false with NaN.
    fn less_equal(self, other: Self) -> bool;
    /// Not zero; NaN is true.
    fn truth(self) -> bool;
    /// Is NaN.
    fn nan(self) -> bool;
    /// Is infinite.
    fn infinite(self) -> bool;
}

macro_rules! value {
    ($($T:ty, |$a:ident, $b:ident| $less:expr, $less_equal:expr, $truth:expr, $nan:expr, $infinite:expr;)*) => {$(
        impl Value for $T {
            #[inline(always)]
            fn less(self, other: Self) -> bool {
                let ($a, $b) = (self, other);
                $less
            }
            #[inline(always)]
            fn less_equal(self, other: Self) -> bool {
                let ($a, $b) = (self, other);
                $less_equal
            }
            #[inline(always)]
            fn truth(self) -> bool {
                let $a = self;
                $truth
            }
            #[inline(always)]
            fn nan(self) -> bool {
                let $a = self;
                let _ = $a;
                $nan
            }
            #[inline(always)]
            fn infinite(self) -> bool {
                let $a = self;
                let _ = $a;
                $infinite
            }
        }
    )*};
}

macro_rules! ordered {
    ($($T:ty),*) => {
        value! { $($T, |a, b| a < b, a <= b, a != 0, false, false;)* }
    };
}

ordered!(i8, i16, i32, i64, u8, u16, u32, u64);
value! {
    bool, |a, b| !a & b, !a | b, a, false, false;
    f32, |a, b| a < b, a <= b, a != 0.0, a.is_nan(), a.is_infinite();
    f64, |a, b| a < b, a <= b, a != 0.0, a.is_nan(), a.is_infinite();
    f16, |a, b| a.to_f32() < b.to_f32(), a.to_f32() <= b.to_f32(), a.to_f32() != 0.0, a.is_nan(), a.is_infinite();
    Complex<f32>, |a, b| less_complex(complex::widen(a), complex::widen(b)), complex_le(complex::widen(a), complex::widen(b)),
        a.re != 0.0 || a.im != 0.0, a.re.is_nan() || a.im.is_nan(), a.re.is_infinite() || a.im.is_infinite();
    Complex<f64>, |a, b| less_complex(a, b), complex_le(a, b),
        a.re != 0.0 || a.im != 0.0, a.re.is_nan() || a.im.is_nan(), a.re.is_infinite() || a.im.is_infinite();
}

#[inline(always)]
fn less_complex(a: Complex<f64>, b: Complex<f64>) -> bool {
    !complex::is_nan(a) && !complex::is_nan(b) && complex::less(a, b)
}

#[inline(always)]
fn complex_le(a: Complex<f64>, b: Complex<f64>) -> bool {
    !complex::is_nan(a) && !complex::is_nan(b) && !complex::less(b, a)
}

macro_rules! comparison {
    ($($(#[$doc:meta])* $name:ident, |$a:ident, $b:ident| $body:expr, |$time_a:ident, $time_b:ident| $time:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(dtype: DType) -> Option<Loop> {
            match dtype {
                DType::Datetime64(_) | DType::Timedelta64(_) => {
                    Some(map!(plain |$time_a: i64, $time_b: i64| -> bool { $time }))
                }
                DType::F32 => Some(map!(wide |$a: f32, $b: f32| -> bool { $body })),
                DType::F64 => Some(map!(wide |$a: f64, $b: f64| -> bool { $body })),
                _ => each_type!(dtype, T, |$a: T, $b: T| -> bool { $body }),
            }
        }
    )*};
}

comparison! {
    /// `a == b`.
    equal, |a, b| a == b, |a, b| a == b && a != NAT;
    /// `a != b`.
    not_equal, |a, b| a != b, |a, b| a != b || a == NAT;
    /// `a < b`.
    less, |a, b| a.less(b), |a, b| a < b && a != NAT;
    /// `a <= b`.
    less_equal, |a, b| a.less_equal(b), |a, b| a <= b && a != NAT;
    /// `a > b`.
    greater, |a, b| b.less(a), |a, b| a > b && b != NAT;
    /// `a >= b`.
    greater_equal, |a, b| b.less_equal(a), |a, b| a >= b && b != NAT;
}

/// Both true.
pub(crate) fn logical_and(dtype: DType) -> Option<Loop> {
    each_type!(dtype, T, |a: T, b: T| -> bool { a.truth() & b.truth() })
}

/// Either true.
pub(crate) fn logical_or(dtype: DType) -> Option<Loop> {
    each_type!(dtype, T, |a: T, b: T| -> bool { a.truth() | b.truth() })
}

/// One of them true.
pub(crate) fn logical_xor(dtype: DType) -> Option<Loop> {
    each_type!(dtype, T, |a: T, b: T| -> bool { a.truth() ^ b.truth() })
}

/// Not true.
pub(crate) fn logical_not(dtype: DType) -> Option<Loop> {
    each_type!(dtype, T, |a: T| -> bool { !a.truth() })
}

/// Is NaN or NaT.
pub(crate) fn is_nan(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::Datetime64(_) | DType::Timedelta64(_) => Some(map!(plain |a: i64| -> bool { a == NAT })),
        _ => each_type!(dtype, T, |a: T| -> bool { a.nan() }),
    }
}

/// Is infinite.
pub(crate) fn is_inf(dtype: DType) -> Option<Loop> {
    each_type!(dtype, T, |a: T| -> bool { a.infinite() })
}

/// Is neither NaN nor infinite.
pub(crate) fn is_finite(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::Datetime64(_) | DType::Timedelta64(_) => Some(map!(plain |a: i64| -> bool { a != NAT })),
        _ => each_type!(dtype, T, |a: T| -> bool { !(a.nan() | a.infinite()) }),
    }
}

/// Is NaT; dates and durations only.
pub(crate) fn is_nat(dtype: DType) -> Option<Loop> {
    if dtype.is_time() { is_nan(dtype) } else { None }
}

/// Has its sign bit set; floats only.
pub(crate) fn signbit(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F16 => Some(map!(plain |a: f16| -> bool { a.is_sign_negative() })),
        DType::F32 => Some(map!(plain |a: f32| -> bool { a.is_sign_negative() })),
        DType::F64 => Some(map!(plain |a: f64| -> bool { a.is_sign_negative() })),
        _ => None,
    }
}
