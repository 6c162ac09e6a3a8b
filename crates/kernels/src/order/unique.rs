//! Distinct values.

use std::ops::Range;

use super::key::Sortable;
use super::key_order::Key;
use super::part::{Line, checked, sorted_part};
use super::sort::{check_length, order};
use crate::error::Result;
use crate::layout::copy::elements_in_order;
use crate::ndarray::NdArray;
use crate::with_element;

/// The distinct values of an array and where they occur.
#[derive(Debug, Clone)]
pub struct Unique {
    /// The values, sorted; all NaN count as one.
    pub values: NdArray,
    /// For each value the position of the first element in C order. int64.
    pub index: NdArray,
    /// For each element of the array, in its shape, the rank of its value. int64.
    pub inverse: NdArray,
    /// How often each value occurs. int64.
    pub counts: NdArray,
}

/// The distinct values of an array with their positions and counts.
///
/// # Errors
/// 2^32 elements or more.
pub fn unique(array: &NdArray) -> Result<Unique> {
    let time = array.dtype().is_time();
    check_length(array.len())?;
    with_element!(array.dtype(), T => {
        let elements = elements_in_order::<T>(array)?;
        let order = order(&elements, time);
        let (mut values, mut index, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let mut inverse = vec![0_i64; elements.len()];
        let mut before: Option<T> = None;
        for position in order {
            let value = elements[position as usize];
            if !before.is_some_and(|before| same(before, value, time)) {
                values.push(value);
                index.push(i64::from(position));
                counts.push(0_i64);
                before = Some(value);
            }
            if let Some(count) = counts.last_mut() {
                *count += 1;
            }
            inverse[position as usize] = values.len() as i64 - 1;
        }
        let length = [values.len()];
        Ok(Unique {
            values: NdArray::from_vec(&length, values)?.reinterpret(array.dtype())?,
            index: NdArray::from_vec(&length, index)?,
            inverse: NdArray::from_vec(array.shape(), inverse)?,
            counts: NdArray::from_vec(&length, counts)?,
        })
    })
}

/// The distinct values alone, sorted. The values of a larger array are those of its chunks' values put together.
///
/// # Errors
/// None that a valid array meets.
pub fn unique_values(array: &NdArray) -> Result<NdArray> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let mut keys: Vec<_> = elements_in_order::<T>(array)?.into_iter().map(|value| value.key(time)).collect();
        Key::sort(&mut keys);
        keys.dedup();
        let mut values: Vec<T> = keys.into_iter().map(|key| T::of_key(key, time)).collect();
        values.dedup_by(|later, before| same(*before, *later, time));
        NdArray::from_vec(&[values.len()], values)?.reinterpret(array.dtype())
    })
}

/// The distinct values of an array, sorted, and how often each occurs (int64): those of [`unique`], for less.
///
/// # Errors
/// None that a valid array meets.
pub fn unique_counts(array: &NdArray) -> Result<(NdArray, NdArray)> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let mut keys: Vec<_> = elements_in_order::<T>(array)?.into_iter().map(|value| value.key(time)).collect();
        Key::sort(&mut keys);
        let (mut values, mut counts): (Vec<T>, Vec<i64>) = Default::default();
        let mut before = None;
        for key in keys {
            if before != Some(key) {
                before = Some(key);
                let value = T::of_key(key, time);
                if !values.last().is_some_and(|last| same(*last, value, time)) {
                    values.push(value);
                    counts.push(0);
                }
            }
            if let Some(count) = counts.last_mut() {
                *count += 1;
            }
        }
        let length = [values.len()];
        let values = NdArray::from_vec(&length, values)?.reinterpret(array.dtype())?;
        Ok((values, NdArray::from_vec(&length, counts)?))
    })
}

/// The distinct values of a line (in several pieces, as for [`sort_part`](super::sort_part)) whose first element has one of some ranks in
/// the sorted line: over ranks that cover the line, the parts together are its [`unique_values`].
///
/// # Errors
/// As [`sort_part`](super::sort_part).
pub fn unique_part(pieces: &[NdArray], ranks: Range<usize>) -> Result<NdArray> {
    let dtype = checked(pieces, &ranks)?;
    let time = dtype.is_time();
    with_element!(dtype, T => {
        let line = Line::<T>::of(pieces, time, false)?;
        // The element before the part tells whether its first value began there.
        let first = ranks.start.saturating_sub(1);
        let mut keys = if ranks.is_empty() { Vec::new() } else { sorted_part(&line, first..ranks.end) };
        keys.dedup();
        let mut values: Vec<T> = keys.into_iter().map(|key| T::of_key(key, time)).collect();
        values.dedup_by(|later, before| same(*before, *later, time));
        if first < ranks.start && !values.is_empty() {
            values.remove(0);
        }
        NdArray::from_vec(&[values.len()], values)?.reinterpret(dtype)
    })
}

