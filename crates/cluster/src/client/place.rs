//! Which part of a plan runs on the cluster, and in which form.
//!
//! The plan comes optimised, as for this process. What only this process can do stays here: tables in memory that are filled by
//! `INSERT`, catalogs, the commit of a write. Everything below runs on the cluster, after these passes:
//!
//! 1. [`ship_tables`]: leaves that only this process can read become in-memory tables that travel with the plan.
//! 2. [`as_one_task`], [`fold_small_parts`]: what reads little is no stage of its own.
//! 3. [`mark_key_filters`]: scans that are filtered by what another stage finds.
//! 4. [`Finish`]: the operators that gather the rows of all tasks stay here.
//! 5. [`fit_operators`]: operators whose state would have to be shared by tasks get one task, joins that build once for all
//!    partitions get their build side for each task, and limits that the cutting of a plan would lose become operators.
//!
//! A plan that reads no table runs here: there is nothing to distribute.

use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result, exec_err};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, PartitionMode, PiecewiseMergeJoinExec};
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::physical_plan::memory::LazyMemoryExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::work_table::WorkTableExec;
use datafusion::physical_plan::{
    Distribution, ExecutionPlan, ExecutionPlanProperties, InputOrderMode, Partitioning, collect_partitioned,
    replace_children_if_necessary,
};
use swath_exec::held::HoldExec;
use swath_exec::operators::broadcast_join::may_broadcast;
use swath_exec::operators::recursive::with_whole_work_tables;
use swath_exec::operators::{BroadcastJoinExec, MapBatchesExec, SingleTaskExec};
use swath_exec::write::WriteExec;

use super::Client;
use super::finish::Finish;
use super::held::{ClusterHoldExec, HeldLeafExec};
use super::key_filters::mark_key_filters;
use super::query::ClusterQueryExec;
use super::small::{as_one_task, fold_small_parts};
use super::write::ClusterWriteExec;
use crate::settings::ClusterOptions;

/// Operators that do their work in the client's process, over rows that come from the cluster.
const AT_THE_CLIENT: &[&str] = &["WriteExec", "HoldExec", "DataSinkExec", "AnalyzeExec", "ScalarSubqueryExec"];

/// `plan` with its work on the cluster of `client`.
///
/// # Errors
/// If it holds something that can run neither there nor here, or in-memory tables that are too large to send.
pub async fn place(
    client: &Client,
    plan: Arc<dyn ExecutionPlan>,
    session: &dyn Session,
) -> Result<Arc<dyn ExecutionPlan>> {
    if !reads_data(&plan)? {
        return Ok(plan);
    }
    if let Some(write) = plan.downcast_ref::<WriteExec>()
        && reads_data(write.input())?
        && !write.input().exists(|node| Ok(stays_here(node)))?
    {
        let input = fit_operators(ship_tables(Arc::clone(write.input()), session).await?)?;
        let (write, options) = (Arc::new(write.clone()), Arc::new(session.config().options().as_ref().clone()));
        return Ok(Arc::new(ClusterWriteExec::new(client.clone(), write, input, options)));
    }
    if let Some(hold) = plan.downcast_ref::<HoldExec>()
        && reads_data(hold.input())?
        && !hold.input().exists(|node| Ok(stays_here(node)))?
    {
        let input = fit_operators(ship_tables(Arc::clone(hold.input()), session).await?)?;
        return Ok(Arc::new(ClusterHoldExec::new(client.clone(), hold, input, session.config().options())));
    }
    // An operator that stays here keeps those above it here, too.
    if plan.exists(|node| Ok(stays_here(node)))? {
        let mut children = vec![];
        for child in plan.children() {
            children.push(Box::pin(place(client, Arc::clone(child), session)).await?);
        }
        return replace_children_if_necessary(plan, children);
    }
    let options = session.config().options();
    let plan = ship_tables(plan, session).await?;
    let cluster_options = options.extensions.get::<ClusterOptions>().cloned().unwrap_or_default();
    let small_input_rows = cluster_options.small_input_rows;
    let plan = match as_one_task(&plan, small_input_rows)? {
        Some(plan) => plan,
        None => {
            let filtered = cluster_options.key_filters;
            let plan = if filtered { mark_key_filters(plan)? } else { plan };
            fold_small_parts(plan, small_input_rows)?
        }
    };
    let (finish, plan) = Finish::split(&plan);
    let plan = fit_operators(plan)?;
    finish.over(Arc::new(ClusterQueryExec::new(client.clone(), plan, options)))
}

