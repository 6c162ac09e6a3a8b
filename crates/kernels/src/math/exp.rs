//! Exponentials: `x = n ln 2 + r` with `|r| <= ln 2 / 2`, a polynomial in `r`, then a scaling by `2^n` in two steps so that results
//! near overflow and among the subnormals are rounded once.

use super::{SHIFT, polynomial, quick_two_sum, two_sum};

const LOG2_E: f64 = std::f64::consts::LOG2_E;
const LN2_HIGH: f64 = std::f64::consts::LN_2;
const LN2_LOW: f64 = 2.319_046_813_846_299_6e-17;

/// `(e^r - 1 - r) / r²` to 2^-61.
const EXP: [f64; 11] = [
    0.5,
    0.166_666_666_666_666_7,
    0.041_666_666_666_666_67,
    0.008_333_333_333_326_136,
    0.001_388_888_888_888_374_8,
    0.000_198_412_698_748_206_27,
    2.480_158_732_554_774_3e-5,
    2.755_725_540_020_642_2e-6,
    2.755_727_364_311_03e-7,
    2.510_521_700_472_074_5e-8,
    2.091_468_696_808_687_6e-9,
];

/// The same to 2^-56, enough where only the sum with 1 matters.
const EXP_SHORT: [f64; 10] = [
    0.500_000_000_000_000_1,
    0.166_666_666_666_666_69,
    0.041_666_666_666_624_13,
    0.008_333_333_333_330_062,
    0.001_388_888_891_721_371_7,
    0.000_198_412_698_630_536_18,
    2.480_152_129_595_437_6e-5,
    2.755_726_845_999_706_4e-6,
    2.762_008_844_540_974_6e-7,
    2.510_038_549_551_032e-8,
];

/// `(2^r - 1 - r ln 2) / r²` for `|r| <= 1/2`.
const EXP2: [f64; 11] = [
    0.240_226_506_959_100_72,
    0.055_504_108_664_821_6,
    0.009_618_129_107_628_479,
    0.001_333_355_814_641_693_3,
    0.000_154_035_303_933_759_1,
    1.525_273_382_983_921_3e-5,
    1.321_548_668_029_046_2e-6,
    1.017_806_244_395_939_8e-7,
    7.054_899_955_438_926_4e-9,
    4.454_960_975_460_706e-10,
    2.572_508_244_427_293_5e-11,
];

/// `2^n` for a whole number `-1022 <= n <= 1023`.
#[inline(always)]
pub(super) fn power_of_two(n: f64) -> f64 {
    f64::from_bits((n + SHIFT).to_bits().wrapping_add(1023) << 52)
}

/// `value * 2^n` for a whole number `|n| <= 2000`, rounded once; `value` near one.
#[inline(always)]
fn scale(value: f64, n: f64) -> f64 {
    let first = if n > 1000.0 { 1000.0 } else { n };
    let first = if first < -1000.0 { -1000.0 } else { first };
    value * power_of_two(first) * power_of_two(n - first)
}

/// Keeps NaN, unlike `f64::max` and `min`.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// `n` and `r` (two words) with `x = n ln 2 + r`, for `|x| <= 800`.
#[inline(always)]
pub(super) fn reduce(x: f64) -> (f64, f64, f64) {
    let n = x.mul_add(LOG2_E, SHIFT) - SHIFT;
    let coarse = (-n).mul_add(LN2_HIGH, x);
    let r = (-n).mul_add(LN2_LOW, coarse);
    (n, r, (-n).mul_add(LN2_LOW, coarse - r))
}

/// `2^shift * e^(x + tail)` for a small `tail`; `shift` a whole number near zero.
#[inline(always)]
pub(super) fn exp_with(x: f64, tail: f64, shift: f64) -> f64 {
    let (n, r, low) = reduce(clamp(x, -800.0, 800.0));
    let (r, low) = two_sum(r, low + tail);
    let rest = (r * r).mul_add(polynomial(r, &EXP), low);
    scale(1.0 + (r + rest), n + shift)
}

/// `e^x`.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let x = clamp(x, -746.0, 710.0);
    let n = x.mul_add(LOG2_E, SHIFT) - SHIFT;
    let r = (-n).mul_add(LN2_LOW, (-n).mul_add(LN2_HIGH, x));
    scale(1.0 + (r * r).mul_add(polynomial(r, &EXP_SHORT), r), n)
}

/// `2^x`; exact for whole numbers.
#[inline(always)]
pub fn exp2(x: f64) -> f64 {
    let x = clamp(x, -1076.0, 1025.0);
    let n = (x + SHIFT) - SHIFT;
    let r = x - n;
    let rest = (r * r).mul_add(polynomial(r, &EXP2), r * LN2_LOW);
    scale(1.0 + r.mul_add(LN2_HIGH, rest), n)
}

/// `e^x - 1` in two words, for `-40 <= x <= 709`.
#[inline(always)]
pub(super) fn expm1_words(x: f64) -> (f64, f64) {
    let (n, r, low) = reduce(x);
    let rest = (r * r).mul_add(polynomial(r, &EXP), low);
    let (power, power_low) = quick_two_sum(r, rest);
    // At half the scale, so that 2^1024 does not come up.
    let half = power_of_two(n - 1.0);
    let (high, lost) = two_sum(half - 0.5, half * power);
    (2.0 * high, 2.0 * half.mul_add(power_low, lost))
}

/// `e^x - 1`, accurate near zero.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let (high, low) = expm1_words(clamp(x, -40.0, 710.0));
    let result = high + low;
    let result = if x > 709.782_712_893_384 { f64::INFINITY } else { result };
    if x.abs() < 1e-300 { x } else { result }
}
