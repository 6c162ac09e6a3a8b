//! Semi joins with few groups, below inner joins.
//!
//! ```text
//! LeftSemi: o.key = s.key                 Inner: o.key = l.key
//!   Inner: o.key = l.key        =>          LeftSemi: o.key = s.key
//!     o                                       o
//!     l                                       s
//!   s                                       l
//! ```
//!
//! Right because a semi join only asks, row by row, whether its keys are in `s`: when all its keys come from one input of an
//! inner join, the rows that it drops there are those whose joined rows it would drop above.
//!
//! It pays when `s` keeps few keys, for then every join on the way works on few rows. `s` must be computed in any case, so the
//! rule acts when `s` is a filter over an aggregate (`IN (SELECT .. GROUP BY .. HAVING ..)`), which few groups survive as a
//! rule; over anything else it keeps the order that was written. A semi join with a further condition stays, too: its work
//! per row is larger, and a selective join below should come first (TPC-H 21).

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{Expr, Filter, Join, JoinType, LogicalPlan, Projection};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// Moves a semi join whose right side is a filtered aggregate below the inner joins on its left.
#[derive(Debug, Default)]
pub struct PushSemiJoinDown;

impl OptimizerRule for PushSemiJoinDown {
    fn name(&self) -> &str {
        "push_semi_join_down"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(join) = &plan else { return Ok(Transformed::no(plan)) };
        let movable =
            join.join_type == JoinType::LeftSemi && join.filter.is_none() && is_filtered_aggregate(&join.right);
        if !movable {
            return Ok(Transformed::no(plan));
        }
        let keys = join.on.iter().map(|(left, _)| left.clone()).collect();
        match pushed(&join.left, keys, join)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(plan)),
        }
    }
}

/// `plan` with `semi` (whose left keys read `keys` here) applied somewhere below an inner join, if there is one to pass.
fn pushed(plan: &LogicalPlan, keys: Vec<Expr>, semi: &Join) -> Result<Option<LogicalPlan>> {
    match plan {
        LogicalPlan::Join(inner) if inner.join_type == JoinType::Inner => {
            if reads_only(&keys, &inner.left) {
                let left = pushed_or_here(&inner.left, keys, semi)?;
                rejoined(inner, Arc::new(left), Arc::clone(&inner.right)).map(Some)
            } else if reads_only(&keys, &inner.right) {
                let right = pushed_or_here(&inner.right, keys, semi)?;
                rejoined(inner, Arc::clone(&inner.left), Arc::new(right)).map(Some)
            } else {
                Ok(None)
            }
        }
        LogicalPlan::Filter(filter) => {
            let below = pushed(&filter.input, keys, semi)?;
            below
                .map(|input| Ok(LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), Arc::new(input))?)))
                .transpose()
        }
        LogicalPlan::Projection(projection) => {
            let Some(keys) = keys.into_iter().map(|key| below_projection(key, projection)).collect::<Option<Vec<_>>>()
            else {
                return Ok(None);
            };
            let Some(input) = pushed(&projection.input, keys, semi)? else { return Ok(None) };
            let (expressions, schema) = (projection.expr.clone(), Arc::clone(&projection.schema));
            Ok(Some(LogicalPlan::Projection(Projection::try_new_with_schema(expressions, Arc::new(input), schema)?)))
        }
        _ => Ok(None),
    }
}

/// [`pushed`], or the semi join right above `plan`.
fn pushed_or_here(plan: &Arc<LogicalPlan>, keys: Vec<Expr>, semi: &Join) -> Result<LogicalPlan> {
    if let Some(deeper) = pushed(plan, keys.clone(), semi)? {
        return Ok(deeper);
    }
    let on = keys.into_iter().zip(semi.on.iter().map(|(_, right)| right.clone())).collect();
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::clone(plan),
        Arc::clone(&semi.right),
        on,
        None,
        JoinType::LeftSemi,
        semi.join_constraint,
        semi.null_equality,
        semi.null_aware,
    )?))
}

