//! Indexing by arrays of integers: `take`, `x[rows, columns]`, and assignment to such places.
//!
//! All of them are one loop: over the axes before the indexed ones, over the indices (as offsets in memory), over the axes
//! after them, whose elements are moved in runs.

use super::copy::{Place, copy_strided, elements_borrowed, elements_in_order, typed};
use super::width::{as_bits, from_bits, same_dtype, with_width};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::memory::reserved;
use crate::ndarray::NdArray;
use crate::shape::{Dims, Strides, broadcast_shapes, contiguous_strides, element_count, normalize_axis};
use crate::strided::Walk;

/// What an index beyond an axis means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OutOfBounds {
    /// An error; negative indices count from the end.
    #[default]
    Raise,
    /// The nearest end; negative ones the first element.
    Clip,
    /// The remainder by the length.
    Wrap,
}

/// Integers as positions along an axis of `size`.
///
/// # Errors
/// Not integers; an index out of bounds.
fn positions(indices: &NdArray, axis: usize, size: usize, mode: OutOfBounds) -> Result<Vec<isize>> {
    if !indices.dtype().is_integer() {
        let accepts = "arrays used as indices must be of integer (or boolean) type";
        return Err(KernelError::Unsupported { function: "index", dtypes: vec![indices.dtype()], accepts });
    }
    let mut found: Vec<i64> = elements_in_order(&crate::fused::cast(indices, DType::I64)?)?;
    let length = size as i64;
    match mode {
        OutOfBounds::Raise => {
            if let Some(index) = found.iter().find(|index| **index < -length || **index >= length) {
                return Err(KernelError::IndexOutOfBounds { index: *index as isize, axis, size });
            }
            found.iter_mut().filter(|index| **index < 0).for_each(|index| *index += length);
        }
        _ if size == 0 && !found.is_empty() => {
            return Err(KernelError::invalid("cannot do a non-empty take from an empty axes."));
        }
        OutOfBounds::Clip => found.iter_mut().for_each(|index| *index = (*index).clamp(0, length - 1)),
        OutOfBounds::Wrap => found.iter_mut().for_each(|index| *index = index.rem_euclid(length)),
    }
    Ok(found.into_iter().map(|index| index as isize).collect())
}

/// The elements at `indices` along an axis: that axis is replaced by the shape of the indices.
///
/// # Errors
/// An axis or index out of bounds; indices that are not integers.
pub fn take(array: &NdArray, indices: &NdArray, axis: isize, mode: OutOfBounds) -> Result<NdArray> {
    let axis = normalize_axis(axis, array.ndim())?;
    if array.ndim() == 1
        && mode == OutOfBounds::Raise
        && let Some(taken) = take_of_line(array, indices)?
    {
        return Ok(taken);
    }
    let stride = array.strides()[axis];
    let offsets = positions(indices, axis, array.shape()[axis], mode)?.into_iter().map(|p| p * stride).collect();
    let selection = Selection::new(array, &[axis], axis, offsets, indices.shape());
    selection.gather(array)
}

/// [`take`] from one dimension, in one pass over the indices; nothing where one of them is out of bounds or they are no integers.
fn take_of_line(array: &NdArray, indices: &NdArray) -> Result<Option<NdArray>> {
    if !indices.dtype().is_integer() {
        return Ok(None);
    }
    let places = crate::fused::cast(indices, DType::I64)?;
    let places = elements_borrowed::<i64>(&places)?;
    let length = array.len() as i64;
    if places.iter().fold(false, |any, place| any | (*place < -length) | (*place >= length)) {
        return Ok(None);
    }
    let bits = as_bits(array)?;
    with_width!(array.dtype(), T => {
        let source = elements_borrowed::<T>(&bits)?;
        let mut elements: Vec<T> = reserved(places.len());
        elements.extend(places.iter().map(|place| source[(if *place < 0 { place + length } else { *place }) as usize]));
        from_bits(array.dtype(), indices.shape(), elements).map(Some)
    })
}

/// `x[i, j, ...]` with arrays of integers for some axes and everything (`None`) for the others. The indices broadcast
/// against each other; their shape stands where the first of them does, or first if others lie between them. An axis
/// beyond those named is taken whole.
///
/// # Errors
/// More indices than axes; shapes that do not broadcast; an index out of bounds.
pub fn gather(array: &NdArray, indices: &[Option<NdArray>]) -> Result<NdArray> {
    Selection::of(array, indices)?.gather(array)
}

