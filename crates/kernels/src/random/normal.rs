//! Normal and exponential numbers.
//!
//! Both are direct transforms of a fixed number of draws, so that an element never depends on its neighbours' luck.
//! Normal numbers: G. Box, M. Muller, "A note on the generation of random normal deviates", 1958; the two elements of a
//! block share its two draws. The elementary functions are polynomials without branches, evaluated with fused
//! multiply-add: they vectorise, and give the same bits on every machine.

use super::philox::{Each, Key, Transform, fill};
use super::uniform::{open_unit, unit};

/// A pair of standard normal numbers. The largest that 53 bits can give is 8.65.
struct BoxMuller<F>(F);

impl<T: Copy + Default, F: Fn(f64) -> T> Transform for BoxMuller<F> {
    type Output = T;
    #[inline(always)]
    fn pair(&self, even: u64, odd: u64) -> (T, T) {
        let radius = (-2.0 * ln(open_unit(even))).sqrt();
        let (sin, cos) = sin_cos_turns(unit(odd));
        ((self.0)(radius * cos), (self.0)(radius * sin))
    }
}

/// Elements `start ..` of an array of normal numbers with mean `loc` and standard deviation `scale`.
pub fn fill_normal_f64(key: Key, start: u64, loc: f64, scale: f64, out: &mut [f64]) {
    fill(key, start, &BoxMuller(|z| loc + scale * z), out);
}

/// [`fill_normal_f64`] rounded to f32.
pub fn fill_normal_f32(key: Key, start: u64, loc: f64, scale: f64, out: &mut [f32]) {
    fill(key, start, &BoxMuller(|z| (loc + scale * z) as f32), out);
}

/// Elements `start ..` of an array of exponential numbers with mean `scale`: `-scale * ln(u)`, at most 37.4 `scale`.
pub fn fill_exponential_f64(key: Key, start: u64, scale: f64, out: &mut [f64]) {
    fill(key, start, &Each(|bits| scale * (0.0 - ln(open_unit(bits)))), out);
}

/// [`fill_exponential_f64`] rounded to f32.
pub fn fill_exponential_f32(key: Key, start: u64, scale: f64, out: &mut [f32]) {
    fill(key, start, &Each(|bits| (scale * (0.0 - ln(open_unit(bits)))) as f32), out);
}

/// The natural logarithm of a positive normal number, within 1 ULP (the reduction and polynomial of fdlibm's `e_log.c`).
#[inline(always)]
fn ln(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    const EXPONENT: u64 = 0xFFF << 52;
    let bits = x.to_bits();
    // The exponent about sqrt(1/2), so that the significand lies in [sqrt(1/2), sqrt(2)).
    let above = bits.wrapping_sub(SQRT_HALF);
    let significand = f64::from_bits(bits.wrapping_sub(above & EXPONENT));
    // An integer below 2^52 becomes a float by the bits of 2^52; the offset keeps it positive.
    let biased = above.wrapping_add(1024 << 52) >> 52;
    let exponent = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1024.0);
    let f = significand - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = [
        1.479_819_860_511_658_6e-1,
        1.531_383_769_920_937_3e-1,
        1.818_357_216_161_805e-1,
        2.222_219_843_214_978_4e-1,
        2.857_142_874_366_239e-1,
        3.999_999_999_940_942e-1,
        6.666_666_666_666_735e-1,
    ];
    let r = polynomial(z, &series) * z;
    let half_square = 0.5 * f * f;
    let low = s * (half_square + r) + exponent * 1.908_214_929_270_587_7e-10;
    exponent * 6.931_471_803_691_238e-1 - ((half_square - low) - f)
}

