//! QR of a tall matrix in row blocks: each block is factorised by itself, then their stacked `R`s, level by level (TSQR).
//!
//! Source: J. Demmel, L. Grigori, M. Hoemmen, J. Langou, "Communication-optimal parallel and sequential QR and LU
//! factorizations", 2012. The pieces for `A` in blocks `A_i (m_i, n)`:
//!
//! 1. `Q_i, R_i = qr(A_i)` for each block;
//! 2. `(P_1, P_2, ...), R = combine_r(R_1, R_2, ...)`, again for the `R`s of several combinations;
//! 3. the rows of `Q` that belong to block `i` are `Q_i @ P_i` (times the `P` of each further level).

use super::factor::{QrMode, qr};
use crate::error::{KernelError, Result};
use crate::layout::arrange::{concatenate, range};
use crate::ndarray::NdArray;

/// Factorises `R`s of shape `(k_i, n)` stacked on each other: `R (min(sum k_i, n), n)`, and for each `R_i` the factor
/// `P_i (k_i, ...)` with `R_i = P_i R`.
///
/// # Errors
/// None given; numbers of columns or dtypes that differ.
pub fn combine_r(factors: &[NdArray]) -> Result<(Vec<NdArray>, NdArray)> {
    let (q, r) = qr(&concatenate(factors, 0)?, QrMode::Reduced)?;
    let q = q.ok_or_else(|| KernelError::invalid("qr gave no Q"))?;
    let mut start = 0;
    let mut parts = Vec::with_capacity(factors.len());
    for factor in factors {
        parts.push(range(&q, 0, start, factor.shape()[0])?);
        start += factor.shape()[0];
    }
    Ok((parts, r))
}

/// `R` of stacked `R`s alone, for `mode="r"`.
///
/// # Errors
/// As [`combine_r`].
pub fn combine_r_only(factors: &[NdArray]) -> Result<NdArray> {
    Ok(qr(&concatenate(factors, 0)?, QrMode::R)?.1)
}

#[cfg(test)]
mod tests {
    use super::super::matmul::product;
    use super::super::matrix::testing::{distance, normal, unit};
    use super::*;
    use crate::layout::arrange::split;

    #[test]
    fn blocks_give_the_whole() {
        let (m, n) = (530, 12);
        let a = normal::<f64>(&[m, n], 2);
        // One block is shorter than it is wide.
        let blocks = split(&a, &[vec![200, 200, 125, 5], vec![n]]).unwrap();
        let local: Vec<_> = blocks.iter().map(|(_, block)| qr(block, QrMode::Reduced).unwrap()).collect();
        let r: Vec<NdArray> = local.iter().map(|(_, r)| r.clone()).collect();
        let (left, right) = (combine_r(&r[..2]).unwrap(), combine_r(&r[2..]).unwrap());
        let (top, r_whole) = combine_r(&[left.1, right.1]).unwrap();
        let q: Vec<NdArray> = (0..4)
            .map(|i| {
                let own = local[i].0.as_ref().unwrap();
                let middle = if i < 2 { &left.0[i] } else { &right.0[i - 2] };
                product::<f64>(&product::<f64>(own, middle).unwrap(), &top[i / 2]).unwrap()
            })
            .collect();
        let q = concatenate(&q, 0).unwrap();
        assert!(distance::<f64>(&product::<f64>(&q, &r_whole).unwrap(), &a) < 1e-12);
        assert!(distance::<f64>(&product::<f64>(&q.t(), &q).unwrap(), &unit::<f64>(n)) < 1e-13);
        let squares = |r: &NdArray| product::<f64>(&r.t(), r).unwrap();
        assert!(distance::<f64>(&squares(&combine_r_only(&r).unwrap()), &squares(&r_whole)) < 1e-10);
        assert!(combine_r(&[]).is_err());
    }
}
