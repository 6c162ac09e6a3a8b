//! Arrays from sources, and from nothing.

use std::sync::Arc;

use swath_kernels::{DType, Dims, NdArray, Scalar, element_count};

use super::elementwise::Argument;
use super::node::ArrayExpr;
use super::op::{Constant, Op, Window};
use super::traits::{ArraySource, Generator, GeneratorRef, MemorySource, SourceRef};
use crate::error::{ArrayError, Result};
use crate::grid::ChunkGrid;
use crate::grid::chunking::{ChunkSpec, check_grid};

fn everything(shape: &[usize]) -> Vec<Window> {
    shape.iter().map(|length| Window { start: 0, step: 1, length: *length }).collect()
}

impl ArrayExpr {
    /// All of a source, read in chunks of `chunks`; `auto` takes multiples of the source's own.
    ///
    /// # Errors
    /// Chunks that do not fit the shape.
    pub fn read(source: Arc<dyn ArraySource>, chunks: &ChunkSpec) -> Result<Self> {
        let shape: Dims = source.shape().into();
        element_count(&shape)?;
        let dtype = source.dtype();
        let grid = chunks.grid(&shape, dtype.item_size(), Some(&source.preferred_grid()))?;
        let window = everything(&shape);
        Ok(Self::intern(Op::Read { source: SourceRef(source), window }, [], dtype, grid))
    }

    /// An array in memory, in chunks that are views of it.
    ///
    /// # Errors
    /// Chunks that do not fit the shape.
    pub fn from_array(array: NdArray, chunks: &ChunkSpec) -> Result<Self> {
        Self::read(Arc::new(MemorySource::new(array)), chunks)
    }

    /// One value everywhere, in chunks of automatic size.
    ///
    /// # Errors
    /// When the shape has too many elements to count.
    pub fn full(shape: &[usize], value: Scalar) -> Result<Self> {
        let grid = ChunkSpec::Auto.grid(shape, value.dtype().item_size(), None)?;
        Self::full_in(grid, value)
    }

    /// One value everywhere, in the blocks of a grid.
    ///
    /// # Errors
    /// When the shape has too many elements to count.
    pub fn full_in(grid: ChunkGrid, value: Scalar) -> Result<Self> {
        element_count(&grid.shape())?;
        Ok(Self::intern(Op::Fill(Constant(value)), [], value.dtype(), grid))
    }

    /// A 0-d array of one value.
    pub fn constant(value: Scalar) -> Self {
        Self::intern(Op::Fill(Constant(value)), [], value.dtype(), ChunkGrid::whole(&[]))
    }

    /// Zeros.
    ///
    /// # Errors
    /// As [`ArrayExpr::full`].
    pub fn zeros(shape: &[usize], dtype: DType) -> Result<Self> {
        Self::full(shape, Scalar::zero(dtype))
    }

    /// Ones.
    ///
    /// # Errors
    /// As [`ArrayExpr::full`].
    pub fn ones(shape: &[usize], dtype: DType) -> Result<Self> {
        Self::full(shape, Scalar::one(dtype))
    }

    /// The position along an axis as `int64`, times `step`, from `start`; the base of `arange`, `indices`, `eye`, `tri`.
    ///
    /// # Errors
    /// [`swath_kernels::KernelError::AxisOutOfBounds`]; a shape with too many elements.
    pub fn iota(grid: ChunkGrid, axis: usize, start: i64, step: i64) -> Result<Self> {
        element_count(&grid.shape())?;
        swath_kernels::normalize_axis(axis as isize, grid.ndim())?;
        Ok(Self::intern(Op::Iota { axis, start, step }, [], DType::I64, grid))
    }

    /// Integers `start, start + step, …` before `stop`, as `int64`.
    ///
    /// # Errors
    /// A step of zero; chunks that do not fit.
    pub fn arange(start: i64, stop: i64, step: i64, chunks: &ChunkSpec) -> Result<Self> {
        if step == 0 {
            return Err(ArrayError::invalid("arange: step must not be zero"));
        }
        let span = (i128::from(stop) - i128::from(start)) * i128::from(step.signum());
        let length = span.max(0).unsigned_abs().div_ceil(u128::from(step.unsigned_abs()));
        let length = usize::try_from(length).map_err(|_| ArrayError::invalid("arange: too many elements"))?;
        Self::iota(chunks.grid(&[length], 8, None)?, 0, start, step)
    }

    /// Floats `start, start + step, …` before `stop`. As in NumPy their number is `ceil((stop - start) / step)`, and element `i` is
    /// `start + i * step`.
    ///
    /// # Errors
    /// A step of zero or bounds that are not finite; chunks that do not fit.
    pub fn arange_float(start: f64, stop: f64, step: f64, chunks: &ChunkSpec) -> Result<Self> {
        let length = ((stop - start) / step).ceil();
        if step == 0.0 || !length.is_finite() || length > isize::MAX as f64 {
            return Err(ArrayError::invalid(format!(
                "arange: {start}, {stop}, {step} is no finite number of elements"
            )));
        }
        let positions = Self::iota(chunks.grid(&[length.max(0.0) as usize], 8, None)?, 0, 0, 1)?;
        let scaled = Self::map("multiply", &[Argument::from(&positions.cast(DType::F64)?), step.into()])?;
        Self::map("add", &[Argument::from(&scaled), start.into()])
    }

