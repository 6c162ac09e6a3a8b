//! Elements of the other byte order.

use swath_kernels::DType;

/// In which order the bytes of one number stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The least significant byte first.
    Little,
    /// The most significant byte first.
    Big,
}

impl ByteOrder {
    /// That of this machine.
    pub const NATIVE: Self = if cfg!(target_endian = "little") { Self::Little } else { Self::Big };

    /// Whether elements of a dtype in this order must be turned before this machine can read them.
    pub(crate) fn is_foreign(self, dtype: DType) -> bool {
        self != Self::NATIVE && dtype.item_size() > 1
    }
}

/// Turns the bytes of each number around; a complex number is two numbers.
pub(crate) fn swap(dtype: DType, bytes: &mut [u8]) {
    fn each<const N: usize>(bytes: &mut [u8]) {
        bytes.as_chunks_mut::<N>().0.iter_mut().for_each(|number| number.reverse());
    }
    match dtype.real().item_size() {
        2 => each::<2>(bytes),
        4 => each::<4>(bytes),
        8 => each::<8>(bytes),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swaps_each_number() {
        let mut bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        swap(DType::I16, &mut bytes);
        assert_eq!(bytes, [2, 1, 4, 3, 6, 5, 8, 7]);
        let mut bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        swap(DType::C64, &mut bytes);
        assert_eq!(bytes, [4, 3, 2, 1, 8, 7, 6, 5]);
        let mut bytes = [1, 2];
        swap(DType::U8, &mut bytes);
        assert_eq!(bytes, [1, 2]);
        assert!(ByteOrder::Big.is_foreign(DType::F32) != ByteOrder::Little.is_foreign(DType::F32));
        assert!(!ByteOrder::Big.is_foreign(DType::Bool) && !ByteOrder::Little.is_foreign(DType::Bool));
    }
}
