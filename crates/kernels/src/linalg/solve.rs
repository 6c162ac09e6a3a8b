//! Linear equations and least squares.

use swath_solvers::Factorise;

use super::factor::{lu, singular, triangle};
use super::matmul::{adjoint, product, unravel};
use super::matrix::{Field, array, is_finite, matrix, owned, square, to_common_field, vector, with_field};
use super::spectral::{not_converged, real};
use crate::error::{KernelError, Result};
use crate::layout::arrange::stack;
use crate::ndarray::NdArray;
use crate::shape::broadcast_shapes;

/// The solution of `a x = b`: `(..., n, n)` and `(..., n, k)`, or `(n,)` for `b` alone of one dimension.
///
/// # Errors
/// "Singular matrix"; not square; lengths that differ.
pub fn solve(a: &NdArray, b: &NdArray) -> Result<NdArray> {
    square(a)?;
    let (a, b) = to_common_field(a, b)?;
    with_field!(a.dtype(), T => over_stacks(&a, &b, &|a, b| {
        let factors = lu::<T>(a)?.ok_or_else(singular)?;
        array(T::lu_solve(&factors, matrix::<T>(b)?).as_ref())
    }))
}

/// Which elements of a triangular matrix count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Triangle {
    /// Those on and below the diagonal; else on and above.
    pub lower: bool,
    /// The diagonal is taken to be one.
    pub unit: bool,
}

/// The solution of `a x = b` for triangular `a`; shapes as in [`solve`]. The other triangle is not read.
///
/// # Errors
/// "Singular matrix"; not square; lengths that differ.
pub fn solve_triangular(a: &NdArray, b: &NdArray, which: Triangle) -> Result<NdArray> {
    let n = square(a)?;
    let (a, b) = to_common_field(a, b)?;
    with_field!(a.dtype(), T => over_stacks(&a, &b, &|a, b| {
        let a = triangle::<T>(a, which.lower)?;
        if !which.unit && (0..n).any(|i| a.get(i, i).parts().norm() == 0.0) {
            return Err(singular());
        }
        let mut x = owned::<T>(b)?;
        T::solve_triangular(a.as_ref(), which.lower, which.unit, x.as_mut());
        array(x.as_ref())
    }))
}

/// Applies a function of two matrices to broadcast stacks of them.
fn over_stacks(a: &NdArray, b: &NdArray, each: &dyn Fn(&NdArray, &NdArray) -> Result<NdArray>) -> Result<NdArray> {
    let n = a.shape()[a.ndim() - 1];
    let columns = if b.ndim() == 1 { b.insert_axis(1)? } else { b.clone() };
    let &[.., rows, k] = columns.shape() else {
        return Err(KernelError::invalid("the right-hand side has no dimensions: a vector or a matrix is needed"));
    };
    if rows != n {
        return Err(KernelError::invalid(format!(
            "solve: Input operand 1 has a mismatch in its core dimension 0 (size {rows} is different from {n})"
        )));
    }
    let outer = broadcast_shapes(&[&a.shape()[..a.ndim() - 2], &columns.shape()[..columns.ndim() - 2]])?;
    let result = if outer.is_empty() {
        each(a, &columns)?
    } else {
        let a = a.broadcast_to(&[outer.as_slice(), &[n, n]].concat())?;
        let columns = columns.broadcast_to(&[outer.as_slice(), &[n, k]].concat())?;
        let count = outer.iter().product();
        let solve_one = |index| each(&a.slice(&unravel(index, &outer))?, &columns.slice(&unravel(index, &outer))?);
        let solved = (0..count).map(solve_one).collect::<Result<Vec<_>>>()?;
        let shape = [outer.as_slice(), &[n, k]].concat();
        if count == 0 { NdArray::zeros(a.dtype(), &shape)? } else { stack(&solved, 0)?.reshape(&shape)? }
    };
    if b.ndim() == 1 { result.reshape(&result.shape()[..result.ndim() - 1]) } else { Ok(result) }
}

/// A least-squares solution and what is known of it.
#[derive(Debug, Clone)]
pub struct LeastSquares {
    /// `(n,)` or `(n, k)`: of all that minimise the residual the one of least norm.
    pub solution: NdArray,
    /// `(k,)`: the squares of the residuals' norms; empty where the rank is below `n` or `m <= n`.
    pub residuals: NdArray,
    /// Singular values above the cut.
    pub rank: usize,
    /// `(min(m, n),)`, in descending order.
    pub singular_values: NdArray,
}