/// The array with the elements at `x[i, j, ...]` (as in [`gather`]) replaced by `values`, which broadcast to the shape of the
/// selection. Of values for the same place the last one stays.
///
/// # Errors
/// As [`gather`]; values of another dtype or a shape that does not broadcast.
pub fn scatter(array: &NdArray, indices: &[Option<NdArray>], values: &NdArray) -> Result<NdArray> {
    let base = super::arrange::assemble(array.dtype(), array.shape(), [(vec![0; array.ndim()].as_slice(), array)])?;
    let selection = Selection::of(&base, indices)?;
    same_dtype("assignment", array.dtype(), [values.dtype()])?;
    let values = values.broadcast_to(&selection.shape()).map_err(|_| {
        KernelError::invalid(format!(
            "shape mismatch: value array of shape {:?} could not be broadcast to indexing result of shape {:?}",
            values.shape(),
            selection.shape()
        ))
    })?;
    let (base, values) = (as_bits(&base)?, as_bits(&values)?);
    with_width!(array.dtype(), T => {
        let mut elements = elements_in_order::<T>(&base)?;
        let values = elements_in_order::<T>(&values)?;
        selection.for_each_run(|run, position| {
            for (i, value) in values[run..run + selection.run].iter().enumerate() {
                elements[position.wrapping_add_signed(i as isize * selection.step)] = *value;
            }
        });
        from_bits(array.dtype(), array.shape(), elements)
    })
}

/// The array with the box that begins at `at` replaced by `values`.
///
/// # Errors
/// A box that does not fit; another dtype.
pub fn assign(array: &NdArray, at: &[usize], values: &NdArray) -> Result<NdArray> {
    let start = vec![0; array.ndim()];
    super::arrange::assemble(array.dtype(), array.shape(), [(start.as_slice(), array), (at, values)])
}

/// Where a selection by arrays of integers lies in an array.
struct Selection {
    before: Walk<1>,
    before_shape: Dims,
    /// Of each index the offset from the first element of the axes it is for.
    offsets: Vec<isize>,
    index_shape: Dims,
    after: Walk<1>,
    after_shape: Dims,
    /// Elements of the innermost loop, and the step between them.
    run: usize,
    step: isize,
    start: usize,
}

impl Selection {
    /// The selection that takes `offsets` in place of `axes`, at the place of axis `place` (not counting those axes).
    fn new(array: &NdArray, axes: &[usize], place: usize, offsets: Vec<isize>, index_shape: &[usize]) -> Self {
        let kept: Dims = (0..array.ndim()).filter(|axis| !axes.contains(axis)).collect();
        let part = |axes: &[usize]| -> (Dims, Strides) {
            (axes.iter().map(|a| array.shape()[*a]).collect(), axes.iter().map(|a| array.strides()[*a]).collect())
        };
        let ((before_shape, before), (after_shape, after)) = (part(&kept[..place]), part(&kept[place..]));
        let after = Walk::new(&after_shape, [&after]);
        let (run, [step]) = after.inner();
        Self {
            before: Walk::new(&before_shape, [&before]),
            before_shape,
            offsets,
            index_shape: index_shape.into(),
            after,
            after_shape,
            run,
            step,
            start: array.offset(),
        }
    }

    fn of(array: &NdArray, indices: &[Option<NdArray>]) -> Result<Self> {
        if indices.len() > array.ndim() {
            return Err(KernelError::TooManyIndices { ndim: array.ndim(), given: indices.len() });
        }
        let axes: Dims = (0..indices.len()).filter(|axis| indices[*axis].is_some()).collect();
        let arrays: Vec<&NdArray> = indices.iter().flatten().collect();
        let shapes: Vec<&[usize]> = arrays.iter().map(|array| array.shape()).collect();
        let index_shape = broadcast_shapes(&shapes).map_err(|_| {
            KernelError::invalid(format!(
                "shape mismatch: indexing arrays could not be broadcast together with shapes {}",
                shapes.iter().map(|shape| crate::error::shape(shape)).collect::<Vec<_>>().join(" ")
            ))
        })?;
        let mut offsets = vec![0; element_count(&index_shape)?];
        for (axis, index) in axes.iter().zip(&arrays) {
            let index = index.broadcast_to(&index_shape)?;
            let found = positions(&index, *axis, array.shape()[*axis], OutOfBounds::Raise)?;
            offsets.iter_mut().zip(found).for_each(|(offset, p)| *offset += p * array.strides()[*axis]);
        }
        let adjacent = axes.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let place = if adjacent { axes.first().copied().unwrap_or(0) } else { 0 };
        Ok(Self::new(array, &axes, place, offsets, &index_shape))
    }

