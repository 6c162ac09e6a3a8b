//! Plans of transforms, kept by each thread: making one costs more than a short transform.

use std::cell::RefCell;
use std::sync::Arc;

use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftDirection, FftNum, FftPlanner};

use crate::element::Element;

thread_local! {
    static SINGLE: RefCell<Planners<f32>> = RefCell::new(Planners::new());
    static DOUBLE: RefCell<Planners<f64>> = RefCell::new(Planners::new());
}

/// The planners of one precision. They remember their plans.
pub struct Planners<T: FftNum> {
    complex: FftPlanner<T>,
    real: RealFftPlanner<T>,
}

impl<T: FftNum> Planners<T> {
    fn new() -> Self {
        Self { complex: FftPlanner::new(), real: RealFftPlanner::new() }
    }
}

/// A precision in which arrays are transformed: `f32` or `f64`.
pub trait Precision: FftNum + Element {
    /// The complex numbers of this precision.
    type Complex: Element + From<Complex<Self>> + Into<Complex<Self>>;
    /// `value` rounded to this precision.
    fn rounded(value: f64) -> Self;
    /// Runs `plan` with this thread's planners.
    fn with_planners<R>(plan: impl FnOnce(&mut Planners<Self>) -> R) -> R;
    /// The complex transform of `length`.
    fn complex(length: usize, inverse: bool) -> Arc<dyn Fft<Self>> {
        let direction = if inverse { FftDirection::Inverse } else { FftDirection::Forward };
        Self::with_planners(|planners| planners.complex.plan_fft(length, direction))
    }
    /// The transform of `length` real numbers.
    fn from_real(length: usize) -> Arc<dyn RealToComplex<Self>> {
        Self::with_planners(|planners| planners.real.plan_fft_forward(length))
    }
    /// The transform to `length` real numbers.
    fn to_real(length: usize) -> Arc<dyn ComplexToReal<Self>> {
        Self::with_planners(|planners| planners.real.plan_fft_inverse(length))
    }
}

impl Precision for f32 {
    type Complex = Complex<f32>;
    fn rounded(value: f64) -> Self {
        value as Self
    }
    fn with_planners<R>(plan: impl FnOnce(&mut Planners<Self>) -> R) -> R {
        SINGLE.with_borrow_mut(plan)
    }
}

impl Precision for f64 {
    type Complex = Complex<f64>;
    fn rounded(value: f64) -> Self {
        value
    }
    fn with_planners<R>(plan: impl FnOnce(&mut Planners<Self>) -> R) -> R {
        DOUBLE.with_borrow_mut(plan)
    }
}
