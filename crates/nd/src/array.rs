//! The lazy array: an expression and the context that runs it.

use std::fmt;

use swath_arrays::{ArrayExpr, ChunkGrid};
use swath_kernels::DType;

use crate::context::{Arrays, Chunks};
use crate::error::{Error, Result};
use crate::operand::Operand;

/// A lazy n-d array. Methods that shape it return a new one and compute nothing; [`compute`](Self::compute) and those that give values
/// run it.
///
/// Shaping methods never fail by themselves, so that calls and operators chain without `?`: the first mistake (shapes that do not
/// broadcast, say) is kept, and returned by whatever looks at the array first.
///
/// A boolean mask or `unique` makes an axis whose length is known only after running. Where an operation needs that length, the masked
/// elements are computed then and kept in memory; elsewhere nothing runs.
#[derive(Clone)]
pub struct Array {
    context: Arrays,
    expression: Result<ArrayExpr>,
}

impl Array {
    pub(crate) fn new(context: &Arrays, expression: Result<ArrayExpr>) -> Self {
        Self { context: context.clone(), expression }
    }

    /// The array of an expression.
    pub fn from_expression(context: &Arrays, expression: ArrayExpr) -> Self {
        Self::new(context, Ok(expression))
    }

    /// The context that runs it.
    pub fn context(&self) -> &Arrays {
        &self.context
    }

    /// The expression underneath.
    ///
    /// # Errors
    /// The first mistake that was made in shaping it.
    pub fn expression(&self) -> Result<&ArrayExpr> {
        self.expression.as_ref().map_err(Clone::clone)
    }

    /// A new array from this one's expression: the way in which every shaping method ends. What needs unknown lengths is done again
    /// after they are computed.
    pub(crate) fn then<E>(&self, build: impl Fn(&ArrayExpr) -> Result<ArrayExpr, E>) -> Self
    where
        Error: From<E>,
    {
        let built = self.expression().and_then(|expression| match build(expression).map_err(Error::from) {
            Err(error) if needs_lengths(&error, std::slice::from_ref(expression)) => {
                Ok(build(&crate::resolve::known(&self.context, expression)?)?)
            }
            other => other,
        });
        Self::new(&self.context, built)
    }

    /// [`then`](Self::then) with further arrays.
    pub(crate) fn then_with<E>(&self, others: &[&Self], build: impl Fn(&[ArrayExpr]) -> Result<ArrayExpr, E>) -> Self
    where
        Error: From<E>,
    {
        let arrays: Vec<&Self> = std::iter::once(self).chain(others.iter().copied()).collect();
        Self::of(&self.context, &arrays, build)
    }

    /// A new array from several.
    pub(crate) fn of<E>(
        context: &Arrays,
        arrays: &[&Self],
        build: impl Fn(&[ArrayExpr]) -> Result<ArrayExpr, E>,
    ) -> Self
    where
        Error: From<E>,
    {
        let built = expressions(arrays).and_then(|expressions| match build(&expressions).map_err(Error::from) {
            Err(error) if needs_lengths(&error, &expressions) => {
                let known = expressions.iter().map(|expression| crate::resolve::known(context, expression));
                Ok(build(&known.collect::<Result<Vec<_>>>()?)?)
            }
            other => other,
        });
        Self::new(context, built)
    }

    /// [`then_with`](Self::then_with) where all arrays are combined place by place: lengths that are not known are those of all.
    pub(crate) fn then_matched<E>(&self, others: &[&Self], build: impl Fn(&[ArrayExpr]) -> Result<ArrayExpr, E>) -> Self
    where
        Error: From<E>,
    {
        self.then_with::<Error>(others, |arrays| Ok(build(&crate::resolve::matched(&self.context, arrays)?)?))
    }

    /// Several arrays from this one's expression; a mistake stands in each.
    pub(crate) fn then_several<const N: usize, E>(
        &self,
        build: impl Fn(&ArrayExpr) -> Result<[ArrayExpr; N], E>,
    ) -> [Self; N]
    where
        Error: From<E>,
    {
        let built = self.expression().and_then(|expression| match build(expression).map_err(Error::from) {
            Err(error) if needs_lengths(&error, std::slice::from_ref(expression)) => {
                Ok(build(&crate::resolve::known(&self.context, expression)?)?)
            }
            other => other,
        });
        match built {
            Ok(expressions) => expressions.map(|expression| Self::new(&self.context, Ok(expression))),
            Err(error) => std::array::from_fn(|_| self.failed(error.clone())),
        }
    }

