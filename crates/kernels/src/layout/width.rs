//! Elements as plain bits: kernels that only move elements are compiled once for each width, not for each dtype.

use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;

/// The dtype that stands for all of an item size.
pub(crate) const fn width_dtype(dtype: DType) -> DType {
    match dtype.item_size() {
        1 => DType::U8,
        2 => DType::U16,
        4 => DType::U32,
        8 => DType::U64,
        _ => DType::C128,
    }
}

/// The same view with elements as plain bits.
pub(crate) fn as_bits(array: &NdArray) -> Result<NdArray> {
    let dtype = width_dtype(array.dtype());
    if dtype == array.dtype() {
        return Ok(array.clone());
    }
    if array.is_empty() {
        return NdArray::zeros(dtype, array.shape());
    }
    NdArray::from_parts(dtype, array.shape(), array.strides(), array.offset(), array.buffer().clone())
}

/// An array in C order from plain bits that were elements of `dtype`.
pub(crate) fn from_bits<T: Element>(dtype: DType, shape: &[usize], elements: Vec<T>) -> Result<NdArray> {
    let fits = size_of::<T>() == dtype.item_size() && shape.iter().product::<usize>() == elements.len();
    if !fits {
        return Err(KernelError::Reshape { size: elements.len(), to: shape.to_vec() });
    }
    Ok(NdArray::over(dtype, shape, T::into_buffer(elements)))
}

/// That arrays which are put together have one dtype.
pub(crate) fn same_dtype(function: &'static str, dtype: DType, others: impl IntoIterator<Item = DType>) -> Result<()> {
    match others.into_iter().find(|other| *other != dtype) {
        Some(other) => {
            let accepts = "arrays of one dtype; cast them to a common one first";
            Err(KernelError::Unsupported { function, dtypes: vec![dtype, other], accepts })
        }
        None => Ok(()),
    }
}

/// Runs a block with a type name bound to the type of a dtype's plain bits.
macro_rules! with_width {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype.item_size() {
            1 => {
                type $T = u8;
                $body
            }
            2 => {
                type $T = u16;
                $body
            }
            4 => {
                type $T = u32;
                $body
            }
            8 => {
                type $T = u64;
                $body
            }
            _ => {
                type $T = num_complex::Complex<f64>;
                $body
            }
        }
    };
}
pub(crate) use with_width;
