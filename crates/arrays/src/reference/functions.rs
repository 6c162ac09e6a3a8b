//! Elementwise functions, reductions and products, one scalar after another.

use swath_kernels::{Complex, DType, Dims, NdArray, Scalar, broadcast_shapes};

use super::{from_fn, indices};
use crate::error::{ArrayError, Result};
use crate::expr::contraction::Contraction;
use crate::expr::reduction::Reduction;

/// An elementwise function with broadcasting.
pub(crate) fn map(name: &str, inputs: &[NdArray], dtype: DType) -> Result<NdArray> {
    let shapes: Vec<&[usize]> = inputs.iter().map(NdArray::shape).collect();
    let shape = broadcast_shapes(&shapes)?;
    let inputs = inputs.iter().map(|input| Ok(input.broadcast_to(&shape)?)).collect::<Result<Vec<_>>>()?;
    scalar(name, &inputs.iter().map(|input| Scalar::zero(input.dtype())).collect::<Vec<_>>(), dtype)?;
    from_fn(&shape, dtype, |index| {
        let values: Vec<Scalar> = inputs.iter().map(|input| input.get(index).unwrap()).collect();
        scalar(name, &values, dtype).unwrap()
    })
}

/// An elementwise function of one element each; `dtype` is that of the result.
pub(crate) fn scalar(name: &str, values: &[Scalar], dtype: DType) -> Result<Scalar> {
    if name == "where" {
        return Ok(if values[0] == Scalar::Bool(true) { values[1] } else { values[2] });
    }
    let kind = values[0].dtype();
    let bools = || values.iter().map(|value| value.to::<bool>()).collect::<Vec<_>>();
    let unknown = || ArrayError::invalid(format!("the reference has no {name} of {kind}"));
    let result = match name {
        "logical_and" => Scalar::Bool(bools()[0] && bools()[1]),
        "logical_or" => Scalar::Bool(bools()[0] || bools()[1]),
        "logical_not" => Scalar::Bool(!bools()[0]),
        "equal" => Scalar::Bool(values[0] == values[1]),
        "not_equal" => Scalar::Bool(values[0] != values[1]),
        "isnan" => Scalar::Bool(values[0].is_nan()),
        _ if kind.is_complex() => {
            let v: Vec<Complex<f64>> = values.iter().map(|value| value.to()).collect();
            Scalar::C128(match name {
                "add" => v[0] + v[1],
                "subtract" => v[0] - v[1],
                "multiply" => v[0] * v[1],
                "divide" => v[0] / v[1],
                "negative" => -v[0],
                "square" => v[0] * v[0],
                "exp" => v[0].exp(),
                "real" => Complex::new(v[0].re, 0.0),
                "conjugate" => v[0].conj(),
                "absolute" => Complex::new(v[0].norm(), 0.0),
                _ => return Err(unknown()),
            })
        }
        _ if kind.is_float() => {
            let v: Vec<f64> = values.iter().map(|value| value.to()).collect();
            let pick = |better: bool| if v[0].is_nan() || better { v[0] } else { v[1] };
            match name {
                "less" => return Ok(Scalar::Bool(v[0] < v[1])),
                "less_equal" => return Ok(Scalar::Bool(v[0] <= v[1])),
                "greater" => return Ok(Scalar::Bool(v[0] > v[1])),
                "greater_equal" => return Ok(Scalar::Bool(v[0] >= v[1])),
                _ => {}
            }
            Scalar::F64(match name {
                "add" => v[0] + v[1],
                "subtract" => v[0] - v[1],
                "multiply" => v[0] * v[1],
                "divide" => v[0] / v[1],
                "negative" => -v[0],
                "square" => v[0] * v[0],
                "absolute" => v[0].abs(),
                "sqrt" => v[0].sqrt(),
                "exp" => v[0].exp(),
                "conjugate" => v[0],
                "maximum" => pick(v[0] > v[1]),
                "minimum" => pick(v[0] < v[1]),
                _ => return Err(unknown()),
            })
        }
        _ => {
            let v: Vec<i128> = values
                .iter()
                .map(
                    |value| {
                        if kind == DType::U64 { i128::from(value.to::<u64>()) } else { i128::from(value.to::<i64>()) }
                    },
                )
                .collect();
            let wrapped = |value: i128| Ok(Scalar::U64(value as u64).cast(dtype));
            return match name {
                "less" => Ok(Scalar::Bool(v[0] < v[1])),
                "less_equal" => Ok(Scalar::Bool(v[0] <= v[1])),
                "greater" => Ok(Scalar::Bool(v[0] > v[1])),
                "greater_equal" => Ok(Scalar::Bool(v[0] >= v[1])),
                "add" if kind == DType::Bool => Ok(Scalar::Bool(v[0] + v[1] > 0)),
                "add" => wrapped(v[0] + v[1]),
                "subtract" => wrapped(v[0] - v[1]),
                "multiply" => wrapped(v[0] * v[1]),
                "square" => wrapped(v[0] * v[0]),
                "negative" => wrapped(-v[0]),
                "absolute" => wrapped(v[0].abs()),
                "conjugate" | "positive" => wrapped(v[0]),
                "maximum" => wrapped(v[0].max(v[1])),
                "minimum" => wrapped(v[0].min(v[1])),
                "floor_divide" => wrapped(if v[1] == 0 { 0 } else { v[0].div_euclid(v[1]) }),
                "remainder" => wrapped(if v[1] == 0 { 0 } else { v[0].rem_euclid(v[1]) }),
                _ => Err(unknown()),
            };
        }
    };
    Ok(result.cast(dtype))
}

