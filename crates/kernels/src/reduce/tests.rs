use super::*;
use crate::dtype::{DType, Kind};
use crate::fused::cast;
use crate::{Scalar, SliceSpec};

fn random(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64 * 20.0 - 10.0
        })
        .collect()
}

/// The elements that go into each result, in order, with their flat position along the reduced axes.
fn groups(array: &NdArray, axes: &[usize]) -> Vec<Vec<Scalar>> {
    let kept = kept_axes(array.ndim(), axes);
    let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
    let turned = array.transpose(&order).unwrap();
    let size: usize = axes.iter().map(|axis| array.shape()[*axis]).product();
    let count: usize = kept.iter().map(|axis| array.shape()[*axis]).product();
    let all = turned.scalars();
    (0..count).map(|group| all[group * size..][..size].to_vec()).collect()
}

/// The definition of a reduction of real numbers.
fn reference(reduction: Reduction, group: &[Scalar]) -> f64 {
    let all: Vec<f64> = group.iter().map(|one| one.to::<f64>()).collect();
    let skip = reduction.skips_nan();
    let values: Vec<f64> = all.iter().copied().filter(|value| !skip || !value.is_nan()).collect();
    let sum: f64 = values.iter().sum();
    let mean = sum / values.len() as f64;
    let has_nan = values.iter().any(|value| value.is_nan());
    let squares =
        |ddof: f64| values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (values.len() as f64 - ddof);
    let low = if has_nan { f64::NAN } else { values.iter().copied().fold(f64::INFINITY, f64::min) };
    let high = if has_nan { f64::NAN } else { values.iter().copied().fold(f64::NEG_INFINITY, f64::max) };
    let place =
        |extreme: f64| all.iter().position(|v| if has_nan { v.is_nan() } else { *v == extreme }).unwrap() as f64;
    match reduction {
        Reduction::Sum | Reduction::NanSum => sum,
        Reduction::Prod | Reduction::NanProd => values.iter().product(),
        Reduction::Mean | Reduction::NanMean => mean,
        Reduction::Var { ddof } | Reduction::NanVar { ddof } => squares(ddof),
        Reduction::Std { ddof } | Reduction::NanStd { ddof } => squares(ddof).sqrt(),
        Reduction::Min | Reduction::NanMin => low,
        Reduction::Max | Reduction::NanMax => high,
        Reduction::Ptp => high - low,
        Reduction::Any => f64::from(u8::from(values.iter().any(|v| *v != 0.0))),
        Reduction::All => f64::from(u8::from(values.iter().all(|v| *v != 0.0))),
        Reduction::CountNonzero => values.iter().filter(|v| **v != 0.0).count() as f64,
        Reduction::ArgMin | Reduction::NanArgMin => place(low),
        Reduction::ArgMax | Reduction::NanArgMax => place(high),
    }
}

const ALL: [Reduction; 22] = [
    Reduction::Sum,
    Reduction::Prod,
    Reduction::Mean,
    Reduction::Var { ddof: 0.0 },
    Reduction::Std { ddof: 1.0 },
    Reduction::Min,
    Reduction::Max,
    Reduction::Ptp,
    Reduction::Any,
    Reduction::All,
    Reduction::CountNonzero,
    Reduction::ArgMin,
    Reduction::ArgMax,
    Reduction::NanSum,
    Reduction::NanProd,
    Reduction::NanMean,
    Reduction::NanVar { ddof: 1.0 },
    Reduction::NanStd { ddof: 0.0 },
    Reduction::NanMin,
    Reduction::NanMax,
    Reduction::NanArgMin,
    Reduction::NanArgMax,
];

fn close(result: f64, expected: f64, tolerance: f64) -> bool {
    (result - expected).abs() <= tolerance * (1.0 + expected.abs())
        || result == expected
        || (result.is_nan() && expected.is_nan())
}

