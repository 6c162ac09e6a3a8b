//! Elementary functions of `f64`, written without branches so that the compiler turns a loop over them into vectors of whatever
//! width the processor has (see [`crate::isa`]). `f32` and `f16` functions are the same ones, rounded once.
//!
//! Polynomials interpolate at Chebyshev nodes (made with 300-bit arithmetic); argument reductions carry a second word. Errors
//! measured against double-double references over the whole range (`tests/ulp.rs`), in units in the last place:
//!
//! | functions | measured at most | promised |
//! |---|---|---|
//! | `log2`, `log10`, `asin`, `acos`, `cbrt`, `pow` | 0.75 | 1.5 |
//! | `log`, `log1p`, `sin`, `cos`, `atan`, `atan2`, `tanh`, `acosh` | 0.85 | 1.5 |
//! | `exp`, `exp2`, `expm1`, `tan`, `cosh`, `asinh`, `atanh` | 1.2 | 1.5 |
//! | `sinh` | 1.45 | 2 |
//!
//! NaN gives NaN, infinities, signed zeros and subnormal numbers are as C99's Annex F has them.

mod arc;
mod exp;
mod hyperbolic;
mod log;
mod pow;
mod root;
pub mod special;
mod trig;

pub use arc::{acos, asin, atan, atan2};
pub use exp::{exp, exp2, expm1};
pub use hyperbolic::{acosh, asinh, atanh, cosh, sinh, tanh};
pub use log::{log, log1p, log2, log10};
pub use pow::{pow, pow_is_special};
pub use root::cbrt;
pub use trig::{REDUCIBLE, cos, sin, tan};

/// `1.5 * 2^52`: added to a number below 2^51 it leaves the nearest integer in the low bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// A polynomial by Horner's rule, lowest coefficient first.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut result = coefficients[N - 1];
    let mut index = N - 1;
    while index > 0 {
        index -= 1;
        result = result.mul_add(x, coefficients[index]);
    }
    result
}

/// `a + b` and what rounding lost, if `|a| >= |b|` (Dekker).
#[inline(always)]
fn quick_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// `a + b` and what rounding lost (Knuth).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let other = sum - a;
    (sum, (a - (sum - other)) + (b - other))
}

/// `a * b` and what rounding lost.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}
