//! Factorisations: QR (Householder), Cholesky, LU with partial pivoting, and what follows from them. faer does the work.
//!
//! All functions take stacks, `(..., m, n)`.

use num_complex::Complex;
use swath_solvers::factorise::Lu;
use swath_solvers::{Factorise, Mat, MatRef};

use super::matrix::{Field, array, matrix, owned, square, stacked, to_field, with_field};
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;

/// Which parts of a QR factorisation are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum QrMode {
    /// `Q (m, k)` and `R (k, n)`, `k = min(m, n)`.
    #[default]
    Reduced,
    /// `Q (m, m)` and `R (m, n)`.
    Complete,
    /// `R (k, n)` alone.
    R,
}

/// The factorisation `A = Q R` with orthonormal columns of `Q` and upper triangular `R`. The signs are Householder's, as
/// LAPACK's: diagonal elements of `R` may be negative.
///
/// # Errors
/// Fewer than two dimensions, `float16`, dates.
pub fn qr(a: &NdArray, mode: QrMode) -> Result<(Option<NdArray>, NdArray)> {
    let a = to_field(a)?;
    with_field!(a.dtype(), T => match mode {
        QrMode::R => stacked(&a, |a| Ok([r_factor::<T>(a)?])).map(|[r]| (None, r)),
        _ => {
            let [q, r] = stacked(&a, |a| {
                if mode == QrMode::Complete {
                    let (q, r) = T::qr_complete(matrix::<T>(a)?);
                    return Ok([array(q.as_ref())?, with_zero_rows::<T>(r.as_ref(), a.shape()[0])?]);
                }
                let (q, r) = T::qr_thin(matrix::<T>(a)?);
                Ok([array(q.as_ref())?, array(r.as_ref())?])
            })?;
            Ok((Some(q), r))
        }
    })
}

/// A matrix as an array of `rows` rows, those below it zero.
fn with_zero_rows<T: Field>(upper: MatRef<'_, T>, rows: usize) -> Result<NdArray> {
    let at = |row: usize, column: usize| if row < upper.nrows() { *upper.get(row, column) } else { T::default() };
    array(Mat::from_fn(rows, upper.ncols(), at).as_ref())
}

/// `R` of one matrix.
pub(super) fn r_factor<T: Field>(a: &NdArray) -> Result<NdArray> {
    array(T::qr_r(matrix::<T>(a)?).as_ref())
}

/// The lower triangular `L` with `A = L L.T.conj()`; only the lower triangle of `A` is read.
///
/// # Errors
/// "Matrix is not positive definite"; not square.
pub fn cholesky(a: &NdArray) -> Result<NdArray> {
    square(a)?;
    let a = to_field(a)?;
    let [lower] = with_field!(a.dtype(), T => stacked(&a, |a| {
        let a = matrix::<T>(a)?;
        let factor = T::cholesky(a).ok_or_else(not_definite)?;
        // NaN passes the test of the pivots.
        match (0..a.nrows()).all(|i| factor.get(i, i).parts().re > 0.0) {
            true => Ok([array(factor.as_ref())?]),
            false => Err(not_definite()),
        }
    }))?;
    Ok(lower)
}

fn not_definite() -> KernelError {
    KernelError::invalid("Matrix is not positive definite")
}

pub(super) fn singular() -> KernelError {
    KernelError::invalid("Singular matrix")
}

/// The LU factorisation of one matrix, or `None` where a pivot is exactly zero.
pub(super) fn lu<T: Field>(a: &NdArray) -> Result<Option<Lu<T>>> {
    let factors = T::lu(matrix::<T>(a)?);
    let regular = factors.pivots().all(|pivot| pivot.parts().norm() != 0.0);
    Ok(regular.then_some(factors))
}

/// The inverse.
///
/// # Errors
/// "Singular matrix"; not square.
pub fn inv(a: &NdArray) -> Result<NdArray> {
    square(a)?;
    let a = to_field(a)?;
    let [inverse] = with_field!(a.dtype(), T => stacked(&a, |a| {
        let factors = lu::<T>(a)?.ok_or_else(singular)?;
        Ok([array(T::lu_inverse(&factors).as_ref())?])
    }))?;
    Ok(inverse)
}

/// The sign (for complex matrices: a number of magnitude one) and the logarithm of the magnitude of the determinant; zero and
/// minus infinity for a singular matrix.
///
/// # Errors
/// Not square.
pub fn slogdet(a: &NdArray) -> Result<(NdArray, NdArray)> {
    square(a)?;
    let a = to_field(a)?;
    let [sign, logarithm] = with_field!(a.dtype(), T => stacked(&a, |a| {
        let (sign, logarithm, _) = determinant::<T>(a)?;
        Ok([scalar::<T>(sign)?, real_scalar::<T>(logarithm)?])
    }))?;
    Ok((sign, logarithm))
}

