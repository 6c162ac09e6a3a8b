//! Eigenvalues of general matrices, in double precision: the caller widens what is narrower, which spares compiling it twice.

use faer::linalg::solvers::Eigen;
use faer::{Mat, MatRef, Par};
use num_complex::Complex;

/// Eigenvalues in no order, and eigenvectors as columns.
pub type General = (Vec<Complex<f64>>, Mat<Complex<f64>>);

/// An element type whose general matrices have their eigenvalues found.
pub trait Decompose: Sized {
    /// Eigenvalues and eigenvectors; `None` where it does not converge.
    fn eigen(a: MatRef<'_, Self>) -> Option<General>;
    /// Eigenvalues alone.
    fn eigenvalues(a: MatRef<'_, Self>) -> Option<Vec<Complex<f64>>>;
}

fn parts(found: &Eigen<f64>) -> General {
    (found.S().column_vector().iter().copied().collect(), found.U().to_owned())
}

impl Decompose for f64 {
    #[inline(never)]
    fn eigen(a: MatRef<'_, Self>) -> Option<General> {
        faer::set_global_parallelism(Par::Seq);
        Some(parts(&Eigen::new_from_real(a).ok()?))
    }

    #[inline(never)]
    fn eigenvalues(a: MatRef<'_, Self>) -> Option<Vec<Complex<f64>>> {
        faer::set_global_parallelism(Par::Seq);
        a.eigenvalues().ok()
    }
}

impl Decompose for Complex<f64> {
    #[inline(never)]
    fn eigen(a: MatRef<'_, Self>) -> Option<General> {
        faer::set_global_parallelism(Par::Seq);
        Some(parts(&Eigen::new(a).ok()?))
    }

    #[inline(never)]
    fn eigenvalues(a: MatRef<'_, Self>) -> Option<Vec<Complex<f64>>> {
        faer::set_global_parallelism(Par::Seq);
        a.eigenvalues().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_has_imaginary_eigenvalues() {
        let turn = Mat::from_fn(2, 2, |i, j| if i == j { 0.0 } else { i as f64 - j as f64 });
        let (values, vectors) = f64::eigen(turn.as_ref()).unwrap();
        for (number, value) in values.iter().enumerate() {
            assert!(value.re.abs() < 1e-14 && (value.im.abs() - 1.0).abs() < 1e-14);
            let product = |row: usize| vectors[(1 - row, number)] * turn[(row, 1 - row)];
            assert!((0..2).all(|row| (product(row) - vectors[(row, number)] * value).norm() < 1e-14));
        }
        let values = <Complex<f64>>::eigenvalues(Mat::from_fn(1, 1, |_, _| Complex::new(1.0, 2.0)).as_ref()).unwrap();
        assert_eq!(values, [Complex::new(1.0, 2.0)]);
    }
}
