//! Choosing, ordering and numbering rows.

use datafusion::logical_expr::{LogicalPlanBuilder, lit};

use super::DataFrame;
use super::misfits::refuse_values;
use super::resolve;
use crate::error::{Error, Result};
use crate::expr::window::{ExprWindow, row_number, window};
use crate::expr::{Expr, ExprExt, NameOrExpr, SortExpr, SortKey, col, output_name};

impl DataFrame {
    /// Keeps the rows for which `predicate` is true; null counts as false.
    ///
    /// The predicate may hold aggregates (over all rows) and window expressions.
    pub fn filter(&self, predicate: Expr) -> Self {
        self.then(|plan| {
            let columns = resolve::all_columns(&plan);
            let order = resolve::ordering(&plan);
            let predicate = resolve::broadcast(resolve::checked(predicate, plan.schema())?)?;
            refuse_values(&predicate, plan.schema())?;
            if !resolve::has_windows(&predicate) {
                // Filters run in parallel, so the sort belongs above; if it stands right below, one falls away.
                return resolve::sorted(LogicalPlanBuilder::new(plan).filter(predicate)?.build()?, order);
            }
            let (plan, mut predicates) = resolve::with_windows(plan, vec![predicate])?;
            let filtered = LogicalPlanBuilder::new(plan).filter(predicates.remove(0))?.build()?;
            let sorted = resolve::sorted(filtered, order)?;
            Ok(LogicalPlanBuilder::new(sorted).project(columns)?.build()?)
        })
    }

    /// Sorted by these keys: names, expressions (ascending), or `col("x").asc()` and `.desc()`, which say where nulls go.
    ///
    /// Ascending, nulls come first; descending, last; change it with `.nulls_last()` and `.nulls_first()`. NaN is larger
    /// than every number. Rows with equal keys come in any order.
    pub fn sort<K: Into<SortKey>>(&self, keys: impl IntoIterator<Item = K>) -> Self {
        let keys: Vec<SortExpr> = keys.into_iter().map(|key| key.into().0).collect();
        if keys.is_empty() {
            return self.failed(Error::invalid("sort", "expected at least one key, got none"));
        }
        self.then(|plan| {
            let columns = resolve::all_columns(&plan);
            let expressions = keys
                .iter()
                .map(|key| resolve::broadcast(resolve::checked(key.expr.clone(), plan.schema())?))
                .collect::<Result<Vec<_>>>()?;
            if !expressions.iter().any(resolve::has_windows) {
                return Ok(LogicalPlanBuilder::new(plan).sort(keys)?.build()?);
            }
            let (plan, expressions) = resolve::with_windows(plan, expressions)?;
            let keys = keys.iter().zip(expressions).map(|(key, expr)| key.with_expr(expr));
            Ok(LogicalPlanBuilder::new(plan).sort(keys.collect::<Vec<_>>())?.project(columns)?.build()?)
        })
    }

    /// The first `rows` rows. Without a sort before it, any rows.
    pub fn limit(&self, rows: usize) -> Self {
        self.then_build(|plan| plan.limit(0, Some(rows)))
    }

    /// The first `rows` rows: [`limit`](Self::limit) by another name.
    pub fn head(&self, rows: usize) -> Self {
        self.limit(rows)
    }

    /// The last `rows` rows, in their order. Holds that many rows in memory.
    pub fn tail(&self, rows: usize) -> Self {
        self.before_end(rows, rows)
    }

    /// The first `rows` of the last `from_end` rows, in their order; where there are fewer than `from_end`, those of them that are
    /// no further from the end.
    fn before_end(&self, from_end: usize, rows: usize) -> Self {
        if rows == 0 || from_end == 0 {
            return self.limit(0);
        }
        self.then(|plan| {
            let order = resolve::ordering(&plan);
            let columns = resolve::all_columns(&plan);
            let index = resolve::unused_name(plan.schema(), "row");
            let numbered = self.with_row_index(&index, 0).bare_plan()?;
            let backwards =
                LogicalPlanBuilder::new(numbered).sort_with_limit([col(&index).sort(false, false)], Some(from_end))?;
            let last = match from_end.saturating_sub(rows) {
                0 => backwards,
                behind => backwards.limit(behind, Some(rows))?,
            };
            let last = last.sort([col(&index).sort(true, false)])?.project(columns)?;
            // The projection hides the index; the frame's own order is what later steps can name.
            Ok(if order.is_empty() { last.build()? } else { last.sort(order)?.build()? })
        })
    }

