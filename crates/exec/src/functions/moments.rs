//! `skewness(value)` and `kurtosis(value)`: the shape of a distribution, from its central moments.
//!
//! With `m2`, `m3`, `m4` the means of the second, third and fourth powers of the distances from the mean, the skewness is
//! `m3 / m2^1.5` and the kurtosis `m4 / m2² - 3` (0 for a normal distribution): those of the values as a whole population, as
//! in Polars and Spark. NaN where all values are equal, null without values.
//!
//! One pass, in constant memory a group, by the updates of P. Pébay, "Formulas for Robust, One-Pass Parallel Computation of
//! Covariances and Arbitrary-Order Statistical Moments", Sandia report SAND2008-6212 (2008).

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

/// The function for skewness.
pub fn skewness() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(Shape::new(Kind::Skewness).into()));
    Arc::clone(&FUNCTION)
}

/// The function for kurtosis.
pub fn kurtosis() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Arc::new(Shape::new(Kind::Kurtosis).into()));
    Arc::clone(&FUNCTION)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Skewness,
    Kurtosis,
}

impl Kind {
    fn of(self, moments: &Moments) -> Option<f64> {
        let Moments { count, m2, m3, m4, .. } = moments;
        (*count > 0.0).then(|| match self {
            Self::Skewness => count.sqrt() * m3 / m2.powf(1.5),
            Self::Kurtosis => count * m4 / (m2 * m2) - 3.0,
        })
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Shape {
    kind: Kind,
    signature: Signature,
}

impl Shape {
    fn new(kind: Kind) -> Self {
        Self { kind, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for Shape {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Skewness => "skewness",
            Kind::Kurtosis => "kurtosis",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [number] if number.is_numeric() || number.is_null() => Ok(vec![DataType::Float64]),
            [other] => plan_err!("{}: expected numbers, got {other}; cast them before", self.name()),
            _ => plan_err!("{}: expected one column of numbers, got {} arguments", self.name(), types.len()),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |part| Arc::new(Field::new(format_state_name(arguments.name, part), DataType::Float64, true));
        Ok(["count", "mean", "m2", "m3", "m4"].map(field).to_vec())
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return plan_err!("{}: DISTINCT is not supported; select distinct rows before", self.name());
        }
        Ok(Box::new(OneGroup { kind: self.kind, moments: Moments::default() }))
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return self.accumulator(arguments);
        }
        Ok(Box::new(SlidingGroup { kind: self.kind, values: VecDeque::new() }))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(ManyGroups { kind: self.kind, moments: vec![] }))
    }
}

/// Sums of powers of the distances from the mean: `m2` of the second powers, and so on.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        let before = self.count;
        let count = before + 1.0;
        let delta = value - self.mean;
        let step = delta / count;
        let square = delta * step * before;
        self.count = count;
        self.mean += step;
        self.m4 += square * step * step * (count * count - 3.0 * count + 3.0) + 6.0 * step * step * self.m2
            - 4.0 * step * self.m3;
        self.m3 += square * step * (count - 2.0) - 3.0 * step * self.m2;
        self.m2 += square;
    }

    fn merge(&mut self, other: &Self) {
        if other.count == 0.0 {
            return;
        }
        if self.count == 0.0 {
            *self = *other;
            return;
        }
        let (a, b) = (self.count, other.count);
        let count = a + b;
        let delta = other.mean - self.mean;
        let step = delta / count;
        let square = delta * step * a * b;
        self.m4 += other.m4
            + square * step * step * (a * a - a * b + b * b)
            + 6.0 * step * step * (a * a * other.m2 + b * b * self.m2)
            + 4.0 * step * (a * other.m3 - b * self.m3);
        self.m3 += other.m3 + square * step * (a - b) + 3.0 * step * (a * other.m2 - b * self.m2);
        self.m2 += other.m2 + square;
        self.mean += step * b;
        self.count = count;
    }

    fn parts(&self) -> [f64; 5] {
        [self.count, self.mean, self.m2, self.m3, self.m4]
    }

    /// Those in the rows of `states`.
    fn of(states: &[ArrayRef]) -> Result<impl Iterator<Item = Self>> {
        let columns: Vec<_> = states.iter().filter_map(|part| part.as_primitive_opt::<Float64Type>()).collect();
        let [count, mean, m2, m3, m4] = columns[..] else {
            return internal_err!("expected five parts of moments, got {}", states.len());
        };
        Ok((0..count.len()).map(|row| Self {
            count: count.value(row),
            mean: mean.value(row),
            m2: m2.value(row),
            m3: m3.value(row),
            m4: m4.value(row),
        }))
    }
}

fn numbers(values: &[ArrayRef]) -> Result<&Float64Array> {
    match values {
        [only] if only.data_type() == &DataType::Float64 => Ok(only.as_primitive()),
        _ => internal_err!("expected one column of floats, got {}", values.len()),
    }
}

