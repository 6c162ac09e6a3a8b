//! Expressions over columns.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use swath_collections as sw;

/// An expression.
#[pyclass(module = "swath._internal", frozen)]
#[derive(Clone)]
pub struct Expr {
    pub(crate) expr: sw::Expr,
}

impl From<sw::Expr> for Expr {
    fn from(expr: sw::Expr) -> Self {
        Self { expr }
    }
}

/// The column `name`.
#[pyfunction]
pub fn col(name: &str) -> Expr {
    sw::col(name).into()
}

/// The constant `value`.
#[pyfunction]
pub fn lit(value: &Bound<'_, PyAny>) -> PyResult<Expr> {
    if let Ok(value) = value.extract::<bool>() {
        return Ok(sw::lit(value).into());
    }
    if let Ok(value) = value.extract::<i64>() {
        return Ok(sw::lit(value).into());
    }
    if let Ok(value) = value.extract::<f64>() {
        return Ok(sw::lit(value).into());
    }
    if let Ok(value) = value.extract::<String>() {
        return Ok(sw::lit(value).into());
    }
    Err(PyTypeError::new_err(format!("no literal can be made of a {}", value.get_type().fully_qualified_name()?)))
}

#[pymethods]
impl Expr {
    fn gt(&self, other: &Self) -> Self {
        self.expr.clone().gt(other.expr.clone()).into()
    }

    fn alias(&self, name: &str) -> Self {
        self.expr.clone().alias(name).into()
    }
}
