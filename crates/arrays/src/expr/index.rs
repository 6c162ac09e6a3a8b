//! Indexing by arrays, assignment, joining.

use smallvec::SmallVec;
use swath_kernels::{DType, Dims, KernelError, SliceSpec, broadcast_shapes, normalize_axis};

use super::elementwise::Argument;
use super::node::ArrayExpr;
use super::op::{Op, Window};
use super::view::{View, ViewAxis};
use crate::error::{ArrayError, Result};
use crate::grid::{AxisChunks, ChunkGrid};

impl ArrayExpr {
    /// Elements at integer positions along an axis; negative ones count from the end. The positions' axes stand where `axis` was.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`]; positions that are not integers. Positions out of bounds are found when it runs.
    pub fn take(&self, positions: &Self, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        self.gather(axis, std::slice::from_ref(positions))
    }

    /// Elements at integer positions along neighbouring axes from `axis`, one array of positions for each; they broadcast with one
    /// another, and their common axes stand where those were (NumPy's indexing by several arrays, `vindex`).
    ///
    /// # Errors
    /// Positions that are not integers or do not broadcast; more of them than axes.
    pub fn gather(&self, axis: usize, positions: &[Self]) -> Result<Self> {
        Self::check_alike("indexing", positions)?;
        self.gather_alike(axis, positions)
    }

    /// As [`ArrayExpr::gather`] at positions whose unknown lengths were found to agree before.
    pub(super) fn gather_alike(&self, axis: usize, positions: &[Self]) -> Result<Self> {
        if axis + positions.len() > self.ndim() {
            return Err(KernelError::TooManyIndices { ndim: self.ndim(), given: axis + positions.len() }.into());
        }
        for at in axis..axis + positions.len() {
            self.known_length(at, "indexing by an array")?;
        }
        if positions.iter().any(|positions| !positions.dtype().is_integer()) {
            return Err(KernelError::invalid("arrays used as indices must be of integer (or boolean) type").into());
        }
        let shapes: Vec<Dims> = positions.iter().map(Self::shape).collect();
        let shape = broadcast_shapes(&shapes.iter().map(Dims::as_slice).collect::<Vec<_>>())?;
        let positions: Vec<Self> = positions
            .iter()
            .map(|positions| positions.broadcast_to(&shape)?.cast(DType::I64))
            .collect::<Result<_>>()?;
        let (common, positions) = Self::align_alike("indexing", &positions)?;
        let count = positions.len();
        let own = self.grid().axes();
        let grid = ChunkGrid::new(own[..axis].iter().chain(common.axes()).chain(&own[axis + count..]).cloned());
        let inputs = [self.clone()].into_iter().chain(positions);
        Ok(Self::intern(Op::Gather { axis, count }, inputs, self.dtype(), grid))
    }

    /// Elements at positions along an axis that differ for each place.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`]; positions that are not integers, or of other dimensions.
    pub fn take_along_axis(&self, positions: &Self, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        if !positions.dtype().is_integer() {
            return Err(KernelError::invalid("`indices` must be an integer array").into());
        }
        if positions.ndim() != self.ndim() {
            return Err(KernelError::invalid("`indices` and `arr` must have the same number of dimensions").into());
        }
        let shape = self.known_shape("take_along_axis")?;
        let mut own = shape.clone();
        own[axis] = 1;
        let mut other = positions.known_shape("take_along_axis")?;
        let length = std::mem::replace(&mut other[axis], 1);
        let mut common = broadcast_shapes(&[&own, &other])?;
        common[axis] = length;
        let positions = positions.broadcast_to(&common)?.cast(DType::I64)?;
        common[axis] = shape[axis];
        let array = self.broadcast_to(&common)?.with_whole_axes(&[axis])?;
        let grid = array.grid().with_axis(axis, positions.grid().axis(axis).clone());
        let positions = positions.rechunk_to(grid.clone())?;
        Ok(Self::intern(Op::TakeAlong { axis }, [array, positions], self.dtype(), grid))
    }

