//! Transposes become orders of labels.

use smallvec::SmallVec;

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::contraction::{Contraction, Label};
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::view::ViewAxis;
use crate::grid::ChunkGrid;

/// `Contract(View(a), b) -> Contract(a, b)` with other labels, where the view only changes the order of axes.
///
/// Right because labels name axes wherever they stand. `A.T @ A` becomes a product of one node with itself, which
/// [`is_gram`] recognises, and of which half the blocks need be computed.
#[derive(Debug)]
pub struct TransposeIntoProduct;

impl Rule for TransposeIntoProduct {
    fn name(&self) -> &'static str {
        "TransposeIntoProduct"
    }

    fn rewrite(&self, node: &ArrayExpr, _: &Uses) -> Result<Option<ArrayExpr>> {
        let Op::Contract(contraction) = node.op() else { return Ok(None) };
        let (left, left_labels) = untransposed(&node.inputs()[0], &contraction.left);
        let (right, right_labels) = untransposed(&node.inputs()[1], &contraction.right);
        if left == node.inputs()[0] && right == node.inputs()[1] {
            return Ok(None);
        }
        let contraction = Contraction { left: left_labels, right: right_labels, output: contraction.output.clone() };
        Ok(Some(ArrayExpr::intern(Op::Contract(contraction), [left, right], node.dtype(), node.grid().clone())))
    }
}

/// What a pure transpose views, in its grid, and the labels of its axes.
fn untransposed(node: &ArrayExpr, labels: &[Label]) -> (ArrayExpr, SmallVec<[Label; 4]>) {
    let Some((input, order)) = transposed(node, labels) else { return (node.clone(), SmallVec::from_slice(labels)) };
    let chunks = order
        .iter()
        .filter_map(|label| labels.iter().position(|own| own == label).map(|at| node.grid().axis(at).clone()));
    match ChunkGrid::new(chunks) == *input.grid() {
        true => (input, order),
        false => (node.clone(), SmallVec::from_slice(labels)),
    }
}

/// What a pure transpose views, in whatever chunks, and the labels of its axes.
pub fn transposed(node: &ArrayExpr, labels: &[Label]) -> Option<(ArrayExpr, SmallVec<[Label; 4]>)> {
    let (Op::View(view), [input]) = (node.op(), node.inputs()) else { return None };
    if view.axes().len() != input.ndim() {
        return None;
    }
    let mut order: SmallVec<[Label; 4]> = SmallVec::from_elem(0, input.ndim());
    for (at, axis) in view.axes().iter().enumerate() {
        match *axis {
            ViewAxis::Slice { axis, start: 0, step: 1, length } if length == input.shape()[axis] => {
                order[axis] = labels[at];
            }
            _ => return None,
        }
    }
    Some((input.clone(), order))
}

/// Whether a product is `A.T @ A`: one matrix with itself, summed over one label, so that the result is symmetric.
pub fn is_gram(contraction: &Contraction, left: &ArrayExpr, right: &ArrayExpr) -> bool {
    let (l, r, o) = (contraction.left.as_slice(), contraction.right.as_slice(), contraction.output.as_slice());
    let summed = contraction.summed();
    let ([_, _], [_, _], [m, n], [k]) = (l, r, o, summed.as_slice()) else { return false };
    let place = |labels: &[Label], label: &Label| labels.iter().position(|own| own == label);
    left == right
        && m != n
        && place(l, k).is_some()
        && place(l, k) == place(r, k)
        && place(l, m).is_some()
        && place(r, n).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn gram_matrices_are_recognised() {
        let x = memory(&[8, 4], &[2, 2]);
        let gram = x.t().unwrap().matmul(&x).unwrap();
        insta::assert_snapshot!(before_and_after(&TransposeIntoProduct, &gram), @"
        Contract ab,bc->ac: float64 [2x2, 2x2] 128 B
          View [b[0:4], a[0:8]]: float64 [2x2, 2x4] 256 B
            Read memory: float64 [2x4, 2x2] 256 B
          Read memory: float64 [2x4, 2x2] 256 B
        =>
        Contract ba,bc->ac: float64 [2x2, 2x2] 128 B
          Read memory: float64 [2x4, 2x2] 256 B
          Read memory: float64 [2x4, 2x2] 256 B
        ");
        let (roots, _) = crate::optimize::optimize(&[gram]).unwrap();
        let Op::Contract(contraction) = roots[0].op() else { panic!("no product") };
        assert!(is_gram(contraction, &roots[0].inputs()[0], &roots[0].inputs()[1]));
        let other = x.matmul(&x.t().unwrap()).unwrap();
        let (roots, _) = crate::optimize::optimize(&[other]).unwrap();
        let Op::Contract(contraction) = roots[0].op() else { panic!("no product") };
        assert!(is_gram(contraction, &roots[0].inputs()[0], &roots[0].inputs()[1]));
    }
}
