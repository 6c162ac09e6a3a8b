//! Fused programs, written out once for the kernels' interpreter and run for every block.

use std::sync::Arc;

use smallvec::SmallVec;
use swath_arrays::expr::view::{View, ViewAxis};
use swath_arrays::lower::program::{Instruction, Program, ProgramOutput};
use swath_arrays::lower::stage::{Access, Content, Stage};
use swath_kernels::fused::{self, Builder, Produced, Ramp};
use swath_kernels::layout::arrange;
use swath_kernels::{Dims, NdArray};

use super::{Made, Parts, Task};
use crate::block::Block;
use crate::error::{BlocksError, Result};
use crate::fetch;

/// A program as the kernels run it.
#[derive(Debug)]
pub(crate) struct Compiled {
    program: fused::Program,
    outputs: Vec<Source>,
}

/// Where an output comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// An input, as it is.
    Input(usize),
    /// An output of the kernels' program.
    Computed(usize),
}

/// The kernels' form of a program.
pub(crate) fn compile(program: &Program) -> Result<Compiled> {
    let mut build = Builder::new();
    let mut values = Vec::with_capacity(program.registers.len());
    for (instruction, dtype) in &program.registers {
        let value = match instruction {
            Instruction::Input(input) => build.input(*input, *dtype),
            Instruction::Constant(value) => build.constant(value.0),
            Instruction::Position { axis, start, step } => {
                build.coordinate(*axis, Ramp::Integer { start: *start, step: *step })
            }
            Instruction::Call(function, arguments) => {
                let arguments: SmallVec<[fused::Value; 4]> =
                    arguments.iter().map(|register| values[*register]).collect();
                build.call(function.name(), &arguments)?
            }
            Instruction::Cast(register) => build.cast(values[*register], *dtype)?,
        };
        values.push(build.cast(value, *dtype)?);
    }
    let mut outputs = Vec::with_capacity(program.outputs.len());
    let mut computed = Vec::new();
    for output in &program.outputs {
        let kernel_output = match output {
            ProgramOutput::Array(register) => {
                if let Instruction::Input(input) = &program.registers[*register].0 {
                    outputs.push(Source::Input(*input));
                    continue;
                }
                fused::Output::Array(values[*register])
            }
            ProgramOutput::Reduce { register, function, axes, .. } => {
                fused::Output::Reduce(values[*register], function.kernel(), axes.to_vec())
            }
        };
        outputs.push(Source::Computed(computed.len()));
        computed.push(kernel_output);
    }
    Ok(Compiled { program: build.finish(&computed)?, outputs })
}

/// Bytes of output that are made at a time where parts can be handed on: they, and what they are made of, stay in the cache.
pub(super) const PART_BYTES: usize = 512 << 10;

/// Whether the outputs of a program's stage can be made in parts: elements only, of known lengths, by more than handing on inputs.
pub(super) fn makes_parts(stage: &Stage, program: &Program) -> bool {
    let elements = |output: &ProgramOutput| match output {
        ProgramOutput::Array(register) => !matches!(program.registers[*register].0, Instruction::Input(_)),
        ProgramOutput::Reduce { .. } => false,
    };
    stage.tasks.is_known() && stage.tasks.ndim() > 0 && program.outputs.iter().all(elements)
}

/// The block in parts along its first axis that has more than one element, each handed on at once.
fn run_in_parts(task: &Task<'_>, compiled: &Compiled, parts: &dyn Parts) -> Result<Made> {
    let stage = task.stage;
    let whole: SmallVec<[u64; 4]> = stage.tasks.axes().iter().map(|axis| axis.length() as u64).collect();
    let mut region = stage.tasks.region(task.number);
    let shape: Dims = region.iter().map(|range| range.len()).collect();
    let inputs = (0..stage.inputs.len()).map(|input| task.single(input)).collect::<Result<SmallVec<[NdArray; 4]>>>()?;
    let axis = shape.iter().position(|length| *length > 1).unwrap_or(0);
    let item = stage.outputs.iter().map(|output| output.dtype.item_size()).max().unwrap_or(1);
    let row: usize = shape[axis + 1..].iter().product::<usize>() * item;
    let step = (PART_BYTES / row.max(1)).clamp(1, shape[axis].max(1));
    let own = region[axis].clone();
    for start in (0..shape[axis]).step_by(step) {
        let length = step.min(shape[axis] - start);
        region[axis] = own.start + start..own.start + start + length;
        let mut part_shape = shape.clone();
        part_shape[axis] = length;
        let part = |array: &NdArray| Ok(in_order(&arrange::range(array, axis, start, length)?));
        let inputs = inputs.iter().map(part).collect::<Result<SmallVec<[NdArray; 4]>>>()?;
        let origin: SmallVec<[u64; 4]> = region.iter().map(|range| range.start as u64).collect();
        let block = fused::Block { shape: &part_shape, origin: &origin, global_shape: &whole };
        let places = (0..stage.outputs.len()).map(|output| parts.room(output, &region)).collect::<Result<Vec<_>>>()?;
        // SAFETY: the places are those of the region in results, of the outputs' dtypes, and no other task has the region.
        unsafe { compiled.program.run_into(&block, &inputs, &places)? };
    }
    Ok(Made::new())
}

