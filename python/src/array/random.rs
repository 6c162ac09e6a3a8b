//! Random arrays.

use pyo3::prelude::*;
use swath_collections::nd;
use swath_collections::nd::kernels::random::Distribution;

use super::context::Arrays;
use super::error::invalid;
use super::operand::DTypeArgument;
use super::{Array, made, wrapped};

/// A source of random arrays.
#[pyclass(module = "swath._internal.array", frozen)]
pub struct Random {
    random: nd::Random,
}

#[pymethods]
impl Random {
    #[new]
    fn new(context: &Arrays, seed: u64) -> Self {
        Self { random: context.arrays.random(seed) }
    }

    /// An array from a distribution: its name and two numbers, of which it takes as many as it has parameters.
    #[pyo3(signature = (name, shape, first, second, dtype))]
    fn draw(
        &self,
        py: Python<'_>,
        name: &str,
        shape: Vec<usize>,
        first: f64,
        second: f64,
        dtype: Option<DTypeArgument>,
    ) -> PyResult<Array> {
        let distribution = match name {
            "random" => Distribution::Random,
            "uniform" => Distribution::Uniform { low: first, high: second },
            "normal" => Distribution::Normal { loc: first, scale: second },
            "exponential" => Distribution::Exponential { scale: first },
            "poisson" => Distribution::Poisson { rate: first },
            _ => return Err(invalid(py, format!("there is no distribution '{name}'"))),
        };
        let dtype = dtype.map_or_else(|| distribution.default_dtype(), |dtype| dtype.0);
        made(py, || self.random.draw(distribution, dtype, shape))
    }

    fn integers(
        &self,
        py: Python<'_>,
        low: i128,
        high: i128,
        shape: Vec<usize>,
        dtype: DTypeArgument,
    ) -> PyResult<Array> {
        made(py, || self.random.draw(Distribution::Integers { low, high }, dtype.0, shape))
    }

    fn permutation(&self, py: Python<'_>, length: usize) -> PyResult<Array> {
        wrapped(py, self.random.permutation(length))
    }

    fn permuted(&self, py: Python<'_>, array: &Array, axis: isize) -> PyResult<Array> {
        made(py, || self.random.permuted(&array.array, axis))
    }

    fn choice(
        &self,
        py: Python<'_>,
        array: &Array,
        shape: Vec<usize>,
        replace: bool,
        weights: Option<Vec<f64>>,
    ) -> PyResult<Array> {
        made(py, || self.random.choice(&array.array, shape, replace, weights.as_deref()))
    }
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Random>()
}
