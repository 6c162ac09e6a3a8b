//! Plans held against kernels over whole arrays, and against limits and faults.

mod faults;
mod limits;
mod phases;
mod programs;
mod steps;

use std::any::Any;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use swath_arrays::expr::view::View;
use swath_arrays::lower::program::window_view;
use swath_arrays::{
    ArrayExpr, ArraySource, AxisSpec, BlockContext, BlockFunction, ChunkGrid, ChunkSpec, Generator, Op, Plan,
    PlanOptions, Region,
};
use swath_kernels::layout::arrange;
use swath_kernels::random::{Distribution, Key};
use swath_kernels::{DType, NdArray, SliceSpec, fused, reduce};

use crate::{Cancel, Engine, MemoryLimit, Progress, SpillFolder, apply_to_whole, contract, kernel_scan};

/// Small integers, so that sums are exact in any order.
fn numbers(shape: &[usize], dtype: DType) -> NdArray {
    let count: usize = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|at| ((at * 5 + at / 7 + 3) % 7) as f64 - 2.0).collect();
    fused::cast(&NdArray::from_vec(shape, values).unwrap(), dtype).unwrap()
}

fn chunks(chunk: &[usize]) -> ChunkSpec {
    ChunkSpec::Axes(chunk.iter().map(|size| AxisSpec::Size((*size).max(1))).collect())
}

/// An array in memory.
fn memory(shape: &[usize], chunk: &[usize], dtype: DType) -> ArrayExpr {
    ArrayExpr::from_array(numbers(shape, dtype), &chunks(chunk)).unwrap()
}

/// A source whose arrays are its own: what it gives is counted and goes to disk.
struct Stored {
    id: String,
    array: NdArray,
    grid: ChunkGrid,
}

