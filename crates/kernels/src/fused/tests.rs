use std::sync::Arc;

use super::*;
use crate::reduce::Reduction;
use crate::{Operand, SliceSpec, Strides, ufunc};

fn floats(shape: &[usize], from: f64) -> NdArray {
    let count = shape.iter().product::<usize>();
    NdArray::from_vec(shape, (0..count).map(|index| from + index as f64 * 0.25).collect()).unwrap()
}

fn values(array: &NdArray) -> Vec<f64> {
    array.to_vec::<f64>().unwrap()
}

#[test]
fn operands_broadcast_whatever_their_strides() {
    // Shapes around the tile's length, empty and 0-d ones; views reversed, transposed and repeated.
    for shape in
        [vec![], vec![0], vec![1], vec![3, 0, 2], vec![5], vec![2_047], vec![2_049], vec![3, 1_500], vec![7, 11, 61]]
    {
        let whole = floats(&shape, 1.0);
        let reversed = whole.slice(&vec![SliceSpec::REVERSED; shape.len()]).unwrap();
        let turned = floats(&shape.iter().rev().copied().collect::<Vec<_>>(), 2.0).t();
        let last = shape.last().map_or(vec![], |last| vec![*last]);
        let row = floats(&last, 3.0);
        let mut column_shape = shape.clone();
        if let Some(last) = column_shape.last_mut() {
            *last = (*last).min(1);
        }
        let column = floats(&column_shape, 4.0);
        let one = NdArray::scalar(Scalar::F64(0.5));
        for other in [&reversed, &turned, &row, &column, &one] {
            let other_values = values(&other.broadcast_to(&shape).unwrap());
            let expected: Vec<f64> = values(&whole).iter().zip(&other_values).map(|(a, b)| a - b).collect();
            let result = elementwise("subtract", &[&whole, other]).unwrap();
            assert_eq!((result.shape(), values(&result)), (&shape[..], expected), "{shape:?} {:?}", other.strides());
        }
    }
    let error = elementwise("add", &[&floats(&[3, 4], 0.0), &floats(&[5], 0.0)]).unwrap_err();
    assert_eq!(error.to_string(), "operands could not be broadcast together with shapes (3,4) (5,)");
}

#[test]
fn programs_share_registers_and_give_several_outputs() {
    let mut build = Builder::new();
    let (a, b) = (build.input(0, DType::F64), build.input(1, DType::F64));
    let unused = build.call("exp", &[a]).unwrap();
    let sum = build.call("add", &[a, b]).unwrap();
    let product = build.call("multiply", &[sum, b]).unwrap();
    let difference = build.call("subtract", &[product, sum]).unwrap();
    let _ = unused;
    let outputs = [
        Output::Array(difference),
        Output::Array(sum),
        Output::Array(a),
        Output::Array(difference),
        Output::Reduce(product, Reduction::Sum, vec![0, 1]),
        Output::Reduce(sum, Reduction::Max, vec![1]),
    ];
    let program = build.finish(&outputs).unwrap();
    assert!(!format!("{program:?}").contains("exp"), "{program:?}");
    let (x, y) = (floats(&[30, 171], 1.0), floats(&[30, 171], -3.0).slice(&[SliceSpec::REVERSED]).unwrap());
    let produced = program.run(&Block::whole(&[30, 171]), &[x.clone(), y.clone()]).unwrap();
    let arrays: Vec<NdArray> = produced.into_iter().map(|one| one.finish().unwrap()).collect();
    let (x, y) = (values(&x), values(&y));
    let sums: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x + y).collect();
    let products: Vec<f64> = sums.iter().zip(&y).map(|(s, y)| s * y).collect();
    let differences: Vec<f64> = products.iter().zip(&sums).map(|(p, s)| p - s).collect();
    assert_eq!(values(&arrays[0]), differences);
    assert_eq!(values(&arrays[1]), sums);
    assert_eq!(values(&arrays[2]), x);
    assert_eq!(values(&arrays[3]), differences);
    assert_eq!(values(&arrays[4]), [products.iter().sum::<f64>()]); // Exact: quarters.
    let maxima: Vec<f64> = sums.chunks(171).map(|row| row.iter().copied().fold(f64::MIN, f64::max)).collect();
    assert_eq!(values(&arrays[5]), maxima);
}

