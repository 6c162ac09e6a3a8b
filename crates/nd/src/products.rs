//! Products: matmul, dot, tensordot, einsum and what is made of them.

use swath_arrays::ArrayExpr;
use swath_kernels::DType;

use crate::array::Array;
use crate::error::{Error, Result};
use crate::operand::Operand;

/// Einstein's sum of any number of arrays; pairs with the smallest results are multiplied first.
///
/// # Errors
/// No arrays. Kept: NumPy's about subscripts, operands and lengths.
pub fn einsum(subscripts: &str, arrays: &[&Array]) -> Result<Array> {
    let Some(first) = arrays.first() else {
        return Err(Error::invalid("must specify the einstein sum subscripts string and at least one operand"));
    };
    Ok(Array::of(first.context(), arrays, |arrays| ArrayExpr::einsum(subscripts, arrays)))
}

/// The product of a chain of matrices, in the order that takes the fewest multiplications.
///
/// # Errors
/// No arrays. Kept: as [`Array::matmul`].
pub fn multi_dot(arrays: &[&Array]) -> Result<Array> {
    match arrays {
        [] => Err(Error::invalid("multi_dot needs at least one array")),
        [first, rest @ ..] => Ok(rest.iter().fold((*first).clone(), |product, next| product.matmul(*next))),
    }
}

impl Array {
    /// The matrix product `(..., m, k) x (..., k, n) -> (..., m, n)`; a vector is a row on the left, a column on the right.
    ///
    /// # Errors
    /// Kept: NumPy's about mismatched core dimensions; operands without dimensions.
    #[must_use]
    pub fn matmul(&self, right: impl Into<Operand>) -> Self {
        let right = self.operand(right);
        self.then_with(&[&right], |both| both[0].matmul(&both[1]))
    }

    /// NumPy's `dot`: products of matrices and vectors; of more dimensions summed over the last axis and the last but one of the other.
    #[must_use]
    pub fn dot(&self, right: impl Into<Operand>) -> Self {
        let right = self.operand(right);
        self.then_with(&[&right], |both| -> Result<ArrayExpr> {
            let (left, right) = (&both[0], &both[1]);
            if left.ndim() == 0 || right.ndim() == 0 {
                return Ok(left.multiply(right)?);
            }
            let axis = if right.ndim() == 1 { -1 } else { -2 };
            left.tensordot(right, &[-1], &[axis]).map_err(|error| {
                let shapes = (left.shape(), right.shape());
                match error {
                    swath_arrays::ArrayError::Kernel(_) => Error::invalid(format!(
                        "shapes {} and {} not aligned: the last axis and {} of the other differ in length",
                        swath_kernels::error::shape(&shapes.0),
                        swath_kernels::error::shape(&shapes.1),
                        if axis == -1 { "the only one" } else { "the last but one" }
                    )),
                    other => other.into(),
                }
            })
        })
    }

    /// The sum of products of all elements, those of the first conjugated.
    #[must_use]
    pub fn vdot(&self, right: impl Into<Operand>) -> Self {
        let right = self.operand(right);
        let own = self.ravel();
        let is_complex = own.dtype().is_ok_and(|dtype| dtype.is_complex());
        (if is_complex { own.conj() } else { own }).dot(right.ravel())
    }

    /// Products summed over the last axis of both.
    #[must_use]
    pub fn inner(&self, right: impl Into<Operand>) -> Self {
        let right = self.operand(right);
        self.then_with(&[&right], |both| match both[0].ndim() == 0 || both[1].ndim() == 0 {
            true => both[0].multiply(&both[1]),
            false => both[0].tensordot(&both[1], &[-1], &[-1]),
        })
    }

    /// Every element of one times every element of the other: `(m, n)` of flat arrays.
    #[must_use]
    pub fn outer(&self, right: impl Into<Operand>) -> Self {
        let right = self.operand(right);
        self.reshape([-1, 1]) * right.reshape([1, -1])
    }

    /// Products summed over pairs of axes: `left[i]` of this with `right[i]` of the other.
    ///
    /// # Errors
    /// Kept: "shape-mismatch for sum"; axes out of bounds.
    #[must_use]
    pub fn tensordot(&self, other: &Self, left: &[isize], right: &[isize]) -> Self {
        self.then_with(&[other], |both| both[0].tensordot(&both[1], left, right))
    }

    /// Products summed over the last `count` axes of this and the first ones of the other.
    #[must_use]
    pub fn tensordot_last(&self, other: &Self, count: usize) -> Self {
        let left: Vec<isize> = (1..=count as isize).rev().map(|back| -back).collect();
        let right: Vec<isize> = (0..count as isize).collect();
        self.tensordot(other, &left, &right)
    }

    /// Each element of this times the whole of the other, as blocks.
    #[must_use]
    pub fn kron(&self, right: impl Into<Operand>) -> Self {
        let right = self.operand(right);
        self.then_with(&[&right], |both| -> Result<ArrayExpr> {
            let ndim = both[0].ndim().max(both[1].ndim());
            let shapes = [both[0].known_shape("kron")?, both[1].known_shape("kron")?];
            let full = |shape: &[usize]| -> Vec<isize> {
                std::iter::repeat_n(1, ndim - shape.len()).chain(shape.iter().map(|length| *length as isize)).collect()
            };
            let (left, right) = (full(&shapes[0]), full(&shapes[1]));
            // Axes of both by turns, which then join.
            let turns = |shape: &[isize], is_left: bool| -> Vec<isize> {
                shape.iter().flat_map(|length| if is_left { [*length, 1] } else { [1, *length] }).collect()
            };
            let product = both[0].reshape(&turns(&left, true))?.multiply(both[1].reshape(&turns(&right, false))?)?;
            let joined: Vec<isize> = left.iter().zip(&right).map(|(left, right)| left * right).collect();
            Ok(product.reshape(&joined)?)
        })
    }

    /// The matrix times itself so often; with a negative power of its inverse.
    ///
    /// # Errors
    /// Kept: a matrix that is not square.
    #[must_use]
    pub fn matrix_power(&self, power: i32) -> Self {
        let base = if power < 0 { self.inv() } else { self.clone() };
        let square = self.shape().and_then(|shape| match shape.as_slice() {
            [.., rows, columns] if rows == columns => Ok(*rows),
            _ => Err(Error::invalid("Last 2 dimensions of the array must be square")),
        });
        let size = match square {
            Ok(size) => size,
            Err(error) => return self.failed(error),
        };
        let mut rest = power.unsigned_abs();
        let mut factor = base;
        let mut result: Option<Self> = None;
        while rest > 0 {
            if rest % 2 == 1 {
                result = Some(result.map_or_else(|| factor.clone(), |product| product.matmul(&factor)));
            }
            factor = factor.matmul(&factor);
            rest /= 2;
        }
        result.unwrap_or_else(|| {
            let unit = self.context().identity(size, self.dtype().unwrap_or(DType::F64));
            unit.broadcast_like(self)
        })
    }
}
