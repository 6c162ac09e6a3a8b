//! Hyperbolic functions and their inverses, from `expm1` and `log1p` in two words.

use super::exp::{exp_with, expm1_words};
use super::log::{log_words, log1p_words};
use super::{polynomial, quick_two_sum, two_sum};

/// Beyond it `e^-x` is lost beside `e^x`.
const FAR: f64 = 22.0;

/// `(sinh x - x) / x³` in `x²`, for `|x| <= 1/4`: Taylor's series.
const SINH: [f64; 6] =
    [1.0 / 6.0, 1.0 / 120.0, 1.0 / 5_040.0, 1.0 / 362_880.0, 1.0 / 39_916_800.0, 1.0 / 6_227_020_800.0];

#[inline(always)]
fn near(magnitude: f64) -> f64 {
    if magnitude > FAR { FAR } else { magnitude }
}

/// The hyperbolic sine.
#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    let magnitude = x.abs();
    let (high, low) = expm1_words(near(magnitude));
    let middle = 0.5 * (high + (high / (high + 1.0) + low));
    let z = magnitude * magnitude;
    let small = (magnitude * z).mul_add(polynomial(z, &SINH), magnitude);
    let large = exp_with(magnitude, 0.0, -1.0);
    let result = if magnitude > FAR { large } else { middle };
    let result = if magnitude < 0.25 { small } else { result };
    let result = if x.is_nan() { x } else { result };
    result.copysign(x)
}

/// The hyperbolic cosine.
#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    let half = exp_with(x.abs(), 0.0, -1.0);
    half + 0.25 / half
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let magnitude = x.abs();
    let (high, low) = expm1_words(2.0 * near(magnitude));
    let (sum, lost) = two_sum(2.0, high);
    let sum_low = lost + low;
    let quotient = high / sum;
    let rest = (-quotient).mul_add(sum, high) + (-quotient).mul_add(sum_low, low);
    let result = quotient + rest / sum;
    let result = if magnitude > FAR { 1.0 } else { result };
    let result = if magnitude < 1e-300 { magnitude } else { result };
    let result = if x.is_nan() { x } else { result };
    result.copysign(x)
}

/// The inverse hyperbolic sine.
#[inline(always)]
pub fn asinh(x: f64) -> f64 {
    let magnitude = x.abs();
    let near = if magnitude > 1e8 { 1e8 } else { magnitude };
    let square = near * near;
    let (sum, low) = quick_two_sum(near, square / (1.0 + (1.0 + square).sqrt()));
    let (sum, low) = if near < 1.0 { (sum, low) } else { two_sum(near, square / (1.0 + (1.0 + square).sqrt())) };
    let result = log1p_words(sum, low);
    let (high, rest) = log_words(magnitude);
    let far = high + (rest + std::f64::consts::LN_2);
    let result = if magnitude > 1e8 { far } else { result };
    let result = if magnitude < 1e-300 || magnitude == f64::INFINITY { magnitude } else { result };
    let result = if x.is_nan() { x } else { result };
    result.copysign(x)
}

/// The inverse hyperbolic cosine; NaN below one.
#[inline(always)]
pub fn acosh(x: f64) -> f64 {
    let near = if x > 1e8 { 1e8 } else { x };
    let above = near - 1.0;
    let product = above * (near + 1.0);
    let root = product.sqrt();
    // What the product and the root lost, so that the sum is good in two words.
    let (plus, plus_low) = two_sum(near, 1.0);
    let lost = above.mul_add(plus, -product) + above * plus_low;
    let root_low = if root > 0.0 { ((-root).mul_add(root, product) + lost) / (2.0 * root) } else { 0.0 };
    let (sum, low) = two_sum(root, above);
    let result = log1p_words(sum, low + root_low);
    let (high, rest) = log_words(x);
    let far = high + (rest + std::f64::consts::LN_2);
    let result = if x > 1e8 { far } else { result };
    let result = if x == f64::INFINITY { x } else { result };
    if x >= 1.0 { result } else { f64::NAN }
}

/// The inverse hyperbolic tangent; infinite at ±1, NaN beyond.
#[inline(always)]
pub fn atanh(x: f64) -> f64 {
    let magnitude = x.abs();
    let below = 1.0 - magnitude;
    let below_low = (1.0 - below) - magnitude;
    let quotient = 2.0 * magnitude / below;
    let rest = ((-quotient).mul_add(below, 2.0 * magnitude) - quotient * below_low) / below;
    let result = 0.5 * log1p_words(quotient, rest);
    let result = if magnitude == 1.0 { f64::INFINITY } else { result };
    let result = if magnitude < 1e-300 { magnitude } else { result };
    let result = if magnitude <= 1.0 { result } else { f64::NAN };
    result.copysign(x)
}
