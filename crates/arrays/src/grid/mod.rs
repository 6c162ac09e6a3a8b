//! Chunk grids: how an array is cut into blocks, and which blocks a part of it needs.
//!
//! | module | what |
//! |---|---|
//! | [`axis`] | the chunks along one axis |
//! | [`chunking`] | from what a user asks for (`auto`, bytes, lengths, -1) to a grid |
//! | [`unify`] | one grid for the operands of an operation, at the least bytes moved |
//! | [`rechunk`] | from one grid to another in steps that each fit in memory |

use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;
use swath_kernels::Dims;

pub mod axis;
pub mod chunking;
pub mod rechunk;
pub mod unify;

pub use axis::AxisChunks;
use axis::AxisPiece;

/// A box of positions: a range for each axis.
pub type Region = SmallVec<[Range<usize>; 4]>;

/// The lengths of a region along its axes.
pub fn region_shape(region: &[Range<usize>]) -> Dims {
    region.iter().map(|range| range.len()).collect()
}

/// How an array is cut into blocks: the chunks of each axis. Blocks are numbered in C order. A 0-d array has one block.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ChunkGrid {
    axes: SmallVec<[AxisChunks; 4]>,
}

/// A block that a region meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The block's number.
    pub block: usize,
    /// The part of the block, counted from its start.
    pub within: Region,
    /// The same part, counted from the start of the region.
    pub at: Region,
}

impl ChunkGrid {
    /// The grid of these axes.
    pub fn new(axes: impl IntoIterator<Item = AxisChunks>) -> Self {
        Self { axes: axes.into_iter().collect() }
    }

    /// One block.
    pub fn whole(shape: &[usize]) -> Self {
        Self::new(shape.iter().map(|length| AxisChunks::whole(*length)))
    }

    /// Blocks of `chunk` elements along each axis, those at the ends perhaps shorter.
    pub fn regular(shape: &[usize], chunk: &[usize]) -> Self {
        Self::new(shape.iter().zip(chunk).map(|(length, chunk)| AxisChunks::regular(*length, *chunk)))
    }

    /// The chunks of each axis.
    pub fn axes(&self) -> &[AxisChunks] {
        &self.axes
    }

    /// The chunks of one axis. The axis must exist.
    pub fn axis(&self, axis: usize) -> &AxisChunks {
        &self.axes[axis]
    }

    /// The same grid with other chunks along one axis.
    #[must_use]
    pub fn with_axis(&self, axis: usize, chunks: AxisChunks) -> Self {
        let mut result = self.clone();
        result.axes[axis] = chunks;
        result
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.axes.len()
    }

    /// Lengths of the axes; upper bounds where they are not known.
    pub fn shape(&self) -> Dims {
        self.axes.iter().map(AxisChunks::length).collect()
    }

    /// Whether all lengths are known.
    pub fn is_known(&self) -> bool {
        self.axes.iter().all(AxisChunks::is_known)
    }

    /// Number of chunks along each axis.
    pub fn counts(&self) -> Dims {
        self.axes.iter().map(AxisChunks::count).collect()
    }

    /// Number of blocks, at least one.
    pub fn block_count(&self) -> usize {
        self.axes.iter().map(AxisChunks::count).product()
    }

    /// Whether there is one block only.
    pub fn is_single(&self) -> bool {
        self.axes.iter().all(AxisChunks::is_single)
    }

    /// Elements of the whole array; an upper bound where lengths are not known. Saturates.
    pub fn elements(&self) -> u64 {
        self.axes.iter().fold(1u64, |product, axis| product.saturating_mul(axis.length() as u64))
    }

    /// The shape of a block that is the longest along every axis.
    pub fn largest_block(&self) -> Dims {
        self.axes.iter().map(AxisChunks::longest).collect()
    }

    /// Elements of the largest block. Saturates.
    pub fn largest_block_elements(&self) -> u64 {
        self.axes.iter().fold(1u64, |product, axis| product.saturating_mul(axis.longest() as u64))
    }

    /// The position of a block along each axis.
    pub fn index_of(&self, block: usize) -> Dims {
        let mut rest = block;
        let mut index: Dims = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let position = rest % axis.count();
                rest /= axis.count();
                position
            })
            .collect();
        index.reverse();
        index
    }

    /// The number of the block at a position along each axis.
    pub fn block_at(&self, index: &[usize]) -> usize {
        self.axes.iter().zip(index).fold(0, |number, (axis, index)| number * axis.count() + index)
    }

    /// The elements of a block.
    pub fn region(&self, block: usize) -> Region {
        self.index_of(block).iter().zip(&self.axes).map(|(index, axis)| axis.range(*index)).collect()
    }

    /// The shape of a block.
    pub fn block_shape(&self, block: usize) -> Dims {
        region_shape(&self.region(block))
    }

    /// The whole array as a region.
    pub fn everything(&self) -> Region {
        self.axes.iter().map(|axis| 0..axis.length()).collect()
    }

    /// The blocks that a region meets, in C order. A region without elements still gives one (empty) piece.
    pub fn pieces(&self, region: &[Range<usize>]) -> Vec<Piece> {
        let along: Vec<Vec<AxisPiece>> =
            self.axes.iter().zip(region).map(|(axis, range)| axis.overlapping(range.clone()).collect()).collect();
        let count: usize = along.iter().map(Vec::len).product();
        let mut pieces = Vec::with_capacity(count);
        let mut index: Dims = along.iter().map(|_| 0).collect();
        for _ in 0..count {
            let parts = || index.iter().zip(&along).map(|(index, parts)| &parts[*index]);
            pieces.push(Piece {
                block: parts().zip(&self.axes).fold(0, |number, (part, axis)| number * axis.count() + part.block),
                within: parts().map(|part| part.within.clone()).collect(),
                at: parts().map(|part| part.at.clone()).collect(),
            });
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < along[axis].len() {
                    break;
                }
                index[axis] = 0;
            }
        }
        pieces
    }

    /// How many blocks a region meets; cheaper than listing them.
    pub fn pieces_count(&self, region: &[Range<usize>]) -> usize {
        self.axes.iter().zip(region).map(|(axis, range)| axis.overlapping(range.clone()).count()).product()
    }

    /// Whether each block of this grid lies within one block of `other`.
    pub fn refines(&self, other: &Self) -> bool {
        self.ndim() == other.ndim() && self.axes.iter().zip(&other.axes).all(|(axis, other)| axis.refines(other))
    }
}

