//! Chunks never change a result, and small arrays computed at once are what plans give.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

use proptest::prelude::*;
use swath_nd::{Array, Arrays, Cancel, DType, NdArray, ReduceOptions, Scalar, concatenate, s, stack};

fn context() -> Arrays {
    Arrays::builder().threads(2).build()
}

/// A function of two arrays of one shape, by number.
fn step(number: u8, x: &Array, y: &Array) -> Array {
    match number % 16 {
        0 => x + y,
        1 => x * 2.5 - y,
        2 => x.maximum(y),
        3 => x.gt(y).where_(x, y),
        4 => x - x.mean(0),
        5 => x.flip(1),
        6 => x.sort(1),
        7 => x.cumsum(0),
        8 => x.roll([1, 2], [0, 1]),
        9 => x / x.abs().max(ReduceOptions::over(1).keepdims()),
        10 => x.t().reshape([-1]).reshape(x.shape().unwrap()),
        11 => x.set(s![1..;2, ..;-1], y.slice(s![1..;2])),
        12 => x.power(2) + y.exp().tanh(),
        13 => x.slice(s![..;-1]).take_along_axis(y.argsort(1), 1),
        14 => x.matmul(y.t()).sum(1).reshape([-1, 1]) + x,
        _ => x.slice(s![[-1, 0], ..]).sum(0) + y.std(()),
    }
}

fn close(a: &NdArray, b: &NdArray) -> bool {
    let near = |(a, b): (Scalar, Scalar)| {
        let (a, b): (f64, f64) = (a.to(), b.to());
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * b.abs().max(1.0)
    };
    a.dtype() == b.dtype() && a.shape() == b.shape() && a.scalars().into_iter().zip(b.scalars()).all(near)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn chunks_change_nothing(
        rows in 2..7usize,
        columns in 1..8usize,
        chunk in (1..7usize, 1..8usize),
        steps in prop::collection::vec(any::<u8>(), 1..5),
        seed in any::<u64>(),
    ) {
        let context = context();
        let build = |context: &Arrays, chunks: [usize; 2]| {
            let draws = context.random(seed);
            let first = draws.normal(0.0, 2.0, [rows, columns]).rechunk(chunks);
            let second = draws.uniform(-1.0, 1.0, [rows, columns]).rechunk([chunks[0], columns]);
            let mut pair = (first, second);
            for number in &steps {
                let next = step(*number, &pair.0, &pair.1).broadcast_to([rows, columns]);
                pair = (next, pair.0);
            }
            pair.0
        };
        let whole = build(&context, [rows, columns]);
        let at_once = whole.compute().unwrap();
        let by_plan = whole.compute_by_plan(&Cancel::new()).unwrap();
        prop_assert!(close(&at_once, &by_plan), "{steps:?}: {:?} {:?}", at_once.scalars(), by_plan.scalars());
        let cut = build(&context.with_chunks([chunk.0, chunk.1]), [chunk.0, chunk.1]);
        let in_chunks = cut.compute_by_plan(&Cancel::new()).unwrap();
        prop_assert!(close(&at_once, &in_chunks), "{steps:?} in {chunk:?}: {:?} {:?}", at_once.scalars(), in_chunks.scalars());
    }

    #[test]
    fn masks_keep_what_they_say(values in prop::collection::vec(-9..9i64, 0..30), chunk in 1..9usize, least in -9..9i64) {
        let context = context();
        let x = context.with_chunks(chunk).from_vec(values.clone());
        let kept: Vec<i64> = values.iter().copied().filter(|value| *value > least).collect();
        let masked = x.slice(s![&x.gt(least)]);
        prop_assert_eq!(&masked.to_vec::<i64>().unwrap(), &kept);
        prop_assert_eq!(masked.shape().unwrap(), vec![kept.len()]);
        prop_assert_eq!((&masked * 2).sum(()).item::<i64>().unwrap(), 2 * kept.iter().sum::<i64>());
        let column = (&masked + 1).reshape([-1, 1]);
        prop_assert_eq!(column.to_vec::<i64>().unwrap(), kept.iter().map(|value| value + 1).collect::<Vec<_>>());
        let mut distinct = values;
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(x.unique().to_vec::<i64>().unwrap(), distinct);
    }
}

