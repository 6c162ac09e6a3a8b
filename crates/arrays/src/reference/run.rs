//! Stages run one task after another, as an executor would, and held to their promises: shapes of blocks, bytes of tasks.
//!
//! A state of a reduction is the elements themselves, so that merging is putting together.

use swath_kernels::{DType, Dims, NdArray, Scalar, SliceSpec};

use super::{apply_op, assemble, concatenate, from_fn, from_scalars, functions, map, reduce, scan};
use crate::error::Result;
use crate::expr::op::Scan;
use crate::expr::traits::BlockContext;
use crate::grid::{Region, region_shape};
use crate::lower::phase::Phase;
use crate::lower::plan::Plan;
use crate::lower::program::{Instruction, Program, ProgramOutput};
use crate::lower::stage::{Access, Content, Input, Origin, ScanPhase, Stage, Step, TaskRead};

type Blocks = Vec<Vec<Vec<NdArray>>>;
type Boxes = Vec<(Region, NdArray)>;

/// The results of a plan.
pub(crate) fn run_plan(plan: &Plan) -> Result<Vec<NdArray>> {
    let mut blocks: Blocks = Vec::new();
    for stage in &plan.stages {
        let mut made: Vec<Vec<NdArray>> = stage.outputs.iter().map(|_| Vec::new()).collect();
        for task in 0..stage.task_count() {
            let outputs = run_task(stage, task, &blocks, &made)?;
            for (output, block) in outputs.into_iter().enumerate() {
                let promise = &stage.outputs[output];
                if promise.content == Content::Array {
                    assert_eq!(block.dtype(), promise.dtype, "{stage:?}");
                    if promise.grid.is_known() {
                        assert_eq!(
                            block.shape(),
                            promise.grid.block_shape(task).as_slice(),
                            "task {task} of {stage:?}"
                        );
                    }
                }
                made[output].push(block);
            }
        }
        for (output, promise) in made.iter().zip(&stage.outputs) {
            assert_eq!(output.len(), promise.grid.block_count(), "blocks of {stage:?}");
        }
        blocks.push(made);
    }
    let roots = plan.outputs.iter().zip(&plan.after);
    roots
        .map(|((stage, output), root)| {
            let grid = &plan.stages[*stage].outputs[*output].grid;
            let list = &blocks[*stage][*output];
            if !grid.is_known() {
                return if list.len() == 1 { Ok(list[0].clone()) } else { concatenate(list, 0) };
            }
            let places: Boxes =
                list.iter().enumerate().map(|(block, array)| (grid.region(block), array.clone())).collect();
            assemble(&root.shape(), root.dtype(), &places)
        })
        .collect()
}

/// The boxes of an input that a task reads, each with its place.
fn fetch(input: &Input, read: &TaskRead, blocks: &Blocks) -> Result<NdArray> {
    let array = match &input.origin {
        Origin::Source(source) => source.0.read(&read.region)?,
        Origin::Generator(generator, whole) => {
            let start: Vec<usize> = read.region.iter().map(|range| range.start).collect();
            generator.0.block(whole, &start, &region_shape(&read.region))?
        }
        Origin::Stage { stage, output } => {
            let list = &blocks[*stage][*output];
            if !input.grid.is_known() && !matches!(input.access, Access::Routed { .. }) {
                return if read.pieces.len() == 1 {
                    Ok(list[read.pieces[0].block].clone())
                } else {
                    concatenate(list, 0)
                };
            }
            let mut parts: Boxes = Vec::new();
            for piece in &read.pieces {
                let part: Vec<SliceSpec> = piece.within.iter().map(|range| range.clone().into()).collect();
                parts.push((piece.at.clone(), list[piece.block].slice(&part)?));
            }
            assemble(&region_shape(&read.region), input.dtype, &parts)?
        }
    };
    match &read.view {
        Some(view) => view.apply(&array),
        None => Ok(array),
    }
}

/// States that a task merges, put together: they have as many elements along the axes as were reduced.
fn merged(input: &Input, read: &TaskRead, blocks: &Blocks, axes: &Dims) -> Result<NdArray> {
    let Origin::Stage { stage, output } = input.origin else { unreachable!("states come from stages") };
    let list = &blocks[stage][output];
    let mut ends: Vec<Vec<usize>> = read.region.iter().map(|range| vec![0; range.len() + 1]).collect();
    for piece in &read.pieces {
        for axis in axes {
            ends[*axis][piece.at[*axis].start + 1] = list[piece.block].shape()[*axis];
        }
    }
    for list in &mut ends {
        (1..list.len()).for_each(|at| list[at] += list[at - 1]);
    }
    let mut parts: Boxes = Vec::new();
    let mut shape: Dims = region_shape(&read.region);
    for axis in axes {
        shape[*axis] = ends[*axis][ends[*axis].len() - 1];
    }
    for piece in &read.pieces {
        let block = &list[piece.block];
        let place = (0..block.ndim()).map(|axis| match axes.contains(&axis) {
            true => ends[axis][piece.at[axis].start]..ends[axis][piece.at[axis].end],
            false => piece.at[axis].clone(),
        });
        parts.push((place.collect(), block.clone()));
    }
    let dtype = list.first().map_or(input.dtype, NdArray::dtype);
    assemble(&shape, dtype, &parts)
}

