//! Views go below products.

use smallvec::SmallVec;

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::contraction::{Contraction, Label};
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::view::{View, ViewAxis};
use crate::grid::{AxisChunks, ChunkGrid};

/// `View(Contract(a, b)) -> Contract(View(a), View(b))`: a slice of the result is a slice of each factor that has the label, an order of
/// axes is an order of labels, and a dropped axis is a label that goes.
///
/// Right because an element of the result uses the factors at its own labels only, and the sums are the same.
#[derive(Debug)]
pub struct PushViewThroughContract;

impl Rule for PushViewThroughContract {
    fn name(&self) -> &'static str {
        "PushViewThroughContract"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::View(view), [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        let Op::Contract(contraction) = below.op() else { return Ok(None) };
        let has_new = view.axes().iter().any(|axis| matches!(axis, ViewAxis::New(_)));
        if has_new || !uses.is_free(below) {
            return Ok(None);
        }
        let place = |label: Label| contraction.output.iter().position(|own| *own == label);
        let side = |input: &ArrayExpr, labels: &[Label]| {
            let mut fixed = vec![0; input.ndim()];
            let mut axes = Vec::new();
            let mut chunks: Vec<AxisChunks> = Vec::new();
            let mut left: SmallVec<[Label; 4]> = SmallVec::new();
            for (axis, label) in labels.iter().enumerate() {
                let length = input.grid().axis(axis).length();
                let own = input.grid().axis(axis).clone();
                let (slice, own) = match place(*label) {
                    None => (ViewAxis::Slice { axis, start: 0, step: 1, length }, own),
                    Some(output) => match view.output_axis(output) {
                        None => {
                            fixed[axis] = view.fixed()[output];
                            continue;
                        }
                        Some(at) => match view.axes()[at] {
                            ViewAxis::Slice { start, step, length, .. } => {
                                (ViewAxis::Slice { axis, start, step, length }, node.grid().axis(at).clone())
                            }
                            ViewAxis::New(_) => continue,
                        },
                    },
                };
                axes.push(slice);
                chunks.push(own);
                left.push(*label);
            }
            (input.view_in(View::new(axes, &fixed), ChunkGrid::new(chunks)), left)
        };
        let (left, left_labels) = side(&below.inputs()[0], &contraction.left);
        let (right, right_labels) = side(&below.inputs()[1], &contraction.right);
        let output = view.axes().iter().filter_map(|axis| match axis {
            ViewAxis::Slice { axis, .. } => Some(contraction.output[*axis]),
            ViewAxis::New(_) => None,
        });
        let contraction = Contraction { left: left_labels, right: right_labels, output: output.collect() };
        Ok(Some(ArrayExpr::intern(Op::Contract(contraction), [left, right], node.dtype(), node.grid().clone())))
    }
}

#[cfg(test)]
mod tests {
    use swath_kernels::SliceSpec;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn only_what_is_wanted_is_multiplied() {
        let x = memory(&[6, 4], &[3, 4]).matmul(&memory(&[4, 5], &[4, 5])).unwrap();
        insta::assert_snapshot!(before_and_after(&PushViewThroughContract, &x.slice(&[SliceSpec::from(1..4)]).unwrap()), @"
        View [a[1:4], b[0:5]]: float64 [2x2, 5] 120 B
          Contract ab,bc->ac: float64 [3x2, 5] 240 B
            Read memory: float64 [3x2, 4] 192 B
            Read memory: float64 [4, 5] 160 B
        =>
        Contract ab,bc->ac: float64 [2x2, 5] 120 B
          View [a[1:4], b[0:4]]: float64 [2x2, 4] 96 B
            Read memory: float64 [3x2, 4] 192 B
          Read memory: float64 [4, 5] 160 B
        ");
    }
}
