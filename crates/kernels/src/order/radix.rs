//! Sorting of keys: by counting for short keys, by digits from the lowest (LSD radix sort) for long lines of longer ones, by
//! comparison for the rest.

use super::key::ComplexKey;

/// Below this many keys comparisons are quicker than digits.
const SHORT: usize = 512;
const DIGIT_BITS: u32 = 8;
const BUCKETS: usize = 1 << DIGIT_BITS;

/// A key that can be sorted.
pub trait Key: Copy + Ord + Default + Send + Sync + std::fmt::Debug {
    /// Sorts keys; `scratch` grows to their number where it is needed.
    fn sort(keys: &mut [Self], scratch: &mut Vec<Self>);
    /// The positions of keys in ascending order, equal ones in the order in which they stand. At most 2^32 keys.
    fn order(keys: &[Self]) -> Vec<u32> {
        let mut pairs: Vec<(Self, u32)> = keys.iter().zip(0..).map(|(key, position)| (*key, position)).collect();
        pairs.sort_unstable();
        pairs.into_iter().map(|(_, position)| position).collect()
    }
}

impl Key for u8 {
    fn sort(keys: &mut [Self], _: &mut Vec<Self>) {
        sort_by_counting(keys, usize::from, |key| key as Self, BUCKETS);
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys.iter().map(|key| (*key).into()), keys.len())
    }
}

impl Key for u16 {
    fn sort(keys: &mut [Self], _: &mut Vec<Self>) {
        match keys.len() < 1 << 14 {
            true => keys.sort_unstable(),
            false => sort_by_counting(keys, usize::from, |key| key as Self, 1 << 16),
        }
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys.iter().map(|key| (*key).into()), keys.len())
    }
}

impl Key for u32 {
    fn sort(keys: &mut [Self], scratch: &mut Vec<Self>) {
        match keys.len() < SHORT {
            true => keys.sort_unstable(),
            false => sort_by_digits(keys, scratch, |key| u64::from(*key), 4),
        }
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        order_packed(keys.iter().copied(), keys.len())
    }
}

impl Key for u64 {
    fn sort(keys: &mut [Self], scratch: &mut Vec<Self>) {
        match keys.len() < SHORT {
            true => keys.sort_unstable(),
            false => sort_by_digits(keys, scratch, |key| *key, 8),
        }
    }
    fn order(keys: &[Self]) -> Vec<u32> {
        let mut pairs: Vec<(Self, u32)> = keys.iter().zip(0..).map(|(key, position)| (*key, position)).collect();
        match pairs.len() < SHORT {
            true => pairs.sort_unstable(),
            false => sort_by_digits(&mut pairs, &mut Vec::new(), |pair| pair.0, 8),
        }
        pairs.into_iter().map(|(_, position)| position).collect()
    }
}

impl Key for ComplexKey {
    fn sort(keys: &mut [Self], _: &mut Vec<Self>) {
        keys.sort_unstable();
    }
}

/// Key and position share a word: sorting the words sorts the keys, and equal ones by position.
fn order_packed(keys: impl Iterator<Item = u32>, count: usize) -> Vec<u32> {
    let mut words: Vec<u64> = keys.zip(0_u64..).map(|(key, position)| u64::from(key) << 32 | position).collect();
    match count < SHORT {
        true => words.sort_unstable(),
        // The sort is stable: the position need not be looked at.
        false => sort_by_digits(&mut words, &mut Vec::new(), |word| word >> 32, 4),
    }
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

fn sort_by_digits<T: Copy + Default>(items: &mut [T], scratch: &mut Vec<T>, key: impl Fn(&T) -> u64, digits: usize) {
    let mut counts = vec![[0_usize; BUCKETS]; digits];
    for item in items.iter() {
        let key = key(item);
        for (digit, counts) in counts.iter_mut().enumerate() {
            counts[(key >> (digit as u32 * DIGIT_BITS)) as usize % BUCKETS] += 1;
        }
    }
    scratch.clear();
    scratch.resize(items.len(), T::default());
    let (mut from, mut to) = (&mut *items, scratch.as_mut_slice());
    let mut swapped = false;
    for (digit, counts) in counts.iter().enumerate() {
        if counts.contains(&from.len()) {
            continue;
        }
        let mut starts = [0; BUCKETS];
        let mut sum = 0;
        for (start, count) in starts.iter_mut().zip(counts) {
            *start = sum;
            sum += count;
        }
        for item in from.iter() {
            let start = &mut starts[(key(item) >> (digit as u32 * DIGIT_BITS)) as usize % BUCKETS];
            to[*start] = *item;
            *start += 1;
        }
        std::mem::swap(&mut from, &mut to);
        swapped = !swapped;
    }
    if swapped {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key as Seed;

    #[test]
    fn keys_are_sorted_at_any_length() {
        for count in [0, 1, 2, 100, 511, 512, 513, 5000, 20_000] {
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
        K::sort(&mut found, &mut Vec::new());
        expected.sort();
        assert_eq!(found, expected);
        let mut order: Vec<u32> = (0..keys.len() as u32).collect();
        order.sort_by_key(|i| keys[*i as usize]);
        assert_eq!(K::order(keys), order);
    }
}
