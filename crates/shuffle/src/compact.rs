//! Batches that hold no more than their rows.
//!
//! A view column refers to buffers of text that many batches share: after a filter or a hash partitioning each small batch
//! would keep, and send, all of the text that it was cut from.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{BinaryViewType, ByteViewType, DataType, StringViewType};
use arrow::error::ArrowError;

/// A view column is rewritten when it keeps more than this many times what its rows refer to.
const WASTE: usize = 2;

/// `batch` with its view columns rewritten where they keep much more text than their rows refer to.
///
/// # Errors
/// If the columns do not fit together any more; never in practice.
pub fn compact(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let wasteful = |column: &ArrayRef| match column.data_type() {
        DataType::Utf8View => is_wasteful::<StringViewType>(column),
        DataType::BinaryView => is_wasteful::<BinaryViewType>(column),
        _ => false,
    };
    if !batch.columns().iter().any(wasteful) {
        return Ok(batch);
    }
    let columns = batch.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View if wasteful(column) => Arc::new(column.as_string_view().gc()) as ArrayRef,
        DataType::BinaryView if wasteful(column) => Arc::new(column.as_binary_view().gc()) as ArrayRef,
        _ => Arc::clone(column),
    });
    RecordBatch::try_new(batch.schema(), columns.collect())
}

fn is_wasteful<T: ByteViewType>(column: &ArrayRef) -> bool {
    let views = column.as_byte_view::<T>();
    let kept: usize = views.data_buffers().iter().map(|buffer| buffer.len()).sum();
    kept > 0 && kept > WASTE * views.total_buffer_bytes_used()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringViewArray;

    #[test]
    fn a_slice_lets_go_of_the_rest() {
        let texts: Vec<String> = (0..1000).map(|i| format!("a text that is longer than a view, number {i}")).collect();
        let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts));
        let batch = RecordBatch::try_from_iter([("t", column)]).unwrap();
        let slice = batch.slice(10, 2);
        let small = compact(slice.clone()).unwrap();
        assert_eq!(small, slice);
        assert!(small.get_array_memory_size() < 1000 && slice.get_array_memory_size() > 10_000);
        let whole = compact(batch.clone()).unwrap();
        assert!(Arc::ptr_eq(whole.column(0), batch.column(0)), "a full batch is not copied");
    }
}
