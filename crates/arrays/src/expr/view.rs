//! Views: slices, flips, transposes, new, dropped and broadcast axes, all as one map from positions of a result to positions of its
//! input. A view of a view is a view, so that any chain of them is one node.

use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;
use swath_kernels::slicing::resolve_range;
use swath_kernels::{Dims, KernelError, NdArray, SliceSpec};

use crate::error::{ArrayError, Result};
use crate::grid::{AxisChunks, ChunkGrid, Region};

/// Where one axis of a view's result comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewAxis {
    /// An axis that the input lacks: everything repeats along it (broadcasting) so many times.
    New(usize),
    /// Positions `start, start + step, …` (`length` of them) of an axis of the input. No input axis is used twice.
    Slice {
        /// The input's axis.
        axis: usize,
        /// The first position.
        start: usize,
        /// The distance; negative runs backwards, never zero.
        step: isize,
        /// How many positions.
        length: usize,
    },
}

impl ViewAxis {
    /// The length of the axis.
    pub fn length(&self) -> usize {
        match self {
            Self::New(length) | Self::Slice { length, .. } => *length,
        }
    }
}

/// A view: for each axis of the result its origin, and the fixed position of each input axis that the result lacks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    axes: SmallVec<[ViewAxis; 4]>,
    /// The position at which the input is read along each of its axes that no axis of the result takes; zero for the others.
    fixed: Dims,
}

impl View {
    /// The view of everything, as it is.
    pub fn identity(shape: &[usize]) -> Self {
        let whole = |(axis, length): (usize, &usize)| ViewAxis::Slice { axis, start: 0, step: 1, length: *length };
        Self { axes: shape.iter().enumerate().map(whole).collect(), fixed: shape.iter().map(|_| 0).collect() }
    }

    /// A view with these axes; input axes that are not named are read at `fixed`.
    pub fn new(axes: impl IntoIterator<Item = ViewAxis>, fixed: &[usize]) -> Self {
        Self { axes: axes.into_iter().collect(), fixed: fixed.into() }
    }

    /// Axis `i` of the result is axis `order[i]` of the input. `order` must be a permutation.
    pub fn transpose(shape: &[usize], order: &[usize]) -> Self {
        let identity = Self::identity(shape);
        Self { axes: order.iter().map(|axis| identity.axes[*axis]).collect(), fixed: identity.fixed }
    }

    /// Basic indexing of an array of this shape.
    ///
    /// # Errors
    /// NumPy's: an index out of bounds, too many indices, two ellipses, a step of zero.
    pub fn index(shape: &[usize], parts: &[SliceSpec]) -> Result<Self> {
        let ndim = shape.len();
        let named = parts.iter().filter(|part| matches!(part, SliceSpec::Index(_) | SliceSpec::Range { .. })).count();
        if named > ndim {
            return Err(KernelError::TooManyIndices { ndim, given: named }.into());
        }
        if parts.iter().filter(|part| **part == SliceSpec::Ellipsis).count() > 1 {
            return Err(KernelError::invalid("an index can only have a single ellipsis ('...')").into());
        }
        let mut view = Self::identity(shape);
        let whole = std::mem::take(&mut view.axes);
        let mut axis = 0;
        for part in parts {
            match *part {
                SliceSpec::NewAxis => view.axes.push(ViewAxis::New(1)),
                SliceSpec::Ellipsis => {
                    view.axes.extend_from_slice(&whole[axis..axis + ndim - named]);
                    axis += ndim - named;
                }
                SliceSpec::Index(index) => {
                    let size = shape[axis];
                    let position = if index < 0 { index.saturating_add_unsigned(size) } else { index };
                    let position = usize::try_from(position).ok().filter(|position| *position < size);
                    view.fixed[axis] = position.ok_or(KernelError::IndexOutOfBounds { index, axis, size })?;
                    axis += 1;
                }
                SliceSpec::Range { start, stop, step } => {
                    let (start, length) = resolve_range(start, stop, step, shape[axis])?;
                    let start = if length == 0 { 0 } else { start.unsigned_abs() };
                    let step = if length <= 1 { 1 } else { step };
                    view.axes.push(ViewAxis::Slice { axis, start, step, length });
                    axis += 1;
                }
            }
        }
        view.axes.extend_from_slice(&whole[axis..]);
        Ok(view)
    }

