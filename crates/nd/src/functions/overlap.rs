//! `map_overlap`: functions of blocks with slabs of their neighbours.

use swath_arrays::expr::op::Boundary;
use swath_arrays::{ArrayExpr, BlockContext};
use swath_kernels::{DType, NdArray, SliceSpec};

use super::closure::local_closure;
use crate::array::Array;

impl Array {
    /// A function of each block with so many elements of its neighbours before and behind it along each axis. What it gives has the shape
    /// of what it got (the margin is then cut off), or of the block without the margin.
    ///
    /// What it gives for an element may depend on those within the depths around it, and on where it lies, but on nothing else of the
    /// block: blocks of arrays in memory come in parts that stay in the cache, each with its margins and its own `region`.
    ///
    /// # Errors
    /// Kept: other numbers of depths than axes, a depth that is more than the axis is long.
    #[must_use]
    pub fn map_overlap<F>(&self, depths: &[(usize, usize)], boundary: Boundary, dtype: DType, function: F) -> Self
    where
        F: Fn(&NdArray, &BlockContext) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
    {
        let halo = depths.to_vec();
        let trimmed = local_closure("map_overlap", move |blocks, context: &BlockContext| {
            let made = function(&blocks[0], context)?;
            let expected: Vec<usize> = context.region.iter().map(ExactSizeIterator::len).collect();
            if made.shape() == expected || made.shape() != blocks[0].shape() {
                return Ok(made);
            }
            let parts: Vec<SliceSpec> = halo
                .iter()
                .zip(&context.region)
                .map(|((before, _), range)| {
                    let front = if boundary == Boundary::None { *before.min(&range.start) } else { *before };
                    SliceSpec::from(front..front + range.len())
                })
                .collect();
            Ok(made.slice(&parts)?)
        });
        self.then(|array: &ArrayExpr| array.map_overlap(trimmed.clone(), depths, boundary, dtype))
    }
}