    /// `rows` rows from row `offset` on (0 is the first; negative counts from the end; `None` takes all that follow). Of rows before
    /// the first there are none: from -5 on, 3 rows of 4 are the first two.
    pub fn slice(&self, offset: i64, rows: impl Into<Option<usize>>) -> Self {
        let rows = rows.into();
        if offset < 0 {
            let from_end = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            return self.before_end(from_end, rows.unwrap_or(from_end));
        }
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        self.then_build(|plan| plan.limit(skipped, rows))
    }

    /// Each different row once. Nulls are equal to each other here.
    pub fn distinct(&self) -> Self {
        self.then_build(LogicalPlanBuilder::distinct)
    }

    /// One row for each different value of `keys`: the first in the frame's order (without a sort before it, any).
    pub fn distinct_by<E: Into<NameOrExpr>>(&self, keys: impl IntoIterator<Item = E>) -> Self {
        let keys: Vec<Expr> = keys.into_iter().map(|key| key.into().0).collect();
        let row = row_number().over(window().partition_by(keys));
        self.filter(row.eq(lit(1_u64)))
    }

    /// Adds a first column `name` that numbers the rows from `offset`, in the frame's order (without a sort before it, in
    /// the order in which they arrive).
    pub fn with_row_index(&self, name: &str, offset: u64) -> Self {
        self.then(|plan| {
            if plan.schema().has_column_with_unqualified_name(name) {
                let message = format!("the frame already has a column '{name}'; choose another name");
                return Err(Error::invalid("with_row_index", message));
            }
            let number = (row_number() - lit(1_u64) + lit(offset)).alias(name);
            let columns = std::iter::once(number).chain(resolve::all_columns(&plan)).collect();
            resolve::project("with_row_index", plan, columns)
        })
    }

    /// The rows with the `rows` largest values of the keys, largest first, in memory for that many rows.
    pub fn top_k<E: Into<NameOrExpr>>(&self, rows: usize, by: impl IntoIterator<Item = E>) -> Self {
        self.sort(by.into_iter().map(|key| key.into().0.desc())).limit(rows)
    }

    /// The rows with the `rows` smallest values of the keys, smallest first, nulls last.
    pub fn bottom_k<E: Into<NameOrExpr>>(&self, rows: usize, by: impl IntoIterator<Item = E>) -> Self {
        self.sort(by.into_iter().map(|key| key.into().0.sort(true, false))).limit(rows)
    }

