//! Choosing and making columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};

use super::DataFrame;
use super::resolve::{self, known};
use crate::error::{Error, Result};
use crate::expr::{Expr, ExprExt, NameOrExpr, col};

impl DataFrame {
    /// Exactly these columns and expressions, in this order. Takes names too: `select(["a", "b"])`.
    ///
    /// If all of them are aggregates there is one row; an aggregate beside others is repeated on every row.
    pub fn select<E: Into<NameOrExpr>>(&self, expressions: impl IntoIterator<Item = E>) -> Self {
        let expressions: Vec<Expr> = expressions.into_iter().map(|expr| expr.into().0).collect();
        let aggregated = expressions.iter().all(resolve::is_aggregated);
        if aggregated && expressions.iter().any(resolve::has_aggregates) {
            return self.agg(expressions);
        }
        self.then(|plan| resolve::project("select", plan, expressions))
    }

    /// All columns, and these expressions: one with the name of a column replaces it in its place, others are added at the
    /// end. They are computed from the columns as they were, not from each other. Aggregates are repeated on every row.
    pub fn with_columns<E: Into<NameOrExpr>>(&self, expressions: impl IntoIterator<Item = E>) -> Self {
        let expressions: Vec<Expr> = expressions.into_iter().map(|expr| expr.into().0).collect();
        self.then(|plan| {
            let names = resolve::names("with_columns", &expressions)?;
            let mut columns = resolve::all_columns(&plan);
            for (name, expr) in names.into_iter().zip(expressions) {
                let expr = expr.unalias().alias(&name);
                match plan.schema().index_of_column_by_name(None, &name) {
                    Some(position) => columns[position] = expr,
                    None => columns.push(expr),
                }
            }
            resolve::project("with_columns", plan, columns)
        })
    }

    /// [`with_columns`](Self::with_columns) of one expression, under `name`.
    pub fn with_column(&self, name: &str, expression: Expr) -> Self {
        self.with_columns([expression.alias(name)])
    }

    /// Without these columns.
    pub fn drop<S: Into<String>>(&self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.then(|plan| {
            names.iter().try_for_each(|name| known(name, plan.schema()))?;
            let kept = plan.schema().fields().iter().map(|field| field.name()).filter(|name| !names.contains(name));
            let kept: Vec<Expr> = kept.map(col).collect();
            if kept.is_empty() {
                return Err(Error::invalid("drop", "expected to keep at least one column, all would be dropped"));
            }
            resolve::project("drop", plan, kept)
        })
    }

    /// With other names: pairs of an old and a new one. Columns keep their places.
    pub fn rename<A: Into<String>, B: Into<String>>(&self, names: impl IntoIterator<Item = (A, B)>) -> Self {
        let names: Vec<(String, String)> = names.into_iter().map(|(old, new)| (old.into(), new.into())).collect();
        self.then(|plan| {
            names.iter().try_for_each(|(old, _)| known(old, plan.schema()))?;
            let new: HashMap<_, _> = names.iter().map(|(old, new)| (old.as_str(), new)).collect();
            let columns = plan.schema().fields().iter().map(|field| {
                let name = field.name();
                new.get(name.as_str()).map_or_else(|| col(name), |new| col(name).alias(*new))
            });
            let columns = columns.collect();
            resolve::project("rename", plan, columns)
        })
    }

    /// With other types: pairs of a column and a type. A value that does not fit is an error when the query runs.
    pub fn cast<S: Into<String>>(&self, types: impl IntoIterator<Item = (S, DataType)>) -> Self {
        self.recast(types, ExprExt::cast)
    }

    /// [`cast`](Self::cast) in which a value that does not fit becomes null.
    pub fn try_cast<S: Into<String>>(&self, types: impl IntoIterator<Item = (S, DataType)>) -> Self {
        self.recast(types, ExprExt::try_cast)
    }

    fn recast<S: Into<String>>(
        &self,
        types: impl IntoIterator<Item = (S, DataType)>,
        cast: impl Fn(Expr, DataType) -> Expr,
    ) -> Self {
        self.with_columns(types.into_iter().map(|(name, data_type)| {
            let name = name.into();
            cast(col(&name), data_type).alias(name)
        }))
    }

