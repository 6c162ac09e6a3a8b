//! Parts put in and taken out along an axis.

use swath_arrays::ArrayExpr;
use swath_kernels::{KernelError, normalize_axis};

use crate::array::Array;
use crate::error::Result;
use crate::operand::Operand;

impl Array {
    /// With values behind along an axis.
    ///
    /// # Errors
    /// Kept: other dimensions or lengths.
    #[must_use]
    pub fn append(&self, values: impl Into<Operand>, axis: isize) -> Self {
        let values = self.operand(values);
        self.then_with(&[&values], |both| ArrayExpr::concatenate(both, axis))
    }

    /// Without positions along an axis; negative ones count from the end.
    ///
    /// # Errors
    /// Kept: positions out of bounds.
    #[must_use]
    pub fn delete(&self, positions: &[isize], axis: isize) -> Self {
        self.then(|array| -> Result<ArrayExpr> {
            let axis = normalize_axis(axis, array.ndim())?;
            let length = array.known_length(axis, "delete")?;
            let mut gone =
                positions.iter().map(|at| position(*at, axis, length, length)).collect::<Result<Vec<_>>>()?;
            gone.sort_unstable();
            gone.dedup();
            let mut pieces = Vec::new();
            let mut start = 0;
            for at in gone.into_iter().chain([length]) {
                if at > start {
                    pieces.push(array.slice_axis(axis, start, at)?);
                }
                start = at + 1;
            }
            if pieces.is_empty() {
                return Ok(array.slice_axis(axis, 0, 0)?);
            }
            Ok(ArrayExpr::concatenate(&pieces, axis as isize)?)
        })
    }

    /// With values put before a position along an axis; they are cast to this array's dtype and broadcast along the other axes.
    ///
    /// # Errors
    /// Kept: a position out of bounds, values that do not broadcast.
    #[must_use]
    pub fn insert(&self, before: isize, values: impl Into<Operand>, axis: isize) -> Self {
        let values = self.operand(values);
        self.then_with(&[&values], |both| -> Result<ArrayExpr> {
            let (array, values) = (&both[0], &both[1]);
            let axis = normalize_axis(axis, array.ndim())?;
            let length = array.known_length(axis, "insert")?;
            let at = position(before, axis, length + 1, length)?;
            let mut shape = array.known_shape("insert")?;
            // As NumPy: values for one position have an axis less.
            let values = match values.ndim() < array.ndim() && array.ndim() > 1 && values.ndim() > 0 {
                true => values.expand_dims(axis as isize - (array.ndim() - values.ndim() - 1) as isize)?,
                false => values.clone(),
            };
            let own = (values.ndim() + axis).checked_sub(array.ndim());
            shape[axis] = own.map_or(1, |own| values.shape()[own]);
            let values = values.cast(array.dtype())?.broadcast_to(&shape)?;
            let pieces = [array.slice_axis(axis, 0, at)?, values, array.slice_axis(axis, at, length)?];
            Ok(ArrayExpr::concatenate(&pieces, axis as isize)?)
        })
    }

    /// With values put before several positions along an axis, one for each; positions are those of the array as it was. Values are cast
    /// to this array's dtype and broadcast; before a single position several may be put.
    ///
    /// # Errors
    /// Kept: a position out of bounds, values that do not broadcast.
    #[must_use]
    pub fn insert_at(&self, positions: &[isize], values: impl Into<Operand>, axis: isize) -> Self {
        let values = self.operand(values);
        self.then_with(&[&values], |both| inserted(&both[0], positions, &both[1], axis))
    }
}

fn inserted(array: &ArrayExpr, positions: &[isize], values: &ArrayExpr, axis: isize) -> Result<ArrayExpr> {
    let axis = normalize_axis(axis, array.ndim())?;
    let length = array.known_length(axis, "insert")?;
    let mut places =
        positions.iter().map(|at| position(*at, axis, length + 1, length)).collect::<Result<Vec<usize>>>()?;
    let mut shape = array.known_shape("insert")?;
    let own = (values.ndim() + axis).checked_sub(array.ndim()).map_or(1, |own| values.shape()[own]);
    if let [only] = places[..] {
        places = vec![only; own];
    }
    shape[axis] = places.len();
    let values = values.cast(array.dtype())?.broadcast_to(&shape)?;
    // Those before one position in the order in which they were given.
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|at| places[*at]);
    let mut pieces = Vec::with_capacity(2 * order.len() + 1);
    let mut start = 0;
    let mut next = 0;
    while next < order.len() {
        let place = places[order[next]];
        pieces.push(array.slice_axis(axis, start, place)?);
        start = place;
        // A run of neighbours is one piece.
        let first = order[next];
        let run = order[next..].iter().enumerate().take_while(|(far, at)| **at == first + far && places[**at] == place);
        let count = run.count();
        pieces.push(values.slice_axis(axis, first, first + count)?);
        next += count;
    }
    pieces.push(array.slice_axis(axis, start, length)?);
    Ok(ArrayExpr::concatenate(&pieces, axis as isize)?)
}

/// A position that may count from the end.
fn position(at: isize, axis: usize, size: usize, length: usize) -> Result<usize> {
    let place = if at < 0 { at.saturating_add_unsigned(length) } else { at };
    usize::try_from(place)
        .ok()
        .filter(|place| *place < size)
        .ok_or_else(|| KernelError::IndexOutOfBounds { index: at, axis, size: length }.into())
}
