//! Stages whose scans are filtered by the join keys that another stage finds: they wait for it, and are told where its keys are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use ballista_core::serde::scheduler::PartitionLocation;
use ballista_scheduler::state::execution_stage::{ExecutionStage, StageOutput};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::physical_plan::ExecutionPlan;
use swath_exec::operators::{CollectKeysExec, FilterByKeysExec, KeySource};

/// `plan`, the plan of a stage that could run, with the places of the keys that its filters want; `None` while a stage that
/// finds such keys has not ended.
///
/// # Errors
/// If a node does not take its new inputs; never in practice.
pub fn ready(
    plan: &Arc<dyn ExecutionPlan>,
    stages: &HashMap<usize, ExecutionStage>,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let mut wanted = BTreeSet::new();
    plan.apply(|node| {
        wanted.extend(node.downcast_ref::<FilterByKeysExec>().map(FilterByKeysExec::filter));
        Ok(TreeNodeRecursion::Continue)
    })?;
    if wanted.is_empty() {
        return Ok(Some(Arc::clone(plan)));
    }
    let mut places: BTreeMap<u64, Vec<KeySource>> = BTreeMap::new();
    for (id, stage) in stages {
        let found = collected(stage.plan()).intersection(&wanted).copied().collect::<Vec<_>>();
        if found.is_empty() {
            continue;
        }
        match stage {
            ExecutionStage::Successful(done) => {
                let readers = done.output_links.iter().filter_map(|reader| inputs(stages.get(reader)?)?.get(id));
                let mut sources = BTreeSet::new();
                for location in readers.flat_map(|output| output.partition_locations.values().flatten()) {
                    sources.extend(source(location));
                }
                for filter in found {
                    places.entry(filter).or_default().extend(sources.iter().cloned());
                }
            }
            // It can run no more, and neither will this one for long.
            ExecutionStage::Failed(_) => {}
            _ => return Ok(None),
        }
    }
    let plan = Arc::clone(plan).transform_up(|node| {
        let Some(filter) = node.downcast_ref::<FilterByKeysExec>() else { return Ok(Transformed::no(node)) };
        let sources = places.get(&filter.filter()).cloned().unwrap_or_default();
        Ok(Transformed::yes(Arc::new(filter.with_sources(sources)) as Arc<dyn ExecutionPlan>))
    });
    plan.data().map(Some)
}

/// The filters for which the stage with this plan finds keys.
fn collected(plan: &dyn ExecutionPlan) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut nodes = vec![plan];
    while let Some(node) = nodes.pop() {
        found.extend(node.downcast_ref::<CollectKeysExec>().map(CollectKeysExec::filter));
        nodes.extend(node.children().into_iter().map(AsRef::as_ref));
    }
    found
}

fn inputs(stage: &ExecutionStage) -> Option<&HashMap<usize, StageOutput>> {
    match stage {
        ExecutionStage::UnResolved(stage) => Some(&stage.inputs),
        ExecutionStage::Resolved(stage) => Some(&stage.inputs),
        ExecutionStage::Running(stage) => Some(&stage.inputs),
        ExecutionStage::Successful(stage) => Some(&stage.inputs),
        ExecutionStage::Failed(_) => None,
    }
}

/// A task without rows has no location, and no keys.
fn source(location: &PartitionLocation) -> Option<KeySource> {
    let worker = &location.executor_meta;
    Some(KeySource {
        worker: worker.id.clone(),
        address: format!("{}:{}", worker.host, worker.port),
        stage: location.partition_id.stage_id as u64,
        task: location.file_id?,
    })
}