/// `inner` over other inputs that have the same columns.
fn rejoined(inner: &Join, left: Arc<LogicalPlan>, right: Arc<LogicalPlan>) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Join(Join::try_new(
        left,
        right,
        inner.on.clone(),
        inner.filter.clone(),
        inner.join_type,
        inner.join_constraint,
        inner.null_equality,
        inner.null_aware,
    )?))
}

fn reads_only(keys: &[Expr], plan: &LogicalPlan) -> bool {
    keys.iter().all(|key| key.column_refs().into_iter().all(|column| plan.schema().has_column(column)))
}

/// What the column `key` of a projection's output is below it, if the projection only picks or renames a column for it.
fn below_projection(key: Expr, projection: &Projection) -> Option<Expr> {
    let Expr::Column(column) = key else { return None };
    let index = projection.schema.maybe_index_of_column(&column)?;
    let mut expression = &projection.expr[index];
    while let Expr::Alias(alias) = expression {
        expression = &alias.expr;
    }
    matches!(expression, Expr::Column(_)).then(|| expression.clone())
}

/// Whether `plan` is, but for projections and names, a filter over an aggregate.
fn is_filtered_aggregate(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_filtered_aggregate(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_filtered_aggregate(&alias.input),
        LogicalPlan::Filter(filter) => {
            let mut below = filter.input.as_ref();
            while let LogicalPlan::Projection(projection) = below {
                below = &projection.input;
            }
            matches!(below, LogicalPlan::Aggregate(aggregate) if !aggregate.group_expr.is_empty())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    async fn optimized(sql: &str) -> String {
        let state = SessionStateBuilder::new().with_default_features().with_optimizer_rule(Arc::new(PushSemiJoinDown));
        let context = SessionContext::new_with_state(state.build());
        for table in [
            "customer (c_key BIGINT, c_name TEXT)",
            "orders (o_key BIGINT, o_customer BIGINT)",
            "lines (l_order BIGINT, l_quantity BIGINT)",
        ] {
            context.sql(&format!("CREATE TABLE {table}")).await.unwrap();
        }
        let plan = context.sql(sql).await.unwrap().into_optimized_plan().unwrap();
        plan.display_indent().to_string()
    }

    fn depth(plan: &str, operator: &str) -> usize {
        let line = plan.lines().find(|line| line.contains(operator)).unwrap_or_else(|| panic!("{operator} in\n{plan}"));
        line.len() - line.trim_start().len()
    }

    const JOINS: &str = "SELECT c_name, sum(l_quantity) FROM customer, orders, lines \
        WHERE c_key = o_customer AND o_key = l_order";

    #[tokio::test]
    async fn a_having_subquery_goes_down_to_its_table() {
        let having = "o_key IN (SELECT l_order FROM lines GROUP BY l_order HAVING sum(l_quantity) > 300)";
        let plan = optimized(&format!("{JOINS} AND {having} GROUP BY c_name")).await;
        assert!(depth(&plan, "LeftSemi Join") > depth(&plan, "Inner Join: customer"), "{plan}");
        let below: Vec<_> = plan.lines().skip_while(|line| !line.contains("LeftSemi Join")).skip(1).collect();
        assert!(below[0].contains("TableScan: orders"), "{plan}");
    }

    #[tokio::test]
    async fn other_semi_joins_stay() {
        for condition in [
            "o_key IN (SELECT l_order FROM lines)",
            "EXISTS (SELECT 1 FROM lines l2 WHERE l2.l_order = o_key AND l2.l_quantity <> c_key)",
            "c_key + o_key IN (SELECT l_order FROM lines GROUP BY l_order HAVING count(*) > 1)",
        ] {
            let plan = optimized(&format!("{JOINS} AND {condition} GROUP BY c_name")).await;
            assert!(depth(&plan, "LeftSemi Join") < depth(&plan, "Inner Join"), "{plan}");
        }
    }
}
