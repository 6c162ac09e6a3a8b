//! Singular value decompositions of low rank.
//!
//! Source: N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness", 2011, algorithms 4.4 and 5.1.

use super::node::ArrayExpr;
use super::op::Linalg;
use crate::error::{ArrayError, Result};

impl ArrayExpr {
    /// The `rank` largest singular values and their vectors, approximately: `(m, n) -> (m, rank), (rank,), (rank, n)`. `test` of shape
    /// `(n, rank + some more)` holds normal random numbers; each of `iterations` power iterations makes the result better where singular
    /// values fall slowly, and reads the matrix twice more.
    ///
    /// # Errors
    /// Not a matrix, a test matrix that does not fit, a rank above what it allows.
    pub fn svd_compressed(&self, rank: usize, test: &Self, iterations: usize) -> Result<(Self, Self, Self)> {
        let (shape, width) = (self.known_shape("svd_compressed")?, test.known_shape("svd_compressed")?);
        let ([rows, columns], [side, wide]) = (shape.as_slice(), width.as_slice()) else {
            return Err(ArrayError::invalid("svd_compressed needs a matrix and a test matrix"));
        };
        if side != columns || rank > *wide || *wide > (*rows).min(*columns) {
            return Err(ArrayError::invalid(format!(
                "svd_compressed: a test matrix of shape {:?} does not fit rank {rank} of a matrix of shape {:?}; give one of \
                 ({columns}, at least the rank and at most {})",
                width.as_slice(),
                shape.as_slice(),
                rows.min(columns)
            )));
        }
        let adjoint = |array: &Self| {
            let turned = array.t()?;
            if array.dtype().is_complex() { turned.conjugate() } else { Ok(turned) }
        };
        let back = adjoint(self)?;
        let mut q = self.matmul(test)?.linalg(Linalg::QrQ, None)?;
        for _ in 0..iterations {
            let other = back.matmul(&q)?.linalg(Linalg::QrQ, None)?;
            q = self.matmul(&other)?.linalg(Linalg::QrQ, None)?;
        }
        let small = adjoint(&q)?.matmul(self)?;
        let u = q.matmul(&small.linalg(Linalg::SvdU, None)?.slice_axis(1, 0, rank)?)?;
        let s = small.linalg(Linalg::SvdS, None)?.slice_axis(0, 0, rank)?;
        let vt = small.linalg(Linalg::SvdVt, None)?.slice_axis(0, 0, rank)?;
        Ok((u, s, vt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::PlanOptions;
    use crate::lower::plan::Plan;
    use crate::optimize::tests::memory;
    use crate::reference::{from_fn, run_plan};
    use swath_kernels::{DType, Scalar};

    #[test]
    fn low_rank_is_found() {
        // Rank three, from sums of products.
        let wave = |at: usize, k: usize| ((at * (k + 2)) as f64 * 0.37 + k as f64).sin();
        let a = from_fn(&[60, 24], DType::F64, |index| {
            Scalar::F64((0..3).map(|k| wave(index[0], k) * wave(index[1] + 7, k) / (k + 1) as f64).sum())
        });
        let a = a.unwrap();
        let x = ArrayExpr::from_array(
            a.clone(),
            &crate::ChunkSpec::Axes(vec![crate::AxisSpec::Size(20), crate::AxisSpec::Size(12)]),
        )
        .unwrap();
        let test =
            from_fn(&[24, 6], DType::F64, |index| Scalar::F64(wave(index[0] * 31 + 1, index[1] * 5 + 3))).unwrap();
        let test = ArrayExpr::from_array(test, &crate::ChunkSpec::Auto).unwrap();
        let (u, s, vt) = x.svd_compressed(3, &test, 2).unwrap();
        let plan = Plan::new(&[s], PlanOptions::default()).unwrap();
        let found = run_plan(&plan).unwrap().remove(0).to_vec::<f64>().unwrap();
        let expected = swath_kernels::linalg::singular_values(&a).unwrap().to_vec::<f64>().unwrap();
        assert!(found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-10), "{found:?}");
        assert_eq!((u.shape().as_slice(), vt.shape().as_slice()), (&[60, 3][..], &[3, 24][..]));
        let error = x.svd_compressed(3, &memory(&[5, 5], &[5, 5]), 0).unwrap_err().to_string();
        assert!(error.contains("does not fit rank 3"), "{error}");
    }
}
