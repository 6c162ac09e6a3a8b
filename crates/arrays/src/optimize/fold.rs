//! Constants stay constants under casts, views and reshapes; positions stay positions under views; what changes nothing goes.

use swath_kernels::Kind;

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Constant, Op};
use crate::expr::view::ViewAxis;

/// `View(Fill) -> Fill`, `Cast(Fill) -> Fill`, `View(Iota) -> Iota`, a view of everything to what it views, the conjugate of what is real
/// to that.
///
/// Right because a constant has the same element everywhere, a view of `start + step * i` along its axis is again of that form, and
/// the grid of the result is kept.
#[derive(Debug)]
pub struct FoldConstants;

impl Rule for FoldConstants {
    fn name(&self) -> &'static str {
        "FoldConstants"
    }

    fn rewrite(&self, node: &ArrayExpr, _: &Uses) -> Result<Option<ArrayExpr>> {
        let [input] = node.inputs() else { return Ok(None) };
        let grid = node.grid().clone();
        Ok(match (node.op(), input.op()) {
            (Op::View(_) | Op::Reshape | Op::Rechunk | Op::Cast, Op::Fill(value)) if grid.is_known() => {
                Some(ArrayExpr::full_in(grid, value.0.cast(node.dtype()))?)
            }
            (Op::View(view), Op::Iota { axis, start, step }) => {
                let (start, step) = (*start, *step);
                let at = |position: usize| start.wrapping_add(step.wrapping_mul(position as i64));
                match view.output_axis(*axis).map(|output| (output, view.axes()[output])) {
                    Some((output, ViewAxis::Slice { start: first, step: stride, .. })) => {
                        Some(ArrayExpr::iota(grid, output, at(first), step.wrapping_mul(stride as i64))?)
                    }
                    _ => Some(ArrayExpr::full_in(grid, at(view.fixed()[*axis]).into())?),
                }
            }
            (Op::View(view), _) if view.is_identity(&input.shape()) && grid == *input.grid() => Some(input.clone()),
            (Op::Rechunk, _) if grid == *input.grid() => Some(input.clone()),
            (Op::Cast, Op::Iota { .. }) => None,
            (Op::Map(function), _) if changes_nothing(function.name(), node, input) => Some(input.clone()),
            (Op::Map(function), Op::Fill(value)) if function.name() == "positive" => {
                Some(ArrayExpr::intern(Op::Fill(Constant(value.0)), [], node.dtype(), grid))
            }
            _ => None,
        })
    }
}

/// Whether a function gives its operand back: the conjugate or real part of what is real.
fn changes_nothing(function: &str, node: &ArrayExpr, input: &ArrayExpr) -> bool {
    let real = matches!(input.dtype().kind(), Kind::Signed | Kind::Unsigned | Kind::Float);
    matches!(function, "conjugate" | "real" | "positive") && real && node.dtype() == input.dtype()
}

#[cfg(test)]
mod tests {
    use swath_kernels::{DType, Scalar, SliceSpec};

    use super::super::before_and_after;
    use super::*;
    use crate::grid::ChunkGrid;

    #[test]
    fn constants_stay_constants() {
        let x = ArrayExpr::full_in(ChunkGrid::regular(&[4, 6], &[2, 6]), Scalar::F64(2.5)).unwrap();
        let y = x.slice(&[SliceSpec::from(1..4)]).unwrap().cast(DType::I32).unwrap().t().unwrap();
        insta::assert_snapshot!(before_and_after(&FoldConstants, &y), @"
        View [b[0:6], a[0:3]]: int32 [6, 1+2] 72 B
          Cast: int32 [1+2, 6] 72 B
            View [a[1:4], b[0:6]]: float64 [1+2, 6] 144 B
              Fill 2.5: float64 [2x2, 6] 192 B
        =>
        View [b[0:6], a[0:3]]: int32 [6, 1+2] 72 B
          Cast: int32 [1+2, 6] 72 B
            Fill 2.5: float64 [1+2, 6] 144 B
        ");
    }

    #[test]
    fn the_conjugate_of_what_is_real_is_that() {
        let conjugate = |dtype| crate::optimize::tests::memory_of(&[4], &[2], dtype).conjugate().unwrap();
        let rewrite = |node: &ArrayExpr| FoldConstants.rewrite(node, &Uses::default()).unwrap();
        let real = conjugate(DType::F64);
        assert_eq!(rewrite(&real).as_ref(), Some(&real.inputs()[0]));
        assert_eq!(rewrite(&conjugate(DType::C128)), None);
    }

    #[test]
    fn positions_stay_positions() {
        let x = ArrayExpr::iota(ChunkGrid::regular(&[10, 3], &[4, 3]), 0, 5, 2).unwrap();
        let part = SliceSpec::Range { start: Some(8), stop: Some(1), step: -3 };
        let y = x.slice(&[part, SliceSpec::Index(1)]).unwrap();
        insta::assert_snapshot!(before_and_after(&FoldConstants, &y), @"
        View [a[8:1:-3], b=1]: int64 [1x3] 24 B
          Iota axis=0 5+2i: int64 [4x3, 3] 240 B
        =>
        Iota axis=0 21+-6i: int64 [1x3] 24 B
        ");
        let one = x.slice(&[SliceSpec::Index(4)]).unwrap();
        insta::assert_snapshot!(before_and_after(&FoldConstants, &one), @"
        View [b[0:3], a=4]: int64 [3] 24 B
          Iota axis=0 5+2i: int64 [4x3, 3] 240 B
        =>
        Fill 13: int64 [3] 24 B
        ");
    }
}
