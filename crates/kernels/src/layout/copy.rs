//! Copies between strided layouts, at about the speed of memory also where they transpose.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::borrow::Cow;

use smallvec::SmallVec;

use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::memory::{advise, reserved};
use crate::ndarray::NdArray;
use crate::shape::contiguous_strides;

/// Elements along the axis that is contiguous in the target, in one tile of a transposing copy: longer runs are written than read.
const TILE_WRITE: usize = 64;
/// Bytes along the axis that is contiguous in the source: two cache lines.
const TILE_READ_BYTES: usize = 128;
const TILE_READ_LARGEST: usize = 32;

/// A place in a slice: the first element of a view, and its step along each axis, in elements.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Index of the first element.
    pub offset: usize,
    /// Steps along the axes.
    pub strides: &'a [isize],
}

#[derive(Debug, Clone, Copy)]
struct Axis {
    length: usize,
    target: isize,
    source: isize,
}

/// Copies a box of `shape` from one strided place to another. The slices must hold every element of the box.
///
/// # Panics
/// When an element lies outside its slice.
pub fn copy_strided<T: Copy + Default>(shape: &[usize], target: &mut [T], to: Place, source: &[T], from: Place) {
    if shape.contains(&0) {
        return;
    }
    check_inside(shape, target.len(), to);
    check_inside(shape, source.len(), from);
    // SAFETY: all elements lie inside their slices, of which one is borrowed mutably.
    unsafe {
        let (target, source) = (target.as_mut_ptr().add(to.offset), source.as_ptr().add(from.offset));
        copy_box(shape, target, to.strides, source, from.strides);
    }
}

/// # Panics
/// When an element of a box, which is not empty, lies outside a slice of `length` elements.
fn check_inside(shape: &[usize], length: usize, place: Place) {
    let (mut first, mut last) = (place.offset as isize, place.offset as isize);
    for (length, stride) in shape.iter().zip(place.strides) {
        let reach = (*length as isize - 1) * stride;
        first += reach.min(0);
        last += reach.max(0);
    }
    assert!(first >= 0 && (last as usize) < length, "elements {first} to {last} of a slice of {length}");
}

/// Copies an array to a strided place in memory, steps in elements.
///
/// # Safety
/// There is memory for every element, aligned for the dtype, which nobody reads or writes meanwhile.
pub unsafe fn copy_out(array: &NdArray, target: *mut u8, strides: &[isize]) {
    if array.is_empty() {
        return;
    }
    let from = array.buffer().as_ptr().wrapping_add(array.offset() * array.dtype().item_size());
    // SAFETY: the caller's promise, and that of arrays: their elements lie in their buffers; the types have the dtypes' alignments.
    unsafe {
        match array.dtype().item_size() {
            1 => copy_box::<u8>(array.shape(), target, strides, from, array.strides()),
            2 => copy_box::<u16>(array.shape(), target.cast(), strides, from.cast(), array.strides()),
            4 => copy_box::<u32>(array.shape(), target.cast(), strides, from.cast(), array.strides()),
            8 if array.dtype().is_complex() => {
                copy_box::<[u32; 2]>(array.shape(), target.cast(), strides, from.cast(), array.strides());
            }
            8 => copy_box::<u64>(array.shape(), target.cast(), strides, from.cast(), array.strides()),
            _ => copy_box::<[u64; 2]>(array.shape(), target.cast(), strides, from.cast(), array.strides()),
        }
    }
}

/// Copies a box between two strided places.
///
/// # Safety
/// All elements of the box are there in both, which do not overlap.
unsafe fn copy_box<T: Copy + Default>(shape: &[usize], target: *mut T, to: &[isize], source: *const T, from: &[isize]) {
    let axes = merged_axes(shape, to, from);
    let (outer, body) = match axes.as_slice() {
        [] => {
            // SAFETY: the one element of the box.
            unsafe { target.write(source.read()) };
            return;
        }
        [outer @ .., inner] => (outer, *inner),
    };
    if body.target == 1 && body.source == 1 {
        // SAFETY: a line of the box.
        for_each(outer, target, source, |to, from| unsafe {
            std::ptr::copy_nonoverlapping(from, to, body.length);
        });
        return;
    }
    let across = outer.iter().rposition(|axis| axis.source == 1);
    match across {
        Some(across) if body.target == 1 => {
            let mut rest: SmallVec<[Axis; 4]> = outer.into();
            let across = rest.remove(across);
            // SAFETY: a plane of the box.
            for_each(&rest, target, source, |to, from| unsafe { transpose_plane(across, body, to, from) });
        }
        _ => for_each(outer, target, source, |mut to, mut from| {
            for _ in 0..body.length {
                // SAFETY: an element of the box.
                unsafe { to.write(from.read()) };
                to = to.wrapping_offset(body.target);
                from = from.wrapping_offset(body.source);
            }
        }),
    }
}