fn same<T: Sortable>(left: T, right: T, time: bool) -> bool {
    left.key(time) == right.key(time) || (left.is_nan(time) && right.is_nan(time))
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::DType;

    #[test]
    fn values_positions_and_counts() {
        let array = NdArray::from_vec(&[2, 3], vec![3_u8, 1, 3, 2, 1, 3]).unwrap();
        let found = unique(&array).unwrap();
        assert_eq!(found.values.to_vec::<u8>().unwrap(), [1, 2, 3]);
        assert_eq!(found.index.to_vec::<i64>().unwrap(), [1, 3, 0]);
        assert_eq!(
            (found.inverse.shape(), found.inverse.to_vec::<i64>().unwrap()),
            (&[2, 3][..], vec![2, 0, 2, 1, 0, 2])
        );
        assert_eq!(found.counts.to_vec::<i64>().unwrap(), [2, 1, 3]);
        assert_eq!(unique_values(&array).unwrap(), found.values);
        let empty = unique(&NdArray::zeros(DType::F32, &[0]).unwrap()).unwrap();
        assert_eq!((empty.values.dtype(), empty.values.len()), (DType::F32, 0));
    }

    #[test]
    fn parts_and_counts_are_those_of_the_whole() {
        let numbers = |count: usize, distinct: u64| -> Vec<f64> {
            let element = |at: usize| match (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40 {
                bits if bits % 41 == 0 => f64::NAN,
                bits if bits % 43 == 0 => -0.0,
                bits => (bits % distinct) as f64 - 3.0,
            };
            (0..count).map(element).collect()
        };
        for (count, distinct) in [(0, 1), (1, 1), (50, 3), (5000, 7), (5000, 4000), (70_000, 2)] {
            let line = NdArray::from_vec(&[count], numbers(count, distinct)).unwrap();
            let found = unique(&line).unwrap();
            let (values, counts) = unique_counts(&line).unwrap();
            assert_eq!((values.len(), &counts), (found.values.len(), &found.counts));
            let pieces = [0..count / 3, count / 3..count].map(|range| line.slice(&[range.into()]).unwrap());
            for parts in [1, 2, 3, 7] {
                let cut = |part: usize| part * count / parts;
                let made: Vec<f64> = (0..parts)
                    .flat_map(|part| unique_part(&pieces, cut(part)..cut(part + 1)).unwrap().to_vec::<f64>().unwrap())
                    .collect();
                let expected = unique_values(&line).unwrap().to_vec::<f64>().unwrap();
                assert_eq!(format!("{made:?}"), format!("{expected:?}"), "{count} elements in {parts} parts");
            }
        }
        let line = NdArray::from_vec(&[3], vec![1_i8, 2, 2]).unwrap();
        assert!(unique_part(std::slice::from_ref(&line), 1..4).is_err());
    }

    #[test]
    fn nan_and_zero_occur_once() {
        let array = NdArray::from_vec(&[6], vec![f64::NAN, 0.0, -0.0, 1.0, -f64::NAN, 1.0]).unwrap();
        let found = unique(&array).unwrap();
        assert_eq!(found.counts.to_vec::<i64>().unwrap(), [2, 2, 2]);
        assert_eq!(found.index.to_vec::<i64>().unwrap(), [1, 3, 0]);
        assert_eq!(unique_values(&array).unwrap().len(), 3);
        let nan = f32::NAN;
        let complex = [(nan, 0.0), (1.0, nan), (1.0, 2.0), (nan, nan)].map(|(re, im)| Complex::new(re, im)).to_vec();
        let complex = NdArray::from_vec(&[4], complex).unwrap();
        assert_eq!(unique(&complex).unwrap().counts.to_vec::<i64>().unwrap(), [1, 3]);
        assert_eq!(unique_values(&complex).unwrap().len(), 2);
        assert_eq!(unique_counts(&complex).unwrap().1.to_vec::<i64>().unwrap(), [1, 3]);
        let days = NdArray::from_vec(&[3], vec![i64::MIN, 4, i64::MIN])
            .unwrap()
            .reinterpret("datetime64[D]".parse().unwrap())
            .unwrap();
        let found = unique(&days).unwrap();
        assert_eq!((found.values.dtype(), found.values.to_vec::<i64>().unwrap()), (days.dtype(), vec![4, i64::MIN]));
    }
}
