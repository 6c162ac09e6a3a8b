//! Sorting, ranks, places in sorted arrays.

use swath_arrays::ArrayExpr;
use swath_kernels::{DType, order};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::functions::closure;
use crate::operand::Operand;

impl Array {
    /// Sorted along an axis, NaN and NaT last; equal elements keep their order.
    #[must_use]
    pub fn sort(&self, axis: isize) -> Self {
        self.then(|array| array.sort(axis, false))
    }

    /// The positions that sort an axis, as `int64`; those of equal elements ascend.
    #[must_use]
    pub fn argsort(&self, axis: isize) -> Self {
        self.then(|array| array.sort(axis, true))
    }

    /// Sorted along an axis, the largest first; NaN and NaT are first then.
    #[must_use]
    pub fn sort_descending(&self, axis: isize) -> Self {
        self.sort(axis).flip(axis)
    }

    /// The positions that [`Array::sort_descending`] an axis; those of equal elements ascend.
    #[must_use]
    pub fn argsort_descending(&self, axis: isize) -> Self {
        self.then(|array| -> Result<_> {
            let place = swath_kernels::normalize_axis(axis, array.ndim())?;
            let last = array.known_length(place, "argsort")? as i64 - 1;
            // Backwards twice: equal elements keep their order.
            let axes = [axis];
            let behind = array.flip(Some(&axes))?.sort(axis, true)?.flip(Some(&axes))?;
            Ok(ArrayExpr::map("subtract", &[last.into(), behind.into()])?)
        })
    }

    /// With the element that sorting would bring to `kth` there, smaller ones before it and larger ones behind, along an axis.
    ///
    /// # Errors
    /// Kept: `kth` out of bounds.
    #[must_use]
    pub fn partition(&self, kth: isize, axis: isize) -> Self {
        self.then(|array| array.partition(kth, axis))
    }

    /// The positions that [`Array::partition`] an axis.
    ///
    /// # Errors
    /// Kept: `kth` out of bounds.
    #[must_use]
    pub fn argpartition(&self, kth: isize, axis: isize) -> Self {
        // Sorted positions are partitioned at any place.
        self.then(|array| array.partition(kth, axis).and_then(|_| array.sort(axis, true)))
    }

    /// The `k` largest elements of an axis, the largest first; with a negative `k` the least, the least first.
    ///
    /// # Errors
    /// Kept: more than there are.
    #[must_use]
    pub fn topk(&self, k: isize, axis: isize) -> Self {
        self.then(|array| array.top(k.unsigned_abs(), axis, k >= 0, false))
    }

    /// The positions of what [`Array::topk`] gives.
    ///
    /// # Errors
    /// Kept: more than there are.
    #[must_use]
    pub fn argtopk(&self, k: isize, axis: isize) -> Self {
        self.then(|array| array.top(k.unsigned_abs(), axis, k >= 0, true))
    }

    /// Where values would stand in this sorted vector, as `int64`: before equal elements, or with `right` behind them. The vector is held
    /// whole by each task.
    ///
    /// # Errors
    /// Kept: an array that is not 1-dimensional; dtypes without a common one.
    #[must_use]
    pub fn searchsorted(&self, values: impl Into<Operand>, right: bool) -> Self {
        let values = self.operand(values);
        self.then_with(&[&values], |both| -> Result<_> {
            let (sorted, values) = (&both[0], &both[1]);
            if sorted.ndim() != 1 {
                return Err(Error::invalid("searchsorted needs a sorted array of one dimension"));
            }
            sorted.known_length(0, "searchsorted")?;
            let common = swath_kernels::promote(sorted.dtype(), values.dtype())?;
            let find =
                closure("searchsorted", move |blocks, _| Ok(order::searchsorted(&blocks[1], &blocks[0], right)?));
            let (sorted, values) = (sorted.cast(common)?, values.cast(common)?);
            let follow = (0..values.ndim()).map(Some).collect();
            let grid = values.grid().clone();
            let inputs = [(&values, follow), (&sorted, vec![None])];
            Ok(ArrayExpr::blockwise(find, &inputs, DType::I64, grid)?)
        })
    }

    /// As [`Array::searchsorted`] of a vector that positions (those of `argsort`, say) bring into order.
    ///
    /// # Errors
    /// Kept: as [`Array::searchsorted`]; positions that are not integers, or not as many as elements.
    #[must_use]
    pub fn searchsorted_by(&self, sorter: &Self, values: impl Into<Operand>, right: bool) -> Self {
        match (self.shape(), sorter.shape(), sorter.dtype()) {
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => self.failed(error),
            (_, _, Ok(dtype)) if !dtype.is_integer() => {
                self.failed(Error::invalid("sorter must only contain integers"))
            }
            (Ok(own), Ok(given), _) if own != given => {
                self.failed(Error::invalid("sorter.size must equal to key.size"))
            }
            _ => self.take(sorter, 0).searchsorted(values, right),
        }
    }
}