/// The determinant.
///
/// # Errors
/// Not square.
pub fn det(a: &NdArray) -> Result<NdArray> {
    square(a)?;
    let a = to_field(a)?;
    let [result] = with_field!(a.dtype(), T => stacked(&a, |a| Ok([scalar::<T>(determinant::<T>(a)?.2)?])))?;
    Ok(result)
}

/// Sign, logarithm of the magnitude, and the determinant itself, as complex numbers.
fn determinant<T: Field>(a: &NdArray) -> Result<(Complex<f64>, f64, Complex<f64>)> {
    let Some(factors) = lu::<T>(a)? else { return Ok((Complex::default(), f64::NEG_INFINITY, Complex::default())) };
    let parity = permutation_sign(factors.permutation());
    let (mut sign, mut logarithm) = (Complex::new(parity, 0.0), 0.0);
    for pivot in factors.pivots() {
        let pivot = pivot.parts();
        let magnitude = pivot.norm();
        sign *= pivot / magnitude;
        logarithm += magnitude.ln();
    }
    // The product itself is exact for small integers, which the logarithm is not.
    let mut product = Complex::new(1.0, 0.0);
    for pivot in factors.pivots() {
        product *= pivot.parts();
    }
    Ok((sign, logarithm, product * parity))
}

fn permutation_sign(permutation: &[usize]) -> f64 {
    let mut seen = vec![false; permutation.len()];
    let mut sign = 1.0;
    for start in 0..permutation.len() {
        let (mut at, mut length) = (start, 0);
        while !std::mem::replace(&mut seen[at], true) {
            at = permutation[at];
            length += 1;
        }
        if length > 0 && length % 2 == 0 {
            sign = -sign;
        }
    }
    sign
}

/// A complex number as a 0-d array of the field.
fn scalar<T: Field>(value: Complex<f64>) -> Result<NdArray> {
    use crate::Scalar;
    let value = match T::DTYPE.is_complex() {
        true => Scalar::C128(value).cast(T::DTYPE),
        false => Scalar::F64(value.re).cast(T::DTYPE),
    };
    Ok(NdArray::scalar(value))
}

fn real_scalar<T: Field>(value: f64) -> Result<NdArray> {
    Ok(NdArray::scalar(crate::Scalar::F64(value).cast(T::DTYPE.real())))
}