    /// Repeats axes of length one, and the whole along new leading axes, up to a shape.
    ///
    /// # Errors
    /// As NumPy's `broadcast_to`.
    pub fn broadcast(shape: &[usize], to: &[usize]) -> Result<Self> {
        let fits = to.len() >= shape.len()
            && shape.iter().rev().zip(to.iter().rev()).all(|(from, to)| from == to || *from == 1);
        if !fits {
            return Err(KernelError::Broadcast(vec![shape.to_vec(), to.to_vec()]).into());
        }
        let lead = to.len() - shape.len();
        let identity = Self::identity(shape);
        let axes = to.iter().enumerate().map(|(axis, length)| match axis.checked_sub(lead) {
            Some(own) if shape[own] == *length => identity.axes[own],
            _ => ViewAxis::New(*length),
        });
        Ok(Self { axes: axes.collect(), fixed: identity.fixed })
    }

    /// The same view of an array whose axes have other lengths: those that are taken whole follow.
    #[must_use]
    pub fn with_lengths(&self, from: &[usize], to: &[usize]) -> Self {
        let axes = self.axes.iter().map(|part| match *part {
            ViewAxis::Slice { axis, start: 0, step: 1, length } if length == from[axis] => {
                ViewAxis::Slice { axis, start: 0, step: 1, length: to[axis] }
            }
            other => other,
        });
        Self { axes: axes.collect(), fixed: self.fixed.clone() }
    }

    /// The axes of the result.
    pub fn axes(&self) -> &[ViewAxis] {
        &self.axes
    }

    /// The positions of input axes that the result lacks; zero for the others.
    pub fn fixed(&self) -> &[usize] {
        &self.fixed
    }

    /// Dimensions of the input.
    pub fn input_ndim(&self) -> usize {
        self.fixed.len()
    }

    /// The shape of the result.
    pub fn shape(&self) -> Dims {
        self.axes.iter().map(ViewAxis::length).collect()
    }

    /// For an input axis the result's axis that runs over it.
    pub fn output_axis(&self, input: usize) -> Option<usize> {
        self.axes.iter().position(|axis| matches!(axis, ViewAxis::Slice { axis, .. } if *axis == input))
    }

    /// Whether it changes nothing of an array of this shape.
    pub fn is_identity(&self, shape: &[usize]) -> bool {
        *self == Self::identity(shape)
    }

    /// Whether it has new axes of another length than one, so that elements stand there several times (or not at all).
    pub fn repeats(&self) -> bool {
        self.axes.iter().any(|axis| matches!(axis, ViewAxis::New(length) if *length != 1))
    }

    /// This view of the result of `inner`, as one view.
    #[must_use]
    pub fn after(&self, inner: &Self) -> Self {
        let mut fixed = inner.fixed.clone();
        for (axis, position) in inner.axes.iter().zip(&self.fixed) {
            if let ViewAxis::Slice { axis, start, step, .. } = axis {
                fixed[*axis] = start.wrapping_add_signed(*position as isize * step);
            }
        }
        let axes = self.axes.iter().map(|outer| match *outer {
            ViewAxis::New(length) => ViewAxis::New(length),
            ViewAxis::Slice { axis: between, start, step, length } => match inner.axes[between] {
                ViewAxis::New(_) => ViewAxis::New(length),
                ViewAxis::Slice { axis, start: inner_start, step: inner_step, .. } => {
                    fixed[axis] = 0;
                    let start = inner_start.wrapping_add_signed(start as isize * inner_step);
                    let step = if length <= 1 { 1 } else { step * inner_step };
                    ViewAxis::Slice { axis, start: if length == 0 { 0 } else { start }, step, length }
                }
            },
        });
        let axes = axes.collect();
        Self { axes, fixed }
    }