#[test]
fn pairs_become_one_instruction_with_the_same_result() {
    for (first, second, fused) in [
        ("multiply", "add", "multiply_add"),
        ("add", "multiply", "add_multiply"),
        ("subtract", "multiply", "subtract_multiply"),
    ] {
        for swapped in [false, true] {
            let mut build = Builder::new();
            let inputs = [0, 1, 2].map(|index| build.input(index, DType::F64));
            let inner = build.call(first, &inputs[..2]).unwrap();
            let operands = if swapped { [inputs[2], inner] } else { [inner, inputs[2]] };
            let outer = build.call(second, &operands).unwrap();
            let joined = build.finish(&[Output::Array(outer)]).unwrap();
            assert!(format!("{joined:?}").contains(fused), "{joined:?}");
            let arrays = [floats(&[100], 0.1), floats(&[100], 0.3), floats(&[100], -0.7)];
            let inner = elementwise(first, &[&arrays[0], &arrays[1]]).unwrap();
            let separate = elementwise(second, &[&inner, &arrays[2]]).unwrap();
            assert_eq!(joined.run_to_array(&[100], &arrays).unwrap(), separate);
        }
    }
}

#[test]
fn bare_numbers_take_the_dtype_beside_them() {
    let mut build = Builder::new();
    let bytes = build.input(0, DType::U8);
    let two = build.weak(Scalar::I64(2));
    let half = build.weak(Scalar::F64(0.5));
    let large = build.weak(Scalar::I64(300));
    let product = build.call("multiply", &[bytes, two]).unwrap();
    assert_eq!(build.dtype(product), DType::U8);
    let scaled = build.call("multiply", &[product, half]).unwrap();
    assert_eq!(build.dtype(scaled), DType::F64);
    assert_eq!(build.call("add", &[bytes, large]).unwrap_err().to_string(), "integer 300 is out of bounds for uint8");
    let program = build.finish(&[Output::Array(product), Output::Array(scaled)]).unwrap();
    let input = NdArray::from_vec(&[3], vec![1u8, 100, 200]).unwrap();
    let produced = program.run(&Block::whole(&[3]), &[input]).unwrap();
    let arrays: Vec<NdArray> = produced.into_iter().map(|one| one.finish().unwrap()).collect();
    assert_eq!(arrays[0].to_vec::<u8>().unwrap(), [2, 200, 144]);
    assert_eq!(values(&arrays[1]), [1.0, 100.0, 72.0]);
}

#[test]
fn coordinates_know_where_their_block_lies() {
    let mut build = Builder::new();
    let row = build.coordinate(0, Ramp::Integer { start: 5, step: -2 });
    let column = build.coordinate(1, Ramp::Float { start: 0.0, step: 0.1, last: Some((9, 1.0)) });
    let program = build.finish(&[Output::Array(row), Output::Array(column)]).unwrap();
    let block = Block { shape: &[2, 3], origin: &[4, 7], global_shape: &[6, 10] };
    let produced = program.run(&block, &[]).unwrap();
    let arrays: Vec<NdArray> = produced.into_iter().map(|one| one.finish().unwrap()).collect();
    assert_eq!(arrays[0].to_vec::<i64>().unwrap(), [-3, -3, -3, -5, -5, -5]);
    assert_eq!(values(&arrays[1])[..3], [0.1 * 7.0, 0.1 * 8.0, 1.0]);
}

/// Gives each element its global index.
struct Index;

impl Generate for Index {
    fn dtype(&self) -> DType {
        DType::U64
    }

    fn fill(&self, first: u64, output: &mut [u8]) {
        for (place, bytes) in output.chunks_exact_mut(8).enumerate() {
            bytes.copy_from_slice(&(first + place as u64).to_ne_bytes());
        }
    }
}

