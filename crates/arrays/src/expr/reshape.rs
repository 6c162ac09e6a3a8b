//! Grids for a reshape: those under which each block of the result has the elements of one block of the input, in the same order.
//!
//! Axes fall into groups with the same number of elements on both sides (`(4, 6, 5) -> (24, 5)`: 4 and 6 with 24, 5 with 5). In a group
//! blocks are runs of equal length in C order: on either side an axis is cut, those before it are cut to one, those after it whole.

use swath_kernels::Dims;

use super::node::ArrayExpr;
use crate::grid::{AxisChunks, ChunkGrid};

/// The grid that the input must be brought to, and that of the result.
pub(super) fn grids(input: &ArrayExpr, to: &[usize]) -> (ChunkGrid, ChunkGrid) {
    let from = input.shape();
    if from.contains(&0) {
        return (ChunkGrid::whole(&from), ChunkGrid::whole(to));
    }
    let (mut input_axes, mut output_axes): (Vec<AxisChunks>, Vec<AxisChunks>) = (Vec::new(), Vec::new());
    let (mut start_from, mut start_to) = (0, 0);
    while start_from < from.len() || start_to < to.len() {
        let (end_from, end_to) = group(&from, to, start_from, start_to);
        let (own, target) = (&from[start_from..end_from], &to[start_to..end_to]);
        let current: Vec<&AxisChunks> = (start_from..end_from).map(|axis| input.grid().axis(axis)).collect();
        if let ([one], [other]) = (own, target)
            && one == other
        {
            // An axis that stays keeps its chunks, whatever they are.
            input_axes.push(current[0].clone());
            output_axes.push(current[0].clone());
        } else {
            let wanted: usize = current.iter().map(|axis| axis.longest().max(1)).product();
            let run = run_length(own, target, wanted);
            input_axes.extend(cut(own, run).unwrap_or_else(|| whole(own)));
            output_axes.extend(cut(target, run).unwrap_or_else(|| whole(target)));
        }
        (start_from, start_to) = (end_from, end_to);
    }
    (ChunkGrid::new(input_axes), ChunkGrid::new(output_axes))
}

fn whole(shape: &[usize]) -> Vec<AxisChunks> {
    shape.iter().map(|length| AxisChunks::whole(*length)).collect()
}

/// The ends of the smallest groups from here with equal numbers of elements. Axes of length one at the end go with the last group.
fn group(from: &[usize], to: &[usize], start_from: usize, start_to: usize) -> (usize, usize) {
    let (mut end_from, mut end_to) = (start_from, start_to);
    let (mut own, mut target) = (1usize, 1usize);
    loop {
        if own <= target && end_from < from.len() && (own < target || end_from == start_from) {
            own *= from[end_from];
            end_from += 1;
        } else if target < own && end_to < to.len() || (end_to == start_to && end_to < to.len()) {
            target *= to[end_to];
            end_to += 1;
        } else {
            break;
        }
    }
    let rest_is_ones = from[end_from..].iter().chain(&to[end_to..]).all(|length| *length == 1);
    if rest_is_ones { (from.len(), to.len()) } else { (end_from, end_to) }
}

/// The chunks under which a group's blocks are runs of `run` elements, if there are such.
fn cut(shape: &[usize], run: usize) -> Option<Vec<AxisChunks>> {
    let mut chunks = whole(shape);
    let mut inner = 1usize;
    for axis in (0..shape.len()).rev() {
        let length = shape[axis];
        if axis > 0 && run >= inner * length {
            if !run.is_multiple_of(inner * length) {
                return None;
            }
            inner *= length;
            continue;
        }
        let chunk = run / inner;
        if !run.is_multiple_of(inner) || (axis > 0 && !length.is_multiple_of(chunk)) {
            return None;
        }
        chunks[axis] = AxisChunks::regular(length, chunk);
        for before in 0..axis {
            chunks[before] = AxisChunks::regular(shape[before], 1);
        }
        return Some(chunks);
    }
    Some(chunks)
}

