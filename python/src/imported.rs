//! Arrays and streams of other libraries, as they come through Arrow's C interfaces.

use std::ffi::CStr;

use arrow::array::{ArrayData, RecordBatch, RecordBatchOptions, RecordBatchReader, StructArray};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow::ffi_stream::FFI_ArrowArrayStream;

/// The array, not copied.
///
/// # Safety
/// `array` follows the C data interface, and is of the type that `schema` says.
pub unsafe fn imported(mut array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> Result<ArrayData, ArrowError> {
    // SAFETY: as the caller promises.
    unsafe {
        drop_buffers_of_nulls(&raw mut array, schema);
        from_ffi(array, schema)
    }
}

/// Arrays of nulls have no buffers. Polars gives them one, of no address, which arrow-rs would refuse.
///
/// What releases the array does not count its buffers: it finds them in its private data.
///
/// # Safety
/// As for [`imported`].
unsafe fn drop_buffers_of_nulls(array: *mut FFI_ArrowArray, schema: &FFI_ArrowSchema) {
    // SAFETY: the caller has the array, and nobody else looks at it: it was moved out of where it came from.
    let array = unsafe { &mut *array };
    if schema.format() == "n" {
        array.n_buffers = 0;
    }
    let children = usize::try_from(array.n_children).unwrap_or(0);
    for (position, child) in schema.children().enumerate().take(children) {
        // SAFETY: there are so many children, which belong to the array alone.
        unsafe { drop_buffers_of_nulls(*array.children.add(position), child) };
    }
    if let Some(values) = schema.dictionary().filter(|_| !array.dictionary.is_null()) {
        // SAFETY: the dictionary belongs to the array alone.
        unsafe { drop_buffers_of_nulls(array.dictionary, values) };
    }
}

/// A stream of arrays of one type.
pub struct Stream {
    stream: FFI_ArrowArrayStream,
    schema: FFI_ArrowSchema,
}

impl Stream {
    /// The stream at `pointer`, which leaves a released one behind.
    ///
    /// # Safety
    /// `pointer` is that of a stream after the C stream interface, released or not.
    pub unsafe fn moved_from(pointer: *mut FFI_ArrowArrayStream) -> Result<Self, ArrowError> {
        // SAFETY: as the caller promises.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer) };
        let mut made = Self { stream, schema: FFI_ArrowSchema::empty() };
        let get_schema = made.stream.get_schema.filter(|_| made.stream.release.is_some()).ok_or_else(read_before)?;
        // SAFETY: the functions of a stream that is not released may be called with it and a place for what they give.
        match unsafe { get_schema(&raw mut made.stream, &raw mut made.schema) } {
            0 => Ok(made),
            _ => Err(made.failure()),
        }
    }

    /// What all arrays are.
    pub fn schema(&self) -> &FFI_ArrowSchema {
        &self.schema
    }

    /// The next array; nothing at the end.
    pub fn next_array(&mut self) -> Result<Option<ArrayData>, ArrowError> {
        let get_next = self.stream.get_next.ok_or_else(read_before)?;
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: as in `moved_from`.
        if unsafe { get_next(&raw mut self.stream, &raw mut array) } != 0 {
            return Err(self.failure());
        }
        if array.is_released() {
            return Ok(None);
        }
        // SAFETY: the stream says that the array is of the schema.
        unsafe { imported(array, &self.schema) }.map(Some)
    }

    /// What the stream says about its last error.
    fn failure(&mut self) -> ArrowError {
        // SAFETY: the text, if there is one, lives until the next call.
        let said = self.stream.get_last_error.and_then(|get_last_error| unsafe {
            let text = get_last_error(&raw mut self.stream);
            (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
        });
        ArrowError::CDataInterface(said.unwrap_or_else(|| "the Arrow stream failed".to_owned()))
    }
}

fn read_before() -> ArrowError {
    ArrowError::CDataInterface("the Arrow stream was read before".to_owned())
}

/// The batches of a stream of rows.
pub struct Rows {
    stream: Stream,
    schema: SchemaRef,
}

impl Rows {
    /// The rows of `stream`.
    ///
    /// # Errors
    /// If it is a stream of something else.
    pub fn new(stream: Stream) -> Result<Self, ArrowError> {
        let schema = Schema::try_from(stream.schema())?.into();
        Ok(Self { stream, schema })
    }

    fn batch(&self, rows: ArrayData) -> Result<RecordBatch, ArrowError> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let columns = StructArray::from(rows).into_parts().1;
        RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.stream.next_array().transpose()?;
        Some(rows.and_then(|rows| self.batch(rows)))
    }
}

impl RecordBatchReader for Rows {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}
