//! Logarithms: `x = 2^k m` with `m` in `[√½, √2)`, and `log m = 2 atanh(s)`, `s = (m - 1) / (m + 1)`.

use super::{polynomial, quick_two_sum, two_product, two_sum};

const LN2_HIGH: f64 = std::f64::consts::LN_2;
const LN2_LOW: f64 = 2.319_046_813_846_299_6e-17;
/// The first 32 bits of ln 2: `k` times it is exact.
const LN2_SHORT: f64 = 0.693_147_180_369_123_8;
const LN2_SHORT_REST: f64 = 1.908_214_929_270_587_7e-10;
const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
const TWO_TO_52: f64 = 4_503_599_627_370_496.0;

/// `(2 atanh(s) - 2 s) / (s z)` in `z = s²`.
const LOG: [f64; 7] = [
    0.666_666_666_666_667,
    0.399_999_999_998_995_05,
    0.285_714_286_259_759_4,
    0.222_222_111_347_204_07,
    0.181_828_891_307_023_87,
    0.153_317_214_197_091_52,
    0.146_164_519_203_888_2,
];

/// The rest of that after its first term, 2/3.
const LOG_REST: [f64; 7] = [
    0.400_000_000_000_000_24,
    0.285_714_285_713_385_6,
    0.222_222_222_710_778_6,
    0.181_818_082_515_405_02,
    0.153_855_745_053_328_89,
    0.132_859_671_118_762_5,
    0.129_134_980_693_839_63,
];

/// `k` and `m` with `x = 2^k m`, for positive finite `x`, also subnormal.
#[inline(always)]
fn split(x: f64) -> (f64, f64) {
    let tiny = x < f64::MIN_POSITIVE;
    let scaled = if tiny { x * (TWO_TO_52 * 4.0) } else { x };
    let bits = scaled.to_bits().wrapping_sub(SQRT_HALF_BITS).wrapping_add(1023 << 52);
    let exponent = f64::from_bits((bits >> 52) | TWO_TO_52.to_bits()) - (TWO_TO_52 + 1023.0);
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF_BITS));
    (exponent - if tiny { 54.0 } else { 0.0 }, mantissa)
}

/// What a logarithm is outside of the positive finite numbers.
#[inline(always)]
fn outside(x: f64, result: f64) -> f64 {
    let result = if x == f64::INFINITY { f64::INFINITY } else { result };
    let result = if x == 0.0 { f64::NEG_INFINITY } else { result };
    if x >= 0.0 { result } else { f64::NAN }
}

/// The natural logarithm.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let (k, m) = split(x);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    let tail = s.mul_add(half_square + z * polynomial(z, &LOG), k * LN2_SHORT_REST);
    outside(x, k.mul_add(LN2_SHORT, f - (half_square - tail)))
}

/// `log(1 + x)`, accurate near zero.
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    let result = log1p_words(x, 0.0);
    let result = if x == f64::INFINITY { x } else { result };
    let result = if x == -1.0 { f64::NEG_INFINITY } else { result };
    let result = if x < -1.0 { f64::NAN } else { result };
    if x.abs() < 1e-300 { x } else { result }
}

/// `log(1 + x + low)` for `-1 < x < ∞`.
#[inline(always)]
pub(super) fn log1p_words(x: f64, low: f64) -> f64 {
    let (sum, lost) = two_sum(1.0, x);
    let (k, m) = split(sum);
    let f = m - 1.0;
    let correction = (lost + low) / sum;
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    let tail = s.mul_add(half_square + z * polynomial(z, &LOG), k.mul_add(LN2_SHORT_REST, correction));
    k.mul_add(LN2_SHORT, f - (half_square - tail))
}

/// `k` and the logarithm of `m` in two words, good to about 2^-65 of it.
#[inline(always)]
fn log_mantissa(x: f64) -> (f64, f64, f64) {
    let (k, m) = split(x);
    let f = m - 1.0;
    let (sum, sum_low) = quick_two_sum(2.0, f);
    let inverse = 1.0 / sum;
    let s = f * inverse;
    let s_low = ((-s).mul_add(sum, f) - s * sum_low) * inverse;
    let (z, z_low) = two_product(s, s);
    let z_low = (2.0 * s).mul_add(s_low, z_low);
    // 2 s + s z (2/3 + z Q(z)), the small term in two words as well.
    let (factor, factor_low) =
        quick_two_sum(0.666_666_666_666_666_6, z.mul_add(polynomial(z, &LOG_REST), 3.700_743_415_417_188e-17));
    let (cube, cube_low) = two_product(s, z);
    let cube_low = s.mul_add(z_low, s_low.mul_add(z, cube_low));
    let (term, term_low) = two_product(cube, factor);
    let term_low = cube.mul_add(factor_low, cube_low.mul_add(factor, term_low));
    let (high, low) = quick_two_sum(2.0 * s, term);
    let (high, low) = quick_two_sum(high, low + (2.0 * s_low + term_low));
    (k, high, low)
}

/// The natural logarithm of a positive finite number in two words.
#[inline(always)]
pub(super) fn log_words(x: f64) -> (f64, f64) {
    let (k, high, low) = log_mantissa(x);
    let (whole, whole_low) = two_product(k, LN2_HIGH);
    let whole_low = k.mul_add(LN2_LOW, whole_low);
    let (sum, lost) = two_sum(whole, high);
    quick_two_sum(sum, lost + (whole_low + low))
}

/// The logarithm to base 2; exact for powers of two.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    let (k, high, low) = log_mantissa(x);
    let (product, product_low) = two_product(high, std::f64::consts::LOG2_E);
    let product_low = high.mul_add(2.035_527_374_093_103_3e-17, low.mul_add(std::f64::consts::LOG2_E, product_low));
    let (sum, lost) = two_sum(k, product);
    outside(x, sum + (lost + product_low))
}

/// The logarithm to base 10; exact for powers of ten.
#[inline(always)]
pub fn log10(x: f64) -> f64 {
    let (k, high, low) = log_mantissa(x);
    let (product, product_low) = two_product(high, std::f64::consts::LOG10_E);
    let product_low = high.mul_add(1.098_319_650_216_765e-17, low.mul_add(std::f64::consts::LOG10_E, product_low));
    let (whole, whole_low) = two_product(k, std::f64::consts::LOG10_2);
    let whole_low = k.mul_add(-2.803_728_127_785_170_4e-18, whole_low);
    let (sum, lost) = two_sum(whole, product);
    outside(x, sum + (lost + (whole_low + product_low)))
}
