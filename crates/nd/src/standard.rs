//! Names of the Array API standard that are not NumPy's old ones, and what only the standard has.

use swath_arrays::ArrayExpr;
use swath_kernels::{DType, normalize_axis, promote};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::operand::Operand;
use crate::reduce::ReduceOptions;

macro_rules! names {
    ($($name:ident = $method:ident($($operand:ident)?): $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            #[must_use]
            pub fn $name(&self $(, $operand: impl Into<Operand>)?) -> Self {
                self.$method($($operand)?)
            }
        )*}
    };
}

names! {
    acos = arccos(): "The inverse cosine, in radians.";
    acosh = arccosh(): "The inverse hyperbolic cosine.";
    asin = arcsin(): "The inverse sine, in radians.";
    asinh = arcsinh(): "The inverse hyperbolic sine.";
    atan = arctan(): "The inverse tangent, in radians.";
    atan2 = arctan2(right): "The angle of the point `(y, x)`, in radians.";
    atanh = arctanh(): "The inverse hyperbolic tangent.";
    bitwise_invert = invert(): "Each bit inverted; of `bool` not.";
    bitwise_left_shift = left_shift(right): "Bits shifted left.";
    bitwise_right_shift = right_shift(right): "Bits shifted right.";
    pow = power(right): "To the power of.";
    unique_values = unique(): "The distinct elements, ascending; NaN once. Their number is known after running.";
}

/// Arrays one after another along an axis; without one, flat.
///
/// # Errors
/// None at all. Kept: other dimensions or lengths, dtypes without a common one.
pub fn concat(arrays: &[&Array], axis: Option<isize>) -> Result<Array> {
    match axis {
        Some(axis) => crate::join::concatenate(arrays, axis),
        None => {
            let flat: Vec<Array> = arrays.iter().map(|array| array.ravel()).collect();
            crate::join::concatenate(&flat.iter().collect::<Vec<_>>(), 0)
        }
    }
}

impl Array {
    /// The parts along an axis, which goes.
    ///
    /// # Errors
    /// The first mistake in shaping; an axis out of bounds.
    pub fn unstack(&self, axis: isize) -> Result<Vec<Self>> {
        let axis = normalize_axis(axis, self.ndim()?)?;
        let parts = (0..self.shape()?[axis]).map(|at| {
            self.then(|array| -> Result<ArrayExpr> {
                Ok(array.slice_axis(axis, at, at + 1)?.squeeze(Some(&[axis as isize]))?)
            })
        });
        Ok(parts.collect())
    }

    /// Products summed over one axis of both, counted from the end; those of the first conjugated. The other axes broadcast.
    ///
    /// # Errors
    /// Kept: an axis that does not count from the end, or of another length.
    #[must_use]
    pub fn vecdot(&self, right: impl Into<Operand>, axis: isize) -> Self {
        let right = self.operand(right);
        let checked = || -> Result<DType> {
            let (own, other) = (self.shape()?, right.shape()?);
            let length = |shape: &[usize]| -> Result<usize> { Ok(shape[normalize_axis(axis, shape.len())?]) };
            let (first, second) = (length(&own)?, length(&other)?);
            if first != second {
                return Err(Error::invalid(format!(
                    "vecdot: Input operand 1 has a mismatch in its core dimension 0 (size {second} is different from {first})"
                )));
            }
            if axis >= 0 && own.len() != other.len() {
                return Err(Error::invalid("vecdot: an axis of arrays with different dimensions counts from the end"));
            }
            Ok(promote(self.dtype()?, right.dtype()?)?)
        };
        match checked() {
            Err(error) => self.failed(error),
            Ok(DType::Bool) => self.logical_and(&right).any(axis),
            Ok(dtype) => (self.conj() * right).sum(ReduceOptions::over(axis).dtype(dtype)),
        }
    }

    /// The cross product of vectors of three elements along an axis of both; the other axes broadcast.
    ///
    /// # Errors
    /// Kept: another number of elements.
    #[must_use]
    pub fn cross(&self, right: impl Into<Operand>, axis: isize) -> Self {
        let right = self.operand(right);
        let parts = |array: &Self| -> Result<[Self; 3]> {
            let shape = array.shape()?;
            let length = shape[normalize_axis(axis, shape.len())?];
            let parts = if length == 3 { array.unstack(axis)? } else { Vec::new() };
            parts.try_into().map_err(|_| {
                Error::invalid(format!(
                    "Both input arrays must be (arrays of) 3-dimensional vectors, but one has {length} elements along axis {axis}"
                ))
            })
        };
        let product = || -> Result<Self> {
            let ([a, b, c], [d, e, f]) = (parts(self)?, parts(&right)?);
            let made = [&b * &f - &c * &e, &c * &d - &a * &f, &a * &e - &b * &d];
            let joined = crate::join::stack(&[&made[0], &made[1], &made[2]], -1)?;
            // Counted from the front, it is an axis of both.
            Ok(joined.moveaxis(-1, axis))
        };
        product().unwrap_or_else(|error| self.failed(error))
    }
}
