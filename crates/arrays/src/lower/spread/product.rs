//! Products whose blocks do not fit, and products that would leave processors without work.

use smallvec::SmallVec;

use super::super::PlanOptions;
use super::before_rechunk;
use crate::error::Result;
use crate::expr::contraction::{Contraction, Label};
use crate::expr::node::ArrayExpr;
use crate::grid::{AxisChunks, ChunkGrid};
use crate::optimize::transpose_into_product::{is_gram, transposed};

/// Products of fewer multiplications are not worth a second task.
const SMALL_PRODUCT: u64 = 20_000_000;

/// The product in tiles, where its blocks are more than a task holds.
///
/// Each task reads a row of tiles of one input and a column of the other, tile by tile; the nearer tiles are to squares, the less is read.
pub(super) fn tiled(node: &ArrayExpr, contraction: &Contraction, options: &PlanOptions) -> Result<Option<ArrayExpr>> {
    let [left, right] = node.inputs() else { return Ok(None) };
    let item = node.dtype().item_size() as u64;
    let processors = options.parallelism as u64;
    // Where tiles are too few, parts of the sums are made beside each other, and added up.
    let needs = |left: u64, right: u64, output: u64, tiles: u64| {
        let results = if tiles < processors { processors + 1 } else { 2 };
        left.saturating_add(right).saturating_add(output.saturating_mul(results)).saturating_mul(item)
    };
    let blocks = [left, right, node].map(|array| array.grid().largest_block_elements());
    if needs(blocks[0], blocks[1], blocks[2], node.grid().block_count() as u64) <= options.task_limit_bytes {
        return Ok(None);
    }
    let (left, left_labels) = plain(left, &contraction.left);
    let (right, right_labels) = plain(right, &contraction.right);
    let contraction = &Contraction { left: left_labels, right: right_labels, output: contraction.output.clone() };
    // Of `x.T @ x` both sides are cut alike, so that it stays one.
    let symmetric = is_gram(contraction, &left, &right);
    let (left_shape, right_shape) = (left.shape(), right.shape());
    let labels: Vec<Label> = contraction.output.iter().copied().chain(contraction.summed()).collect();
    let mut sides: Vec<(Label, usize)> =
        labels.iter().map(|label| (*label, contraction.length(*label, &left_shape, &right_shape))).collect();
    let lengths = sides.clone();
    let side = |sides: &[(Label, usize)], label: &Label| {
        sides.iter().find(|(own, _)| own == label).map_or(1, |(_, side)| *side)
    };
    loop {
        let elements = |labels: &[Label]| {
            labels.iter().fold(1u64, |product, label| product.saturating_mul(side(&sides, label) as u64))
        };
        let tiles = contraction.output.iter().fold(1u64, |product, label| {
            product.saturating_mul(side(&lengths, label).div_ceil(side(&sides, label).max(1)) as u64)
        });
        let (l, r, o) = (elements(&contraction.left), elements(&contraction.right), elements(&contraction.output));
        if needs(l, r, o, tiles) <= options.task_limit_bytes {
            break;
        }
        let Some(longest) = sides.iter().max_by_key(|(_, side)| *side).copied().filter(|(_, side)| *side > 1) else {
            return Ok(None);
        };
        let alike = symmetric && contraction.output.contains(&longest.0);
        for (label, side) in &mut sides {
            if *label == longest.0 || alike && contraction.output.contains(label) {
                *side = side.div_ceil(2);
            }
        }
    }
    let cut = |array: &ArrayExpr, labels: &[Label]| {
        let chunks = labels.iter().enumerate().map(|(axis, label)| {
            let own = array.grid().axis(axis);
            let parts = own.length().div_ceil(side(&sides, label).max(1));
            AxisChunks::even(own.length(), parts)
        });
        let grid = ChunkGrid::new(chunks);
        array.rechunk_to(grid)
    };
    let (left, right) = (cut(&left, &contraction.left)?, cut(&right, &contraction.right)?);
    left.contract(&right, contraction.clone()).map(Some)
}

/// What an input is a transpose of, in any chunks, and the labels of its axes.
fn plain(array: &ArrayExpr, labels: &[Label]) -> (ArrayExpr, SmallVec<[Label; 4]>) {
    let array = before_rechunk(array);
    match transposed(&array, labels) {
        Some((input, labels)) => plain(&input, &labels),
        None => (array, SmallVec::from_slice(labels)),
    }
}

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
