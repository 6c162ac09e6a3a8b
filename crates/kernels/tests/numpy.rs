//! Elementwise functions, casts and reductions give what NumPy gives, special values included: cases in `data/numpy.txt`, written by
//! `generate.py`.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

mod corpus;

use corpus::{array, difference};
use swath_kernels::fused::{cast, elementwise};
use swath_kernels::reduce::{Reduction, reduce};
use swath_kernels::{DType, NdArray, Scalar};

fn reduction(name: &str) -> Reduction {
    use Reduction::*;
    let (var, std) = (Var { ddof: 0.0 }, Std { ddof: 0.0 });
    let all = [
        Sum,
        Prod,
        Mean,
        var,
        std,
        Min,
        Max,
        Ptp,
        Any,
        All,
        CountNonzero,
        ArgMin,
        ArgMax,
        NanSum,
        NanProd,
        NanMean,
        NanVar { ddof: 0.0 },
        NanStd { ddof: 0.0 },
        NanMin,
        NanMax,
        NanArgMin,
        NanArgMax,
    ];
    all.into_iter().find(|one| one.name() == name).unwrap()
}

/// What we do otherwise than NumPy, and why.
fn differs(kind: &str, name: &str, inputs: &[NdArray]) -> bool {
    let first = inputs[0].dtype();
    match (kind, name) {
        // Of zero NumPy gives what the processor does: 0 or the smallest integer.
        ("ufunc", "reciprocal") => first.is_integer(),
        // `int8` is a better rounded truth value than `float16`, and `float16` an angle of it good enough.
        ("ufunc", "round" | "angle") => first == DType::Bool,
        // Ours is rounded once; NumPy multiplies by π in the narrow type.
        ("ufunc", "sinc") => matches!(first, DType::F16 | DType::F32 | DType::C64),
        // Dates have no imaginary part.
        ("ufunc", "imag") => first.is_time(),
        // NumPy refuses negative exponents when it sees one.
        ("ufunc", "power") => first == DType::Bool,
        // All nan-forms leave NaT out; NumPy's minimum and maximum alone do.
        ("reduce", _) => name.starts_with("nan") && first.is_time(),
        _ => false,
    }
}

#[test]
fn results_are_numpys() {
    let text = include_str!("data/numpy.txt");
    let (mut count, mut wrong): (usize, Vec<String>) = (0, Vec::new());
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [kind, name, arguments @ .., expected] = &fields[..] else { panic!("{line}") };
        let inputs: Vec<NdArray> = arguments.iter().map(|one| array(one)).collect();
        let dtypes: Vec<String> = inputs.iter().map(|one| one.dtype().to_string()).collect();
        let result = match *kind {
            "ufunc" => elementwise(name, &inputs.iter().collect::<Vec<_>>()),
            "cast" => cast(&inputs[0], name.parse().unwrap()),
            _ => {
                let (name, axes) = name.split_once('/').unwrap();
                let axes: Vec<isize> = axes.split(',').filter_map(|axis| axis.parse().ok()).collect();
                reduce(reduction(name), &inputs[0], (!axes.is_empty()).then_some(&axes), false)
            }
        };
        count += 1;
        if differs(kind, name, &inputs) {
            continue;
        }
        let label = format!("{kind} {name} of {dtypes:?} {:?}", inputs[0].shape());
        match (result, *expected) {
            (Err(_), "error") => {}
            (Err(error), _) => wrong.push(format!("{label}: {error}")),
            (Ok(result), "error") => wrong.push(format!("{label}: NumPy refuses, we give {}", result.dtype())),
            (Ok(result), expected) => {
                let expected = array(expected);
                // Inverse functions of complex numbers lose a few digits.
                let tolerance = if *kind == "reduce" || expected.dtype().is_complex() { 64.0 } else { 8.0 };
                // Of two zeros either may be the greater.
                let signed_zero = !matches!(*name, "maximum" | "minimum" | "fmax" | "fmin");
                if let Some((place, what)) = difference(&result, &expected, (tolerance, 0.0), signed_zero) {
                    let at = |one: &NdArray| one.scalars().get(place).or(one.scalars().first()).copied();
                    let operands: Vec<Option<Scalar>> = inputs.iter().map(at).collect();
                    wrong.push(format!("{label}: {what}, of {operands:?}"));
                }
            }
        }
    }
    assert!(count > 1_000, "{count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}