/// The length of runs that both sides can be cut into: the longest that is no longer than wanted, else the shortest.
fn run_length(own: &[usize], target: &[usize], wanted: usize) -> usize {
    let total: usize = own.iter().product();
    let inner = |shape: &[usize]| shape.iter().skip(1).product::<usize>();
    let unit = least_common_multiple(inner(own), inner(target));
    let mut candidates: Vec<usize> = vec![wanted, (wanted / unit).max(1) * unit, total];
    for shape in [own, target] {
        let mut behind = 1;
        for length in shape.iter().rev() {
            candidates.extend(divisors(*length).into_iter().map(|divisor| divisor * behind));
            behind *= length;
        }
    }
    candidates.retain(|run| (1..=total).contains(run) && cut(own, *run).is_some() && cut(target, *run).is_some());
    let fitting = candidates.iter().copied().filter(|run| *run <= wanted).max();
    let least = candidates.iter().copied().min();
    match fitting {
        // Runs far shorter than wanted make far too many blocks: twice too long is better than a quarter.
        Some(run) if run * 4 >= wanted => run,
        other => {
            let longer =
                candidates.iter().copied().filter(|run| *run > wanted && *run <= wanted.saturating_mul(4)).min();
            longer.or(other).or(least).unwrap_or(total)
        }
    }
}

fn divisors(number: usize) -> Dims {
    let mut result = Dims::new();
    let mut divisor = 1;
    while divisor <= number / divisor {
        if number.is_multiple_of(divisor) {
            result.push(divisor);
            result.push(number / divisor);
        }
        divisor += 1;
    }
    result
}

fn least_common_multiple(left: usize, right: usize) -> usize {
    let (mut a, mut b) = (left.max(1), right.max(1));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (left.max(1) / a).saturating_mul(right.max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use swath_kernels::Scalar;

    use super::*;

    fn reshaped(from: &[usize], chunk: &[usize], to: &[usize]) -> String {
        let x = ArrayExpr::full_in(ChunkGrid::regular(from, chunk), Scalar::Bool(true)).unwrap();
        let (input, output) = grids(&x, to);
        format!("{input} -> {output}")
    }

    #[test]
    fn blocks_stay_where_they_can() {
        assert_eq!(reshaped(&[1000, 1000], &[100, 1000], &[1_000_000]), "[100x10, 1000] -> [100000x10]");
        assert_eq!(reshaped(&[1_000_000], &[100_000], &[1000, 1000]), "[100000x10] -> [100x10, 1000]");
        assert_eq!(reshaped(&[4, 6, 5], &[2, 6, 5], &[24, 5]), "[2x2, 6, 5] -> [12x2, 5]");
        assert_eq!(reshaped(&[4, 6, 50], &[4, 6, 7], &[24, 50]), "[4, 6, 7x8] -> [24, 7x8]");
        assert_eq!(reshaped(&[1000, 1000], &[1000, 100], &[1_000_000]), "[100x10, 1000] -> [100000x10]");
        assert_eq!(reshaped(&[2, 0], &[1, 1], &[0, 7]), "[2, 0] -> [0, 7]");
        assert_eq!(reshaped(&[6], &[2], &[6, 1, 1]), "[2x3] -> [2x3, 1, 1]");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Blocks of both grids pair up in number and elements.
        #[test]
        fn blocks_pair_up(factors in prop::collection::vec(1..6usize, 1..5), cuts in prop::collection::vec((1..4usize, any::<bool>(), any::<bool>()), 5)) {
            let merge = |which: fn(&(usize, bool, bool)) -> bool| {
                let mut shape: Vec<usize> = vec![];
                for (factor, cut) in factors.iter().zip(&cuts) {
                    match shape.last_mut() {
                        Some(last) if which(cut) => *last *= factor,
                        _ => shape.push(*factor),
                    }
                }
                shape
            };
            let (from, to) = (merge(|cut| cut.1), merge(|cut| cut.2));
            let chunk: Vec<usize> = cuts.iter().map(|cut| cut.0).take(from.len()).collect();
            let x = ArrayExpr::full_in(ChunkGrid::regular(&from, &chunk), Scalar::Bool(true)).unwrap();
            let (input, output) = grids(&x, &to);
            prop_assert_eq!(input.block_count(), output.block_count(), "{} {}", input, output);
            for block in 0..input.block_count() {
                let count = |grid: &ChunkGrid| grid.block_shape(block).iter().product::<usize>();
                prop_assert_eq!(count(&input), count(&output), "{} {}", input, output);
            }
        }
    }
}