fn check(reduction: Reduction, array: &NdArray, axes: &[usize], tolerance: f64) {
    let signed: Vec<isize> = axes.iter().map(|axis| *axis as isize).collect();
    let result = match reduce(reduction, array, Some(&signed), false) {
        Ok(result) => result,
        Err(error) if reduction.is_position() && error.to_string().contains("takes one axis") => return,
        Err(error) => panic!("{reduction:?} {axes:?}: {error}"),
    };
    assert_eq!(result.dtype(), reduction.result_dtype(array.dtype()).unwrap());
    for (place, (result, group)) in result.scalars().into_iter().zip(groups(array, axes)).enumerate() {
        let (result, expected): (f64, f64) = (result.to(), reference(reduction, &group));
        assert!(
            close(result, expected, tolerance),
            "{reduction:?} of {:?} over {axes:?} [{place}]: {result} {expected}",
            array.shape()
        );
    }
}

#[test]
fn reductions_over_any_axes_of_any_view() {
    let array = NdArray::from_vec(&[4, 5, 130], random(2_600, 1)).unwrap();
    let views = [
        array.clone(),
        array.t(),
        array.transpose(&[1, 0, 2]).unwrap(),
        array
            .slice(&[SliceSpec::REVERSED, SliceSpec::ALL, SliceSpec::Range { start: Some(3), stop: None, step: -1 }])
            .unwrap(),
        array.slice(&[SliceSpec::ALL, SliceSpec::Index(2)]).unwrap().broadcast_to(&[3, 4, 130]).unwrap(),
        array.reshape(&[1, 2_600, 1]).unwrap(),
    ];
    for view in &views {
        for axes in [vec![], vec![0], vec![1], vec![2], vec![0, 1], vec![0, 2], vec![1, 2], vec![0, 1, 2]] {
            for reduction in ALL {
                if !axes.is_empty() || !matches!(reduction, Reduction::Std { .. } | Reduction::NanVar { .. }) {
                    check(reduction, view, &axes, 1e-13);
                }
            }
        }
    }
}

#[test]
fn short_rows_go_side_by_side() {
    let numbers = random(60_033, 4);
    for (shape, axes) in [
        (vec![20_011, 3], vec![0]),
        (vec![50, 400, 3], vec![0, 1]),
        (vec![30_000, 2], vec![1]),
        (vec![7, 2_000, 4], vec![1]),
    ] {
        let count = shape.iter().product::<usize>();
        let array = NdArray::from_vec(&shape, numbers[..count].to_vec()).unwrap();
        for reduction in ALL {
            check(reduction, &array, &axes, 1e-12);
        }
    }
}

#[test]
fn long_rows_are_read_side_by_side() {
    let numbers: Vec<f64> = random(40_000, 5).into_iter().map(f64::round).collect();
    let source = NdArray::from_vec(&[40, 1_000], numbers).unwrap();
    let views = [
        source.slice(&[SliceSpec::ALL, SliceSpec::from(0..517)]).unwrap(),
        source.slice(&[SliceSpec::REVERSED]).unwrap(),
        source.reshape(&[8, 5, 1_000]).unwrap(),
        source.reshape(&[20, 2, 1_000]).unwrap().transpose(&[1, 0, 2]).unwrap(),
    ];
    for view in &views {
        for reduction in ALL {
            let axes: Vec<usize> = if reduction.is_position() { vec![0] } else { (0..view.ndim() - 1).collect() };
            check(reduction, view, &axes, 1e-12);
            // Products of integers wrap.
            if !matches!(reduction, Reduction::Prod | Reduction::NanProd) {
                check(reduction, &cast(view, DType::I16).unwrap(), &axes, 1e-12);
            }
            check(reduction, &cast(view, DType::F32).unwrap(), &axes, 1e-5);
        }
    }
}