fn run_task(stage: &Stage, task: usize, blocks: &Blocks, made: &[Vec<NdArray>]) -> Result<Vec<NdArray>> {
    if let Some(other) = stage.mirror(task) {
        let ndim = made[0][other].ndim();
        let mut order: Vec<usize> = (0..ndim).collect();
        order.swap(ndim - 2, ndim - 1);
        return Ok(vec![made[0][other].transpose(&order)?]);
    }
    if let Step::Combine { function, axes, finish } = &stage.step {
        let read = &stage.reads(task, 0)[0];
        let all = merged(&stage.inputs[0], read, blocks, axes)?;
        let dtype = stage.outputs[0].dtype;
        return Ok(vec![if *finish { reduce(*function, &all, axes, dtype)? } else { all }]);
    }
    if let Step::Phase(phase) = &stage.step {
        return run_phase(phase, stage, task, blocks);
    }
    let mut boxes: Vec<Boxes> = Vec::new();
    let mut bytes = 0;
    for (number, input) in stage.inputs.iter().enumerate() {
        let mut list = Boxes::new();
        for read in stage.reads(task, number) {
            list.push((read.at.clone(), fetch(input, &read, blocks)?));
        }
        let sizes = list.iter().map(|(_, array)| {
            // What a broadcast view repeats is there once.
            array
                .shape()
                .iter()
                .zip(array.strides())
                .filter(|(_, stride)| **stride != 0)
                .map(|(length, _)| *length)
                .product::<usize>()
                * array.dtype().item_size()
        });
        bytes += if matches!(stage.step, Step::Contract { accumulate: true, .. }) {
            sizes.max().unwrap_or(0)
        } else {
            sizes.sum()
        };
        boxes.push(list);
    }
    let first = |input: usize| boxes[input][0].1.clone();
    let output = &stage.outputs[0];
    let shape = output.grid.block_shape(task);
    let dtype = output.dtype;
    let reshaped = |array: NdArray| -> Result<NdArray> {
        if output.grid.is_known() { Ok(array.reshape(&shape)?) } else { Ok(array) }
    };
    let result: Vec<NdArray> = match &stage.step {
        Step::Fused(program) => run_program(program, stage, task, &boxes)?,
        Step::Assemble => vec![assemble(&shape, dtype, &boxes.concat())?],
        Step::Reshape => vec![first(0).reshape(&shape)?],
        Step::Combine { .. } | Step::Phase(_) => unreachable!("handled above"),
        Step::Add { axes, .. } => vec![reshaped(reduce(crate::Reduction::Sum, &first(0), axes, dtype)?)?],
        Step::Contract { contraction, .. } => {
            let mut sum: Option<NdArray> = None;
            assert_eq!(boxes[0].len(), boxes[1].len());
            for ((_, left), (_, right)) in boxes[0].iter().zip(&boxes[1]) {
                let product = functions::contract(contraction, left, right, dtype)?;
                sum = Some(match sum {
                    None => product,
                    Some(sum) => map("add", &[sum, product], dtype)?,
                });
            }
            vec![reshaped(sum.unwrap())?]
        }
        Step::Scan { function, axis, phase } => vec![run_scan(*function, *axis, *phase, &boxes, dtype)?],
        Step::Block(call) => {
            let (index, region) = (stage.tasks.index_of(task), stage.tasks.region(task));
            let context =
                BlockContext { block: index.to_vec(), counts: stage.tasks.counts().to_vec(), region: region.to_vec() };
            let mut parts: Vec<NdArray> = Vec::new();
            for list in &boxes {
                let mut shape: Dims = list[0].1.shape().into();
                for (at, _) in list {
                    at.iter().enumerate().for_each(|(axis, range)| shape[axis] = shape[axis].max(range.end));
                }
                parts.push(if list.len() == 1 {
                    list[0].1.clone()
                } else {
                    assemble(&shape, list[0].1.dtype(), list)?
                });
            }
            vec![call.function.0.apply(&parts, &context)?]
        }
        Step::Local(node) => {
            let inputs: Vec<NdArray> = (0..boxes.len()).map(first).collect();
            let whole = stage.outputs[0].grid.block_shape(task);
            vec![reshaped(apply_op(node.op(), &inputs, dtype, &whole, node)?)?]
        }
        Step::Store(sink) => {
            sink.0.write(&stage.tasks.region(task), &first(0))?;
            if task + 1 == stage.task_count() {
                sink.0.finish()?;
            }
            vec![from_fn(&shape, DType::I64, |_| Scalar::I64(1))?]
        }
    };
    bytes += result.iter().map(NdArray::size_bytes).sum::<usize>();
    let is_state = stage.outputs.iter().any(|output| output.content != Content::Array);
    assert!(is_state || bytes as u64 <= stage.task_bytes, "{bytes} bytes in {stage:?}");
    Ok(result)
}

