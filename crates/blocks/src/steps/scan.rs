//! Running results over several blocks: totals, what each block starts from, the results.

use swath_arrays::expr::op::Scan;
use swath_arrays::lower::stage::ScanPhase;
use swath_kernels::{DType, Dims, NdArray, Scalar, fused, reduce};

use super::{Made, Task, made};
use crate::block::Block;
use crate::error::Result;
use crate::fetch;

/// The kernels' name of a running result.
pub const fn kernel_scan(function: Scan) -> reduce::Scan {
    match function {
        Scan::Sum => reduce::Scan::CumSum,
        Scan::Prod => reduce::Scan::CumProd,
        Scan::Max => reduce::Scan::CumMax,
        Scan::Min => reduce::Scan::CumMin,
        Scan::NanSum => reduce::Scan::NanCumSum,
        Scan::NanProd => reduce::Scan::NanCumProd,
    }
}

/// What is left out of totals must not be left out of the running result of them again.
const fn of_totals(function: Scan) -> Scan {
    match function {
        Scan::NanSum => Scan::Sum,
        Scan::NanProd => Scan::Prod,
        other => other,
    }
}

pub(crate) fn run(task: &Task<'_>, function: Scan, axis: usize, phase: ScanPhase) -> Result<Made> {
    let block = task.single(0)?;
    let dtype = task.dtype();
    let result = match phase {
        ScanPhase::Totals => totals(function, &block, axis, dtype)?,
        ScanPhase::Carries => carries(of_totals(function), &block, axis, dtype)?,
        ScanPhase::Apply => {
            let is_first = task.stage.tasks.index_of(task.number)[axis] == 0;
            let kernel = kernel_scan(function);
            let carry = if task.stage.inputs.len() > 1 && !is_first {
                Some(fused::cast(&task.single(1)?, kernel.carry_dtype(kernel.result_dtype(block.dtype())?))?)
            } else {
                None
            };
            reduce::scan(kernel, &block, axis as isize, carry.as_ref())?.0
        }
    };
    Ok(made(Block::Array(fused::cast(&result, dtype)?)))
}

/// The last of each line's running results.
fn totals(function: Scan, block: &NdArray, axis: usize, dtype: DType) -> Result<NdArray> {
    if block.shape()[axis] == 0 {
        let mut shape: Dims = block.shape().into();
        shape[axis] = 1;
        return Ok(NdArray::full(&shape, neutral(function, dtype))?);
    }
    Ok(reduce::scan(kernel_scan(function), block, axis as isize, None)?.1)
}

/// The running result of totals without the own one. The first place is never used.
fn carries(function: Scan, totals: &NdArray, axis: usize, dtype: DType) -> Result<NdArray> {
    let running = fused::cast(&reduce::scan(kernel_scan(function), totals, axis as isize, None)?.0, dtype)?;
    let whole = |range: std::ops::Range<usize>| {
        running
            .shape()
            .iter()
            .enumerate()
            .map(|(own, length)| if own == axis { range.clone() } else { 0..*length })
            .collect()
    };
    let length = running.shape()[axis];
    let before = fetch::part(&running, &whole(0..length.saturating_sub(1)))?;
    let mut start: Dims = running.shape().into();
    start[axis] = length.min(1);
    let first = NdArray::full(&start, neutral(function, dtype))?;
    Ok(swath_kernels::layout::arrange::concatenate(&[first, before], axis as isize)?)
}

/// What changes nothing.
fn neutral(function: Scan, dtype: DType) -> Scalar {
    let extreme = |least: bool| -> Scalar {
        if dtype.is_float() || dtype.is_complex() {
            return Scalar::F64(if least { f64::NEG_INFINITY } else { f64::INFINITY }).cast(dtype);
        }
        match dtype {
            DType::Bool => Scalar::Bool(!least),
            DType::U64 => Scalar::U64(if least { 0 } else { u64::MAX }),
            DType::U8 | DType::U16 | DType::U32 if least => Scalar::zero(dtype),
            DType::U8 | DType::U16 | DType::U32 => Scalar::U64(u64::MAX).cast(dtype),
            DType::I8 => Scalar::I8(if least { i8::MIN } else { i8::MAX }),
            DType::I16 => Scalar::I16(if least { i16::MIN } else { i16::MAX }),
            DType::I32 => Scalar::I32(if least { i32::MIN } else { i32::MAX }),
            // The least integer is a missing date.
            dtype if dtype.is_time() => Scalar::I64(if least { i64::MIN + 1 } else { i64::MAX }).cast(dtype),
            _ => Scalar::I64(if least { i64::MIN } else { i64::MAX }),
        }
    };
    match function {
        Scan::Sum | Scan::NanSum => Scalar::zero(dtype),
        Scan::Prod | Scan::NanProd => Scalar::one(dtype),
        Scan::Max => extreme(true),
        Scan::Min => extreme(false),
    }
}
