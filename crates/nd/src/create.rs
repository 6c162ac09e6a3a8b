//! Arrays from nothing: constants, ranges, diagonals.

use swath_arrays::grid::ChunkGrid;
use swath_arrays::{Argument, ArrayExpr};
use swath_kernels::{DType, Scalar, element_count};

use crate::array::Array;
use crate::axes::Shape;
use crate::context::Arrays;
use crate::error::{Error, Result};
use crate::operand::Operand;

mod sealed {
    pub trait Sealed {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
    impl Sealed for f64 {}
}

/// A number that ranges are made of: `i32` and `i64` give `int64`, `f64` gives `float64`.
pub trait Step: sealed::Sealed + Copy {
    #[doc(hidden)]
    fn range(context: &Arrays, start: Self, stop: Self, step: Self) -> Result<ArrayExpr>;
}

impl Step for i32 {
    fn range(context: &Arrays, start: Self, stop: Self, step: Self) -> Result<ArrayExpr> {
        i64::range(context, start.into(), stop.into(), step.into())
    }
}

impl Step for i64 {
    fn range(context: &Arrays, start: Self, stop: Self, step: Self) -> Result<ArrayExpr> {
        Ok(ArrayExpr::arange(start, stop, step, context.chunks_for(1))?)
    }
}

impl Step for f64 {
    fn range(context: &Arrays, start: Self, stop: Self, step: Self) -> Result<ArrayExpr> {
        Ok(ArrayExpr::arange_float(start, stop, step, context.chunks_for(1))?)
    }
}

impl Arrays {
    /// The grid of a new array.
    pub(crate) fn grid(&self, shape: &[usize], dtype: DType) -> Result<ChunkGrid> {
        element_count(shape)?;
        Ok(self.chunks_for(shape.len()).grid(shape, dtype.item_size(), None)?)
    }

    pub(crate) fn make(&self, make: impl FnOnce() -> Result<ArrayExpr>) -> Array {
        Array::new(self, make())
    }

    /// One value everywhere. A bare number is `bool`, `int64`, `float64` or `complex128`; give a [`Scalar`] for another dtype.
    pub fn full(&self, shape: impl Into<Shape>, value: impl Into<Scalar>) -> Array {
        let (shape, value) = (shape.into().0, value.into());
        self.make(|| Ok(ArrayExpr::full_in(self.grid(&shape, value.dtype())?, value)?))
    }

    /// Zeros (of `bool`: false; of dates: the epoch).
    pub fn zeros(&self, shape: impl Into<Shape>, dtype: DType) -> Array {
        self.full(shape, Scalar::zero(dtype))
    }

    /// Ones.
    pub fn ones(&self, shape: impl Into<Shape>, dtype: DType) -> Array {
        self.full(shape, Scalar::one(dtype))
    }

    /// An array whose elements do not matter; they are zero.
    pub fn empty(&self, shape: impl Into<Shape>, dtype: DType) -> Array {
        self.zeros(shape, dtype)
    }

    /// Numbers `start, start + step, …` before `stop`: `int64` of integers, `float64` of floats (element `i` is `start + i * step`).
    pub fn arange<N: Step>(&self, start: N, stop: N, step: N) -> Array {
        self.make(|| N::range(self, start, stop, step))
    }

    /// `count` floats from `start` to `stop`, which is the last one.
    pub fn linspace(&self, start: f64, stop: f64, count: usize) -> Array {
        self.make(|| Ok(ArrayExpr::linspace(start, stop, count, true, self.chunks_for(1))?))
    }

    /// `count` floats from `start`, evenly spaced, before `stop`.
    pub fn linspace_open(&self, start: f64, stop: f64, count: usize) -> Array {
        self.make(|| Ok(ArrayExpr::linspace(start, stop, count, false, self.chunks_for(1))?))
    }

    /// `base` to the power of `count` exponents from `start` to `stop`.
    pub fn logspace(&self, start: f64, stop: f64, count: usize, base: f64) -> Array {
        self.full((), base).power(self.linspace(start, stop, count))
    }

    /// `count` floats from `start` to `stop` whose quotients are equal.
    ///
    /// # Errors
    /// Kept: zero, or numbers of different signs, at the ends.
    pub fn geomspace(&self, start: f64, stop: f64, count: usize) -> Array {
        if start * stop <= 0.0 {
            let wrong = if start * stop == 0.0 { "cannot include zero" } else { "needs ends of one sign" };
            return Array::new(self, Err(Error::invalid(format!("Geometric sequence {wrong}"))));
        }
        let line = self.logspace(start.abs().log10(), stop.abs().log10(), count, 10.0) * start.signum();
        // The ends as they were given.
        let last = count.saturating_sub(1) as i64;
        let place = self.arange(0, count as i64, 1);
        place.equal(0).where_(start, place.equal(last).where_(stop, line))
    }

    /// Ones on a diagonal of an `(rows, columns)` matrix, `k` above the main one.
    pub fn eye(&self, rows: usize, columns: usize, k: i64, dtype: DType) -> Array {
        self.make(|| Ok(ArrayExpr::eye(rows, columns, k, dtype, self.chunks_for(2))?))
    }