/// A phase as an executor runs it: input by input, read by read.
fn run_phase(phase: &Phase, stage: &Stage, task: usize, blocks: &Blocks) -> Result<Vec<NdArray>> {
    let mut run = phase.start(stage, task);
    let mut bytes = 0;
    for (number, input) in stage.inputs.iter().enumerate() {
        let (mut all, mut largest) = (0, 0);
        for read in stage.reads_with(task, number, &run)? {
            let array = fetch(input, &read, blocks)?;
            all += array.size_bytes();
            largest = largest.max(array.size_bytes());
            run.push(number, array)?;
        }
        bytes += if phase.streams(number) { largest } else { all };
    }
    let result = run.finish()?;
    bytes += result.iter().map(NdArray::size_bytes).sum::<usize>();
    assert!(bytes as u64 <= stage.task_bytes, "{bytes} bytes in {stage:?}");
    Ok(result)
}

fn run_program(program: &Program, stage: &Stage, task: usize, boxes: &[Boxes]) -> Result<Vec<NdArray>> {
    let region = stage.tasks.region(task);
    let known = stage.tasks.is_known();
    let shape: Dims = match boxes.iter().flatten().find(|_| !known) {
        Some((_, array)) => array.shape().into(),
        None => region_shape(&region),
    };
    let mut registers: Vec<NdArray> = Vec::new();
    for (instruction, dtype) in &program.registers {
        let value = match instruction {
            Instruction::Input(input) => {
                let array = boxes[*input][0].1.clone();
                assert!(!known || array.shape() == shape.as_slice(), "input {input} of {stage:?}");
                array
            }
            Instruction::Constant(value) => NdArray::full(&shape, value.0)?,
            Instruction::Position { axis, start, step } => from_fn(&shape, *dtype, |index| {
                Scalar::I64(start.wrapping_add(step.wrapping_mul((region[*axis].start + index[*axis]) as i64)))
            })?,
            Instruction::Call(function, arguments) => {
                let arguments: Vec<NdArray> = arguments.iter().map(|register| registers[*register].clone()).collect();
                map(function.name(), &arguments, *dtype)?
            }
            Instruction::Cast(register) => {
                let array = &registers[*register];
                let values: Vec<Scalar> = array.scalars().into_iter().map(|value| value.cast(*dtype)).collect();
                from_scalars(array.shape(), *dtype, &values)?
            }
        };
        assert_eq!(value.dtype(), *dtype, "{program}");
        registers.push(value);
    }
    program
        .outputs
        .iter()
        .zip(&stage.outputs)
        .map(|(output, promise)| match output {
            ProgramOutput::Array(register) => Ok(registers[*register].clone()),
            ProgramOutput::Reduce { register, function, axes, finish: true } => {
                reduce(*function, &registers[*register], axes, promise.dtype)
            }
            ProgramOutput::Reduce { register, .. } => Ok(registers[*register].clone()),
        })
        .collect()
}

fn run_scan(function: Scan, axis: usize, phase: ScanPhase, boxes: &[Boxes], dtype: DType) -> Result<NdArray> {
    let block = &boxes[0][0].1;
    let neutral = match function {
        Scan::Prod | Scan::NanProd => Scalar::one(dtype),
        _ => Scalar::zero(dtype),
    };
    let name = if matches!(function, Scan::Prod | Scan::NanProd) { "multiply" } else { "add" };
    let running = scan(function, block, axis, dtype)?;
    let length = block.shape()[axis];
    match phase {
        ScanPhase::Totals => {
            let mut part = vec![SliceSpec::ALL; block.ndim()];
            part[axis] = SliceSpec::from(length - 1..length);
            Ok(running.slice(&part)?)
        }
        ScanPhase::Carries => from_fn(block.shape(), dtype, |index| {
            let mut at: Dims = index.into();
            if at[axis] == 0 {
                return neutral;
            }
            at[axis] -= 1;
            running.get(&at).unwrap()
        }),
        ScanPhase::Apply => match boxes.get(1) {
            Some(carry) => map(name, &[carry[0].1.clone(), running], dtype),
            None => Ok(running),
        },
    }
}
