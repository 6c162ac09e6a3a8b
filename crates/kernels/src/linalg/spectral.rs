//! Singular values, eigenvalues of symmetric (Hermitian) matrices, pseudo-inverse. faer does the work.
//!
//! All functions take stacks, `(..., m, n)`. Vectors are unique only up to sign (or phase).

use swath_solvers::Factorise;

use super::matmul::product;
use super::matrix::{Field, adjoint_array, array, is_finite, matrix, square, stacked, to_field, vector, with_field};
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;

pub(super) fn not_converged() -> KernelError {
    KernelError::invalid("SVD did not converge")
}

/// `A = U diag(s) Vh`: `U (m, k)`, `s (k,)` in descending order, `Vh (k, n)` with `k = min(m, n)`; with `full_matrices`,
/// `U (m, m)` and `Vh (n, n)`.
///
/// # Errors
/// "SVD did not converge", also for elements that are not finite; fewer than two dimensions.
pub fn svd(a: &NdArray, full_matrices: bool) -> Result<(NdArray, NdArray, NdArray)> {
    let a = to_field(a)?;
    let [u, s, v] = with_field!(a.dtype(), T => stacked(&a, |a| {
        if !is_finite::<T>(a)? {
            return Err(not_converged());
        }
        let (u, s, v) = T::svd(matrix::<T>(a)?, full_matrices).ok_or_else(not_converged)?;
        Ok([array(u.as_ref())?, reals::<T>(s.iter())?, adjoint_array(v.as_ref())?])
    }))?;
    Ok((u, s, v))
}

fn reals<'a, T: Field>(values: impl Iterator<Item = &'a T>) -> Result<NdArray> {
    vector(values.map(|value| real::<T>(value.parts().re)))
}

/// A real number in the precision of a field.
pub(super) fn real<T: Field>(value: f64) -> T::Real {
    T::real_from_f64(value)
}

/// The singular values alone, `(..., k)`, in descending order.
///
/// # Errors
/// As [`svd`].
pub fn singular_values(a: &NdArray) -> Result<NdArray> {
    let a = to_field(a)?;
    let [s] = with_field!(a.dtype(), T => stacked(&a, |a| {
        if !is_finite::<T>(a)? {
            return Err(not_converged());
        }
        Ok([vector(T::singular_values(matrix::<T>(a)?).ok_or_else(not_converged)?.into_iter())?])
    }))?;
    Ok(s)
}

fn eigenvalues_not_converged() -> KernelError {
    KernelError::invalid("Eigenvalues did not converge")
}

/// Eigenvalues `(..., n)` in ascending order and eigenvectors, the columns of `(..., n, n)`, of a symmetric (Hermitian)
/// matrix of which one triangle is read.
///
/// # Errors
/// "Eigenvalues did not converge", also for elements that are not finite; not square.
pub fn eigh(a: &NdArray, lower: bool) -> Result<(NdArray, NdArray)> {
    square(a)?;
    let a = to_field(a)?;
    let [values, vectors] = with_field!(a.dtype(), T => stacked(&a, |a| {
        if !is_finite::<T>(a)? {
            return Err(eigenvalues_not_converged());
        }
        let (values, vectors) = T::eigh(matrix::<T>(a)?, lower).ok_or_else(eigenvalues_not_converged)?;
        Ok([reals::<T>(values.iter())?, array(vectors.as_ref())?])
    }))?;
    Ok((values, vectors))
}

/// The eigenvalues of [`eigh`] alone.
///
/// # Errors
/// As [`eigh`].
pub fn eigvalsh(a: &NdArray, lower: bool) -> Result<NdArray> {
    square(a)?;
    let a = to_field(a)?;
    let [values] = with_field!(a.dtype(), T => stacked(&a, |a| {
        if !is_finite::<T>(a)? {
            return Err(eigenvalues_not_converged());
        }
        let values = T::eigvalsh(matrix::<T>(a)?, lower).ok_or_else(eigenvalues_not_converged)?;
        Ok([vector(values.into_iter())?])
    }))?;
    Ok(values)
}

