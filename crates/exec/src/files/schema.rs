//! One schema for several files.
//!
//! | format | what may differ between the files |
//! |---|---|
//! | Parquet, JSON | columns may be missing (they read as null) or stand in another order |
//! | CSV | nothing but the types: columns are found by position, so names and their order must agree |
//! | Arrow | nothing |
//!
//! Where a column's types differ, the wider of two numbers of one kind is taken; in CSV and JSON, whose types are only
//! inferred, whole and floating-point numbers meet as floating-point, and in CSV times of one zone as the most exact, anything else as text.
//! The same goes for the items of lists and the fields of structs. Whatever is left is an error that names both files and the column.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::common::Result;

use super::{FileError, FormatKind};

/// The schema that holds the rows of all `files`, given as (address, schema).
///
/// # Errors
/// If they cannot be read as one table; the message names two files and the column.
pub fn merge(kind: FormatKind, files: &[(String, SchemaRef)]) -> Result<SchemaRef> {
    let Some((first_path, first)) = files.first() else {
        return Ok(Arc::new(Schema::empty()));
    };
    if files.iter().all(|(_, schema)| schema.fields() == first.fields()) {
        return Ok(Arc::clone(first));
    }
    // Each column with the file that it was first seen in.
    let mut columns: Vec<(FieldRef, &str)> =
        first.fields().iter().map(|field| (Arc::clone(field), first_path.as_str())).collect();
    for (path, schema) in &files[1..] {
        if matches!(kind, FormatKind::Csv | FormatKind::Arrow) {
            same_names(path, schema, first_path, first)?;
        }
        for field in schema.fields() {
            match columns.iter_mut().find(|(known, _)| known.name() == field.name()) {
                None => columns.push((Arc::new(field.as_ref().clone().with_nullable(true)), path)),
                Some((known, origin)) => {
                    let Some(data_type) = common_type(kind, known.data_type(), field.data_type()) else {
                        return Err(mismatch(path, field, origin, known));
                    };
                    let nullable = known.is_nullable() || field.is_nullable();
                    if data_type != *known.data_type() || nullable != known.is_nullable() {
                        *known = Arc::new(
                            Field::new(known.name(), data_type, nullable).with_metadata(known.metadata().clone()),
                        );
                    }
                }
            }
        }
        for (known, _) in columns.iter_mut().filter(|(known, _)| schema.column_with_name(known.name()).is_none()) {
            *known = Arc::new(known.as_ref().clone().with_nullable(true));
        }
    }
    let fields: Vec<FieldRef> = columns.into_iter().map(|(field, _)| field).collect();
    Ok(Arc::new(Schema::new_with_metadata(fields, first.metadata().clone())))
}

fn same_names(path: &str, schema: &Schema, first_path: &str, first: &Schema) -> Result<()> {
    let position = (0..schema.fields().len().max(first.fields().len())).find(|&at| {
        schema.fields().get(at).map(|field| field.name()) != first.fields().get(at).map(|field| field.name())
    });
    let Some(position) = position else { return Ok(()) };
    let name = |schema: &Schema| {
        schema.fields().get(position).map_or("missing".to_owned(), |field| format!("'{}'", field.name()))
    };
    let message = format!(
        "column {} is {}, but in {first_path} it is {}; files that are read together must have the same columns in the \
         same order",
        position + 1,
        name(schema),
        name(first)
    );
    Err(FileError::engine(path, message))
}

fn mismatch(path: &str, field: &Field, other_path: &str, other: &Field) -> datafusion::common::DataFusionError {
    let message = format!(
        "column '{}' is {}, but in {other_path} it is {}; read the files apart and cast, or give the schema",
        field.name(),
        field.data_type(),
        other.data_type()
    );
    FileError::engine(path, message)
}

