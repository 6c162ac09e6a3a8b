//! Casts to smaller elements go towards the sources.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;

/// `Cast(F(x)) -> F(Cast(x))` for F that moves elements without looking at them (views, rechunks, reshapes, concatenations, indexing), where
/// the cast makes elements smaller or F repeats them.
///
/// Right because a cast looks at one element only. Fewer bytes are moved.
#[derive(Debug)]
pub struct PushNarrowingCast;

impl Rule for PushNarrowingCast {
    fn name(&self) -> &'static str {
        "PushNarrowingCast"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::Cast, [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        let dtype = node.dtype();
        let narrows = dtype.item_size() < below.dtype().item_size();
        let moved = match below.op() {
            Op::View(_)
            | Op::Rechunk
            | Op::Reshape
            | Op::Concat { .. }
            | Op::Gather { .. }
            | Op::TakeAlong { .. }
            | Op::Mask => narrows && uses.is_single(below),
            _ => false,
        };
        if !moved {
            return Ok(None);
        }
        // Positions and masks keep their dtype.
        let all = matches!(below.op(), Op::Concat { .. });
        let inputs = below
            .inputs()
            .iter()
            .enumerate()
            .map(|(at, input)| if at == 0 || all { input.cast(dtype) } else { Ok(input.clone()) });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        Ok(Some(ArrayExpr::intern(below.op().clone(), inputs, dtype, node.grid().clone())))
    }
}

#[cfg(test)]
mod tests {
    use swath_kernels::DType;

    use super::super::before_and_after;
    use super::*;
    use crate::grid::ChunkGrid;
    use crate::optimize::tests::memory;

    #[test]
    fn fewer_bytes_are_moved() {
        let x = memory(&[6, 4], &[3, 4]).rechunk_to(ChunkGrid::regular(&[6, 4], &[6, 2])).unwrap();
        let y = ArrayExpr::concatenate(&[x.clone(), x], 1).unwrap();
        insta::assert_snapshot!(before_and_after(&PushNarrowingCast, &y.cast(DType::I16).unwrap()), @"
        Cast: int16 [6, 2x4] 96 B
          Concat axis=1: float64 [6, 2x4] 384 B
            #1 Rechunk: float64 [6, 2x2] 192 B
              Read memory: float64 [3x2, 4] 192 B
            #1
        =>
        Concat axis=1: int16 [6, 2x4] 96 B
          #1 Cast: int16 [6, 2x2] 48 B
            Rechunk: float64 [6, 2x2] 192 B
              Read memory: float64 [3x2, 4] 192 B
          #1
        ");
        assert!(PushNarrowingCast.rewrite(&y.cast(DType::C128).unwrap(), &Uses::default()).unwrap().is_none());
    }
}
