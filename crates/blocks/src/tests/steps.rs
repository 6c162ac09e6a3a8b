//! Each step against kernels over whole arrays.

use swath_arrays::expr::op::{Boundary, Constant, Fft, Linalg, QuantileMethod, Scan};
use swath_arrays::{BlockContext, BlockFunction, Reduction};
use swath_kernels::layout::pad::{PadMode, pad};
use swath_kernels::{Scalar, SliceSpec};

use super::*;

const DTYPES: [DType; 7] = [DType::F64, DType::F32, DType::I32, DType::U8, DType::Bool, DType::C128, DType::F16];

fn range(start: isize, stop: isize, step: isize) -> SliceSpec {
    SliceSpec::Range { start: Some(start), stop: Some(stop), step }
}

fn remainder(x: &ArrayExpr, of: i64) -> ArrayExpr {
    ArrayExpr::map("remainder", &[x.into(), of.into()]).unwrap()
}

#[test]
fn programs_and_views() {
    for dtype in DTYPES {
        let x = stored(&[7, 5], &[3, 2], dtype);
        let y = memory(&[5, 7], &[4, 4], dtype);
        let both = x.add(y.t().unwrap()).unwrap();
        check(&[both.clone(), both.multiply(2i64).unwrap().slice(&[range(1, 6, 2), SliceSpec::REVERSED]).unwrap()]);
        check(&[x.reshape(&[5, 7]).unwrap(), x.t().unwrap().reshape(&[35]).unwrap()]);
        check(&[ArrayExpr::concatenate(&[x.clone(), y.t().unwrap()], 1).unwrap()]);
        check(&[ArrayExpr::concatenate(&[x.clone(), y.t().unwrap()], 0).unwrap().rechunk(&chunks(&[4, 3])).unwrap()]);
    }
    let square = memory(&[6, 6], &[4, 4], DType::F64);
    check(&[square.add(square.t().unwrap()).unwrap()]);
    check(&[ArrayExpr::eye(5, 6, 1, DType::F64, &chunks(&[2, 4])).unwrap()]);
    check(&[random(&[9, 4], &[4, 3]), random(&[9, 4], &[2, 2]).add(1.0).unwrap()]);
}

#[test]
fn large_results_are_made_in_parts() {
    let (a, b) = (stored(&[600, 700], &[600, 700], DType::F64), memory(&[700, 600], &[400, 500], DType::F64));
    let sum = a.add(b.t().unwrap()).unwrap();
    let column = memory(&[600, 1], &[600, 1], DType::F64);
    check(&[sum.clone(), sum.multiply(&column).unwrap(), sum.slice(&[SliceSpec::REVERSED]).unwrap().add(1.0).unwrap()]);
    check(&[sum.add(1.0).unwrap().cast(DType::F32).unwrap(), sum.greater(1.0).unwrap()]);
    let cube = stored(&[1, 300, 500], &[1, 290, 500], DType::F64);
    check(&[cube.add(cube.sum(Some(&[2])).unwrap().expand_dims(2).unwrap()).unwrap()]);
    check(&[cube.transpose(Some(&[2, 0, 1])).unwrap().add(1.0).unwrap()]);
    check(&[random(&[900, 400], &[800, 300]).add(1.0).unwrap()]);
    check(&[ArrayExpr::eye(500, 600, 3, DType::F64, &chunks(&[500, 600])).unwrap().add(1.0).unwrap()]);
}

#[test]
fn transforms_are_made_in_parts() {
    let lines = memory(&[37, 6000], &[20, 6000], DType::F64);
    check(&[lines.fft(Fft::Forward, 1, None).unwrap(), lines.fft(Fft::RealForward, 1, Some(5000)).unwrap()]);
    check(&[lines.fft(Fft::Forward, 0, None).unwrap()]);
    let cube = stored(&[1, 70, 40, 50], &[1, 35, 40, 50], DType::F32);
    check(&[cube.fft(Fft::Inverse, 3, None).unwrap(), cube.fft(Fft::Forward, 2, Some(64)).unwrap()]);
}

#[test]
fn odd_shapes() {
    for (shape, chunk) in [
        (vec![], vec![]),
        (vec![0], vec![2]),
        (vec![3, 0], vec![2, 1]),
        (vec![1, 1, 1], vec![1, 1, 1]),
        (vec![5, 1, 3], vec![2, 1, 2]),
    ] {
        let x = stored(&shape, &chunk, DType::F64);
        let axes: Vec<isize> = (0..shape.len() as isize).rev().collect();
        check(&[x.add(1.0).unwrap(), x.sum(None).unwrap(), x.transpose(Some(&axes)).unwrap()]);
        for axis in 0..shape.len() as isize {
            check(&[
                x.sum(Some(&[axis])).unwrap(),
                x.scan(Scan::Sum, axis, None).unwrap(),
                x.sort(axis, false).unwrap(),
            ]);
        }
    }
}