/// The `x` that minimises `|b - a x|` for `a (m, n)` and `b (m,)` or `(m, k)`, by the singular values; those below `rcond`
/// times the largest count as zero (where none is given: the machine's epsilon times `max(m, n)`).
///
/// # Errors
/// Other dimensions; lengths that differ; elements that are not finite.
pub fn lstsq(a: &NdArray, b: &NdArray, rcond: Option<f64>) -> Result<LeastSquares> {
    let (&[m, n], 1..=2) = (a.shape(), b.ndim()) else {
        return Err(KernelError::invalid(format!(
            "lstsq takes a matrix and a vector or matrix, not {} and {} dimensions",
            a.ndim(),
            b.ndim()
        )));
    };
    if b.shape()[0] != m {
        return Err(KernelError::invalid("Incompatible dimensions"));
    }
    let (a, b) = to_common_field(a, b)?;
    let columns = if b.ndim() == 1 { b.insert_axis(1)? } else { b.clone() };
    let k = columns.shape()[1];
    with_field!(a.dtype(), T => {
        if !is_finite::<T>(&a)? {
            return Err(not_converged());
        }
        let (u, s, v) = T::svd(matrix::<T>(&a)?, false).ok_or_else(not_converged)?;
        let s: Vec<f64> = s.iter().map(|s| s.parts().re).collect();
        let cut = rcond.unwrap_or(T::PRECISION * m.max(n) as f64) * s.first().copied().unwrap_or(0.0);
        let rank = s.iter().filter(|value| **value > cut).count();
        let mut projected = owned::<T>(&product::<T>(&adjoint(&array(u.as_ref())?)?, &columns)?)?;
        for (row, value) in s.iter().enumerate() {
            let factor = T::from_parts(if row < rank { 1.0 / value } else { 0.0 }, 0.0);
            for column in 0..k {
                let element = projected.get_mut(row, column);
                *element *= factor;
            }
        }
        let solution = array(T::multiply(v.as_ref(), projected.as_ref()).as_ref())?;
        let squares = if rank == n && m > n { residuals::<T>(&a, &solution, &columns)? } else { Vec::new() };
        Ok(LeastSquares {
            solution: if b.ndim() == 1 { solution.reshape(&[n])? } else { solution },
            residuals: vector(squares.iter().map(|v| real::<T>(*v)))?,
            rank,
            singular_values: vector(s.iter().map(|v| real::<T>(*v)))?,
        })
    })
}

