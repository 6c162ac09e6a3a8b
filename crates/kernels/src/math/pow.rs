//! Powers: `|x|^y = e^(y log |x|)`, the logarithm and the product in two words.

use super::exp::exp_with;
use super::log::log_words;
use super::{quick_two_sum, two_product};

/// Whether [`pow`] is not made for these arguments: zeros, infinities and NaN among them.
#[inline(always)]
pub fn pow_is_special(x: f64, y: f64) -> bool {
    x == 0.0 || !(x.abs() < f64::INFINITY && y.abs() < f64::INFINITY)
}

/// `x^y` for finite `x` other than zero, and finite `y`; a negative `x` needs a whole `y`, else NaN.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let (high, low) = log_words(x.abs());
    // Beyond 2^66 every power overflows or vanishes (or is one, for x = 1), while products would overflow.
    let bounded = if y.abs() > 7e19 { 7e19f64.copysign(y) } else { y };
    let (product, product_low) = two_product(bounded, high);
    let (product, product_low) = quick_two_sum(product, bounded.mul_add(low, product_low));
    let product_low = if product.abs() > 800.0 { 0.0 } else { product_low };
    let result = exp_with(product, product_low, 0.0);
    let whole = y.round_ties_even() == y;
    let odd = whole && (0.5 * y).round_ties_even() != 0.5 * y;
    let negative = if whole { result } else { f64::NAN };
    let negative = if odd { -negative } else { negative };
    if x < 0.0 { negative } else { result }
}
