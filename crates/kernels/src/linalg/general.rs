//! Eigenvalues of general matrices. faer does the work, in double precision.

use num_complex::Complex;
use swath_solvers::Decompose;

use super::matrix::{Field, array, is_finite, matrix, square, stacked, to_field, vector};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::fused::cast;
use crate::ndarray::NdArray;

fn not_converged() -> KernelError {
    KernelError::invalid("Eigenvalues did not converge")
}

/// The matrices in double precision, and the dtype of the results.
fn widened(a: &NdArray) -> Result<(NdArray, DType)> {
    square(a)?;
    let a = to_field(a)?;
    let wide = if a.dtype().is_complex() { DType::C128 } else { DType::F64 };
    let finite: fn(&NdArray) -> Result<bool> =
        if wide == DType::F64 { is_finite::<f64> } else { is_finite::<Complex<f64>> };
    let result = a.dtype().complex();
    let a = cast(&a, wide)?;
    match finite(&a)? {
        true => Ok((a, result)),
        false => Err(KernelError::invalid("Array must not contain infs or NaNs")),
    }
}

/// Eigenvalues `(..., n)` in no order and eigenvectors of length one, the columns of `(..., n, n)`; complex.
///
/// # Errors
/// "Eigenvalues did not converge"; elements that are not finite; not square.
pub fn eig(a: &NdArray) -> Result<(NdArray, NdArray)> {
    fn of<T: Field + Decompose>(a: &NdArray) -> Result<[NdArray; 2]> {
        stacked(a, |a| {
            let (values, mut vectors) = T::eigen(matrix::<T>(a)?).ok_or_else(not_converged)?;
            for column in 0..vectors.ncols() {
                let length = vectors.col(column).iter().map(Complex::norm_sqr).sum::<f64>().sqrt();
                vectors.col_mut(column).iter_mut().for_each(|one| *one /= length);
            }
            Ok([vector(values.into_iter())?, array(vectors.as_ref())?])
        })
    }
    let (a, result) = widened(a)?;
    let [values, vectors] = if a.dtype().is_complex() { of::<Complex<f64>>(&a)? } else { of::<f64>(&a)? };
    Ok((cast(&values, result)?, cast(&vectors, result)?))
}

/// The eigenvalues of [`eig`] alone.
///
/// # Errors
/// As [`eig`].
pub fn eigvals(a: &NdArray) -> Result<NdArray> {
    fn of<T: Field + Decompose>(a: &NdArray) -> Result<[NdArray; 1]> {
        stacked(a, |a| Ok([vector(T::eigenvalues(matrix::<T>(a)?).ok_or_else(not_converged)?.into_iter())?]))
    }
    let (a, result) = widened(a)?;
    let [values] = if a.dtype().is_complex() { of::<Complex<f64>>(&a)? } else { of::<f64>(&a)? };
    cast(&values, result)
}

#[cfg(test)]
mod tests {
    use super::super::matmul::product;
    use super::super::matrix::testing::{distance, normal};
    use super::*;
    use crate::fused::elementwise;

    fn decomposed<T: Field>(tolerance: f64) {
        type Wide = Complex<f64>;
        for shape in [[1, 1], [2, 2], [7, 7], [40, 40]] {
            let a = normal::<T>(&shape, 5);
            let (values, vectors) = eig(&a).unwrap();
            assert_eq!((values.dtype(), vectors.dtype()), (a.dtype().complex(), a.dtype().complex()));
            let wide = |array: &NdArray| cast(array, DType::C128).unwrap();
            let (a, vectors, values) = (wide(&a), wide(&vectors), wide(&values));
            let left = product::<Wide>(&a, &vectors).unwrap();
            let right = elementwise("multiply", &[&vectors, &values]).unwrap();
            assert!(distance::<Wide>(&left, &right) < tolerance);
            // Unit length, and the trace is the sum of the eigenvalues.
            let columns = product::<Wide>(&super::super::matmul::adjoint(&vectors).unwrap(), &vectors).unwrap();
            let diagonal_of =
                |array: &NdArray| -> Vec<Wide> { (0..shape[0]).map(|i| array.get(&[i, i]).unwrap().to()).collect() };
            assert!(diagonal_of(&columns).iter().all(|one| (one.norm() - 1.0).abs() < tolerance));
            let trace: Wide = diagonal_of(&a).into_iter().sum();
            let sum: Wide = wide(&eigvals(&a).unwrap()).to_vec::<Wide>().unwrap().into_iter().sum();
            assert!((trace - sum).norm() < tolerance * shape[0] as f64);
        }
    }

    #[test]
    fn vectors_are_only_stretched() {
        decomposed::<f64>(1e-11);
        decomposed::<f32>(1e-4);
        decomposed::<Complex<f64>>(1e-11);
        decomposed::<Complex<f32>>(1e-4);
    }

    #[test]
    fn stacks_and_errors() {
        let stack = NdArray::zeros(DType::I16, &[2, 0, 3, 3]).unwrap();
        let (values, vectors) = eig(&stack).unwrap();
        assert_eq!((values.shape(), vectors.shape(), values.dtype()), (&[2, 0, 3][..], &[2, 0, 3, 3][..], DType::C128));
        let nan = NdArray::from_vec(&[1, 1], vec![f64::NAN]).unwrap();
        assert_eq!(eigvals(&nan).unwrap_err().to_string(), "Array must not contain infs or NaNs");
        assert!(eig(&NdArray::zeros(DType::F64, &[1, 2]).unwrap()).unwrap_err().to_string().contains("square"));
    }
}