    /// The smallest box of the input that holds what a box of the result needs.
    pub fn input_region(&self, region: &[Range<usize>]) -> Region {
        let mut input: Region = self.fixed.iter().map(|position| *position..position + 1).collect();
        for (axis, range) in self.axes.iter().zip(region) {
            if let ViewAxis::Slice { axis, start, step, .. } = axis {
                input[*axis] = slice_range(*start, *step, range);
            }
        }
        input
    }

    /// The view that makes a box of the result out of the box of the input that [`View::input_region`] names.
    #[must_use]
    pub fn local(&self, region: &[Range<usize>]) -> Self {
        let axes = self.axes.iter().zip(region).map(|(axis, range)| match *axis {
            ViewAxis::New(_) => ViewAxis::New(range.len()),
            ViewAxis::Slice { axis, step, .. } => {
                let length = range.len();
                let start = if step < 0 && length > 0 { (length - 1) * step.unsigned_abs() } else { 0 };
                ViewAxis::Slice { axis, start, step, length }
            }
        });
        Self { axes: axes.collect(), fixed: self.fixed.iter().map(|_| 0).collect() }
    }

    /// The grid under which each block of the result comes from one block of the input; new axes are not cut.
    pub fn grid(&self, input: &ChunkGrid) -> ChunkGrid {
        ChunkGrid::new(self.axes.iter().map(|axis| match *axis {
            ViewAxis::New(length) => AxisChunks::whole(length),
            ViewAxis::Slice { axis, start, step, length } => {
                let chunks = input.axis(axis);
                let all = start == 0 && step == 1 && length == chunks.length();
                if all { chunks.clone() } else { chunks.sliced(start, step, length) }
            }
        }))
    }

    /// The view of an array in memory.
    ///
    /// # Errors
    /// When the array is not of the shape that the view is for.
    pub fn apply(&self, array: &NdArray) -> Result<NdArray> {
        if array.ndim() != self.input_ndim() {
            return Err(ArrayError::internal(format!("a view of {} axes met {}", self.input_ndim(), array.ndim())));
        }
        // Slice in the input's order, then bring the axes that are left into the result's.
        let parts: Vec<SliceSpec> = (0..self.input_ndim())
            .map(|input| {
                let taken = self.output_axis(input).map(|axis| self.axes[axis]);
                let Some(ViewAxis::Slice { start, step, length, .. }) = taken else {
                    return SliceSpec::Index(self.fixed[input] as isize);
                };
                if length == 0 {
                    return SliceSpec::from(0..0);
                }
                let last = start as isize + (length as isize - 1) * step;
                let stop = if step < 0 { (last > 0).then_some(last - 1) } else { Some(last + 1) };
                SliceSpec::Range { start: Some(start as isize), stop, step }
            })
            .collect();
        let taken: Vec<usize> = (0..self.input_ndim()).filter(|input| self.output_axis(*input).is_some()).collect();
        let position = |axis: &usize| taken.iter().position(|input| input == axis).unwrap_or(0);
        let order: Vec<usize> = self
            .axes
            .iter()
            .filter_map(|axis| match axis {
                ViewAxis::Slice { axis, .. } => Some(position(axis)),
                ViewAxis::New(_) => None,
            })
            .collect();
        let mut result = array.slice(&parts)?.transpose(&order)?;
        for (at, axis) in self.axes.iter().enumerate() {
            if matches!(axis, ViewAxis::New(_)) {
                result = result.insert_axis(at)?;
            }
        }
        Ok(result.broadcast_to(&self.shape())?)
    }
}

/// The positions between the first and the last that a range of a slice reads.
fn slice_range(start: usize, step: isize, range: &Range<usize>) -> Range<usize> {
    if range.is_empty() {
        return 0..0;
    }
    let at = |position: usize| start.wrapping_add_signed(position as isize * step);
    let (first, last) = (at(range.start), at(range.end - 1));
    first.min(last)..first.max(last) + 1
}

