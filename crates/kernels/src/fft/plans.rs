//! The precisions of transforms.

use num_complex::Complex;
use swath_solvers::Transform;

use crate::element::Element;

/// A precision in which arrays are transformed: `f32` or `f64`.
pub trait Precision: Transform + Element {
    /// The complex numbers of this precision.
    type Complex: Element + From<Complex<Self>> + Into<Complex<Self>>;
    /// `value` rounded to this precision.
    fn rounded(value: f64) -> Self;
}

impl Precision for f32 {
    type Complex = Complex<f32>;
    fn rounded(value: f64) -> Self {
        value as Self
    }
}

impl Precision for f64 {
    type Complex = Complex<f64>;
    fn rounded(value: f64) -> Self {
        value
    }
}
