//! `round(decimal, n)` whose type is the same from the first plan to the last.
//!
//! The type of the result has as many digits behind the point as the constant `n` says. SQL makes `n` a BIGINT, which DataFusion 55 then
//! puts a cast around: until that is folded `n` is not a constant, and a plan tells another type than its results have. Here `n` is
//! an INTEGER, as the function takes it, before types are settled.

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use datafusion::optimizer::AnalyzerRule;

use crate::look::any_expression;

/// Gives constant numbers of digits the type that `round` takes. Runs before types are settled.
#[derive(Debug, Default)]
pub struct RoundToConstantDigits;

impl AnalyzerRule for RoundToConstantDigits {
    fn name(&self) -> &str {
        "round_to_constant_digits"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        if !any_expression(&plan, |expr| digits(expr).is_some())? {
            return Ok(plan);
        }
        plan.transform_up_with_subqueries(|node| {
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                let changed = expr.transform_up(|expr| Ok(with_digits(expr)))?;
                Ok(changed.update_data(|expr| name.restore(expr)))
            })
        })
        .data()
    }
}

/// The digits that `expr` rounds to, if they are a constant of too large a type.
fn digits(expr: &Expr) -> Option<i32> {
    let Expr::ScalarFunction(call) = expr else { return None };
    match call.args.as_slice() {
        [_, Expr::Literal(ScalarValue::Int64(Some(digits)), _)] if call.name() == "round" => (*digits).try_into().ok(),
        _ => None,
    }
}

fn with_digits(expr: Expr) -> Transformed<Expr> {
    match (digits(&expr), expr) {
        (Some(digits), Expr::ScalarFunction(mut call)) => {
            call.args[1] = lit(digits);
            Transformed::yes(Expr::ScalarFunction(call))
        }
        (_, other) => Transformed::no(other),
    }
}
