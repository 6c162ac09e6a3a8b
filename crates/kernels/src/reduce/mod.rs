//! Reductions over any set of axes, as states that merge.
//!
//! A [`Partial`] holds one state per element of the kept axes. It takes in blocks (alone by [`Partial::update`], or as the last step
//! of a fused program), merges with the partials of other blocks in any order, travels as plain arrays, and finishes into the result.
//!
//! Sums of floats are compensated, in `float64` whatever the input: at least as accurate as NumPy's pairwise sums. Variances are made
//! in one pass from means and squared deviations (Welford; Chan, Golub and LeVeque for the merging).
//!
//! | module | what |
//! |---|---|
//! | `function` | the reductions, their names and dtypes |
//! | `partial` | reductions under way |
//! | `kernel`, `fold`, `sum`, `complex`, `moments`, `arg` | states, and how elements go into them |
//! | `scan` | running results |

mod arg;
mod complex;
mod fold;
mod function;
mod kernel;
mod moments;
mod partial;
mod scan;
mod sum;

pub use function::Reduction;
pub use partial::Partial;
pub(crate) use partial::Progress;
pub use scan::{Scan, scan};

use crate::error::{KernelError, Result};
use crate::fused::{Block, Builder, Output};
use crate::ndarray::NdArray;
use crate::shape::{Dims, normalize_axes};

/// The axes that are not reduced; `axes` ascend.
fn kept_axes(ndim: usize, axes: &[usize]) -> Dims {
    (0..ndim).filter(|axis| !axes.contains(axis)).collect()
}

/// A whole array reduced over axes (all if `None`; negative ones count from the end). The reduced axes go, or stay with length one
/// for `keepdims`.
///
/// # Errors
/// As [`Partial::finish`] and [`normalize_axes`]; several axes at once for positions other than all.
pub fn reduce(reduction: Reduction, array: &NdArray, axes: Option<&[isize]>, keepdims: bool) -> Result<NdArray> {
    let ndim = array.ndim();
    let axes = normalize_axes(axes, ndim)?;
    let kept = kept_axes(ndim, &axes);
    if reduction.is_position() && axes.len() > 1 && !kept.is_empty() {
        return Err(KernelError::invalid(format!("{} takes one axis, or all", reduction.name())));
    }
    // Walk memory in its own order where the result does not depend on it.
    let mut order: Dims = (0..ndim).collect();
    if !reduction.is_position() {
        order.sort_by_key(|axis| std::cmp::Reverse(array.strides()[*axis].unsigned_abs()));
    }
    let walked = array.transpose(&order)?;
    let walked_axes: Vec<usize> = (0..ndim).filter(|place| axes.contains(&order[*place])).collect();
    let mut build = Builder::new();
    let input = build.input(0, array.dtype());
    let program = build.finish(&[Output::Reduce(input, reduction, walked_axes)])?;
    let produced = program.run(&Block::whole(walked.shape()), std::slice::from_ref(&walked))?.into_iter().next();
    let result = produced.ok_or_else(|| KernelError::invalid("a reduction gives one array"))?.finish()?;
    // Kept axes back into their order.
    let walked_kept: Dims = order.iter().copied().filter(|axis| kept.contains(axis)).collect();
    let back: Dims = kept.iter().filter_map(|axis| walked_kept.iter().position(|walked| walked == axis)).collect();
    let result = result.transpose(&back)?.contiguous();
    if keepdims {
        let shape: Dims = (0..ndim).map(|axis| if axes.contains(&axis) { 1 } else { array.shape()[axis] }).collect();
        return result.reshape(&shape);
    }
    Ok(result)
}

#[cfg(test)]
mod tests;
