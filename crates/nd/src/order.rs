//! Sorting, ranks, distinct elements, places in sorted arrays.

use swath_kernels::{DType, order};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::functions::closure;
use crate::operand::Operand;

/// The distinct elements of an array and where they occur.
#[derive(Debug, Clone)]
pub struct Unique {
    /// The elements, ascending.
    pub values: Array,
    /// For each the position of the first in C order, `int64`.
    pub index: Array,
    /// For each element of the array the place of its value, in the array's shape, `int64`.
    pub inverse: Array,
    /// How often each occurs, `int64`.
    pub counts: Array,
}

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
            Ok(swath_arrays::ArrayExpr::blockwise(find, &inputs, DType::I64, grid)?)
        })
    }

    /// The distinct elements, ascending; NaN once. Their number is known after running.
    #[must_use]
    pub fn unique(&self) -> Self {
        self.then(|array| array.unique(false))
    }

    /// The distinct elements, and how often each occurs.
    #[must_use]
    pub fn unique_counts(&self) -> (Self, Self) {
        let [values, counts] = self.then_several(|array| Ok::<_, Error>([array.unique(false)?, array.unique(true)?]));
        (values, counts)
    }

    /// The distinct elements, and for each element the place of its value, in the array's shape.
    #[must_use]
    pub fn unique_inverse(&self) -> (Self, Self) {
        let values = self.unique();
        let inverse = values.searchsorted(self, false);
        (values, inverse)
    }

    /// The distinct elements, where they occur first, the place of each element's value, and counts. Computed now.
    ///
    /// # Errors
    /// As [`Array::compute`].
    pub fn unique_all(&self) -> Result<Unique> {
        let found = order::unique(&self.compute()?)?;
        let memory = |array| self.context().from_array(array);
        Ok(Unique {
            values: memory(found.values),
            index: memory(found.index),
            inverse: memory(found.inverse),
            counts: memory(found.counts),
        })
    }

    /// Whether each element is among others.
    #[must_use]
    pub fn isin(&self, others: impl Into<Operand>) -> Self {
        let others = self.operand(others).ravel().unique();
        let size = match others.size() {
            Ok(0) => return self.full_like(false).astype(DType::Bool),
            Ok(size) => size,
            Err(error) => return self.failed(error),
        };
        let place = others.searchsorted(self, false).minimum(size - 1);
        others.take(&place, 0).equal(self)
    }
}
