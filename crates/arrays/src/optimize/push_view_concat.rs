//! Views go below concatenations, and parts that are not wanted go.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::view::{View, ViewAxis};

/// `View(Concat(a, b)) -> Concat(View(a), View(b))`, without the parts that the view does not meet.
///
/// Right because the positions of a slice that fall into one part are neighbours in the slice, so that what each part gives stands
/// together; a negative step turns the order of the parts.
#[derive(Debug)]
pub struct PushViewThroughConcat;

impl Rule for PushViewThroughConcat {
    fn name(&self) -> &'static str {
        "PushViewThroughConcat"
    }

    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>> {
        let (Op::View(view), [below]) = (node.op(), node.inputs()) else { return Ok(None) };
        let Op::Concat { axis } = *below.op() else { return Ok(None) };
        if view.repeats() || !uses.is_free(below) || node.elements() == 0 || !below.grid().is_known() {
            return Ok(None);
        }
        let mut start_of_part = 0;
        let output = view.output_axis(axis);
        let mut parts = Vec::new();
        for part in below.inputs() {
            let length = part.shape()[axis];
            let (low, high) = (start_of_part, start_of_part + length);
            start_of_part = high;
            let Some(output) = output else {
                let mut fixed: Vec<usize> = view.fixed().to_vec();
                if (low..high).contains(&fixed[axis]) {
                    fixed[axis] -= low;
                    return Ok(Some(part.view_in(View::new(view.axes().iter().copied(), &fixed), node.grid().clone())));
                }
                continue;
            };
            let ViewAxis::Slice { start, step, length, .. } = view.axes()[output] else { continue };
            let inside = |position: &usize| (low..high).contains(&start.wrapping_add_signed(*position as isize * step));
            // Neighbours: the first inside and how many.
            let (first, count) = inside_range(start, step, length, low, high);
            debug_assert_eq!(count, (0..length).filter(inside).count());
            if count == 0 {
                continue;
            }
            let mut axes = view.axes().to_vec();
            let start = start.wrapping_add_signed(first as isize * step) - low;
            axes[output] = ViewAxis::Slice { axis, start, step: if count == 1 { 1 } else { step }, length: count };
            parts.push((first, part.view(View::new(axes, view.fixed()))?));
        }
        let Some(output) = output else { return Ok(None) };
        parts.sort_by_key(|(first, _)| *first);
        let parts: Vec<ArrayExpr> = parts.into_iter().map(|(_, part)| part).collect();
        let joined = ArrayExpr::concatenate(&parts, output as isize)?;
        Ok(Some(joined.rechunk_to(node.grid().clone())?))
    }
}

/// The first position of a slice that lies in `low..high`, and how many do.
fn inside_range(start: usize, step: isize, length: usize, low: usize, high: usize) -> (usize, usize) {
    let (start, stride) = (start as i128, step as i128);
    let (low, high) = (low as i128, high as i128 - 1);
    // start + p * stride within low..=high.
    let (near, far) = if stride > 0 { (low, high) } else { (high, low) };
    let ceil = |value: i128| value.div_euclid(stride.abs()) + i128::from(value.rem_euclid(stride.abs()) != 0);
    let distance = |to: i128| (to - start) * stride.signum();
    let first = ceil(distance(near)).max(0);
    let last = distance(far).div_euclid(stride.abs()).min(length as i128 - 1);
    if last < first { (0, 0) } else { (first as usize, (last - first + 1) as usize) }
}

#[cfg(test)]
mod tests {
    use swath_kernels::SliceSpec;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::memory;

    #[test]
    fn parts_that_are_not_met_go() {
        let parts = [memory(&[4, 3], &[2, 3]), memory(&[5, 3], &[5, 3]), memory(&[3, 3], &[3, 3])];
        let x = ArrayExpr::concatenate(&parts, 0).unwrap();
        let part = SliceSpec::Range { start: Some(8), stop: Some(0), step: -3 };
        insta::assert_snapshot!(before_and_after(&PushViewThroughConcat, &x.slice(&[part]).unwrap()), @"
        View [a[8:1:-3], b[0:3]]: float64 [2x2, 3] 72 B
          Concat axis=0: float64 [2+2+5+3, 3] 288 B
            Read memory: float64 [2x2, 3] 96 B
            Read memory: float64 [5, 3] 120 B
            Read memory: float64 [3, 3] 72 B
        =>
        Concat axis=0: float64 [2x2, 3] 72 B
          View [a[4:0:-3], b[0:3]]: float64 [2, 3] 48 B
            Read memory: float64 [5, 3] 120 B
          View [a[2:3], b[0:3]]: float64 [1, 3] 24 B
            Read memory: float64 [2x2, 3] 96 B
        ");
        insta::assert_snapshot!(before_and_after(&PushViewThroughConcat, &x.slice(&[SliceSpec::Index(5)]).unwrap()), @"
        View [b[0:3], a=5]: float64 [3] 24 B
          Concat axis=0: float64 [2+2+5+3, 3] 288 B
            Read memory: float64 [2x2, 3] 96 B
            Read memory: float64 [5, 3] 120 B
            Read memory: float64 [3, 3] 72 B
        =>
        View [b[0:3], a=1]: float64 [3] 24 B
          Read memory: float64 [5, 3] 120 B
        ");
    }

    #[test]
    fn ranges_are_found() {
        for (start, step, length) in [(0usize, 1isize, 12usize), (11, -1, 12), (1, 3, 4), (10, -4, 3), (5, 1, 1)] {
            for (low, high) in [(0, 4), (4, 9), (9, 12), (3, 3)] {
                let inside: Vec<usize> = (0..length)
                    .filter(|position| (low..high).contains(&start.wrapping_add_signed(*position as isize * step)))
                    .collect();
                let expected = (inside.first().copied().unwrap_or(0), inside.len());
                assert_eq!(inside_range(start, step, length, low, high), expected, "{start} {step} {low}..{high}");
            }
        }
    }
}
