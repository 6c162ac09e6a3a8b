//! A look at a plan before it is taken apart.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Whether any expression in `plan`, or part of one, is what `is_wanted` says; subqueries are looked at, too. Rules that concern few
/// plans leave the others alone by this.
pub(crate) fn any_expression(plan: &LogicalPlan, is_wanted: impl Fn(&Expr) -> bool) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found |= is_wanted(expr);
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })?;
    Ok(found)
}
