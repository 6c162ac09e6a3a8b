//! Views with the axes in another order.

use crate::error::Result;
use crate::ndarray::NdArray;
use crate::shape::Dims;

/// The view in which `axis` is the last one.
pub(crate) fn with_axis_last(array: &NdArray, axis: usize) -> Result<NdArray> {
    let order: Dims = (0..array.ndim()).filter(|a| *a != axis).chain([axis]).collect();
    array.transpose(&order)
}

/// The view in which the last axis becomes `axis`.
pub(crate) fn with_last_at(array: &NdArray, axis: usize) -> Result<NdArray> {
    let last = array.ndim() - 1;
    let order: Dims = (0..array.ndim())
        .map(|a| match a.cmp(&axis) {
            std::cmp::Ordering::Less => a,
            std::cmp::Ordering::Equal => last,
            std::cmp::Ordering::Greater => a - 1,
        })
        .collect();
    array.transpose(&order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_goes_last_and_back() {
        let array = NdArray::from_vec(&[2, 3, 4], (0..24_i32).collect()).unwrap();
        for axis in 0..3 {
            let moved = with_axis_last(&array, axis).unwrap();
            assert_eq!(moved.shape()[2], array.shape()[axis]);
            assert_eq!(with_last_at(&moved, axis).unwrap(), array);
        }
    }
}
