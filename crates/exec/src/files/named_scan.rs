//! Errors of a scan that name the file.
//!
//! DataFusion's readers say what is wrong with bytes, not in which of a thousand files. [`name_files`] puts a layer between
//! each scan of a plan and its reader that adds the name. It is done when a plan is about to run, not when it is planned:
//! rules and codecs look for the readers themselves.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileScanConfigBuilder, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;

use super::FileError;
use super::sources::address_of;
use super::text_error::explained;
use crate::object_stores::StoreFailure;
use crate::operators::AdaptiveScanExec;

/// `plan`, whose scans name the file that they fail on.
///
/// # Errors
/// None that a plan which was made by a planner could cause.
pub fn name_files(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_down(|node| {
        if let Some(adaptive) = node.downcast_ref::<AdaptiveScanExec>() {
            let named = adaptive.map_scans(named);
            return Ok(Transformed::new(Arc::new(named) as Arc<dyn ExecutionPlan>, true, TreeNodeRecursion::Jump));
        }
        Ok(match named_scan(&node) {
            Some(scan) => Transformed::yes(scan),
            None => Transformed::no(node),
        })
    })
    .data()
}

fn named(scan: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    named_scan(scan).unwrap_or_else(|| Arc::clone(scan))
}

fn named_scan(node: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let scan = node.downcast_ref::<DataSourceExec>()?;
    let config = scan.data_source().downcast_ref::<FileScanConfig>()?;
    if config.file_source().is::<NamedSource>() {
        return None;
    }
    let source = NamedSource { inner: Arc::clone(config.file_source()) };
    let config = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(source)).build();
    Some(Arc::new(scan.clone().with_data_source(Arc::new(config))))
}

/// A reader that adds the name of the file to its errors.
struct NamedSource {
    inner: Arc<dyn FileSource>,
}

impl FileSource for NamedSource {
    fn create_file_opener(
        &self,
        object_store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        // Plans run by `create_morselizer`.
        self.inner.create_file_opener(object_store, config, partition)
    }

    fn create_morselizer(
        &self,
        object_store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        let inner = self.inner.create_morselizer(object_store, config, partition)?;
        let format = self.inner.file_type().to_owned();
        Ok(Box::new(NamedMorselizer { inner, store_url: config.object_store_url.clone(), format }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self { inner: self.inner.with_batch_size(batch_size) })
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        self.inner.fmt_extra(format, f)
    }

    fn supports_repartitioning(&self) -> bool {
        self.inner.supports_repartitioning()
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(visit)
    }
}

#[derive(Debug)]
struct NamedMorselizer {
    inner: Box<dyn Morselizer>,
    store_url: ObjectStoreUrl,
    format: String,
}

impl Morselizer for NamedMorselizer {
    fn plan_file(&self, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let place = Arc::new(Place {
            address: address_of(&self.store_url, &file.object_meta.location),
            format: self.format.clone(),
            whole: file.range.as_ref().is_none_or(|range| range.start == 0),
        });
        let inner = self.inner.plan_file(file).map_err(|error| place.name(error))?;
        Ok(NamedPlanner::boxed(inner, place))
    }
}

/// The file that is read.
#[derive(Debug)]
struct Place {
    address: String,
    format: String,
    /// Whether it is read from its begin on.
    whole: bool,
}

impl Place {
    fn name(&self, error: DataFusionError) -> DataFusionError {
        let reason = match error.find_root() {
            // Not about the file.
            DataFusionError::ResourcesExhausted(_) => return error,
            DataFusionError::ArrowError(arrow, _)
                if matches!(arrow.as_ref(), ArrowError::DivideByZero | ArrowError::ArithmeticOverflow(_)) =>
            {
                return error;
            }
            // Projections are computed in scans: the file may be as it should be.
            DataFusionError::ArrowError(arrow, _) if matches!(arrow.as_ref(), ArrowError::CastError(_)) => {
                return FileError::engine(&self.address, arrow.to_string());
            }
            DataFusionError::External(source) if source.is::<FileError>() => return error,
            DataFusionError::ObjectStore(source) => match (StoreFailure::of(source), source.as_ref()) {
                (Some(failure), _) => return FileError::engine(&self.address, failure.to_string()),
                (None, object_store::Error::NotFound { .. }) => {
                    return FileError::engine(&self.address, "no such file; it was there when the query was planned");
                }
                (None, other) => other.to_string(),
            },
            root => root.strip_backtrace(),
        };
        let reason = explained(&reason, self.whole).unwrap_or(reason);
        FileError::engine(&self.address, format!("cannot be read as {}: {reason}", self.format))
    }
}

#[derive(Debug)]
struct NamedPlanner {
    inner: Box<dyn MorselPlanner>,
    place: Arc<Place>,
}

impl NamedPlanner {
    fn boxed(inner: Box<dyn MorselPlanner>, place: Arc<Place>) -> Box<dyn MorselPlanner> {
        Box::new(Self { inner, place })
    }
}

impl MorselPlanner for NamedPlanner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { inner, place } = *self;
        let Some(mut plan) = inner.plan().map_err(|error| place.name(error))? else { return Ok(None) };
        let morsels = plan
            .take_morsels()
            .into_iter()
            .map(|inner| Box::new(NamedMorsel { inner, place: Arc::clone(&place) }) as Box<dyn Morsel>);
        let morsels = morsels.collect();
        let planners = plan.take_ready_planners().into_iter();
        let planners = planners.map(|inner| NamedPlanner::boxed(inner, Arc::clone(&place))).collect();
        let mut named = MorselPlan::new().with_morsels(morsels).with_planners(planners);
        if let Some(pending) = plan.take_pending_planner() {
            named.set_pending_planner(async move {
                match pending.await {
                    Ok(inner) => Ok(NamedPlanner::boxed(inner, place)),
                    Err(error) => Err(place.name(error)),
                }
            });
        }
        Ok(Some(named))
    }
}

#[derive(Debug)]
struct NamedMorsel {
    inner: Box<dyn Morsel>,
    place: Arc<Place>,
}

impl Morsel for NamedMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Self { inner, place } = *self;
        inner.into_stream().map_err(move |error| place.name(error)).boxed()
    }
}
