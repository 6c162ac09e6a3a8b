//! Join keys from one stage's tasks to the scans of another's: stored beside the outputs, fetched before a task begins.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{DynamicFilterPhysicalExpr, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::replace_children_if_necessary;
use futures::TryStreamExt;
use swath_exec::operators::{CollectKeysExec, FilterByKeysExec, KeySet, KeySource};
use swath_shuffle::OutputKey;
use swath_shuffle::flight::{self, Ticket};

use super::Shared;

/// Keys are stored as if they were partitions from this number on, which no stage has.
const FIRST_KEYS: u64 = 1 << 31;

/// A filter in a task's plan whose keys are still to be fetched.
pub struct PendingFilter {
    number: u64,
    key: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
    sources: Vec<KeySource>,
    filter: Arc<DynamicFilterPhysicalExpr>,
}

/// `place` as a filter, over its input and in the scan there; and what has to be fetched for it, if its keys are to be had.
///
/// # Errors
/// If the filter does not fit its input; never in practice.
pub fn filtered(
    place: &FilterByKeysExec,
    options: &ConfigOptions,
) -> Result<(Arc<dyn ExecutionPlan>, Option<PendingFilter>)> {
    let input = place.input();
    if place.sources().is_empty() {
        return Ok((Arc::clone(input), None));
    }
    let key = Arc::clone(place.key());
    let filter = Arc::new(DynamicFilterPhysicalExpr::new(vec![Arc::clone(&key)], lit(true)));
    let scan = in_scan(input, &(Arc::clone(&filter) as _), options)?;
    let plan = Arc::new(FilterExec::try_new(Arc::clone(&filter) as _, scan)?);
    let schema = Arc::new(Schema::new(vec![Field::new("key", key.data_type(&input.schema())?, true)]));
    let sources = place.sources().to_vec();
    Ok((plan, Some(PendingFilter { number: place.filter(), key, schema, sources, filter })))
}

/// `plan` with `filter` given to the scan below.
fn in_scan(
    plan: &Arc<dyn ExecutionPlan>,
    filter: &Arc<dyn PhysicalExpr>,
    options: &ConfigOptions,
) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
        let pushed = scan.data_source().try_pushdown_filters(vec![Arc::clone(filter)], options)?;
        return Ok(pushed
            .updated_node
            .map_or_else(|| Arc::clone(plan), |source| Arc::new(DataSourceExec::new(source))));
    }
    if let Some(other) = plan.downcast_ref::<FilterExec>() {
        let input = in_scan(other.input(), filter, options)?;
        return replace_children_if_necessary(Arc::clone(plan), vec![input]);
    }
    Ok(Arc::clone(plan))
}

impl PendingFilter {
    /// Fetches the keys and puts the filter to work; where that is not possible it lets all rows pass.
    pub async fn resolve(&self, shared: &Shared, job: &str) {
        match self.fetch(shared, job).await.and_then(|keys| KeySet::try_new(&keys)) {
            Ok(set) => {
                log::debug!("job {job}: filter {} of {} keys", self.number, set.keys());
                if let Err(error) = self.filter.update(Arc::new(set).predicate(Arc::clone(&self.key))) {
                    log::debug!("job {job}: filter {} cannot be used: {error}", self.number);
                }
            }
            Err(error) => log::debug!("job {job}: filter {} has no keys: {error}", self.number),
        }
        self.filter.mark_complete();
    }

    async fn fetch(&self, shared: &Shared, job: &str) -> Result<Vec<ArrayRef>> {
        let fetches = self.sources.iter().map(|source| async move {
            let key = output_key(source.stage as u32, source.task as u32, self.number);
            let stream = match source.worker == shared.id {
                true => shared.outputs.get(job, key)?.stream()?,
                false => {
                    let ticket = Ticket { job: job.to_owned(), outputs: vec![key.into()], ..Default::default() };
                    flight::fetch(shared.channels.peer(&source.address)?, ticket, Arc::clone(&self.schema), None)
                }
            };
            stream.map_ok(|batch| Arc::clone(batch.column(0))).try_collect::<Vec<_>>().await
        });
        Ok(futures::future::try_join_all(fetches).await?.into_iter().flatten().collect())
    }
}

fn output_key(stage: u32, task: u32, filter: u64) -> OutputKey {
    // The numbers of a plan's filters are small.
    OutputKey { stage, partition: (FIRST_KEYS + filter) as u32, task }
}

/// Stores the keys that the operators of `plan`, which has run, have kept.
///
/// # Errors
/// If they cannot be stored, or the job has ended.
pub fn store(plan: &Arc<dyn ExecutionPlan>, shared: &Shared, job: &str, stage: u32, task: u32) -> Result<()> {
    plan.apply(|node| {
        let Some(collect) = node.downcast_ref::<CollectKeysExec>() else { return Ok(TreeNodeRecursion::Continue) };
        if let Some(arrays) = collect.take() {
            let key_type = collect.key_type()?;
            let schema = Arc::new(Schema::new(vec![Field::new("key", key_type, true)]));
            let mut writer = shared.outputs.store().writer(Arc::clone(&schema));
            for keys in arrays {
                writer.push(RecordBatch::try_new(Arc::clone(&schema), vec![keys])?)?;
            }
            shared.outputs.insert(job, output_key(stage, task, collect.filter()), writer.finish()?)?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}
