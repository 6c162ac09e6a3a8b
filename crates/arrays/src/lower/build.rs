//! Stages from groups of nodes.

use std::collections::HashMap;

use swath_kernels::DType;

use super::PlanOptions;
use super::order::parts;
use super::partition::{is_fusable, partition};
use super::phase::Phase;
use super::program::{ProgramOutput, Writer};
use super::stage::{Access, Content, Input, Origin, Output, ScanPhase, Stage, Step};
use super::tall::{Decompositions, is_tall};
use super::tree::combine;
use crate::error::{ArrayError, Result};
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Linalg, Op, Order};
use crate::grid::{AxisChunks, ChunkGrid};

/// Where the blocks of each node are made.
pub(super) type Produced = HashMap<u64, (usize, usize)>;

/// Stages, and for each root the stage and output that make it.
pub(super) type Built = (Vec<Stage>, Vec<(usize, usize)>);

/// The stages of an optimised DAG, and where the roots' blocks are.
pub(super) fn build(roots: &[ArrayExpr], options: &PlanOptions) -> Result<Built> {
    let groups = partition(roots, options);
    let decompositions = Decompositions::of(&groups.concat());
    let mut builder = Builder { stages: Vec::new(), produced: Produced::new(), options, decompositions };
    for group in &groups {
        match group.first() {
            Some(node) if is_fusable(node) || matches!(node.op(), Op::Reduce { .. }) => builder.fused(group)?,
            Some(node) => builder.single(node)?,
            None => {}
        }
    }
    let outputs = roots.iter().map(|root| {
        builder.produced.get(&root.id()).copied().ok_or_else(|| ArrayError::internal("a root was not made"))
    });
    let outputs = outputs.collect::<Result<Vec<_>>>()?;
    Ok((builder.stages, outputs))
}

pub(super) struct Builder<'a> {
    pub(super) stages: Vec<Stage>,
    pub(super) produced: Produced,
    pub(super) options: &'a PlanOptions,
    pub(super) decompositions: Decompositions,
}

