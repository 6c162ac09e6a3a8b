//! Linear systems, least squares, inverses, ranks.

use swath_arrays::ArrayExpr;
use swath_arrays::expr::op::Linalg;
use swath_kernels::{DType, linalg};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::functions::closure;
use crate::reduce::ReduceOptions;

/// A least-squares solution and what is known of it.
#[derive(Debug, Clone)]
pub struct LeastSquares {
    /// The `x` of least `|b - a x|`, `(n,)` or `(n, k)`.
    pub solution: Array,
    /// The squares of the residuals' norms, `()` or `(k,)`.
    pub residuals: Array,
    /// How many singular values are not zero but for rounding, as 0-d `int64`.
    pub rank: Array,
    /// The singular values, descending.
    pub singular_values: Array,
}

impl Array {
    /// The inverse.
    ///
    /// # Errors
    /// Kept: a matrix that is not square. "Singular matrix" when it runs.
    #[must_use]
    pub fn inv(&self) -> Self {
        self.algebra(Linalg::Inv)
    }

    /// The pseudo-inverse, by singular values above `1e-15` times the largest.
    #[must_use]
    pub fn pinv(&self) -> Self {
        self.pinv_within(Some(1e-15))
    }

    /// The pseudo-inverse, by singular values above `relative` times the largest; without it above what rounding leaves of zero.
    #[must_use]
    pub fn pinv_within(&self, relative: Option<f64>) -> Self {
        let relative = match relative.map_or_else(|| self.rounding(), Ok) {
            Ok(relative) => relative,
            Err(error) => return self.failed(error),
        };
        let (u, s, vt) = self.svd();
        let cut = s.largest(ReduceOptions::over(-1).keepdims()) * relative;
        let inverse = s.gt(&cut).where_(s.reciprocal(), s.zeros_like());
        let scaled = vt.conj().matrix_transpose() * inverse.expand_dims(-2);
        scaled.matmul(u.conj().matrix_transpose())
    }

    /// How many singular values are not zero but for rounding.
    #[must_use]
    pub fn matrix_rank(&self) -> Self {
        match self.rounding() {
            Ok(relative) => self.matrix_rank_within(relative),
            Err(error) => self.failed(error),
        }
    }

    /// How many singular values are above `relative` times the largest.
    #[must_use]
    pub fn matrix_rank_within(&self, relative: f64) -> Self {
        let s = self.svdvals();
        let cut = s.largest(ReduceOptions::over(-1).keepdims()) * relative;
        s.gt(&cut).sum(-1)
    }

    /// What of the largest singular value rounding may leave of one that is zero: the longer side times the distance of two numbers.
    fn rounding(&self) -> Result<f64> {
        let longest = self.shape()?.into_iter().rev().take(2).max().unwrap_or(0);
        let epsilon = match self.dtype()? {
            DType::F32 | DType::C64 => f64::from(f32::EPSILON),
            _ => f64::EPSILON,
        };
        Ok(longest as f64 * epsilon)
    }

    /// The `x` of `a x = b`: `(..., n, n)` and `(n,)` or `(..., n, k)`.
    ///
    /// # Errors
    /// Kept: a matrix that is not square, a right side that does not fit. "Singular matrix" when it runs.
    #[must_use]
    pub fn solve(&self, right: &Self) -> Self {
        self.then_with(&[right], |both| solved(&both[0], &both[1]))
    }

    /// The `x` of `a x = b` for a triangular `a (n, n)`; the other triangle is not read.
    ///
    /// # Errors
    /// Kept: as [`Array::solve`].
    #[must_use]
    pub fn solve_triangular(&self, right: &Self, lower: bool) -> Self {
        self.then_with(&[right], |both| both[0].linalg(Linalg::SolveTriangular { lower }, Some(&both[1])))
    }

