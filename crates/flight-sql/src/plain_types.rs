//! Results in types that every client knows.
//!
//! Views of strings and bytes, and dictionaries, are younger than many drivers, and Flight sends dictionaries as their values anyway.
//! The cast is a part of the plan, so that the workers do it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::Column;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use swath_collections::{DataFrame, Result};

/// `data_type` without views and dictionaries.
pub fn plain_type(data_type: &DataType) -> DataType {
    let field = |field: &FieldRef| plain_field(field);
    match data_type {
        DataType::Utf8View => DataType::LargeUtf8,
        DataType::BinaryView => DataType::LargeBinary,
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Map(entries, is_sorted) => DataType::Map(field(entries), *is_sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}

fn plain_field(field: &FieldRef) -> FieldRef {
    let data_type = plain_type(field.data_type());
    if data_type == *field.data_type() {
        return Arc::clone(field);
    }
    Arc::new(Field::clone(field).with_data_type(data_type))
}

/// `schema` without views and dictionaries.
pub fn plain_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<FieldRef> = schema.fields().iter().map(plain_field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// `frame` with its columns in plain types.
///
/// # Errors
/// The frame's own mistake.
pub fn plain_frame(frame: &DataFrame) -> Result<DataFrame> {
    let schema = frame.schema()?;
    if schema.fields().iter().all(|field| plain_type(field.data_type()) == *field.data_type()) {
        return Ok(frame.clone());
    }
    let plan = frame.logical_plan()?.clone();
    Ok(frame.session().frame(with_types(plan, &plain_schema(&schema))?))
}

fn with_types(plan: LogicalPlan, schema: &Schema) -> Result<LogicalPlan, DataFusionError> {
    let columns: Vec<Expr> = plan
        .schema()
        .iter()
        .zip(schema.fields())
        .map(|((qualifier, field), plain)| {
            let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
            match field.data_type() == plain.data_type() {
                true => column,
                false => cast(column, plain.data_type().clone()).alias_qualified(qualifier.cloned(), field.name()),
            }
        })
        .collect();
    LogicalPlanBuilder::new(plan).project(columns)?.build()
}

#[cfg(test)]
mod tests {
    use swath_collections::Session;

    use super::*;

    #[test]
    fn views_and_dictionaries_are_cast_by_the_plan() {
        let session = Session::embedded().threads(1).build().unwrap();
        let sql = "SELECT a.x, b.x, [b.x] AS l, 1 AS n FROM (SELECT arrow_cast('a', 'Utf8View') AS x) a, \
                   (SELECT arrow_cast('b', 'Dictionary(Int32, Utf8)') AS x) b ORDER BY a.x";
        let plain = plain_frame(&session.sql(sql).unwrap()).unwrap();
        let types: Vec<_> = plain.schema().unwrap().fields().iter().map(|field| field.data_type().clone()).collect();
        let list = DataType::new_list(DataType::Utf8, true);
        assert_eq!(types, [DataType::LargeUtf8, DataType::Utf8, list, DataType::Int64]);
        let batches = plain.collect().unwrap();
        assert_eq!(batches[0].column(0).data_type(), &DataType::LargeUtf8);
        assert_eq!(batches[0].num_rows(), 1);
        let ordinary = session.sql("SELECT 1 AS n, 'x' AS s").unwrap();
        assert_eq!(plain_frame(&ordinary).unwrap().logical_plan().unwrap(), ordinary.logical_plan().unwrap());
    }
}
