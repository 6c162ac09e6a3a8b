//! The array surface gives what NumPy gives, in every chunking, by plans and at once: cases in `data/cases.txt`, written by `generate.py`.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

#[path = "../../kernels/tests/corpus/mod.rs"]
mod corpus;
mod surface;

use corpus::{array, difference};
use swath_nd::{Array, Arrays, Cancel, ChunkSpec, Complex, DType, NdArray, Result};

fn compare(result: &NdArray, expected: &NdArray, tolerance: f64, scaled: bool) -> Option<String> {
    let sizes = expected.scalars().into_iter().map(|one| one.to::<Complex<f64>>().norm());
    let scale = if scaled { sizes.filter(|size| size.is_finite()).fold(0.0, f64::max) } else { 0.0 };
    difference(result, expected, (tolerance, scale), false).map(|(_, what)| what)
}

/// What we do otherwise than NumPy, and why.
fn differs(name: &str, parameters: &[&str], inputs: &[NdArray]) -> bool {
    let first = inputs.first().map(NdArray::dtype);
    match (name, parameters.first().copied()) {
        // Of zero NumPy gives what the processor does: 0 or the smallest integer.
        ("unary", Some("reciprocal")) => first == Some(DType::I8),
        // A function of the table here, which computes in the float that holds the integers.
        ("unary", Some("i0")) => first == Some(DType::I8),
        _ => false,
    }
}

/// The ways in which arrays are cut.
const CHUNKINGS: usize = 6;

/// How arrays are cut: one chunk, small even ones, ragged ones, by chance.
fn chunked(context: &Arrays, inputs: &[NdArray], how: usize) -> Vec<Array> {
    let cut = |array: &NdArray| {
        let lengths = array.shape().iter().map(|length| match how {
            0 | 1 => vec![*length],
            2 => {
                vec![2; length / 2].into_iter().chain((length % 2 == 1 || *length == 0).then_some(length % 2)).collect()
            }
            4.. => by_chance(*length, how * 31 + length),
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

/// Lengths that seem to follow no rule.
fn by_chance(length: usize, seed: usize) -> Vec<usize> {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let (mut rest, mut lengths) = (length, Vec::new());
    while rest > 0 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let part = (state % 4 + 1).min(rest as u64) as usize;
        lengths.push(part);
        rest -= part;
    }
    lengths
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
        for how in 0..CHUNKINGS {
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
    assert!(wrong.is_empty(), "{} wrong of {count} cases in {CHUNKINGS} chunkings:\n{}", wrong.len(), wrong.join("\n"));
}
