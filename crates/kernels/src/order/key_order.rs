//! Sorting and selection of keys: by counting for short ones, with vectors for those of 32 and 64 bits, by comparison for the others.

use std::ops::Range;

use super::key::{ComplexKey, Sortable};
use super::part::{Counts, Line, order_words};
use crate::isa::Isa;
use crate::memory::reserved;

/// A key that can be sorted.
pub trait Key: Copy + Ord + Default + Send + Sync + std::fmt::Debug {
    /// A key of one of two types that has the same order: what is done seldom is compiled for these.
    type Wide: Copy + Ord + std::fmt::Debug;
    /// This key as a wide one.
    fn wide(self) -> Self::Wide;
    /// The key whose order is reversed.
    fn flipped(self) -> Self;
    /// Sorts keys.
    fn sort(keys: &mut [Self]);
    /// Puts the key of a rank in its place, smaller ones before and larger ones after it.
    fn select(keys: &mut [Self], rank: usize);
    /// The positions of keys in ascending order, equal ones in the order in which they stand. At most 2^32 keys.
    fn order(keys: &[Self]) -> Vec<u32>;
    /// Some ranks of [`Key::order`] of a line.
    fn order_part<T: Sortable<Key = Self>>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<u32>;
    /// Appends the keys strictly between two bounds to those that are kept, and counts those below and those that equal a bound.
    fn keep(keys: &[Self], (low, high): (Self, Self), kept: &mut Vec<Self>, counts: &mut Counts) {
        keep_one_by_one(keys, (low, high), kept, counts);
    }
}

fn keep_one_by_one<K: Key>(keys: &[K], (low, high): (K, K), kept: &mut Vec<K>, counts: &mut Counts) {
    for key in keys {
        if low < *key && *key < high {
            kept.push(*key);
        }
        counts.below += usize::from(*key < low);
        counts.lowest += usize::from(*key == low);
        counts.highest += usize::from(*key == high);
    }
}

impl Key for u8 {
    type Wide = u64;
    fn wide(self) -> u64 {
        self.into()
    }
    fn flipped(self) -> Self {
        !self
    }
    fn sort(keys: &mut [Self]) {
        sort_by_counting(keys, usize::from, |key| key as Self, 1 << 8);
    }
    fn select(keys: &mut [Self], _: usize) {
        Self::sort(keys);
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys)
    }
    fn order_part<T: Sortable<Key = Self>>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<u32> {
        order_words(line, ranks)
    }
}

impl Key for u16 {
    type Wide = u64;
    fn wide(self) -> u64 {
        self.into()
    }
    fn flipped(self) -> Self {
        !self
    }
    fn sort(keys: &mut [Self]) {
        if keys.len() >= 1 << 14 {
            return sort_by_counting(keys, usize::from, |key| key as Self, 1 << 16);
        }
        let mut wide: Vec<u32> = keys.iter().map(|key| u32::from(*key)).collect();
        u32::sort(&mut wide);
        keys.iter_mut().zip(wide).for_each(|(key, wide)| *key = wide as Self);
    }
    fn select(keys: &mut [Self], _: usize) {
        Self::sort(keys);
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys)
    }
    fn order_part<T: Sortable<Key = Self>>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<u32> {
        order_words(line, ranks)
    }
}

/// Fewer keys are not worth the choice of instructions.
const FEW: usize = 16;