#[test]
fn generated_numbers_do_not_depend_on_the_blocks() {
    let mut build = Builder::new();
    let index = build.generated(Arc::new(Index));
    let program = build.finish(&[Output::Array(index)]).unwrap();
    let shape = [5usize, 6, 700];
    let whole = program.run_to_array(&shape, &[]).unwrap().to_vec::<u64>().unwrap();
    assert!(whole.iter().enumerate().all(|(place, index)| place as u64 == *index));
    for (origin, block) in
        [([0, 0, 0], [5, 6, 1]), ([1, 2, 3], [3, 4, 600]), ([4, 0, 699], [1, 6, 1]), ([2, 1, 0], [2, 1, 700])]
    {
        let block = Block { shape: &block, origin: &origin, global_shape: &[5, 6, 700] };
        let part = program.run(&block, &[]).unwrap().remove(0).finish().unwrap().to_vec::<u64>().unwrap();
        let mut expected = Vec::new();
        for i in 0..block.shape[0] as u64 {
            for j in 0..block.shape[1] as u64 {
                for k in 0..block.shape[2] as u64 {
                    expected.push(((origin[0] + i) * 6 + origin[1] + j) * 700 + origin[2] + k);
                }
            }
        }
        assert_eq!(part, expected, "{block:?}");
    }
}

#[test]
fn powers_of_known_exponents_are_cheap() {
    for (exponent, function) in
        [(2.0, "square"), (0.5, "sqrt"), (-1.0, "reciprocal"), (1.0, "positive"), (3.0, "power")]
    {
        let mut build = Builder::new();
        let input = build.input(0, DType::F64);
        let exponent = build.weak(Scalar::F64(exponent));
        let result = build.call("power", &[input, exponent]).unwrap();
        let program = build.finish(&[Output::Array(result)]).unwrap();
        assert!(format!("{program:?}").contains(function), "{program:?}");
    }
}

#[test]
fn rounding_to_decimals() {
    let round = |array: NdArray, decimals| {
        let mut build = Builder::new();
        let input = build.input(0, array.dtype());
        let result = build.round(input, decimals).unwrap();
        build
            .finish(&[Output::Array(result)])
            .unwrap()
            .run_to_array(array.shape(), std::slice::from_ref(&array))
            .unwrap()
    };
    let array = NdArray::from_vec(&[4], vec![1.25, 2.675, -0.05, 1234.5]).unwrap();
    assert_eq!(values(&round(array.clone(), 1)), [1.2, 2.7, -0.0, 1234.5]);
    assert_eq!(values(&round(array, -2)), [0.0, 0.0, -0.0, 1200.0]);
    let whole = NdArray::from_vec(&[3], vec![149i64, 150, -250]).unwrap();
    assert_eq!(round(whole.clone(), -2).to_vec::<i64>().unwrap(), [100, 200, -200]);
    assert_eq!(round(whole.clone(), 3), whole);
}

#[test]
fn wrong_inputs_are_refused() {
    let mut build = Builder::new();
    let input = build.input(1, DType::F64);
    let axis = build.coordinate(2, Ramp::Integer { start: 0, step: 1 });
    let sum = build.call("add", &[input, axis]).unwrap();
    let text = build.constant(Scalar::Datetime64(0, crate::TimeUnit::Day));
    assert!(build.call("add", &[input, text]).is_err());
    assert!(build.call("add", &[input]).is_err());
    let program = build.finish(&[Output::Array(sum)]).unwrap();
    let array = floats(&[2], 0.0);
    let run = |inputs: &[NdArray]| program.run_to_array(&[2], inputs).unwrap_err().to_string();
    assert_eq!(run(std::slice::from_ref(&array)), "the program reads 2 inputs, 1 were given");
    let wrong = NdArray::from_vec(&[2], vec![1i64, 2]).unwrap();
    assert_eq!(run(&[array.clone(), wrong]), "input 1 must be float64, it is int64");
    assert_eq!(run(&[array.clone(), array.clone()]), "axis 2 is out of bounds for array of dimension 1");
    assert!(run(&[array, floats(&[3], 0.0)]).contains("broadcast"));
}

