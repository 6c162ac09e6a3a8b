//! Vectors of keys in AVX-512 registers.

// One promise for the whole file, that of [`Vector`]: the processor has these instructions, pointers are valid.
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, clippy::needless_range_loop)]

use std::arch::x86_64::*;

/// Vectors of keys.
///
/// # Safety
/// The processor has AVX-512 F, DQ, BW and VL, and pointers are valid for what is read or written. Methods are
/// `#[inline(always)]`, so that they get the instruction set of their caller.
pub(in crate::order) trait Vector: Copy {
    type Key: Copy + Ord;
    const LANES: usize;
    /// The largest key: it fills up networks.
    const LARGEST: Self::Key;
    unsafe fn load(from: *const Self::Key) -> Self;
    unsafe fn load_some(from: *const Self::Key, count: usize) -> Self;
    unsafe fn store(self, to: *mut Self::Key);
    unsafe fn store_some(self, to: *mut Self::Key, count: usize);
    unsafe fn splat(key: Self::Key) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn reversed(self) -> Self;
    /// Which keys go to the left of a pivot: those below it, or with `EQUAL` those not above it.
    unsafe fn goes_left<const EQUAL: bool>(self, pivot: Self) -> u32;
    /// The keys of a mask side by side at the start.
    unsafe fn compress(self, mask: u32) -> Self;
    /// Sorts the keys of the vector.
    unsafe fn sorted(self) -> Self;
    /// Sorts the keys of a vector that ascend and then descend, or the other way round.
    unsafe fn merged(self) -> Self;
}

/// Compares each lane with the lane that `$order` names; the lanes of `$upper` keep the larger one.
macro_rules! step {
    ($permute:ident, $min:ident, $mask_max:ident, $value:expr, $order:expr, $upper:expr) => {{
        let value = $value;
        let other = $permute($order, value);
        $mask_max($min(value, other), $upper, value, other)
    }};
}

#[derive(Clone, Copy)]
pub(in crate::order) struct Wide(__m512i);

#[derive(Clone, Copy)]
pub(in crate::order) struct Narrow(__m512i);

macro_rules! step64 {
    ($value:expr, [$($lane:literal)*], $upper:literal) => {
        step!(_mm512_permutexvar_epi64, _mm512_min_epu64, _mm512_mask_max_epu64, $value, _mm512_setr_epi64($($lane),*), $upper)
    };
}

macro_rules! step32 {
    ($value:expr, [$($lane:literal)*], $upper:literal) => {
        step!(_mm512_permutexvar_epi32, _mm512_min_epu32, _mm512_mask_max_epu32, $value, _mm512_setr_epi32($($lane),*), $upper)
    };
}

