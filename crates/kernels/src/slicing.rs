//! Basic indexing: integers, slices with steps, new axes, the ellipsis. Every result is a view.

use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::shape::{Dims, Strides};

/// One part of a basic index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SliceSpec {
    /// One position; the axis goes. Negative counts from the end.
    Index(isize),
    /// `start:stop:step` as in Python: bounds are clipped, negative ones count from the end.
    Range {
        /// First position; the first (or with a negative step the last) if absent.
        start: Option<isize>,
        /// Position before which to stop; the end if absent.
        stop: Option<isize>,
        /// Distance; not zero.
        step: isize,
    },
    /// A new axis of length one.
    NewAxis,
    /// All the axes that no other part names.
    Ellipsis,
}

impl SliceSpec {
    /// `:`, a whole axis.
    pub const ALL: Self = Self::Range { start: None, stop: None, step: 1 };
    /// `::-1`, a whole axis backwards.
    pub const REVERSED: Self = Self::Range { start: None, stop: None, step: -1 };
}

impl From<std::ops::Range<usize>> for SliceSpec {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::Range { start: Some(range.start as isize), stop: Some(range.end as isize), step: 1 }
    }
}

/// Where a Python slice starts on an axis, and how many elements it takes.
///
/// # Errors
/// When the step is zero.
pub fn resolve_range(start: Option<isize>, stop: Option<isize>, step: isize, length: usize) -> Result<(isize, usize)> {
    if step == 0 {
        return Err(KernelError::invalid("slice step cannot be zero"));
    }
    let length = length as isize;
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clip = |bound: isize| (if bound < 0 { bound.saturating_add(length) } else { bound }).clamp(low, high);
    let start = start.map_or(if step > 0 { low } else { high }, clip);
    let stop = stop.map_or(if step > 0 { high } else { low }, clip);
    let span = if step > 0 { stop - start } else { start - stop };
    Ok((start, if span <= 0 { 0 } else { (span as usize).div_ceil(step.unsigned_abs()) }))
}

impl NdArray {
    /// Basic indexing, as `array[parts]` in Python; axes that are not named are taken whole.
    ///
    /// # Errors
    /// [`KernelError::IndexOutOfBounds`], [`KernelError::TooManyIndices`], a step of zero, two ellipses.
    pub fn slice(&self, parts: &[SliceSpec]) -> Result<Self> {
        let named = parts.iter().filter(|part| matches!(part, SliceSpec::Index(_) | SliceSpec::Range { .. })).count();
        if named > self.ndim() {
            return Err(KernelError::TooManyIndices { ndim: self.ndim(), given: named });
        }
        if parts.iter().filter(|part| **part == SliceSpec::Ellipsis).count() > 1 {
            return Err(KernelError::invalid("an index can only have a single ellipsis ('...')"));
        }
        let (mut shape, mut strides, mut offset) = (Dims::new(), Strides::new(), self.offset() as isize);
        let mut axis = 0;
        for part in parts {
            match *part {
                SliceSpec::NewAxis => {
                    shape.push(1);
                    strides.push(0);
                }
                SliceSpec::Ellipsis => {
                    let rest = self.ndim() - named;
                    shape.extend_from_slice(&self.shape()[axis..axis + rest]);
                    strides.extend_from_slice(&self.strides()[axis..axis + rest]);
                    axis += rest;
                }
                SliceSpec::Index(index) => {
                    let size = self.shape()[axis];
                    let position = if index < 0 { index.saturating_add_unsigned(size) } else { index };
                    if position < 0 || position as usize >= size {
                        return Err(KernelError::IndexOutOfBounds { index, axis, size });
                    }
                    offset += position * self.strides()[axis];
                    axis += 1;
                }
                SliceSpec::Range { start, stop, step } => {
                    let (first, count) = resolve_range(start, stop, step, self.shape()[axis])?;
                    if count > 0 {
                        offset += first * self.strides()[axis];
                    }
                    shape.push(count);
                    strides.push(self.strides()[axis].saturating_mul(step));
                    axis += 1;
                }
            }
        }
        shape.extend_from_slice(&self.shape()[axis..]);
        strides.extend_from_slice(&self.strides()[axis..]);
        Ok(self.view(shape, strides, offset as usize))
    }

    /// A new axis of length one before axis `axis`.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`].
    pub fn insert_axis(&self, axis: usize) -> Result<Self> {
        if axis > self.ndim() {
            return Err(KernelError::AxisOutOfBounds { axis: axis as isize, ndim: self.ndim() + 1 });
        }
        let (mut shape, mut strides): (Dims, Strides) = (self.shape().into(), self.strides().into());
        shape.insert(axis, 1);
        strides.insert(axis, 0);
        Ok(self.view(shape, strides, self.offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::SliceSpec::*;
    use super::*;

    fn range(start: impl Into<Option<isize>>, stop: impl Into<Option<isize>>, step: isize) -> SliceSpec {
        Range { start: start.into(), stop: stop.into(), step }
    }

    #[test]
    fn slices_as_python_does() {
        let array = NdArray::from_vec(&[10], (0..10i32).collect()).unwrap();
        for (part, expected) in [
            (range(2, 5, 1), vec![2, 3, 4]),
            (range(None, None, -3), vec![9, 6, 3, 0]),
            (range(-3, None, 2), vec![7, 9]),
            (range(20, -30, -4), vec![9, 5, 1]),
            (range(5, 2, 1), vec![]),
            (range(None, -8, 1), vec![0, 1]),
            (range(None, -8, -5), vec![9, 4]),
            (SliceSpec::from(1..3), vec![1, 2]),
        ] {
            assert_eq!(array.slice(&[part]).unwrap().to_vec::<i32>().unwrap(), expected, "{part:?}");
        }
        assert!(array.slice(&[range(0, 1, 0)]).is_err());
    }

    #[test]
    fn parts_combine() {
        let array = NdArray::from_vec(&[2, 3, 4], (0..24i32).collect()).unwrap();
        let view = array.slice(&[Ellipsis, Index(-1)]).unwrap();
        assert_eq!((view.shape(), view.to_vec::<i32>().unwrap()), (&[2, 3][..], vec![3, 7, 11, 15, 19, 23]));
        let view = array.slice(&[Index(1), NewAxis, range(None, None, -2)]).unwrap();
        assert_eq!((view.shape(), view.to_vec::<i32>().unwrap()[0]), (&[1, 2, 4][..], 20));
        assert_eq!(array.slice(&[Index(2)]), Err(KernelError::IndexOutOfBounds { index: 2, axis: 0, size: 2 }));
        let error = array.slice(&[Index(0); 4]).unwrap_err();
        assert_eq!(error.to_string(), "too many indices for array: array is 3-dimensional, but 4 were indexed");
        assert!(array.slice(&[Ellipsis, Ellipsis]).is_err());
        assert_eq!(array.slice(&[Index(1), Index(2), Index(3)]).unwrap().to_vec::<i32>().unwrap(), [23]);
        let empty = array.slice(&[SliceSpec::ALL, range(3, None, 1)]).unwrap();
        assert_eq!((empty.shape(), empty.to_vec::<i32>().unwrap().len()), (&[2, 0, 4][..], 0));
        assert_eq!(array.insert_axis(3).unwrap().shape(), &[2, 3, 4, 1]);
    }
}
