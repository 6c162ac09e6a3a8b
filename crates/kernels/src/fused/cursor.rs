//! A place in a walk over strided memory that moves forward by runs.

use smallvec::SmallVec;

use crate::strided::Walk;

/// A position in a [`Walk`]; gives the elements in C order as runs along the innermost axis.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<const N: usize> {
    walk: Walk<N>,
    index: SmallVec<[usize; 4]>,
    offsets: [isize; N],
    steps: [isize; N],
    inner: usize,
}

/// Up to so many elements along the innermost axis, from here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<const N: usize> {
    pub(crate) length: usize,
    pub(crate) offsets: [isize; N],
    pub(crate) steps: [isize; N],
}

impl<const N: usize> Cursor<N> {
    /// The start of a walk over `shape`, which has elements.
    pub(crate) fn new(shape: &[usize], strides: [&[isize]; N]) -> Self {
        let walk = Walk::new(shape, strides);
        let (inner, steps) = walk.inner();
        let index = SmallVec::from_elem(0, walk.shape().len().max(1));
        Self { walk, index, offsets: [0; N], steps, inner }
    }

    /// Whether all elements form one run.
    pub(crate) fn is_single_run(&self) -> bool {
        self.walk.shape().len() <= 1
    }

    /// Steps of the innermost axis.
    pub(crate) fn steps(&self) -> [isize; N] {
        self.steps
    }

    /// Elements of the innermost axis.
    pub(crate) fn line(&self) -> usize {
        self.inner
    }

    /// Where the next `length` elements begin, if they are one run; stays there.
    pub(crate) fn peek(&self, length: usize) -> Option<[isize; N]> {
        let last = self.index.len() - 1;
        (self.inner - self.index[last] >= length).then_some(self.offsets)
    }

    /// The innermost lines, if all others are the same ones again: the length of a line.
    pub(crate) fn period(&self) -> Option<usize> {
        let repeats = (0..N).all(|array| self.walk.strides(array)[..].first() == Some(&0));
        (self.walk.shape().len() == 2 && repeats).then_some(self.inner)
    }

    /// At the start of one of many short lines, each of which goes into the next state (the first array's stride): their length, and
    /// the first one's offsets.
    pub(crate) fn lines(&self) -> Option<(usize, [isize; N])> {
        let is_table = self.walk.shape().len() == 2 && self.index[1] == 0 && self.steps[0] == 0;
        let next_state =
            is_table && self.walk.strides(0)[0] == 1 && (1..N).all(|array| self.walk.strides(array)[0] == 0);
        next_state.then_some((self.inner, self.offsets))
    }

    /// Moves over whole lines, after [`Cursor::lines`].
    pub(crate) fn skip_lines(&mut self, count: usize) {
        self.index[0] += count;
        for (array, offset) in self.offsets.iter_mut().enumerate() {
            *offset += self.walk.strides(array)[0] * count as isize;
        }
    }

    /// The next run of at most `limit` elements, and moves behind it.
    #[inline]
    pub(crate) fn next_run(&mut self, limit: usize) -> Run<N> {
        let last = self.index.len() - 1;
        let length = (self.inner - self.index[last]).min(limit);
        let run = Run { length, offsets: self.offsets, steps: self.steps };
        self.index[last] += length;
        for (offset, step) in self.offsets.iter_mut().zip(self.steps) {
            *offset += step * length as isize;
        }
        if self.index[last] == self.inner {
            self.carry(last);
        }
        run
    }

    /// The innermost axis is at its end: moves to the next line.
    fn carry(&mut self, last: usize) {
        let shape = self.walk.shape();
        self.index[last] = 0;
        for (offset, step) in self.offsets.iter_mut().zip(self.steps) {
            *offset -= step * self.inner as isize;
        }
        let mut axis = last;
        while axis > 0 {
            axis -= 1;
            self.index[axis] += 1;
            for (array, offset) in self.offsets.iter_mut().enumerate() {
                *offset += self.walk.strides(array)[axis];
            }
            if self.index[axis] < shape[axis] {
                return;
            }
            for (array, offset) in self.offsets.iter_mut().enumerate() {
                *offset -= self.walk.strides(array)[axis] * shape[axis] as isize;
            }
            self.index[axis] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_the_walk_in_order() {
        let mut cursor = Cursor::new(&[3, 4], [&[1, 3]]);
        let mut seen = Vec::new();
        for limit in [5, 1, 2, 9, 9] {
            let run = cursor.next_run(limit);
            seen.extend((0..run.length as isize).map(|i| run.offsets[0] + i * run.steps[0]));
        }
        assert_eq!(seen, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    }
}
