//! Functions of statistics and physics, one element at a time: error function, gamma and its kin, Bessel's I₀, sinc.

use std::f64::consts::PI;

/// The error function.
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// The complementary error function.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// The gamma function.
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}

/// The logarithm of the gamma function's absolute value.
pub fn lgamma(x: f64) -> f64 {
    libm::lgamma_r(x).0
}

/// The digamma function: reflection below zero, recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3).
pub fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY.copysign(-x);
    }
    if x < 0.0 {
        let fraction = x - x.floor();
        return if fraction == 0.0 { f64::NAN } else { digamma(1.0 - x) - PI / (PI * fraction).tan() };
    }
    let (mut shifted, mut sum) = (x, 0.0);
    while shifted < 10.0 {
        sum -= 1.0 / shifted;
        shifted += 1.0;
    }
    let z = 1.0 / (shifted * shifted);
    let series = z
        * (1.0 / 12.0
            - z * (1.0 / 120.0
                - z * (1.0 / 252.0 - z * (1.0 / 240.0 - z * (1.0 / 132.0 - z * (691.0 / 32_760.0 - z / 12.0))))));
    sum + shifted.ln() - 0.5 / shifted - series
}

/// The modified Bessel function of the first kind of order zero: its power series to 30, then the asymptotic one (A&S 9.6.12, 9.7.1).
pub fn i0(x: f64) -> f64 {
    let x = x.abs();
    if x <= 30.0 {
        let quarter = 0.25 * x * x;
        let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
        while term > sum * 1e-17 {
            term *= quarter / (k * k);
            sum += term;
            k += 1.0;
        }
        return sum;
    }
    let (mut term, mut sum, mut k) = (1.0f64, 1.0, 1.0);
    while term > 1e-17 && k < 40.0 {
        let odd: f64 = 2.0 * k - 1.0;
        term *= odd * odd / (8.0 * k * x);
        sum += term;
        k += 1.0;
    }
    // e^x in two factors, so that it does not overflow before the division.
    let half = (0.5 * x).exp();
    half * (half / (2.0 * PI * x).sqrt()) * sum
}

/// `sin(πx) / (πx)`, one at zero.
pub fn sinc(x: f64) -> f64 {
    let angle = PI * if x == 0.0 { 1e-20 } else { x };
    angle.sin() / angle
}