fn stays_here(node: &Arc<dyn ExecutionPlan>) -> bool {
    let is_local_function = node.downcast_ref::<MapBatchesExec>().is_some_and(MapBatchesExec::stays_here);
    AT_THE_CLIENT.contains(&node.name()) || is_local_function || has_window_without_wire_form(node)
}

/// DataFusion's wire form of window functions leaves out their FILTER, IGNORE NULLS of some, and that one runs backwards;
/// what came out at the other end would be another function. Their fields are private, but shown.
fn has_window_without_wire_form(node: &Arc<dyn ExecutionPlan>) -> bool {
    let functions = match (node.downcast_ref::<BoundedWindowAggExec>(), node.downcast_ref::<WindowAggExec>()) {
        (Some(window), _) => window.window_expr(),
        (_, Some(window)) => window.window_expr(),
        _ => return false,
    };
    functions.iter().any(|function| {
        let shown = format!("{function:?}");
        ["filter: Some(", "ignore_nulls: true", "is_reversed: true"].iter().any(|lost| shown.contains(lost))
    })
}

/// How a leaf gets to the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    /// It has no data: a constant.
    Constant,
    /// Workers read it.
    There,
    /// Only this process reads it.
    Here,
}

fn leaf(plan: &Arc<dyn ExecutionPlan>) -> Leaf {
    if plan.is::<PlaceholderRowExec>() || plan.is::<EmptyExec>() {
        return Leaf::Constant;
    }
    if plan.is::<WorkTableExec>() || plan.is::<HeldLeafExec>() {
        return Leaf::There;
    }
    if plan.is::<LazyMemoryExec>() {
        // Cut into tasks, each would make all rows.
        return if plan.output_partitioning().partition_count() == 1 { Leaf::There } else { Leaf::Here };
    }
    match plan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source) {
        Some(source) if source.is::<FileScanConfig>() || source.is::<MemorySourceConfig>() => Leaf::There,
        _ => Leaf::Here,
    }
}

