//! Other shapes, other orders of axes of the same elements.

use swath_arrays::ArrayExpr;
use swath_kernels::normalize_axis;

use crate::array::Array;
use crate::axes::{Axes, NewShape, Shape};
use crate::error::{Error, Result};

impl Array {
    /// Another shape for the same elements in C order; one length may be -1, which is found.
    ///
    /// # Errors
    /// Kept: "cannot reshape array of size 6 into shape (4,)".
    #[must_use]
    pub fn reshape(&self, shape: impl Into<NewShape>) -> Self {
        let shape = shape.into().0;
        self.then(|array| array.reshape(&shape))
    }

    /// All elements along one axis.
    #[must_use]
    pub fn ravel(&self) -> Self {
        self.then(ArrayExpr::ravel)
    }

    /// All elements along one axis; as [`Array::ravel`], since arrays are never changed in place.
    #[must_use]
    pub fn flatten(&self) -> Self {
        self.ravel()
    }

    /// The axes reversed.
    #[must_use]
    pub fn t(&self) -> Self {
        self.then(ArrayExpr::t)
    }

    /// The axes in another order: axis `i` of the result is axis `order[i]`; `()` reverses them.
    ///
    /// # Errors
    /// Kept: "axes don't match array"; an axis given twice.
    #[must_use]
    pub fn transpose(&self, order: impl Into<Axes>) -> Self {
        let order = order.into();
        self.then(|array| array.transpose(order.get()))
    }

    /// As [`Array::transpose`], under the Array API's name.
    #[must_use]
    pub fn permute_dims(&self, order: impl Into<Axes>) -> Self {
        self.transpose(order)
    }

    /// The last two axes in each other's place.
    ///
    /// # Errors
    /// Kept: fewer than two dimensions.
    #[must_use]
    pub fn matrix_transpose(&self) -> Self {
        self.swapaxes(-1, -2)
    }

    /// Two axes in each other's place.
    #[must_use]
    pub fn swapaxes(&self, first: isize, second: isize) -> Self {
        self.then(|array| array.swapaxes(first, second))
    }

    /// Axes brought to other places; the others keep their order.
    #[must_use]
    pub fn moveaxis(&self, from: impl Into<Axes>, to: impl Into<Axes>) -> Self {
        let (from, to) = (from.into(), to.into());
        self.then(|array| array.moveaxis(from.get().unwrap_or(&[]), to.get().unwrap_or(&[])))
    }

    /// Without axes of length one: those named, or all.
    ///
    /// # Errors
    /// Kept: a named axis that is longer.
    #[must_use]
    pub fn squeeze(&self, axes: impl Into<Axes>) -> Self {
        let axes = axes.into();
        self.then(|array| array.squeeze(axes.get()))
    }

    /// New axes of length one at places of the result.
    ///
    /// # Errors
    /// Kept: a place beyond the result, or given twice.
    #[must_use]
    pub fn expand_dims(&self, axes: impl Into<Axes>) -> Self {
        let axes = axes.into();
        self.then(|array| -> Result<ArrayExpr> {
            let given = axes.get().unwrap_or(&[]);
            let mut places = swath_kernels::normalize_axes(Some(given), array.ndim() + given.len())?;
            places.sort_unstable();
            Ok(places.iter().try_fold(array.clone(), |array, place| array.expand_dims(*place as isize))?)
        })
    }

    /// Repeated along axes of length one and new leading axes, without a copy.
    ///
    /// # Errors
    /// Kept: shapes that do not fit.
    #[must_use]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into().0;
        self.then(|array| array.broadcast_to(&shape))
    }

    /// Backwards along axes; `()` for all.
    #[must_use]
    pub fn flip(&self, axes: impl Into<Axes>) -> Self {
        let axes = axes.into();
        self.then(|array| array.flip(axes.get()))
    }

    /// Backwards along the first axis.
    #[must_use]
    pub fn flipud(&self) -> Self {
        self.flip(0)
    }

    /// Backwards along the second axis.
    #[must_use]
    pub fn fliplr(&self) -> Self {
        self.flip(1)
    }

    /// Turned by so many quarters from the first of two axes towards the second.
    ///
    /// # Errors
    /// Kept: the same axis twice, axes out of bounds.
    #[must_use]
    pub fn rot90(&self, times: isize, first: isize, second: isize) -> Self {
        let distinct = self.ndim().and_then(|ndim| {
            let (a, b) = (normalize_axis(first, ndim)?, normalize_axis(second, ndim)?);
            if a == b { Err(Error::invalid("Axes must be different.")) } else { Ok(()) }
        });
        if let Err(error) = distinct {
            return self.failed(error);
        }
        match times.rem_euclid(4) {
            0 => self.clone(),
            1 => self.flip(second).swapaxes(first, second),
            2 => self.flip([first, second]),
            _ => self.swapaxes(first, second).flip(second),
        }
    }

    /// Positions shifted along axes, each by its own shift; what leaves at one end enters at the other. Without axes those of the flat
    /// array.
    ///
    /// # Errors
    /// Kept: other numbers of shifts and axes.
    #[must_use]
    pub fn roll(&self, shifts: impl Into<Axes>, axes: impl Into<Axes>) -> Self {
        let (shifts, axes) = (shifts.into(), axes.into());
        let shifts = shifts.get().unwrap_or(&[]);
        let Some(axes) = axes.get() else {
            let flat = self.ravel().then(|array| array.roll(shifts.iter().sum(), 0));
            return match self.shape() {
                Ok(shape) => flat.reshape(shape),
                Err(error) => self.failed(error),
            };
        };
        let (shifts, axes): (Vec<isize>, Vec<isize>) = match (shifts, axes) {
            ([one], _) => (vec![*one; axes.len()], axes.to_vec()),
            (_, [one]) => (shifts.to_vec(), vec![*one; shifts.len()]),
            _ if shifts.len() == axes.len() => (shifts.to_vec(), axes.to_vec()),
            _ => {
                return self
                    .failed(Error::invalid("'shift' and 'axis' should be scalars or 1D sequences of one length"));
            }
        };
        self.then(|array| {
            shifts.iter().zip(&axes).try_fold(array.clone(), |array, (shift, axis)| array.roll(*shift, *axis))
        })
    }

    /// With at least one dimension.
    #[must_use]
    pub fn atleast_1d(&self) -> Self {
        if self.ndim().is_ok_and(|ndim| ndim == 0) { self.reshape(1) } else { self.clone() }
    }

    /// With at least two dimensions; a vector becomes a row.
    #[must_use]
    pub fn atleast_2d(&self) -> Self {
        let vector = self.atleast_1d();
        if vector.ndim().is_ok_and(|ndim| ndim == 1) { vector.expand_dims(0) } else { vector }
    }

    /// With at least three dimensions; a vector `(n,)` becomes `(1, n, 1)`, a matrix `(m, n, 1)`.
    #[must_use]
    pub fn atleast_3d(&self) -> Self {
        let matrix = self.atleast_2d();
        if matrix.ndim().is_ok_and(|ndim| ndim == 2) { matrix.expand_dims(2) } else { matrix }
    }
}

/// Arrays repeated up to their common shape.
///
/// # Errors
/// The first mistake in one of them; shapes that do not broadcast.
pub fn broadcast_arrays(arrays: &[&Array]) -> Result<Vec<Array>> {
    let shapes = arrays.iter().map(|array| array.shape()).collect::<Result<Vec<_>>>()?;
    let common = swath_kernels::broadcast_shapes(&shapes.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    Ok(arrays.iter().map(|array| array.broadcast_to(common.to_vec())).collect())
}
