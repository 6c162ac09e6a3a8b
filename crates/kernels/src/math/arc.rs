//! Inverse trigonometric functions.

use super::{polynomial, two_sum};

const PI: f64 = std::f64::consts::PI;
const PI_LOW: f64 = 1.224_646_799_147_353_2e-16;
const HALF_PI: f64 = std::f64::consts::FRAC_PI_2;
const HALF_PI_LOW: f64 = 6.123_233_995_736_766e-17;

/// `(atan t - t) / t³` in `t²`, for `|t| <= 7/16`.
const ATAN: [f64; 11] = [
    -0.333_333_333_333_333_26,
    0.199_999_999_999_877_7,
    -0.142_857_142_831_486_4,
    0.111_111_109_005_604_75,
    -0.090_909_001_955_601_48,
    0.076_920_873_487_671_68,
    -0.066_632_392_991_071_36,
    0.058_477_247_206_451_06,
    -0.050_339_427_764_858_48,
    0.037_825_218_661_067_12,
    -0.017_547_235_157_290_005,
];

/// `(asin s - s) / s³` in `s²`, for `|s| <= 1/2`.
const ASIN: [f64; 13] = [
    0.166_666_666_666_666_69,
    0.074_999_999_999_984_33,
    0.044_642_857_146_355_43,
    0.030_381_944_138_531_247,
    0.022_372_172_942_149_89,
    0.017_352_392_720_869_973,
    0.013_971_212_973_552_933,
    0.011_479_177_415_184_906,
    0.010_322_814_350_185_78,
    0.005_457_506_718_640_358,
    0.017_400_879_442_694_02,
    -0.014_851_887_071_247_204,
    0.028_757_851_367_421_566,
];

/// The arc tangent.
#[inline(always)]
pub fn atan(x: f64) -> f64 {
    atan2(x, 1.0)
}

/// `whole - angle` where `on`, in two words.
#[inline(always)]
fn turn(on: bool, whole: f64, whole_low: f64, (sum, tail): (f64, f64)) -> (f64, f64) {
    let (turned, lost) = two_sum(whole, -sum);
    let turned_tail = (whole_low - tail) + lost;
    (if on { turned } else { sum }, if on { turned_tail } else { tail })
}

/// The angle of the point `(x, y)`, in `[-π, π]`.
#[inline(always)]
pub fn atan2(y: f64, x: f64) -> f64 {
    let (up, along) = (y.abs(), x.abs());
    let steep = up > along;
    let (small, large) = if steep { (along, up) } else { (up, along) };
    // The quotient of two infinities counts as one, of two zeros as zero.
    let infinite = large == f64::INFINITY;
    let small = if infinite { if small == f64::INFINITY { 1.0 } else { 0.0 } } else { small };
    let large = if infinite || large == 0.0 { 1.0 } else { large };
    // Powers of two, so that nothing is rounded away: 2^-64 and 2^64.
    let factor = if large > 1e290 { 5.421_010_862_427_522e-20 } else { 1.0 };
    let factor = if large < 1e-290 { 18_446_744_073_709_551_616.0 } else { factor };
    let (small, large) = (small * factor, large * factor);
    // atan q = atan c + atan((q - c) / (1 + c q)), c = 0, 1/2 or 1 as q is near.
    let middle = small > 0.4375 * large;
    let high = small > 0.6875 * large;
    let c = if high { 1.0 } else { 0.5 };
    let c: f64 = if middle { c } else { 0.0 };
    let base = if high { std::f64::consts::FRAC_PI_4 } else { 0.463_647_609_000_806_1 };
    let base = if middle { base } else { 0.0 };
    let base_low = if high { 3.061_616_997_868_383e-17 } else { 2.269_877_745_296_168_7e-17 };
    let base_low = if middle { base_low } else { 0.0 };
    let above = (-c).mul_add(large, small);
    let below = c.mul_add(small, large);
    let t = above / below;
    let t_low = (-t).mul_add(below, above) / below;
    let z = t * t;
    let tail = (t * z).mul_add(polynomial(z, &ATAN), base_low + t_low);
    let (sum, lost) = two_sum(base, t);
    let tail = tail + lost;
    // Into the octant: π/2 - a, then π - a.
    let parts = turn(steep, HALF_PI, HALF_PI_LOW, (sum, tail));
    let parts = turn(x.is_sign_negative(), PI, PI_LOW, parts);
    let result = (parts.0 + parts.1).copysign(y);
    if x.is_nan() || y.is_nan() { f64::NAN } else { result }
}

/// For `|x|`: whether it is above 1/2, `s` (its root form there, in two words), and `s³` times the polynomial.
#[inline(always)]
fn asin_parts(magnitude: f64) -> (bool, f64, f64) {
    let large = magnitude > 0.5;
    let z = if large { 0.5 * (1.0 - magnitude) } else { magnitude * magnitude };
    let root = z.sqrt();
    let root_low = if root > 0.0 { (-root).mul_add(root, z) / (2.0 * root) } else { 0.0 };
    let s = if large { root } else { magnitude };
    let s_low = if large { root_low } else { 0.0 };
    (large, s, (s * z).mul_add(polynomial(z, &ASIN), s_low))
}

/// The arc sine; NaN outside of `[-1, 1]`.
#[inline(always)]
pub fn asin(x: f64) -> f64 {
    let magnitude = x.abs();
    let (large, s, tail) = asin_parts(magnitude);
    let (high, lost) = two_sum(HALF_PI, -2.0 * s);
    let complement = high + ((HALF_PI_LOW - 2.0 * tail) + lost);
    let result = if large { complement } else { s + tail };
    let result = if magnitude <= 1.0 { result } else { f64::NAN };
    result.copysign(x)
}

/// The arc cosine; NaN outside of `[-1, 1]`.
#[inline(always)]
pub fn acos(x: f64) -> f64 {
    let magnitude = x.abs();
    let (large, s, tail) = asin_parts(magnitude);
    // Large: 2 asin(root) from the right, π less that from the left. Small: π/2 - asin x.
    let doubled = if large { 2.0 } else { 1.0 };
    let (s, tail) = (doubled * s, doubled * tail);
    let negative = x < 0.0;
    let whole = if large { PI } else { HALF_PI };
    let whole_low = if large { PI_LOW } else { HALF_PI_LOW };
    // large, positive: s;  large, negative: π - s;  small, positive: π/2 - s;  small, negative: π/2 + s.
    let signed = if negative && !large { 1.0 } else { -1.0 };
    let (high, lost) = two_sum(whole, signed * s);
    let away = high + (signed.mul_add(tail, whole_low) + lost);
    let result = if large && !negative { s + tail } else { away };
    if magnitude <= 1.0 { result } else { f64::NAN }
}
