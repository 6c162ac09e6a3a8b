//! Keys parted by a pivot, in place, a vector at a time.

// One promise for the whole file, that of [`Vector`]: the processor has these instructions, pointers are valid.
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, clippy::needless_range_loop)]

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use super::vector::Vector;

/// Vectors that the partition reads at a time.
const UNROLL: usize = 8;
/// Which end is read next depends on the keys that were read before, so that the processor cannot read ahead by itself: it is told to,
/// so many blocks on.
const BLOCKS_AHEAD: usize = 8;

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
                let ahead = BLOCKS_AHEAD * block;
                let ahead = if from_right { at.wrapping_sub(ahead) } else { at.wrapping_add(ahead) };
                for (i, vector) in vectors.iter_mut().enumerate() {
                    *vector = V::load(keys.add(at + i * V::LANES));
                    _mm_prefetch::<_MM_HINT_T0>(keys.wrapping_add(ahead.wrapping_add(i * V::LANES)).cast());
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
pub(super) unsafe fn partition<V: Vector, const EQUAL: bool>(keys: *mut V::Key, count: usize, pivot: V::Key) -> usize {
    unsafe { partition_with::<V, EQUAL>(keys, count, pivot) }
}
