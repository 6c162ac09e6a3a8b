//! Small arrays of one chunk, computed at once on the calling thread: no plan, no tasks, the same kernels.
//!
//! Elementwise functions that feed one another are one fused program, as in a plan; everything else is one kernel call a node.

use std::collections::HashMap;

use smallvec::SmallVec;
use swath_arrays::expr::op::{Constant, Op, Window};
use swath_arrays::expr::ufunc::Ufunc;
use swath_arrays::lower::program::window_view;
use swath_arrays::{ArrayExpr, BlockContext, MemorySource, Region};
use swath_blocks::{apply_to_whole, contract, kernel_scan};
use swath_kernels::fused::{self, Builder, Output, Ramp, Value};
use swath_kernels::layout::arrange;
use swath_kernels::{Dims, NdArray, broadcast_shapes};

use crate::error::{Error, Result};

/// Bytes above which a node is left to a plan, whose tasks run side by side.
const LARGEST_BYTES: u64 = 256 << 10;

/// Nodes above which a plan, which fuses more, costs less.
const MOST_NODES: usize = 512;

/// The results of expressions, if all of them and what is below is small and in one chunk; `None` if a plan is to run them.
pub(crate) fn evaluate(roots: &[ArrayExpr]) -> Result<Option<Vec<NdArray>>> {
    if !roots.iter().all(is_small) {
        return Ok(None);
    }
    let order = ArrayExpr::topological(roots);
    if order.len() > MOST_NODES || !order.iter().all(is_small) {
        return Ok(None);
    }
    let mut evaluator = Evaluator { done: HashMap::with_capacity(order.len()) };
    for node in &order {
        // Elementwise nodes are made where they are needed, together.
        if !is_elementwise(node) || matches!(node.op(), Op::Fill(_)) && roots.contains(node) {
            let value = evaluator.apply(node)?;
            evaluator.done.insert(node.id(), value);
        }
    }
    roots.iter().map(|root| evaluator.value(root)).collect::<Result<_>>().map(Some)
}

fn is_small(node: &ArrayExpr) -> bool {
    let runs_elsewhere = match node.op() {
        Op::Store(_) => true,
        Op::Block(call) => !call.halo.is_empty(),
        _ => false,
    };
    !runs_elsewhere && node.grid().is_single() && node.bytes() <= LARGEST_BYTES
}

fn is_elementwise(node: &ArrayExpr) -> bool {
    matches!(node.op(), Op::Map(_) | Op::Cast | Op::Fill(_) | Op::Iota { .. })
}

struct Evaluator {
    done: HashMap<u64, NdArray>,
}

/// A program under way.
#[derive(Default)]
struct Fused {
    build: Builder,
    inputs: SmallVec<[NdArray; 4]>,
    registers: HashMap<u64, Value>,
}

impl Evaluator {
    /// The array of a node whose inputs are done.
    fn value(&mut self, node: &ArrayExpr) -> Result<NdArray> {
        if let Some(done) = self.done.get(&node.id()) {
            return Ok(done.clone());
        }
        let value = self.apply(node)?;
        self.done.insert(node.id(), value.clone());
        Ok(value)
    }

    fn input(&mut self, node: &ArrayExpr, which: usize) -> Result<NdArray> {
        let input = node.inputs().get(which).ok_or_else(|| Error::invalid("a node lacks an input"))?.clone();
        self.value(&input)
    }

    fn apply(&mut self, node: &ArrayExpr) -> Result<NdArray> {
        let result = match node.op() {
            Op::Fill(value) => NdArray::full(&node.shape(), value.0)?,
            Op::Map(_) | Op::Cast | Op::Iota { .. } => return self.elementwise(node),
            Op::Read { source, window } => match source.0.as_any().downcast_ref::<MemorySource>() {
                Some(memory) if is_whole(window, memory.array().shape()) => memory.array().clone(),
                _ => windowed(window, |region| Ok(source.0.read(region)?))?,
            },
            Op::Generate { generator, whole, window } => windowed(window, |region| {
                let start: Vec<usize> = region.iter().map(|range| range.start).collect();
                let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
                Ok(generator.0.block(whole, &start, &shape)?)
            })?,
            Op::Reduce { function, axes } => {
                let input = &node.inputs()[0];
                let mut region = Fused::default();
                let value = self.register(&mut region, input)?;
                let shape = self.shape_of(input, &region)?;
                let output = Output::Reduce(value, function.kernel(), axes.to_vec());
                let program = region.build.finish(&[output])?;
                let produced = program.run(&fused::Block::whole(&shape), &region.inputs)?.pop();
                let produced = produced.ok_or_else(|| Error::invalid("a reduction gave nothing"))?;
                fused::cast(&produced.finish()?, node.dtype())?
            }
            Op::View(view) => {
                let input = self.input(node, 0)?;
                // Lengths that a mask made are known by now.
                view.with_lengths(&node.inputs()[0].shape(), input.shape()).apply(&input)?
            }
            Op::Scan { function, axis } => {
                let input = self.input(node, 0)?;
                let (running, _) = swath_kernels::reduce::scan(kernel_scan(*function), &input, *axis as isize, None)?;
                fused::cast(&running, node.dtype())?
            }
            Op::Reshape => self.input(node, 0)?.reshape(&node.shape())?,
            Op::Rechunk => self.input(node, 0)?,
            Op::Concat { axis } => {
                let arrays = (0..node.inputs().len()).map(|which| self.input(node, which));
                arrange::concatenate(&arrays.collect::<Result<Vec<_>>>()?, *axis as isize)?
            }
            Op::Contract(contraction) => {
                let (left, right) = (self.input(node, 0)?, self.input(node, 1)?);
                contract(contraction, &left, &right, node.dtype())?
            }
            Op::Block(call) if call.halo.is_empty() => {
                let blocks = (0..node.inputs().len()).map(|which| self.input(node, which));
                let blocks = blocks.collect::<Result<Vec<_>>>()?;
                let ndim = node.ndim();
                let context = BlockContext {
                    block: vec![0; ndim],
                    counts: vec![1; ndim],
                    region: node.grid().everything().to_vec(),
                };
                let made = call.function.0.apply(&blocks, &context)?;
                check_promise(node, &call.function.0.name(), &made)?;
                made
            }
            _ => {
                let inputs = (0..node.inputs().len()).map(|which| self.input(node, which));
                let made = apply_to_whole(node, &inputs.collect::<Result<Vec<_>>>()?)?;
                let made = fused::cast(&made, node.dtype())?;
                if node.grid().is_known() { made.reshape(&node.shape())? } else { made }
            }
        };
        Ok(result)
    }