/// A reduction.
pub(crate) fn reduce(function: Reduction, array: &NdArray, axes: &[usize], dtype: DType) -> Result<NdArray> {
    let kept: Vec<usize> = (0..array.ndim()).filter(|axis| !axes.contains(axis)).collect();
    let shape: Dims = kept.iter().map(|axis| array.shape()[*axis]).collect();
    let inner: Dims = axes.iter().map(|axis| array.shape()[*axis]).collect();
    from_fn(&shape, dtype, |outer| {
        let elements: Vec<Scalar> = indices(&inner)
            .map(|index| {
                let mut at: Dims = array.shape().into();
                kept.iter().zip(outer).for_each(|(axis, position)| at[*axis] = *position);
                axes.iter().zip(&index).for_each(|(axis, position)| at[*axis] = *position);
                array.get(&at).unwrap()
            })
            .filter(|value| !(function.skips_nan() && !function.is_position() && value.is_nan()))
            .collect();
        reduce_list(function.without_nan(), &elements, dtype)
    })
}

fn reduce_list(function: Reduction, elements: &[Scalar], dtype: DType) -> Scalar {
    let fold = |name: &str, start: Scalar| {
        elements.iter().fold(start, |so_far, value| scalar(name, &[so_far, value.cast(dtype)], dtype).unwrap())
    };
    let reals = || elements.iter().map(|value| value.to::<f64>()).collect::<Vec<_>>();
    let complex = |value: &Scalar| value.to::<Complex<f64>>();
    let count = elements.len() as f64;
    let mean = elements.iter().map(complex).sum::<Complex<f64>>() / count;
    let variance = |ddof: i64| {
        elements.iter().map(|value| (complex(value) - mean).norm_sqr()).sum::<f64>() / (count - ddof as f64)
    };
    let best = |better: fn(f64, f64) -> bool| {
        let reals = reals();
        (0..reals.len()).fold(0, |best, at| {
            if !reals[best].is_nan() && (reals[at].is_nan() || better(reals[at], reals[best])) { at } else { best }
        })
    };
    match function {
        Reduction::Sum => fold("add", Scalar::zero(dtype)),
        Reduction::Prod => fold("multiply", Scalar::one(dtype)),
        Reduction::Mean => Scalar::C128(mean).cast(dtype),
        Reduction::Var { ddof } => Scalar::F64(variance(ddof)).cast(dtype),
        Reduction::Std { ddof } => Scalar::F64(variance(ddof).sqrt()).cast(dtype),
        Reduction::Min => elements[best(|a, b| a < b)],
        Reduction::Max => elements[best(|a, b| a > b)],
        Reduction::ArgMin => Scalar::I64(best(|a, b| a < b) as i64),
        Reduction::ArgMax => Scalar::I64(best(|a, b| a > b) as i64),
        Reduction::Any => Scalar::Bool(elements.iter().any(|value| value.to::<bool>())),
        Reduction::All => Scalar::Bool(elements.iter().all(|value| value.to::<bool>())),
        Reduction::CountNonzero => Scalar::I64(elements.iter().filter(|value| value.to::<bool>()).count() as i64),
        _ => unreachable!("the forms without NaN are handled before"),
    }
}

/// A labelled product.
pub(crate) fn contract(contraction: &Contraction, left: &NdArray, right: &NdArray, dtype: DType) -> Result<NdArray> {
    let summed = contraction.summed();
    let inner: Dims = summed.iter().map(|label| contraction.length(*label, left.shape(), right.shape())).collect();
    from_fn(&contraction.shape(left.shape(), right.shape()), dtype, |index| {
        let mut sum = Scalar::zero(dtype);
        for inside in indices(&inner) {
            let at = |label: &u8| {
                contraction.output.iter().position(|own| own == label).map_or_else(
                    || inside[summed.iter().position(|own| own == label).unwrap()],
                    |position| index[position],
                )
            };
            let value = |array: &NdArray, labels: &[u8]| array.get(&labels.iter().map(at).collect::<Dims>()).unwrap();
            let pair = [value(left, &contraction.left), value(right, &contraction.right)];
            let product = scalar("multiply", &pair, dtype).unwrap();
            sum = scalar("add", &[sum, product], dtype).unwrap();
        }
        sum
    })
}
