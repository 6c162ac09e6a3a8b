//! Reductions whose states would outweigh what they reduce.
//!
//! A mean over the leading axis of `(3650, 90, 180)`, read in chunks of a few hundred rows, leaves a state for each of the kept elements
//! and each chunk: more bytes than were read. Where the input can be had in any chunks, tasks take the reduced axes whole instead, and
//! share out the kept ones: no states are exchanged.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::super::PlanOptions;
use super::super::memory::state_bytes;
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::reduce::reduced_grid;
use crate::grid::{AxisChunks, ChunkGrid};
use crate::optimize::Uses;
use crate::optimize::absorb_rechunk::absorb;

/// States that a task keeps at a time: they stay in the second-level cache.
const TASK_STATES: usize = 32 << 10;
/// Tasks beyond which their number costs more than states that leave the cache.
const MOST_TASKS: usize = 4096;
/// What may be made again for a reduction, though others use it as well, costs at most so many additions an element.
const CHEAP: u32 = 4;

/// The reduction over whole axes, where it is cut along them, states of all chunks weigh more than a quarter of the input, and that can be
/// had in other chunks without an exchange.
pub(super) fn whole(node: &ArrayExpr, uses: &Uses, options: &PlanOptions) -> Result<Option<ArrayExpr>> {
    let (Op::Reduce { function, axes }, [input]) = (node.op(), node.inputs()) else { return Ok(None) };
    let grid = input.grid();
    let kept = usize::try_from(node.elements()).unwrap_or(usize::MAX);
    if !grid.is_known() || kept < TASK_STATES || axes.iter().all(|axis| grid.axis(*axis).is_single()) {
        return Ok(None);
    }
    let state = state_bytes(*function, input.dtype(), node.dtype());
    let chunks = axes.iter().fold(1u64, |count, axis| count.saturating_mul(grid.axis(*axis).count() as u64));
    if node.elements().saturating_mul(chunks).saturating_mul(state) < input.bytes() / 4 {
        return Ok(None);
    }
    // What a task holds for each kept element.
    let reduced = input.elements() / node.elements().max(1);
    let each = reduced.saturating_mul(input.dtype().item_size() as u64).saturating_add(2 * state).max(1);
    let fitting = usize::try_from(options.task_limit_bytes / 4 / each).unwrap_or(usize::MAX);
    let mut left = TASK_STATES.max(kept / MOST_TASKS).min(kept / (2 * options.parallelism)).min(fitting);
    if left == 0 {
        return Ok(None);
    }
    let mut cut: Vec<AxisChunks> = grid.axes().to_vec();
    for axis in (0..cut.len()).rev() {
        let length = cut[axis].length();
        cut[axis] = if axes.contains(&axis) {
            AxisChunks::whole(length)
        } else {
            let chunk = left.clamp(1, length.max(1));
            left /= chunk;
            AxisChunks::even(length, length.div_ceil(chunk))
        };
    }
    let Some(input) = in_chunks(input, &ChunkGrid::new(cut), uses) else { return Ok(None) };
    let grid = reduced_grid(input.grid(), axes, false);
    Ok(Some(ArrayExpr::intern(node.op().clone(), [input], node.dtype(), grid)))
}

/// An elementwise result over a reduction of what it reads itself, as `x - x.mean(0)`, in the chunks in which the reduction reads: a task of
/// it needs one block of the reduction, and what it reads has just been read. For results only, whose chunks nobody sees.
pub(super) fn followed(root: &ArrayExpr, uses: &Uses) -> Option<ArrayExpr> {
    if !matches!(root.op(), Op::Map(_) | Op::Cast) {
        return None;
    }
    let grid = reduction_below(root)?;
    if root.grid() == &grid { None } else { in_chunks(root, &grid, uses) }
}

/// The chunks of a reduction below elementwise operations, casts and views whose tasks take the axes whole and share out the kept ones of
/// an input of the root's shape.
fn reduction_below(root: &ArrayExpr) -> Option<ChunkGrid> {
    let passed = |node: &ArrayExpr| matches!(node.op(), Op::Map(_) | Op::Cast | Op::View(_) | Op::Rechunk);
    let shape = root.shape();
    reached(root, passed).into_values().find_map(|node| {
        let (Op::Reduce { axes, .. }, [input]) = (node.op(), node.inputs()) else { return None };
        let grid = input.grid();
        let shared_out = grid.is_known()
            && node.grid().block_count() > 1
            && input.shape() == shape
            && axes.iter().all(|axis| grid.axis(*axis).is_single());
        shared_out.then(|| grid.clone())
    })
}

/// The node, and what is met below it through nodes that may be passed, by their numbers.
fn reached(node: &ArrayExpr, passed: impl Fn(&ArrayExpr) -> bool) -> BTreeMap<u64, ArrayExpr> {
    let (mut met, mut left) = (BTreeMap::new(), vec![node.clone()]);
    while let Some(node) = left.pop() {
        if let Entry::Vacant(place) = met.entry(node.id()) {
            if passed(&node) {
                left.extend_from_slice(node.inputs());
            }
            place.insert(node);
        }
    }
    met
}

