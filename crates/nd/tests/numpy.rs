//! The array surface gives what NumPy gives, in every chunking, by plans and at once: cases in `data/cases.txt`, written by `generate.py`.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

mod surface;

use arrow_buffer::Buffer;
use swath_nd::{Array, Arrays, Cancel, ChunkSpec, Complex, DType, NdArray, Result, Scalar};

fn array(text: &str) -> NdArray {
    let mut parts = text.split(':');
    let dtype: DType = parts.next().unwrap().parse().unwrap();
    let shape: Vec<usize> =
        parts.next().unwrap().split(',').filter(|one| !one.is_empty()).map(|one| one.parse().unwrap()).collect();
    let digits = parts.next().unwrap();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap()).collect();
    NdArray::from_buffer(dtype, &shape, Buffer::from_vec(bytes)).unwrap()
}

/// Equal, or within rounding errors of the largest element; NaN equals NaN.
fn same(result: Scalar, expected: Scalar, tolerance: f64, scale: f64) -> bool {
    if !result.dtype().is_float() && !result.dtype().is_complex() {
        return result == expected;
    }
    let precision = match result.dtype() {
        DType::F16 => 1e-3,
        DType::F32 | DType::C64 => 1.2e-7,
        _ => 2.3e-16,
    };
    let (a, b): (Complex<f64>, Complex<f64>) = (result.to(), expected.to());
    let near = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * precision * b.abs().max(scale).max(1e-300)
    };
    near(a.re, b.re) && near(a.im, b.im)
}

fn compare(result: &NdArray, expected: &NdArray, tolerance: f64, scaled: bool) -> Option<String> {
    if result.dtype() != expected.dtype() || result.shape() != expected.shape() {
        let (given, wanted) = (result, expected);
        return Some(format!("{} {:?}, not {} {:?}", given.dtype(), given.shape(), wanted.dtype(), wanted.shape()));
    }
    let scale = if scaled {
        let sizes = expected.scalars().into_iter().map(|one| one.to::<Complex<f64>>().norm());
        sizes.filter(|size| size.is_finite()).fold(0.0, f64::max)
    } else {
        0.0
    };
    let pairs = result.scalars().into_iter().zip(expected.scalars()).enumerate();
    let bad: Vec<_> = pairs.filter(|(_, (a, b))| !same(*a, *b, tolerance, scale)).collect();
    bad.first().map(|(place, (a, b))| format!("{} wrong, at {place} {a}, not {b}", bad.len()))
}

/// What we do otherwise than NumPy, and why.
fn differs(name: &str, parameters: &[&str], inputs: &[NdArray]) -> bool {
    let first = inputs.first().map(NdArray::dtype);
    match (name, parameters.first().copied()) {
        // Of zero NumPy gives what the processor does: 0 or the smallest integer.
        ("unary", Some("reciprocal")) => first == Some(DType::I8),
        // A function of the table here, which computes in the float that holds the integers.
        ("unary", Some("i0")) => first == Some(DType::I8),
        // NumPy refuses negative exponents when it sees one.
        ("binary", Some("power")) => first == Some(DType::I8),
        // NumPy's nan-forms refuse lines of nothing but NaN; ours give what argmin of no elements cannot: checked in the kernels.
        ("reduce", Some("nanargmin" | "nanargmax")) => true,
        _ => false,
    }
}

/// How arrays are cut: one chunk, small even ones, ragged ones.
fn chunked(context: &Arrays, inputs: &[NdArray], how: usize) -> Vec<Array> {
    let cut = |array: &NdArray| {
        let lengths = array.shape().iter().map(|length| match how {
            0 | 1 => vec![*length],
            2 => {
                vec![2; length / 2].into_iter().chain((length % 2 == 1 || *length == 0).then_some(length % 2)).collect()
            }
            _ => {
                let first = (*length).min(1);
                let second = (length - first).min(3);
                [first, second, length - first - second].into_iter().filter(|part| *part > 0 || *length == 0).collect()
            }
        });
        let axes = lengths.map(|lengths| match lengths.iter().all(|part| *part == 0) {
            true => swath_nd::AxisSpec::Whole,
            false => swath_nd::AxisSpec::Lengths(lengths),
        });
        context.from_array_in(array.clone(), ChunkSpec::Axes(axes.collect()))
    };
    inputs.iter().map(cut).collect()
}

fn run(context: &Arrays, name: &str, parameters: &[&str], inputs: &[NdArray], how: usize) -> Result<Vec<NdArray>> {
    let arrays = chunked(context, inputs, how);
    let results = surface::apply(context, name, parameters, &arrays)?;
    let compute = |array: &Array| if how == 0 { array.compute() } else { array.compute_by_plan(&Cancel::new()) };
    results.iter().map(compute).collect()
}

#[test]
fn results_are_numpys() {
    let context = Arrays::builder().threads(2).memory_limit_bytes(256 << 20).build();
    let text = include_str!("data/cases.txt");
    let only = std::env::var("CASES").unwrap_or_default();
    let (mut count, mut wrong): (usize, Vec<String>) = (0, Vec::new());
    for line in text.lines().filter(|line| line.starts_with(&only)) {
        let fields: Vec<&str> = line.split(';').collect();
        let [name, parameters, arrays, expected] = fields[..] else { panic!("{line}") };
        let parameters: Vec<&str> = parameters.split('|').collect();
        let inputs: Vec<NdArray> = arrays.split(' ').filter(|one| !one.is_empty()).map(array).collect();
        count += 1;
        if differs(name, &parameters, &inputs) {
            continue;
        }
        for how in 0..4 {
            let described: Vec<String> =
                inputs.iter().map(|one| format!("{} {:?}", one.dtype(), one.shape())).collect();
            let label = format!("{name} {parameters:?} of {described:?} in chunking {how}");
            match (run(&context, name, &parameters, &inputs, how), expected) {
                (Err(_), "error") => {}
                (Err(error), _) => wrong.push(format!("{label}: {error}")),
                (Ok(_), "error") => wrong.push(format!("{label}: NumPy refuses")),
                (Ok(results), expected) => {
                    let expected: Vec<NdArray> = expected.split(' ').filter(|one| !one.is_empty()).map(array).collect();
                    if results.len() != expected.len() {
                        wrong.push(format!("{label}: {} results, not {}", results.len(), expected.len()));
                        continue;
                    }
                    let (tolerance, scaled) = surface::tolerance(name);
                    for (number, (result, expected)) in results.iter().zip(&expected).enumerate() {
                        if let Some(what) = compare(result, expected, tolerance, scaled) {
                            wrong.push(format!("{label}: result {number}: {what}"));
                        }
                    }
                }
            }
        }
    }
    assert!(count > 1_000 || !only.is_empty(), "{count} cases");
    assert!(wrong.is_empty(), "{} wrong of {count} cases in 4 chunkings:\n{}", wrong.len(), wrong.join("\n"));
}
