//! Window expressions: values computed from a row's neighbours, one for every row.
//!
//! [`over`](ExprWindow::over) takes any aggregate or window function and says what its neighbours are: a partition, an order,
//! and a range of rows. Without `over` the partition is the whole frame.
//!
//! Functions that depend on the order of rows (`shift`, `diff`, `cum_sum`, `row_number`, `forward_fill`, rolling by rows, …)
//! take the order of `over`, else that of the frame's last `sort`. In a frame that was never sorted the order is that in
//! which rows arrive, which several threads do not keep: sort first.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::functions_window::expr_fn as function;
use datafusion::functions_window::nth_value::{first_value_udwf, last_value_udwf};
use datafusion::logical_expr::expr::{NullTreatment, WindowFunction, WindowFunctionDefinition};
use datafusion::logical_expr::{Expr, WindowFrame, WindowFrameBound, WindowFrameUnits, cast, lit};
use datafusion::scalar::ScalarValue;

use super::agg::ExprAgg;
use super::conditional::when;
use super::rolling::Rolling;
use super::{ExprExt, NameOrExpr, SortExpr, SortKey, mistake};
use crate::error::Error;

/// What a window expression sees: see [`window`].
#[derive(Clone, Debug, Default)]
pub struct Window {
    partition_by: Vec<Expr>,
    order_by: Vec<SortExpr>,
    frame: Option<WindowFrame>,
}

/// All rows; narrow it by [`partition_by`](Window::partition_by), [`order_by`](Window::order_by), [`rows`](Window::rows).
///
/// As in SQL, with an order and without `rows` an aggregate runs from the partition's first row to the current one (and
/// those equal to it in order); without an order it sees the whole partition.
pub fn window() -> Window {
    Window::default()
}

impl Window {
    /// Only rows that are equal in these.
    pub fn partition_by<E: Into<NameOrExpr>>(mut self, keys: impl IntoIterator<Item = E>) -> Self {
        self.partition_by = keys.into_iter().map(|key| key.into().0).collect();
        self
    }

    /// The order of rows inside a partition.
    pub fn order_by<K: Into<SortKey>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.order_by = keys.into_iter().map(|key| key.into().0).collect();
        self
    }

    /// Only the rows from `first` to `last`, relative to the current one (`-1` is the one before, `None` has no limit).
    pub fn rows(self, first: impl Into<Option<i64>>, last: impl Into<Option<i64>>) -> Self {
        self.frame(rows(first.into(), last.into()))
    }

    pub(super) fn frame(mut self, frame: WindowFrame) -> Self {
        self.frame = Some(frame);
        self
    }
}

impl<E: Into<NameOrExpr>, const N: usize> From<[E; N]> for Window {
    fn from(keys: [E; N]) -> Self {
        window().partition_by(keys)
    }
}

impl<E: Into<NameOrExpr>> From<Vec<E>> for Window {
    fn from(keys: Vec<E>) -> Self {
        window().partition_by(keys)
    }
}

fn rows(first: Option<i64>, last: Option<i64>) -> WindowFrame {
    let bound = |offset: i64| match offset {
        0 => WindowFrameBound::CurrentRow,
        before @ ..0 => WindowFrameBound::Preceding(ScalarValue::UInt64(Some(before.unsigned_abs()))),
        after => WindowFrameBound::Following(ScalarValue::UInt64(Some(after.unsigned_abs()))),
    };
    let unbounded = ScalarValue::UInt64(None);
    WindowFrame::new_bounds(
        WindowFrameUnits::Rows,
        first.map_or_else(|| WindowFrameBound::Preceding(unbounded.clone()), bound),
        last.map_or_else(|| WindowFrameBound::Following(unbounded.clone()), bound),
    )
}

/// Number of the row, from 1.
pub fn row_number() -> Expr {
    function::row_number()
}

/// Rank by the order of `over`, from 1; equal rows share it and leave a gap after (1, 2, 2, 4).
pub fn rank() -> Expr {
    function::rank()
}

/// Rank without gaps (1, 2, 2, 3).
pub fn dense_rank() -> Expr {
    function::dense_rank()
}

/// Rank as a share: (rank - 1) / (rows - 1).
pub fn percent_rank() -> Expr {
    function::percent_rank()
}

