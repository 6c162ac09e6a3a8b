//! `GROUP BY CAST(x AS …), x`, with a name of its own for each.
//!
//! DataFusion 55 names a cast as the column below it: rules of its optimiser then take the one group for the other, or end the query
//! with "have the same name". Here
//!
//! ```text
//! Projection: t.x AS d, t.x                            Projection: __group_0 AS d, t.x
//!   Filter: t.x > …                              =>      Filter: __group_0 > …
//!     Aggregate: groupBy=[[CAST(t.x AS Date32), t.x]]      Aggregate: groupBy=[[CAST(t.x AS Date32) AS __group_0, t.x]]
//! ```
//!
//! where the first `t.x` is the cast. The columns of the projection keep their names.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, Result};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

/// Names casts among groups. Runs before types are settled.
#[derive(Debug, Default)]
pub struct NameGroups;

impl AnalyzerRule for NameGroups {
    fn name(&self) -> &str {
        "name_groups"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| match &node {
            LogicalPlan::Projection(projection) => match named(&projection.input)? {
                Some((input, names)) => Ok(Transformed::yes(over(&node, input, &names)?)),
                None => Ok(Transformed::no(node)),
            },
            _ => Ok(Transformed::no(node)),
        })
        .data()
    }
}

/// New names of columns.
type Names = HashMap<Column, Column>;

/// `plan` with names for the groups that it hands on, and these names; none if all have their own.
fn named(plan: &LogicalPlan) -> Result<Option<(LogicalPlan, Names)>> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => named_groups(aggregate),
        LogicalPlan::Filter(_) | LogicalPlan::Sort(_) | LogicalPlan::Window(_) => {
            let [input] = plan.inputs()[..] else { return Ok(None) };
            let Some((input, names)) = named(input)? else { return Ok(None) };
            Ok(Some((over(plan, input, &names)?, names)))
        }
        _ => Ok(None),
    }
}

fn named_groups(aggregate: &Aggregate) -> Result<Option<(LogicalPlan, Names)>> {
    let groups = &aggregate.group_expr;
    let columns: Vec<String> = groups.iter().filter_map(Expr::try_as_col).map(|column| column.flat_name()).collect();
    let mut names = Names::new();
    let mut renamed = groups.clone();
    for (at, group) in groups.iter().enumerate() {
        let is_cast = matches!(group, Expr::Cast(_) | Expr::TryCast(_));
        if is_cast && columns.contains(&group.schema_name().to_string()) {
            let name = format!("__group_{at}");
            names.insert(Column::from(aggregate.schema.qualified_field(at)), Column::new_unqualified(&name));
            renamed[at] = group.clone().alias(name);
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let aggregate = Aggregate::try_new(Arc::clone(&aggregate.input), renamed, aggregate.aggr_expr.clone())?;
    Ok(Some((LogicalPlan::Aggregate(aggregate), names)))
}

/// `node` over `input`, whose columns have new names.
fn over(node: &LogicalPlan, input: LogicalPlan, names: &Names) -> Result<LogicalPlan> {
    let kept = NamePreserver::new(node);
    let mut expressions = vec![];
    for expr in node.expressions() {
        let name = kept.save(&expr);
        let expr = expr
            .transform(|expr| match &expr {
                Expr::Column(column) => Ok(match names.get(column) {
                    Some(column) => Transformed::yes(Expr::Column(column.clone())),
                    None => Transformed::no(expr),
                }),
                _ => Ok(Transformed::no(expr)),
            })
            .data()?;
        expressions.push(if matches!(node, LogicalPlan::Sort(_)) { expr } else { name.restore(expr) });
    }
    node.with_new_exprs(expressions, vec![input])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::NameGroups;

    async fn found(sql: &str) -> String {
        let state = SessionStateBuilder::new_with_default_features().with_analyzer_rule(Arc::new(NameGroups));
        let context = SessionContext::new_with_state(state.build());
        context.sql("CREATE TABLE t AS SELECT * FROM (VALUES (1, 1), (2, 3), (10, 3)) AS v(i, g)").await.unwrap();
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = pretty_format_batches(&batches).unwrap().to_string();
        text.lines().filter(|line| line.starts_with('|')).collect::<Vec<_>>().join("")
    }

    #[tokio::test]
    async fn a_cast_is_not_its_column() {
        for (sql, expected) in [
            (
                "SELECT g::varchar AS s, g, count(*) AS n FROM t GROUP BY 1, 2 ORDER BY 2",
                "| s | g | n || 1 | 1 | 1 || 3 | 3 | 2 |",
            ),
            (
                "SELECT i::varchar AS s, i FROM t GROUP BY i::varchar, i HAVING i::varchar < '2' ORDER BY i::varchar DESC",
                "| s  | i  || 10 | 10 || 1  | 1  |",
            ),
            (
                "SELECT s FROM (SELECT i::varchar AS s, i FROM t GROUP BY i::varchar, i) WHERE s < '2' ORDER BY i",
                "| s  || 1  || 10 |",
            ),
            (
                "SELECT i, rank() OVER (ORDER BY i::varchar) AS r FROM t GROUP BY i::varchar, i ORDER BY 1",
                "| i  | r || 1  | 1 || 2  | 3 || 10 | 2 |",
            ),
        ] {
            assert_eq!(found(sql).await, expected, "{sql}");
        }
    }
}
