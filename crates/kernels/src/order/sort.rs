//! Sorting along an axis, and searching in what is sorted.

use super::key::Sortable;
use super::key_order::Key;
use super::lines::Lines;
use crate::error::{KernelError, Result};
use crate::layout::copy::elements_in_order;
use crate::layout::width::same_dtype;
use crate::memory::reserved;
use crate::ndarray::NdArray;
use crate::with_element;

/// The array with each line along `axis` in ascending order; NaN and NaT last.
///
/// # Errors
/// An axis out of bounds.
pub fn sort(array: &NdArray, axis: isize) -> Result<NdArray> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let last = crate::shape::normalize_axis(axis, array.ndim())? + 1 == array.ndim();
        match array.as_slice::<T>() {
            Some(elements) if last && has_keys_of_its_size::<T>() && !elements.is_empty() => {
                // Keys are made while they are copied.
                let mut keys = reserved(elements.len());
                keys.extend(elements.iter().map(|value| value.exact_key(time)));
                keys.chunks_exact_mut(array.shape()[array.ndim() - 1]).for_each(Key::sort);
                let elements = into_elements::<T>(keys, time).unwrap_or_default();
                NdArray::from_vec(array.shape(), elements)?.reinterpret(array.dtype())
            }
            _ => {
                let mut lines = Lines::<T>::of(array, axis)?;
                let mut sorter = Sorter::<T>::new(time);
                lines.for_each(|line| sorter.sort(line));
                lines.into_array()?.reinterpret(array.dtype())
            }
        }
    })
}

fn has_keys_of_its_size<T: Sortable>() -> bool {
    size_of::<T>() == size_of::<T::Key>() && align_of::<T>() == align_of::<T::Key>()
}

/// The elements of keys of their size, in the same memory; keys of another size as they came.
pub(super) fn into_elements<T: Sortable>(keys: Vec<T::Key>, time: bool) -> std::result::Result<Vec<T>, Vec<T::Key>> {
    if !has_keys_of_its_size::<T>() {
        return Err(keys);
    }
    let mut keys = std::mem::ManuallyDrop::new(keys);
    let (memory, length, capacity) = (keys.as_mut_ptr(), keys.len(), keys.capacity());
    for place in 0..length {
        // SAFETY: within the vector; each key is read before the element of its size is written in its place.
        unsafe { memory.add(place).cast::<T>().write(T::of_key(memory.add(place).read(), time)) };
    }
    // SAFETY: the vector is not dropped; its allocation is that of as many elements of equal size and alignment, and all are written.
    Ok(unsafe { Vec::from_raw_parts(memory.cast::<T>(), length, capacity) })
}

struct Sorter<T: Sortable> {
    keys: Vec<T::Key>,
    time: bool,
}

impl<T: Sortable> Sorter<T> {
    fn new(time: bool) -> Self {
        Self { keys: Vec::new(), time }
    }

    fn sort(&mut self, line: &mut [T]) {
        if let Some(keys) = in_place(line, self.time) {
            T::Key::sort(keys);
            let keys: *const T::Key = keys.as_ptr();
            for (place, value) in line.iter_mut().enumerate() {
                // SAFETY: `keys` lie in the memory of `line`, one a value; each is read before its value is written.
                *value = T::of_key(unsafe { keys.add(place).read() }, self.time);
            }
            return;
        }
        self.keys.clear();
        self.keys.extend(line.iter().map(|value| value.exact_key(self.time)));
        T::Key::sort(&mut self.keys);
        for (value, key) in line.iter_mut().zip(&self.keys) {
            *value = T::of_key(*key, self.time);
        }
    }
}

/// The keys of elements in their place, where both are of one size. Afterwards the memory holds keys, not elements.
fn in_place<T: Sortable>(line: &mut [T], time: bool) -> Option<&mut [T::Key]> {
    if !has_keys_of_its_size::<T>() {
        return None;
    }
    let (memory, length) = (line.as_mut_ptr(), line.len());
    let keys = memory.cast::<T::Key>();
    for place in 0..length {
        // SAFETY: within the line, whose elements have the size and alignment of keys; keys of that size are plain integers, and those of
        // `bool` are 0 and 1.
        unsafe { keys.add(place).write(memory.add(place).read().exact_key(time)) };
    }
    // SAFETY: as above; the line is borrowed for as long as the keys.
    Some(unsafe { std::slice::from_raw_parts_mut(keys, length) })
}

/// The positions of the elements in the order of [`sort`], equal ones in the order in which they stand (stable). int64.
///
/// # Errors
/// An axis out of bounds; lines of 2^32 elements or more.
pub fn argsort(array: &NdArray, axis: isize) -> Result<NdArray> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let lines = Lines::<T>::of(array, axis)?;
        check_length(lines.length)?;
        let mut positions: Vec<i64> = reserved(lines.elements.len());
        for line in lines.iter() {
            positions.extend(order(line, time).into_iter().map(i64::from));
        }
        lines.array(lines.length, positions)
    })
}

