//! What is read or made in the right chunks need not be rechunked.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Window};
use crate::expr::traits::SourceRef;
use crate::grid::{AxisChunks, ChunkGrid};

/// Reading stored chunks so many times over is no worse than exchanging what was read once.
const MOST_AMPLIFICATION: f64 = 1.5;

/// `Rechunk(Read) -> Read`, `Rechunk(Fill | Iota | Generate) ->` the same in other chunks; also below a view or a cast.
///
/// Right because what is made depends on positions, not on chunks. A costly source is read in the new chunks only if that reads its
/// stored chunks not much more than once, and nobody else reads it in the old ones.
#[derive(Debug)]
pub struct AbsorbRechunk;

impl Rule for AbsorbRechunk {
    fn name(&self) -> &'static str {
        "AbsorbRechunk"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::Rechunk, [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        Ok(absorb(below, node.grid(), uses))
    }
}

/// The node made in other chunks, if that costs no exchange.
pub(crate) fn absorb(node: &ArrayExpr, grid: &ChunkGrid, uses: &Uses) -> Option<ArrayExpr> {
    if node.grid() == grid {
        return Some(node.clone());
    }
    let again = |inputs: Vec<ArrayExpr>| ArrayExpr::intern(node.op().clone(), inputs, node.dtype(), grid.clone());
    match node.op() {
        Op::Fill(_) | Op::Iota { .. } => Some(again(vec![])),
        Op::Generate { generator, .. } => (generator.0.is_cheap() || uses.is_single(node)).then(|| again(vec![])),
        Op::Read { source, window } => {
            let fits = source.0.is_cheap()
                || (uses.is_single(node) && amplification(source, window, grid) <= MOST_AMPLIFICATION);
            fits.then(|| again(vec![]))
        }
        Op::Cast => Some(again(vec![absorb(&node.inputs()[0], grid, uses)?])),
        Op::View(view) => {
            let input = &node.inputs()[0];
            // Chunks of the input that give these: only where the view takes axes whole.
            let mut axes: Vec<AxisChunks> = input.grid().axes().to_vec();
            for (at, axis) in view.axes().iter().enumerate() {
                if let crate::expr::view::ViewAxis::Slice { axis, step, length, .. } = *axis {
                    if step != 1 || length != axes[axis].length() {
                        return None;
                    }
                    axes[axis] = grid.axis(at).clone();
                }
            }
            Some(again(vec![absorb(input, &ChunkGrid::new(axes), uses)?]))
        }
        _ => None,
    }
}

/// How many times the stored chunks are read, on average, when they are read in the blocks of `grid`.
fn amplification(source: &SourceRef, window: &[Window], grid: &ChunkGrid) -> f64 {
    let stored = source.0.preferred_grid();
    let mut times = 1.0;
    for (axis, window) in window.iter().enumerate() {
        let chunks = stored.axis(axis);
        if window.step != 1 {
            return f64::INFINITY;
        }
        let last = window.start + window.length.max(1) - 1;
        let touched = chunks.locate(last) - chunks.locate(window.start) + 1;
        let mut reads = 0;
        for block in 0..grid.axis(axis).count() {
            let range = grid.axis(axis).range(block);
            reads += chunks.overlapping(window.start + range.start..window.start + range.end).count();
        }
        times *= reads as f64 / touched as f64;
    }
    times
}

#[cfg(test)]
mod tests {
    use swath_kernels::Scalar;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::{memory, stored};

    #[test]
    fn creation_and_reads_take_other_chunks() {
        let grid = ChunkGrid::regular(&[8, 8], &[8, 2]);
        let x = memory(&[8, 8], &[8, 2]).t().unwrap().rechunk_to(grid.clone()).unwrap();
        insta::assert_snapshot!(before_and_after(&AbsorbRechunk, &x), @"
        Rechunk: float64 [8, 2x4] 512 B
          View [b[0:8], a[0:8]]: float64 [2x4, 8] 512 B
            Read memory: float64 [8, 2x4] 512 B
        =>
        View [b[0:8], a[0:8]]: float64 [8, 2x4] 512 B
          Read memory: float64 [2x4, 8] 512 B
        ");
        let ones = ArrayExpr::full_in(ChunkGrid::whole(&[8, 8]), Scalar::F64(1.0)).unwrap().rechunk_to(grid).unwrap();
        insta::assert_snapshot!(before_and_after(&AbsorbRechunk, &ones), @"
        Rechunk: float64 [8, 2x4] 512 B
          Fill 1: float64 [8, 8] 512 B
        =>
        Fill 1: float64 [8, 2x4] 512 B
        ");
    }

    #[test]
    fn stored_chunks_are_not_read_over_and_over() {
        let x = stored(&[8, 8], &[2, 8]);
        let multiples = x.rechunk_to(ChunkGrid::regular(&[8, 8], &[4, 8])).unwrap();
        assert!(AbsorbRechunk.rewrite(&multiples, &Uses::default()).unwrap().is_some());
        let columns = x.rechunk_to(ChunkGrid::regular(&[8, 8], &[8, 2])).unwrap();
        assert!(AbsorbRechunk.rewrite(&columns, &Uses::default()).unwrap().is_none());
    }
}
