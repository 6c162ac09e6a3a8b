//! Programs are written function by function; dtypes are settled and casts put in as they come.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Call, Generate, Node, Program};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::promotion::Operand;
use crate::reduce::Reduction;
use crate::scalar::Scalar;
use crate::ufunc::{self, ufunc};

/// A register of the [`Builder`] that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(pub(super) usize);

/// A number that grows along an axis, as a function of the global position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ramp {
    /// `start + step * position` in `int64`, wrapping.
    Integer {
        /// The value at position 0.
        start: i64,
        /// The difference of neighbours.
        step: i64,
    },
    /// `start + step * position` in `float64`; exactly `last` at its position, if given (`linspace`).
    Float {
        /// The value at position 0.
        start: f64,
        /// The difference of neighbours.
        step: f64,
        /// A position and its value.
        last: Option<(u64, f64)>,
    },
}

impl Ramp {
    pub(super) fn dtype(self) -> DType {
        match self {
            Self::Integer { .. } => DType::I64,
            Self::Float { .. } => DType::F64,
        }
    }
}

/// What a program gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A register as an array of the block's shape.
    Array(Value),
    /// A register reduced over axes of the block (ascending), as a state that merges with those of other blocks.
    Reduce(Value, Reduction, Vec<usize>),
}

impl Output {
    pub(super) fn register(&self) -> usize {
        match self {
            Self::Array(value) | Self::Reduce(value, _, _) => value.0,
        }
    }

    pub(super) fn with_register(&self, register: usize) -> Self {
        match self {
            Self::Array(_) => Self::Array(Value(register)),
            Self::Reduce(_, reduction, axes) => Self::Reduce(Value(register), *reduction, axes.clone()),
        }
    }
}

/// Writes a [`Program`].
#[derive(Default)]
pub struct Builder {
    nodes: Vec<Node>,
}

impl Builder {
    /// An empty program.
    pub fn new() -> Self {
        Self::default()
    }

    fn push(&mut self, node: Node) -> Value {
        self.nodes.push(node);
        Value(self.nodes.len() - 1)
    }

    /// The input array of a position.
    pub fn input(&mut self, index: usize, dtype: DType) -> Value {
        self.push(Node::Input { index, dtype })
    }

    /// One value with a dtype of its own.
    pub fn constant(&mut self, value: Scalar) -> Value {
        self.push(Node::Constant { value, weak: false })
    }

    /// A bare number, which takes the dtype of what stands beside it; made from a `Bool`, `I64`, `F64` or `C128`.
    pub fn weak(&mut self, value: Scalar) -> Value {
        self.push(Node::Constant { value, weak: true })
    }

    /// A number that grows along an axis of the block.
    pub fn coordinate(&mut self, axis: usize, ramp: Ramp) -> Value {
        self.push(Node::Coordinate { axis, ramp })
    }

    /// Numbers by global element index.
    pub fn generated(&mut self, generator: Arc<dyn Generate>) -> Value {
        self.push(Node::Generated(generator))
    }

    /// The dtype of a register; for a bare number the one it takes when alone.
    pub fn dtype(&self, value: Value) -> DType {
        self.nodes[value.0].dtype()
    }

    fn operand(&self, value: Value) -> Operand {
        match &self.nodes[value.0] {
            Node::Constant { value, weak: true } => match value.dtype() {
                DType::Bool => Operand::WeakBool,
                dtype if dtype.is_integer() => Operand::WeakInt,
                dtype if dtype.is_float() => Operand::WeakFloat,
                dtype if dtype.is_complex() => Operand::WeakComplex,
                dtype => Operand::Dtype(dtype),
            },
            node => Operand::Dtype(node.dtype()),
        }
    }

