//! Arrays put together from others, and cut.

use std::borrow::Borrow;

use super::copy::{place_into, zeroed};
use super::width::{as_bits, from_bits, same_dtype, with_width};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::shape::{Dims, element_count, normalize_axis};
use crate::slicing::SliceSpec;

/// An array of `shape` in C order from pieces, each with the index of its first element. Elements that no piece covers are
/// zero; where pieces overlap the last one stays. Pieces are asked for one after another, and not kept.
///
/// # Errors
/// A piece of another dtype, or not inside the shape.
pub fn assemble<A: AsRef<[usize]>, N: Borrow<NdArray>>(
    dtype: DType,
    shape: &[usize],
    pieces: impl IntoIterator<Item = (A, N)>,
) -> Result<NdArray> {
    with_width!(dtype, T => {
        let mut elements = zeroed::<T>(element_count(shape)?);
        for (at, piece) in pieces {
            let piece = piece.borrow();
            same_dtype("assemble", dtype, [piece.dtype()])?;
            place_into::<T>(&mut elements, shape, at.as_ref(), &as_bits(piece)?)?;
        }
        from_bits(dtype, shape, elements)
    })
}

/// The pieces of an array by a grid (the lengths of the pieces along each axis), in C order of the grid: the index of the
/// first element, and a view.
///
/// # Errors
/// A grid that does not add up to the shape.
pub fn split(array: &NdArray, grid: &[Vec<usize>]) -> Result<Vec<(Vec<usize>, NdArray)>> {
    let adds_up = grid.len() == array.ndim()
        && grid.iter().zip(array.shape()).all(|(parts, n)| parts.iter().sum::<usize>() == *n);
    if !adds_up {
        return Err(KernelError::invalid(format!("grid {grid:?} does not add up to shape {:?}", array.shape())));
    }
    let mut pieces = vec![(Vec::new(), array.clone())];
    for (axis, parts) in grid.iter().enumerate() {
        let mut finer = Vec::with_capacity(pieces.len() * parts.len());
        for (at, piece) in &pieces {
            let mut start = 0;
            for length in parts {
                finer.push(([at.as_slice(), &[start]].concat(), range(piece, axis, start, *length)?));
                start += length;
            }
        }
        pieces = finer;
    }
    Ok(pieces)
}

/// The view of `length` elements from `start` along an axis.
///
/// # Errors
/// When they are not all there.
pub fn range(array: &NdArray, axis: usize, start: usize, length: usize) -> Result<NdArray> {
    let mut parts = vec![SliceSpec::ALL; axis + 1];
    parts[axis] = (start..start + length).into();
    let view = array.slice(&parts)?;
    match view.shape()[axis] == length {
        true => Ok(view),
        false => {
            Err(KernelError::IndexOutOfBounds { index: (start + length) as isize - 1, axis, size: array.shape()[axis] })
        }
    }
}

/// The array in a buffer of its own, if it holds no more than its elements already: what is kept must not keep others.
///
/// # Errors
/// None that a valid array meets.
pub fn compact(array: &NdArray) -> Result<NdArray> {
    if array.is_contiguous() && array.buffer().len() <= array.size_bytes() + 64 {
        return Ok(array.clone());
    }
    assemble(array.dtype(), array.shape(), [(vec![0; array.ndim()].as_slice(), array)])
}

/// Arrays one after another along an axis.
///
/// # Errors
/// No arrays, other dtypes, shapes that differ in another axis.
pub fn concatenate(arrays: &[NdArray], axis: isize) -> Result<NdArray> {
    let first = arrays.first().ok_or_else(|| KernelError::invalid("need at least one array to concatenate"))?;
    if first.ndim() == 0 {
        return Err(KernelError::invalid("zero-dimensional arrays cannot be concatenated"));
    }
    let axis = normalize_axis(axis, first.ndim())?;
    let mut shape = first.shape().to_vec();
    shape[axis] = 0;
    let mut starts = Vec::with_capacity(arrays.len());
    for (index, array) in arrays.iter().enumerate() {
        if array.ndim() != shape.len() {
            return Err(KernelError::invalid(format!(
                "all the input array dimensions except for the concatenation axis must match exactly, but array at index 0 has \
                 {} dimension(s) and the array at index {index} has {} dimension(s)",
                shape.len(),
                array.ndim()
            )));
        }
        if let Some(other) = (0..shape.len()).find(|a| *a != axis && array.shape()[*a] != shape[*a]) {
            return Err(KernelError::invalid(format!(
                "all the input array dimensions except for the concatenation axis must match exactly, but along dimension \
                 {other}, the array at index 0 has size {} and the array at index {index} has size {}",
                shape[other],
                array.shape()[other]
            )));
        }
        let mut start = vec![0; shape.len()];
        start[axis] = shape[axis];
        starts.push(start);
        shape[axis] += array.shape()[axis];
    }
    same_dtype("concatenate", first.dtype(), arrays.iter().map(NdArray::dtype))?;
    assemble(first.dtype(), &shape, starts.iter().map(Vec::as_slice).zip(arrays))
}

