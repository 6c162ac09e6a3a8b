//! Elements as integers of the same order.

use half::f16;
use num_complex::Complex;

use super::key_order::Key;
use crate::element::Element;

/// An element type with keys. NaN has the largest key of its type. `time` says that `i64` elements are dates or durations, whose
/// smallest number is NaT.
pub trait Sortable: Element {
    /// Keys compare as elements do.
    type Key: Key;
    /// The key; minus zero and zero have different ones.
    fn exact_key(self, time: bool) -> Self::Key;
    /// The element of an exact key; every NaN becomes the usual one.
    fn of_key(key: Self::Key, time: bool) -> Self;
    /// The key; minus zero and zero share one.
    #[inline(always)]
    fn key(self, time: bool) -> Self::Key {
        self.exact_key(time)
    }
    /// Whether the element is NaN or NaT.
    #[inline(always)]
    fn is_nan(self, time: bool) -> bool {
        let _ = time;
        false
    }
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl Sortable for $type {
            type Key = $type;
            #[inline(always)]
            fn exact_key(self, _: bool) -> $type {
                self
            }
            #[inline(always)]
            fn of_key(key: $type, _: bool) -> Self {
                key
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64);

macro_rules! signed {
    ($($type:ty, $key:ty;)*) => {$(
        impl Sortable for $type {
            type Key = $key;
            #[inline(always)]
            fn exact_key(self, _: bool) -> $key {
                self as $key ^ (1 << (<$key>::BITS - 1))
            }
            #[inline(always)]
            fn of_key(key: $key, _: bool) -> Self {
                (key ^ (1 << (<$key>::BITS - 1))) as $type
            }
        }
    )*};
}
signed! {
    i8, u8;
    i16, u16;
    i32, u32;
}

impl Sortable for i64 {
    type Key = u64;
    #[inline(always)]
    fn exact_key(self, time: bool) -> u64 {
        // One less where NaT is to wrap to the end.
        (self as u64 ^ (1 << 63)).wrapping_sub(u64::from(time))
    }
    #[inline(always)]
    fn of_key(key: u64, time: bool) -> Self {
        (key.wrapping_add(u64::from(time)) ^ (1 << 63)) as Self
    }
    #[inline(always)]
    fn is_nan(self, time: bool) -> bool {
        time && self == Self::MIN
    }
}

impl Sortable for bool {
    type Key = u8;
    #[inline(always)]
    fn exact_key(self, _: bool) -> u8 {
        u8::from(self)
    }
    #[inline(always)]
    fn of_key(key: u8, _: bool) -> Self {
        key != 0
    }
}

macro_rules! floats {
    ($($type:ty, $key:ty, $zero:expr;)*) => {$(
        impl Sortable for $type {
            type Key = $key;
            #[inline(always)]
            fn exact_key(self, _: bool) -> $key {
                const SIGN: $key = 1 << (<$key>::BITS - 1);
                let bits = self.to_bits();
                let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
                if self.is_nan() { <$key>::MAX } else { ordered }
            }
            #[inline(always)]
            fn of_key(key: $key, _: bool) -> Self {
                const SIGN: $key = 1 << (<$key>::BITS - 1);
                if key == <$key>::MAX {
                    return <$type>::NAN;
                }
                <$type>::from_bits(if key & SIGN != 0 { key ^ SIGN } else { !key })
            }
            #[inline(always)]
            fn key(self, time: bool) -> $key {
                (if self == $zero { $zero } else { self }).exact_key(time)
            }
            #[inline(always)]
            fn is_nan(self, _: bool) -> bool {
                self.is_nan()
            }
        }
    )*};
}
floats! {
    f16, u16, f16::ZERO;
    f32, u32, 0.0;
    f64, u64, 0.0;
}

/// The key of a complex number: first which of its parts are NaN (none, the imaginary, the real, both), then the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ComplexKey {
    nan_parts: u8,
    re: u64,
    im: u64,
}

impl ComplexKey {
    /// The key whose order is reversed.
    pub(super) fn reversed(self) -> Self {
        Self { nan_parts: 3 - self.nan_parts, re: !self.re, im: !self.im }
    }
}

macro_rules! complex {
    ($($real:ty),*) => {$(
        impl Sortable for Complex<$real> {
            type Key = ComplexKey;
            #[inline(always)]
            fn exact_key(self, time: bool) -> ComplexKey {
                let nan_parts = u8::from(self.re.is_nan()) * 2 + u8::from(self.im.is_nan());
                ComplexKey { nan_parts, re: self.re.exact_key(time).into(), im: self.im.exact_key(time).into() }
            }
            #[inline(always)]
            fn of_key(key: ComplexKey, time: bool) -> Self {
                Complex::new(<$real>::of_key(key.re as _, time), <$real>::of_key(key.im as _, time))
            }
            #[inline(always)]
            fn key(self, time: bool) -> ComplexKey {
                let nan_parts = u8::from(self.re.is_nan()) * 2 + u8::from(self.im.is_nan());
                ComplexKey { nan_parts, re: self.re.key(time).into(), im: self.im.key(time).into() }
            }
            #[inline(always)]
            fn is_nan(self, _: bool) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }
        }
    )*};
}
complex!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending<T: Sortable>(values: &[T], time: bool) {
        for pair in values.windows(2) {
            assert!(pair[0].exact_key(time) < pair[1].exact_key(time), "{pair:?}");
        }
        for value in values {
            let back = T::of_key(value.exact_key(time), time);
            assert!(back == *value || (back.is_nan(time) && value.is_nan(time)));
        }
    }

    #[test]
    fn keys_have_the_order_of_elements() {
        ascending(
            &[f64::NEG_INFINITY, -1.5, -f64::MIN_POSITIVE, -0.0, 0.0, 1e-300, 2.0, f64::INFINITY, f64::NAN],
            false,
        );
        ascending(&[f32::NEG_INFINITY, -1.5, -0.0, 0.0, 2.0, f32::INFINITY, -f32::NAN], false);
        ascending(&[-2.0, -0.5, 0.25, 1000.0].map(f16::from_f32), false);
        ascending(&[i64::MIN, -1, 0, 1, i64::MAX], false);
        ascending(&[i64::MIN + 1, -1, 0, 1, i64::MAX, i64::MIN], true);
        ascending(&[i8::MIN, -1, 0, i8::MAX], false);
        ascending(&[false, true], false);
        let nan = f64::NAN;
        let complex = [(1.0, 5.0), (2.0, -1.0), (2.0, 3.0), (1.0, nan), (2.0, nan), (nan, 0.0), (nan, 1.0), (nan, nan)];
        ascending(&complex.map(|(re, im)| Complex::new(re, im)), false);
        assert_eq!((-0.0_f64).key(false), 0.0_f64.key(false));
        assert_eq!(Complex::new(-0.0_f32, 0.0).key(false), Complex::new(0.0_f32, -0.0).key(false));
        assert_eq!((-f64::NAN).exact_key(false), u64::MAX);
    }
}