    /// A register as another dtype, as `astype`.
    ///
    /// # Errors
    /// [`KernelError::OutOfRange`] for a bare integer that does not fit.
    pub fn cast(&mut self, value: Value, dtype: DType) -> Result<Value> {
        match &self.nodes[value.0] {
            Node::Constant { value: Scalar::I64(number), weak: true } => {
                let cast = Scalar::from_integer(i128::from(*number), dtype)?;
                Ok(self.constant(cast))
            }
            Node::Constant { value, .. } => {
                let cast = value.cast(dtype);
                Ok(self.constant(cast))
            }
            node if node.dtype() == dtype => Ok(value),
            node => {
                let (run, argument) = ufunc::cast(node.dtype(), dtype);
                let inputs = SmallVec::from_slice(&[value.0]);
                Ok(self.push(Node::Call(Call { name: "cast", run, argument, inputs, dtype })))
            }
        }
    }

    /// A function of the table.
    ///
    /// # Errors
    /// As [`crate::ufunc::Ufunc::resolve`]; for a name that is not in the table.
    pub fn call(&mut self, name: &str, operands: &[Value]) -> Result<Value> {
        let mut function = ufunc(name)?;
        let mut operands: SmallVec<[Value; 4]> = operands.into();
        let kinds: SmallVec<[Operand; 4]> = operands.iter().map(|operand| self.operand(*operand)).collect();
        let signature = function.resolve(&kinds)?;
        // NumPy's short cuts for exponents; they matter, a power costs ten products.
        if function.name == "power"
            && !signature.output.is_integer()
            && let Some(simpler) = self.simpler_power(operands[1])
        {
            function = ufunc(simpler)?;
            let base = self.cast(operands[0], signature.output)?;
            operands = SmallVec::from_slice(&[base]);
        }
        let kinds: SmallVec<[Operand; 4]> = operands.iter().map(|operand| self.operand(*operand)).collect();
        let signature = function.resolve(&kinds)?;
        let mut inputs = SmallVec::new();
        for (operand, dtype) in operands.iter().zip(&signature.inputs) {
            inputs.push(self.cast(*operand, *dtype)?.0);
        }
        let (run, argument, dtype) = (signature.run, signature.argument, signature.output);
        Ok(self.push(Node::Call(Call { name: function.name, run, argument, inputs, dtype })))
    }

    fn simpler_power(&self, exponent: Value) -> Option<&'static str> {
        let Node::Constant { value, .. } = &self.nodes[exponent.0] else { return None };
        let exponent: f64 = if value.dtype().is_complex() { return None } else { value.to() };
        [(2.0, "square"), (0.5, "sqrt"), (1.0, "positive"), (-1.0, "reciprocal")]
            .into_iter()
            .find_map(|(known, name)| (known == exponent).then_some(name))
    }

    /// Rounds to a number of decimals, halves to even, as `numpy.round`: by a power of ten, `rint`, and back.
    ///
    /// # Errors
    /// For dates, durations and booleans.
    pub fn round(&mut self, value: Value, decimals: i32) -> Result<Value> {
        let dtype = self.dtype(value);
        if decimals == 0 || (dtype.is_integer() && decimals > 0) {
            return self.call("round", &[value]);
        }
        let power = self.weak(Scalar::F64(10f64.powi(decimals.abs())));
        let (there, back) = if decimals > 0 { ("multiply", "divide") } else { ("divide", "multiply") };
        let scaled = self.call(there, &[value, power])?;
        let rounded = self.call("rint", &[scaled])?;
        let result = self.call(back, &[rounded, power])?;
        self.cast(result, dtype)
    }

    /// The program that gives these outputs; what none of them needs is dropped.
    ///
    /// # Errors
    /// For a reduction that has no meaning for its operand's dtype.
    pub fn finish(self, outputs: &[Output]) -> Result<Program> {
        for output in outputs {
            if let Output::Reduce(value, reduction, axes) = output {
                reduction.result_dtype(self.nodes[value.0].dtype())?;
                if axes.windows(2).any(|pair| pair[0] >= pair[1]) {
                    return Err(KernelError::invalid("axes of a fused reduction must ascend"));
                }
            }
        }
        Ok(super::optimise::compile(self.nodes, outputs))
    }
}
