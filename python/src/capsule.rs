//! The Arrow PyCapsule interface: streams and schemas in and out, without copies.

use std::ffi::CStr;

use arrow::array::{
    Array as _, ArrayData, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray, make_array,
};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow::ffi_stream::FFI_ArrowArrayStream;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::imported::{Rows, Stream, imported};

const STREAM: &CStr = c"arrow_array_stream";
pub const ARRAY: &CStr = c"arrow_array";
pub const SCHEMA: &CStr = c"arrow_schema";

/// Batches as they come, with their schema.
pub type Reader = Box<dyn RecordBatchReader + Send>;

/// A capsule of `reader`, for `__arrow_c_stream__`.
pub fn stream(py: Python<'_>, reader: Reader) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), STREAM)
}

/// A capsule of `schema`, for `__arrow_c_schema__`.
pub fn schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema).map_err(invalid)?;
    PyCapsule::new_with_value(py, schema, SCHEMA)
}

/// What `object` hands out through `__arrow_c_stream__` or `__arrow_c_array__`.
///
/// # Errors
/// `TypeError` if it has neither; what it raises itself.
pub fn reader(object: &Bound<'_, PyAny>) -> PyResult<Reader> {
    if object.hasattr("__arrow_c_stream__")? {
        let capsule = object.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: a capsule of this name holds a stream; it is moved out, which leaves a released one behind.
        let stream = unsafe { Stream::moved_from(pointer.as_ptr()) }.map_err(invalid)?;
        return Ok(Box::new(Rows::new(stream).map_err(invalid)?));
    }
    if object.hasattr("__arrow_c_array__")? {
        let batch = batch(object)?;
        return Ok(Box::new(RecordBatchIterator::new([Ok(batch.clone())], batch.schema())));
    }
    let name = object.get_type().fully_qualified_name()?;
    Err(PyTypeError::new_err(format!(
        "expected an object with the Arrow PyCapsule interface (a pyarrow, polars, pandas or duckdb table), got {name}"
    )))
}

/// What `object` hands out through `__arrow_c_array__`, as one batch.
fn batch(object: &Bound<'_, PyAny>) -> PyResult<RecordBatch> {
    let data = array(object)?;
    if !matches!(data.data_type(), DataType::Struct(_)) {
        return Err(PyValueError::new_err(format!(
            "expected rows (a struct array), got an array of {}",
            data.data_type()
        )));
    }
    let rows = StructArray::from(data);
    if rows.null_count() > 0 {
        return Err(PyValueError::new_err("expected rows, got a struct array in which some are null"));
    }
    Ok(rows.into())
}

/// What `object` hands out through `__arrow_c_array__`.
fn array(object: &Bound<'_, PyAny>) -> PyResult<ArrayData> {
    let capsules = object.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?;
    let (schema, array) = capsules.extract::<(Bound<'_, PyCapsule>, Bound<'_, PyCapsule>)>()?;
    let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: capsules of these names hold a schema, which stays theirs, and an array, which is moved out.
    unsafe { imported(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) }.map_err(invalid)
}

/// The schema that `object` hands out through `__arrow_c_schema__`.
pub fn schema_of(object: &Bound<'_, PyAny>) -> PyResult<SchemaRef> {
    schema_in(&object.call_method0("__arrow_c_schema__")?.cast_into::<PyCapsule>()?)
}

/// The schema in a capsule.
pub fn schema_in(capsule: &Bound<'_, PyCapsule>) -> PyResult<SchemaRef> {
    let pointer = capsule.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    // SAFETY: a capsule of this name holds a schema, which stays its own.
    let schema = Schema::try_from(unsafe { pointer.as_ref() }).map_err(invalid)?;
    Ok(schema.into())
}

/// The type that `object` hands out through `__arrow_c_schema__`.
pub fn type_of(object: &Bound<'_, PyAny>) -> PyResult<DataType> {
    let capsule = object.call_method0("__arrow_c_schema__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    // SAFETY: as in `schema_in`.
    DataType::try_from(unsafe { pointer.as_ref() }).map_err(invalid)
}

/// The arrays that `object`, a column of another library, hands out through `__arrow_c_array__` or `__arrow_c_stream__`.
///
/// # Errors
/// `TypeError` if it has neither; what it raises itself.
pub fn arrays(object: &Bound<'_, PyAny>) -> PyResult<(DataType, Vec<ArrayRef>)> {
    if object.hasattr("__arrow_c_array__")? {
        let array = array(object)?;
        return Ok((array.data_type().clone(), vec![make_array(array)]));
    }
    let capsule = object.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds a stream; it is moved out, which leaves a released one behind.
    let mut stream = unsafe { Stream::moved_from(pointer.as_ptr()) }.map_err(invalid)?;
    let data_type = DataType::try_from(stream.schema()).map_err(invalid)?;
    let mut arrays = vec![];
    while let Some(array) = stream.next_array().map_err(invalid)? {
        arrays.push(make_array(array));
    }
    Ok((data_type, arrays))
}

/// An error of the Arrow format.
pub fn invalid(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
