//! Transforms along one axis.
//!
//! The lines of the axis are copied next to each other (cropped or padded with zeros), transformed where they are, and
//! handed back as a view with the axis in its place. Memory: the result, and for real transforms the lines once more.

use std::borrow::Cow;

use num_complex::Complex;

use super::plans::Precision;
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::layout::axes::{with_axis_last, with_last_at};
use crate::layout::copy::{Place, copy_strided, typed, zeroed};
use crate::ndarray::NdArray;
use crate::shape::{contiguous_strides, element_count, normalize_axis};

/// Points that are transformed in one call where lines are shorter.
const BATCH_POINTS: usize = 2048;

/// Which direction is divided by the number of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Norm {
    /// The inverse transform.
    #[default]
    Backward,
    /// Both, by its square root.
    Ortho,
    /// The forward transform.
    Forward,
}

impl Norm {
    pub(super) fn factor(self, length: usize, inverse: bool) -> f64 {
        match (self, inverse) {
            (Self::Ortho, _) => 1.0 / (length as f64).sqrt(),
            (Self::Backward, true) | (Self::Forward, false) => 1.0 / length as f64,
            (Self::Backward, false) | (Self::Forward, true) => 1.0,
        }
    }

    fn swapped(self) -> Self {
        match self {
            Self::Backward => Self::Forward,
            Self::Ortho => Self::Ortho,
            Self::Forward => Self::Backward,
        }
    }
}

/// The transform of the lines along `axis`, each cropped or padded with zeros to `n` points.
///
/// # Errors
/// An axis out of bounds, no points, or dates.
pub fn fft(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm) -> Result<NdArray> {
    complex_transform(array, n, axis, norm, false)
}

/// The inverse of [`fft`].
///
/// # Errors
/// As [`fft`].
pub fn ifft(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm) -> Result<NdArray> {
    complex_transform(array, n, axis, norm, true)
}

/// The first `n / 2 + 1` points of the transform of real lines of `n` points; the others are their conjugates.
///
/// # Errors
/// As [`fft`]; a complex array.
pub fn rfft(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm) -> Result<NdArray> {
    if array.dtype().is_complex() {
        let (dtypes, accepts) = (vec![array.dtype()], "it takes real numbers; use fft for complex ones");
        return Err(KernelError::Unsupported { function: "rfft", dtypes, accepts });
    }
    match single(array.dtype())? {
        true => real_forward::<f32>(array, n, axis, norm, false),
        false => real_forward::<f64>(array, n, axis, norm, false),
    }
}

/// The inverse of [`rfft`]: `n` real points, `2 (m - 1)` where a line has `m` points and none are given.
///
/// # Errors
/// As [`fft`].
pub fn irfft(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm) -> Result<NdArray> {
    match single(array.dtype())? {
        true => real_inverse::<f32>(array, n, axis, norm, false),
        false => real_inverse::<f64>(array, n, axis, norm, false),
    }
}

/// The transform of lines whose points mirror each other's conjugates: real. The inverse of [`ihfft`].
///
/// # Errors
/// As [`fft`].
pub fn hfft(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm) -> Result<NdArray> {
    match single(array.dtype())? {
        true => real_inverse::<f32>(array, n, axis, norm.swapped(), true),
        false => real_inverse::<f64>(array, n, axis, norm.swapped(), true),
    }
}

/// The inverse transform of real lines, of which the first `n / 2 + 1` points are given.
///
/// # Errors
/// As [`rfft`].
pub fn ihfft(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm) -> Result<NdArray> {
    let result = rfft(array, n, axis, norm.swapped())?;
    match result.dtype() {
        DType::C64 => map_complex::<f32>(&result, |value| value.conj()),
        _ => map_complex::<f64>(&result, |value| value.conj()),
    }
}

fn map_complex<T: Precision>(array: &NdArray, change: impl Fn(Complex<T>) -> Complex<T>) -> Result<NdArray>
where
    Complex<T>: Element,
{
    let elements = typed::<Complex<T>>(array)?.iter().map(|value| change(*value)).collect();
    let changed = Complex::<T>::into_buffer(elements);
    NdArray::from_parts(array.dtype(), array.shape(), array.strides(), array.offset(), changed)
}

/// Whether a dtype is transformed in single precision.
pub(super) fn single(dtype: DType) -> Result<bool> {
    if dtype.is_time() {
        let accepts = "it takes numbers; cast dates and durations first";
        return Err(KernelError::Unsupported { function: "fft", dtypes: vec![dtype], accepts });
    }
    Ok(matches!(dtype, DType::F16 | DType::F32 | DType::C64))
}

fn points(n: Option<usize>, length: usize) -> Result<usize> {
    match n.unwrap_or(length) {
        0 => Err(KernelError::invalid("Invalid number of FFT data points (0) specified.")),
        n => Ok(n),
    }
}

