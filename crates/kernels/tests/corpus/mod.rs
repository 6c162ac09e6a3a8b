//! Arrays of a corpus of NumPy's results, and how near a result must come. The tests of the lazy arrays read theirs with this, too.

use arrow_buffer::Buffer;
use swath_kernels::{Complex, DType, NdArray, Scalar};

/// An array written as `dtype:shape:bytes in hexadecimal`.
pub fn array(text: &str) -> NdArray {
    let mut parts = text.split(':');
    let dtype: DType = parts.next().unwrap().parse().unwrap();
    let shape: Vec<usize> =
        parts.next().unwrap().split(',').filter(|one| !one.is_empty()).map(|one| one.parse().unwrap()).collect();
    let digits = parts.next().unwrap();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap()).collect();
    NdArray::from_buffer(dtype, &shape, Buffer::from_vec(bytes)).unwrap()
}

/// Whether two elements are equal, or within so many units of the dtype's precision of `scale` or the expected one if that is larger;
/// NaN equals NaN.
pub fn is_near(result: Scalar, expected: Scalar, tolerance: f64, scale: f64) -> bool {
    if result.dtype() != expected.dtype() {
        return false;
    }
    if !result.dtype().is_float() && !result.dtype().is_complex() {
        return result == expected;
    }
    let precision = match result.dtype() {
        DType::F16 => 1e-3,
        DType::F32 | DType::C64 => 1.2e-7,
        _ => 2.3e-16,
    };
    let (a, b): (Complex<f64>, Complex<f64>) = (result.to(), expected.to());
    let size = b.norm();
    let size = if size.is_finite() { size.max(scale).max(1e-300) } else { scale };
    let near = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * precision * size;
    near(a.re, b.re) && near(a.im, b.im)
}

/// Why two arrays differ, if they do; `signed_zero` tells zeros apart by their sign.
pub fn difference(
    result: &NdArray,
    expected: &NdArray,
    (tolerance, scale): (f64, f64),
    signed_zero: bool,
) -> Option<(usize, String)> {
    if result.dtype() != expected.dtype() || result.shape() != expected.shape() {
        let (given, wanted) = (result, expected);
        let text = format!("{} {:?}, not {} {:?}", given.dtype(), given.shape(), wanted.dtype(), wanted.shape());
        return Some((0, text));
    }
    let same = |a: Scalar, b: Scalar| {
        let zeros = signed_zero && a.dtype().is_float() && a.to::<f64>() == 0.0 && b.to::<f64>() == 0.0;
        is_near(a, b, tolerance, scale)
            && (!zeros || a.to::<f64>().is_sign_negative() == b.to::<f64>().is_sign_negative())
    };
    let pairs = result.scalars().into_iter().zip(expected.scalars()).enumerate();
    let bad: Vec<_> = pairs.filter(|(_, (a, b))| !same(*a, *b)).collect();
    bad.first().map(|(place, (a, b))| (*place, format!("{} wrong, at {place} {a}, not {b}", bad.len())))
}
