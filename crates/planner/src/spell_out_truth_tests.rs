//! `x IS NOT TRUE` and its kin, as what the physical planner makes of them.
//!
//! The logical planner of DataFusion 55 knows that these are never null. The physical one compares (`x IS DISTINCT FROM true`), and takes a
//! comparison of what may be null for something that may be null itself. An aggregation compares the two schemas of its input and
//! refuses to run where they differ:
//!
//! ```text
//! Aggregate: group by c          Aggregate: group by c
//!   Projection: b IS TRUE AS c     =>    Projection: b IS NOT DISTINCT FROM true AS c
//! ```
//!
//! | expression | becomes |
//! |---|---|
//! | `x IS TRUE`, `x IS FALSE` | `x IS NOT DISTINCT FROM true`, … `false` |
//! | `x IS NOT TRUE`, `x IS NOT FALSE` | `x IS DISTINCT FROM true`, … `false` |
//! | `x IS UNKNOWN`, `x IS NOT UNKNOWN` | `x IS NULL`, `x IS NOT NULL` |
//!
//! Runs last, so that other rules still see what the query said. Columns keep their names; the schemas above are made anew.

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, binary_expr, lit};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::look::any_expression;

/// Makes comparisons of `IS TRUE` and its kin.
#[derive(Debug, Default)]
pub struct SpellOutTruthTests;

impl OptimizerRule for SpellOutTruthTests {
    fn name(&self) -> &str {
        "spell_out_truth_tests"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        // What stands above a change is changed, too.
        None
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        if tests_truth(&plan)? { spell_out(plan) } else { Ok(Transformed::no(plan)) }
    }
}

/// Whether anything in `plan` tests truth; most plans are left alone by this look.
fn tests_truth(plan: &LogicalPlan) -> Result<bool> {
    any_expression(plan, |expr| {
        matches!(
            expr,
            Expr::IsTrue(_)
                | Expr::IsFalse(_)
                | Expr::IsNotTrue(_)
                | Expr::IsNotFalse(_)
                | Expr::IsUnknown(_)
                | Expr::IsNotUnknown(_)
        )
    })
}

fn spell_out(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let inputs = plan.map_children(spell_out)?;
    let plan = if inputs.transformed { inputs.data.recompute_schema()? } else { inputs.data };
    let subqueries = plan.map_subqueries(spell_out)?;
    let names = NamePreserver::new(&subqueries.data);
    let tests = subqueries.data.map_expressions(|expr| {
        let name = names.save(&expr);
        Ok(expr.transform_up(|expr| Ok(spelled_out(expr)))?.update_data(|expr| name.restore(expr)))
    })?;
    let transformed = inputs.transformed || subqueries.transformed || tests.transformed;
    let plan = if tests.transformed { tests.data.recompute_schema()? } else { tests.data };
    Ok(Transformed { transformed, ..Transformed::no(plan) })
}

fn spelled_out(expr: Expr) -> Transformed<Expr> {
    use Operator::{IsDistinctFrom, IsNotDistinctFrom};
    let comparison = |tested: Box<Expr>, operator, value: bool| binary_expr(*tested, operator, lit(value));
    Transformed::yes(match expr {
        Expr::IsTrue(tested) => comparison(tested, IsNotDistinctFrom, true),
        Expr::IsFalse(tested) => comparison(tested, IsNotDistinctFrom, false),
        Expr::IsNotTrue(tested) => comparison(tested, IsDistinctFrom, true),
        Expr::IsNotFalse(tested) => comparison(tested, IsDistinctFrom, false),
        Expr::IsUnknown(tested) => Expr::IsNull(tested),
        Expr::IsNotUnknown(tested) => Expr::IsNotNull(tested),
        other => return Transformed::no(other),
    })
}
