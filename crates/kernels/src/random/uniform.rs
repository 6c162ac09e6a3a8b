//! Uniform numbers: floating-point in an interval, and integers.

use super::philox::{Each, Key, fill};

/// 2^-53: the distance of the numbers that `random` can give for f64.
const STEP_F64: f64 = 1.0 / (1_u64 << 53) as f64;
/// 2^-24, the same for f32.
const STEP_F32: f32 = 1.0 / (1_u32 << 24) as f32;

/// A float in [0, 1) from the upper 53 bits of a draw.
#[inline(always)]
pub(super) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * STEP_F64
}

/// A float in (0, 1] from the upper 53 bits of a draw, symmetric about one half: its logarithm is finite.
#[inline(always)]
pub(super) fn open_unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * STEP_F64
}

/// Elements `start ..` of an array uniform in [0, 1): multiples of 2^-53.
pub fn fill_random_f64(key: Key, start: u64, out: &mut [f64]) {
    fill(key, start, &Each(unit), out);
}

/// Elements `start ..` of an array uniform in [0, 1): multiples of 2^-24.
pub fn fill_random_f32(key: Key, start: u64, out: &mut [f32]) {
    fill(key, start, &Each(|bits: u64| (bits >> 40) as f32 * STEP_F32), out);
}

/// Elements `start ..` of an array uniform in [`low`, `high`), `low + (high - low) * random`; rounding may give `high`.
pub fn fill_uniform_f64(key: Key, start: u64, low: f64, high: f64, out: &mut [f64]) {
    let width = high - low;
    fill(key, start, &Each(|bits| low + width * unit(bits)), out);
}

/// [`fill_uniform_f64`] rounded to f32.
pub fn fill_uniform_f32(key: Key, start: u64, low: f64, high: f64, out: &mut [f32]) {
    let width = high - low;
    fill(key, start, &Each(|bits| (low + width * unit(bits)) as f32), out);
}

/// An integer type that [`fill_integers`] can give.
pub trait RandomInteger: Copy + Default {
    /// The low bits of `value`.
    fn truncate(value: u64) -> Self;
}

macro_rules! random_integer {
    ($($type:ty),*) => {$(
        impl RandomInteger for $type {
            #[inline(always)]
            fn truncate(value: u64) -> Self {
                value as $type
            }
        }
    )*};
}
random_integer!(i8, i16, i32, i64, u8, u16, u32, u64);

/// `floor(bits * count / 2^64)`, for `count` of zero `bits` itself: a number below `count`, or any (Lemire, "Fast random
/// integer generation in an interval", 2019). Without the rejection step no number's probability is off by more than 2^-64.
#[inline(always)]
pub(super) fn below(bits: u64, count: u64) -> u64 {
    let product = (u128::from(bits) * u128::from(count)) >> 64;
    if count == 0 { bits } else { product as u64 }
}

/// Elements `start ..` of an array of integers: `low` plus one of `count` equally likely numbers (zero stands for 2^64).
/// `low` is given by its 64 bits; the sum wraps and is cut to the width of `T`. The bias of one number is at most 2^-64.
pub fn fill_integers<T: RandomInteger>(key: Key, start: u64, low: u64, count: u64, out: &mut [T]) {
    fill(key, start, &Each(|bits| T::truncate(low.wrapping_add(below(bits, count)))), out);
}

#[cfg(test)]
mod tests {
    use super::super::statistics::{assert_chi_square, assert_ks, assert_moments};
    use super::*;

    #[test]
    fn random_is_uniform() {
        let mut values = vec![0.0; 200_000];
        fill_random_f64(Key::new(11, 0), 0, &mut values);
        assert!(values.iter().all(|v| (0.0..1.0).contains(v)));
        assert_moments(&values, 0.5, 1.0 / 12.0);
        assert_ks(&values, |x| x);
        let mut single = vec![0.0; 200_000];
        fill_random_f32(Key::new(11, 0), 0, &mut single);
        assert!(single.iter().all(|v| (0.0..1.0).contains(v)));
        assert_ks(&single.iter().map(|&v| f64::from(v)).collect::<Vec<_>>(), |x| x);
    }

    /// Neighbours, which share a block, and elements a tile apart are independent: pairs fall evenly into cells.
    #[test]
    fn pairs_are_independent() {
        let mut values = vec![0.0; 160_000];
        fill_random_f64(Key::new(5, 9), 0, &mut values);
        for distance in [1, 2, 512] {
            let mut cells = vec![0_u64; 64];
            for pair in values.windows(distance + 1).step_by(distance + 1) {
                cells[(pair[0] * 8.0) as usize * 8 + (pair[distance] * 8.0) as usize] += 1;
            }
            assert_chi_square(&cells, &[1.0 / 64.0; 64]);
        }
    }

    #[test]
    fn uniform_is_within_its_bounds() {
        let mut values = vec![0.0; 100_000];
        fill_uniform_f64(Key::new(2, 0), 10, -3.0, 5.0, &mut values);
        assert_moments(&values, 1.0, 64.0 / 12.0);
        assert!(values.iter().all(|v| (-3.0..=5.0).contains(v)));
        let mut single = vec![0.0; 100_000];
        fill_uniform_f32(Key::new(2, 0), 10, -3.0, 5.0, &mut single);
        assert!(values.iter().zip(&single).all(|(&a, &b)| a as f32 == b));
    }

    #[test]
    fn integers_are_equally_likely() {
        let mut values = vec![0_i16; 140_000];
        fill_integers(Key::new(3, 1), 5, (-3_i64) as u64, 7, &mut values);
        let mut counts = [0; 7];
        for value in values {
            counts[(value + 3) as usize] += 1;
        }
        assert_chi_square(&counts, &[1.0 / 7.0; 7]);
    }

    #[test]
    fn integers_over_the_whole_range() {
        let key = Key::new(3, 1);
        let mut values = [0_u64; 5];
        fill_integers(key, 0, 0, 0, &mut values);
        assert_eq!(values, [key.draw(0), key.draw(1), key.draw(2), key.draw(3), key.draw(4)]);
        let mut one = [0_i64; 3];
        fill_integers(key, 0, i64::MIN as u64, 1, &mut one);
        assert_eq!(one, [i64::MIN; 3]);
        assert_eq!(below(u64::MAX, 10), 9);
    }
}