    fn shape(&self) -> Vec<usize> {
        [self.before_shape.as_slice(), &self.index_shape, &self.after_shape].concat()
    }

    /// Calls `each(first, position)` for every innermost run: the rank of its first element in the selection, and its position
    /// in the buffer.
    fn for_each_run(&self, mut each: impl FnMut(usize, usize)) {
        if self.after_shape.contains(&0) {
            return;
        }
        // Most selections have one run behind each index: no walk is needed for it.
        let one_run = self.after.shape().len() <= 1;
        let mut rank = 0;
        self.before.for_each(|[before]| {
            for offset in &self.offsets {
                let start = self.start.wrapping_add_signed(before + offset);
                if one_run {
                    each(rank, start);
                    rank += self.run;
                    continue;
                }
                self.after.for_each_run(|[after]| {
                    each(rank, start.wrapping_add_signed(after));
                    rank += self.run;
                });
            }
        });
    }

    fn gather(&self, array: &NdArray) -> Result<NdArray> {
        let shape = self.shape();
        let dtype = array.dtype();
        let bits = as_bits(array)?;
        with_width!(dtype, T => {
            let source = typed::<T>(&bits)?;
            let mut elements: Vec<T> = reserved(element_count(&shape)?);
            if self.run == 1 || self.step == 1 {
                self.for_each_run(|_, position| match self.run {
                    1 => elements.push(source[position]),
                    run => elements.extend_from_slice(&source[position..position + run]),
                });
            } else {
                self.for_each_run(|_, position| {
                    let at = |i: usize| source[position.wrapping_add_signed(i as isize * self.step)];
                    elements.extend((0..self.run).map(at));
                });
            }
            from_bits(dtype, &shape, elements)
        })
    }
}

/// NumPy's `take_along_axis`: for each place of `indices` the element with that index along the axis and the place's own index
/// along the others, which broadcast.
///
/// # Errors
/// Other dimensions; an index out of bounds.
pub fn take_along_axis(array: &NdArray, indices: &NdArray, axis: isize) -> Result<NdArray> {
    let axis = normalize_axis(axis, array.ndim())?;
    let (array, indices) = broadcast_beside(array, indices, axis)?;
    let found = positions(&indices, axis, array.shape()[axis], OutOfBounds::Raise)?;
    let mut strides: Strides = array.strides().into();
    let stride = std::mem::take(&mut strides[axis]);
    let dtype = array.dtype();
    let bits = as_bits(&array)?;
    with_width!(dtype, T => {
        let source = typed::<T>(&bits)?;
        let mut elements: Vec<T> = reserved(found.len());
        let mut found = found.into_iter();
        Walk::new(indices.shape(), [&strides]).for_each(|[place]| {
            let position = found.next().unwrap_or_default();
            elements.push(source[bits.offset().wrapping_add_signed(place + position * stride)]);
        });
        from_bits(dtype, indices.shape(), elements)
    })
}

/// The array with the elements at the places of [`take_along_axis`] replaced by `values`, which broadcast to the indices.
///
/// # Errors
/// As [`take_along_axis`]; values of another dtype or shape.
pub fn put_along_axis(array: &NdArray, indices: &NdArray, values: &NdArray, axis: isize) -> Result<NdArray> {
    let axis = normalize_axis(axis, array.ndim())?;
    same_dtype("put_along_axis", array.dtype(), [values.dtype()])?;
    let (_, indices) = broadcast_beside(array, indices, axis)?;
    let found = positions(&indices, axis, array.shape()[axis], OutOfBounds::Raise)?;
    let (array_bits, values) = (as_bits(array)?, as_bits(&values.broadcast_to(indices.shape())?)?);
    let mut strides = contiguous_strides(array.shape());
    let stride = std::mem::take(&mut strides[axis]);
    with_width!(array.dtype(), T => {
        let mut elements = elements_in_order::<T>(&array_bits)?;
        let mut pairs = found.into_iter().zip(elements_in_order::<T>(&values)?);
        Walk::new(indices.shape(), [&strides]).for_each(|[place]| {
            if let Some((position, value)) = pairs.next() {
                elements[(place + position * stride) as usize] = value;
            }
        });
        from_bits(array.dtype(), array.shape(), elements)
    })
}

