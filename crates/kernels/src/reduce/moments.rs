//! Variance and standard deviation in one pass: count, mean and the sum of squared deviations.
//!
//! A run in cache is looked at twice (mean, then deviations from it, with the correction of its rounding); runs merge as Chan, Golub
//! and LeVeque have it ("Updating formulae and a pairwise algorithm for computing sample variances", 1979). Where an axis in the
//! middle is reduced, elements enter one by one by Welford's formula. Means are kept relative to the first element of each state, so
//! that numbers far from zero lose nothing.

use std::marker::PhantomData;

use super::fold::finished;
use super::kernel::{Kernel, component, read};
use super::sum::{Addend, RunSum};
use crate::dtype::DType;
use crate::error::Result;
use crate::isa::{Work, perform};
use crate::memory::filled;
use crate::ndarray::NdArray;

/// The kernel of real numbers.
#[derive(Clone)]
pub(crate) struct Moments<A, const SKIP: bool> {
    counts: Vec<f64>,
    /// The first element of each state.
    origins: Vec<f64>,
    /// Means less origins.
    means: Vec<f64>,
    squares: Vec<f64>,
    ddof: f64,
    root: bool,
    addend: PhantomData<A>,
}

impl<A: Addend, const SKIP: bool> Moments<A, SKIP> {
    pub(crate) fn new(states: usize, ddof: f64, root: bool) -> Self {
        let zeros = filled(0.0, states);
        let (counts, origins, means) = (zeros.clone(), zeros.clone(), zeros.clone());
        Self { counts, origins, means, squares: zeros, ddof, root, addend: PhantomData }
    }

    /// With the squares of another: those of both parts of complex numbers.
    pub(super) fn with_squares_of(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.squares.iter_mut().zip(&other.squares).for_each(|(square, more)| *square += more);
        both
    }

    /// Takes in the state of others, whose mean is `origin + mean`.
    fn join(&mut self, state: usize, count: f64, origin: f64, mean: f64, squares: f64) {
        if count == 0.0 {
            return;
        }
        let before = self.counts[state];
        if before == 0.0 {
            (self.counts[state], self.origins[state]) = (count, origin);
            (self.means[state], self.squares[state]) = (mean, squares);
            return;
        }
        let total = before + count;
        let delta = (origin - self.origins[state]) + (mean - self.means[state]);
        self.counts[state] = total;
        self.means[state] += delta * (count / total);
        self.squares[state] += squares + delta * delta * (before * (count / total));
    }
}

/// The sum of squared deviations from a mean, corrected by what the mean lacks, and what it lacks.
struct Deviations<'a, A: Addend, const SKIP: bool>(&'a [A::In], f64, f64);

impl<A: Addend, const SKIP: bool> Work for Deviations<'_, A, SKIP> {
    type Given = (f64, f64);

    #[inline(always)]
    fn work(self) -> (f64, f64) {
        const LANES: usize = 16;
        let Self(values, mean, count) = self;
        let (mut squares, mut sums) = ([0.0f64; LANES], [0.0f64; LANES]);
        let mut chunks = values.chunks_exact(LANES);
        let deviation = |value: A::In| {
            let value = A::lift(value);
            // Of infinite elements the deviation is NaN, and so is what comes of it.
            if SKIP && value.is_nan() { 0.0 } else { value - mean }
        };
        for chunk in &mut chunks {
            for ((square, sum), value) in squares.iter_mut().zip(&mut sums).zip(chunk) {
                let deviation = deviation(*value);
                *square = deviation.mul_add(deviation, *square);
                *sum += deviation;
            }
        }
        for (place, value) in chunks.remainder().iter().enumerate() {
            let deviation = deviation(*value);
            squares[place] += deviation * deviation;
            sums[place] += deviation;
        }
        let (square, sum): (f64, f64) = (squares.iter().sum(), sums.iter().sum());
        (square - sum * (sum / count), sum / count)
    }
}

struct Welford<'a, A: Addend, const SKIP: bool> {
    counts: &'a mut [f64],
    origins: &'a mut [f64],
    means: &'a mut [f64],
    squares: &'a mut [f64],
    values: &'a [A::In],
}

impl<A: Addend, const SKIP: bool> Work for Welford<'_, A, SKIP> {
    type Given = ();

    #[inline(always)]
    fn work(self) {
        let states = self.counts.iter_mut().zip(self.origins).zip(self.means).zip(self.squares);
        for ((((count, origin), mean), square), value) in states.zip(self.values) {
            let value = A::lift(*value);
            let taken = !(SKIP && value.is_nan());
            let first = if *count == 0.0 { value } else { *origin };
            let value = value - first;
            let total = *count + 1.0;
            let delta = value - *mean;
            let moved = *mean + delta / total;
            let grown = delta.mul_add(value - moved, *square);
            *origin = if taken { first } else { *origin };
            *count = if taken { total } else { *count };
            *mean = if taken { moved } else { *mean };
            *square = if taken { grown } else { *square };
        }
    }
}

impl<A: Addend, const SKIP: bool> Kernel for Moments<A, SKIP> {
    type In = A::In;

    fn run(&mut self, state: usize, values: &[A::In], _: i64, _: i64) {
        let (sum, count) = perform(RunSum::<A, SKIP>(values));
        let mean = sum / count;
        let (squares, lacks) = perform(Deviations::<A, SKIP>(values, mean, count));
        let first = values.iter().map(|value| A::lift(*value)).find(|value| !(SKIP && value.is_nan())).unwrap_or(mean);
        self.join(state, count, first, (mean - first) + lacks, squares);
    }

    fn rows(&mut self, first: usize, values: &[A::In], _: i64, _: i64) {
        let range = first..first + values.len();
        perform(Welford::<A, SKIP> {
            counts: &mut self.counts[range.clone()],
            origins: &mut self.origins[range.clone()],
            means: &mut self.means[range.clone()],
            squares: &mut self.squares[range],
            values,
        });
    }

    fn states(&self) -> usize {
        self.counts.len()
    }

    fn arrays(&self) -> Vec<NdArray> {
        [&self.counts, &self.origins, &self.means, &self.squares].map(|states| component(states)).to_vec()
    }

    fn merge(&mut self, arrays: &[NdArray]) -> Result<()> {
        let states = self.counts.len();
        let (counts, origins) = (read::<f64>(arrays, 0, states)?, read::<f64>(arrays, 1, states)?);
        let (means, squares) = (read::<f64>(arrays, 2, states)?, read::<f64>(arrays, 3, states)?);
        for state in 0..states {
            self.join(state, counts[state], origins[state], means[state], squares[state]);
        }
        Ok(())
    }

    fn finish(&self, _: u64, dtype: DType) -> Result<NdArray> {
        let results: Vec<f64> = self
            .squares
            .iter()
            .zip(&self.counts)
            .map(|(squares, count)| {
                let divisor = count - self.ddof;
                // As NumPy: a divisor below zero counts as zero, but nanvar gives NaN.
                let divisor = if divisor > 0.0 {
                    divisor
                } else if SKIP {
                    f64::NAN
                } else {
                    0.0
                };
                let variance = squares / divisor;
                if self.root { variance.sqrt() } else { variance }
            })
            .collect();
        finished(&results, dtype)
    }
}