/// A transposed part copied into order, which reads whole cache lines; others stay as they are.
fn in_order(array: &NdArray) -> NdArray {
    let long = |axis: usize| array.shape()[axis] > 1;
    let last = (0..array.ndim()).rev().find(|axis| long(*axis));
    let across = (0..array.ndim()).any(|axis| long(axis) && array.strides()[axis] == 1);
    let repeats = (0..array.ndim()).any(|axis| long(axis) && array.strides()[axis] == 0);
    match last {
        Some(last) if array.strides()[last] != 1 && across && !repeats => array.contiguous(),
        _ => array.clone(),
    }
}

pub(crate) fn run(task: &Task<'_>, compiled: &Compiled) -> Result<Made> {
    if let Some(parts) = task.parts {
        return run_in_parts(task, compiled, parts);
    }
    let stage = task.stage;
    let region = stage.tasks.region(task.number);
    let mut inputs: SmallVec<[NdArray; 4]> = SmallVec::new();
    let shape = if stage.tasks.is_known() {
        for input in 0..stage.inputs.len() {
            inputs.push(task.single(input)?);
        }
        region.iter().map(|range| range.len()).collect()
    } else {
        let shape = unknown_shape(task)?;
        for input in 0..stage.inputs.len() {
            inputs.push(with_shape(task, input, &shape)?);
        }
        shape
    };
    let mut produced: SmallVec<[Option<Produced>; 2]> = SmallVec::new();
    if compiled.outputs.iter().any(|source| matches!(source, Source::Computed(_))) {
        let origin: SmallVec<[u64; 4]> = region.iter().map(|range| range.start as u64).collect();
        let whole: SmallVec<[u64; 4]> = stage.tasks.axes().iter().map(|axis| axis.length() as u64).collect();
        let block = fused::Block { shape: &shape, origin: &origin, global_shape: &whole };
        produced.extend(compiled.program.run(&block, &inputs)?.into_iter().map(Some));
    }
    let outputs = compiled.outputs.iter().zip(&stage.outputs).map(|(source, promise)| {
        let missing = || BlocksError::internal("a program gave too few outputs");
        let made = match source {
            Source::Input(input) => Produced::Array(inputs.get(*input).cloned().ok_or_else(missing)?),
            Source::Computed(output) => produced.get_mut(*output).and_then(Option::take).ok_or_else(missing)?,
        };
        Ok(match (made, &promise.content) {
            (Produced::Array(array), _) => Block::Array(array),
            (Produced::Partial(state), Content::State { .. }) => Block::State(Arc::new(state)),
            (Produced::Partial(state), Content::Array) => Block::Array(fused::cast(&state.finish()?, promise.dtype)?),
        })
    });
    outputs.collect()
}

/// The shape of a task's block where lengths are known only now: those of the blocks that have them.
fn unknown_shape(task: &Task<'_>) -> Result<Dims> {
    let stage = task.stage;
    let mut shape: Dims = stage.tasks.block_shape(task.number);
    let mut found: SmallVec<[bool; 4]> = shape.iter().map(|_| false).collect();
    for (number, input) in stage.inputs.iter().enumerate() {
        let Access::View(view) = &input.access else { continue };
        if input.grid.is_known() {
            continue;
        }
        for read in stage.reads(task.number, number) {
            let array = fetch::fetch_box(input, &read, task.blocks)?;
            for (own, axis) in view.axes().iter().enumerate() {
                if let ViewAxis::Slice { axis, .. } = axis
                    && !input.grid.axis(*axis).is_known()
                {
                    let length = array.shape()[*axis];
                    if found[own] && shape[own] != length {
                        return Err(unequal(stage, own, shape[own], length));
                    }
                    (shape[own], found[own]) = (length, true);
                }
            }
        }
    }
    Ok(shape)
}

/// The error of blocks that were taken to be equally long.
fn unequal(stage: &Stage, axis: usize, one: usize, other: usize) -> BlocksError {
    let what = format!(
        "operands of {:?} whose lengths masks made differ along axis {axis}: a block has {one} elements, the one beside it {other}; \
         compute the sizes first (compute_chunk_sizes)",
        stage.nodes
    );
    swath_kernels::KernelError::invalid(what).into()
}

/// An input whose view was made for an upper bound of the block's shape.
fn with_shape(task: &Task<'_>, number: usize, shape: &[usize]) -> Result<NdArray> {
    let input = &task.stage.inputs[number];
    let reads = task.stage.reads(task.number, number);
    let [read] = reads.as_slice() else { return Err(not_single(task.stage, number)) };
    let array = fetch::fetch_box(input, read, task.blocks)?;
    let Some(view) = &read.view else { return Ok(array) };
    let axes = view.axes().iter().zip(shape).map(|(axis, length)| match *axis {
        ViewAxis::New(_) => ViewAxis::New(*length),
        ViewAxis::Slice { axis, start, step, .. } => ViewAxis::Slice { axis, start, step, length: *length },
    });
    Ok(View::new(axes, view.fixed()).apply(&array)?)
}

pub(super) fn not_single(stage: &Stage, input: usize) -> BlocksError {
    BlocksError::internal(format!("input {input} of {:?} is not one box", stage.nodes))
}
