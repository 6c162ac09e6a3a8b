//! Aggregates: many values in, one out.
//!
//! Unless its line says otherwise, an aggregate skips nulls and gives null when nothing is left (SQL's rule, also for `sum`).
//! NaN is a value: sums and means over it are NaN, and it is larger than every number for `min` and `max`.
//!
//! In `group_by(..).agg` there is one result a group, in `select` one row in all; beside plain columns, and in
//! `with_columns`, the result is repeated on every row. `.over(..)` repeats it per partition.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::functions::expr_fn;
use datafusion::functions_aggregate::expr_fn as aggregate;
use datafusion::logical_expr::expr::{AggregateFunction, Sort, WindowFunctionDefinition};
use datafusion::logical_expr::{AggregateUDF, Expr, cast, lit};
use swath_exec::functions;

use super::conditional::when;
use super::window::{row_number, window, with_window};
use super::{ExprExt, ExprOrValue, SortKey, mistake};
use crate::error::Error;

/// The number of rows.
pub fn count_all() -> Expr {
    // Not DataFusion's own, which carries an alias that would hide our names.
    aggregate::count(lit(1_i64))
}

/// Pearson's correlation of two columns over the rows in which both are there.
pub fn corr(left: Expr, right: Expr) -> Expr {
    aggregate::corr(left, right)
}

/// Sample covariance of two columns over the rows in which both are there.
pub fn cov(left: Expr, right: Expr) -> Expr {
    aggregate::covar_samp(left, right)
}

/// In a rollup, cube or grouping set: 1 in rows where `key` was aggregated away (and is null for that reason), else 0.
pub fn grouping(key: Expr) -> Expr {
    aggregate::grouping(key)
}

/// What a quantile is that lies between two values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// A value between them, in proportion.
    #[default]
    Linear,
    /// The value below.
    Lower,
    /// The value above.
    Higher,
    /// The nearer value; the upper one in the middle.
    Nearest,
    /// The mean of both.
    Midpoint,
    /// The smallest value up to which at least the share of all lies.
    Equiprobable,
}

/// The aggregates of an expression.
pub trait ExprAgg: ExprExt {
    /// Sum. Integers give 64 bits and wrap on overflow; decimals gain digits; of truths it is how many are true.
    fn sum(self) -> Expr {
        functions::sum().call(vec![self.expr()])
    }

    /// Arithmetic mean. Of truths it is the share of true ones, of dates a timestamp, of times their own type.
    fn mean(self) -> Expr {
        functions::avg().call(vec![self.expr()])
    }

    /// Smallest value.
    fn min(self) -> Expr {
        aggregate::min(self.expr())
    }

    /// Largest value.
    fn max(self) -> Expr {
        aggregate::max(self.expr())
    }

    /// Number of values that are not null; 0 when there are none.
    fn count(self) -> Expr {
        aggregate::count(self.expr())
    }

    /// Number of nulls; 0 when there are none.
    fn null_count(self) -> Expr {
        aggregate::count(when(self.expr().is_null()).then(lit(1_i64)).end())
    }

    /// Number of different values, null not counted.
    fn n_unique(self) -> Expr {
        aggregate::count_distinct(self.expr())
    }

    /// About [`n_unique`](Self::n_unique) (HyperLogLog, a standard error of 0.8 %), in constant memory.
    fn approx_n_unique(self) -> Expr {
        aggregate::approx_distinct(self.expr())
    }

    /// The first value, null included, in the frame's order or that of [`order_by`](Self::order_by).
    fn first(self) -> Expr {
        aggregate::first_value(self.expr(), vec![])
    }

    /// The last value, null included, in the frame's order or that of [`order_by`](Self::order_by).
    fn last(self) -> Expr {
        aggregate::last_value(self.expr(), vec![])
    }

    /// Sample standard deviation (n - 1); null for fewer than two values.
    fn std(self) -> Expr {
        aggregate::stddev(self.expr())
    }

    /// Sample variance (n - 1); null for fewer than two values.
    fn var(self) -> Expr {
        aggregate::var_sample(self.expr())
    }

    /// Population standard deviation (n).
    fn std_pop(self) -> Expr {
        aggregate::stddev_pop(self.expr())
    }

    /// Population variance (n).
    fn var_pop(self) -> Expr {
        aggregate::var_pop(self.expr())
    }

    /// Exact median; between the two middle values for an even number. Its type is that of [`quantile`](Self::quantile). Holds all
    /// values of a group in memory.
    fn median(self) -> Expr {
        self.quantile(0.5)
    }

