//! Keys between two bounds, kept in their order; those outside and those that equal a bound are counted.

// One promise for the whole file, that of [`Vector`]: the processor has these instructions, pointers are valid.
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc)]

use super::vector::Vector;
use crate::order::part::Counts;

/// Appends the keys strictly between two bounds.
///
/// # Safety
/// The processor has AVX-512 F, DQ, BW and VL.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(in crate::order) unsafe fn keep<V: Vector>(
    keys: &[V::Key],
    (low, high): (V::Key, V::Key),
    kept: &mut Vec<V::Key>,
    counts: &mut Counts,
) {
    unsafe {
        // Whole vectors are written: there is room for one behind the last key.
        kept.reserve(keys.len() + V::LANES);
        let (low, high) = (V::splat(low), V::splat(high));
        let start = kept.as_mut_ptr().add(kept.len());
        let mut to = start;
        let mut put = |vector: V, all: u32| {
            let below = vector.goes_left::<false>(low) & all;
            let lowest = vector.goes_left::<true>(low) & !below & all;
            let less = vector.goes_left::<false>(high) & all;
            let highest = vector.goes_left::<true>(high) & !less & all;
            let between = less & !below & !lowest;
            vector.compress(between).store(to);
            to = to.add(between.count_ones() as usize);
            counts.below += below.count_ones() as usize;
            counts.lowest += lowest.count_ones() as usize;
            counts.highest += highest.count_ones() as usize;
        };
        let vectors = keys.len() / V::LANES;
        for vector in 0..vectors {
            put(V::load(keys.as_ptr().add(vector * V::LANES)), ((1_u64 << V::LANES) - 1) as u32);
        }
        let rest = keys.len() % V::LANES;
        if rest > 0 {
            put(V::load_some(keys.as_ptr().add(vectors * V::LANES), rest), ((1_u64 << rest) - 1) as u32);
        }
        kept.set_len(kept.len() + to.offset_from_unsigned(start));
    }
}
