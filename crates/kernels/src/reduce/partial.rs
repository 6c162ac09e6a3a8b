//! A reduction under way: states that take in blocks and merge.

use smallvec::SmallVec;

use super::function::Reduction;
use super::kept_axes;
use super::kernel::{self, Accumulate};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::fused::{Block, Builder, Cursor, Output};
use crate::ndarray::NdArray;
use crate::shape::{Dims, Strides, contiguous_strides};
use crate::strided::Walk;

/// A reduction under way.
#[derive(Clone)]
pub struct Partial {
    reduction: Reduction,
    input: DType,
    kept: Dims,
    /// Elements taken in, for all states together.
    elements: u64,
    kernel: Box<dyn Accumulate>,
}

impl std::fmt::Debug for Partial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Partial({} of {}, kept {:?}, {} elements)",
            self.reduction.name(),
            self.input,
            self.kept,
            self.elements
        )
    }
}

/// Where the next tile of a block belongs: states, and positions for those reductions that give them.
pub(crate) struct Progress {
    cursor: Option<Cursor<2>>,
    first_position: i64,
    /// Steps of positions along the axes.
    positions: Strides,
    /// States of several rows side by side, folded in at the end: where rows are short, one call a row would cost more than the row.
    wide: Option<Box<dyn Accumulate>>,
}

/// States side by side that make a row long enough.
const WIDE: usize = 2_048;
/// Rows of so many elements are worth being read side by side.
const LONG_ROW: usize = 512;

impl Partial {
    /// The empty state for blocks of a shape, reduced over `axes` (ascending).
    ///
    /// # Errors
    /// As [`Reduction::result_dtype`]; [`KernelError::AxisOutOfBounds`].
    pub fn new(reduction: Reduction, input: DType, shape: &[usize], axes: &[usize]) -> Result<Self> {
        if let Some(axis) = axes.iter().find(|axis| **axis >= shape.len()) {
            return Err(KernelError::AxisOutOfBounds { axis: *axis as isize, ndim: shape.len() });
        }
        let kept: Dims = kept_axes(shape.len(), axes).iter().map(|axis| shape[*axis]).collect();
        Self::empty(reduction, input, &kept)
    }

    /// The empty state, one for each element of the kept axes.
    ///
    /// # Errors
    /// As [`Reduction::result_dtype`].
    pub fn empty(reduction: Reduction, input: DType, kept: &[usize]) -> Result<Self> {
        reduction.result_dtype(input)?;
        let kernel = kernel::make(reduction, input, crate::shape::element_count(kept)?);
        Ok(Self { reduction, input, kept: kept.into(), elements: 0, kernel })
    }

    /// The shape of the result.
    pub fn shape(&self) -> &[usize] {
        &self.kept
    }

    /// What it makes.
    pub fn reduction(&self) -> Reduction {
        self.reduction
    }

    /// Takes in a block. For positions, `block` says where in the whole array it lies.
    ///
    /// # Errors
    /// When the block's kept axes or dtype are not those of this partial.
    pub fn update(&mut self, block: &Block<'_>, axes: &[usize], array: &NdArray) -> Result<()> {
        let mut build = Builder::new();
        let input = build.input(0, array.dtype());
        let program = build.finish(&[Output::Reduce(input, self.reduction, axes.to_vec())])?;
        for produced in program.run(block, std::slice::from_ref(array))? {
            if let crate::fused::Produced::Partial(other) = produced {
                self.merge(&other)?;
            }
        }
        Ok(())
    }

    /// Where the tiles of a block belong.
    pub(crate) fn progress(&self, block: &Block<'_>, axes: &[usize]) -> Progress {
        let ndim = block.shape.len();
        let kept = kept_axes(ndim, axes);
        let mut states: Strides = SmallVec::from_elem(0, ndim);
        for (axis, stride) in kept.iter().zip(contiguous_strides(&self.kept)) {
            states[*axis] = stride;
        }
        let mut positions: Strides = SmallVec::from_elem(0, ndim);
        let mut first_position = 0i64;
        if self.reduction.is_position() {
            let whole = |axis: usize| match block.global_shape.get(axis) {
                Some(length) => *length as i64,
                None => block.shape[axis] as i64,
            };
            let mut step = 1i64;
            for axis in axes.iter().rev() {
                positions[*axis] = step as isize;
                first_position += block.origin.get(*axis).copied().unwrap_or(0) as i64 * step;
                step = step.saturating_mul(whole(*axis));
            }
        }
        if let Some((shape, kernel)) = self.wide_states(block.shape, axes) {
            let cursor = Some(Cursor::new(&shape, [&[0, 1], &[0, 0]]));
            return Progress { cursor, first_position, positions, wide: Some(kernel) };
        }
        let cursor = (!block.shape.contains(&0)).then(|| Cursor::new(block.shape, [&states, &positions]));
        Progress { cursor, first_position, positions, wide: None }
    }

    /// For short rows under reduced leading axes: the shape of rows side by side, and a kernel with as many states.
    fn wide_states(&self, shape: &[usize], axes: &[usize]) -> Option<([usize; 2], Box<dyn Accumulate>)> {
        let leads = axes.iter().copied().eq(0..axes.len());
        let row = self.kernel.states();
        let rows: usize = shape[..axes.len().min(shape.len())].iter().product();
        let count = WIDE / row.max(1);
        if !leads || self.reduction.is_position() || row < 2 || count < 4 || rows < 16 * count {
            return None;
        }
        Some(([rows.div_ceil(count), row * count], kernel::make(self.reduction, self.input, row * count)))
    }

