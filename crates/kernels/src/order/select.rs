//! Selection: elements of given rank in their place, and the largest or smallest few.

use super::key::Sortable;
use super::key_order::Key;
use super::lines::Lines;
use super::sort::check_length;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::with_element;

/// Each line along `axis` so arranged that the elements of the ranks `kth` (negative from the end) stand where sorting would
/// put them, smaller ones before and larger ones after them.
///
/// # Errors
/// An axis or rank out of bounds.
pub fn partition(array: &NdArray, kth: &[isize], axis: isize) -> Result<NdArray> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let mut lines = Lines::<T>::of(array, axis)?;
        let kth = ranks(kth, lines.length)?;
        let mut keys = Vec::new();
        lines.for_each(|line| {
            keys.clear();
            keys.extend(line.iter().map(|value| value.exact_key(time)));
            select_keys(&mut keys, &kth);
            line.iter_mut().zip(&keys).for_each(|(value, key)| *value = T::of_key(*key, time));
        });
        lines.into_array()?.reinterpret(array.dtype())
    })
}

/// The positions of elements in the arrangement of [`partition`]. int64.
///
/// # Errors
/// As [`partition`]; lines of 2^32 elements or more.
pub fn argpartition(array: &NdArray, kth: &[isize], axis: isize) -> Result<NdArray> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let lines = Lines::<T>::of(array, axis)?;
        check_length(lines.length)?;
        let kth = ranks(kth, lines.length)?;
        let mut positions: Vec<i64> = Vec::with_capacity(lines.elements.len());
        for line in lines.iter() {
            let mut pairs = keyed(line, time);
            select_ranks(&mut pairs, &kth);
            positions.extend(pairs.iter().map(|(_, position)| i64::from(*position)));
        }
        lines.array(lines.length, positions)
    })
}

/// The largest `k` elements of each line in descending order; for negative `k` the smallest `-k` in ascending order. NaN counts
/// as the largest. Lines shorter than `k` give all they have.
///
/// # Errors
/// An axis out of bounds.
pub fn topk(array: &NdArray, k: isize, axis: isize) -> Result<NdArray> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let lines = Lines::<T>::of(array, axis)?;
        let taken = k.unsigned_abs().min(lines.length);
        let mut elements = Vec::with_capacity(lines.count * taken);
        let mut keys = Vec::new();
        for line in lines.iter() {
            candidates(line, k, time, &mut keys);
            smallest(&mut keys, taken);
            elements.extend(keys.iter().map(|key| T::of_key(ranked(*key, k), time)));
        }
        lines.array(taken, elements)?.reinterpret(array.dtype())
    })
}

/// The positions of the elements of [`topk`]; of equal ones the first come first. int64.
///
/// # Errors
/// As [`topk`]; lines of 2^32 elements or more.
pub fn argtopk(array: &NdArray, k: isize, axis: isize) -> Result<NdArray> {
    let time = array.dtype().is_time();
    with_element!(array.dtype(), T => {
        let lines = Lines::<T>::of(array, axis)?;
        check_length(lines.length)?;
        let taken = k.unsigned_abs().min(lines.length);
        let mut positions: Vec<i64> = Vec::with_capacity(lines.count * taken);
        let mut pairs = Vec::new();
        for line in lines.iter() {
            placed_candidates(line, k, time, &mut pairs);
            smallest_pairs(&mut pairs, taken);
            positions.extend(pairs.iter().map(|(_, position)| i64::from(*position)));
        }
        lines.array(taken, positions)
    })
}

type Pair<T> = (<<T as Sortable>::Key as Key>::Wide, u32);

fn keyed<T: Sortable>(line: &[T], time: bool) -> Vec<Pair<T>> {
    line.iter().zip(0..).map(|(value, position)| (value.key(time).wide(), position)).collect()
}

/// The key by which the wanted ones are the smallest: reversed where the largest are wanted.
#[inline(always)]
fn ranked<K: Key>(key: K, k: isize) -> K {
    if k > 0 { key.flipped() } else { key }
}

/// Leaves the smallest keys, sorted.
fn smallest<K: Key>(keys: &mut Vec<K>, taken: usize) {
    if taken > 0 && taken < keys.len() {
        K::select(keys, taken - 1);
    }
    keys.truncate(taken);
    K::sort(keys);
}

