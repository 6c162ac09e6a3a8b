//! A view of a view is one view; a reshape of a reshape is one reshape.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;

/// `View(View(x)) -> View(x)`.
///
/// Right because views compose ([`crate::expr::view::View::after`]), and the outer one's grid is kept. Also where others need the inner
/// view: it costs nothing, being an address computation.
#[derive(Debug)]
pub struct MergeViews;

impl Rule for MergeViews {
    fn name(&self) -> &'static str {
        "MergeViews"
    }

    fn rewrite(&self, node: &ArrayExpr, _: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::View(outer), [between]) = (node.op(), node.inputs()) else { return Ok(None) };
        let (Op::View(inner), [input]) = (between.op(), between.inputs()) else { return Ok(None) };
        Ok(Some(input.view_in(outer.after(inner), node.grid().clone())))
    }
}

#[cfg(test)]
mod tests {
    use swath_kernels::SliceSpec;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn chains_become_one() {
        let x = memory(&[6, 4], &[3, 4]).t().unwrap().slice(&[SliceSpec::Index(1), SliceSpec::REVERSED]).unwrap();
        let y = x.slice(&[SliceSpec::from(1..4)]).unwrap().broadcast_to(&[2, 3]).unwrap();
        insta::assert_snapshot!(before_and_after(&MergeViews, &y), @"
        View [new(2), a[0:3]]: float64 [2, 2x2] 48 B
          View [a[1:4]]: float64 [2x2] 24 B
            View [b[5:-1:-1], a=1]: float64 [3x2] 48 B
              View [b[0:4], a[0:6]]: float64 [4, 3x2] 192 B
                Read memory: float64 [3x2, 4] 192 B
        =>
        View [new(2), a[4:1:-1], b=1]: float64 [2, 2x2] 48 B
          Read memory: float64 [3x2, 4] 192 B
        ");
    }
}
