//! Margins, in NumPy's modes.

use swath_arrays::expr::op::QuantileMethod;
use swath_arrays::{Argument, ArrayExpr, ReduceOptions, Reduction};
use swath_kernels::{DType, KernelError, Scalar};

use crate::array::Array;
use crate::error::{Error, Result};

/// What a margin is filled with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PadMode {
    /// A value.
    Constant(Scalar),
    /// The nearest element.
    Edge,
    /// A line from the nearest element to an end value.
    LinearRamp(f64),
    /// The largest element of the axis.
    Maximum,
    /// The least one.
    Minimum,
    /// The mean, rounded for integers.
    Mean,
    /// The median, rounded for integers.
    Median,
    /// The mirror image without the edge.
    Reflect,
    /// The mirror image with the edge.
    Symmetric,
    /// The other end.
    Wrap,
}

impl PadMode {
    /// Of modes that repeat elements: which one stands at a position outside of `0 .. length`.
    fn source(self, position: isize, length: isize) -> Option<isize> {
        Some(match self {
            Self::Edge => position.clamp(0, length - 1),
            Self::Wrap => position.rem_euclid(length),
            Self::Reflect => {
                let period = (2 * length - 2).max(1);
                let place = position.rem_euclid(period);
                place.min(period - place).min(length - 1)
            }
            Self::Symmetric => {
                let place = position.rem_euclid(2 * length);
                place.min(2 * length - 1 - place)
            }
            _ => return None,
        })
    }
}

impl Array {
    /// With `(before, after)` more elements along each axis; one pair stands for all axes. Axes are padded one after another, so that
    /// corners continue the margins.
    ///
    /// # Errors
    /// Kept: another number of widths; margins from the elements of an empty axis; computed margins of `bool` and dates.
    #[must_use]
    pub fn pad(&self, widths: &[(usize, usize)], mode: PadMode) -> Self {
        self.then(|array| -> Result<ArrayExpr> {
            let widths = match widths {
                [one] => vec![*one; array.ndim()],
                several if several.len() == array.ndim() => several.to_vec(),
                several => {
                    let (ndim, given) = (array.ndim(), several.len());
                    return Err(Error::invalid(format!("pad takes a width for each of {ndim} axes, not {given}")));
                }
            };
            if let PadMode::Constant(value) = mode {
                return Ok(array.pad_constant(&widths, value)?);
            }
            let mut padded = array.clone();
            for (axis, (before, after)) in widths.into_iter().enumerate().filter(|(_, widths)| *widths != (0, 0)) {
                let length = padded.known_length(axis, "pad")?;
                if length == 0 {
                    return Err(KernelError::invalid(format!(
                        "can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
                    ))
                    .into());
                }
                let front = margin(&padded, axis, before, true, mode)?;
                let back = margin(&padded, axis, after, false, mode)?;
                padded = ArrayExpr::concatenate(&[front, padded, back], axis as isize)?;
            }
            Ok(padded)
        })
    }
}

/// The margin on one side of an axis.
fn margin(array: &ArrayExpr, axis: usize, width: usize, is_front: bool, mode: PadMode) -> Result<ArrayExpr> {
    let length = array.shape()[axis];
    if width == 0 {
        return Ok(array.slice_axis(axis, 0, 0)?);
    }
    let first = if is_front { -(width as isize) } else { length as isize };
    let sources: Option<Vec<isize>> =
        (first..first + width as isize).map(|position| mode.source(position, length as isize)).collect();
    match sources {
        Some(sources) => runs(array, axis, &sources),
        None => computed(array, axis, width, is_front, mode),
    }
}

/// The elements at positions along an axis: slices of neighbours, forward or backward, put together.
fn runs(array: &ArrayExpr, axis: usize, positions: &[isize]) -> Result<ArrayExpr> {
    let mut pieces = Vec::new();
    let mut rest = positions;
    while let [first, others @ ..] = rest {
        let step = others.first().map_or(1, |second| second - first);
        let continued = |(offset, at): (usize, &isize)| *at == first + step * offset as isize;
        let count = match step {
            -1..=1 => rest.iter().enumerate().take_while(|pair| continued(*pair)).count(),
            _ => 1,
        };
        let last = first + step * (count as isize - 1);
        let (low, high) = (*first.min(&last) as usize, *first.max(&last) as usize);
        let mut piece = array.slice_axis(axis, low, high + 1)?;
        if count > 1 && step == -1 {
            piece = piece.flip(Some(&[axis as isize]))?;
        } else if count > 1 && step == 0 {
            piece = piece.repeat(count, axis as isize)?;
        }
        pieces.push(piece);
        rest = &rest[count..];
    }
    Ok(ArrayExpr::concatenate(&pieces, axis as isize)?)
}

fn computed(array: &ArrayExpr, axis: usize, width: usize, is_front: bool, mode: PadMode) -> Result<ArrayExpr> {
    let dtype = array.dtype();
    let at = axis as isize;
    let kept = ReduceOptions { keepdims: true, ..ReduceOptions::default() };
    let extreme = |function| Ok::<_, Error>(array.reduce(function, Some(&[at]), &kept)?);
    let line = match mode {
        PadMode::Maximum => extreme(Reduction::Max)?,
        PadMode::Minimum => extreme(Reduction::Min)?,
        _ if !(dtype.is_integer() || dtype.is_float()) => {
            let accepts = "margins that are computed take real numbers";
            return Err(KernelError::Unsupported { function: "pad", dtypes: vec![dtype], accepts }.into());
        }
        PadMode::LinearRamp(end) => return ramp(array, axis, width, is_front, end),
        PadMode::Mean => rounded(&array.cast(DType::F64)?.reduce(Reduction::Mean, Some(&[at]), &kept)?, dtype)?,
        _ => {
            let median = array.quantile(&[0.5], Some(&[at]), QuantileMethod::Median, false)?;
            let mut shape: Vec<isize> = array.shape().iter().map(|length| *length as isize).collect();
            shape[axis] = 1;
            rounded(&median.reshape(&shape)?, dtype)?
        }
    };
    let mut shape = array.shape();
    shape[axis] = width;
    Ok(line.broadcast_to(&shape)?)
}

/// Rounded to even for integers.
fn rounded(values: &ArrayExpr, dtype: DType) -> Result<ArrayExpr> {
    let values = if dtype.is_integer() { ArrayExpr::map("rint", &[values.into()])? } else { values.clone() };
    Ok(values.cast(dtype)?)
}

/// Steps from an end value to the edge; those of integers are cut towards minus infinity, as NumPy's are.
fn ramp(array: &ArrayExpr, axis: usize, width: usize, is_front: bool, end: f64) -> Result<ArrayExpr> {
    let length = array.shape()[axis];
    let place = if is_front { 0 } else { length - 1 };
    let edge = array.slice_axis(axis, place, place + 1)?.cast(DType::F64)?;
    let mut shape = vec![1; array.ndim()];
    shape[axis] = width as isize;
    let steps = ArrayExpr::iota(swath_arrays::ChunkGrid::whole(&[width]), 0, 0, 1)?.reshape(&shape)?;
    let steps = if is_front { steps } else { steps.flip(Some(&[axis as isize]))? };
    let slope = edge.subtract(end)?.divide(width as f64)?;
    let line = ArrayExpr::map("add", &[Argument::from(&slope.multiply(&steps)?), end.into()])?;
    let line = if array.dtype().is_integer() { ArrayExpr::map("floor", &[line.into()])? } else { line };
    Ok(line.cast(array.dtype())?)
}