    /// The elements where a mask over the leading axes is true; these axes become one, whose length is known after running.
    ///
    /// # Errors
    /// A mask that is not `bool` or of another shape.
    pub fn mask(&self, mask: &Self) -> Result<Self> {
        if mask.dtype() != DType::Bool {
            return Err(KernelError::invalid("a mask must be a boolean array").into());
        }
        if mask.ndim() > self.ndim() || mask.ndim() == 0 {
            return Err(KernelError::TooManyIndices { ndim: self.ndim(), given: mask.ndim() }.into());
        }
        for (axis, (own, given)) in self.grid().axes().iter().zip(mask.grid().axes()).enumerate() {
            let (own, given) = (own.length(), given.length());
            if own != given {
                return Err(KernelError::BooleanIndex { axis, size: own, given }.into());
            }
        }
        // Results are in C order over the masked axes: only the first of them may be cut.
        let masked = mask.ndim();
        let inner: Vec<usize> = (1..masked).collect();
        // Blocks of unknown lengths are read whole: no empty ones stand between them.
        let array = self.with_whole_axes(&inner)?;
        let filled = array.grid().axes().iter().map(AxisChunks::without_empty);
        let array = array.rechunk_to(ChunkGrid::new(filled))?;
        let mask = mask.rechunk_to(ChunkGrid::new(array.grid().axes()[..masked].iter().cloned()))?;
        let behind: usize = array.shape()[1..masked].iter().product();
        let lengths: Vec<usize> = array.grid().axis(0).lengths().map(|length| length * behind).collect();
        let masked_axis = AxisChunks::from_lengths(&lengths).unknown();
        let grid = ChunkGrid::new([masked_axis].into_iter().chain(array.grid().axes()[masked..].iter().cloned()));
        Ok(Self::intern(Op::Mask, [array, mask], self.dtype(), grid))
    }

    /// The positions of elements that are not zero, one array for each axis; their length is known after running.
    ///
    /// # Errors
    /// [`ArrayError::UnknownLength`]; for 0-d arrays.
    pub fn nonzero(&self) -> Result<Vec<Self>> {
        self.known_shape("nonzero")?;
        if self.ndim() == 0 {
            return Err(KernelError::invalid(
                "Calling nonzero on 0d arrays is not allowed. Use x.reshape([1]).nonzero()",
            )
            .into());
        }
        let mask = self.cast(DType::Bool)?;
        (0..self.ndim()).map(|axis| Self::iota(self.grid().clone(), axis, 0, 1)?.mask(&mask)).collect()
    }

