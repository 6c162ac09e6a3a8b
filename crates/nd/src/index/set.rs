//! Assignment: a new array with a part replaced.

use swath_arrays::expr::op::Scan;
use swath_arrays::{Argument, ArrayExpr};
use swath_kernels::error::shape as shape_text;
use swath_kernels::{DType, KernelError, SliceSpec, broadcast_shapes};

use super::get::{Asked, Taken, read};
use super::parts::Index;
use crate::array::Array;
use crate::context::Arrays;
use crate::error::Result;
use crate::operand::Operand;
use crate::resolve::known;

impl Array {
    /// With the part that an index names replaced by values, which are cast to this array's dtype and broadcast: NumPy's `x[index] =
    /// values`, as a new array. Of positions that are named several times the last value counts.
    ///
    /// ```
    /// # use swath_nd::{Arrays, s};
    /// let x = Arrays::embedded().arange(0, 6, 1).reshape([2, 3]);
    /// assert_eq!(x.set(s![.., 1], 9).to_vec::<i64>()?, [0, 9, 2, 3, 9, 5]);
    /// assert_eq!(x.set(s![&x.gt(3)], 0).to_vec::<i64>()?, [0, 1, 2, 3, 0, 0]);
    /// # Ok::<(), swath_nd::Error>(())
    /// ```
    ///
    /// # Errors
    /// Kept: as [`Array::slice`]; values that do not broadcast.
    #[must_use]
    pub fn set(&self, index: impl Into<Index>, values: impl Into<Operand>) -> Self {
        let parts = index.into().0;
        let values = self.operand(values);
        self.then_with(&[&values], |both| -> Result<ArrayExpr> {
            let (array, values) = (&both[0], &both[1]);
            array.known_shape("assignment")?;
            values.known_shape("assignment")?;
            match read(self.context(), array, &parts)? {
                Asked::Basic(basic) => {
                    let values = without_leading_ones(values, array.slice(&basic)?.ndim())?;
                    Ok(array.set_slice(&without_new_axes(&basic), &squeezed(array, &basic, &values)?)?)
                }
                Asked::Mask(basic, axis, mask) => {
                    let (sliced, mask) = (array.slice(&basic)?, known(self.context(), &mask)?);
                    let changed = set_mask(self, &sliced, axis, &mask, values)?;
                    Ok(array.set_slice(&basic, &changed)?)
                }
                Asked::Arrays(taken) => {
                    let changed = set_positions(self.context(), array, &taken, values)?;
                    Ok(array.set_slice(&taken.basic, &changed)?)
                }
            }
        })
    }

    /// With the elements at positions along an axis that differ for each place replaced by values: NumPy's `put_along_axis`.
    ///
    /// # Errors
    /// Kept: positions that are not integers, or of other dimensions.
    #[must_use]
    pub fn put_along_axis(&self, positions: &Self, values: impl Into<Operand>, axis: isize) -> Self {
        let values = self.operand(values);
        self.then_with(&[positions, &values], |all| -> Result<ArrayExpr> {
            let (array, positions, values) = (&all[0], &all[1], &all[2]);
            let axis = swath_kernels::normalize_axis(axis, array.ndim())?;
            // The other axes' positions are their own numbers.
            let shape = positions.known_shape("put_along_axis")?;
            let mut picks = Vec::new();
            for own in 0..array.ndim() {
                let along = ArrayExpr::iota(swath_arrays::ChunkGrid::whole(&shape), own, 0, 1)?;
                picks.push((own, if own == axis { positions.clone() } else { along }));
            }
            let basic = vec![SliceSpec::ALL; array.ndim()];
            set_positions(self.context(), array, &Taken { basic, picks, together: true }, values)
        })
    }
}

/// Values without leading axes of length one beyond the dimensions of what they are to replace, which NumPy drops too.
fn without_leading_ones(values: &ArrayExpr, ndim: usize) -> Result<ArrayExpr> {
    let more = values.ndim().saturating_sub(ndim);
    let ones = values.shape().iter().take(more).take_while(|length| **length == 1).count();
    Ok(values.slice(&vec![SliceSpec::Index(0); ones])?)
}

fn without_new_axes(basic: &[SliceSpec]) -> Vec<SliceSpec> {
    basic.iter().copied().filter(|part| *part != SliceSpec::NewAxis).collect()
}

/// The values without the axes that the index makes new.
fn squeezed(array: &ArrayExpr, basic: &[SliceSpec], values: &ArrayExpr) -> Result<ArrayExpr> {
    if !basic.contains(&SliceSpec::NewAxis) {
        return Ok(values.clone());
    }
    let part = array.slice(basic)?;
    let plain = array.slice(&without_new_axes(basic))?;
    let shape: Vec<isize> = plain.shape().iter().map(|length| *length as isize).collect();
    Ok(values.broadcast_to(&part.shape())?.reshape(&shape)?)
}

