//! The plan of a computation: optimised, cut into stages, within a bound of memory that is known before it runs.

use std::collections::HashMap;
use std::fmt::Write;

use super::PlanOptions;
use super::build::build;
use super::spread::{share, spread};
use super::stage::{Access, Content, Origin, Stage, Step};
use crate::error::{ArrayError, Result};
use crate::explain::{bytes, tree};
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Linalg, Op, Order};
use crate::grid::ChunkGrid;
use crate::optimize::{Applied, add_applied, optimize};

/// Times that chunks are halved before a plan gives up.
const MOST_HALVINGS: u32 = 12;

/// A computation as stages.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stages; each comes after those that it reads.
    pub stages: Vec<Stage>,
    /// For each root the stage and output that hold its blocks.
    pub outputs: Vec<(usize, usize)>,
    /// The roots as they came.
    pub before: Vec<ArrayExpr>,
    /// The roots as they run. Their grids may be finer than those that came, where memory asks for it.
    pub after: Vec<ArrayExpr>,
    /// The rules that applied, and how often.
    pub applied: Applied,
    /// How often chunks were halved to stay within the limit.
    pub halvings: u32,
    /// What the plan was made for.
    pub options: PlanOptions,
}

impl Plan {
    /// Plans several results together, so that what they share is computed once.
    ///
    /// A task that takes more than its share of memory makes chunks smaller: those of sources and creation are halved along their
    /// longest axis, and everything above follows, until all tasks fit.
    ///
    /// # Errors
    /// [`ArrayError::Memory`] with the operation that cannot be made small enough.
    pub fn new(roots: &[ArrayExpr], options: PlanOptions) -> Result<Self> {
        let before = roots.to_vec();
        let mut current = roots.to_vec();
        let mut halvings = 0;
        loop {
            let (mut after, mut applied) = optimize(&spread(&current, &options)?)?;
            let shared = share(&after, &options)?;
            if shared != after {
                let (again, more) = optimize(&shared)?;
                after = again;
                add_applied(&mut applied, more);
            }
            let (stages, outputs) = build(&after, &options)?;
            let plan = Self { stages, outputs, before: before.clone(), after, applied, halvings, options };
            let Some(worst) = plan.stages.iter().max_by_key(|stage| stage.task_bytes) else { return Ok(plan) };
            if worst.task_bytes <= options.task_limit_bytes {
                return Ok(plan);
            }
            let smaller = if halvings < MOST_HALVINGS { halve(&current)? } else { current.clone() };
            if smaller == current {
                let node = worst.nodes.first();
                return Err(ArrayError::Memory {
                    node: node.map_or_else(String::new, ArrayExpr::describe),
                    needs: worst.task_bytes,
                    limit: options.task_limit_bytes,
                    remedy: node.map_or(RAISE, |node| remedy(node.op())),
                });
            }
            current = smaller;
            halvings += 1;
        }
    }

    /// The most bytes that a task of any stage holds.
    pub fn projected_memory(&self) -> u64 {
        self.stages.iter().map(|stage| stage.task_bytes).max().unwrap_or(0)
    }

    /// Number of tasks of all stages.
    pub fn task_count(&self) -> usize {
        self.stages.iter().map(Stage::task_count).sum()
    }

    /// For each stage the number of reads of its outputs by other stages and by the results, after which its blocks can go.
    pub fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.stages.len()];
        let inputs = self.stages.iter().flat_map(|stage| &stage.inputs).filter_map(|input| match input.origin {
            Origin::Stage { stage, .. } => Some(stage),
            _ => None,
        });
        for stage in inputs.chain(self.outputs.iter().map(|(stage, _)| *stage)) {
            readers[stage] += 1;
        }
        readers
    }

    /// The DAG before and after, the rules that applied, and the stages with their inputs, tasks and bytes.
    pub fn explain(&self) -> String {
        let mut text = String::new();
        let rules: Vec<String> = self.applied.iter().map(|(name, count)| format!("{name} x{count}")).collect();
        let _ = write!(text, "Array expression\n{}", indented(&tree(&self.before)));
        let _ = write!(
            text,
            "Optimised by {}\n{}",
            if rules.is_empty() { "no rule".to_owned() } else { rules.join(", ") },
            indented(&tree(&self.after))
        );
        if self.halvings > 0 {
            let _ =
                writeln!(text, "Chunks halved {} times to fit {}", self.halvings, bytes(self.options.task_limit_bytes));
        }
        let (tasks, most) = (self.task_count(), bytes(self.projected_memory()));
        let _ = writeln!(text, "Stages: {} with {tasks} tasks, at most {most} a task", self.stages.len());
        for (number, stage) in self.stages.iter().enumerate() {
            let _ = writeln!(text, "  {number} {}", stage_line(stage));
            for input in &stage.inputs {
                let _ = writeln!(text, "      <- {}", input_line(input));
            }
            if let Step::Fused(program) = &stage.step
                && !program.is_copy()
            {
                let _ = write!(text, "{}", indented(&indented(&indented(&program.to_string()))));
            }
        }
        text
    }
}

/// What always helps.
const RAISE: &str = "raise the memory limit, or run fewer tasks at a time";