    /// The same array with a mistake in it.
    pub(crate) fn failed(&self, error: Error) -> Self {
        Self::new(&self.context, self.expression.clone().and(Err(error)))
    }

    /// An operand as an array of this context.
    pub(crate) fn operand(&self, operand: impl Into<Operand>) -> Self {
        operand.into().into_array(&self.context)
    }

    /// Lengths of the axes. Lengths that a mask made are computed.
    ///
    /// # Errors
    /// The first mistake in shaping; what computing lengths may bring.
    pub fn shape(&self) -> Result<Vec<usize>> {
        Ok(self.known()?.shape().to_vec())
    }

    /// Number of dimensions.
    ///
    /// # Errors
    /// The first mistake in shaping.
    pub fn ndim(&self) -> Result<usize> {
        Ok(self.expression()?.ndim())
    }

    /// Number of elements.
    ///
    /// # Errors
    /// As [`Array::shape`].
    pub fn size(&self) -> Result<usize> {
        Ok(self.shape()?.iter().product())
    }

    /// The dtype.
    ///
    /// # Errors
    /// The first mistake in shaping.
    pub fn dtype(&self) -> Result<DType> {
        Ok(self.expression()?.dtype())
    }

    /// Bytes of all elements; an upper bound where a mask made lengths that nobody has needed yet.
    ///
    /// # Errors
    /// The first mistake in shaping.
    pub fn nbytes(&self) -> Result<u64> {
        Ok(self.expression()?.bytes())
    }

    /// The grid of chunks, with upper bounds for lengths that a mask made.
    ///
    /// # Errors
    /// The first mistake in shaping.
    pub fn grid(&self) -> Result<&ChunkGrid> {
        Ok(self.expression()?.grid())
    }

    /// The lengths of the chunks along each axis. Lengths that a mask made are computed.
    ///
    /// # Errors
    /// As [`Array::shape`].
    pub fn chunks(&self) -> Result<Vec<Vec<usize>>> {
        Ok(self.known()?.grid().axes().iter().map(|axis| axis.lengths().collect()).collect())
    }

    /// The expression with all lengths known.
    pub(crate) fn known(&self) -> Result<ArrayExpr> {
        crate::resolve::known(&self.context, self.expression()?)
    }

    /// The same array in other chunks.
    ///
    /// # Errors
    /// Kept: chunks that do not fit the shape.
    #[must_use]
    pub fn rechunk(&self, chunks: impl Into<Chunks>) -> Self {
        let spec = chunks.into().0;
        self.then(|array| array.rechunk(&spec))
    }

    /// The same elements as another dtype: integers wrap, floats are cut towards zero.
    #[must_use]
    pub fn astype(&self, dtype: DType) -> Self {
        self.then(|array| array.cast(dtype))
    }
}

/// Whether an error may go when lengths are known: it asks for them, or comes of the bounds in their place.
pub(crate) fn needs_lengths(error: &Error, arrays: &[ArrayExpr]) -> bool {
    error.needs_lengths() || (error.is_about_lengths() && arrays.iter().any(|array| !array.grid().is_known()))
}

/// The expressions of arrays, or the first mistake in them.
pub(crate) fn expressions(arrays: &[&Array]) -> Result<Vec<ArrayExpr>> {
    arrays.iter().map(|array| array.expression().cloned()).collect()
}

impl fmt::Display for Array {
    /// Shape, dtype, chunks and bytes; computes nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expression {
            Err(error) => write!(f, "Array(invalid: {error})"),
            Ok(array) => {
                let length = |axis: &swath_arrays::AxisChunks| match axis.is_known() {
                    true => axis.length().to_string(),
                    false => format!("≤{}", axis.length()),
                };
                let shape: Vec<String> = array.grid().axes().iter().map(length).collect();
                let comma = if shape.len() == 1 { "," } else { "" };
                let bytes = swath_arrays::explain::bytes(array.bytes());
                write!(f, "Array(({}{comma}), {}, chunks {}, {bytes})", shape.join(", "), array.dtype(), array.grid())
            }
        }
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
