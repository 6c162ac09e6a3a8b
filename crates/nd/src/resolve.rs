//! Lengths that are known only after running, computed when an operation needs them.

use std::collections::HashMap;

use swath_arrays::ArrayExpr;
use swath_arrays::expr::op::Op;
use swath_arrays::expr::view::ViewAxis;

use crate::context::Arrays;
use crate::error::Result;

/// The expression with all lengths known: what a mask or `unique` keeps is computed, held in memory, and stands in their place.
pub(crate) fn known(context: &Arrays, expression: &ArrayExpr) -> Result<ArrayExpr> {
    let mut current = expression.clone();
    while !current.grid().is_known() {
        let order = ArrayExpr::topological(std::slice::from_ref(&current));
        let makers: Vec<ArrayExpr> = order
            .into_iter()
            .filter(|node| !node.grid().is_known() && node.inputs().iter().all(|input| input.grid().is_known()))
            .collect();
        let mut replaced = HashMap::new();
        for (maker, array) in makers.iter().zip(crate::run::evaluate(context, &makers)?) {
            replaced.insert(maker.id(), ArrayExpr::from_array(array.clone(), context.chunks_for(array.ndim()))?);
        }
        current = current.substitute(&replaced)?;
    }
    Ok(current)
}

/// Expressions that are combined place by place, broadcasting: with all lengths known, unless those that are not known are the same ones
/// in all of them. Two bounds that are equal say nothing about the lengths.
pub(crate) fn matched(context: &Arrays, arrays: &[ArrayExpr]) -> Result<Vec<ArrayExpr>> {
    if are_alike(arrays) {
        return Ok(arrays.to_vec());
    }
    arrays.iter().map(|array| known(context, array)).collect()
}

/// Whether unknown lengths stand only beside the same unknown lengths, or where an axis is broadcast.
pub(crate) fn are_alike(arrays: &[ArrayExpr]) -> bool {
    if arrays.iter().all(|array| array.grid().is_known()) {
        return true;
    }
    let ndim = arrays.iter().map(ArrayExpr::ndim).max().unwrap_or(0);
    (1..=ndim).all(|back| {
        let beside = arrays.iter().filter(|array| array.ndim() >= back).map(|array| (array, array.ndim() - back));
        let broadcast = |array: &ArrayExpr, axis: usize| {
            let chunks = array.grid().axis(axis);
            chunks.is_known() && chunks.length() == 1
        };
        are_one(beside.filter(|(array, axis)| !broadcast(array, *axis)))
    })
}

/// Whether axes are all known, or all of the same unknown length.
pub(crate) fn are_one<'a>(axes: impl IntoIterator<Item = (&'a ArrayExpr, usize)>) -> bool {
    let mut origins =
        axes.into_iter().map(|(array, axis)| (!array.grid().axis(axis).is_known()).then(|| origin(array, axis)));
    origins.next().is_none_or(|first| origins.all(|other| other == first))
}

/// What made the length of an axis, as far as it can be seen: the mask, or a node and its axis. Equal origins have equal lengths.
fn origin(array: &ArrayExpr, axis: usize) -> (u64, usize) {
    let (mut node, mut axis) = (array.clone(), axis);
    loop {
        let before = match node.op() {
            Op::Cast | Op::Rechunk | Op::Scan { .. } => Some((0, axis)),
            Op::Map(_) => {
                let lead = |input: &ArrayExpr| (axis + input.ndim()).checked_sub(node.ndim());
                let follows = |input: &ArrayExpr| lead(input).filter(|own| !input.grid().axis(*own).is_known());
                node.inputs().iter().enumerate().find_map(|(which, input)| Some((which, follows(input)?)))
            }
            Op::View(view) => match view.axes().get(axis) {
                Some(ViewAxis::Slice { axis, .. }) => Some((0, *axis)),
                _ => None,
            },
            Op::Reduce { axes, .. } => {
                let kept = (0..node.inputs()[0].ndim()).filter(|own| !axes.contains(own)).nth(axis);
                kept.map(|own| (0, own))
            }
            Op::Concat { axis: joined } if *joined != axis => Some((0, axis)),
            // All that one mask keeps is equally long, of whichever array.
            Op::Mask if axis == 0 => Some((1, 0)),
            Op::Mask => Some((0, axis + node.inputs()[1].ndim() - 1)),
            _ => None,
        };
        let made_here = matches!(node.op(), Op::Mask) && axis == 0;
        let next = before.and_then(|(which, own)| Some((node.inputs().get(which)?.clone(), own)));
        match next {
            Some((mask, _)) if made_here => {
                // A mask is brought to the chunks of what it masks.
                let mut mask = mask;
                while let (Op::Rechunk, Some(input)) = (mask.op(), mask.inputs().first().cloned()) {
                    mask = input;
                }
                return (mask.id(), usize::MAX);
            }
            Some((input, own)) if !input.grid().axis(own).is_known() => (node, axis) = (input, own),
            _ => return (node.id(), axis),
        }
    }
}