/// One plane: `rows` is contiguous in the source, `columns` in the target.
///
/// # Safety
/// All elements of the plane are there in both, which do not overlap.
unsafe fn transpose_plane<T: Copy + Default>(rows: Axis, columns: Axis, to: *mut T, from: *const T) {
    let tile_read = (TILE_READ_BYTES / size_of::<T>()).clamp(1, TILE_READ_LARGEST);
    let mut tile = [[T::default(); TILE_WRITE]; TILE_READ_LARGEST];
    for column in (0..columns.length).step_by(TILE_WRITE) {
        let width = TILE_WRITE.min(columns.length - column);
        for row in (0..rows.length).step_by(tile_read) {
            let height = tile_read.min(rows.length - row);
            for j in 0..width {
                let start = from.wrapping_offset((column + j) as isize * columns.source).wrapping_add(row);
                for (i, line) in tile[..height].iter_mut().enumerate() {
                    // SAFETY: an element of the plane.
                    line[j] = unsafe { start.add(i).read() };
                }
            }
            for (i, line) in tile[..height].iter().enumerate() {
                let start = to.wrapping_offset((row + i) as isize * rows.target).wrapping_add(column);
                // SAFETY: elements of a line of the plane.
                unsafe { std::ptr::copy_nonoverlapping(line.as_ptr(), start, width) };
            }
        }
    }
}

