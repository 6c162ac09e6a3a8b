//! `map_blocks` and `blockwise`.

use std::sync::Arc;

use swath_arrays::{ArrayExpr, AxisChunks, BlockContext, BlockFunction, ChunkGrid};
use swath_kernels::{DType, NdArray};

use super::closure::closure;
use crate::array::{Array, expressions};
use crate::error::{Error, Result};

impl Array {
    /// A function of each block, which gives a block of the same shape.
    ///
    /// ```
    /// # use swath_nd::{Arrays, DType, NdArray};
    /// let x = Arrays::embedded().with_chunks(2).arange(0, 4, 1);
    /// let starts = x.map_blocks(DType::I64, |block, context| {
    ///     Ok(NdArray::from_vec(block.shape(), vec![context.region[0].start as i64; block.len()])?)
    /// });
    /// assert_eq!(starts.to_vec::<i64>()?, [0, 0, 2, 2]);
    /// # Ok::<(), swath_nd::Error>(())
    /// ```
    #[must_use]
    pub fn map_blocks<F>(&self, dtype: DType, function: F) -> Self
    where
        F: Fn(&NdArray, &BlockContext) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
    {
        let function = closure("map_blocks", move |blocks, context| function(&blocks[0], context));
        self.then(|array| {
            let follow = (0..array.ndim()).map(Some).collect();
            ArrayExpr::blockwise(function.clone(), &[(array, follow)], dtype, array.grid().clone())
        })
    }
}

/// A function of the blocks of several arrays at a time, which broadcast with one another; it gives a block of their common shape.
///
/// # Errors
/// No arrays. Kept: shapes that do not broadcast.
pub fn map_blocks<F>(arrays: &[&Array], dtype: DType, function: F) -> Result<Array>
where
    F: Fn(&[NdArray], &BlockContext) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
{
    let Some(first) = arrays.first() else { return Err(Error::invalid("map_blocks needs at least one array")) };
    let function = closure("map_blocks", function);
    Ok(Array::of(first.context(), arrays, |arrays| {
        let (grid, arrays) = ArrayExpr::align("map_blocks", arrays)?;
        let inputs: Vec<(&ArrayExpr, Vec<Option<usize>>)> =
            arrays.iter().map(|array| (array, trailing(array, grid.ndim()))).collect();
        ArrayExpr::blockwise(function.clone(), &inputs, dtype, grid.clone())
    }))
}

/// The result's axes that an array's follow by broadcasting.
fn trailing(array: &ArrayExpr, ndim: usize) -> Vec<Option<usize>> {
    let lead = ndim - array.ndim();
    (0..array.ndim()).map(|axis| Some(lead + axis)).collect()
}

/// A function of blocks whose axes are named by letters, as in einsum: axes of the same letter have the same blocks; those that the result
/// lacks are given whole.
///
/// ```
/// # use swath_nd::{Arrays, Blockwise, DType};
/// let x = Arrays::embedded().with_chunks(2).ones([4, 6], DType::F64);
/// let sums = Blockwise::new("i", DType::F64).input(&x, "ij").run(|blocks, _| {
///     swath_nd::kernels::reduce::reduce(swath_nd::kernels::reduce::Reduction::Sum, &blocks[0], Some(&[1]), false).map_err(Into::into)
/// });
/// assert_eq!(sums?.to_vec::<f64>()?, [6.0; 4]);
/// # Ok::<(), swath_nd::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Blockwise {
    output: Vec<char>,
    dtype: DType,
    inputs: Vec<(Array, Vec<char>)>,
    lengths: Vec<(char, Vec<usize>)>,
}

impl Blockwise {
    /// A result with axes of these letters.
    pub fn new(output: &str, dtype: DType) -> Self {
        Self { output: output.chars().collect(), dtype, inputs: Vec::new(), lengths: Vec::new() }
    }

    /// An input and the letters of its axes.
    #[must_use]
    pub fn input(mut self, array: &Array, letters: &str) -> Self {
        self.inputs.push((array.clone(), letters.chars().collect()));
        self
    }

    /// The lengths of the result's blocks along an axis that is new, or whose blocks the function changes.
    #[must_use]
    pub fn chunks(mut self, letter: char, lengths: &[usize]) -> Self {
        self.lengths.push((letter, lengths.to_vec()));
        self
    }