impl fmt::Display for ChunkGrid {
    /// The chunks of each axis in brackets: `[4x25, 10]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (position, axis) in self.axes.iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{axis}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_are_numbered_in_c_order() {
        let grid = ChunkGrid::regular(&[5, 7], &[2, 3]);
        assert_eq!((grid.counts().as_slice(), grid.block_count()), (&[3, 3][..], 9));
        assert_eq!(grid.region(5).as_slice(), &[2..4, 6..7]);
        for block in 0..9 {
            assert_eq!(grid.block_at(&grid.index_of(block)), block);
        }
        assert_eq!(grid.to_string(), "[2x3, 3x3]");
    }

    #[test]
    fn zero_dimensions_are_one_block() {
        let grid = ChunkGrid::whole(&[]);
        assert_eq!((grid.block_count(), grid.elements(), grid.region(0).len()), (1, 1, 0));
        assert_eq!(grid.pieces(&[]).len(), 1);
        assert_eq!(ChunkGrid::regular(&[0, 4], &[3, 2]).block_count(), 2);
    }

    pub(crate) fn any_axis(longest: usize) -> impl Strategy<Value = AxisChunks> {
        prop_oneof![
            (0..=longest, 1..=longest.max(1)).prop_map(|(length, chunk)| AxisChunks::regular(length, chunk)),
            prop::collection::vec(0..=longest.div_ceil(3), 1..5).prop_map(|lengths| AxisChunks::from_lengths(&lengths)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// The pieces of a region cover it once, and each lies in its block.
        #[test]
        fn pieces_cover_a_region(
            axes in prop::collection::vec(any_axis(9), 0..4),
            cuts in prop::collection::vec((0.0..=1.0f64, 0.0..=1.0f64), 4),
        ) {
            let grid = ChunkGrid::new(axes);
            let region: Region = grid.axes().iter().zip(cuts).map(|(axis, (a, b))| {
                let at = |part: f64| (part * axis.length() as f64) as usize;
                at(a).min(at(b))..at(a).max(at(b))
            }).collect();
            let pieces = grid.pieces(&region);
            prop_assert_eq!(pieces.len(), grid.pieces_count(&region));
            let covered: usize = pieces.iter().map(|piece| region_shape(&piece.at).iter().product::<usize>()).sum();
            prop_assert_eq!(covered, region_shape(&region).iter().product::<usize>());
            for piece in &pieces {
                let block = grid.region(piece.block);
                for axis in 0..grid.ndim() {
                    if !piece.at[axis].is_empty() {
                        prop_assert_eq!(block[axis].start + piece.within[axis].start, region[axis].start + piece.at[axis].start);
                        prop_assert!(piece.within[axis].end <= block[axis].len());
                        prop_assert_eq!(piece.within[axis].len(), piece.at[axis].len());
                    }
                }
            }
        }

        /// A refinement has the boundaries of both and no others.
        #[test]
        fn refinements_refine(length in 1..30usize, a in 1..30usize, b in 1..30usize, most in 1..9usize) {
            let (left, right) = (AxisChunks::regular(length, a), AxisChunks::regular(length, b));
            let both = left.refined_with(&right);
            prop_assert!(both.refines(&left) && both.refines(&right));
            prop_assert!(both.count() < left.count() + right.count());
            let split = left.split_to(most);
            prop_assert!(split.refines(&left) && split.longest() <= most && split.length() == length);
        }

        /// A slice's chunks each come from one chunk of the axis.
        #[test]
        fn sliced_chunks_lie_in_one_chunk(axis in any_axis(12), start in 0..12usize, step in prop_oneof![-4..0isize, 1..4isize], want in 0..12usize) {
            let length = axis.length();
            prop_assume!(start < length);
            let room = if step > 0 { (length - start).div_ceil(step as usize) } else { start / step.unsigned_abs() + 1 };
            let count = want.min(room);
            let sliced = axis.sliced(start, step, count);
            prop_assert_eq!(sliced.length(), count);
            if count > 0 {
                for block in 0..sliced.count() {
                    let range = sliced.range(block);
                    let source = |position: usize| axis.locate((start as isize + position as isize * step) as usize);
                    prop_assert!(!range.is_empty());
                    prop_assert_eq!(source(range.start), source(range.end - 1));
                }
            }
        }
    }
}
