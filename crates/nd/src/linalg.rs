//! Dense linear algebra over the last two axes.

use swath_arrays::ArrayExpr;
use swath_arrays::expr::op::Linalg;
use swath_kernels::{DType, linalg};

use crate::array::Array;
use crate::axes::Axes;
use crate::error::{Error, Result};
use crate::functions::closure;
use crate::reduce::ReduceOptions;

/// What a norm measures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum NormKind {
    /// The square root of the sum of squares.
    #[default]
    Frobenius,
    /// The sum of singular values.
    Nuclear,
    /// Of vectors the `p`-norm (infinite: the largest magnitude; zero: how many are not zero). Of matrices 1 and infinity are the largest
    /// sums of columns and rows, 2 the largest singular value, and negative ones the least.
    P(f64),
}

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
    fn algebra(&self, function: Linalg) -> Self {
        self.then(|array| array.linalg(function, None))
    }

    /// Orthonormal columns `q (m, k)` and an upper triangle `r (k, n)` whose product it is, `k` the lesser of `m` and `n`.
    ///
    /// # Errors
    /// Kept: fewer than two dimensions.
    #[must_use]
    pub fn qr(&self) -> (Self, Self) {
        (self.algebra(Linalg::QrQ), self.algebra(Linalg::QrR))
    }

    /// `u (m, k)`, singular values `s (k,)`, descending, and `vt (k, n)`, whose product it is.
    ///
    /// # Errors
    /// Kept: fewer than two dimensions.
    #[must_use]
    pub fn svd(&self) -> (Self, Self, Self) {
        (self.algebra(Linalg::SvdU), self.algebra(Linalg::SvdS), self.algebra(Linalg::SvdVt))
    }

    /// The singular values, descending.
    #[must_use]
    pub fn svdvals(&self) -> Self {
        self.algebra(Linalg::SvdS)
    }

    /// The `rank` largest singular values and their vectors, from a few products with random vectors: Halko, Martinsson and Tropp, "Finding
    /// structure with randomness", 2011. `iterations` of 0 to 4 sharpen it where singular values fall slowly.
    ///
    /// # Errors
    /// Kept: an array that is no matrix.
    #[must_use]
    pub fn svd_compressed(&self, rank: usize, iterations: usize, seed: u64) -> (Self, Self, Self) {
        let shape = match self.shape() {
            Ok(shape) if shape.len() == 2 => shape,
            Ok(shape) => {
                let wrong =
                    self.failed(Error::invalid(format!("svd_compressed needs a matrix, not {} axes", shape.len())));
                return (wrong.clone(), wrong.clone(), wrong);
            }
            Err(error) => return (self.failed(error.clone()), self.failed(error.clone()), self.failed(error)),
        };
        let rank = rank.min(shape[0]).min(shape[1]);
        let width = (rank + 10).min(shape[0]).min(shape[1]);
        let dtype = if self.dtype().is_ok_and(|dtype| matches!(dtype, DType::F32 | DType::C64)) {
            DType::F32
        } else {
            DType::F64
        };
        let start = self.context().random(seed).standard_normal([shape[1], width]).astype(dtype);
        let adjoint = self.t().conj();
        let mut basis = self.matmul(&start).qr().0;
        for _ in 0..iterations {
            let turned = adjoint.matmul(&basis).qr().0;
            basis = self.matmul(&turned).qr().0;
        }
        // The small side of the factorisation: (width, n), decomposed by its tall adjoint.
        let (v, s, uh) = adjoint.matmul(&basis).svd();
        let u = basis.matmul(uh.t().conj());
        (u.slice(crate::s![.., ..rank]), s.slice(crate::s![..rank]), v.t().conj().slice(crate::s![..rank, ..]))
    }

    /// The lower triangle whose product with its adjoint it is.
    ///
    /// # Errors
    /// Kept: a matrix that is not square. "Matrix is not positive definite" when it runs.
    #[must_use]
    pub fn cholesky(&self) -> Self {
        self.algebra(Linalg::Cholesky)
    }

    /// The inverse.
    ///
    /// # Errors
    /// Kept: a matrix that is not square. "Singular matrix" when it runs.
    #[must_use]
    pub fn inv(&self) -> Self {
        self.algebra(Linalg::Inv)
    }

    /// The determinant.
    ///
    /// # Errors
    /// Kept: a matrix that is not square.
    #[must_use]
    pub fn det(&self) -> Self {
        self.algebra(Linalg::Det)
    }

    /// The sign of the determinant and the logarithm of its magnitude.
    ///
    /// # Errors
    /// Kept: a matrix that is not square.
    #[must_use]
    pub fn slogdet(&self) -> (Self, Self) {
        let part = |is_sign: bool| {
            let find = closure("slogdet", move |blocks, _| {
                let (sign, log) = linalg::slogdet(&blocks[0])?;
                Ok(if is_sign { sign } else { log })
            });
            self.then(|array| -> Result<ArrayExpr> {
                // The determinant has the checks, the shape and the dtype.
                let det = array.linalg(Linalg::Det, None)?;
                let input = det.inputs().first().cloned().ok_or_else(|| Error::invalid("a determinant of nothing"))?;
                let dtype = if is_sign { det.dtype() } else { det.dtype().real() };
                let outer = det.ndim();
                let follow = (0..input.ndim()).map(|axis| (axis < outer).then_some(axis)).collect();
                Ok(ArrayExpr::blockwise(find.clone(), &[(&input, follow)], dtype, det.grid().clone())?)
            })
        };
        (part(true), part(false))
    }

    /// The eigenvalues of a symmetric or Hermitian matrix, ascending, and its eigenvectors as columns. The lower triangle is read.
    ///
    /// # Errors
    /// Kept: a matrix that is not square.
    #[must_use]
    pub fn eigh(&self) -> (Self, Self) {
        (self.algebra(Linalg::EighValues), self.algebra(Linalg::EighVectors))
    }

    /// The eigenvalues of a symmetric or Hermitian matrix, ascending.
    #[must_use]
    pub fn eigvalsh(&self) -> Self {
        self.algebra(Linalg::EighValues)
    }

    /// The pseudo-inverse, by singular values above `1e-15` times the largest.
    #[must_use]
    pub fn pinv(&self) -> Self {
        let (u, s, vt) = self.svd();
        let cut = s.max(ReduceOptions::over(-1).keepdims()) * 1e-15;
        let inverse = s.gt(&cut).where_(s.reciprocal(), s.zeros_like());
        let scaled = vt.conj().matrix_transpose() * inverse.expand_dims(-2);
        scaled.matmul(u.conj().matrix_transpose())
    }

    /// How many singular values are not zero but for rounding.
    #[must_use]
    pub fn matrix_rank(&self) -> Self {
        let s = self.svdvals();
        let largest = match self.shape() {
            Ok(shape) => shape.iter().rev().take(2).copied().max().unwrap_or(0),
            Err(error) => return self.failed(error),
        };
        let epsilon =
            if s.dtype().is_ok_and(|dtype| dtype == DType::F32) { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let cut = s.max(ReduceOptions::over(-1).keepdims()) * (largest as f64 * epsilon);
        s.gt(&cut).sum(-1)
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
        let residuals = (right - self.matmul(&solution)).abs().square().sum(0);
        LeastSquares { residuals, rank: self.matrix_rank(), singular_values: self.svdvals(), solution }
    }

    /// A norm of vectors along one axis, of matrices over two, or of all elements without axes.
    ///
    /// # Errors
    /// Kept: orders that have no meaning for matrices, more than two axes.
    #[must_use]
    pub fn norm(&self, kind: NormKind, axes: impl Into<Axes>, keepdims: bool) -> Self {
        let axes = axes.into();
        let ndim = match self.ndim() {
            Ok(ndim) => ndim,
            Err(error) => return self.failed(error),
        };
        let over = |axes: Option<Vec<isize>>| {
            let options = axes.map_or_else(ReduceOptions::default, ReduceOptions::over);
            if keepdims { options.keepdims() } else { options }
        };
        let magnitudes = self.floats().abs();
        let list = match axes.get() {
            None if kind == NormKind::Frobenius => return magnitudes.square().sum(over(None)).sqrt(),
            None => (0..ndim as isize).collect(),
            Some(list) => list.to_vec(),
        };
        match (list.as_slice(), kind) {
            ([_], kind) => vector_norm(&magnitudes, kind, &over(Some(list))),
            ([_, _], NormKind::Frobenius) => magnitudes.square().sum(over(Some(list))).sqrt(),
            ([rows, columns], kind) => self.matrix_norm(&magnitudes, kind, [*rows, *columns], keepdims),
            _ => self.failed(Error::invalid("Improper number of dimensions to norm.")),
        }
    }

    /// Integers and truth values as `float64`.
    fn floats(&self) -> Self {
        self.then(|array| match array.dtype() {
            dtype if dtype.is_float() || dtype.is_complex() => Ok(array.clone()),
            _ => array.cast(DType::F64),
        })
    }

    fn matrix_norm(&self, magnitudes: &Self, kind: NormKind, [rows, columns]: [isize; 2], keepdims: bool) -> Self {
        let ndim = self.ndim().unwrap_or(0);
        let both = swath_kernels::normalize_axes(Some(&[rows, columns]), ndim);
        let (first, second) = match both {
            Ok(_) => (rows, columns),
            Err(error) => return self.failed(error.into()),
        };
        let kept = |axis: isize| ReduceOptions::over(axis).keepdims();
        let matrices = self.moveaxis([first, second], [-2, -1]);
        let values = |reduce: &dyn Fn(&Self) -> Self| {
            let found = reduce(&matrices.svdvals());
            // Back to where the axes were.
            if keepdims { found.expand_dims([first, second]) } else { found }
        };
        let least = |p: f64| p < 0.0;
        let result = match kind {
            NormKind::Nuclear => return values(&|s| s.sum(-1)),
            NormKind::P(p) if p.abs() == 2.0 => return values(&|s| if least(p) { s.min(-1) } else { s.max(-1) }),
            NormKind::P(p) if p.abs() == 1.0 || p.is_infinite() => {
                let (summed, rest) = if p.abs() == 1.0 { (first, second) } else { (second, first) };
                let sums = magnitudes.sum(kept(summed));
                if least(p) { sums.min(kept(rest)) } else { sums.max(kept(rest)) }
            }
            _ => return self.failed(Error::invalid("Invalid norm order for matrices.")),
        };
        if keepdims { result } else { result.squeeze([first, second]) }
    }
}

fn vector_norm(magnitudes: &Array, kind: NormKind, options: &ReduceOptions) -> Array {
    match kind {
        NormKind::Frobenius => magnitudes.square().sum(options).sqrt(),
        NormKind::Nuclear => magnitudes.failed(Error::invalid("Invalid norm order 'nuc' for vectors")),
        NormKind::P(p) if p == f64::INFINITY => magnitudes.max(options),
        NormKind::P(p) if p == f64::NEG_INFINITY => magnitudes.min(options),
        NormKind::P(0.0) => magnitudes.ne(0.0).astype(magnitudes.dtype().unwrap_or(DType::F64)).sum(options),
        NormKind::P(1.0) => magnitudes.sum(options),
        NormKind::P(2.0) => magnitudes.square().sum(options).sqrt(),
        NormKind::P(p) => magnitudes.power(p).sum(options).power(1.0 / p),
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