    /// Exact quantile, linear between neighbours; `q` between 0 and 1. Of numbers a float, of dates a timestamp, of times their own
    /// type. Holds all values of a group in memory.
    fn quantile(self, q: f64) -> Expr {
        self.quantile_by(q, Interpolation::Linear)
    }

    /// [`quantile`](Self::quantile) with `interpolation` between neighbours.
    fn quantile_by(self, q: f64, interpolation: Interpolation) -> Expr {
        if !(0.0..=1.0).contains(&q) {
            return mistake(Error::invalid("quantile", format!("expected a number between 0 and 1, got {q}")));
        }
        let function = match interpolation {
            Interpolation::Linear => functions::percentile_cont(),
            Interpolation::Lower => functions::quantile_lower(),
            Interpolation::Higher => functions::quantile_higher(),
            Interpolation::Nearest => functions::quantile_nearest(),
            Interpolation::Midpoint => functions::quantile_midpoint(),
            Interpolation::Equiprobable => functions::quantile_equiprobable(),
        };
        ordered_set(function, self.expr().sort(true, false), lit(q))
    }

    /// About the quantile (t-digest), in constant memory.
    fn approx_quantile(self, q: f64) -> Expr {
        if !(0.0..=1.0).contains(&q) {
            return mistake(Error::invalid("approx_quantile", format!("expected a number between 0 and 1, got {q}")));
        }
        aggregate::approx_percentile_cont(self.expr().sort(true, false), lit(q), None)
    }

    /// The most frequent value, and of several the smallest. Holds each different value of a group in memory.
    fn mode(self) -> Expr {
        functions::mode().call(vec![self.expr()])
    }

    /// The `k` largest values as a list, the largest first; nulls only where there are fewer values. Without rows an empty list.
    fn top_k(self, k: u64) -> Expr {
        functions::top_k().call(vec![self.expr(), lit(k)])
    }

    /// The `k` smallest values as a list, the smallest first; nulls only where there are fewer values. Without rows an empty list.
    fn bottom_k(self, k: u64) -> Expr {
        functions::bottom_k().call(vec![self.expr(), lit(k)])
    }

    /// Position of the first row with the largest value, from 0 in the frame's order; in a group, among its rows.
    fn arg_max(self) -> Expr {
        let value = self.expr();
        last_record(value.clone(), value.max(), Expr::gt)
    }

    /// Position of the first row with the smallest value, from 0 in the frame's order; in a group, among its rows.
    fn arg_min(self) -> Expr {
        let value = self.expr();
        last_record(value.clone(), value.min(), Expr::lt)
    }

    /// The values multiplied. Integers give 64 bits and wrap on overflow, other numbers give floats.
    fn product(self) -> Expr {
        functions::product().call(vec![self.expr()])
    }

    /// Skewness of the values as a population, 0 for symmetric ones; with `unbiased` corrected for a sample (null for fewer
    /// than three values). NaN where all values are equal.
    fn skew(self, unbiased: bool) -> Expr {
        let value = self.expr();
        let skewness = functions::skewness().call(vec![value.clone()]);
        if !unbiased {
            return skewness;
        }
        let n = cast(value.count(), DataType::Float64);
        let factor = expr_fn::sqrt(n.clone() * (n.clone() - lit(1.0))) / (n.clone() - lit(2.0));
        when(n.gt(lit(2.0))).then(factor * skewness).end()
    }

    /// Excess kurtosis of the values as a population, 0 for a normal distribution; with `unbiased` corrected for a sample
    /// (null for fewer than four values). NaN where all values are equal.
    fn kurtosis(self, unbiased: bool) -> Expr {
        let value = self.expr();
        let kurtosis = functions::kurtosis().call(vec![value.clone()]);
        if !unbiased {
            return kurtosis;
        }
        let n = cast(value.count(), DataType::Float64);
        let factor = (n.clone() - lit(1.0)) / ((n.clone() - lit(2.0)) * (n.clone() - lit(3.0)));
        let corrected = factor * ((n.clone() + lit(1.0)) * kurtosis + lit(6.0));
        when(n.gt(lit(3.0))).then(corrected).end()
    }

    /// Whether any value is true.
    fn any(self) -> Expr {
        aggregate::bool_or(self.expr())
    }

    /// Whether all values are true.
    fn all(self) -> Expr {
        aggregate::bool_and(self.expr())
    }

