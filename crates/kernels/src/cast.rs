//! One value of any type as another, as NumPy's `astype` does it: integers wrap, floats are cut towards zero, complex numbers lose
//! their imaginary part, everything but zero is true.
//!
//! Floats that an integer cannot hold are undefined in C; here they become what x86 gives: the smallest `i32` or `i64`, then cut to
//! the narrower integer.

use half::f16;
use num_complex::Complex;

/// A type that any element of type `S` can become.
pub trait CastFrom<S> {
    /// The value as this type.
    fn cast_from(value: S) -> Self;
}

/// A float as `i64`; `i64::MIN` for NaN and what is out of range.
#[inline(always)]
pub(crate) fn float_to_i64(value: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) { value as i64 } else { i64::MIN }
}

#[inline(always)]
fn float_to_i32(value: f64) -> i32 {
    if value > -2_147_483_649.0 && value < 2_147_483_648.0 { value as i32 } else { i32::MIN }
}

#[inline(always)]
fn float_to_u64(value: f64) -> u64 {
    if value >= 9_223_372_036_854_775_808.0 {
        (float_to_i64(value - 9_223_372_036_854_775_808.0) as u64) ^ (1 << 63)
    } else {
        float_to_i64(value) as u64
    }
}

macro_rules! cast {
    ($($from:ty => [$($to:ty),*], |$value:ident| $body:expr;)*) => {$($(
        impl CastFrom<$from> for $to {
            #[inline(always)]
            fn cast_from($value: $from) -> Self {
                type Target = $to;
                let result: Target = convert!($body, Target);
                result
            }
        }
    )*)*};
}

macro_rules! convert {
    ($body:expr, $target:ident) => {
        ($body) as $target
    };
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        cast! {
            $int => [i8, i16, i32, i64, u8, u16, u32, u64, f32, f64], |value| value;
        }
        impl CastFrom<$int> for bool {
            #[inline(always)]
            fn cast_from(value: $int) -> Self {
                value != 0
            }
        }
        impl CastFrom<$int> for f16 {
            #[inline(always)]
            fn cast_from(value: $int) -> Self {
                f16::from_f64(value as f64)
            }
        }
        through_real!($int);
    )*};
}

macro_rules! through_real {
    ($($real:ty),*) => {$(
        impl CastFrom<$real> for Complex<f32> {
            #[inline(always)]
            fn cast_from(value: $real) -> Self {
                Complex::new(f32::cast_from(value), 0.0)
            }
        }
        impl CastFrom<$real> for Complex<f64> {
            #[inline(always)]
            fn cast_from(value: $real) -> Self {
                Complex::new(f64::cast_from(value), 0.0)
            }
        }
    )*};
}

macro_rules! floats {
    ($($float:ty, |$value:ident| $wide:expr;)*) => {$(
        cast! {
            $float => [i8, i16, i32, u8, u16], |$value| float_to_i32($wide);
            $float => [u32, i64], |$value| float_to_i64($wide);
            $float => [u64], |$value| float_to_u64($wide);
        }
        impl CastFrom<$float> for bool {
            #[inline(always)]
            fn cast_from($value: $float) -> Self {
                $wide != 0.0
            }
        }
        through_real!($float);
    )*};
}

macro_rules! complexes {
    ($($part:ty => [$($to:ty),*];)*) => {$(
        $(impl CastFrom<Complex<$part>> for $to {
            #[inline(always)]
            fn cast_from(value: Complex<$part>) -> Self {
                Self::cast_from(value.re)
            }
        })*
        impl CastFrom<Complex<$part>> for bool {
            #[inline(always)]
            fn cast_from(value: Complex<$part>) -> Self {
                value.re != 0.0 || value.im != 0.0
            }
        }
    )*};
}

macro_rules! simple {
    ($($from:ty => $to:ty, |$value:ident| $body:expr;)*) => {$(
        impl CastFrom<$from> for $to {
            #[inline(always)]
            fn cast_from($value: $from) -> Self {
                $body
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);
floats! {
    f16, |value| f64::from(value.to_f32());
    f32, |value| f64::from(value);
    f64, |value| value;
}
complexes! {
    f32 => [i8, i16, i32, i64, u8, u16, u32, u64, f16, f32, f64];
    f64 => [i8, i16, i32, i64, u8, u16, u32, u64, f16, f32, f64];
}
cast! {
    bool => [i8, i16, i32, i64, u8, u16, u32, u64], |value| u8::from(value);
}
simple! {
    bool => bool, |value| value;
    bool => f16, |value| if value { f16::ONE } else { f16::ZERO };
    bool => f32, |value| f32::from(u8::from(value));
    bool => f64, |value| f64::from(u8::from(value));
    f16 => f16, |value| value;
    f16 => f32, |value| value.to_f32();
    f16 => f64, |value| f64::from(value.to_f32());
    f32 => f16, |value| f16::from_f32(value);
    f32 => f32, |value| value;
    f32 => f64, |value| f64::from(value);
    f64 => f16, |value| f16::from_f64(value);
    f64 => f32, |value| value as f32;
    f64 => f64, |value| value;
    Complex<f32> => Complex<f32>, |value| value;
    Complex<f32> => Complex<f64>, |value| Complex::new(f64::from(value.re), f64::from(value.im));
    Complex<f64> => Complex<f32>, |value| Complex::new(value.re as f32, value.im as f32);
    Complex<f64> => Complex<f64>, |value| value;
}
through_real!(bool);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_wrap_and_floats_are_cut() {
        assert_eq!(u8::cast_from(-1i64), 255);
        assert_eq!(i8::cast_from(200u8), -56);
        assert_eq!(i32::cast_from(-2.9f64), -2);
        assert_eq!(u8::cast_from(-1.0f64), 255);
        assert_eq!(u8::cast_from(300.5f64), 44);
        assert_eq!(i32::cast_from(f64::NAN), i32::MIN);
        assert_eq!(i64::cast_from(1e300f64), i64::MIN);
        assert_eq!(u64::cast_from(1.0e19f64), 10_000_000_000_000_000_000);
        assert!(bool::cast_from(f64::NAN) && !bool::cast_from(-0.0f32));
        assert_eq!(f32::cast_from(Complex::new(1.5f64, 3.0)), 1.5);
        assert!(bool::cast_from(Complex::new(0.0f32, 3.0)));
        assert_eq!(f16::cast_from(70_000i32), f16::INFINITY);
    }
}
