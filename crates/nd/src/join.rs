//! Arrays put together, cut apart, and repeated.

use swath_arrays::ArrayExpr;
use swath_kernels::{KernelError, normalize_axis};

use crate::array::Array;
use crate::context::Arrays;
use crate::error::{Error, Result};
use crate::resolve::matched;

/// Arrays one after another along an axis.
///
/// # Errors
/// None at all. Kept: other dimensions or lengths, dtypes without a common one.
pub fn concatenate(arrays: &[&Array], axis: isize) -> Result<Array> {
    let context = context(arrays, "concatenate")?;
    Ok(Array::of(context, arrays, |arrays| ArrayExpr::concatenate(arrays, axis)))
}

/// Arrays of one shape along a new axis.
///
/// # Errors
/// None at all. Kept: other shapes.
pub fn stack(arrays: &[&Array], axis: isize) -> Result<Array> {
    let context = context(arrays, "stack")?;
    Ok(Array::of(context, arrays, |arrays| -> Result<ArrayExpr> {
        Ok(ArrayExpr::stack(&matched(context, arrays)?, axis)?)
    }))
}

/// Arrays one below another; vectors are rows.
///
/// # Errors
/// As [`concatenate`].
pub fn vstack(arrays: &[&Array]) -> Result<Array> {
    join(arrays, Array::atleast_2d, 0)
}

/// Arrays side by side; vectors one after another.
///
/// # Errors
/// As [`concatenate`].
pub fn hstack(arrays: &[&Array]) -> Result<Array> {
    let vectors = arrays.first().is_some_and(|array| array.ndim().is_ok_and(|ndim| ndim <= 1));
    join(arrays, Array::atleast_1d, if vectors { 0 } else { 1 })
}

/// Arrays behind one another along a third axis.
///
/// # Errors
/// As [`concatenate`].
pub fn dstack(arrays: &[&Array]) -> Result<Array> {
    join(arrays, Array::atleast_3d, 2)
}

/// Vectors as the columns of a matrix; matrices side by side.
///
/// # Errors
/// As [`concatenate`].
pub fn column_stack(arrays: &[&Array]) -> Result<Array> {
    let column =
        |array: &Array| if array.ndim().is_ok_and(|ndim| ndim < 2) { array.reshape([-1, 1]) } else { array.clone() };
    join(arrays, column, 1)
}

fn join(arrays: &[&Array], prepare: impl Fn(&Array) -> Array, axis: isize) -> Result<Array> {
    let prepared: Vec<Array> = arrays.iter().map(|array| prepare(array)).collect();
    concatenate(&prepared.iter().collect::<Vec<_>>(), axis)
}

fn context<'a>(arrays: &[&'a Array], operation: &str) -> Result<&'a Arrays> {
    let first = arrays.first().map(|array| array.context());
    first.ok_or_else(|| KernelError::invalid(format!("need at least one array to {operation}")).into())
}

/// Arrays in nested lists, as [`block`] takes them.
#[derive(Debug, Clone)]
pub enum Nested {
    /// An array.
    One(Array),
    /// A list: the innermost ones are joined along the last axis, those around them along the axis before, and so on.
    List(Vec<Nested>),
}

