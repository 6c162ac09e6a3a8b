//! From the chunks that a user asks for to a grid.

use swath_kernels::KernelError;

use super::{AxisChunks, ChunkGrid};
use crate::error::{ArrayError, Result};

/// Bytes of a chunk where nobody says otherwise: large enough that a task's cost vanishes, small enough that several fit in cache
/// hierarchies and memory beside each other. 8 to 64 MiB is the range where both hold.
pub const DEFAULT_CHUNK_BYTES: u64 = 32 << 20;

/// The chunks wanted along one axis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AxisSpec {
    /// As many elements as the target in bytes leaves.
    Auto,
    /// The whole axis in one chunk; `-1` in NumPy-like interfaces.
    Whole,
    /// Chunks of so many elements.
    Size(usize),
    /// Each chunk's length.
    Lengths(Vec<usize>),
}

impl From<i64> for AxisSpec {
    /// A chunk length; -1 (and everything else below zero) means the whole axis.
    fn from(size: i64) -> Self {
        usize::try_from(size).map_or(Self::Whole, Self::Size)
    }
}

/// The chunks wanted for an array.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ChunkSpec {
    /// Chunks of about [`DEFAULT_CHUNK_BYTES`].
    #[default]
    Auto,
    /// Chunks of about so many bytes.
    Bytes(u64),
    /// The same for all axes.
    Uniform(AxisSpec),
    /// One for each axis.
    Axes(Vec<AxisSpec>),
}

impl ChunkSpec {
    /// The grid for an array of a shape, whose elements take `item_bytes`.
    ///
    /// Axes that are `Auto` share what the target leaves beside the others: short ones are taken whole, long ones are cut
    /// evenly. With `previous`, their chunks are multiples of the regular chunks there, so that no stored chunk is read twice.
    ///
    /// # Errors
    /// When the number of axes or the sum of lengths does not fit the shape, or a chunk has length zero.
    pub fn grid(&self, shape: &[usize], item_bytes: usize, previous: Option<&ChunkGrid>) -> Result<ChunkGrid> {
        let (specs, target_bytes) = match self {
            Self::Auto => (vec![AxisSpec::Auto; shape.len()], DEFAULT_CHUNK_BYTES),
            Self::Bytes(bytes) => (vec![AxisSpec::Auto; shape.len()], *bytes),
            Self::Uniform(spec) => (vec![spec.clone(); shape.len()], DEFAULT_CHUNK_BYTES),
            Self::Axes(specs) => (specs.clone(), DEFAULT_CHUNK_BYTES),
        };
        if specs.len() != shape.len() {
            return Err(ArrayError::chunks(format!(
                "chunks are given for {} axes, but the array has {}: give one entry for each axis",
                specs.len(),
                shape.len()
            )));
        }
        let mut axes = Vec::with_capacity(shape.len());
        for (axis, (spec, length)) in specs.iter().zip(shape).enumerate() {
            axes.push(match spec {
                AxisSpec::Auto => None,
                AxisSpec::Whole => Some(AxisChunks::whole(*length)),
                AxisSpec::Size(0) => {
                    return Err(ArrayError::chunks(format!(
                        "chunks of length 0 on axis {axis}: give at least 1, or -1"
                    )));
                }
                AxisSpec::Size(size) => Some(AxisChunks::regular(*length, *size)),
                AxisSpec::Lengths(lengths) => {
                    let sum: usize = lengths.iter().sum();
                    if sum != *length {
                        return Err(ArrayError::chunks(format!(
                            "chunks {lengths:?} of axis {axis} add up to {sum}, but its length is {length}"
                        )));
                    }
                    Some(AxisChunks::from_lengths(lengths))
                }
            });
        }
        let fixed = axes.iter().flatten().map(AxisChunks::longest).product::<usize>().max(1);
        let target = (target_bytes / item_bytes.max(1) as u64 / fixed as u64).max(1);
        let automatic: Vec<usize> = (0..shape.len()).filter(|axis| axes[*axis].is_none()).collect();
        for (axis, chunks) in share(&automatic, shape, target, previous) {
            axes[axis] = Some(chunks);
        }
        Ok(ChunkGrid::new(axes.into_iter().zip(shape).map(|(axis, length)| axis.unwrap_or(AxisChunks::whole(*length)))))
    }
}