impl Builder<'_> {
    pub(super) fn push(&mut self, mut stage: Stage) -> usize {
        stage.task_bytes = super::memory::task_bytes(&stage);
        self.stages.push(stage);
        self.stages.len() - 1
    }

    /// One program for nodes over the same blocks; reductions then get their trees.
    fn fused(&mut self, group: &[ArrayExpr]) -> Result<()> {
        let mut writer = Writer::new(&self.produced);
        let mut outputs = Vec::new();
        let mut tasks = group[0].grid().clone();
        for node in group {
            let Op::Reduce { function, axes } = node.op() else {
                let register = writer.root(node)?;
                writer.output(ProgramOutput::Array(register));
                outputs.push(array_output(node));
                continue;
            };
            let input = &node.inputs()[0];
            tasks = input.grid().clone();
            let register = writer.register(input)?;
            let finish = axes.iter().all(|axis| tasks.axis(*axis).is_single());
            writer.output(ProgramOutput::Reduce { register, function: *function, axes: axes.clone(), finish });
            if finish {
                outputs.push(array_output(node));
                continue;
            }
            let states = tasks.axes().iter().enumerate().map(|(axis, chunks)| match axes.contains(&axis) {
                true => AxisChunks::regular(chunks.count(), 1),
                false => chunks.clone(),
            });
            let content =
                Content::State { function: *function, input: input.dtype(), result: node.dtype(), axes: axes.clone() };
            outputs.push(Output { content, dtype: input.dtype(), grid: ChunkGrid::new(states) });
        }
        let (program, inputs) = writer.finish();
        let nodes = group.to_vec();
        let stage = self.push(Stage { step: Step::Fused(program), inputs, tasks, outputs, nodes, task_bytes: 0 });
        for (output, node) in group.iter().enumerate() {
            let place = match self.stages[stage].outputs[output].content {
                Content::Array => (stage, output),
                Content::State { .. } => combine(self, node, stage, output),
            };
            self.produced.insert(node.id(), place);
        }
        Ok(())
    }

    /// The blocks of a node as an input: another stage's, or read by the task.
    pub(super) fn input(&self, node: &ArrayExpr, access: Access) -> Result<Input> {
        if let Some((stage, output)) = self.produced.get(&node.id()) {
            let origin = Origin::Stage { stage: *stage, output: *output };
            return Ok(Input { origin, access, grid: node.grid().clone(), dtype: node.dtype() });
        }
        Err(ArrayError::internal(format!("{node:?} is not made before it is used")))
    }

    /// A stage that reads a source in the chunks of the node, for operations that need blocks.
    pub(super) fn make_input(&mut self, node: &ArrayExpr) -> Result<()> {
        if self.produced.contains_key(&node.id()) {
            return Ok(());
        }
        self.fused(std::slice::from_ref(node))
    }

    fn single(&mut self, node: &ArrayExpr) -> Result<()> {
        match node.op() {
            Op::Gather { axis, count } if !is_whole(&node.inputs()[0], *axis..axis + count) => {
                return self.routed_gather(node, *axis);
            }
            Op::Scatter { axis } if !node.inputs()[2].grid().axis(*axis).is_single() => {
                return self.routed_scatter(node, *axis);
            }
            Op::Contract(contraction) => return super::product::build(self, node, contraction),
            _ if is_tall(node) => return super::tall::build(self, node),
            _ if parts::is_shared(node, self.options) => return parts::build(self, node),
            _ => {}
        }
        for (position, input) in node.inputs().iter().enumerate() {
            if self.halo_source(node, position).is_none() {
                self.make_input(input)?;
            }
        }
        let shape_of_tasks = node.grid().clone();
        let same = |node: &ArrayExpr| Access::View(crate::expr::view::View::identity(&node.shape()));
        let (step, inputs) = match node.op() {
            Op::Rechunk => return self.rechunk(node),
            Op::Concat { axis } => {
                let mut offset = 0;
                let mut inputs = Vec::new();
                for input in node.inputs() {
                    inputs.push(self.input(input, Access::Shifted { axis: *axis, offset })?);
                    offset += input.grid().axis(*axis).length();
                }
                (Step::Assemble, inputs)
            }
            Op::Reshape => (Step::Reshape, vec![self.input(&node.inputs()[0], Access::SameNumber)?]),
            Op::Scan { function, axis } => return self.scan(node, *function, *axis),
            Op::Order(Order::Histogram | Order::Bincount { .. }) => return self.counts(node),
            Op::Order(order) if super::order::is_spread(node) => return super::order::build(self, node, order),
            Op::Block(call) => {
                let mut inputs = Vec::new();
                for (position, (input, axes)) in node.inputs().iter().zip(&call.axes).enumerate() {
                    if let Some(source) = self.halo_source(node, position) {
                        inputs.push(source);
                        continue;
                    }
                    let access = match position {
                        0 if !call.halo.is_empty() => Access::Halo(call.halo.clone(), call.boundary),
                        _ => Access::Blocks(axes.clone()),
                    };
                    inputs.push(self.input(input, access)?);
                }
                (Step::Block(call.clone()), inputs)
            }
            Op::Store(sink) => {
                let input = &node.inputs()[0];
                let inputs = vec![self.input(input, same(input))?];
                let tasks = input.grid().clone();
                let counts = ChunkGrid::new(tasks.axes().iter().map(|axis| AxisChunks::regular(axis.count(), 1)));
                let output = Output { content: Content::Array, dtype: DType::I64, grid: counts };
                let step = Step::Store(sink.clone());
                let nodes = vec![node.clone()];
                let stage = self.push(Stage { step, inputs, tasks, outputs: vec![output], nodes, task_bytes: 0 });
                let place = super::tree::add(self, node, stage, 0);
                self.produced.insert(node.id(), place);
                return Ok(());
            }
            _ => {
                let mut inputs = Vec::new();
                for (position, input) in node.inputs().iter().enumerate() {
                    inputs.push(self.input(input, Access::Blocks(follows(node, position)))?);
                }
                (Step::Local(node.clone()), inputs)
            }
        };
        let outputs = vec![array_output(node)];
        let stage = Stage { step, inputs, tasks: shape_of_tasks, outputs, nodes: vec![node.clone()], task_bytes: 0 };
        let stage = self.push(stage);
        self.produced.insert(node.id(), (stage, 0));
        Ok(())
    }

    /// The input of a function over blocks with halos, where it lies in memory: a box of it is a view, wherever chunks end.
    fn halo_source(&self, node: &ArrayExpr, position: usize) -> Option<Input> {
        let (Op::Block(call), input) = (node.op(), node.inputs().get(position)?) else { return None };
        let Op::Read { source, window } = input.op() else { return None };
        let is_whole = window
            .iter()
            .zip(source.0.shape())
            .all(|(own, length)| own.start == 0 && own.step == 1 && own.length == *length);
        let fits = position == 0 && !call.halo.is_empty() && is_whole && source.0.is_cheap();
        (fits && !self.produced.contains_key(&input.id())).then(|| Input {
            origin: Origin::Source(source.clone()),
            access: Access::Halo(call.halo.clone(), call.boundary),
            grid: input.grid().clone(),
            dtype: input.dtype(),
        })
    }

    /// Boxes of an input that a phase finds when it runs; what lies in a source is read by the tasks themselves.
    pub(super) fn routed(&mut self, node: &ArrayExpr) -> Result<Input> {
        let most_elements = node.grid().largest_block_elements();
        if let (Op::Read { source, window }, false) = (node.op(), self.produced.contains_key(&node.id())) {
            return Ok(Input {
                origin: Origin::Source(source.clone()),
                access: Access::Routed { view: super::program::window_view(window), most_elements },
                grid: node.grid().clone(),
                dtype: node.dtype(),
            });
        }
        self.make_input(node)?;
        self.input(node, Access::Routed { view: crate::expr::view::View::identity(&node.shape()), most_elements })
    }

    /// Elements at positions of an array that is cut along the axes of the positions: each task takes what it needs from one block
    /// after another, and reads no others.
    fn routed_gather(&mut self, node: &ArrayExpr, axis: usize) -> Result<()> {
        let [array, positions @ ..] = node.inputs() else { return Err(ArrayError::internal("a gather of nothing")) };
        let mut inputs = Vec::with_capacity(node.inputs().len());
        for (number, positions) in positions.iter().enumerate() {
            self.make_input(positions)?;
            inputs.push(self.input(positions, Access::Blocks(follows(node, number + 1)))?);
        }
        inputs.push(self.routed(array)?);
        self.phase(node, Phase::Gather { axis }, inputs);
        Ok(())
    }

    /// An assignment to positions whose values are cut: each block looks for its own.
    fn routed_scatter(&mut self, node: &ArrayExpr, axis: usize) -> Result<()> {
        let [array, positions, values] = node.inputs() else {
            return Err(ArrayError::internal("a scatter of nothing"));
        };
        self.make_input(positions)?;
        self.make_input(array)?;
        let inputs = vec![
            self.input(positions, Access::Blocks(vec![None]))?,
            self.input(array, Access::SameNumber)?,
            self.routed(values)?,
        ];
        self.phase(node, Phase::Scatter { axis }, inputs);
        Ok(())
    }

    /// A phase that makes the blocks of a node.
    fn phase(&mut self, node: &ArrayExpr, phase: Phase, inputs: Vec<Input>) {
        let outputs = vec![array_output(node)];
        let (tasks, nodes) = (node.grid().clone(), vec![node.clone()]);
        let stage = self.push(Stage { step: Step::Phase(phase), inputs, tasks, outputs, nodes, task_bytes: 0 });
        self.produced.insert(node.id(), (stage, 0));
    }

    fn rechunk(&mut self, node: &ArrayExpr) -> Result<()> {
        let input = &node.inputs()[0];
        let item = node.dtype().item_size();
        let grids = crate::grid::rechunk::steps(input.grid(), node.grid(), item, self.options.task_limit_bytes)
            .unwrap_or_else(|| vec![node.grid().clone()]);
        let mut source = self.input(input, Access::View(crate::expr::view::View::identity(&input.shape())))?;
        let mut place = (0, 0);
        for grid in grids {
            let output = Output { content: Content::Array, dtype: node.dtype(), grid: grid.clone() };
            let inputs = vec![source.clone()];
            let nodes = vec![node.clone()];
            let stage = Stage {
                step: Step::Assemble,
                inputs,
                tasks: grid.clone(),
                outputs: vec![output],
                nodes,
                task_bytes: 0,
            };
            place = (self.push(stage), 0);
            source.origin = Origin::Stage { stage: place.0, output: 0 };
            source.grid = grid;
        }
        self.produced.insert(node.id(), place);
        Ok(())
    }

    fn scan(&mut self, node: &ArrayExpr, function: crate::expr::op::Scan, axis: usize) -> Result<()> {
        let input = &node.inputs()[0];
        let follow = Access::Blocks((0..node.ndim()).map(Some).collect());
        let source = self.input(input, follow.clone())?;
        let chunks = node.grid().axis(axis);
        let mut inputs = vec![source.clone()];
        let carried = function.carry_dtype(node.dtype());
        let stage = |step, inputs, tasks: ChunkGrid, output: ChunkGrid, dtype| Stage {
            step,
            inputs,
            tasks,
            outputs: vec![Output { content: Content::Array, dtype, grid: output }],
            nodes: vec![node.clone()],
            task_bytes: 0,
        };
        if !chunks.is_single() {
            let totals = node.grid().with_axis(axis, AxisChunks::regular(chunks.count(), 1));
            let step = Step::Scan { function, axis, phase: ScanPhase::Totals };
            let made = self.push(stage(step, vec![source], node.grid().clone(), totals.clone(), carried));
            let whole = totals.with_axis(axis, AxisChunks::whole(chunks.count()));
            let mut along: Vec<Option<usize>> = (0..node.ndim()).map(Some).collect();
            along[axis] = None;
            let from = Input {
                origin: Origin::Stage { stage: made, output: 0 },
                access: Access::Blocks(along),
                grid: totals,
                dtype: carried,
            };
            let step = Step::Scan { function, axis, phase: ScanPhase::Carries };
            let made = self.push(stage(step, vec![from], whole.clone(), whole.clone(), carried));
            // Task `i` along the axis takes position `i` of the carries.
            let carries = whole.with_axis(axis, AxisChunks::regular(chunks.count(), 1));
            let origin = Origin::Stage { stage: made, output: 0 };
            let cut = Input {
                origin,
                access: Access::View(crate::expr::view::View::identity(&carries.shape())),
                grid: whole,
                dtype: carried,
            };
            let made = self.push(stage(Step::Assemble, vec![cut], carries.clone(), carries.clone(), carried));
            inputs.push(Input {
                origin: Origin::Stage { stage: made, output: 0 },
                access: follow,
                grid: carries,
                dtype: carried,
            });
        }
        let step = Step::Scan { function, axis, phase: ScanPhase::Apply };
        let made = self.push(stage(step, inputs, node.grid().clone(), node.grid().clone(), node.dtype()));
        self.produced.insert(node.id(), (made, 0));
        Ok(())
    }

    /// Histograms and counts: block by block, then added up.
    fn counts(&mut self, node: &ArrayExpr) -> Result<()> {
        let input = &node.inputs()[0];
        let bins = node.grid().axis(0).length();
        let lead = input.grid().counts();
        let tasks =
            ChunkGrid::new(lead.iter().map(|count| AxisChunks::regular(*count, 1)).chain([AxisChunks::whole(bins)]));
        let mut inputs = vec![self.input(input, Access::Blocks((0..input.ndim()).map(Some).collect()))?];
        for (position, other) in node.inputs().iter().enumerate().skip(1) {
            let edges = position == 1 && matches!(node.op(), Op::Order(Order::Histogram));
            let axes = if edges { vec![None] } else { (0..input.ndim()).map(Some).collect() };
            inputs.push(self.input(other, Access::Blocks(axes))?);
        }
        let output = Output { content: Content::Array, dtype: node.dtype(), grid: tasks.clone() };
        let step = Step::Local(node.clone());
        let stage =
            self.push(Stage { step, inputs, tasks, outputs: vec![output], nodes: vec![node.clone()], task_bytes: 0 });
        let place = super::tree::add_axes(self, node, stage, &(0..input.ndim()).collect());
        self.produced.insert(node.id(), place);
        Ok(())
    }
}