/// Leaves the smallest pairs, sorted: of equal keys those that stand first.
fn smallest_pairs<K: Key>(pairs: &mut Vec<(K, u32)>, taken: usize) {
    if taken > 0 && taken < pairs.len() {
        pairs.select_nth_unstable(taken - 1);
    }
    pairs.truncate(taken);
    pairs.sort_unstable();
}

/// Elements that are compared with the bound at once.
const BLOCK: usize = 64;

/// The keys of a line, smallest first, that may be wanted: all of a short line; of a long one those that too few of the others have
/// outdone so far.
fn candidates<T: Sortable>(line: &[T], k: isize, time: bool, keys: &mut Vec<T::Key>) {
    let taken = k.unsigned_abs();
    let room = taken.saturating_mul(4).max(256);
    let key = |value: &T| ranked(value.exact_key(time), k);
    keys.clear();
    if taken == 0 || line.len() <= 2 * room {
        keys.extend(line.iter().map(key));
        return;
    }
    let (first, rest) = line.split_at(room);
    keys.extend(first.iter().map(key));
    smallest(keys, taken);
    let mut bound = keys[taken - 1];
    for block in rest.chunks(BLOCK) {
        // Most blocks have none: they are looked at as a whole.
        if !block.iter().fold(false, |any, value| any | (key(value) < bound)) {
            continue;
        }
        for value in block {
            let key = key(value);
            if key < bound {
                keys.push(key);
                if keys.len() == room {
                    smallest(keys, taken);
                    bound = keys[taken - 1];
                }
            }
        }
    }
}

/// [`candidates`] with their positions. Of equal keys later ones are never wanted, so that the bound leaves them out.
fn placed_candidates<T: Sortable>(line: &[T], k: isize, time: bool, pairs: &mut Vec<(T::Key, u32)>) {
    let taken = k.unsigned_abs();
    let room = taken.saturating_mul(4).max(256);
    let key = |value: &T| ranked(value.key(time), k);
    let placed = |(value, position): (&T, u32)| (key(value), position);
    pairs.clear();
    if taken == 0 || line.len() <= 2 * room {
        pairs.extend(line.iter().zip(0..).map(placed));
        return;
    }
    let (first, rest) = line.split_at(room);
    pairs.extend(first.iter().zip(0..).map(placed));
    smallest_pairs(pairs, taken);
    let mut bound = pairs[taken - 1].0;
    for (block, start) in rest.chunks(BLOCK).zip((room as u32..).step_by(BLOCK)) {
        if !block.iter().fold(false, |any, value| any | (key(value) < bound)) {
            continue;
        }
        for (value, position) in block.iter().zip(start..) {
            let key = key(value);
            if key < bound {
                pairs.push((key, position));
                if pairs.len() == room {
                    smallest_pairs(pairs, taken);
                    bound = pairs[taken - 1].0;
                }
            }
        }
    }
}

/// Ranks from the start, ascending, each once.
fn ranks(kth: &[isize], length: usize) -> Result<Vec<usize>> {
    let mut ranks = kth
        .iter()
        .map(|&k| {
            let rank = if k < 0 { k.saturating_add_unsigned(length) } else { k };
            usize::try_from(rank)
                .ok()
                .filter(|rank| *rank < length)
                .ok_or_else(|| KernelError::invalid(format!("kth(={k}) out of bounds ({length})")))
        })
        .collect::<Result<Vec<_>>>()?;
    ranks.sort_unstable();
    ranks.dedup();
    Ok(ranks)
}

/// [`select_ranks`] for keys.
pub(super) fn select_keys<K: Key>(keys: &mut [K], ranks: &[usize]) {
    fn within<K: Key>(keys: &mut [K], ranks: &[usize], start: usize) {
        let Some(&middle) = ranks.get(ranks.len() / 2) else { return };
        K::select(keys, middle - start);
        let (before, after) = keys.split_at_mut(middle - start);
        within(before, &ranks[..ranks.len() / 2], start);
        within(&mut after[1..], &ranks[ranks.len() / 2 + 1..], middle + 1);
    }
    within(keys, ranks, 0);
}

