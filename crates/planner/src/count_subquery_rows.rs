//! `EXISTS (…)` and `x IN (…)` outside of WHERE, as counts.
//!
//! DataFusion 55 turns both into joins in filters only; in a select list or a grouping key it has no way to run them. There
//! they become scalar subqueries, which it runs anywhere:
//!
//! | test | becomes |
//! |---|---|
//! | `EXISTS (S)` | `(SELECT count(*) FROM S) > 0` |
//! | `x IN (S)` | `CASE WHEN` the rows of `S` equal to `x` `> 0 THEN true WHEN x IS NULL` and `S` has rows, or `S` has nulls, `THEN null ELSE false END` |

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery, ident, lit, when};
use datafusion::optimizer::AnalyzerRule;

/// Rewrites `EXISTS` and `IN` subqueries in projections and aggregates. Runs after types are settled.
#[derive(Debug, Default)]
pub struct CountSubqueryRows;

impl AnalyzerRule for CountSubqueryRows {
    fn name(&self) -> &str {
        "count_subquery_rows"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let LogicalPlan::Projection(projection) = &plan else { return Ok(Transformed::no(plan)) };
            let schema = Arc::clone(projection.input.schema());
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expr| {
                let name = names.save(&expr);
                let counted = expr.transform_up(|node| match node {
                    Expr::Exists(exists) => Ok(Transformed::yes(counted_exists(&exists)?)),
                    Expr::InSubquery(test) => Ok(Transformed::yes(counted_in(test, &schema)?)),
                    other => Ok(Transformed::no(other)),
                })?;
                Ok(counted.update_data(|expr| name.restore(expr)))
            })
        })
        .data()
    }
}

fn counted_exists(exists: &Exists) -> Result<Expr> {
    let rows = counted(&exists.subquery, LogicalPlanBuilder::new(exists.subquery.subquery.as_ref().clone()), vec![])?;
    Ok(if exists.negated { rows.eq(lit(0_i64)) } else { rows.gt(lit(0_i64)) })
}

/// The name of the subquery's column after the rewrite.
const VALUE: &str = "__tested";

fn counted_in(test: InSubquery, schema: &DFSchema) -> Result<Expr> {
    let InSubquery { expr, subquery, negated } = test;
    let values = || {
        let plan = subquery.subquery.as_ref().clone();
        let column = Expr::Column(Column::from(plan.schema().qualified_field(0)));
        LogicalPlanBuilder::new(plan).project([column.alias(VALUE)])
    };
    let mut columns = vec![];
    let outer = expr.as_ref().clone().transform_up(|node| match node {
        Expr::Column(column) => {
            let field = Arc::clone(schema.field_from_column(&column)?);
            let outer = Expr::OuterReferenceColumn(field, column);
            columns.push(outer.clone());
            Ok(Transformed::yes(outer))
        }
        other => Ok(Transformed::no(other)),
    });
    let equal = counted(&subquery, values()?.filter(ident(VALUE).eq(outer.data()?))?, columns)?;
    let rows = counted(&subquery, values()?, vec![])?;
    let nulls = counted(&subquery, values()?.filter(ident(VALUE).is_null())?, vec![])?;
    let open = expr.is_null().and(rows.gt(lit(0_i64))).or(nulls.gt(lit(0_i64)));
    let mut cases = when(equal.gt(lit(0_i64)), lit(!negated));
    cases.when(open, lit(ScalarValue::Boolean(None))).otherwise(lit(negated))
}

/// The number of rows of `plan`, which is `subquery` with further references to `outer` columns.
fn counted(subquery: &Subquery, plan: LogicalPlanBuilder, outer: Vec<Expr>) -> Result<Expr> {
    let plan = plan.aggregate(Vec::<Expr>::new(), [count(lit(1_i64)).alias(VALUE)])?.build()?;
    let outer_ref_columns = subquery.outer_ref_columns.iter().cloned().chain(outer).collect();
    Ok(Expr::ScalarSubquery(Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: subquery.spans.clone() }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::CountSubqueryRows;

    async fn answers(expression: &str) -> Vec<String> {
        let state = SessionStateBuilder::new_with_default_features().with_analyzer_rule(Arc::new(CountSubqueryRows));
        let context = SessionContext::new_with_state(state.build());
        context.sql("CREATE TABLE t AS SELECT * FROM (VALUES (1), (5), (NULL)) AS v(x)").await.unwrap();
        let sql = format!("SELECT {expression} AS a FROM t ORDER BY x NULLS LAST");
        let batches = context.sql(&sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        let rows = text.lines().skip(3).filter(|line| line.starts_with('|'));
        rows.map(|line| line.trim_matches(['|', ' ']).to_owned()).collect()
    }

    #[tokio::test]
    async fn tests_in_a_select_list_have_three_values() {
        for (expression, expected) in [
            ("x IN (SELECT 1)", ["true", "false", ""]),
            ("x NOT IN (SELECT 1)", ["false", "true", ""]),
            ("x IN (SELECT x FROM t WHERE x > 1)", ["false", "true", ""]),
            ("x IN (SELECT x FROM t)", ["true", "true", ""]),
            ("x + 4 IN (SELECT x FROM t)", ["true", "", ""]),
            ("x IN (SELECT x FROM t WHERE x > 100)", ["false", "false", "false"]),
            ("EXISTS (SELECT 1 FROM t u WHERE u.x = t.x)", ["true", "true", "false"]),
            ("NOT EXISTS (SELECT 1 FROM t u WHERE u.x > 100)", ["true", "true", "true"]),
            ("CASE WHEN EXISTS (SELECT 1 FROM t WHERE x = 5) THEN 'y' ELSE 'n' END", ["y", "y", "y"]),
        ] {
            assert_eq!(answers(expression).await, expected, "{expression}");
        }
    }
}
