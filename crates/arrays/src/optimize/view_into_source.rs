//! Slices become smaller reads.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Window};
use crate::expr::view::{View, ViewAxis};
use crate::grid::{AxisChunks, ChunkGrid};

/// `View(Read) -> Read` of the part, or `View(Read of the part)` where axes also go, come or change places. Generated arrays alike.
///
/// Right because a window of a window is a window. Not where others read the whole from a source that is costly to read: then
/// the part comes out of what is read for them.
#[derive(Debug)]
pub struct ViewIntoSource;

impl Rule for ViewIntoSource {
    fn name(&self) -> &'static str {
        "ViewIntoSource"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::View(view), [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        let (window, cheap) = match below.op() {
            Op::Read { source, window } => (window, source.0.is_cheap()),
            Op::Generate { generator, window, .. } => (window, generator.0.is_cheap()),
            _ => return Ok(None),
        };
        if !cheap && !uses.is_free(below) {
            return Ok(None);
        }
        let mut narrowed = Vec::with_capacity(window.len());
        let mut chunks = Vec::with_capacity(window.len());
        let mut rest = view.axes().to_vec();
        for (axis, old) in window.iter().enumerate() {
            let at = |position: usize| old.start.wrapping_add_signed(position as isize * old.step);
            match view.output_axis(axis).map(|output| (output, view.axes()[output])) {
                Some((output, ViewAxis::Slice { start, step, length, .. })) => {
                    let step = if length <= 1 { 1 } else { step * old.step };
                    narrowed.push(Window { start: if length == 0 { 0 } else { at(start) }, step, length });
                    chunks.push(node.grid().axis(output).clone());
                    rest[output] = ViewAxis::Slice { axis, start: 0, step: 1, length };
                }
                _ => {
                    narrowed.push(Window { start: at(view.fixed()[axis]), step: 1, length: 1 });
                    chunks.push(AxisChunks::whole(1));
                }
            }
        }
        if narrowed == *window {
            return Ok(None);
        }
        let op = match below.op() {
            Op::Read { source, .. } => Op::Read { source: source.clone(), window: narrowed },
            Op::Generate { generator, whole, .. } => {
                Op::Generate { generator: generator.clone(), whole: whole.clone(), window: narrowed }
            }
            _ => return Ok(None),
        };
        let part = ArrayExpr::intern(op, [], node.dtype(), ChunkGrid::new(chunks));
        Ok(Some(part.view_in(View::new(rest, &vec![0; window.len()]), node.grid().clone())))
    }
}

#[cfg(test)]
mod tests {
    use swath_kernels::SliceSpec;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn parts_are_read() {
        let x = memory(&[20, 6], &[5, 6]);
        let rows = SliceSpec::Range { start: Some(18), stop: Some(3), step: -2 };
        insta::assert_snapshot!(before_and_after(&ViewIntoSource, &x.slice(&[rows]).unwrap()), @"
        View [a[18:3:-2], b[0:6]]: float64 [2+3+2+1, 6] 384 B
          Read memory: float64 [5x4, 6] 960 B
        =>
        Read memory: float64 [2+3+2+1, 6] 384 B
        ");
        let turned = x.slice(&[rows, SliceSpec::NewAxis, SliceSpec::Index(3)]).unwrap();
        insta::assert_snapshot!(before_and_after(&ViewIntoSource, &turned), @"
        View [a[18:3:-2], new(1), b=3]: float64 [2+3+2+1, 1] 64 B
          Read memory: float64 [5x4, 6] 960 B
        =>
        View [a[0:8], new(1), b=0]: float64 [2+3+2+1, 1] 64 B
          Read memory: float64 [2+3+2+1, 1] 64 B
        ");
    }
}
