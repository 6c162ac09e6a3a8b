//! Batches with the schema that their plan declares.
//!
//! Operators may give batches whose columns say of themselves that they hold nulls where the plan says that they do not, or the other
//! way round: the optimiser narrows schemas, and a file's own fields need not be those of its table. In one process nobody looks. A
//! partition that is stored, sent and read by another plan has one schema, and each of its batches has just that.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::common::{Result, exec_err};

/// `batch` with `schema`, if it differs from it only in what may be null, and in metadata. Columns are not copied.
///
/// # Errors
/// If names or types differ, or a column that is declared without nulls has some; the message names the column.
pub fn as_declared(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let given = batch.schema();
    if Arc::ptr_eq(&given, schema) || given.fields() == schema.fields() {
        return Ok(batch);
    }
    if given.fields().len() != schema.fields().len() {
        return exec_err!("expected batches of {} columns, got {}", schema.fields().len(), given.fields().len());
    }
    let columns = given.fields().iter().zip(schema.fields()).zip(batch.columns());
    let columns = columns.map(|((given, declared), column)| column_as_declared(given, declared, column));
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect::<Result<_>>()?, &rows)?)
}

fn column_as_declared(given: &FieldRef, declared: &FieldRef, column: &ArrayRef) -> Result<ArrayRef> {
    let name = declared.name();
    if given.name() != name || !is_alike(given.data_type(), declared.data_type()) {
        return exec_err!("expected a column '{name}' of {}, got {given}", declared.data_type());
    }
    if !declared.is_nullable() && column.null_count() > 0 {
        return exec_err!(
            "column '{name}' is declared NOT NULL, and {} of {} rows have null; declare it without NOT NULL, or filter these rows",
            column.null_count(),
            column.len()
        );
    }
    if column.data_type() == declared.data_type() {
        return Ok(Arc::clone(column));
    }
    // What may be null inside of lists and structs.
    cast(column, declared.data_type()).or_else(|error| {
        exec_err!("column '{name}' is declared {}, and its values do not fit: {error}", declared.data_type())
    })
}

/// Whether two types differ at most in what may be null inside of them, and in metadata.
fn is_alike(one: &DataType, other: &DataType) -> bool {
    match (one, other) {
        (DataType::List(one), DataType::List(other)) | (DataType::LargeList(one), DataType::LargeList(other)) => {
            is_alike(one.data_type(), other.data_type())
        }
        (DataType::FixedSizeList(one, length), DataType::FixedSizeList(other, other_length)) => {
            length == other_length && is_alike(one.data_type(), other.data_type())
        }
        (DataType::Struct(one), DataType::Struct(other)) => {
            let field = |(one, other): (&FieldRef, &FieldRef)| {
                one.name() == other.name() && is_alike(one.data_type(), other.data_type())
            };
            one.len() == other.len() && one.iter().zip(other).all(field)
        }
        (DataType::Map(one, _), DataType::Map(other, _)) => is_alike(one.data_type(), other.data_type()),
        _ => one.equals_datatype(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, Int64Array, ListArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field, Int64Type, Schema};

    fn schema(data_type: DataType, nullable: bool) -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("x", data_type, nullable)]))
    }

    fn batch(values: Vec<Option<i64>>, nullable: bool) -> RecordBatch {
        RecordBatch::try_new(schema(DataType::Int64, nullable), vec![Arc::new(Int64Array::from(values))]).unwrap()
    }

    #[test]
    fn what_may_be_null_is_what_is_declared() {
        for (given, declared) in [(true, false), (false, true), (true, true)] {
            let given = batch(vec![Some(1), Some(2)], given);
            let column = Arc::clone(given.column(0));
            let schema = schema(DataType::Int64, declared);
            let found = as_declared(given, &schema).unwrap();
            assert_eq!(found.schema(), schema);
            assert!(Arc::ptr_eq(found.column(0), &column));
        }
        let none = RecordBatch::new_empty(Arc::new(Schema::empty()));
        assert_eq!(as_declared(none.clone(), &none.schema()).unwrap(), none);
    }

    #[test]
    fn nulls_that_are_denied_are_told() {
        let error = as_declared(batch(vec![Some(1), None], true), &schema(DataType::Int64, false)).unwrap_err();
        assert!(error.to_string().contains("column 'x' is declared NOT NULL, and 1 of 2 rows"), "{error}");
        let error = as_declared(batch(vec![Some(1)], true), &schema(DataType::Utf8, true)).unwrap_err();
        assert!(error.to_string().contains("expected a column 'x' of Utf8, got"), "{error}");
    }

    #[test]
    fn lists_are_looked_into() {
        let list = |nullable| DataType::List(Arc::new(Field::new_list_field(DataType::Int64, nullable)));
        let of = |values: Int64Array, nullable| {
            let item = Arc::new(Field::new_list_field(DataType::Int64, nullable));
            let lists = ListArray::new(item, OffsetBuffer::from_lengths([values.len()]), Arc::new(values), None);
            RecordBatch::try_new(schema(list(nullable), true), vec![Arc::new(lists)]).unwrap()
        };
        for (given, declared) in [(true, false), (false, true)] {
            let found = as_declared(of(Int64Array::from(vec![1, 2]), given), &schema(list(declared), true)).unwrap();
            assert_eq!(found.column(0).data_type(), &list(declared));
            assert_eq!(found.column(0).as_list::<i32>().values().as_primitive::<Int64Type>().values(), &[1, 2]);
        }
        let nulls = of(Int64Array::from(vec![Some(1), None]), true);
        let error = as_declared(nulls, &schema(list(false), true)).unwrap_err().to_string();
        assert!(error.contains("column 'x' is declared") && error.contains("do not fit"), "{error}");
    }
}
