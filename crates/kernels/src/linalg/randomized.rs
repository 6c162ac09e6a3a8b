//! The largest singular values of a large matrix, from a few products with it.
//!
//! Source: N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness", 2011, algorithms 4.4 and 5.1. The
//! matrix appears only in products, so that it may be in chunks anywhere.

use super::factor::{QrMode, qr};
use super::matmul::{adjoint, matmul};
use super::spectral::svd;
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::layout::arrange::range;
use crate::ndarray::NdArray;
use crate::random::{Distribution, Key};

/// A matrix `A (m, n)` that is known by its products.
pub trait Products {
    /// Rows and columns.
    fn shape(&self) -> (usize, usize);
    /// The dtype of the products: `float32` or `float64`, or complex.
    fn dtype(&self) -> DType;
    /// `A @ x` for `x (n, l)`.
    ///
    /// # Errors
    /// Its own.
    fn multiply(&mut self, x: &NdArray) -> Result<NdArray>;
    /// `A.T.conj() @ y` for `y (m, l)`.
    ///
    /// # Errors
    /// Its own.
    fn multiply_adjoint(&mut self, y: &NdArray) -> Result<NdArray>;
}

/// An array is known by its products too.
impl Products for NdArray {
    fn shape(&self) -> (usize, usize) {
        (self.shape().first().copied().unwrap_or(0), self.shape().get(1).copied().unwrap_or(0))
    }
    fn dtype(&self) -> DType {
        self.dtype()
    }
    fn multiply(&mut self, x: &NdArray) -> Result<NdArray> {
        matmul(self, x)
    }
    fn multiply_adjoint(&mut self, y: &NdArray) -> Result<NdArray> {
        matmul(&adjoint(self)?, y)
    }
}

/// The matrix `(n, width)` of normal numbers with which the search for the range begins.
///
/// # Errors
/// A dtype that is none of floats and complex numbers.
pub fn test_matrix(key: Key, dtype: DType, n: usize, width: usize) -> Result<NdArray> {
    let single = matches!(dtype, DType::F32 | DType::C64);
    let real = Distribution::STANDARD_NORMAL.array(key, if single { DType::F32 } else { DType::F64 }, &[n, width])?;
    match dtype {
        DType::F32 | DType::F64 => Ok(real),
        DType::C64 => NdArray::from_vec(
            &[n, width],
            real.to_vec::<f32>()?.into_iter().map(Into::into).collect::<Vec<num_complex::Complex<f32>>>(),
        ),
        DType::C128 => NdArray::from_vec(
            &[n, width],
            real.to_vec::<f64>()?.into_iter().map(Into::into).collect::<Vec<num_complex::Complex<f64>>>(),
        ),
        other => {
            let accepts = "a randomised SVD takes float32, float64 and complex matrices";
            Err(KernelError::Unsupported { function: "svd_compressed", dtypes: vec![other], accepts })
        }
    }
}

/// An orthonormal basis `(m, width)` of about the range of `A`: `2 iterations + 1` products. Iterations sharpen it where
/// singular values fall slowly; the bases are made orthonormal in between.
///
/// # Errors
/// Those of the products.
pub fn range_finder(a: &mut impl Products, width: usize, iterations: usize, key: Key) -> Result<NdArray> {
    let (_, n) = a.shape();
    let start = test_matrix(key, a.dtype(), n, width)?;
    let mut basis = orthonormal(&a.multiply(&start)?)?;
    for _ in 0..iterations {
        let back = orthonormal(&a.multiply_adjoint(&basis)?)?;
        basis = orthonormal(&a.multiply(&back)?)?;
    }
    Ok(basis)
}

fn orthonormal(columns: &NdArray) -> Result<NdArray> {
    qr(columns, QrMode::Reduced)?.0.ok_or_else(|| KernelError::invalid("qr gave no Q"))
}

/// The `rank` largest singular values with their vectors: `U (m, rank)`, `s (rank,)`, `Vh (rank, n)`. `oversample` more
/// directions are searched (10 is usual) with `iterations` power iterations (0 to 4 are).
///
/// # Errors
/// Those of the products; a rank beyond the shape.
pub fn randomized_svd(
    a: &mut impl Products,
    rank: usize,
    oversample: usize,
    iterations: usize,
    key: Key,
) -> Result<(NdArray, NdArray, NdArray)> {
    let (m, n) = a.shape();
    if rank > m.min(n) {
        return Err(KernelError::invalid(format!("rank {rank} is beyond that of a matrix of shape ({m},{n})")));
    }
    let basis = range_finder(a, (rank + oversample).min(m.min(n)), iterations, key)?;
    // A is about Q (Q^H A), and Q^H A is the adjoint of A^H Q.
    let small = adjoint(&a.multiply_adjoint(&basis)?)?;
    let (u, s, v) = svd(&small, false)?;
    let u = matmul(&basis, &range(&u, 1, 0, rank)?)?;
    Ok((u, range(&s, 0, 0, rank)?, range(&v, 0, 0, rank)?))
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::super::matmul::product;
    use super::super::matrix::{
        Field,
        testing::{diagonal, distance, normal},
    };
    use super::super::spectral::singular_values;
    use super::*;

    fn low_rank<T: Field>(tolerance: f64) {
        let mut a = product::<T>(&normal::<T>(&[60, 4], 1), &normal::<T>(&[4, 45], 2)).unwrap();
        let (u, s, vh) = randomized_svd(&mut a, 4, 6, 1, Key::new(0, 0)).unwrap();
        let back = product::<T>(&product::<T>(&u, &diagonal::<T>(&s, 4, 4)).unwrap(), &vh).unwrap();
        assert!(distance::<T>(&back, &a) < tolerance);
    }

    #[test]
    fn a_matrix_of_low_rank_is_found() {
        low_rank::<f64>(1e-11);
        low_rank::<f32>(1e-3);
        low_rank::<Complex<f64>>(1e-11);
    }

    #[test]
    fn iterations_help_where_values_fall_slowly() {
        let mut a = normal::<f64>(&[80, 80], 3);
        let exact = singular_values(&a).unwrap().to_vec::<f64>().unwrap();
        let error = |s: NdArray| (s.to_vec::<f64>().unwrap()[0] - exact[0]).abs() / exact[0];
        let rough = error(randomized_svd(&mut a, 5, 5, 0, Key::new(1, 0)).unwrap().1);
        let fine = error(randomized_svd(&mut a, 5, 5, 6, Key::new(1, 0)).unwrap().1);
        assert!(fine < 0.01 && fine < rough, "{fine} {rough}");
        assert!(randomized_svd(&mut a, 81, 0, 0, Key::new(1, 0)).is_err());
        assert!(test_matrix(Key::new(0, 0), DType::I32, 2, 2).is_err());
    }
}
