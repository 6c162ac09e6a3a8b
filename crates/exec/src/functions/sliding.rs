//! `sliding_sum`, `sliding_avg`, `sliding_var`, …: the aggregates of DataFusion's of the same names, for windows that slide over floats.
//!
//! DataFusion takes the values that leave such a window out of a running sum. What rounding has lost by then stays lost: of
//! `1e9, 1, 1, 1` the standard deviation of the last three is some 1e-8 instead of 0, and one NaN makes every later window NaN.
//! Here nothing is taken out. A window is a queue of two stacks, as in the algorithm for queues with a total that is known
//! at any time: of the values that entered last there is the total, of the older ones the total of each with all that entered
//! after it up to the turn, so that the oldest leaves by a pop. Only when the older ones are used up are the others turned over,
//! which is one addition a value. Variances are of distances from the mean, in the form of T. Chan, G. Golub and R. LeVeque,
//! "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979).
//!
//! [`SlideOverFloats`](crate::slide_over_floats::SlideOverFloats) puts them into plans. Memory: 8 to 24 bytes for each value in a
//! window.

use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::stddev::{stddev_pop_udaf, stddev_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_aggregate::variance::{var_pop_udaf, var_samp_udaf};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, SetMonotonicity, Signature,
};

use super::named_as_inner::named_as_inner;

/// What is computed of the values in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sliding {
    /// Sum.
    Sum,
    /// Mean.
    Mean,
    /// Sample variance.
    Variance,
    /// Population variance.
    VariancePop,
    /// Sample standard deviation.
    Deviation,
    /// Population standard deviation.
    DeviationPop,
}

impl Sliding {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Sum, Self::Mean, Self::Variance, Self::VariancePop, Self::Deviation, Self::DeviationPop];

    /// The one that computes what `function` of DataFusion's does.
    pub fn of(function: &AggregateUDF) -> Option<Self> {
        Self::ALL.into_iter().find(|sliding| &*sliding.plain() == function)
    }

    /// The name of its function.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sliding_sum",
            Self::Mean => "sliding_avg",
            Self::Variance => "sliding_var",
            Self::VariancePop => "sliding_var_pop",
            Self::Deviation => "sliding_stddev",
            Self::DeviationPop => "sliding_stddev_pop",
        }
    }

    /// Its function.
    pub fn function(self) -> Arc<AggregateUDF> {
        static FUNCTIONS: LazyLock<[Arc<AggregateUDF>; 6]> =
            LazyLock::new(|| Sliding::ALL.map(|sliding| Arc::new(Function { sliding, inner: sliding.plain() }.into())));
        Arc::clone(&FUNCTIONS[self as usize])
    }

    /// DataFusion's function.
    fn plain(self) -> Arc<AggregateUDF> {
        match self {
            Self::Sum => sum_udaf(),
            Self::Mean => avg_udaf(),
            Self::Variance => var_samp_udaf(),
            Self::VariancePop => var_pop_udaf(),
            Self::Deviation => stddev_udaf(),
            Self::DeviationPop => stddev_pop_udaf(),
        }
    }

    fn of_total(self, Total { count, sum }: Total) -> Option<f64> {
        (count > 0.0).then(|| if self == Self::Sum { sum } else { sum / count })
    }

    fn of_spread(self, Spread { count, squares, .. }: Spread) -> Option<f64> {
        let free = match self {
            Self::VariancePop | Self::DeviationPop => count,
            _ => count - 1.0,
        };
        let is_root = matches!(self, Self::Deviation | Self::DeviationPop);
        (free > 0.0).then(|| squares / free).map(|variance| if is_root { variance.sqrt() } else { variance })
    }
}