/// Share of the rows that come before or are equal in order.
pub fn cume_dist() -> Expr {
    function::cume_dist()
}

/// Number, from 1, of the bucket when the rows are dealt into `buckets` of equal size.
pub fn ntile(buckets: u32) -> Expr {
    function::ntile(lit(i64::from(buckets)))
}

/// How equal values are ranked by [`ExprWindow::rank_values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankMethod {
    /// All get the smallest of their ranks (1, 2, 2, 4).
    Min,
    /// All get the largest of their ranks (1, 3, 3, 4).
    Max,
    /// All get the mean of their ranks (1, 2.5, 2.5, 4).
    Average,
    /// All get the same, and no rank is left out (1, 2, 2, 3).
    Dense,
    /// Each gets its own (1, 2, 3, 4).
    Ordinal,
}

/// The window functions of an expression.
pub trait ExprWindow: ExprExt {
    /// Makes every aggregate and window function in this expression look at `window`: an array of keys to partition by, or
    /// a [`window()`] with an order and a range of rows.
    ///
    /// ```
    /// use swath_collections::prelude::*;
    /// let share = col("sales") / col("sales").sum().over(["region"]);
    /// let running = col("sales").sum().over(window().partition_by(["region"]).order_by(["day"]));
    /// ```
    fn over(self, window: impl Into<Window>) -> Expr {
        let window = window.into();
        let mut found = false;
        let changed = self.expr().transform_down(|node| {
            Ok(match node {
                Expr::AggregateFunction(_) | Expr::WindowFunction(_) => {
                    found = true;
                    Transformed::new(with_window(node, &window), true, TreeNodeRecursion::Jump)
                }
                other => Transformed::no(other),
            })
        });
        match changed {
            Ok(changed) if found => changed.data,
            Ok(changed) => mistake(Error::invalid(
                "over",
                format!("expected an aggregate or a window function, got '{}'", changed.data.human_display()),
            )),
            Err(error) => mistake(error.into()),
        }
    }

    /// The value `rows` rows before (after, if negative); null where there is none.
    fn shift(self, rows: i64) -> Expr {
        shifted(self.expr(), rows, None)
    }

    /// The value `rows` rows before (after, if negative); `default` where there is no such row. The type stays: a frame refuses a
    /// `default` that it cannot hold.
    fn shift_or(self, rows: i64, default: ScalarValue) -> Expr {
        shifted(self.expr(), rows, Some(default))
    }

    /// The value `rows` rows before: SQL's name of [`shift`](Self::shift).
    fn lag(self, rows: i64) -> Expr {
        shifted(self.expr(), rows, None)
    }

    /// The value `rows` rows after.
    fn lead(self, rows: i64) -> Expr {
        shifted(self.expr(), -rows, None)
    }

    /// The value minus that `rows` rows before.
    fn diff(self, rows: i64) -> Expr {
        let value = self.expr();
        value.clone() - shifted(value, rows, None)
    }

    /// Relative change from the value `rows` rows before: 0.5 for half as much again.
    fn pct_change(self, rows: i64) -> Expr {
        let value = cast(self.expr(), DataType::Float64);
        value.clone() / shifted(value, rows, None) - lit(1.0)
    }

    /// Sum from the first row to this one. Nulls are skipped.
    fn cum_sum(self) -> Expr {
        with_window(self.expr().sum(), &window().rows(None, 0))
    }

    /// Product from the first row to this one. Nulls are skipped.
    fn cum_prod(self) -> Expr {
        with_window(self.expr().product(), &window().rows(None, 0))
    }

    /// Smallest value from the first row to this one.
    fn cum_min(self) -> Expr {
        with_window(self.expr().min(), &window().rows(None, 0))
    }

    /// Largest value from the first row to this one.
    fn cum_max(self) -> Expr {
        with_window(self.expr().max(), &window().rows(None, 0))
    }

    /// Number of values that are not null from the first row to this one.
    fn cum_count(self) -> Expr {
        with_window(self.expr().count(), &window().rows(None, 0))
    }

    /// Mean from the first row to this one.
    fn cum_mean(self) -> Expr {
        with_window(self.expr().mean(), &window().rows(None, 0))
    }

