//! A Parquet scan that decides, when it is first read, whether to decode the other columns only for rows that a join wants.
//!
//! ```text
//! HashJoinExec                        HashJoinExec
//!   build                               build
//!   DataSourceExec (parquet)     =>     AdaptiveScanExec
//!                                         DataSourceExec (parquet)
//! ```
//!
//! The build side of a hash join leaves a dynamic filter in the scan of the probe side. Evaluated row by row while decoding
//! (DataFusion's `pushdown_filters`) it saves most of the work where it keeps few rows, and costs a fifth more than plain decoding where
//! it keeps many, or where the plan has only static filters. How many rows it keeps is not known when the query is planned,
//! but it is when the scan is first read: the build side is complete by then. So this operator reads one batch, evaluates the
//! dynamic filter on it, and runs the whole scan in the form that suits the fraction it found. Both forms give the rows that the
//! operators above need; neither promises to drop the others.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use datafusion::physical_expr::utils::{conjunction, reassign_expr_columns};
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, Statistics, StatisticsArgs,
};
use futures::{StreamExt, TryStreamExt, stream};
use swath_planner::SwathOptions;
use tokio::sync::OnceCell;

/// Puts an [`AdaptiveScanExec`] over every Parquet scan that a dynamic filter reaches.
#[derive(Debug, Default)]
pub struct AdaptParquetScans;

