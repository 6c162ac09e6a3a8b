//! Work on more than fits into memory: 8 GB of `float64`, made block by block, under a limit of 1 GB.
//!
//! `cargo bench -p swath-blocks --bench out_of_core -- [NAME…]`; `GB` (whole data), `LIMIT_MB`, `THREADS` and `FOLDER` (spilled blocks)
//! stand in the environment. Fails if resident memory exceeds the limit by more than 256 MB.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use swath_arrays::{
    ArrayExpr, ArraySink, AxisSpec, BlockContext, BlockFunction, ChunkGrid, ChunkSpec, Generator, Plan,
};
use swath_blocks::{Cancel, Engine, Progress};
use swath_kernels::random::{Distribution, Key};
use swath_kernels::{DType, NdArray};

const SLACK_MB: u64 = 256;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let number = |name: &str, otherwise: usize| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let (gigabytes, limit_mb) = (number("GB", 8), number("LIMIT_MB", 1024) as u64);
    let folder = std::env::var_os("FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let engine = Engine::new(number("THREADS", 2), limit_mb << 20, folder);
    // Elements of 8 bytes in rows of 4096.
    let rows = gigabytes * (1 << 30) / 8 / 4096;
    let mut failed = false;
    for (name, make) in WORK {
        if !names.is_empty() && !names.iter().any(|wanted| name.contains(wanted.as_str())) {
            continue;
        }
        // The high-water mark of resident memory starts anew.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let start = Instant::now();
        let plan = Plan::new(&[make(rows)], engine.plan_options()).unwrap();
        let progress = Progress::new();
        engine.run_watched(&plan, &Cancel::new(), &progress).unwrap();
        let (seconds, resident) = (start.elapsed().as_secs_f64(), resident_mb());
        println!("{name:24} {seconds:7.1} s, {resident} MB resident at most, limit {limit_mb} MB");
        print!("{}", progress.metrics().table());
        failed |= resident > limit_mb + SLACK_MB;
    }
    assert!(!failed, "resident memory went beyond the limit by more than {SLACK_MB} MB");
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1024
}

type Work = (&'static str, fn(usize) -> ArrayExpr);

const WORK: &[Work] = &[
    ("rechunk", |rows| {
        let x = handed_on(&made(rows, 4096, [1024, 4096]));
        stored(&x.rechunk(&sizes(&[rows, 16])).unwrap())
    }),
    ("transpose and store", |rows| stored(&handed_on(&made(rows, 4096, [1024, 4096])).t().unwrap())),
    ("x.T @ x", |rows| {
        let x = made(rows, 4096, [1024, 4096]);
        stored(&x.t().unwrap().matmul(&x).unwrap())
    }),
    ("standardise", |rows| {
        let x = made(rows, 4096, [1024, 4096]);
        let centred = x.subtract(x.mean(Some(&[0])).unwrap()).unwrap();
        stored(&centred.divide(x.std(Some(&[0])).unwrap()).unwrap())
    }),
    ("sort", |rows| stored(&handed_on(&made(rows, 4096, [1024, 4096])).sort(0, false).unwrap())),
];

fn made(rows: usize, columns: usize, chunk: [usize; 2]) -> ArrayExpr {
    ArrayExpr::generate(Arc::new(Normal), ChunkGrid::regular(&[rows, columns], &chunk)).unwrap()
}

fn stored(x: &ArrayExpr) -> ArrayExpr {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    x.store(Arc::new(Nowhere(format!("nowhere:{}", NUMBER.fetch_add(1, Ordering::Relaxed))))).unwrap()
}

fn sizes(chunk: &[usize]) -> ChunkSpec {
    ChunkSpec::Axes(chunk.iter().map(|size| AxisSpec::Size(*size)).collect())
}

/// The same blocks through a function, so that what comes after is not asked of the generator.
fn handed_on(x: &ArrayExpr) -> ArrayExpr {
    ArrayExpr::blockwise(Arc::new(HandOn), &[(x, vec![Some(0), Some(1)])], x.dtype(), x.grid().clone()).unwrap()
}

struct HandOn;

impl BlockFunction for HandOn {
    fn id(&self) -> &str {
        "hand on"
    }
    fn name(&self) -> String {
        "hand on".to_owned()
    }
    fn apply(&self, blocks: &[NdArray], _: &BlockContext) -> swath_arrays::Result<NdArray> {
        Ok(blocks[0].clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Normal;

impl Generator for Normal {
    fn id(&self) -> &str {
        "normal"
    }
    fn name(&self) -> String {
        "normal".to_owned()
    }
    fn dtype(&self) -> DType {
        DType::F64
    }
    fn block(&self, whole: &[usize], start: &[usize], shape: &[usize]) -> swath_arrays::Result<NdArray> {
        Ok(Distribution::STANDARD_NORMAL.block(Key::new(1, 0), DType::F64, whole, start, shape)?)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A sink that looks at every element and keeps none.
struct Nowhere(String);

impl ArraySink for Nowhere {
    fn id(&self) -> &str {
        &self.0
    }
    fn name(&self) -> String {
        "nowhere".to_owned()
    }
    fn write(&self, _: &[Range<usize>], block: &NdArray) -> swath_arrays::Result<()> {
        let sum = swath_kernels::reduce::reduce(swath_kernels::reduce::Reduction::Sum, block, None, false)?;
        assert!(sum.item()?.to::<f64>().is_finite());
        Ok(())
    }
    fn finish(&self) -> swath_arrays::Result<()> {
        Ok(())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