/// Arrays of one shape along a new axis.
///
/// # Errors
/// No arrays, other dtypes, shapes that differ.
pub fn stack(arrays: &[NdArray], axis: isize) -> Result<NdArray> {
    let first = arrays.first().ok_or_else(|| KernelError::invalid("need at least one array to stack"))?;
    if arrays.iter().any(|array| array.shape() != first.shape()) {
        return Err(KernelError::invalid("all input arrays must have the same shape"));
    }
    let axis = normalize_axis(axis, first.ndim() + 1)?;
    let raised = arrays.iter().map(|array| array.insert_axis(axis)).collect::<Result<Vec<_>>>()?;
    concatenate(&raised, axis as isize)
}

/// The view with the order of some axes reversed; of all where none are named.
///
/// # Errors
/// An axis out of bounds or named twice.
pub fn flip(array: &NdArray, axes: Option<&[isize]>) -> Result<NdArray> {
    let axes = crate::shape::normalize_axes(axes, array.ndim())?;
    let parts: Vec<SliceSpec> =
        (0..array.ndim()).map(|a| if axes.contains(&a) { SliceSpec::REVERSED } else { SliceSpec::ALL }).collect();
    array.slice(&parts)
}

/// Elements moved by a number of places along axes, those that fall off the end coming in at the start. An axis that occurs
/// twice is moved by the sum.
///
/// # Errors
/// An axis out of bounds.
pub fn roll(array: &NdArray, moves: &[(usize, isize)]) -> Result<NdArray> {
    let mut by: Dims = array.shape().iter().map(|_| 0).collect();
    for &(axis, places) in moves {
        let axis = normalize_axis(axis as isize, array.ndim())?;
        let length = array.shape()[axis].max(1);
        by[axis] = (by[axis] + places.rem_euclid(length as isize) as usize) % length;
    }
    // Along each axis the end comes first.
    let grid: Vec<Vec<usize>> = array.shape().iter().zip(&by).map(|(n, by)| vec![n - by, *by]).collect();
    let pieces: Vec<(Vec<usize>, NdArray)> = split(array, &grid)?
        .into_iter()
        .map(|(at, piece)| {
            let moved = |(axis, at): (usize, usize)| match at {
                0 if piece.shape()[axis] == array.shape()[axis] - by[axis] => by[axis],
                _ => 0,
            };
            (at.into_iter().enumerate().map(moved).collect(), piece)
        })
        .filter(|(_, piece): &(_, NdArray)| !piece.is_empty())
        .collect();
    assemble(array.dtype(), array.shape(), pieces.iter().map(|(at, piece)| (at.as_slice(), piece)))
}

/// Elements in C order moved by a number of places: `roll` without an axis.
///
/// # Errors
/// None that a valid array meets.
pub fn roll_flat(array: &NdArray, places: isize) -> Result<NdArray> {
    roll(&array.reshape(&[array.len()])?, &[(0, places)])?.reshape(array.shape())
}

/// The view turned by `times` right angles in the plane of two axes, from the first towards the second.
///
/// # Errors
/// Axes that are equal or out of bounds.
pub fn rot90(array: &NdArray, times: isize, axes: [isize; 2]) -> Result<NdArray> {
    let [a, b] = [normalize_axis(axes[0], array.ndim())?, normalize_axis(axes[1], array.ndim())?];
    if a == b {
        return Err(KernelError::invalid("Axes must be different."));
    }
    let swapped = |array: &NdArray| {
        let mut order: Dims = (0..array.ndim()).collect();
        order.swap(a, b);
        array.transpose(&order)
    };
    match times.rem_euclid(4) {
        0 => Ok(array.clone()),
        1 => swapped(&flip(array, Some(&[b as isize]))?),
        2 => flip(array, Some(&[a as isize, b as isize])),
        _ => flip(&swapped(array)?, Some(&[b as isize])),
    }
}

