//! Layout: other axes, other shapes, other chunks of the same elements.

use swath_kernels::{Dims, KernelError, SliceSpec, element_count, normalize_axes, normalize_axis};

use super::node::ArrayExpr;
use super::op::Op;
use super::view::{View, ViewAxis};
use crate::error::{ArrayError, Result};
use crate::grid::chunking::{ChunkSpec, check_grid};
use crate::grid::{AxisChunks, ChunkGrid};

impl ArrayExpr {
    /// A view.
    ///
    /// # Errors
    /// When it takes a part of an axis whose length is not known.
    pub fn view(&self, view: View) -> Result<Self> {
        if view.is_identity(&self.shape()) {
            return Ok(self.clone());
        }
        for (axis, chunks) in self.grid().axes().iter().enumerate().filter(|(_, chunks)| !chunks.is_known()) {
            let whole = ViewAxis::Slice { axis, start: 0, step: 1, length: chunks.length() };
            if !view.axes().contains(&whole) {
                return Err(ArrayError::UnknownLength { operation: "indexing", axis });
            }
        }
        let grid = view.grid(self.grid());
        Ok(Self::intern(Op::View(view), [self.clone()], self.dtype(), grid))
    }

    /// Basic indexing: integers, slices with steps, new axes, the ellipsis.
    ///
    /// # Errors
    /// [`KernelError::IndexOutOfBounds`], [`KernelError::TooManyIndices`], [`ArrayError::UnknownLength`].
    pub fn slice(&self, parts: &[SliceSpec]) -> Result<Self> {
        self.view(View::index(&self.shape(), parts)?)
    }

    /// A range of one axis.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`], [`ArrayError::UnknownLength`].
    pub fn slice_axis(&self, axis: usize, start: usize, stop: usize) -> Result<Self> {
        normalize_axis(axis as isize, self.ndim())?;
        let mut parts = vec![SliceSpec::ALL; self.ndim()];
        parts[axis] = SliceSpec::from(start..stop.max(start));
        self.slice(&parts)
    }

    /// The axes in another order, reversed without one.
    ///
    /// # Errors
    /// When `order` does not name each axis once.
    pub fn transpose(&self, order: Option<&[isize]>) -> Result<Self> {
        let ndim = self.ndim();
        let order: Dims = match order {
            None => (0..ndim).rev().collect(),
            Some(order) if order.len() != ndim => return Err(KernelError::invalid("axes don't match array").into()),
            Some(order) => {
                normalize_axes(Some(order), ndim)?;
                order.iter().map(|axis| normalize_axis(*axis, ndim)).collect::<std::result::Result<_, _>>()?
            }
        };
        self.view(View::transpose(&self.shape(), &order))
    }

    /// The axes reversed.
    ///
    /// # Errors
    /// Never; as [`ArrayExpr::transpose`].
    pub fn t(&self) -> Result<Self> {
        self.transpose(None)
    }

    /// Two axes in each other's place.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`].
    pub fn swapaxes(&self, first: isize, second: isize) -> Result<Self> {
        let (first, second) = (normalize_axis(first, self.ndim())?, normalize_axis(second, self.ndim())?);
        let mut order: Vec<isize> = (0..self.ndim() as isize).collect();
        order.swap(first, second);
        self.transpose(Some(&order))
    }

    /// Axes brought to other places; the others keep their order.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`], [`KernelError::RepeatedAxis`]; lists of different lengths.
    pub fn moveaxis(&self, from: &[isize], to: &[isize]) -> Result<Self> {
        if from.len() != to.len() {
            return Err(ArrayError::invalid(
                "`source` and `destination` arguments must have the same number of elements",
            ));
        }
        let ndim = self.ndim();
        normalize_axes(Some(from), ndim)?;
        normalize_axes(Some(to), ndim)?;
        let mut moves = Vec::with_capacity(from.len());
        for (from, to) in from.iter().zip(to) {
            moves.push((normalize_axis(*to, ndim)?, normalize_axis(*from, ndim)? as isize));
        }
        moves.sort_unstable();
        let mut order: Vec<isize> =
            (0..ndim as isize).filter(|axis| moves.iter().all(|(_, from)| from != axis)).collect();
        for (to, from) in moves {
            order.insert(to.min(order.len()), from);
        }
        self.transpose(Some(&order))
    }

    /// Backwards along axes, all without any given.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`], [`ArrayError::UnknownLength`].
    pub fn flip(&self, axes: Option<&[isize]>) -> Result<Self> {
        let axes = normalize_axes(axes, self.ndim())?;
        let part = |axis: usize| if axes.contains(&axis) { SliceSpec::REVERSED } else { SliceSpec::ALL };
        self.slice(&(0..self.ndim()).map(part).collect::<Vec<_>>())
    }

