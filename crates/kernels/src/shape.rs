//! Shapes, axes and strides.

use smallvec::SmallVec;

use crate::error::{KernelError, Result};

/// Lengths of axes; four fit without an allocation.
pub type Dims = SmallVec<[usize; 4]>;
/// Steps between neighbours along each axis, in elements; negative and zero are allowed.
pub type Strides = SmallVec<[isize; 4]>;

/// The number of elements of a shape.
///
/// # Errors
/// When the product does not fit `isize`.
pub fn element_count(shape: &[usize]) -> Result<usize> {
    if shape.contains(&0) {
        return Ok(0);
    }
    let product = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    product.filter(|count| isize::try_from(*count).is_ok()).ok_or_else(|| {
        KernelError::invalid(format!("array is too big: shape {} has too many elements", crate::error::shape(shape)))
    })
}

/// Strides of a C-contiguous array: the last axis is the fastest.
pub fn contiguous_strides(shape: &[usize]) -> Strides {
    let mut strides: Strides = SmallVec::from_elem(0, shape.len());
    let mut step = 1isize;
    for (stride, length) in strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step = step.saturating_mul(isize::try_from((*length).max(1)).unwrap_or(isize::MAX));
    }
    strides
}

/// The shape that several broadcast to.
///
/// # Errors
/// [`KernelError::Broadcast`] when two lengths differ and neither is one.
pub fn broadcast_shapes(shapes: &[&[usize]]) -> Result<Dims> {
    let ndim = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut result: Dims = SmallVec::from_elem(1, ndim);
    for shape in shapes {
        for (length, so_far) in shape.iter().rev().zip(result.iter_mut().rev()) {
            if *so_far == 1 {
                *so_far = *length;
            } else if *length != 1 && length != so_far {
                return Err(KernelError::Broadcast(shapes.iter().map(|shape| shape.to_vec()).collect()));
            }
        }
    }
    Ok(result)
}

/// An axis counted from the front.
///
/// # Errors
/// [`KernelError::AxisOutOfBounds`].
pub fn normalize_axis(axis: isize, ndim: usize) -> Result<usize> {
    let positive = if axis < 0 { axis.saturating_add_unsigned(ndim) } else { axis };
    usize::try_from(positive).ok().filter(|axis| *axis < ndim).ok_or(KernelError::AxisOutOfBounds { axis, ndim })
}

/// Several axes counted from the front, ascending. `None` means all.
///
/// # Errors
/// [`KernelError::AxisOutOfBounds`] and [`KernelError::RepeatedAxis`].
pub fn normalize_axes(axes: Option<&[isize]>, ndim: usize) -> Result<Dims> {
    let Some(axes) = axes else { return Ok((0..ndim).collect()) };
    let mut result = axes.iter().map(|axis| normalize_axis(*axis, ndim)).collect::<Result<Dims>>()?;
    result.sort_unstable();
    match result.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(KernelError::RepeatedAxis(pair[0])),
        None => Ok(result),
    }
}

/// The strides under which the same memory has another shape; `None` when that needs a copy. Lengths must agree.
pub(crate) fn reshaped_strides(shape: &[usize], strides: &[isize], to: &[usize]) -> Option<Strides> {
    if shape.contains(&0) {
        return Some(contiguous_strides(to));
    }
    let old: SmallVec<[(usize, isize); 4]> =
        shape.iter().copied().zip(strides.iter().copied()).filter(|(length, _)| *length != 1).collect();
    let mut result: Strides = SmallVec::from_elem(1, to.len());
    let (mut from, mut into) = (0, 0);
    while from < old.len() {
        // The smallest groups of axes on either side that hold the same number of elements.
        let (first_old, first_new) = (from, into);
        let (mut old_count, mut new_count) = (old[from].0, *to.get(into)?);
        from += 1;
        into += 1;
        while old_count != new_count {
            if old_count < new_count {
                old_count *= old.get(from)?.0;
                from += 1;
            } else {
                new_count *= to.get(into)?;
                into += 1;
            }
        }
        for axis in first_old + 1..from {
            if old[axis - 1].1 != old[axis].1 * old[axis].0 as isize {
                return None;
            }
        }
        let mut step = old[from - 1].1;
        for axis in (first_new..into).rev() {
            result[axis] = step;
            step *= to[axis] as isize;
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast() {
        assert_eq!(broadcast_shapes(&[&[3, 1], &[4], &[]]).unwrap().as_slice(), &[3, 4]);
        assert_eq!(broadcast_shapes(&[&[0, 1], &[1, 5]]).unwrap().as_slice(), &[0, 5]);
        assert!(broadcast_shapes(&[&[3, 4], &[5]]).is_err());
        assert!(broadcast_shapes(&[&[0], &[2]]).is_err());
    }

    #[test]
    fn axes_are_normalized() {
        assert_eq!(normalize_axes(Some(&[-1, 0]), 3).unwrap().as_slice(), &[0, 2]);
        assert_eq!(normalize_axes(Some(&[1, -2]), 3), Err(KernelError::RepeatedAxis(1)));
        assert_eq!(normalize_axis(-4, 3), Err(KernelError::AxisOutOfBounds { axis: -4, ndim: 3 }));
        assert_eq!(normalize_axes(None, 2).unwrap().as_slice(), &[0, 1]);
    }

    #[test]
    fn reshapes_without_a_copy_where_it_can() {
        assert_eq!(reshaped_strides(&[4, 6], &[6, 1], &[2, 2, 3, 2]).unwrap().as_slice(), &[12, 6, 2, 1]);
        assert_eq!(reshaped_strides(&[6, 4], &[1, 6], &[24]), None);
        assert_eq!(reshaped_strides(&[4, 6], &[-6, 1], &[4, 3, 2]).unwrap().as_slice(), &[-6, 2, 1]);
        assert_eq!(reshaped_strides(&[1, 3], &[9, 2], &[3, 1]).unwrap()[0], 2);
        assert!(reshaped_strides(&[1], &[5], &[]).is_some());
    }

    #[test]
    fn too_large_shapes_are_refused() {
        assert!(element_count(&[usize::MAX, 2]).is_err());
        assert_eq!(element_count(&[usize::MAX, 0]), Ok(0));
        assert_eq!(element_count(&[]), Ok(1));
    }
}