/// The positions of elements in ascending order, stable.
pub(super) fn order<T: Sortable>(line: &[T], time: bool) -> Vec<u32> {
    let mut keys = reserved(line.len());
    keys.extend(line.iter().map(|value| value.key(time)));
    T::Key::order(&keys)
}

/// That positions fit in 32 bits.
pub(super) fn check_length(length: usize) -> Result<()> {
    match u32::try_from(length) {
        Ok(_) => Ok(()),
        Err(_) => {
            Err(KernelError::invalid(format!("a line of {length} elements is too long to sort: rechunk it first")))
        }
    }
}

/// One sorted array of all elements of one-dimensional arrays that are sorted.
///
/// # Errors
/// No arrays, other dimensions, dtypes that differ.
pub fn merge_sorted(runs: &[NdArray]) -> Result<NdArray> {
    let first = runs.first().ok_or_else(|| KernelError::invalid("need at least one run to merge"))?;
    same_dtype("merge", first.dtype(), runs.iter().map(NdArray::dtype))?;
    if runs.iter().any(|run| run.ndim() != 1) {
        return Err(KernelError::invalid("runs to merge have one dimension"));
    }
    let time = first.dtype().is_time();
    with_element!(first.dtype(), T => {
        let mut runs = runs.iter().map(elements_in_order::<T>).collect::<Result<Vec<_>>>()?;
        // Neighbours are merged until one is left: each element is moved log2(runs) times.
        while runs.len() > 1 {
            runs = runs.chunks(2).map(|pair| match pair {
                [left, right] => merge(left, right, time),
                other => other.concat(),
            }).collect();
        }
        let merged = runs.pop().unwrap_or_default();
        NdArray::from_vec(&[merged.len()], merged)?.reinterpret(first.dtype())
    })
}

fn merge<T: Sortable>(left: &[T], right: &[T], time: bool) -> Vec<T> {
    let mut merged = reserved(left.len() + right.len());
    let (mut l, mut r) = (0, 0);
    while l < left.len() && r < right.len() {
        let from_left = left[l].key(time) <= right[r].key(time);
        merged.push(if from_left { left[l] } else { right[r] });
        l += usize::from(from_left);
        r += usize::from(!from_left);
    }
    merged.extend_from_slice(&left[l..]);
    merged.extend_from_slice(&right[r..]);
    merged
}

/// Where each of `values` would stand in a sorted one-dimensional array: before equal elements, or with `right` after them.
/// int64, of the shape of `values`.
///
/// # Errors
/// Not one dimension; dtypes that differ.
pub fn searchsorted(sorted: &NdArray, values: &NdArray, right: bool) -> Result<NdArray> {
    if sorted.ndim() != 1 {
        return Err(KernelError::invalid(format!(
            "object of too small or too large depth: searchsorted takes a sorted array of 1 dimension, not {}",
            sorted.ndim()
        )));
    }
    same_dtype("searchsorted", sorted.dtype(), [values.dtype()])?;
    let time = sorted.dtype().is_time();
    with_element!(sorted.dtype(), T => {
        let sorted = sorted.contiguous();
        let all = elements_ref::<T>(&sorted)?;
        let place = |value: T| {
            let key = value.key(time);
            match right {
                false => all.partition_point(|other| other.key(time) < key),
                true => all.partition_point(|other| other.key(time) <= key),
            }
        };
        let places = elements_in_order::<T>(values)?.into_iter().map(|value| place(value) as i64).collect();
        NdArray::from_vec(values.shape(), places)
    })
}

