//! Arrays with margins.

use super::arrange::{concatenate, range};
use super::index::{OutOfBounds, take};
use super::width::same_dtype;
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::order::{QuantileMethod, quantile};
use crate::scalar::Scalar;

/// What a margin is filled with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PadMode {
    /// One value before and one after.
    Constant(Scalar, Scalar),
    /// The nearest element.
    Edge,
    /// A line from the nearest element to an end value, one before and one after.
    LinearRamp(Scalar, Scalar),
    /// The largest element of the axis.
    Maximum,
    /// The smallest one.
    Minimum,
    /// The mean, rounded for integers.
    Mean,
    /// The median, rounded for integers.
    Median,
    /// The mirror image without the edge; of an axis of one element that element.
    Reflect,
    /// The mirror image with the edge.
    Symmetric,
    /// The other end.
    Wrap,
}

/// The array with `widths[axis] = (before, after)` more elements along each axis. Axes are padded one after another, the first one
/// first, so that corners continue the margins.
///
/// # Errors
/// Another number of widths; margins from the elements of an empty axis; means and ramps of bool and dates; values of another dtype.
pub fn pad(array: &NdArray, widths: &[(usize, usize)], mode: PadMode) -> Result<NdArray> {
    if widths.len() != array.ndim() {
        return Err(KernelError::invalid(format!(
            "pad takes a width for each of {} axes, not {}",
            array.ndim(),
            widths.len()
        )));
    }
    let mut padded = array.clone();
    for (axis, &(before, after)) in widths.iter().enumerate() {
        if before == 0 && after == 0 {
            continue;
        }
        let length = padded.shape()[axis];
        if length == 0 && !matches!(mode, PadMode::Constant(..)) {
            return Err(KernelError::invalid(format!(
                "can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
            )));
        }
        padded = match source_of(mode, length as i64) {
            Some(source) => {
                let positions: Vec<i64> = (-(before as i64)..(length + after) as i64).map(source).collect();
                take(&padded, &NdArray::from_vec(&[positions.len()], positions)?, axis as isize, OutOfBounds::Raise)?
            }
            None => {
                let (front, back) = margins(&padded, axis, before, after, mode)?;
                concatenate(&[front, padded, back], axis as isize)?
            }
        };
    }
    Ok(padded)
}

/// Of modes that repeat elements: which one stands at a position, also outside of `0 .. length`.
fn source_of(mode: PadMode, length: i64) -> Option<Box<dyn Fn(i64) -> i64>> {
    Some(match mode {
        PadMode::Edge => Box::new(move |position| position.clamp(0, length - 1)),
        PadMode::Wrap => Box::new(move |position| position.rem_euclid(length)),
        PadMode::Reflect => Box::new(move |position| {
            let period = (2 * length - 2).max(1);
            let place = position.rem_euclid(period);
            place.min(period - place).min(length - 1)
        }),
        PadMode::Symmetric => Box::new(move |position| {
            let place = position.rem_euclid(2 * length);
            place.min(2 * length - 1 - place)
        }),
        _ => return None,
    })
}

fn margins(array: &NdArray, axis: usize, before: usize, after: usize, mode: PadMode) -> Result<(NdArray, NdArray)> {
    let wide = |value: &NdArray, width: usize| {
        let mut shape = array.shape().to_vec();
        shape[axis] = width;
        value.broadcast_to(&shape)
    };
    let along = axis as isize;
    let value = match mode {
        PadMode::Constant(first, last) => {
            same_dtype("pad", array.dtype(), [first.dtype(), last.dtype()])?;
            return Ok((wide(&NdArray::scalar(first), before)?, wide(&NdArray::scalar(last), after)?));
        }
        PadMode::LinearRamp(first, last) => {
            same_dtype("pad", array.dtype(), [first.dtype(), last.dtype()])?;
            let edge = |at| range(array, axis, at, 1);
            let up = ramp(&edge(0)?, first, before, along, false)?;
            let down = ramp(&edge(array.shape()[axis] - 1)?, last, after, along, true)?;
            return Ok((up, down));
        }
        PadMode::Maximum => crate::order::topk(array, 1, along)?,
        PadMode::Minimum => crate::order::topk(array, -1, along)?,
        PadMode::Median => {
            numbers(array.dtype(), "pad")?;
            let value = quantile(array, &[0.5], Some(&[along]), QuantileMethod::Median, true, false)?;
            rounded(&value.reshape(&value.shape()[1..])?, array.dtype())?
        }
        _ => mean(array, axis)?,
    };
    Ok((wide(&value, before)?, wide(&value, after)?))
}