/// A function that is DataFusion's, but for windows that slide.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    sliding: Sliding,
    inner: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for Function {
    fn name(&self) -> &str {
        self.sliding.name()
    }

    named_as_inner!();

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.inner.accumulator(arguments)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(arguments)
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(arguments)
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let is_float = arguments.expr_fields.iter().all(|field| field.data_type() == &DataType::Float64);
        if !is_float || arguments.is_distinct {
            return self.inner.create_sliding_accumulator(arguments);
        }
        let sliding = self.sliding;
        Ok(match sliding {
            Sliding::Sum | Sliding::Mean => {
                Box::new(Slide::<Total> { queue: Queue::default(), sliding, value: Sliding::of_total })
            }
            _ => Box::new(Slide::<Spread> { queue: Queue::default(), sliding, value: Sliding::of_spread }),
        })
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        match self.inner.reverse_udf() {
            ReversedUDAF::Identical => ReversedUDAF::Identical,
            ReversedUDAF::NotSupported | ReversedUDAF::Reversed(_) => ReversedUDAF::NotSupported,
        }
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.inner().set_monotonicity(data_type)
    }
}

/// What is kept of some values, and of those that follow them together.
trait Summary: Copy + Default + fmt::Debug + Send + Sync + 'static {
    fn of(value: f64) -> Self;

    fn then(self, later: Self) -> Self;
}

#[derive(Clone, Copy, Debug, Default)]
struct Total {
    count: f64,
    sum: f64,
}

impl Summary for Total {
    fn of(value: f64) -> Self {
        Self { count: 1.0, sum: value }
    }

    fn then(self, later: Self) -> Self {
        Self { count: self.count + later.count, sum: self.sum + later.sum }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    count: f64,
    mean: f64,
    /// The sum of the squares of the distances from the mean.
    squares: f64,
}

impl Summary for Spread {
    fn of(value: f64) -> Self {
        Self { count: 1.0, mean: value, squares: 0.0 }
    }

    fn then(self, later: Self) -> Self {
        if self.count == 0.0 || later.count == 0.0 {
            return if self.count == 0.0 { later } else { self };
        }
        let count = self.count + later.count;
        // Of equal values nothing but 0, so that they spread by 0.
        let distance = later.mean - self.mean;
        let step = distance * (later.count / count);
        Self { count, mean: self.mean + step, squares: self.squares + later.squares + distance * step * self.count }
    }
}

/// Values in the order in which they came.
#[derive(Debug, Default)]
struct Queue<S> {
    /// Those that will leave first, each together with all that came after it up to the last turn; the oldest is last.
    older: Vec<S>,
    /// Those that came after the last turn.
    newer: Vec<f64>,
    newer_summary: S,
}

impl<S: Summary> Queue<S> {
    fn push(&mut self, value: f64) {
        self.newer.push(value);
        self.newer_summary = self.newer_summary.then(S::of(value));
    }

    /// Lets the oldest value go; false if there is none.
    fn pop(&mut self) -> bool {
        if self.older.is_empty() {
            let mut summary = S::default();
            for value in self.newer.drain(..).rev() {
                summary = S::of(value).then(summary);
                self.older.push(summary);
            }
            self.newer_summary = S::default();
        }
        self.older.pop().is_some()
    }

    fn summary(&self) -> S {
        self.older.last().copied().unwrap_or_default().then(self.newer_summary)
    }
}

#[derive(Debug)]
struct Slide<S> {
    queue: Queue<S>,
    sliding: Sliding,
    value: fn(Sliding, S) -> Option<f64>,
}

impl<S: Summary> Slide<S> {
    fn numbers<'a>(&self, values: &'a [ArrayRef]) -> Result<impl Iterator<Item = f64> + use<'a, S>> {
        match values {
            [only] if only.data_type() == &DataType::Float64 => Ok(only.as_primitive::<Float64Type>().iter().flatten()),
            _ => internal_err!("{}: expected one column of floats, got {}", self.sliding.name(), values.len()),
        }
    }
}

