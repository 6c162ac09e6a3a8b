//! Chunks change below what works element by element, where that is cheaper.

use super::absorb_rechunk::absorb;
use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::grid::{AxisChunks, ChunkGrid};

/// `Rechunk(Map(a, b)) -> Map(Rechunk(a), Rechunk(b))`, if the operands that must still be exchanged have no more bytes than the result.
///
/// Right because a rechunk changes no element and the function looks at one position only. Operands that are read or made take the
/// new chunks for nothing, and rechunks of the operands merge with this one.
#[derive(Debug)]
pub struct PushRechunkThroughElementwise;

impl Rule for PushRechunkThroughElementwise {
    fn name(&self) -> &'static str {
        "PushRechunkThroughElementwise"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::Rechunk, [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        if !matches!(below.op(), Op::Map(_) | Op::Cast) || !uses.is_single(below) {
            return Ok(None);
        }
        let grid = node.grid();
        let mut moved = 0u64;
        let mut inputs = Vec::new();
        for input in below.inputs() {
            let lead = grid.ndim() - input.ndim();
            // Axes along which the operand is broadcast keep their one chunk.
            let own = (0..input.ndim()).map(|axis| {
                let (chunks, wanted) = (input.grid().axis(axis), grid.axis(lead + axis));
                if chunks.length() == wanted.length() { wanted.clone() } else { AxisChunks::clone(chunks) }
            });
            let target = ChunkGrid::new(own);
            if let Some(absorbed) = absorb(input, &target, uses) {
                inputs.push(absorbed);
                continue;
            }
            // A rechunk that is there is replaced, not added to.
            if !(matches!(input.op(), Op::Rechunk) && uses.is_single(input)) {
                moved = moved.saturating_add(input.bytes());
            }
            inputs.push(input.rechunk_to(target)?);
        }
        if moved > node.bytes() {
            return Ok(None);
        }
        Ok(Some(ArrayExpr::intern(below.op().clone(), inputs, node.dtype(), grid.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::{memory, stored};

    #[test]
    fn operands_take_the_chunks() {
        let sum = stored(&[8, 8], &[2, 8]).add(memory(&[8], &[8])).unwrap();
        let x = sum.rechunk_to(ChunkGrid::regular(&[8, 8], &[8, 2])).unwrap();
        insta::assert_snapshot!(before_and_after(&PushRechunkThroughElementwise, &x), @"
        Rechunk: float64 [8, 2x4] 512 B
          Map add: float64 [2x4, 8] 512 B
            Read stored: float64 [2x4, 8] 512 B
            Read memory: float64 [8] 64 B
        =>
        Map add: float64 [8, 2x4] 512 B
          Rechunk: float64 [8, 2x4] 512 B
            Read stored: float64 [2x4, 8] 512 B
          Read memory: float64 [2x4] 64 B
        ");
    }

    #[test]
    fn not_if_more_is_moved() {
        let sum = stored(&[8, 8], &[2, 8]).add(stored(&[8, 8], &[2, 8])).unwrap();
        let x = sum.rechunk_to(ChunkGrid::regular(&[8, 8], &[8, 2])).unwrap();
        assert!(PushRechunkThroughElementwise.rewrite(&x, &Uses::default()).unwrap().is_none());
    }
}