    /// The frame's only column as a plan for a subquery, its name after `prefix`: an unqualified column of a subquery must
    /// not have the name of one of the frame that uses it.
    pub(crate) fn single_column_plan(&self, operation: &'static str, prefix: &str) -> Result<Arc<LogicalPlan>> {
        let plan = self.bare_plan()?;
        let [field] = plan.schema().fields().as_ref() else {
            let names = self.columns()?;
            let message = format!("expected a frame of one column, got {}: select one of {names:?}", names.len());
            return Err(Error::invalid(operation, message));
        };
        let renamed = col(field.name()).alias(format!("{prefix}{}", field.name()));
        Ok(LogicalPlanBuilder::new(plan).project([renamed])?.build()?.into())
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use crate::prelude::*;
    use crate::testing::{mistake, rows, sorted_rows, table};

    fn numbers() -> DataFrame {
        table("SELECT * FROM (VALUES (1, 'a', 10.0), (2, 'b', 20.0), (3, 'a', NULL)) AS t(x, k, \"v.W\")")
    }

    #[test]
    fn select_takes_names_and_expressions_and_names_results_after_the_first_column() {
        let frame = numbers().select([col("k"), col("x") * lit(2), col("v.W").alias("v")]);
        assert_eq!(frame.columns().unwrap(), ["k", "x", "v"]);
        assert_eq!(sorted_rows(&frame), ["a|2|10.0", "a|6|null", "b|4|20.0"]);
        assert_eq!(numbers().select(["v.W", "x"]).columns().unwrap(), ["v.W", "x"]);
    }

    #[test]
    fn select_of_aggregates_gives_one_row() {
        assert_eq!(rows(&numbers().select([col("x").sum(), col("v.W").max() - lit(1)])), ["6|19.0"]);
    }

    #[test]
    fn an_aggregate_beside_columns_is_repeated() {
        let frame = numbers().select([col("x"), (col("x") - col("x").min()).alias("above")]);
        assert_eq!(sorted_rows(&frame), ["1|0", "2|1", "3|2"]);
        assert_eq!(
            sorted_rows(&numbers().with_columns([col("x").sum().alias("s")]).select(["x", "s"])),
            ["1|6", "2|6", "3|6"]
        );
    }

    #[test]
    fn with_columns_replaces_in_place_and_adds_at_the_end() {
        let frame = numbers().with_columns([col("x") + lit(1), col("x").alias("old")]);
        assert_eq!(frame.columns().unwrap(), ["x", "k", "v.W", "old"]);
        assert_eq!(sorted_rows(&frame.select(["x", "old"])), ["2|1", "3|2", "4|3"]);
    }

    #[test]
    fn drop_and_rename_and_cast() {
        let frame = numbers().drop(["v.W"]).rename([("x", "y"), ("k", "x")]);
        assert_eq!(frame.columns().unwrap(), ["y", "x"]);
        assert_eq!(frame.cast([("y", DataType::Utf8)]).dtypes().unwrap()[0], DataType::Utf8);
    }

    #[test]
    fn a_strict_cast_fails_and_a_lenient_one_gives_null() {
        let frame = table("SELECT * FROM (VALUES ('7'), ('x')) AS t(s)");
        assert!(frame.cast([("s", DataType::Int64)]).collect().is_err());
        assert_eq!(sorted_rows(&frame.try_cast([("s", DataType::Int64)])), ["7", "null"]);
    }

    #[test]
    fn an_unknown_column_is_named_with_the_nearest_by_every_method() {
        let frame = table("SELECT 1 AS quantity, 'a' AS kind");
        let expected = "column 'quantty' not found (did you mean 'quantity'?); the columns are: 'quantity', 'kind'";
        let wrong = || col("quantty");
        for frame in [
            frame.select([wrong()]),
            frame.with_columns([wrong().alias("x")]),
            frame.filter(wrong().gt(lit(1))),
            frame.drop(["quantty"]),
            frame.rename([("quantty", "x")]),
            frame.cast([("quantty", DataType::Utf8)]),
            frame.sort(["quantty"]),
            frame.distinct_by(["quantty"]),
            frame.value_counts(["quantty"]),
            frame.group_by(["quantty"]).count(),
            frame.agg([wrong().sum()]),
            frame.rollup(["quantty"]).count(),
            frame.join(&frame, JoinType::Inner, ["quantty"]),
            frame.join_by(&frame, JoinType::Inner, [("kind", "quantty")]),
            frame.with_columns([row_number().over(["quantty"])]),
        ] {
            assert_eq!(mistake(&frame), expected);
        }
    }

    #[test]
    fn two_columns_of_one_name_are_refused_by_name() {
        let message = mistake(&numbers().select([col("x"), col("x") + lit(1)]));
        assert_eq!(message, "select: two columns would be named 'x'; give one of them another name with .alias(\"…\")");
        assert!(mistake(&numbers().rename([("x", "k")])).contains("'k'"));
        assert!(mistake(&numbers().with_columns([lit(1).alias("a"), lit(2).alias("a")])).contains("'a'"));
        let twice = table("SELECT a.x, b.x FROM (SELECT 1 AS x) a, (SELECT 2 AS x) b");
        assert!(mistake(&twice.limit(1)).contains("named 'x'"));
    }

    #[test]
    fn the_first_mistake_is_kept() {
        let frame = numbers().select([col("nope")]).filter(col("also_nope")).limit(1);
        assert!(frame.collect().unwrap_err().to_string().contains("'nope'"));
    }

    #[test]
    fn a_mistake_in_an_expression_is_reported_by_the_frame() {
        let message = mistake(&numbers().select([col("x").dt().truncate("5x")]));
        assert!(message.contains("'x' is not a unit"), "{message}");
        let message = mistake(&numbers().select([ExprAgg::filter(col("x"), lit(true))]));
        assert!(message.contains("expected an aggregate"), "{message}");
    }
}
