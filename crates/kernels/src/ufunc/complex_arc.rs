//! Inverse trigonometric and hyperbolic functions of complex numbers: exact to a few units over the whole plane, with the branch cuts and
//! special values of C99's annex G, signs of zeros included.
//!
//! Source: T. Hull, T. Fairgrieve, P. Tang, "Implementing the complex arcsine and arccosine functions using exception handling", 1997, and
//! W. Kahan, "Branch cuts for complex elementary functions", 1987. Functions of a sine and of a tangent are those of the hyperbolic ones of
//! the number turned by a quarter.

use std::f64::consts::{FRAC_PI_2, LN_2};

use crate::Complex;

type C = Complex<f64>;

/// What rounding leaves of π/2.
const FRAC_PI_2_REST: f64 = 6.123_233_995_736_766e-17;
/// Above it one is nothing beside the magnitude.
const LARGE: f64 = 1.0 / f64::EPSILON;
/// Below it the functions are their arguments, up to rounding.
const SMALL: f64 = 9e-9;
/// Squares of what is below it may vanish.
const TINY: f64 = 1e-152;

/// The inverse hyperbolic sine; the cuts are on the imaginary axis beyond ±i.
pub(crate) fn asinh(z: C) -> C {
    let (x, y) = (z.re, z.im);
    if x.is_nan() || y.is_nan() {
        return if x.is_infinite() {
            C::new(x, f64::NAN)
        } else if y.is_infinite() {
            C::new(f64::INFINITY, f64::NAN)
        } else if y == 0.0 {
            C::new(f64::NAN, y)
        } else {
            C::new(f64::NAN, f64::NAN)
        };
    }
    let (ax, ay) = (x.abs(), y.abs());
    if ax.max(ay) > LARGE {
        let log = log_large(ax, ay);
        return C::new((log.re + LN_2).copysign(x), log.im.copysign(y));
    }
    if ax.max(ay) < SMALL {
        return z;
    }
    let parts = Parts::of(ax, ay);
    C::new(parts.log.copysign(x), parts.sine().copysign(y))
}

/// The inverse sine; the cuts are on the real axis beyond ±1.
pub(crate) fn asin(z: C) -> C {
    swapped(asinh(swapped(z)))
}

/// The inverse cosine; the cuts are on the real axis beyond ±1.
pub(crate) fn acos(z: C) -> C {
    let (x, y) = (z.re, z.im);
    if x.is_nan() || y.is_nan() {
        return if x.is_infinite() {
            C::new(f64::NAN, f64::NEG_INFINITY)
        } else if y.is_infinite() {
            C::new(f64::NAN, -y)
        } else if x == 0.0 {
            C::new(FRAC_PI_2, f64::NAN)
        } else {
            C::new(f64::NAN, f64::NAN)
        };
    }
    let (ax, ay) = (x.abs(), y.abs());
    if ax.max(ay) > LARGE {
        let log = log_large(x, ay);
        return C::new(log.im, -(log.re + LN_2).copysign(y));
    }
    if x == 1.0 && y == 0.0 {
        return C::new(0.0, -y);
    }
    if ax.max(ay) < SMALL {
        return C::new(FRAC_PI_2 - (x - FRAC_PI_2_REST), -y);
    }
    let parts = Parts::of(ay, ax);
    let angle = parts.cosine(x.is_sign_negative());
    C::new(angle, -parts.log.copysign(y))
}

/// The inverse hyperbolic cosine; the cut is on the real axis below 1.
pub(crate) fn acosh(z: C) -> C {
    let turned = acos(z);
    let (x, y) = (turned.re, turned.im);
    match (x.is_nan(), y.is_nan()) {
        (true, true) => C::new(y, x),
        (true, false) => C::new(y.abs(), x),
        (false, true) => C::new(y, x),
        (false, false) => C::new(y.abs(), x.copysign(z.im)),
    }
}

/// The inverse hyperbolic tangent; the cuts are on the real axis beyond ±1.
pub(crate) fn atanh(z: C) -> C {
    let (x, y) = (z.re, z.im);
    let (ax, ay) = (x.abs(), y.abs());
    if y == 0.0 && ax <= 1.0 {
        return C::new(x.atanh(), y);
    }
    if x == 0.0 {
        return C::new(x, y.atan());
    }
    if x.is_nan() || y.is_nan() {
        return if x.is_infinite() {
            C::new(0.0_f64.copysign(x), f64::NAN)
        } else if y.is_infinite() {
            C::new(0.0_f64.copysign(x), FRAC_PI_2.copysign(y))
        } else {
            C::new(f64::NAN, f64::NAN)
        };
    }
    if ax.max(ay) > LARGE {
        return C::new(real_of_reciprocal(x, y), FRAC_PI_2.copysign(y));
    }
    if ax.max(ay) < SMALL {
        return z;
    }
    let re = if ax == 1.0 && ay < f64::EPSILON {
        (LN_2 - ay.ln()) / 2.0
    } else {
        let beside = (ax - 1.0) * (ax - 1.0) + if ay < TINY { 0.0 } else { ay * ay };
        (4.0 * ax / beside).ln_1p() / 4.0
    };
    let im = if ax == 1.0 {
        2.0_f64.atan2(-ay) / 2.0
    } else {
        let square = if ay < f64::EPSILON { 0.0 } else { ay * ay };
        (2.0 * ay).atan2((1.0 - ax) * (1.0 + ax) - square) / 2.0
    };
    C::new(re.copysign(x), im.copysign(y))
}