#[test]
fn reductions() {
    let functions = [
        Reduction::Sum,
        Reduction::Prod,
        Reduction::Mean,
        Reduction::Var { ddof: 1 },
        Reduction::Std { ddof: 0 },
        Reduction::Min,
        Reduction::Max,
        Reduction::Any,
        Reduction::All,
        Reduction::CountNonzero,
        Reduction::ArgMin,
        Reduction::ArgMax,
        Reduction::NanSum,
        Reduction::NanMean,
        Reduction::NanMax,
    ];
    for dtype in [DType::F64, DType::F32, DType::I32, DType::U8, DType::Bool] {
        let x = stored(&[7, 4, 5], &[2, 3, 2], dtype);
        for function in functions {
            for axes in [vec![0], vec![1], vec![2], vec![0, 2], vec![0, 1, 2]] {
                if axes.len() == 2 && function.is_position() {
                    continue;
                }
                let Ok(y) = x.reduce(function, Some(&axes), &Default::default()) else { continue };
                check(&[y]);
            }
        }
    }
}

#[test]
fn running_results() {
    for dtype in [DType::F64, DType::I32, DType::U8] {
        let x = stored(&[9, 4], &[2, 3], dtype);
        for function in [Scan::Sum, Scan::Prod, Scan::Max, Scan::Min, Scan::NanSum] {
            for axis in 0..2 {
                check(&[x.scan(function, axis, None).unwrap()]);
            }
        }
    }
}

#[test]
fn products() {
    for dtype in DTYPES {
        let (a, b) = (stored(&[6, 5], &[2, 2], dtype), stored(&[5, 7], &[3, 3], dtype));
        check(&[a.matmul(&b).unwrap(), a.t().unwrap().matmul(&a).unwrap()]);
        let tall = stored(&[16, 2], &[4, 2], dtype);
        check(&[tall.t().unwrap().matmul(&tall).unwrap(), tall.matmul(&tall.t().unwrap()).unwrap()]);
    }
    // By hand, since the check itself multiplies with the same functions.
    let (a, b, c) = (numbers(&[3, 4, 2], DType::F64), numbers(&[3, 2, 5], DType::F64), numbers(&[4, 5], DType::F64));
    let get = |array: &NdArray, at: &[usize]| array.get(at).unwrap().to::<f64>();
    let lazy = |array: &NdArray, chunk: &[usize]| ArrayExpr::from_array(array.clone(), &chunks(chunk)).unwrap();
    let (x, y, z) = (lazy(&a, &[2, 3, 1]), lazy(&b, &[2, 1, 2]), lazy(&c, &[3, 3]));
    let batched = ArrayExpr::einsum("bij,bjk->kbi", &[x.clone(), y]).unwrap();
    let summed = ArrayExpr::einsum("bij,ik->j", &[x, z]).unwrap();
    let setup = setup(2, 1 << 30);
    let plan = Plan::new(&[batched, summed], setup.options()).unwrap();
    let found = setup.run(&plan).unwrap();
    for (k, b_, i) in (0..5).flat_map(|k| (0..3).flat_map(move |b| (0..4).map(move |i| (k, b, i)))) {
        let expected: f64 = (0..2).map(|j| get(&a, &[b_, i, j]) * get(&b, &[b_, j, k])).sum();
        assert_eq!(get(&found[0], &[k, b_, i]), expected);
    }
    for j in 0..2 {
        let all = (0..3).flat_map(|b| (0..4).flat_map(move |i| (0..5).map(move |k| (b, i, k))));
        let expected: f64 = all.map(|(b, i, k)| get(&a, &[b, i, j]) * get(&c, &[i, k])).sum();
        assert_eq!(get(&found[1], &[j]), expected);
    }
}

#[test]
fn order_and_counts() {
    for dtype in [DType::F64, DType::I32, DType::U8] {
        let x = stored(&[8, 6], &[3, 4], dtype);
        for axis in 0..2 {
            check(&[x.sort(axis, false).unwrap(), x.sort(axis, true).unwrap()]);
            check(&[x.top(2, axis, true, false).unwrap(), x.top(3, axis, false, true).unwrap()]);
            check(&[x.quantile(&[0.25, 0.5], Some(&[axis]), QuantileMethod::Linear, false).unwrap()]);
        }
        check(&[x.median(None).unwrap(), x.unique(false).unwrap(), x.unique(true).unwrap()]);
        let edges = ArrayExpr::linspace(-2.0, 4.0, 4, true, &ChunkSpec::Auto).unwrap();
        check(&[x.histogram(&edges, None).unwrap()]);
    }
    let x = remainder(&stored(&[20], &[6], DType::U8), 5);
    check(&[x.bincount(5, None).unwrap()]);
}