impl<S: Summary> Accumulator for Slide<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.numbers(values)?.for_each(|value| self.queue.push(value));
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut leaving = self.numbers(values)?;
        if leaving.all(|_| self.queue.pop()) {
            return Ok(());
        }
        internal_err!("{}: more values leave the window than had entered", self.sliding.name())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64((self.value)(self.sliding, self.queue.summary())))
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.queue.older.capacity() * size_of::<S>()
            + self.queue.newer.capacity() * size_of::<f64>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        internal_err!("{}: windows are not merged", self.sliding.name())
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> Result<()> {
        internal_err!("{}: windows are not merged", self.sliding.name())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Float64Array;

    use super::*;

    /// Of each `rows` values in a row.
    fn rolled(sliding: Sliding, values: &[f64], rows: usize) -> Vec<f64> {
        let column = |value: f64| vec![Arc::new(Float64Array::from(vec![value])) as ArrayRef];
        let mut slide: Box<dyn Accumulator> = match sliding {
            Sliding::Sum | Sliding::Mean => {
                Box::new(Slide::<Total> { queue: Queue::default(), sliding, value: Sliding::of_total })
            }
            _ => Box::new(Slide::<Spread> { queue: Queue::default(), sliding, value: Sliding::of_spread }),
        };
        let mut rolled = vec![];
        for (row, value) in values.iter().enumerate() {
            slide.update_batch(&column(*value)).unwrap();
            if row >= rows {
                slide.retract_batch(&column(values[row - rows])).unwrap();
            }
            match slide.evaluate().unwrap() {
                ScalarValue::Float64(Some(value)) => rolled.push(value),
                _ => rolled.push(f64::INFINITY),
            }
        }
        rolled.split_off(rows - 1)
    }

    #[test]
    fn equal_values_spread_by_nothing_whatever_was_before() {
        let values = [1e9, -7.25, 0.1, 0.1, 0.1, 0.1, 0.1, 3.0];
        for sliding in [Sliding::Variance, Sliding::VariancePop, Sliding::Deviation, Sliding::DeviationPop] {
            let rolled = rolled(sliding, &values, 3);
            assert_eq!(rolled[2..5], [0.0; 3], "{sliding:?}");
            assert!(rolled[5] > 1.0, "{sliding:?}");
        }
    }

    #[test]
    fn windows_are_what_they_are_alone() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i * i % 37) * 10_f64.powi(i % 7)).collect();
        for rows in [1, 2, 7, 50] {
            let pairs = [
                (Sliding::Sum, 1.0),
                (Sliding::Mean, rows as f64),
                (Sliding::VariancePop, rows as f64),
                (Sliding::Variance, rows as f64 - 1.0),
            ];
            for (sliding, divisor) in pairs {
                for (window, found) in values.windows(rows).zip(rolled(sliding, &values, rows)) {
                    let sum: f64 = window.iter().sum();
                    let mean = sum / rows as f64;
                    let squares: f64 = window.iter().map(|value| (value - mean).powi(2)).sum();
                    let is_spread = matches!(sliding, Sliding::VariancePop | Sliding::Variance);
                    let expected = if divisor == 0.0 {
                        f64::INFINITY
                    } else if is_spread {
                        squares / divisor
                    } else {
                        sum / divisor
                    };
                    let near = (found - expected).abs() <= 1e-12 * expected.abs();
                    assert!(near || found == expected, "{sliding:?} of {rows}: {found}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn a_value_that_is_no_number_leaves_with_its_window() {
        let values = [1.0, f64::NAN, 2.0, 4.0, f64::INFINITY, 1.0, 3.0];
        for sliding in Sliding::ALL {
            let rolled = rolled(sliding, &values, 2);
            assert!(rolled[1].is_nan(), "{sliding:?}");
            assert!(rolled[2].is_finite() && rolled[5].is_finite(), "{sliding:?}: {rolled:?}");
        }
        assert_eq!(rolled(Sliding::Mean, &values, 2)[5], 2.0);
    }

    #[test]
    fn each_stands_in_for_a_function() {
        for sliding in Sliding::ALL {
            assert_eq!(Sliding::of(&sliding.plain()), Some(sliding));
            assert_eq!(sliding.function().name(), sliding.name());
        }
    }
}