    /// Takes in what a block's tiles left elsewhere; after the last one.
    pub(crate) fn conclude(&mut self, progress: &mut Progress) -> Result<()> {
        let Some(kernel) = progress.wide.take() else { return Ok(()) };
        let row = self.kernel.states();
        let arrays = kernel.arrays();
        for first in (0..kernel.states()).step_by(row) {
            let part = [crate::SliceSpec::from(first..first + row)];
            let components = arrays.iter().map(|array| array.slice(&part)).collect::<Result<Vec<_>>>()?;
            self.kernel.merge(&components)?;
        }
        Ok(())
    }

    /// Takes in the next tile of a block.
    ///
    /// # Safety
    /// `values` leads to `length` elements of the input's dtype.
    pub(crate) unsafe fn update_tile(&mut self, progress: &mut Progress, values: *const u8, length: usize) {
        if let Some(cursor) = &mut progress.cursor {
            self.elements += length as u64;
            let kernel = progress.wide.as_mut().unwrap_or(&mut self.kernel);
            // SAFETY: the caller's promise; the kernel was made for this dtype.
            unsafe { kernel.update_tile(values, length, cursor, progress.first_position) };
        }
    }

    /// Takes in a whole block that lies in memory, several rows at a time, if it is reduced over leading axes and its rows are long and without
    /// gaps: else states would go through the cache for each row. Whether it did.
    pub(crate) fn update_in_rows(&mut self, progress: &Progress, axes: &[usize], array: &NdArray) -> bool {
        let states = self.kernel.states();
        let leads = axes.iter().copied().eq(0..axes.len());
        let (lead, kept) = (&array.shape()[..axes.len()], &array.shape()[axes.len()..]);
        let strides = &array.strides()[axes.len()..];
        let gapless = Walk::new(kept, [strides]);
        let in_rows = leads && progress.wide.is_none() && gapless.shape().len() == 1 && gapless.inner().1 == [1];
        if !in_rows || states < LONG_ROW || lead.iter().product::<usize>() < 4 {
            return false;
        }
        let item = array.dtype().item_size();
        let base = array.buffer().as_ptr().wrapping_add(array.offset() * item);
        let mut rows: Vec<(*const u8, i64)> = Vec::new();
        Walk::new(lead, [&array.strides()[..axes.len()], &progress.positions[..axes.len()]]).for_each(
            |[offset, position]| {
                let row = base.wrapping_offset(offset * item as isize);
                rows.push((row, progress.first_position + position as i64));
            },
        );
        for rows in rows.chunks(rows.len().div_ceil(rows.len().div_ceil(kernel::ROWS))) {
            // SAFETY: each row has as many elements as there are states; the kernel was made for this dtype.
            unsafe { self.kernel.update_rows(0, rows, states) };
        }
        self.elements += array.len() as u64;
        true
    }

    /// Takes in what another partial holds.
    ///
    /// # Errors
    /// When it is of another reduction, dtype or shape.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.reduction != other.reduction || self.input != other.input || self.kept != other.kept {
            return Err(KernelError::invalid(format!("{self:?} does not merge with {other:?}")));
        }
        self.elements += other.elements;
        self.kernel.merge(&other.kernel.arrays())
    }

    /// The state as arrays: the components, each of the result's shape, and a 0-d `int64` with the number of elements.
    ///
    /// # Errors
    /// None in practice.
    pub fn to_arrays(&self) -> Result<Vec<NdArray>> {
        let mut arrays =
            self.kernel.arrays().iter().map(|array| array.reshape(&self.kept)).collect::<Result<Vec<_>>>()?;
        arrays.push(NdArray::scalar(crate::Scalar::I64(self.elements as i64)));
        Ok(arrays)
    }

    /// The inverse of [`Partial::to_arrays`].
    ///
    /// # Errors
    /// When the arrays are not such a state.
    pub fn from_arrays(reduction: Reduction, input: DType, kept: &[usize], arrays: &[NdArray]) -> Result<Self> {
        let mut partial = Self::empty(reduction, input, kept)?;
        let Some((count, components)) = arrays.split_last() else {
            return Err(KernelError::invalid("the state of a reduction has at least one array"));
        };
        let fits =
            components.len() == partial.kernel.arrays().len() && components.iter().all(|one| one.shape() == kept);
        if !fits || count.dtype() != DType::I64 {
            return Err(KernelError::invalid(format!("arrays are not a state of {}", reduction.name())));
        }
        partial.elements = count.item()?.to::<i64>() as u64;
        let flat = [partial.kernel.states()];
        let components = components.iter().map(|one| one.reshape(&flat)).collect::<Result<Vec<_>>>()?;
        partial.kernel.merge(&components)?;
        Ok(partial)
    }

    /// The result, of the kept axes' shape.
    ///
    /// # Errors
    /// For minima, maxima and positions of no elements, or of NaN alone where those are left out.
    pub fn finish(&self) -> Result<NdArray> {
        let states = self.kernel.states();
        if states > 0 && self.elements == 0 && !self.reduction.has_identity() {
            let name = self.reduction.name();
            return Err(KernelError::invalid(if self.reduction.is_position() {
                format!("attempt to get {name} of an empty sequence")
            } else {
                format!("zero-size array to reduction operation {name} which has no identity")
            }));
        }
        let count = if states == 0 { 0 } else { self.elements / states as u64 };
        let dtype = self.reduction.result_dtype(self.input)?;
        let flat = self.kernel.finish(count, dtype)?;
        flat.reshape(&self.kept)
    }
}