fn elements_ref<T: Sortable>(array: &NdArray) -> Result<&[T]> {
    array.as_slice::<T>().ok_or_else(|| KernelError::invalid("array is not contiguous"))
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::random::{Distribution, Key as Seed};
    use crate::{DType, Scalar, SliceSpec};

    fn doubles(shape: &[usize]) -> NdArray {
        Distribution::STANDARD_NORMAL.array(Seed::new(4, 4), DType::F64, shape).unwrap()
    }

    #[test]
    fn lines_are_sorted_along_any_axis() {
        for shape in [&[7, 600][..], &[600, 3], &[3, 4, 5], &[0, 3], &[3, 0], &[1]] {
            let array = doubles(shape);
            for axis in 0..shape.len() {
                let sorted = sort(&array, axis as isize).unwrap();
                let order = argsort(&array, axis as isize).unwrap();
                assert_eq!((sorted.shape(), order.shape(), order.dtype()), (shape, shape, DType::I64));
                let (before, after) = (
                    Lines::<f64>::of(&array, axis as isize).unwrap(),
                    Lines::<f64>::of(&sorted, axis as isize).unwrap(),
                );
                let order = Lines::<i64>::of(&order, axis as isize).unwrap();
                for ((before, after), order) in before.iter().zip(after.iter()).zip(order.iter()) {
                    let mut expected = before.to_vec();
                    expected.sort_by(f64::total_cmp);
                    assert_eq!(after, expected);
                    assert_eq!(order.iter().map(|i| before[*i as usize]).collect::<Vec<_>>(), expected);
                }
            }
        }
    }

    #[test]
    fn nan_and_nat_are_last() {
        let array = NdArray::from_vec(&[5], vec![f64::NAN, 1.0, f64::NEG_INFINITY, f64::INFINITY, -f64::NAN]).unwrap();
        let sorted = sort(&array, 0).unwrap().to_vec::<f64>().unwrap();
        assert_eq!(sorted[..3], [f64::NEG_INFINITY, 1.0, f64::INFINITY]);
        assert!(sorted[3].is_nan() && sorted[4].is_nan());
        assert_eq!(argsort(&array, 0).unwrap().to_vec::<i64>().unwrap(), [2, 1, 3, 0, 4]);
        let days = NdArray::from_vec(&[3], vec![i64::MIN, 5, -5])
            .unwrap()
            .reinterpret("datetime64[D]".parse().unwrap())
            .unwrap();
        let sorted = sort(&days, 0).unwrap();
        assert_eq!((sorted.dtype(), sorted.to_vec::<i64>().unwrap()), (days.dtype(), vec![-5, 5, i64::MIN]));
        let nan = f32::NAN;
        let complex = [(1.0, nan), (3.0, 1.0), (nan, 0.0), (1.0, 7.0), (1.0, 2.0)].map(|(re, im)| Complex::new(re, im));
        let complex = NdArray::from_vec(&[5], complex.to_vec()).unwrap();
        assert_eq!(argsort(&complex, 0).unwrap().to_vec::<i64>().unwrap(), [4, 3, 1, 0, 2]);
    }

    #[test]
    fn argsort_is_stable() {
        let zeros = NdArray::from_vec(&[4], vec![0.0, -0.0, 0.0, -1.0]).unwrap();
        assert_eq!(argsort(&zeros, 0).unwrap().to_vec::<i64>().unwrap(), [3, 0, 1, 2]);
        let many = NdArray::from_vec(&[2000], (0..2000).map(|i| (i % 3) as i8).collect()).unwrap();
        let order = argsort(&many, 0).unwrap().to_vec::<i64>().unwrap();
        assert!(order.is_sorted_by_key(|i| (i % 3, *i)));
        assert!(sort(&NdArray::scalar(Scalar::F64(1.0)), 0).is_err());
    }

    #[test]
    fn every_dtype_sorts() {
        for dtype in DType::NUMERIC {
            let array = NdArray::from_vec(&[3], vec![1_u8, 0, 1]).unwrap();
            let array = with_element!(dtype, T => {
                let values = array.to_vec::<u8>().unwrap().into_iter().map(<T as crate::cast::CastFrom<u8>>::cast_from);
                NdArray::from_vec(&[3], values.collect::<Vec<T>>()).unwrap()
            });
            let sorted = sort(&array, 0).unwrap();
            assert_eq!((sorted.dtype(), sorted.get(&[0]).unwrap()), (dtype, Scalar::zero(dtype)));
            assert_eq!(argsort(&array, 0).unwrap().to_vec::<i64>().unwrap(), [1, 0, 2]);
        }
    }

    #[test]
    fn runs_are_merged() {
        let array = doubles(&[1000]);
        let parts = [0..100, 100..100, 100..731, 731..999, 999..1000]
            .map(|r| sort(&array.slice(&[r.into()]).unwrap(), 0).unwrap());
        assert_eq!(merge_sorted(&parts).unwrap(), sort(&array, 0).unwrap());
        assert!(merge_sorted(&[]).is_err());
        assert!(merge_sorted(&[doubles(&[2, 2])]).is_err());
    }

    #[test]
    fn places_are_found() {
        let sorted = NdArray::from_vec(&[6], vec![1.0, 2.0, 2.0, 3.0, f64::NAN, f64::NAN]).unwrap();
        let values = NdArray::from_vec(&[2, 3], vec![0.0, 2.0, 2.5, 9.0, f64::NAN, -1.0]).unwrap();
        let place = |right| searchsorted(&sorted, &values, right).unwrap().to_vec::<i64>().unwrap();
        assert_eq!(place(false), [0, 1, 3, 4, 4, 0]);
        assert_eq!(place(true), [0, 3, 3, 4, 6, 0]);
        let back = sort(&doubles(&[9]), 0).unwrap().slice(&[SliceSpec::REVERSED]).unwrap();
        let again = back.slice(&[SliceSpec::REVERSED]).unwrap();
        assert_eq!(searchsorted(&again, &again, false).unwrap().to_vec::<i64>().unwrap(), (0..9).collect::<Vec<_>>());
        assert!(searchsorted(&values, &values, false).is_err());
    }
}
