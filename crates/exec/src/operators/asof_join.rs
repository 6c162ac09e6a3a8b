//! The as-of join operator: each left row with the nearest right row.
//!
//! Both inputs come partitioned by the `by` keys and sorted by `(by…, on)`; DataFusion adds the exchanges and sorts that
//! this needs. Each partition is then one merge, which reads both sides once and holds a few batches of each. Rows come out
//! in the left input's order.

mod keys;
mod merge;

use std::fmt;
use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, DataFusionError, Result, Statistics, exec_err, internal_err, plan_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::expressions::{Literal, lit};
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalExprRef,
    PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, apply_expression_roots};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use swath_planner::{AsofJoinNode, AsofKey, AsofMatch, AsofStrategy};

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// How both inputs are sorted, which is also how keys are compared.
pub(super) const KEY_ORDER: SortOptions = SortOptions { descending: false, nulls_first: false };

type KeyPair = (PhysicalExprRef, PhysicalExprRef);

/// A left join of each row with the nearest right row by `on`, among those with equal `by` keys.
///
/// The output has the columns of the left input, then those of the right. Memory: the current batch of each side, and the
/// right rows of the batch that is being made.
#[derive(Debug)]
pub struct AsofJoinExec {
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    on: KeyPair,
    by: Vec<KeyPair>,
    matching: AsofMatch,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl AsofJoinExec {
    /// Joins `left` and `right`; the two expressions of each pair have one type, and `matching` is that of an
    /// [`AsofJoinNode`].
    ///
    /// # Errors
    /// If `on` is of a type that has no order and distance.
    pub fn try_new(
        left: Arc<dyn ExecutionPlan>,
        right: Arc<dyn ExecutionPlan>,
        on: KeyPair,
        by: Vec<KeyPair>,
        matching: AsofMatch,
    ) -> Result<Self> {
        let on_type = on.0.data_type(&left.schema())?;
        if AsofKey::of(&on_type).is_none() || on_type != on.1.data_type(&right.schema())? {
            return plan_err!("AsofJoinExec cannot join on {} = {} of type {on_type}", on.0, on.1);
        }
        let schema = output_schema(&left.schema(), &right.schema());
        let properties = Arc::new(output_properties(&left, &right, schema));
        Ok(Self { left, right, on, by, matching, properties, metrics: ExecutionPlanMetricsSet::new() })
    }

    fn ordering(&self, side: fn(&KeyPair) -> &PhysicalExprRef) -> Option<OrderingRequirements> {
        let keys = self.by.iter().chain([&self.on]).map(side);
        let ordering = LexOrdering::new(keys.map(|key| PhysicalSortExpr::new(Arc::clone(key), KEY_ORDER)))?;
        Some(OrderingRequirements::from(ordering))
    }
}

fn output_schema(left: &Schema, right: &Schema) -> SchemaRef {
    let right_fields = right.fields().iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
    let fields: Vec<_> = left.fields().iter().cloned().chain(right_fields).collect();
    Arc::new(Schema::new_with_metadata(fields, left.metadata().clone()))
}

fn output_properties(
    left: &Arc<dyn ExecutionPlan>,
    right: &Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
) -> PlanProperties {
    // Left columns keep their places, so whatever orders and partitions the left input does so here.
    let orderings = left.equivalence_properties().oeq_class().iter().cloned().collect::<Vec<_>>();
    let boundedness = match (left.boundedness(), right.boundedness()) {
        (Boundedness::Bounded, other) => other,
        (unbounded, _) => unbounded,
    };
    PlanProperties::new(
        EquivalenceProperties::new_with_orderings(schema, orderings),
        left.output_partitioning().clone(),
        EmissionType::Incremental,
        boundedness,
    )
}

impl DisplayAs for AsofJoinExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let tree = matches!(kind, DisplayFormatType::TreeRender);
        if tree {
            writeln!(f, "{}", self.matching)?;
            write!(f, "on={} = {}", self.on.0, self.on.1)?;
        } else {
            write!(f, "AsofJoinExec: {}, on=({}, {})", self.matching, self.on.0, self.on.1)?;
        }
        if self.by.is_empty() {
            return Ok(());
        }
        let by: Vec<_> = self.by.iter().map(|(left, right)| format!("({left}, {right})")).collect();
        write!(f, "{}by=[{}]", if tree { "\n" } else { ", " }, by.join(", "))
    }
}

