//! Complex numbers: what the loops need beyond the four operations.

use crate::Complex;

/// As `Complex<f64>`.
#[inline(always)]
pub(crate) fn widen(a: Complex<f32>) -> Complex<f64> {
    Complex::new(f64::from(a.re), f64::from(a.im))
}

/// As `Complex<f32>`.
#[inline(always)]
pub(crate) fn narrow(a: Complex<f64>) -> Complex<f32> {
    Complex::new(a.re as f32, a.im as f32)
}

/// Division by Smith's algorithm, which overflows only where the quotient does.
#[inline(always)]
pub(crate) fn divide(a: Complex<f64>, b: Complex<f64>) -> Complex<f64> {
    if b.re.abs() >= b.im.abs() {
        if b.re == 0.0 && b.im == 0.0 {
            return Complex::new(a.re / b.re.abs(), a.im / b.re.abs());
        }
        let ratio = b.im / b.re;
        let scale = 1.0 / (b.re + b.im * ratio);
        Complex::new((a.re + a.im * ratio) * scale, (a.im - a.re * ratio) * scale)
    } else {
        let ratio = b.re / b.im;
        let scale = 1.0 / (b.im + b.re * ratio);
        Complex::new((a.re * ratio + a.im) * scale, (a.im * ratio - a.re) * scale)
    }
}

/// `1 / a`; NaN of zero.
#[inline(always)]
pub(crate) fn reciprocal(a: Complex<f64>) -> Complex<f64> {
    let nothing = a.re == 0.0 && a.im == 0.0;
    if nothing { Complex::new(f64::NAN, f64::NAN) } else { divide(Complex::new(1.0, 0.0), a) }
}

/// `a / |a|`, zero of zero.
#[inline(always)]
pub(crate) fn sign(a: Complex<f64>) -> Complex<f64> {
    if a.re == 0.0 && a.im == 0.0 {
        return Complex::new(0.0, 0.0);
    }
    let magnitude = a.norm();
    Complex::new(a.re / magnitude, a.im / magnitude)
}

/// Whether either part is NaN.
#[inline(always)]
pub(crate) fn is_nan(a: Complex<f64>) -> bool {
    a.re.is_nan() || a.im.is_nan()
}

/// NumPy's order of complex numbers: by real, then imaginary part.
#[inline(always)]
pub(crate) fn less(a: Complex<f64>, b: Complex<f64>) -> bool {
    if a.re == b.re { a.im < b.im } else { a.re < b.re }
}

/// `a^b`, exact for small whole exponents.
pub(crate) fn pow(a: Complex<f64>, b: Complex<f64>) -> Complex<f64> {
    if b.re == 0.0 && b.im == 0.0 {
        return Complex::new(1.0, 0.0);
    }
    if a.re == 0.0 && a.im == 0.0 {
        let nan = Complex::new(f64::NAN, f64::NAN);
        return if b.re > 0.0 { Complex::new(0.0, 0.0) } else { nan };
    }
    if b.im == 0.0 && b.re.fract() == 0.0 && b.re.abs() < 100.0 {
        let power = a.powu(b.re.abs() as u32);
        return if b.re < 0.0 { divide(Complex::new(1.0, 0.0), power) } else { power };
    }
    a.powc(b)
}
