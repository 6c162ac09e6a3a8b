//! The leaves of a plan, also of the parts that a single task runs, in the form in which they travel.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::physical_plan::ExecutionPlan;
use swath_exec::operators::{SingleTaskExec, TextScanExec};

/// What a leaf becomes; none if it stays.
pub(super) type Replacement<'a> = dyn FnMut(&Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> + 'a;

/// `plan` with its leaves replaced, from left to right.
///
/// # Errors
/// If `replacement` fails.
pub(super) fn with_leaves(
    plan: Arc<dyn ExecutionPlan>,
    replacement: &mut Replacement<'_>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_down(|node| {
        if let Some(task) = node.downcast_ref::<SingleTaskExec>() {
            let inner = with_leaves(Arc::clone(task.plan()), replacement)?;
            return Ok(Transformed::yes(Arc::new(SingleTaskExec::new(inner)) as Arc<dyn ExecutionPlan>));
        }
        if !node.children().is_empty() {
            return Ok(Transformed::no(node));
        }
        Ok(match replacement(&node)? {
            Some(leaf) => Transformed::new(leaf, true, TreeNodeRecursion::Jump),
            None => Transformed::no(node),
        })
    })
    .data()
}

/// `plan` with all options of its scans in a form that travels.
pub(super) fn with_whole_scans(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    with_leaves(plan, &mut |leaf| Ok(TextScanExec::wrapped(leaf)))
}