    /// How often each different combination of `columns` occurs, in a column `count`, most frequent first.
    pub fn value_counts<E: Into<NameOrExpr>>(&self, columns: impl IntoIterator<Item = E>) -> Self {
        let keys: Vec<Expr> = columns.into_iter().map(|column| column.into().0).collect();
        let names: Vec<String> = keys.iter().map(output_name).collect();
        if let Some(name) = names.iter().find(|name| *name == "count") {
            let message = format!("the column '{name}' would clash with the counts; rename it before");
            return self.failed(Error::invalid("value_counts", message));
        }
        let counted = self.group_by(keys).agg([crate::expr::agg::count_all().alias("count")]);
        // The keys decide between equal counts, so that the result is always the same.
        let order = std::iter::once(col("count").desc()).chain(names.iter().map(|name| col(name).asc()));
        counted.sort(order)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use crate::prelude::*;
    use crate::testing::{mistake, rows, session, sorted_rows, table};

    fn letters() -> DataFrame {
        table("SELECT * FROM (VALUES (3, 'c'), (1, 'a'), (NULL, 'n'), (2, 'b'), (1, 'z')) AS t(x, s)")
    }

    #[test]
    fn filter_drops_false_and_null() {
        assert_eq!(sorted_rows(&letters().filter(col("x").gt(lit(1)))), ["2|b", "3|c"]);
    }

    #[test]
    fn filter_takes_aggregates_and_windows() {
        assert_eq!(rows(&letters().filter(col("x").eq(col("x").max()))), ["3|c"]);
        let first = row_number().over(window().partition_by(["x"]).order_by([col("s").desc()]));
        assert_eq!(rows(&letters().filter(col("x").is_not_null().and(first.eq(lit(2_u64))))), ["1|a"]);
    }

    #[test]
    fn sort_puts_nulls_first_ascending_and_last_descending_unless_told() {
        let s = |frame: DataFrame| rows(&frame.select(["s"])).concat();
        assert_eq!(s(letters().sort([col("x").asc(), col("s").desc()])), "nzabc");
        assert_eq!(s(letters().sort([col("x").desc(), col("s").asc()])), "cbazn");
        assert_eq!(s(letters().sort([col("x").asc().nulls_last(), col("s").asc()])), "azbcn");
        assert_eq!(s(letters().sort([col("x").desc().nulls_first(), col("s").asc()])), "ncbaz");
        assert_eq!(s(letters().sort(["s"])), "abcnz");
    }

    #[test]
    fn sort_takes_window_expressions() {
        let by_count = letters().sort([count_all().over(["x"]).desc(), col("s").asc()]);
        assert_eq!(rows(&by_count.select(["s"])).concat(), "azbcn");
    }

    #[test]
    fn limit_slice_and_tail_follow_the_order() {
        let sorted = letters().sort(["s"]);
        let s = |frame: DataFrame| rows(&frame.select(["s"])).concat();
        assert_eq!(s(sorted.limit(2)), "ab");
        assert_eq!(s(sorted.head(9)), "abcnz");
        assert_eq!(s(sorted.tail(2)), "nz");
        assert_eq!(s(sorted.slice(1, 2)), "bc");
        assert_eq!(s(sorted.slice(3, None)), "nz");
        assert_eq!(s(sorted.slice(-3, 2)), "cn");
        assert_eq!(s(sorted.slice(-3, 9)), "cnz");
        assert_eq!(s(sorted.slice(-3, None)), "cnz");
        assert_eq!(s(sorted.slice(-6, 3)), "ab");
        assert_eq!(s(sorted.slice(-9, 3)), "");
        assert_eq!(s(sorted.slice(-9, None)), "abcnz");
        assert_eq!(s(sorted.slice(9, 2)), "");
        assert_eq!(s(sorted.tail(0)), "");
    }

    #[test]
    fn the_order_survives_what_runs_in_parallel() {
        let frame = table("SELECT value AS x FROM range(100000)").sort([col("x").desc()]);
        let computed = frame.filter((col("x") % lit(2)).eq(lit(0))).select([(col("x") + lit(1)).alias("y")]);
        let limited =
            frame.limit(60_000).filter(col("x").gt(lit(50_000))).select([(col("x") * lit(2) + lit(2)).alias("y")]);
        for (frame, first, step) in [(computed, 99_999, 2), (limited, 200_000, 2)] {
            let batch = frame.collect_one().unwrap();
            let values = batch.column(0).as_primitive::<Int64Type>().values();
            assert!(values.len() > 40_000);
            for (row, value) in values.iter().enumerate() {
                assert_eq!(*value, first - step * i64::try_from(row).unwrap());
            }
        }
    }

    #[test]
    fn distinct_counts_nulls_as_equal() {
        let frame = table("SELECT * FROM (VALUES (1), (NULL), (1), (NULL)) AS t(x)");
        assert_eq!(sorted_rows(&frame.distinct()), ["1", "null"]);
    }

    #[test]
    fn distinct_by_keeps_the_first_of_each() {
        let frame = letters().sort([col("s").desc()]).distinct_by(["x"]);
        assert_eq!(rows(&frame), ["1|z", "null|n", "3|c", "2|b"]);
    }

    #[test]
    fn the_row_index_follows_the_order() {
        let frame = letters().sort(["s"]).with_row_index("i", 10).select(["i", "s"]);
        assert_eq!(rows(&frame), ["10|a", "11|b", "12|c", "13|n", "14|z"]);
        assert!(mistake(&letters().with_row_index("s", 0)).contains("already has a column 's'"));
    }

    #[test]
    fn top_and_bottom() {
        assert_eq!(rows(&letters().top_k(2, ["x"]).select(["x"])), ["3", "2"]);
        assert_eq!(rows(&letters().bottom_k(3, ["x"]).select(["x"])), ["1", "1", "2"]);
    }

    #[test]
    fn value_counts_puts_the_most_frequent_first() {
        assert_eq!(rows(&letters().value_counts(["x"])), ["1|2", "null|1", "2|1", "3|1"]);
    }

    #[test]
    fn count_show_and_stream() {
        assert_eq!(letters().count().unwrap(), 5);
        assert_eq!(letters().filter(lit(false)).count().unwrap(), 0);
        let batches = letters().stream().unwrap();
        assert_eq!(batches.into_iter().map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 5);
        let text = letters().sort(["s"]).preview(2).unwrap();
        assert!(text.contains("| 1 | a |") && text.ends_with("first 2 rows; there are more"), "{text}");
        assert!(letters().preview(5).unwrap().ends_with("5 rows"));
        letters().show().unwrap();
        let _ = session();
    }
}