/// With the elements replaced where a mask over the axes from `axis` is true.
fn set_mask(owner: &Array, array: &ArrayExpr, axis: usize, mask: &ArrayExpr, values: &ArrayExpr) -> Result<ArrayExpr> {
    for (offset, given) in mask.known_shape("assignment")?.iter().enumerate() {
        let own = array.shape()[axis + offset];
        if own != *given {
            return Err(KernelError::BooleanIndex { axis: axis + offset, size: own, given: *given }.into());
        }
    }
    let behind = array.ndim() - axis - mask.ndim();
    // The mask with axes of length one behind, so that it broadcasts.
    let mut wide: Vec<isize> = mask.shape().iter().map(|length| *length as isize).collect();
    wide.extend(std::iter::repeat_n(1, behind));
    let condition = mask.reshape(&wide)?;
    let values = values.cast(array.dtype())?;
    let dims = values.ndim();
    let counted = dims > behind && values.known_shape("assignment")?[dims - behind - 1] != 1;
    if !counted {
        // One value for all places: the axis of the mask, if there is one, has length one; those of the mask's axes come instead.
        let values = match dims > behind && mask.ndim() > 1 {
            true => {
                let mut shape: Vec<isize> = values.shape().iter().map(|length| *length as isize).collect();
                shape.splice(dims - behind - 1..dims - behind, std::iter::repeat_n(1, mask.ndim()));
                values.reshape(&shape)?
            }
            false => values,
        };
        return Ok(ArrayExpr::map("where", &[condition.into(), values.into(), array.into()])?.cast(array.dtype())?);
    }
    // As many values as places: each place takes the value of its rank among them.
    let given = values.shape()[dims - behind - 1];
    let flat = mask.reshape(&[-1])?;
    let places: i64 = Array::new(owner.context(), Ok(flat.clone())).sum(()).item()?;
    if places as usize != given {
        return Err(KernelError::invalid(format!(
            "NumPy boolean array indexing assignment cannot assign {given} input values to the {places} output values where the mask is true"
        ))
        .into());
    }
    let ranks = flat.cast(DType::I64)?.scan(Scan::Sum, 0, None)?.subtract(1i64)?;
    let ranks = ArrayExpr::map("maximum", &[Argument::from(&ranks), 0i64.into()])?;
    let shape: Vec<isize> = mask.shape().iter().map(|length| *length as isize).collect();
    let axis_of_values = dims - behind - 1;
    let spread = match given {
        0 => return Ok(array.clone()),
        _ => values.take(&ranks.reshape(&shape)?, axis_of_values as isize)?,
    };
    Ok(ArrayExpr::map("where", &[condition.into(), spread.into(), array.into()])?.cast(array.dtype())?)
}

/// The basic part of an index with the elements at positions of arrays replaced.
fn set_positions(context: &Arrays, array: &ArrayExpr, taken: &Taken, values: &ArrayExpr) -> Result<ArrayExpr> {
    let sliced = array.slice(&taken.basic)?;
    let (turned, axis, positions) = taken.gathered(context, array)?;
    let positions = positions.iter().map(|one| known(context, one)).collect::<Result<Vec<_>>>()?;
    let shapes: Vec<_> = positions.iter().map(ArrayExpr::shape).collect();
    let common = broadcast_shapes(&shapes.iter().map(|shape| shape.as_slice()).collect::<Vec<_>>())?;
    let shape = turned.shape();
    let picked = &shape[axis..axis + positions.len()];
    // One position for all picked axes, in C order over them.
    let mut flat: Option<ArrayExpr> = None;
    for (at, length) in positions.iter().zip(picked) {
        let at = at.cast(DType::I64)?;
        let length = *length as i64;
        let wrapped = ArrayExpr::map("where", &[(&at.less(0i64)?).into(), (&at.add(length)?).into(), (&at).into()])?;
        flat = Some(match flat {
            None => wrapped,
            Some(flat) => flat.multiply(length)?.add(&wrapped)?,
        });
    }
    let Some(flat) = flat else { return Ok(sliced) };
    let flat = flat.broadcast_to(&common)?.reshape(&[-1])?;
    let target: Vec<usize> =
        shape[..axis].iter().chain(&common).chain(&shape[axis + positions.len()..]).copied().collect();
    let values = &without_leading_ones(values, target.len())?;
    let values = values.cast(array.dtype())?.broadcast_to(&target).map_err(|_| {
        KernelError::invalid(format!(
            "shape mismatch: value array of shape {} could not be broadcast to indexing result of shape {}",
            shape_text(&values.shape()),
            shape_text(&target)
        ))
    })?;
    let joined = |from: &[usize], count: usize| -> Vec<isize> {
        let middle = from[axis..axis + count].iter().product::<usize>();
        let all = from[..axis].iter().chain([&middle]).chain(&from[axis + count..]);
        all.map(|length| *length as isize).collect()
    };
    let one = turned.reshape(&joined(&shape, positions.len()))?;
    let values = values.reshape(&joined(&target, common.len()))?;
    let changed = one.scatter(axis as isize, &flat, &values)?;
    let back: Vec<isize> = shape.iter().map(|length| *length as isize).collect();
    let changed = changed.reshape(&back)?;
    if turned == sliced {
        return Ok(changed);
    }
    let from: Vec<isize> = (0..positions.len() as isize).collect();
    let to: Vec<isize> = taken.picks.iter().map(|(axis, _)| *axis as isize).collect();
    Ok(changed.moveaxis(&from, &to)?)
}
