//! `ewm_mean`, `ewm_var`, `ewm_std` `(value, alpha [, adjust [, ignore_nulls [, min_samples [, bias]]]])`: exponentially weighted
//! moments of the rows of a partition up to the current one, in the window's order.
//!
//! The weight of a value shrinks by the factor `1 - alpha` with every row after it. With `adjust` (the default) the weights are divided
//! by their sum; without, the moment is a recursion that begins with the first value. With `ignore_nulls` rows of null do not
//! count as rows; else (the default) older values lose weight by them too. The result is null where the value is, and while
//! fewer than `min_samples` (1 by default) values have come. Variances are corrected for a sample, and null where that is not
//! possible, unless `bias` (false by default).
//!
//! One pass in constant memory a partition: the updates of weighted moments by D. H. D. West, "Updating Mean and Variance Estimates: An
//! Improved Method", Communications of the ACM 22 (1979). Ranges of rows in OVER count for nothing.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Literal};

/// The function for means.
pub fn ewm_mean() -> Arc<WindowUDF> {
    static FUNCTION: LazyLock<Arc<WindowUDF>> = LazyLock::new(|| Arc::new(Ewm::new(Kind::Mean).into()));
    Arc::clone(&FUNCTION)
}

/// The function for variances.
pub fn ewm_var() -> Arc<WindowUDF> {
    static FUNCTION: LazyLock<Arc<WindowUDF>> = LazyLock::new(|| Arc::new(Ewm::new(Kind::Variance).into()));
    Arc::clone(&FUNCTION)
}

/// The function for standard deviations.
pub fn ewm_std() -> Arc<WindowUDF> {
    static FUNCTION: LazyLock<Arc<WindowUDF>> = LazyLock::new(|| Arc::new(Ewm::new(Kind::Deviation).into()));
    Arc::clone(&FUNCTION)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Mean,
    Variance,
    Deviation,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Ewm {
    kind: Kind,
    signature: Signature,
}

impl Ewm {
    fn new(kind: Kind) -> Self {
        Self { kind, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// The constant at `position`, or what holds without it.
    fn constant(
        &self,
        arguments: &[Arc<dyn PhysicalExpr>],
        position: usize,
        default: ScalarValue,
    ) -> Result<ScalarValue> {
        let Some(mut expression) = arguments.get(position) else { return Ok(default) };
        while let Some(cast) = expression.downcast_ref::<CastExpr>() {
            expression = cast.expr();
        }
        let Some(literal) = expression.downcast_ref::<Literal>() else {
            return plan_err!("{}: expected a constant as argument {}, got {expression}", self.name(), position + 1);
        };
        let value = literal.value().cast_to(&default.data_type())?;
        if value.is_null() {
            return plan_err!("{}: expected a constant as argument {}, got null", self.name(), position + 1);
        }
        Ok(value)
    }

    fn options(&self, arguments: &[Arc<dyn PhysicalExpr>]) -> Result<Options> {
        let is = |position, default| -> Result<bool> {
            Ok(self.constant(arguments, position, ScalarValue::from(default))? == ScalarValue::from(true))
        };
        let ScalarValue::Float64(Some(alpha)) = self.constant(arguments, 1, ScalarValue::from(0.0))? else {
            return internal_err!("{}: expected a float", self.name());
        };
        if !(alpha > 0.0 && alpha <= 1.0) {
            return plan_err!("{}: expected alpha to be more than 0 and at most 1, got {alpha}", self.name());
        }
        let ScalarValue::UInt64(Some(min_samples)) = self.constant(arguments, 4, ScalarValue::from(1_u64))? else {
            return internal_err!("{}: expected a whole number", self.name());
        };
        Ok(Options { alpha, adjust: is(2, true)?, ignore_nulls: is(3, false)?, min_samples, bias: is(5, false)? })
    }
}

impl WindowUDFImpl for Ewm {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Mean => "ewm_mean",
            Kind::Variance => "ewm_var",
            Kind::Deviation => "ewm_std",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = [
            DataType::Float64,
            DataType::Float64,
            DataType::Boolean,
            DataType::Boolean,
            DataType::UInt64,
            DataType::Boolean,
        ];
        match types {
            [value, _, ..] if !value.is_numeric() && !value.is_null() => {
                plan_err!("{}: expected numbers, got {value}; cast them before", self.name())
            }
            [_, alpha, ..] if !alpha.is_numeric() => {
                plan_err!("{}: expected alpha as a number, got {alpha}", self.name())
            }
            [_, _, ..] if types.len() <= wanted.len() => Ok(wanted[..types.len()].to_vec()),
            _ => plan_err!(
                "{}: expected a value, alpha, and perhaps adjust, ignore_nulls, min_samples and bias, got {} arguments",
                self.name(),
                types.len()
            ),
        }
    }

    fn field(&self, arguments: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(arguments.name(), DataType::Float64, true)))
    }

    fn partition_evaluator(&self, arguments: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        let options = self.options(arguments.input_exprs())?;
        Ok(Box::new(Moments::new(self.kind, options)))
    }
}

