//! A hash join each of whose tasks gets the build side whole.
//!
//! A hash join in the mode `CollectLeft` builds one table for all partitions of one process. On a cluster these partitions are
//! in several: each task reads the whole build side, and its own part of the probe side. Right for joins that give rows only
//! for rows of the probe side ([`may_broadcast`]): each of those is in one task. Of a build row's partners a task knows only its
//! own, so that it cannot say of it that it has none, nor give it once.
//!
//! This operator is what a plan has in place of the join while it is cut into stages, so that the join is neither turned round
//! nor exchanged on the way. A worker puts the join itself in its place.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{JoinType, Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, PlanProperties,
    StatisticsArgs, replace_children_if_necessary,
};

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// A hash join whose build side every task reads whole.
#[derive(Debug)]
pub struct BroadcastJoinExec {
    join: Arc<dyn ExecutionPlan>,
}

/// Whether a join of this type gives rows for rows of its probe side only.
pub fn may_broadcast(join_type: JoinType) -> bool {
    matches!(
        join_type,
        JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark
    )
}

impl BroadcastJoinExec {
    /// `join` with its build side for every task.
    ///
    /// # Errors
    /// If it is no hash join that builds once for all partitions.
    pub fn try_new(join: Arc<dyn ExecutionPlan>) -> Result<Self> {
        match join.downcast_ref::<HashJoinExec>() {
            Some(hash_join) if *hash_join.partition_mode() == PartitionMode::CollectLeft => Ok(Self { join }),
            _ => internal_err!("expected a HashJoinExec that builds once, got {}", join.name()),
        }
    }

    /// The join.
    pub fn join(&self) -> &Arc<dyn ExecutionPlan> {
        &self.join
    }
}

impl DisplayAs for BroadcastJoinExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BroadcastJoinExec: ")?;
        match self.join.downcast_ref::<HashJoinExec>() {
            Some(join) => join.fmt_as(format, f),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for BroadcastJoinExec {
    fn name(&self) -> &str {
        "BroadcastJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.join.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.join.children()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.join.input_distribution_requirements()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.join.maintains_input_order()
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false, false]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self { join: replace_children_if_necessary(Arc::clone(&self.join), children)? }))
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.join.apply_expressions(visit)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.join.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        self.join.child_stats_requests(partition)
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        self.join.statistics_from_inputs(inputs, args)
    }
}

/// The join over inputs without rows.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(broadcast) = node.downcast_ref::<BroadcastJoinExec>() else {
        return internal_err!("expected a BroadcastJoinExec, got {}", node.name());
    };
    let empty = |input: &Arc<dyn ExecutionPlan>| Arc::new(EmptyExec::new(input.schema())) as Arc<dyn ExecutionPlan>;
    let children = broadcast.children().into_iter().map(empty).collect();
    message.plan(&replace_children_if_necessary(Arc::clone(&broadcast.join), children)?)
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [build, probe] = wire::inputs("BroadcastJoinExec", inputs)?;
    let join = replace_children_if_necessary(message.plan()?, vec![build, probe])?;
    Ok(Arc::new(BroadcastJoinExec::try_new(join)?))
}
