//! Fused elementwise programs: many functions in one pass over memory.
//!
//! A [`Program`] is a list of instructions over typed registers, each a tile of [`TILE`] elements, so that intermediate values never
//! leave the cache. Its inputs are arrays with any strides, broadcast to the block; constants; coordinates (`arange`, `linspace`,
//! the parts of `eye`); and generators keyed by the global element index (random numbers). Each output is an array, or the first
//! phase of a reduction, whose operand is then never stored.
//!
//! ```
//! use swath_kernels::fused::{Block, Builder, Output};
//! use swath_kernels::reduce::Reduction;
//! use swath_kernels::{DType, NdArray};
//!
//! let mut build = Builder::new();
//! let (a, b) = (build.input(0, DType::F64), build.input(1, DType::F64));
//! let sum = build.call("add", &[a, b])?;
//! let program = build.finish(&[Output::Array(sum), Output::Reduce(sum, Reduction::Sum, vec![0])])?;
//! let ones = NdArray::from_vec(&[2, 3], vec![1.0f64; 6])?;
//! let row = NdArray::from_vec(&[3], vec![1.0f64, 2.0, 3.0])?;
//! let produced = program.run(&Block::whole(&[2, 3]), &[ones, row])?;
//! assert_eq!(produced[1].clone().finish()?.to_vec::<f64>()?, [4.0, 6.0, 8.0]);
//! # Ok::<(), swath_kernels::KernelError>(())
//! ```

mod builder;
mod cursor;
mod optimise;
mod run;
mod source;

pub use builder::{Builder, Output, Ramp, Value};
pub use run::{Block, Place, Produced};
pub use source::Generate;

pub(crate) use cursor::Cursor;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::dtype::DType;
use crate::error::Result;
use crate::isa::Loop;
use crate::ndarray::NdArray;
use crate::scalar::Scalar;

/// Elements a register holds. Measured flat between 1,000 and 32,000.
pub const TILE: usize = 2_048;

/// Where a register's elements come from.
#[derive(Clone)]
pub(crate) enum Node {
    /// An array given at run time.
    Input { index: usize, dtype: DType },
    /// One value. A weak one takes the dtype of what stands beside it.
    Constant { value: Scalar, weak: bool },
    /// A position along an axis.
    Coordinate { axis: usize, ramp: Ramp },
    /// Numbers by global element index.
    Generated(Arc<dyn Generate>),
    /// A function of other registers.
    Call(Call),
}

/// One instruction.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) run: Loop,
    pub(crate) argument: u64,
    pub(crate) inputs: SmallVec<[usize; 4]>,
    pub(crate) dtype: DType,
}

impl Node {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Self::Input { dtype, .. } => *dtype,
            Self::Constant { value, .. } => value.dtype(),
            Self::Coordinate { ramp, .. } => ramp.dtype(),
            Self::Generated(generator) => generator.dtype(),
            Self::Call(call) => call.dtype,
        }
    }
}

/// A compiled program. Made by [`Builder::finish`], run by [`Program::run`] on any block.
#[derive(Clone)]
pub struct Program {
    pub(crate) nodes: Vec<Node>,
    pub(crate) outputs: Vec<Output>,
    /// The scratch tile of each node; none for sources that need none and for what is written straight into an output.
    pub(crate) slots: Vec<Option<usize>>,
    pub(crate) slot_count: usize,
    pub(crate) input_count: usize,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (register, node) in self.nodes.iter().enumerate() {
            let dtype = node.dtype();
            match node {
                Node::Input { index, .. } => writeln!(f, "r{register}: {dtype} = input {index}")?,
                Node::Constant { value, .. } => writeln!(f, "r{register}: {dtype} = {value}")?,
                Node::Coordinate { axis, ramp } => writeln!(f, "r{register}: {dtype} = {ramp:?} along axis {axis}")?,
                Node::Generated(_) => writeln!(f, "r{register}: {dtype} = generated")?,
                Node::Call(call) => {
                    let inputs: Vec<String> = call.inputs.iter().map(|input| format!("r{input}")).collect();
                    writeln!(f, "r{register}: {dtype} = {}({})", call.name, inputs.join(", "))?;
                }
            }
        }
        write!(f, "-> {:?}", self.outputs)
    }
}

impl Program {
    /// Bytes of scratch that a run takes, beside its inputs and outputs.
    pub fn scratch_bytes(&self) -> usize {
        (self.slot_count + self.nodes.len()) * run::SLOT_BYTES
    }
}

/// One elementwise function of whole arrays, broadcast against each other.
///
/// # Errors
/// As [`crate::ufunc::Ufunc::resolve`] and [`crate::shape::broadcast_shapes`]; for a name that is not in the table.
pub fn elementwise(name: &str, operands: &[&NdArray]) -> Result<NdArray> {
    let mut build = Builder::new();
    let values: SmallVec<[Value; 4]> =
        operands.iter().enumerate().map(|(index, operand)| build.input(index, operand.dtype())).collect();
    let result = build.call(name, &values)?;
    let shapes: SmallVec<[&[usize]; 4]> = operands.iter().map(|operand| operand.shape()).collect();
    let shape = crate::shape::broadcast_shapes(&shapes)?;
    let inputs: Vec<NdArray> = operands.iter().map(|operand| (*operand).clone()).collect();
    build.finish(&[Output::Array(result)])?.run_to_array(&shape, &inputs)
}

/// An array as another dtype, as `astype`.
///
/// # Errors
/// Only if memory sizes overflow.
pub fn cast(array: &NdArray, dtype: DType) -> Result<NdArray> {
    if array.dtype() == dtype {
        return Ok(array.clone());
    }
    let mut build = Builder::new();
    let input = build.input(0, array.dtype());
    let result = build.cast(input, dtype)?;
    build.finish(&[Output::Array(result)])?.run_to_array(array.shape(), std::slice::from_ref(array))
}

#[cfg(test)]
mod tests;
