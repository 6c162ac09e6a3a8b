//! A table of the surface's functions, each of which gives the same whatever the chunks of its arguments.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

use proptest::prelude::*;
use swath_nd::{Array, Arrays, Cancel, Complex, DType, NdArray, Norm, PadMode, QuantileMethod, ReduceOptions, s};

type Function = fn(&Array, &Array) -> Array;

/// Functions of two arrays of one shape, at least `(2, 2)`: `x` of any floats, `y` between -1 and 1.
const TABLE: &[(&str, Function)] = &[
    ("add", |x, y| x + y),
    ("power", |x, y| x.abs().power(y)),
    ("arctan2", |x, y| x.arctan2(y)),
    ("where", |x, y| x.gt(y).where_(x, 1.0)),
    ("clip", |x, y| x.clip(Some((-1.0).into()), Some(y.into()))),
    ("integer power", |x, y| (x * 3.0).astype(DType::I32).power((y * 4.0).abs().astype(DType::I8))),
    ("sum 0", |x, _| x.sum(0)),
    ("sum", |x, _| x.sum(())),
    ("mean 1", |x, _| x.mean(1)),
    ("var", |x, _| x.var(ReduceOptions::over(0).correction(0.5))),
    ("std", |x, _| x.std(ReduceOptions::over([0, 1]).ddof(1))),
    ("prod", |_, y| y.prod(0)),
    ("min where", |x, y| x.min(ReduceOptions::over(1).mask(&y.gt(0.0)).initial(9.0))),
    ("argmax", |x, _| x.argmax(0)),
    ("argmin of all", |x, _| x.argmin(())),
    ("nanmean", |x, y| y.gt(0.0).where_(x, f64::NAN).nanmean(0)),
    ("any", |x, _| x.gt(3.0).any(1)),
    ("count_nonzero", |x, _| x.gt(0.0).count_nonzero(0)),
    ("ptp", |x, _| x.ptp(1)),
    ("median", |x, _| x.median(0)),
    ("quantiles", |x, _| x.quantiles(&[0.1, 0.5, 1.0], 1, QuantileMethod::Hazen)),
    ("average", |x, y| x.average(0, Some(&(y + 2.0)))),
    ("cumsum", |x, _| x.cumsum(1)),
    ("cumulative_prod", |_, y| y.cumulative_prod(Some(0), None, true)),
    ("diff", |x, _| x.diff(1, 0)),
    ("diff_between", |x, y| x.diff_between(1, 1, Some(0.0.into()), Some(y.into()))),
    ("sort", |x, _| x.sort(0)),
    ("argsort", |x, _| x.argsort(1)),
    ("argsort_descending", |x, _| (x.astype(DType::I8)).argsort_descending(0)),
    ("topk", |x, _| x.topk(2, 0)),
    ("argtopk", |x, _| x.argtopk(-1, 1)),
    ("searchsorted", |x, y| x.ravel().sort(0).searchsorted(y, true)),
    ("histogram", |x, y| x.histogram(5, Some(&(y * y)), false).0),
    ("bincount", |x, _| x.abs().astype(DType::I64).ravel().bincount(None, 4)),
    ("unique", |x, _| x.astype(DType::I8).unique()),
    ("unique counts", |x, _| x.astype(DType::I8).unique_counts().1),
    ("isin", |x, y| x.astype(DType::I8).isin(y.astype(DType::I8))),
    ("transpose", |x, _| x.t()),
    ("reshape", |x, _| x.t().reshape([-1])),
    ("flip", |x, _| x.flip(0)),
    ("rot90", |x, _| x.rot90(1, 0, 1)),
    ("roll", |x, _| x.roll([3], [1])),
    ("tile", |x, _| x.tile([2, 2])),
    ("repeat", |x, _| x.repeat(2, 0)),
    ("pad", |x, _| x.pad(&[(1, 2), (0, 3)], PadMode::Reflect)),
    ("insert_at", |x, y| x.insert_at(&[2, 0], y.slice(s![..2]), 0)),
    ("delete", |x, _| x.delete(&[1], 1)),
    ("concatenate", |x, y| swath_nd::concatenate(&[x, y], 1).unwrap()),
    ("stack", |x, y| swath_nd::stack(&[x, y], -1).unwrap()),
    ("slice", |x, _| x.slice(s![..;-1, 1..])),
    ("pick", |x, _| x.slice(s![[1, 0, 1], ..])),
    ("mask", |x, y| x.slice(s![&y.gt(0.0)])),
    ("set", |x, y| x.set(s![0], y.slice(s![1]))),
    ("take_along_axis", |x, y| x.take_along_axis(y.argsort(0), 0)),
    ("matmul", |x, y| x.matmul(y.t())),
    ("tensordot", |x, y| x.tensordot(y, &[0], &[0])),
    ("einsum", |x, y| swath_nd::einsum("ij,ij->j", &[x, y]).unwrap()),
    ("kron", |x, y| x.kron(y)),
    ("vecdot", |x, y| x.vecdot(y, 0)),
    ("cov", |x, _| x.cov(true, 1)),
    ("norm", |x, _| x.matrix_norm(swath_nd::NormKind::Nuclear, false)),
    ("svdvals", |x, _| x.svdvals()),
    ("qr", |x, _| x.qr().1.abs()),
    ("det", |x, _| gram(x).det()),
    ("inv", |x, _| gram(x).inv()),
    ("solve", |x, y| gram(x).solve(y)),
    ("cholesky", |x, _| gram(x).cholesky()),
    ("eigvalsh", |x, _| gram(x).eigvalsh()),
    ("fft", |x, _| x.fft(None, 0, Norm::Ortho)),
    ("rfft", |x, _| x.rfft(Some(5), 1, Norm::Backward)),
    ("irfft", |x, y| (x * Complex::new(0.0, 1.0) + y).irfft(None, 1, Norm::Backward)),
    ("fftn", |x, _| x.fftn(None, (), Norm::Backward)),
    ("fftshift", |x, _| x.fftshift(())),
    ("float32", |x, y| (x.astype(DType::F32) * y.astype(DType::F32)).sum(0)),
];

