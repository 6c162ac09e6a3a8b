//! Random arrays: the same numbers for any chunks, threads or retries.
//!
//! Element `i` in C order is a function of the seed, the number of the draw and `i`: two generators of one seed give the same arrays one
//! after another.

mod source;

use std::sync::atomic::{AtomicU64, Ordering};

use swath_arrays::ArrayExpr;
use swath_kernels::random::discrete::weighted_sample;
use swath_kernels::random::{Distribution, Key};
use swath_kernels::{DType, element_count};

use crate::array::Array;
use crate::axes::Shape;
use crate::context::Arrays;
use crate::error::{Error, Result};
use source::Draw;

/// A source of random arrays, as NumPy's `default_rng(seed)`. Each array is the next draw.
#[derive(Debug)]
pub struct Random {
    context: Arrays,
    seed: u64,
    draws: AtomicU64,
}

impl Arrays {
    /// Random arrays from a seed.
    pub fn random(&self, seed: u64) -> Random {
        Random { context: self.clone(), seed, draws: AtomicU64::new(0) }
    }
}

impl Random {
    fn key(&self) -> (u64, Key) {
        let draw = self.draws.fetch_add(1, Ordering::Relaxed);
        (draw, Key::new(self.seed, draw))
    }

    /// An array from a distribution.
    ///
    /// # Errors
    /// Kept: parameters out of range, a dtype that the distribution does not give.
    pub fn draw(&self, distribution: Distribution, dtype: DType, shape: impl Into<Shape>) -> Array {
        let shape = shape.into().0;
        let (draw, key) = self.key();
        self.context.make(|| {
            distribution.check(dtype, element_count(&shape)?)?;
            let grid = self.context.grid(&shape, dtype)?;
            Ok(ArrayExpr::generate(Draw::generator(self.seed, draw, key, distribution, dtype), grid)?)
        })
    }

    fn drawn(&self, distribution: Distribution, shape: impl Into<Shape>) -> Array {
        let dtype = distribution.default_dtype();
        self.draw(distribution, dtype, shape)
    }

    /// Floats in `[0, 1)`.
    pub fn random(&self, shape: impl Into<Shape>) -> Array {
        self.drawn(Distribution::Random, shape)
    }

    /// Floats in `[low, high)`.
    pub fn uniform(&self, low: f64, high: f64, shape: impl Into<Shape>) -> Array {
        self.drawn(Distribution::Uniform { low, high }, shape)
    }

    /// Normal numbers of a mean and a standard deviation.
    pub fn normal(&self, mean: f64, deviation: f64, shape: impl Into<Shape>) -> Array {
        self.drawn(Distribution::Normal { loc: mean, scale: deviation }, shape)
    }

    /// Normal numbers of mean 0 and standard deviation 1.
    pub fn standard_normal(&self, shape: impl Into<Shape>) -> Array {
        self.drawn(Distribution::STANDARD_NORMAL, shape)
    }

    /// Exponential numbers of a mean.
    pub fn exponential(&self, mean: f64, shape: impl Into<Shape>) -> Array {
        self.drawn(Distribution::Exponential { scale: mean }, shape)
    }

    /// Counts of a mean, Poisson's.
    pub fn poisson(&self, mean: f64, shape: impl Into<Shape>) -> Array {
        self.drawn(Distribution::Poisson { rate: mean }, shape)
    }

    /// Integers `low .. high`, equally likely, as `int64`.
    pub fn integers(&self, low: i64, high: i64, shape: impl Into<Shape>) -> Array {
        self.drawn(Distribution::Integers { low: low.into(), high: high.into() }, shape)
    }

    /// The numbers `0 .. length` in random order.
    pub fn permutation(&self, length: usize) -> Array {
        self.drawn(Distribution::Permutation { length: length as u64 }, length)
    }

    /// The parts of an array along an axis in random order.
    ///
    /// # Errors
    /// Kept: an axis out of bounds.
    pub fn permuted(&self, array: &Array, axis: isize) -> Array {
        let length = array.shape().and_then(|shape| Ok(shape[swath_kernels::normalize_axis(axis, shape.len())?]));
        match length {
            Ok(length) => array.take(self.permutation(length), axis),
            Err(error) => array.failed(error),
        }
    }

    /// Elements of a vector, drawn with equal or given probabilities, put back or not.
    ///
    /// # Errors
    /// Kept: no elements; probabilities of another number; more than there are if they are not put back.
    pub fn choice(&self, from: &Array, shape: impl Into<Shape>, replace: bool, weights: Option<&[f64]>) -> Array {
        match self.positions(from, shape.into(), replace, weights) {
            Ok(positions) => from.take(positions, 0),
            Err(error) => from.failed(error),
        }
    }

    fn positions(&self, from: &Array, shape: Shape, replace: bool, weights: Option<&[f64]>) -> Result<Array> {
        let length =
            from.shape()?.first().copied().ok_or_else(|| Error::invalid("a must be at least 1-dimensional"))?;
        let count = element_count(&shape.0)?;
        if length == 0 && count > 0 {
            return Err(Error::invalid("a cannot be empty unless no samples are taken"));
        }
        if weights.is_some_and(|weights| weights.len() != length) {
            return Err(Error::invalid("a and p must have same size"));
        }
        if !replace && count > length {
            return Err(Error::invalid("Cannot take a larger sample than population when replace is False"));
        }
        match (weights, replace) {
            (None, true) => Ok(self.integers(0, length as i64, shape)),
            (None, false) => {
                let order = self.permutation(length);
                Ok(order.slice(crate::s![..count]).reshape(shape.0))
            }
            (Some(weights), true) => Ok(self.drawn(Distribution::choice(weights)?, shape)),
            (Some(weights), false) => {
                let (_, key) = self.key();
                let sample = weighted_sample(key, weights, count)
                    .ok_or_else(|| Error::invalid("Fewer non-zero entries in p than size"))?;
                Ok(self.context.from_vec(sample).reshape(shape.0))
            }
        }
    }
}
