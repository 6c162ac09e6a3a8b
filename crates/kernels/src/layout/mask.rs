//! Boolean masks, and where an array is not zero.

use std::borrow::Cow;

use super::copy::{elements_borrowed, elements_in_order};
use super::width::{as_bits, from_bits, same_dtype, with_width};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::with_element;

/// Number of true elements.
///
/// # Errors
/// Another dtype than bool.
pub fn count_true(mask: &NdArray) -> Result<usize> {
    Ok(flags(mask)?.iter().map(|flag| usize::from(*flag)).sum())
}

fn flags(mask: &NdArray) -> Result<Cow<'_, [bool]>> {
    match mask.dtype() {
        DType::Bool => elements_borrowed(mask),
        dtype => {
            let accepts = "a mask is bool; compare with something first";
            Err(KernelError::Unsupported { function: "mask", dtypes: vec![dtype], accepts })
        }
    }
}

/// The array as `(flags, elements behind each flag)`: the mask covers the leading axes.
fn covered(array: &NdArray, mask: &NdArray) -> Result<usize> {
    let covered = mask.shape();
    if covered.len() > array.ndim() {
        return Err(KernelError::TooManyIndices { ndim: array.ndim(), given: covered.len() });
    }
    for (axis, (own, masks)) in array.shape().iter().zip(covered).enumerate() {
        if own != masks {
            return Err(KernelError::invalid(format!(
                "boolean index did not match indexed array along axis {axis}; size of axis is {own} but size of corresponding \
                 boolean axis is {masks}"
            )));
        }
    }
    Ok(array.shape()[covered.len()..].iter().product())
}

/// `x[mask]`: the elements where a mask over the leading axes is true, in C order: `(count, rest...)`.
///
/// # Errors
/// A mask of another shape or dtype.
pub fn compress(array: &NdArray, mask: &NdArray) -> Result<NdArray> {
    let width = covered(array, mask)?;
    let flags = flags(mask)?;
    let count = flags.iter().map(|flag| usize::from(*flag)).sum::<usize>();
    let shape = [&[count], &array.shape()[mask.ndim()..]].concat();
    let dtype = array.dtype();
    let bits = as_bits(array)?;
    with_width!(dtype, T => {
        let source = elements_borrowed::<T>(&bits)?;
        from_bits(dtype, &shape, select(&source, &flags, width, count))
    })
}

fn select<T: Element>(source: &[T], flags: &[bool], width: usize, count: usize) -> Vec<T> {
    if width != 1 {
        let mut elements = crate::memory::reserved(count * width);
        for (position, _) in flags.iter().enumerate().filter(|(_, flag)| **flag) {
            elements.extend_from_slice(&source[position * width..][..width]);
        }
        return elements;
    }
    super::bits::pick(source, flags, count)
}

/// `x[mask] = values`: the array with the elements where a mask over the leading axes is true replaced by `values`, one for all or
/// as many as there are true flags, in C order.
///
/// # Errors
/// A mask of another shape or dtype; values of another dtype or number.
pub fn expand(array: &NdArray, mask: &NdArray, values: &NdArray) -> Result<NdArray> {
    let width = covered(array, mask)?;
    let flags = flags(mask)?;
    same_dtype("assignment", array.dtype(), [values.dtype()])?;
    let count = flags.iter().map(|flag| usize::from(*flag)).sum::<usize>();
    let shape = [&[count], &array.shape()[mask.ndim()..]].concat();
    let values = values.broadcast_to(&shape).map_err(|_| {
        KernelError::invalid(format!(
            "NumPy boolean array indexing assignment cannot assign {} input values to the {count} output values where the mask is true",
            values.len()
        ))
    })?;
    let (bits, values) = (as_bits(array)?, as_bits(&values)?);
    with_width!(array.dtype(), T => {
        let mut elements = elements_in_order::<T>(&bits)?;
        let values = elements_in_order::<T>(&values)?;
        let places = flags.iter().enumerate().filter(|(_, flag)| **flag).map(|(position, _)| position * width);
        for (number, place) in places.enumerate() {
            elements[place..place + width].copy_from_slice(&values[number * width..][..width]);
        }
        from_bits(array.dtype(), array.shape(), elements)
    })
}

/// For each axis the indices of the elements that are not zero (NaN is not), in C order. int64; a 0-d array counts as one of length
/// one.
///
/// # Errors
/// None that a valid array meets.
pub fn nonzero(array: &NdArray) -> Result<Vec<NdArray>> {
    let array = if array.ndim() == 0 { array.reshape(&[1])? } else { array.clone() };
    let positions = with_element!(array.dtype(), T => {
        let zero = T::default();
        super::bits::positions(&elements_borrowed::<T>(&array)?, |value| value != zero)
    });
    match array.shape() {
        [_] => Ok(vec![NdArray::from_vec(&[positions.len()], positions)?]),
        shape => unravel(&positions, shape),
    }
}