#[test]
fn every_function_runs_for_every_dtype_it_takes() {
    // Every loop of the table, at lengths around the vectors' and the tile's: no panic, the right dtype, the same elements one by one.
    let lengths = [1, 7, 67, 2_050];
    for function in ufunc::TABLE {
        for dtype in DType::NUMERIC {
            let operands = vec![Operand::Dtype(dtype); function.arity];
            let Ok(signature) = function.resolve(&operands) else { continue };
            let numbers: Vec<i64> = (0..2_050).map(|index| (index * 7) % 23 - 11).collect();
            let source = cast(&NdArray::from_vec(&[2_050], numbers).unwrap(), dtype).unwrap();
            let whole = elementwise(function.name, &vec![&source; function.arity]).unwrap();
            assert_eq!(whole.dtype(), signature.output, "{} {dtype}", function.name);
            for length in lengths {
                let part = source.slice(&[SliceSpec::from(0..length)]).unwrap();
                let result = elementwise(function.name, &vec![&part; function.arity]).unwrap();
                let expected = whole.slice(&[SliceSpec::from(0..length)]).unwrap();
                let same =
                    result.scalars().iter().zip(expected.scalars()).all(|(a, b)| *a == b || (a.is_nan() && b.is_nan()));
                assert!(same, "{} {dtype} of {length}", function.name);
            }
        }
    }
}

#[test]
fn casts_between_all_dtypes() {
    let numbers = vec![0.0, 1.0, -1.0, 2.5, 300.0, -70_000.0, f64::NAN, f64::INFINITY];
    let source = NdArray::from_vec(&[8], numbers).unwrap();
    let unit = crate::TimeUnit::Second;
    for from in DType::NUMERIC.into_iter().chain([DType::Datetime64(unit), DType::Timedelta64(unit)]) {
        let middle = cast(&source, from).unwrap();
        for to in DType::NUMERIC.into_iter().chain([DType::Datetime64(crate::TimeUnit::Day)]) {
            let result = cast(&middle, to).unwrap().scalars();
            let expected: Vec<Scalar> = middle.scalars().into_iter().map(|one| one.cast(to)).collect();
            let same = result.iter().zip(&expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
            assert!(same, "{from} to {to}: {result:?} {expected:?}");
        }
    }
}

#[test]
fn outputs_go_to_places_of_a_larger_array() {
    // Lines longer than a tile, shorter ones, ones that are not worth a tile, and places that are not side by side.
    for (shape, whole) in [([3, 5_000], [4, 6_000]), ([4, 700], [4, 900]), ([50, 60], [50, 61]), ([9, 1], [9, 7])] {
        for step in [1, 2] {
            let (a, b) = (floats(&shape, 1.0), floats(&shape[1..], 7.0));
            let mut build = Builder::new();
            let (left, right) = (build.input(0, DType::F64), build.input(1, DType::F64));
            let sum = build.call("add", &[left, right]).unwrap();
            let product = build.call("multiply", &[sum, left]).unwrap();
            let outputs = [Output::Array(product), Output::Array(sum), Output::Array(product)];
            let program = build.finish(&outputs).unwrap();
            let mut targets = vec![vec![-1.0f64; whole[0] * whole[1] * step]; 3];
            let strides: Strides = [(whole[1] * step) as isize, step as isize].into_iter().collect();
            let places: Vec<Place> = targets
                .iter_mut()
                .map(|target| Place { start: target[step..].as_mut_ptr().cast(), strides: strides.clone() })
                .collect();
            let inputs = [a.clone(), b.clone()];
            // SAFETY: the box at column 1 lies inside each target.
            unsafe { program.run_into(&Block::whole(&shape), &inputs, &places).unwrap() };
            let expected = program.run(&Block::whole(&shape), &inputs).unwrap();
            for (target, expected) in targets.iter().zip(expected) {
                let expected = values(&expected.finish().unwrap());
                let mut box_of: Vec<f64> = Vec::new();
                for row in 0..shape[0] {
                    box_of.extend((0..shape[1]).map(|column| target[(row * whole[1] + column + 1) * step]));
                }
                assert_eq!(box_of, expected, "{shape:?} by {step}");
                assert_eq!(target.iter().filter(|value| **value == -1.0).count(), target.len() - expected.len());
            }
        }
    }
}