#[test]
fn nan_spreads_or_is_left_out() {
    let mut numbers = random(6_000, 2);
    for place in [17, 2_500, 2_501, 5_999] {
        numbers[place] = f64::NAN;
    }
    numbers[40] = f64::INFINITY;
    for shape in [vec![6_000], vec![6, 1_000], vec![1_000, 6]] {
        let array = NdArray::from_vec(&shape, numbers.clone()).unwrap();
        for reduction in ALL {
            // An infinite sum has no variance; the definition and one pass differ in which NaN they give.
            for axes in [vec![0], (0..shape.len()).collect()] {
                check(reduction, &array, &axes, 1e-12);
            }
        }
    }
    let nothing = NdArray::from_vec(&[2, 2], vec![f64::NAN; 4]).unwrap();
    assert!(reduce(Reduction::NanMin, &nothing, None, false).unwrap().item().unwrap().is_nan());
    let error = reduce(Reduction::NanArgMin, &nothing, Some(&[0]), false).unwrap_err();
    assert_eq!(error.to_string(), "All-NaN slice encountered");
    assert_eq!(reduce(Reduction::NanSum, &nothing, None, false).unwrap().item(), Ok(Scalar::F64(0.0)));
}

#[test]
fn every_dtype_reduces() {
    let numbers: Vec<f64> = random(300, 3).into_iter().map(f64::round).collect();
    let source = NdArray::from_vec(&[3, 100], numbers).unwrap();
    for dtype in DType::NUMERIC {
        let is_unsigned = dtype.kind() == Kind::Unsigned;
        let source =
            if is_unsigned { crate::fused::elementwise("absolute", &[&source]).unwrap() } else { source.clone() };
        let array = cast(&source, dtype).unwrap();
        let tolerance = match dtype {
            DType::F16 => 2e-3,
            DType::F32 => 1e-6,
            _ => 1e-13,
        };
        for reduction in ALL {
            let product = matches!(reduction, Reduction::Prod | Reduction::NanProd);
            if reduction.result_dtype(dtype).is_err()
                || product
                || (dtype == DType::F16 && matches!(reduction, Reduction::Ptp))
            {
                continue;
            }
            if dtype.is_complex() {
                // The imaginary parts are zero: as the real numbers, but for the dtype.
                let real = cast(&array, dtype.real()).unwrap();
                for axes in [&[0isize][..], &[1], &[0, 1]] {
                    if reduction.is_position() && axes.len() > 1 {
                        continue;
                    }
                    let left = reduce(reduction, &array, Some(axes), false).unwrap();
                    let right = reduce(reduction, &real, Some(axes), false).unwrap();
                    let pairs = left.scalars().into_iter().zip(right.scalars());
                    assert!(pairs.into_iter().all(|(a, b)| close(a.to(), b.to(), 1e-6)), "{reduction:?} {dtype}");
                }
                continue;
            }
            for axes in [vec![0], vec![1], vec![0, 1]] {
                check(reduction, &array, &axes, tolerance);
            }
        }
    }
}

#[test]
fn sums_and_products_of_integers_wrap() {
    let array = NdArray::from_vec(&[3], vec![i64::MAX, 1, 5]).unwrap();
    assert_eq!(reduce(Reduction::Sum, &array, None, false).unwrap().item(), Ok(Scalar::I64(i64::MIN + 5)));
    let bytes = NdArray::from_vec(&[3], vec![200u8, 100, 50]).unwrap();
    assert_eq!(reduce(Reduction::Sum, &bytes, None, false).unwrap().item(), Ok(Scalar::U64(350)));
    assert_eq!(reduce(Reduction::Prod, &bytes, None, false).unwrap().item(), Ok(Scalar::U64(1_000_000)));
}

#[test]
fn dates_and_durations_reduce() {
    use crate::TimeUnit::Day;
    let days = NdArray::from_vec(&[4], vec![5i64, crate::NAT, -3, 9]).unwrap();
    let dates = days.reinterpret(DType::Datetime64(Day)).unwrap();
    let spans = days.reinterpret(DType::Timedelta64(Day)).unwrap();
    let item = |reduction, array: &NdArray| reduce(reduction, array, None, false).and_then(|result| result.item());
    assert_eq!(item(Reduction::Max, &dates), Ok(Scalar::Datetime64(crate::NAT, Day)));
    assert_eq!(item(Reduction::NanMax, &dates), Ok(Scalar::Datetime64(9, Day)));
    assert_eq!(item(Reduction::NanMin, &dates), Ok(Scalar::Datetime64(-3, Day)));
    assert_eq!(item(Reduction::ArgMin, &dates), Ok(Scalar::I64(1)));
    assert_eq!(item(Reduction::NanArgMax, &dates), Ok(Scalar::I64(3)));
    assert_eq!(item(Reduction::NanSum, &spans), Ok(Scalar::Timedelta64(11, Day)));
    assert_eq!(item(Reduction::Sum, &spans), Ok(Scalar::Timedelta64(crate::NAT, Day)));
    assert_eq!(item(Reduction::NanMean, &spans), Ok(Scalar::Timedelta64(3, Day)));
    assert!(item(Reduction::Sum, &dates).unwrap_err().to_string().contains("'sum' is not defined for datetime64[D]"));
}