impl From<&Array> for Nested {
    fn from(array: &Array) -> Self {
        Self::One(array.clone())
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Nested {
    fn from(list: [T; N]) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Vec<T>> for Nested {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl Nested {
    fn depth(&self) -> Result<usize> {
        let Self::List(list) = self else { return Ok(0) };
        let mut depths = list.iter().map(Self::depth);
        let Some(first) = depths.next().transpose()? else {
            return Err(Error::invalid("List at arrays cannot be empty"));
        };
        for depth in depths {
            if depth? != first {
                return Err(Error::invalid(
                    "List depths are mismatched: every list must be nested as deep as the first",
                ));
            }
        }
        Ok(first + 1)
    }

    fn widest(&self) -> Result<usize> {
        match self {
            Self::One(array) => array.ndim(),
            Self::List(list) => list.iter().try_fold(0, |most, one| Ok(most.max(one.widest()?))),
        }
    }

    fn joined(&self, ndim: usize, depth: usize) -> Result<Array> {
        match self {
            Self::One(array) => {
                let missing = ndim - array.ndim()?;
                Ok(array.expand_dims((0..missing).collect::<Vec<usize>>()))
            }
            Self::List(list) => {
                let parts = list.iter().map(|one| one.joined(ndim, depth - 1)).collect::<Result<Vec<_>>>()?;
                concatenate(&parts.iter().collect::<Vec<_>>(), -(depth as isize))
            }
        }
    }
}

/// An array of blocks in nested lists: `block([[&a, &b], [&c, &d]])`.
///
/// # Errors
/// Empty lists, lists of different depths. Kept: blocks that do not fit.
pub fn block(nested: impl Into<Nested>) -> Result<Array> {
    let nested = nested.into();
    let depth = nested.depth()?;
    nested.joined(nested.widest()?.max(depth), depth)
}

/// Where to cut: into so many parts, the first ones longer by one where they do not come out even; or before positions.
#[derive(Debug, Clone)]
pub enum Cuts {
    /// So many parts.
    Parts(usize),
    /// Positions, ascending.
    At(Vec<usize>),
}

impl From<usize> for Cuts {
    fn from(parts: usize) -> Self {
        Self::Parts(parts)
    }
}

impl From<&[usize]> for Cuts {
    fn from(positions: &[usize]) -> Self {
        Self::At(positions.to_vec())
    }
}

impl Array {
    /// Cut along an axis.
    ///
    /// # Errors
    /// The first mistake in the array; no parts; an axis out of bounds.
    pub fn array_split(&self, cuts: impl Into<Cuts>, axis: isize) -> Result<Vec<Self>> {
        let axis = normalize_axis(axis, self.ndim()?)?;
        let length = self.shape()?[axis];
        let mut bounds = vec![0];
        match cuts.into() {
            Cuts::Parts(0) => return Err(Error::invalid("number sections must be larger than 0.")),
            Cuts::Parts(parts) => {
                bounds.extend((1..=parts).map(|part| part * (length / parts) + part.min(length % parts)));
            }
            Cuts::At(positions) => {
                bounds.extend(positions.into_iter().map(|position| position.min(length)));
                bounds.push(length);
            }
        }
        Ok(bounds.windows(2).map(|pair| self.then(|array| array.slice_axis(axis, pair[0], pair[1]))).collect())
    }

    /// Cut along an axis into parts of equal length.
    ///
    /// # Errors
    /// As [`Array::array_split`]; a length that cannot be divided.
    pub fn split(&self, parts: usize, axis: isize) -> Result<Vec<Self>> {
        let place = normalize_axis(axis, self.ndim()?)?;
        if parts == 0 || !self.shape()?[place].is_multiple_of(parts) {
            return Err(Error::invalid("array split does not result in an equal division"));
        }
        self.array_split(parts, axis)
    }

    /// The array so many times along each axis; missing axes are new leading ones.
    #[must_use]
    pub fn tile(&self, times: impl Into<crate::axes::Shape>) -> Self {
        let times = times.into().0;
        self.then(|array| -> Result<ArrayExpr> {
            let mut result = array.clone();
            for _ in array.ndim()..times.len() {
                result = result.expand_dims(0)?;
            }
            let lead = result.ndim() - times.len();
            for (axis, count) in times.iter().enumerate().map(|(axis, count)| (lead + axis, *count)) {
                result = match count {
                    0 => result.slice_axis(axis, 0, 0)?,
                    _ => ArrayExpr::concatenate(&vec![result; count], axis as isize)?,
                };
            }
            Ok(result)
        })
    }

    /// Each element so many times along an axis.
    #[must_use]
    pub fn repeat(&self, count: usize, axis: isize) -> Self {
        self.then(|array| array.repeat(count, axis))
    }

    /// Each position along an axis as often as its count says.
    ///
    /// # Errors
    /// Kept: another number of counts than the axis is long.
    #[must_use]
    pub fn repeat_each(&self, counts: &[usize], axis: isize) -> Self {
        let positions = self.shape().and_then(|shape| {
            let axis = normalize_axis(axis, shape.len())?;
            if shape[axis] != counts.len() {
                let (length, given) = (shape[axis], counts.len());
                return Err(Error::invalid(format!(
                    "operands could not be broadcast together with shape ({length},) ({given},)"
                )));
            }
            Ok(counts.iter().enumerate().flat_map(|(at, count)| std::iter::repeat_n(at as i64, *count)).collect())
        });
        match positions {
            Ok(positions) => self.take(self.context().from_vec::<i64>(positions), axis),
            Err(error) => self.failed(error),
        }
    }
}
