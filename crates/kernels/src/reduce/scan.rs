//! Cumulative sums, products, minima and maxima along an axis, with the state carried from block to block.

use super::fold::{FoldOp, IntegerProduct, IntegerSum, Max, Min, TimeMax, TimeMin, TimeSum};
use crate::dtype::{DType, Kind};
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::fused::cast;
use crate::memory::filled;
use crate::ndarray::NdArray;
use crate::shape::{Dims, normalize_axis};
use crate::{Complex, f16};

/// A cumulative function. The `Nan` forms take NaN as 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // NumPy's functions of the same names.
pub enum Scan {
    CumSum,
    CumProd,
    CumMin,
    CumMax,
    NanCumSum,
    NanCumProd,
}

impl Scan {
    /// The dtype of the result: as of the sum, product or extreme.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] for sums of dates and products of times.
    pub fn result_dtype(self, input: DType) -> Result<DType> {
        use super::Reduction;
        match self {
            Self::CumSum | Self::NanCumSum => Reduction::Sum.result_dtype(input),
            Self::CumProd | Self::NanCumProd => Reduction::Prod.result_dtype(input),
            Self::CumMin | Self::CumMax => Ok(input),
        }
    }

    /// The dtype in which a result of `dtype` is carried from block to block: sums and products of narrow floats in double precision, so
    /// that they do not depend on where blocks end.
    pub const fn carry_dtype(self, dtype: DType) -> DType {
        match (self, dtype) {
            (Self::CumMin | Self::CumMax, _) => dtype,
            (_, DType::F16 | DType::F32) => DType::F64,
            (_, DType::C64) => DType::C128,
            _ => dtype,
        }
    }
}

/// The running results along an axis, and the last of them (the axis of length one) to be carried into the next block; `carry` is what
/// the block before gave.
///
/// Floats add up in double precision, one after the other, and are rounded where they are given out; what is carried is not rounded
/// ([`Scan::carry_dtype`]).
///
/// # Errors
/// [`KernelError::AxisOutOfBounds`], a carry of another shape or dtype, and those of [`Scan::result_dtype`].
pub fn scan(scan: Scan, array: &NdArray, axis: isize, carry: Option<&NdArray>) -> Result<(NdArray, NdArray)> {
    let axis = normalize_axis(axis, array.ndim())?;
    let dtype = scan.result_dtype(array.dtype())?;
    let mut edge: Dims = array.shape().into();
    edge[axis] = 1;
    if let Some(carry) = carry
        && (carry.shape() != edge.as_slice() || carry.dtype() != scan.carry_dtype(dtype))
    {
        return Err(KernelError::invalid(format!(
            "the carry of a cumulative function must be {} of shape {}, it is {} of shape {}",
            scan.carry_dtype(dtype),
            crate::error::shape(&edge),
            carry.dtype(),
            crate::error::shape(carry.shape())
        )));
    }
    let is_nan_form = matches!(scan, Scan::NanCumSum | Scan::NanCumProd);
    let array = if is_nan_form { without_nan(scan, array)? } else { array.clone() };
    let array = cast(&array, dtype)?;
    let carry = carry.map(NdArray::contiguous);
    let along = Along { array: &array, axis, carry: carry.as_ref(), edge: &edge };
    let sums = matches!(scan, Scan::CumSum | Scan::NanCumSum);
    let start = if sums { 0.0 } else { 1.0 };
    match (scan, dtype.kind()) {
        (Scan::CumMin, Kind::Datetime | Kind::Timedelta) => along.fold::<TimeMin<false>>(),
        (Scan::CumMax, Kind::Datetime | Kind::Timedelta) => along.fold::<TimeMax<false>>(),
        (Scan::CumMin | Scan::CumMax, _) => extremes(scan == Scan::CumMax, along),
        (_, Kind::Timedelta) => along.fold::<TimeSum<false>>(),
        (_, Kind::Unsigned) if sums => along.fold::<IntegerSum<u64>>(),
        (_, Kind::Unsigned) => along.fold::<IntegerProduct<u64>>(),
        (_, Kind::Signed) if sums => along.fold::<IntegerSum<i64>>(),
        (_, Kind::Signed) => along.fold::<IntegerProduct<i64>>(),
        _ => match dtype {
            DType::F16 => along.wide(f16::to_f64, add_or_multiply(sums), f16::from_f64, start),
            DType::F32 => along.wide(f64::from, add_or_multiply(sums), |sum| sum as f32, start),
            DType::C64 => along.wide(
                |one: Complex<f32>| Complex::new(f64::from(one.re), f64::from(one.im)),
                add_or_multiply(sums),
                |sum: Complex<f64>| Complex::new(sum.re as f32, sum.im as f32),
                Complex::new(start, 0.0),
            ),
            DType::C128 if sums => along.each(|a: Complex<f64>, b: Complex<f64>| a + b, Complex::new(0.0, 0.0)),
            DType::C128 => along.each(|a: Complex<f64>, b: Complex<f64>| a * b, Complex::new(1.0, 0.0)),
            _ if sums => along.each(|a: f64, b: f64| a + b, 0.0),
            _ => along.each(|a: f64, b: f64| a * b, 1.0),
        },
    }
}