#[test]
fn indexing() {
    let x = stored(&[8, 6], &[3, 4], DType::F64);
    let at = ArrayExpr::from_array(NdArray::from_vec(&[3], vec![5_i64, -1, 0]).unwrap(), &chunks(&[2])).unwrap();
    check(&[x.take(&at, 0).unwrap(), x.take(&at, 1).unwrap()]);
    let along = remainder(&memory(&[8, 2], &[3, 2], DType::U8), 6);
    check(&[x.take_along_axis(&along, 1).unwrap()]);
    let positive = x.greater(0.0).unwrap();
    let kept = x.mask(&positive).unwrap();
    check(&[
        kept.clone(),
        kept.add(1.0).unwrap(),
        kept.sum(None).unwrap(),
        kept.reduce(Reduction::Max, None, &Default::default()).unwrap(),
    ]);
    let rows = x.slice(&[SliceSpec::ALL, SliceSpec::Index(0)]).unwrap().greater(0.0).unwrap();
    let kept = x.mask(&rows).unwrap();
    let row = memory(&[6], &[4], DType::F64);
    check(&[kept.add(&row).unwrap(), kept.sum(Some(&[1])).unwrap(), kept.mean(Some(&[0])).unwrap()]);
    check(&[x.set_slice(&[range(1, 6, 1)], &row).unwrap()]);
    check(&[x.scatter(0, &at, &memory(&[3, 6], &[3, 6], DType::F64)).unwrap()]);
}

#[test]
fn algebra_and_transforms() {
    let x = stored(&[6, 4], &[4, 3], DType::F64);
    let square =
        x.t().unwrap().matmul(&x).unwrap().add(ArrayExpr::eye(4, 4, 0, DType::F64, &chunks(&[2, 3])).unwrap()).unwrap();
    check(&[x.linalg(Linalg::QrR, None).unwrap(), x.linalg(Linalg::SvdS, None).unwrap()]);
    for function in [Linalg::Cholesky, Linalg::Inv, Linalg::Det, Linalg::EighValues] {
        check(&[square.linalg(function, None).unwrap()]);
    }
    let right = stored(&[4, 5], &[4, 2], DType::F64);
    let vector = stored(&[4], &[2], DType::F64);
    check(&[
        square.linalg(Linalg::Solve, Some(&right)).unwrap(),
        square.linalg(Linalg::Solve, Some(&vector)).unwrap(),
        square.linalg(Linalg::SolveTriangular { lower: true }, Some(&right)).unwrap(),
    ]);
    check(&[x.linalg(Linalg::Lstsq, Some(&stored(&[6], &[3], DType::F64))).unwrap()]);
    for axis in 0..2 {
        check(&[
            x.fft(Fft::Forward, axis, None).unwrap(),
            x.fft(Fft::RealForward, axis, Some(7)).unwrap(),
            x.fft(Fft::Inverse, axis, Some(3)).unwrap(),
            x.fft(Fft::RealInverse, axis, None).unwrap(),
        ]);
    }
}

/// The sum of a window around each element of one axis: what a halo is for.
pub(super) struct Window {
    pub(super) before: usize,
    pub(super) after: usize,
}

impl BlockFunction for Window {
    fn id(&self) -> &str {
        "window"
    }

    fn name(&self) -> String {
        "window".to_owned()
    }

    fn apply(&self, blocks: &[NdArray], context: &BlockContext) -> swath_arrays::Result<NdArray> {
        let (length, width) = (context.region[0].len(), self.before + self.after + 1);
        let block = &blocks[0];
        assert_eq!(block.shape()[0], length + width - 1);
        let elements = block.to_vec::<f64>()?;
        let columns = block.shape()[1];
        let sum =
            |row: usize, column: usize| -> f64 { (row..row + width).map(|row| elements[row * columns + column]).sum() };
        let sums = (0..length * columns).map(|at| sum(at / columns, at % columns)).collect();
        Ok(NdArray::from_vec(&[length, columns], sums)?)
    }

    fn is_local(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn halos() {
    let modes = [
        (Boundary::Reflect, PadMode::Symmetric),
        (Boundary::Periodic, PadMode::Wrap),
        (Boundary::Nearest, PadMode::Edge),
        (Boundary::Constant(Constant(Scalar::F64(2.5))), PadMode::Constant(Scalar::F64(2.5), Scalar::F64(2.5))),
    ];
    for (boundary, mode) in modes {
        for (before, after) in [(1, 1), (0, 2), (2, 1)] {
            let window = Arc::new(Window { before, after });
            // The blocks of an array in memory come in parts.
            for x in [stored(&[11, 3], &[4, 2], DType::F64), memory(&[700, 300], &[600, 300], DType::F64)] {
                let (rows, columns) = (x.shape()[0], x.shape()[1]);
                let y = x.map_overlap(window.clone(), &[(before, after), (0, 0)], boundary, DType::F64).unwrap();
                let padded = pad(&evaluate(&x), &[(before, after), (0, 0)], mode).unwrap();
                let region = vec![0..rows, 0..columns];
                let context = BlockContext { block: vec![0, 0], counts: vec![1, 1], region };
                let setup = setup(2, 1 << 30);
                let plan = Plan::new(&[y], setup.options()).unwrap();
                let expected = window.apply(&[padded], &context).unwrap();
                assert_close(&setup.run(&plan).unwrap()[0], &expected, &format!("{boundary:?}"));
            }
        }
    }
}
