//! Parts of sorted runs to blocks of results.

use swath_kernels::layout::arrange::concatenate;
use swath_kernels::layout::index::{self, OutOfBounds};
use swath_kernels::order::key::Sortable;
use swath_kernels::order::{argsort, quantile, sort};
use swath_kernels::{DType, NdArray, Scalar, with_element};

use super::ranks::parts;
use super::runs::reinterpreted;
use super::{Merged, numbers};
use crate::error::Result;
use crate::expr::op::{Constant, QuantileMethod};
use crate::grid::{ChunkGrid, Region};

/// The parts of runs between two cuts.
pub(super) fn regions(
    cuts: &NdArray,
    lengths: &NdArray,
    runs: &ChunkGrid,
    tasks: &ChunkGrid,
    task: usize,
    axis: usize,
) -> Result<Vec<Region>> {
    let (cuts, lengths) = (numbers(cuts)?, numbers(lengths)?);
    let target = tasks.index_of(task)[axis];
    let count = lengths.len();
    let cut = |boundary: usize, run: usize| cuts.get(boundary * count + run).copied().unwrap_or(lengths[run]);
    let ranges = (0..count).map(|run| (if target == 0 { 0 } else { cut(target - 1, run) }, cut(target, run)));
    Ok(parts(ranges, runs, tasks, task, axis))
}

/// Parts of runs as one block.
pub(super) fn merged(values: &[NdArray], with: &[NdArray], into: Merged, dtype: DType) -> Result<NdArray> {
    let flat = |arrays: &[NdArray], dtype: DType| -> Result<NdArray> {
        let lines =
            arrays.iter().map(|array| array.reshape(&[array.len()])).collect::<swath_kernels::Result<Vec<_>>>()?;
        Ok(if lines.is_empty() { NdArray::zeros(dtype, &[0])? } else { concatenate(&lines, 0)? })
    };
    let values = flat(values, dtype)?;
    let with = flat(with, DType::I64)?;
    match into {
        Merged::Elements => Ok(sort(&values, 0)?),
        // Runs stand in the order of their blocks, so that equal elements keep theirs.
        Merged::Positions => Ok(index::take(&with, &argsort(&values, 0)?, 0, OutOfBounds::Raise)?),
        Merged::Distinct | Merged::Counts => distinct(&values, &with, into == Merged::Counts),
    }
}

/// Distinct elements of several runs, or how often they occur in all.
fn distinct(values: &NdArray, counts: &NdArray, give_counts: bool) -> Result<NdArray> {
    let order = numbers(&argsort(values, 0)?)?;
    let counts = counts.to_vec::<i64>()?;
    let time = values.dtype().is_time();
    with_element!(values.dtype(), T => {
        let elements = values.to_vec::<T>()?;
        let mut found: Vec<T> = Vec::new();
        let mut sums: Vec<i64> = Vec::new();
        for position in order {
            let element = elements[position];
            let same = found.last().is_some_and(|last| {
                last.key(time) == element.key(time) || (Sortable::is_nan(*last, time) && Sortable::is_nan(element, time))
            });
            if !same {
                found.push(element);
                sums.push(0);
            }
            if let Some(sum) = sums.last_mut() {
                *sum += counts.get(position).copied().unwrap_or(0);
            }
        }
        let length = [found.len()];
        if give_counts {
            return Ok(NdArray::from_vec(&length, sums)?);
        }
        Ok(reinterpreted(NdArray::from_vec(&length, found)?, values.dtype())?)
    })
}

/// Quantiles of a line from the elements at their ranks.
pub(super) fn quantiles(
    elements: &NdArray,
    (without_nan, with_nan): (&NdArray, &NdArray),
    at: &[Constant],
    method: QuantileMethod,
    skip_nan: bool,
    dtype: DType,
) -> Result<NdArray> {
    let count: usize = numbers(without_nan)?.iter().sum();
    let all: usize = numbers(with_nan)?.iter().sum();
    if count == 0 || (!skip_nan && count < all) {
        let nan = if dtype.is_time() { Scalar::I64(i64::MIN) } else { Scalar::F64(f64::NAN) };
        let lines = NdArray::full(&[at.len()], nan.cast(if dtype.is_time() { DType::I64 } else { dtype }))?;
        return Ok(reinterpreted(lines, dtype)?);
    }
    let pairs = elements.reshape(&[at.len(), 2])?;
    let mut made = Vec::with_capacity(at.len());
    for (number, at) in at.iter().enumerate() {
        let pair = pairs.slice(&[(number..number + 1).into()])?;
        let (_, _, part) = method.ranks(count, at.0.to::<f64>());
        // Of two neighbours the quantile at `part` is the value between them; methods that take an element take the first.
        let rule = match method {
            _ if method.is_discrete() => QuantileMethod::Lower,
            QuantileMethod::Median => QuantileMethod::Median,
            _ => QuantileMethod::Linear,
        };
        let part = if method.is_discrete() { 0.0 } else { part };
        made.push(quantile(&pair, &[part], Some(&[0, 1]), rule, false, false)?);
    }
    let joined = concatenate(&made, 0)?;
    Ok(swath_kernels::fused::cast(&joined, dtype)?)
}
