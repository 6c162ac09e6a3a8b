//! Rolling windows: aggregates over the last rows, or the last span of time, before every row.

use datafusion::logical_expr::{Expr, WindowFrame, WindowFrameBound, WindowFrameUnits, lit};
use datafusion::scalar::ScalarValue;

use super::agg::{ExprAgg, Interpolation};
use super::conditional::when;
use super::duration::Every;
use super::mistake;
use super::window::{ExprWindow, Window, window};
use crate::error::Error;

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
    /// The last `rows` rows.
    pub(super) fn rows(value: Expr, rows: u32) -> Self {
        let span = Span::Rows { first: 1 - i64::from(rows), last: 0 };
        Self { value, span, min_samples: i64::from(rows), rows }
    }

    /// The last `period` of `by`.
    pub(super) fn time(value: Expr, by: Expr, period: &str) -> Self {
        let span = match period.parse::<Every>() {
            Ok(period) if period.is_positive() => Span::Time { by, period, closed: Closed::Right },
            Ok(_) => Span::Wrong(Error::invalid("rolling_by", format!("expected a positive period, got '{period}'"))),
            Err(error) => Span::Wrong(error),
        };
        Self { value, span, min_samples: 1, rows: 0 }
    }

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

    /// Quantile, `q` between 0 and 1, with `interpolation` between values.
    pub fn quantile_by(self, q: f64, interpolation: Interpolation) -> Expr {
        self.aggregate(|value| value.quantile_by(q, interpolation))
    }

    /// Skewness of the population, or `unbiased` of a sample; see [`ExprAgg::skew`].
    pub fn skew(self, unbiased: bool) -> Expr {
        self.aggregate(|value| value.skew(unbiased))
    }

    /// Excess kurtosis of the population, or `unbiased` of a sample; see [`ExprAgg::kurtosis`].
    pub fn kurtosis(self, unbiased: bool) -> Expr {
        self.aggregate(|value| value.kurtosis(unbiased))
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
            Span::Time { by, period, closed } => time_window(by.clone(), &period.times(-1), period, *closed),
            Span::Wrong(_) => window(),
        }
    }
}

/// The rows whose `by` lies within `period` from `offset` after the current row's on. Open ends are closed ones that are one
/// nanosecond (for integers, one) further in; the frame rounds them to the resolution of `by` when it knows its type.
pub(crate) fn time_window(by: Expr, offset: &Every, period: &Every, closed: Closed) -> Window {
    let (start, end) = (*offset, offset.plus(period));
    let start = match closed {
        Closed::Left | Closed::Both => start,
        Closed::Right | Closed::Neither => start.more(0, 1),
    };
    let end = match closed {
        Closed::Right | Closed::Both => end,
        Closed::Left | Closed::Neither => end.less(0, 1),
    };
    let range = WindowFrame::new_bounds(WindowFrameUnits::Range, bound(&start), bound(&end));
    window().order_by([by.sort(true, true)]).frame(range)
}

/// The bound that lies `distance` after the current row.
fn bound(distance: &Every) -> WindowFrameBound {
    let value = |every: &Every| match every.integer() {
        // Takes whatever integer type the column has.
        Some(integer) => ScalarValue::from(integer.to_string()),
        None => every.value(),
    };
    if distance.is_zero() {
        WindowFrameBound::CurrentRow
    } else if distance.approximate_nanoseconds() < 0.0 {
        WindowFrameBound::Preceding(value(&distance.times(-1)))
    } else {
        WindowFrameBound::Following(value(distance))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, rows, series, table, values};

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
        assert_eq!(
            values(col("t").rolling(3).quantile_by(0.3, Interpolation::Higher))[2..],
            ["2.0", "3.0", "3.0", "2.0"]
        );
        assert_eq!(values(col("t").rolling(3).skew(false))[1..3], ["null", "0.0"]);
        assert_eq!(values(col("t").rolling(4).kurtosis(true).round(9))[2..4], ["null", "-1.2"]);
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
