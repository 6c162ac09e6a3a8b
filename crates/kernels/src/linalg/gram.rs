//! `A.T @ A`: symmetric, so that the blocks on and below the diagonal are enough.

use super::matmul::{Factor, Multiply, Target};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::memory::filled;
use crate::ndarray::NdArray;
use crate::shape::element_count;
use crate::with_element;

/// The least width of a block: narrower products lose more than the triangle gains.
const LEAST_BLOCK: usize = 64;
/// Blocks along an axis where there is room for them: an eighth is computed in vain at most.
const BLOCKS: usize = 8;

/// Adds the lower triangle (in blocks; some elements above the diagonal too) of `A.T @ A` for `A` of shape `(m, n)` to
/// `sums` of shape `(n, n)`; of `A.T.conj() @ A` where `conjugate`. [`mirror`] makes it whole after the last addition.
///
/// # Errors
/// Another shape or dtype.
pub fn gram_add<T: Multiply>(sums: &mut [T], array: &NdArray, conjugate: bool) -> Result<()> {
    let factor = Factor::<T>::of(array)?;
    let n = factor.shape().1;
    if sums.len() != n * n {
        return Err(KernelError::invalid(format!("sum of A.T @ A has {} elements, not {n} x {n}", sums.len())));
    }
    let block = n.div_ceil(BLOCKS).next_multiple_of(8).max(LEAST_BLOCK);
    for row in (0..n).step_by(block) {
        let rows = row..n.min(row + block);
        let target = Target { elements: &mut sums[row * n..], row_stride: n };
        T::multiply_add(
            target,
            factor.column_range(rows.clone()).transposed(),
            factor.column_range(0..rows.end),
            conjugate,
        );
    }
    Ok(())
}

/// Copies the lower triangle of an `(n, n)` matrix to the upper one, changed by `conjugate`.
pub fn mirror<T: Copy>(matrix: &mut [T], n: usize, conjugate: impl Fn(T) -> T) {
    const BLOCK: usize = 32;
    for row in (0..n).step_by(BLOCK) {
        for column in (0..=row).step_by(BLOCK) {
            for i in row..n.min(row + BLOCK) {
                for j in column..i.min(column + BLOCK) {
                    matrix[j * n + i] = conjugate(matrix[i * n + j]);
                }
            }
        }
    }
}

/// `A.T @ A` of an `(m, n)` array, `(n, n)`; with `conjugate`, `A.T.conj() @ A`.
///
/// # Errors
/// Not two dimensions; dates.
pub fn gram(array: &NdArray, conjugate: bool) -> Result<NdArray> {
    let [_, n] = *array.shape() else {
        return Err(KernelError::invalid(format!("A.T @ A takes 2 dimensions, not {}", array.ndim())));
    };
    if array.dtype().is_time() || array.dtype() == DType::F16 {
        return super::matmul::matmul(&array.t(), array);
    }
    let conjugate = conjugate && array.dtype().is_complex();
    with_element!(array.dtype(), T => {
        let mut sums = filled(T::default(), element_count(&[n, n])?);
        gram_add::<T>(&mut sums, array, conjugate)?;
        mirror(&mut sums, n, |value| value);
        let result = NdArray::from_vec(&[n, n], sums)?;
        if conjugate { conjugate_upper(&result, n) } else { Ok(result) }
    })
}

fn conjugate_upper(array: &NdArray, n: usize) -> Result<NdArray> {
    macro_rules! conjugated {
        ($type:ty) => {{
            let mut elements = array.to_vec::<$type>()?;
            mirror(&mut elements, n, |value| value.conj());
            NdArray::from_vec(&[n, n], elements)
        }};
    }
    match array.dtype() {
        DType::C64 => conjugated!(num_complex::Complex<f32>),
        _ => conjugated!(num_complex::Complex<f64>),
    }
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::super::matmul::{adjoint, matmul};
    use super::*;

    #[test]
    fn equals_the_product() {
        for (m, n) in [(1, 1), (5, 3), (40, 70), (3, 200), (0, 4), (4, 0)] {
            let a = NdArray::from_vec(&[m, n], (0..m * n).map(|i| (i % 17) as f64 - 8.0).collect()).unwrap();
            assert_eq!(gram(&a, true).unwrap(), matmul(&a.t(), &a).unwrap());
            let b = NdArray::from_vec(&[n, m], (0..m * n).map(|i| i as i32 * 77_777).collect()).unwrap().t();
            assert_eq!(gram(&b, false).unwrap(), matmul(&b.t(), &b).unwrap());
            let c = |i| Complex::new((i % 5) as f32, (i % 7) as f32 - 3.0);
            let c = NdArray::from_vec(&[m, n], (0..m * n).map(c).collect()).unwrap();
            assert_eq!(gram(&c, false).unwrap(), matmul(&c.t(), &c).unwrap());
            assert_eq!(gram(&c, true).unwrap(), matmul(&adjoint(&c).unwrap(), &c).unwrap());
        }
        assert!(gram(&NdArray::zeros(DType::F64, &[3]).unwrap(), false).is_err());
    }
}
