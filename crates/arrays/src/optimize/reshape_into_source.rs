//! Reshapes of arrays in memory are other ways to read them.

use super::{Rule, Uses};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Window};
use crate::expr::traits::SourceRef;

/// `Reshape(Read) -> Read` of the source under the other shape, if it can be had without a copy; also through a rechunk.
///
/// Right because a source gives the same elements in the same order under both shapes. What it saves is more than the copy: a reshape
/// binds chunks to runs in C order, a read takes any.
#[derive(Debug)]
pub struct ReshapeIntoSource;

impl Rule for ReshapeIntoSource {
    fn name(&self) -> &'static str {
        "ReshapeIntoSource"
    }

    fn rewrite(&self, node: &ArrayExpr, _: &Uses) -> Result<Option<ArrayExpr>> {
        if !matches!(node.op(), Op::Reshape) || !node.grid().is_known() {
            return Ok(None);
        }
        let mut below = &node.inputs()[0];
        if matches!(below.op(), Op::Rechunk) {
            below = &below.inputs()[0];
        }
        let Op::Read { source, window } = below.op() else { return Ok(None) };
        let is_whole = |(own, length): (&Window, &usize)| own.start == 0 && own.step == 1 && own.length == *length;
        if !window.iter().zip(source.0.shape()).all(is_whole) {
            return Ok(None);
        }
        let Some(source) = source.0.reshaped(&node.shape()) else { return Ok(None) };
        let window = node.shape().iter().map(|length| Window { start: 0, step: 1, length: *length }).collect();
        let op = Op::Read { source: SourceRef(source), window };
        Ok(Some(ArrayExpr::intern(op, [], node.dtype(), node.grid().clone())))
    }
}

#[cfg(test)]
mod tests {
    use swath_kernels::SliceSpec;

    use super::super::before_and_after;
    use super::*;
    use crate::optimize::tests::{memory, stored};

    #[test]
    fn a_reshape_in_memory_is_a_read() {
        let x = memory(&[6, 4], &[5, 4]).reshape(&[2, 3, 4]).unwrap();
        insta::assert_snapshot!(before_and_after(&ReshapeIntoSource, &x), @"
        Reshape: float64 [1x2, 3, 4] 192 B
          Rechunk: float64 [3x2, 4] 192 B
            Read memory: float64 [5x2, 4] 192 B
        =>
        Read memory: float64 [1x2, 3, 4] 192 B
        ");
        for other in [
            stored(&[6, 4], &[3, 4]).reshape(&[24]).unwrap(),
            memory(&[6, 4], &[3, 4]).slice(&[SliceSpec::from(1..5)]).unwrap().reshape(&[16]).unwrap(),
        ] {
            assert!(ReshapeIntoSource.rewrite(&other, &Uses::default()).unwrap().is_none());
        }
    }
}
