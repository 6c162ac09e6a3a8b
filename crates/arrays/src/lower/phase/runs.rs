//! Blocks sorted by themselves, and samples of them.

use swath_kernels::layout::index::{self, OutOfBounds};
use swath_kernels::order::{argsort, sort, unique};
use swath_kernels::{DType, NdArray, with_element};

use super::super::phase::ranks::elements_before_nan;
use crate::error::Result;

/// A run, its positions (counted from `start`), samples, and its length.
pub(super) fn sorted(
    block: &NdArray,
    start: usize,
    positions: bool,
    samples: usize,
    sorted_nan: bool,
) -> Result<Vec<NdArray>> {
    let flat = block.reshape(&[block.len()])?;
    let mut made = Vec::with_capacity(4);
    if positions {
        let order = argsort(&flat, 0)?;
        made.push(index::take(&flat, &order, 0, OutOfBounds::Raise)?);
        let shifted = order.to_vec::<i64>()?.into_iter().map(|position| position + start as i64).collect();
        made.push(NdArray::from_vec(&[flat.len()], shifted)?);
    } else {
        made.push(sort(&flat, 0)?);
    }
    let length = if sorted_nan { flat.len() } else { elements_before_nan(&made[0])? };
    let taken = sampled(&made[0], length, samples)?;
    made.push(taken);
    made.push(NdArray::from_vec(&[1], vec![length as i64])?);
    if !sorted_nan {
        made.push(NdArray::from_vec(&[1], vec![flat.len() as i64])?);
    }
    Ok(made)
}

/// The distinct elements, their counts, samples, and how many there are.
pub(super) fn distinct(block: &NdArray, samples: usize) -> Result<Vec<NdArray>> {
    let found = unique(&block.reshape(&[block.len()])?)?;
    let length = found.values.len();
    let taken = sampled(&found.values, length, samples)?;
    Ok(vec![found.values, found.counts, taken, NdArray::from_vec(&[1], vec![length as i64])?])
}

/// Where sample `number` of a run stands.
pub(super) fn sample_position(number: usize, samples: usize, length: usize) -> usize {
    (number as u128 * length as u128 / samples as u128) as usize
}

/// Elements of a run at even distances, the first among them; anything of the dtype if there are none.
fn sampled(run: &NdArray, length: usize, samples: usize) -> Result<NdArray> {
    if length == 0 {
        return Ok(NdArray::zeros(run.dtype(), &[samples])?);
    }
    let run = run.contiguous();
    let taken = with_element!(run.dtype(), T => {
        let elements = run.to_vec::<T>()?;
        let taken = (0..samples).map(|number| elements[sample_position(number, samples, length)]).collect();
        NdArray::from_vec::<T>(&[samples], taken)?
    });
    Ok(reinterpreted(taken, run.dtype())?)
}

/// As a date or duration, if the dtype is one.
pub(super) fn reinterpreted(array: NdArray, dtype: DType) -> swath_kernels::Result<NdArray> {
    if dtype.is_time() { array.reinterpret(dtype) } else { Ok(array) }
}
