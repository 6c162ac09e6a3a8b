//! `INSERT INTO` and `INSERT OVERWRITE` of tables made by `CREATE EXTERNAL TABLE`, sent the way of every other write.
//!
//! DataFusion's own sink writes into the table's folder itself, so that a failed or killed insert leaves rows there. This
//! table reads as DataFusion's does (with partition columns, as [`PartitionedFiles`] does), and inserts through [`WriteExec`]: what
//! is inserted is seen as a whole, or not at all.

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
use crate::files::PartitionedFiles;
use crate::files::float_bounds::as_hints_in;

/// Makes tables of `CREATE EXTERNAL TABLE`.
#[derive(Debug, Default)]
pub struct ExternalTableFactory {
    reader: ListingTableFactory,
}

#[async_trait]
impl TableProviderFactory for ExternalTableFactory {
    async fn create(&self, state: &dyn Session, command: &CreateExternalTable) -> Result<Arc<dyn TableProvider>> {
        let listing = self.reader.create(state, command).await?;
        let (locations, file_type) = (command.locations.clone(), command.file_type.to_ascii_lowercase());
        let files = PartitionedFiles::of(state, listing.as_ref(), &locations, &file_type, &command.options)?;
        Ok(Arc::new(ExternalTable {
            listing,
            locations,
            file_type,
            partition_by: command.table_partition_cols.clone(),
            files,
            options: command.options.clone(),
        }))
    }
}

/// A table over files that `CREATE EXTERNAL TABLE` named.
#[derive(Debug)]
struct ExternalTable {
    /// DataFusion's.
    listing: Arc<dyn TableProvider>,
    locations: Vec<String>,
    file_type: String,
    partition_by: Vec<String>,
    /// What reads it, if it has partition columns.
    files: Option<PartitionedFiles>,
    options: HashMap<String, String>,
}

impl ExternalTable {
    /// DataFusion's own scan.
    async fn listed(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(as_hints_in(self.listing.scan(state, projection, filters, limit).await?))
    }
}

#[async_trait]
impl TableProvider for ExternalTable {
    fn schema(&self) -> SchemaRef {
        self.files.as_ref().map_or_else(|| self.listing.schema(), PartitionedFiles::schema)
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.listing.constraints()
    }

    fn table_type(&self) -> TableType {
        self.listing.table_type()
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.listing.get_table_definition()
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        self.listing.get_logical_plan()
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.listing.get_column_default(column)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(files) = &self.files else { return self.listed(state, projection, filters, limit).await };
        let found = match files.table() {
            Ok(table) => table.scan(state, projection, filters, limit).await,
            Err(error) => Err(error),
        };
        match found {
            // Nothing may be there yet, or files whose names do not tell their format.
            Err(_) if !files.are_there(state).await => self.listed(state, projection, filters, limit).await,
            found => found,
        }
    }

    async fn scan_with_args<'a>(&self, state: &dyn Session, args: ScanArgs<'a>) -> Result<ScanResult> {
        if self.files.is_none() {
            let result = self.listing.scan_with_args(state, args).await?;
            return Ok(ScanResult::new(as_hints_in(result.into_inner())));
        }
        let projection = args.projection().map(<[usize]>::to_vec);
        let plan = self.scan(state, projection.as_ref(), args.filters().unwrap_or_default(), args.limit()).await?;
        Ok(ScanResult::new(plan))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        match &self.files {
            Some(files) => files.over(vec![]).supports_filters_pushdown(filters),
            None => self.listing.supports_filters_pushdown(filters),
        }
    }

    fn statistics(&self) -> Option<Statistics> {
        self.listing.statistics()
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
