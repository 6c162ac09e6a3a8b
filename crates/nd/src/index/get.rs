//! Reading by an index.

use swath_arrays::{Argument, ArrayExpr, ChunkGrid};
use swath_kernels::slicing::resolve_range;
use swath_kernels::{DType, KernelError, NdArray, SliceSpec};

use super::parts::{Index, Part};
use crate::array::Array;
use crate::context::Arrays;
use crate::error::{Error, Result};
use crate::resolve::{known, matched};

/// An index with arrays, taken apart: basic indexing first, then positions along axes.
pub(super) struct Taken {
    /// The basic part; axes of arrays are whole in it.
    pub(super) basic: Vec<SliceSpec>,
    /// For each array the axis of the basic part's result, and the positions.
    pub(super) picks: Vec<(usize, ArrayExpr)>,
    /// Whether the axes of arrays stand side by side in the index, so that theirs stand there in the result.
    pub(super) together: bool,
}

/// What an index asks for.
pub(super) enum Asked {
    Basic(Vec<SliceSpec>),
    /// One mask: the basic part, the axis of its result where the mask begins, the mask.
    Mask(Vec<SliceSpec>, usize, ArrayExpr),
    Arrays(Taken),
}

/// Reads an index for an array.
pub(super) fn read(context: &Arrays, array: &ArrayExpr, parts: &[Part]) -> Result<Asked> {
    let mut arrays = Vec::new();
    for part in parts {
        if let Part::Array(operand) = part {
            arrays.push(match operand.clone().into_argument(context)? {
                Argument::Array(array) => array,
                _ => {
                    return Err(Error::invalid(
                        "only integers, slices, ellipsis, newaxis and arrays are valid indices",
                    ));
                }
            });
        }
    }
    if arrays.is_empty() {
        let basic = parts.iter().filter_map(|part| if let Part::Basic(spec) = part { Some(*spec) } else { None });
        return Ok(Asked::Basic(basic.collect()));
    }
    let consumed = |array: &ArrayExpr| if array.dtype() == DType::Bool { array.ndim() } else { 1 };
    let basic_axes = |part: &&Part| matches!(part, Part::Basic(SliceSpec::Index(_) | SliceSpec::Range { .. }));
    let named = parts.iter().filter(basic_axes).count() + arrays.iter().map(consumed).sum::<usize>();
    if named > array.ndim() {
        return Err(KernelError::TooManyIndices { ndim: array.ndim(), given: named }.into());
    }
    let ellipses = parts.iter().filter(|part| matches!(part, Part::Basic(SliceSpec::Ellipsis))).count();
    if ellipses > 1 {
        return Err(KernelError::invalid("an index can only have a single ellipsis ('...')").into());
    }
    let single_mask = arrays.len() == 1
        && arrays[0].dtype() == DType::Bool
        && arrays[0].ndim() > 0
        && !parts.iter().any(|part| matches!(part, Part::Basic(SliceSpec::Index(_))));
    let (mut basic, mut picks, mut places): (Vec<SliceSpec>, Vec<(usize, ArrayExpr)>, Vec<usize>) = Default::default();
    let (mut axis, mut output, mut mask_axis) = (0, 0, 0);
    let mut arrays = arrays.into_iter();
    for (place, part) in parts.iter().enumerate() {
        match part {
            Part::Basic(SliceSpec::NewAxis) => {
                basic.push(SliceSpec::NewAxis);
                output += 1;
            }
            Part::Basic(SliceSpec::Ellipsis) => {
                let rest = array.ndim() - named;
                basic.extend(std::iter::repeat_n(SliceSpec::ALL, rest));
                (axis, output) = (axis + rest, output + rest);
            }
            Part::Basic(SliceSpec::Index(index)) => {
                // Beside arrays an integer is an array of no dimensions.
                let size = array.known_length(axis, "indexing")?;
                let position = if *index < 0 { index.saturating_add_unsigned(size) } else { *index };
                if position < 0 || position as usize >= size {
                    return Err(KernelError::IndexOutOfBounds { index: *index, axis, size }.into());
                }
                basic.push(SliceSpec::ALL);
                picks.push((output, ArrayExpr::constant((position as i64).into())));
                places.push(place);
                (axis, output) = (axis + 1, output + 1);
            }
            Part::Basic(spec) => {
                basic.push(*spec);
                (axis, output) = (axis + 1, output + 1);
            }
            Part::Array(_) => {
                let Some(positions) = arrays.next() else { continue };
                let count = consumed(&positions);
                basic.extend(std::iter::repeat_n(SliceSpec::ALL, count));
                if single_mask {
                    mask_axis = output;
                    picks.push((output, positions));
                } else if positions.dtype() == DType::Bool {
                    check_mask(array, &positions, axis)?;
                    for (offset, one) in nonzero(context, &positions)?.into_iter().enumerate() {
                        picks.push((output + offset, one));
                    }
                } else {
                    picks.push((output, positions));
                }
                places.push(place);
                (axis, output) = (axis + count, output + count);
            }
        }
    }
    basic.extend(std::iter::repeat_n(SliceSpec::ALL, array.ndim() - axis));
    match (single_mask, picks.pop()) {
        (true, Some((_, mask))) => Ok(Asked::Mask(basic, mask_axis, mask)),
        (_, last) => {
            picks.extend(last);
            let together = places.windows(2).all(|pair| pair[1] == pair[0] + 1);
            Ok(Asked::Arrays(Taken { basic, picks, together }))
        }
    }
}

