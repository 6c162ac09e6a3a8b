//! Makes a task's plan one that runs here.
//!
//! ```text
//! ShuffleWriterExec / SortShuffleWriterExec      StageTask: into the partition store
//!   HashJoinExec                             =>    SpillingHashJoinExec
//!     ShuffleReaderExec                              ExchangeReaderExec: from the stores of all workers
//!     DataSourceExec                                 AdaptiveScanExec over DataSourceExec
//! ```
//!
//! Filters that a join or a top-k finds while it runs reach the scans of the same task: that rule of DataFusion runs here, since
//! such a filter lives in one process.

use std::sync::Arc;

use ballista_core::JobId;
use ballista_core::execution_plans::sort_shuffle::SortShuffleConfig;
use ballista_core::execution_plans::{ShuffleReaderExec, ShuffleWriterExec, SortShuffleWriterExec};
use ballista_executor::execution_engine::{ExecutionEngine, QueryStageExecutor};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, exec_err, not_impl_err};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use swath_exec::files::name_files;
use swath_exec::guard_names::GuardNames;
use swath_exec::held::HeldScanExec;
use swath_exec::operators::{BroadcastJoinExec, FilterByKeysExec, SingleTaskExec, TextScanExec};
use swath_exec::registry;
use swath_exec::write::WriteTaskExec;

use super::Shared;
use super::held::PersistedReader;
use super::keys::{self, PendingFilter};
use super::reader::ExchangeReaderExec;
use super::stage::{Output, StageTask, TaskNumber};
use crate::settings::ClusterOptions;

/// Ballista's entry point to how tasks run.
pub struct SwathEngine {
    shared: Arc<Shared>,
}

impl SwathEngine {
    /// An engine over what the worker's tasks share.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl ExecutionEngine for SwathEngine {
    fn create_query_stage_exec(
        &self,
        job_id: JobId,
        stage_id: usize,
        task_id: usize,
        global_output_partition_ids: Vec<usize>,
        plan: Arc<dyn ExecutionPlan>,
        _work_folder: &str,
        config: &SessionConfig,
    ) -> Result<Arc<dyn QueryStageExecutor>> {
        let output = if plan.is::<ShuffleWriterExec>() {
            Output::Same { partitions: global_output_partition_ids }
        } else if let Some(writer) = plan.downcast_ref::<SortShuffleWriterExec>() {
            let _: &SortShuffleConfig = writer.config();
            Output::Partitioned { partitioning: writer.shuffle_output_partitioning().clone() }
        } else {
            return not_impl_err!("a worker cannot run a stage that ends with {}", plan.name());
        };
        let Some(input) = plan.children().first().map(|child| Arc::clone(child)) else {
            return exec_err!("{} without an input", plan.name());
        };
        let options = config.options().extensions.get::<ClusterOptions>().cloned().unwrap_or_default();
        let (input, filters) = self.local_plan(input, &job_id, &options, config)?;
        let input = match (input.downcast_ref::<WriteTaskExec>(), &output) {
            // Files are named by their place in the whole.
            (Some(write), Output::Same { partitions }) => Arc::new(write.with_partition_numbers(partitions.clone())),
            _ => input,
        };
        let input = apply_task_rules(input, config)?;
        let (stage, task) = (index(stage_id)?, index(task_id)?);
        let number = TaskNumber { job: job_id.to_string(), stage, task };
        Ok(Arc::new(StageTask::new(Arc::clone(&self.shared), number, input, filters, output)))
    }
}

fn index(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(|_| datafusion::common::exec_datafusion_err!("the number {number} is too large"))
}

impl SwathEngine {
    /// The plan with readers of ours, parts for a single task put in place, and its local files looked at; and the filters in
    /// it whose keys are still to be fetched.
    fn local_plan(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        job: &JobId,
        options: &ClusterOptions,
        config: &SessionConfig,
    ) -> Result<(Arc<dyn ExecutionPlan>, Vec<PendingFilter>)> {
        let mut filters = vec![];
        let plan = plan
            .transform_up(|node| {
                if let Some(reader) = node.downcast_ref::<ShuffleReaderExec>() {
                    let reader = ExchangeReaderExec::new(reader, job.to_string(), options, Arc::clone(&self.shared))?;
                    return Ok(Transformed::yes(Arc::new(reader) as Arc<dyn ExecutionPlan>));
                }
                if let Some(broadcast) = node.downcast_ref::<BroadcastJoinExec>() {
                    return Ok(Transformed::yes(Arc::clone(broadcast.join())));
                }
                if let Some(place) = node.downcast_ref::<FilterByKeysExec>() {
                    let (plan, filter) = keys::filtered(place, config.options())?;
                    filters.extend(filter);
                    return Ok(Transformed::yes(plan));
                }
                Ok(match node.downcast_ref::<SingleTaskExec>() {
                    Some(part) => Transformed::yes(Arc::clone(part.plan())),
                    None => Transformed::no(node),
                })
            })
            .data()?;
        // After what single tasks run has been put in.
        let plan = plan
            .transform_up(|node| {
                if let Some(scan) = node.downcast_ref::<TextScanExec>() {
                    return Ok(Transformed::yes(scan.whole()?));
                }
                let Some(scan) = node.downcast_ref::<HeldScanExec>() else { return Ok(Transformed::no(node)) };
                let compression = options.exchange_compression.clone();
                let reader = PersistedReader { shared: Arc::clone(&self.shared), compression };
                Ok(Transformed::yes(Arc::new(scan.bind(Arc::new(reader))?) as Arc<dyn ExecutionPlan>))
            })
            .data()?;
        plan.apply(|node| {
            check_local_files(node)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok((plan, filters))
    }
}

/// The rules for what one process runs.
fn apply_task_rules(plan: Arc<dyn ExecutionPlan>, config: &SessionConfig) -> Result<Arc<dyn ExecutionPlan>> {
    let mut options = config.options().as_ref().clone();
    options.set("datafusion.optimizer.enable_dynamic_filter_pushdown", "true")?;
    // Which turns this one on, too.
    options.set("datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown", "false")?;
    let mut plan = GuardNames::around(Arc::new(FilterPushdown::new_post_optimization())).optimize(plan, &options)?;
    for rule in registry::task_rules() {
        plan = rule.optimize(plan, &options)?;
    }
    name_files(plan)
}

/// A file that only the client has would fail with a path and no reason; one with the same name but other content would give
/// a wrong answer.
fn check_local_files(node: &Arc<dyn ExecutionPlan>) -> Result<()> {
    let Some(scan) = node.downcast_ref::<DataSourceExec>() else { return Ok(()) };
    let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>() else { return Ok(()) };
    if config.object_store_url.as_str() != "file:///" {
        return Ok(());
    }
    for file in config.file_groups.iter().flat_map(|group| group.iter()) {
        let path = format!("/{}", file.object_meta.location);
        let advice = "on a cluster, local files must lie where every worker sees them: on a shared file system, or in an object \
                      store";
        match std::fs::metadata(&path) {
            Err(error) => return exec_err!("{path}: a worker cannot read this file of the client ({error}); {advice}"),
            Ok(metadata) if metadata.len() != file.object_meta.size => {
                return exec_err!(
                    "{path}: a worker sees another file ({} bytes, the client's has {}); {advice}",
                    metadata.len(),
                    file.object_meta.size
                );
            }
            Ok(_) => {}
        }
    }
    Ok(())
}
