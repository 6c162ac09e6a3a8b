//! Rows that are here, and rows that are coming.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray, make_array};
use arrow::compute::{can_cast_types, cast, concat_batches};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, to_ffi};
use futures::StreamExt;
use pyo3::exceptions::{PyIndexError, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList, PyTuple};
use swath_collections as sw;
use swath_collections::watch::Watch;

use crate::capsule;
use crate::errors::raised;
use crate::values::cells;
use crate::wait::{detached, detached_over};

/// Rows in memory. Read as often as one likes.
#[pyclass(module = "swath._internal", frozen)]
pub struct Batches {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

impl Batches {
    /// `batches`, all of which have the schema.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }

    /// The batches as one.
    fn whole(&self) -> Result<RecordBatch, ArrowError> {
        match self.batches.as_slice() {
            [one] => Ok(one.clone()),
            several => concat_batches(&self.schema, several),
        }
    }

    /// The rows `offset .. offset + rows`, not copied.
    fn rows_between(&self, offset: usize, rows: usize) -> Vec<RecordBatch> {
        let (mut skip, mut left, mut found) = (offset, rows, vec![]);
        for batch in &self.batches {
            let taken = left.min(batch.num_rows().saturating_sub(skip));
            if taken > 0 {
                found.push(batch.slice(skip, taken));
            }
            left -= taken;
            skip = skip.saturating_sub(batch.num_rows());
        }
        found
    }
}

#[pymethods]
impl Batches {
    /// What `object` hands out through the Arrow PyCapsule interface.
    #[staticmethod]
    fn of_arrow(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let reader = capsule::reader(object)?;
        let schema = reader.schema();
        let batches = py.detach(|| reader.collect::<Result<Vec<_>, _>>()).map_err(capsule::invalid)?;
        Ok(Self { schema, batches })
    }

    /// The number of rows.
    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Names of the columns.
    fn columns(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Bytes that the rows take.
    fn nbytes(&self) -> usize {
        let columns = self.batches.iter().flat_map(|batch| batch.columns());
        columns.map(|column| column.to_data().get_slice_memory_size().unwrap_or_default()).sum()
    }

    /// The number of batches.
    fn num_batches(&self) -> usize {
        self.batches.len()
    }

    /// One of the batches.
    fn batch(&self, index: usize) -> PyResult<Self> {
        let batch = self.batches.get(index).cloned();
        let batch = batch.ok_or_else(|| PyIndexError::new_err(format!("no batch {index}")))?;
        Ok(Self { schema: Arc::clone(&self.schema), batches: vec![batch] })
    }

    /// Some of the rows, not copied.
    fn slice(&self, offset: usize, rows: usize) -> Self {
        Self { schema: Arc::clone(&self.schema), batches: self.rows_between(offset, rows) }
    }

    /// The values of a column as a list of Python's.
    fn values<'py>(&self, py: Python<'py>, column: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for batch in &self.batches {
            let Some(column) = batch.columns().get(column) else {
                return Err(PyIndexError::new_err(format!("no column {column}")));
            };
            for value in cells(py, column)? {
                list.append(value)?;
            }
        }
        Ok(list)
    }

    /// Some of the rows as tuples of Python's values.
    fn tuples<'py>(&self, py: Python<'py>, offset: usize, rows: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for batch in self.rows_between(offset, rows) {
            let columns = batch.columns().iter().map(|column| cells(py, column)).collect::<PyResult<Vec<_>>>()?;
            let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
            for _ in 0..batch.num_rows() {
                let row: Vec<_> = columns.iter_mut().filter_map(Iterator::next).collect();
                list.append(PyTuple::new(py, row)?)?;
            }
        }
        Ok(list)
    }

    /// The first rows as a text table.
    fn text(&self, py: Python<'_>, rows: usize) -> PyResult<String> {
        let mut first = self.rows_between(0, rows);
        if first.is_empty() {
            first.push(RecordBatch::new_empty(Arc::clone(&self.schema)));
        }
        let text = py.detach(|| arrow::util::pretty::pretty_format_batches(&first).map(|table| table.to_string()));
        text.map_err(capsule::invalid)
    }

    /// The schema, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, &self.schema)
    }

    /// The rows, as a capsule of a stream.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let batches = self.batches.clone().into_iter().map(Ok::<_, ArrowError>);
        let reader = Box::new(RecordBatchIterator::new(batches, Arc::clone(&self.schema)));
        capsule::stream(py, as_requested(reader, requested_schema)?)
    }

    /// The rows, as capsules of a schema and a struct array.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A consumer casts by itself what is not as it asked for: the interface allows it.
        let _ = requested_schema;
        let whole = py.detach(|| self.whole()).map_err(capsule::invalid)?;
        let (array, _) = to_ffi(&StructArray::from(whole).into_data()).map_err(capsule::invalid)?;
        let array = PyCapsule::new_with_value(py, array, capsule::ARRAY)?;
        Ok((capsule::schema(py, &self.schema)?, array))
    }

    /// One column, as capsules of a schema and an array.
    fn column_capsules<'py>(
        &self,
        py: Python<'py>,
        column: usize,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let whole = py.detach(|| self.whole()).map_err(capsule::invalid)?;
        let Some(array) = whole.columns().get(column) else {
            return Err(PyIndexError::new_err(format!("no column {column}")));
        };
        let (array, schema) = to_ffi(&array.to_data()).map_err(capsule::invalid)?;
        let array = PyCapsule::new_with_value::<FFI_ArrowArray>(py, array, capsule::ARRAY)?;
        Ok((PyCapsule::new_with_value(py, schema, capsule::SCHEMA)?, array))
    }
}