#[derive(Clone, Copy, Debug)]
struct Options {
    alpha: f64,
    adjust: bool,
    ignore_nulls: bool,
    min_samples: u64,
    bias: bool,
}

/// The moments of the rows so far, with weights that are divided by that of the newest row.
#[derive(Debug)]
struct Moments {
    kind: Kind,
    options: Options,
    samples: u64,
    mean: f64,
    /// The weighted mean of the squared distances from the mean.
    variance: f64,
    /// The sum of the weights, on the scale on which a new value has its weight.
    weight: f64,
    /// Sums of the weights and of their squares, for the correction: without `adjust` `weight` begins anew with every value.
    sum: f64,
    sum_of_squares: f64,
}

impl Moments {
    fn new(kind: Kind, options: Options) -> Self {
        Self { kind, options, samples: 0, mean: 0.0, variance: 0.0, weight: 1.0, sum: 1.0, sum_of_squares: 1.0 }
    }

    /// The moment after the next row.
    fn next(&mut self, value: Option<f64>) -> Option<f64> {
        if self.samples > 0 && (value.is_some() || !self.options.ignore_nulls) {
            let kept = 1.0 - self.options.alpha;
            self.weight *= kept;
            self.sum *= kept;
            self.sum_of_squares *= kept * kept;
        }
        let value = value?;
        if self.samples == 0 {
            self.mean = value;
        } else {
            self.add(value);
        }
        self.samples += 1;
        if self.samples < self.options.min_samples { None } else { self.moment() }
    }

    fn add(&mut self, value: f64) {
        let new = if self.options.adjust { 1.0 } else { self.options.alpha };
        let total = self.weight + new;
        let before = self.mean;
        // Equal ones keep a mean without rounding.
        if before != value {
            self.mean = (self.weight * before + new * value) / total;
        }
        let (moved, distance) = (before - self.mean, value - self.mean);
        self.variance = (self.weight * (self.variance + moved * moved) + new * distance * distance) / total;
        self.sum += new;
        self.sum_of_squares += new * new;
        self.weight = total;
        if !self.options.adjust {
            self.sum /= total;
            self.sum_of_squares /= total * total;
            self.weight = 1.0;
        }
    }

    fn moment(&self) -> Option<f64> {
        if self.kind == Kind::Mean {
            return Some(self.mean);
        }
        let mut variance = self.variance;
        if !self.options.bias {
            let square = self.sum * self.sum;
            let corrected = square - self.sum_of_squares;
            if self.samples < 2 || corrected <= 0.0 {
                return None;
            }
            variance *= square / corrected;
        }
        Some(if self.kind == Kind::Deviation { variance.sqrt() } else { variance })
    }

    fn values(values: &[ArrayRef]) -> Result<&Float64Array> {
        match values.first().and_then(|values| values.as_primitive_opt::<Float64Type>()) {
            Some(values) => Ok(values),
            None => internal_err!("exponentially weighted moments: expected floats"),
        }
    }
}