    /// The `x` of least `|b - a x|` for `a (m, n)` and `b (m,)` or `(m, k)`.
    ///
    /// # Errors
    /// Kept: a right side that does not fit.
    #[must_use]
    pub fn lstsq(&self, right: &Self) -> LeastSquares {
        let solution = self.then_with(&[right], |both| both[0].linalg(Linalg::Lstsq, Some(&both[1])));
        let rank = self.matrix_rank().astype(DType::I32);
        LeastSquares { residuals: self.residuals(right, &solution), rank, singular_values: self.svdvals(), solution }
    }

    /// As [`Array::lstsq`], with singular values up to `relative` times the largest taken for zero (NumPy's `rcond`); without it, or where it
    /// is negative, those that rounding may leave of zero.
    ///
    /// # Errors
    /// Kept: as [`Array::lstsq`].
    #[must_use]
    pub fn lstsq_within(&self, right: &Self, relative: Option<f64>) -> LeastSquares {
        let relative = relative.filter(|relative| *relative >= 0.0);
        let Some(relative) = relative else { return self.lstsq(right) };
        // The usual solution has the checks and the dtype.
        let checked = self.then_with(&[right], |both| both[0].linalg(Linalg::Lstsq, Some(&both[1])));
        let solution = match checked.dtype() {
            Ok(dtype) => self.astype(dtype).pinv_within(Some(relative)).matmul(right.astype(dtype)),
            Err(_) => checked,
        };
        let rank = self.matrix_rank_within(relative).astype(DType::I32);
        LeastSquares { residuals: self.residuals(right, &solution), rank, singular_values: self.svdvals(), solution }
    }

    /// The sums of squares of what a solution leaves: one of a vector, one for each column of a matrix; none where there are no more rows
    /// than columns.
    fn residuals(&self, right: &Self, solution: &Self) -> Self {
        let left = (right - self.matmul(solution)).abs().square();
        match (self.shape(), right.ndim()) {
            (Ok(shape), _) if shape.len() == 2 && shape[0] <= shape[1] => {
                left.ravel().then(|array| array.slice_axis(0, 0, 0))
            }
            (_, Ok(1)) => left.sum(ReduceOptions::over(0).keepdims()),
            _ => left.sum(0),
        }
    }
}

fn solved(matrix: &ArrayExpr, right: &ArrayExpr) -> Result<ArrayExpr> {
    if matrix.ndim() == 2 && right.ndim() <= 2 {
        return Ok(matrix.linalg(Linalg::Solve, Some(right))?);
    }
    // Stacks broadcast: the inverse has the checks and the dtype, the kernel does the rest.
    let checked = matrix.linalg(Linalg::Inv, None)?;
    let dtype = swath_kernels::promote(checked.dtype(), right.dtype())?;
    let dtype = if dtype.is_integer() || dtype == DType::Bool { DType::F64 } else { dtype };
    let (a, b) = (checked.known_shape("solve")?, right.known_shape("solve")?);
    let size = a[a.len() - 1];
    let core = if b.len() == 1 { 1 } else { 2 };
    if b.is_empty() || b[b.len() - core] != size {
        let given = b.get(b.len().saturating_sub(core)).copied().unwrap_or(0);
        return Err(Error::invalid(format!(
            "solve: Input operand 1 has a mismatch in its core dimension 0 (size {given} is different from {size})"
        )));
    }
    let mut shape = swath_kernels::broadcast_shapes(&[&a[..a.len() - 2], &b[..b.len() - core]])?;
    shape.extend_from_slice(&b[b.len() - core..]);
    let find = closure("solve", |blocks, _| Ok(linalg::solve(&blocks[0], &blocks[1])?));
    let (left, right) = (matrix.cast(dtype)?, right.cast(dtype)?);
    let inputs = [(&left, vec![None; a.len()]), (&right, vec![None; b.len()])];
    Ok(ArrayExpr::blockwise(find, &inputs, dtype, swath_arrays::ChunkGrid::whole(&shape))?)
}