    /// The value, or the last before it that is not null.
    fn forward_fill(self) -> Expr {
        not_null(WindowFunction::new(last_value_udwf(), vec![self.expr()]), rows(None, Some(0)))
    }

    /// [`forward_fill`](Self::forward_fill) of at most `limit` nulls after each value.
    fn forward_fill_limit(self, limit: u32) -> Expr {
        not_null(WindowFunction::new(last_value_udwf(), vec![self.expr()]), rows(Some(-i64::from(limit)), Some(0)))
    }

    /// [`backward_fill`](Self::backward_fill) of at most `limit` nulls before each value.
    fn backward_fill_limit(self, limit: u32) -> Expr {
        not_null(WindowFunction::new(first_value_udwf(), vec![self.expr()]), rows(Some(0), Some(i64::from(limit))))
    }

    /// The value, or the next after it that is not null.
    fn backward_fill(self) -> Expr {
        not_null(WindowFunction::new(first_value_udwf(), vec![self.expr()]), rows(Some(0), None))
    }

    /// Rank of the value among all, from 1 for the smallest (for the largest, if `descending`). Null stays null.
    fn rank_values(self, method: RankMethod, descending: bool) -> Expr {
        let value = self.expr();
        let by = |expr: Expr| with_window(expr, &window().order_by([value.clone().sort(!descending, false)]));
        let last_peer = || by(count_peers());
        let rank = match method {
            RankMethod::Min => by(rank()),
            RankMethod::Dense => by(dense_rank()),
            RankMethod::Ordinal => by(row_number()),
            RankMethod::Max => cast(last_peer(), DataType::UInt64),
            RankMethod::Average => {
                (cast(by(rank()), DataType::Float64) + cast(last_peer(), DataType::Float64)) / lit(2.0)
            }
        };
        when(value.clone().is_not_null()).then(rank).end()
    }

    /// Aggregates over the last `rows` rows, this one included; null where fewer than that many values are not null (see
    /// [`Rolling::min_samples`]).
    fn rolling(self, rows: u32) -> Rolling {
        Rolling::rows(self.expr(), rows)
    }

    /// Aggregates over the rows whose `by` lies within `period` (`"2h"`, `"30d"`, `"10i"` for integers) before this row's.
    fn rolling_by(self, by: impl Into<NameOrExpr>, period: &str) -> Rolling {
        Rolling::time(self.expr(), by.into().0, period)
    }

    /// Mean of the last `rows` rows.
    fn rolling_mean(self, rows: u32) -> Expr {
        self.rolling(rows).mean()
    }

    /// Sum of the last `rows` rows.
    fn rolling_sum(self, rows: u32) -> Expr {
        self.rolling(rows).sum()
    }

    /// Smallest of the last `rows` rows.
    fn rolling_min(self, rows: u32) -> Expr {
        self.rolling(rows).min()
    }

    /// Largest of the last `rows` rows.
    fn rolling_max(self, rows: u32) -> Expr {
        self.rolling(rows).max()
    }

    /// Mean over the last `period` of `by`.
    fn rolling_mean_by(self, by: impl Into<NameOrExpr>, period: &str) -> Expr {
        self.rolling_by(by, period).mean()
    }

    /// Sum over the last `period` of `by`.
    fn rolling_sum_by(self, by: impl Into<NameOrExpr>, period: &str) -> Expr {
        self.rolling_by(by, period).sum()
    }

    /// Smallest value over the last `period` of `by`.
    fn rolling_min_by(self, by: impl Into<NameOrExpr>, period: &str) -> Expr {
        self.rolling_by(by, period).min()
    }

    /// Largest value over the last `period` of `by`.
    fn rolling_max_by(self, by: impl Into<NameOrExpr>, period: &str) -> Expr {
        self.rolling_by(by, period).max()
    }
}

impl ExprWindow for Expr {}

fn shifted(value: Expr, rows: i64, default: Option<ScalarValue>) -> Expr {
    function::lag(value, Some(rows), default)
}

/// Rows up to and with those equal to this one in order.
fn count_peers() -> Expr {
    super::agg::count_all()
}

fn not_null(mut function: WindowFunction, frame: WindowFrame) -> Expr {
    function.params.null_treatment = Some(NullTreatment::IgnoreNulls);
    function.params.window_frame = frame;
    Expr::WindowFunction(Box::new(function))
}