#[derive(Debug)]
struct OneGroup {
    kind: Kind,
    moments: Moments,
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        numbers(values)?.iter().flatten().for_each(|value| self.moments.add(value));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        Moments::of(states)?.for_each(|moments| self.moments.merge(&moments));
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(self.moments.parts().map(ScalarValue::from).to_vec())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.kind.of(&self.moments)))
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// The values of a window that slides: each window's moments are computed anew, for what is subtracted from sums of powers
/// never leaves them without a trace.
#[derive(Debug)]
struct SlidingGroup {
    kind: Kind,
    values: VecDeque<f64>,
}

impl Accumulator for SlidingGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.values.extend(numbers(values)?.iter().flatten());
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = numbers(values)?;
        let gone = values.len() - values.null_count();
        self.values.drain(..gone.min(self.values.len()));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut moments = Moments::default();
        self.values.iter().for_each(|value| moments.add(*value));
        Ok(ScalarValue::Float64(self.kind.of(&moments)))
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        internal_err!("the values of a window are not merged")
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        internal_err!("the values of a window are not merged")
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.values.capacity() * size_of::<f64>()
    }
}

struct ManyGroups {
    kind: Kind,
    moments: Vec<Moments>,
}

impl GroupsAccumulator for ManyGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.moments.resize(total, Moments::default());
        for (row, (value, group)) in numbers(values)?.iter().zip(groups).enumerate() {
            if let Some(value) = value
                && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
            {
                self.moments[*group].add(value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.moments.resize(total, Moments::default());
        Moments::of(states)?.zip(groups).for_each(|(moments, group)| self.moments[*group].merge(&moments));
        Ok(())
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let moments = emit.take_needed(&mut self.moments);
        let column = |part: usize| -> ArrayRef {
            Arc::new(moments.iter().map(|moments| moments.parts()[part]).collect::<Float64Array>())
        };
        Ok((0..5).map(column).collect())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let moments = emit.take_needed(&mut self.moments);
        Ok(Arc::new(moments.iter().map(|moments| self.kind.of(moments)).collect::<Float64Array>()))
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = numbers(values)?;
        let mut each = Self { kind: self.kind, moments: vec![] };
        let groups: Vec<usize> = (0..values.len()).collect();
        each.update_batch(&[Arc::new(values.clone())], &groups, filter, values.len())?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.moments.capacity() * size_of::<Moments>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|value| moments.add(*value));
        moments
    }

    #[test]
    fn parts_give_what_the_whole_gives() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i * i % 37) + 1e6).collect();
        let whole = moments(&values);
        for cut in [0, 1, 50, 99, 100] {
            let mut merged = moments(&values[..cut]);
            merged.merge(&moments(&values[cut..]));
            for (merged, whole) in merged.parts().iter().zip(whole.parts()) {
                assert!((merged - whole).abs() <= 1e-9 * whole.abs().max(1.0), "{cut}: {merged} {whole}");
            }
        }
    }

    #[test]
    fn shapes_are_those_of_a_population() {
        // By hand: distances from 2.5 are -1.5, -0.5, -0.5, 2.5, so m2 = 2.25, m3 = 3, m4 = 11.0625.
        let moments = moments(&[1.0, 2.0, 2.0, 5.0]);
        assert!((Kind::Skewness.of(&moments).unwrap() - 3.0 / 2.25_f64.powf(1.5)).abs() < 1e-12);
        assert!((Kind::Kurtosis.of(&moments).unwrap() - (11.0625 / 5.0625 - 3.0)).abs() < 1e-12);
    }

    #[test]
    fn windows_forget_what_has_left_them() {
        let column = |values: &[Option<f64>]| -> Vec<ArrayRef> { vec![Arc::new(Float64Array::from(values.to_vec()))] };
        let mut window = SlidingGroup { kind: Kind::Skewness, values: VecDeque::new() };
        window.update_batch(&column(&[Some(1e16), None, Some(1.0), Some(2.0)])).unwrap();
        window.retract_batch(&column(&[Some(1e16), None])).unwrap();
        window.update_batch(&column(&[Some(2.0), Some(5.0)])).unwrap();
        let expected = Kind::Skewness.of(&moments(&[1.0, 2.0, 2.0, 5.0]));
        assert_eq!(window.evaluate().unwrap(), ScalarValue::Float64(expected));
    }

    #[test]
    fn nothing_is_null_and_equal_values_have_no_shape() {
        assert_eq!(Kind::Skewness.of(&moments(&[])), None);
        assert!(Kind::Skewness.of(&moments(&[0.1, 0.1, 0.1])).unwrap().is_nan());
        assert!(Kind::Kurtosis.of(&moments(&[7.0])).unwrap().is_nan());
    }
}
