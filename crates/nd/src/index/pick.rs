//! Elements picked by positions, masks and conditions.

use swath_arrays::{ArrayExpr, ChunkGrid};
use swath_kernels::{DType, KernelError, normalize_axis};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::operand::Operand;

impl Array {
    /// The elements at integer positions along an axis; negative ones count from the end. The positions' axes stand where it was.
    ///
    /// # Errors
    /// Kept: an axis out of bounds, positions that are not integers. Positions out of bounds are found when it runs.
    #[must_use]
    pub fn take(&self, positions: impl Into<Operand>, axis: isize) -> Self {
        let positions = self.operand(positions);
        self.then_with(&[&positions], |both| both[0].take(&both[1], axis))
    }

    /// The elements at positions along an axis that differ for each place, as `argsort` gives them.
    ///
    /// # Errors
    /// Kept: positions that are not integers, or of other dimensions.
    #[must_use]
    pub fn take_along_axis(&self, positions: impl Into<Operand>, axis: isize) -> Self {
        let positions = self.operand(positions);
        self.then_with(&[&positions], |both| both[0].take_along_axis(&both[1], axis))
    }

    /// The parts along an axis where a vector of truth values is true; it may be shorter than the axis.
    ///
    /// # Errors
    /// Kept: a condition that is not 1-dimensional, or longer than the axis.
    #[must_use]
    pub fn compress(&self, condition: impl Into<Operand>, axis: isize) -> Self {
        let condition = self.operand(condition);
        self.then_with(&[&condition], |both| -> Result<ArrayExpr> {
            let (array, condition) = (&both[0], both[1].cast(DType::Bool)?);
            if condition.ndim() != 1 {
                return Err(Error::invalid("condition must be a 1-d array"));
            }
            let axis = normalize_axis(axis, array.ndim())?;
            let given = condition.known_length(0, "compress")?;
            if given > array.known_length(axis, "compress")? {
                return Err(Error::invalid("condition has more elements than the axis it picks from"));
            }
            let part = array.slice_axis(axis, 0, given)?.moveaxis(&[axis as isize], &[0])?;
            Ok(part.mask(&condition)?.moveaxis(&[0], &[axis as isize])?)
        })
    }

    /// The elements where a mask of the array's shape is true, as a vector.
    #[must_use]
    pub fn extract(&self, mask: &Self) -> Self {
        self.then_matched(&[mask], |both| both[0].mask(&both[1].cast(DType::Bool)?))
    }

    /// The positions of elements that are not zero: one vector for each axis, whose length is known after running.
    ///
    /// # Errors
    /// The first mistake in shaping; arrays without dimensions.
    pub fn nonzero(&self) -> Result<Vec<Self>> {
        let found = self.known()?.nonzero()?;
        Ok(found.into_iter().map(|one| Self::from_expression(self.context(), one)).collect())
    }

    /// The positions in the flat array of elements that are not zero.
    #[must_use]
    pub fn flatnonzero(&self) -> Self {
        match self.ravel().nonzero() {
            Ok(found) => {
                found.into_iter().next().unwrap_or_else(|| self.failed(Error::invalid("a vector has one axis")))
            }
            Err(error) => self.failed(error),
        }
    }

    /// The positions of elements that are not zero, `(count, ndim)`; the count is known after running.
    #[must_use]
    pub fn argwhere(&self) -> Self {
        self.then(|array| -> Result<ArrayExpr> {
            if array.ndim() == 0 {
                let hit = array.cast(DType::Bool)?.reshape(&[1])?;
                return Ok(ArrayExpr::zeros(&[1, 0], DType::I64)?.mask(&hit)?);
            }
            let found = array.nonzero()?;
            let columns = found.iter().map(|one| one.expand_dims(1)).collect::<swath_arrays::Result<Vec<_>>>()?;
            Ok(ArrayExpr::concatenate(&columns, 1)?)
        })
    }

    /// For each position the element of the choice that this array of integers names, `choices[x]`.
    ///
    /// # Errors
    /// Kept: no choices, an array that is not integer. Numbers out of bounds are found when it runs.
    #[must_use]
    pub fn choose(&self, choices: &[&Self]) -> Self {
        if choices.is_empty() {
            return self.failed(KernelError::invalid("need at least one array to choose from").into());
        }
        self.then_matched(choices, |all| -> Result<ArrayExpr> {
            let shapes: Vec<_> = all.iter().map(ArrayExpr::shape).collect();
            let common = swath_kernels::broadcast_shapes(&shapes.iter().map(|one| one.as_slice()).collect::<Vec<_>>())?;
            let wide = all.iter().map(|one| one.broadcast_to(&common)).collect::<swath_arrays::Result<Vec<_>>>()?;
            let stacked = ArrayExpr::stack(&wide[1..], 0)?;
            let numbers = wide[0].cast(DType::I64)?.expand_dims(0)?;
            if !all[0].dtype().is_integer() {
                return Err(Error::invalid("choose needs an array of integers"));
            }
            let picked = stacked.take_along_axis(&numbers, 0)?;
            Ok(picked.squeeze(Some(&[0]))?)
        })
    }

    /// The positions along each axis of positions in the flat array of a shape.
    #[must_use]
    pub fn unravel_index(&self, shape: &[usize]) -> Vec<Self> {
        let mut behind = 1i64;
        let mut parts = Vec::with_capacity(shape.len());
        for length in shape.iter().rev() {
            parts.push(self.floor_divide(behind).remainder(*length as i64));
            behind *= *length as i64;
        }
        parts.reverse();
        parts
    }

    /// The number of an array's own positions along an axis, in its shape and chunks.
    #[must_use]
    pub fn positions(&self, axis: isize) -> Self {
        self.then(|array| {
            array.known_shape("positions")?;
            let axis = normalize_axis(axis, array.ndim())?;
            let grid: ChunkGrid = array.grid().clone();
            ArrayExpr::iota(grid, axis, 0, 1)
        })
    }
}

/// For each position the element of the first choice whose condition holds, else the default.
///
/// # Errors
/// Other numbers of conditions and choices, or none. Kept: shapes that do not broadcast.
pub fn select(conditions: &[&Array], choices: &[&Array], default: impl Into<Operand>) -> Result<Array> {
    if conditions.len() != choices.len() {
        return Err(Error::invalid("list of cases must be same length as list of conditions"));
    }
    let Some(first) = choices.first() else {
        return Err(Error::invalid("select with an empty condition list is not possible"));
    };
    if let Some(wrong) = conditions.iter().find(|one| one.dtype().is_ok_and(|dtype| dtype != DType::Bool)) {
        return Err(Error::invalid(format!("conditions must be boolean, not {}", wrong.dtype()?)));
    }
    // All choices take part in the dtype, whichever come first.
    let mut dtype = first.dtype()?;
    for choice in choices {
        dtype = swath_kernels::promote(dtype, choice.dtype()?)?;
    }
    // A bare number takes the choices' dtype, if they can hold it.
    let default = default.into();
    let beside = match &default {
        Operand::Number(number) => number.operand(),
        Operand::Array(array) => array.dtype()?.into(),
        Operand::Memory(array) => array.dtype().into(),
    };
    dtype = swath_kernels::promotion::result_dtype(&[dtype.into(), beside])?;
    let last = match default {
        Operand::Number(number) => Array::new(first.context(), number.to_array(dtype).map_err(Into::into)),
        other => first.operand(other),
    };
    let pairs = conditions.iter().zip(choices).rev();
    Ok(pairs.fold(last.astype(dtype), |rest, (condition, choice)| condition.where_(choice.astype(dtype), rest)))
}
