//! What the rules' tests share, and properties of all rules together.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use swath_kernels::{DType, NdArray, Scalar, SliceSpec};

use super::*;
use crate::expr::elementwise::Argument;
use crate::expr::reduce::ReduceOptions;
use crate::expr::reduction::Reduction;
use crate::expr::traits::{ArraySource, Generator};
use crate::grid::chunking::ChunkSpec;
use crate::reference::{evaluate, from_fn};

/// Small integers, so that sums are exact in any order.
fn numbers(shape: &[usize], dtype: DType) -> NdArray {
    from_fn(shape, dtype, |index| Scalar::I64(index.iter().fold(3, |sum, i| (sum * 5 + *i as i64) % 7) - 2)).unwrap()
}

/// An array in memory.
pub(crate) fn memory(shape: &[usize], chunk: &[usize]) -> ArrayExpr {
    memory_of(shape, chunk, DType::F64)
}

pub(crate) fn memory_of(shape: &[usize], chunk: &[usize], dtype: DType) -> ArrayExpr {
    let chunks = chunk.iter().map(|size| crate::grid::chunking::AxisSpec::Size((*size).max(1))).collect();
    ArrayExpr::from_array(numbers(shape, dtype), &ChunkSpec::Axes(chunks)).unwrap()
}

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

    fn read(&self, region: &[Range<usize>]) -> Result<NdArray> {
        let parts: Vec<SliceSpec> = region.iter().map(|range| range.clone().into()).collect();
        Ok(self.array.slice(&parts)?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An array in a source that is costly to read.
pub(crate) fn stored(shape: &[usize], chunk: &[usize]) -> ArrayExpr {
    static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let id = format!("stored:{}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let grid = ChunkGrid::regular(shape, chunk);
    let source = Stored { id, array: numbers(shape, DType::F64), grid: grid.clone() };
    ArrayExpr::read(Arc::new(source), &ChunkSpec::Auto).unwrap().rechunk_free(grid)
}

impl ArrayExpr {
    /// A source in other chunks, without a node for it.
    fn rechunk_free(&self, grid: ChunkGrid) -> Self {
        Self::intern(self.op().clone(), [], self.dtype(), grid)
    }
}

/// One step of a random program over a stack of arrays.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    what: u8,
    first: usize,
    second: usize,
    number: usize,
    sign: bool,
}

/// Consecutive numbers, made block by block, at some cost.
struct Counted;

impl Generator for Counted {
    fn id(&self) -> &str {
        "counted"
    }

    fn name(&self) -> String {
        "counted".to_owned()
    }

    fn dtype(&self) -> DType {
        DType::F64
    }

    fn block(&self, whole: &[usize], start: &[usize], shape: &[usize]) -> Result<NdArray> {
        from_fn(shape, DType::F64, |index| {
            let at = whole.iter().zip(index.iter().zip(start));
            let number = at.fold(0, |number, (length, (own, start))| number * length + own + start);
            Scalar::F64((number % 13) as f64)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A generated array.
pub(crate) fn generated(shape: &[usize], chunk: &[usize]) -> ArrayExpr {
    ArrayExpr::generate(Arc::new(Counted), ChunkGrid::regular(shape, chunk)).unwrap()
}

pub(crate) fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..18u8, 0..8usize, 0..8usize, 0..6usize, any::<bool>());
    prop::collection::vec(
        step.prop_map(|(what, first, second, number, sign)| Step { what, first, second, number, sign }),
        3..16,
    )
}

pub(crate) fn any_source() -> impl Strategy<Value = ArrayExpr> {
    let axis = (prop_oneof![1 => Just(0usize), 3 => Just(1), 12 => 2..7usize], 1..5usize);
    (prop::collection::vec(axis, 0..4), any::<bool>(), 0..5usize).prop_map(|(axes, costly, dtype)| {
        let (shape, chunk): (Vec<usize>, Vec<usize>) = axes.into_iter().unzip();
        let dtype = [DType::F64, DType::I32, DType::U8, DType::Bool, DType::C128][dtype];
        if costly { stored(&shape, &chunk) } else { memory_of(&shape, &chunk, dtype) }
    })
}

/// What a random program makes; steps that do not fit their arrays do nothing.
pub(crate) fn program(sources: Vec<ArrayExpr>, steps: &[Step]) -> ArrayExpr {
    let mut stack = sources;
    for step in steps {
        // Mostly the last one made, so that programs get deep.
        let x = stack[if step.first < 6 { stack.len() - 1 } else { step.number % stack.len() }].clone();
        let y = stack[step.second % stack.len()].clone();
        let axis = step.number % x.ndim().max(1);
        let signed = axis as isize;
        let length = x.shape().get(axis).copied().unwrap_or(0);
        let direction = if step.sign { 1 } else { -1 };
        let made = match step.what {
            0 => x.add(&y),
            1 => x.multiply(2i64),
            2 => {
                ArrayExpr::map("where", &[Argument::from(x.less(3i64).unwrap_or(x.clone())), (&x).into(), (&y).into()])
            }
            3 => x.t(),
            4 => x.slice(&[
                SliceSpec::Ellipsis,
                SliceSpec::Range { start: Some(1), stop: None, step: 1 + step.number as isize % 2 },
            ]),
            5 => x.flip(Some(&[signed])),
            6 => x.sum(Some(&[signed])),
            7 => {
                x.reduce(Reduction::Max, Some(&[signed]), &ReduceOptions { keepdims: step.sign, ..Default::default() })
            }
            8 => x.cast(if step.sign { DType::F32 } else { DType::I16 }),
            9 => ArrayExpr::concatenate(&[x.clone(), y], signed),
            10 => x.rechunk(&ChunkSpec::Uniform(crate::grid::chunking::AxisSpec::Size(1 + step.number))),
            11 => x.ravel(),
            12 => x.matmul(&y),
            13 => x.slice(&[SliceSpec::Index(step.number as isize), SliceSpec::NewAxis]),
            14 => x.roll(direction * step.number as isize, signed),
            15 => x.broadcast_to(&[&[2], x.shape().as_slice()].concat()),
            16 if length > 0 => x.take(&memory_of(&[3], &[2], DType::U8).remainder(length as i64).unwrap(), signed),
            _ => x.reduce(Reduction::ArgMax, Some(&[signed]), &ReduceOptions::default()),
        };
        if let Ok(made) = made
            && made.elements() < 3000
            && made.ndim() < 6
        {
            stack.push(made);
        }
    }
    stack.pop().unwrap()
}

impl ArrayExpr {
    /// Positions below a length.
    fn remainder(&self, length: i64) -> Result<Self> {
        let wide = self.cast(DType::I64)?;
        Self::map("remainder", &[(&wide).into(), length.max(1).into()])
    }
}

/// A property of programs that all fail would hold: most must run, and be long enough to have something to optimise.
#[test]
fn random_programs_are_worth_testing() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (prop::collection::vec(any_source(), 1..3), any_steps());
    let (mut valid, mut nodes, mut changed) = (0, 0, 0);
    for _ in 0..200 {
        let (sources, steps) = strategy.new_tree(&mut runner).unwrap().current();
        let root = program(sources, &steps);
        if evaluate(&root).is_ok() {
            valid += 1;
            nodes += ArrayExpr::topological(std::slice::from_ref(&root)).len();
            changed += usize::from(optimize(std::slice::from_ref(&root)).unwrap().0[0] != root);
        }
    }
    assert!(valid > 150 && nodes > 4 * valid && changed > valid / 3, "{valid} valid, {nodes} nodes, {changed} changed");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 2000, ..ProptestConfig::default() })]
    /// Whatever is built, the optimiser's result has the same elements, shape, dtype and grid.
    #[test]
    fn optimised_is_equal(sources in prop::collection::vec(any_source(), 1..3), steps in any_steps()) {
        let root = program(sources, &steps);
        let Ok(expected) = evaluate(&root) else { return Ok(()) };
        let (roots, _) = optimize(std::slice::from_ref(&root)).unwrap();
        prop_assert_eq!((roots[0].grid(), roots[0].dtype()), (root.grid(), root.dtype()));
        let result = evaluate(&roots[0]).unwrap();
        prop_assert_eq!(result, expected, "{}\n=>\n{}", crate::explain::tree(&[root]), crate::explain::tree(&roots));
    }
}
