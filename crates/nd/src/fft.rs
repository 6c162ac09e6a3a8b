//! Fourier transforms, with NumPy's conventions.

use swath_arrays::expr::op::Fft;
use swath_kernels::fft::{Norm, fftfreq, rfftfreq};
use swath_kernels::normalize_axes;

use crate::array::Array;
use crate::axes::Axes;
use crate::context::Arrays;
use crate::error::{Error, Result};

impl Array {
    /// The transform along an axis, cut or padded with zeros to `length`; complex.
    ///
    /// # Errors
    /// Kept: a length of zero, an axis out of bounds, dates.
    #[must_use]
    pub fn fft(&self, length: Option<usize>, axis: isize, norm: Norm) -> Self {
        self.transform(Fft::Forward, length, axis, norm)
    }

    /// The inverse of [`Array::fft`].
    #[must_use]
    pub fn ifft(&self, length: Option<usize>, axis: isize, norm: Norm) -> Self {
        self.transform(Fft::Inverse, length, axis, norm)
    }

    /// The transform of real elements along an axis: the half of the spectrum that is not mirrored, `length / 2 + 1`.
    ///
    /// # Errors
    /// Kept: complex elements; as [`Array::fft`].
    #[must_use]
    pub fn rfft(&self, length: Option<usize>, axis: isize, norm: Norm) -> Self {
        self.transform(Fft::RealForward, length, axis, norm)
    }

    /// The inverse of [`Array::rfft`]; `length` is that of the result, else twice the input's less two.
    #[must_use]
    pub fn irfft(&self, length: Option<usize>, axis: isize, norm: Norm) -> Self {
        self.transform(Fft::RealInverse, length, axis, norm)
    }

    /// The transform of a signal that is Hermitian along an axis: a real spectrum.
    #[must_use]
    pub fn hfft(&self, length: Option<usize>, axis: isize, norm: Norm) -> Self {
        self.conj().transform(Fft::RealInverse, length, axis, swapped(norm))
    }

    /// The inverse of [`Array::hfft`].
    #[must_use]
    pub fn ihfft(&self, length: Option<usize>, axis: isize, norm: Norm) -> Self {
        self.transform(Fft::RealForward, length, axis, swapped(norm)).conj()
    }

    fn transform(&self, function: Fft, length: Option<usize>, axis: isize, norm: Norm) -> Self {
        let made = self.then(|array| array.fft(function, axis, length));
        let is_inverse = matches!(function, Fft::Inverse | Fft::RealInverse);
        if norm == Norm::Backward {
            return made;
        }
        let count = || -> Result<f64> {
            let shape = self.shape()?;
            let own = shape[swath_kernels::normalize_axis(axis, shape.len())?];
            let default = if function == Fft::RealInverse { 2 * own.saturating_sub(1) } else { own };
            Ok(length.unwrap_or(default) as f64)
        };
        let Ok(count) = count() else { return made };
        match (norm, is_inverse) {
            (Norm::Ortho, false) => made / count.sqrt(),
            (Norm::Ortho, true) => made * count.sqrt(),
            (_, false) => made / count,
            (_, true) => made * count,
        }
    }

    /// The transform along several axes, each cut or padded to its length; `()` for all axes.
    ///
    /// # Errors
    /// Kept: other numbers of lengths and axes; as [`Array::fft`].
    #[must_use]
    pub fn fftn(&self, lengths: Option<&[usize]>, axes: impl Into<Axes>, norm: Norm) -> Self {
        self.along(lengths, &axes.into(), |array, length, axis, _| array.fft(length, axis, norm))
    }

    /// The inverse of [`Array::fftn`].
    #[must_use]
    pub fn ifftn(&self, lengths: Option<&[usize]>, axes: impl Into<Axes>, norm: Norm) -> Self {
        self.along(lengths, &axes.into(), |array, length, axis, _| array.ifft(length, axis, norm))
    }

    /// The transform of real elements along several axes; the last of them is halved.
    #[must_use]
    pub fn rfftn(&self, lengths: Option<&[usize]>, axes: impl Into<Axes>, norm: Norm) -> Self {
        self.along(lengths, &axes.into(), |array, length, axis, is_last| match is_last {
            true => array.rfft(length, axis, norm),
            false => array.fft(length, axis, norm),
        })
    }

