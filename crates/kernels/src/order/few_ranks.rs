//! The keys of a few ranks of a long line, without a copy of the line: a sample bounds each, one pass keeps what lies between its bounds.

use super::key::Sortable;
use super::key_order::Key;
use super::part::{Counts, Line, bounds, sorted_sample};
use super::select::select_keys;
use crate::memory::reserved;

/// Shorter lines are copied as a whole.
const SHORT: usize = 1 << 15;

/// Keys strictly between two bounds, and the ranks (places in the list of all) that are looked for among them.
struct Interval<K> {
    low: K,
    high: K,
    ranks: std::ops::Range<usize>,
    kept: Vec<K>,
    counts: Counts,
}

impl<K: Key> Interval<K> {
    fn new((low, high): (K, K), ranks: std::ops::Range<usize>) -> Self {
        Self { low, high, ranks, kept: Vec::new(), counts: Counts::default() }
    }

    /// The keys of its ranks; `None`, and wider bounds for the next pass, where a rank lies outside.
    fn found(&mut self, ranks: &[usize]) -> Option<Vec<K>> {
        let ranks = &ranks[self.ranks.clone()];
        let kept = self.counts.below + self.counts.lowest;
        let end = kept + self.kept.len();
        let after = end + if self.low == self.high { 0 } else { self.counts.highest };
        let is_low = ranks.iter().all(|rank| *rank >= self.counts.below);
        let is_high = ranks.iter().all(|rank| *rank < after);
        if !is_low || !is_high {
            let low = if is_low { self.low } else { K::default() };
            let high = if is_high { self.high } else { K::default().flipped() };
            *self = Self::new((low, high), self.ranks.clone());
            return None;
        }
        let inside: Vec<usize> =
            ranks.iter().filter(|rank| (kept..end).contains(rank)).map(|rank| rank - kept).collect();
        select_keys(&mut self.kept, &inside);
        let key = |rank: &usize| match rank {
            rank if *rank < kept => self.low,
            rank if *rank < end => self.kept[rank - kept],
            _ => self.high,
        };
        Some(ranks.iter().map(key).collect())
    }
}

/// The keys of ranks, which ascend, each once.
pub(super) fn keys_at_ranks<T: Sortable>(line: &Line<'_, T>, ranks: &[usize]) -> Vec<T::Key> {
    if line.len() <= SHORT {
        let mut keys = reserved(line.len());
        line.blocks(|_, block| keys.extend_from_slice(block));
        select_keys(&mut keys, ranks);
        return ranks.iter().map(|rank| keys[*rank]).collect();
    }
    let sample = sorted_sample(line.len(), |position| line.key(position));
    let mut intervals: Vec<Interval<T::Key>> = Vec::new();
    for (number, rank) in ranks.iter().enumerate() {
        let (low, high) = bounds(&sample, &(*rank..rank + 1), line.len());
        match intervals.last_mut() {
            Some(last) if low <= last.high => {
                last.high = last.high.max(high);
                last.ranks.end = number + 1;
            }
            _ => intervals.push(Interval::new((low, high), number..number + 1)),
        }
    }
    let mut found: Vec<Option<Vec<T::Key>>> = vec![None; intervals.len()];
    while found.iter().any(Option::is_none) {
        line.blocks(|_, keys| {
            for (interval, _) in intervals.iter_mut().zip(&found).filter(|(_, found)| found.is_none()) {
                T::Key::keep(keys, (interval.low, interval.high), &mut interval.kept, &mut interval.counts);
            }
        });
        for (interval, found) in intervals.iter_mut().zip(&mut found) {
            if found.is_none() {
                *found = interval.found(ranks);
            }
        }
    }
    found.into_iter().flatten().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key as Seed;

    #[test]
    fn ranks_are_found_in_lines_of_any_kind() {
        let count = 100_000;
        let random = |i: usize| Seed::new(8, 0).draw(i as u64);
        let lines: [Vec<u64>; 5] = [
            (0..count).map(random).collect(),
            vec![5; count],
            (0..count).map(|i| random(i) % 4).collect(),
            (0..count as u64).rev().collect(),
            // Nothing of what is looked for at the ends is in the sample.
            (0..count).map(|i| if i == 77 { 0 } else { u64::MAX - random(i) % 3 }).collect(),
        ];
        for line in lines {
            let mut sorted = line.clone();
            sorted.sort_unstable();
            for ranks in [vec![0, 1, count - 1], vec![count / 2], vec![10, count / 4, count / 4 + 1, count / 3], vec![]]
            {
                let expected: Vec<u64> = ranks.iter().map(|rank| sorted[*rank]).collect();
                assert_eq!(keys_at_ranks(&Line::whole(&line, false), &ranks), expected);
            }
        }
    }
}
