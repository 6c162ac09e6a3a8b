//! Distinct elements and membership.

use swath_kernels::{DType, NdArray, normalize_axis, order};

use crate::array::Array;
use crate::error::{Error, Result};
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

    /// Whether each element is not among others.
    #[must_use]
    pub fn is_not_in(&self, others: impl Into<Operand>) -> Self {
        self.isin(others).logical_not()
    }

    /// The distinct parts along an axis in the order of their elements, and where they occur. Computed now. Of NaN all are equal.
    ///
    /// `values` has the array's axes; `index`, `inverse` and `counts` are vectors.
    ///
    /// # Errors
    /// An axis out of bounds; as [`Array::compute`].
    pub fn unique_along(&self, axis: isize) -> Result<Unique> {
        let axis = normalize_axis(axis, self.ndim()?)?;
        let parts = self.moveaxis(axis, 0);
        let shape = parts.shape()?;
        let width = shape[1..].iter().product::<usize>();
        // Ranks among all elements order parts as the elements themselves do.
        let ranks = order::unique(&parts.compute()?)?.inverse.to_vec::<i64>()?;
        let part = |at: usize| &ranks[at * width..(at + 1) * width];
        let mut sorted: Vec<usize> = (0..shape[0]).collect();
        sorted.sort_by(|left, right| part(*left).cmp(part(*right)));
        let (mut index, mut counts) = (Vec::new(), Vec::<i64>::new());
        let mut inverse = vec![0i64; shape[0]];
        for at in sorted {
            if index.last().is_none_or(|first| part(*first as usize) != part(at)) {
                index.push(at as i64);
                counts.push(0);
            }
            if let Some(count) = counts.last_mut() {
                *count += 1;
            }
            inverse[at] = index.len() as i64 - 1;
        }
        let memory = |numbers: Vec<i64>| -> Result<Self> {
            Ok(self.context().from_array(NdArray::from_vec(&[numbers.len()], numbers)?))
        };
        let index = memory(index)?;
        Ok(Unique {
            values: self.take(&index, axis as isize),
            index,
            inverse: memory(inverse)?,
            counts: memory(counts)?,
        })
    }
}