fn numbers(dtype: DType, function: &'static str) -> Result<()> {
    match dtype.is_integer() || dtype.is_float() {
        true => Ok(()),
        false => {
            let accepts = "margins that are computed take real numbers";
            Err(KernelError::Unsupported { function, dtypes: vec![dtype], accepts })
        }
    }
}

fn as_f64(array: &NdArray) -> Result<Vec<f64>> {
    crate::fused::cast(array, DType::F64)?.to_vec()
}

/// float64 values in another dtype, rounded to even for integers as NumPy does.
fn rounded(values: &NdArray, dtype: DType) -> Result<NdArray> {
    let values = if dtype.is_integer() { crate::fused::elementwise("rint", &[values])? } else { values.clone() };
    crate::fused::cast(&values, dtype)
}

fn mean(array: &NdArray, axis: usize) -> Result<NdArray> {
    numbers(array.dtype(), "pad")?;
    let length = array.shape()[axis];
    let mut shape = array.shape().to_vec();
    shape[axis] = 1;
    let mut sums = vec![0.0; shape.iter().product()];
    for at in 0..length {
        let plane = as_f64(&range(array, axis, at, 1)?)?;
        sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += value);
    }
    sums.iter_mut().for_each(|sum| *sum /= length as f64);
    rounded(&NdArray::from_vec(&shape, sums)?, array.dtype())
}

