//! N-dimensional arrays in memory: a shared buffer and the shape and strides of a view into it.

use arrow_buffer::{Buffer, MutableBuffer};
use half::f16;
use num_complex::Complex;

use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::scalar::Scalar;
use crate::shape::{
    Dims, Strides, broadcast_shapes, contiguous_strides, element_count, normalize_axis, reshaped_strides,
};
use crate::strided::Walk;
use crate::with_element;

/// An array, or a view of one. Buffers are immutable and shared: cloning, slicing and transposing copy no elements.
///
/// Strides and offset count elements, not bytes; strides may be negative, or zero along broadcast axes. The buffer is aligned for the
/// dtype, every element of the view lies inside it, and bytes of `bool` are 0 or 1.
#[derive(Debug, Clone)]
pub struct NdArray {
    dtype: DType,
    shape: Dims,
    strides: Strides,
    offset: usize,
    buffer: Buffer,
}

impl NdArray {
    /// An array from its elements in C order, without a copy.
    ///
    /// # Errors
    /// [`KernelError::Reshape`] when their number is not that of the shape.
    pub fn from_vec<T: Element>(shape: &[usize], elements: Vec<T>) -> Result<Self> {
        if element_count(shape)? != elements.len() {
            return Err(KernelError::Reshape { size: elements.len(), to: shape.to_vec() });
        }
        Ok(Self::over(T::DTYPE, shape, T::into_buffer(elements)))
    }

    /// A C-contiguous array over the start of a buffer. Copies only if the buffer is not aligned for the dtype.
    ///
    /// # Errors
    /// When the buffer is too small, or holds bytes other than 0 and 1 for `bool`.
    pub fn from_buffer(dtype: DType, shape: &[usize], buffer: Buffer) -> Result<Self> {
        Self::from_parts(dtype, shape, &contiguous_strides(shape), 0, buffer)
    }

    /// A view into a buffer; strides and offset in elements. Copies the buffer only if it is not aligned for the dtype.
    ///
    /// # Errors
    /// When an element would lie outside the buffer, or a `bool` is neither 0 nor 1.
    pub fn from_parts(dtype: DType, shape: &[usize], strides: &[isize], offset: usize, buffer: Buffer) -> Result<Self> {
        let available = buffer.len() / dtype.item_size();
        if shape.len() != strides.len() {
            return Err(KernelError::invalid(format!("{} lengths but {} strides", shape.len(), strides.len())));
        }
        if element_count(shape)? > 0 {
            let mut bounds = Some((offset as isize, offset as isize));
            for (length, stride) in shape.iter().zip(strides) {
                let reach = isize::try_from(length - 1).ok().and_then(|steps| steps.checked_mul(*stride));
                bounds = bounds.zip(reach).and_then(|((low, high), reach)| {
                    Some((low.checked_add(reach.min(0))?, high.checked_add(reach.max(0))?))
                });
            }
            if !bounds.is_some_and(|(low, high)| low >= 0 && (high as usize) < available) {
                return Err(KernelError::invalid(format!(
                    "buffer of {available} {dtype} elements is too small for shape {} with strides {strides:?} from {offset}",
                    crate::error::shape(shape)
                )));
            }
        }
        if dtype == DType::Bool && buffer.iter().any(|byte| *byte > 1) {
            return Err(KernelError::invalid("bytes of a bool array must be 0 or 1"));
        }
        let aligned = buffer.as_ptr().align_offset(dtype.alignment()) == 0;
        let buffer = if aligned { buffer } else { realigned(&buffer) };
        Ok(Self { dtype, shape: shape.into(), strides: strides.into(), offset, buffer })
    }

    /// A C-contiguous array over a buffer that is known to fit.
    pub(crate) fn over(dtype: DType, shape: &[usize], buffer: Buffer) -> Self {
        debug_assert!(shape.iter().product::<usize>() * dtype.item_size() <= buffer.len());
        Self { dtype, shape: shape.into(), strides: contiguous_strides(shape), offset: 0, buffer }
    }

