//! Philox4x32-10, a counter-based generator: the draw of an element is a function of its index and a key, with no state.
//!
//! Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
//! A block of 128 bits serves two neighbouring elements, 64 bits each: element `i` takes half `i % 2` of block `i / 2`.
//! Rejection methods, which need an unknown number of draws, take more blocks of the same element by the sub-counter.

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;
/// Blocks that are made before they are turned into numbers: the buffers stay within the first-level cache.
const TILE_BLOCKS: usize = 256;
/// Up to this many elements are made one by one.
const FEW: usize = 8;

/// The block of 128 bits at `counter` under `key`.
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for round in 0..ROUNDS {
        if round > 0 {
            k0 = k0.wrapping_add(WEYL[0]);
            k1 = k1.wrapping_add(WEYL[1]);
        }
        let p0 = u64::from(MULTIPLIER[0]) * u64::from(c0);
        let p1 = u64::from(MULTIPLIER[1]) * u64::from(c2);
        (c0, c1, c2, c3) = ((p1 >> 32) as u32 ^ c1 ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c3 ^ k1, p0 as u32);
    }
    [c0, c1, c2, c3]
}

/// What tells one random array from another: a seed and the number of the stream drawn from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u32; 2]);

impl Key {
    /// The key of stream number `stream` of `seed`. Different streams of a seed never share a key.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mixed = mix(mix(seed).wrapping_add(stream.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        Self([mixed as u32, (mixed >> 32) as u32])
    }

    /// The 64 bits that belong to element `index`.
    pub fn draw(self, index: u64) -> u64 {
        self.block(index >> 1, 0)[(index & 1) as usize]
    }

    /// Block `attempt` of element `index`, two draws apart from those of [`Key::draw`]: for methods that may reject.
    pub fn retry(self, index: u64, attempt: u32) -> [u64; 2] {
        self.block(index, attempt.wrapping_add(1))
    }

    fn block(self, block: u64, sub_counter: u32) -> [u64; 2] {
        let words = philox4x32_10([block as u32, (block >> 32) as u32, sub_counter, 0], self.0);
        [join(words[0], words[1]), join(words[2], words[3])]
    }
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The finaliser of SplitMix64, a bijection.
#[inline(always)]
pub(super) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// How the two draws of a block become the numbers of its two elements. Written without branches, so that it vectorises.
pub(super) trait Transform {
    /// The type of the numbers.
    type Output: Copy + Default;
    /// The numbers of elements `2 i` and `2 i + 1`.
    fn pair(&self, even: u64, odd: u64) -> (Self::Output, Self::Output);
}

/// A transform that takes each draw by itself.
pub(super) struct Each<F>(pub(super) F);

impl<T: Copy + Default, F: Fn(u64) -> T> Transform for Each<F> {
    type Output = T;
    #[inline(always)]
    fn pair(&self, even: u64, odd: u64) -> (T, T) {
        ((self.0)(even), (self.0)(odd))
    }
}

/// Fills `out` with the numbers of elements `start ..`, by the widest instructions this machine has. The results do not
/// depend on which those are: all arithmetic is exact or correctly rounded.
pub(super) fn fill<T: Transform>(key: Key, start: u64, transform: &T, out: &mut [T::Output]) {
    if out.len() <= FEW {
        for (index, out) in (start..).zip(out) {
            let [even, odd] = key.block(index >> 1, 0);
            let (first, second) = transform.pair(even, odd);
            *out = if index & 1 == 0 { first } else { second };
        }
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
        // SAFETY: the instructions this version was compiled for have just been found.
        return unsafe { fill_avx512(key, start, transform, out) };
    }
    fill_any(key, start, transform, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
fn fill_avx512<T: Transform>(key: Key, start: u64, transform: &T, out: &mut [T::Output]) {
    fill_any(key, start, transform, out);
}

#[inline(always)]
fn fill_any<T: Transform>(key: Key, start: u64, transform: &T, out: &mut [T::Output]) {
    let mut out = out;
    let mut block = start >> 1;
    if start & 1 == 1 {
        let Some((first, rest)) = out.split_first_mut() else { return };
        let [even, odd] = key.block(block, 0);
        *first = transform.pair(even, odd).1;
        (out, block) = (rest, block.wrapping_add(1));
    }
    let (mut even, mut odd) = ([0; TILE_BLOCKS], [0; TILE_BLOCKS]);
    for tile in out.chunks_mut(2 * TILE_BLOCKS) {
        let blocks = tile.len().div_ceil(2);
        make_blocks(key, block, &mut even[..blocks], &mut odd[..blocks]);
        let (pairs, last) = tile.as_chunks_mut::<2>();
        for ((pair, &even), &odd) in pairs.iter_mut().zip(&even).zip(&odd) {
            (pair[0], pair[1]) = transform.pair(even, odd);
        }
        if let [last] = last {
            *last = transform.pair(even[blocks - 1], odd[blocks - 1]).0;
        }
        block = block.wrapping_add(blocks as u64);
    }
}

/// The blocks from `first`: the words are held in the low halves of 64-bit lanes, as the widening multiply wants them.
#[inline(always)]
fn make_blocks(key: Key, first: u64, even: &mut [u64], odd: &mut [u64]) {
    const LOW: u64 = 0xFFFF_FFFF;
    for (i, (even, odd)) in even.iter_mut().zip(odd).enumerate() {
        let block = first.wrapping_add(i as u64);
        let (mut c0, mut c1, mut c2, mut c3) = (block & LOW, block >> 32, 0, 0);
        let [mut k0, mut k1] = key.0;
        for _ in 0..ROUNDS {
            let p0 = u64::from(MULTIPLIER[0]) * (c0 & LOW);
            let p1 = u64::from(MULTIPLIER[1]) * (c2 & LOW);
            // Words 1 and 3 keep the upper half of their product: it is masked before it counts.
            (c0, c1, c2, c3) = (p1 >> 32 ^ c1 ^ u64::from(k0), p1, p0 >> 32 ^ c3 ^ u64::from(k1), p0);
            (k0, k1) = (k0.wrapping_add(WEYL[0]), k1.wrapping_add(WEYL[1]));
        }
        *even = c0 & LOW | c1 << 32;
        *odd = c2 & LOW | c3 << 32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of Random123 (`kat_vectors`, philox 4x32 10).
    #[test]
    fn known_answers() {
        assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32_10([!0; 4], [!0; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn many_at_once_equal_one_by_one() {
        let key = Key::new(7, 3);
        for start in [0, 1, 2, 511, 513, u64::from(u32::MAX) - 3, u64::MAX / 2 - 40] {
            for count in [0, 1, 2, 3, 8, 9, 64, 1023, 1025] {
                let expected: Vec<u64> = (0..count).map(|i| key.draw(start + i)).collect();
                let mut found = vec![0; count as usize];
                fill(key, start, &Each(|bits| bits), &mut found);
                assert_eq!(found, expected, "{count} from {start}");
                fill_any(key, start, &Each(|bits| bits), &mut found);
                assert_eq!(found, expected, "portable, {count} from {start}");
            }
        }
    }

    #[test]
    fn streams_seeds_and_attempts_differ() {
        let key = Key::new(1, 0);
        assert_ne!(key, Key::new(1, 1));
        assert_ne!(key, Key::new(2, 0));
        assert_ne!(key.draw(0), Key::new(1, 1).draw(0));
        assert_ne!(key.retry(0, 0), key.retry(0, 1));
        assert_ne!(key.retry(0, 0)[0], key.draw(0));
    }
}