    /// The inverse of [`Array::rfftn`].
    #[must_use]
    pub fn irfftn(&self, lengths: Option<&[usize]>, axes: impl Into<Axes>, norm: Norm) -> Self {
        let made = |axes: &[isize]| -> Self {
            let length = |at: usize| lengths.and_then(|lengths| lengths.get(at).copied());
            axes.iter().enumerate().fold(self.clone(), |array, (at, axis)| match at + 1 == axes.len() {
                true => array.irfft(length(at), *axis, norm),
                false => array.ifft(length(at), *axis, norm),
            })
        };
        match self.transformed_axes(lengths, &axes.into()) {
            Ok(axes) => made(&axes),
            Err(error) => self.failed(error),
        }
    }

    /// The transform along the last two axes.
    #[must_use]
    pub fn fft2(&self) -> Self {
        self.fftn(None, [-2, -1], Norm::Backward)
    }

    /// The inverse of [`Array::fft2`].
    #[must_use]
    pub fn ifft2(&self) -> Self {
        self.ifftn(None, [-2, -1], Norm::Backward)
    }

    /// The transform of real elements along the last two axes.
    #[must_use]
    pub fn rfft2(&self) -> Self {
        self.rfftn(None, [-2, -1], Norm::Backward)
    }

    /// The inverse of [`Array::rfft2`].
    #[must_use]
    pub fn irfft2(&self) -> Self {
        self.irfftn(None, [-2, -1], Norm::Backward)
    }

    fn along(
        &self,
        lengths: Option<&[usize]>,
        axes: &Axes,
        each: impl Fn(&Self, Option<usize>, isize, bool) -> Self,
    ) -> Self {
        let axes = match self.transformed_axes(lengths, axes) {
            Ok(axes) => axes,
            Err(error) => return self.failed(error),
        };
        let last = axes.len().saturating_sub(1);
        axes.iter().enumerate().rev().fold(self.clone(), |array, (at, axis)| {
            each(&array, lengths.and_then(|lengths| lengths.get(at).copied()), *axis, at == last)
        })
    }

    /// The axes of a transform in the order they were given; of lengths alone the last ones.
    fn transformed_axes(&self, lengths: Option<&[usize]>, axes: &Axes) -> Result<Vec<isize>> {
        let ndim = self.ndim()?;
        let axes: Vec<isize> = match (axes.get(), lengths) {
            (Some(axes), _) => axes.to_vec(),
            (None, Some(lengths)) => (1..=lengths.len() as isize).rev().map(|back| -back).collect(),
            (None, None) => (0..ndim as isize).collect(),
        };
        if lengths.is_some_and(|lengths| lengths.len() != axes.len()) {
            return Err(Error::invalid("Shape and axes have different lengths."));
        }
        normalize_axes(Some(&axes), ndim)?;
        Ok(axes)
    }

    /// Zero frequency brought to the middle of axes; `()` for all.
    #[must_use]
    pub fn fftshift(&self, axes: impl Into<Axes>) -> Self {
        self.shifted(&axes.into(), |length| length as isize / 2)
    }

    /// The inverse of [`Array::fftshift`].
    #[must_use]
    pub fn ifftshift(&self, axes: impl Into<Axes>) -> Self {
        self.shifted(&axes.into(), |length| -(length as isize / 2))
    }

    fn shifted(&self, axes: &Axes, shift: impl Fn(usize) -> isize) -> Self {
        self.then(|array| -> Result<_> {
            let axes = normalize_axes(axes.get(), array.ndim())?;
            Ok(axes.iter().try_fold(array.clone(), |result, axis| {
                let length = array.known_length(*axis, "fftshift")?;
                result.roll(shift(length), *axis as isize)
            })?)
        })
    }
}

const fn swapped(norm: Norm) -> Norm {
    match norm {
        Norm::Backward => Norm::Forward,
        Norm::Forward => Norm::Backward,
        other => other,
    }
}

impl Arrays {
    /// The frequencies of a transform of `n` samples `spacing` apart.
    pub fn fftfreq(&self, n: usize, spacing: f64) -> Array {
        self.frequencies(fftfreq(n, spacing))
    }

    /// The frequencies of a real transform of `n` samples `spacing` apart.
    pub fn rfftfreq(&self, n: usize, spacing: f64) -> Array {
        self.frequencies(rfftfreq(n, spacing))
    }

    fn frequencies(&self, found: swath_kernels::Result<Vec<f64>>) -> Array {
        match found {
            Ok(frequencies) => self.from_vec(frequencies),
            Err(error) => Array::new(self, Err(error.into())),
        }
    }
}
