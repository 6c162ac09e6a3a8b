//! What tasks make and read.

use std::sync::Arc;

use swath_arrays::Region;
use swath_kernels::NdArray;
use swath_kernels::reduce::Partial;

use crate::error::{BlocksError, Result};

/// A block of a stage's output. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    /// Elements.
    Array(NdArray),
    /// The state of a reduction.
    State(Arc<Partial>),
}

impl Block {
    /// The elements.
    pub(crate) fn array(&self) -> Result<&NdArray> {
        match self {
            Self::Array(array) => Ok(array),
            Self::State(state) => Err(BlocksError::internal(format!("elements were expected, {state:?} came"))),
        }
    }

    /// The state.
    pub(crate) fn state(&self) -> Result<&Partial> {
        match self {
            Self::State(state) => Ok(state),
            Self::Array(array) => {
                Err(BlocksError::internal(format!("a state was expected, {} {:?} came", array.dtype(), array.shape())))
            }
        }
    }
}

/// Where a block comes from: a stage's output, and the task that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlockId {
    pub(crate) stage: usize,
    pub(crate) output: usize,
    pub(crate) block: usize,
}

/// Gives a task the blocks that it reads.
pub(crate) trait Blocks {
    /// A whole block.
    fn get(&self, id: BlockId) -> Result<Block>;
    /// A box of a block of elements.
    fn part(&self, id: BlockId, within: &Region) -> Result<NdArray>;
    /// Counts bytes that came from elsewhere.
    fn count_read(&self, bytes: usize);
}
