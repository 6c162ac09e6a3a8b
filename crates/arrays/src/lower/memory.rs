//! How much a task takes, known before it runs.

use swath_kernels::{DType, Dims};

use super::program::{Instruction, Program};
use super::stage::{Access, Content, Input, Origin, Output, Stage, Step};
use crate::expr::op::{Op, Order};
use crate::expr::reduction::Reduction;
use crate::grid::Region;

/// Elements of a register's tile, and bytes of the widest element: the scratch of a program.
const TILE_ELEMENTS: u64 = 2048;
const WIDEST_ELEMENT_BYTES: u64 = 16;

/// Bytes for one element of an output: a state takes what its parts do.
pub(super) fn output_item_bytes(output: &Output) -> u64 {
    match &output.content {
        Content::Array => output.dtype.item_size() as u64,
        Content::State { function, input, result, .. } => state_bytes(*function, *input, *result),
    }
}

/// Bytes of the state of one kept element.
pub(super) fn state_bytes(function: Reduction, input: DType, result: DType) -> u64 {
    // Compensated sums keep a second number.
    function.state(input, result).iter().map(|(_, dtype)| dtype.item_size() as u64).sum::<u64>() + 8
}

/// The most bytes that a task of a stage holds.
pub(super) fn task_bytes(stage: &Stage) -> u64 {
    let inputs: Vec<u64> = stage.inputs.iter().map(|input| input_bytes(stage, input)).collect();
    let joins = inputs.len() > 1 && stage.inputs.iter().all(|input| matches!(input.access, Access::Shifted { .. }));
    let read = if joins {
        // What a task joins is as much as it makes, and comes from one block after another.
        let item = stage.inputs[0].dtype.item_size() as u64;
        let own = stage.tasks.largest_block_elements().saturating_mul(item);
        own.saturating_add(inputs.iter().copied().max().unwrap_or(0))
    } else {
        inputs.iter().fold(0u64, |sum, bytes| sum.saturating_add(*bytes))
    };
    let made = stage.outputs.iter().fold(0u64, |sum, output| {
        sum.saturating_add(output.grid.largest_block_elements().saturating_mul(output_item_bytes(output)))
    });
    let scratch = match &stage.step {
        Step::Fused(program) => scratch_of_program(program, stage.tasks.largest_block_elements()),
        Step::Block(call) => call.function.0.scratch_bytes(read),
        Step::Phase(phase) => phase.scratch_bytes(stage, (read, made)),
        Step::Local(node) => match node.op() {
            // Keys and positions beside the elements.
            Op::Order(Order::ArgSort { .. } | Order::Top { .. }) => read.saturating_mul(2),
            Op::Order(_) => read,
            // Copies that are factored in place, and work space as large.
            Op::Linalg(_) => read.saturating_mul(2),
            Op::Fft { .. } => made,
            _ => 0,
        },
        _ => 0,
    };
    read.saturating_add(made).saturating_add(scratch)
}

fn scratch_of_program(program: &Program, block_elements: u64) -> u64 {
    let computed =
        |register: &&(Instruction, DType)| !matches!(register.0, Instruction::Input(_) | Instruction::Constant(_));
    program.registers.iter().filter(computed).count() as u64 * block_elements.min(TILE_ELEMENTS) * WIDEST_ELEMENT_BYTES
}

/// Bytes of an input that a task holds at a time: the box, and the largest block it is cut from where it must be put together.
pub(super) fn input_bytes(stage: &Stage, input: &Input) -> u64 {
    let item = input.dtype.item_size() as u64;
    let task: Dims = stage.tasks.largest_block();
    let block = input.grid.largest_block_elements();
    let product = |shape: &[usize]| shape.iter().fold(1u64, |product, length| product.saturating_mul(*length as u64));
    let elements = match &input.access {
        Access::View(view) => {
            let region: Region = task.iter().map(|length| 0..*length).collect();
            // Lengths of the box at the origin are those of the box anywhere.
            let shape: Dims = crate::grid::region_shape(&view.input_region(&region));
            let read = product(&shape);
            let is_stage = matches!(input.origin, Origin::Stage { .. });
            // Blocks of other stages are shared where one holds the box; else the box is a copy beside a block.
            if is_stage && input.grid.largest_block() != shape { read.saturating_add(block) } else { read }
        }
        Access::SameNumber => block,
        Access::Blocks(axes) => {
            if matches!(stage.step, Step::Contract { accumulate: true, .. }) {
                block
            } else {
                let lengths: Dims = axes
                    .iter()
                    .enumerate()
                    .map(|(axis, follows)| match follows {
                        Some(_) => input.grid.axis(axis).longest(),
                        None => input.grid.axis(axis).length(),
                    })
                    .collect();
                product(&lengths)
            }
        }
        Access::Shifted { .. } => block,
        Access::Routed { most_elements, .. } => *most_elements,
        Access::Fan(widths) => product(widths).saturating_mul(block),
        Access::Halo(widths, _) => {
            let lengths: Dims =
                task.iter().zip(widths).map(|(length, (before, after))| length + before + after).collect();
            product(&lengths).saturating_add(block)
        }
    };
    let item = match &stage.step {
        Step::Combine { .. } => state_item_bytes(stage, item),
        _ => item,
    };
    elements.saturating_mul(item)
}

/// Bytes of one state that a combining stage reads.
fn state_item_bytes(stage: &Stage, item: u64) -> u64 {
    let Some(Op::Reduce { function, .. }) = stage.nodes.first().map(|node| node.op()) else { return item };
    let node = &stage.nodes[0];
    state_bytes(*function, node.inputs()[0].dtype(), node.dtype())
}
