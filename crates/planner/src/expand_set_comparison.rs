//! `x > ANY (SELECT …)` and `x > ALL (SELECT …)`, as what DataFusion answers rightly.
//!
//! DataFusion 55 compares `x` with the subquery's column inside the subquery. When both have one qualified name
//! (`SELECT … FROM t WHERE x > ANY (SELECT x FROM t)`), the comparison becomes one of the column with itself, and the answer is
//! wrong. Here
//!
//! | comparison | becomes |
//! |---|---|
//! | `= ANY`, `<> ALL` | `IN`, `NOT IN` |
//! | `<`, `<=`, `>`, `>=` with a subquery that stands alone | a comparison with its smallest or largest value |
//! | any other with a subquery that stands alone | the same comparison with a column of a name that nobody else has |
//! | any other | itself, or an error if both have one name |
//!
//! With `v` the values, `n` their number and `e` the extreme one, `x > ANY` is
//! `CASE WHEN x > e THEN true WHEN n > 0 AND (x IS NULL OR some v is null) THEN null ELSE false END` with `e = min(v)`: it holds for
//! some value if for the smallest; a null leaves open what no value decides. `ALL` is its dual.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, Result, ScalarValue, plan_err};
use datafusion::config::ConfigOptions;
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::expr::{InSubquery, SetComparison, SetQuantifier};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, binary_expr, ident, lit, when,
};
use datafusion::optimizer::AnalyzerRule;

/// Rewrites comparisons with `ANY` and `ALL` of a subquery. Runs after types are settled.
#[derive(Debug, Default)]
pub struct ExpandSetComparison;

impl AnalyzerRule for ExpandSetComparison {
    fn name(&self) -> &str {
        "expand_set_comparison"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let mut renamed = 0;
        plan.transform_up_with_subqueries(|plan| {
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expr| {
                let name = names.save(&expr);
                let expanded = expr.transform_up(|node| match node {
                    Expr::SetComparison(comparison) => Ok(Transformed::yes(expanded(comparison, &mut renamed)?)),
                    other => Ok(Transformed::no(other)),
                })?;
                Ok(expanded.update_data(|expr| name.restore(expr)))
            })
        })
        .data()
    }
}

/// The name of the subquery's column after the rewrite.
const VALUE: &str = "value";

fn expanded(comparison: SetComparison, renamed: &mut usize) -> Result<Expr> {
    let SetComparison { expr, subquery, op, quantifier } = comparison;
    let stands_alone = subquery.outer_ref_columns.is_empty();
    match (op, &quantifier) {
        (Operator::Eq, SetQuantifier::Any) => Ok(Expr::InSubquery(InSubquery::new(expr, subquery, false))),
        // DataFusion has no NOT IN with a correlated subquery.
        (Operator::NotEq, SetQuantifier::All) if stands_alone => {
            Ok(Expr::InSubquery(InSubquery::new(expr, subquery, true)))
        }
        (Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq, _) if stands_alone => {
            against_extreme(*expr, &subquery, op, &quantifier)
        }
        // Under another name, DataFusion would not find the columns that the correlation reads.
        _ if !stands_alone => {
            let schema = subquery.subquery.schema();
            if let Some(column) = expr.column_refs().into_iter().find(|column| schema.has_column(column)) {
                return plan_err!(
                    "{op} {quantifier} compares {column} with a correlated subquery over a table of the same name; give one of \
                     the two tables an alias"
                );
            }
            Ok(Expr::SetComparison(SetComparison::new(expr, subquery, op, quantifier)))
        }
        _ => {
            *renamed += 1;
            let plan = values(&subquery)?.alias(format!("__set_{renamed}"))?.build()?;
            let subquery = Subquery { subquery: Arc::new(plan), ..subquery };
            Ok(Expr::SetComparison(SetComparison::new(expr, subquery, op, quantifier)))
        }
    }
}

/// The subquery's rows, their column called [`VALUE`].
fn values(subquery: &Subquery) -> Result<LogicalPlanBuilder> {
    let plan = subquery.subquery.as_ref().clone();
    let column = Expr::Column(Column::from(plan.schema().qualified_field(0)));
    LogicalPlanBuilder::new(plan).project([column.alias(VALUE)])
}

