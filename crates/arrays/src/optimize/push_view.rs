//! Views go below what works element by element.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::view::{View, ViewAxis};
use crate::grid::ChunkGrid;

/// `View(Map(a, b)) -> Map(View(a), View(b))`, `View(Cast(a)) -> Cast(View(a))`, `View(Rechunk(a)) -> Rechunk(View(a))`.
///
/// Right because these functions look at one position only: choosing positions before or after gives the same. An operand that
/// is broadcast along an axis stays so: it is viewed along the axes that it has. Not where the view repeats elements (that would
/// compute them more than once), and not past a node that others need whole.
#[derive(Debug)]
pub struct PushViewThroughElementwise;

impl Rule for PushViewThroughElementwise {
    fn name(&self) -> &'static str {
        "PushViewThroughElementwise"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::View(view), [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        if view.repeats() || !uses.is_free(below) {
            return Ok(None);
        }
        Ok(match below.op() {
            Op::Cast => {
                let input = below.inputs()[0].view_in(view.clone(), node.grid().clone());
                Some(ArrayExpr::intern(Op::Cast, [input], node.dtype(), node.grid().clone()))
            }
            Op::Rechunk => {
                let input = below.inputs()[0].view(view.clone())?;
                Some(input.rechunk_to(node.grid().clone())?)
            }
            Op::Map(_) => {
                let shape = below.shape();
                let inputs = below.inputs().iter().map(|input| operand(input, view, &shape, node.grid()));
                Some(ArrayExpr::intern(below.op().clone(), inputs, node.dtype(), node.grid().clone()))
            }
            _ => None,
        })
    }
}

/// The view of an operand that broadcasts to `shape`, for a view of the result.
fn operand(input: &ArrayExpr, view: &View, shape: &[usize], grid: &ChunkGrid) -> ArrayExpr {
    let own = input.shape();
    let lead = shape.len() - own.len();
    let takes_part = |axis: &ViewAxis| match axis {
        ViewAxis::Slice { axis, .. } => axis.checked_sub(lead).is_some_and(|axis| own[axis] == shape[axis + lead]),
        ViewAxis::New(_) => false,
    };
    let mut axes = Vec::new();
    let mut chunks = Vec::new();
    for (at, axis) in view.axes().iter().enumerate() {
        match *axis {
            ViewAxis::Slice { axis: below, start, step, length } if takes_part(axis) => {
                axes.push(ViewAxis::Slice { axis: below - lead, start, step, length });
                chunks.push(grid.axis(at).clone());
            }
            _ => {
                axes.push(ViewAxis::New(1));
                chunks.push(crate::grid::AxisChunks::whole(1));
            }
        }
    }
    let fixed: Vec<usize> = (0..own.len())
        .map(|axis| if own[axis] == shape[axis + lead] { view.fixed()[axis + lead] } else { 0 })
        .collect();
    input.view_in(View::new(axes, &fixed), ChunkGrid::new(chunks))
}

#[cfg(test)]
mod tests {
    use swath_kernels::SliceSpec;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn slices_and_transposes_reach_operands() {
        let sum = memory(&[6, 4], &[3, 4]).add(memory(&[4], &[4])).unwrap().add(1.0).unwrap();
        let y = sum.slice(&[SliceSpec::from(1..5), SliceSpec::NewAxis, SliceSpec::Index(2)]).unwrap();
        insta::assert_snapshot!(before_and_after(&PushViewThroughElementwise, &y), @"
        View [a[1:5], new(1), b=2]: float64 [2x2, 1] 32 B
          Map add: float64 [3x2, 4] 192 B
            Map add: float64 [3x2, 4] 192 B
              Read memory: float64 [3x2, 4] 192 B
              Read memory: float64 [4] 32 B
            Fill 1: float64 [] 8 B
        =>
        Map add: float64 [2x2, 1] 32 B
          Map add: float64 [2x2, 1] 32 B
            View [a[1:5], new(1), b=2]: float64 [2x2, 1] 32 B
              Read memory: float64 [3x2, 4] 192 B
            View [new(1), new(1), a=2]: float64 [1, 1] 8 B
              Read memory: float64 [4] 32 B
          View [new(1), new(1)]: float64 [1, 1] 8 B
            Fill 1: float64 [] 8 B
        ");
        insta::assert_snapshot!(before_and_after(&PushViewThroughElementwise, &sum.t().unwrap()), @"
        View [b[0:4], a[0:6]]: float64 [4, 3x2] 192 B
          Map add: float64 [3x2, 4] 192 B
            Map add: float64 [3x2, 4] 192 B
              Read memory: float64 [3x2, 4] 192 B
              Read memory: float64 [4] 32 B
            Fill 1: float64 [] 8 B
        =>
        Map add: float64 [4, 3x2] 192 B
          Map add: float64 [4, 3x2] 192 B
            View [b[0:4], a[0:6]]: float64 [4, 3x2] 192 B
              Read memory: float64 [3x2, 4] 192 B
            View [a[0:4], new(1)]: float64 [4, 1] 32 B
              Read memory: float64 [4] 32 B
          View [new(1), new(1)]: float64 [1, 1] 8 B
            Fill 1: float64 [] 8 B
        ");
    }

    #[test]
    fn not_past_what_others_need() {
        let sum = memory(&[6, 4], &[3, 4]).add(1.0).unwrap();
        let y = sum.slice(&[SliceSpec::from(1..2)]).unwrap().multiply(&sum).unwrap();
        let (roots, _) = crate::optimize::optimize(std::slice::from_ref(&y)).unwrap();
        assert_eq!(roots[0], y);
    }
}
