//! Times of array plans, planning included: the least of several runs, in milliseconds.
//!
//! `cargo bench -p swath-blocks --bench arrays -- [NAME…]`; `THREADS` and `RUNS` stand in the environment.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use swath_arrays::expr::op::{Boundary, Fft, QuantileMethod};
use swath_arrays::{ArrayExpr, AxisSpec, BlockContext, BlockFunction, ChunkGrid, ChunkSpec, Plan};
use swath_blocks::{Cancel, Engine, Progress};
use swath_kernels::random::{Distribution, Key};
use swath_kernels::{DType, NdArray, Scalar};

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let number = |name: &str, otherwise: usize| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let engine = Engine::new(number("THREADS", 2), 8 << 30, std::env::temp_dir());
    let runs = number("RUNS", 5);
    for (name, make) in WORK {
        if names.is_empty() || names.iter().any(|wanted| name.contains(wanted.as_str())) {
            let roots = make();
            let mut best = (f64::INFINITY, f64::INFINITY);
            let progress = Progress::new();
            for _ in 0..runs {
                let start = Instant::now();
                let plan = Plan::new(&roots, engine.plan_options()).unwrap();
                let planned = start.elapsed();
                engine.run_watched(&plan, &Cancel::new(), &progress).unwrap();
                let all = start.elapsed().as_secs_f64() * 1e3;
                best = if all < best.0 { (all, planned.as_secs_f64() * 1e3) } else { best };
            }
            println!("{name:40} {:9.2} ms, of which {:.2} planning", best.0, best.1);
            if std::env::var_os("STAGES").is_some() {
                println!("{}", progress.metrics().table());
            }
        }
    }
}

