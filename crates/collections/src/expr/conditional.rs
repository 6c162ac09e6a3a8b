//! Choices: `when/then/otherwise`, the first value that is there, the largest of several.

use datafusion::functions::expr_fn;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Case;

use super::ExprOrValue;

/// Starts a choice: `when(col("x").gt(lit(0))).then("plus").otherwise("minus")`.
///
/// Conditions are tried in order; a null condition counts as false. Without [`otherwise`](Then::otherwise) use
/// [`end`](Then::end): rows that no condition takes are null.
pub fn when(condition: Expr) -> When {
    When { branches: vec![], condition }
}

/// A choice that waits for the value of its last condition.
#[derive(Clone, Debug)]
pub struct When {
    branches: Vec<(Box<Expr>, Box<Expr>)>,
    condition: Expr,
}

/// A choice that may be ended or gain another condition.
#[derive(Clone, Debug)]
pub struct Then {
    branches: Vec<(Box<Expr>, Box<Expr>)>,
}

impl When {
    /// The value where the condition is true.
    pub fn then(mut self, value: impl Into<ExprOrValue>) -> Then {
        self.branches.push((Box::new(self.condition), Box::new(value.into().0)));
        Then { branches: self.branches }
    }
}

impl Then {
    /// Another condition, tried where none of the former is true.
    pub fn when(self, condition: Expr) -> When {
        When { branches: self.branches, condition }
    }

    /// The value where no condition is true.
    pub fn otherwise(self, value: impl Into<ExprOrValue>) -> Expr {
        Expr::Case(Case::new(None, self.branches, Some(Box::new(value.into().0))))
    }

    /// Null where no condition is true.
    pub fn end(self) -> Expr {
        Expr::Case(Case::new(None, self.branches, None))
    }
}

impl From<Then> for Expr {
    fn from(then: Then) -> Self {
        then.end()
    }
}

/// The first of `values` that is not null.
pub fn coalesce<E: Into<ExprOrValue>>(values: impl IntoIterator<Item = E>) -> Expr {
    expr_fn::coalesce(values.into_iter().map(|value| value.into().0).collect())
}

/// The largest of `values` in each row, nulls skipped.
pub fn max_horizontal<E: Into<ExprOrValue>>(values: impl IntoIterator<Item = E>) -> Expr {
    expr_fn::greatest(values.into_iter().map(|value| value.into().0).collect())
}

/// The smallest of `values` in each row, nulls skipped.
pub fn min_horizontal<E: Into<ExprOrValue>>(values: impl IntoIterator<Item = E>) -> Expr {
    expr_fn::least(values.into_iter().map(|value| value.into().0).collect())
}

/// Whether all of `conditions` hold; true for none.
pub fn all_of(conditions: impl IntoIterator<Item = Expr>) -> Expr {
    conditions.into_iter().reduce(Expr::and).unwrap_or_else(|| super::lit(true))
}

/// Whether any of `conditions` holds; false for none.
pub fn any_of(conditions: impl IntoIterator<Item = Expr>) -> Expr {
    conditions.into_iter().reduce(Expr::or).unwrap_or_else(|| super::lit(false))
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{sorted_rows, table};

    fn of(expr: Expr) -> Vec<String> {
        sorted_rows(&table("SELECT * FROM (VALUES (1), (5), (NULL)) AS t(x)").select([col("x"), expr.alias("r")]))
    }

    #[test]
    fn the_first_true_condition_wins_and_null_counts_as_false() {
        let size = when(col("x").gt(lit(9))).then("huge").when(col("x").gt(lit(2))).then("big").otherwise("small");
        assert_eq!(of(size), ["1|small", "5|big", "null|small"]);
        assert_eq!(of(when(col("x").eq(lit(1))).then(col("x")).end()), ["1|1", "5|null", "null|null"]);
    }

    #[test]
    fn conditions() {
        assert_eq!(of(col("x").is_in([1, 2])), ["1|true", "5|false", "null|null"]);
        assert_eq!(of(col("x").is_not_in([1, 2])), ["1|false", "5|true", "null|null"]);
        assert_eq!(of(col("x").between(lit(1), lit(4))), ["1|true", "5|false", "null|null"]);
        assert_eq!(of(col("x").is_null()), ["1|false", "5|false", "null|true"]);
        assert_eq!(of(col("x").eq_missing(null())), ["1|false", "5|false", "null|true"]);
        assert_eq!(of(coalesce([col("x"), lit(0)])), ["1|1", "5|5", "null|0"]);
        assert_eq!(of(col("x").fill_null(7)), ["1|1", "5|5", "null|7"]);
        assert_eq!(of(col("x").null_if(5)), ["1|1", "5|null", "null|null"]);
        assert_eq!(of(all_of([col("x").gt(lit(0)), col("x").lt(lit(3))])), ["1|true", "5|false", "null|null"]);
        assert_eq!(of(any_of([])), ["1|false", "5|false", "null|false"]);
    }
}
