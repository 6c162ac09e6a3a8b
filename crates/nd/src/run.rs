//! Running: results, values, and what would run.

use swath_arrays::{ArrayExpr, Plan};
use swath_blocks::{Cancel, Progress};
use swath_kernels::{Element, NdArray, Scalar};

use crate::array::{Array, expressions};
use crate::context::Arrays;
use crate::error::{Error, Result};

/// The results of expressions: small ones at once, others by a plan.
pub(crate) fn evaluate(context: &Arrays, roots: &[ArrayExpr]) -> Result<Vec<NdArray>> {
    if let Some(results) = crate::direct::evaluate(roots)? {
        return Ok(results);
    }
    by_plan(context, roots, &Cancel::new())
}

fn by_plan(context: &Arrays, roots: &[ArrayExpr], cancel: &Cancel) -> Result<Vec<NdArray>> {
    let engine = context.engine();
    let plan = Plan::new(roots, engine.plan_options())?;
    Ok(engine.run(&plan, cancel)?)
}

/// The results of several arrays, computed together: what they share is computed once.
///
/// # Errors
/// The first mistake in shaping any of them; what running may bring.
pub fn compute_all(arrays: &[&Array]) -> Result<Vec<NdArray>> {
    match arrays {
        [] => Ok(Vec::new()),
        [first, ..] => evaluate(first.context(), &expressions(arrays)?),
    }
}

/// Several arrays computed together and held in memory, each in its chunks.
///
/// # Errors
/// As [`compute_all`].
pub fn persist_all(arrays: &[&Array]) -> Result<Vec<Array>> {
    let held =
        |(array, elements): (&&Array, NdArray)| Ok(Array::from_expression(array.context(), array.held(elements)?));
    arrays.iter().zip(compute_all(arrays)?).map(held).collect()
}

impl Array {
    /// The elements, computed and put together in memory.
    ///
    /// # Errors
    /// The first mistake in shaping; what running may bring.
    pub fn compute(&self) -> Result<NdArray> {
        let mut results = evaluate(self.context(), std::slice::from_ref(self.expression()?))?;
        results.pop().ok_or_else(|| Error::invalid("a run gave no result"))
    }

    /// As [`Array::compute`], by a plan even if the array is small; a token stops it.
    ///
    /// # Errors
    /// As [`Array::compute`]; [`swath_blocks::BlocksError::Cancelled`].
    pub fn compute_by_plan(&self, cancel: &Cancel) -> Result<NdArray> {
        let mut results = by_plan(self.context(), std::slice::from_ref(self.expression()?), cancel)?;
        results.pop().ok_or_else(|| Error::invalid("a run gave no result"))
    }

    /// As [`Array::compute_by_plan`]; another thread may ask `progress` how far it is.
    ///
    /// # Errors
    /// As [`Array::compute_by_plan`].
    pub fn compute_watched(&self, cancel: &Cancel, progress: &Progress) -> Result<NdArray> {
        let mut results = self.context().engine().run_watched(&self.plan()?, cancel, progress)?;
        results.pop().ok_or_else(|| Error::invalid("a run gave no result"))
    }

    /// Runs the array and shows its plan with what each stage took. The result is dropped.
    ///
    /// # Errors
    /// As [`Array::compute`].
    pub fn explain_analyze(&self) -> Result<String> {
        Ok(self.context().engine().explain_analyze(&self.plan()?, &Cancel::new())?)
    }

    /// The array computed now and held in memory, in the same chunks.
    #[must_use]
    pub fn persist(&self) -> Self {
        let held = self.compute().and_then(|array| self.held(array));
        Self::new(self.context(), held)
    }

    /// This array, whose elements are `array`.
    fn held(&self, array: NdArray) -> Result<ArrayExpr> {
        let expression = self.expression()?;
        let spec = if expression.grid().is_known() {
            let lengths = |axis: &swath_arrays::AxisChunks| swath_arrays::AxisSpec::Lengths(axis.lengths().collect());
            swath_arrays::ChunkSpec::Axes(expression.grid().axes().iter().map(lengths).collect())
        } else {
            self.context().chunks_for(array.ndim()).clone()
        };
        Ok(ArrayExpr::from_array(array, &spec)?)
    }

    /// The same array with all lengths known: what masks and `unique` keep is computed and held.
    ///
    /// # Errors
    /// The first mistake in shaping; what running may bring.
    pub fn compute_chunk_sizes(&self) -> Result<Self> {
        Ok(Self::from_expression(self.context(), self.known()?))
    }

    /// The elements in C order.
    ///
    /// # Errors
    /// [`Error::ElementType`] when `T` is not the Rust type of the dtype; as [`Array::compute`].
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let array = self.compute()?;
        check_type::<T>(&array)?;
        Ok(array.to_vec()?)
    }

    /// The value of an array of one element.
    ///
    /// # Errors
    /// When there is not exactly one; as [`Array::to_vec`].
    pub fn item<T: Element>(&self) -> Result<T> {
        let array = self.compute()?;
        check_type::<T>(&array)?;
        array.item()?;
        let elements = array.to_vec::<T>()?;
        elements.first().copied().ok_or_else(|| Error::invalid("an array of one element has none"))
    }

    /// The value of an array of one element, with its dtype.
    ///
    /// # Errors
    /// When there is not exactly one; as [`Array::compute`].
    pub fn scalar(&self) -> Result<Scalar> {
        Ok(self.compute()?.item()?)
    }

    /// The expression before and after it is optimised, its stages, chunks and bytes. Computes nothing.
    ///
    /// # Errors
    /// The first mistake in shaping; [`swath_arrays::ArrayError::Memory`] if it cannot run within the limit.
    pub fn explain(&self) -> Result<String> {
        Ok(self.plan()?.explain())
    }

    /// The most bytes that a task of it will hold: the bound is known before it runs.
    ///
    /// # Errors
    /// As [`Array::explain`].
    pub fn projected_memory(&self) -> Result<u64> {
        Ok(self.plan()?.projected_memory())
    }

    /// The plan by which it runs.
    ///
    /// # Errors
    /// As [`Array::explain`].
    pub fn plan(&self) -> Result<Plan> {
        let options = self.context().engine().plan_options();
        Ok(Plan::new(std::slice::from_ref(self.expression()?), options)?)
    }
}

/// Checks that elements are of a Rust type.
pub(crate) fn check_type<T: Element>(array: &NdArray) -> Result<()> {
    if array.dtype().physical() == T::DTYPE {
        return Ok(());
    }
    Err(Error::ElementType { actual: array.dtype(), asked: T::DTYPE })
}
