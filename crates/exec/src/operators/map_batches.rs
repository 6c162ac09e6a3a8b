//! A function of the user's over batches, with the schema that it says its results have: one of this process ([`Mapping::Closure`]), or
//! one of another language ([`Mapping::Call`]), which may go to other processes and so has a wire form.
//!
//! Each partition of the input becomes one of the output; batches go through as they come, in the order of their partition.
//! The function may return more or fewer rows than it got. The node is opaque to the optimiser: filters, limits and
//! projections above it stay above it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::EmissionType;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::TryStreamExt;

use crate::foreign::FunctionError;
use crate::foreign::batches::{Call, Portion};
use crate::wire::{self, WireForm, WireReader, WireWriter};

/// A function over batches.
pub type BatchFunction = Arc<dyn Fn(RecordBatch) -> Result<RecordBatch> + Send + Sync>;

/// A function with what plans show of it.
#[derive(Clone)]
pub enum Mapping {
    /// A function of this process, which runs here.
    Closure {
        /// Shown in plans and messages.
        name: &'static str,
        /// The function.
        function: BatchFunction,
        /// The columns that it declares.
        schema: SchemaRef,
    },
    /// A function of another language.
    Call(Call),
}

impl Mapping {
    fn schema(&self) -> &SchemaRef {
        match self {
            Self::Closure { schema, .. } => schema,
            Self::Call(call) => &call.schema,
        }
    }

    fn apply(&self, batch: RecordBatch) -> Result<RecordBatch> {
        match self {
            Self::Closure { name, function, schema } => declared(name, schema, &function(batch)?),
            Self::Call(call) => call.apply(&batch),
        }
    }

    /// Functions cannot be compared: the same one is equal, any other is not.
    fn identity(&self) -> (u128, Option<Portion>) {
        match self {
            Self::Closure { function, .. } => (Arc::as_ptr(function).cast::<()>() as usize as u128, None),
            Self::Call(call) => (call.function.id(), Some(call.portion)),
        }
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closure { name, .. } => f.write_str(name),
            Self::Call(call) => write!(f, "{}, of each {}", call.function.name(), call.portion.name()),
        }
    }
}

/// What a function called `name` in messages returned, as the schema says that it is.
///
/// # Errors
/// One that names the column, if it is not.
pub fn declared(name: &str, schema: &SchemaRef, result: &RecordBatch) -> Result<RecordBatch> {
    let (wanted, got) = (schema.fields(), result.schema());
    let wrong = |class, message: String| Err(FunctionError::wrong_result(name, class, message).into());
    if wanted.len() != got.fields().len() {
        let message =
            format!("expected a batch with the declared {} columns, got {}", wanted.len(), got.fields().len());
        return wrong("TypeError", message);
    }
    for (position, (wanted, got)) in wanted.iter().zip(got.fields()).enumerate() {
        if wanted.name() != got.name() || wanted.data_type() != got.data_type() {
            let message = format!(
                "column {} was declared as '{}' of type {}, the function returned '{}' of type {}; declare it as it is \
                 returned, or have the function convert it",
                position + 1,
                wanted.name(),
                wanted.data_type(),
                got.name(),
                got.data_type()
            );
            return wrong("TypeError", message);
        }
        if !wanted.is_nullable() && result.column(position).null_count() > 0 {
            return wrong("ValueError", format!("column '{}' was declared without nulls and has some", wanted.name()));
        }
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), result.columns().to_vec())?)
}

/// Applies a function to the batches of its input.
#[derive(Clone)]
pub struct MapBatchesNode {
    input: LogicalPlan,
    mapping: Mapping,
    schema: DFSchemaRef,
}

impl MapBatchesNode {
    /// A plan that applies `mapping` to the batches of `input`.
    ///
    /// # Errors
    /// If two columns of its schema have one name.
    pub fn plan(input: LogicalPlan, mapping: Mapping) -> Result<LogicalPlan> {
        let schema = Arc::new(DFSchema::try_from(Arc::clone(mapping.schema()))?);
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(Self { input, mapping, schema }) }))
    }
}