    /// With the elements at positions along an axis (1-d; the last of equal ones counts) replaced by `values`, which broadcast.
    ///
    /// # Errors
    /// Positions that are not integers, values that do not broadcast.
    pub fn scatter(&self, axis: isize, positions: &Self, values: &Self) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        if !positions.dtype().is_integer() || positions.ndim() != 1 {
            return Err(KernelError::invalid("positions to assign to must be 1-dimensional and integer").into());
        }
        let mut shape = self.known_shape("assignment")?;
        shape[axis] = positions.known_length(0, "assignment")?;
        let values = values.cast(self.dtype())?.broadcast_to(&shape)?;
        let positions = positions.cast(DType::I64)?.rechunk_to(ChunkGrid::whole(&[shape[axis]]))?;
        // Along the other axes values follow the array's blocks; along this one each block looks for its own.
        let grid = self.grid().with_axis(axis, values.grid().axis(axis).clone());
        let values = values.rechunk_to(grid)?;
        Ok(Self::intern(Op::Scatter { axis }, [self.clone(), positions, values], self.dtype(), self.grid().clone()))
    }

    /// With a part replaced by `values`, which broadcast: `x[parts] = values`.
    ///
    /// # Errors
    /// As [`ArrayExpr::slice`]; values that do not broadcast to the part.
    pub fn set_slice(&self, parts: &[SliceSpec], values: &Self) -> Result<Self> {
        self.known_shape("assignment")?;
        let view = View::index(&self.shape(), parts)?;
        let part = view.shape();
        let values = values.cast(self.dtype())?;
        if View::broadcast(&values.shape(), &part).is_err() {
            return Err(KernelError::invalid(format!(
                "could not broadcast input array from shape {} into shape {}",
                swath_kernels::error::shape(&values.shape()),
                swath_kernels::error::shape(&part)
            ))
            .into());
        }
        let mut values = values.broadcast_to(&part)?;
        // Dropped axes come back with length one, so that what is set is a box.
        for (axis, fixed) in view.fixed().iter().enumerate() {
            if view.output_axis(axis).is_none() {
                debug_assert!(*fixed < self.shape()[axis]);
                values = values.expand_dims(axis as isize)?;
            }
        }
        if view.axes().iter().any(|axis| matches!(axis, ViewAxis::New(_))) {
            return Err(ArrayError::invalid(
                "assignment to a part with new axes: leave newaxis out and squeeze the values",
            ));
        }
        let windows: Vec<Window> = (0..self.ndim())
            .map(|axis| match view.output_axis(axis).map(|output| view.axes()[output]) {
                Some(ViewAxis::Slice { start, step, length, .. }) => Window { start, step, length },
                _ => Window { start: view.fixed()[axis], step: 1, length: 1 },
            })
            .collect();
        self.set_box(&windows, &values, 0)
    }

    /// With a box replaced, axis by axis: what lies before it, what is set, and what lies behind it are joined.
    fn set_box(&self, windows: &[Window], values: &Self, axis: usize) -> Result<Self> {
        let Some(window) = windows.get(axis) else { return Ok(values.clone()) };
        let length = self.shape()[axis];
        if window.length == 0 {
            return Ok(self.clone());
        }
        if *window == (Window { start: 0, step: 1, length }) {
            return self.set_box(windows, values, axis + 1);
        }
        let mut pieces = Vec::new();
        let reach = (window.length - 1) * window.step.unsigned_abs();
        let first = if window.step < 0 { window.start - reach } else { window.start };
        let end = first + reach + 1;
        pieces.push(self.slice_axis(axis, 0, first)?);
        let values = if window.step < 0 { values.flip(Some(&[axis as isize]))? } else { values.clone() };
        if window.step.unsigned_abs() == 1 {
            pieces.push(self.slice_axis(axis, first, end)?.set_box(windows, &values, axis + 1)?);
        } else {
            // Every `step`-th: positions along the axis tell which value stands where.
            let inner = self.slice_axis(axis, first, end)?;
            let stride = window.step.unsigned_abs() as i64;
            let grid = ChunkGrid::new([inner.grid().axis(axis).clone()]);
            let positions = Self::iota(grid, 0, 0, 1)?;
            let spread =
                values.take(&Self::map("floor_divide", &[(&positions).into(), stride.into()])?, axis as isize)?;
            let changed = inner.set_box(windows, &spread, axis + 1)?;
            let mut shape = Dims::from_elem(1, self.ndim());
            shape[axis] = inner.shape()[axis];
            let column: Vec<isize> = shape.iter().map(|length| *length as isize).collect();
            let hit = Self::map("remainder", &[(&positions).into(), stride.into()])?.equal(0i64)?.reshape(&column)?;
            pieces.push(Self::map("where", &[(&hit).into(), (&changed).into(), (&inner).into()])?);
        }
        pieces.push(self.slice_axis(axis, end, length)?);
        Self::concatenate(&pieces, axis as isize)
    }

    /// With the elements where a mask is true replaced by `value`: `x[mask] = value`.
    ///
    /// # Errors
    /// As [`ArrayExpr::map`] of `where`.
    pub fn set_mask(&self, mask: &Self, value: &Argument) -> Result<Self> {
        Self::map("where", &[mask.into(), value.clone(), self.into()])?.cast(self.dtype())
    }

    /// Arrays one after another along an axis.
    ///
    /// # Errors
    /// NumPy's: none at all, other dimensions, other lengths along the other axes, dtypes without a common one.
    /// [`ArrayError::UnknownLength`] where lengths along the other axes may differ.
    pub fn concatenate(arrays: &[Self], axis: isize) -> Result<Self> {
        let ndim = arrays.first().map_or(0, Self::ndim);
        if arrays.iter().all(|array| array.ndim() == ndim) {
            // Along the other axes all are of one length, which bounds do not show.
            let joined = normalize_axis(axis, ndim).unwrap_or(ndim);
            let agrees = |other: &usize| Self::are_one(arrays.iter().map(|array| (array, *other)));
            if let Some(axis) = (0..ndim).filter(|other| *other != joined).find(|other| !agrees(other)) {
                return Err(ArrayError::UnknownLength { operation: "concatenate", axis });
            }
        }
        Self::concatenate_alike(arrays, axis)
    }

    /// As [`ArrayExpr::concatenate`] of arrays whose unknown lengths were found to agree before.
    pub(super) fn concatenate_alike(arrays: &[Self], axis: isize) -> Result<Self> {
        let Some(first) = arrays.first() else {
            return Err(KernelError::invalid("need at least one array to concatenate").into());
        };
        if first.ndim() == 0 {
            return Err(KernelError::invalid("zero-dimensional arrays cannot be concatenated").into());
        }
        let axis = normalize_axis(axis, first.ndim())?;
        let mut dtype = first.dtype();
        for (position, other) in arrays.iter().enumerate().skip(1) {
            if other.ndim() != first.ndim() {
                return Err(KernelError::invalid(format!(
                    "all the input array dimensions must match exactly, but along dimension {axis} the array at index 0 has {} \
                     dimension(s) and the array at index {position} has {} dimension(s)",
                    first.ndim(),
                    other.ndim()
                ))
                .into());
            }
            let (shape, own) = (first.shape(), other.shape());
            if let Some(at) = (0..shape.len()).find(|at| *at != axis && shape[*at] != own[*at]) {
                return Err(KernelError::invalid(format!(
                    "all the input array dimensions except for the concatenation axis must match exactly, but along dimension {at}, \
                     the array at index 0 has size {} and the array at index {position} has size {}",
                    shape[at], own[at]
                ))
                .into());
            }
            dtype = swath_kernels::promote(dtype, other.dtype())?;
        }
        if arrays.len() == 1 {
            return Ok(first.clone());
        }
        // One grid along the other axes: that of the slices of length one along this axis.
        let along: Vec<ChunkGrid> =
            arrays.iter().map(|array| array.grid().with_axis(axis, AxisChunks::whole(1))).collect();
        let operands: Vec<crate::grid::unify::Operand<'_>> = along
            .iter()
            .zip(arrays)
            .map(|(grid, array)| crate::grid::unify::Operand {
                grid,
                axes: (0..grid.ndim()).map(Some).collect(),
                bytes: array.bytes(),
            })
            .collect();
        let mut shape = first.shape();
        shape[axis] = 1;
        let common = crate::grid::unify::unify(&shape, &operands);
        let mut chunks: Option<AxisChunks> = None;
        let mut inputs = Vec::with_capacity(arrays.len());
        for array in arrays {
            let own = array.grid().axis(axis).clone();
            // An empty array adds no block, not even an empty one; but one must be left.
            if own.is_known() && own.length() == 0 {
                continue;
            }
            inputs.push(array.cast(dtype)?.rechunk_to(common.with_axis(axis, own.clone()))?);
            chunks = Some(chunks.map_or_else(|| own.clone(), |chunks| chunks.followed_by(&own)));
        }
        match (inputs.as_slice(), chunks) {
            ([], _) | (_, None) => first.cast(dtype),
            ([one], _) => Ok(one.clone()),
            (_, Some(chunks)) => Ok(Self::intern(Op::Concat { axis }, inputs, dtype, common.with_axis(axis, chunks))),
        }
    }

    /// Arrays of one shape along a new axis.
    ///
    /// # Errors
    /// None at all, or different shapes.
    pub fn stack(arrays: &[Self], axis: isize) -> Result<Self> {
        let Some(first) = arrays.first() else {
            return Err(KernelError::invalid("need at least one array to stack").into());
        };
        if arrays.iter().any(|array| array.shape() != first.shape()) {
            return Err(KernelError::invalid("all input arrays must have the same shape").into());
        }
        let axis = normalize_axis(axis, first.ndim() + 1)? as isize;
        let arrays: Vec<Self> = arrays.iter().map(|array| array.expand_dims(axis)).collect::<Result<_>>()?;
        Self::concatenate(&arrays, axis)
    }

    /// Positions shifted along an axis; what leaves at one end enters at the other.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`], [`ArrayError::UnknownLength`].
    pub fn roll(&self, shift: isize, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        let length = self.known_length(axis, "roll")?;
        let shift = if length == 0 { 0 } else { shift.rem_euclid(length as isize) as usize };
        if shift == 0 {
            return Ok(self.clone());
        }
        let (tail, head) = (self.slice_axis(axis, length - shift, length)?, self.slice_axis(axis, 0, length - shift)?);
        Self::concatenate(&[tail, head], axis as isize)
    }

    /// Each element `count` times along an axis.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`], [`ArrayError::UnknownLength`].
    pub fn repeat(&self, count: usize, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        let mut shape = self.known_shape("repeat")?;
        let mut wide = shape.clone();
        wide.insert(axis + 1, count);
        shape[axis] *= count;
        let target: SmallVec<[isize; 4]> = shape.iter().map(|length| *length as isize).collect();
        self.expand_dims(axis as isize + 1)?.broadcast_to(&wide)?.reshape(&target)
    }

    /// Padded with a value: `(before, after)` for each axis.
    ///
    /// # Errors
    /// A list of another length than there are axes.
    pub fn pad_constant(&self, widths: &[(usize, usize)], value: swath_kernels::Scalar) -> Result<Self> {
        if widths.len() != self.ndim() {
            return Err(ArrayError::invalid(format!("pad: {} widths for {} axes", widths.len(), self.ndim())));
        }
        let mut result = self.clone();
        for (axis, (before, after)) in widths.iter().enumerate() {
            let border = |width: usize| {
                let grid = result.grid().with_axis(axis, AxisChunks::whole(width));
                Self::full_in(grid, value.cast(self.dtype()))
            };
            let (first, last) = (border(*before)?, border(*after)?);
            result = Self::concatenate(&[first, result.clone(), last], axis as isize)?;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swath_kernels::Scalar;

    fn array(shape: &[usize], dtype: DType) -> ArrayExpr {
        ArrayExpr::zeros(shape, dtype).unwrap()
    }

    fn message(result: Result<ArrayExpr>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn indices_take_their_place() {
        let x = array(&[4, 5, 6], DType::F32);
        let at = array(&[2, 3], DType::I32);
        assert_eq!(x.take(&at, 1).unwrap().shape().as_slice(), &[4, 2, 3, 6]);
        assert_eq!(x.gather(0, &[at.clone(), array(&[3], DType::U8)]).unwrap().shape().as_slice(), &[2, 3, 6]);
        assert!(message(x.take(&array(&[2], DType::F64), 0)).starts_with("arrays used as indices must be of integer"));
        assert_eq!(message(x.take(&at, 3)), "axis 3 is out of bounds for array of dimension 3");
        assert_eq!(x.take_along_axis(&array(&[4, 2, 1], DType::I8), 1).unwrap().shape().as_slice(), &[4, 2, 6]);
    }

    #[test]
    fn masks_make_unknown_lengths() {
        let x = array(&[4, 5], DType::F64);
        let kept = x.mask(&x.greater(0.0).unwrap()).unwrap();
        assert_eq!((kept.ndim(), kept.elements(), kept.grid().is_known()), (1, 20, false));
        assert!(
            message(kept.reshape(&[20])).starts_with("reshape needs the length of axis 0, which is known only after")
        );
        assert!(message(kept.slice_axis(0, 0, 3)).contains("indexing needs"));
        assert!(
            message(x.mask(&array(&[3], DType::Bool)))
                .contains("size of axis is 4 but size of corresponding boolean axis is 3")
        );
        assert!(message(x.mask(&x)).contains("must be a boolean array"));
        assert_eq!(x.nonzero().unwrap().len(), 2);
        assert_eq!(kept.add(1.0).unwrap().grid(), kept.grid());
    }

    #[test]
    fn assignments_fit() {
        let x = array(&[4, 5], DType::F32);
        assert_eq!(x.set_slice(&[SliceSpec::Index(0)], &array(&[5], DType::F64)).unwrap().dtype(), DType::F32);
        assert!(
            message(x.set_slice(&[SliceSpec::Index(0)], &array(&[4], DType::F64)))
                .contains("could not broadcast input array")
        );
        assert_eq!(x.set_mask(&x.greater(0.0).unwrap(), &1.0.into()).unwrap().shape(), x.shape());
        assert_eq!(x.scatter(1, &array(&[2], DType::I64), &array(&[], DType::I64)).unwrap().shape(), x.shape());
    }

    #[test]
    fn joining_checks_shapes() {
        let (x, y) = (array(&[4, 5], DType::F32), array(&[2, 5], DType::I32));
        let both = ArrayExpr::concatenate(&[x.clone(), y.clone()], 0).unwrap();
        assert_eq!((both.shape().as_slice(), both.dtype()), (&[6, 5][..], DType::F64));
        assert!(
            message(ArrayExpr::concatenate(&[x.clone(), y], 1))
                .contains("along dimension 0, the array at index 0 has size 4")
        );
        assert_eq!(message(ArrayExpr::concatenate(&[], 0)), "need at least one array to concatenate");
        assert_eq!(ArrayExpr::stack(&[x.clone(), x.clone()], -1).unwrap().shape().as_slice(), &[4, 5, 2]);
        assert_eq!(x.roll(-1, 0).unwrap().shape(), x.shape());
        assert_eq!(x.repeat(3, 1).unwrap().shape().as_slice(), &[4, 15]);
        let padded = x.pad_constant(&[(1, 2), (0, 1)], Scalar::F64(7.0)).unwrap();
        assert_eq!(padded.shape().as_slice(), &[7, 6]);
    }
}
