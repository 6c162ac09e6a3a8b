//! The logical node that holds its input, and its planner.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use swath_shuffle::PartitionStore;

use super::HeldTable;
use super::operator::{HoldExec, report_schema};

/// Runs its input, has its result held by a table, and gives the number of rows.
#[derive(Clone)]
pub struct HoldNode {
    input: LogicalPlan,
    table: Arc<HeldTable>,
    store: PartitionStore,
    schema: DFSchemaRef,
}

impl HoldNode {
    /// A plan that has `table` hold its lineage's result: in `store`, if it is held in this process.
    ///
    /// # Errors
    /// If the node's own column cannot be made; never in practice.
    pub fn plan(table: Arc<HeldTable>, store: PartitionStore) -> Result<LogicalPlan> {
        let schema = Arc::new(DFSchema::try_from(report_schema())?);
        let node = Self { input: table.lineage().clone(), table, store, schema };
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.table).cast::<()>() as usize
    }
}

impl fmt::Debug for HoldNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        UserDefinedLogicalNodeCore::fmt_for_explain(self, f)
    }
}

impl PartialEq for HoldNode {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity() && self.input == other.input
    }
}

impl Eq for HoldNode {}

impl PartialOrd for HoldNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.identity().cmp(&other.identity()) {
            Ordering::Equal => self.input.partial_cmp(&other.input),
            unequal => Some(unequal),
        }
    }
}

impl Hash for HoldNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for HoldNode {
    fn name(&self) -> &str {
        "Hold"
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
        write!(f, "Hold: {}", self.table.name())
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (Some(input), true) = (inputs.pop(), inputs.is_empty()) else {
            return internal_err!("Hold has one input");
        };
        Ok(Self { input, ..self.clone() })
    }
}

/// Plans [`HoldNode`].
#[derive(Debug, Default)]
pub struct HoldPlanner;

#[async_trait]
impl ExtensionPlanner for HoldPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<HoldNode>() else { return Ok(None) };
        let [input] = physical_inputs else { return internal_err!("Hold has one input") };
        Ok(Some(Arc::new(HoldExec::new(Arc::clone(input), Arc::clone(&node.table), node.store.clone()))))
    }
}
