//! Elements of given ranks in sorted runs that no task holds together, exactly, in two passes.
//!
//! Elements are ordered by value, equal ones by run, then by position: no two are equal, so that constant data cut as evenly as any.
//! From `s` samples a run at even distances, the rank of each sample is known up to one distance for each run. Between the nearest samples
//! that are surely below and surely above a wanted rank lie at most `2 (N / s + L / s)` of `N` elements in runs of `L`; these are
//! looked at in the second pass.
//!
//! Source of the sampling: H. Shi, J. Schaeffer, "Parallel sorting by regular sampling", 1992.

use std::cmp::Ordering;

use swath_kernels::order::argsort;
use swath_kernels::order::key::Sortable;
use swath_kernels::{DType, NdArray, with_element};

use super::runs::{reinterpreted, sample_position};
use super::{Wanted, numbers};
use crate::error::{ArrayError, Result};
use crate::grid::{ChunkGrid, Region};

/// How many elements of a sorted run come before its NaNs.
pub(super) fn elements_before_nan(run: &NdArray) -> Result<usize> {
    let time = run.dtype().is_time();
    Ok(with_element!(run.dtype(), T => {
        let elements = run.to_vec::<T>()?;
        elements.partition_point(|element| !Sortable::is_nan(*element, time))
    }))
}

/// The brackets of [`super::Phase::Brackets`], as `(ranks, runs + 1, 2)`.
pub(super) fn brackets(samples: &NdArray, lengths: &NdArray, wanted: &Wanted, distinct: bool) -> Result<NdArray> {
    let lengths = numbers(lengths)?;
    let runs = lengths.len();
    let count = samples.len() / runs.max(1);
    let total: u64 = lengths.iter().map(|length| *length as u64).sum();
    let ranks = wanted.ranks(total);
    // Samples in order, without those of empty runs.
    let order = argsort(&samples.reshape(&[samples.len()])?, 0)?;
    let order: Vec<usize> = numbers(&order)?.into_iter().filter(|sample| lengths[sample / count] > 0).collect();
    let position = |run: usize, number: usize| sample_position(number, count, lengths[run]);
    // For each sample in order the least and the most that its rank can be.
    let mut passed = vec![0usize; runs];
    let below = |run: usize, passed: usize| if passed == 0 { 0 } else { position(run, passed - 1) + 1 };
    let above = |run: usize, passed: usize| if passed == count { lengths[run] } else { position(run, passed) };
    let (mut least, mut most) = (Vec::with_capacity(order.len()), Vec::with_capacity(order.len()));
    let mut low: u64 = 0;
    let mut high: u64 = (0..runs).filter(|run| lengths[*run] > 0).map(|run| above(run, 0) as u64).sum();
    for sample in &order {
        let (run, number) = (sample / count, sample % count);
        least.push(low - below(run, number) as u64 + position(run, number) as u64);
        most.push(high);
        low = low - below(run, number) as u64 + below(run, number + 1) as u64;
        high = high - above(run, number) as u64 + above(run, number + 1) as u64;
    }
    // The samples next to each rank; all that were passed before them tell how far each run is surely below or above.
    let mut stops: Vec<(usize, usize, usize)> = Vec::with_capacity(ranks.len() * 2);
    for (number, rank) in ranks.iter().enumerate() {
        let from = most.partition_point(|most| most <= rank);
        if from > 0 {
            stops.push((from - 1, number, 0));
        }
        let to = least.partition_point(|least| least <= rank);
        if to < order.len() {
            stops.push((to, number, 1));
        }
    }
    stops.sort_unstable();
    let mut table = vec![0i64; ranks.len() * (runs + 1) * 2];
    let at = |rank: usize, run: usize, end: usize| (rank * (runs + 1) + run) * 2 + end;
    for (number, rank) in ranks.iter().enumerate() {
        (0..runs).for_each(|run| table[at(number, run, 1)] = lengths[run] as i64);
        table[at(number, runs, 0)] = *rank as i64;
    }
    let mut stops = stops.into_iter().peekable();
    for (place, sample) in order.iter().enumerate() {
        while let Some((_, number, end)) = stops.next_if(|stop| stop.0 == place) {
            for run in (0..runs).filter(|run| lengths[*run] > 0) {
                let own = run == sample / count;
                table[at(number, run, end)] = match end {
                    0 if own => position(run, passed[run]),
                    0 => below(run, passed[run]),
                    _ => above(run, passed[run]),
                } as i64;
            }
        }
        passed[sample / count] += 1;
    }
    if distinct {
        // An element equal to the lowest one of the bracket may stand just before it.
        for number in 0..ranks.len() {
            (0..runs).for_each(|run| table[at(number, run, 0)] = (table[at(number, run, 0)] - 1).max(0));
        }
    }
    Ok(NdArray::from_vec(&[ranks.len(), runs + 1, 2], table)?)
}