    /// An array of zeros.
    ///
    /// # Errors
    /// When the shape has too many elements.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Self> {
        let bytes =
            element_count(shape)?.checked_mul(dtype.item_size()).filter(|bytes| isize::try_from(*bytes).is_ok());
        let bytes = bytes.ok_or_else(|| KernelError::invalid("array is too big: its bytes cannot be counted"))?;
        let mut buffer = MutableBuffer::from_len_zeroed(bytes);
        crate::memory::advise(buffer.as_mut_ptr(), bytes);
        Ok(Self::over(dtype, shape, buffer.into()))
    }

    /// An array of one value, held once: all strides are zero.
    ///
    /// # Errors
    /// When the shape has too many elements.
    pub fn full(shape: &[usize], value: Scalar) -> Result<Self> {
        Self::scalar(value).broadcast_to(shape)
    }

    /// A 0-d array.
    pub fn scalar(value: Scalar) -> Self {
        let dtype = value.dtype();
        let buffer = with_element!(dtype, T => T::into_buffer(vec![value.to::<T>()]));
        Self::over(dtype, &[], buffer)
    }

    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Steps along the axes, in elements.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// Where the first element lies in the buffer, in elements.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The buffer that holds the elements, and perhaps others.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Number of dimensions.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Bytes of all elements, each counted once per index (broadcast ones too).
    pub fn size_bytes(&self) -> usize {
        self.len() * self.dtype.item_size()
    }

    /// Whether the elements lie in C order without gaps.
    pub fn is_contiguous(&self) -> bool {
        let mut step = 1isize;
        for (length, stride) in self.shape.iter().zip(&self.strides).rev() {
            if *length == 0 {
                return true;
            }
            if *length != 1 {
                if *stride != step {
                    return false;
                }
                step *= *length as isize;
            }
        }
        true
    }

    /// The whole buffer as elements, for use with [`NdArray::offset`] and strides; `None` if `T` is not the Rust type of the dtype.
    pub fn elements<T: Element>(&self) -> Option<&[T]> {
        if T::DTYPE != self.dtype.physical() {
            return None;
        }
        let count = self.buffer.len() / size_of::<T>();
        // SAFETY: construction made sure that the buffer is aligned for the dtype and that bytes of `bool` are 0 or 1; every bit
        // pattern is a value of the other types; the buffer is immutable and lives as long as `self`.
        Some(unsafe { std::slice::from_raw_parts(self.buffer.as_ptr().cast::<T>(), count) })
    }

    /// The elements in C order, if they lie so and `T` is the Rust type of the dtype.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        if self.is_empty() {
            return (T::DTYPE == self.dtype.physical()).then_some(&[]);
        }
        if !self.is_contiguous() {
            return None;
        }
        self.elements::<T>()?.get(self.offset..self.offset + self.len())
    }

    /// The elements in C order, copied.
    ///
    /// # Errors
    /// When `T` is not the Rust type of the dtype.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        crate::layout::copy::elements_in_order(self)
    }

    /// The same array in C order without gaps; itself when it is that already.
    pub fn contiguous(&self) -> Self {
        if self.is_contiguous() {
            return self.clone();
        }
        let buffer = with_element!(self.dtype, T => T::into_buffer(self.to_vec::<T>().unwrap_or_default()));
        Self::over(self.dtype, &self.shape, buffer)
    }

    /// One element.
    ///
    /// # Errors
    /// [`KernelError::IndexOutOfBounds`], [`KernelError::TooManyIndices`]; also for too few indices.
    pub fn get(&self, index: &[usize]) -> Result<Scalar> {
        if index.len() > self.ndim() {
            return Err(KernelError::TooManyIndices { ndim: self.ndim(), given: index.len() });
        }
        if index.len() < self.ndim() {
            let (given, ndim) = (index.len(), self.ndim());
            return Err(KernelError::invalid(format!("{given} indices do not name an element of {ndim} dimensions")));
        }
        let mut position = self.offset;
        for (axis, (index, size)) in index.iter().zip(&self.shape).enumerate() {
            if index >= size {
                return Err(KernelError::IndexOutOfBounds { index: *index as isize, axis, size: *size });
            }
            position = position.wrapping_add_signed(*index as isize * self.strides[axis]);
        }
        Ok(self.scalar_at(position))
    }

    /// The value of an array of one element, whatever its dimensions.
    ///
    /// # Errors
    /// When there is not exactly one.
    pub fn item(&self) -> Result<Scalar> {
        match self.len() {
            1 => Ok(self.scalar_at(self.offset)),
            size => {
                Err(KernelError::invalid(format!("can only convert an array of size 1 to a scalar, not of {size}")))
            }
        }
    }

    /// The element at a position of the buffer, which the caller knows to lie inside.
    fn scalar_at(&self, position: usize) -> Scalar {
        with_element!(self.dtype, T => {
            let value = self.elements::<T>().and_then(|all| all.get(position)).copied().unwrap_or_default();
            Scalar::of(value, self.dtype)
        })
    }

    /// All elements as scalars in C order: for tests and display, not for work.
    pub fn scalars(&self) -> Vec<Scalar> {
        let mut result = Vec::with_capacity(self.len());
        Walk::new(&self.shape, [&self.strides])
            .for_each(|[offset]| result.push(self.scalar_at(self.offset.wrapping_add_signed(offset))));
        result
    }

    /// Another shape for the same elements in C order. Copies only where strides cannot express it.
    ///
    /// # Errors
    /// [`KernelError::Reshape`] when the number of elements differs.
    pub fn reshape(&self, shape: &[usize]) -> Result<Self> {
        if element_count(shape)? != self.len() {
            return Err(KernelError::Reshape { size: self.len(), to: shape.to_vec() });
        }
        match reshaped_strides(&self.shape, &self.strides, shape) {
            Some(strides) => Ok(self.view(shape.into(), strides, self.offset)),
            None => Ok(Self::over(self.dtype, shape, self.contiguous().buffer)),
        }
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of this one.
    ///
    /// # Errors
    /// When `axes` does not name each axis once.
    pub fn transpose(&self, axes: &[usize]) -> Result<Self> {
        if axes.len() != self.ndim() {
            return Err(KernelError::invalid(format!(
                "axes don't match array: {axes:?} for {} dimensions",
                self.ndim()
            )));
        }
        let mut seen: Dims = smallvec::smallvec![0; axes.len()];
        for axis in axes {
            let axis = normalize_axis(*axis as isize, self.ndim())?;
            seen[axis] += 1;
            if seen[axis] > 1 {
                return Err(KernelError::RepeatedAxis(axis));
            }
        }
        let shape = axes.iter().map(|axis| self.shape[*axis]).collect();
        let strides = axes.iter().map(|axis| self.strides[*axis]).collect();
        Ok(self.view(shape, strides, self.offset))
    }

    /// The axes reversed.
    pub fn t(&self) -> Self {
        let (shape, strides) =
            (self.shape.iter().rev().copied().collect(), self.strides.iter().rev().copied().collect());
        self.view(shape, strides, self.offset)
    }

    /// Repeated along axes of length one and new leading axes, without a copy.
    ///
    /// # Errors
    /// [`KernelError::Broadcast`] when the shapes do not fit.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Self> {
        let fits = broadcast_shapes(&[&self.shape, shape]).is_ok_and(|result| result.as_slice() == shape);
        if !fits || shape.len() < self.ndim() {
            return Err(KernelError::Broadcast(vec![self.shape.to_vec(), shape.to_vec()]));
        }
        element_count(shape)?;
        let added = shape.len() - self.ndim();
        let strides = (0..shape.len())
            .map(|axis| match axis.checked_sub(added) {
                Some(own) if self.shape[own] == shape[axis] => self.strides[own],
                _ => 0,
            })
            .collect();
        Ok(self.view(shape.into(), strides, self.offset))
    }

    /// The same bytes as a dtype of the same Rust type: dates as `int64` and back.
    ///
    /// # Errors
    /// When the Rust types differ.
    pub fn reinterpret(&self, dtype: DType) -> Result<Self> {
        if dtype.physical() != self.dtype.physical() {
            return Err(KernelError::invalid(format!("{} elements cannot be read as {dtype}", self.dtype)));
        }
        Ok(Self { dtype, ..self.clone() })
    }

    /// A view with other shape, strides and offset that the caller has checked.
    pub(crate) fn view(&self, shape: Dims, strides: Strides, offset: usize) -> Self {
        Self { dtype: self.dtype, shape, strides, offset, buffer: self.buffer.clone() }
    }

    /// The real or imaginary parts of a complex array, as a view.
    ///
    /// # Errors
    /// When the array is not complex.
    pub fn part(&self, imaginary: bool) -> Result<Self> {
        if !self.dtype.is_complex() {
            return Err(KernelError::invalid(format!("a {} array has no imaginary part", self.dtype)));
        }
        let strides = self.strides.iter().map(|stride| stride * 2).collect();
        let offset = self.offset * 2 + usize::from(imaginary);
        Ok(Self { dtype: self.dtype.real(), shape: self.shape.clone(), strides, offset, buffer: self.buffer.clone() })
    }
}