/// The node made in other chunks, if that costs no exchange and little work.
fn in_chunks(root: &ArrayExpr, grid: &ChunkGrid, uses: &Uses) -> Option<ArrayExpr> {
    let met = reached(root, |node| matches!(node.op(), Op::Map(_) | Op::Cast | Op::Rechunk));
    let mut made: HashMap<u64, ArrayExpr> = HashMap::with_capacity(met.len());
    for node in ArrayExpr::topological(std::slice::from_ref(root)) {
        if !met.contains_key(&node.id()) {
            continue;
        }
        // Operands meet along the last axes; those along which one is broadcast keep their one chunk.
        let axes = node.grid().axes().iter().zip(&grid.axes()[grid.ndim() - node.ndim()..]);
        let axes = axes.map(|(own, wanted)| if own.length() == wanted.length() { wanted } else { own }).cloned();
        let own = ChunkGrid::new(axes);
        let inputs = || node.inputs().iter().map(|input| made[&input.id()].clone());
        let again = match node.op() {
            Op::Map(function) if function.cost() > CHEAP && !uses.is_single(&node) => return None,
            Op::Map(_) | Op::Cast => ArrayExpr::intern(node.op().clone(), inputs(), node.dtype(), own),
            Op::Rechunk => inputs().next()?,
            _ => absorb(&node, &own, uses)?,
        };
        made.insert(node.id(), again);
    }
    made.remove(&root.id())
}

#[cfg(test)]
mod tests {
    use crate::expr::node::ArrayExpr;
    use crate::lower::PlanOptions;
    use crate::lower::plan::Plan;
    use crate::optimize::tests::{memory, stored};
    use crate::reference::{evaluate, run_plan};

    fn stages(root: &ArrayExpr) -> String {
        let plan = Plan::new(std::slice::from_ref(root), PlanOptions::default()).unwrap();
        assert_eq!(run_plan(&plan).unwrap()[0], evaluate(root).unwrap());
        let text = plan.explain();
        text[text.find("Stages:").unwrap()..].to_owned()
    }

    #[test]
    fn tasks_take_the_reduced_axis_whole() {
        // Three years of ten days.
        let years = memory(&[30, 40, 90], &[10, 40, 90]).reshape(&[3, 10, 40, 90]).unwrap();
        insta::assert_snapshot!(stages(&years.mean(Some(&[0])).unwrap()), @"
        Stages: 1 with 5 tasks, at most 225.0 KiB a task
          0 Fused: 5 tasks of 225.0 KiB -> float64 [2x5, 40, 90]
              <- memory [3, 10, 40, 90] [a[0:3], b[0:10], c[0:40], d[0:90]]
              r0: float64 = input 0
              -> mean(r0) over [0]
        ");
        insta::assert_snapshot!(stages(&years.subtract(years.mean(Some(&[0])).unwrap()).unwrap()), @"
        Stages: 2 with 10 tasks, at most 425.8 KiB a task
          0 Fused: 5 tasks of 225.0 KiB -> float64 [2x5, 40, 90]
              <- memory [3, 10, 40, 90] [a[0:3], b[0:10], c[0:40], d[0:90]]
              r0: float64 = input 0
              -> mean(r0) over [0]
          1 Fused: 5 tasks of 425.8 KiB -> float64 [3, 2x5, 40, 90]
              <- memory [3, 10, 40, 90] [a[0:3], b[0:10], c[0:40], d[0:90]]
              <- stage 0 [2x5, 40, 90] [new(3), a[0:10], b[0:40], c[0:90]]
              r0: float64 = input 0
              r1: float64 = input 1
              r2: float64 = subtract(r0, r1)
              -> r2
        ");
    }

    #[test]
    fn results_over_a_reduction_are_made_block_by_block_with_it() {
        let years = memory(&[30, 40, 90], &[10, 40, 90]).reshape(&[3, 10, 40, 90]).unwrap();
        let (mean, std) = (years.mean(Some(&[0])).unwrap(), years.std(Some(&[0])).unwrap());
        let standard = years.subtract(mean).unwrap().divide(std).unwrap();
        let text = stages(&standard);
        assert!(text.contains("-> float64 [3, 2x5, 40, 90]") && !text.contains("[1x3"), "{text}");
        // Chunks of what is stored stay as they are, and so do those that somebody asked for.
        let x = stored(&[4, 40, 900], &[4, 10, 900]);
        let asked = x.subtract(x.sum(Some(&[0])).unwrap()).unwrap();
        assert!(stages(&asked).contains("-> float64 [4, 10x4, 900]"), "{}", stages(&asked));
    }

    #[test]
    fn expressions_of_many_paths_are_walked_once() {
        let years = memory(&[30, 40, 90], &[10, 40, 90]).reshape(&[3, 10, 40, 90]).unwrap();
        let mut sum = years.subtract(years.mean(Some(&[0])).unwrap()).unwrap();
        for _ in 0..60 {
            sum = sum.add(sum.negative().unwrap()).unwrap();
        }
        assert!(Plan::new(&[sum], PlanOptions::default()).is_ok());
    }

    #[test]
    fn stored_chunks_leave_states() {
        let x = stored(&[4, 40, 900], &[1, 40, 900]);
        assert!(stages(&x.sum(Some(&[0])).unwrap()).contains("state"));
    }
}
