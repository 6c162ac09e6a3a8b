//! Views go below reductions.

use swath_kernels::Dims;

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::reduce::reduced_grid;
use crate::expr::view::{View, ViewAxis};

/// `View(Reduce(x)) -> Reduce(View(x))` with the reduced axes whole and last.
///
/// Right because each element of the result depends on one position along the axes that stay, and the reduced axes keep their
/// order among each other (which positions count by).
#[derive(Debug)]
pub struct PushViewThroughReduce;

impl Rule for PushViewThroughReduce {
    fn name(&self) -> &'static str {
        "PushViewThroughReduce"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::View(view), [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        let (Op::Reduce { function, axes }, [input]) = (below.op(), below.inputs()) else { return Ok(None) };
        // Views that keep all elements in their order cost nothing above a reduction.
        let narrows = view.shape().iter().product::<usize>() < below.shape().iter().product();
        if view.repeats() || !narrows || !uses.is_free(below) {
            return Ok(None);
        }
        let kept: Dims = (0..input.ndim()).filter(|axis| !axes.contains(axis)).collect();
        let shape = input.shape();
        let mut fixed = Dims::from_elem(0, input.ndim());
        view.fixed().iter().zip(&kept).for_each(|(position, axis)| fixed[*axis] = *position);
        let mut outer: Vec<ViewAxis> = view
            .axes()
            .iter()
            .map(|axis| match *axis {
                ViewAxis::Slice { axis, start, step, length } => {
                    ViewAxis::Slice { axis: kept[axis], start, step, length }
                }
                ViewAxis::New(length) => ViewAxis::New(length),
            })
            .collect();
        let first_reduced = outer.len();
        outer.extend(axes.iter().map(|axis| ViewAxis::Slice { axis: *axis, start: 0, step: 1, length: shape[*axis] }));
        let viewed = input.view(View::new(outer, &fixed))?;
        let axes: Dims = (first_reduced..viewed.ndim()).collect();
        if reduced_grid(viewed.grid(), &axes, false) != *node.grid() {
            return Ok(None);
        }
        let op = Op::Reduce { function: *function, axes };
        Ok(Some(ArrayExpr::intern(op, [viewed], node.dtype(), node.grid().clone())))
    }
}

#[cfg(test)]
mod tests {
    use swath_kernels::SliceSpec;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn only_what_is_wanted_is_reduced() {
        let x = memory(&[6, 4, 5], &[3, 4, 2]).sum(Some(&[1])).unwrap();
        let y = x.slice(&[SliceSpec::Index(4), SliceSpec::from(1..4)]).unwrap();
        insta::assert_snapshot!(before_and_after(&PushViewThroughReduce, &y), @"
        View [b[1:4], a=4]: float64 [1+2] 24 B
          Reduce sum axes=[1]: float64 [3x2, 2x3] 240 B
            Read memory: float64 [3x2, 4, 2x3] 960 B
        =>
        Reduce sum axes=[1]: float64 [1+2] 24 B
          View [c[1:4], b[0:4], a=4]: float64 [1+2, 4] 96 B
            Read memory: float64 [3x2, 4, 2x3] 960 B
        ");
    }
}