impl PhysicalOptimizerRule for AdaptParquetScans {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let options = config.extensions.get::<SwathOptions>().cloned().unwrap_or_default();
        let threshold = options.late_decoding_fraction;
        plan.transform_up(|node| match AdaptiveScanExec::over(&node, threshold) {
            Some(adaptive) => Ok(Transformed::yes(Arc::new(adaptive) as Arc<dyn ExecutionPlan>)),
            None => Ok(Transformed::no(node)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "adapt_parquet_scans"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The scan below, in the form that suits the fraction of rows which its dynamic filter keeps.
#[derive(Debug)]
pub struct AdaptiveScanExec {
    /// Decodes all columns of all rows.
    plain: Arc<dyn ExecutionPlan>,
    /// Evaluates the filter first, and decodes the other columns for the rows that it keeps.
    late: Arc<dyn ExecutionPlan>,
    /// The first batch of the scan.
    sample: Arc<dyn ExecutionPlan>,
    /// The dynamic part of the scan's filter.
    filter: Arc<dyn PhysicalExpr>,
    /// The largest fraction of rows kept for which the late form is chosen.
    threshold: f64,
    choice: Arc<OnceCell<Form>>,
}

/// Which form of the scan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    Late,
}

impl AdaptiveScanExec {
    /// An adaptive scan over `node`, if that is a Parquet scan with a dynamic filter and a column beside those of the filter.
    pub fn over(node: &Arc<dyn ExecutionPlan>, threshold: f64) -> Option<Self> {
        let scan = node.downcast_ref::<DataSourceExec>()?;
        let config = scan.data_source().downcast_ref::<FileScanConfig>()?;
        let source = config.file_source().downcast_ref::<ParquetSource>()?;
        let predicate = &config.file_source().filter()?;
        if source.table_parquet_options().global.pushdown_filters || config.limit.is_some() {
            return None;
        }
        let dynamic: Vec<_> =
            split_conjunction(predicate).into_iter().filter(|part| is_dynamic(part)).cloned().collect();
        if dynamic.is_empty() || filter_reads_all_columns(predicate, node) {
            return None;
        }
        let late_source = source.clone().with_pushdown_filters(true);
        let late = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(late_source)).build();
        let sample = FileScanConfigBuilder::from(config.clone()).with_limit(Some(SAMPLE_ROWS)).build();
        Some(Self {
            plain: Arc::clone(node),
            late: DataSourceExec::from_data_source(late),
            sample: DataSourceExec::from_data_source(sample),
            filter: conjunction(dynamic),
            threshold,
            choice: Arc::default(),
        })
    }

    /// The same with `change` applied to its forms of the scan, which must read the same rows.
    pub(crate) fn map_scans(&self, change: impl Fn(&Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan>) -> Self {
        Self {
            plain: change(&self.plain),
            late: change(&self.late),
            sample: change(&self.sample),
            filter: Arc::clone(&self.filter),
            threshold: self.threshold,
            choice: Arc::clone(&self.choice),
        }
    }
}

/// Rows of the sample: one batch.
const SAMPLE_ROWS: usize = 8192;

fn is_dynamic(expression: &Arc<dyn PhysicalExpr>) -> bool {
    expression.exists(|part| Ok(part.downcast_ref::<DynamicFilterPhysicalExpr>().is_some())).unwrap_or(false)
}

/// Then there is nothing left to decode late.
fn filter_reads_all_columns(predicate: &Arc<dyn PhysicalExpr>, scan: &Arc<dyn ExecutionPlan>) -> bool {
    let read = datafusion::physical_expr::utils::collect_columns(predicate);
    scan.schema().fields().iter().all(|field| read.iter().any(|column| column.name() == field.name()))
}

/// The fraction of the sample's rows that `filter` keeps; none if the sample is empty.
async fn kept_fraction(
    sample: Arc<dyn ExecutionPlan>,
    partition: usize,
    filter: Arc<dyn PhysicalExpr>,
    context: Arc<TaskContext>,
) -> Result<Option<f64>> {
    let mut batches = sample.execute(partition, context)?;
    let Some(batch) = batches.next().await.transpose()? else { return Ok(None) };
    let filter = reassign_expr_columns(snapshot_physical_expr(filter)?, &batch.schema())?;
    let kept = filter.evaluate(&batch)?.into_array(batch.num_rows())?;
    let kept = (kept.as_any().downcast_ref::<BooleanArray>())
        .ok_or_else(|| internal_datafusion_err!("a scan's filter is not boolean but {}", kept.data_type()))?;
    Ok((batch.num_rows() > 0).then(|| kept.true_count() as f64 / batch.num_rows() as f64))
}

impl DisplayAs for AdaptiveScanExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdaptiveScanExec: late_decoding_fraction={}", self.threshold)?;
        match self.choice.get() {
            Some(Form::Plain) => write!(f, ", chosen=plain"),
            Some(Form::Late) => write!(f, ", chosen=late"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for AdaptiveScanExec {
    fn name(&self) -> &str {
        "AdaptiveScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.plain.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.plain]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [child] = <[_; 1]>::try_from(children)
            .map_err(|children| internal_datafusion_err!("AdaptiveScanExec takes one input, got {}", children.len()))?;
        Ok(match Self::over(&child, self.threshold) {
            Some(adaptive) => Arc::new(adaptive),
            None => child,
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (plain, late) = (Arc::clone(&self.plain), Arc::clone(&self.late));
        let (sample, filter, choice) = (Arc::clone(&self.sample), Arc::clone(&self.filter), Arc::clone(&self.choice));
        let threshold = self.threshold;
        let batches = stream::once(async move {
            let decide = async {
                let fraction = kept_fraction(sample, partition, filter, Arc::clone(&context)).await;
                // A scan that fails here fails in its plain form, too, and says so with its own message.
                match fraction.unwrap_or(Some(1.0)) {
                    Some(kept) if kept > threshold => Form::Plain,
                    _ => Form::Late,
                }
            };
            match choice.get_or_init(|| decide).await {
                Form::Plain => plain.execute(partition, Arc::clone(&context)),
                Form::Late => late.execute(partition, Arc::clone(&context)),
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches.try_flatten())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        // The plain form shows its own, as this operator's input.
        (self.choice.get() == Some(&Form::Late)).then(|| self.late.metrics()).flatten()
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&inputs[0]))
    }
}