/// Whether there is anything that workers could read.
fn reads_data(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let mut reads = false;
    plan.apply(|node| {
        reads |= node.children().is_empty() && leaf(node) == Leaf::There;
        Ok(if reads { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(reads)
}

/// Reads what only this process can read, and puts it into the plan.
async fn ship_tables(plan: Arc<dyn ExecutionPlan>, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
    let options = session.config().options().extensions.get::<ClusterOptions>().cloned().unwrap_or_default();
    let mut shipped_bytes = 0;
    let plan = ship(plan, session).await?;
    plan.apply(|node| {
        if let Some(scan) = node.downcast_ref::<DataSourceExec>()
            && let Some(memory) = scan.data_source().downcast_ref::<MemorySourceConfig>()
        {
            shipped_bytes +=
                memory.partitions().iter().flatten().map(|batch| batch.get_array_memory_size()).sum::<usize>();
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    if shipped_bytes > options.shipped_bytes {
        return exec_err!(
            "the query reads {} MB of in-memory tables, and swath_cluster.shipped_bytes allows {} MB; write them to Parquet \
             files that the workers can read, or raise the setting",
            shipped_bytes >> 20,
            options.shipped_bytes >> 20
        );
    }
    Ok(plan)
}

async fn ship(plan: Arc<dyn ExecutionPlan>, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
    if plan.children().is_empty() {
        if leaf(&plan) != Leaf::Here {
            return Ok(plan);
        }
        let schema = plan.schema();
        let partitions = collect_partitioned(Arc::clone(&plan), session.task_ctx()).await?;
        return Ok(MemorySourceConfig::try_new_exec(&partitions, schema, None)?);
    }
    let mut children = vec![];
    for child in plan.children() {
        children.push(Box::pin(ship(Arc::clone(child), session)).await?);
    }
    replace_children_if_necessary(plan, children)
}

fn fit_operators(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_down(|node| {
        // Its scans of the work table must stay in its process.
        if let Some(query) = node.downcast_ref::<RecursiveQueryExec>() {
            let part = SingleTaskExec::new(with_whole_work_tables(query)?);
            return Ok(Transformed::new(Arc::new(part) as Arc<dyn ExecutionPlan>, true, TreeNodeRecursion::Jump));
        }
        Ok(Transformed::no(node))
    })
    .data()?
    .transform_up(|node| {
        for fit in [broadcast, with_limit_operator, with_whole_rows, with_explicit_order, without_dealing] {
            if let Some(fitted) = fit(&node)? {
                return Ok(Transformed::yes(fitted));
            }
        }
        let gathered = gather_inputs(&node);
        match gathered.iter().any(Option::is_some) {
            true => {
                let children = node.children().into_iter().zip(gathered);
                let children = children.map(|(child, gathered)| gathered.unwrap_or_else(|| Arc::clone(child)));
                let children = children.collect();
                Ok(Transformed::yes(replace_children_if_necessary(node, children)?))
            }
            false => Ok(Transformed::no(node)),
        }
    })
    .data()
}

/// A join that builds once for all partitions gets its build side for each task. One that has to know all rows of both sides,
/// as `NOT IN` does, becomes one task.
fn broadcast(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(join) = node.downcast_ref::<HashJoinExec>() else { return Ok(None) };
    if *join.partition_mode() != PartitionMode::CollectLeft {
        return Ok(None);
    }
    let build = in_one_place(join.left());
    let probe = match may_broadcast(*join.join_type()) && !join.null_aware {
        true => Arc::clone(join.right()),
        false => in_one_place(join.right()),
    };
    let join = replace_children_if_necessary(Arc::clone(node), vec![build, probe])?;
    Ok(Some(Arc::new(BroadcastJoinExec::try_new(join)?)))
}

/// `plan` as the output of a stage, so that all its readers get the same rows, unless each of them may make them.
fn in_one_place(plan: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match plan.is::<SingleTaskExec>() || plan.is::<CoalescePartitionsExec>() {
        true => Arc::clone(plan),
        false => Arc::new(CoalescePartitionsExec::new(Arc::clone(plan))),
    }
}

/// A scan of memory loses its limit when it is cut into tasks.
fn with_limit_operator(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(scan) = node.downcast_ref::<DataSourceExec>() else { return Ok(None) };
    let Some(fetch) = scan.data_source().downcast_ref::<MemorySourceConfig>().and(node.fetch()) else {
        return Ok(None);
    };
    let Some(all) = node.with_fetch(None) else { return exec_err!("the limit of a scan of memory cannot be moved") };
    Ok(Some(Arc::new(LocalLimitExec::new(all, fetch))))
}

/// A generator of rows travels without its projection.
fn with_whole_rows(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(scan) = node.downcast_ref::<LazyMemoryExec>().filter(|scan| scan.schema().fields().is_empty()) else {
        return Ok(None);
    };
    let first = match scan.generators().first() {
        Some(generator) => generator.read().reset_state().write().generate_next_batch()?,
        None => None,
    };
    let Some(first) = first else { return Ok(Some(Arc::new(EmptyExec::new(node.schema())))) };
    let whole = LazyMemoryExec::try_new(first.schema(), scan.generators().clone())?;
    let none: Vec<(Arc<dyn PhysicalExpr>, String)> = vec![];
    Ok(Some(Arc::new(ProjectionExec::try_new(none, Arc::new(whole))?)))
}

/// A window operator over rows that are sorted only because a column is known to be constant, or because one task sent
/// them in order: that knowledge ends where a plan is cut, so the rows are sorted once more.
fn with_explicit_order(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let window = match (node.downcast_ref::<BoundedWindowAggExec>(), node.downcast_ref::<WindowAggExec>()) {
        (Some(window), _) if window.input_order_mode != InputOrderMode::Linear => window.window_expr().first(),
        (_, Some(window)) => window.window_expr().first(),
        _ => None,
    };
    let children = node.children();
    let (Some(window), [input]) = (window, children.as_slice()) else { return Ok(None) };
    let known = input.output_ordering();
    let keys = window.partition_by();
    let leading: Vec<_> = known.into_iter().flatten().take(keys.len()).collect();
    let some_keys_lead = node
        .downcast_ref::<BoundedWindowAggExec>()
        .is_some_and(|bounded| bounded.input_order_mode != InputOrderMode::Sorted);
    let order = if some_keys_lead || keys.iter().all(|key| leading.iter().any(|sorted| sorted.expr.eq(key))) {
        known.filter(|_| is_order_across_exchange(input)).cloned()
    } else {
        let keys = keys.iter().cloned().map(PhysicalSortExpr::new_default);
        LexOrdering::new(keys.chain(window.order_by().iter().cloned()))
    };
    let Some(order) = order else { return Ok(None) };
    let sorted = SortExec::new(order, Arc::clone(*input)).with_preserve_partitioning(true);
    Ok(Some(replace_children_if_necessary(Arc::clone(node), vec![Arc::new(sorted)])?))
}

/// Whether what comes out of `plan` in order came through an exchange in that order.
fn is_order_across_exchange(plan: &Arc<dyn ExecutionPlan>) -> bool {
    match (plan.maintains_input_order().as_slice(), plan.children().as_slice()) {
        ([true], [input]) => plan.is::<RepartitionExec>() || is_order_across_exchange(input),
        _ => false,
    }
}

/// Rows that are dealt out for balance are not: only hash exchanges cut a plan.
fn without_dealing(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(exchange) = node.downcast_ref::<RepartitionExec>() else { return Ok(None) };
    Ok(matches!(exchange.partitioning(), Partitioning::RoundRobinBatch(_)).then(|| Arc::clone(exchange.input())))
}

/// The inputs that have to come as one partition, although the operator does not ask for that: it shares state between
/// the partitions of one process.
fn gather_inputs(node: &Arc<dyn ExecutionPlan>) -> Vec<Option<Arc<dyn ExecutionPlan>>> {
    let gathered = |child: &Arc<dyn ExecutionPlan>| {
        (child.output_partitioning().partition_count() > 1)
            .then(|| Arc::new(CoalescePartitionsExec::new(Arc::clone(child))) as Arc<dyn ExecutionPlan>)
    };
    let children = node.children();
    // Rows of the build side that found no partner are given by whichever partition ends last.
    let build_side_counts =
        match (node.downcast_ref::<NestedLoopJoinExec>(), node.downcast_ref::<PiecewiseMergeJoinExec>()) {
            (Some(join), _) => gives_build_rows(*join.join_type()),
            (_, Some(_)) => true,
            _ => false,
        };
    if build_side_counts && let [_, probe] = children[..] {
        return vec![None, gathered(probe)];
    }
    // One partition out of several in: the whole of them is meant, and only these two say so when a plan is cut.
    let folds = node.output_partitioning().partition_count() == 1
        && !node.is::<CoalescePartitionsExec>()
        && !node.is::<SortPreservingMergeExec>()
        && !node.is::<UnionExec>();
    let requirements = node.input_distribution_requirements();
    let wants: Vec<bool> =
        requirements.per_child_distributions().map(|d| matches!(d, Distribution::SinglePartition)).collect();
    children
        .into_iter()
        .enumerate()
        .map(|(at, child)| match folds && !wants.get(at).copied().unwrap_or(false) {
            true => gathered(child),
            false => None,
        })
        .collect()
}

fn gives_build_rows(join_type: JoinType) -> bool {
    matches!(join_type, JoinType::Left | JoinType::Full | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark)
}
