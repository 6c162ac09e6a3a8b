//! Transforms along several axes: one axis after another, the views of each step copied as the next one's lines.

use super::axis::{Norm, fft, ifft, irfft, rfft};
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::shape::normalize_axis;

/// [`fft`] along several axes: those named, or the last `lengths.len()`, or all. `lengths` crops or pads each.
///
/// # Errors
/// As [`fft`]; lengths and axes that differ in number.
pub fn fftn(array: &NdArray, lengths: Option<&[usize]>, axes: Option<&[isize]>, norm: Norm) -> Result<NdArray> {
    steps(array, lengths, axes)?.into_iter().rev().try_fold(array.clone(), |a, (axis, n)| fft(&a, Some(n), axis, norm))
}

/// The inverse of [`fftn`].
///
/// # Errors
/// As [`fftn`].
pub fn ifftn(array: &NdArray, lengths: Option<&[usize]>, axes: Option<&[isize]>, norm: Norm) -> Result<NdArray> {
    steps(array, lengths, axes)?.into_iter().rev().try_fold(array.clone(), |a, (axis, n)| ifft(&a, Some(n), axis, norm))
}

/// The transform of a real array: [`rfft`] along the last of the axes, [`fft`] along the others.
///
/// # Errors
/// As [`fftn`] and [`rfft`]; no axes.
pub fn rfftn(array: &NdArray, lengths: Option<&[usize]>, axes: Option<&[isize]>, norm: Norm) -> Result<NdArray> {
    let mut steps = steps(array, lengths, axes)?;
    let (axis, n) = steps.pop().ok_or_else(no_axes)?;
    let half = rfft(array, Some(n), axis, norm)?;
    steps.into_iter().rev().try_fold(half, |a, (axis, n)| fft(&a, Some(n), axis, norm))
}

/// The inverse of [`rfftn`]: `lengths` are those of the real array, the last one `2 (m - 1)` where none are given.
///
/// # Errors
/// As [`rfftn`].
pub fn irfftn(array: &NdArray, lengths: Option<&[usize]>, axes: Option<&[isize]>, norm: Norm) -> Result<NdArray> {
    let mut steps = steps(array, lengths, axes)?;
    let (axis, n) = steps.pop().ok_or_else(no_axes)?;
    let whole = steps.into_iter().try_fold(array.clone(), |a, (axis, n)| ifft(&a, Some(n), axis, norm))?;
    irfft(&whole, lengths.map(|_| n), axis, norm)
}

fn no_axes() -> KernelError {
    KernelError::invalid("at least 1 axis must be transformed")
}

/// The axes with their lengths.
fn steps(array: &NdArray, lengths: Option<&[usize]>, axes: Option<&[isize]>) -> Result<Vec<(isize, usize)>> {
    let ndim = array.ndim();
    let axes = match (axes, lengths) {
        (Some(axes), _) => axes.to_vec(),
        (None, Some(lengths)) if lengths.len() > ndim => {
            let axis = -(lengths.len() as isize);
            return Err(KernelError::AxisOutOfBounds { axis, ndim });
        }
        (None, Some(lengths)) => (ndim - lengths.len()..ndim).map(|axis| axis as isize).collect(),
        (None, None) => (0..ndim).map(|axis| axis as isize).collect(),
    };
    if lengths.is_some_and(|lengths| lengths.len() != axes.len()) {
        return Err(KernelError::invalid("Shape and axes have different lengths."));
    }
    axes.into_iter()
        .enumerate()
        .map(|(i, axis)| {
            let own = array.shape()[normalize_axis(axis, ndim)?];
            Ok((axis, lengths.map_or(own, |lengths| lengths[i])))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;

    fn near(a: &NdArray, b: &NdArray) {
        assert_eq!(a.shape(), b.shape());
        let (a, b) = (a.to_vec::<Complex<f64>>().unwrap(), b.to_vec::<Complex<f64>>().unwrap());
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).norm() < 1e-11), "{a:?} {b:?}");
    }

    fn image(shape: &[usize]) -> NdArray {
        let count = shape.iter().product::<usize>();
        NdArray::from_vec(shape, (0..count).map(|i| (i as f64 * 0.7).sin()).collect()).unwrap()
    }

    #[test]
    fn several_axes() {
        let array = image(&[3, 4, 5]);
        let both = fft(&fft(&array, None, 0, Norm::Ortho).unwrap(), None, 2, Norm::Ortho).unwrap();
        near(&fftn(&array, None, Some(&[0, 2]), Norm::Ortho).unwrap(), &both);
        let whole = fftn(&array, None, None, Norm::Backward).unwrap();
        let half = rfftn(&array, None, None, Norm::Backward).unwrap();
        near(&half, &whole.slice(&[crate::SliceSpec::Ellipsis, (0..3).into()]).unwrap());
        let back = irfftn(&half, Some(&[3, 4, 5]), None, Norm::Backward).unwrap();
        assert!(
            back.to_vec::<f64>()
                .unwrap()
                .iter()
                .zip(array.to_vec::<f64>().unwrap())
                .all(|(a, b)| (a - b).abs() < 1e-13)
        );
        assert_eq!(irfftn(&half, None, None, Norm::Backward).unwrap().shape(), &[3, 4, 4]);
        let complex = fftn(&array, Some(&[2, 6]), None, Norm::Backward).unwrap();
        assert_eq!(complex.shape(), &[3, 2, 6]);
        near(
            &fftn(&ifftn(&complex, None, None, Norm::Backward).unwrap(), None, None, Norm::Backward).unwrap(),
            &complex,
        );
    }

    #[test]
    fn wrong_axes() {
        let array = image(&[2, 2]);
        assert!(fftn(&array, Some(&[2]), Some(&[0, 1]), Norm::Backward).is_err());
        assert!(fftn(&array, Some(&[2, 2, 2]), None, Norm::Backward).is_err());
        assert!(fftn(&array, None, Some(&[2]), Norm::Backward).is_err());
        assert!(rfftn(&array, None, Some(&[]), Norm::Backward).is_err());
    }
}
