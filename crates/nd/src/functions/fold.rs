//! Reductions by functions of the user's.

use std::sync::Arc;

use swath_arrays::{ArrayExpr, AxisChunks, BlockFunction, ChunkGrid};
use swath_kernels::{DType, NdArray, normalize_axes};

use super::closure::closure;
use crate::array::Array;
use crate::axes::Axes;
use crate::error::Result;

type Step = Arc<dyn BlockFunction>;

/// A reduction of the user's: a function of each block, one that joins what several blocks gave, and one that makes the result.
///
/// Each gets a block and the axes that are reduced, and gives a block with those axes of length one.
#[derive(Clone)]
pub struct Fold {
    partial: DType,
    chunk: Step,
    combine: Step,
    aggregate: Step,
    axes: Axes,
    split_every: usize,
}

impl std::fmt::Debug for Fold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fold(over {:?}, {} between blocks)", self.axes, self.partial)
    }
}

fn step<F>(name: &str, function: F) -> Step
where
    F: Fn(&NdArray) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
{
    closure(name, move |blocks, _| function(&blocks[0]))
}

impl Fold {
    /// Over axes; what blocks leave has a dtype of its own.
    pub fn new<C, B, A>(axes: impl Into<Axes>, partial: DType, chunk: C, combine: B, aggregate: A) -> Self
    where
        C: Fn(&NdArray) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
        B: Fn(&NdArray) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
        A: Fn(&NdArray) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
    {
        Self {
            partial,
            chunk: step("reduction.chunk", chunk),
            combine: step("reduction.combine", combine),
            aggregate: step("reduction.aggregate", aggregate),
            axes: axes.into(),
            split_every: 8,
        }
    }

    /// How many blocks along an axis are joined at a time; else 8.
    #[must_use]
    pub fn split_every(mut self, blocks: usize) -> Self {
        self.split_every = blocks.max(2);
        self
    }
}

impl Array {
    /// A reduction of the user's; the axes go.
    ///
    /// # Errors
    /// Kept: axes out of bounds.
    #[must_use]
    pub fn reduction(&self, fold: &Fold, dtype: DType) -> Self {
        self.then(|array| -> Result<ArrayExpr> {
            array.known_shape("reduction")?;
            let axes = normalize_axes(fold.axes.get(), array.ndim())?;
            let follow: Vec<Option<usize>> = (0..array.ndim()).map(Some).collect();
            // One element along reduced axes for each block.
            let reduced = |grid: &ChunkGrid| {
                ChunkGrid::new(grid.axes().iter().enumerate().map(|(axis, chunks)| match axes.contains(&axis) {
                    true => AxisChunks::regular(chunks.count(), 1),
                    false => chunks.clone(),
                }))
            };
            let apply = |step: &Step, array: &ArrayExpr, dtype| {
                ArrayExpr::blockwise(step.clone(), &[(array, follow.clone())], dtype, reduced(array.grid()))
            };
            let mut partial = apply(&fold.chunk, array, fold.partial)?;
            loop {
                let most = axes.iter().map(|axis| partial.shape()[*axis]).max().unwrap_or(1);
                let joined = axes.iter().fold(partial.grid().clone(), |grid, axis| {
                    grid.with_axis(*axis, AxisChunks::regular(partial.shape()[*axis], fold.split_every))
                });
                let gathered = partial.rechunk_to(joined)?;
                if most <= fold.split_every {
                    let result = apply(&fold.aggregate, &gathered, dtype)?;
                    let axes: Vec<isize> = axes.iter().map(|axis| *axis as isize).collect();
                    return Ok(result.squeeze(Some(&axes))?);
                }
                partial = apply(&fold.combine, &gathered, fold.partial)?;
            }
        })
    }
}
