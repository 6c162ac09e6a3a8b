//! Projections that stand one over the other and do the same.
//!
//! `optimize_projections` of DataFusion 55 takes a projection over an equal one for the same projection, and leaves one of them
//! out. That is right for `SELECT a, b` of `SELECT a, b`; of `SELECT a + 1 AS a` twice over, one step would be lost. Here the steps
//! that give a name to anything are told apart while that rule runs: by a second name within the first, which projections that are
//! put together lose anyway.

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::OptimizerConfig;

use crate::around::{Rule, around};

/// What second names begin with. No column of a query has such a name: it is never looked up.
const MARK: &str = "\u{1f}step ";

/// `rule`, which sees no two projections as equal, and what it leaves as it would be without.
pub fn tell_projections_apart(rule: Rule) -> Rule {
    around(rule, rewrite)
}

fn rewrite(rule: &Rule, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
    if !has_several_steps(&plan)? {
        return rule.rewrite(plan, config);
    }
    let mut steps = 0;
    let marked = plan.transform_down_with_subqueries(|node| match node {
        LogicalPlan::Projection(mut projection) if projection.expr.iter().any(names) => {
            steps += 1;
            projection.expr = projection.expr.into_iter().map(|expr| marked(expr, steps)).collect();
            Ok(Transformed::yes(LogicalPlan::Projection(projection)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    let rewritten = rule.rewrite(marked.data, config)?;
    let changed = rewritten.transformed;
    let plan = rewritten.data.transform_down_with_subqueries(|node| {
        node.map_expressions(|expr| expr.transform_up(|expr| Ok(without_mark(expr))))
    })?;
    Ok(Transformed::new_transformed(plan.data, changed))
}

/// Whether several projections name anything: what lies between them may go.
fn has_several_steps(plan: &LogicalPlan) -> Result<bool> {
    let mut steps = 0;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Projection(projection) = node
            && projection.expr.iter().any(names)
        {
            steps += 1;
        }
        Ok(if steps > 1 { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(steps > 1)
}

fn names(expr: &Expr) -> bool {
    matches!(expr, Expr::Alias(_))
}

fn marked(expr: Expr, step: usize) -> Expr {
    match expr {
        Expr::Alias(alias) => {
            let expr = alias.expr.alias(format!("{MARK}{step}"));
            Expr::Alias(Alias { expr: Box::new(expr), ..alias })
        }
        other => other,
    }
}

fn without_mark(expr: Expr) -> Transformed<Expr> {
    match expr {
        Expr::Alias(alias) if alias.relation.is_none() && alias.name.starts_with(MARK) => Transformed::yes(*alias.expr),
        other => Transformed::no(other),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use crate::registry;

    /// Under our rules.
    async fn rows(sql: &str) -> Vec<String> {
        let state = datafusion::execution::SessionStateBuilder::new().with_default_features();
        let context = SessionContext::new_with_state(registry::install(state, None).build());
        context.sql("CREATE TABLE t AS VALUES (1, 10), (5, 20)").await.unwrap().collect().await.unwrap();
        let frame = context.sql(sql).await.unwrap();
        let plan = frame.clone().into_optimized_plan().unwrap().to_string();
        assert!(!plan.contains(super::MARK), "{plan}");
        let batches = frame.collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect()
    }

    #[tokio::test]
    async fn each_of_equal_steps_is_taken() {
        let once = "SELECT column1 AS a, column2 AS b FROM t";
        for (step, twice, thrice) in [
            ("SELECT a + 1 AS a, b FROM", ["|3|10|", "|7|20|"], ["|4|10|", "|8|20|"]),
            ("SELECT b AS a, a AS b FROM", ["|1|10|", "|5|20|"], ["|10|1|", "|20|5|"]),
            ("SELECT a * a AS a, b FROM", ["|1|10|", "|625|20|"], ["|1|10|", "|390625|20|"]),
            ("SELECT a + 1 AS a, b + a AS b FROM", ["|3|13|", "|7|31|"], ["|4|16|", "|8|38|"]),
            ("SELECT -a AS a, b FROM", ["|1|10|", "|5|20|"], ["|-1|10|", "|-5|20|"]),
            ("SELECT a + 1 AS a, b FROM (SELECT a, b FROM", ["|3|10|", "|7|20|"], ["|4|10|", "|8|20|"]),
        ] {
            let close = if step.matches('(').count() > 0 { ")" } else { "" };
            let over = |inner: &str| format!("{step} ({inner}){close}");
            let (two, three) = (over(&over(once)), over(&over(&over(once))));
            assert_eq!(rows(&format!("{two} ORDER BY abs(b), abs(a)")).await, twice, "{two}");
            let mut found = rows(&three).await;
            found.sort_unstable();
            let mut expected = thrice.to_vec();
            expected.sort_unstable();
            assert_eq!(found, expected, "{three}");
        }
    }

    #[tokio::test]
    async fn also_with_a_filter_between_them_that_moves() {
        let sql = "SELECT a + 1 AS a FROM (SELECT * FROM (SELECT column1 + 1 AS a FROM t) WHERE a > 2)";
        assert_eq!(rows(sql).await, ["|7|"]);
        let sql =
            "SELECT a + 1 AS a FROM (SELECT * FROM (SELECT a + 1 AS a FROM (SELECT column1 AS a FROM t)) WHERE a > 2)";
        assert_eq!(rows(sql).await, ["|7|"]);
        let uneven =
            "SELECT a + 1 AS a FROM (SELECT a + 1 AS a FROM (SELECT a + 1 + 1 AS a FROM (SELECT column1 AS a FROM t)))";
        assert_eq!(rows(&format!("{uneven} ORDER BY a")).await, ["|5|", "|9|"]);
        let inside = "SELECT column1 FROM t WHERE column1 + 2 IN (SELECT a + 1 AS a FROM (SELECT a + 1 AS a FROM (SELECT column1 AS a FROM t)))";
        assert_eq!(rows(&format!("{inside} ORDER BY 1")).await, ["|1|", "|5|"]);
    }
}