/// Rows of a running query, read once: batch after batch, or as an Arrow stream. When it is dropped, the query is cancelled.
#[pyclass(module = "swath._internal", frozen)]
pub struct BatchReader {
    schema: SchemaRef,
    session: sw::Session,
    /// None once it is at its end, handed over, or closed.
    stream: Mutex<Option<sw::BatchStream>>,
    /// How far the query is.
    watch: Watch,
}

impl BatchReader {
    /// The batches of `stream`, which `session` runs; `watch` sees its plan.
    pub fn new(session: sw::Session, stream: sw::BatchStream, watch: Watch) -> Self {
        Self { schema: stream.schema(), session, stream: Mutex::new(Some(stream)), watch }
    }

    fn take(&self) -> Option<sw::BatchStream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The next batch of `stream` and the stream behind it.
fn next(
    session: &sw::Session,
    mut stream: sw::BatchStream,
) -> sw::Result<(Option<RecordBatch>, Option<sw::BatchStream>)> {
    let (batch, stream) = session.engine().block_on(async move {
        let batch = stream.next().await;
        Ok((batch, stream))
    })?;
    Ok(match batch {
        Some(batch) => (Some(batch?), Some(stream)),
        None => (None, None),
    })
}

#[pymethods]
impl BatchReader {
    /// The schema, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, &self.schema)
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Batches> {
        let Some(stream) = self.take() else { return Err(PyStopIteration::new_err(())) };
        let (batch, rest) = detached_over(py, &self.watch, || next(&self.session, stream))?;
        *self.stream.lock().unwrap_or_else(PoisonError::into_inner) = rest;
        match batch {
            Some(batch) => Ok(Batches::new(Arc::clone(&self.schema), vec![batch])),
            None => Err(PyStopIteration::new_err(())),
        }
    }

    /// Cancels the query.
    fn close(&self, py: Python<'_>) {
        let stream = self.take();
        py.detach(|| drop(stream));
    }

    /// What has not been read yet, as a capsule of a stream.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let stream = self.take().ok_or_else(|| {
            raised(py, "InvalidArgumentError", "this stream was read or closed before; make another one".to_owned())
        })?;
        let reader = Running { schema: Arc::clone(&self.schema), session: self.session.clone(), stream: Some(stream) };
        capsule::stream(py, as_requested(Box::new(reader), requested_schema)?)
    }
}

/// A running query under another library's hands.
struct Running {
    schema: SchemaRef,
    session: sw::Session,
    stream: Option<sw::BatchStream>,
}

impl Iterator for Running {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let stream = self.stream.take()?;
        // Whoever reads may hold the GIL, which Python functions in the query would wait for.
        match Python::attach(|py| detached(py, || next(&self.session, stream))) {
            Ok((batch, rest)) => {
                self.stream = rest;
                batch.map(Ok)
            }
            Err(error) => Some(Err(ArrowError::ExternalError(Box::new(error)))),
        }
    }
}

impl RecordBatchReader for Running {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// `reader` with the types that its reader would rather have, where they can be made: the interface allows to hand out others.
fn as_requested(reader: capsule::Reader, requested: Option<&Bound<'_, PyAny>>) -> PyResult<capsule::Reader> {
    let Some(requested) = requested.filter(|requested| !requested.is_none()) else { return Ok(reader) };
    let requested = capsule::schema_in(requested.cast::<PyCapsule>()?)?;
    let schema = reader.schema();
    let differ = |(here, there): (&Arc<arrow::datatypes::Field>, &Arc<arrow::datatypes::Field>)| {
        here.data_type() != there.data_type()
    };
    let fits = schema.fields().len() == requested.fields().len()
        && schema.fields().iter().zip(requested.fields()).all(|(here, there)| {
            here.data_type() == there.data_type() || can_cast_types(here.data_type(), there.data_type())
        });
    if !fits || !schema.fields().iter().zip(requested.fields()).any(differ) {
        return Ok(reader);
    }
    let fields = schema.fields().iter().zip(requested.fields());
    let fields: Vec<_> =
        fields.map(|(here, there)| here.as_ref().clone().with_data_type(there.data_type().clone())).collect();
    let types: Vec<DataType> = fields.iter().map(|field| field.data_type().clone()).collect();
    let schema: SchemaRef = Arc::new(arrow::datatypes::Schema::new_with_metadata(fields, schema.metadata().clone()));
    let made = Arc::clone(&schema);
    let batches = reader.map(move |batch| {
        let batch = batch?;
        let columns = batch.columns().iter().zip(&types).map(|(column, wanted)| match column.data_type() == wanted {
            true => Ok(make_array(column.to_data())),
            false => cast(column, wanted),
        });
        RecordBatch::try_new(Arc::clone(&made), columns.collect::<Result<_, _>>()?)
    });
    Ok(Box::new(RecordBatchIterator::new(batches, schema)))
}
