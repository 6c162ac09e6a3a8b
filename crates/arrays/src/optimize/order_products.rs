//! Chains of matrix products in the order that takes the fewest operations.

use super::transpose_into_product::is_gram;
use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::contraction::Label;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::view::{View, ViewAxis};

/// Bytes of an intermediate result weigh as so many multiplications each: a core multiplies and adds about this much faster than memory
/// delivers.
const MULTIPLICATIONS_PER_BYTE: u64 = 2;

/// `(A B) C -> A (B C)` and so on for chains of any length, by dynamic programming over multiplications and bytes; also where products
/// stand transposed in others: `(A B).T C -> B.T (A.T C)`.
///
/// Right for numbers up to rounding, and exactly for integers, which wrap. A product that others use, too, is made for them anyway: it
/// is looked through where that takes less than multiplying with it.
#[derive(Debug)]
pub struct OrderProducts;

impl Rule for OrderProducts {
    fn name(&self) -> &'static str {
        "OrderProducts"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let Some(product) = Product::of(node) else { return Ok(None) };
        // The kernel of `x.T @ x` computes one half alone, and its result is exactly symmetric.
        if matches!(node.op(), Op::Contract(contraction) if is_gram(contraction, product.left.0, product.right.0)) {
            return Ok(None);
        }
        for through_shared in [true, false] {
            let mut chain = Chain { uses, through_shared, factors: Vec::new(), cost: 0 };
            chain.collect(node, false, true);
            if let Some(made) = chain.ordered(node)? {
                return Ok(Some(made));
            }
        }
        Ok(None)
    }
}

/// A factor, and whether it stands transposed.
type Factor<'a> = (&'a ArrayExpr, bool);

/// A product of two matrices.
struct Product<'a> {
    left: Factor<'a>,
    right: Factor<'a>,
}

impl<'a> Product<'a> {
    fn of(node: &'a ArrayExpr) -> Option<Self> {
        let (Op::Contract(contraction), [left, right]) = (node.op(), node.inputs()) else { return None };
        let (l, r, o) = (contraction.left.as_slice(), contraction.right.as_slice(), contraction.output.as_slice());
        let ([_, _], [_, _], [rows, columns]) = (l, r, o) else { return None };
        let summed = contraction.summed();
        let [inner] = summed.as_slice() else { return None };
        let has = |labels: &[Label], a: &Label, b: &Label| labels.contains(a) && labels.contains(b);
        if rows == columns {
            return None;
        }
        if has(l, rows, inner) && has(r, inner, columns) {
            Some(Self { left: (left, l[0] == *inner), right: (right, r[1] == *inner) })
        } else if has(l, columns, inner) && has(r, inner, rows) {
            Some(Self { left: (right, r[0] == *inner), right: (left, l[1] == *inner) })
        } else {
            None
        }
    }
}

/// What lies under rechunks and transposes of a matrix; whether it stands transposed; whether nobody else uses it.
fn under<'a>(node: &'a ArrayExpr, uses: &Uses) -> (&'a ArrayExpr, bool, bool) {
    let (mut inner, mut turned, mut single) = (node, false, uses.is_single(node));
    loop {
        match inner.op() {
            // A rechunk between two products is there for the order that they have now.
            Op::Rechunk => {}
            Op::View(view) if is_transpose(view, &inner.inputs()[0]) => turned = !turned,
            _ => return (inner, turned, single),
        }
        inner = &inner.inputs()[0];
        single &= uses.is_single(inner);
    }
}

fn is_transpose(view: &View, input: &ArrayExpr) -> bool {
    let whole = |own: &ViewAxis, of: usize| {
        matches!(own, ViewAxis::Slice { axis, start: 0, step: 1, length }
            if *axis == of && *length == input.grid().axis(of).length())
    };
    matches!(view.axes(), [first, second] if input.ndim() == 2 && whole(first, 1) && whole(second, 0))
}

/// The factors of a product of products.
struct Chain<'a> {
    uses: &'a Uses,
    through_shared: bool,
    factors: Vec<(ArrayExpr, bool)>,
    /// What would not be computed any more.
    cost: u64,
}