    /// Repeated along axes of length one and new leading axes, without a copy.
    ///
    /// # Errors
    /// [`KernelError::Broadcast`].
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Self> {
        element_count(shape)?;
        self.view(View::broadcast(&self.shape(), shape)?)
    }

    /// A new axis of length one at a place of the result.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`].
    pub fn expand_dims(&self, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim() + 1)?;
        let mut parts = vec![SliceSpec::ALL; self.ndim()];
        parts.insert(axis, SliceSpec::NewAxis);
        self.slice(&parts)
    }

    /// Without axes of length one; all of them if none is given.
    ///
    /// # Errors
    /// When a named axis is longer.
    pub fn squeeze(&self, axes: Option<&[isize]>) -> Result<Self> {
        let shape = self.shape();
        let drop: Dims = match axes {
            None => (0..shape.len()).filter(|axis| shape[*axis] == 1 && self.grid().axis(*axis).is_known()).collect(),
            Some(axes) => normalize_axes(Some(axes), shape.len())?,
        };
        if drop.iter().any(|axis| shape[*axis] != 1) {
            return Err(
                KernelError::invalid("cannot select an axis to squeeze out which has size not equal to one").into()
            );
        }
        let part = |axis: usize| if drop.contains(&axis) { SliceSpec::Index(0) } else { SliceSpec::ALL };
        self.slice(&(0..shape.len()).map(part).collect::<Vec<_>>())
    }

    /// Another shape for the same elements in C order; one length may be -1, which is found.
    ///
    /// # Errors
    /// [`KernelError::Reshape`]; [`ArrayError::UnknownLength`].
    pub fn reshape(&self, shape: &[isize]) -> Result<Self> {
        let from = self.known_shape("reshape")?;
        let size = element_count(&from)?;
        let known: usize = shape.iter().filter(|length| **length >= 0).map(|length| *length as usize).product();
        let open = shape.iter().filter(|length| **length < 0).count();
        if open > 1 {
            return Err(KernelError::invalid("can only specify one unknown dimension").into());
        }
        let found = if open == 1 && known > 0 && size.is_multiple_of(known) { size / known } else { 0 };
        let to: Dims = shape.iter().map(|length| if *length < 0 { found } else { *length as usize }).collect();
        if element_count(&to)? != size || (open == 1 && known == 0) {
            let text = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let comma = if shape.len() == 1 { "," } else { "" };
            return Err(KernelError::invalid(format!(
                "cannot reshape array of size {size} into shape ({text}{comma})"
            ))
            .into());
        }
        if to == from {
            return Ok(self.clone());
        }
        // Only axes of length one come or go: a view.
        let kept = |shape: &[usize]| shape.iter().copied().filter(|length| *length != 1).collect::<Dims>();
        if kept(&from) == kept(&to) {
            let mut own = (0..from.len()).filter(|axis| from[*axis] != 1);
            let identity = View::identity(&from);
            let axes = to.iter().map(|length| match length {
                1 => ViewAxis::New(1),
                _ => own.next().map_or(ViewAxis::New(*length), |axis| identity.axes()[axis]),
            });
            let axes: Vec<ViewAxis> = axes.collect();
            return self.view(View::new(axes, &vec![0; from.len()]));
        }
        let (input, grid) = super::reshape::grids(self, &to);
        Ok(Self::intern(Op::Reshape, [self.rechunk_to(input)?], self.dtype(), grid))
    }

    /// All elements along one axis.
    ///
    /// # Errors
    /// [`ArrayError::UnknownLength`].
    pub fn ravel(&self) -> Result<Self> {
        self.reshape(&[-1])
    }

    /// The same array in other chunks.
    ///
    /// # Errors
    /// Chunks that do not fit; [`ArrayError::UnknownLength`].
    pub fn rechunk(&self, chunks: &ChunkSpec) -> Result<Self> {
        let shape = self.known_shape("rechunk")?;
        self.rechunk_to(chunks.grid(&shape, self.dtype().item_size(), Some(self.grid()))?)
    }

    /// The same array in the blocks of a grid.
    ///
    /// # Errors
    /// When the grid is for another shape; [`ArrayError::UnknownLength`] where blocks of unknown length would be cut.
    pub fn rechunk_to(&self, grid: ChunkGrid) -> Result<Self> {
        if grid == *self.grid() {
            return Ok(self.clone());
        }
        check_grid(&grid, &self.shape())?;
        let unknown = |axis: &usize| {
            let (from, to) = (self.grid().axis(*axis), grid.axis(*axis));
            from != to && !(from.is_known() && to.is_known())
        };
        if let Some(axis) = (0..self.ndim()).find(unknown) {
            return Err(ArrayError::UnknownLength { operation: "rechunk", axis });
        }
        Ok(Self::intern(Op::Rechunk, [self.clone()], self.dtype(), grid))
    }

    /// The array with one axis in one chunk; the others are cut so that blocks stay about as large as they are.
    pub(crate) fn with_whole_axes(&self, axes: &[usize]) -> Result<Self> {
        if axes.iter().all(|axis| self.grid().axis(*axis).is_single()) {
            return Ok(self.clone());
        }
        let whole: Vec<AxisChunks> = self
            .grid()
            .axes()
            .iter()
            .enumerate()
            .map(
                |(axis, chunks)| if axes.contains(&axis) { AxisChunks::whole(chunks.length()) } else { chunks.clone() },
            )
            .collect();
        let mut grid = ChunkGrid::new(whole);
        let target = self.grid().largest_block_elements().max(1);
        // Cut the longest of the other axes until blocks are as small as they were.
        while grid.largest_block_elements() > target {
            let others = (0..grid.ndim()).filter(|axis| !axes.contains(axis));
            let Some(axis) = others.max_by_key(|axis| grid.axis(*axis).longest()) else { break };
            let longest = grid.axis(axis).longest();
            if longest <= 1 {
                break;
            }
            let wanted = (longest as u64).saturating_mul(target) / grid.largest_block_elements();
            let shorter = (wanted as usize).clamp(longest.div_ceil(8), longest - 1).max(1);
            grid = grid.with_axis(axis, grid.axis(axis).split_to(shorter));
        }
        self.rechunk_to(grid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swath_kernels::{DType, Scalar};

    fn array(shape: &[usize], chunk: &[usize]) -> ArrayExpr {
        ArrayExpr::full_in(ChunkGrid::regular(shape, chunk), Scalar::F64(0.0)).unwrap()
    }

    #[test]
    fn errors_are_numpys() {
        let message = |result: Result<ArrayExpr>| result.unwrap_err().to_string();
        let x = array(&[2, 3], &[2, 3]);
        assert_eq!(message(x.reshape(&[4])), "cannot reshape array of size 6 into shape (4,)");
        assert_eq!(message(x.reshape(&[-1, 4])), "cannot reshape array of size 6 into shape (-1,4)");
        assert_eq!(message(x.reshape(&[-1, -1])), "can only specify one unknown dimension");
        assert_eq!(message(x.transpose(Some(&[0]))), "axes don't match array");
        assert_eq!(message(x.flip(Some(&[2]))), "axis 2 is out of bounds for array of dimension 2");
        assert_eq!(message(x.slice(&[SliceSpec::Index(2)])), "index 2 is out of bounds for axis 0 with size 2");
        assert!(message(x.squeeze(Some(&[0]))).starts_with("cannot select an axis to squeeze out"));
        assert!(message(x.broadcast_to(&[3])).starts_with("operands could not be broadcast"));
        assert!(message(x.rechunk_to(ChunkGrid::whole(&[3, 3]))).contains("do not add up"));
    }

    #[test]
    fn shapes_follow() {
        let x = array(&[2, 3, 1], &[1, 3, 1]);
        assert_eq!(x.t().unwrap().shape().as_slice(), &[1, 3, 2]);
        assert_eq!(x.moveaxis(&[0], &[-1]).unwrap().shape().as_slice(), &[3, 1, 2]);
        assert_eq!(x.swapaxes(0, 1).unwrap().shape().as_slice(), &[3, 2, 1]);
        assert_eq!(x.squeeze(None).unwrap().shape().as_slice(), &[2, 3]);
        assert_eq!(x.expand_dims(-1).unwrap().shape().as_slice(), &[2, 3, 1, 1]);
        assert_eq!(x.reshape(&[-1]).unwrap().shape().as_slice(), &[6]);
        assert_eq!(x.reshape(&[1, 2, 3]).unwrap().grid().to_string(), "[1, 1x2, 3]");
        assert_eq!(x.transpose(Some(&[0, 1, 2])).unwrap(), x);
        assert_eq!(x.dtype(), DType::F64);
    }

    #[test]
    fn whole_axes_keep_blocks_small() {
        let x = array(&[1000, 1000], &[100, 100]);
        let whole = x.with_whole_axes(&[0]).unwrap();
        assert!(whole.grid().axis(0).is_single() && whole.block_bytes() <= x.block_bytes(), "{}", whole.grid());
    }
}