/// A mask and what it masks, with all lengths known unless those that are not are the same in both.
fn fitting(context: &Arrays, array: ArrayExpr, axis: usize, mask: ArrayExpr) -> Result<(ArrayExpr, ArrayExpr)> {
    let mut pairs = (0..mask.ndim()).filter(|offset| axis + offset < array.ndim());
    if pairs.all(|offset| ArrayExpr::are_one([(&array, axis + offset), (&mask, offset)])) {
        return Ok((array, mask));
    }
    Ok((known(context, &array)?, known(context, &mask)?))
}

fn check_mask(array: &ArrayExpr, mask: &ArrayExpr, axis: usize) -> Result<()> {
    for (offset, given) in mask.shape().iter().enumerate() {
        let own = array.shape()[axis + offset];
        if own != *given {
            return Err(KernelError::BooleanIndex { axis: axis + offset, size: own, given: *given }.into());
        }
    }
    Ok(())
}

/// The positions where a mask is true, with known lengths.
fn nonzero(context: &Arrays, mask: &ArrayExpr) -> Result<Vec<ArrayExpr>> {
    if mask.ndim() == 0 {
        return Err(Error::invalid("a 0-d boolean index beside other arrays is not supported: use where_"));
    }
    mask.nonzero()?.iter().map(|one| known(context, one)).collect()
}

impl Taken {
    /// The array with the axes of positions side by side, the first of them, and the positions in their order.
    pub(super) fn gathered(&self, context: &Arrays, array: &ArrayExpr) -> Result<(ArrayExpr, usize, Vec<ArrayExpr>)> {
        let sliced = array.slice(&self.basic)?;
        let positions: Vec<ArrayExpr> = self.picks.iter().map(|(_, positions)| positions.clone()).collect();
        if positions.iter().any(|positions| !positions.dtype().is_integer()) {
            return Err(KernelError::invalid("arrays used as indices must be of integer (or boolean) type").into());
        }
        let positions = matched(context, &positions)?;
        let first = self.picks[0].0;
        let adjacent = self.picks.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1);
        if self.together && adjacent {
            return Ok((sliced, first, positions));
        }
        let from: Vec<isize> = self.picks.iter().map(|(axis, _)| *axis as isize).collect();
        let to: Vec<isize> = (0..from.len() as isize).collect();
        Ok((sliced.moveaxis(&from, &to)?, 0, positions))
    }
}

