//! The operator for a user's function over batches, or over groups that come as lists of rows.
//!
//! As [`map_batches`](crate::operators::map_batches), but the function may go to other processes: on a cluster it runs on the workers.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_datafusion_err, internal_err};
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

use super::fit::fitted;
use super::{Function, plain};
use crate::operators::map_batches::declared;
use crate::wire::{self, WireForm, WireReader, WireWriter};

/// What the function is given at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd)]
pub enum Portion {
    /// Each batch of the input.
    Batch,
    /// Each group: the only column of the input holds lists of rows as structs.
    Group,
}

/// A function with what it is given and what it says to return.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Call {
    function: Function,
    portion: Portion,
    schema: SchemaRef,
}

impl Call {
    fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        match self.portion {
            Portion::Batch => self.once(batch),
            Portion::Group => {
                let lists = batch.column(0).as_list_opt::<i32>().filter(|_| batch.num_columns() == 1);
                let lists = lists.ok_or_else(|| internal_datafusion_err!("expected one column of lists of rows"))?;
                let mut results = vec![];
                for rows in (0..lists.len()).filter(|&row| lists.is_valid(row)).map(|row| lists.value(row)) {
                    let Some(rows) = rows.as_struct_opt() else { return internal_err!("expected rows as structs") };
                    let schema = Arc::new(Schema::new(rows.fields().clone()));
                    results.push(self.once(&RecordBatch::try_new(schema, rows.columns().to_vec())?)?);
                }
                Ok(concat_batches(&self.schema, &results)?)
            }
        }
    }

    fn once(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let result = self.function.rows(without_views(batch)?)?;
        declared(self.function.name(), &self.schema, &self.fitted(result)?)
    }

    /// `batch` with columns of the declared types, where it has the declared names.
    fn fitted(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let got = batch.schema();
        let same = self.schema.fields().len() == got.fields().len()
            && self.schema.fields().iter().zip(got.fields()).all(|(wanted, got)| wanted.name() == got.name());
        if !same {
            return Ok(batch);
        }
        let columns = self.schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            let what = format!("{}: column '{}'", self.function.name(), field.name());
            fitted(&what, Arc::clone(column), field.data_type())
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let fields = self.schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(schema, columns, &rows)?)
    }
}

/// `batch` with plain strings and bytes.
fn without_views(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    if schema.fields().iter().all(|field| plain(field.data_type()) == *field.data_type()) {
        return Ok(batch.clone());
    }
    let fields = schema
        .fields()
        .iter()
        .map(|field| Arc::new(Field::new(field.name(), plain(field.data_type()), field.is_nullable())));
    let columns = batch.columns().iter().map(|column| cast(column, &plain(column.data_type())));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns, &rows)?)
}

/// Applies a user's function to its input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallFunctionNode {
    input: LogicalPlan,
    call: Call,
    schema: DFSchemaRef,
}

impl CallFunctionNode {
    /// A plan that applies `function` to `input`; what it returns has `schema`.
    ///
    /// # Errors
    /// If two columns of `schema` have one name.
    pub fn plan(input: LogicalPlan, function: Function, portion: Portion, schema: SchemaRef) -> Result<LogicalPlan> {
        let df_schema = Arc::new(DFSchema::try_from(Arc::clone(&schema))?);
        let node = Self { input, call: Call { function, portion, schema }, schema: df_schema };
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }
}

impl PartialOrd for CallFunctionNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.call.function.id.cmp(&other.call.function.id) {
            Ordering::Equal => self.input.partial_cmp(&other.input),
            unequal => Some(unequal),
        }
    }
}

impl UserDefinedLogicalNodeCore for CallFunctionNode {
    fn name(&self) -> &str {
        "CallFunction"
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
        write!(f, "CallFunction: {}, of each {}", self.call.function.name(), shown(self.call.portion))
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (Some(input), true) = (inputs.pop(), inputs.is_empty()) else {
            return internal_err!("CallFunction has one input");
        };
        Ok(Self { input, ..self.clone() })
    }
}

fn shown(portion: Portion) -> &'static str {
    match portion {
        Portion::Batch => "batch",
        Portion::Group => "group",
    }
}

/// Plans [`CallFunctionNode`].
#[derive(Debug, Default)]
pub struct CallFunctionPlanner;

#[async_trait]
impl ExtensionPlanner for CallFunctionPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<CallFunctionNode>() else { return Ok(None) };
        let [input] = physical_inputs else { return internal_err!("CallFunction has one input") };
        Ok(Some(Arc::new(CallFunctionExec::new(Arc::clone(input), node.call.clone()))))
    }
}

/// Runs [`CallFunctionNode`].
#[derive(Debug)]
pub struct CallFunctionExec {
    input: Arc<dyn ExecutionPlan>,
    call: Call,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl CallFunctionExec {
    fn new(input: Arc<dyn ExecutionPlan>, call: Call) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&call.schema)),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Incremental,
            input.boundedness(),
        );
        Self { input, call, properties: Arc::new(properties), metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for CallFunctionExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallFunctionExec: {}, of each {}", self.call.function.name(), shown(self.call.portion))
    }
}

impl ExecutionPlan for CallFunctionExec {
    fn name(&self) -> &str {
        "CallFunctionExec"
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
            return internal_err!("CallFunctionExec has one input");
        };
        Ok(Arc::new(Self::new(input, self.call.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let call = self.call.clone();
        let batches = self.input.execute(partition, context)?.and_then(move |batch| {
            let timer = metrics.elapsed_compute().timer();
            let result = call.apply(&batch).map(|batch| batch.record_output(&metrics));
            timer.done();
            futures::future::ready(result)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The function, what it is given, and the schema of what it returns.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(node) = node.downcast_ref::<CallFunctionExec>() else {
        return internal_err!("expected a CallFunctionExec, got {}", node.name());
    };
    node.call.function.encode(message)?;
    message.flag(node.call.portion == Portion::Group);
    message.schema(&node.call.schema)
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [input] = wire::inputs("CallFunctionExec", inputs)?;
    let function = Function::decode(message)?;
    let portion = if message.flag()? { Portion::Group } else { Portion::Batch };
    let schema = message.schema()?;
    Ok(Arc::new(CallFunctionExec::new(input, Call { function, portion, schema })))
}
