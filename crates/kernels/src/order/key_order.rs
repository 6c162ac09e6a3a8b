//! Sorting of keys: by counting for short ones, by comparison for the others.
//!
//! (Sorting 64-bit keys by digits was measured too: its scattered writes cost more than the comparisons of the standard
//! library's pattern-defeating quicksort, from 1,000 keys to 10 million.)

use super::key::ComplexKey;

/// A key that can be sorted.
pub trait Key: Copy + Ord + Default + Send + Sync + std::fmt::Debug {
    /// Sorts keys.
    fn sort(keys: &mut [Self]) {
        keys.sort_unstable();
    }
    /// The positions of keys in ascending order, equal ones in the order in which they stand. At most 2^32 keys.
    fn order(keys: &[Self]) -> Vec<u32> {
        let mut pairs: Vec<(Self, u32)> = keys.iter().copied().zip(0..).collect();
        pairs.sort_by_key(|pair| pair.0);
        pairs.into_iter().map(|(_, position)| position).collect()
    }
}

impl Key for u8 {
    fn sort(keys: &mut [Self]) {
        sort_by_counting(keys, usize::from, |key| key as Self, 1 << 8);
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys.iter().map(|key| (*key).into()))
    }
}

impl Key for u16 {
    fn sort(keys: &mut [Self]) {
        match keys.len() < 1 << 14 {
            true => keys.sort_unstable(),
            false => sort_by_counting(keys, usize::from, |key| key as Self, 1 << 16),
        }
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys.iter().map(|key| (*key).into()))
    }
}

impl Key for u32 {
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys.iter().copied())
    }
}

impl Key for u64 {}
impl Key for ComplexKey {}

/// Key and position share a word: sorting the words sorts the keys, and equal ones by position.
fn order_packed(keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut words: Vec<u64> = keys.zip(0_u64..).map(|(key, position)| u64::from(key) << 32 | position).collect();
    words.sort_unstable();
    words.into_iter().map(|word| word as u32).collect()
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
        for count in [0, 1, 2, 100, 5000, 20_000] {
            for mask in [u64::MAX, 0xFF, 0xFF00_0000_0000, 0] {
                let keys: Vec<u64> = (0..count).map(|i| Seed::new(1, 0).draw(i) & mask).collect();
                check(&keys);
                check(&keys.iter().map(|k| *k as u32).collect::<Vec<_>>());
                check(&keys.iter().map(|k| *k as u16).collect::<Vec<_>>());
                check(&keys.iter().map(|k| *k as u8).collect::<Vec<_>>());
            }
        }
    }

    fn check<K: Key>(keys: &[K]) {
        let (mut found, mut expected) = (keys.to_vec(), keys.to_vec());
        K::sort(&mut found);
        expected.sort();
        assert_eq!(found, expected);
        let mut order: Vec<u32> = (0..keys.len() as u32).collect();
        order.sort_by_key(|i| keys[*i as usize]);
        assert_eq!(K::order(keys), order);
    }
}
