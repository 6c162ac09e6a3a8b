//! A naive evaluator for tests: whole arrays, one element after another, no plan. What the optimiser and the stages give is held
//! against it.

mod dense;
mod functions;
mod run;

use std::collections::HashMap;

use swath_kernels::{DType, Dims, NdArray, Scalar, with_element};

pub(crate) use functions::{map, reduce};
pub(crate) use run::run_plan;

use crate::error::{ArrayError, Result};
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Order, Scan, Window};
use crate::expr::traits::BlockContext;
use crate::grid::Region;

/// The array of an expression.
pub(crate) fn evaluate(expression: &ArrayExpr) -> Result<NdArray> {
    let mut done: HashMap<u64, NdArray> = HashMap::new();
    for node in ArrayExpr::topological(std::slice::from_ref(expression)) {
        let inputs: Vec<NdArray> = node.inputs().iter().map(|input| done[&input.id()].clone()).collect();
        let value = apply(&node, &inputs)?;
        assert_eq!(value.dtype(), node.dtype(), "{node:?}");
        if node.grid().is_known() {
            assert_eq!(value.shape(), node.shape().as_slice(), "{node:?}");
        }
        done.insert(node.id(), value);
    }
    Ok(done[&expression.id()].clone())
}

/// An array of scalars, cast.
pub(crate) fn from_scalars(shape: &[usize], dtype: DType, values: &[Scalar]) -> Result<NdArray> {
    let array =
        with_element!(dtype, T => NdArray::from_vec(shape, values.iter().map(|value| value.to::<T>()).collect())?);
    Ok(if dtype.is_time() { array.reinterpret(dtype)? } else { array })
}

/// Every index of a shape in C order.
pub(crate) fn indices(shape: &[usize]) -> impl Iterator<Item = Dims> + '_ {
    (0..shape.iter().product::<usize>()).map(move |number| {
        let mut rest = number;
        let mut index: Dims = shape.iter().rev().map(|length| (rest % length, rest /= length).0).collect();
        index.reverse();
        index
    })
}

/// An array from a function of the index.
pub(crate) fn from_fn(shape: &[usize], dtype: DType, mut value: impl FnMut(&[usize]) -> Scalar) -> Result<NdArray> {
    from_scalars(shape, dtype, &indices(shape).map(|index| value(&index)).collect::<Vec<_>>())
}

/// A window of a box that a source or generator gives.
pub(crate) fn windowed(window: &[Window], read: impl FnOnce(&Region) -> Result<NdArray>) -> Result<NdArray> {
    let view = crate::lower::program::window_view(window);
    let region: Region = window.iter().map(|window| 0..window.length).collect();
    view.local(&region).apply(&read(&view.input_region(&region))?)
}

/// One operation over whole arrays.
pub(crate) fn apply(node: &ArrayExpr, inputs: &[NdArray]) -> Result<NdArray> {
    apply_op(node.op(), inputs, node.dtype(), &node.shape(), node)
}

