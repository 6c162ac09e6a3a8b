//! Products that would leave processors without work.

use super::super::PlanOptions;
use crate::error::Result;
use crate::expr::contraction::{Contraction, Label};
use crate::expr::node::ArrayExpr;
use crate::grid::AxisChunks;
use crate::optimize::transpose_into_product::is_gram;

/// Products of fewer multiplications are not worth a second task.
const SMALL_PRODUCT: u64 = 20_000_000;

/// The product with its inputs cut along one label, where it has fewer tasks than may run at a time.
///
/// Rows or columns of the result, whichever are more; of `x.T @ x`, whose kernel computes one half alone, what is summed, if that is no
/// shorter than the result is wide.
pub(super) fn spread(node: &ArrayExpr, contraction: &Contraction, options: &PlanOptions) -> Result<Option<ArrayExpr>> {
    let [left, right] = node.inputs() else { return Ok(None) };
    let (left_shape, right_shape) = (left.shape(), right.shape());
    let blocks = |array: &ArrayExpr| array.grid().block_count();
    let is_cut = blocks(node) > 1 || blocks(left) > 1 || blocks(right) > 1;
    let small = contraction.multiplications(&left_shape, &right_shape) < SMALL_PRODUCT;
    if options.parallelism < 2 || is_cut || small {
        return Ok(None);
    }
    let length = |label: &Label| contraction.length(*label, &left_shape, &right_shape);
    let Some(mut label) = contraction.output.iter().copied().max_by_key(|label| length(label)) else {
        return Ok(None);
    };
    let mut parts = options.parallelism;
    let summed = contraction.summed();
    if is_gram(contraction, left, right)
        && let Some(inner) = summed.iter().copied().find(|inner| length(inner) >= length(&label))
    {
        label = inner;
    } else if length(&label) >= 256 * parts {
        // Some to spare, for the case that one is held up.
        parts *= 2;
    }
    if length(&label) < parts {
        return Ok(None);
    }
    let cut = |array: &ArrayExpr, labels: &[Label]| match labels.iter().position(|own| *own == label) {
        Some(axis) => {
            let chunks = AxisChunks::even(array.grid().axis(axis).length(), parts);
            array.rechunk_to(array.grid().with_axis(axis, chunks))
        }
        None => Ok(array.clone()),
    };
    let (left, right) = (cut(left, &contraction.left)?, cut(right, &contraction.right)?);
    left.contract(&right, contraction.clone()).map(Some)
}
