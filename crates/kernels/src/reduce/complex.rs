//! Reductions of complex numbers that are made of those of their parts.

use super::fold::finished;
use super::kernel::Kernel;
use super::moments::Moments;
use super::sum::{Addend, FloatSum};
use crate::Complex;
use crate::dtype::DType;
use crate::element::Element;
use crate::error::Result;
use crate::ndarray::NdArray;

/// A kernel of real numbers that two of give a result of complex ones.
pub(crate) trait OfParts: Kernel {
    /// The results; `self` has taken the real parts.
    fn finish_with(&self, imaginary: &Self, count: u64, dtype: DType) -> Result<NdArray>;
}

/// Sums in `Complex<f64>`, or means.
impl<P: Addend<In = P> + Element, const SKIP: bool> OfParts for FloatSum<P, SKIP> {
    fn finish_with(&self, imaginary: &Self, count: u64, dtype: DType) -> Result<NdArray> {
        let parts = self.totals(count).into_iter().zip(imaginary.totals(count));
        let both: Vec<Complex<f64>> = parts.map(|(re, im)| Complex::new(re, im)).collect();
        finished(&both, dtype)
    }
}

/// The variances of both parts together.
impl<P: Addend<In = P> + Element, const SKIP: bool> OfParts for Moments<P, SKIP> {
    fn finish_with(&self, imaginary: &Self, count: u64, dtype: DType) -> Result<NdArray> {
        Kernel::finish(&self.with_squares_of(imaginary), count, dtype)
    }
}

/// The kernel of complex numbers.
#[derive(Clone)]
pub(crate) struct Both<K, const SKIP: bool> {
    real: K,
    imaginary: K,
}

impl<K: Clone, const SKIP: bool> Both<K, SKIP> {
    pub(crate) fn new(part: K) -> Self {
        Self { real: part.clone(), imaginary: part }
    }
}

/// The parts of complex numbers; both NaN where either is, if NaN is left out.
fn parts<P: Addend<In = P> + Element, const SKIP: bool>(values: &[Complex<P>]) -> (Vec<P>, Vec<P>) {
    let missing = |value: &Complex<P>| P::lift(value.re).is_nan() || P::lift(value.im).is_nan();
    let nan = |value: &Complex<P>| if P::lift(value.re).is_nan() { value.re } else { value.im };
    values
        .iter()
        .map(|value| if SKIP && missing(value) { (nan(value), nan(value)) } else { (value.re, value.im) })
        .unzip()
}

impl<P, K, const SKIP: bool> Kernel for Both<K, SKIP>
where
    P: Addend<In = P> + Element,
    K: OfParts<In = P>,
    Complex<P>: Element,
{
    type In = Complex<P>;

    fn run(&mut self, state: usize, values: &[Complex<P>], position: i64, step: i64) {
        let (real, imaginary) = parts::<P, SKIP>(values);
        self.real.run(state, &real, position, step);
        self.imaginary.run(state, &imaginary, position, step);
    }

    fn rows(&mut self, first: usize, values: &[Complex<P>], position: i64, step: i64) {
        let (real, imaginary) = parts::<P, SKIP>(values);
        self.real.rows(first, &real, position, step);
        self.imaginary.rows(first, &imaginary, position, step);
    }

    fn states(&self) -> usize {
        Kernel::states(&self.real)
    }

    fn arrays(&self) -> Vec<NdArray> {
        [Kernel::arrays(&self.real), Kernel::arrays(&self.imaginary)].concat()
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        let (real, imaginary) = arrays.split_at(arrays.len() / 2);
        Kernel::merge(&mut self.real, real)?;
        Kernel::merge(&mut self.imaginary, imaginary)
    }

    fn finish(&self, count: u64, dtype: DType) -> Result<NdArray> {
        self.real.finish_with(&self.imaginary, count, dtype)
    }
}