/// [`nonzero`] as one array of shape `(count, ndim)`.
///
/// # Errors
/// None that a valid array meets.
pub fn argwhere(array: &NdArray) -> Result<NdArray> {
    if array.ndim() == 0 {
        let count = nonzero(array)?[0].len();
        return NdArray::zeros(DType::I64, &[count, 0]);
    }
    super::arrange::stack(&nonzero(array)?, 1)
}

/// For each axis the indices of positions in C order. int64.
fn unravel(positions: &[i64], shape: &[usize]) -> Result<Vec<NdArray>> {
    let mut step: usize = shape.iter().product();
    shape
        .iter()
        .map(|length| {
            step /= (*length).max(1);
            let along = positions.iter().map(|position| position / step.max(1) as i64 % *length as i64);
            NdArray::from_vec(&[positions.len()], along.collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scalar;

    fn arange(shape: &[usize]) -> NdArray {
        NdArray::from_vec(shape, (0..shape.iter().product::<usize>() as i32).collect()).unwrap()
    }

    fn values(array: &NdArray) -> Vec<i32> {
        array.to_vec().unwrap()
    }

    #[test]
    fn elements_where_a_mask_is_true() {
        let mask = NdArray::from_vec(&[2, 3], vec![true, false, true, false, false, true]).unwrap();
        assert_eq!(count_true(&mask).unwrap(), 3);
        assert_eq!(values(&compress(&arange(&[2, 3]), &mask).unwrap()), [0, 2, 5]);
        assert_eq!(values(&compress(&arange(&[3, 2]).t(), &mask).unwrap()), [0, 4, 5]);
        let deep = compress(&arange(&[2, 3, 2]), &mask).unwrap();
        assert_eq!((deep.shape(), values(&deep)), (&[3, 2][..], vec![0, 1, 4, 5, 10, 11]));
        let rows = NdArray::from_vec(&[2], vec![false, true]).unwrap();
        assert_eq!(values(&compress(&arange(&[2, 3]), &rows).unwrap()), [3, 4, 5]);
        let all = NdArray::scalar(Scalar::Bool(true));
        assert_eq!(compress(&arange(&[2]), &all).unwrap().shape(), &[1, 2]);
        let none = NdArray::zeros(DType::Bool, &[2, 3]).unwrap();
        assert_eq!(compress(&arange(&[2, 3]), &none).unwrap().shape(), &[0]);
        let error = compress(&arange(&[3, 2]), &mask).unwrap_err().to_string();
        assert!(error.contains("along axis 0; size of axis is 3 but size of corresponding boolean axis is 2"));
        assert!(compress(&arange(&[2]), &mask).is_err());
        assert!(compress(&arange(&[2]), &arange(&[2])).is_err());
    }

    #[test]
    fn assignment_where_a_mask_is_true() {
        let mask = NdArray::from_vec(&[2, 2], vec![true, false, true, true]).unwrap();
        let array = arange(&[2, 2]);
        let nine = NdArray::scalar(Scalar::I32(9));
        assert_eq!(values(&expand(&array, &mask, &nine).unwrap()), [9, 1, 9, 9]);
        let three = NdArray::from_vec(&[3], vec![-1, -2, -3]).unwrap();
        assert_eq!(values(&expand(&array.t(), &mask, &three).unwrap()), [-1, 2, -2, -3]);
        assert_eq!(expand(&array, &mask, &compress(&array, &mask).unwrap()).unwrap(), array);
        let error = expand(&array, &mask, &arange(&[2])).unwrap_err().to_string();
        assert!(error.contains("cannot assign 2 input values to the 3 output values where the mask is true"));
    }

    #[test]
    fn where_elements_are_not_zero() {
        let array = NdArray::from_vec(&[2, 3], vec![0.0, f64::NAN, -0.0, 1.0, 0.0, 2.0]).unwrap();
        let found: Vec<Vec<i64>> = nonzero(&array).unwrap().iter().map(|axis| axis.to_vec().unwrap()).collect();
        assert_eq!(found, [vec![0, 1, 1], vec![1, 0, 2]]);
        assert_eq!(argwhere(&array).unwrap().to_vec::<i64>().unwrap(), [0, 1, 1, 0, 1, 2]);
        assert_eq!(nonzero(&NdArray::scalar(Scalar::I8(3))).unwrap()[0].to_vec::<i64>().unwrap(), [0]);
        assert_eq!(argwhere(&NdArray::scalar(Scalar::I8(3))).unwrap().shape(), &[1, 0]);
        let empty = NdArray::zeros(DType::F32, &[0, 4]).unwrap();
        assert_eq!(nonzero(&empty).unwrap().len(), 2);
    }
}
