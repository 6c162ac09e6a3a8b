//! From one grid to another in steps that each fit in memory and in a bounded number of pieces.
//!
//! Source: the idea of an intermediate grid between source and target is Tom White's and Tom Nicholas's in `rechunker` and `cubed`;
//! here the pieces of a step go through an exchange that can spill, so that a task holds its blocks and nothing else, and what an
//! intermediate grid saves is the number of pieces.

use super::{AxisChunks, ChunkGrid};

/// Pieces smaller than this cost more to handle than to copy.
const SMALL_PIECE_BYTES: u64 = 64 << 10;
/// Below this many pieces in a step their size does not matter.
const FEW_PIECES: u64 = 20_000;

/// So many pieces in a step are too many to keep in order, whatever their size.
const MOST_PIECES: u64 = 100_000;

/// What one step from `from` to `to` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepCost {
    /// Bytes that one task holds: the blocks that it cuts or assembles, and the pieces beside them.
    pub task_bytes: u64,
    /// Pieces that are made.
    pub pieces: u64,
}

/// What one step takes: a task that cuts holds its block and the pieces of it; a task that assembles holds all pieces and the
/// result.
pub fn step_cost(from: &ChunkGrid, to: &ChunkGrid, item_bytes: usize) -> StepCost {
    let largest = from.largest_block_elements().max(to.largest_block_elements());
    let pieces = from.axes().iter().zip(to.axes()).fold(1u64, |product, (from, to)| {
        let along = if from == to { from.count() } else { count_cuts(from, to) };
        product.saturating_mul(along as u64)
    });
    StepCost { task_bytes: largest.saturating_mul(item_bytes as u64).saturating_mul(2), pieces }
}

/// Chunks of the common refinement, counted without listing them where both are regular.
fn count_cuts(from: &AxisChunks, to: &AxisChunks) -> usize {
    if from.refines(to) {
        from.count()
    } else if to.refines(from) {
        to.count()
    } else {
        from.refined_with(to).count()
    }
}

/// The grids to go through, the last being `to`; empty if `from` is that already. `None` when no way stays within `limit_bytes` a
/// task.
pub fn steps(from: &ChunkGrid, to: &ChunkGrid, item_bytes: usize, limit_bytes: u64) -> Option<Vec<ChunkGrid>> {
    if from == to {
        return Some(Vec::new());
    }
    let direct = step_cost(from, to, item_bytes);
    if direct.task_bytes > limit_bytes {
        // Both ends are given: no grid between them makes their own blocks smaller.
        return None;
    }
    let bytes = from.elements().saturating_mul(item_bytes as u64);
    let small = bytes / direct.pieces.max(1) < SMALL_PIECE_BYTES;
    if direct.pieces <= FEW_PIECES || (!small && direct.pieces < MOST_PIECES) {
        return Some(vec![to.clone()]);
    }
    let between = middle(from, to, item_bytes, limit_bytes);
    let (first, second) = (step_cost(from, &between, item_bytes), step_cost(&between, to, item_bytes));
    let pieces = first.pieces.saturating_add(second.pieces);
    let fits = first.task_bytes.max(second.task_bytes) <= limit_bytes;
    // Moving everything twice must save most of the pieces.
    Some(if fits && pieces < direct.pieces / 4 { vec![between, to.clone()] } else { vec![to.clone()] })
}

/// A grid whose chunks are, along each axis, about as long as the geometric mean of those of both; grown while half the limit allows,
/// since fewer blocks mean fewer pieces.
fn middle(from: &ChunkGrid, to: &ChunkGrid, item_bytes: usize, limit_bytes: u64) -> ChunkGrid {
    let axes = from.axes().iter().zip(to.axes()).map(|(from, to)| {
        if from == to {
            return from.clone();
        }
        let (short, long) = (from.longest().min(to.longest()).max(1), from.longest().max(to.longest()).max(1));
        let mean = ((short as f64) * (long as f64)).sqrt() as usize;
        // A multiple of the shorter one cuts it nowhere.
        AxisChunks::regular(from.length(), (mean / short).max(1) * short)
    });
    let mut grid = ChunkGrid::new(axes);
    let fits = |grid: &ChunkGrid| {
        grid.largest_block_elements().saturating_mul(item_bytes as u64).saturating_mul(4) <= limit_bytes
    };
    loop {
        let longest = |axis: &usize| grid.axis(*axis).count();
        let Some(axis) = (0..grid.ndim()).filter(|axis| from.axis(*axis) != to.axis(*axis)).max_by_key(longest) else {
            return grid;
        };
        let length = grid.axis(axis).longest();
        let grown = grid.with_axis(axis, AxisChunks::regular(grid.axis(axis).length(), length * 2));
        if grid.axis(axis).is_single() || !fits(&grown) {
            return grid;
        }
        grid = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_where_pieces_are_few() {
        let (rows, columns) =
            (ChunkGrid::regular(&[4000, 4000], &[1000, 1000]), ChunkGrid::regular(&[4000, 4000], &[4000, 250]));
        assert_eq!(step_cost(&rows, &columns, 8), StepCost { task_bytes: 16_000_000, pieces: 64 });
        assert_eq!(steps(&rows, &columns, 8, 1 << 30), Some(vec![columns.clone()]));
        assert_eq!(steps(&rows, &rows, 8, 0), Some(vec![]));
        assert_eq!(steps(&rows, &columns, 8, 1 << 20), None);
    }

    #[test]
    fn eight_gigabytes_from_rows_to_columns() {
        let shape = [32_000, 32_000];
        // A limit of 1 GiB for two tasks, and chunks of 8 to 128 MB.
        for lines in [32, 125, 500] {
            let rows = ChunkGrid::regular(&shape, &[lines, 32_000]);
            let columns = ChunkGrid::regular(&shape, &[32_000, lines]);
            let plan = steps(&rows, &columns, 8, 512 << 20).unwrap();
            let grids: Vec<&ChunkGrid> = std::iter::once(&rows).chain(&plan).collect();
            for pair in grids.windows(2) {
                let cost = step_cost(pair[0], pair[1], 8);
                assert!(cost.task_bytes <= 512 << 20 && cost.pieces < MOST_PIECES, "{cost:?} {} {}", pair[0], pair[1]);
            }
            assert_eq!(plan.len(), if lines == 32 { 2 } else { 1 });
        }
    }

    #[test]
    fn two_steps_where_pieces_are_tiny() {
        let shape = [1_000_000, 1_000_000];
        let (rows, columns) =
            (ChunkGrid::regular(&shape, &[4, 1_000_000]), ChunkGrid::regular(&shape, &[1_000_000, 4]));
        let plan = steps(&rows, &columns, 8, 512 << 20).unwrap();
        assert_eq!(plan.len(), 2);
        let direct = step_cost(&rows, &columns, 8).pieces;
        let staged = step_cost(&rows, &plan[0], 8).pieces + step_cost(&plan[0], &columns, 8).pieces;
        assert!(staged * 100 < direct, "{staged} of {direct} through {}", plan[0]);
        assert!(step_cost(&rows, &plan[0], 8).task_bytes <= 512 << 20);
    }
}
