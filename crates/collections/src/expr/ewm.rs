//! Exponentially weighted moments: means in which a value counts the less, the more rows came after it.

use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, WindowFunctionDefinition, lit};
use datafusion::scalar::ScalarValue;
use swath_exec::functions;

use super::{ExprExt, mistake};
use crate::error::Error;

/// How fast values lose weight, and what counts; made by [`Ewm::alpha`], [`Ewm::com`], [`Ewm::span`] or [`Ewm::half_life`].
#[derive(Clone, Debug)]
pub struct Ewm {
    alpha: f64,
    adjust: bool,
    ignore_nulls: bool,
    min_samples: u64,
    bias: bool,
    wrong: Option<Error>,
}

impl Ewm {
    /// By the share of the weight that a value loses with each row after it: more than 0 and at most 1.
    pub fn alpha(alpha: f64) -> Self {
        let wrong = (!(alpha > 0.0 && alpha <= 1.0)).then(|| expected("alpha to be more than 0 and at most 1", alpha));
        Self { alpha, adjust: true, ignore_nulls: false, min_samples: 1, bias: false, wrong }
    }

    /// By the centre of mass, of 0 or more: alpha is 1 / (1 + com).
    pub fn com(com: f64) -> Self {
        let made = Self::alpha(1.0 / (1.0 + com));
        if com >= 0.0 && com.is_finite() { made } else { made.refused("com to be 0 or more", com) }
    }

    /// By the span, of 1 or more rows: alpha is 2 / (span + 1).
    pub fn span(span: f64) -> Self {
        let made = Self::alpha(2.0 / (span + 1.0));
        if span >= 1.0 && span.is_finite() { made } else { made.refused("span to be 1 or more", span) }
    }

    /// By the number of rows, more than 0, after which half of the weight is left.
    pub fn half_life(half_life: f64) -> Self {
        let made = Self::alpha(-f64::exp_m1(-std::f64::consts::LN_2 / half_life));
        if half_life > 0.0 && half_life.is_finite() {
            made
        } else {
            made.refused("half_life to be more than 0", half_life)
        }
    }

    fn refused(mut self, expectation: &str, got: f64) -> Self {
        self.wrong = Some(expected(expectation, got));
        self
    }

    /// Whether the weights are divided by their sum (the default), so that the first rows count no more than others; else the
    /// moment is a recursion that begins with the first value.
    pub fn adjust(mut self, adjust: bool) -> Self {
        self.adjust = adjust;
        self
    }

    /// Whether rows of null do not count as rows; by default older values lose weight by them too.
    pub fn ignore_nulls(mut self, ignore_nulls: bool) -> Self {
        self.ignore_nulls = ignore_nulls;
        self
    }

    /// How many values must have come; before, the result is null. The default is 1.
    pub fn min_samples(mut self, values: u64) -> Self {
        self.min_samples = values;
        self
    }

    /// Whether variances are those of a population; by default they are corrected for a sample.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }
}

fn expected(expectation: &str, got: f64) -> Error {
    Error::invalid("ewm", format!("expected {expectation}, got {got}"))
}

/// The exponentially weighted moments of an expression, in the order of `over`, else the frame's. Null where the value is null.
pub trait ExprEwm: ExprExt {
    /// Mean.
    fn ewm_mean(self, weights: Ewm) -> Expr {
        moment(functions::ewm_mean(), self.expr(), weights)
    }

    /// Variance; null for the first value, unless [`Ewm::bias`] is set.
    fn ewm_var(self, weights: Ewm) -> Expr {
        moment(functions::ewm_var(), self.expr(), weights)
    }

    /// Standard deviation; null for the first value, unless [`Ewm::bias`] is set.
    fn ewm_std(self, weights: Ewm) -> Expr {
        moment(functions::ewm_std(), self.expr(), weights)
    }
}

impl ExprEwm for Expr {}

fn moment(function: std::sync::Arc<datafusion::logical_expr::WindowUDF>, value: Expr, weights: Ewm) -> Expr {
    if let Some(error) = weights.wrong {
        return mistake(error);
    }
    let arguments = vec![
        value,
        lit(weights.alpha),
        lit(weights.adjust),
        lit(weights.ignore_nulls),
        lit(ScalarValue::from(weights.min_samples)),
        lit(weights.bias),
    ];
    Expr::WindowFunction(Box::new(WindowFunction::new(WindowFunctionDefinition::WindowUDF(function), arguments)))
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, series, values};

    #[test]
    fn moments_follow_the_order_and_its_partitions() {
        assert_eq!(values(col("t").ewm_mean(Ewm::alpha(0.5).adjust(false)))[..3], ["1.0", "1.5", "2.25"]);
        assert_eq!(
            values(col("x").ewm_mean(Ewm::com(1.0).adjust(false)).over(["k"])),
            ["10.0", "20.0", "null", "20.0", "5.0", "5.0"]
        );
        assert_eq!(values(col("x").ewm_mean(Ewm::span(3.0).min_samples(2)))[..2], ["null", "23.333333333333332"]);
        assert_eq!(values(col("t").ewm_var(Ewm::half_life(1.0)))[..2], ["null", "0.5"]);
        assert_eq!(values(col("t").ewm_std(Ewm::alpha(1.0).bias(true)))[..2], ["0.0", "0.0"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (weights, message) in [
            (Ewm::alpha(0.0), "expected alpha to be more than 0 and at most 1, got 0"),
            (Ewm::alpha(f64::NAN), "got NaN"),
            (Ewm::com(-0.5), "expected com to be 0 or more, got -0.5"),
            (Ewm::span(0.5), "expected span to be 1 or more, got 0.5"),
            (Ewm::half_life(0.0), "expected half_life to be more than 0, got 0"),
        ] {
            let found = mistake(&series().select([col("t").ewm_mean(weights)]));
            assert!(found.contains(message), "{found}");
        }
    }
}
