//! Joins that end soon after they are cancelled.
//!
//! ```text
//! NestedLoopJoinExec: filter=f    =>   CooperativeExec
//!   left                                 NestedLoopJoinExec: filter=f, which asks whether it was cancelled
//!   right                                  left
//!                                          right
//! ```
//!
//! Within one batch of each side there may be thousands of millions of pairs. A join whose filter keeps none of them does not return
//! before it has tried all: so the filter asks, for each batch of pairs, whether anybody still wants them. A join that keeps many
//! returns often, but never waits: above it something must, for the runtime ends tasks only where they wait. Right because neither
//! changes a row. A rule for tasks: what travels to workers are DataFusion's own operators.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};

use crate::cancel;

/// Makes joins ask whether they were cancelled.
#[derive(Debug, Default)]
pub struct InterruptibleJoins;

impl PhysicalOptimizerRule for InterruptibleJoins {
    fn name(&self) -> &str {
        "interruptible_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            if let Some(join) = node.downcast_ref::<HashJoinExec>() {
                // Its results wait above the operator that replaces it.
                return Ok(match &join.filter {
                    Some(filter) => {
                        let builder = join.builder().with_filter(Some(interruptible(filter)));
                        Transformed::yes(Arc::new(builder.build()?) as _)
                    }
                    None => Transformed::no(node),
                });
            }
            if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
                let join = NestedLoopJoinExec::try_new(
                    Arc::clone(join.left()),
                    Arc::clone(join.right()),
                    join.filter().map(interruptible),
                    join.join_type(),
                    join.projection().as_ref().map(|columns| columns.to_vec()),
                )?;
                return Ok(Transformed::yes(Arc::new(CooperativeExec::new(Arc::new(join)))));
            }
            if node.is::<CrossJoinExec>() {
                return Ok(Transformed::yes(Arc::new(CooperativeExec::new(node))));
            }
            Ok(Transformed::no(node))
        })
        .data()
    }
}

fn interruptible(filter: &JoinFilter) -> JoinFilter {
    let expression = Interruptible { inner: Arc::clone(filter.expression()) };
    JoinFilter::new(Arc::new(expression), filter.column_indices().to_vec(), Arc::clone(filter.schema()))
}

/// An expression that fails once the work that evaluates it was cancelled.
#[derive(Debug)]
pub struct Interruptible {
    inner: Arc<dyn PhysicalExpr>,
}

impl PartialEq for Interruptible {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Interruptible {}

impl Hash for Interruptible {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for Interruptible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for Interruptible {
    fn data_type(&self, input_schema: &Schema) -> Result<DataType> {
        self.inner.data_type(input_schema)
    }

    fn nullable(&self, input_schema: &Schema) -> Result<bool> {
        self.inner.nullable(input_schema)
    }

    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.inner.return_field(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if cancel::is_cancelled() {
            return Err(DataFusionError::Execution("the query was cancelled".to_owned()));
        }
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Self { inner: Arc::clone(&children[0]) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}
