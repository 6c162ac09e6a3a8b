//! Factorisations of one matrix, on the calling thread.

use faer::linalg::solvers::{DenseSolveCore, Llt, PartialPivLu, Qr, SelfAdjointEigen, Solve, Svd};
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place,
    solve_upper_triangular_in_place,
};
use faer::traits::ComplexField;
use faer::{Mat, MatMut, MatRef, Par, Side};
use num_complex::Complex;

/// The factors of a singular value decomposition: `U`, the values in descending order, `V`.
pub type Singular<T> = (Mat<T>, Vec<T>, Mat<T>);

/// `P A = L U`.
#[derive(Debug, Clone)]
pub struct Lu<T> {
    factors: PartialPivLu<T>,
}

/// An element type whose matrices are factorised here.
pub trait Factorise: ComplexField {
    /// `R (min(m, n), n)` of the QR factorisation.
    fn qr_r(a: MatRef<'_, Self>) -> Mat<Self>;
    /// `Q (m, k)` and `R (k, n)` with `k = min(m, n)`.
    fn qr_thin(a: MatRef<'_, Self>) -> (Mat<Self>, Mat<Self>);
    /// `Q (m, m)` and `R (m or fewer, n)`; rows of `R` that are left out are zero.
    fn qr_complete(a: MatRef<'_, Self>) -> (Mat<Self>, Mat<Self>);
    /// The lower triangular Cholesky factor of the matrix whose lower triangle is given; `None` where a pivot is negative.
    fn cholesky(a: MatRef<'_, Self>) -> Option<Mat<Self>>;
    /// The LU factorisation with partial pivoting.
    fn lu(a: MatRef<'_, Self>) -> Lu<Self>;
    /// `A^-1 b`.
    fn lu_solve(lu: &Lu<Self>, b: MatRef<'_, Self>) -> Mat<Self>;
    /// `A^-1`.
    fn lu_inverse(lu: &Lu<Self>) -> Mat<Self>;
    /// The singular value decomposition, with square `U` and `V` where `full`; `None` where it does not converge.
    fn svd(a: MatRef<'_, Self>, full: bool) -> Option<Singular<Self>>;
    /// Singular values alone, in descending order.
    fn singular_values(a: MatRef<'_, Self>) -> Option<Vec<Self::Real>>;
    /// Eigenvalues in ascending order and eigenvectors of a Hermitian matrix of which one triangle is read.
    fn eigh(a: MatRef<'_, Self>, lower: bool) -> Option<(Vec<Self>, Mat<Self>)>;
    /// The eigenvalues alone.
    fn eigvalsh(a: MatRef<'_, Self>, lower: bool) -> Option<Vec<Self::Real>>;
    /// Replaces `x` by `A^-1 x` for a triangular matrix, with ones on the diagonal where `unit`.
    fn solve_triangular(a: MatRef<'_, Self>, lower: bool, unit: bool, x: MatMut<'_, Self>);
    /// `A B`.
    fn multiply(a: MatRef<'_, Self>, b: MatRef<'_, Self>) -> Mat<Self>;
    /// A copy.
    fn copied(a: MatRef<'_, Self>) -> Mat<Self>;
}

impl<T: ComplexField> Lu<T> {
    /// The diagonal of `U`.
    pub fn pivots(&self) -> impl Iterator<Item = &T> {
        let upper = self.factors.U();
        (0..upper.nrows().min(upper.ncols())).map(move |i| upper.get(i, i))
    }

    /// Where each row comes from.
    pub fn permutation(&self) -> &[usize] {
        self.factors.P().arrays().0
    }
}

fn side(lower: bool) -> Side {
    if lower { Side::Lower } else { Side::Upper }
}

/// Parallel work comes from the many blocks above: faer never starts threads of its own.
fn sequential() {
    faer::set_global_parallelism(Par::Seq);
}

macro_rules! factorise {
    ($($type:ty),*) => {$(
        impl Factorise for $type {
            #[inline(never)]
            fn qr_r(a: MatRef<'_, Self>) -> Mat<Self> {
                sequential();
                Qr::new(a).thin_R().to_owned()
            }
            #[inline(never)]
            fn qr_thin(a: MatRef<'_, Self>) -> (Mat<Self>, Mat<Self>) {
                sequential();
                let qr = Qr::new(a);
                (qr.compute_thin_Q(), qr.thin_R().to_owned())
            }
            #[inline(never)]
            fn qr_complete(a: MatRef<'_, Self>) -> (Mat<Self>, Mat<Self>) {
                sequential();
                let qr = Qr::new(a);
                (qr.compute_Q(), qr.R().to_owned())
            }
            #[inline(never)]
            fn cholesky(a: MatRef<'_, Self>) -> Option<Mat<Self>> {
                sequential();
                Some(Llt::new(a, Side::Lower).ok()?.L().to_owned())
            }
            #[inline(never)]
            fn lu(a: MatRef<'_, Self>) -> Lu<Self> {
                sequential();
                Lu { factors: PartialPivLu::new(a) }
            }
            #[inline(never)]
            fn lu_solve(lu: &Lu<Self>, b: MatRef<'_, Self>) -> Mat<Self> {
                lu.factors.solve(b)
            }
            #[inline(never)]
            fn lu_inverse(lu: &Lu<Self>) -> Mat<Self> {
                lu.factors.inverse()
            }
            #[inline(never)]
            fn svd(a: MatRef<'_, Self>, full: bool) -> Option<Singular<Self>> {
                sequential();
                let parts = if full { Svd::new(a) } else { Svd::new_thin(a) }.ok()?;
                let values = parts.S().column_vector().iter().copied().collect();
                Some((parts.U().to_owned(), values, parts.V().to_owned()))
            }
            #[inline(never)]
            fn singular_values(a: MatRef<'_, Self>) -> Option<Vec<Self::Real>> {
                sequential();
                a.singular_values().ok()
            }
            #[inline(never)]
            fn eigh(a: MatRef<'_, Self>, lower: bool) -> Option<(Vec<Self>, Mat<Self>)> {
                sequential();
                let parts = SelfAdjointEigen::new(a, side(lower)).ok()?;
                Some((parts.S().column_vector().iter().copied().collect(), parts.U().to_owned()))
            }
            #[inline(never)]
            fn eigvalsh(a: MatRef<'_, Self>, lower: bool) -> Option<Vec<Self::Real>> {
                sequential();
                a.self_adjoint_eigenvalues(side(lower)).ok()
            }
            #[inline(never)]
            fn solve_triangular(a: MatRef<'_, Self>, lower: bool, unit: bool, x: MatMut<'_, Self>) {
                match (lower, unit) {
                    (true, false) => solve_lower_triangular_in_place(a, x, Par::Seq),
                    (true, true) => solve_unit_lower_triangular_in_place(a, x, Par::Seq),
                    (false, false) => solve_upper_triangular_in_place(a, x, Par::Seq),
                    (false, true) => solve_unit_upper_triangular_in_place(a, x, Par::Seq),
                }
            }
            #[inline(never)]
            fn multiply(a: MatRef<'_, Self>, b: MatRef<'_, Self>) -> Mat<Self> {
                sequential();
                a * b
            }
            #[inline(never)]
            fn copied(a: MatRef<'_, Self>) -> Mat<Self> {
                a.to_owned()
            }
        }
    )*};
}
factorise!(f32, f64, Complex<f32>, Complex<f64>);

#[cfg(test)]
mod tests {
    use super::*;

    /// `(2, 1; 1, 2)`, by columns.
    fn symmetric() -> Mat<f64> {
        Mat::from_fn(2, 2, |i, j| if i == j { 2.0 } else { 1.0 })
    }

    fn distance(found: &Mat<f64>, expected: &Mat<f64>) -> f64 {
        (0..found.ncols())
            .flat_map(|j| (0..found.nrows()).map(move |i| (i, j)))
            .fold(0.0, |worst, (i, j)| worst.max((found.get(i, j) - expected.get(i, j)).abs()))
    }

    #[test]
    fn products_of_the_factors() {
        let a = symmetric();
        let (q, r) = f64::qr_thin(a.as_ref());
        assert!(distance(&f64::multiply(q.as_ref(), r.as_ref()), &a) < 1e-14);
        let l = f64::cholesky(a.as_ref()).unwrap();
        assert!(distance(&f64::multiply(l.as_ref(), l.transpose()), &a) < 1e-14);
        let inverse = f64::lu_inverse(&f64::lu(a.as_ref()));
        let unit = Mat::from_fn(2, 2, |i, j| if i == j { 1.0 } else { 0.0 });
        assert!(distance(&f64::multiply(inverse.as_ref(), a.as_ref()), &unit) < 1e-14);
        let values = f64::eigvalsh(a.as_ref(), true).unwrap();
        assert!((values[0] - 1.0).abs() < 1e-14 && (values[1] - 3.0).abs() < 1e-14);
        assert!(f64::cholesky(Mat::from_fn(2, 2, |_, _| -1.0).as_ref()).is_none());
        let (_, s, _) = f64::svd(a.as_ref(), false).unwrap();
        assert!((s[0] - 3.0).abs() < 1e-14);
    }
}