impl Vector for Wide {
    type Key = u64;
    const LANES: usize = 8;
    const LARGEST: u64 = u64::MAX;
    #[inline(always)]
    unsafe fn load(from: *const u64) -> Self {
        unsafe { Self(_mm512_loadu_si512(from.cast())) }
    }
    #[inline(always)]
    unsafe fn load_some(from: *const u64, count: usize) -> Self {
        unsafe {
            Self(_mm512_mask_loadu_epi64(_mm512_set1_epi64(-1), (((1_u32 << count) - 1) & 0xFF) as u8, from.cast()))
        }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut u64) {
        unsafe { _mm512_storeu_si512(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut u64, count: usize) {
        unsafe { _mm512_mask_storeu_epi64(to.cast(), (((1_u32 << count) - 1) & 0xFF) as u8, self.0) }
    }
    #[inline(always)]
    unsafe fn splat(key: u64) -> Self {
        unsafe { Self(_mm512_set1_epi64(key as i64)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { Self(_mm512_min_epu64(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Self(_mm512_max_epu64(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn reversed(self) -> Self {
        unsafe { Self(_mm512_permutexvar_epi64(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), self.0)) }
    }
    #[inline(always)]
    unsafe fn goes_left<const EQUAL: bool>(self, pivot: Self) -> u32 {
        unsafe {
            u32::from(match EQUAL {
                false => _mm512_cmplt_epu64_mask(self.0, pivot.0),
                true => _mm512_cmple_epu64_mask(self.0, pivot.0),
            })
        }
    }
    #[inline(always)]
    unsafe fn compress(self, mask: u32) -> Self {
        unsafe { Self(_mm512_maskz_compress_epi64(mask as u8, self.0)) }
    }
    #[inline(always)]
    unsafe fn sorted(self) -> Self {
        unsafe {
            let v = step64!(self.0, [1 0 3 2 5 4 7 6], 0b1010_1010);
            let v = step64!(v, [3 2 1 0 7 6 5 4], 0b1100_1100);
            let v = step64!(v, [1 0 3 2 5 4 7 6], 0b1010_1010);
            let v = step64!(v, [7 6 5 4 3 2 1 0], 0b1111_0000);
            let v = step64!(v, [2 3 0 1 6 7 4 5], 0b1100_1100);
            Self(step64!(v, [1 0 3 2 5 4 7 6], 0b1010_1010))
        }
    }
    #[inline(always)]
    unsafe fn merged(self) -> Self {
        unsafe {
            let v = step64!(self.0, [4 5 6 7 0 1 2 3], 0b1111_0000);
            let v = step64!(v, [2 3 0 1 6 7 4 5], 0b1100_1100);
            Self(step64!(v, [1 0 3 2 5 4 7 6], 0b1010_1010))
        }
    }
}

impl Vector for Narrow {
    type Key = u32;
    const LANES: usize = 16;
    const LARGEST: u32 = u32::MAX;
    #[inline(always)]
    unsafe fn load(from: *const u32) -> Self {
        unsafe { Self(_mm512_loadu_si512(from.cast())) }
    }
    #[inline(always)]
    unsafe fn load_some(from: *const u32, count: usize) -> Self {
        unsafe { Self(_mm512_mask_loadu_epi32(_mm512_set1_epi32(-1), ((1_u32 << count) - 1) as u16, from.cast())) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut u32) {
        unsafe { _mm512_storeu_si512(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut u32, count: usize) {
        unsafe { _mm512_mask_storeu_epi32(to.cast(), ((1_u32 << count) - 1) as u16, self.0) }
    }
    #[inline(always)]
    unsafe fn splat(key: u32) -> Self {
        unsafe { Self(_mm512_set1_epi32(key as i32)) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { Self(_mm512_min_epu32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Self(_mm512_max_epu32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn reversed(self) -> Self {
        unsafe {
            let order = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
            Self(_mm512_permutexvar_epi32(order, self.0))
        }
    }
    #[inline(always)]
    unsafe fn goes_left<const EQUAL: bool>(self, pivot: Self) -> u32 {
        unsafe {
            u32::from(match EQUAL {
                false => _mm512_cmplt_epu32_mask(self.0, pivot.0),
                true => _mm512_cmple_epu32_mask(self.0, pivot.0),
            })
        }
    }
    #[inline(always)]
    unsafe fn compress(self, mask: u32) -> Self {
        unsafe { Self(_mm512_maskz_compress_epi32(mask as u16, self.0)) }
    }
    #[inline(always)]
    unsafe fn sorted(self) -> Self {
        unsafe {
            let v = step32!(self.0, [1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14], 0b1010_1010_1010_1010);
            let v = step32!(v, [3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12], 0b1100_1100_1100_1100);
            let v = step32!(v, [1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14], 0b1010_1010_1010_1010);
            let v = step32!(v, [7 6 5 4 3 2 1 0 15 14 13 12 11 10 9 8], 0b1111_0000_1111_0000);
            let v = step32!(v, [2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13], 0b1100_1100_1100_1100);
            let v = step32!(v, [1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14], 0b1010_1010_1010_1010);
            let v = step32!(v, [15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0], 0b1111_1111_0000_0000);
            let v = step32!(v, [4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11], 0b1111_0000_1111_0000);
            let v = step32!(v, [2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13], 0b1100_1100_1100_1100);
            Self(step32!(v, [1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14], 0b1010_1010_1010_1010))
        }
    }
    #[inline(always)]
    unsafe fn merged(self) -> Self {
        unsafe {
            let v = step32!(self.0, [8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7], 0b1111_1111_0000_0000);
            let v = step32!(v, [4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11], 0b1111_0000_1111_0000);
            let v = step32!(v, [2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13], 0b1100_1100_1100_1100);
            Self(step32!(v, [1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14], 0b1010_1010_1010_1010))
        }
    }
}
