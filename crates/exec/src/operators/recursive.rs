//! The wire forms of DataFusion's recursive queries, which its own serialisation leaves out.
//!
//! The work table that links the two operators is made anew: a recursive query hands its own to the scans of its name below it.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, internal_err, not_impl_err};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::work_table::WorkTableExec;

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// Name, schema and kind of a recursive query.
pub const QUERY_WIRE: WireForm = WireForm { encode: encode_query, decode: decode_query };

/// Name and schema of a scan of the work table.
pub const WORK_TABLE_WIRE: WireForm = WireForm { encode: encode_work_table, decode: decode_work_table };

/// `query` with every scan of its work table in the form that [`WORK_TABLE_WIRE`] can write: all columns, a projection above.
///
/// # Errors
/// If columns of one name are chosen from several: their places are not known here.
pub fn with_whole_work_tables(query: &RecursiveQueryExec) -> Result<Arc<dyn ExecutionPlan>> {
    let whole = query.schema();
    let widen = |node: Arc<dyn ExecutionPlan>| {
        let Some(scan) = node.downcast_ref::<WorkTableExec>() else { return Ok(Transformed::no(node)) };
        if scan.name() != query.name() || scan.schema().fields().len() == whole.fields().len() {
            return Ok(Transformed::no(node));
        }
        let table = Arc::new(WorkTableExec::new(scan.name().to_owned(), Arc::clone(&whole), None)?);
        let columns =
            scan.schema().fields().iter().map(|field| place(&whole, field.name())).collect::<Result<Vec<_>>>()?;
        Ok(Transformed::yes(Arc::new(ProjectionExec::try_new(columns, table)?) as Arc<dyn ExecutionPlan>))
    };
    let recursive = Arc::clone(query.recursive_term()).transform_up(widen).data()?;
    let (name, fixed) = (query.name().to_owned(), Arc::clone(query.static_term()));
    Ok(Arc::new(RecursiveQueryExec::try_new(name, whole, fixed, recursive, query.is_distinct())?))
}

type NamedColumn = (Arc<dyn datafusion::physical_expr::PhysicalExpr>, String);

fn place(schema: &Schema, name: &str) -> Result<NamedColumn> {
    let mut places = schema.fields().iter().enumerate().filter(|(_, field)| field.name() == name);
    match (places.next(), places.next()) {
        (Some((index, _)), None) => Ok((Arc::new(Column::new(name, index)), name.to_owned())),
        _ => not_impl_err!("on a cluster, the columns of a recursive query need names of their own; '{name}' is not"),
    }
}

fn encode_query(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(query) = node.downcast_ref::<RecursiveQueryExec>() else {
        return internal_err!("expected a RecursiveQueryExec, got {}", node.name());
    };
    message.text(query.name());
    message.schema(&query.schema())?;
    message.flag(query.is_distinct());
    Ok(())
}

fn decode_query(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [fixed, recursive] = wire::inputs("RecursiveQueryExec", inputs)?;
    let (name, schema, is_distinct) = (message.text()?.to_owned(), message.schema()?, message.flag()?);
    Ok(Arc::new(RecursiveQueryExec::try_new(name, schema, fixed, recursive, is_distinct)?))
}

fn encode_work_table(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(table) = node.downcast_ref::<WorkTableExec>() else {
        return internal_err!("expected a WorkTableExec, got {}", node.name());
    };
    message.text(table.name());
    message.schema(&table.schema())
}

fn decode_work_table(
    message: &mut WireReader<'_>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let [] = wire::inputs("WorkTableExec", inputs)?;
    let (name, schema) = (message.text()?.to_owned(), message.schema()?);
    Ok(Arc::new(WorkTableExec::new(name, schema, None)?))
}