    /// The result of a function, which gets a block of each input in their order.
    ///
    /// # Errors
    /// No inputs. Kept: letters that do not fit the axes, an axis without chunks, other numbers of blocks.
    pub fn run<F>(&self, function: F) -> Result<Array>
    where
        F: Fn(&[NdArray], &BlockContext) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
    {
        let Some((first, _)) = self.inputs.first() else {
            return Err(Error::invalid("blockwise needs at least one input"));
        };
        let function = closure("blockwise", function);
        let arrays: Vec<&Array> = self.inputs.iter().map(|(array, _)| array).collect();
        expressions(&arrays)?;
        Ok(Array::of(first.context(), &arrays, |arrays| self.build(arrays, &function)))
    }

    fn build(&self, arrays: &[ArrayExpr], function: &Arc<dyn BlockFunction>) -> Result<ArrayExpr> {
        let letters: Vec<&[char]> = self.inputs.iter().map(|(_, letters)| letters.as_slice()).collect();
        for (number, (array, letters)) in arrays.iter().zip(&letters).enumerate() {
            if array.ndim() != letters.len() {
                let (ndim, given) = (array.ndim(), letters.len());
                return Err(Error::invalid(format!("blockwise: input {number} has {ndim} axes, but {given} letters")));
            }
        }
        let mut named: Vec<char> = letters.iter().flat_map(|letters| letters.iter().copied()).collect();
        named.sort_unstable();
        named.dedup();
        for letter in named {
            let axes = arrays.iter().zip(&letters).flat_map(|(array, letters)| {
                letters.iter().enumerate().filter(|(_, own)| **own == letter).map(move |(axis, _)| (array, axis))
            });
            let is_long = |(array, axis): &(&ArrayExpr, usize)| {
                let chunks = array.grid().axis(*axis);
                !chunks.is_known() || chunks.length() != 1
            };
            if !ArrayExpr::are_one(axes.filter(is_long)) {
                return Err(swath_arrays::ArrayError::UnknownLength { operation: "blockwise", axis: 0 }.into());
            }
        }
        // Each letter has the blocks of the first input of full length that has it.
        let mut common: Vec<(char, AxisChunks)> = Vec::new();
        for (array, letters) in arrays.iter().zip(&letters) {
            for (axis, letter) in letters.iter().enumerate() {
                let own = array.grid().axis(axis);
                match common.iter_mut().find(|(known, _)| known == letter) {
                    None => common.push((*letter, own.clone())),
                    Some((_, chunks)) if chunks.length() == 1 => *chunks = own.clone(),
                    Some((_, chunks)) if chunks.length() != own.length() && own.length() != 1 => {
                        return Err(Error::invalid(format!(
                            "blockwise: axes '{letter}' have lengths {} and {}",
                            chunks.length(),
                            own.length()
                        )));
                    }
                    Some(_) => {}
                }
            }
        }
        let mut inputs = Vec::with_capacity(arrays.len());
        for (array, letters) in arrays.iter().zip(&letters) {
            let own = |(axis, letter): (usize, &char)| match common.iter().find(|(known, _)| known == letter) {
                // What the result lacks is given whole.
                _ if !self.output.contains(letter) => AxisChunks::whole(array.grid().axis(axis).length()),
                Some((_, chunks)) if array.grid().axis(axis).length() != 1 => chunks.clone(),
                _ => array.grid().axis(axis).clone(),
            };
            let grid = ChunkGrid::new(letters.iter().enumerate().map(own));
            inputs.push(array.rechunk_to(grid)?);
        }
        let mut axes = Vec::with_capacity(self.output.len());
        for letter in &self.output {
            let given = self.lengths.iter().find(|(known, _)| known == letter);
            let found = common.iter().find(|(known, _)| known == letter);
            axes.push(match (given, found) {
                (Some((_, lengths)), _) => AxisChunks::from_lengths(lengths),
                (None, Some((_, chunks))) => chunks.clone(),
                (None, None) => {
                    return Err(Error::invalid(format!(
                        "blockwise: no input has the axis '{letter}'; give its chunks"
                    )));
                }
            });
        }
        let place = |letter: &char| self.output.iter().position(|own| own == letter);
        let follows: Vec<(&ArrayExpr, Vec<Option<usize>>)> =
            inputs.iter().zip(&letters).map(|(array, letters)| (array, letters.iter().map(place).collect())).collect();
        Ok(ArrayExpr::blockwise(function.clone(), &follows, self.dtype, ChunkGrid::new(axes))?)
    }
}