/// The squares of the norms of the columns of `b - a x`.
fn residuals<T: Field>(a: &NdArray, x: &NdArray, b: &NdArray) -> Result<Vec<f64>> {
    let (product, b) = (product::<T>(a, x)?.to_vec::<T>()?, b.to_vec::<T>()?);
    let columns = x.shape()[1];
    let mut squares = vec![0.0; columns];
    for (i, (found, wanted)) in product.into_iter().zip(b).enumerate() {
        squares[i % columns] += (wanted - found).parts().norm_sqr();
    }
    Ok(squares)
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::super::matmul::matmul;
    use super::super::matrix::testing::{distance, normal};
    use super::*;
    use crate::DType;

    fn equations<T: Field>(tolerance: f64) {
        for (n, k) in [(1, 1), (6, 1), (50, 20), (0, 2), (3, 0)] {
            let (a, b) = (normal::<T>(&[n, n], 3), normal::<T>(&[n, k], 4));
            let x = solve(&a, &b).unwrap();
            assert!(distance::<T>(&product::<T>(&a, &x).unwrap(), &b) < tolerance * 100.0);
            for (lower, unit) in [(true, false), (true, true), (false, false), (false, true)] {
                // Well conditioned: small off the diagonal.
                let a = a.to_vec::<T>().unwrap();
                let small = |i: usize| {
                    if i / n == i % n { a[i] + T::from_parts(3.0, 0.0) } else { a[i] * T::from_parts(0.1, 0.0) }
                };
                let a = NdArray::from_vec(&[n, n], (0..n * n).map(small).collect()).unwrap();
                let x = solve_triangular(&a, &b, Triangle { lower, unit }).unwrap();
                let mut used = a.to_vec::<T>().unwrap();
                for (i, value) in used.iter_mut().enumerate() {
                    match (i / n).cmp(&(i % n)) {
                        std::cmp::Ordering::Equal if unit => *value = T::from_parts(1.0, 0.0),
                        std::cmp::Ordering::Less if lower => *value = T::default(),
                        std::cmp::Ordering::Greater if !lower => *value = T::default(),
                        _ => {}
                    }
                }
                let used = NdArray::from_vec(&[n, n], used).unwrap();
                assert!(distance::<T>(&product::<T>(&used, &x).unwrap(), &b) < tolerance * 100.0);
            }
        }
    }

    #[test]
    fn solutions_solve() {
        equations::<f64>(1e-13);
        equations::<f32>(1e-4);
        equations::<Complex<f64>>(1e-13);
        equations::<Complex<f32>>(1e-4);
    }

    #[test]
    fn stacks_vectors_and_dtypes() {
        let (a, b) = (normal::<f64>(&[3, 1, 4, 4], 1), normal::<f64>(&[2, 4, 2], 2));
        let x = solve(&a, &b).unwrap();
        assert_eq!(x.shape(), &[3, 2, 4, 2]);
        assert!(distance::<f64>(&matmul(&a, &x).unwrap(), &b.broadcast_to(&[3, 2, 4, 2]).unwrap()) < 1e-11);
        let a = NdArray::from_vec(&[2, 2], vec![2_i32, 0, 0, 4]).unwrap();
        let x = solve(&a, &NdArray::from_vec(&[2], vec![1.0_f32, 2.0]).unwrap()).unwrap();
        assert_eq!((x.shape(), x.to_vec::<f64>().unwrap()), (&[2][..], vec![0.5, 0.5]));
    }

    #[test]
    fn least_squares() {
        for (m, n) in [(8, 3), (3, 8), (5, 5)] {
            let (a, b) = (normal::<f64>(&[m, n], 6), normal::<f64>(&[m, 2], 7));
            let found = lstsq(&a, &b, None).unwrap();
            assert_eq!((found.rank, found.solution.shape()), (m.min(n), &[n, 2][..]));
            // The residual is orthogonal to the columns.
            let ax = product::<f64>(&a, &found.solution).unwrap().to_vec::<f64>().unwrap();
            let left: Vec<f64> = b.to_vec::<f64>().unwrap().iter().zip(&ax).map(|(b, a)| b - a).collect();
            let left = NdArray::from_vec(&[m, 2], left).unwrap();
            let orthogonal = product::<f64>(&a.t(), &left).unwrap();
            assert!(orthogonal.to_vec::<f64>().unwrap().iter().all(|v| v.abs() < 1e-12));
            let squares = found.residuals.to_vec::<f64>().unwrap();
            assert_eq!(squares.len(), if m > n { 2 } else { 0 });
            for (column, square) in squares.iter().enumerate() {
                let own: f64 = left.to_vec::<f64>().unwrap().iter().skip(column).step_by(2).map(|v| v * v).sum();
                assert!((own - square).abs() < 1e-12);
            }
        }
        // A line through (0, -1), (1, 0.2), (2, 0.9), (3, 2.1): NumPy's example.
        let a = NdArray::from_vec(&[4, 2], vec![0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 3.0, 1.0]).unwrap();
        let line = lstsq(&a, &NdArray::from_vec(&[4], vec![-1.0, 0.2, 0.9, 2.1]).unwrap(), None).unwrap();
        let x = line.solution.to_vec::<f64>().unwrap();
        assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] + 0.95).abs() < 1e-14);
        // Rank one.
        let ones = NdArray::from_vec(&[3, 2], vec![1.0_f32; 6]).unwrap();
        let found = lstsq(&ones, &NdArray::from_vec(&[3], vec![2.0_f32; 3]).unwrap(), None).unwrap();
        assert_eq!((found.rank, found.residuals.len(), found.residuals.dtype()), (1, 0, DType::F32));
        assert!(found.solution.to_vec::<f32>().unwrap().iter().all(|v| (v - 1.0).abs() < 1e-6));
    }

    #[test]
    fn errors_are_numpys() {
        let singular = NdArray::from_vec(&[2, 2], vec![1.0, 2.0, 2.0, 4.0]).unwrap();
        let b = NdArray::zeros(DType::F64, &[2]).unwrap();
        assert_eq!(solve(&singular, &b).unwrap_err().to_string(), "Singular matrix");
        let message = solve(&singular, &NdArray::zeros(DType::F64, &[3]).unwrap()).unwrap_err().to_string();
        assert!(message.contains("size 3 is different from 2"));
        assert!(solve(&NdArray::zeros(DType::F64, &[2, 3]).unwrap(), &b).is_err());
        let zero = NdArray::zeros(DType::F64, &[2, 2]).unwrap();
        assert!(solve_triangular(&zero, &b, Triangle { lower: true, unit: false }).is_err());
        assert_eq!(
            lstsq(&zero, &NdArray::zeros(DType::F64, &[3]).unwrap(), None).unwrap_err().to_string(),
            "Incompatible dimensions"
        );
        let nan = NdArray::from_vec(&[1, 1], vec![f64::NAN]).unwrap();
        assert!(lstsq(&nan, &NdArray::zeros(DType::F64, &[1]).unwrap(), None).is_err());
    }
}