/// A box of the runs' array for each part of a run that is not empty, along an axis; the others are those of the task's line.
pub(super) fn parts(
    ranges: impl Iterator<Item = (usize, usize)>,
    runs: &ChunkGrid,
    tasks: &ChunkGrid,
    task: usize,
    axis: usize,
) -> Vec<Region> {
    let line = tasks.region(task);
    let mut regions = Vec::new();
    for (run, (from, to)) in ranges.enumerate() {
        if from >= to {
            continue;
        }
        let start = runs.axis(axis).range(run).start;
        let mut region: Region = line[..runs.ndim()].iter().cloned().collect();
        region[axis] = start + from..start + to;
        regions.push(region);
    }
    regions
}

/// The parts of the runs in which a rank lies.
pub(super) fn bracket_regions(
    brackets: &NdArray,
    runs: &ChunkGrid,
    tasks: &ChunkGrid,
    task: usize,
    axis: usize,
) -> Result<Vec<Region>> {
    let table = numbers(brackets)?;
    let ranges = table.chunks_exact(2).map(|range| (range[0], range[1])).take((table.len() / 2).saturating_sub(1));
    Ok(parts(ranges, runs, tasks, task, axis))
}

/// Where each run is cut, and the element at the rank.
pub(super) fn cuts(brackets: &NdArray, pieces: &[NdArray], dtype: DType, distinct: bool) -> Result<Vec<NdArray>> {
    let table = numbers(brackets)?;
    let (ranges, last) = table.split_at(table.len() - 2);
    let runs = ranges.len() / 2;
    let froms: Vec<usize> = ranges.chunks_exact(2).map(|range| range[0]).collect();
    let rank = last[0];
    let below: usize = froms.iter().sum();
    let looked_at: Vec<usize> = (0..runs).filter(|run| ranges[run * 2] < ranges[run * 2 + 1]).collect();
    if looked_at.len() != pieces.len() {
        return Err(ArrayError::internal("parts of runs do not fit their brackets"));
    }
    let (mut cut, element) = with_element!(dtype, T => {
        let pieces = pieces.iter().map(NdArray::to_vec::<T>).collect::<swath_kernels::Result<Vec<_>>>()?;
        let (found, element) = select::<T>(&pieces, rank.saturating_sub(below), dtype.is_time(), distinct);
        (found, NdArray::from_vec(&[1], vec![element.unwrap_or_default()])?)
    });
    let mut all = froms;
    looked_at.iter().zip(cut.drain(..)).for_each(|(run, cut)| all[*run] += cut);
    let all = all.into_iter().map(|cut| cut as i64).collect();
    Ok(vec![NdArray::from_vec(&[runs], all)?, reinterpreted(element, dtype)?])
}

/// How many elements of each sorted list are among the `rank` smallest of all (equal ones in the order of the lists), and the element at
/// the rank. With `distinct` how many of each are less than that element.
fn select<T: Sortable>(lists: &[Vec<T>], rank: usize, time: bool, distinct: bool) -> (Vec<usize>, Option<T>) {
    let mut low = vec![0usize; lists.len()];
    let mut high: Vec<usize> = lists.iter().map(Vec::len).collect();
    // The element at the rank lies within `low..high` of its list; the middle of the widest range is compared with all.
    while let Some((list, width)) =
        low.iter().zip(&high).map(|(low, high)| high - low).enumerate().max_by_key(|(_, width)| *width)
        && width > 0
    {
        let middle = low[list] + width / 2;
        let pivot = lists[list][middle].key(time);
        let places: Vec<usize> = lists
            .iter()
            .enumerate()
            .map(|(other, elements)| match other.cmp(&list) {
                Ordering::Less => elements.partition_point(|element| element.key(time) <= pivot),
                Ordering::Equal => middle,
                Ordering::Greater => elements.partition_point(|element| element.key(time) < pivot),
            })
            .collect();
        let before: usize = places.iter().sum();
        for (other, place) in places.iter().enumerate() {
            if before <= rank {
                low[other] = low[other].max(*place);
            } else {
                high[other] = high[other].min(*place);
            }
        }
        if before == rank {
            // The pivot is the element; nothing else is before it.
            let element = lists[list][middle];
            return (if distinct { less_than(lists, element, time) } else { places }, Some(element));
        }
        if before <= rank {
            low[list] = low[list].max(middle + 1);
        }
        low.iter_mut().zip(&high).for_each(|(low, high)| *low = (*low).min(*high));
    }
    (low, None)
}

fn less_than<T: Sortable>(lists: &[Vec<T>], element: T, time: bool) -> Vec<usize> {
    let key = element.key(time);
    lists.iter().map(|elements| elements.partition_point(|other| other.key(time) < key)).collect()
}