fn apply_op(op: &Op, inputs: &[NdArray], dtype: DType, shape: &[usize], node: &ArrayExpr) -> Result<NdArray> {
    match op {
        Op::Read { source, window } => windowed(window, |region| source.0.read(region)),
        Op::Fill(value) => Ok(NdArray::full(shape, value.0)?),
        Op::Iota { axis, start, step } => {
            from_fn(shape, dtype, |index| Scalar::I64(start.wrapping_add(step.wrapping_mul(index[*axis] as i64))))
        }
        Op::Generate { generator, whole, window } => windowed(window, |region| {
            let start: Vec<usize> = region.iter().map(|range| range.start).collect();
            generator.0.block(whole, &start, &crate::grid::region_shape(region))
        }),
        Op::Map(function) => map(function.name(), inputs, dtype),
        Op::Cast => from_scalars(
            inputs[0].shape(),
            dtype,
            &inputs[0].scalars().iter().map(|v| v.cast(dtype)).collect::<Vec<_>>(),
        ),
        Op::Reduce { function, axes } => reduce(*function, &inputs[0], axes, dtype),
        Op::Scan { function, axis } => scan(*function, &inputs[0], *axis, dtype),
        Op::View(view) => view.apply(&inputs[0]),
        Op::Reshape => Ok(inputs[0].reshape(shape)?),
        Op::Rechunk => Ok(inputs[0].clone()),
        Op::Gather { axis, count } => gather(&inputs[0], *axis, *count, &inputs[1..]),
        Op::TakeAlong { axis } => {
            let length = inputs[0].shape()[*axis];
            from_fn(inputs[1].shape(), dtype, |index| {
                let mut at: Dims = index.into();
                at[*axis] = position(inputs[1].get(index).unwrap(), length);
                inputs[0].get(&at).unwrap()
            })
        }
        Op::Mask => {
            let masked = inputs[1].ndim();
            let kept: Vec<Dims> = indices(inputs[1].shape())
                .filter(|index| inputs[1].get(index).unwrap() == Scalar::Bool(true))
                .collect();
            let mut shape: Dims = Dims::from_slice(&[kept.len()]);
            shape.extend_from_slice(&inputs[0].shape()[masked..]);
            from_fn(&shape, dtype, |index| {
                let at: Dims = kept[index[0]].iter().chain(&index[1..]).copied().collect();
                inputs[0].get(&at).unwrap()
            })
        }
        Op::Scatter { axis } => {
            let length = inputs[0].shape()[*axis];
            let positions: Vec<usize> = inputs[1].scalars().into_iter().map(|at| position(at, length)).collect();
            from_fn(inputs[0].shape(), dtype, |index| match positions.iter().rposition(|at| *at == index[*axis]) {
                Some(from) => {
                    let mut at: Dims = index.into();
                    at[*axis] = from;
                    inputs[2].get(&at).unwrap()
                }
                None => inputs[0].get(index).unwrap(),
            })
        }
        Op::Concat { axis } => concatenate(inputs, *axis),
        Op::Contract(contraction) => functions::contract(contraction, &inputs[0], &inputs[1], dtype),
        Op::Order(order) => ordered(order, inputs, dtype),
        Op::Linalg(function) => dense::algebra(*function, inputs),
        Op::Fft { function, axis, length } => dense::transform(*function, &inputs[0], *axis, *length),
        Op::Block(call) if call.halo.is_empty() => {
            let mut blocks = Vec::new();
            for block in 0..node.grid().block_count() {
                let at = node.grid().index_of(block);
                let mut parts = Vec::new();
                for ((array, input), axes) in inputs.iter().zip(node.inputs()).zip(&call.axes) {
                    let region: Vec<_> = input
                        .grid()
                        .axes()
                        .iter()
                        .zip(axes)
                        .map(|(chunks, axis)| match axis {
                            Some(axis) if chunks.count() > 1 => chunks.range(at[*axis]).into(),
                            _ => (0..chunks.length()).into(),
                        })
                        .collect();
                    parts.push(array.slice(&region)?);
                }
                let region = node.grid().region(block);
                let context =
                    BlockContext { block: at.to_vec(), counts: node.grid().counts().to_vec(), region: region.to_vec() };
                blocks.push((region, call.function.0.apply(&parts, &context)?));
            }
            assemble(shape, dtype, &blocks)
        }
        other => Err(ArrayError::invalid(format!("the reference has no {}", other.label()))),
    }
}

/// A position that may count from the end.
fn position(value: Scalar, length: usize) -> usize {
    let at: i64 = value.to();
    (if at < 0 { at + length as i64 } else { at }) as usize
}

fn gather(array: &NdArray, axis: usize, count: usize, positions: &[NdArray]) -> Result<NdArray> {
    let common = positions[0].shape();
    let shape: Dims =
        array.shape()[..axis].iter().chain(common).chain(&array.shape()[axis + count..]).copied().collect();
    from_fn(&shape, array.dtype(), |index| {
        let middle = &index[axis..axis + common.len()];
        let at =
            positions.iter().enumerate().map(|(k, list)| position(list.get(middle).unwrap(), array.shape()[axis + k]));
        let at: Dims =
            index[..axis].iter().copied().chain(at).chain(index[axis + common.len()..].iter().copied()).collect();
        array.get(&at).unwrap()
    })
}

/// One after another along an axis.
pub(crate) fn concatenate(arrays: &[NdArray], axis: usize) -> Result<NdArray> {
    let mut shape: Dims = arrays[0].shape().into();
    shape[axis] = arrays.iter().map(|array| array.shape()[axis]).sum();
    from_fn(&shape, arrays[0].dtype(), |index| {
        let mut at: Dims = index.into();
        for array in arrays {
            if at[axis] < array.shape()[axis] {
                return array.get(&at).unwrap();
            }
            at[axis] -= array.shape()[axis];
        }
        unreachable!("the lengths add up")
    })
}

/// Blocks put in their places.
pub(crate) fn assemble(shape: &[usize], dtype: DType, blocks: &[(Region, NdArray)]) -> Result<NdArray> {
    let mut values = vec![Scalar::zero(dtype); shape.iter().product()];
    for (region, block) in blocks {
        for index in indices(block.shape()) {
            let at =
                index.iter().zip(region).zip(shape).fold(0, |at, ((i, range), length)| at * length + range.start + i);
            values[at] = block.get(&index)?;
        }
    }
    from_scalars(shape, dtype, &values)
}

