//! Memory for elements whose number a file tells: an error where it cannot be had, never an abort.

use arrow_buffer::MutableBuffer;
use swath_kernels::{DType, element_count};

use crate::error::{IoError, Result};

/// From this size on the system is asked first whether it would give the memory. Below, refusal is not to be feared.
const LARGE_BYTES: usize = 1 << 30;

/// Bytes of an array of this shape.
pub(crate) fn bytes_of(place: &str, dtype: DType, shape: &[usize]) -> Result<usize> {
    let count = element_count(shape).map_err(|error| IoError::kernel(place, error))?;
    count.checked_mul(dtype.item_size()).filter(|bytes| isize::try_from(*bytes).is_ok()).ok_or_else(|| {
        IoError::format(place, format!("array of shape {shape:?} is too big: its bytes cannot be counted"))
    })
}

/// Bytes of an array of this shape, if they can be had.
pub(crate) fn check(place: &str, dtype: DType, shape: &[usize]) -> Result<usize> {
    let bytes = bytes_of(place, dtype, shape)?;
    if bytes >= LARGE_BYTES {
        Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| {
            IoError::argument(format!(
                "{place}: {bytes} bytes for a part of shape {shape:?} cannot be had: read less at a time"
            ))
        })?;
    }
    Ok(bytes)
}

/// Zeros for an array of this shape.
pub(crate) fn zeroed(place: &str, dtype: DType, shape: &[usize]) -> Result<MutableBuffer> {
    Ok(MutableBuffer::from_len_zeroed(check(place, dtype, shape)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_an_error() {
        assert_eq!(zeroed("here", DType::F64, &[3, 2]).unwrap().len(), 48);
        let error = zeroed("here", DType::F64, &[1 << 50]).unwrap_err();
        assert!(error.to_string().contains("here: 9007199254740992 bytes for a part of shape"), "{error}");
        assert!(zeroed("here", DType::F64, &[usize::MAX, 2]).is_err());
        assert!(zeroed("here", DType::C128, &[isize::MAX as usize]).is_err());
    }
}