/// A copy that starts at a multiple of 64 bytes.
fn realigned(buffer: &Buffer) -> Buffer {
    let mut copy = MutableBuffer::with_capacity(buffer.len());
    copy.extend_from_slice(buffer.as_slice());
    copy.into()
}

/// Equal dtype, shape and elements; NaN differs from itself.
impl PartialEq for NdArray {
    fn eq(&self, other: &Self) -> bool {
        self.dtype == other.dtype
            && self.shape == other.shape
            && with_element!(self.dtype, T => self.to_vec::<T>().ok() == other.to_vec::<T>().ok())
    }
}

const _: () = {
    assert!(align_of::<Complex<f64>>() == DType::C128.alignment() && size_of::<f16>() == 2);
};

#[cfg(test)]
mod tests {
    use super::*;

    fn arange(shape: &[usize]) -> NdArray {
        NdArray::from_vec(shape, (0..shape.iter().product::<usize>() as i64).collect()).unwrap()
    }

    #[test]
    fn views_share_their_buffer() {
        let array = arange(&[2, 3]);
        let turned = array.transpose(&[1, 0]).unwrap();
        assert_eq!(turned, array.t());
        assert_eq!(turned.to_vec::<i64>().unwrap(), [0, 3, 1, 4, 2, 5]);
        assert_eq!(turned.buffer().as_ptr(), array.buffer().as_ptr());
        assert!(!turned.is_contiguous() && turned.as_slice::<i64>().is_none());
        assert_eq!(turned.contiguous().as_slice::<i64>().unwrap(), [0, 3, 1, 4, 2, 5]);
        assert_eq!(turned.get(&[2, 1]), Ok(Scalar::I64(5)));
        assert!(turned.transpose(&[0, 0]).is_err() && turned.transpose(&[0]).is_err());
    }

