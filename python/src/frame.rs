//! Lazy tables.

use std::sync::{Mutex, PoisonError};

use arrow::array::{RecordBatch, RecordBatchIterator};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use swath_collections as sw;

use crate::capsule;
use crate::errors::IntoPython;
use crate::expr::Expr;
use crate::wait::detached;

/// A lazy table.
#[pyclass(module = "swath._internal", frozen)]
pub struct DataFrame {
    pub(crate) frame: sw::DataFrame,
}

impl From<sw::DataFrame> for DataFrame {
    fn from(frame: sw::DataFrame) -> Self {
        Self { frame }
    }
}

#[pymethods]
impl DataFrame {
    /// Names of the columns.
    fn columns(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.frame.columns().python(py)
    }

    /// The schema, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = detached(py, || self.frame.schema())?;
        capsule::schema(py, &schema)
    }

    /// Only rows for which the condition holds.
    fn filter(&self, predicate: &Expr) -> Self {
        self.frame.filter(predicate.expr.clone()).into()
    }

    /// The number of rows.
    fn count(&self, py: Python<'_>) -> PyResult<usize> {
        detached(py, || self.frame.count())
    }

    /// All rows, as a reader of batches that are there.
    fn collect(&self, py: Python<'_>) -> PyResult<BatchReader> {
        let (schema, batches) = detached(py, || Ok((self.frame.schema()?, self.frame.collect()?)))?;
        Ok(BatchReader::of(schema, batches))
    }

    /// The first rows, as text.
    fn preview(&self, py: Python<'_>, rows: usize) -> PyResult<String> {
        detached(py, || self.frame.preview(rows))
    }
}

/// Batches that Python reads once, one after another or as an Arrow stream.
#[pyclass(module = "swath._internal", frozen)]
pub struct BatchReader {
    schema: SchemaRef,
    /// Until they are handed over.
    reader: Mutex<Option<capsule::Reader>>,
}

impl BatchReader {
    fn of(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let batches = batches.into_iter().map(Ok::<_, ArrowError>);
        let reader: capsule::Reader = Box::new(RecordBatchIterator::new(batches, SchemaRef::clone(&schema)));
        Self { schema, reader: Mutex::new(Some(reader)) }
    }
}

#[pymethods]
impl BatchReader {
    /// The schema, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, &self.schema)
    }

    /// What has not been read yet, as a capsule.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer casts by itself what is not as it asked for: the interface allows it.
        drop(requested_schema);
        let rest = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let rest = rest.ok_or_else(|| {
            crate::errors::raised(py, "InvalidArgumentError", "this stream was read before; collect again".to_owned())
        })?;
        capsule::stream(py, rest)
    }
}