/// The inverse tangent; the cuts are on the imaginary axis beyond ±i.
pub(crate) fn atan(z: C) -> C {
    swapped(atanh(swapped(z)))
}

/// Real and imaginary part in each other's place: a turn by a quarter of an odd function.
fn swapped(z: C) -> C {
    C::new(z.im, z.re)
}

/// The logarithm of a large number; its square may overflow.
fn log_large(x: f64, y: f64) -> C {
    let (large, small) = (x.abs().max(y.abs()), x.abs().min(y.abs()));
    let log = if large.is_infinite() {
        f64::INFINITY
    } else if large > f64::MAX / 2.0 {
        (large / 4.0).hypot(small / 4.0).ln() + 2.0 * LN_2
    } else {
        large.hypot(small).ln()
    };
    C::new(log, y.atan2(x))
}

/// The real part of `1 / z` for large `z`.
fn real_of_reciprocal(x: f64, y: f64) -> f64 {
    if x.is_infinite() || y.is_infinite() {
        return 0.0_f64.copysign(x);
    }
    if x.abs() >= y.abs() {
        let ratio = y / x;
        1.0 / (x + y * ratio)
    } else {
        let ratio = x / y;
        ratio / (y + x * ratio)
    }
}

/// What Hull's algorithm finds for `x + iy` in the first quadrant: the real part of the inverse hyperbolic sine, and the sine of its
/// imaginary part with the means to do without it where it is near one.
struct Parts {
    log: f64,
    /// The sine of the angle, unless it is near one.
    b: Option<f64>,
    /// Otherwise two sides of a triangle with the angle.
    near: f64,
    far: f64,
}

impl Parts {
    fn of(x: f64, y: f64) -> Self {
        /// Where the plain formula of the logarithm is good.
        const WIDE: f64 = 10.0;
        /// Up to it the inverse sine and cosine of the ratio are good.
        const STEEP: f64 = 0.6417;
        const SCALE: f64 = 2.0 / f64::EPSILON;
        // Distances from ±i, and half their sum.
        let (r, s) = (x.hypot(y + 1.0), x.hypot(y - 1.0));
        let a = ((r + s) / 2.0).max(1.0);
        let log = if a >= WIDE {
            (a + (a * a - 1.0).sqrt()).ln()
        } else if y == 1.0 && x < f64::EPSILON * f64::EPSILON / 128.0 {
            x.sqrt()
        } else if x >= f64::EPSILON * (y - 1.0).abs() {
            let above_one = excess(x, 1.0 + y, r) + excess(x, 1.0 - y, s);
            (above_one + (above_one * (a + 1.0)).sqrt()).ln_1p()
        } else if y < 1.0 {
            x / ((1.0 - y) * (1.0 + y)).sqrt()
        } else {
            ((y - 1.0) + ((y - 1.0) * (y + 1.0)).sqrt()).ln_1p()
        };
        if y < TINY {
            return Self { log, b: None, near: a * SCALE, far: y * SCALE };
        }
        let b = y / a;
        if b <= STEEP {
            return Self { log, b: Some(b), near: 0.0, far: 0.0 };
        }
        let (near, far) = if y == 1.0 && x < f64::EPSILON / 128.0 {
            (x.sqrt() * ((a + y) / 2.0).sqrt(), y)
        } else if x >= f64::EPSILON * (y - 1.0).abs() {
            let excess = excess(x, y + 1.0, r) + excess(x, y - 1.0, s);
            ((excess * (a + y)).sqrt(), y)
        } else if y > 1.0 {
            let scale = 4.0 / f64::EPSILON / f64::EPSILON;
            (x * scale * y / ((y + 1.0) * (y - 1.0)).sqrt(), y * scale)
        } else {
            (((1.0 - y) * (1.0 + y)).sqrt(), y)
        };
        Self { log, b: None, near, far }
    }

    /// The inverse sine of the ratio.
    fn sine(&self) -> f64 {
        self.b.map_or_else(|| self.far.atan2(self.near), f64::asin)
    }

    /// The inverse cosine of the ratio, or of its negative.
    fn cosine(&self, negative: bool) -> f64 {
        let sign = if negative { -1.0 } else { 1.0 };
        self.b.map_or_else(|| self.near.atan2(sign * self.far), |b| (sign * b).acos())
    }
}

/// Half of `hypot(a, b) - b` without cancellation, given the hypotenuse.
fn excess(a: f64, b: f64, hypot: f64) -> f64 {
    if b < 0.0 {
        (hypot - b) / 2.0
    } else if b == 0.0 {
        a / 2.0
    } else {
        a * a / (hypot + b) / 2.0
    }
}
