//! Arrays of positions and functions of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use swath_arrays::{ArrayExpr, Generator};
use swath_kernels::{DType, Element, NdArray, element_count};

use crate::array::Array;
use crate::axes::Shape;
use crate::context::{Arrays, Chunks};
use crate::error::Result;

/// How the first two axes of a mesh stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Indexing {
    /// As on paper: `x` runs along the second axis.
    #[default]
    Xy,
    /// As in a matrix: the first vector runs along the first axis.
    Ij,
}

impl Arrays {
    /// The grids that vectors span: one array for each, all of the shape of their lengths.
    ///
    /// # Errors
    /// The first mistake in a vector.
    pub fn meshgrid(&self, vectors: &[&Array], indexing: Indexing) -> Result<Vec<Array>> {
        let mut lengths = Vec::with_capacity(vectors.len());
        for vector in vectors {
            lengths.push(vector.size()?);
        }
        let swapped = indexing == Indexing::Xy && vectors.len() > 1;
        let place = |axis: usize| if swapped && axis < 2 { 1 - axis } else { axis };
        let mut shape = lengths.clone();
        lengths.iter().enumerate().for_each(|(axis, length)| shape[place(axis)] = *length);
        let grids = vectors.iter().enumerate().map(|(axis, vector)| {
            let mut own = vec![1; shape.len()];
            own[place(axis)] = lengths[axis];
            vector.reshape(own).broadcast_to(shape.clone())
        });
        Ok(grids.collect())
    }

    /// For each axis of a shape the positions along it, as `int64`.
    pub fn indices(&self, shape: impl Into<Shape>) -> Vec<Array> {
        let shape = shape.into().0;
        let along = |axis| self.make(|| Ok(ArrayExpr::iota(self.grid(&shape, DType::I64)?, axis, 0, 1)?));
        (0..shape.len()).map(along).collect()
    }

    /// An array from a function of the arrays of positions along each axis.
    pub fn fromfunction(&self, shape: impl Into<Shape>, function: impl FnOnce(&[Array]) -> Array) -> Array {
        let shape = shape.into().0;
        function(&self.indices(shape.clone())).broadcast_to(shape)
    }

    /// An array from a function of the index of each element.
    pub fn from_fn<T, F>(&self, shape: impl Into<Shape>, function: F) -> Array
    where
        T: Element,
        F: Fn(&[usize]) -> T + Send + Sync + 'static,
    {
        let shape = shape.into().0;
        let make = move |start: &[usize], lengths: &[usize]| {
            let mut elements = Vec::with_capacity(element_count(lengths)?);
            let mut index = start.to_vec();
            for number in 0..lengths.iter().product() {
                let mut rest: usize = number;
                for axis in (0..index.len()).rev() {
                    index[axis] = start[axis] + rest % lengths[axis];
                    rest /= lengths[axis];
                }
                elements.push(function(&index));
            }
            Ok(NdArray::from_vec(lengths, elements)?)
        };
        self.make(|| {
            let generator = Blocks { id: number("from_fn"), dtype: T::DTYPE, make: Box::new(make) };
            Ok(ArrayExpr::generate(Arc::new(generator), self.grid(&shape, T::DTYPE)?)?)
        })
    }

    /// An array whose block at `start` of some shape is what a function makes: `function(start, shape)`. It must not depend on how the
    /// array is cut.
    pub fn from_map<F>(&self, shape: impl Into<Shape>, dtype: DType, chunks: impl Into<Chunks>, function: F) -> Array
    where
        F: Fn(&[usize], &[usize]) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
    {
        let (shape, chunks) = (shape.into().0, chunks.into().0);
        self.make(|| {
            element_count(&shape)?;
            let grid = chunks.grid(&shape, dtype.item_size(), None)?;
            let generator = Blocks { id: number("from_map"), dtype, make: Box::new(function) };
            Ok(ArrayExpr::generate(Arc::new(generator), grid)?)
        })
    }
}

/// A name that no other function in this process has.
pub(crate) fn number(kind: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{kind}:{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

type Make = Box<dyn Fn(&[usize], &[usize]) -> swath_arrays::Result<NdArray> + Send + Sync>;

/// Blocks from a function of their place.
struct Blocks {
    id: String,
    dtype: DType,
    make: Make,
}

impl Generator for Blocks {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        self.id.split(':').next().unwrap_or("function").to_owned()
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn block(&self, _: &[usize], start: &[usize], shape: &[usize]) -> swath_arrays::Result<NdArray> {
        let made = (self.make)(start, shape)?;
        if made.dtype() != self.dtype || made.shape() != shape {
            return Err(swath_arrays::ArrayError::invalid(format!(
                "{} gave {} of shape {:?} for the block at {start:?}, but {} of shape {shape:?} was promised",
                self.name(),
                made.dtype(),
                made.shape(),
                self.dtype
            )));
        }
        Ok(made)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