/// A positive definite matrix.
fn gram(x: &Array) -> Array {
    let rows = x.shape().unwrap()[0];
    x.matmul(x.t()) + x.context().identity(rows, DType::F64)
}

fn close(a: &NdArray, b: &NdArray) -> bool {
    let tolerance = if a.dtype() == DType::F32 { 1e-5 } else { 1e-9 };
    a.dtype() == b.dtype()
        && a.shape() == b.shape()
        && a.scalars().into_iter().zip(b.scalars()).all(|(a, b)| {
            let (a, b): (Complex<f64>, Complex<f64>) = (a.to(), b.to());
            a == b || (a.re.is_nan() && b.re.is_nan()) || (a - b).norm() <= tolerance * b.norm().max(1.0)
        })
}

/// An axis in chunks that follow no rule.
fn cut(length: usize, chunks: &[usize]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut rest = length;
    for chunk in chunks.iter().cycle() {
        if rest == 0 {
            return lengths;
        }
        lengths.push(rest.min(*chunk));
        rest -= rest.min(*chunk);
    }
    vec![length]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_function_sees_chunks(
        rows in 2..7usize,
        columns in 2..8usize,
        first in prop::collection::vec(1..5usize, 1..4),
        second in prop::collection::vec(1..5usize, 1..4),
        seed in any::<u64>(),
    ) {
        let context = Arrays::builder().threads(2).build();
        let draws = context.random(seed);
        let x = context.from_array(draws.normal(0.0, 2.0, [rows, columns]).compute().unwrap());
        let y = context.from_array(draws.uniform(-1.0, 1.0, [rows, columns]).compute().unwrap());
        let chunked = |array: &Array, down: &[usize], across: &[usize]| {
            array.rechunk(vec![cut(rows, down), cut(columns, across)])
        };
        let (cut_x, cut_y) = (chunked(&x, &first, &second), chunked(&y, &second, &first));
        for (name, function) in TABLE {
            let expected = function(&x, &y).compute().map_err(|error| error.to_string());
            let found = function(&cut_x, &cut_y).compute_by_plan(&Cancel::new()).map_err(|error| error.to_string());
            match (&expected, &found) {
                (Ok(expected), Ok(found)) => {
                    prop_assert!(close(found, expected), "{name}: {:?}, not {:?}", found.scalars(), expected.scalars());
                }
                _ => prop_assert!(expected == found && expected.is_err(), "{name}: {found:?}, not {expected:?}"),
            }
        }
    }
}