    /// `count` floats from `start` to `stop`, which is the last unless `endpoint` is false.
    ///
    /// # Errors
    /// Chunks that do not fit.
    pub fn linspace(start: f64, stop: f64, count: usize, endpoint: bool, chunks: &ChunkSpec) -> Result<Self> {
        let grid = chunks.grid(&[count], 8, None)?;
        let positions = Self::iota(grid, 0, 0, 1)?;
        let divisor = if endpoint { count.saturating_sub(1) } else { count };
        let step = if divisor == 0 { f64::NAN } else { (stop - start) / divisor as f64 };
        let scaled = match divisor {
            0 => positions.cast(DType::F64)?,
            _ => Self::map("multiply", &[Argument::from(&positions.cast(DType::F64)?), step.into()])?,
        };
        let line = Self::map("add", &[Argument::from(&scaled), start.into()])?;
        if !endpoint || count < 2 {
            return Ok(line);
        }
        // The last is exact, whatever rounding says.
        let is_last = Self::map("equal", &[Argument::from(&positions), (count as i64 - 1).into()])?;
        Self::map("where", &[Argument::from(&is_last), stop.into(), Argument::from(&line)])
    }

    /// Ones on a diagonal of an `(rows, columns)` matrix, `k` above the main one.
    ///
    /// # Errors
    /// Chunks that do not fit.
    pub fn eye(rows: usize, columns: usize, k: i64, dtype: DType, chunks: &ChunkSpec) -> Result<Self> {
        Self::diagonal_test("equal", rows, columns, k, dtype, chunks)
    }

    /// Ones at and below a diagonal of an `(rows, columns)` matrix, `k` above the main one.
    ///
    /// # Errors
    /// Chunks that do not fit.
    pub fn tri(rows: usize, columns: usize, k: i64, dtype: DType, chunks: &ChunkSpec) -> Result<Self> {
        Self::diagonal_test("greater_equal", rows, columns, k, dtype, chunks)
    }

    fn diagonal_test(
        test: &str,
        rows: usize,
        columns: usize,
        k: i64,
        dtype: DType,
        chunks: &ChunkSpec,
    ) -> Result<Self> {
        let grid = chunks.grid(&[rows, columns], dtype.item_size(), None)?;
        let (row, column) = (Self::iota(grid.clone(), 0, k, 1)?, Self::iota(grid, 1, 0, 1)?);
        Self::map(test, &[Argument::from(&row), Argument::from(&column)])?.cast(dtype)
    }

    /// The elements of a matrix at and below a diagonal (or at and above), zero elsewhere; over the last two axes.
    ///
    /// # Errors
    /// When it has fewer than two axes, or unknown lengths.
    pub fn triangle(&self, k: i64, upper: bool) -> Result<Self> {
        let shape = self.known_shape("tril/triu")?;
        if let [length] = shape.as_slice() {
            // As NumPy, a vector is each row of a square.
            return self.broadcast_to(&[*length, *length])?.triangle(k, upper);
        }
        let [.., rows, columns] = shape.as_slice() else {
            return Err(ArrayError::invalid(format!("tril/triu need at least 2 dimensions, not {}", shape.len())));
        };
        let last = self.ndim() - 2;
        let grid = ChunkGrid::new(self.grid().axes()[last..].iter().cloned());
        debug_assert_eq!(grid.shape().as_slice(), &[*rows, *columns]);
        let (row, column) = (Self::iota(grid.clone(), 0, k, 1)?, Self::iota(grid, 1, 0, 1)?);
        let test = if upper { "less_equal" } else { "greater_equal" };
        let keep = Self::map(test, &[Argument::from(&row), Argument::from(&column)])?;
        let zero = Argument::Scalar(Scalar::zero(self.dtype()));
        Self::map("where", &[Argument::from(&keep), Argument::from(self), zero])
    }

    /// A generated array: random numbers by counter, or a function of the position.
    ///
    /// # Errors
    /// When the grid's shape has too many elements or unknown lengths.
    pub fn generate(generator: Arc<dyn Generator>, grid: ChunkGrid) -> Result<Self> {
        let whole = grid.shape();
        element_count(&whole)?;
        check_grid(&grid, &whole)?;
        let (dtype, window) = (generator.dtype(), everything(&whole));
        Ok(Self::intern(Op::Generate { generator: GeneratorRef(generator), whole, window }, [], dtype, grid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_numpys_length() {
        let length = |a, b, c| ArrayExpr::arange(a, b, c, &ChunkSpec::Auto).unwrap().shape()[0];
        assert_eq!((length(0, 10, 3), length(10, 0, -3), length(5, 5, 1), length(5, 0, 1)), (4, 4, 0, 0));
        assert_eq!(length(i64::MIN, i64::MAX, i64::MAX), 3);
        assert!(ArrayExpr::arange(0, 1, 0, &ChunkSpec::Auto).is_err());
        assert_eq!(ArrayExpr::arange_float(0.0, 1.0, 0.1, &ChunkSpec::Auto).unwrap().shape()[0], 10);
        assert!(ArrayExpr::arange_float(0.0, f64::INFINITY, 1.0, &ChunkSpec::Auto).is_err());
    }

    #[test]
    fn shapes_must_be_countable() {
        assert!(ArrayExpr::zeros(&[usize::MAX, 4], DType::F64).is_err());
        assert!(ArrayExpr::iota(ChunkGrid::whole(&[2]), 1, 0, 1).is_err());
    }
}