#[test]
fn nothing_reduces_to_the_identity_or_an_error() {
    let nothing = NdArray::zeros(DType::F64, &[0, 3]).unwrap();
    let sum = reduce(Reduction::Sum, &nothing, Some(&[0]), false).unwrap();
    assert_eq!(sum.to_vec::<f64>().unwrap(), [0.0; 3]);
    assert!(reduce(Reduction::Mean, &nothing, None, false).unwrap().item().unwrap().is_nan());
    let error = reduce(Reduction::Min, &nothing, Some(&[0]), false).unwrap_err();
    assert_eq!(error.to_string(), "zero-size array to reduction operation min which has no identity");
    let error = reduce(Reduction::ArgMax, &nothing, None, false).unwrap_err();
    assert_eq!(error.to_string(), "attempt to get argmax of an empty sequence");
    assert_eq!(reduce(Reduction::Min, &nothing, Some(&[1]), false).unwrap().shape(), &[0]);
    assert_eq!(reduce(Reduction::Sum, &nothing, None, true).unwrap().shape(), &[1, 1]);
    assert!(reduce(Reduction::Sum, &nothing, Some(&[2]), false).is_err());
}

#[test]
fn blocks_in_any_order_give_what_the_whole_gives() {
    let numbers = random(24 * 50, 5);
    let array = NdArray::from_vec(&[24, 50], numbers).unwrap();
    for reduction in ALL {
        for axes in [vec![0], vec![1], vec![0, 1]] {
            let whole = Partial::new(reduction, DType::F64, &[24, 50], &axes).unwrap();
            let mut expected = whole.clone();
            expected.update(&Block::whole(&[24, 50]), &axes, &array).unwrap();
            let expected = expected.finish().unwrap();
            // Pieces along the first reduced axis, last one first, through arrays as they would travel.
            let cut = axes[0];
            let mut merged: Option<Partial> = None;
            for piece in (0..4).rev() {
                let size = array.shape()[cut] / 4;
                let range = |axis: usize| {
                    let (from, to) =
                        if piece == 3 { (3 * size, array.shape()[cut]) } else { (piece * size, (piece + 1) * size) };
                    if axis == cut { SliceSpec::from(from..to) } else { SliceSpec::ALL }
                };
                let part = array.slice(&[range(0), range(1)]).unwrap();
                let mut origin = [0u64; 2];
                origin[cut] = (piece * size) as u64;
                let block = Block { shape: part.shape(), origin: &origin, global_shape: &[24, 50] };
                let mut partial = Partial::new(reduction, DType::F64, part.shape(), &axes).unwrap();
                partial.update(&block, &axes, &part).unwrap();
                let arrays = partial.to_arrays().unwrap();
                let partial = Partial::from_arrays(reduction, DType::F64, partial.shape(), &arrays).unwrap();
                merged = Some(match merged {
                    None => partial,
                    Some(mut so_far) => {
                        so_far.merge(&partial).unwrap();
                        so_far
                    }
                });
            }
            let result = merged.unwrap().finish().unwrap();
            let pairs = result.scalars().into_iter().zip(expected.scalars());
            assert!(pairs.into_iter().all(|(a, b)| close(a.to(), b.to(), 1e-13)), "{reduction:?} {axes:?}");
        }
    }
    let mut one = Partial::empty(Reduction::Sum, DType::F64, &[2]).unwrap();
    assert!(one.merge(&Partial::empty(Reduction::Sum, DType::F64, &[3]).unwrap()).is_err());
    assert!(Partial::from_arrays(Reduction::Sum, DType::F64, &[2], &[]).is_err());
}

