//! Work on more than fits into memory, for the bench at its full size and for the test at a small one.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use swath_arrays::{ArrayExpr, ArraySink, AxisSpec, BlockContext, BlockFunction, ChunkGrid, ChunkSpec, Generator};
use swath_kernels::random::{Distribution, Key};
use swath_kernels::{DType, NdArray};

/// A matrix of `float64`, in chunks of whole rows.
#[derive(Clone, Copy)]
pub struct Data {
    /// Rows of it.
    pub rows: usize,
    /// Columns of it.
    pub columns: usize,
    /// Rows of a chunk.
    pub chunk_rows: usize,
}

/// The most memory that this process had since its mark was set back.
pub fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// A name, and what is to be run.
pub type Work = (&'static str, fn(Data) -> ArrayExpr);

/// All of it.
pub const WORK: &[Work] = &[
    ("rechunk", |data| {
        let x = handed_on(&made(data));
        stored(&x.rechunk(&sizes(&[data.rows, 16])).unwrap())
    }),
    ("transpose and store", |data| stored(&handed_on(&made(data)).t().unwrap())),
    ("x.T @ x", |data| {
        let x = made(data);
        stored(&x.t().unwrap().matmul(&x).unwrap())
    }),
    ("standardise", |data| {
        let x = made(data);
        let centred = x.subtract(x.mean(Some(&[0])).unwrap()).unwrap();
        stored(&centred.divide(x.std(Some(&[0])).unwrap()).unwrap())
    }),
    ("sort", |data| stored(&handed_on(&made(data)).sort(0, false).unwrap())),
];

fn made(data: Data) -> ArrayExpr {
    let Data { rows, columns, chunk_rows } = data;
    let grid = ChunkGrid::regular(&[rows, columns], &[chunk_rows, columns]);
    ArrayExpr::generate(Arc::new(Normal), grid).unwrap()
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
