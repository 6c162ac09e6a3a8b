//! Bitonic networks in registers: a few keys, sorted without a branch on any of them.

// One promise for the whole file, that of [`Vector`]: the processor has these instructions, pointers are valid.
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, clippy::needless_range_loop)]

use super::vector::Vector;

/// Vectors of the largest network.
pub(super) const NETWORK: usize = 16;

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
pub(super) unsafe fn sort_some<V: Vector>(keys: *mut V::Key, count: usize) {
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
pub(super) unsafe fn sort_few<V: Vector>(keys: *mut V::Key, count: usize) {
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
