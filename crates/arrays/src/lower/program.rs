//! Fused programs: elementwise functions, casts, constants, positions and the first phase of reductions in one pass over a block.
//!
//! Every register has the shape of the task's block. Inputs are views of what the task reads (transposed, broadcast, flipped: strides),
//! so that `x + x.T` or `(x - mean) / std` are one program. An executor writes it out for the kernels' tile interpreter word by word.

use std::collections::HashMap;
use std::fmt;

use swath_kernels::{DType, Dims};

use super::stage::{Access, Input, Origin};
use crate::error::{ArrayError, Result};
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Constant, Op, Window};
use crate::expr::reduction::Reduction;
use crate::expr::ufunc::Ufunc;
use crate::expr::view::{View, ViewAxis};

/// The number of a register.
pub type Register = usize;

/// How a register's elements are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// An input of the stage, seen through its view.
    Input(usize),
    /// One value.
    Constant(Constant),
    /// `start + step * position` along an axis of the task grid's array (not of the block), as `int64`.
    Position {
        /// The axis.
        axis: usize,
        /// The value at position zero.
        start: i64,
        /// The difference.
        step: i64,
    },
    /// An elementwise function of registers that have the dtypes it computes with.
    Call(Ufunc, Vec<Register>),
    /// Another dtype.
    Cast(Register),
}

/// What a program gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramOutput {
    /// A register as the block.
    Array(Register),
    /// The state of a reduction over axes of the block; the result itself if the axes are not cut.
    Reduce {
        /// What is reduced.
        register: Register,
        /// The function.
        function: Reduction,
        /// The axes, ascending.
        axes: Dims,
        /// Whether the block is the whole along the axes, so that the result is made at once.
        finish: bool,
    },
}

/// A fused program: registers in the order in which they are made, and the outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Program {
    /// The instructions with the dtypes of what they make.
    pub registers: Vec<(Instruction, DType)>,
    /// What it gives.
    pub outputs: Vec<ProgramOutput>,
}

impl Program {
    /// Whether it does nothing but hand on its inputs: a plain read.
    pub fn is_copy(&self) -> bool {
        self.registers.iter().all(|(instruction, _)| matches!(instruction, Instruction::Input(_)))
            && self.outputs.iter().all(|output| matches!(output, ProgramOutput::Array(_)))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (instruction, dtype)) in self.registers.iter().enumerate() {
            write!(f, "r{number}: {dtype} = ")?;
            match instruction {
                Instruction::Input(input) => writeln!(f, "input {input}")?,
                Instruction::Constant(value) => writeln!(f, "{}", value.0)?,
                Instruction::Position { axis, start, step } => writeln!(f, "{start} + {step} * position along {axis}")?,
                Instruction::Call(function, arguments) => {
                    let arguments: Vec<String> = arguments.iter().map(|register| format!("r{register}")).collect();
                    writeln!(f, "{}({})", function.name(), arguments.join(", "))?;
                }
                Instruction::Cast(register) => writeln!(f, "cast(r{register})")?,
            }
        }
        for output in &self.outputs {
            match output {
                ProgramOutput::Array(register) => writeln!(f, "-> r{register}")?,
                ProgramOutput::Reduce { register, function, axes, finish } => {
                    let state = if *finish { "" } else { " state" };
                    writeln!(f, "-> {function}(r{register}) over {axes:?}{state}")?;
                }
            }
        }
        Ok(())
    }
}

/// A window of a source as a view of it.
pub fn window_view(window: &[Window]) -> View {
    let axes = window.iter().enumerate().map(|(axis, window)| ViewAxis::Slice {
        axis,
        start: window.start,
        step: window.step,
        length: window.length,
    });
    View::new(axes, &vec![0; window.len()])
}

