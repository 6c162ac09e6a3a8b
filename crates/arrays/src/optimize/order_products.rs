//! Chains of matrix products in the order that takes the fewest operations.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;

/// Bytes of an intermediate result weigh as so many multiplications each: a core multiplies and adds about this much faster than memory
/// delivers.
const MULTIPLICATIONS_PER_BYTE: u64 = 2;

/// `(A B) C -> A (B C)` and so on for chains of any length, by dynamic programming over multiplications and bytes.
///
/// Right for numbers up to rounding, and exactly for integers, which wrap. Only products that nobody else uses are taken apart.
#[derive(Debug)]
pub struct OrderProducts;

impl Rule for OrderProducts {
    fn name(&self) -> &'static str {
        "OrderProducts"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let mut factors = Vec::new();
        let mut own_cost = 0;
        if !is_product(node) {
            return Ok(None);
        }
        collect(node, uses, true, &mut factors, &mut own_cost);
        if factors.len() < 3 {
            return Ok(None);
        }
        let count = factors.len();
        let size: Vec<usize> =
            std::iter::once(factors[0].shape()[0]).chain(factors.iter().map(|factor| factor.shape()[1])).collect();
        let item = node.dtype().item_size() as u64;
        let mut best = vec![vec![(0u64, 0usize); count]; count];
        for span in 1..count {
            for first in 0..count - span {
                let last = first + span;
                let options = (first..last).map(|cut| {
                    let cost = product_cost(size[first], size[cut + 1], size[last + 1], item);
                    (best[first][cut].0.saturating_add(best[cut + 1][last].0).saturating_add(cost), cut)
                });
                best[first][last] = options.min().unwrap_or((0, first));
            }
        }
        // Only for less work: equal orders must not take turns.
        if best[0][count - 1].0 >= own_cost {
            return Ok(None);
        }
        let product = build(&factors, &best, 0, count - 1)?;
        Ok(Some(product.rechunk_to(node.grid().clone())?))
    }
}

fn product_cost(rows: usize, inner: usize, columns: usize, item: u64) -> u64 {
    let elements = (rows as u64).saturating_mul(columns as u64);
    elements.saturating_mul(inner as u64).saturating_add(elements.saturating_mul(item * MULTIPLICATIONS_PER_BYTE))
}

/// A plain product of matrices whose dtype is that of both.
fn is_product(node: &ArrayExpr) -> bool {
    matches!(node.op(), Op::Contract(contraction) if contraction.is_matmul())
}

/// The factors of a chain from left to right, and what it costs as it stands.
fn collect(node: &ArrayExpr, uses: &Uses, is_root: bool, factors: &mut Vec<ArrayExpr>, cost: &mut u64) {
    // A rechunk between two products is there for the order that they have now.
    let inner = match node.op() {
        Op::Rechunk if uses.is_single(node) && is_product(&node.inputs()[0]) => &node.inputs()[0],
        _ => node,
    };
    if is_product(inner) && (is_root || uses.is_single(inner)) {
        let (left, right) = (&inner.inputs()[0], &inner.inputs()[1]);
        let (rows, shared, columns) = (left.shape()[0], left.shape()[1], right.shape()[1]);
        *cost = cost.saturating_add(product_cost(rows, shared, columns, node.dtype().item_size() as u64));
        collect(left, uses, false, factors, cost);
        collect(right, uses, false, factors, cost);
    } else {
        factors.push(node.clone());
    }
}

fn build(factors: &[ArrayExpr], best: &[Vec<(u64, usize)>], first: usize, last: usize) -> Result<ArrayExpr> {
    if first == last {
        return Ok(factors[first].clone());
    }
    let cut = best[first][last].1;
    build(factors, best, first, cut)?.matmul(&build(factors, best, cut + 1, last)?)
}

#[cfg(test)]
mod tests {
    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn vectors_come_first() {
        let (a, b) = (memory(&[20, 20], &[20, 20]), memory(&[20, 20], &[20, 20]));
        let x = memory(&[20, 1], &[20, 1]);
        let chain = a.matmul(&b).unwrap().matmul(&x).unwrap();
        insta::assert_snapshot!(before_and_after(&OrderProducts, &chain), @"
        Contract ab,bc->ac: float64 [20, 1] 160 B
          Contract ab,bc->ac: float64 [20, 20] 3.1 KiB
            Read memory: float64 [20, 20] 3.1 KiB
            Read memory: float64 [20, 20] 3.1 KiB
          Read memory: float64 [20, 1] 160 B
        =>
        Contract ab,bc->ac: float64 [20, 1] 160 B
          Read memory: float64 [20, 20] 3.1 KiB
          Contract ab,bc->ac: float64 [20, 1] 160 B
            Read memory: float64 [20, 20] 3.1 KiB
            Read memory: float64 [20, 1] 160 B
        ");
        let good = a.matmul(&b.matmul(&x).unwrap()).unwrap();
        assert!(OrderProducts.rewrite(&good, &Uses::default()).unwrap().is_none());
    }
}
