//! The logical node of a write, and its planner.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DFSchemaRef, Result, config_err, internal_err, plan_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};

use super::copy::spec_of_copy;
use super::operator::{WriteExec, report_schema};
use super::spec::WriteSpec;
use crate::files::FormatKind;

/// Writes its input; gives one row with what was written.
#[derive(Clone)]
pub struct WriteNode {
    input: LogicalPlan,
    request: Request,
    schema: DFSchemaRef,
}

/// What is to be written, as far as it is known before planning.
#[derive(Clone)]
enum Request {
    /// Everything is known.
    Spec(Arc<WriteSpec>),
    /// SQL's `COPY`, whose options still have to meet the session's.
    Copy { target: String, extension: String, partition_by: Vec<String>, options: HashMap<String, String> },
}

impl WriteNode {
    /// A plan that writes the rows of `input` as `spec` says, and gives `count`, `bytes` and `files`.
    ///
    /// # Errors
    /// If the node's own columns cannot be made; never in practice.
    pub fn plan(input: LogicalPlan, spec: WriteSpec) -> Result<LogicalPlan> {
        let schema = Arc::new(DFSchema::try_from(report_schema(true))?);
        let node = Self { input, request: Request::Spec(Arc::new(spec)), schema };
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }

    /// SQL's `COPY`: gives `schema`, a count.
    pub(super) fn copy(
        input: LogicalPlan,
        target: String,
        extension: String,
        partition_by: Vec<String>,
        options: HashMap<String, String>,
        schema: DFSchemaRef,
    ) -> Self {
        Self { input, request: Request::Copy { target, extension, partition_by, options }, schema }
    }

    fn target(&self) -> &str {
        match &self.request {
            Request::Spec(spec) => &spec.target,
            Request::Copy { target, .. } => target,
        }
    }
}

impl fmt::Debug for WriteNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        UserDefinedLogicalNodeCore::fmt_for_explain(self, f)
    }
}

impl PartialEq for WriteNode {
    fn eq(&self, other: &Self) -> bool {
        self.target() == other.target() && self.input == other.input
    }
}

impl Eq for WriteNode {}

impl PartialOrd for WriteNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.target().cmp(other.target()) {
            Ordering::Equal => self.input.partial_cmp(&other.input),
            unequal => Some(unequal),
        }
    }
}

impl Hash for WriteNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.target().hash(state);
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for WriteNode {
    fn name(&self) -> &str {
        "Write"
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
        write!(f, "Write: target={}", self.target())
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (Some(input), true) = (inputs.pop(), inputs.is_empty()) else {
            return internal_err!("Write has one input");
        };
        Ok(Self { input, request: self.request.clone(), schema: Arc::clone(&self.schema) })
    }
}

/// Plans [`WriteNode`].
#[derive(Debug)]
pub struct WritePlanner;

#[async_trait]
impl ExtensionPlanner for WritePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<WriteNode>() else { return Ok(None) };
        let [input] = physical_inputs else { return internal_err!("Write has one input") };
        let (spec, with_files) = match &node.request {
            Request::Spec(spec) => (spec.as_ref().clone(), true),
            Request::Copy { target, extension, partition_by, options } => {
                (spec_of_copy(session, target, extension, partition_by, options)?, false)
            }
        };
        let schema = input.schema();
        if schema.fields().is_empty() {
            return config_err!("{}: expected at least one column to write, got none", spec.target);
        }
        if let Some(message) = spec.format.refusal(&schema) {
            return plan_err!("{}: {message}", spec.target);
        }
        for key in &spec.partition_by {
            if schema.column_with_name(key).is_none() {
                let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
                return config_err!("partition_by: column '{key}' not found; the columns are: {}", columns.join(", "));
            }
        }
        if spec.partition_by.len() == schema.fields().len() && !spec.keep_partition_columns {
            return config_err!(
                "partition_by: every column is a partition column; at least one must stay in the files"
            );
        }
        let single_file = writes_one_file(&spec);
        Ok(Some(Arc::new(WriteExec::new(Arc::clone(input), spec, single_file, with_files))))
    }
}

/// Whether the input has to come as one partition. The destination decides in the end; an existing folder called
/// `x.parquet` then gets one file.
pub(super) fn writes_one_file(spec: &WriteSpec) -> bool {
    let name = spec.target.rsplit('/').next().unwrap_or_default();
    spec.partition_by.is_empty() && spec.single_file.unwrap_or_else(|| FormatKind::of_name(name).is_some())
}