/// Both broadcast along all axes but one.
fn broadcast_beside(array: &NdArray, indices: &NdArray, axis: usize) -> Result<(NdArray, NdArray)> {
    if indices.ndim() != array.ndim() {
        return Err(KernelError::invalid("`indices` and `arr` must have the same number of dimensions"));
    }
    let without = |array: &NdArray| -> Vec<usize> {
        array.shape().iter().enumerate().map(|(a, n)| if a == axis { 1 } else { *n }).collect()
    };
    let beside = broadcast_shapes(&[&without(array), &without(indices)])?;
    let with = |array: &NdArray| {
        let mut shape = beside.clone();
        shape[axis] = array.shape()[axis];
        array.broadcast_to(&shape)
    };
    Ok((with(array)?, with(indices)?))
}

/// Elements in C order replaced by those at flat positions: NumPy's `put`. Values are repeated as often as needed.
///
/// # Errors
/// An index out of bounds; values of another dtype.
pub fn put(array: &NdArray, indices: &NdArray, values: &NdArray, mode: OutOfBounds) -> Result<NdArray> {
    same_dtype("put", array.dtype(), [values.dtype()])?;
    let found = positions(indices, 0, array.len(), mode)?;
    let (bits, values) = (as_bits(array)?, as_bits(values)?);
    with_width!(array.dtype(), T => {
        let mut elements = elements_in_order::<T>(&bits)?;
        let values = elements_in_order::<T>(&values)?;
        for (position, value) in found.into_iter().zip(values.iter().cycle()) {
            elements[position as usize] = *value;
        }
        from_bits(array.dtype(), array.shape(), elements)
    })
}

