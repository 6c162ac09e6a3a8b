//! Repetition, differences, index grids.

use half::f16;
use num_complex::Complex;

use super::arrange::range;
use super::copy::elements_in_order;
use super::index::{OutOfBounds, take};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::scalar::NAT;
use crate::shape::{Dims, normalize_axis};
use crate::with_element;

/// Each element along an axis repeated: as often as `counts` says for it, or the one count there is for all.
///
/// # Errors
/// An axis out of bounds; another number of counts.
pub fn repeat(array: &NdArray, counts: &[usize], axis: isize) -> Result<NdArray> {
    let axis = normalize_axis(axis, array.ndim())?;
    let length = array.shape()[axis];
    let count = |position: usize| match counts {
        [one] => Ok(*one),
        many => many.get(position).copied().ok_or_else(|| wrong_counts(length, many.len())),
    };
    if counts.len() != 1 && counts.len() != length {
        return Err(wrong_counts(length, counts.len()));
    }
    let mut positions = Vec::new();
    for position in 0..length {
        positions.extend(std::iter::repeat_n(position as i64, count(position)?));
    }
    take(array, &NdArray::from_vec(&[positions.len()], positions)?, axis as isize, OutOfBounds::Raise)
}

fn wrong_counts(length: usize, counts: usize) -> KernelError {
    KernelError::invalid(format!("operands could not be broadcast together with shape ({length},) ({counts},)"))
}

/// An element type with differences; `time` says that `i64` elements are dates or durations.
trait Difference: Element {
    fn minus(self, other: Self, time: bool) -> Self;
}

macro_rules! difference {
    ($($type:ty),*; |$a:ident, $b:ident, $time:ident| $value:expr) => {$(
        impl Difference for $type {
            #[inline(always)]
            fn minus(self, $b: Self, $time: bool) -> Self {
                let $a = self;
                let _ = $time;
                $value
            }
        }
    )*};
}
difference!(f16, f32, f64, Complex<f32>, Complex<f64>; |a, b, time| a - b);
difference!(i8, i16, i32, u8, u16, u32, u64; |a, b, time| a.wrapping_sub(b));
difference!(bool; |a, b, time| a != b);
difference!(i64; |a, b, time| if time && (a == NAT || b == NAT) { NAT } else { a.wrapping_sub(b) });

/// The `n`-th difference along an axis: each element minus the one before it. Of bool whether both differ; of dates a duration.
///
/// # Errors
/// An axis out of bounds.
pub fn diff(array: &NdArray, n: usize, axis: isize) -> Result<NdArray> {
    let axis = normalize_axis(axis, array.ndim())?;
    let mut result = array.clone();
    for _ in 0..n {
        let length = result.shape()[axis].saturating_sub(1);
        let dtype = match result.dtype() {
            DType::Datetime64(unit) => DType::Timedelta64(unit),
            dtype => dtype,
        };
        let (later, earlier) = match result.shape()[axis] {
            0 => (result.clone(), result.clone()),
            _ => (range(&result, axis, 1, length)?, range(&result, axis, 0, length)?),
        };
        result = with_element!(result.dtype(), T => {
            let time = dtype.is_time();
            let (later_elements, earlier) = (elements_in_order::<T>(&later)?, elements_in_order::<T>(&earlier)?);
            let differences = later_elements.into_iter().zip(earlier).map(|(a, b)| a.minus(b, time)).collect();
            NdArray::from_vec(later.shape(), differences)?.reinterpret(dtype)?
        });
    }
    Ok(result)
}

/// The indices along `axis` of the places of a block of `shape` that begins at `at`: int64, a view that repeats one line.
///
/// # Errors
/// An axis out of bounds.
pub fn indices_along(shape: &[usize], at: &[usize], axis: usize) -> Result<NdArray> {
    let axis = normalize_axis(axis as isize, shape.len())?;
    let first = at.get(axis).copied().unwrap_or(0) as i64;
    let line = NdArray::from_vec(&[shape[axis]], (first..first + shape[axis] as i64).collect())?;
    along(&line, shape, axis)
}

/// A line as a view of `shape` that is the same for all places but those along `axis`: one array of a mesh grid.
///
/// # Errors
/// A line of another length.
pub fn along(line: &NdArray, shape: &[usize], axis: usize) -> Result<NdArray> {
    let single: Dims = (0..shape.len()).map(|a| if a == axis { line.len() } else { 1 }).collect();
    line.reshape(&single)?.broadcast_to(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition() {
        let array = NdArray::from_vec(&[2, 2], vec![1, 2, 3, 4]).unwrap();
        let values = |counts: &[usize], axis| repeat(&array, counts, axis).unwrap().to_vec::<i32>().unwrap();
        assert_eq!(values(&[2], 1), [1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(values(&[1, 2], 0), [1, 2, 3, 4, 3, 4]);
        assert_eq!(repeat(&array, &[0], 0).unwrap().shape(), &[0, 2]);
        let message = repeat(&array, &[1, 2, 3], 0).unwrap_err().to_string();
        assert_eq!(message, "operands could not be broadcast together with shape (2,) (3,)");
    }

    #[test]
    fn differences() {
        let array = NdArray::from_vec(&[2, 3], vec![1_u8, 4, 2, 0, 0, 7]).unwrap();
        assert_eq!(diff(&array, 1, 1).unwrap().to_vec::<u8>().unwrap(), [3, 254, 0, 7]);
        assert_eq!(diff(&array, 2, -1).unwrap().to_vec::<u8>().unwrap(), [251, 7]);
        assert_eq!(diff(&array, 1, 0).unwrap().to_vec::<u8>().unwrap(), [255, 252, 5]);
        assert_eq!(diff(&array, 5, 1).unwrap().shape(), &[2, 0]);
        assert_eq!(diff(&array, 0, 1).unwrap(), array);
        let flags = NdArray::from_vec(&[3], vec![true, false, false]).unwrap();
        assert_eq!(diff(&flags, 1, 0).unwrap().to_vec::<bool>().unwrap(), [true, false]);
        let days =
            NdArray::from_vec(&[3], vec![5, 9, NAT]).unwrap().reinterpret("datetime64[D]".parse().unwrap()).unwrap();
        let found = diff(&days, 1, 0).unwrap();
        assert_eq!(
            (found.dtype().to_string(), found.to_vec::<i64>().unwrap()),
            ("timedelta64[D]".into(), vec![4, NAT])
        );
        assert!(diff(&array, 1, 2).is_err());
    }

    #[test]
    fn grids() {
        let found = indices_along(&[2, 3], &[5, 7], 1).unwrap();
        assert_eq!(found.to_vec::<i64>().unwrap(), [7, 8, 9, 7, 8, 9]);
        assert_eq!(indices_along(&[2, 3], &[5, 7], 0).unwrap().to_vec::<i64>().unwrap(), [5, 5, 5, 6, 6, 6]);
        let line = NdArray::from_vec(&[2], vec![0.5, 1.5]).unwrap();
        assert_eq!(along(&line, &[2, 2], 0).unwrap().to_vec::<f64>().unwrap(), [0.5, 0.5, 1.5, 1.5]);
        assert!(along(&line, &[3, 2], 0).is_err());
    }
}