macro_rules! vectors {
    ($($key:ty, $vector:ident;)*) => {$(
        fn sort(keys: &mut [Self]) {
            #[cfg(target_arch = "x86_64")]
            if keys.len() > FEW && Isa::detect() == Isa::Avx512 {
                // SAFETY: the processor has the instructions.
                return unsafe { super::vector_sort::sort::<super::vector_sort::$vector>(keys) };
            }
            keys.sort_unstable();
        }
        fn select(keys: &mut [Self], rank: usize) {
            #[cfg(target_arch = "x86_64")]
            if keys.len() > FEW && rank < keys.len() && Isa::detect() == Isa::Avx512 {
                // SAFETY: the processor has the instructions.
                return unsafe { super::vector_sort::select::<super::vector_sort::$vector>(keys, rank) };
            }
            keys.select_nth_unstable(rank);
        }
        fn keep(keys: &[Self], (low, high): (Self, Self), kept: &mut Vec<Self>, counts: &mut Counts) {
            #[cfg(target_arch = "x86_64")]
            if Isa::detect() == Isa::Avx512 {
                // SAFETY: the processor has the instructions.
                return unsafe { super::vector_sort::keep::<super::vector_sort::$vector>(keys, (low, high), kept, counts) };
            }
            keep_one_by_one(keys, (low, high), kept, counts);
        }
    )*};
}

impl Key for u32 {
    type Wide = u64;
    fn wide(self) -> u64 {
        self.into()
    }
    fn flipped(self) -> Self {
        !self
    }
    vectors! { u32, Narrow; }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys)
    }
    fn order_part<T: Sortable<Key = Self>>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<u32> {
        order_words(line, ranks)
    }
}

impl Key for u64 {
    type Wide = Self;
    fn wide(self) -> Self {
        self
    }
    fn flipped(self) -> Self {
        !self
    }
    vectors! { u64, Wide; }
    /// Half of each key's bits, those that differ most, are sorted together with the positions; where they are equal the keys decide.
    fn order(keys: &[Self]) -> Vec<u32> {
        let (low, high) = keys.iter().fold((Self::MAX, Self::MIN), |(low, high), key| (low.min(*key), high.max(*key)));
        let shift = (64 - high.saturating_sub(low).leading_zeros()).saturating_sub(32);
        let mut words = packed_words(keys, |key| ((key - low) >> shift) as u32);
        sort_words(&mut words, shift, |position| keys[position as usize]);
        positions_of(&words)
    }
    fn order_part<T: Sortable<Key = Self>>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<u32> {
        order_words(line, ranks)
    }
}

/// Sorts words of which the upper half is a part of a key and the lower half its position; where such parts are equal, and have lost `shift`
/// bits, the keys decide.
pub(super) fn sort_words(words: &mut [u64], shift: u32, key: impl Fn(u32) -> u64 + Copy) {
    u64::sort(words);
    if shift == 0 {
        return;
    }
    let mut start = 0;
    for end in 1..=words.len() {
        if end < words.len() && words[end] >> 32 == words[start] >> 32 {
            continue;
        }
        if end - start > 1 {
            sort_run(&mut words[start..end], key);
        }
        start = end;
    }
}

/// Sorts words, whose positions ascend, by the keys at these.
fn sort_run(words: &mut [u64], key: impl Fn(u32) -> u64) {
    if words.len() > 32 {
        let own: Vec<u64> = words.iter().map(|word| key(*word as u32)).collect();
        let sorted: Vec<u64> = u64::order(&own).into_iter().map(|place| words[place as usize]).collect();
        words.copy_from_slice(&sorted);
        return;
    }
    for end in 1..words.len() {
        let (word, mut place) = (words[end], end);
        let own = key(word as u32);
        while place > 0 && key(words[place - 1] as u32) > own {
            words[place] = words[place - 1];
            place -= 1;
        }
        words[place] = word;
    }
}

impl Key for ComplexKey {
    type Wide = Self;
    fn wide(self) -> Self {
        self
    }
    fn flipped(self) -> Self {
        self.reversed()
    }
    fn sort(keys: &mut [Self]) {
        keys.sort_unstable();
    }
    fn select(keys: &mut [Self], rank: usize) {
        keys.select_nth_unstable(rank);
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        let mut pairs: Vec<(Self, u32)> = keys.iter().copied().zip(0..).collect();
        pairs.sort_unstable();
        pairs.into_iter().map(|(_, position)| position).collect()
    }
    fn order_part<T: Sortable<Key = Self>>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<u32> {
        let mut keys = reserved(line.len());
        line.blocks(|_, block| keys.extend_from_slice(block));
        Self::order(&keys)[ranks].to_vec()
    }
}