impl Array {
    /// The part that an index names, as NumPy's `x[...]`: see [`s!`](crate::s). Slices are views of the expression; integer arrays and masks
    /// gather; a mask makes an axis whose length is known after running.
    ///
    /// # Errors
    /// Kept: indices out of bounds, too many of them, arrays that are neither integer nor boolean, masks of another shape. Positions of
    /// arrays out of bounds are found when it runs.
    #[must_use]
    pub fn slice(&self, index: impl Into<Index>) -> Self {
        let parts = index.into().0;
        self.then(|array| -> Result<ArrayExpr> {
            match read(self.context(), array, &parts)? {
                Asked::Basic(basic) => Ok(array.slice(&basic)?),
                Asked::Mask(basic, axis, mask) => {
                    let (sliced, mask) = fitting(self.context(), array.slice(&basic)?, axis, mask)?;
                    if axis == 0 {
                        return Ok(sliced.mask(&mask)?);
                    }
                    check_mask(&sliced, &mask, axis)?;
                    let from: Vec<isize> = (axis..axis + mask.ndim()).map(|axis| axis as isize).collect();
                    let to: Vec<isize> = (0..from.len() as isize).collect();
                    Ok(sliced.moveaxis(&from, &to)?.mask(&mask)?.moveaxis(&[0], &[axis as isize])?)
                }
                Asked::Arrays(taken) => {
                    let (array, axis, positions) = taken.gathered(self.context(), array)?;
                    Ok(array.gather(axis, &positions)?)
                }
            }
        })
    }

    /// As [`Array::slice`], but the axes of integer arrays always come first: point by point.
    #[must_use]
    pub fn vindex(&self, index: impl Into<Index>) -> Self {
        let parts = index.into().0;
        self.then(|array| -> Result<ArrayExpr> {
            match read(self.context(), array, &parts)? {
                Asked::Arrays(taken) => {
                    let taken = Taken { together: false, ..taken };
                    let (array, axis, positions) = taken.gathered(self.context(), array)?;
                    Ok(array.gather(axis, &positions)?)
                }
                _ => Err(Error::invalid("vindex needs at least one integer array; use slice for the rest")),
            }
        })
    }

    /// The blocks at places of the chunk grid: integers, ranges and lists of block numbers along each axis. Axes stay, with an integer
    /// too.
    ///
    /// # Errors
    /// Kept: places out of bounds, more parts than axes, new axes.
    #[must_use]
    pub fn blocks(&self, index: impl Into<Index>) -> Self {
        let parts = index.into().0;
        self.then(|array| -> Result<ArrayExpr> {
            array.known_shape("blocks")?;
            let grid: ChunkGrid = array.grid().clone();
            if parts.len() > grid.ndim() {
                return Err(KernelError::TooManyIndices { ndim: grid.ndim(), given: parts.len() }.into());
            }
            let mut result = array.clone();
            for (axis, part) in parts.iter().enumerate() {
                let chunks = grid.axis(axis);
                let numbers = block_numbers(self.context(), part, axis, chunks.count())?;
                let pieces = numbers.iter().map(|number| {
                    let range = chunks.range(*number);
                    result.slice_axis(axis, range.start, range.end)
                });
                let pieces = pieces.collect::<swath_arrays::Result<Vec<_>>>()?;
                result = match pieces.is_empty() {
                    true => result.slice_axis(axis, 0, 0)?,
                    false => ArrayExpr::concatenate(&pieces, axis as isize)?,
                };
            }
            Ok(result)
        })
    }
}

/// The numbers of the blocks along an axis that a part names.
fn block_numbers(context: &Arrays, part: &Part, axis: usize, count: usize) -> Result<Vec<usize>> {
    let one = |index: isize| {
        let place = if index < 0 { index.saturating_add_unsigned(count) } else { index };
        let found = usize::try_from(place).ok().filter(|place| *place < count);
        found.ok_or(Error::from(KernelError::IndexOutOfBounds { index, axis, size: count }))
    };
    match part {
        Part::Basic(SliceSpec::Index(index)) => Ok(vec![one(*index)?]),
        Part::Basic(SliceSpec::Range { start, stop, step }) => {
            let (first, length) = resolve_range(*start, *stop, *step, count)?;
            (0..length as isize).map(|number| one(first + number * step)).collect()
        }
        Part::Basic(_) => Err(Error::invalid("blocks takes integers, ranges and lists, one for each axis")),
        Part::Array(operand) => {
            let numbers: NdArray = operand.clone().into_array(context).astype(DType::I64).compute()?;
            numbers.to_vec::<i64>()?.into_iter().map(|number| one(number as isize)).collect()
        }
    }
}