    /// All values as a list, nulls included; null (not an empty list) when there are no rows.
    fn implode(self) -> Expr {
        functions::array_agg().call(vec![self.expr()])
    }

    /// Aggregates only the rows for which `predicate` is true: `col("x").sum().filter(col("y").gt(lit(0)))`.
    ///
    /// Applies to every aggregate inside the expression. On an expression without one it is a mistake: use
    /// [`DataFrame::filter`](crate::DataFrame::filter), or `when(..).then(..)`.
    fn filter(self, predicate: Expr) -> Expr {
        each_aggregate("filter", self.expr(), |mut function| {
            let before = function.params.filter.take();
            let both = before.map_or(predicate.clone(), |before| before.and(predicate.clone()));
            function.params.filter = Some(Box::new(both));
            function
        })
    }

    /// Only different values are aggregated: `col("x").sum().unique()`.
    fn unique(self) -> Expr {
        each_aggregate("unique", self.expr(), |mut function| {
            function.params.distinct = true;
            function
        })
    }

    /// The order in which `first`, `last` and `implode` see the rows.
    fn order_by<K: Into<SortKey>>(self, keys: impl IntoIterator<Item = K>) -> Expr {
        let keys: Vec<_> = keys.into_iter().map(|key| key.into().0).collect();
        each_aggregate("order_by", self.expr(), |mut function| {
            function.params.order_by.clone_from(&keys);
            function
        })
    }

    /// The value of this expression in the row where `by` is largest.
    fn max_by(self, by: impl Into<ExprOrValue>) -> Expr {
        aggregate::first_value(self.expr(), vec![by.into().0.sort(false, false)])
    }

    /// The value of this expression in the row where `by` is smallest.
    fn min_by(self, by: impl Into<ExprOrValue>) -> Expr {
        aggregate::first_value(self.expr(), vec![by.into().0.sort(true, false)])
    }
}

impl ExprAgg for Expr {}

/// The position of the last row whose `value` beats the `extreme` of all before it, which is the first that has the extreme of all. So
/// it is for the rows so far, too, where `over` has an order.
fn last_record(value: Expr, extreme: Expr, beats: fn(Expr, Expr) -> Expr) -> Expr {
    let before = with_window(extreme, &window().rows(None, -1));
    let is_record = value.clone().is_not_null().and(before.clone().is_null().or(beats(value, before)));
    when(is_record).then(cast(row_number(), DataType::Int64) - lit(1_i64)).end().max()
}

/// `function` of `value`, in the order of which it looks at the values, and a further argument.
fn ordered_set(function: Arc<AggregateUDF>, value: Sort, argument: Expr) -> Expr {
    let arguments = vec![value.expr.clone(), argument];
    Expr::AggregateFunction(AggregateFunction::new_udf(function, arguments, false, None, vec![value], None))
}

/// Rewrites every aggregate in `expr`, plain or made a window function by `over`.
fn each_aggregate(
    operation: &'static str,
    expr: Expr,
    mut change: impl FnMut(AggregateFunction) -> AggregateFunction,
) -> Expr {
    let mut found = false;
    let changed = expr.transform_up(|node| {
        Ok(match node {
            Expr::AggregateFunction(function) => {
                found = true;
                Transformed::yes(Expr::AggregateFunction(change(function)))
            }
            Expr::WindowFunction(mut window) => {
                let WindowFunctionDefinition::AggregateUDF(func) = window.fun.clone() else {
                    return Ok(Transformed::no(Expr::WindowFunction(window)));
                };
                found = true;
                let params = &mut window.params;
                let plain = change(AggregateFunction::new_udf(
                    func,
                    std::mem::take(&mut params.args),
                    params.distinct,
                    params.filter.take(),
                    vec![],
                    params.null_treatment,
                ));
                params.args = plain.params.args;
                params.distinct = plain.params.distinct;
                params.filter = plain.params.filter;
                if !plain.params.order_by.is_empty() {
                    params.order_by = plain.params.order_by;
                }
                Transformed::yes(Expr::WindowFunction(window))
            }
            other => Transformed::no(other),
        })
    });
    match changed {
        Ok(changed) if found => changed.data,
        Ok(changed) => mistake(Error::invalid(
            operation,
            format!("expected an aggregate, such as col(\"x\").sum(), got '{}'", changed.data.human_display()),
        )),
        Err(error) => mistake(error.into()),
    }
}