/// The lower triangle of one matrix, or the upper, with zeros elsewhere: what a triangular solver reads.
pub(super) fn triangle<T: Field>(a: &NdArray, lower: bool) -> Result<Mat<T>> {
    let mut result = owned::<T>(a)?;
    for column in 0..result.ncols() {
        for row in 0..result.nrows() {
            if (row < column) == lower && row != column {
                *result.get_mut(row, column) = T::default();
            }
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::super::matmul::{adjoint, product};
    use super::super::matrix::testing::{distance, normal, unit};
    use super::*;
    use crate::{DType, Scalar, SliceSpec};

    fn factorisations<T: Field>(tolerance: f64) {
        for (m, n) in [(1, 1), (5, 5), (40, 7), (7, 40), (130, 90), (0, 3), (3, 0)] {
            let a = normal::<T>(&[m, n], 1);
            for mode in [QrMode::Reduced, QrMode::Complete] {
                let (q, r) = qr(&a, mode).unwrap();
                let q = q.unwrap();
                let k = if mode == QrMode::Complete { m } else { m.min(n) };
                assert_eq!((q.shape(), r.shape()), (&[m, k][..], &[k, n][..]));
                assert!(distance::<T>(&product::<T>(&q, &r).unwrap(), &a) < tolerance);
                assert!(distance::<T>(&product::<T>(&adjoint(&q).unwrap(), &q).unwrap(), &unit::<T>(k)) < tolerance);
                let values = r.to_vec::<T>().unwrap();
                assert!((0..k * n).all(|i| i / n <= i % n || values[i] == T::default()), "R is triangular");
                if mode == QrMode::Reduced {
                    assert!(distance::<T>(&qr(&a, QrMode::R).unwrap().1, &r) < tolerance);
                }
            }
            if m == n {
                let definite = product::<T>(&a, &adjoint(&a).unwrap()).unwrap();
                let lower = cholesky(&definite).unwrap();
                assert!(
                    distance::<T>(&product::<T>(&lower, &adjoint(&lower).unwrap()).unwrap(), &definite)
                        < 10.0 * tolerance
                );
                let inverse = inv(&a).unwrap();
                assert!(distance::<T>(&product::<T>(&a, &inverse).unwrap(), &unit::<T>(n)) < 10.0 * tolerance);
            }
        }
    }

    #[test]
    fn products_of_the_factors() {
        factorisations::<f64>(1e-12);
        factorisations::<f32>(1e-4);
        factorisations::<Complex<f64>>(1e-12);
        factorisations::<Complex<f32>>(1e-4);
    }

    #[test]
    fn determinants() {
        let a = NdArray::from_vec(&[2, 2], vec![1_i32, 2, 3, 4]).unwrap();
        let Scalar::F64(value) = det(&a).unwrap().item().unwrap() else { panic!("not float64") };
        assert!((value + 2.0).abs() < 1e-14);
        let (sign, logarithm) = slogdet(&a).unwrap();
        assert_eq!(sign.item(), Ok(Scalar::F64(-1.0)));
        assert!((logarithm.to_vec::<f64>().unwrap()[0] - 2_f64.ln()).abs() < 1e-14);
        let swapped = NdArray::from_vec(&[3, 3], vec![0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]).unwrap();
        assert_eq!(det(&swapped).unwrap().item(), Ok(Scalar::F64(1.0)));
        let i = Complex::new(0.0_f64, 1.0);
        let complex = NdArray::from_vec(&[1, 1], vec![i * 3.0]).unwrap();
        assert_eq!(det(&complex).unwrap().item(), Ok(Scalar::C128(i * 3.0)));
        assert_eq!(slogdet(&complex).unwrap().0.item(), Ok(Scalar::C128(i)));
        for singular in [vec![1.0, 2.0, 2.0, 4.0], vec![0.0; 4]] {
            let singular = NdArray::from_vec(&[2, 2], singular).unwrap();
            assert_eq!(det(&singular).unwrap().item(), Ok(Scalar::F64(0.0)));
            assert_eq!(slogdet(&singular).unwrap().1.item(), Ok(Scalar::F64(f64::NEG_INFINITY)));
            assert_eq!(inv(&singular).unwrap_err().to_string(), "Singular matrix");
        }
        let empty = NdArray::zeros(DType::F64, &[0, 0]).unwrap();
        assert_eq!(det(&empty).unwrap().item(), Ok(Scalar::F64(1.0)));
        let huge = NdArray::from_vec(&[2, 2], vec![1e200, 0.0, 0.0, -1e200]).unwrap();
        assert!((slogdet(&huge).unwrap().1.to_vec::<f64>().unwrap()[0] - 400.0 * 10_f64.ln()).abs() < 1e-10);
    }

    #[test]
    fn stacks_equal_one_by_one() {
        let a = normal::<f64>(&[2, 3, 4, 4], 5);
        let inverse = inv(&a).unwrap();
        let (q, r) = qr(&a, QrMode::Reduced).unwrap();
        assert_eq!((q.unwrap().shape(), r.shape()), (&[2, 3, 4, 4][..], &[2, 3, 4, 4][..]));
        assert_eq!(det(&a).unwrap().shape(), &[2, 3]);
        let one = |x: &NdArray| x.slice(&[SliceSpec::Index(1), SliceSpec::Index(2)]).unwrap();
        assert_eq!(one(&inverse), inv(&one(&a)).unwrap());
        let none = NdArray::zeros(DType::F32, &[0, 4, 4]).unwrap();
        assert_eq!((inv(&none).unwrap().shape(), det(&none).unwrap().shape()), (&[0, 4, 4][..], &[0][..]));
    }

    #[test]
    fn errors_are_numpys() {
        let text = |result: Result<NdArray>| result.unwrap_err().to_string();
        assert_eq!(
            text(inv(&NdArray::zeros(DType::F64, &[2, 3]).unwrap())),
            "Last 2 dimensions of the array must be square"
        );
        let vector = NdArray::zeros(DType::F64, &[2]).unwrap();
        assert_eq!(text(det(&vector)), "1-dimensional array given. Array must be at least two-dimensional");
        assert_eq!(
            text(inv(&NdArray::zeros(DType::F16, &[2, 2]).unwrap())),
            "array type float16 is unsupported in linalg"
        );
        for values in [vec![1.0, 2.0, 2.0, 1.0], vec![-1.0, 0.0, 0.0, 1.0], vec![f64::NAN; 4], vec![0.0; 4]] {
            let matrix = NdArray::from_vec(&[2, 2], values).unwrap();
            assert_eq!(text(cholesky(&matrix)), "Matrix is not positive definite");
        }
    }
}
