//! `INSERT INTO` and `INSERT OVERWRITE` of tables made by `CREATE EXTERNAL TABLE`, sent the way of every other write.
//!
//! DataFusion's own sink writes into the table's folder itself, so that a failed or killed insert leaves rows there. This
//! table reads as DataFusion's does, and inserts through [`WriteExec`]: what is inserted is seen as a whole, or not at all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{ScanArgs, ScanResult, Session, TableProvider, TableProviderFactory};
use datafusion::common::SchemaExt;
use datafusion::common::{Constraints, Result, Statistics, not_impl_err, plan_err};
use datafusion::datasource::TableType;
use datafusion::datasource::listing_table_factory::ListingTableFactory;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{CreateExternalTable, Expr, LogicalPlan, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::copy::spec_of_copy;
use super::node::writes_one_file;
use super::operator::WriteExec;
use super::spec::WriteMode;
use crate::files::float_bounds::as_hints_in;

/// Makes tables of `CREATE EXTERNAL TABLE`.
#[derive(Debug, Default)]
pub struct ExternalTableFactory {
    reader: ListingTableFactory,
}

#[async_trait]
impl TableProviderFactory for ExternalTableFactory {
    async fn create(&self, state: &dyn Session, command: &CreateExternalTable) -> Result<Arc<dyn TableProvider>> {
        let reader = self.reader.create(state, command).await?;
        Ok(Arc::new(ExternalTable {
            reader,
            locations: command.locations.clone(),
            file_type: command.file_type.to_ascii_lowercase(),
            partition_by: command.table_partition_cols.clone(),
            options: command.options.clone(),
        }))
    }
}

/// A table over files that `CREATE EXTERNAL TABLE` named.
#[derive(Debug)]
struct ExternalTable {
    reader: Arc<dyn TableProvider>,
    locations: Vec<String>,
    file_type: String,
    partition_by: Vec<String>,
    options: HashMap<String, String>,
}

#[async_trait]
impl TableProvider for ExternalTable {
    fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.reader.constraints()
    }

    fn table_type(&self) -> TableType {
        self.reader.table_type()
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.reader.get_table_definition()
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        self.reader.get_logical_plan()
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.reader.get_column_default(column)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(as_hints_in(self.reader.scan(state, projection, filters, limit).await?))
    }

    async fn scan_with_args<'a>(&self, state: &dyn Session, args: ScanArgs<'a>) -> Result<ScanResult> {
        let result = self.reader.scan_with_args(state, args).await?;
        Ok(ScanResult::new(as_hints_in(result.into_inner())))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.reader.supports_filters_pushdown(filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        self.reader.statistics()
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        operation: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.schema().logically_equivalent_names_and_types(&input.schema())?;
        let [location] = self.locations.as_slice() else {
            return plan_err!("INSERT: the table reads {} locations; only one can be written", self.locations.len());
        };
        let extension = if self.file_type == "ndjson" { "json" } else { &self.file_type };
        let mut spec = spec_of_copy(state, location, extension, &self.partition_by, &self.options)?;
        spec.mode = match operation {
            InsertOp::Append => WriteMode::Append,
            InsertOp::Overwrite => WriteMode::Overwrite,
            InsertOp::Replace => {
                return not_impl_err!("REPLACE INTO: files have no keys; use INSERT INTO or INSERT OVERWRITE");
            }
        };
        let single_file = writes_one_file(&spec);
        Ok(Arc::new(WriteExec::new(input, spec, single_file, false)))
    }
}
