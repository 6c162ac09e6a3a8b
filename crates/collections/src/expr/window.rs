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
use super::duration::Every;
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
    pub fn rows(mut self, first: impl Into<Option<i64>>, last: impl Into<Option<i64>>) -> Self {
        self.frame = Some(rows(first.into(), last.into()));
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

/// Which ends of a span of time belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Closed {
    /// The earlier end only.
    Left,
    /// The later end only.
    #[default]
    Right,
    /// Both ends.
    Both,
    /// Neither end.
    Neither,
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

    /// The value `rows` rows before (after, if negative); `default` where there is no such row.
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
        let first = 1 - i64::from(rows);
        Rolling { value: self.expr(), span: Span::Rows { first, last: 0 }, min_samples: i64::from(rows), rows }
    }

    /// Aggregates over the rows whose `by` lies within `period` (`"2h"`, `"30d"`, `"10i"` for integers) before this row's.
    fn rolling_by(self, by: impl Into<NameOrExpr>, period: &str) -> Rolling {
        let span = match period.parse::<Every>() {
            Ok(period) if period.is_positive() => Span::Time { by: by.into().0, period, closed: Closed::Right },
            Ok(_) => Span::Wrong(Error::invalid("rolling_by", format!("expected a positive period, got '{period}'"))),
            Err(error) => Span::Wrong(error),
        };
        Rolling { value: self.expr(), span, min_samples: 1, rows: 0 }
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

/// A rolling window that waits for its aggregate; made by [`ExprWindow::rolling`] and [`ExprWindow::rolling_by`].
#[derive(Clone, Debug)]
pub struct Rolling {
    value: Expr,
    span: Span,
    min_samples: i64,
    rows: u32,
}

#[derive(Clone, Debug)]
enum Span {
    Rows { first: i64, last: i64 },
    Time { by: Expr, period: Every, closed: Closed },
    Wrong(Error),
}

impl Rolling {
    /// How many values that are not null a window needs; with fewer the result is null. By rows, the default is the
    /// window's length; by time it is 1.
    pub fn min_samples(mut self, values: u32) -> Self {
        self.min_samples = i64::from(values);
        self
    }

    /// By rows: the current row in the middle of the window instead of at its end.
    pub fn center(mut self) -> Self {
        if let Span::Rows { first, last } = &mut self.span {
            *first = -i64::from(self.rows / 2);
            *last = *first + i64::from(self.rows) - 1;
        }
        self
    }

    /// By time: which ends belong to the window; the later one by default, `(t - period, t]`.
    pub fn closed(mut self, closed: Closed) -> Self {
        if let Span::Time { closed: old, .. } = &mut self.span {
            *old = closed;
        }
        self
    }

    /// Mean.
    pub fn mean(self) -> Expr {
        self.aggregate(ExprAgg::mean)
    }

    /// Sum.
    pub fn sum(self) -> Expr {
        self.aggregate(ExprAgg::sum)
    }

    /// Smallest value.
    pub fn min(self) -> Expr {
        self.aggregate(ExprAgg::min)
    }

    /// Largest value.
    pub fn max(self) -> Expr {
        self.aggregate(ExprAgg::max)
    }

    /// Sample standard deviation.
    pub fn std(self) -> Expr {
        self.aggregate(ExprAgg::std)
    }

    /// Sample variance.
    pub fn var(self) -> Expr {
        self.aggregate(ExprAgg::var)
    }

    /// Median.
    pub fn median(self) -> Expr {
        self.aggregate(ExprAgg::median)
    }

    /// Quantile, `q` between 0 and 1.
    pub fn quantile(self, q: f64) -> Expr {
        self.aggregate(|value| value.quantile(q))
    }

    /// Number of values that are not null.
    pub fn count(self) -> Expr {
        self.aggregate(ExprAgg::count)
    }

    /// Any aggregate of the values: `rolling(3).aggregate(|x| x.max() - x.min())`.
    pub fn aggregate(self, aggregate: impl FnOnce(Expr) -> Expr) -> Expr {
        if let Span::Wrong(error) = self.span {
            return mistake(error);
        }
        if matches!(self.span, Span::Rows { .. }) && self.rows == 0 {
            return mistake(Error::invalid("rolling", "expected a window of at least 1 row, got 0"));
        }
        let window = self.window();
        let result = aggregate(self.value.clone()).over(window.clone());
        if self.min_samples == 0 {
            return result;
        }
        let enough = self.value.count().over(window).gt_eq(lit(self.min_samples));
        when(enough).then(result).end()
    }

    fn window(&self) -> Window {
        match &self.span {
            Span::Rows { first, last } => window().rows(*first, *last),
            Span::Time { by, period, closed } => time_window(by.clone(), period, *closed),
            Span::Wrong(_) => window(),
        }
    }
}

/// The rows whose `by` lies at most `period` before the current row's. Open ends are closed ones that are one
/// nanosecond (for integers, one) nearer; the frame rounds them to the resolution of `by` when it knows its type.
pub(crate) fn time_window(by: Expr, period: &Every, closed: Closed) -> Window {
    let bound = |every: &Every| match every.integer() {
        // Takes whatever integer type the column has.
        Some(integer) => ScalarValue::from(integer.to_string()),
        None => every.value(),
    };
    let inner = |every: &Every| every.less(0, 1);
    let start = match closed {
        Closed::Left | Closed::Both => bound(period),
        Closed::Right | Closed::Neither => bound(&inner(period)),
    };
    let end = match closed {
        Closed::Right | Closed::Both => WindowFrameBound::CurrentRow,
        // One step before.
        Closed::Left | Closed::Neither if period.integer().is_some() => {
            WindowFrameBound::Preceding(ScalarValue::from("1"))
        }
        Closed::Left | Closed::Neither => WindowFrameBound::Preceding(inner(&Every::ZERO).times(-1).value()),
    };
    Window {
        partition_by: vec![],
        order_by: vec![by.sort(true, true)],
        frame: Some(WindowFrame::new_bounds(WindowFrameUnits::Range, WindowFrameBound::Preceding(start), end)),
    }
}

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
            if into.partition_by.is_empty() {
                into.partition_by.clone_from(&window.partition_by);
            }
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
    use super::Closed;
    use crate::prelude::*;
    use crate::testing::{mistake, rows, table};

    fn series() -> DataFrame {
        table(
            "SELECT * FROM (VALUES ('a', 1, 10), ('a', 2, 30), ('a', 3, NULL), ('a', 4, 20), ('b', 1, 5), ('b', 2, 5)) \
             AS v(k, t, x)",
        )
        .sort(["k", "t"])
    }

    /// The values of `expr` for each row, in the order of `k` and `t`.
    fn values(expr: Expr) -> Vec<String> {
        rows(&series().with_column("r", expr).select(["r"]))
    }

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
        assert_eq!(values(col("x").diff(1)), ["null", "20", "null", "null", "-15", "0"]);
        assert_eq!(values(col("x").pct_change(1).over(["k"])), ["null", "2.0", "null", "null", "null", "0.0"]);
    }

    #[test]
    fn cumulative_aggregates() {
        assert_eq!(values(col("x").cum_sum()), ["10", "40", "40", "60", "65", "70"]);
        assert_eq!(values(col("x").cum_sum().over(["k"])), ["10", "40", "40", "60", "5", "10"]);
        assert_eq!(values(col("x").cum_min()), ["10", "10", "10", "10", "5", "5"]);
        assert_eq!(values(col("x").cum_max()), ["10", "30", "30", "30", "30", "30"]);
        assert_eq!(values(col("x").cum_count()), ["1", "2", "2", "3", "4", "5"]);
        assert_eq!(values(col("x").diff(1).cum_sum()), ["null", "20", "20", "20", "5", "5"]);
    }

    #[test]
    fn fills() {
        assert_eq!(values(col("x").forward_fill()), ["10", "30", "30", "20", "5", "5"]);
        assert_eq!(values(col("x").backward_fill().over(["k"])), ["10", "30", "20", "20", "5", "5"]);
    }

    #[test]
    fn rolling_by_rows() {
        assert_eq!(values(col("t").rolling_sum(2)), ["null", "3", "5", "7", "5", "3"]);
        assert_eq!(values(col("x").rolling_mean(2)), ["null", "20.0", "null", "null", "12.5", "5.0"]);
        assert_eq!(values(col("x").rolling(2).min_samples(1).max()), ["10", "30", "30", "20", "20", "5"]);
        assert_eq!(values(col("t").rolling(3).center().sum()), ["null", "6", "9", "8", "7", "null"]);
        assert_eq!(
            values(col("x").rolling(3).min_samples(1).median().over(["k"])),
            ["10.0", "20.0", "20.0", "25.0", "5.0", "5.0"]
        );
        assert_eq!(
            values(col("t").rolling(2).aggregate(|t| t.clone().max() - t.min()))[1..],
            ["1", "1", "1", "3", "1"]
        );
        assert!(mistake(&series().select([col("x").rolling_sum(0)])).contains("at least 1 row"));
    }

    #[test]
    fn rolling_by_time() {
        let times = table(
            "SELECT CAST(t AS TIMESTAMP) AS t, x FROM (VALUES ('2024-01-01 00:00:00', 1), ('2024-01-01 01:00:00', 2), \
             ('2024-01-01 02:00:00', 4), ('2024-01-03 02:00:00', 8)) AS v(t, x)",
        );
        let sums = |expr: Expr| rows(&times.sort(["t"]).with_column("r", expr).select(["r"]));
        let rolling = |period: &str, closed| sums(col("x").rolling_by("t", period).closed(closed).sum());
        assert_eq!(sums(col("x").rolling_sum_by("t", "2h")), ["1", "3", "6", "8"]);
        assert_eq!(rolling("2h", Closed::Both), ["1", "3", "7", "8"]);
        assert_eq!(rolling("2h", Closed::Left), ["null", "1", "3", "null"]);
        assert_eq!(rolling("2h", Closed::Neither), ["null", "1", "2", "null"]);
        assert_eq!(rolling("2d", Closed::Right), ["1", "3", "7", "8"]);
        assert_eq!(rolling("2d", Closed::Both), ["1", "3", "7", "12"]);
        assert_eq!(sums(col("x").rolling_mean_by("t", "1mo")), ["1.0", "1.5", "2.3333333333333335", "3.75"]);
        assert!(mistake(&times.select([col("x").rolling_sum_by("t", "0h")])).contains("positive period"));
    }

    #[test]
    fn rolling_by_dates_and_integers() {
        let days = table(
            "SELECT CAST(d AS DATE) AS d, x, i FROM (VALUES ('2024-01-01', 1, 10), ('2024-01-02', 2, 11), \
             ('2024-01-04', 4, 14)) AS v(d, x, i)",
        )
        .sort(["d"]);
        let sums = |expr: Expr| rows(&days.with_column("r", expr).select(["r"]));
        assert_eq!(sums(col("x").rolling_sum_by("d", "2d")), ["1", "3", "4"]);
        assert_eq!(sums(col("x").rolling_by("d", "2d").closed(Closed::Both).sum()), ["1", "3", "6"]);
        assert_eq!(sums(col("x").rolling_by("d", "2d").closed(Closed::Left).sum()), ["null", "1", "2"]);
        assert_eq!(sums(col("x").rolling_sum_by("i", "3i")), ["1", "3", "4"]);
        assert_eq!(sums(col("x").rolling_by("i", "3i").closed(Closed::Both).sum()), ["1", "3", "6"]);
    }
}