/// Key and position share a word: sorting the words sorts the keys, and equal ones by position.
fn packed_words<K: Copy>(keys: &[K], short: impl Fn(K) -> u32) -> Vec<u64> {
    let mut words: Vec<u64> = reserved(keys.len());
    words.extend(keys.iter().map(|key| u64::from(short(*key)) << 32));
    words.iter_mut().enumerate().for_each(|(position, word)| *word |= position as u64);
    words
}

fn positions_of(words: &[u64]) -> Vec<u32> {
    let mut order = reserved(words.len());
    order.extend(words.iter().map(|word| *word as u32));
    order
}

fn order_packed<K: Copy + Into<u32>>(keys: &[K]) -> Vec<u32> {
    let mut words = packed_words(keys, K::into);
    u64::sort(&mut words);
    positions_of(&words)
}

fn sort_by_counting<K: Copy>(keys: &mut [K], index: impl Fn(K) -> usize, key: impl Fn(usize) -> K, range: usize) {
    let mut counts = vec![0_usize; range];
    keys.iter().for_each(|key| counts[index(*key)] += 1);
    let mut rest = keys;
    for (value, count) in counts.into_iter().enumerate() {
        let (own, after) = std::mem::take(&mut rest).split_at_mut(count);
        own.fill(key(value));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key as Seed;

    #[test]
    fn keys_are_sorted_at_any_length() {
        let around = [8, 16, 64, 128, 256, 512].into_iter().flat_map(|n| [n - 1, n, n + 1]);
        for count in around.chain([0, 1, 2, 3, 40, 100, 5000, 20_000]) {
            for mask in [u64::MAX, 0xFF, 0xFF00_0000_0000, 0, 1] {
                let keys: Vec<u64> = (0..count).map(|i| Seed::new(1, 0).draw(i) & mask).collect();
                check(&keys);
                check(&keys.iter().map(|k| *k as u32).collect::<Vec<_>>());
                check(&keys.iter().map(|k| *k as u16).collect::<Vec<_>>());
                check(&keys.iter().map(|k| *k as u8).collect::<Vec<_>>());
            }
        }
    }

    /// What quicksort may stumble over.
    #[test]
    fn keys_in_patterns_are_sorted() {
        let n = 30_000_u64;
        check(&(0..n).collect::<Vec<_>>());
        check(&(0..n).rev().collect::<Vec<_>>());
        check(&(0..n).map(|i| if i < n / 2 { i } else { n - i }).collect::<Vec<_>>());
        check(&(0..n).map(|i| i % 7).collect::<Vec<_>>());
        check(&(0..n).map(|i| if i == n / 3 { 0 } else { u64::MAX }).collect::<Vec<_>>());
        check(&(0..n).map(|i| (i * i % 1009) << 40).collect::<Vec<_>>());
    }

    fn check<K: Key>(keys: &[K]) {
        let (mut found, mut expected) = (keys.to_vec(), keys.to_vec());
        K::sort(&mut found);
        expected.sort();
        assert_eq!(found, expected);
        let mut order: Vec<u32> = (0..keys.len() as u32).collect();
        order.sort_by_key(|i| keys[*i as usize]);
        assert_eq!(K::order(keys), order);
        for rank in [0, keys.len() / 3, keys.len().saturating_sub(1)] {
            if rank < keys.len() {
                let mut parted = keys.to_vec();
                K::select(&mut parted, rank);
                assert_eq!(parted[rank], expected[rank]);
                assert!(parted[..rank].iter().all(|key| *key <= expected[rank]));
                assert!(parted[rank..].iter().all(|key| *key >= expected[rank]));
            }
        }
    }
}
