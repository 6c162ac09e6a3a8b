//! Chunks are changed once, not several times in a row.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;

/// `Rechunk(Rechunk(x)) -> Rechunk(x)`, also through a view or cast between them.
///
/// Right because a rechunk changes no element. Not where others use the inner one: then going on from it may be shorter.
#[derive(Debug)]
pub struct MergeRechunks;

impl Rule for MergeRechunks {
    fn name(&self) -> &'static str {
        "MergeRechunks"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::Rechunk, [between]) = (node.op(), node.inputs()) else { return Ok(None) };
        if !uses.is_single(between) {
            return Ok(None);
        }
        match between.op() {
            Op::Rechunk => Ok(Some(between.inputs()[0].rechunk_to(node.grid().clone())?)),
            // Another dtype in other chunks: the chunks change first if they do below as well.
            Op::Cast => match between.inputs()[0].op() {
                Op::Rechunk if uses.is_single(&between.inputs()[0]) => {
                    let source = &between.inputs()[0].inputs()[0];
                    Ok(Some(source.rechunk_to(node.grid().clone())?.cast(node.dtype())?))
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::before_and_after;
    use super::*;
    use crate::grid::ChunkGrid;
    use crate::optimize::tests::memory;

    #[test]
    fn one_change_is_left() {
        let grid = |chunk: &[usize]| ChunkGrid::regular(&[8, 8], chunk);
        let x = memory(&[8, 8], &[2, 8]).rechunk_to(grid(&[8, 2])).unwrap().rechunk_to(grid(&[4, 4])).unwrap();
        insta::assert_snapshot!(before_and_after(&MergeRechunks, &x), @"
        Rechunk: float64 [4x2, 4x2] 512 B
          Rechunk: float64 [8, 2x4] 512 B
            Read memory: float64 [2x4, 8] 512 B
        =>
        Rechunk: float64 [4x2, 4x2] 512 B
          Read memory: float64 [2x4, 8] 512 B
        ");
        let back = memory(&[8, 8], &[2, 8]).rechunk_to(grid(&[8, 2])).unwrap().rechunk_to(grid(&[2, 8])).unwrap();
        insta::assert_snapshot!(before_and_after(&MergeRechunks, &back), @"
        Rechunk: float64 [2x4, 8] 512 B
          Rechunk: float64 [8, 2x4] 512 B
            Read memory: float64 [2x4, 8] 512 B
        =>
        Read memory: float64 [2x4, 8] 512 B
        ");
    }
}