impl ArraySource for Stored {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        "stored".to_owned()
    }

    fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    fn dtype(&self) -> DType {
        self.array.dtype()
    }

    fn preferred_grid(&self) -> ChunkGrid {
        self.grid.clone()
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        let parts: Vec<SliceSpec> = region.iter().map(|range| range.clone().into()).collect();
        let part = self.array.slice(&parts)?;
        let start = vec![0; part.ndim()];
        Ok(arrange::assemble(part.dtype(), part.shape(), [(start, &part)])?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

fn stored(shape: &[usize], chunk: &[usize], dtype: DType) -> ArrayExpr {
    let id = format!("stored:{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let chunk: Vec<usize> = chunk.iter().map(|size| (*size).max(1)).collect();
    let grid = ChunkGrid::regular(shape, &chunk);
    let source = Stored { id, array: numbers(shape, dtype), grid };
    ArrayExpr::read(Arc::new(source), &chunks(&chunk)).unwrap()
}

/// Random numbers by counter.
struct Uniform(String);

impl Generator for Uniform {
    fn id(&self) -> &str {
        &self.0
    }

    fn name(&self) -> String {
        "uniform".to_owned()
    }

    fn dtype(&self) -> DType {
        DType::F64
    }

    fn block(&self, whole: &[usize], start: &[usize], shape: &[usize]) -> swath_arrays::Result<NdArray> {
        let uniform = Distribution::Uniform { low: 0.0, high: 1.0 };
        Ok(uniform.block(Key::new(7, 0), DType::F64, whole, start, shape)?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn random(shape: &[usize], chunk: &[usize]) -> ArrayExpr {
    ArrayExpr::generate(Arc::new(Uniform("uniform".to_owned())), ChunkGrid::regular(shape, chunk)).unwrap()
}

/// A function of a closure.
struct Of<F>(&'static str, F);

impl<F: Fn(&NdArray, &BlockContext) -> NdArray + Send + Sync + 'static> BlockFunction for Of<F> {
    fn id(&self) -> &str {
        self.0
    }

    fn name(&self) -> String {
        self.0.to_owned()
    }

    fn apply(&self, blocks: &[NdArray], context: &BlockContext) -> swath_arrays::Result<NdArray> {
        Ok((self.1)(&blocks[0], context))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn mapped(
    x: &ArrayExpr,
    name: &'static str,
    function: impl Fn(&NdArray, &BlockContext) -> NdArray + Send + Sync + 'static,
) -> ArrayExpr {
    let axes = (0..x.ndim()).map(Some).collect();
    ArrayExpr::blockwise(Arc::new(Of(name, function)), &[(x, axes)], x.dtype(), x.grid().clone()).unwrap()
}

/// Random numbers in blocks that a rechunk does not change, since they are made by a function over blocks.
fn kept(shape: &[usize], chunk: &[usize]) -> ArrayExpr {
    mapped(&random(shape, chunk), "kept", |block, _| block.clone())
}

/// What an expression is, by kernels over whole arrays.
fn evaluate(root: &ArrayExpr) -> NdArray {
    let mut done: HashMap<u64, NdArray> = HashMap::new();
    for node in ArrayExpr::topological(std::slice::from_ref(root)) {
        let inputs: Vec<NdArray> = node.inputs().iter().map(|input| done[&input.id()].clone()).collect();
        let value = evaluate_node(&node, &inputs);
        assert_eq!(value.dtype(), node.dtype(), "{node:?}");
        done.insert(node.id(), value);
    }
    done[&root.id()].clone()
}

fn evaluate_node(node: &ArrayExpr, inputs: &[NdArray]) -> NdArray {
    let windowed = |view: View, read: &dyn Fn(&Region) -> NdArray| {
        let region: Region = view.shape().iter().map(|length| 0..*length).collect();
        view.local(&region).apply(&read(&view.input_region(&region))).unwrap()
    };
    match node.op() {
        Op::Read { source, window } => windowed(window_view(window), &|region| source.0.read(region).unwrap()),
        Op::Generate { generator, whole, window } => windowed(window_view(window), &|region| {
            let start: Vec<usize> = region.iter().map(|range| range.start).collect();
            generator.0.block(whole, &start, &swath_arrays::grid::region_shape(region)).unwrap()
        }),
        Op::Fill(value) => NdArray::full(&node.shape(), value.0).unwrap(),
        Op::Iota { axis, start, step } => {
            let line: Vec<i64> = (0..node.shape()[*axis] as i64).map(|at| start + step * at).collect();
            let mut shape = vec![1; node.ndim()];
            shape[*axis] = line.len();
            NdArray::from_vec(&shape, line).unwrap().broadcast_to(&node.shape()).unwrap()
        }
        Op::Map(function) => {
            let operands: Vec<&NdArray> = inputs.iter().collect();
            fused::cast(&fused::elementwise(function.name(), &operands).unwrap(), node.dtype()).unwrap()
        }
        Op::Cast => fused::cast(&inputs[0], node.dtype()).unwrap(),
        Op::Reduce { function, axes } => {
            let axes: Vec<isize> = axes.iter().map(|axis| *axis as isize).collect();
            let result = reduce::reduce(function.kernel(), &inputs[0], Some(&axes), false).unwrap();
            fused::cast(&result, node.dtype()).unwrap()
        }
        Op::Scan { function, axis } => {
            let result = reduce::scan(kernel_scan(*function), &inputs[0], *axis as isize, None).unwrap().0;
            fused::cast(&result, node.dtype()).unwrap()
        }
        Op::View(view) => view.apply(&inputs[0]).unwrap(),
        Op::Reshape => inputs[0].reshape(&node.shape()).unwrap(),
        Op::Rechunk => inputs[0].clone(),
        // The functions of these tests that are evaluated hand on what they get.
        Op::Block(_) => inputs[0].clone(),
        Op::Concat { axis } => arrange::concatenate(inputs, *axis as isize).unwrap(),
        Op::Contract(contraction) => contract(contraction, &inputs[0], &inputs[1], node.dtype()).unwrap(),
        _ => fused::cast(&apply_to_whole(node, inputs).unwrap(), node.dtype()).unwrap(),
    }
}

/// Equal, floats up to what another order of sums may change.
fn assert_close(found: &NdArray, expected: &NdArray, what: &str) {
    assert_eq!((found.dtype(), found.shape()), (expected.dtype(), expected.shape()), "{what}");
    let is_exact = !(found.dtype().is_float() || found.dtype().is_complex());
    if is_exact {
        assert_eq!(found, expected, "{what}");
        return;
    }
    let wide =
        |array: &NdArray| fused::cast(array, DType::C128).unwrap().to_vec::<swath_kernels::Complex<f64>>().unwrap();
    let tolerance = if found.dtype().item_size() < 8 { 1e-2 } else { 1e-9 };
    for (found, expected) in wide(found).into_iter().zip(wide(expected)) {
        let same =
            |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * (1.0 + b.abs());
        assert!(same(found.re, expected.re) && same(found.im, expected.im), "{found} is not {expected}: {what}");
    }
}

struct Setup {
    engine: Engine,
    memory: Arc<MemoryLimit>,
    folder: tempfile::TempDir,
}

fn setup(threads: usize, limit: u64) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let memory = Arc::new(MemoryLimit::new(limit));
    let spill = Arc::new(SpillFolder::new(folder.path()));
    let engine = Engine::builder().threads(threads).memory(memory.clone()).spill(spill).build();
    Setup { engine, memory, folder }
}

impl Setup {
    fn options(&self) -> PlanOptions {
        self.engine.plan_options()
    }

    /// Runs a plan; afterwards nothing is reserved and no file is left.
    fn run(&self, plan: &Plan) -> crate::Result<Vec<NdArray>> {
        Ok(self.run_measured(plan)?.0)
    }

    fn run_measured(&self, plan: &Plan) -> crate::Result<(Vec<NdArray>, crate::Metrics)> {
        let progress = Progress::new();
        let outcome = self.engine.run_watched(plan, &Cancel::new(), &progress);
        assert_eq!(crate::Memory::reserved(&*self.memory), 0);
        assert_eq!(std::fs::read_dir(self.folder.path()).unwrap().count(), 0);
        let metrics = progress.metrics();
        if outcome.is_ok() {
            assert_eq!(metrics.tasks(), plan.task_count());
            let now = progress.snapshot();
            assert_eq!((now.stages, now.tasks), (now.stages_done, now.tasks_done));
        }
        assert!(self.memory.peak() <= crate::Memory::limit(&*self.memory));
        Ok((outcome?, metrics))
    }
}

/// An expression by a plan and by whole arrays; several engines.
fn check(roots: &[ArrayExpr]) {
    let expected: Vec<NdArray> = roots.iter().map(evaluate).collect();
    for threads in [1, 3] {
        let setup = setup(threads, 1 << 30);
        let plan = Plan::new(roots, setup.options()).unwrap();
        let found = setup.run(&plan).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert_close(found, expected, &plan.explain());
        }
    }
}
