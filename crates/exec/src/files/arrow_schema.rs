//! The schema of an Arrow IPC file, from its footer.
//!
//! DataFusion 55 reads it from the file's begin where the store gives a stream (HTTP, S3), and takes the first message to stand
//! right behind the magic number. Writers that align to 64 bytes put padding there. The footer is found from the end.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::root_as_footer;
use datafusion::common::Result;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

const MAGIC: &[u8] = b"ARROW1";
/// The length of the footer, and the magic number again.
const TRAILER_BYTES: u64 = 10;
/// Read at the first try: enough for the footer of most files.
const TAIL_BYTES: u64 = 16 << 10;

/// The schema of the file; none if it is in the format of streams, which has no footer.
///
/// # Errors
/// If the file cannot be read, or ends before its footer does.
pub(super) async fn from_footer(store: &Arc<dyn ObjectStore>, file: &ObjectMeta) -> Result<Option<SchemaRef>> {
    let wrong = |message: &str| ArrowError::ParseError(message.to_owned());
    let size = file.size;
    if size < MAGIC.len() as u64 + TRAILER_BYTES || store.get_range(&file.location, 0..6).await? != MAGIC {
        return Ok(None);
    }
    let mut tail = store.get_range(&file.location, size.saturating_sub(TAIL_BYTES)..size).await?;
    let trailer = tail.last_chunk().ok_or_else(|| wrong("the file is shorter than it was"))?;
    let footer_bytes = read_footer_length(*trailer)?;
    let needed = footer_bytes as u64 + TRAILER_BYTES;
    if needed > size {
        return Err(wrong("the footer is longer than the file").into());
    }
    if needed > tail.len() as u64 {
        tail = store.get_range(&file.location, size - needed..size).await?;
    }
    let end = tail.len().saturating_sub(TRAILER_BYTES as usize);
    let footer = tail.get(end.saturating_sub(footer_bytes)..end).unwrap_or_default();
    let footer = root_as_footer(footer).map_err(|error| wrong(&format!("the footer is damaged: {error}")))?;
    let schema = footer.schema().ok_or_else(|| wrong("the footer has no schema"))?;
    if schema.fields().is_none() {
        return Err(wrong("the schema in the footer has no fields").into());
    }
    Ok(Some(Arc::new(fb_to_schema(schema))))
}