    #[test]
    fn reshape_copies_only_if_needed() {
        let array = arange(&[2, 3, 4]);
        let flat = array.reshape(&[24]).unwrap();
        assert_eq!(flat.buffer().as_ptr(), array.buffer().as_ptr());
        let turned = array.t().reshape(&[6, 4]).unwrap();
        assert_ne!(turned.buffer().as_ptr(), array.buffer().as_ptr());
        assert_eq!(turned.to_vec::<i64>().unwrap()[..5], [0, 12, 4, 16, 8]);
        let error = array.reshape(&[5]).unwrap_err();
        assert_eq!(error.to_string(), "cannot reshape array of size 24 into shape (5,)");
        assert_eq!(arange(&[0, 3]).reshape(&[3, 0]).unwrap().shape(), &[3, 0]);
    }

    #[test]
    fn broadcasting_repeats_without_a_copy() {
        let column = arange(&[3, 1]).broadcast_to(&[2, 3, 2]).unwrap();
        assert_eq!(column.strides(), &[0, 1, 0]);
        assert_eq!(column.to_vec::<i64>().unwrap(), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
        assert!(arange(&[3]).broadcast_to(&[4]).is_err());
        assert!(arange(&[1, 3]).broadcast_to(&[3]).is_err());
        assert_eq!(NdArray::full(&[2, 0], Scalar::F32(1.0)).unwrap().len(), 0);
    }

    #[test]
    fn buffers_are_checked() {
        let bytes = Buffer::from_vec((0..33u8).collect::<Vec<_>>());
        let shifted = NdArray::from_buffer(DType::I64, &[4], bytes.slice(1)).unwrap();
        assert_eq!(shifted.as_slice::<i64>().unwrap()[0], i64::from_le_bytes([1, 2, 3, 4, 5, 6, 7, 8]));
        assert!(NdArray::from_buffer(DType::I64, &[5], bytes.clone()).is_err());
        assert!(NdArray::from_buffer(DType::Bool, &[4], bytes.clone()).is_err());
        assert!(NdArray::from_parts(DType::U8, &[4], &[-1], 2, bytes.clone()).is_err());
        assert!(NdArray::from_parts(DType::U8, &[4], &[isize::MAX], 2, bytes.clone()).is_err());
        let back = NdArray::from_parts(DType::U8, &[4], &[-1], 3, bytes).unwrap();
        assert_eq!(back.to_vec::<u8>().unwrap(), [3, 2, 1, 0]);
    }

    #[test]
    fn scalars_and_parts() {
        for dtype in DType::NUMERIC {
            let one = NdArray::scalar(Scalar::one(dtype));
            assert_eq!((one.ndim(), one.item()), (0, Ok(Scalar::one(dtype))));
        }
        let complex = NdArray::from_vec(&[2], vec![Complex::new(1.0f64, 2.0), Complex::new(3.0, 4.0)]).unwrap();
        assert_eq!(complex.part(true).unwrap().to_vec::<f64>().unwrap(), [2.0, 4.0]);
        assert!(arange(&[2]).part(true).is_err());
        assert!(arange(&[2]).item().is_err());
        let flags = NdArray::from_vec(&[2], vec![true, false]).unwrap();
        assert_eq!(flags.as_slice::<bool>().unwrap(), [true, false]);
        assert!(flags.as_slice::<u8>().is_none());
    }
}
