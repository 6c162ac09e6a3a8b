//! Exponential, logarithm, root and hyperbolic functions of complex numbers, with the special values of C99's annex G, signs of zeros
//! included. Nothing overflows whose result does not.
//!
//! Source: W. Kahan, "Branch cuts for complex elementary functions", 1987. Sine, cosine and tangent are the hyperbolic functions of the
//! number turned by a quarter.

use crate::Complex;

type C = Complex<f64>;

/// From there on the exponential overflows.
const OVERFLOWS: f64 = 709.0;
/// From there on the hyperbolic tangent is one, up to rounding.
const FLAT: f64 = 22.0;

/// `e^z`.
pub(crate) fn exp(z: C) -> C {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return C::new(x.exp(), y);
    }
    if !y.is_finite() {
        return if x == f64::NEG_INFINITY {
            C::new(0.0, 0.0_f64.copysign(y))
        } else if x == f64::INFINITY {
            C::new(x, f64::NAN)
        } else {
            C::new(f64::NAN, f64::NAN)
        };
    }
    let (sin, cos) = y.sin_cos();
    scaled_exp(x, cos, sin)
}

/// `e^x (a + ib)`, where the exponential alone may overflow.
fn scaled_exp(x: f64, a: f64, b: f64) -> C {
    if x > OVERFLOWS && x < 2.0 * OVERFLOWS {
        let half = (x / 2.0).exp();
        return C::new(half * a * half, half * b * half);
    }
    let whole = x.exp();
    C::new(whole * a, whole * b)
}

/// The natural logarithm; the cut is on the negative real axis.
pub(crate) fn ln(z: C) -> C {
    let (large, small) = (z.re.abs().max(z.im.abs()), z.re.abs().min(z.im.abs()));
    let log = if z.re.is_infinite() || z.im.is_infinite() {
        f64::INFINITY
    } else if z.re.is_nan() || z.im.is_nan() {
        f64::NAN
    } else if large > f64::MAX / 2.0 {
        (large / 2.0).hypot(small / 2.0).ln() + std::f64::consts::LN_2
    } else if large < f64::MIN_POSITIVE * 2.0_f64.powi(60) && large > 0.0 {
        let scale = 2.0_f64.powi(200);
        (large * scale).hypot(small * scale).ln() - 200.0 * std::f64::consts::LN_2
    } else if (0.5..=2.0).contains(&large) {
        square_less_one(large, small).ln_1p() / 2.0
    } else {
        large.hypot(small).ln()
    };
    C::new(log, z.im.atan2(z.re))
}

/// `large² + small² - 1` with the rounding of both squares, for lengths about one.
fn square_less_one(large: f64, small: f64) -> f64 {
    let (first, second) = (large * large, small * small);
    let rest = large.mul_add(large, -first) + small.mul_add(small, -second);
    let from_one = first - 1.0;
    let lost = first - (from_one + 1.0);
    let sum = from_one + second;
    let part = sum - from_one;
    let missing = (from_one - (sum - part)) + (second - part);
    sum + (missing + lost + rest)
}

/// The square root; the cut is on the negative real axis.
pub(crate) fn sqrt(z: C) -> C {
    let (x, y) = (z.re, z.im);
    if y.is_infinite() {
        return C::new(f64::INFINITY, y);
    }
    if x.is_infinite() {
        let other = if y.is_nan() { f64::NAN } else { 0.0 };
        return match x > 0.0 {
            true => C::new(x, other.copysign(y)),
            false => C::new(other, f64::INFINITY.copysign(y)),
        };
    }
    if x.is_nan() || y.is_nan() {
        return C::new(f64::NAN, f64::NAN);
    }
    if x == 0.0 && y == 0.0 {
        return C::new(0.0, y);
    }
    let large = x.abs().max(y.abs());
    // Powers of four keep the sum of squares in range, and come out of the root exactly.
    let (scale, back) = if large > 1e300 {
        (0.0625, 4.0)
    } else if large < 1e-290 {
        (2.0_f64.powi(108), 2.0_f64.powi(-54))
    } else {
        (1.0, 1.0)
    };
    let (sx, sy) = (x * scale, y * scale);
    let root = ((sx.abs() + sx.hypot(sy)) / 2.0).sqrt();
    let other = sy.abs() / (2.0 * root);
    match x >= 0.0 {
        true => C::new(root * back, (other * back).copysign(y)),
        false => C::new(other * back, (root * back).copysign(y)),
    }
}

/// The hyperbolic sine.
pub(crate) fn sinh(z: C) -> C {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return C::new(x.sinh(), y);
    }
    if !y.is_finite() {
        let re = if x == 0.0 {
            x
        } else if x.is_infinite() {
            f64::INFINITY
        } else {
            f64::NAN
        };
        return C::new(re, f64::NAN);
    }
    let (sin, cos) = y.sin_cos();
    if x == 0.0 {
        return C::new(x * cos, sin);
    }
    if x.abs() > FLAT {
        let half = scaled_exp(x.abs(), cos / 2.0, sin / 2.0);
        return C::new(half.re * x.signum(), half.im);
    }
    C::new(x.sinh() * cos, x.cosh() * sin)
}

/// The hyperbolic cosine.
pub(crate) fn cosh(z: C) -> C {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return C::new(x.cosh(), if x.is_nan() { y } else { y * x.signum() });
    }
    if !y.is_finite() {
        return if x == 0.0 {
            C::new(f64::NAN, 0.0)
        } else if x.is_infinite() {
            C::new(f64::INFINITY, f64::NAN)
        } else {
            C::new(f64::NAN, f64::NAN)
        };
    }
    let (sin, cos) = y.sin_cos();
    if x == 0.0 {
        return C::new(cos, x * sin);
    }
    if x.abs() > FLAT {
        let half = scaled_exp(x.abs(), cos / 2.0, sin / 2.0);
        return C::new(half.re, half.im * x.signum());
    }
    C::new(x.cosh() * cos, x.sinh() * sin)
}

/// The hyperbolic tangent.
pub(crate) fn tanh(z: C) -> C {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return C::new(x.tanh(), y);
    }
    if !y.is_finite() {
        return if x.is_infinite() {
            C::new(x.signum(), 0.0_f64.copysign(y))
        } else {
            C::new(if x == 0.0 { x } else { f64::NAN }, f64::NAN)
        };
    }
    if x.abs() > FLAT {
        let (sin, cos) = y.sin_cos();
        return C::new(x.signum(), 4.0 * sin * cos * (-2.0 * x.abs()).exp());
    }
    let tan = y.tan();
    let grown = 1.0 + tan * tan;
    let sinh = x.sinh();
    let cosh = (1.0 + sinh * sinh).sqrt();
    let below = 1.0 + grown * sinh * sinh;
    C::new(grown * cosh * sinh / below, tan / below)
}

/// The sine.
pub(crate) fn sin(z: C) -> C {
    if z.im.is_infinite() && !z.re.is_finite() {
        return C::new(f64::NAN, f64::INFINITY);
    }
    let turned = sinh(C::new(-z.im, z.re));
    C::new(turned.im, -turned.re)
}

/// The cosine.
pub(crate) fn cos(z: C) -> C {
    cosh(C::new(-z.im, z.re))
}

/// The tangent.
pub(crate) fn tan(z: C) -> C {
    let turned = tanh(C::new(-z.im, z.re));
    C::new(turned.im, -turned.re)
}