/// Elements in C order into a slice, for callers that hold one: a strided copy of the whole array.
///
/// # Errors
/// Another type or number of elements.
pub fn copy_to_slice<T: crate::Element>(array: &NdArray, target: &mut [T]) -> Result<()> {
    if target.len() != array.len() {
        return Err(KernelError::Reshape { size: array.len(), to: vec![target.len()] });
    }
    let strides = contiguous_strides(array.shape());
    let from = Place { offset: array.offset(), strides: array.strides() };
    copy_strided(array.shape(), target, Place { offset: 0, strides: &strides }, typed::<T>(array)?, from);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::arrange::flip;
    use super::*;
    use crate::DType;

    fn arange(shape: &[usize]) -> NdArray {
        NdArray::from_vec(shape, (0..shape.iter().product::<usize>() as i32).collect()).unwrap()
    }

    fn index(shape: &[usize], values: &[i64]) -> NdArray {
        NdArray::from_vec(shape, values.to_vec()).unwrap()
    }

    fn values(array: &NdArray) -> Vec<i32> {
        array.to_vec().unwrap()
    }

    #[test]
    fn take_along_every_axis_and_layout() {
        let plain = arange(&[2, 3, 4]);
        for array in [plain.clone(), arange(&[4, 3, 2]).t(), flip(&plain, None).unwrap()] {
            for axis in 0..3 {
                let n = array.shape()[axis] as i64;
                let found = take(&array, &index(&[2, 2], &[0, -1, 1, -n]), axis as isize, OutOfBounds::Raise).unwrap();
                let mut shape = array.shape().to_vec();
                shape.splice(axis..=axis, [2, 2]);
                assert_eq!(found.shape(), shape);
                for (i, position) in [0, n - 1, 1, 0].into_iter().enumerate() {
                    let mut own = vec![crate::SliceSpec::ALL; axis];
                    let mut whole = own.clone();
                    own.extend([crate::SliceSpec::Index(i as isize / 2), crate::SliceSpec::Index(i as isize % 2)]);
                    whole.push(crate::SliceSpec::Index(position as isize));
                    assert_eq!(found.slice(&own).unwrap(), array.slice(&whole).unwrap());
                }
            }
        }
    }

    #[test]
    fn modes_and_errors() {
        let array = arange(&[3]);
        let of = |i: &[i64], mode| take(&array, &index(&[i.len()], i), 0, mode);
        assert_eq!(
            of(&[5], OutOfBounds::Raise).unwrap_err().to_string(),
            "index 5 is out of bounds for axis 0 with size 3"
        );
        assert!(of(&[-4], OutOfBounds::Raise).is_err());
        assert_eq!(values(&of(&[5, -1, 1], OutOfBounds::Clip).unwrap()), [2, 0, 1]);
        assert_eq!(values(&of(&[5, -1, 1], OutOfBounds::Wrap).unwrap()), [2, 2, 1]);
        let none = take(&arange(&[0, 2]), &index(&[1], &[0]), 0, OutOfBounds::Clip);
        assert!(none.unwrap_err().to_string().contains("non-empty take"));
        assert_eq!(take(&arange(&[0, 2]), &index(&[0], &[]), 0, OutOfBounds::Raise).unwrap().shape(), &[0, 2]);
        assert!(take(&array, &NdArray::zeros(DType::F64, &[1]).unwrap(), 0, OutOfBounds::Raise).is_err());
        assert!(take(&array, &NdArray::zeros(DType::Bool, &[1]).unwrap(), 0, OutOfBounds::Raise).is_err());
    }

    #[test]
    fn several_index_arrays() {
        let array = arange(&[3, 4, 5]);
        let (i, j) = (index(&[2, 1], &[0, 2]), index(&[3], &[1, -1, 0]));
        let found = gather(&array, &[Some(i.clone()), Some(j.clone())]).unwrap();
        assert_eq!(found.shape(), &[2, 3, 5]);
        assert_eq!(values(&found)[5..7], [15, 16]);
        let found = gather(&array, &[None, Some(i.clone()), Some(j.clone())]).unwrap();
        assert_eq!((found.shape(), values(&found)[0]), (&[3, 2, 3][..], 1));
        // With an axis between them their shape comes first.
        let found = gather(&array, &[Some(i), None, Some(j)]).unwrap();
        assert_eq!(found.shape(), &[2, 3, 4]);
        assert_eq!(values(&found)[..4], [1, 6, 11, 16]);
        assert_eq!(gather(&array, &[]).unwrap(), array);
        let error = gather(&array, &[Some(index(&[2], &[0, 1])), Some(index(&[3], &[0, 1, 2]))]).unwrap_err();
        assert!(error.to_string().ends_with("broadcast together with shapes (2,) (3,)"));
        assert!(gather(&array, &vec![Some(index(&[], &[0])); 4]).is_err());
    }

    #[test]
    fn assignment() {
        let array = arange(&[2, 3]);
        let new = NdArray::from_vec(&[2], vec![-1, -2]).unwrap();
        let found = scatter(&array, &[Some(index(&[2], &[1, 0])), Some(index(&[2], &[2, 0]))], &new).unwrap();
        assert_eq!(values(&found), [-2, 1, 2, 3, 4, -1]);
        let found =
            scatter(&array.t(), &[Some(index(&[2], &[0, 0]))], &NdArray::from_vec(&[2, 1], vec![7, 8]).unwrap())
                .unwrap();
        assert_eq!(values(&found), [8, 8, 1, 4, 2, 5]);
        let found = scatter(&array, &[None, Some(index(&[1], &[1]))], &NdArray::scalar(crate::Scalar::I32(9))).unwrap();
        assert_eq!(values(&found), [0, 9, 2, 3, 9, 5]);
        let wrong = scatter(&array, &[Some(index(&[2], &[0, 1]))], &NdArray::zeros(DType::I32, &[4]).unwrap());
        assert!(wrong.unwrap_err().to_string().starts_with("shape mismatch: value array of shape [4]"));
        assert!(scatter(&array, &[], &NdArray::zeros(DType::I64, &[1]).unwrap()).is_err());
        assert_eq!(values(&assign(&array, &[0, 1], &arange(&[2, 2])).unwrap()), [0, 0, 1, 3, 2, 3]);
        assert!(assign(&array, &[1, 1], &arange(&[2, 2])).is_err());
        assert_eq!(
            values(&put(&array, &index(&[3], &[0, -1, 2]), &new, OutOfBounds::Raise).unwrap()),
            [-1, 1, -1, 3, 4, -2]
        );
    }

    #[test]
    fn along_an_axis() {
        let array = NdArray::from_vec(&[2, 3], vec![30, 10, 20, 60, 40, 50]).unwrap();
        let order = crate::order::argsort(&array, 1).unwrap();
        assert_eq!(take_along_axis(&array, &order, 1).unwrap(), crate::order::sort(&array, 1).unwrap());
        let first = index(&[1, 1], &[-1]);
        assert_eq!(values(&take_along_axis(&array, &first, 1).unwrap()), [20, 50]);
        let found = put_along_axis(&array, &first, &NdArray::from_vec(&[2, 1], vec![1, 2]).unwrap(), 1).unwrap();
        assert_eq!(values(&found), [30, 10, 1, 60, 40, 2]);
        assert!(take_along_axis(&array, &index(&[1], &[0]), 1).is_err());
        assert!(take_along_axis(&array, &index(&[1, 1], &[3]), 1).is_err());
        let mut target = vec![0; 6];
        copy_to_slice(&array.t(), &mut target).unwrap();
        assert_eq!(target, [30, 60, 10, 40, 20, 50]);
    }
}