/// The elements of each line along an axis, handed to a function that gives those of the result.
fn by_line(
    array: &NdArray,
    axis: usize,
    dtype: DType,
    mut line: impl FnMut(Vec<Scalar>) -> Vec<Scalar>,
) -> Result<NdArray> {
    let mut outer: Dims = array.shape().into();
    outer[axis] = 1;
    let mut lines = Vec::new();
    for start in indices(&outer) {
        let elements = (0..array.shape()[axis]).map(|position| {
            let mut at = start.clone();
            at[axis] = position;
            array.get(&at).unwrap()
        });
        lines.push(line(elements.collect()));
    }
    let mut shape: Dims = array.shape().into();
    shape[axis] = lines.first().map_or(shape[axis], Vec::len);
    let mut number: HashMap<Dims, usize> = HashMap::new();
    for (at, start) in indices(&outer).enumerate() {
        number.insert(start, at);
    }
    from_fn(&shape, dtype, |index| {
        let mut start: Dims = index.into();
        start[axis] = 0;
        lines[number[&start]][index[axis]]
    })
}

fn scan(function: Scan, array: &NdArray, axis: usize, dtype: DType) -> Result<NdArray> {
    by_line(array, axis, dtype, |line| {
        let mut result: Vec<Scalar> = Vec::new();
        for element in line {
            result.push(match result.last() {
                None => element.cast(dtype),
                Some(before) => {
                    let name = match function {
                        Scan::Sum | Scan::NanSum => "add",
                        Scan::Prod | Scan::NanProd => "multiply",
                        Scan::Max => "maximum",
                        Scan::Min => "minimum",
                    };
                    functions::scalar(name, &[*before, element], dtype).unwrap()
                }
            });
        }
        result
    })
}

fn ordered(order: &Order, inputs: &[NdArray], dtype: DType) -> Result<NdArray> {
    let key = |value: &Scalar| value.to::<f64>();
    let sorted = |line: Vec<Scalar>| {
        let mut pairs: Vec<(usize, Scalar)> = line.into_iter().enumerate().collect();
        pairs.sort_by(|left, right| key(&left.1).total_cmp(&key(&right.1)));
        pairs
    };
    match order {
        Order::Sort { axis } | Order::Partition { axis, .. } => {
            by_line(&inputs[0], *axis, dtype, |line| sorted(line).into_iter().map(|pair| pair.1).collect())
        }
        Order::ArgSort { axis } => by_line(&inputs[0], *axis, dtype, |line| {
            sorted(line).into_iter().map(|pair| Scalar::I64(pair.0 as i64)).collect()
        }),
        Order::Top { axis, count, largest, positions } => by_line(&inputs[0], *axis, dtype, |line| {
            let mut pairs = sorted(line);
            if *largest {
                // Of equal ones the first comes first.
                pairs.sort_by(|left, right| key(&right.1).total_cmp(&key(&left.1)).then(left.0.cmp(&right.0)));
            }
            pairs.truncate(*count);
            pairs.into_iter().map(|(at, value)| if *positions { Scalar::I64(at as i64) } else { value }).collect()
        }),
        Order::Bincount { length } => {
            let values = inputs[0].scalars();
            let count = |at: usize| values.iter().filter(|value| value.to::<i64>() == at as i64).count();
            from_fn(&[*length], dtype, |index| Scalar::I64(count(index[0]) as i64))
        }
        Order::Histogram => {
            let (values, edges) = (inputs[0].scalars(), inputs[1].scalars());
            let last = edges.len() - 2;
            from_fn(&[edges.len() - 1], dtype, |index| {
                let (low, high) = (key(&edges[index[0]]), key(&edges[index[0] + 1]));
                let inside = |value: f64| value >= low && (value < high || (index[0] == last && value == high));
                Scalar::I64(values.iter().filter(|value| inside(key(value))).count() as i64)
            })
        }
        Order::Unique { counts } => {
            let mut pairs: Vec<(Scalar, i64)> = Vec::new();
            for (_, value) in sorted(inputs[0].scalars()) {
                match pairs.last_mut() {
                    Some(last) if last.0 == value || (last.0.is_nan() && value.is_nan()) => last.1 += 1,
                    _ => pairs.push((value, 1)),
                }
            }
            from_fn(&[pairs.len()], dtype, |index| {
                let (value, count) = pairs[index[0]];
                if *counts { Scalar::I64(count) } else { value }
            })
        }
        Order::Quantile { at, axes, method, skip_nan } => {
            // The kernel is held against NumPy; here only the lines are made.
            let axes: Vec<isize> = axes.iter().map(|axis| *axis as isize).collect();
            let at: Vec<f64> = at.iter().map(|at| at.0.to()).collect();
            Ok(swath_kernels::order::quantile(&inputs[0], &at, Some(&axes), *method, false, *skip_nan)?)
        }
    }
}