    /// The unit matrix `(n, n)`.
    pub fn identity(&self, n: usize, dtype: DType) -> Array {
        self.eye(n, n, 0, dtype)
    }

    /// Ones at and below a diagonal of an `(rows, columns)` matrix, `k` above the main one.
    pub fn tri(&self, rows: usize, columns: usize, k: i64, dtype: DType) -> Array {
        self.make(|| Ok(ArrayExpr::tri(rows, columns, k, dtype, self.chunks_for(2))?))
    }

    /// Anything that can stand beside an array, as an array: a number, values in memory.
    pub fn asarray(&self, value: impl Into<Operand>) -> Array {
        value.into().into_array(self)
    }
}

impl Array {
    /// One value in the shape and chunks of this array, cast to its dtype.
    #[must_use]
    pub fn full_like(&self, value: impl Into<Scalar>) -> Self {
        let value = value.into();
        self.then(|array| {
            array.known_shape("full_like")?;
            ArrayExpr::full_in(array.grid().clone(), value.cast(array.dtype()))
        })
    }

    /// Zeros in the shape, dtype and chunks of this array.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        self.full_like(false)
    }

    /// Ones in the shape, dtype and chunks of this array.
    #[must_use]
    pub fn ones_like(&self) -> Self {
        self.full_like(true)
    }

    /// An array like this one whose elements do not matter; they are zero.
    #[must_use]
    pub fn empty_like(&self) -> Self {
        self.zeros_like()
    }

    /// The elements at and below a diagonal of the last two axes, `k` above the main one; zero elsewhere.
    #[must_use]
    pub fn tril(&self, k: i64) -> Self {
        self.then(|array| array.triangle(k, false))
    }

    /// The elements at and above a diagonal of the last two axes, `k` above the main one; zero elsewhere.
    #[must_use]
    pub fn triu(&self, k: i64) -> Self {
        self.then(|array| array.triangle(k, true))
    }

    /// Of a vector the matrix with it on a diagonal, `k` above the main one; of a matrix that diagonal.
    ///
    /// # Errors
    /// Kept: other dimensions.
    #[must_use]
    pub fn diag(&self, k: isize) -> Self {
        match self.ndim() {
            Err(error) => self.failed(error),
            Ok(2) => self.diagonal(k, 0, 1),
            Ok(1) => self.then(|array| diagonal_matrix(array, k)),
            Ok(_) => self.failed(Error::invalid("Input must be 1- or 2-d.")),
        }
    }

    /// The elements of a diagonal of two axes, `offset` above the main one, along a new last axis.
    ///
    /// # Errors
    /// Kept: axes out of bounds, the same axis twice, fewer than two dimensions.
    #[must_use]
    pub fn diagonal(&self, offset: isize, first: isize, second: isize) -> Self {
        self.then(|array| -> Result<ArrayExpr> {
            if array.ndim() < 2 {
                return Err(Error::invalid("diag requires an array of at least two dimensions"));
            }
            let axis = swath_kernels::normalize_axis(if offset < 0 { first } else { second }, array.ndim())?;
            let length = array.known_length(axis, "diagonal")?;
            let cut = array.slice_axis(axis, offset.unsigned_abs().min(length), length)?;
            Ok(cut.diagonal(first, second)?)
        })
    }

    /// The sum of a diagonal of two axes, `offset` above the main one.
    ///
    /// # Errors
    /// Kept: as [`Array::diagonal`].
    #[must_use]
    pub fn trace(&self, offset: isize) -> Self {
        self.trace_of(offset, 0, 1)
    }

    /// The sums of the diagonals of two axes, `offset` above the main one; the other axes stay.
    ///
    /// # Errors
    /// Kept: as [`Array::diagonal`].
    #[must_use]
    pub fn trace_of(&self, offset: isize, first: isize, second: isize) -> Self {
        self.diagonal(offset, first, second).sum(-1)
    }
}

fn diagonal_matrix(vector: &ArrayExpr, k: isize) -> swath_arrays::Result<ArrayExpr> {
    let length = vector.known_length(0, "diag")?;
    let size = length + k.unsigned_abs();
    // Rows of diagonals above have the element of their own number, columns of those below.
    let padded = vector.pad_constant(&[(0, k.unsigned_abs())], Scalar::zero(vector.dtype()))?;
    let line = padded.reshape(if k >= 0 { &[-1, 1] } else { &[1, -1] }.as_slice())?;
    let chunks = |_| padded.grid().axis(0).clone();
    let grid = ChunkGrid::new([0, 1].map(chunks));
    let (row, column) = (ArrayExpr::iota(grid.clone(), 0, k as i64, 1)?, ArrayExpr::iota(grid, 1, 0, 1)?);
    let hit = row.equal(&column)?;
    debug_assert_eq!(size, padded.shape()[0]);
    ArrayExpr::map("where", &[(&hit).into(), (&line).into(), Argument::Scalar(Scalar::zero(vector.dtype()))])
}