    /// An elementwise node and the elementwise nodes below it as one program.
    fn elementwise(&mut self, node: &ArrayExpr) -> Result<NdArray> {
        let mut region = Fused::default();
        let value = self.register(&mut region, node)?;
        let shape = self.shape_of(node, &region)?;
        Ok(region.build.finish(&[Output::Array(value)])?.run_to_array(&shape, &region.inputs)?)
    }

    /// The shape of a node: that of the expression, unless a mask left it open.
    fn shape_of(&self, node: &ArrayExpr, region: &Fused) -> Result<Dims> {
        if node.grid().is_known() {
            return Ok(node.shape());
        }
        let shapes: SmallVec<[&[usize]; 4]> = region.inputs.iter().map(NdArray::shape).collect();
        Ok(broadcast_shapes(&shapes)?)
    }

    fn register(&mut self, region: &mut Fused, node: &ArrayExpr) -> Result<Value> {
        if let Some(known) = region.registers.get(&node.id()) {
            return Ok(*known);
        }
        let value = match node.op() {
            Op::Fill(Constant(value)) if node.grid().is_known() => region.build.constant(*value),
            _ if self.done.contains_key(&node.id()) || !is_elementwise(node) => {
                let input = self.value(node)?;
                region.inputs.push(input);
                region.build.input(region.inputs.len() - 1, node.dtype())
            }
            Op::Map(function) => {
                let arguments: SmallVec<[Value; 4]> =
                    node.inputs().iter().map(|input| self.register(region, input)).collect::<Result<_>>()?;
                let value = region.build.call(Ufunc::name(*function), &arguments)?;
                region.build.cast(value, node.dtype())?
            }
            Op::Cast => {
                let input = self.register(region, &node.inputs()[0])?;
                region.build.cast(input, node.dtype())?
            }
            // Positions run along an axis of their own array, which may be broadcast: made apart unless it is of the size of the result.
            Op::Iota { axis, start, step } => {
                let mut own = Builder::new();
                let ramp = own.coordinate(*axis, Ramp::Integer { start: *start, step: *step });
                let array = own.finish(&[Output::Array(ramp)])?.run_to_array(&node.shape(), &[])?;
                region.inputs.push(array);
                region.build.input(region.inputs.len() - 1, node.dtype())
            }
            other => return Err(Error::invalid(format!("{} is not elementwise", other.label()))),
        };
        region.registers.insert(node.id(), value);
        Ok(value)
    }
}

fn is_whole(window: &[Window], shape: &[usize]) -> bool {
    window.iter().zip(shape).all(|(window, length)| *window == Window { start: 0, step: 1, length: *length })
}

/// A window of a box that a source or generator gives.
fn windowed(window: &[Window], read: impl FnOnce(&Region) -> Result<NdArray>) -> Result<NdArray> {
    let view = window_view(window);
    let region: Region = window.iter().map(|window| 0..window.length).collect();
    Ok(view.local(&region).apply(&read(&view.input_region(&region))?)?)
}

/// Holds a function of the user's to the shape and dtype that it promised.
fn check_promise(node: &ArrayExpr, name: &str, made: &NdArray) -> Result<()> {
    let shape = node.shape();
    if made.dtype() == node.dtype() && (!node.grid().is_known() || made.shape() == shape.as_slice()) {
        return Ok(());
    }
    let text = |dtype: swath_kernels::DType, shape: &[usize]| format!("{dtype} of shape {shape:?}");
    Err(swath_blocks::BlocksError::Promise {
        function: name.to_owned(),
        block: vec![0; node.ndim()],
        given: text(made.dtype(), made.shape()),
        expected: text(node.dtype(), &shape),
    }
    .into())
}
