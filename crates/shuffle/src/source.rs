//! Stored partitions as a table that plans can scan, with exact row counts for the optimiser.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_datafusion_err};
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use futures::StreamExt;

use crate::store::StoredPartition;

/// A table over stored partitions: each is scanned by one task. It keeps them alive.
#[derive(Clone, Debug)]
pub struct StoredTable {
    schema: SchemaRef,
    partitions: Arc<Vec<StoredPartition>>,
}

impl StoredTable {
    /// A table of `partitions`, all of `schema`.
    pub fn new(schema: SchemaRef, partitions: Vec<StoredPartition>) -> Self {
        Self { schema, partitions: Arc::new(partitions) }
    }

    /// The partitions.
    pub fn partitions(&self) -> &[StoredPartition] {
        &self.partitions
    }
}

#[async_trait]
impl TableProvider for StoredTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projection = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let projected_schema = Arc::new(self.schema.project(&projection)?);
        let source = StoredSource { table: self.clone(), projection, projected_schema, limit };
        Ok(DataSourceExec::from_data_source(source))
    }
}

/// The batches in memory that `source` reads, if it is the scan of a [`StoredTable`].
pub fn stored_in_memory(source: &dyn DataSource) -> impl Iterator<Item = &RecordBatch> {
    let stored = source.downcast_ref::<StoredSource>();
    stored.into_iter().flat_map(|stored| stored.table.partitions()).flat_map(StoredPartition::in_memory)
}

/// The scan of a [`StoredTable`].
#[derive(Clone, Debug)]
struct StoredSource {
    table: StoredTable,
    projection: Vec<usize>,
    projected_schema: SchemaRef,
    /// Rows that are enough, per partition.
    limit: Option<usize>,
}

impl DataSource for StoredSource {
    fn open(&self, partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let stored = (self.table.partitions.get(partition))
            .ok_or_else(|| internal_datafusion_err!("stored table has no partition {partition}"))?;
        let (projection, mut left) = (self.projection.clone(), self.limit);
        let batches = stored.stream()?.map(move |batch| Ok(batch?.project(&projection)?));
        let batches = batches.scan((), move |(), batch: Result<RecordBatch>| {
            let next = match (&mut left, batch) {
                (Some(0), _) => None,
                (Some(left), Ok(batch)) => {
                    let rows = batch.num_rows().min(*left);
                    *left -= rows;
                    Some(Ok(batch.slice(0, rows)))
                }
                (_, batch) => Some(batch),
            };
            futures::future::ready(next)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.projected_schema), batches)))
    }

    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: usize = self.table.partitions.iter().map(StoredPartition::rows).sum();
        write!(f, "stored partitions={}, rows={rows}", self.table.partitions.len())?;
        self.limit.map_or(Ok(()), |limit| write!(f, ", fetch={limit}"))
    }

    fn output_partitioning(&self) -> Partitioning {
        Partitioning::UnknownPartitioning(self.table.partitions.len())
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        EquivalenceProperties::new(Arc::clone(&self.projected_schema))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let all = &self.table.partitions;
        let chosen = match partition {
            Some(index) => all.get(index..=index).unwrap_or_default(),
            None => all,
        };
        let mut statistics = Statistics::new_unknown(&self.projected_schema);
        statistics.num_rows = Precision::Exact(chosen.iter().map(StoredPartition::rows).sum());
        if self.projection.len() == self.table.schema.fields().len() {
            statistics.total_byte_size = Precision::Inexact(chosen.iter().map(StoredPartition::bytes).sum());
        }
        Ok(Arc::new(statistics.with_fetch(self.limit, 0, chosen.len().max(1))?))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        Some(Arc::new(Self { limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    fn try_swapping_with_projection(&self, _projection: &ProjectionExprs) -> Result<Option<Arc<dyn DataSource>>> {
        Ok(None)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
}
