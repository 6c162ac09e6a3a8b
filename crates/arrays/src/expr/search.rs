//! Places in sorted arrays.

use std::any::Any;
use std::sync::Arc;

use swath_kernels::{DType, KernelError, NdArray, order, promote};

use super::node::ArrayExpr;
use super::traits::{BlockContext, BlockFunction};
use crate::error::{ArrayError, Result};
use crate::grid::{AxisChunks, ChunkGrid};

/// A sorted array up to this size is handed to every task whole.
const SMALL_BYTES: u64 = 64 << 20;

/// `searchsorted` of a block of values in (a part of) a sorted array.
#[derive(Debug)]
struct Search {
    right: bool,
}

impl BlockFunction for Search {
    fn id(&self) -> &str {
        if self.right { "swath.searchsorted.right" } else { "swath.searchsorted.left" }
    }

    fn name(&self) -> String {
        "searchsorted".to_owned()
    }

    fn apply(&self, blocks: &[NdArray], _: &BlockContext) -> Result<NdArray> {
        match blocks {
            [values, sorted] => Ok(order::searchsorted(sorted, values, self.right)?),
            _ => Err(ArrayError::internal("searchsorted takes two blocks")),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl ArrayExpr {
    /// Where each of `values` would stand in this sorted array of one dimension: before equal elements, or with `right` behind them.
    /// `int64`, of the shape of the values.
    ///
    /// A large sorted array is taken part by part: the place in it is the sum of those in its parts.
    ///
    /// # Errors
    /// Not one dimension, a length that is not known, dtypes without a common one.
    pub fn searchsorted(&self, values: &Self, right: bool) -> Result<Self> {
        self.searchsorted_in(values, right, SMALL_BYTES)
    }

    fn searchsorted_in(&self, values: &Self, right: bool, part_bytes: u64) -> Result<Self> {
        if self.ndim() != 1 {
            return Err(KernelError::invalid("searchsorted needs a sorted array of one dimension").into());
        }
        let length = self.known_length(0, "searchsorted")?;
        let dtype = promote(self.dtype(), values.dtype())?;
        let (sorted, values) = (self.cast(dtype)?, values.cast(dtype)?);
        let count = usize::try_from(sorted.bytes().div_ceil(part_bytes.max(1))).unwrap_or(usize::MAX);
        let parts = AxisChunks::even(length, count);
        let axes: Vec<Option<usize>> = (0..values.ndim()).map(Some).collect();
        let mut sum: Option<Self> = None;
        for part in 0..parts.count() {
            let range = parts.range(part);
            let own = sorted.slice_axis(0, range.start, range.end)?;
            let own = own.rechunk_to(ChunkGrid::whole(&[range.len()]))?;
            let inputs = [(&values, axes.clone()), (&own, vec![None])];
            let places = Self::blockwise(Arc::new(Search { right }), &inputs, DType::I64, values.grid().clone())?;
            sum = Some(match sum {
                Some(sum) => sum.add(&places)?,
                None => places,
            });
        }
        sum.ok_or_else(|| ArrayError::internal("an axis without a chunk"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::PlanOptions;
    use crate::lower::plan::Plan;
    use crate::optimize::tests::memory_of;
    use crate::reference::{evaluate, run_plan};

    #[test]
    fn places_are_sums_over_parts() {
        let sorted = memory_of(&[50], &[8], DType::I32).sort(0, false).unwrap();
        let values = memory_of(&[6, 5], &[2, 5], DType::I64);
        for right in [false, true] {
            let root = sorted.searchsorted_in(&values, right, 120).unwrap();
            assert_eq!((root.shape().as_slice(), root.dtype()), (&[6, 5][..], DType::I64));
            let expected = order::searchsorted(
                &evaluate(&sorted.cast(DType::I64).unwrap()).unwrap(),
                &evaluate(&values).unwrap(),
                right,
            );
            let plan = Plan::new(&[root], PlanOptions::default()).unwrap();
            assert_eq!(run_plan(&plan).unwrap()[0], expected.unwrap());
        }
        let error = values.searchsorted(&sorted, true).unwrap_err();
        assert_eq!(error.to_string(), "searchsorted needs a sorted array of one dimension");
    }
}