impl PartitionEvaluator for Moments {
    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let values = Self::values(values)?;
        let value = values.is_valid(range.start).then(|| values.value(range.start));
        Ok(ScalarValue::Float64(self.next(value)))
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let moments: Float64Array = Self::values(values)?.iter().map(|value| self.next(value)).collect();
        Ok(Arc::new(moments))
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn supports_bounded_execution(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;

    fn moments(kind: Kind, options: Options) -> Vec<Option<f64>> {
        let mut moments = Moments::new(kind, options);
        [None, Some(1.0), None, Some(2.0), Some(4.0)].into_iter().map(|value| moments.next(value)).collect()
    }

    fn options() -> Options {
        Options { alpha: 0.5, adjust: true, ignore_nulls: true, min_samples: 1, bias: false }
    }

    fn near(found: &[Option<f64>], expected: &[Option<f64>]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            match (found, expected) {
                (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-12, "{found} {expected}"),
                _ => assert_eq!(found, expected),
            }
        }
    }

    #[test]
    fn moments_are_those_of_their_definition() {
        // Weights 1/2 and 1; 1/4, 1/2 and 1.
        let means = [None, Some(1.0), None, Some(2.5 / 1.5), Some(5.25 / 1.75)];
        near(&moments(Kind::Mean, options()), &means);
        // Null makes them 1/4 and 1; 1/8, 1/2 and 1.
        let counted = [None, Some(1.0), None, Some(2.25 / 1.25), Some(5.125 / 1.625)];
        near(&moments(Kind::Mean, Options { ignore_nulls: false, ..options() }), &counted);
        let recursive = [None, Some(1.0), None, Some(1.5), Some(2.75)];
        near(&moments(Kind::Mean, Options { adjust: false, ..options() }), &recursive);
        let biased = [None, Some(0.0), None, Some(2.0 / 9.0), Some(10.0 / 7.0)];
        near(&moments(Kind::Variance, Options { bias: true, ..options() }), &biased);
        near(&moments(Kind::Variance, options()), &[None, None, None, Some(0.5), Some(2.5)]);
        let late = [None, None, None, None, Some(2.5_f64.sqrt())];
        near(&moments(Kind::Deviation, Options { min_samples: 3, ..options() }), &late);
    }

    async fn rows(call: &str) -> Result<Vec<String>, String> {
        let context = SessionContext::new();
        [ewm_mean(), ewm_var(), ewm_std()]
            .into_iter()
            .for_each(|function| context.register_udwf(function.as_ref().clone()));
        let sql = format!(
            "SELECT {call} OVER (PARTITION BY k ORDER BY t) FROM (VALUES ('a', 1, 1), ('b', 1, 9), ('a', 2, 3), ('a', 3, NULL)) \
             AS v(k, t, x) ORDER BY k, t"
        );
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect())
    }

    #[tokio::test]
    async fn partitions_have_moments_of_their_own() {
        assert_eq!(rows("ewm_mean(x, 0.5, false)").await.unwrap(), ["|1.0|", "|2.0|", "||", "|9.0|"]);
        assert_eq!(rows("ewm_mean(x, 1)").await.unwrap(), ["|1.0|", "|3.0|", "||", "|9.0|"]);
        assert_eq!(rows("ewm_var(x, 0.5, true, true, 1, true)").await.unwrap()[0], "|0.0|");
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        assert!(rows("ewm_mean(x, 0)").await.unwrap_err().contains("more than 0 and at most 1, got 0"));
        assert!(rows("ewm_mean(x, t)").await.unwrap_err().contains("expected a constant as argument 2"));
        assert!(rows("ewm_mean(k, 0.5)").await.unwrap_err().contains("expected numbers, got Utf8"));
        assert!(rows("ewm_std(x)").await.unwrap_err().contains("got 1 arguments"));
    }
}