impl fmt::Debug for MapBatchesNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        UserDefinedLogicalNodeCore::fmt_for_explain(self, f)
    }
}

impl PartialEq for MapBatchesNode {
    fn eq(&self, other: &Self) -> bool {
        self.mapping.identity() == other.mapping.identity() && self.schema == other.schema && self.input == other.input
    }
}

impl Eq for MapBatchesNode {}

impl PartialOrd for MapBatchesNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.mapping.identity().cmp(&other.mapping.identity()) {
            Ordering::Equal => self.input.partial_cmp(&other.input),
            unequal => Some(unequal),
        }
    }
}

impl Hash for MapBatchesNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mapping.identity().hash(state);
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for MapBatchesNode {
    fn name(&self) -> &str {
        "MapBatches"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MapBatches: {}", self.mapping)
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (Some(input), true) = (inputs.pop(), inputs.is_empty()) else {
            return internal_err!("MapBatches has one input");
        };
        Ok(Self { input, mapping: self.mapping.clone(), schema: Arc::clone(&self.schema) })
    }
}

/// Plans [`MapBatchesNode`].
#[derive(Debug, Default)]
pub struct MapBatchesPlanner;

#[async_trait]
impl ExtensionPlanner for MapBatchesPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<MapBatchesNode>() else { return Ok(None) };
        let [input] = physical_inputs else { return internal_err!("MapBatches has one input") };
        Ok(Some(Arc::new(MapBatchesExec::new(Arc::clone(input), node.mapping.clone()))))
    }
}

/// Runs [`MapBatchesNode`].
pub struct MapBatchesExec {
    input: Arc<dyn ExecutionPlan>,
    mapping: Mapping,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl MapBatchesExec {
    fn new(input: Arc<dyn ExecutionPlan>, mapping: Mapping) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(mapping.schema())),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Incremental,
            input.boundedness(),
        );
        Self { input, mapping, properties: Arc::new(properties), metrics: ExecutionPlanMetricsSet::new() }
    }

    /// The name of the user's function, if it is one of another language.
    pub fn function_name(&self) -> Option<String> {
        match &self.mapping {
            Mapping::Closure { .. } => None,
            Mapping::Call(call) => Some(call.function.name().to_owned()),
        }
    }

    /// Whether the function runs in this process only.
    pub fn stays_here(&self) -> bool {
        matches!(self.mapping, Mapping::Closure { .. })
    }
}

impl fmt::Debug for MapBatchesExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapBatchesExec").field("mapping", &self.mapping.to_string()).finish_non_exhaustive()
    }
}

impl DisplayAs for MapBatchesExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MapBatchesExec: {}", self.mapping)
    }
}

impl ExecutionPlan for MapBatchesExec {
    fn name(&self) -> &str {
        "MapBatchesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("MapBatchesExec has one input");
        };
        Ok(Arc::new(Self::new(input, self.mapping.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let mapping = self.mapping.clone();
        let batches = self.input.execute(partition, context)?.and_then(move |batch| {
            let timer = metrics.elapsed_compute().timer();
            let result = mapping.apply(batch).map(|batch| batch.record_output(&metrics));
            timer.done();
            futures::future::ready(result)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The call of a function of another language.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(node) = node.downcast_ref::<MapBatchesExec>() else {
        return internal_err!("expected a MapBatchesExec, got {}", node.name());
    };
    match &node.mapping {
        Mapping::Call(call) => call.encode(message),
        Mapping::Closure { name, .. } => internal_err!("{name}: a function of this process cannot go to another one"),
    }
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [input] = wire::inputs("MapBatchesExec", inputs)?;
    Ok(Arc::new(MapBatchesExec::new(input, Mapping::Call(Call::decode(message)?))))
}