/// `width` steps from an end value to the edge (or, `down`, from the edge to the end value), the edge not included. For integers the
/// steps are cut towards minus infinity, as NumPy's `linspace` does.
fn ramp(edge: &NdArray, end: Scalar, width: usize, axis: isize, down: bool) -> Result<NdArray> {
    let dtype = edge.dtype();
    numbers(dtype, "pad")?;
    let end: f64 = end.to();
    let values = as_f64(edge)?;
    let mut steps = Vec::with_capacity(width + 1);
    for step in 0..width {
        let line = values.iter().map(|edge| {
            let value = end + (edge - end) / width as f64 * step as f64;
            if dtype.is_integer() { value.floor() } else { value }
        });
        let line: Vec<f64> = line.collect();
        steps.push(crate::fused::cast(&NdArray::from_vec(edge.shape(), line)?, dtype)?);
    }
    if down {
        steps.reverse();
    }
    if steps.is_empty() {
        return range(edge, axis as usize, 0, 0);
    }
    concatenate(&steps, axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pad_line(values: &[i64], before: usize, after: usize, mode: PadMode) -> Vec<i64> {
        let array = NdArray::from_vec(&[values.len()], values.to_vec()).unwrap();
        pad(&array, &[(before, after)], mode).unwrap().to_vec().unwrap()
    }

    /// The examples of numpy.pad's documentation, and longer margins.
    #[test]
    fn modes_as_numpys() {
        let a = [1, 2, 3, 4, 5];
        let one = |n| Scalar::I64(n);
        assert_eq!(pad_line(&a, 2, 3, PadMode::Constant(one(4), one(6))), [4, 4, 1, 2, 3, 4, 5, 6, 6, 6]);
        assert_eq!(pad_line(&a, 2, 3, PadMode::Edge), [1, 1, 1, 2, 3, 4, 5, 5, 5, 5]);
        assert_eq!(pad_line(&a, 2, 3, PadMode::LinearRamp(one(5), one(-4))), [5, 3, 1, 2, 3, 4, 5, 2, -1, -4]);
        assert_eq!(pad_line(&a, 2, 2, PadMode::Maximum), [5, 5, 1, 2, 3, 4, 5, 5, 5]);
        assert_eq!(pad_line(&a, 2, 2, PadMode::Minimum), [1, 1, 1, 2, 3, 4, 5, 1, 1]);
        assert_eq!(pad_line(&a, 2, 2, PadMode::Mean), [3, 3, 1, 2, 3, 4, 5, 3, 3]);
        assert_eq!(pad_line(&[1, 2], 1, 0, PadMode::Median), [2, 1, 2]);
        assert_eq!(pad_line(&a, 2, 3, PadMode::Reflect), [3, 2, 1, 2, 3, 4, 5, 4, 3, 2]);
        assert_eq!(pad_line(&a, 2, 3, PadMode::Symmetric), [2, 1, 1, 2, 3, 4, 5, 5, 4, 3]);
        assert_eq!(pad_line(&a, 2, 3, PadMode::Wrap), [4, 5, 1, 2, 3, 4, 5, 1, 2, 3]);
        assert_eq!(pad_line(&[1, 2, 3], 7, 4, PadMode::Reflect), [2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3]);
        assert_eq!(pad_line(&[1, 2], 5, 0, PadMode::Symmetric), [1, 1, 2, 2, 1, 1, 2]);
        assert_eq!(pad_line(&[7], 2, 1, PadMode::Reflect), [7, 7, 7, 7]);
        assert_eq!(pad_line(&[1, 2], 0, 3, PadMode::Wrap), [1, 2, 1, 2, 1]);
    }

    #[test]
    fn several_axes_and_dtypes() {
        let array = NdArray::from_vec(&[2, 2], vec![1.0_f32, 2.0, 3.0, 4.0]).unwrap();
        let found = pad(&array, &[(1, 0), (0, 1)], PadMode::Mean).unwrap();
        assert_eq!(found.to_vec::<f32>().unwrap(), [2.0, 3.0, 2.5, 1.0, 2.0, 1.5, 3.0, 4.0, 3.5]);
        let flags = NdArray::from_vec(&[2], vec![true, false]).unwrap();
        let found = pad(&flags, &[(1, 1)], PadMode::Edge).unwrap();
        assert_eq!(found.to_vec::<bool>().unwrap(), [true, true, false, false]);
        assert!(pad(&flags, &[(1, 1)], PadMode::Mean).is_err());
        assert_eq!(pad(&NdArray::scalar(Scalar::I8(1)), &[], PadMode::Edge).unwrap().shape(), &[]);
        let ramp = pad(&array, &[(0, 0), (2, 0)], PadMode::LinearRamp(Scalar::F32(0.0), Scalar::F32(0.0))).unwrap();
        assert_eq!(ramp.to_vec::<f32>().unwrap(), [0.0, 0.5, 1.0, 2.0, 0.0, 1.5, 3.0, 4.0]);
    }

    #[test]
    fn errors() {
        let empty = NdArray::zeros(DType::F64, &[0]).unwrap();
        let message = pad(&empty, &[(1, 0)], PadMode::Edge).unwrap_err().to_string();
        assert_eq!(message, "can't extend empty axis 0 using modes other than 'constant' or 'empty'");
        let zero = Scalar::F64(0.0);
        assert_eq!(pad(&empty, &[(1, 2)], PadMode::Constant(zero, zero)).unwrap().len(), 3);
        assert!(pad(&empty, &[], PadMode::Edge).is_err());
        assert!(pad(&empty, &[(1, 0)], PadMode::Constant(Scalar::I8(0), Scalar::I8(0))).is_err());
    }
}