fn common_type(kind: FormatKind, a: &DataType, b: &DataType) -> Option<DataType> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (DataType::Null, other) | (other, DataType::Null) => return Some(other.clone()),
        _ if kind == FormatKind::Arrow => return None,
        _ => {}
    }
    let wider = |rank: fn(&DataType) -> Option<u8>| match (rank(a), rank(b)) {
        (Some(left), Some(right)) => Some(if left >= right { a.clone() } else { b.clone() }),
        _ => None,
    };
    if let Some(data_type) =
        wider(signed_rank).or_else(|| wider(unsigned_rank)).or_else(|| wider(float_rank)).or_else(|| wider(text_rank))
    {
        return Some(data_type);
    }
    if let (FormatKind::Csv, Some(time)) = (kind, common_time(a, b)) {
        return Some(time);
    }
    if let Some(nested) = common_nested(kind, a, b) {
        return Some(nested);
    }
    match kind {
        FormatKind::Csv | FormatKind::Json if is_number(a) && is_number(b) => Some(DataType::Float64),
        FormatKind::Csv => Some(DataType::Utf8),
        _ => None,
    }
}

/// The type of lists or structs whose items or fields meet, one by one; structs have the same fields in the same order.
fn common_nested(kind: FormatKind, a: &DataType, b: &DataType) -> Option<DataType> {
    let meet = |a: &FieldRef, b: &FieldRef| {
        let data_type = common_type(kind, a.data_type(), b.data_type())?;
        let field = a.as_ref().clone().with_data_type(data_type);
        Some(Arc::new(field.with_nullable(a.is_nullable() || b.is_nullable())))
    };
    match (a, b) {
        (DataType::List(a), DataType::List(b)) => meet(a, b).map(DataType::List),
        (DataType::LargeList(a), DataType::LargeList(b)) => meet(a, b).map(DataType::LargeList),
        (DataType::FixedSizeList(a, length), DataType::FixedSizeList(b, other)) if length == other => {
            meet(a, b).map(|item| DataType::FixedSizeList(item, *length))
        }
        (DataType::Struct(a), DataType::Struct(b)) if a.len() == b.len() => {
            let fields = a.iter().zip(b).map(|(a, b)| (a.name() == b.name()).then(|| meet(a, b)).flatten());
            fields.collect::<Option<Fields>>().map(DataType::Struct)
        }
        _ => None,
    }
}

/// The type of times of which some are known more exactly: how many digits a text has is chance.
fn common_time(a: &DataType, b: &DataType) -> Option<DataType> {
    match (a, b) {
        (DataType::Timestamp(unit, zone), DataType::Timestamp(other, same)) if zone == same => {
            Some(DataType::Timestamp(*unit.max(other), zone.clone()))
        }
        (DataType::Date32, time @ DataType::Timestamp(_, None))
        | (time @ DataType::Timestamp(_, None), DataType::Date32) => Some(time.clone()),
        _ => None,
    }
}

fn is_number(data_type: &DataType) -> bool {
    signed_rank(data_type).or_else(|| unsigned_rank(data_type)).or_else(|| float_rank(data_type)).is_some()
}

fn signed_rank(data_type: &DataType) -> Option<u8> {
    [DataType::Int8, DataType::Int16, DataType::Int32, DataType::Int64]
        .iter()
        .position(|t| t == data_type)
        .map(|at| at as u8)
}

fn unsigned_rank(data_type: &DataType) -> Option<u8> {
    [DataType::UInt8, DataType::UInt16, DataType::UInt32, DataType::UInt64]
        .iter()
        .position(|t| t == data_type)
        .map(|at| at as u8)
}

fn float_rank(data_type: &DataType) -> Option<u8> {
    [DataType::Float16, DataType::Float32, DataType::Float64].iter().position(|t| t == data_type).map(|at| at as u8)
}