/// `function` (an aggregate or window function; anything else stays) with `window`. What the function already has (an
/// order of its own, say) stays. Window functions in its arguments see the same partition.
pub(crate) fn with_window(function: Expr, window: &Window) -> Expr {
    match function {
        Expr::AggregateFunction(aggregate) => {
            let mut params = aggregate.params;
            // A quantile's order is that of its values, not of the rows.
            let ordered_set = aggregate.func.supports_within_group_clause();
            let own_order = !params.order_by.is_empty() && !ordered_set;
            let order_by = if own_order { std::mem::take(&mut params.order_by) } else { window.order_by.clone() };
            // The window functions of these names can leave rows behind as a frame slides; the aggregates cannot.
            let definition = match aggregate.func.name() {
                "first_value" if params.filter.is_none() => WindowFunctionDefinition::WindowUDF(first_value_udwf()),
                "last_value" if params.filter.is_none() => WindowFunctionDefinition::WindowUDF(last_value_udwf()),
                _ => WindowFunctionDefinition::AggregateUDF(aggregate.func),
            };
            let arguments = params.args.into_iter().map(|argument| inside_window(argument, window)).collect();
            let mut function = WindowFunction::new(definition, arguments);
            let into = &mut function.params;
            into.partition_by.clone_from(&window.partition_by);
            // An order given to the aggregate alone does not make it a running one.
            let running = !window.order_by.is_empty();
            into.window_frame = window.frame.clone().unwrap_or_else(|| WindowFrame::new(running.then_some(false)));
            into.order_by = order_by;
            into.filter = params.filter;
            into.null_treatment = params.null_treatment;
            into.distinct = params.distinct;
            Expr::WindowFunction(Box::new(function))
        }
        Expr::WindowFunction(mut function) => {
            let into = &mut function.params;
            for argument in &mut into.args {
                *argument = inside_window(std::mem::take(argument), window);
            }
            // A window within a window looks at the rows that both have in common.
            let further = window.partition_by.iter().filter(|key| !into.partition_by.contains(key)).cloned();
            let further: Vec<_> = further.collect();
            into.partition_by.extend(further);
            if into.order_by.is_empty() {
                into.order_by.clone_from(&window.order_by);
            }
            if let Some(frame) = &window.frame {
                into.window_frame = frame.clone();
            }
            Expr::WindowFunction(function)
        }
        other => other,
    }
}

