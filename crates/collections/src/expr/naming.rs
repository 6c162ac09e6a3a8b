//! The name of a column that an expression without alias makes.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Expr;

/// Stands before the name of a scalar subquery's column, so that it clashes with none of the frame that uses it.
pub(crate) const SCALAR_PREFIX: &str = "__scalar_";

/// The alias, else the name of the first column, else that of the function, else `literal`.
pub(crate) fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Alias(alias) => return alias.name.clone(),
        // The branches name the result, not the conditions.
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
            return branches.map(|branch| output_name(branch)).next().unwrap_or_else(|| "literal".to_owned());
        }
        _ => {}
    }
    let mut name = None;
    // The closure does not fail.
    let _ = expr.apply(|node| {
        name = match node {
            Expr::Column(column) => Some(column.name.clone()),
            Expr::Alias(alias) => Some(alias.name.clone()),
            Expr::ScalarSubquery(subquery) => {
                let field = subquery.subquery.schema().fields().first();
                field.map(|field| field.name().trim_start_matches(SCALAR_PREFIX).to_owned())
            }
            // Its arguments come first in the walk and would be found; what it is partitioned by must not name it.
            Expr::WindowFunction(window) => Some(
                window
                    .params
                    .args
                    .first()
                    .filter(|argument| argument.any_column_refs())
                    .map_or_else(|| window.fun.name().to_owned(), output_name),
            ),
            _ => None,
        };
        Ok(if name.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    name.unwrap_or_else(|| match expr {
        Expr::AggregateFunction(aggregate) => aggregate.func.name().to_owned(),
        Expr::ScalarFunction(function) => function.func.name().to_owned(),
        _ => "literal".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::output_name;
    use crate::prelude::*;

    #[test]
    fn the_first_column_names_an_expression() {
        assert_eq!(output_name(&(col("b") + col("a"))), "b");
        assert_eq!(output_name(&col("x").sum()), "x");
        assert_eq!(output_name(&col("x").sum().over([col("k")])), "x");
        assert_eq!(output_name(&col("x").alias("y")), "y");
        assert_eq!(output_name(&when(col("c")).then(col("t")).otherwise(col("e"))), "t");
    }

    #[test]
    fn without_a_column_the_function_names_it() {
        assert_eq!(output_name(&count_all()), "count");
        assert_eq!(output_name(&row_number().over([col("k")])), "row_number");
        assert_eq!(output_name(&lit(1)), "literal");
    }
}