/// Sine and cosine of `2 pi turns` for `turns` in [0, 1): the quadrant is taken off exactly.
#[inline(always)]
fn sin_cos_turns(turns: f64) -> (f64, f64) {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let quarters = turns * 4.0;
    let shifted = quarters + ROUND;
    let quadrant = shifted.to_bits() & 3;
    let x = (quarters - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
    let z = x * x;
    let sine = [
        1.589_690_995_211_55e-10,
        -2.505_076_025_340_686e-8,
        2.755_731_370_707_007e-6,
        -1.984_126_982_985_795e-4,
        8.333_333_333_322_49e-3,
        -1.666_666_666_666_663_2e-1,
    ];
    let cosine = [
        -1.135_964_755_778_819_5e-11,
        2.087_572_321_298_175e-9,
        -2.755_731_435_139_066_3e-7,
        2.480_158_728_947_673e-5,
        -1.388_888_888_887_411e-3,
        4.166_666_666_666_66e-2,
    ];
    let sin = (x * z).mul_add(polynomial(z, &sine), x);
    let cos = (z * z).mul_add(polynomial(z, &cosine), 1.0 - 0.5 * z);
    let (sin, cos) = if quadrant & 1 == 1 { (cos, sin) } else { (sin, cos) };
    let sign = |negative: u64, value: f64| f64::from_bits(value.to_bits() ^ negative << 63);
    (sign(quadrant >> 1, sin), sign(quadrant >> 1 ^ quadrant & 1, cos))
}

/// Horner's rule, highest power first.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = coefficients[0];
    for &coefficient in &coefficients[1..] {
        sum = sum.mul_add(x, coefficient);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::statistics::{assert_ks, assert_moments, normal_cdf};
    use super::*;

    #[test]
    fn elementary_functions_are_exact_enough() {
        for i in 1..100_000 {
            let x = f64::from(i) / 100_000.0;
            for x in [x, x * 1e-12] {
                assert!((ln(x) - x.ln()).abs() <= 2.0 * f64::EPSILON * x.ln().abs(), "ln({x})");
            }
            let (sin, cos) = sin_cos_turns(x);
            let angle = x * std::f64::consts::TAU;
            assert!((sin - angle.sin()).abs() < 1e-15, "sin of {x} turns: {sin}");
            assert!((cos - angle.cos()).abs() < 1e-15, "cos of {x} turns: {cos}");
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(sin_cos_turns(0.25), (1.0, 0.0));
        assert_eq!(sin_cos_turns(0.5).1, -1.0);
    }

    #[test]
    fn normal_numbers_follow_their_distribution() {
        let mut values = vec![0.0; 200_000];
        fill_normal_f64(Key::new(1, 0), 0, 0.0, 1.0, &mut values);
        assert_moments(&values, 0.0, 1.0);
        assert_ks(&values, normal_cdf);
        let count = values.len() as f64;
        let third = values.iter().map(|v| v.powi(3)).sum::<f64>() / count;
        let fourth = values.iter().map(|v| v.powi(4)).sum::<f64>() / count;
        assert!(third.abs() < 5.0 * (15.0 / count).sqrt(), "skewness {third}");
        assert!((fourth - 3.0).abs() < 5.0 * (96.0 / count).sqrt(), "fourth moment {fourth}");
        let beyond = values.iter().filter(|v| v.abs() > 3.0).count() as f64 / count;
        assert!((beyond - 0.002_699_8).abs() < 5.0 * (0.0027 / count).sqrt(), "{beyond} beyond three deviations");
        // The two numbers of a block are independent of each other, though they share their draws.
        let product = values.chunks_exact(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (count / 2.0);
        assert!(product.abs() < 5.0 / (count / 2.0).sqrt(), "correlation {product}");
        let squares = values.chunks_exact(2).map(|p| (p[0] * p[0] - 1.0) * (p[1] * p[1] - 1.0)).sum::<f64>();
        assert!((squares / (count / 2.0)).abs() < 5.0 * 2.0 / (count / 2.0).sqrt(), "correlation of squares");
    }

    #[test]
    fn exponential_numbers_follow_their_distribution() {
        let mut values = vec![0.0; 200_000];
        fill_exponential_f64(Key::new(4, 2), 1, 2.0, &mut values);
        assert!(values.iter().all(|&v| v >= 0.0));
        assert_moments(&values, 2.0, 4.0);
        assert_ks(&values, |x| 1.0 - (-x / 2.0).exp());
        let mut single = vec![0.0; 1000];
        fill_exponential_f32(Key::new(4, 2), 1, 2.0, &mut single);
        assert!(values.iter().zip(&single).all(|(&a, &b)| a as f32 == b));
    }
}