impl Chain<'_> {
    /// The factors of a matrix from left to right.
    fn collect(&mut self, node: &ArrayExpr, transposed: bool, is_root: bool) {
        let (inner, turned, single) = if is_root { (node, false, true) } else { under(node, self.uses) };
        let product = Product::of(inner).filter(|_| single || self.through_shared);
        let Some(Product { left, right }) = product else {
            self.factors.push((node.clone(), transposed));
            return;
        };
        if single {
            let (rows, shared, columns) = (length(left, 0), length(left, 1), length(right, 1));
            self.cost = self.cost.saturating_add(product_cost(rows, shared, columns, inner.dtype().item_size() as u64));
        }
        if transposed != turned {
            self.collect(right.0, !right.1, false);
            self.collect(left.0, !left.1, false);
        } else {
            self.collect(left.0, left.1, false);
            self.collect(right.0, right.1, false);
        }
    }

    /// The product in the best order, if that is better than as it stands.
    fn ordered(&self, node: &ArrayExpr) -> Result<Option<ArrayExpr>> {
        let factors: Vec<Factor<'_>> = self.factors.iter().map(|(factor, transposed)| (factor, *transposed)).collect();
        let count = factors.len();
        if count < 3 {
            return Ok(None);
        }
        let size: Vec<usize> =
            std::iter::once(length(factors[0], 0)).chain(factors.iter().map(|factor| length(*factor, 1))).collect();
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
        if best[0][count - 1].0 >= self.cost {
            return Ok(None);
        }
        let product = build(&factors, &best, 0, count - 1)?;
        Ok(Some(product.rechunk_to(node.grid().clone())?))
    }
}

/// The length of a factor's axis, as it stands.
fn length((factor, transposed): Factor<'_>, axis: usize) -> usize {
    factor.grid().axis(if transposed { 1 - axis } else { axis }).length()
}

fn product_cost(rows: usize, inner: usize, columns: usize, item: u64) -> u64 {
    let elements = (rows as u64).saturating_mul(columns as u64);
    elements.saturating_mul(inner as u64).saturating_add(elements.saturating_mul(item * MULTIPLICATIONS_PER_BYTE))
}

fn build(factors: &[Factor<'_>], best: &[Vec<(u64, usize)>], first: usize, last: usize) -> Result<ArrayExpr> {
    if first == last {
        let (factor, transposed) = factors[first];
        return if transposed { factor.t() } else { Ok(factor.clone()) };
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

    #[test]
    fn products_of_low_rank_are_never_made() {
        let (a, b) = (memory(&[40, 2], &[40, 2]), memory(&[2, 30], &[2, 30]));
        let (x, y) = (memory(&[30, 3], &[30, 3]), memory(&[40, 3], &[40, 3]));
        let product = a.matmul(&b).unwrap();
        let roots = [product.matmul(&x).unwrap(), product.t().unwrap().matmul(&y).unwrap()];
        let (made, _) = crate::optimize::optimize(&roots).unwrap();
        insta::assert_snapshot!(crate::explain::tree(&made), @"
        Contract ab,bc->ac: float64 [40, 3] 960 B
          Read memory: float64 [40, 2] 640 B
          Contract ab,bc->ac: float64 [2, 3] 48 B
            Read memory: float64 [2, 30] 480 B
            Read memory: float64 [30, 3] 720 B
        Contract ba,bc->ac: float64 [30, 3] 720 B
          Read memory: float64 [2, 30] 480 B
          Contract ba,bc->ac: float64 [2, 3] 48 B
            Read memory: float64 [40, 2] 640 B
            Read memory: float64 [40, 3] 960 B
        ");
        for (made, root) in made.iter().zip(&roots) {
            assert_eq!(crate::reference::evaluate(made).unwrap(), crate::reference::evaluate(root).unwrap());
        }
        // A product that is wanted for itself, and used once more where multiplying with it is less work, stays.
        let square = memory(&[20, 20], &[20, 20]).matmul(&memory(&[20, 20], &[20, 20])).unwrap();
        let roots = [square.matmul(&memory(&[20, 20], &[20, 20])).unwrap(), square];
        let (made, _) = crate::optimize::optimize(&roots).unwrap();
        assert_eq!(made, roots);
    }
}