/// Divides `target` elements among axes: the shortest first, since what it does not need goes to the others.
fn share(axes: &[usize], shape: &[usize], target: u64, previous: Option<&ChunkGrid>) -> Vec<(usize, AxisChunks)> {
    let mut order = axes.to_vec();
    order.sort_by_key(|axis| (shape[*axis], usize::MAX - *axis));
    let mut left = target as f64;
    let mut result = Vec::with_capacity(order.len());
    for (position, axis) in order.iter().copied().enumerate() {
        let side = left.powf(1.0 / (order.len() - position) as f64);
        let length = shape[axis];
        let chunks = if (length as f64) <= side * 1.0001 {
            AxisChunks::whole(length)
        } else {
            let side = (side * 1.0001).max(1.0) as usize;
            let stored = previous.and_then(|grid| grid.axes().get(axis)).and_then(AxisChunks::regular_length);
            match stored {
                Some(stored) if stored > 1 && stored <= side => {
                    // Whole stored chunks, spread evenly.
                    let units = length.div_ceil(stored);
                    let count = units.div_ceil(side / stored);
                    AxisChunks::regular(length, units.div_ceil(count) * stored)
                }
                _ => AxisChunks::even(length, length.div_ceil(side)),
            }
        };
        left = (left / chunks.longest().max(1) as f64).max(1.0);
        result.push((axis, chunks));
    }
    result
}

/// Checks lengths that a user gives for a whole grid against a shape.
///
/// # Errors
/// [`KernelError::Broadcast`]-like mismatches as [`ArrayError::Chunks`].
pub(crate) fn check_grid(grid: &ChunkGrid, shape: &[usize]) -> Result<()> {
    if grid.shape().as_slice() == shape {
        return Ok(());
    }
    if grid.ndim() != shape.len() {
        return Err(KernelError::invalid(format!(
            "chunks {grid} are for {} axes, but the array has {}",
            grid.ndim(),
            shape.len()
        ))
        .into());
    }
    Err(ArrayError::chunks(format!("chunks {grid} do not add up to the shape {shape:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(shape: &[usize], bytes: u64) -> String {
        ChunkSpec::Bytes(bytes).grid(shape, 8, None).unwrap().to_string()
    }

    #[test]
    fn automatic_chunks_meet_the_target() {
        assert_eq!(ChunkSpec::Auto.grid(&[8000, 8000], 8, None).unwrap().to_string(), "[2000x4, 2000x4]");
        assert_eq!(auto(&[10_000_000, 10], 32 << 20), "[416667x24, 10]");
        assert_eq!(auto(&[1000], 32 << 20), "[1000]");
        assert_eq!(auto(&[10, 10], 8), "[1x10, 1x10]");
        assert_eq!(auto(&[0, 5], 800), "[0, 5]");
        assert_eq!(auto(&[], 800), "[]");
        for shape in [vec![30_000, 40_000], vec![365, 720, 1440], vec![1 << 30], vec![7, 100_000_000]] {
            let grid = ChunkSpec::Auto.grid(&shape, 8, None).unwrap();
            let bytes = grid.largest_block_elements() * 8;
            assert!((8 << 20..=64 << 20).contains(&bytes), "{shape:?}: {grid} has {bytes}");
        }
    }

    #[test]
    fn explicit_chunks_leave_the_rest_to_automatic_ones() {
        let spec = ChunkSpec::Axes(vec![AxisSpec::Auto, AxisSpec::from(-1)]);
        assert_eq!(spec.grid(&[100_000, 1000], 8, None).unwrap().to_string(), "[4167x24, 1000]");
        let spec = ChunkSpec::Axes(vec![AxisSpec::Lengths(vec![1, 2]), AxisSpec::Size(2)]);
        assert_eq!(spec.grid(&[3, 4], 8, None).unwrap().to_string(), "[1+2, 2x2]");
        let spec = ChunkSpec::Uniform(AxisSpec::Size(2));
        assert_eq!(spec.grid(&[3, 4], 8, None).unwrap().to_string(), "[2x2, 2x2]");
    }

    #[test]
    fn stored_chunks_are_kept_whole() {
        let stored = ChunkGrid::regular(&[100_000, 100], &[300, 100]);
        let grid = ChunkSpec::Bytes(8_000_000).grid(&[100_000, 100], 8, Some(&stored)).unwrap();
        assert_eq!(grid.axis(0).regular_length().unwrap() % 300, 0);
        assert!(stored.refines(&grid));
    }

    #[test]
    fn wrong_chunks_are_told() {
        let message = |spec: ChunkSpec, shape: &[usize]| spec.grid(shape, 8, None).unwrap_err().to_string();
        assert_eq!(
            message(ChunkSpec::Axes(vec![AxisSpec::Auto]), &[2, 3]),
            "chunks are given for 1 axes, but the array has 2: give one entry for each axis"
        );
        assert_eq!(
            message(ChunkSpec::Axes(vec![AxisSpec::Lengths(vec![2, 2])]), &[5]),
            "chunks [2, 2] of axis 0 add up to 4, but its length is 5"
        );
        assert_eq!(
            message(ChunkSpec::Uniform(AxisSpec::Size(0)), &[5]),
            "chunks of length 0 on axis 0: give at least 1, or -1"
        );
        assert!(
            check_grid(&ChunkGrid::whole(&[2]), &[3]).is_err() && check_grid(&ChunkGrid::whole(&[2]), &[2, 2]).is_err()
        );
    }
}
