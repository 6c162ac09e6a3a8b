//! Factorisations, transforms and products over several tasks, held against their definitions.

use std::sync::Arc;

use swath_kernels::linalg::matmul;
use swath_kernels::{Complex, DType, NdArray, Scalar};

use crate::expr::node::ArrayExpr;
use crate::expr::op::{Fft, Linalg, Op};
use crate::expr::traits::MemorySource;
use crate::grid::ChunkGrid;
use crate::lower::PlanOptions;
use crate::lower::plan::Plan;
use crate::lower::stage::Step;
use crate::reference::{from_fn, run_plan};

fn random(shape: &[usize], dtype: DType, seed: u64) -> NdArray {
    let mut state = 88172645463325252u64 ^ (seed << 17);
    from_fn(shape, dtype, |_| {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % 20_001) as f64 / 10_000.0 - 1.0
        };
        Scalar::C128(Complex::new(next(), if dtype.is_complex() { next() } else { 0.0 })).cast(dtype)
    })
    .unwrap()
}

fn chunked(array: &NdArray, chunk: &[usize]) -> ArrayExpr {
    let grid = ChunkGrid::regular(array.shape(), chunk);
    let read = ArrayExpr::read(Arc::new(MemorySource::new(array.clone())), &crate::ChunkSpec::Auto).unwrap();
    ArrayExpr::intern(read.op().clone(), [], read.dtype(), grid)
}

fn options(limit: u64) -> PlanOptions {
    PlanOptions { task_limit_bytes: limit, parallelism: 2, keep_bytes: 1 << 30 }
}

fn run(roots: &[ArrayExpr], limit: u64) -> Vec<NdArray> {
    let plan = Plan::new(roots, options(limit)).unwrap();
    assert!(plan.projected_memory() <= limit, "{}", plan.explain());
    // None of it is left to one task.
    let local = |step: &Step| matches!(step, Step::Local(node) if matches!(node.op(), Op::Linalg(_) | Op::Fft { .. }));
    assert!(plan.stages.len() > 2 && plan.stages.iter().any(|stage| !local(&stage.step)), "{}", plan.explain());
    run_plan(&plan).unwrap()
}

fn adjoint(a: &NdArray) -> NdArray {
    let turned = a.t();
    from_fn(turned.shape(), a.dtype(), |index| match turned.get(index).unwrap() {
        Scalar::C128(value) => Scalar::C128(value.conj()),
        other => other,
    })
    .unwrap()
}

fn distance(left: &NdArray, right: &NdArray) -> f64 {
    assert_eq!(left.shape(), right.shape());
    let value = |scalar: &Scalar| scalar.to::<Complex<f64>>();
    let pairs = left.scalars().into_iter().zip(right.scalars());
    pairs.map(|(left, right)| (value(&left) - value(&right)).norm()).fold(0.0, f64::max)
}

fn eye(n: usize) -> NdArray {
    from_fn(&[n, n], DType::F64, |index| Scalar::F64(if index[0] == index[1] { 1.0 } else { 0.0 })).unwrap()
}

fn check_qr(a: &NdArray, chunk: &[usize], limit: u64) {
    let x = chunked(a, chunk);
    let roots = [x.linalg(Linalg::QrQ, None).unwrap(), x.linalg(Linalg::QrR, None).unwrap()];
    let results = run(&roots, limit);
    let (q, r) = (&results[0], &results[1]);
    assert!(distance(&matmul(q, r).unwrap(), a) < 1e-11);
    assert!(distance(&matmul(&adjoint(q), q).unwrap(), &eye(q.shape()[1])) < 1e-12);
    let below = r
        .scalars()
        .iter()
        .enumerate()
        .any(|(at, value)| at / r.shape()[1] > at % r.shape()[1] && value.to::<Complex<f64>>().norm() > 1e-12);
    assert!(!below, "R is not upper triangular");
}

