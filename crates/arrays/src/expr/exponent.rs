//! Exponents of integers, of which NumPy refuses negative ones.

use std::any::Any;
use std::sync::Arc;

use swath_kernels::reduce::{Reduction, reduce};
use swath_kernels::{DType, KernelError, NdArray};

use super::node::ArrayExpr;
use super::op::{Constant, Op};
use super::traits::{BlockContext, BlockFunction};
use crate::error::{ArrayError, Result};

/// Hands on a block of exponents that are not negative.
#[derive(Debug)]
struct Checked;

impl BlockFunction for Checked {
    fn id(&self) -> &str {
        "swath.power.exponents"
    }

    fn name(&self) -> String {
        "exponents".to_owned()
    }

    fn apply(&self, blocks: &[NdArray], _: &BlockContext) -> Result<NdArray> {
        let [exponents] = blocks else { return Err(ArrayError::internal("exponents are one block")) };
        if !exponents.is_empty() && reduce(Reduction::Min, exponents, None, false)?.item()?.to::<i64>() < 0 {
            return Err(refused());
        }
        Ok(exponents.clone())
    }

    fn is_local(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn refused() -> ArrayError {
    KernelError::invalid("Integers to negative integer powers are not allowed.").into()
}

/// The exponents of a power of integers: a number is looked at now, others when it runs.
pub(super) fn checked(exponents: ArrayExpr) -> Result<ArrayExpr> {
    let dtype = exponents.dtype();
    if !matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64) {
        return Ok(exponents);
    }
    if let Op::Fill(Constant(value)) = exponents.op() {
        return if value.to::<i64>() < 0 && exponents.elements() > 0 { Err(refused()) } else { Ok(exponents) };
    }
    let axes = (0..exponents.ndim()).map(Some).collect();
    let grid = exponents.grid().clone();
    ArrayExpr::blockwise(Arc::new(Checked), &[(&exponents, axes)], dtype, grid)
}
