//! A box put together from parts that come one after another, so that only one of them is held at a time.

use arrow_buffer::Buffer;
use swath_kernels::layout::copy::place_into;
use swath_kernels::{DType, Element, KernelError, NdArray, with_element};

/// An array of `shape` from parts, each with the index of its first element. What no part covers is zero.
pub(crate) fn gather<E>(
    dtype: DType,
    shape: &[usize],
    parts: impl Iterator<Item = Result<(Vec<usize>, NdArray), E>>,
    refused: impl Fn(KernelError) -> E,
) -> Result<NdArray, E> {
    let buffer: Buffer = with_element!(dtype, T => {
        let mut target = vec![T::default(); shape.iter().product()];
        for part in parts {
            let (at, part) = part?;
            let part = part.reinterpret(dtype.physical()).map_err(&refused)?;
            place_into::<T>(&mut target, shape, &at, &part).map_err(&refused)?;
        }
        T::into_buffer(target)
    });
    NdArray::from_buffer(dtype, shape, buffer).map_err(refused)
}