#[test]
fn the_first_of_equal_extremes_counts() {
    let array = NdArray::from_vec(&[2, 100], [vec![1.0; 100], vec![1.0; 100]].concat()).unwrap();
    assert_eq!(reduce(Reduction::ArgMax, &array, None, false).unwrap().item(), Ok(Scalar::I64(0)));
    let turned = array.t();
    assert_eq!(reduce(Reduction::ArgMin, &turned, Some(&[1]), false).unwrap().to_vec::<i64>().unwrap(), [0; 100]);
}

#[test]
fn sums_keep_what_small_terms_add() {
    // A chain of plain additions loses every one of the small terms.
    let mut numbers = vec![1.0; 100_000];
    numbers[0] = 1e17;
    numbers[99_999] = -1e17;
    let array = NdArray::from_vec(&[100_000], numbers.clone()).unwrap();
    let sum: f64 = reduce(Reduction::Sum, &array, None, false).unwrap().item().unwrap().to();
    assert!((sum - 99_998.0).abs() <= 2_048.0, "{sum}");
    let column = NdArray::from_vec(&[100_000, 1], numbers).unwrap().broadcast_to(&[100_000, 3]).unwrap().contiguous();
    let sums = reduce(Reduction::Sum, &column, Some(&[0]), false).unwrap().to_vec::<f64>().unwrap();
    assert_eq!(sums, [99_998.0; 3]);
}

#[test]
fn variances_are_stable_far_from_zero() {
    let numbers: Vec<f64> = random(10_000, 7).into_iter().map(|value| value + 1e9).collect();
    let mean = numbers.iter().map(|v| v - 1e9).sum::<f64>() / 1e4;
    let expected = numbers.iter().map(|v| (v - 1e9 - mean).powi(2)).sum::<f64>() / 1e4;
    for shape in [vec![10_000, 1], vec![1, 10_000]] {
        let array = NdArray::from_vec(&shape, numbers.clone()).unwrap();
        let two = array
            .broadcast_to(&[if shape[0] == 1 { 2 } else { 10_000 }, if shape[1] == 1 { 2 } else { 10_000 }])
            .unwrap();
        let axis = isize::from(shape[0] == 1);
        let variance = reduce(Reduction::Var { ddof: 0.0 }, &two.contiguous(), Some(&[axis]), false).unwrap();
        for value in variance.to_vec::<f64>().unwrap() {
            assert!((value / expected - 1.0).abs() < 1e-12, "{value} {expected}");
        }
    }
}

#[test]
fn variances_of_infinite_elements_are_nan() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for values in [vec![inf, -inf, 1.0], vec![nan, inf], vec![inf], vec![inf, inf, 2.0], vec![1.0, -inf]] {
        for shape in [vec![values.len()], vec![values.len(), 1]] {
            let array = NdArray::from_vec(&shape, values.clone()).unwrap();
            for kind in [Reduction::NanVar { ddof: 0.0 }, Reduction::NanStd { ddof: 0.0 }] {
                let found = reduce(kind, &array, Some(&[0]), false).unwrap();
                assert!(found.to_vec::<f64>().unwrap()[0].is_nan(), "{kind:?} of {values:?}");
            }
        }
    }
    let array = NdArray::from_vec(&[3], vec![nan, 1.0, 3.0]).unwrap();
    assert_eq!(reduce(Reduction::NanVar { ddof: 0.0 }, &array, None, false).unwrap().item(), Ok(Scalar::F64(1.0)));
}

