//! Operations over blocks that hold all they need: order, indexing by arrays, linear algebra, Fourier transforms.

use swath_arrays::expr::op::{Fft, Linalg, Op, Order};
use swath_arrays::lower::stage::Stage;
use swath_arrays::{ArrayError, ArrayExpr};
use swath_kernels::fft::{self, Norm};
use swath_kernels::layout::index::{self, OutOfBounds};
use swath_kernels::layout::{arrange, mask};
use swath_kernels::linalg::{self, QrMode, Triangle};
use swath_kernels::order::{self, Bins};
use swath_kernels::{DType, Dims, KernelError, NdArray, fused};

use super::fused::PART_BYTES;
use super::{Made, Parts, Task, made};
use crate::block::Block;
use crate::error::Result;

pub(crate) fn run(task: &Task<'_>, node: &ArrayExpr) -> Result<Made> {
    let mut inputs = Vec::with_capacity(task.stage.inputs.len());
    for input in 0..task.stage.inputs.len() {
        inputs.push(task.single(input)?);
    }
    if let (Op::Scatter { axis }, [array, positions, values]) = (node.op(), inputs.as_slice()) {
        let start = task.stage.tasks.region(task.number)[*axis].start;
        let whole = node.shape()[*axis];
        return Ok(made(Block::Array(scatter_into_block(array, positions, values, *axis, start, whole)?)));
    }
    if let (Some(parts), Some(axis), [array]) = (task.parts, part_axis(task.stage, node), inputs.as_slice()) {
        return run_in_parts(task, node, array, axis, parts);
    }
    let result = fused::cast(&apply(node, &inputs)?, task.dtype())?;
    let grid = &task.stage.outputs[0].grid;
    // Counts have an axis of length one for each of the input's.
    let result = if grid.is_known() { result.reshape(&grid.block_shape(task.number))? } else { result };
    Ok(made(Block::Array(result)))
}

/// The axis along which the result of an operation can be made in parts: lines of a transform that lie behind one another.
pub(super) fn part_axis(stage: &Stage, node: &ArrayExpr) -> Option<usize> {
    let Op::Fft { axis, .. } = node.op() else { return None };
    let tasks = &stage.tasks;
    tasks.is_known().then(|| (0..*axis).find(|before| tasks.axis(*before).longest() > 1))?
}

/// A transform of a few lines at a time, each part handed on while it is in the cache.
fn run_in_parts(task: &Task<'_>, node: &ArrayExpr, array: &NdArray, axis: usize, parts: &dyn Parts) -> Result<Made> {
    let mut region = task.stage.tasks.region(task.number);
    let own = region[axis].clone();
    let row: usize = region[axis + 1..].iter().map(|range| range.len()).product();
    let outer: usize = region[..axis].iter().map(|range| range.len()).product();
    let bytes = row * outer * task.dtype().item_size();
    let step = (PART_BYTES / bytes.max(1)).max(1);
    for start in (0..own.len()).step_by(step) {
        let length = step.min(own.len() - start);
        let part = arrange::range(array, axis, start, length)?;
        let made = fused::cast(&apply(node, std::slice::from_ref(&part))?, task.dtype())?;
        region[axis] = own.start + start..own.start + start + length;
        parts.place(0, &region, &made)?;
    }
    Ok(Made::new())
}

/// The result of an operation over whole arrays: order, indexing by arrays, linear algebra, Fourier transforms. Its dtype is the kernel's,
/// its shape without the axes of length one that counts of blocks have.
///
/// # Errors
/// The kernel's; for any other operation.
pub fn apply(node: &ArrayExpr, inputs: &[NdArray]) -> Result<NdArray> {
    let Some(first) = inputs.first() else {
        return Err(ArrayError::Internal(format!("{} was given nothing", node.op().label())).into());
    };
    Ok(match node.op() {
        Op::Gather { axis, count } => {
            let mut positions: Vec<Option<NdArray>> = vec![None; *axis];
            positions.extend(inputs[1..=*count].iter().cloned().map(Some));
            index::gather(first, &positions)?
        }
        Op::TakeAlong { axis } => index::take_along_axis(first, &inputs[1], *axis as isize)?,
        Op::Mask => mask::compress(first, &inputs[1])?,
        Op::Scatter { axis } => {
            let mut positions: Vec<Option<NdArray>> = vec![None; *axis];
            positions.push(Some(inputs[1].clone()));
            index::scatter(first, &positions, &inputs[2])?
        }
        Op::Order(function) => ordered(function, inputs)?,
        Op::Linalg(function) => algebra(*function, inputs)?,
        Op::Fft { function, axis, length } => {
            let (axis, length) = (*axis as isize, Some(*length));
            match function {
                Fft::Forward => fft::fft(first, length, axis, Norm::Backward)?,
                Fft::Inverse => fft::ifft(first, length, axis, Norm::Backward)?,
                Fft::RealForward => fft::rfft(first, length, axis, Norm::Backward)?,
                Fft::RealInverse => fft::irfft(first, length, axis, Norm::Backward)?,
            }
        }
        other => return Err(ArrayError::Internal(format!("{} is not an operation on blocks", other.label())).into()),
    })
}

