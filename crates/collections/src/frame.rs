//! The lazy table: a logical plan and the session that runs it.
//!
//! | module | what |
//! |---|---|
//! | `columns` | `select`, `with_columns`, `drop`, `rename`, `cast` |
//! | `rows` | `filter`, `sort`, `limit`, `slice`, `distinct`, `with_row_index` |
//! | [`join`] | joins and subqueries of other frames |
//! | [`group`] | `group_by`, `agg`, rollup, cube |
//! | [`dynamic`] | buckets and rolling windows of time |
//! | [`combine`] | unions, intersections, differences, `concat` |
//! | [`reshape`], [`pivot`] | `explode`, `unnest`, `unpivot`; `pivot` |
//! | [`nulls`], [`sample`], [`describe`] | what their names say |
//! | [`map`] | functions over batches |
//! | `run`, `collect` | `collect`, `stream`, `count`, `show`; the memory of whole results |
//! | `misfits` | types that do not go together |
//! | `resolve` | how expressions become plan nodes; all of the above go through it |

mod collect;
mod columns;
pub mod combine;
pub mod describe;
pub mod dynamic;
pub mod group;
pub mod join;
pub mod join_asof;
mod misfits;
pub mod nulls;
pub mod persist;
mod pivot;
pub mod reshape;
mod resolve;
mod rows;
mod run;
pub mod sample;

mod explain;
pub mod map;
mod map_groups;

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Column, DFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

pub use run::{BatchIterator, BatchStream};

pub use self::explain::ExplainView;

use crate::error::{Error, Result};
use crate::session::{Session, settled};

/// A lazy table. Methods that shape it return a new one and read nothing; methods that run it use the session's threads.
///
/// Column names are unique and exact (case and dots are taken as they are).
///
/// Shaping methods never fail by themselves, so that calls chain without `?`: the first mistake (an unknown column, say) is
/// kept, and returned by [`schema`](Self::schema), [`collect`](Self::collect) or whatever looks at the frame first.
///
/// Rows have no order, except after [`sort`](Self::sort); what is selected, filtered, limited or gained as columns after it
/// keeps the order.
#[derive(Clone, Debug)]
pub struct DataFrame {
    session: Session,
    plan: Result<LogicalPlan>,
}

impl DataFrame {
    pub(crate) fn new(session: Session, plan: Result<LogicalPlan>) -> Self {
        Self { session, plan }
    }

    /// The session that will run it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The DataFusion plan underneath, or the first mistake that was made in building it.
    pub fn logical_plan(&self) -> Result<&LogicalPlan> {
        self.plan.as_ref().map_err(Clone::clone)
    }

    /// Names and types of the columns, as the results will have them.
    pub fn schema(&self) -> Result<SchemaRef> {
        let settled = settled(&self.session.state(), self.logical_plan()?.clone())?;
        Ok(Arc::clone(settled.schema().inner()))
    }

    /// The column names, in order.
    pub fn columns(&self) -> Result<Vec<String>> {
        Ok(self.logical_plan()?.schema().fields().iter().map(|field| field.name().clone()).collect())
    }

    /// The column types, in order.
    pub fn dtypes(&self) -> Result<Vec<DataType>> {
        Ok(self.schema()?.fields().iter().map(|field| field.data_type().clone()).collect())
    }

    /// A new frame from this one's plan, whose columns have bare names: the way in which every shaping method ends.
    pub(crate) fn then(&self, build: impl FnOnce(LogicalPlan) -> Result<LogicalPlan>) -> Self {
        let plan = self.bare_plan().and_then(build);
        Self::new(self.session.clone(), plan)
    }

    /// [`then`](Self::then) for what a [`LogicalPlanBuilder`] can do.
    pub(crate) fn then_build(
        &self,
        build: impl FnOnce(LogicalPlanBuilder) -> Result<LogicalPlanBuilder, DataFusionError>,
    ) -> Self {
        self.then(|plan| Ok(build(LogicalPlanBuilder::new(plan))?.build()?))
    }

    /// The same frame with a mistake in it.
    pub(crate) fn failed(&self, error: Error) -> Self {
        Self::new(self.session.clone(), self.plan.clone().and(Err(error)))
    }

    /// The plan, every column of which has its bare name.
    pub(crate) fn bare_plan(&self) -> Result<LogicalPlan> {
        let plan = self.plan.clone()?;
        if plan.schema().iter().all(|(qualifier, _)| qualifier.is_none()) {
            return Ok(plan);
        }
        if let Some(name) = resolve::first_duplicate(plan.schema().fields().iter().map(|field| field.name())) {
            return Err(Error::invalid(
                "sql",
                format!("two columns of the query are named '{name}'; give one of them another name with AS"),
            ));
        }
        Ok(unqualified(plan)?)
    }
}

/// Gives every column of `plan` its bare name.
pub(crate) fn unqualified(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let schema: &DFSchema = plan.schema();
    let columns: Vec<Expr> = schema
        .iter()
        .map(|(qualifier, field)| Expr::Column(Column::new(qualifier.cloned(), field.name())).alias(field.name()))
        .collect();
    LogicalPlanBuilder::new(plan).project(columns)?.build()
}
