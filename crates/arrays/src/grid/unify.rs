//! One grid for the operands of an operation.

use swath_kernels::Dims;

use super::{AxisChunks, ChunkGrid};

/// An operand of an operation that goes block by block.
#[derive(Debug, Clone)]
pub struct Operand<'a> {
    /// Its grid.
    pub grid: &'a ChunkGrid,
    /// For each of its axes the axis of the common grid; `None` where it is broadcast (length one).
    pub axes: Vec<Option<usize>>,
    /// Bytes of all its elements.
    pub bytes: u64,
}

/// Blocks beyond this many bytes are not made for the sake of fewer moves.
const LARGEST_BLOCK_BYTES: u64 = 128 << 20;
/// Cutting a block is a view, and later a smaller piece for a task to fetch; merging copies.
const SPLIT_COST_DIVISOR: u64 = 8;
/// Grids are compared one with another up to this many; beyond, each axis is decided alone.
const MOST_COMBINATIONS: usize = 4096;

/// A refinement of more blocks than this is made coarser, up to so many bytes a block: tasks by the ten thousand cost more than copies.
const MANY_BLOCKS: usize = 4096;
const COARSE_BLOCK_BYTES: u64 = 8 << 20;

/// The grid of `shape` to which operands come at the least bytes moved: for each axis one operand's chunks, or the common
/// refinement of all. Where two cost the same, the one with fewer blocks is taken. Neighbouring blocks of a refinement that is very
/// fine are taken together.
///
/// An operand whose chunks must be merged is moved as a whole; one whose chunks are only cut counts an eighth of its bytes; one
/// whose chunks stay counts nothing.
pub fn unify(shape: &[usize], operands: &[Operand<'_>]) -> ChunkGrid {
    let candidates: Vec<Vec<AxisChunks>> =
        shape.iter().enumerate().map(|(axis, length)| axis_candidates(axis, *length, operands)).collect();
    let first = |axis: usize| candidates[axis][0].clone();
    if candidates.iter().all(|axis| axis.len() == 1) {
        return ChunkGrid::new((0..shape.len()).map(first));
    }
    let combinations = candidates.iter().try_fold(1usize, |product, axis| product.checked_mul(axis.len()));
    if combinations.is_none_or(|count| count > MOST_COMBINATIONS) {
        // The refinement is the last candidate of each axis.
        return ChunkGrid::new(candidates.iter().filter_map(|axis| axis.last().cloned()));
    }
    let mut best: Option<(Cost, ChunkGrid)> = None;
    let mut choice: Dims = shape.iter().map(|_| 0).collect();
    loop {
        let grid = ChunkGrid::new(choice.iter().zip(&candidates).map(|(choice, axis)| axis[*choice].clone()));
        let cost = cost(&grid, operands);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, grid));
        }
        let Some(axis) = (0..choice.len()).rev().find(|axis| choice[*axis] + 1 < candidates[*axis].len()) else {
            break;
        };
        choice[axis] += 1;
        choice[axis + 1..].fill(0);
    }
    best.map_or_else(|| ChunkGrid::whole(shape), |(_, grid)| coarser(grid, operands))
}

