//! The best few of a block, or of the best few of several.

use swath_kernels::NdArray;
use swath_kernels::layout::index::take_along_axis;
use swath_kernels::order::argtopk;

use crate::error::Result;

/// The best elements along an axis and their positions, which begin at `start` where none came.
pub(super) fn best(
    values: &NdArray,
    positions: Option<&NdArray>,
    (axis, start): (usize, usize),
    (count, largest): (usize, bool),
) -> Result<(NdArray, NdArray)> {
    let count = if largest { count as isize } else { -(count as isize) };
    let places = argtopk(values, count, axis as isize)?;
    let best = take_along_axis(values, &places, axis as isize)?;
    let positions = match positions {
        Some(positions) => take_along_axis(positions, &places, axis as isize)?,
        None => {
            let shifted = places.to_vec::<i64>()?.into_iter().map(|place| place + start as i64).collect();
            NdArray::from_vec(places.shape(), shifted)?
        }
    };
    Ok((best, positions))
}
