//! Walking strided memory in C order.

use smallvec::SmallVec;

use crate::shape::{Dims, Strides};

/// A shape with the strides of `N` arrays over it, with axes merged where all of them allow: the loops that are really needed.
#[derive(Debug, Clone)]
pub struct Walk<const N: usize> {
    shape: Dims,
    strides: [Strides; N],
}

impl<const N: usize> Walk<N> {
    /// The walk over `shape`, whose strides (one per axis) each array gives. Axes of length one vanish; neighbours that step as one
    /// axis are merged.
    pub fn new(shape: &[usize], strides: [&[isize]; N]) -> Self {
        let mut merged: Self = Self { shape: Dims::new(), strides: std::array::from_fn(|_| Strides::new()) };
        for (axis, length) in shape.iter().copied().enumerate() {
            if length == 1 {
                continue;
            }
            let joins = merged.shape.last().is_some()
                && (0..N).all(|array| {
                    merged.strides[array].last().is_some_and(|outer| *outer == strides[array][axis] * length as isize)
                });
            if joins {
                if let Some(last) = merged.shape.last_mut() {
                    *last *= length;
                }
                for (merged, own) in merged.strides.iter_mut().zip(strides) {
                    if let Some(last) = merged.last_mut() {
                        *last = own[axis];
                    }
                }
            } else {
                merged.shape.push(length);
                for (merged, own) in merged.strides.iter_mut().zip(strides) {
                    merged.push(own[axis]);
                }
            }
        }
        merged
    }

    /// The merged shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The merged strides of one array.
    pub fn strides(&self, array: usize) -> &[isize] {
        &self.strides[array]
    }

    /// Length and strides of the innermost loop.
    pub fn inner(&self) -> (usize, [isize; N]) {
        match self.shape.last() {
            Some(length) => (*length, std::array::from_fn(|array| self.strides[array][self.shape.len() - 1])),
            None => (1, [1; N]),
        }
    }

    /// Calls `run(offsets)` for the start of each innermost loop, in C order; none for an empty shape.
    pub fn for_each_run(&self, mut run: impl FnMut([isize; N])) {
        if self.shape.contains(&0) {
            return;
        }
        let outer = self.shape.len().saturating_sub(1);
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, outer);
        let mut offsets = [0isize; N];
        loop {
            run(offsets);
            let mut axis = outer;
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                index[axis] += 1;
                for (array, offset) in offsets.iter_mut().enumerate() {
                    *offset += self.strides[array][axis];
                }
                if index[axis] < self.shape[axis] {
                    break;
                }
                for (array, offset) in offsets.iter_mut().enumerate() {
                    *offset -= self.strides[array][axis] * self.shape[axis] as isize;
                }
                index[axis] = 0;
            }
        }
    }

    /// Calls `each(offsets)` for every element, in C order.
    pub fn for_each(&self, mut each: impl FnMut([isize; N])) {
        let (length, steps) = self.inner();
        self.for_each_run(|mut offsets| {
            for _ in 0..length {
                each(offsets);
                for (offset, step) in offsets.iter_mut().zip(steps) {
                    *offset += step;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_merge() {
        let walk = Walk::new(&[2, 1, 3, 4], [&[12, 99, 4, 1]]);
        assert_eq!(walk.shape(), &[24]);
        assert_eq!(walk.inner(), (24, [1]));
        let walk = Walk::new(&[2, 3], [&[3, 1], &[1, 2]]);
        assert_eq!(walk.shape(), &[2, 3]);
        let mut seen = Vec::new();
        walk.for_each(|offsets| seen.push(offsets));
        assert_eq!(seen, [[0, 0], [1, 2], [2, 4], [3, 1], [4, 3], [5, 5]]);
    }

    #[test]
    fn empty_and_single() {
        let count = |shape: &[usize], strides: &[isize]| {
            let mut count = 0;
            Walk::new(shape, [strides]).for_each(|_| count += 1);
            count
        };
        assert_eq!(count(&[], &[]), 1);
        assert_eq!(count(&[1, 1], &[5, 7]), 1);
        assert_eq!(count(&[2, 0, 3], &[0, 3, 1]), 0);
        assert_eq!(count(&[2, 2, 2], &[0, 0, 0]), 8);
    }
}