/// The lines along `axis` as `E`, each cropped or padded to `n`, one after another; and the shape with the axis last.
fn gather<E>(array: &NdArray, axis: usize, n: usize) -> Result<(Cow<'_, [E]>, Vec<usize>)>
where
    E: Element,
{
    let moved = with_axis_last(array, axis)?;
    let mut shape = moved.shape().to_vec();
    let last = shape.len() - 1;
    let taken = n.min(shape[last]);
    shape[last] = n;
    let count = element_count(&shape)?;
    // Where the lines lie as they are wanted, the view begins and ends where the array does.
    if count > 0
        && n == moved.shape()[last]
        && moved.is_contiguous()
        && let Some(all) = array.elements::<E>()
        && let Some(elements) = all.get(moved.offset()..moved.offset() + count)
    {
        return Ok((Cow::Borrowed(elements), shape));
    }
    let mut elements = zeroed::<E>(count);
    let strides = contiguous_strides(&shape);
    let mut from_shape = shape.clone();
    from_shape[last] = taken;
    let moved = if moved.dtype().physical() == E::DTYPE { moved } else { crate::fused::cast(&moved, E::DTYPE)? };
    let from = Place { offset: moved.offset(), strides: moved.strides() };
    copy_strided(&from_shape, &mut elements, Place { offset: 0, strides: &strides }, typed::<E>(&moved)?, from);
    Ok((Cow::Owned(elements), shape))
}

fn complex_transform(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm, inverse: bool) -> Result<NdArray> {
    let single = single(array.dtype())?;
    match (array.dtype().is_complex(), single) {
        (true, true) => complex_lines::<f32>(array, n, axis, norm, inverse),
        (true, false) => complex_lines::<f64>(array, n, axis, norm, inverse),
        (false, true) => real_lines::<f32>(array, n, axis, norm, inverse),
        (false, false) => real_lines::<f64>(array, n, axis, norm, inverse),
    }
}

fn complex_lines<T>(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm, inverse: bool) -> Result<NdArray>
where
    T: Precision,
    Complex<T>: Element,
{
    let axis = normalize_axis(axis, array.ndim())?;
    let n = points(n, array.shape()[axis])?;
    let (elements, shape) = gather::<Complex<T>>(array, axis, n)?;
    let plan = T::complex(n, inverse);
    let mut scratch = vec![Complex::default(); plan.get_inplace_scratch_len()];
    let factor = T::rounded(norm.factor(n, inverse));
    let mut transform = |batch: &mut [Complex<T>]| {
        plan.process_with_scratch(batch, &mut scratch);
        if factor != T::one() {
            batch.iter_mut().for_each(|point| *point = *point * factor);
        }
    };
    // Short lines go to the plan by the dozen.
    let batch = (BATCH_POINTS / n).max(1) * n;
    let result = match elements {
        Cow::Owned(mut lines) => {
            lines.chunks_mut(batch).for_each(&mut transform);
            lines
        }
        // Each batch is copied when its turn comes: it is in the cache then.
        Cow::Borrowed(lines) => {
            let mut result = crate::memory::reserved(lines.len());
            for batch in lines.chunks(batch) {
                let start = result.len();
                result.extend_from_slice(batch);
                transform(&mut result[start..]);
            }
            result
        }
    };
    with_last_at(&NdArray::from_vec(&shape, result)?, axis)
}

/// The whole transform of real lines: one half is computed, the other mirrors it.
fn real_lines<T>(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm, inverse: bool) -> Result<NdArray>
where
    T: Precision,
    Complex<T>: Element,
{
    let axis = normalize_axis(axis, array.ndim())?;
    let n = points(n, array.shape()[axis])?;
    let (elements, shape) = gather::<T>(array, axis, n)?;
    let mut result = zeroed::<Complex<T>>(elements.len());
    let mut buffer = vec![T::default(); n];
    let transform = Forward::<T>::new(n, norm.factor(n, inverse));
    let mut scratch = transform.scratch();
    for (line, out) in elements.chunks_exact(n).zip(result.chunks_exact_mut(n)) {
        let half = n / 2 + 1;
        buffer.copy_from_slice(line);
        transform.line(&mut buffer, &mut out[..half], &mut scratch)?;
        if inverse {
            out[..half].iter_mut().for_each(|point| *point = point.conj());
        }
        for i in half..n {
            out[i] = out[n - i].conj();
        }
    }
    with_last_at(&NdArray::from_vec(&shape, result)?, axis)
}

struct Forward<T: Precision> {
    plan: std::sync::Arc<dyn swath_solvers::RealToComplex<T>>,
    factor: T,
}

impl<T: Precision> Forward<T> {
    fn new(n: usize, factor: f64) -> Self {
        Self { plan: T::from_real(n), factor: T::rounded(factor) }
    }

    fn scratch(&self) -> Vec<Complex<T>> {
        self.plan.make_scratch_vec()
    }

    fn line(&self, line: &mut [T], out: &mut [Complex<T>], scratch: &mut [Complex<T>]) -> Result<()> {
        let done = self.plan.process_with_scratch(line, out, scratch);
        done.map_err(|error| KernelError::invalid(format!("rfft: {error}")))?;
        if self.factor != T::one() {
            out.iter_mut().for_each(|point| *point = *point * self.factor);
        }
        Ok(())
    }
}

fn real_forward<T>(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm, inverse: bool) -> Result<NdArray>
where
    T: Precision,
    Complex<T>: Element,
{
    let axis = normalize_axis(axis, array.ndim())?;
    let n = points(n, array.shape()[axis])?;
    let (elements, mut shape) = gather::<T>(array, axis, n)?;
    let half = n / 2 + 1;
    if let Some(last) = shape.last_mut() {
        *last = half;
    }
    let mut result = zeroed::<Complex<T>>(element_count(&shape)?);
    // The transform overwrites its input.
    let mut buffer = vec![T::default(); n];
    let transform = Forward::<T>::new(n, norm.factor(n, inverse));
    let mut scratch = transform.scratch();
    for (line, out) in elements.chunks_exact(n).zip(result.chunks_exact_mut(half)) {
        buffer.copy_from_slice(line);
        transform.line(&mut buffer, out, &mut scratch)?;
    }
    with_last_at(&NdArray::from_vec(&shape, result)?, axis)
}

fn real_inverse<T>(array: &NdArray, n: Option<usize>, axis: isize, norm: Norm, conjugate: bool) -> Result<NdArray>
where
    T: Precision,
    Complex<T>: Element,
{
    let axis = normalize_axis(axis, array.ndim())?;
    let n = points(n, 2 * array.shape()[axis].saturating_sub(1))?;
    let half = n / 2 + 1;
    let (elements, mut shape) = gather::<Complex<T>>(array, axis, half)?;
    if let Some(last) = shape.last_mut() {
        *last = n;
    }
    let mut result = zeroed::<T>(element_count(&shape)?);
    let mut buffer = vec![Complex::<T>::default(); half];
    let plan = T::to_real(n);
    let mut scratch = plan.make_scratch_vec();
    let factor = T::rounded(norm.factor(n, true));
    for (line, out) in elements.chunks_exact(half).zip(result.chunks_exact_mut(n)) {
        buffer.copy_from_slice(line);
        let line = buffer.as_mut_slice();
        if conjugate {
            line.iter_mut().for_each(|point| *point = point.conj());
        }
        // What is their own mirror image is real.
        line[0].im = T::zero();
        if n % 2 == 0 {
            line[half - 1].im = T::zero();
        }
        let done = plan.process_with_scratch(line, out, &mut scratch);
        done.map_err(|error| KernelError::invalid(format!("irfft: {error}")))?;
        if factor != T::one() {
            out.iter_mut().for_each(|point| *point = *point * factor);
        }
    }
    with_last_at(&NdArray::from_vec(&shape, result)?, axis)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::slicing::SliceSpec;

    fn plain(line: &[Complex<f64>], inverse: bool) -> Vec<Complex<f64>> {
        let n = line.len();
        let sign = if inverse { 1.0 } else { -1.0 };
        let point = |k: usize| {
            let term = |(j, v): (usize, &Complex<f64>)| {
                v * Complex::from_polar(1.0, sign * TAU * ((j * k) % n) as f64 / n as f64)
            };
            line.iter().enumerate().map(term).sum()
        };
        (0..n).map(point).collect()
    }

    fn wave(n: usize) -> Vec<Complex<f64>> {
        (0..n).map(|i| Complex::new((i as f64 * 1.7).sin(), (i as f64 * 0.3).cos() - 0.2)).collect()
    }

    fn assert_near(found: &NdArray, expected: &[Complex<f64>]) {
        let found = found.to_vec::<Complex<f64>>().unwrap();
        assert_eq!(found.len(), expected.len());
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).norm() < 1e-10, "{found:?}, expected {expected:?}");
        }
    }

    #[test]
    fn equals_the_definition() {
        for n in [1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 31, 36, 97, 128] {
            let line = wave(n);
            let array = NdArray::from_vec(&[n], line.clone()).unwrap();
            assert_near(&fft(&array, None, -1, Norm::Backward).unwrap(), &plain(&line, false));
            assert_near(&ifft(&array, None, 0, Norm::Forward).unwrap(), &plain(&line, true));
            let back = ifft(&fft(&array, None, 0, Norm::Ortho).unwrap(), None, 0, Norm::Ortho).unwrap();
            assert_near(&back, &line);

            let real: Vec<f64> = line.iter().map(|v| v.re).collect();
            let as_complex: Vec<_> = real.iter().map(|v| Complex::new(*v, 0.0)).collect();
            let array = NdArray::from_vec(&[n], real.clone()).unwrap();
            let whole = plain(&as_complex, false);
            assert_near(&fft(&array, None, 0, Norm::Backward).unwrap(), &whole);
            assert_near(&ifft(&array, None, 0, Norm::Forward).unwrap(), &plain(&as_complex, true));
            let half = rfft(&array, None, 0, Norm::Backward).unwrap();
            assert_near(&half, &whole[..n / 2 + 1]);
            let back = irfft(&half, Some(n), 0, Norm::Backward).unwrap().to_vec::<f64>().unwrap();
            assert!(back.iter().zip(&real).all(|(a, b)| (a - b).abs() < 1e-12), "{n}: {back:?}");
            let mirrored: Vec<_> = whole[..n / 2 + 1].iter().map(|v| v.conj() / n as f64).collect();
            let half = ihfft(&array, None, 0, Norm::Backward).unwrap();
            assert_near(&half, &mirrored);
            let back = hfft(&half, Some(n), 0, Norm::Backward).unwrap().to_vec::<f64>().unwrap();
            assert!(back.iter().zip(&real).all(|(a, b)| (a - b).abs() < 1e-12), "{n}: {back:?}");
        }
    }

    #[test]
    fn lengths_axes_and_views() {
        let line = wave(24);
        let array = NdArray::from_vec(&[4, 6], line.clone()).unwrap();
        let view = array.t().slice(&[SliceSpec::REVERSED]).unwrap();
        for n in [3, 6, 9] {
            let columns = fft(&view, Some(n), 0, Norm::Backward).unwrap();
            assert_eq!(columns.shape(), &[n, 4]);
            for row in 0..4 {
                let mut own: Vec<_> = line[row * 6..][..6].iter().rev().copied().collect();
                own.resize(n, Complex::default());
                let found = columns.slice(&[SliceSpec::ALL, SliceSpec::Index(row as isize)]).unwrap();
                assert_near(&found, &plain(&own, false));
            }
        }
    }

    #[test]
    fn dtypes_are_numpys() {
        for (dtype, expected) in [
            (DType::F16, DType::C64),
            (DType::F32, DType::C64),
            (DType::C64, DType::C64),
            (DType::I8, DType::C128),
            (DType::Bool, DType::C128),
            (DType::F64, DType::C128),
        ] {
            let array = NdArray::zeros(dtype, &[3, 4]).unwrap();
            assert_eq!(fft(&array, None, 1, Norm::Backward).unwrap().dtype(), expected);
            assert_eq!(irfft(&array, None, 0, Norm::Backward).unwrap().dtype(), expected.real());
        }
        let ints = NdArray::from_vec(&[4], vec![1_i32, 2, 3, 4]).unwrap();
        let expected = [(10.0, 0.0), (-2.0, 2.0), (-2.0, 0.0), (-2.0, -2.0)].map(|(re, im)| Complex::new(re, im));
        assert_near(&fft(&ints, None, 0, Norm::Backward).unwrap(), &expected);
    }

    #[test]
    fn errors_and_empty_arrays() {
        let empty = NdArray::zeros(DType::F64, &[0, 3]).unwrap();
        let message = fft(&empty, None, 0, Norm::Backward).unwrap_err().to_string();
        assert_eq!(message, "Invalid number of FFT data points (0) specified.");
        assert_eq!(fft(&empty, None, 1, Norm::Backward).unwrap().shape(), &[0, 3]);
        assert_eq!(fft(&empty, Some(2), 0, Norm::Backward).unwrap().to_vec::<Complex<f64>>().unwrap().len(), 6);
        assert_eq!(rfft(&empty, None, 1, Norm::Backward).unwrap().shape(), &[0, 2]);
        let one = NdArray::zeros(DType::F64, &[1]).unwrap();
        assert!(irfft(&one, None, 0, Norm::Backward).is_err());
        assert!(fft(&one, None, 1, Norm::Backward).is_err());
        assert!(rfft(&NdArray::zeros(DType::C64, &[2]).unwrap(), None, 0, Norm::Backward).is_err());
        assert!(
            fft(&NdArray::zeros("datetime64[s]".parse().unwrap(), &[2]).unwrap(), None, 0, Norm::Backward).is_err()
        );
        let nan = NdArray::from_vec(&[2], vec![f64::NAN, 1.0]).unwrap();
        assert!(fft(&nan, None, 0, Norm::Backward).unwrap().to_vec::<Complex<f64>>().unwrap()[0].re.is_nan());
    }
}
