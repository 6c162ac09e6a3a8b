//! The frequencies of a transform's points, and their order.

use crate::error::{KernelError, Result};
use crate::layout::arrange::roll;
use crate::ndarray::NdArray;
use crate::shape::normalize_axes;

/// The frequencies of the points of [`super::fft`] in cycles per unit of the sample spacing: zero, positive, negative.
///
/// # Errors
/// No points.
pub fn fftfreq(n: usize, spacing: f64) -> Result<Vec<f64>> {
    let scale = scale(n, spacing)?;
    let positive = n.div_ceil(2);
    Ok((0..n).map(|i| if i < positive { i as f64 } else { i as f64 - n as f64 } * scale).collect())
}

/// The frequencies of the points of [`super::rfft`].
///
/// # Errors
/// No points.
pub fn rfftfreq(n: usize, spacing: f64) -> Result<Vec<f64>> {
    let scale = scale(n, spacing)?;
    Ok((0..=n / 2).map(|i| i as f64 * scale).collect())
}

fn scale(n: usize, spacing: f64) -> Result<f64> {
    if n == 0 {
        return Err(KernelError::invalid("frequencies of a transform of 0 points: n should be at least 1"));
    }
    Ok(1.0 / (n as f64 * spacing))
}

/// The zero frequency moved to the middle of each of the axes (all where none are named).
///
/// # Errors
/// An axis out of bounds.
pub fn fftshift(array: &NdArray, axes: Option<&[isize]>) -> Result<NdArray> {
    shift(array, axes, |n| (n / 2) as isize)
}

/// The inverse of [`fftshift`].
///
/// # Errors
/// An axis out of bounds.
pub fn ifftshift(array: &NdArray, axes: Option<&[isize]>) -> Result<NdArray> {
    shift(array, axes, |n| -((n / 2) as isize))
}

fn shift(array: &NdArray, axes: Option<&[isize]>, by: impl Fn(usize) -> isize) -> Result<NdArray> {
    let axes = normalize_axes(axes, array.ndim())?;
    let moves: Vec<(usize, isize)> = axes.iter().map(|axis| (*axis, by(array.shape()[*axis]))).collect();
    roll(array, &moves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_as_numpy_gives_them() {
        assert_eq!(fftfreq(5, 0.1).unwrap(), [0.0, 2.0, 4.0, -4.0, -2.0]);
        assert_eq!(fftfreq(4, 1.0).unwrap(), [0.0, 0.25, -0.5, -0.25]);
        assert_eq!(rfftfreq(4, 1.0).unwrap(), [0.0, 0.25, 0.5]);
        assert_eq!(rfftfreq(5, 0.2).unwrap(), [0.0, 1.0, 2.0]);
        assert!(fftfreq(0, 1.0).is_err());
    }

    #[test]
    fn shifts_are_inverse() {
        for n in [4, 5] {
            let array = NdArray::from_vec(&[n, 2], (0..2 * n as i64).collect()).unwrap();
            let shifted = fftshift(&array, Some(&[0])).unwrap();
            assert_eq!(shifted.to_vec::<i64>().unwrap()[..2], [2 * n.div_ceil(2) as i64, 2 * n.div_ceil(2) as i64 + 1]);
            assert_eq!(ifftshift(&shifted, Some(&[0])).unwrap(), array);
            assert_eq!(ifftshift(&fftshift(&array, None).unwrap(), None).unwrap(), array);
        }
    }
}
