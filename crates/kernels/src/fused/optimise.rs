//! From what was written to what runs: superinstructions, dead code, scratch tiles.

use smallvec::SmallVec;

use super::{Call, Node, Output, Program};
use crate::isa::Loop;
use crate::ufunc;

/// Turns written nodes into a program.
pub(super) fn compile(mut nodes: Vec<Node>, outputs: &[Output]) -> Program {
    fuse_pairs(&mut nodes, outputs);
    let (nodes, outputs) = drop_unused(&nodes, outputs);
    let (slots, slot_count) = assign_slots(&nodes, &outputs);
    let input_count =
        nodes.iter().map(|node| if let Node::Input { index, .. } = node { index + 1 } else { 0 }).max().unwrap_or(0);
    Program { nodes, outputs, slots, slot_count, input_count }
}

/// Joins a product and the sum that alone uses it (or a sum and its product) into one instruction, which rounds twice as they did.
fn fuse_pairs(nodes: &mut [Node], outputs: &[Output]) {
    let mut uses = vec![0usize; nodes.len()];
    for node in nodes.iter() {
        if let Node::Call(call) = node {
            call.inputs.iter().for_each(|input| uses[*input] += 1);
        }
    }
    outputs.iter().for_each(|output| uses[output.register()] += 1);
    for register in 0..nodes.len() {
        let Node::Call(call) = &nodes[register] else { continue };
        let fused = match call.name {
            "add" => join(nodes, &uses, call, "multiply", "multiply_add", ufunc::multiply_add),
            "multiply" => join(nodes, &uses, call, "add", "add_multiply", ufunc::add_multiply)
                .or_else(|| join(nodes, &uses, call, "subtract", "subtract_multiply", ufunc::subtract_multiply)),
            _ => None,
        };
        if let Some(fused) = fused {
            nodes[register] = Node::Call(fused);
        }
    }
}

fn join(
    nodes: &[Node],
    uses: &[usize],
    outer: &Call,
    inner_name: &str,
    name: &'static str,
    loops: fn(crate::DType) -> Option<Loop>,
) -> Option<Call> {
    let run = loops(outer.dtype)?;
    (0..2).find_map(|side| {
        let Node::Call(inner) = &nodes[outer.inputs[side]] else { return None };
        let single = uses[outer.inputs[side]] == 1 && inner.name == inner_name && inner.dtype == outer.dtype;
        single.then(|| {
            let inputs = SmallVec::from_slice(&[inner.inputs[0], inner.inputs[1], outer.inputs[1 - side]]);
            Call { name, run, argument: 0, inputs, dtype: outer.dtype }
        })
    })
}

fn drop_unused(nodes: &[Node], outputs: &[Output]) -> (Vec<Node>, Vec<Output>) {
    let mut used = vec![false; nodes.len()];
    outputs.iter().for_each(|output| used[output.register()] = true);
    for register in (0..nodes.len()).rev() {
        if let (true, Node::Call(call)) = (used[register], &nodes[register]) {
            call.inputs.iter().for_each(|input| used[*input] = true);
        }
    }
    let mut place = vec![0; nodes.len()];
    let mut kept: Vec<Node> = Vec::new();
    for (register, node) in nodes.iter().enumerate().filter(|(register, _)| used[*register]) {
        place[register] = kept.len();
        let mut node = node.clone();
        if let Node::Call(call) = &mut node {
            call.inputs.iter_mut().for_each(|input| *input = place[*input]);
        }
        kept.push(node);
    }
    let outputs = outputs.iter().map(|output| output.with_register(place[output.register()])).collect();
    (kept, outputs)
}

/// A scratch tile for each call, reused after its last reader. Array outputs are written in place and need none; an instruction's
/// output never shares a tile with its inputs.
fn assign_slots(nodes: &[Node], outputs: &[Output]) -> (Vec<Option<usize>>, usize) {
    let mut last_use: Vec<usize> = (0..nodes.len()).collect();
    for (register, node) in nodes.iter().enumerate() {
        if let Node::Call(call) = node {
            call.inputs.iter().for_each(|input| last_use[*input] = register);
        }
    }
    outputs.iter().for_each(|output| last_use[output.register()] = nodes.len());
    let in_place =
        |register| outputs.iter().any(|output| matches!(output, Output::Array(value) if value.0 == register));
    let mut slots = vec![None; nodes.len()];
    let (mut free, mut count): (Vec<usize>, usize) = (Vec::new(), 0);
    for (register, node) in nodes.iter().enumerate() {
        let Node::Call(call) = node else { continue };
        if !in_place(register) {
            slots[register] = Some(free.pop().unwrap_or_else(|| {
                count += 1;
                count - 1
            }));
        }
        let mut ended: SmallVec<[usize; 4]> =
            call.inputs.iter().copied().filter(|i| last_use[*i] == register).collect();
        ended.sort_unstable();
        ended.dedup();
        free.extend(ended.into_iter().filter_map(|input| slots[input]));
    }
    (slots, count)
}
