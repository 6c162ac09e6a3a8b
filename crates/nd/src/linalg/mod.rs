//! Dense linear algebra over the last two axes.
//!
//! | module | what |
//! |---|---|
//! | this one | factorisations, eigenvalues, determinants |
//! | `solve` | linear systems, least squares, inverses, ranks |
//! | `norm` | norms of vectors and matrices |

mod norm;
mod solve;

pub use norm::NormKind;
pub use solve::LeastSquares;

use swath_arrays::ArrayExpr;
use swath_arrays::expr::op::Linalg;
use swath_kernels::linalg::{self, QrMode};
use swath_kernels::{DType, NdArray};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::functions::{apply_gufunc, closure};

impl Array {
    pub(crate) fn algebra(&self, function: Linalg) -> Self {
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

    /// Orthonormal columns `q (m, m)` and an upper triangle `r (m, n)` whose product it is: NumPy's mode `complete`. Each matrix is held
    /// whole by a task.
    ///
    /// # Errors
    /// Kept: fewer than two dimensions.
    #[must_use]
    pub fn qr_complete(&self) -> (Self, Self) {
        let [q, r] = self.parts(
            Linalg::QrR,
            "(m,n)->(m,m),(m,n)",
            |dtype| [dtype, dtype],
            |a| {
                let (q, r) = linalg::qr(a, QrMode::Complete)?;
                Ok(q.into_iter().chain([r]).collect())
            },
        );
        (q, r)
    }

    /// `u (m, k)`, singular values `s (k,)`, descending, and `vt (k, n)`, whose product it is: the reduced form, which NumPy gives with
    /// `full_matrices=False`. [`Array::svd_full`] gives NumPy's default.
    ///
    /// # Errors
    /// Kept: fewer than two dimensions.
    #[must_use]
    pub fn svd(&self) -> (Self, Self, Self) {
        (self.algebra(Linalg::SvdU), self.algebra(Linalg::SvdS), self.algebra(Linalg::SvdVt))
    }

    /// `u (m, m)`, singular values `s (k,)`, descending, and `vt (n, n)`: NumPy's default, `full_matrices=True`. Each matrix, and the
    /// square ones, are held whole by a task; for tall matrices [`Array::svd`] is the one that goes block by block.
    ///
    /// # Errors
    /// Kept: fewer than two dimensions.
    #[must_use]
    pub fn svd_full(&self) -> (Self, Self, Self) {
        // The lesser of both lengths has no name in a signature: the values are those of the reduced form.
        let [u, vt] = self.parts(
            Linalg::QrR,
            "(m,n)->(m,m),(n,n)",
            |dtype| [dtype, dtype],
            |a| {
                let (u, _, vt) = linalg::svd(a, true)?;
                Ok(vec![u, vt])
            },
        );
        (u, self.svdvals(), vt)
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

    /// The eigenvalues of any square matrix, in no order, and its eigenvectors of length one as columns; always complex. Each matrix is held
    /// whole by a task.
    ///
    /// # Errors
    /// Kept: a matrix that is not square. Elements that are not finite when it runs.
    #[must_use]
    pub fn eig(&self) -> (Self, Self) {
        let [values, vectors] = self.parts(
            Linalg::Inv,
            "(n,n)->(n),(n,n)",
            |dtype| [dtype.complex(), dtype.complex()],
            |a| {
                let (values, vectors) = linalg::eig(a)?;
                Ok(vec![values, vectors])
            },
        );
        (values, vectors)
    }

    /// The eigenvalues of any square matrix, in no order; always complex.
    ///
    /// # Errors
    /// Kept: as [`Array::eig`].
    #[must_use]
    pub fn eigvals(&self) -> Self {
        let [values] =
            self.parts(Linalg::Inv, "(n,n)->(n)", |dtype| [dtype.complex()], |a| Ok(vec![linalg::eigvals(a)?]));
        values
    }

    /// The matrices whose lower triangle is this one's upper triangle: what [`Array::eigh`], [`Array::eigvalsh`] and
    /// [`Array::cholesky`] take where the upper triangle is to be read (NumPy's `UPLO='U'`).
    #[must_use]
    pub fn upper_as_lower(&self) -> Self {
        self.conj().matrix_transpose()
    }

    /// Factors that a function makes of each matrix, in the dtype that factors have.
    fn parts<const N: usize>(
        &self,
        like: Linalg,
        signature: &str,
        dtypes: impl Fn(DType) -> [DType; N],
        function: impl Fn(&NdArray) -> swath_kernels::Result<Vec<NdArray>> + Send + Sync + Clone + 'static,
    ) -> [Self; N] {
        let made = || -> Result<Vec<Self>> {
            // One like it has the checks and the dtype.
            let checked = self.expression()?.linalg(like, None)?;
            let input =
                checked.inputs().first().cloned().ok_or_else(|| Error::invalid("a factorisation of nothing"))?;
            let input = Self::from_expression(self.context(), input);
            let function = function.clone();
            apply_gufunc(move |blocks| Ok(function(&blocks[0])?), signature, &[&input], &dtypes(checked.dtype()))
        };
        match made().map(<[Self; N]>::try_from) {
            Ok(Ok(made)) => made,
            Ok(Err(_)) => std::array::from_fn(|_| self.failed(Error::invalid("a factorisation gave other parts"))),
            Err(error) => std::array::from_fn(|_| self.failed(error.clone())),
        }
    }
}