pub(super) fn array_output(node: &ArrayExpr) -> Output {
    Output { content: Content::Array, dtype: node.dtype(), grid: node.grid().clone() }
}

/// For each axis of an input of a local operation the result's axis whose blocks it follows.
fn follows(node: &ArrayExpr, input: usize) -> Vec<Option<usize>> {
    let ndim = node.inputs()[input].ndim();
    let all = || (0..ndim).map(Some).collect::<Vec<_>>();
    let without = |axes: &[usize]| (0..ndim).map(|axis| (!axes.contains(&axis)).then_some(axis)).collect::<Vec<_>>();
    match node.op() {
        Op::Gather { axis, count } => {
            let common = node.ndim() + count - node.inputs()[0].ndim();
            match input {
                0 => (0..ndim)
                    .map(|own| match own {
                        own if own < *axis => Some(own),
                        own if own < axis + count => None,
                        own => Some(own + common - count),
                    })
                    .collect(),
                _ => (0..common).map(|own| Some(axis + own)).collect(),
            }
        }
        Op::TakeAlong { axis } if input == 0 => without(&[*axis]),
        Op::Mask => (0..ndim)
            .map(|axis| {
                if axis == 0 {
                    Some(0)
                } else {
                    axis.checked_sub(masked_axes(node) - 1).filter(|_| axis >= masked_axes(node))
                }
            })
            .collect(),
        Op::Scatter { .. } if input == 1 => vec![None],
        Op::Scatter { axis } if input == 2 => without(&[*axis]),
        Op::Order(Order::Quantile { axes, .. }) => {
            let mut next = 0;
            (0..ndim)
                .map(|axis| {
                    (!axes.contains(&axis)).then(|| {
                        next += 1;
                        next
                    })
                })
                .collect()
        }
        Op::Order(Order::Unique { .. }) => vec![None; ndim],
        Op::Order(
            Order::Sort { axis } | Order::ArgSort { axis } | Order::Partition { axis, .. } | Order::Top { axis, .. },
        )
        | Op::Fft { axis, .. } => without(&[*axis]),
        Op::Linalg(function) => {
            let batch = node.inputs()[0].ndim() - 2;
            match (function, input) {
                (Linalg::Solve | Linalg::SolveTriangular { .. } | Linalg::Lstsq, 1) => {
                    (0..ndim).map(|axis| (axis == 1).then_some(1)).collect()
                }
                _ => (0..ndim).map(|axis| (axis < batch).then_some(axis)).collect(),
            }
        }
        _ => all(),
    }
}

/// How many axes a mask covers.
fn masked_axes(node: &ArrayExpr) -> usize {
    node.inputs()[1].ndim()
}

/// Whether there is one chunk only along each of these axes.
fn is_whole(node: &ArrayExpr, mut axes: std::ops::Range<usize>) -> bool {
    axes.all(|axis| node.grid().axis(axis).is_single())
}