/// The axes that matter, the one of the smallest step in the target last; neighbours that step as one in both are merged.
fn merged_axes(shape: &[usize], to: &[isize], from: &[isize]) -> SmallVec<[Axis; 4]> {
    let mut axes: SmallVec<[Axis; 4]> = shape
        .iter()
        .zip(to.iter().zip(from))
        .filter(|(length, _)| **length != 1)
        .map(|(&length, (&target, &source))| Axis { length, target, source })
        .collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.target.unsigned_abs()));
    let mut merged: SmallVec<[Axis; 4]> = SmallVec::new();
    for axis in axes {
        let length = axis.length as isize;
        match merged.last_mut() {
            Some(last) if last.target == axis.target * length && last.source == axis.source * length => {
                *last = Axis { length: last.length * axis.length, ..axis };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

fn for_each<T>(axes: &[Axis], to: *mut T, from: *const T, mut run: impl FnMut(*mut T, *const T)) {
    fn level<T>(axes: &[Axis], to: *mut T, from: *const T, run: &mut impl FnMut(*mut T, *const T)) {
        let Some((axis, rest)) = axes.split_first() else { return run(to, from) };
        let (mut to, mut from) = (to, from);
        for _ in 0..axis.length {
            level(rest, to, from, run);
            to = to.wrapping_offset(axis.target);
            from = from.wrapping_offset(axis.source);
        }
    }
    level(axes, to, from, &mut run);
}

/// The elements of any view in C order.
///
/// # Errors
/// When `T` is not the Rust type of the dtype.
pub fn elements_in_order<T: Element>(array: &NdArray) -> Result<Vec<T>> {
    let source = typed::<T>(array)?;
    if let Some(slice) = array.as_slice::<T>() {
        let mut elements = reserved(slice.len());
        elements.extend_from_slice(slice);
        return Ok(elements);
    }
    let mut elements = zeroed::<T>(array.len());
    let strides = contiguous_strides(array.shape());
    let from = Place { offset: array.offset(), strides: array.strides() };
    copy_strided(array.shape(), &mut elements, Place { offset: 0, strides: &strides }, source, from);
    Ok(elements)
}

/// The elements of any view in C order, copied only if they do not lie so.
///
/// # Errors
/// When `T` is not the Rust type of the dtype.
pub fn elements_borrowed<T: Element>(array: &NdArray) -> Result<Cow<'_, [T]>> {
    match array.as_slice::<T>() {
        Some(slice) => Ok(Cow::Borrowed(slice)),
        None => elements_in_order(array).map(Cow::Owned),
    }
}

/// Zeros, whose memory the system hands out cleared: large ones are not written here. (`vec!` does so only for plain numbers.)
pub(crate) fn zeroed<T: Element>(count: usize) -> Vec<T> {
    let Ok(layout) = Layout::array::<T>(count) else { return vec![T::default(); count] };
    if layout.size() == 0 {
        return Vec::new();
    }
    // SAFETY: the layout is not empty, and that of `count` elements, which the vector then owns; zero bytes are a value of every
    // element type: false, 0 and 0.0.
    unsafe {
        let memory = alloc_zeroed(layout);
        if memory.is_null() {
            handle_alloc_error(layout);
        }
        advise(memory, layout.size());
        Vec::from_raw_parts(memory.cast::<T>(), count, count)
    }
}

/// The buffer of an array as elements of `T`.
pub(crate) fn typed<T: Element>(array: &NdArray) -> Result<&[T]> {
    array.elements::<T>().ok_or_else(|| {
        KernelError::invalid(format!("elements of a {} array are not of type {}", array.dtype(), T::DTYPE))
    })
}

/// Copies an array to the box of `target` (C order, shape `target_shape`) that starts at `at`.
///
/// # Errors
/// When the box does not fit, or `T` is not the Rust type of the dtype.
pub fn place_into<T: Element>(target: &mut [T], target_shape: &[usize], at: &[usize], array: &NdArray) -> Result<()> {
    let shape = array.shape();
    let fits = shape.len() == target_shape.len()
        && shape.len() == at.len()
        && target.len() == target_shape.iter().product::<usize>()
        && shape.iter().zip(at).zip(target_shape).all(|((n, at), whole)| at + n <= *whole);
    if !fits {
        return Err(KernelError::invalid(format!(
            "piece of shape {shape:?} at {at:?} is not inside an array of shape {target_shape:?}"
        )));
    }
    let strides = contiguous_strides(target_shape);
    let offset = at.iter().zip(&strides).map(|(at, stride)| at * *stride as usize).sum();
    let from = Place { offset: array.offset(), strides: array.strides() };
    copy_strided(shape, target, Place { offset, strides: &strides }, typed::<T>(array)?, from);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::strided::Walk;

    fn plain(shape: &[usize], target: &mut [i32], to: Place, source: &[i32], from: Place) {
        Walk::new(shape, [to.strides, from.strides]).for_each(|[t, f]| {
            target[to.offset.wrapping_add_signed(t)] = source[from.offset.wrapping_add_signed(f)];
        });
    }

    /// A box of `shape` in a slice, its axes in any order and direction.
    fn placement(shape: &[usize], order: &[usize], flips: &[bool]) -> (usize, Vec<isize>, usize) {
        let (mut strides, mut step, mut offset) = (vec![0; shape.len()], 1, 0);
        for &axis in order {
            strides[axis] = if flips[axis] { -(step as isize) } else { step as isize };
            if flips[axis] {
                offset += step * (shape[axis] - 1);
            }
            step *= shape[axis] + 1;
        }
        (offset, strides, step)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn equals_the_plain_loop(
            shape in prop_oneof![
                prop::collection::vec(1..7_usize, 4),
                (1..3_usize, 1..3_usize, 60..140_usize, 10..70_usize).prop_map(|(a, b, c, d)| vec![a, b, c, d]),
            ],
            to_order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
            from_order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
            flips in prop::collection::vec(any::<bool>(), 8),
        ) {
            let (to, to_strides, to_len) = placement(&shape, &to_order, &flips[..4]);
            let (from, from_strides, from_len) = placement(&shape, &from_order, &flips[4..]);
            let source: Vec<i32> = (0..from_len as i32).collect();
            let (to, from) = (Place { offset: to, strides: &to_strides }, Place { offset: from, strides: &from_strides });
            let (mut found, mut expected) = (vec![-1; to_len], vec![-1; to_len]);
            copy_strided(&shape, &mut found, to, &source, from);
            plain(&shape, &mut expected, to, &source, from);
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn zeros_of_every_type() {
        assert_eq!(zeroed::<num_complex::Complex<f64>>(3), vec![num_complex::Complex::default(); 3]);
        assert_eq!(zeroed::<bool>(2), [false, false]);
        assert_eq!(zeroed::<half::f16>(0), []);
        let array = NdArray::from_vec(&[2, 2], vec![1_u8, 2, 3, 4]).unwrap();
        assert!(matches!(elements_borrowed::<u8>(&array), Ok(Cow::Borrowed(_))));
        assert_eq!(*elements_borrowed::<u8>(&array.t()).unwrap(), [1, 3, 2, 4]);
    }

    #[test]
    fn broadcast_empty_and_single() {
        let one = NdArray::from_vec(&[3, 1], vec![1_u8, 2, 3]).unwrap().broadcast_to(&[2, 3, 2]).unwrap();
        assert_eq!(elements_in_order::<u8>(&one).unwrap(), [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3]);
        assert_eq!(elements_in_order::<u8>(&NdArray::from_vec(&[2, 0], Vec::<u8>::new()).unwrap().t()).unwrap(), []);
        assert_eq!(elements_in_order::<u8>(&NdArray::from_vec(&[], vec![7_u8]).unwrap()).unwrap(), [7]);
        assert!(elements_in_order::<i8>(&one).is_err());
    }
}