/// Writes programs from expressions.
pub(super) struct Writer<'a> {
    /// Nodes that other stages make, with stage and output.
    produced: &'a HashMap<u64, (usize, usize)>,
    program: Program,
    inputs: Vec<Input>,
    known: HashMap<(u64, View), Register>,
    by_instruction: HashMap<(Instruction, DType), Register>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(produced: &'a HashMap<u64, (usize, usize)>) -> Self {
        Self {
            produced,
            program: Program::default(),
            inputs: Vec::new(),
            known: HashMap::new(),
            by_instruction: HashMap::new(),
        }
    }

    pub(super) fn finish(self) -> (Program, Vec<Input>) {
        (self.program, self.inputs)
    }

    pub(super) fn output(&mut self, output: ProgramOutput) {
        self.program.outputs.push(output);
    }

    /// The register that holds a node's block; the node is made here even if others are to take it from this stage.
    pub(super) fn root(&mut self, node: &ArrayExpr) -> Result<Register> {
        self.make(node, &View::identity(&node.shape()))
    }

    /// The register that holds a node's block, made here or elsewhere.
    pub(super) fn register(&mut self, node: &ArrayExpr) -> Result<Register> {
        self.value(node, View::identity(&node.shape()))
    }

    fn value(&mut self, node: &ArrayExpr, view: View) -> Result<Register> {
        if let Some(register) = self.known.get(&(node.id(), view.clone())) {
            return Ok(*register);
        }
        let register = match self.produced.get(&node.id()) {
            Some((stage, output)) => {
                let origin = Origin::Stage { stage: *stage, output: *output };
                self.input(&Input {
                    origin,
                    access: Access::View(view.clone()),
                    grid: node.grid().clone(),
                    dtype: node.dtype(),
                })
            }
            None => self.make(node, &view)?,
        };
        self.known.insert((node.id(), view), register);
        Ok(register)
    }

    /// A node's elements at the places of a view of it.
    fn make(&mut self, node: &ArrayExpr, view: &View) -> Result<Register> {
        let dtype = node.dtype();
        match node.op() {
            Op::Fill(value) => Ok(self.push(Instruction::Constant(*value), dtype)),
            Op::Iota { axis, start, step } => {
                let at = |position: usize| start.wrapping_add(step.wrapping_mul(position as i64));
                let place = view.output_axis(*axis).map(|output| (output, view.axes()[output]));
                let instruction = match place {
                    Some((output, ViewAxis::Slice { start, step: stride, .. })) => {
                        Instruction::Position { axis: output, start: at(start), step: step.wrapping_mul(stride as i64) }
                    }
                    _ => Instruction::Constant(Constant(at(view.fixed()[*axis]).into())),
                };
                Ok(self.push(instruction, dtype))
            }
            Op::Read { source, window } => {
                let origin = Origin::Source(source.clone());
                let access = Access::View(view.after(&window_view(window)));
                Ok(self.input(&Input { origin, access, grid: source.0.preferred_grid(), dtype }))
            }
            Op::Generate { generator, whole, window } => {
                let origin = Origin::Generator(generator.clone(), whole.clone());
                let access = Access::View(view.after(&window_view(window)));
                Ok(self.input(&Input { origin, access, grid: crate::grid::ChunkGrid::whole(whole), dtype }))
            }
            Op::View(own) => self.value(&node.inputs()[0], view.after(own)),
            Op::Cast => {
                let input = self.value(&node.inputs()[0], view.clone())?;
                Ok(self.push(Instruction::Cast(input), dtype))
            }
            Op::Map(function) => {
                let shape = node.shape();
                let mut arguments = Vec::with_capacity(node.inputs().len());
                for input in node.inputs() {
                    let broadcast = View::broadcast(&input.shape(), &shape)?;
                    arguments.push(self.value(input, view.after(&broadcast))?);
                }
                Ok(self.push(Instruction::Call(*function, arguments), dtype))
            }
            other => Err(ArrayError::internal(format!("{} cannot be fused", other.label()))),
        }
    }

    fn input(&mut self, input: &Input) -> Register {
        let number = self.inputs.iter().position(|known| known == input).unwrap_or_else(|| {
            self.inputs.push(input.clone());
            self.inputs.len() - 1
        });
        self.push(Instruction::Input(number), input.dtype)
    }

    fn push(&mut self, instruction: Instruction, dtype: DType) -> Register {
        let registers = &mut self.program.registers;
        *self.by_instruction.entry((instruction.clone(), dtype)).or_insert_with(|| {
            registers.push((instruction, dtype));
            registers.len() - 1
        })
    }
}