/// Assignment to the positions that fall into a block, which begins at `start` of an axis of `whole` elements.
fn scatter_into_block(
    array: &NdArray,
    positions: &NdArray,
    values: &NdArray,
    axis: usize,
    start: usize,
    whole: usize,
) -> Result<NdArray> {
    let block = start as i64..(start + array.shape()[axis]) as i64;
    let length = whole as i64;
    let (mut own, mut taken): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    for (number, position) in (0..).zip(fused::cast(positions, DType::I64)?.to_vec::<i64>()?) {
        if !(-length..length).contains(&position) {
            return Err(KernelError::IndexOutOfBounds { index: position as isize, axis, size: whole }.into());
        }
        let position = if position < 0 { position + length } else { position };
        if block.contains(&position) {
            own.push(position - block.start);
            taken.push(number);
        }
    }
    let count = [own.len()];
    let values = index::take(values, &NdArray::from_vec(&count, taken)?, axis as isize, OutOfBounds::Raise)?;
    let mut at: Vec<Option<NdArray>> = vec![None; axis];
    at.push(Some(NdArray::from_vec(&count, own)?));
    Ok(index::scatter(array, &at, &values)?)
}

fn ordered(function: &Order, inputs: &[NdArray]) -> Result<NdArray> {
    let first = &inputs[0];
    Ok(match function {
        Order::Sort { axis } => order::sort(first, *axis as isize)?,
        Order::ArgSort { axis } => order::argsort(first, *axis as isize)?,
        Order::Partition { axis, kth } => order::partition(first, &[*kth as isize], *axis as isize)?,
        Order::Top { axis, count, largest, positions } => {
            let count = if *largest { *count as isize } else { -(*count as isize) };
            match positions {
                true => order::argtopk(first, count, *axis as isize)?,
                false => order::topk(first, count, *axis as isize)?,
            }
        }
        Order::Quantile { at, axes, method, skip_nan } => {
            let at: Vec<f64> = at.iter().map(|at| at.0.to::<f64>()).collect();
            let axes: Vec<isize> = axes.iter().map(|axis| *axis as isize).collect();
            let numbers = if first.dtype() == DType::Bool { fused::cast(first, DType::U8)? } else { first.clone() };
            order::quantile(&numbers, &at, Some(&axes), *method, false, *skip_nan)?
        }
        Order::Histogram => {
            let edges = fused::cast(&inputs[1], DType::F64)?.to_vec::<f64>()?;
            order::histogram(first, &Bins::edges(&edges)?, inputs.get(2))?
        }
        Order::Bincount { length } => {
            let counts = order::bincount(first, inputs.get(1), *length)?;
            arrange::range(&counts, 0, 0, *length)?
        }
        Order::Unique { counts: false } => order::unique::unique_values(first)?,
        Order::Unique { counts: true } => order::unique::unique_counts(first)?.1,
    })
}

fn algebra(function: Linalg, inputs: &[NdArray]) -> Result<NdArray> {
    let first = &inputs[0];
    Ok(match function {
        Linalg::QrQ => match linalg::qr(first, QrMode::Reduced)? {
            (Some(q), _) => q,
            (None, _) => return Err(ArrayError::Internal("QR gave no Q".to_owned()).into()),
        },
        Linalg::QrR => linalg::qr(first, QrMode::R)?.1,
        Linalg::SvdU => linalg::svd(first, false)?.0,
        Linalg::SvdS => linalg::singular_values(first)?,
        Linalg::SvdVt => linalg::svd(first, false)?.2,
        Linalg::Cholesky => linalg::cholesky(first)?,
        Linalg::Solve => column_wise(first, &inputs[1], linalg::solve)?,
        Linalg::SolveTriangular { lower } => {
            linalg::solve_triangular(first, &inputs[1], Triangle { lower, unit: false })?
        }
        Linalg::Lstsq => linalg::lstsq(first, &inputs[1], None)?.solution,
        Linalg::Inv => linalg::inv(first)?,
        Linalg::Det => linalg::det(first)?,
        Linalg::EighValues => linalg::eigvalsh(first, true)?,
        Linalg::EighVectors => linalg::eigh(first, true)?.1,
    })
}

/// A right side of one or two dimensions.
fn column_wise(
    matrix: &NdArray,
    right: &NdArray,
    solve: fn(&NdArray, &NdArray) -> swath_kernels::Result<NdArray>,
) -> Result<NdArray> {
    let shape: Dims = right.shape().into();
    Ok(solve(matrix, right)?.reshape(&shape)?)
}
