//! `ndarray` in and out, vectors and slices in.
//!
//! An owned `ndarray` gives its allocation, whatever the order of its axes; results go out the same way where they lie in C order.

use ndarray::{ArrayD, ArrayRef, ArrayViewD, Axis, Dimension, IxDyn, ShapeBuilder};
use swath_kernels::{Element, NdArray};

use crate::array::Array;
use crate::context::{Arrays, Chunks};
use crate::error::{Error, Result};
use crate::run::check_type;

/// An `ndarray` as an array of the kernels, without a copy where its elements are all that its allocation holds.
///
/// # Errors
/// When the shape has too many elements to count.
pub fn from_ndarray<T: Element, D: Dimension>(array: ndarray::Array<T, D>) -> Result<NdArray> {
    let shape = array.shape().to_vec();
    let strides = array.strides().to_vec();
    let count = array.len();
    let (elements, offset) = array.into_raw_vec_and_offset();
    let offset = offset.unwrap_or(0);
    if elements.len() < count {
        return Err(Error::invalid("an ndarray has fewer elements than its shape"));
    }
    let buffer = T::into_buffer(elements);
    Ok(NdArray::from_parts(T::DTYPE, &shape, &strides, offset, buffer)?)
}

/// The elements of an array of the kernels as an `ndarray` view, without a copy: transposed, reversed and broadcast arrays too.
///
/// # Errors
/// [`Error::ElementType`].
pub fn view_ndarray<T: Element>(array: &NdArray) -> Result<ArrayViewD<'_, T>> {
    check_type::<T>(array)?;
    let shape = IxDyn(array.shape());
    let wrong = |error: ndarray::ShapeError| Error::invalid(format!("view of shape {:?}: {error}", array.shape()));
    let elements = array.elements::<T>().unwrap_or(&[]);
    if array.is_empty() {
        return ArrayViewD::from_shape(shape, &[]).map_err(wrong);
    }
    // Lengths and strides are those of a view that lies inside the buffer: no sum overflows.
    let reach = |towards_start: bool| -> usize {
        let steps = array.shape().iter().zip(array.strides()).filter(|(_, stride)| (**stride < 0) == towards_start);
        steps.map(|(length, stride)| (length - 1) * stride.unsigned_abs()).sum()
    };
    let (low, high) = (array.offset() - reach(true), array.offset() + reach(false));
    let part = elements.get(low..=high).ok_or_else(|| Error::invalid("an array's view lies outside its buffer"))?;
    let strides: Vec<usize> = array.strides().iter().map(|stride| stride.unsigned_abs()).collect();
    let mut view = ArrayViewD::from_shape(shape.strides(IxDyn(&strides)), part).map_err(wrong)?;
    for (axis, _) in array.strides().iter().enumerate().filter(|(_, stride)| **stride < 0) {
        view.invert_axis(Axis(axis));
    }
    Ok(view)
}

/// An array of the kernels as an owned `ndarray`, in C order.
///
/// # Errors
/// [`Error::ElementType`].
pub fn to_ndarray<T: Element>(array: &NdArray) -> Result<ArrayD<T>> {
    check_type::<T>(array)?;
    let shape = IxDyn(array.shape());
    ArrayD::from_shape_vec(shape, array.to_vec::<T>()?)
        .map_err(|error| Error::invalid(format!("to_ndarray of shape {:?}: {error}", array.shape())))
}

impl Arrays {
    /// An array in memory, in chunks that are views of it.
    pub fn from_array(&self, array: impl Into<NdArray>) -> Array {
        let array = array.into();
        let chunks = self.chunks_for(array.ndim());
        Array::new(self, swath_arrays::ArrayExpr::from_array(array, chunks).map_err(Into::into))
    }

    /// As [`Arrays::from_array`], with chunks.
    pub fn from_array_in(&self, array: impl Into<NdArray>, chunks: impl Into<Chunks>) -> Array {
        Array::new(self, swath_arrays::ArrayExpr::from_array(array.into(), &chunks.into().0).map_err(Into::into))
    }

    /// The elements of a vector, along one axis, without a copy.
    pub fn from_vec<T: Element>(&self, elements: Vec<T>) -> Array {
        let shape = [elements.len()];
        match NdArray::from_vec(&shape, elements) {
            Ok(array) => self.from_array(array),
            Err(error) => Array::new(self, Err(error.into())),
        }
    }

    /// An owned `ndarray`, without a copy.
    pub fn from_ndarray<T: Element, D: Dimension>(&self, array: ndarray::Array<T, D>) -> Array {
        match from_ndarray(array) {
            Ok(array) => self.from_array(array),
            Err(error) => Array::new(self, Err(error)),
        }
    }

    /// A borrowed `ndarray`, copied.
    pub fn from_view<T: Element, D: Dimension>(&self, array: &ArrayRef<T, D>) -> Array {
        self.from_ndarray(array.to_owned())
    }
}

impl Array {
    /// The elements as an owned `ndarray`.
    ///
    /// # Errors
    /// [`Error::ElementType`]; as [`Array::compute`].
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        to_ndarray(&self.compute()?)
    }
}