#[test]
fn ndarray_comes_and_goes() {
    let context = context();
    let matrix = ndarray::arr2(&[[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let x = context.from_ndarray(matrix.clone());
    assert_eq!(x.to_ndarray::<f32>().unwrap(), matrix.clone().into_dyn());
    let turned = context.from_ndarray(matrix.clone().reversed_axes());
    assert_eq!(turned.to_ndarray::<f32>().unwrap(), matrix.t().to_owned().into_dyn());
    let part = context.from_view(&matrix.slice(ndarray::s![.., 1..]));
    assert_eq!(part.to_vec::<f32>().unwrap(), [2.0, 3.0, 5.0, 6.0]);
    let memory = context.from_ndarray(matrix).compute().unwrap();
    let same = |array: &NdArray| {
        let view = swath_nd::view_ndarray::<f32>(array).unwrap();
        assert_eq!(view.to_owned(), swath_nd::to_ndarray::<f32>(array).unwrap());
    };
    same(&memory);
    same(&memory.t());
    same(&memory.slice(&[swath_nd::SliceSpec::REVERSED, swath_nd::SliceSpec::from(1..3)]).unwrap());
    same(&memory.broadcast_to(&[4, 2, 3]).unwrap());
    same(&memory.slice(&[swath_nd::SliceSpec::from(0..0)]).unwrap());
    assert!(swath_nd::view_ndarray::<f64>(&memory).is_err());
    let owned = vec![1.0f64; 1000];
    let address = owned.as_ptr() as usize;
    let array = context.from_vec(owned).compute().unwrap();
    assert_eq!(array.as_slice::<f64>().unwrap().as_ptr() as usize, address, "no copy on the way in");
}

#[test]
fn files_give_back_what_was_written() {
    let context = context();
    let folder = tempfile::tempdir().unwrap();
    let x = context.with_chunks([3, 4]).arange(0, 70, 1).reshape([7, 10]).rechunk([3, 4]).astype(DType::F32);
    let expected = x.to_vec::<f32>().unwrap();
    let npy = folder.path().join("x.npy");
    x.to_npy(&npy).unwrap();
    assert_eq!(context.from_npy(&npy).to_vec::<f32>().unwrap(), expected);
    let zarr = folder.path().join("x.zarr");
    x.to_zarr(&zarr, None).unwrap();
    let back = context.with_chunks([3, 4]).from_zarr(&zarr);
    assert_eq!(back.chunks().unwrap(), vec![vec![3, 3, 1], vec![4, 4, 2]]);
    assert_eq!(back.slice(s![2.., ..;-1]).to_vec::<f32>().unwrap(), x.slice(s![2.., ..;-1]).to_vec::<f32>().unwrap());
    assert!(x.to_zarr(&zarr, None).is_err());
    let archive = folder.path().join("both.npz");
    let both: [(&str, &Array); 2] = [("x", &x), ("mask", &x.gt(30.0))];
    swath_nd::save_npz(&archive, &both, swath_nd::io::npz::NpzCompression::Deflated).unwrap();
    assert_eq!(context.from_npz(&archive, "x").to_vec::<f32>().unwrap(), expected);
    assert_eq!(context.from_npz(&archive, "mask").count_nonzero(()).item::<i64>().unwrap(), 39);
    // The masked elements' number is found before they are written.
    let kept = folder.path().join("kept.npy");
    x.slice(s![&x.gt(60.0)]).to_npy(&kept).unwrap();
    assert_eq!(context.from_npy(&kept).shape().unwrap(), [9]);
    let missing = context.from_npy(folder.path().join("none.npy")) + 1.0;
    assert!(missing.compute().unwrap_err().to_string().contains("none.npy"));
}

#[test]
fn arrays_show_themselves_without_running() {
    let context = context();
    let x = context.with_chunks([50, 4]).ones([100, 4], DType::F64);
    assert_eq!(x.to_string(), "Array((100, 4), float64, chunks [50x2, 4], 3.1 KiB)");
    let masked = x.slice(s![&x.slice(s![.., 0]).gt(0.0)]);
    assert_eq!(masked.to_string(), "Array((≤100, 4), float64, chunks [50x2?, 4], 3.1 KiB)");
    let text = (&x + 1.0).sum(0).explain().unwrap();
    assert!(text.contains("Stages:") && text.contains("Fused"), "{text}");
    assert!(x.sum(()).projected_memory().unwrap() > 0);
    let analysed = x.sum(()).explain_analyze().unwrap();
    assert!(analysed.contains("Stages:"), "{analysed}");
    let progress = swath_nd::Progress::new();
    assert_eq!(x.sum(()).compute_watched(&Cancel::new(), &progress).unwrap().item().unwrap(), Scalar::F64(400.0));
    assert_eq!(x.chunks().unwrap(), vec![vec![50, 50], vec![4]]);
    assert_eq!((x.nbytes().unwrap(), x.size().unwrap(), x.ndim().unwrap()), (3200, 400, 2));
}

#[test]
fn several_results_share_their_work() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let context = context();
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let x = context.with_chunks(5).arange(0, 10, 1).map_blocks(DType::I64, move |block, _| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(block.clone())
    });
    let results = swath_nd::compute_all(&[&x.sum(()), &x.max(())]).unwrap();
    assert_eq!((results[0].item().unwrap(), results[1].item().unwrap()), (Scalar::I64(45), Scalar::I64(9)));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let kept = x.persist();
    assert_eq!(kept.sum(()).item::<i64>().unwrap() + kept.max(()).item::<i64>().unwrap(), 54);
    assert_eq!(calls.load(Ordering::Relaxed), 4);
    assert_eq!(kept.chunks().unwrap(), vec![vec![5, 5]]);
}

#[test]
fn functions_of_the_users() {
    let context = context();
    let x = context.with_chunks([2, 3]).arange(0, 24, 1).reshape([4, 6]).rechunk([2, 3]);
    let doubled = swath_nd::map_blocks(&[&x, &x.slice(s![0])], DType::I64, |blocks, _| {
        Ok(swath_nd::kernels::fused::elementwise("add", &[&blocks[0], &blocks[1]])?)
    });
    let expected = (&x + &x.slice(s![0])).to_vec::<i64>().unwrap();
    assert_eq!(doubled.unwrap().to_vec::<i64>().unwrap(), expected);
    let smooth =
        x.astype(DType::F64).map_overlap(&[(0, 0), (1, 1)], swath_nd::Boundary::Nearest, DType::F64, |block, _| {
            let line = block.to_vec::<f64>()?;
            let width = block.shape()[1];
            let mean = |at: usize| {
                let (row, column) = (at / width, at % width);
                let get = |column: usize| line[row * width + column.min(width - 1)];
                (get(column.saturating_sub(1)) + get(column) + get(column + 1)) / 3.0
            };
            Ok(NdArray::from_vec(block.shape(), (0..line.len()).map(mean).collect())?)
        });
    let row = smooth.slice(s![0]).to_vec::<f64>().unwrap();
    assert!((row[0] - 1.0 / 3.0).abs() < 1e-12 && row[1..5] == [1.0, 2.0, 3.0, 4.0], "{row:?}");
    let norms = swath_nd::apply_gufunc(
        |blocks| {
            let squares = swath_nd::kernels::fused::elementwise("square", &[&blocks[0]])?;
            Ok(vec![swath_nd::kernels::reduce::reduce(
                swath_nd::kernels::reduce::Reduction::Sum,
                &squares,
                Some(&[-1]),
                false,
            )?])
        },
        "(i)->()",
        &[&x],
        &[DType::I64],
    );
    assert_eq!(norms.unwrap()[0].to_vec::<i64>().unwrap(), x.square().sum(1).to_vec::<i64>().unwrap());
    let sum = |block: &NdArray| {
        Ok(swath_nd::kernels::reduce::reduce(swath_nd::kernels::reduce::Reduction::Sum, block, Some(&[0, 1]), true)?)
    };
    let fold = swath_nd::Fold::new([0, 1], DType::I64, sum, sum, sum).split_every(2);
    let long = context.with_chunks([1, 2]).arange(0, 90, 1).reshape([9, 10]).rechunk([1, 2]);
    assert_eq!(long.reduction(&fold, DType::I64).item::<i64>().unwrap(), 89 * 45);
    let squares = context.with_chunks(3).from_fn([5, 4], |index| (index[0] * index[1]) as i64);
    let table = context.fromfunction([5, 4], |axes| &axes[0] * &axes[1]);
    assert_eq!(squares.to_vec::<i64>().unwrap(), table.to_vec::<i64>().unwrap());
    let blocks = x.blocks(s![1, [1, 0]]);
    assert_eq!(blocks.slice(s![0]).to_vec::<i64>().unwrap(), [15, 16, 17, 12, 13, 14]);
    let picked = x.vindex(s![[0, 3], ..,]).shape().unwrap();
    assert_eq!(picked, [2, 6]);
    let low_rank = context.random(3).normal(0.0, 1.0, [60, 3]).matmul(context.random(4).normal(0.0, 1.0, [3, 40]));
    let (u, sv, vt) = low_rank.svd_compressed(3, 1, 5);
    let rest = (&low_rank - (&u * &sv).matmul(&vt)).abs().max(()).item::<f64>().unwrap();
    assert!(rest < 1e-9, "{rest}");
    let (q, r) = low_rank.qr();
    assert!((q.matmul(&r) - &low_rank).abs().max(()).item::<f64>().unwrap() < 1e-9);
}

/// Lengths that a mask makes are compared as they are, not by their bounds.
#[test]
fn masks_beside_other_lengths() {
    let context = Arrays::builder().threads(2).build();
    for chunk in [6usize, 2] {
        let z = context.from_vec(vec![1.0, 1.0, 2.0, 3.0, 5.0, 2.0]).rechunk(chunk);
        let m = z.slice(s![&z.gt(1.0)]);
        let ones = context.ones(4, DType::F64);
        let gives = |array: &Array, expected: &[f64]| {
            assert_eq!(array.astype(DType::F64).to_vec::<f64>().unwrap(), expected, "{array}");
        };
        gives(&(&m + &ones), &[3.0, 4.0, 6.0, 3.0]);
        gives(&(&ones + &m), &[3.0, 4.0, 6.0, 3.0]);
        gives(&(&m + m.sort(0)), &[4.0, 5.0, 8.0, 7.0]);
        gives(&(&m + m.cumsum(0)), &[4.0, 8.0, 15.0, 14.0]);
        gives(&(&m + m.slice(s![..;-1])), &[4.0, 8.0, 8.0, 4.0]);
        gives(&(&m + m.roll(1, 0)), &[4.0, 5.0, 8.0, 7.0]);
        gives(&(&m + m.reshape(-1)), &[4.0, 6.0, 10.0, 4.0]);
        gives(&m.gt(2.0).where_(&ones, 0.0), &[0.0, 1.0, 1.0, 0.0]);
        gives(&m.isin(context.from_vec(vec![3.0])), &[0.0, 1.0, 0.0, 0.0]);
        gives(&m.dot(&ones), &[12.0]);
        gives(&ones.dot(&m), &[12.0]);
        gives(&m.matmul(&ones), &[12.0]);
        gives(&m.unique().isin(&m), &[1.0, 1.0, 1.0]);
        gives(&concatenate(&[&m.expand_dims(1), &ones.expand_dims(1)], 1).unwrap().sum(1), &[3.0, 4.0, 6.0, 3.0]);
        gives(&stack(&[&m, &ones], 0).unwrap().sum(0), &[3.0, 4.0, 6.0, 3.0]);
        gives(&m.sum(ReduceOptions::over(0).mask(&ones.gt(0.0))), &[12.0]);
        gives(&m.slice(s![&context.from_vec(vec![true, false, true, false])]), &[2.0, 5.0]);
        gives(&context.zeros(5, DType::F64).set(s![..4], &m), &[2.0, 3.0, 5.0, 2.0, 0.0]);
        gives(&m.set(s![..2], context.ones(2, DType::F64)), &[1.0, 1.0, 5.0, 2.0]);
        gives(&m.set(s![&m.gt(2.0)], 0.0), &[2.0, 0.0, 0.0, 2.0]);
        gives(&z.set(s![&z.gt(1.0).nonzero().unwrap()[0]], 0.0), &[1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        // Other masks of one array have the same bounds.
        let (few, most) = (z.slice(s![&z.gt(2.0)]), z.slice(s![&z.lt(2.0)]));
        gives(&(&few + &most), &[4.0, 6.0]);
        gives(&(&few + &context.from_vec(vec![1.0])), &[4.0, 6.0]);
        assert_eq!(
            (&m + &few).shape().unwrap_err().to_string(),
            "operands could not be broadcast together with shapes (4,) (2,)"
        );
        // One mask's lengths need no run.
        assert!(!(&m + m.abs() * 2.0).grid().unwrap().is_known());
        assert!(!(&m + (&z * 2.0).slice(s![&z.gt(1.0)])).grid().unwrap().is_known());
        let table = context.arange(0, 12, 1).reshape([6, 2]).rechunk([chunk, 2]);
        let rows = table.slice(s![&z.gt(1.0)]);
        assert!(!(rows.sum(1) + rows.slice(s![.., 0])).grid().unwrap().is_known());
        gives(&(rows.sum(1) + &ones), &[10.0, 14.0, 18.0, 22.0]);
        gives(&(&rows + context.ones([4, 2], DType::F64)).sum(1), &[11.0, 15.0, 19.0, 23.0]);
    }
    let one = context.from_vec(vec![1.0]);
    let none = one.slice(s![&one.gt(1.0)]);
    assert!((&none + context.ones(4, DType::F64)).shape().is_err());
    assert_eq!((&none + &one).shape().unwrap(), [0]);
}