/// The pseudo-inverse of Moore and Penrose, `(..., n, m)`. Singular values up to `rcond` times the largest count as zero
/// (where none is given: the machine's epsilon times `max(m, n)`).
///
/// # Errors
/// As [`svd`].
pub fn pinv(a: &NdArray, rcond: Option<f64>) -> Result<NdArray> {
    let a = to_field(a)?;
    let [inverse] = with_field!(a.dtype(), T => stacked(&a, |a| {
        if a.is_empty() {
            return Ok([NdArray::zeros(a.dtype(), &[a.shape()[1], a.shape()[0]])?]);
        }
        let (u, s, v) = svd(a, false)?;
        let s: Vec<f64> = s.to_vec::<<T as swath_solvers::ComplexField>::Real>()?.into_iter().map(T::real_to_f64).collect();
        let largest = s.first().copied().unwrap_or(0.0);
        let cut = rcond.unwrap_or(T::PRECISION * a.shape()[0].max(a.shape()[1]) as f64) * largest;
        // V diag(1 / s) U^H, from the factors' conjugates.
        let (u, v) = (super::matmul::adjoint(&u)?, super::matmul::adjoint(&v)?);
        let (rows, width) = (u.to_vec::<T>()?, u.shape()[1]);
        let scaled = rows.iter().enumerate().map(|(i, value)| {
            let value_s = s[i / width];
            *value * T::from_parts(if value_s > cut { 1.0 / value_s } else { 0.0 }, 0.0)
        });
        Ok([product::<T>(&v, &NdArray::from_vec(u.shape(), scaled.collect())?)?])
    }))?;
    Ok(inverse)
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::super::matmul::adjoint;
    use super::super::matrix::testing::{diagonal, distance, normal, unit};
    use super::*;
    use crate::DType;

    fn orthonormal<T: Field>(columns: &NdArray, tolerance: f64) {
        let products = product::<T>(&adjoint(columns).unwrap(), columns).unwrap();
        assert!(distance::<T>(&products, &unit::<T>(columns.shape()[1])) < tolerance);
    }

    fn decompositions<T: Field>(tolerance: f64) {
        for (m, n) in [(1, 1), (6, 6), (30, 8), (8, 30), (100, 5), (0, 3), (3, 0)] {
            let a = normal::<T>(&[m, n], 8);
            for full in [false, true] {
                let (u, s, vh) = svd(&a, full).unwrap();
                let k = m.min(n);
                let (rows, columns) = if full { (m, n) } else { (k, k) };
                assert_eq!((u.shape(), s.shape(), vh.shape()), (&[m, rows][..], &[k][..], &[columns, n][..]));
                let middle = diagonal::<T>(&s, rows, columns);
                let back = product::<T>(&product::<T>(&u, &middle).unwrap(), &vh).unwrap();
                assert!(distance::<T>(&back, &a) < tolerance);
                orthonormal::<T>(&u, tolerance);
                orthonormal::<T>(&adjoint(&vh).unwrap(), tolerance);
                let values: Vec<f64> = s.to_vec::<T::Real>().unwrap().into_iter().map(T::real_to_f64).collect();
                assert!(values.is_sorted_by(|a, b| a >= b) && values.iter().all(|v| *v >= 0.0));
                let alone = singular_values(&a).unwrap();
                assert!(distance::<T>(&diagonal::<T>(&alone, k, k), &diagonal::<T>(&s, k, k)) < tolerance);
            }
            let inverse = pinv(&a, None).unwrap();
            let again = product::<T>(&product::<T>(&a, &inverse).unwrap(), &a).unwrap();
            assert!(distance::<T>(&again, &a) < tolerance);
            if m == n {
                let symmetric = product::<T>(&a, &adjoint(&a).unwrap()).unwrap();
                for lower in [true, false] {
                    let (values, vectors) = eigh(&symmetric, lower).unwrap();
                    let scaled = product::<T>(&vectors, &diagonal::<T>(&values, n, n)).unwrap();
                    assert!(distance::<T>(&product::<T>(&symmetric, &vectors).unwrap(), &scaled) < 10.0 * tolerance);
                    orthonormal::<T>(&vectors, tolerance);
                    let alone = eigvalsh(&symmetric, lower).unwrap();
                    assert!(
                        distance::<T>(&diagonal::<T>(&alone, n, n), &diagonal::<T>(&values, n, n)) < 10.0 * tolerance
                    );
                }
            }
        }
    }

    #[test]
    fn products_of_the_parts() {
        decompositions::<f64>(1e-12);
        decompositions::<f32>(2e-4);
        decompositions::<Complex<f64>>(1e-12);
        decompositions::<Complex<f32>>(2e-4);
    }

    #[test]
    fn known_values_and_one_triangle() {
        let a = NdArray::from_vec(&[2, 2], vec![2.0, 99.0, 1.0, 2.0]).unwrap();
        let values = eigvalsh(&a, true).unwrap().to_vec::<f64>().unwrap();
        assert!((values[0] - 1.0).abs() < 1e-14 && (values[1] - 3.0).abs() < 1e-14);
        let values = eigvalsh(&a, false).unwrap().to_vec::<f64>().unwrap();
        assert!((values[1] - 101.0).abs() < 1e-12);
        let rank_one = NdArray::from_vec(&[2, 2], vec![1.0, 1.0, 1.0, 1.0]).unwrap();
        let inverse = pinv(&rank_one, None).unwrap().to_vec::<f64>().unwrap();
        assert!(inverse.iter().all(|v| (v - 0.25).abs() < 1e-15));
        let stack = NdArray::zeros(DType::I16, &[2, 0, 3, 2]).unwrap();
        assert_eq!(svd(&stack, true).unwrap().0.shape(), &[2, 0, 3, 3]);
    }

    #[test]
    fn errors_are_numpys() {
        let nan = NdArray::from_vec(&[1, 2], vec![f64::NAN, 1.0]).unwrap();
        assert_eq!(svd(&nan, false).unwrap_err().to_string(), "SVD did not converge");
        let infinite = NdArray::from_vec(&[1, 1], vec![f64::INFINITY]).unwrap();
        assert_eq!(eigh(&infinite, true).unwrap_err().to_string(), "Eigenvalues did not converge");
        assert!(eigh(&nan, true).unwrap_err().to_string().contains("square"));
        assert!(svd(&NdArray::zeros(DType::F64, &[3]).unwrap(), false).is_err());
    }
}