fn against_extreme(expr: Expr, subquery: &Subquery, op: Operator, quantifier: &SetQuantifier) -> Result<Expr> {
    let of_values = |aggregate: Expr| -> Result<Expr> {
        let plan = values(subquery)?.aggregate(Vec::<Expr>::new(), [aggregate.alias(VALUE)])?.build()?;
        Ok(Expr::ScalarSubquery(Subquery { subquery: Arc::new(plan), ..subquery.clone() }))
    };
    let above = matches!(op, Operator::Gt | Operator::GtEq);
    let is_any = *quantifier == SetQuantifier::Any;
    let extreme = of_values(if above == is_any { min(ident(VALUE)) } else { max(ident(VALUE)) })?;
    let (rows, known) = (of_values(count(lit(1_i64)))?, of_values(count(ident(VALUE)))?);
    let holds = binary_expr(expr.clone(), op, extreme);
    let open = expr.is_null().or(known.lt(rows.clone()));
    let unknown = lit(ScalarValue::Boolean(None));
    let decided = if is_any { holds } else { holds.is_false() };
    let mut cases = when(decided, lit(is_any));
    cases.when(rows.gt(lit(0_i64)).and(open), unknown).otherwise(lit(!is_any))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::ExpandSetComparison;

    /// The values of the query's only column, in order of the text of `x`.
    async fn answers(sql: &str) -> Vec<String> {
        let state = SessionStateBuilder::new_with_default_features().with_analyzer_rule(Arc::new(ExpandSetComparison));
        let context = SessionContext::new_with_state(state.build());
        context.sql("CREATE TABLE t AS SELECT * FROM (VALUES (1), (5), (9)) AS v(x)").await.unwrap();
        context.sql("CREATE TABLE n AS SELECT * FROM (VALUES (1), (5), (NULL)) AS v(x)").await.unwrap();
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        text.lines()
            .skip(3)
            .filter(|line| line.starts_with('|'))
            .map(|l| l.trim_matches(['|', ' ']).to_owned())
            .collect()
    }

    #[tokio::test]
    async fn a_column_is_compared_with_its_namesake() {
        for (condition, expected) in [
            ("x > ANY (SELECT x FROM t WHERE x < 6)", &["5", "9"][..]),
            ("x >= ALL (SELECT x FROM t)", &["9"]),
            ("x < ALL (SELECT x FROM t WHERE x > 1)", &["1"]),
            ("x <= ANY (SELECT x FROM t WHERE x > 100)", &[]),
            ("x > ALL (SELECT x FROM t WHERE x > 100)", &["1", "5", "9"]),
            ("x = ANY (SELECT x FROM t WHERE x > 1)", &["5", "9"]),
            ("x <> ALL (SELECT x FROM t WHERE x > 1)", &["1"]),
            ("x <> ANY (SELECT x FROM t WHERE x > 5)", &["1", "5"]),
            ("x = ALL (SELECT x FROM t WHERE x > 5)", &["9"]),
            ("x > ALL (SELECT x FROM n)", &[]),
            ("x > ANY (SELECT x FROM n)", &["5", "9"]),
            ("NOT (x > ANY (SELECT x FROM t WHERE x > 1))", &["1", "5"]),
        ] {
            let sql = format!("SELECT x FROM t WHERE {condition} ORDER BY x");
            assert_eq!(answers(&sql).await, expected, "{condition}");
        }
    }

    #[tokio::test]
    async fn a_correlated_comparison_stays() {
        let state = SessionStateBuilder::new_with_default_features().with_analyzer_rule(Arc::new(ExpandSetComparison));
        let context = SessionContext::new_with_state(state.build());
        context.sql("CREATE TABLE t AS SELECT * FROM (VALUES (1, 2)) AS v(x, y)").await.unwrap();
        let frame = context.sql("SELECT x FROM t AS o WHERE y <> ANY (SELECT x FROM t WHERE t.y = o.y)").await.unwrap();
        assert_eq!(frame.collect().await.unwrap().iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
    }

    #[tokio::test]
    async fn null_leaves_open_what_no_value_decides() {
        for (condition, expected) in [
            ("x > ANY (SELECT x FROM n)", ["", "true", "true"]),
            ("x < ALL (SELECT x FROM n)", ["false", "false", "false"]),
            ("x > ALL (SELECT x FROM n)", ["false", "false", ""]),
        ] {
            let sql = format!("SELECT {condition} AS a FROM t ORDER BY x");
            assert_eq!(answers(&sql).await, expected, "{condition}");
        }
    }
}