/// The sum of two numbers, or their product.
fn add_or_multiply<T: std::ops::Add<Output = T> + std::ops::Mul<Output = T>>(sums: bool) -> impl Fn(T, T) -> T {
    move |a, b| if sums { a + b } else { a * b }
}

/// Running minima or maxima, for few types: the others are cast to a wider one and back.
fn extremes(greatest: bool, along: Along<'_>) -> Result<(NdArray, NdArray)> {
    macro_rules! either {
        ($type:ty) => {
            if greatest { along.fold::<Max<$type>>() } else { along.fold::<Min<$type>>() }
        };
    }
    let dtype = along.array.dtype();
    let wide = match dtype {
        DType::I64 => return either!(i64),
        DType::U64 => return either!(u64),
        DType::F32 => return either!(f32),
        DType::F64 => return either!(f64),
        DType::C128 => return either!(Complex<f64>),
        DType::F16 => DType::F32,
        DType::C64 => DType::C128,
        DType::Bool | DType::U8 | DType::U16 | DType::U32 => DType::U64,
        _ => DType::I64,
    };
    let array = cast(along.array, wide)?;
    let carry = along.carry.map(|carry| cast(carry, wide)).transpose()?;
    let (all, last) = extremes(greatest, Along { array: &array, carry: carry.as_ref(), ..along })?;
    Ok((cast(&all, dtype)?, cast(&last, dtype)?))
}

/// NaN and NaT replaced by what changes nothing.
fn without_nan(scan: Scan, array: &NdArray) -> Result<NdArray> {
    if !array.dtype().has_nan() {
        return Ok(array.clone());
    }
    let one = crate::Scalar::one(array.dtype());
    let neutral = if scan == Scan::NanCumProd { one } else { crate::Scalar::zero(array.dtype()) };
    let missing = crate::fused::elementwise("isnan", &[array])?;
    crate::fused::elementwise("where", &[&missing, &NdArray::scalar(neutral), array])
}

#[derive(Clone, Copy)]
struct Along<'a> {
    array: &'a NdArray,
    axis: usize,
    carry: Option<&'a NdArray>,
    edge: &'a [usize],
}

impl Along<'_> {
    fn fold<F: FoldOp<State = <F as FoldOp>::In>>(&self) -> Result<(NdArray, NdArray)>
    where
        F::In: Element,
    {
        self.each(F::join, F::START)
    }

    /// Applies `join` along the axis.
    fn each<T: Element>(&self, join: impl Fn(T, T) -> T, start: T) -> Result<(NdArray, NdArray)> {
        let (all, last) = self.wide(|value: T| value, join, |state| state, start)?;
        Ok((all, last.reinterpret(self.array.dtype())?))
    }

    /// Applies `join` along the axis to elements as they are lifted into a wider type, and gives each state as `lower` rounds it; the block
    /// is walked line by line of what lies behind the axis.
    fn wide<T: Element, S: Element>(
        &self,
        lift: impl Fn(T) -> S,
        join: impl Fn(S, S) -> S,
        lower: impl Fn(S) -> T,
        start: S,
    ) -> Result<(NdArray, NdArray)> {
        let (shape, axis) = (self.array.shape(), self.axis);
        let mismatch = || KernelError::invalid("the elements of a cumulative function are not of its type");
        let outer: usize = shape[..axis].iter().product();
        let inner: usize = shape[axis + 1..].iter().product();
        let length = shape[axis];
        let mut edge: Vec<S> = match self.carry {
            Some(carry) => carry.to_vec::<S>()?,
            None => filled(start, outer * inner),
        };
        let mut result = self.array.to_vec::<T>()?;
        for block in 0..outer {
            let state = &mut edge[block * inner..][..inner];
            let lines = &mut result[block * length * inner..][..length * inner];
            if inner == 1 {
                let mut running = state.first().copied().ok_or_else(mismatch)?;
                for value in lines.iter_mut() {
                    running = join(running, lift(*value));
                    *value = lower(running);
                }
                state[0] = running;
                continue;
            }
            for line in lines.chunks_exact_mut(inner.max(1)) {
                for (state, value) in state.iter_mut().zip(line) {
                    *state = join(*state, lift(*value));
                    *value = lower(*state);
                }
            }
        }
        let all = NdArray::from_vec(shape, result)?.reinterpret(self.array.dtype())?;
        Ok((all, NdArray::from_vec(self.edge, edge)?))
    }
}