#[test]
fn tall_matrices_are_decomposed_block_by_block() {
    check_qr(&random(&[200, 5], DType::F64, 1), &[40, 5], 1 << 20);
    check_qr(&random(&[400, 6], DType::F64, 2), &[13, 3], 6_000);
    check_qr(&random(&[150, 4], DType::C128, 3), &[30, 4], 1 << 20);
}

#[test]
fn decompositions_of_any_shape_go_by_panels() {
    check_qr(&random(&[40, 40], DType::F64, 4), &[10, 40], 14_000);
    check_qr(&random(&[30, 50], DType::F64, 5), &[10, 25], 14_000);
}

#[test]
fn q_and_r_are_made_once() {
    let x = chunked(&random(&[40, 3], DType::F64, 1), &[10, 3]);
    let both = [x.linalg(Linalg::QrQ, None).unwrap(), x.linalg(Linalg::QrR, None).unwrap()];
    let plan = Plan::new(&both, options(1 << 20)).unwrap();
    let text = plan.explain();
    insta::assert_snapshot!(text[text.find("Stages:").unwrap()..].to_owned(), @"
    Stages: 4 with 13 tasks, at most 13.9 KiB a task
      0 ChunkSource: 4 tasks of 480 B -> float64 [10x4, 3]
          <- memory [40, 3] [a[0:40], b[0:3]]
      1 QrBlocks: 4 tasks of 1.0 KiB -> float64 [10x4, 3]; float64 [3x4, 3]
          <- stage 0 [10x4, 3] same block
      2 QrBlocks: 1 task of 13.9 KiB -> float64 [12, 3]; float64 [3, 3]
          <- stage 1.1 [3x4, 3] [64, 1] blocks
      3 Multiply: 4 tasks of 840 B -> float64 [10x4, 3]
          <- stage 1 [10x4, 3] same block
          <- stage 2 [12, 3] [a[0:12], b[0:3]]
    ");
}

#[test]
fn singular_values_come_from_r() {
    for (shape, chunk) in [([120, 6], [20, 6]), ([6, 120], [6, 20])] {
        let a = random(&shape, DType::F64, 6);
        let x = chunked(&a, &chunk);
        let parts = [Linalg::SvdU, Linalg::SvdS, Linalg::SvdVt].map(|part| x.linalg(part, None).unwrap());
        let results = run(&parts, 5_000);
        let (u, s, vt) = (&results[0], &results[1], &results[2]);
        let scaled = from_fn(u.shape(), DType::F64, |index| {
            Scalar::F64(u.get(index).unwrap().to::<f64>() * s.get(&index[1..]).unwrap().to::<f64>())
        });
        assert!(distance(&matmul(&scaled.unwrap(), vt).unwrap(), &a) < 1e-11);
        assert!(distance(&matmul(&adjoint(u), u).unwrap(), &eye(6)) < 1e-12);
        assert!(distance(s, &swath_kernels::linalg::singular_values(&a).unwrap()) < 1e-11);
    }
}

#[test]
fn systems_are_solved_block_by_block() {
    let n = 48;
    let a = random(&[n, n], DType::F64, 7);
    let strong = from_fn(&[n, n], DType::F64, |index| {
        Scalar::F64(a.get(index).unwrap().to::<f64>() + if index[0] == index[1] { 12.0 } else { 0.0 })
    })
    .unwrap();
    let b = random(&[n, 3], DType::F64, 8);
    let (x, y) = (chunked(&strong, &[12, n]), chunked(&b, &[12, 3]));
    let solved = run(&[x.linalg(Linalg::Solve, Some(&y)).unwrap()], 16_000).remove(0);
    assert!(distance(&matmul(&strong, &solved).unwrap(), &b) < 1e-11);
    let line = y.slice(&[swath_kernels::SliceSpec::ALL, swath_kernels::SliceSpec::Index(0)]).unwrap();
    assert_eq!(run(&[x.linalg(Linalg::Solve, Some(&line)).unwrap()], 16_000)[0].shape(), [n]);
    let inverse = run(&[x.linalg(Linalg::Inv, None).unwrap()], 16_000).remove(0);
    assert!(distance(&matmul(&strong, &inverse).unwrap(), &eye(n)) < 1e-11);
    for lower in [true, false] {
        let triangle = from_fn(&[n, n], DType::F64, |index| {
            let inside = if lower { index[0] >= index[1] } else { index[0] <= index[1] };
            if inside { strong.get(index).unwrap() } else { Scalar::F64(0.0) }
        })
        .unwrap();
        let t = chunked(&triangle, &[12, 16]);
        let root = t.linalg(Linalg::SolveTriangular { lower }, Some(&y)).unwrap();
        let solved = run(&[root], 12_000).remove(0);
        assert!(distance(&matmul(&triangle, &solved).unwrap(), &b) < 1e-11);
    }
    let positive = matmul(&strong, &adjoint(&strong)).unwrap();
    let factor = run(&[chunked(&positive, &[16, 16]).linalg(Linalg::Cholesky, None).unwrap()], 12_000).remove(0);
    assert!(distance(&matmul(&factor, &adjoint(&factor)).unwrap(), &positive) < 1e-9);
    assert!(distance(&factor, &swath_kernels::linalg::cholesky(&positive).unwrap()) < 1e-10);
}

#[test]
fn least_squares_by_qr() {
    for (shape, chunk) in [([150, 5], [25, 5]), ([40, 40], [10, 40])] {
        let (a, b) = (random(&shape, DType::F64, 9), random(&[shape[0], 2], DType::F64, 10));
        let root = chunked(&a, &chunk).linalg(Linalg::Lstsq, Some(&chunked(&b, &[25, 2]))).unwrap();
        let solved = run(&[root], 14_000).remove(0);
        let expected = swath_kernels::linalg::lstsq(&a, &b, None).unwrap().solution;
        assert!(distance(&solved, &expected) < 1e-7, "{}", distance(&solved, &expected));
    }
}

#[test]
fn long_lines_are_transformed_as_matrices() {
    let n = 1500;
    let x = random(&[n], DType::C128, 11);
    let limit = 30_000;
    let forward = run(&[chunked(&x, &[250]).fft(Fft::Forward, 0, None).unwrap()], limit).remove(0);
    let expected = swath_kernels::fft::fft(&x, None, 0, swath_kernels::fft::Norm::Backward).unwrap();
    assert!(distance(&forward, &expected) < 1e-10);
    let back = run(&[chunked(&forward, &[250]).fft(Fft::Inverse, 0, None).unwrap()], limit).remove(0);
    assert!(distance(&back, &x) < 1e-12);
    let real = random(&[2, n], DType::F64, 12);
    let half = run(&[chunked(&real, &[2, 250]).fft(Fft::RealForward, 1, None).unwrap()], limit).remove(0);
    let expected = swath_kernels::fft::rfft(&real, None, 1, swath_kernels::fft::Norm::Backward).unwrap();
    assert!(distance(&half, &expected) < 1e-10);
    let whole = run(&[chunked(&half, &[2, 100]).fft(Fft::RealInverse, 1, Some(n)).unwrap()], limit).remove(0);
    assert!(distance(&whole, &real) < 1e-12);
}

#[test]
fn long_lines_of_prime_length_are_convolutions() {
    let n = 1499;
    let limit = 20_000;
    let backward = swath_kernels::fft::Norm::Backward;
    for (shape, chunk, axis) in [([1, n], [1, 250], 1), ([n, 2], [100, 1], 0)] {
        let x = random(&shape, DType::C128, 21);
        let forward = run(&[chunked(&x, &chunk).fft(Fft::Forward, axis, None).unwrap()], limit).remove(0);
        assert!(distance(&forward, &swath_kernels::fft::fft(&x, None, axis, backward).unwrap()) < 1e-10);
        let back = run(&[chunked(&forward, &chunk).fft(Fft::Inverse, axis, None).unwrap()], limit).remove(0);
        assert!(distance(&back, &x) < 1e-12);
    }
    // Cut or padded to such a length, too, and in single precision.
    let real = random(&[1600], DType::F32, 22);
    let half = run(&[chunked(&real, &[250]).fft(Fft::RealForward, 0, Some(n)).unwrap()], limit).remove(0);
    assert_eq!(half.dtype(), DType::C64);
    assert!(distance(&half, &swath_kernels::fft::rfft(&real, Some(n), 0, backward).unwrap()) < 1e-4);
    let whole = run(&[chunked(&half, &[100]).fft(Fft::RealInverse, 0, Some(n)).unwrap()], limit).remove(0);
    let kept = real.slice(&[(0..n).into()]).unwrap();
    assert_eq!(whole.dtype(), DType::F32);
    assert!(distance(&whole, &kept) < 1e-5);
}

#[test]
fn elements_are_picked_along_long_lines() {
    use swath_kernels::layout::index::take_along_axis;
    for (shape, wanted, chunk, axis) in [([3, 2000], [3, 500], [2, 300], 1), ([2000, 2], [700, 2], [301, 2], 0)] {
        let x = random(&shape, DType::F64, 23);
        let place = |index: &[usize]| Scalar::I64(((index[0] * 977 + index[1] * 31) % 4000) as i64 - 2000);
        let places = from_fn(&wanted, DType::I64, place).unwrap();
        let root = |places: &NdArray| chunked(&x, &chunk).take_along_axis(&chunked(places, &[100, 100]), axis).unwrap();
        let found = run(&[root(&places)], 12_000).remove(0);
        assert_eq!(found, take_along_axis(&x, &places, axis).unwrap());
        let wrong = from_fn(&wanted, DType::I64, |index| Scalar::I64(if index[axis as usize] == 7 { 2000 } else { 0 }));
        let plan = Plan::new(&[root(&wrong.unwrap())], options(12_000)).unwrap();
        let error = run_plan(&plan).unwrap_err().to_string();
        assert!(error.contains(&format!("index 2000 is out of bounds for axis {axis} with size 2000")), "{error}");
    }
}

#[test]
fn the_best_of_more_than_a_task_are_sorted() {
    use swath_kernels::order::{argtopk, topk};
    let x = from_fn(&[2, 3000], DType::F64, |index| Scalar::F64((index[1] * 7919 % 501) as f64)).unwrap();
    for k in [1800isize, -1800] {
        let roots = [false, true].map(|places| chunked(&x, &[1, 400]).top(k.unsigned_abs(), 1, k > 0, places).unwrap());
        let found = run(&roots, 40_000);
        assert_eq!(found, [topk(&x, k, 1).unwrap(), argtopk(&x, k, 1).unwrap()]);
    }
}

#[test]
fn large_products_leave_no_processor_without_work() {
    let x = chunked(&NdArray::zeros(DType::F64, &[4000, 4000]).unwrap(), &[4000, 4000]);
    let plan = |root: ArrayExpr| Plan::new(&[root], options(4 << 30)).unwrap();
    let product = plan(x.matmul(&x.multiply(2.0).unwrap()).unwrap());
    let tasks = |plan: &Plan| {
        let contract = plan.stages.iter().find(|stage| matches!(stage.step, Step::Contract { .. })).unwrap();
        (contract.task_count(), matches!(contract.step, Step::Contract { symmetric: true, .. }))
    };
    assert_eq!(tasks(&product), (4, false));
    assert_eq!(tasks(&plan(x.t().unwrap().matmul(&x).unwrap())), (2, true));
    let small = chunked(&NdArray::zeros(DType::F64, &[40, 40]).unwrap(), &[40, 40]);
    assert_eq!(tasks(&plan(small.matmul(&small.multiply(2.0).unwrap()).unwrap())), (1, false));
}
