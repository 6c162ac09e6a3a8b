//! Sine, cosine and tangent: `x = n π/2 + r` by Cody and Waite with three words of π/2 and fused multiply-adds. Good to
//! [`REDUCIBLE`]; beyond, callers take the system's functions, which reduce by Payne and Hanek.

use super::{SHIFT, polynomial};

/// The largest absolute argument that the functions of this module reduce.
pub const REDUCIBLE: f64 = 1_073_741_824.0;

const TWO_OVER_PI: f64 = std::f64::consts::FRAC_2_PI;
const HALF_PI: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17, -1.497_384_904_859_169_8e-33];

/// `(sin r - r) / r³` in `z = r²`.
const SIN: [f64; 6] = [
    -0.166_666_666_666_666_66,
    0.008_333_333_333_330_948,
    -0.000_198_412_698_367_567_74,
    2.755_731_610_161_787_4e-6,
    -2.505_113_165_023_518e-8,
    1.591_811_526_326_597_4e-10,
];

/// `(cos r - 1 + z/2) / z²` in `z = r²`.
const COS: [f64; 6] = [
    0.041_666_666_666_666_664,
    -0.001_388_888_888_888_739_8,
    2.480_158_729_876_456e-5,
    -2.755_731_727_107_114_4e-7,
    2.087_614_614_655_861e-9,
    -1.138_262_364_747_460_4e-11,
];

/// The quadrant (its two lowest bits) and the rest in two words.
#[inline(always)]
fn reduce(x: f64) -> (u64, f64, f64) {
    let shifted = x.mul_add(TWO_OVER_PI, SHIFT);
    let n = shifted - SHIFT;
    let first = (-n).mul_add(HALF_PI[0], x);
    let second = (-n).mul_add(HALF_PI[1], first);
    let lost = (-n).mul_add(HALF_PI[1], first - second);
    let third = (-n).mul_add(HALF_PI[2], lost);
    let r = second + third;
    (shifted.to_bits(), r, third - (r - second))
}

/// Sine and cosine of the rest, each in two words.
#[inline(always)]
fn both(r: f64, low: f64) -> ((f64, f64), (f64, f64)) {
    let z = r * r;
    let half = 0.5 * z;
    let sin_tail = (r * z).mul_add(polynomial(z, &SIN), low * (1.0 - half));
    let one_less = 1.0 - half;
    let cos_tail = ((1.0 - one_less) - half) + (z * z).mul_add(polynomial(z, &COS), -(r * low));
    ((r, sin_tail), (one_less, cos_tail))
}

/// A value with its sign turned in the quadrants that `bits` names.
#[inline(always)]
fn turned(value: f64, bits: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ ((bits & 2) << 62))
}

/// The sine, for `|x| <=` [`REDUCIBLE`].
#[inline(always)]
pub fn sin(x: f64) -> f64 {
    let (quadrant, r, low) = reduce(x);
    let (sine, cosine) = both(r, low);
    let value = if quadrant & 1 == 0 { sine.0 + sine.1 } else { cosine.0 + cosine.1 };
    let result = turned(value, quadrant);
    if x == 0.0 { x } else { result }
}

/// The cosine, for `|x| <=` [`REDUCIBLE`].
#[inline(always)]
pub fn cos(x: f64) -> f64 {
    let (quadrant, r, low) = reduce(x);
    let (sine, cosine) = both(r, low);
    let value = if quadrant & 1 == 1 { sine.0 + sine.1 } else { cosine.0 + cosine.1 };
    turned(value, quadrant.wrapping_add(1))
}

/// The tangent, for `|x| <=` [`REDUCIBLE`].
#[inline(always)]
pub fn tan(x: f64) -> f64 {
    let (quadrant, r, low) = reduce(x);
    let (sine, cosine) = both(r, low);
    let odd = quadrant & 1 == 1;
    let above = if odd { cosine } else { sine };
    let below = if odd { sine } else { cosine };
    let divisor = below.0 + below.1;
    let divisor_low = below.1 - (divisor - below.0);
    let quotient = (above.0 + above.1) / divisor;
    let rest = (-quotient).mul_add(divisor, above.0) + ((-quotient).mul_add(divisor_low, above.1));
    let value = quotient + rest / divisor;
    let result = if odd { -value } else { value };
    if x == 0.0 { x } else { result }
}