/// What a user can do about an operation that does not fit.
fn remedy(op: &Op) -> &'static str {
    match op {
        Op::Linalg(Linalg::Det | Linalg::EighValues | Linalg::EighVectors) => {
            "it needs the whole matrix in one task: raise the memory limit, or run fewer tasks at a time"
        }
        Op::Linalg(_) => {
            "cut a stack of matrices along its leading axes, raise the memory limit, or run fewer tasks at a time"
        }
        Op::Fft { .. } => {
            "it needs whole lines, and a length that is prime cannot be cut: pad it, raise the memory limit, or run fewer \
             tasks at a time"
        }
        Op::TakeAlong { .. } => "it needs whole lines: raise the memory limit, or run fewer tasks at a time",
        Op::Order(Order::Top { .. }) => "ask for fewer elements, raise the memory limit, or run fewer tasks at a time",
        _ => "rechunk its input, raise the memory limit, or run fewer tasks at a time",
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn stage_line(stage: &Stage) -> String {
    let name = match &stage.step {
        Step::Fused(program) if program.is_copy() => "ChunkSource".to_owned(),
        Step::Fused(_) => "Fused".to_owned(),
        Step::Assemble => "Assemble".to_owned(),
        Step::Reshape => "Reshape".to_owned(),
        Step::Combine { function, finish, .. } => format!("Combine {function}{}", if *finish { "" } else { " states" }),
        Step::Add { .. } => "Add".to_owned(),
        Step::Contract { contraction, symmetric, .. } => {
            let how = if stage.tasks.ndim() > contraction.output.len() { " partial" } else { "" };
            format!("Contract {contraction}{how}{}", if *symmetric { " symmetric" } else { "" })
        }
        Step::Scan { function, phase, .. } => format!("Scan {} {phase:?}", function.name()),
        Step::Block(call) if call.halo.is_empty() => format!("Block {}", call.function.0.name()),
        Step::Block(call) => format!("Halo {}", call.function.0.name()),
        Step::Local(node) => node.op().label(),
        Step::Store(sink) => format!("Store {}", sink.0.name()),
        Step::Phase(phase) => phase.label(),
    };
    let outputs: Vec<String> = stage
        .outputs
        .iter()
        .map(|output| {
            let state = if matches!(output.content, Content::State { .. }) { "state " } else { "" };
            format!("{state}{} {}", output.dtype, output.grid)
        })
        .collect();
    let tasks = stage.task_count();
    let plural = if tasks == 1 { "" } else { "s" };
    format!("{name}: {tasks} task{plural} of {} -> {}", bytes(stage.task_bytes), outputs.join("; "))
}

fn input_line(input: &super::stage::Input) -> String {
    let from = match &input.origin {
        Origin::Stage { stage, output: 0 } => format!("stage {stage}"),
        Origin::Stage { stage, output } => format!("stage {stage}.{output}"),
        Origin::Source(source) => source.0.name(),
        Origin::Generator(generator, _) => generator.0.name(),
    };
    let how = match &input.access {
        Access::View(view) => view.to_string(),
        Access::Blocks(axes) => {
            let axes: Vec<String> =
                axes.iter().map(|axis| axis.map_or("all".to_owned(), |axis| axis.to_string())).collect();
            format!("blocks [{}]", axes.join(", "))
        }
        Access::SameNumber => "same block".to_owned(),
        Access::Shifted { axis, offset } => format!("from {offset} along {axis}"),
        Access::Fan(widths) => format!("{widths:?} blocks"),
        Access::Halo(widths, _) => format!("halo {widths:?}"),
        Access::Routed { .. } => "routed".to_owned(),
    };
    format!("{from} {} {how}", input.grid)
}

/// The DAG with the chunks of its sources, creation and rechunks halved along the longest axis; itself where none can be cut further.
fn halve(roots: &[ArrayExpr]) -> Result<Vec<ArrayExpr>> {
    let order = ArrayExpr::topological(roots);
    let mut largest = 0;
    for node in &order {
        if is_cut(node) {
            largest = largest.max(node.block_bytes());
        }
    }
    let mut made: HashMap<u64, ArrayExpr> = HashMap::new();
    for node in &order {
        let inputs: Vec<ArrayExpr> = node.inputs().iter().map(|input| made[&input.id()].clone()).collect();
        // The largest chunks shrink first; those that are small already stay.
        let result = match node.op() {
            _ if !is_cut(node) => node.rebuild(&inputs)?,
            Op::Rechunk if node.block_bytes() * 2 > largest => inputs[0].rechunk_to(finer(node.grid()))?,
            Op::Rechunk => inputs[0].rechunk_to(node.grid().clone())?,
            _ if node.block_bytes() * 2 > largest => {
                ArrayExpr::intern(node.op().clone(), [], node.dtype(), finer(node.grid()))
            }
            _ => node.clone(),
        };
        made.insert(node.id(), result);
    }
    Ok(roots.iter().map(|root| made[&root.id()].clone()).collect())
}

fn is_cut(node: &ArrayExpr) -> bool {
    matches!(node.op(), Op::Read { .. } | Op::Fill(_) | Op::Iota { .. } | Op::Generate { .. } | Op::Rechunk)
}

/// The grid with its longest chunks halved.
fn finer(grid: &ChunkGrid) -> ChunkGrid {
    let longest = (0..grid.ndim()).max_by_key(|axis| grid.axis(*axis).longest());
    match longest {
        Some(axis) if grid.axis(axis).longest() > 1 && grid.axis(axis).is_known() => {
            grid.with_axis(axis, grid.axis(axis).split_to(grid.axis(axis).longest().div_ceil(2)))
        }
        _ => grid.clone(),
    }
}

#[cfg(test)]
mod tests;