impl fmt::Display for View {
    /// As an index with the input's axes `a`, `b`, … : `[b, a[2:10], new(3), a=4]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |axis: usize| char::from(b'a' + (axis % 26) as u8);
        let mut parts: Vec<String> = Vec::new();
        for axis in &self.axes {
            parts.push(match *axis {
                ViewAxis::New(length) => format!("new({length})"),
                ViewAxis::Slice { axis, start, step, length } => {
                    let end = if length == 0 {
                        start as isize
                    } else {
                        start as isize + (length as isize - 1) * step + step.signum()
                    };
                    match step {
                        1 => format!("{}[{start}:{end}]", letter(axis)),
                        _ => format!("{}[{start}:{end}:{step}]", letter(axis)),
                    }
                }
            });
        }
        for (axis, position) in self.fixed.iter().enumerate() {
            if self.output_axis(axis).is_none() {
                parts.push(format!("{}={position}", letter(axis)));
            }
        }
        write!(f, "[{}]", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grid::region_shape;

    fn arange(shape: &[usize]) -> NdArray {
        NdArray::from_vec(shape, (0..shape.iter().product::<usize>() as i64).collect()).unwrap()
    }

    fn range(start: Option<isize>, stop: Option<isize>, step: isize) -> SliceSpec {
        SliceSpec::Range { start, stop, step }
    }

    #[test]
    fn indices_are_numpys() {
        let view = View::index(&[4, 6, 5], &[range(None, None, -1), SliceSpec::NewAxis, SliceSpec::Index(-1)]).unwrap();
        assert_eq!(view.shape().as_slice(), &[4, 1, 5]);
        assert_eq!(view.to_string(), "[a[3:-1:-1], new(1), c[0:5], b=5]");
        let message = |shape: &[usize], parts: &[SliceSpec]| View::index(shape, parts).unwrap_err().to_string();
        assert_eq!(message(&[3], &[SliceSpec::Index(3)]), "index 3 is out of bounds for axis 0 with size 3");
        assert_eq!(
            message(&[3], &[SliceSpec::ALL, SliceSpec::ALL]),
            "too many indices for array: array is 1-dimensional, but 2 were indexed"
        );
        assert!(View::broadcast(&[3], &[4]).is_err());
    }

    fn part(length: usize) -> impl Strategy<Value = SliceSpec> {
        let bound = -(length as isize) - 2..=length as isize + 2;
        prop_oneof![
            3 => (prop::option::of(bound.clone()), prop::option::of(bound), prop_oneof![-3..0isize, 1..4isize])
                .prop_map(|(start, stop, step)| range(start, stop, step)),
            1 => (0..length.max(1) as isize).prop_map(SliceSpec::Index),
            1 => Just(SliceSpec::NewAxis),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        /// A view of a view is a view, and what a box of the result needs gives that box.
        #[test]
        fn views_compose(
            first in prop::collection::vec(part(5), 0..4),
            second in prop::collection::vec(part(3), 0..3),
            turn in any::<bool>(),
            cut in 0.0..=1.0f64,
        ) {
            let array = arange(&[5, 4, 3]);
            let Ok(inner) = View::index(array.shape(), &first) else { return Ok(()) };
            let between = inner.apply(&array).unwrap();
            prop_assert_eq!(&between, &array.slice(&first).unwrap());
            let Ok(mut outer) = View::index(between.shape(), &second) else { return Ok(()) };
            if turn {
                outer.axes.reverse();
            }
            let expected = outer.apply(&between).unwrap();
            let both = outer.after(&inner);
            prop_assert_eq!(&both.apply(&array).unwrap(), &expected);
            let region: Region = both.shape().iter().map(|length| (cut * *length as f64 / 2.0) as usize..*length).collect();
            let input = both.input_region(&region);
            let parts: Vec<SliceSpec> = input.iter().map(|range| range.clone().into()).collect();
            let local = both.local(&region).apply(&array.slice(&parts).unwrap()).unwrap();
            let wanted = region_shape(&region);
            prop_assert_eq!(local.shape(), wanted.as_slice());
            let parts: Vec<SliceSpec> = region.iter().map(|range| range.clone().into()).collect();
            prop_assert_eq!(local, expected.slice(&parts).unwrap());
        }
    }
}