type Work = (&'static str, fn() -> Vec<ArrayExpr>);

const WORK: &[Work] = &[
    ("tiny", || vec![in_memory(&[10], 1).add(1.0).unwrap()]),
    ("fused sum 10M", || {
        let [a, b, c] = [1, 2, 3].map(|key| in_memory(&[10_000_000], key));
        vec![a.add(b).unwrap().multiply(c).unwrap().sum(None).unwrap()]
    }),
    ("sum of 10,000 chunks", || {
        let grid = ChunkGrid::regular(&[10_000_000], &[1000]);
        let x = ArrayExpr::full_in(grid, Scalar::F64(1.0)).unwrap();
        vec![x.add(1.0).unwrap().sum(None).unwrap()]
    }),
    ("tiny sum of 10,000 chunks", || {
        let grid = ChunkGrid::regular(&[20_000], &[2]);
        let x = ArrayExpr::full_in(grid, Scalar::F64(1.0)).unwrap();
        vec![x.add(1.0).unwrap().sum(None).unwrap()]
    }),
    ("x + x.T 4000", || {
        let x = in_memory(&[4000, 4000], 1);
        vec![x.add(x.t().unwrap()).unwrap()]
    }),
    ("matmul 4000", || vec![in_memory(&[4000, 4000], 1).matmul(&in_memory(&[4000, 4000], 2)).unwrap()]),
    ("rechunk 128 MB in memory", || {
        let x = ArrayExpr::from_array(normal(&[4000, 4000], 1), &sizes(&[1000, 1000])).unwrap();
        vec![x.rechunk(&sizes(&[4000, 250])).unwrap()]
    }),
    ("rechunk 128 MB made and summed", || {
        let x = made(&[4000, 4000], &[1000, 1000]).rechunk(&sizes(&[4000, 250])).unwrap();
        vec![x.sort(0, false).unwrap().sum(None).unwrap()]
    }),
    ("rechunk 128 MB copied", || {
        let x = ArrayExpr::from_array(normal(&[4000, 4000], 1), &sizes(&[1000, 1000])).unwrap();
        // A function over blocks keeps the read and the rechunk apart.
        vec![mapped(&x, Arc::new(Copy)).rechunk(&sizes(&[4000, 250])).unwrap()]
    }),
    ("standardise 10M x 10", || {
        let x = in_memory(&[10_000_000, 10], 1);
        let centred = x.subtract(x.mean(Some(&[0])).unwrap()).unwrap();
        vec![centred.divide(x.std(Some(&[0])).unwrap()).unwrap()]
    }),
    ("mean and std 10M x 10", || {
        let x = in_memory(&[10_000_000, 10], 1);
        vec![x.mean(Some(&[0])).unwrap(), x.std(Some(&[0])).unwrap()]
    }),
    ("exp(-x**2).sum() 100M", || {
        let x = in_memory(&[100_000_000], 1);
        vec![x.square().unwrap().negative().unwrap().exp().unwrap().sum(None).unwrap()]
    }),
    ("percentile 10M", || {
        let x = in_memory(&[10_000_000], 1);
        vec![x.quantile(&[0.05, 0.5, 0.95], None, QuantileMethod::Linear, false).unwrap()]
    }),
    ("fft of 1000 rows of 2^16", || {
        let x = ArrayExpr::from_array(normal(&[1000, 1 << 16], 1), &sizes(&[64, 1 << 16])).unwrap();
        vec![x.fft(Fft::RealForward, 1, None).unwrap()]
    }),
    ("stencil 8000 x 8000", || {
        let x = in_memory(&[8000, 8000], 1);
        let halo = [(1, 1), (1, 1)];
        vec![x.map_overlap(Arc::new(FivePoints), &halo, Boundary::Nearest, DType::F64).unwrap()]
    }),
    ("mask and sum 10M", || {
        let x = in_memory(&[10_000_000], 1);
        vec![x.mask(&x.greater(0.5).unwrap()).unwrap().sum(None).unwrap()]
    }),
];

fn normal(shape: &[usize], key: u64) -> NdArray {
    let normal = Distribution::Normal { loc: 0.0, scale: 1.0 };
    normal.array(Key::new(key, 0), DType::F64, shape).unwrap()
}

fn in_memory(shape: &[usize], key: u64) -> ArrayExpr {
    ArrayExpr::from_array(normal(shape, key), &ChunkSpec::Auto).unwrap()
}

fn made(shape: &[usize], chunk: &[usize]) -> ArrayExpr {
    ArrayExpr::from_array(normal(shape, 1), &sizes(chunk)).unwrap().add(1.0).unwrap()
}

fn sizes(chunk: &[usize]) -> ChunkSpec {
    ChunkSpec::Axes(chunk.iter().map(|size| AxisSpec::Size(*size)).collect())
}

fn mapped(x: &ArrayExpr, function: Arc<dyn BlockFunction>) -> ArrayExpr {
    let axes = (0..x.ndim()).map(Some).collect();
    ArrayExpr::blockwise(function, &[(x, axes)], x.dtype(), x.grid().clone()).unwrap()
}

struct Copy;

impl BlockFunction for Copy {
    fn id(&self) -> &str {
        "copy"
    }
    fn name(&self) -> String {
        "copy".to_owned()
    }
    fn apply(&self, blocks: &[NdArray], _: &BlockContext) -> swath_arrays::Result<NdArray> {
        Ok(NdArray::from_vec(blocks[0].shape(), blocks[0].to_vec::<f64>()?)?)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The mean of an element and its four neighbours.
struct FivePoints;

impl BlockFunction for FivePoints {
    fn id(&self) -> &str {
        "five points"
    }
    fn name(&self) -> String {
        "five points".to_owned()
    }
    fn apply(&self, blocks: &[NdArray], _: &BlockContext) -> swath_arrays::Result<NdArray> {
        let [rows, columns] = [blocks[0].shape()[0] - 2, blocks[0].shape()[1] - 2];
        let block = blocks[0].contiguous();
        let elements = block.as_slice::<f64>().unwrap_or_default();
        let width = columns + 2;
        let mut result = vec![0.0; rows * columns];
        for (row, target) in result.chunks_exact_mut(columns).enumerate() {
            let [above, own, below] = [0, 1, 2].map(|line| &elements[(row + line) * width..][..width]);
            for (at, value) in target.iter_mut().enumerate() {
                *value = 0.2 * (above[at + 1] + own[at] + own[at + 1] + own[at + 2] + below[at + 1]);
            }
        }
        Ok(NdArray::from_vec(&[rows, columns], result)?)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
