//! Sorting and selection of 32-bit and 64-bit keys with AVX-512: a quicksort that partitions a vector at a time, compressing it to
//! both ends, and bitonic networks in registers for what is left.
//!
//! Sources: B. Bramas, "A novel hybrid quicksort algorithm vectorized using AVX-512 on Intel Skylake", 2017; J. Wassenberg, M. Blacher,
//! J. Giesen, P. Sanders, "Vectorized and performance-portable quicksort", 2022.

// One promise for the whole file, that of [`Vector`]: the processor has these instructions, pointers are valid.
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, clippy::needless_range_loop)]

use std::arch::x86_64::*;

/// Vectors of keys.
///
/// # Safety
/// The processor has AVX-512 F, DQ, BW and VL, and pointers are valid for what is read or written. Methods are
/// `#[inline(always)]`, so that they get the instruction set of their caller.
pub(super) trait Vector: Copy {
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
pub(super) struct Wide(__m512i);

#[derive(Clone, Copy)]
pub(super) struct Narrow(__m512i);

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

/// Vectors of the largest network.
const NETWORK: usize = 16;
/// Vectors that the partition reads at a time.
const UNROLL: usize = 8;

/// Merges sorted runs of `RUN` vectors by pairs. (The lengths are constants so that all stays in registers.)
#[inline(always)]
unsafe fn merge<V: Vector, const N: usize, const RUN: usize>(vectors: &mut [V; N]) {
    unsafe {
        if RUN >= N {
            return;
        }
        // The second run backwards: the smaller and the larger of each pair are two runs that ascend and descend.
        let mut second = [V::splat(V::LARGEST); N];
        for i in 0..N {
            if i & RUN != 0 {
                second[i ^ (RUN - 1)] = vectors[i].reversed();
            }
        }
        for i in 0..N {
            if i & RUN == 0 {
                let first = vectors[i];
                vectors[i] = first.min(second[i + RUN]);
                vectors[i + RUN] = first.max(second[i + RUN]);
            }
        }
        if RUN >= 16 {
            halve::<V, N, 8>(vectors);
        }
        if RUN >= 8 {
            halve::<V, N, 4>(vectors);
        }
        if RUN >= 4 {
            halve::<V, N, 2>(vectors);
        }
        if RUN >= 2 {
            halve::<V, N, 1>(vectors);
        }
        for i in 0..N {
            vectors[i] = vectors[i].merged();
        }
    }
}

#[inline(always)]
unsafe fn halve<V: Vector, const N: usize, const DISTANCE: usize>(vectors: &mut [V; N]) {
    unsafe {
        for i in 0..N {
            if i & DISTANCE == 0 {
                let (low, high) = (vectors[i], vectors[i + DISTANCE]);
                vectors[i] = low.min(high);
                vectors[i + DISTANCE] = low.max(high);
            }
        }
    }
}

/// Sorts at most `N` vectors of keys: each by itself, then runs are merged.
#[inline(always)]
unsafe fn network<V: Vector, const N: usize, const USED: usize>(keys: *mut V::Key, count: usize) {
    unsafe {
        let mut vectors = [V::splat(V::LARGEST); N];
        for i in 0..USED {
            let rest = count.saturating_sub(i * V::LANES).min(V::LANES);
            vectors[i] = V::load_some(keys.wrapping_add(i * V::LANES), rest).sorted();
        }
        merge::<V, N, 1>(&mut vectors);
        merge::<V, N, 2>(&mut vectors);
        merge::<V, N, 4>(&mut vectors);
        merge::<V, N, 8>(&mut vectors);
        for i in 0..USED {
            let rest = count.saturating_sub(i * V::LANES).min(V::LANES);
            vectors[i].store_some(keys.wrapping_add(i * V::LANES), rest);
        }
    }
}

/// Merges two sorted runs, the first of `NETWORK` vectors and the second of at most as many.
#[inline(always)]
unsafe fn merge_long<V: Vector>(keys: *mut V::Key, count: usize) {
    unsafe {
        let mut lower = [V::splat(V::LARGEST); NETWORK];
        let mut upper = [V::splat(V::LARGEST); NETWORK];
        for i in 0..NETWORK {
            let at = (2 * NETWORK - 1 - i) * V::LANES;
            let (first, second) = (
                V::load(keys.add(i * V::LANES)),
                V::load_some(keys.wrapping_add(at), count.saturating_sub(at).min(V::LANES)).reversed(),
            );
            lower[i] = first.min(second);
            upper[i] = first.max(second);
        }
        finish::<V>(&mut lower);
        for i in 0..NETWORK {
            lower[i].store(keys.add(i * V::LANES));
        }
        finish::<V>(&mut upper);
        for i in 0..NETWORK {
            let at = (NETWORK + i) * V::LANES;
            upper[i].store_some(keys.wrapping_add(at), count.saturating_sub(at).min(V::LANES));
        }
    }
}

#[inline(always)]
unsafe fn finish<V: Vector>(vectors: &mut [V; NETWORK]) {
    unsafe {
        halve::<V, NETWORK, 8>(vectors);
        halve::<V, NETWORK, 4>(vectors);
        halve::<V, NETWORK, 2>(vectors);
        halve::<V, NETWORK, 1>(vectors);
        for i in 0..NETWORK {
            vectors[i] = vectors[i].merged();
        }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn sort_some<V: Vector>(keys: *mut V::Key, count: usize) {
    unsafe {
        let first = NETWORK * V::LANES;
        if count <= first {
            return sort_few::<V>(keys, count);
        }
        sort_few::<V>(keys, first);
        sort_few::<V>(keys.add(first), count - first);
        merge_long::<V>(keys, count);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn sort_few<V: Vector>(keys: *mut V::Key, count: usize) {
    unsafe {
        match count.div_ceil(V::LANES) {
            0 => {}
            1 => network::<V, 1, 1>(keys, count),
            2 => network::<V, 2, 2>(keys, count),
            3 => network::<V, 4, 3>(keys, count),
            4 => network::<V, 4, 4>(keys, count),
            5..=6 => network::<V, 8, 6>(keys, count),
            7..=8 => network::<V, 8, 8>(keys, count),
            9..=10 => network::<V, 16, 10>(keys, count),
            11..=12 => network::<V, 16, 12>(keys, count),
            13..=14 => network::<V, 16, 14>(keys, count),
            _ => network::<V, NETWORK, NETWORK>(keys, count),
        }
    }
}

/// Moves keys that go left of the pivot before the others and gives their number.
#[inline(always)]
unsafe fn partition_with<V: Vector, const EQUAL: bool>(keys: *mut V::Key, count: usize, pivot: V::Key) -> usize {
    unsafe {
        let block = UNROLL * V::LANES;
        let pivot = V::splat(pivot);
        let (mut left, mut right) = (0, count);
        let (mut write_left, mut write_right) = (0, count);
        // A block from each end is kept in registers: what is written never passes what is read.
        let kept = count >= 2 * block;
        let mut ends = [pivot; 2 * UNROLL];
        if kept {
            for (i, end) in ends.iter_mut().enumerate() {
                let at = if i < UNROLL { i * V::LANES } else { count - 2 * block + i * V::LANES };
                *end = V::load(keys.add(at));
            }
            left = block;
            right = count - block;
            while right - left >= block {
                let from_right = write_right - right < left - write_left;
                let at = if from_right { right - block } else { left };
                right -= if from_right { block } else { 0 };
                left += if from_right { 0 } else { block };
                let mut vectors = [pivot; UNROLL];
                for (i, vector) in vectors.iter_mut().enumerate() {
                    *vector = V::load(keys.add(at + i * V::LANES));
                }
                for vector in vectors {
                    let mask = vector.goes_left::<EQUAL>(pivot);
                    let lower = mask.count_ones() as usize;
                    let upper = V::LANES - lower;
                    vector.compress(mask).store(keys.add(write_left));
                    vector.compress(!mask).store_some(keys.add(write_right - upper), upper);
                    write_left += lower;
                    write_right -= upper;
                }
            }
        }
        // Fewer than a block between the ends, or few keys at all: all of them are read before any is written.
        let mut rest = [pivot; 2 * UNROLL];
        let mut sizes = [0; 2 * UNROLL];
        for (i, vector) in rest.iter_mut().enumerate() {
            sizes[i] = (right - left).saturating_sub(i * V::LANES).min(V::LANES);
            *vector = V::load_some(keys.wrapping_add(left + i * V::LANES), sizes[i]);
        }
        let mut put = |vector: V, size: usize| {
            let all = ((1_u64 << size) - 1) as u32;
            let mask = vector.goes_left::<EQUAL>(pivot) & all;
            let lower = mask.count_ones() as usize;
            let upper = size - lower;
            vector.compress(mask).store_some(keys.add(write_left), lower);
            vector.compress(!mask & all).store_some(keys.add(write_right - upper), upper);
            write_left += lower;
            write_right -= upper;
        };
        for (vector, size) in rest.into_iter().zip(sizes) {
            put(vector, size);
        }
        if kept {
            for vector in ends {
                put(vector, V::LANES);
            }
        }
        write_left
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn partition<V: Vector, const EQUAL: bool>(keys: *mut V::Key, count: usize, pivot: V::Key) -> usize {
    unsafe { partition_with::<V, EQUAL>(keys, count, pivot) }
}

/// A key of about the middle, and whether it occurs often.
#[inline(always)]
unsafe fn pivot_of<V: Vector>(keys: &[V::Key], seed: &mut u64) -> (V::Key, bool) {
    let mut sample = [V::LARGEST; 64];
    let count = if keys.len() < 4096 { 16 } else { 64 };
    let part = keys.len() / count;
    // Xorshift: order in the data is unlikely to fit it.
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    let mut random = *seed;
    for (i, place) in sample[..count].iter_mut().enumerate() {
        random = random.wrapping_mul(0xD129_0D3B_32D8_6A55) | 1;
        *place = keys[i * part + (((random >> 40) * part as u64) >> 24) as usize];
    }
    unsafe { sort_few::<V>(sample.as_mut_ptr(), count) };
    let middle = count / 2;
    (sample[middle], sample[middle] == sample[middle - 1] || sample[middle] == sample[middle + 1])
}

/// Where the keys of a pivot begin and where those above it do; the latter may begin with more of the pivot's.
#[inline(always)]
unsafe fn split<V: Vector>(keys: &mut [V::Key], seed: &mut u64) -> (usize, usize) {
    unsafe {
        let (pivot, often) = pivot_of::<V>(keys, seed);
        let below = partition::<V, false>(keys.as_mut_ptr(), keys.len(), pivot);
        let mut from = below;
        if often || below == 0 {
            from += partition::<V, true>(keys.as_mut_ptr().add(below), keys.len() - below, pivot);
        }
        (below, from)
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
unsafe fn quicksort<V: Vector>(mut keys: &mut [V::Key], mut depth: u32, seed: &mut u64) {
    unsafe {
        while keys.len() > 2 * NETWORK * V::LANES {
            if depth == 0 {
                keys.sort_unstable();
                return;
            }
            depth -= 1;
            let (below, from) = split::<V>(keys, seed);
            let (lower, upper) = keys.split_at_mut(from);
            let lower = &mut lower[..below];
            if lower.len() < upper.len() {
                quicksort::<V>(lower, depth, seed);
                keys = upper;
            } else {
                quicksort::<V>(upper, depth, seed);
                keys = lower;
            }
        }
        sort_some::<V>(keys.as_mut_ptr(), keys.len());
    }
}

fn depth_limit(count: usize) -> u32 {
    2 * count.max(2).ilog2() + 4
}

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// Sorts keys.
///
/// # Safety
/// The processor has AVX-512 F, DQ, BW and VL.
pub(super) unsafe fn sort<V: Vector>(keys: &mut [V::Key]) {
    if !keys.is_sorted() {
        let mut seed = SEED;
        unsafe { quicksort::<V>(keys, depth_limit(keys.len()), &mut seed) }
    }
}

/// Puts the key of a rank in its place, smaller ones before and larger ones after it.
///
/// # Safety
/// The processor has AVX-512 F, DQ, BW and VL.
pub(super) unsafe fn select<V: Vector>(mut keys: &mut [V::Key], mut rank: usize) {
    let mut seed = SEED;
    let mut depth = depth_limit(keys.len());
    unsafe {
        while keys.len() > 2 * NETWORK * V::LANES {
            if depth == 0 {
                keys.select_nth_unstable(rank);
                return;
            }
            depth -= 1;
            let (below, from) = split::<V>(keys, &mut seed);
            if rank < below {
                keys = &mut keys[..below];
            } else if rank < from {
                return;
            } else {
                keys = &mut keys[from..];
                rank -= from;
            }
        }
        sort_some::<V>(keys.as_mut_ptr(), keys.len());
    }
}
