//! Lines along an axis: what sorts and counts work on.

use crate::element::Element;
use crate::error::Result;
use crate::layout::axes::{with_axis_last, with_last_at};
use crate::layout::copy::elements_in_order;
use crate::ndarray::NdArray;
use crate::shape::{Dims, normalize_axis};

/// The lines of an array along one axis, one after another.
#[derive(Debug)]
pub(super) struct Lines<T> {
    /// All lines.
    pub(super) elements: Vec<T>,
    /// Elements of a line.
    pub(super) length: usize,
    /// Number of lines.
    pub(super) count: usize,
    axis: usize,
    /// The shape with the axis last.
    shape: Dims,
}

impl<T: Element> Lines<T> {
    /// Copies the lines along `axis`, negative from the end.
    pub(super) fn of(array: &NdArray, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, array.ndim())?;
        let moved = with_axis_last(array, axis)?;
        let elements = elements_in_order::<T>(&moved)?;
        let shape: Dims = moved.shape().into();
        let length = shape[shape.len() - 1];
        let count = shape[..shape.len() - 1].iter().product();
        Ok(Self { elements, length, count, axis, shape })
    }

    /// The lines, `count` of them also when they are empty.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.count).map(|line| &self.elements[line * self.length..][..self.length])
    }

    /// The lines, to be changed.
    pub(super) fn for_each(&mut self, change: impl FnMut(&mut [T])) {
        if self.length > 0 {
            self.elements.chunks_exact_mut(self.length).for_each(change);
        }
    }

    /// An array of lines of `length` in the place of these, without a copy: the axis is put back by its stride.
    pub(super) fn array<U: Element>(&self, length: usize, elements: Vec<U>) -> Result<NdArray> {
        let mut shape = self.shape.clone();
        if let Some(last) = shape.last_mut() {
            *last = length;
        }
        with_last_at(&NdArray::from_vec(&shape, elements)?, self.axis)
    }

    /// The array of the changed lines.
    pub(super) fn into_array(self) -> Result<NdArray> {
        with_last_at(&NdArray::from_vec(&self.shape, self.elements)?, self.axis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_out_and_come_back() {
        let array = NdArray::from_vec(&[2, 3, 4], (0..24_i32).collect()).unwrap();
        for axis in -3..3 {
            let lines = Lines::<i32>::of(&array, axis).unwrap();
            assert_eq!((lines.length * lines.count, lines.iter().count()), (24, lines.count));
            assert_eq!(lines.array(lines.length, lines.elements.clone()).unwrap(), array);
            assert_eq!(lines.into_array().unwrap(), array);
        }
        let lines = Lines::<i32>::of(&array, 1).unwrap();
        assert_eq!(lines.elements[..6], [0, 4, 8, 1, 5, 9]);
        assert!(Lines::<i32>::of(&array, 3).is_err());
    }
}