impl ExecutionPlan for AsofJoinExec {
    fn name(&self) -> &str {
        "AsofJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        if self.by.is_empty() {
            return InputDistributionRequirements::new(vec![Distribution::SinglePartition; 2]);
        }
        let (left, right) = self.by.iter().cloned().unzip();
        InputDistributionRequirements::co_partitioned(vec![
            Distribution::KeyPartitioned(left),
            Distribution::KeyPartitioned(right),
        ])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![self.ordering(|pair| &pair.0), self.ordering(|pair| &pair.1)]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true, false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.left, &self.right]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(self.by.iter().chain([&self.on]).flat_map(|(left, right)| [left, right]), f)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(right), Some(left), true) = (children.pop(), children.pop(), children.is_empty()) else {
            return internal_err!("AsofJoinExec has two children");
        };
        Ok(Arc::new(Self::try_new(left, right, self.on.clone(), self.by.clone(), self.matching.clone())?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        merge::execute(self, partition, &context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition), ChildStats::Skip]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        // Every left row comes out once.
        let mut statistics = inputs[0].as_ref().clone().to_inexact();
        statistics.num_rows = inputs[0].num_rows;
        statistics.total_byte_size = Default::default();
        let right_columns = self.right.schema().fields().len();
        statistics.column_statistics.extend(std::iter::repeat_with(ColumnStatistics::new_unknown).take(right_columns));
        Ok(Arc::new(statistics))
    }
}

/// Plans an [`AsofJoinNode`] as an [`AsofJoinExec`].
#[derive(Debug, Default)]
pub struct AsofJoinPlanner;

#[async_trait]
impl ExtensionPlanner for AsofJoinPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        planning_context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<AsofJoinNode>() else { return Ok(None) };
        let ([left, right], [left_plan, right_plan]) = (physical_inputs, logical_inputs) else {
            return internal_err!("AsofJoin has two inputs");
        };
        let physical = |pair: &(datafusion::prelude::Expr, datafusion::prelude::Expr)| {
            Ok((
                planner.create_physical_expr(&pair.0, left_plan.schema(), session, planning_context)?,
                planner.create_physical_expr(&pair.1, right_plan.schema(), session, planning_context)?,
            ))
        };
        let by = node.by().iter().map(physical).collect::<Result<Vec<_>>>()?;
        let (left, right) = (Arc::clone(left), Arc::clone(right));
        let join = AsofJoinExec::try_new(left, right, physical(node.on())?, by, node.matching().clone())?;
        Ok(Some(Arc::new(join)))
    }
}

/// The expressions of the join, and how it matches.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(join) = node.downcast_ref::<AsofJoinExec>() else {
        return internal_err!("expected an AsofJoinExec, got {}", node.name());
    };
    message.number(join.by.len() as u64);
    for (left, right) in join.by.iter().chain([&join.on]) {
        message.expression(left)?;
        message.expression(right)?;
    }
    message.text(&join.matching.strategy.to_string());
    message.flag(join.matching.allow_exact_matches);
    message.flag(join.matching.tolerance.is_some());
    if let Some(tolerance) = &join.matching.tolerance {
        message.expression(&lit(tolerance.clone()))?;
    }
    Ok(())
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [left, right] = wire::inputs("AsofJoinExec", inputs)?;
    let pair = |message: &mut WireReader<'_>| {
        Ok::<_, DataFusionError>((message.expression(&left.schema())?, message.expression(&right.schema())?))
    };
    let by = (0..message.number()?).map(|_| pair(message)).collect::<Result<Vec<_>>>()?;
    let on = pair(message)?;
    let strategy = message.text()?;
    let Some(strategy) = AsofStrategy::of(strategy) else {
        return exec_err!("this process does not know the as-of strategy '{strategy}'");
    };
    let allow_exact_matches = message.flag()?;
    let tolerance = match message.flag()? {
        true => message.expression(&Schema::empty())?.downcast_ref::<Literal>().map(|literal| literal.value().clone()),
        false => None,
    };
    let matching = AsofMatch { strategy, tolerance, allow_exact_matches };
    Ok(Arc::new(AsofJoinExec::try_new(left, right, on, by, matching)?))
}

#[cfg(test)]
mod tests;