/// Puts the elements of ascending ranks in their places: the middle rank first, so that each side is searched by itself.
fn select_ranks<K: Ord>(keys: &mut [K], ranks: &[usize]) {
    fn within<K: Ord>(keys: &mut [K], ranks: &[usize], start: usize) {
        let Some(&middle) = ranks.get(ranks.len() / 2) else { return };
        keys.select_nth_unstable(middle - start);
        let (before, after) = keys.split_at_mut(middle - start);
        within(before, &ranks[..ranks.len() / 2], start);
        within(&mut after[1..], &ranks[ranks.len() / 2 + 1..], middle + 1);
    }
    within(keys, ranks, 0);
}

#[cfg(test)]
mod tests {
    use super::super::sort::sort;
    use super::*;
    use crate::DType;
    use crate::random::{Distribution, Key};

    fn doubles(shape: &[usize]) -> NdArray {
        Distribution::Random.array(Key::new(4, 1), DType::F64, shape).unwrap()
    }

    #[test]
    fn ranks_stand_in_their_place() {
        let array = doubles(&[3, 500]);
        let kth = [250, 0, -1, 17, 250];
        let sorted = sort(&array, 1).unwrap().to_vec::<f64>().unwrap();
        let found = partition(&array, &kth, 1).unwrap().to_vec::<f64>().unwrap();
        let positions = argpartition(&array, &kth, 1).unwrap().to_vec::<i64>().unwrap();
        let all = array.to_vec::<f64>().unwrap();
        for line in 0..3 {
            let (line_found, line_sorted) = (&found[line * 500..][..500], &sorted[line * 500..][..500]);
            for rank in [0, 17, 250, 499] {
                assert_eq!(line_found[rank], line_sorted[rank]);
                assert_eq!(all[line * 500 + positions[line * 500 + rank] as usize], line_sorted[rank]);
                assert!(line_found[..rank].iter().all(|v| *v <= line_sorted[rank]));
            }
            let mut again = line_found.to_vec();
            again.sort_by(f64::total_cmp);
            assert_eq!(again, line_sorted);
        }
        assert_eq!(partition(&array, &[500], 1).unwrap_err().to_string(), "kth(=500) out of bounds (500)");
        assert!(partition(&doubles(&[0]), &[0], 0).is_err());
        assert_eq!(partition(&doubles(&[0]), &[], 0).unwrap().shape(), &[0]);
    }

    #[test]
    fn the_largest_and_the_smallest() {
        let array = NdArray::from_vec(&[2, 4], vec![3, 9, 9, 1, 5, 5, 5, 7]).unwrap();
        let values = |k, axis| topk(&array, k, axis).unwrap().to_vec::<i32>().unwrap();
        let places = |k, axis| argtopk(&array, k, axis).unwrap().to_vec::<i64>().unwrap();
        assert_eq!((values(2, 1), places(2, 1)), (vec![9, 9, 7, 5], vec![1, 2, 3, 0]));
        assert_eq!((values(-2, 1), places(-2, 1)), (vec![1, 3, 5, 5], vec![3, 0, 0, 1]));
        assert_eq!((values(1, 0), places(1, 0)), (vec![5, 9, 9, 7], vec![1, 0, 0, 1]));
        assert_eq!(topk(&array, 9, 1).unwrap().shape(), &[2, 4]);
        assert_eq!(topk(&array, 0, 1).unwrap().shape(), &[2, 0]);
        let long = doubles(&[2, 5000]);
        let sorted = sort(&long, 1).unwrap();
        for k in [1, 10, 300, 1000] {
            let expected = sorted.slice(&[crate::SliceSpec::ALL, (0..k).into()]).unwrap();
            assert_eq!(topk(&long, -(k as isize), 1).unwrap(), expected);
            let largest = sorted.slice(&[crate::SliceSpec::ALL, crate::SliceSpec::REVERSED]).unwrap();
            let expected = largest.slice(&[crate::SliceSpec::ALL, (0..k).into()]).unwrap();
            assert_eq!(topk(&long, k as isize, 1).unwrap(), expected);
        }
        let nan = NdArray::from_vec(&[3], vec![1.0, f64::NAN, 2.0]).unwrap();
        assert!(topk(&nan, 1, 0).unwrap().to_vec::<f64>().unwrap()[0].is_nan());
        assert_eq!(topk(&nan, -1, 0).unwrap().to_vec::<f64>().unwrap(), [1.0]);
    }
}