/// The array repeated `repeats[i]` times along axis `i`; the shorter of shape and repeats gets leading ones.
///
/// # Errors
/// Too many elements.
pub fn tile(array: &NdArray, repeats: &[usize]) -> Result<NdArray> {
    let ndim = array.ndim().max(repeats.len());
    let padded = |lengths: &[usize]| [vec![1; ndim - lengths.len()].as_slice(), lengths].concat();
    let (lengths, repeats) = (padded(array.shape()), padded(repeats));
    // Each axis becomes two, of which the first only repeats.
    let single: Vec<usize> = lengths.iter().flat_map(|n| [1, *n]).collect();
    let repeated: Vec<usize> = repeats.iter().zip(&lengths).flat_map(|(r, n)| [*r, *n]).collect();
    let shape: Vec<usize> = repeats.iter().zip(&lengths).map(|(r, n)| r.saturating_mul(*n)).collect();
    element_count(&shape)?;
    array.reshape(&single)?.broadcast_to(&repeated)?.reshape(&shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arange(shape: &[usize]) -> NdArray {
        NdArray::from_vec(shape, (0..shape.iter().product::<usize>() as i32).collect()).unwrap()
    }

    fn values(array: &NdArray) -> Vec<i32> {
        array.to_vec().unwrap()
    }

    #[test]
    fn pieces_make_the_whole() {
        for array in [arange(&[5, 7]), arange(&[7, 5]).t(), flip(&arange(&[5, 7]), None).unwrap()] {
            let pieces = split(&array, &[vec![2, 3], vec![1, 0, 4, 2]]).unwrap();
            assert_eq!(pieces.len(), 8);
            assert_eq!(pieces[7].0, [2, 5]);
            let parts = pieces.iter().map(|(at, piece)| (at.as_slice(), piece));
            assert_eq!(assemble(DType::I32, &[5, 7], parts).unwrap(), array);
        }
        assert!(split(&arange(&[3]), &[vec![1, 1]]).is_err());
        let three = arange(&[3]);
        assert!(assemble(DType::I32, &[4], [([2].as_slice(), &three)]).is_err());
        assert!(assemble(DType::F32, &[4], [([0].as_slice(), &three)]).is_err());
        assert_eq!(values(&assemble(DType::I32, &[4], [([1].as_slice(), &three)]).unwrap()), [0, 0, 1, 2]);
        let scalar = NdArray::scalar(crate::Scalar::Bool(true));
        assert_eq!(assemble(DType::Bool, &[], [([].as_slice(), &scalar)]).unwrap(), scalar);
    }

    #[test]
    fn compact_copies_what_shares() {
        let array = arange(&[100, 3]);
        assert_eq!(compact(&array).unwrap().buffer().as_ptr(), array.buffer().as_ptr());
        let row = range(&array, 0, 4, 1).unwrap();
        assert_eq!(compact(&row).unwrap(), row);
        assert_eq!(compact(&row).unwrap().buffer().len(), 12);
    }

    #[test]
    fn concatenate_and_stack() {
        let (a, b) = (arange(&[2, 2]), arange(&[2, 1]));
        assert_eq!(values(&concatenate(&[a.clone(), b.clone()], 1).unwrap()), [0, 1, 0, 2, 3, 1]);
        let error = concatenate(&[a.clone(), b.clone()], 0).unwrap_err().to_string();
        assert!(
            error.ends_with("along dimension 1, the array at index 0 has size 2 and the array at index 1 has size 1")
        );
        assert!(concatenate(&[a.clone(), arange(&[2])], 0).unwrap_err().to_string().contains("1 dimension(s)"));
        assert!(concatenate(&[], 0).is_err() && concatenate(&[arange(&[])], 0).is_err());
        assert!(concatenate(&[a.clone(), NdArray::zeros(DType::F64, &[2, 2]).unwrap()], 0).is_err());
        let stacked = stack(&[a.clone(), a.t()], -1).unwrap();
        assert_eq!((stacked.shape(), values(&stacked)), (&[2, 2, 2][..], vec![0, 0, 1, 2, 2, 1, 3, 3]));
        assert!(stack(&[a, b], 0).is_err());
    }

    #[test]
    fn rolls() {
        let array = arange(&[2, 3]);
        assert_eq!(values(&roll(&array, &[(1, 1)]).unwrap()), [2, 0, 1, 5, 3, 4]);
        assert_eq!(values(&roll(&array, &[(1, -1), (0, 3)]).unwrap()), [4, 5, 3, 1, 2, 0]);
        assert_eq!(values(&roll(&array, &[(1, 2), (1, 2)]).unwrap()), [2, 0, 1, 5, 3, 4]);
        assert_eq!(values(&roll_flat(&array, 2).unwrap()), [4, 5, 0, 1, 2, 3]);
        assert_eq!(roll(&arange(&[0, 3]), &[(0, 5)]).unwrap().shape(), &[0, 3]);
        assert_eq!(values(&roll(&arange(&[4]), &[(0, 2)]).unwrap()), [2, 3, 0, 1]);
        assert!(roll(&array, &[(2, 1)]).is_err());
        assert_eq!(roll(&array, &[]).unwrap(), array);
    }

    #[test]
    fn turns_and_tiles() {
        let array = arange(&[2, 2]);
        for (times, expected) in
            [(1, [1, 3, 0, 2]), (2, [3, 2, 1, 0]), (3, [2, 0, 3, 1]), (-1, [2, 0, 3, 1]), (4, [0, 1, 2, 3])]
        {
            assert_eq!(values(&rot90(&array, times, [0, 1]).unwrap()), expected, "{times}");
        }
        assert!(rot90(&array, 1, [0, -2]).is_err());
        assert_eq!(values(&tile(&arange(&[2]), &[2, 2]).unwrap()), [0, 1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(values(&tile(&array, &[2]).unwrap()), [0, 1, 0, 1, 2, 3, 2, 3]);
        assert_eq!(tile(&array, &[0, 1, 3]).unwrap().shape(), &[0, 2, 6]);
        assert_eq!(values(&flip(&array, None).unwrap()), [3, 2, 1, 0]);
    }
}
