//! The types in which columns go into Parquet files, where arrow-rs cannot write their own.
//!
//! Its writer panics over dictionaries of views (`Dictionary(_, Utf8View)`, `Dictionary(_, BinaryView)`), also inside of lists,
//! structs and maps. They are written as dictionaries of plain text and bytes, and read back as these.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The schema of a file, and how batches come to have it.
pub struct AsStored {
    schema: SchemaRef,
    /// Whether any column is of another type than in the batches.
    differs: bool,
}

impl AsStored {
    /// For batches of `schema`.
    pub fn of(schema: &SchemaRef) -> Self {
        let fields = stored_fields(schema.fields());
        let differs = fields != *schema.fields();
        let schema = match differs {
            true => Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())),
            false => Arc::clone(schema),
        };
        Self { schema, differs }
    }

    /// The schema of the file.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// `batch` with the types of the file.
    pub fn batch<'a>(&self, batch: &'a RecordBatch) -> Result<Cow<'a, RecordBatch>, ArrowError> {
        if !self.differs {
            return Ok(Cow::Borrowed(batch));
        }
        let column = |(column, field): (&ArrayRef, &FieldRef)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        };
        let columns = batch.columns().iter().zip(self.schema.fields()).map(column).collect::<Result<_, _>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(Cow::Owned(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &rows)?))
    }
}

fn stored_fields(fields: &Fields) -> Fields {
    fields.iter().map(stored_field).collect()
}

fn stored_field(field: &FieldRef) -> FieldRef {
    let stored = stored(field.data_type());
    if stored == *field.data_type() {
        return Arc::clone(field);
    }
    Arc::new(field.as_ref().clone().with_data_type(stored))
}

fn stored(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(keys, values) => {
            let values = match values.as_ref() {
                DataType::Utf8View => Box::new(DataType::Utf8),
                DataType::BinaryView => Box::new(DataType::Binary),
                _ => values.clone(),
            };
            DataType::Dictionary(keys.clone(), values)
        }
        DataType::List(item) => DataType::List(stored_field(item)),
        DataType::LargeList(item) => DataType::LargeList(stored_field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(stored_field(item), *length),
        DataType::Struct(fields) => DataType::Struct(stored_fields(fields)),
        DataType::Map(entries, sorted) => DataType::Map(stored_field(entries), *sorted),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, DictionaryArray, Int32Array, ListArray, StringViewArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field, Int32Type};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

    use super::*;

    const LONG: &str = "a text that is longer than a view";

    #[test]
    fn dictionaries_of_views_are_written_and_read() {
        let views: ArrayRef = Arc::new(StringViewArray::from(vec!["short", LONG]));
        let keys = Int32Array::from(vec![Some(1), None, Some(0), Some(1)]);
        let dictionary: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(keys, views));
        let item = Arc::new(Field::new_list_field(dictionary.data_type().clone(), true));
        let lists = ListArray::new(item, OffsetBuffer::from_lengths([1, 0, 2, 1]), Arc::clone(&dictionary), None);
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..4));
        let columns = [("d", dictionary), ("l", Arc::new(lists) as ArrayRef), ("n", Arc::clone(&numbers))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();

        let stored = AsStored::of(&batch.schema());
        let written = stored.batch(&batch).unwrap();
        assert!(Arc::ptr_eq(written.column(2), &numbers), "what can be written is not copied");
        let mut writer = ArrowWriter::try_new(vec![], Arc::clone(stored.schema()), None).unwrap();
        writer.write(&written).unwrap();
        let file = bytes::Bytes::from(writer.into_inner().unwrap());
        let read = ParquetRecordBatchReader::try_new(file, 10).unwrap().next().unwrap().unwrap();
        let texts = cast(read.column(0), &DataType::Utf8).unwrap();
        let expected = [Some(LONG), None, Some("short"), Some(LONG)];
        assert_eq!(texts.as_string::<i32>().iter().collect::<Vec<_>>(), expected);
        let items = cast(read.column(1).as_list::<i32>().values(), &DataType::Utf8).unwrap();
        assert_eq!(items.as_string::<i32>().iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn other_schemas_stay() {
        let schema = Arc::new(Schema::new(vec![Field::new("v", DataType::Utf8View, true)]));
        assert!(Arc::ptr_eq(AsStored::of(&schema).schema(), &schema));
    }
}
