//! Plans of Fourier transforms, kept by each thread: making one costs more than a short transform.

use std::cell::RefCell;
use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftDirection, FftNum, FftPlanner};

/// A precision in which arrays are transformed: `f32` or `f64`.
pub trait Transform: FftNum {
    /// The complex transform of `length`.
    fn complex(length: usize, inverse: bool) -> Arc<dyn Fft<Self>>;
    /// The transform of `length` real numbers.
    fn from_real(length: usize) -> Arc<dyn RealToComplex<Self>>;
    /// The transform to `length` real numbers.
    fn to_real(length: usize) -> Arc<dyn ComplexToReal<Self>>;
}

macro_rules! transform {
    ($($real:ident, $complex_planner:ident, $real_planner:ident;)*) => {$(
        thread_local! {
            // Planners remember their plans.
            static $complex_planner: RefCell<FftPlanner<$real>> = RefCell::new(FftPlanner::new());
            static $real_planner: RefCell<RealFftPlanner<$real>> = RefCell::new(RealFftPlanner::new());
        }

        impl Transform for $real {
            #[inline(never)]
            fn complex(length: usize, inverse: bool) -> Arc<dyn Fft<Self>> {
                let direction = if inverse { FftDirection::Inverse } else { FftDirection::Forward };
                $complex_planner.with_borrow_mut(|planner| planner.plan_fft(length, direction))
            }
            #[inline(never)]
            fn from_real(length: usize) -> Arc<dyn RealToComplex<Self>> {
                $real_planner.with_borrow_mut(|planner| planner.plan_fft_forward(length))
            }
            #[inline(never)]
            fn to_real(length: usize) -> Arc<dyn ComplexToReal<Self>> {
                $real_planner.with_borrow_mut(|planner| planner.plan_fft_inverse(length))
            }
        }
    )*};
}
transform! {
    f32, COMPLEX_SINGLE, REAL_SINGLE;
    f64, COMPLEX_DOUBLE, REAL_DOUBLE;
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;

    #[test]
    fn plans_transform() {
        let mut points = [Complex::new(1.0_f64, 0.0), Complex::new(2.0, 0.0)];
        f64::complex(2, false).process(&mut points);
        assert_eq!(points.map(|point| point.re), [3.0, -1.0]);
        let mut half = [Complex::default(); 2];
        f32::from_real(2).process(&mut [1.0, 2.0], &mut half).unwrap();
        assert_eq!(half.map(|point| point.re), [3.0, -1.0]);
        let mut line = [0.0_f32; 2];
        f32::to_real(2).process(&mut half, &mut line).unwrap();
        assert_eq!(line, [2.0, 4.0]);
    }
}