fn text_rank(data_type: &DataType) -> Option<u8> {
    [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View].iter().position(|t| t == data_type).map(|at| at as u8)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn file(name: &str, fields: &[(&str, DataType)]) -> (String, SchemaRef) {
        let fields: Vec<Field> = fields.iter().map(|(name, t)| Field::new(*name, t.clone(), false)).collect();
        (name.to_owned(), Arc::new(Schema::new(fields)))
    }

    #[test]
    fn missing_columns_become_nullable() {
        let a = file("a", &[("x", DataType::Int32), ("y", DataType::Int8)]);
        let b = file("b", &[("x", DataType::Int64), ("z", DataType::Utf8View)]);
        let merged = merge(FormatKind::Parquet, &[a, b]).unwrap();
        let shown: Vec<String> =
            merged.fields().iter().map(|f| format!("{} {} {}", f.name(), f.data_type(), f.is_nullable())).collect();
        assert_eq!(shown, ["x Int64 false", "y Int8 true", "z Utf8View true"]);
    }

    #[test]
    fn what_cannot_meet_names_both_files_and_the_column() {
        let a = file("a.parquet", &[("x", DataType::Int32)]);
        let b = file("b.parquet", &[("x", DataType::Utf8View)]);
        let error = merge(FormatKind::Parquet, &[a, b]).unwrap_err().to_string();
        for part in ["a.parquet", "b.parquet", "'x'", "Int32", "Utf8View"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn items_and_fields_meet_one_by_one() {
        let list = |item, nullable| DataType::new_list(item, nullable);
        let pair =
            |first, second| DataType::Struct(vec![Field::new("a", first, false), Field::new("b", second, true)].into());
        let merged = |a: &DataType, b: &DataType| {
            let files = [file("a", &[("x", a.clone())]), file("b", &[("x", b.clone())])];
            merge(FormatKind::Parquet, &files).map(|schema| schema.field(0).data_type().clone())
        };
        assert_eq!(
            merged(&list(DataType::Int32, false), &list(DataType::Int64, true)).unwrap(),
            list(DataType::Int64, true)
        );
        assert_eq!(
            merged(
                &list(pair(DataType::Int8, DataType::Utf8), true),
                &list(pair(DataType::Int16, DataType::Utf8View), true)
            )
            .unwrap(),
            list(pair(DataType::Int16, DataType::Utf8View), true)
        );
        for other in [list(DataType::Utf8, true), DataType::Int32, pair(DataType::Int32, DataType::Int32)] {
            assert!(merged(&list(DataType::Int32, true), &other).is_err());
        }
    }

    #[test]
    fn csv_columns_must_stand_in_one_order() {
        let a = file("a.csv", &[("x", DataType::Int64), ("y", DataType::Int64)]);
        let b = file("b.csv", &[("y", DataType::Int64), ("x", DataType::Int64)]);
        let error = merge(FormatKind::Csv, &[a.clone(), b]).unwrap_err().to_string();
        assert!(error.contains("column 1 is 'y'") && error.contains("a.csv"), "{error}");
        let c = file("c.csv", &[("x", DataType::Int64), ("y", DataType::Boolean)]);
        assert_eq!(merge(FormatKind::Csv, &[a, c]).unwrap().field(1).data_type(), &DataType::Utf8);
    }

    #[test]
    fn times_in_csv_are_as_exact_as_the_most_exact() {
        let at = |unit, zone: Option<&str>| DataType::Timestamp(unit, zone.map(Into::into));
        let times = [at(TimeUnit::Second, None), at(TimeUnit::Microsecond, None), DataType::Date32];
        let files = times.map(|time| file("t.csv", &[("t", time)]));
        let merged =
            |files: &[(String, SchemaRef)]| merge(FormatKind::Csv, files).unwrap().field(0).data_type().clone();
        assert_eq!(merged(&files), at(TimeUnit::Microsecond, None));
        let zoned = file("z.csv", &[("t", at(TimeUnit::Second, Some("UTC")))]);
        assert_eq!(merged(&[files[0].clone(), zoned]), DataType::Utf8);
    }
}