/// Window functions in the argument of one that looks at `window`: the same partition and order, their own rows.
fn inside_window(argument: Expr, window: &Window) -> Expr {
    let inner = Window { frame: None, ..window.clone() };
    let original = argument.clone();
    let changed = argument.transform_down(|node| {
        Ok(match node {
            Expr::WindowFunction(_) => Transformed::new(with_window(node, &inner), true, TreeNodeRecursion::Jump),
            other => Transformed::no(other),
        })
    });
    // The closure does not fail.
    changed.data().unwrap_or(original)
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, series, values};

    #[test]
    fn over_repeats_an_aggregate_in_its_partition() {
        assert_eq!(values(col("x").sum().over(["k"])), ["60", "60", "60", "60", "10", "10"]);
        assert_eq!(values((col("x") - col("x").min()).over(["k"])), ["0", "20", "null", "10", "0", "0"]);
        assert_eq!(values(col("x").sum().over(window())), ["70"; 6]);
        assert_eq!(values(col("x").sum().filter(col("t").gt(lit(1))).over(["k"])), ["50", "50", "50", "50", "5", "5"]);
    }

    #[test]
    fn over_with_an_order_runs_and_rows_limit_it() {
        let ordered = || window().partition_by(["k"]).order_by(["t"]);
        assert_eq!(values(col("x").sum().over(ordered())), ["10", "40", "40", "60", "5", "10"]);
        assert_eq!(values(col("x").sum().over(ordered().rows(-1, 0))), ["10", "40", "30", "20", "5", "10"]);
        assert_eq!(values(col("t").sum().over(ordered().rows(1, None))), ["9", "7", "4", "null", "2", "null"]);
    }

    #[test]
    fn ranks() {
        let by_x = || window().order_by([col("x").desc()]);
        assert_eq!(values(rank().over(by_x())), ["3", "1", "6", "2", "4", "4"]);
        assert_eq!(values(dense_rank().over(by_x())), ["3", "1", "5", "2", "4", "4"]);
        assert_eq!(values(row_number().over(["k"])), ["1", "2", "3", "4", "1", "2"]);
        assert_eq!(values(ntile(2)), ["1", "1", "1", "2", "2", "2"]);
        assert_eq!(values(percent_rank().over(window().partition_by(["k"]).order_by(["t"])))[1], "0.3333333333333333");
        assert!(mistake(&series().select([rank()])).contains("rank() needs an order"));
    }

    #[test]
    fn ranks_of_values() {
        let ranked = |method| values(col("x").rank_values(method, false));
        assert_eq!(ranked(RankMethod::Min), ["3", "5", "null", "4", "1", "1"]);
        assert_eq!(ranked(RankMethod::Max), ["3", "5", "null", "4", "2", "2"]);
        assert_eq!(ranked(RankMethod::Average), ["3.0", "5.0", "null", "4.0", "1.5", "1.5"]);
        assert_eq!(ranked(RankMethod::Dense), ["2", "4", "null", "3", "1", "1"]);
        assert_eq!(values(col("x").rank_values(RankMethod::Min, true).over(["k"])), ["3", "1", "null", "2", "1", "1"]);
    }

    #[test]
    fn shifts_and_differences_follow_the_order() {
        assert_eq!(values(col("x").shift(1).over(["k"])), ["null", "10", "30", "null", "null", "5"]);
        assert_eq!(values(col("x").lead(1).over(["k"])), ["30", "null", "20", "null", "5", "null"]);
        let default = datafusion::scalar::ScalarValue::Int64(Some(0));
        assert_eq!(values(col("x").shift_or(2, default).over(["k"])), ["0", "0", "10", "30", "0", "0"]);
        let cut = datafusion::scalar::ScalarValue::Float64(Some(0.5));
        let refused = mistake(&series().select([col("x").shift_or(2, cut).over(["k"])]));
        assert!(refused.contains("'x' of type Int64 cannot hold 0.5"), "{refused}");
        assert_eq!(values(col("x").diff(1)), ["null", "20", "null", "null", "-15", "0"]);
        assert_eq!(values(col("x").pct_change(1).over(["k"])), ["null", "2.0", "null", "null", "null", "0.0"]);
    }

    #[test]
    fn cumulative_aggregates() {
        assert_eq!(values(col("x").cum_sum()), ["10", "40", "40", "60", "65", "70"]);
        assert_eq!(values(col("x").cum_sum().over(["k"])), ["10", "40", "40", "60", "5", "10"]);
        assert_eq!(values(col("t").cum_prod().over(["k"])), ["1", "2", "6", "24", "1", "2"]);
        assert_eq!(values(col("x").cum_min()), ["10", "10", "10", "10", "5", "5"]);
        assert_eq!(values(col("x").cum_max()), ["10", "30", "30", "30", "30", "30"]);
        assert_eq!(values(col("x").cum_count()), ["1", "2", "2", "3", "4", "5"]);
        assert_eq!(values(col("x").diff(1).cum_sum()), ["null", "20", "20", "20", "5", "5"]);
    }

    #[test]
    fn cumulative_aggregates_from_the_end() {
        let rest = || window().rows(0, None);
        assert_eq!(values(col("t").product().over(rest())), ["48", "48", "24", "8", "2", "2"]);
        assert_eq!(values(col("x").sum().over(rest())), ["70", "60", "30", "30", "10", "5"]);
    }

    #[test]
    fn fills() {
        assert_eq!(values(col("x").forward_fill()), ["10", "30", "30", "20", "5", "5"]);
        assert_eq!(values(col("x").backward_fill().over(["k"])), ["10", "30", "20", "20", "5", "5"]);
        let gaps = when((col("t") % lit(4)).eq(lit(1))).then(col("t")).end();
        assert_eq!(values(gaps.clone().forward_fill_limit(2)), ["1", "1", "1", "null", "1", "1"]);
        assert_eq!(values(gaps.clone().backward_fill_limit(1)), ["1", "null", "null", "1", "1", "null"]);
        assert_eq!(values(gaps.forward_fill_limit(0)), ["1", "null", "null", "null", "1", "null"]);
    }
}