#[test]
fn scans_carry_from_block_to_block() {
    let array = NdArray::from_vec(&[4, 6, 5], random(120, 9).into_iter().map(f64::round).collect()).unwrap();
    for kind in [Scan::CumSum, Scan::CumProd, Scan::CumMin, Scan::CumMax, Scan::NanCumSum] {
        for axis in 0..3usize {
            for view in [array.clone(), array.slice(&[SliceSpec::REVERSED, SliceSpec::REVERSED]).unwrap()] {
                let (whole, last) = scan(kind, &view, axis as isize, None).unwrap();
                // Against the definition.
                let join = |a: f64, b: f64| match kind {
                    Scan::CumSum | Scan::NanCumSum => a + b,
                    Scan::CumProd => a * b,
                    Scan::CumMin => a.min(b),
                    _ => a.max(b),
                };
                for index in 0..120usize {
                    let mut place = [index / 30, index / 5 % 6, index % 5];
                    let end = place[axis];
                    let mut expected: Option<f64> = None;
                    for along in 0..=end {
                        place[axis] = along;
                        let value: f64 = view.get(&place).unwrap().to();
                        expected = Some(expected.map_or(value, |so_far| join(so_far, value)));
                    }
                    assert_eq!(whole.get(&place).unwrap(), Scalar::F64(expected.unwrap()), "{kind:?} {axis} {place:?}");
                }
                // In two blocks.
                let cut = |from: usize, to: usize| {
                    let parts: Vec<SliceSpec> = (0..3)
                        .map(|other| if other == axis { SliceSpec::from(from..to) } else { SliceSpec::ALL })
                        .collect();
                    parts
                };
                let length = view.shape()[axis];
                let (first, carry) = scan(kind, &view.slice(&cut(0, 2)).unwrap(), axis as isize, None).unwrap();
                let (second, end) =
                    scan(kind, &view.slice(&cut(2, length)).unwrap(), axis as isize, Some(&carry)).unwrap();
                assert_eq!(whole.slice(&cut(0, 2)).unwrap(), first);
                assert_eq!(whole.slice(&cut(2, length)).unwrap(), second);
                assert_eq!(end, last);
            }
        }
    }
    let bytes = NdArray::from_vec(&[3], vec![200u8, 100, 50]).unwrap();
    assert_eq!(scan(Scan::CumSum, &bytes, -1, None).unwrap().0.to_vec::<u64>().unwrap(), [200, 300, 350]);
    assert!(scan(Scan::CumSum, &bytes, 0, Some(&bytes)).is_err());
    assert!(scan(Scan::CumSum, &bytes, 1, None).is_err());
    let gaps = NdArray::from_vec(&[3], vec![1.0f32, f32::NAN, 2.0]).unwrap();
    assert_eq!(scan(Scan::NanCumSum, &gaps, 0, None).unwrap().0.to_vec::<f32>().unwrap(), [1.0, 1.0, 3.0]);
    // Narrow floats: as one sum in double precision, whatever the blocks.
    let small = NdArray::full(&[4097], Scalar::F32(0.1)).unwrap();
    let (whole, last) = scan(Scan::CumSum, &small, 0, None).unwrap();
    assert_eq!((whole.dtype(), last.dtype()), (DType::F32, DType::F64));
    let exact = (0..4097).map(|_| f64::from(0.1f32)).sum::<f64>();
    assert_eq!(whole.get(&[4096]).unwrap(), Scalar::F32(exact as f32));
    let (_, carry) = scan(Scan::CumSum, &small.slice(&[SliceSpec::from(0..7)]).unwrap(), 0, None).unwrap();
    let rest = scan(Scan::CumSum, &small.slice(&[SliceSpec::from(7..4097)]).unwrap(), 0, Some(&carry)).unwrap();
    assert_eq!(rest, (whole.slice(&[SliceSpec::from(7..4097)]).unwrap(), last));
    let half = NdArray::full(&[3000], Scalar::F32(1.0)).unwrap();
    let half = cast(&half, DType::F16).unwrap();
    let sums = scan(Scan::CumSum, &half, 0, None).unwrap().0;
    assert_eq!(sums.get(&[2999]).unwrap().to::<f64>(), 3000.0, "float16 alone would stay at 2048");
    let (empty, carry) = scan(Scan::CumSum, &NdArray::zeros(DType::F64, &[0, 2]).unwrap(), 0, None).unwrap();
    assert_eq!((empty.shape(), carry.to_vec::<f64>().unwrap()), (&[0, 2][..], vec![0.0, 0.0]));
}
