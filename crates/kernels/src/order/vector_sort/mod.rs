//! Sorting and selection of 32-bit and 64-bit keys with AVX-512: a quicksort that partitions a vector at a time, compressing it to
//! both ends, and bitonic networks in registers for what is left.
//!
//! Sources: B. Bramas, "A novel hybrid quicksort algorithm vectorized using AVX-512 on Intel Skylake", 2017; J. Wassenberg, M. Blacher,
//! J. Giesen, P. Sanders, "Vectorized and performance-portable quicksort", 2022.
//!
//! | module | what |
//! |---|---|
//! | `vector` | vectors of 32-bit and 64-bit keys |
//! | `network` | what sorts a few vectors |
//! | `partition` | keys parted by a pivot |
//! | `between` | keys between two bounds |

// One promise for the whole file, that of [`Vector`]: the processor has these instructions, pointers are valid.
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, clippy::needless_range_loop)]

mod between;
mod network;
mod partition;
mod vector;

pub(super) use self::between::keep;
use self::network::{NETWORK, sort_few, sort_some};
use self::partition::partition;
pub(super) use self::vector::{Narrow, Vector, Wide};

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