/// A grid of very many small blocks that no operand has, with neighbours taken together.
fn coarser(mut grid: ChunkGrid, operands: &[Operand<'_>]) -> ChunkGrid {
    let is_given = operands.iter().any(|operand| *operand.grid == grid);
    if is_given || !grid.is_known() || grid.block_count() <= MANY_BLOCKS {
        return grid;
    }
    let item = operands.iter().map(|operand| operand.bytes / operand.grid.elements().max(1)).max().unwrap_or(1);
    loop {
        let cut = (0..grid.ndim()).filter(|axis| !grid.axis(*axis).is_single());
        let Some(axis) = cut.min_by_key(|axis| grid.axis(*axis).longest()) else { return grid };
        let lengths: Vec<usize> = grid.axis(axis).lengths().collect();
        let pairs: Vec<usize> = lengths.chunks(2).map(|pair| pair.iter().sum()).collect();
        let next = grid.with_axis(axis, AxisChunks::from_lengths(&pairs));
        if next.largest_block_elements().saturating_mul(item.max(1)) > COARSE_BLOCK_BYTES {
            return grid;
        }
        grid = next;
    }
}

/// Whether blocks get too large, then bytes moved, then number of blocks.
type Cost = (bool, u64, usize);

/// The distinct chunks that operands have along an axis, and their common refinement as the last.
fn axis_candidates(axis: usize, length: usize, operands: &[Operand<'_>]) -> Vec<AxisChunks> {
    let mut candidates: Vec<AxisChunks> = Vec::new();
    for operand in operands {
        for (own, common) in operand.axes.iter().enumerate() {
            let chunks = operand.grid.axis(own);
            if *common == Some(axis) && chunks.length() == length && !candidates.contains(chunks) {
                candidates.push(chunks.clone());
            }
        }
    }
    if candidates.iter().any(|chunks| !chunks.is_known()) {
        // What is not known cannot be cut: the first unknown one stands, and others are checked by the caller.
        candidates.retain(|chunks| !chunks.is_known());
        candidates.truncate(1);
    }
    if let [first, rest @ ..] = candidates.as_slice() {
        let refinement = rest.iter().fold(first.clone(), |so_far, chunks| so_far.refined_with(chunks));
        if !candidates.contains(&refinement) {
            candidates.push(refinement);
        } else if candidates.len() > 1 {
            candidates.retain(|chunks| *chunks != refinement);
            candidates.push(refinement);
        }
    } else {
        candidates.push(AxisChunks::whole(length));
    }
    candidates
}

fn cost(grid: &ChunkGrid, operands: &[Operand<'_>]) -> Cost {
    let mut moved = 0u64;
    let mut too_large = false;
    for operand in operands {
        let mut merged = false;
        let mut cut = false;
        let mut block_bytes = operand.bytes / operand.grid.elements().max(1);
        for (own, common) in operand.axes.iter().enumerate() {
            let Some(common) = common else { continue };
            let (from, to) = (operand.grid.axis(own), grid.axis(*common));
            block_bytes = block_bytes.saturating_mul(to.longest() as u64);
            if from != to {
                merged |= !to.refines(from);
                cut = true;
            }
        }
        if merged {
            moved = moved.saturating_add(operand.bytes);
            too_large |= block_bytes > LARGEST_BLOCK_BYTES;
        } else if cut {
            moved = moved.saturating_add(operand.bytes / SPLIT_COST_DIVISOR);
        }
    }
    (too_large, moved, grid.block_count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unified(shape: &[usize], grids: &[(&ChunkGrid, u64)]) -> String {
        let operands: Vec<Operand<'_>> = grids
            .iter()
            .map(|(grid, bytes)| {
                let lead = shape.len() - grid.ndim();
                let axes = (0..grid.ndim())
                    .map(|axis| (grid.axis(axis).length() == shape[lead + axis]).then_some(lead + axis))
                    .collect();
                Operand { grid, axes, bytes: *bytes }
            })
            .collect();
        unify(shape, &operands).to_string()
    }

    #[test]
    fn the_smaller_operand_moves() {
        let (large, small) = (ChunkGrid::regular(&[1000], &[100]), ChunkGrid::regular(&[1000], &[300]));
        assert_eq!(unified(&[1000], &[(&large, 8_000_000), (&small, 1000)]), "[100x10]");
        assert_eq!(unified(&[1000], &[(&large, 1000), (&small, 8_000_000)]), "[300x4]");
    }

    #[test]
    fn broadcast_axes_follow() {
        let (matrix, row) = (ChunkGrid::regular(&[100, 60], &[10, 60]), ChunkGrid::regular(&[60], &[20]));
        assert_eq!(unified(&[100, 60], &[(&matrix, 48_000), (&row, 480)]), "[10x10, 60]");
        let column = ChunkGrid::regular(&[100, 1], &[50, 1]);
        assert_eq!(unified(&[100, 60], &[(&column, 800), (&row, 480)]), "[50x2, 20x3]");
    }

    #[test]
    fn a_matrix_and_its_transpose_meet_at_the_refinement() {
        let (rows, columns) =
            (ChunkGrid::regular(&[1000, 1000], &[1000, 250]), ChunkGrid::regular(&[1000, 1000], &[250, 1000]));
        assert_eq!(unified(&[1000, 1000], &[(&rows, 8_000_000), (&columns, 8_000_000)]), "[250x4, 250x4]");
    }

    #[test]
    fn very_fine_refinements_are_made_coarser() {
        let shape = [32_000, 32_000];
        let (rows, columns) = (ChunkGrid::regular(&shape, &[250, 32_000]), ChunkGrid::regular(&shape, &[32_000, 250]));
        let bytes = 8 * 32_000 * 32_000;
        assert_eq!(unified(&shape, &[(&rows, bytes), (&columns, bytes)]), "[1000x32, 1000x32]");
        // What somebody asked for stays.
        let fine = ChunkGrid::regular(&shape, &[250, 250]);
        assert_eq!(unified(&shape, &[(&fine, bytes), (&rows, 8)]), "[250x128, 250x128]");
    }

    #[test]
    fn equal_grids_stay() {
        let grid = ChunkGrid::regular(&[10, 10], &[3, 4]);
        assert_eq!(unified(&[10, 10], &[(&grid, 800), (&grid, 800)]), grid.to_string());
        assert_eq!(unified(&[], &[]), "[]");
    }
}
