//! `max_of_floats` and `min_of_floats`: `max` and `min` for floats, in the order in which NaN is larger than every number.
//!
//! DataFusion's functions compare with `<` where there are groups, so that the result hangs on the order in which a NaN came; and
//! bit by bit where there are none, so that a NaN with its sign bit set (`0.0 / 0.0` is one on x86) is smaller than every number.
//! Here, as in PostgreSQL and DuckDB, and with groups, without, and in windows alike:
//!
//! | values | `max` | `min` |
//! |---|---|---|
//! | some are NaN | NaN | of the others |
//! | all are NaN | NaN | NaN |
//! | none | null | null |
//!
//! Nulls are skipped. Of `0.0` and `-0.0`, which are equal, `max` gives the one and `min` the other, whichever came first. A NaN
//! that comes out has no sign.
//!
//! [`OrderFloats`](crate::order_floats::OrderFloats) puts them into plans. What DataFusion does for `max` and `min` by their names
//! it does not do for these: the statistics of Parquet files pass over NaNs, so neither may they give the answer, nor may a filter
//! by what was found so far skip a row group. Memory: one value a group; in sliding windows at most 16 bytes for each value in it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray, BooleanArray, PrimitiveArray};
use arrow::compute::{max, min};
use arrow::datatypes::{
    ArrowNumericType, ArrowPrimitiveType, DataType, FieldRef, Float16Type, Float32Type, Float64Type,
};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, SetMonotonicity, Signature,
};

use super::kept_rows::is_kept;
use super::named_as_inner::named_as_inner;

/// Which end of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatExtreme {
    /// The largest value.
    Max,
    /// The smallest.
    Min,
}

impl FloatExtreme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Max, Self::Min];

    /// The one that computes what `function` of DataFusion's is asked for.
    pub fn of(function: &AggregateUDF) -> Option<Self> {
        Self::ALL.into_iter().find(|extreme| &*extreme.plain() == function)
    }

    /// The name of its function.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Max => "max_of_floats",
            Self::Min => "min_of_floats",
        }
    }

    /// Its function.
    pub fn function(self) -> Arc<AggregateUDF> {
        static FUNCTIONS: LazyLock<[Arc<AggregateUDF>; 2]> = LazyLock::new(|| {
            FloatExtreme::ALL.map(|extreme| Arc::new(Function { extreme, inner: extreme.plain() }.into()))
        });
        Arc::clone(&FUNCTIONS[self as usize])
    }

    /// DataFusion's function.
    fn plain(self) -> Arc<AggregateUDF> {
        match self {
            Self::Max => max_udaf(),
            Self::Min => min_udaf(),
        }
    }

    /// Stands for no value: nearer to the other end than each one is.
    fn none<T: Float>(self) -> T::Native {
        match self {
            Self::Max => T::BELOW_ALL,
            Self::Min => T::ABOVE_ALL,
        }
    }

    /// Whether `value` takes the place of `held`.
    fn prefers<T: Float>(self, value: T::Native, held: T::Native) -> bool {
        match self {
            Self::Max => value.compare(held).is_gt(),
            Self::Min => value.compare(held).is_lt(),
        }
    }

    /// The extreme one of `values`, with its sign if it is NaN or not.
    fn of_values<T: Float>(self, values: &PrimitiveArray<T>) -> Option<T::Native> {
        let lowest = min(values)?;
        match self {
            // Those with a sign are below all numbers.
            Self::Max if T::is_nan(lowest) => Some(T::NAN),
            Self::Max => max(values),
            Self::Min if !T::is_nan(lowest) => Some(lowest),
            Self::Min => values.iter().flatten().map(without_sign::<T>).min_by(|a, b| a.compare(*b)),
        }
    }
}

/// A type of floats. In their total order, which goes by the bits, there are NaNs beyond the one that stands for all of them.
trait Float: ArrowNumericType + fmt::Debug {
    const NAN: Self::Native;
    const BELOW_ALL: Self::Native;
    const ABOVE_ALL: Self::Native;

    fn is_nan(value: Self::Native) -> bool;
}

macro_rules! floats {
    ($($float:ident: $bits:ident),*) => {
        $(
            impl Float for $float {
                const NAN: Self::Native = <<$float as ArrowPrimitiveType>::Native>::NAN;
                const BELOW_ALL: Self::Native = <<$float as ArrowPrimitiveType>::Native>::from_bits($bits::MAX);
                const ABOVE_ALL: Self::Native = <<$float as ArrowPrimitiveType>::Native>::from_bits($bits::MAX >> 1);

                fn is_nan(value: Self::Native) -> bool {
                    value.is_nan()
                }
            }
        )*
    };
}
floats!(Float16Type: u16, Float32Type: u32, Float64Type: u64);

/// `value`, or the one NaN that stands for all.
fn without_sign<T: Float>(value: T::Native) -> T::Native {
    if T::is_nan(value) { T::NAN } else { value }
}

/// Makes an accumulator for the type of the argument.
macro_rules! for_type {
    ($extreme:expr, $data_type:expr, $accumulator:ident) => {
        match $data_type {
            DataType::Float16 => Ok(Box::new($accumulator::<Float16Type>::new($extreme))),
            DataType::Float32 => Ok(Box::new($accumulator::<Float32Type>::new($extreme))),
            DataType::Float64 => Ok(Box::new($accumulator::<Float64Type>::new($extreme))),
            other => internal_err!("{}: {other} are no floats", $extreme.name()),
        }
    };
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    extreme: FloatExtreme,
    inner: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for Function {
    fn name(&self) -> &str {
        self.extreme.name()
    }

    named_as_inner!();

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [float] if float.is_floating() => Ok(types.to_vec()),
            _ => plan_err!("{}: expected one column of floats, got {types:?}; call {}", self.name(), self.inner.name()),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        for_type!(self.extreme, arguments.return_type(), OneGroup)
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        for_type!(self.extreme, arguments.return_type(), SlidingGroup)
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        for_type!(self.extreme, arguments.return_type(), ManyGroups)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.inner().set_monotonicity(data_type)
    }
}

#[derive(Debug)]
struct OneGroup<T: Float> {
    extreme: FloatExtreme,
    held: Option<T::Native>,
}

impl<T: Float> OneGroup<T> {
    fn new(extreme: FloatExtreme) -> Self {
        Self { extreme, held: None }
    }
}

impl<T: Float> Accumulator for OneGroup<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if let Some(value) = self.extreme.of_values(values[0].as_primitive::<T>()) {
            let value = without_sign::<T>(value);
            if self.held.is_none_or(|held| self.extreme.prefers::<T>(value, held)) {
                self.held = Some(value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::new_primitive::<T>(self.held, &T::DATA_TYPE)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

struct ManyGroups<T: Float> {
    extreme: FloatExtreme,
    /// By group; the one that stands for none where there is no value yet.
    held: Vec<T::Native>,
}

impl<T: Float> ManyGroups<T> {
    fn new(extreme: FloatExtreme) -> Self {
        Self { extreme, held: vec![] }
    }

    fn hold(&mut self, group: usize, value: T::Native) {
        let (value, held) = (without_sign::<T>(value), &mut self.held[group]);
        if self.extreme.prefers::<T>(value, *held) {
            *held = value;
        }
    }
}

impl<T: Float> GroupsAccumulator for ManyGroups<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.held.resize(total, self.extreme.none::<T>());
        let values = values[0].as_primitive::<T>();
        if values.null_count() == 0 && filter.is_none() {
            values.values().iter().zip(groups).for_each(|(value, group)| self.hold(*group, *value));
            return Ok(());
        }
        for (row, (value, group)) in values.iter().zip(groups).enumerate() {
            if let Some(value) = value
                && is_kept(filter, row)
            {
                self.hold(*group, value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(states, groups, None, total)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let none = self.extreme.none::<T>();
        let held = emit.take_needed(&mut self.held).into_iter().map(|held| held.is_ne(none).then_some(held));
        Ok(Arc::new(held.collect::<PrimitiveArray<T>>()))
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        if filter.is_none() {
            return Ok(vec![Arc::clone(&values[0])]);
        }
        let values = values[0].as_primitive::<T>().iter().enumerate();
        let states: PrimitiveArray<T> = values.map(|(row, value)| value.filter(|_| is_kept(filter, row))).collect();
        Ok(vec![Arc::new(states)])
    }

    fn size(&self) -> usize {
        self.held.capacity() * size_of::<T::Native>()
    }
}

/// The values of a window that slides, without those that a later one outdoes: each is more extreme than what follows it.
#[derive(Debug)]
struct SlidingGroup<T: Float> {
    extreme: FloatExtreme,
    /// Values and their numbers.
    candidates: VecDeque<(u64, T::Native)>,
    /// How many values have come.
    entered: u64,
    /// And how many have left.
    left: u64,
}

impl<T: Float> SlidingGroup<T> {
    fn new(extreme: FloatExtreme) -> Self {
        Self { extreme, candidates: VecDeque::new(), entered: 0, left: 0 }
    }
}

impl<T: Float> Accumulator for SlidingGroup<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values[0].as_primitive::<T>().iter().flatten().map(without_sign::<T>) {
            while self.candidates.back().is_some_and(|(_, last)| !self.extreme.prefers::<T>(*last, value)) {
                self.candidates.pop_back();
            }
            self.candidates.push_back((self.entered, value));
            self.entered += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.left += (values[0].len() - values[0].null_count()) as u64;
        while self.candidates.front().is_some_and(|(number, _)| *number < self.left) {
            self.candidates.pop_front();
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::new_primitive::<T>(self.candidates.front().map(|(_, value)| *value), &T::DATA_TYPE)
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        internal_err!("{}: windows are not merged", self.extreme.name())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        internal_err!("{}: windows are not merged", self.extreme.name())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.candidates.capacity() * size_of::<(u64, T::Native)>()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Float64Array;

    use super::*;

    /// Each order of some values, the sign of NaN among them.
    const SAMPLES: [&[f64]; 8] = [
        &[1.0, f64::NAN, 2.0],
        &[-f64::NAN, 1.0],
        &[-f64::NAN, f64::NAN],
        &[f64::NEG_INFINITY],
        &[f64::INFINITY, f64::INFINITY],
        &[0.0, -0.0],
        &[f64::NAN, f64::NEG_INFINITY, f64::INFINITY],
        &[],
    ];

    fn expected(extreme: FloatExtreme, values: &[f64]) -> Option<f64> {
        let order = |a: &&f64, b: &&f64| match (a.is_nan(), b.is_nan()) {
            (false, false) => a.total_cmp(b),
            (a, b) => a.cmp(&b),
        };
        match extreme {
            FloatExtreme::Max => values.iter().max_by(order),
            FloatExtreme::Min => values.iter().min_by(order),
        }
        .map(|value| if value.is_nan() { f64::NAN } else { *value })
    }

    fn column(values: &[f64]) -> Vec<ArrayRef> {
        vec![Arc::new(Float64Array::from(values.to_vec()))]
    }

    fn bits(value: Option<f64>) -> Option<u64> {
        value.map(f64::to_bits)
    }

    fn found(scalar: ScalarValue) -> Option<u64> {
        match scalar {
            ScalarValue::Float64(value) => bits(value),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn one_group_and_many_agree_in_every_order() {
        for extreme in FloatExtreme::ALL {
            for sample in SAMPLES {
                for shift in 0..sample.len().max(1) {
                    let mut values = sample.to_vec();
                    values.rotate_left(shift);
                    let expected = bits(expected(extreme, &values));

                    let mut one = OneGroup::<Float64Type>::new(extreme);
                    one.update_batch(&column(&values)).unwrap();
                    assert_eq!(found(one.evaluate().unwrap()), expected, "{extreme:?} of {values:?}");

                    let mut apart = OneGroup::<Float64Type>::new(extreme);
                    values.iter().for_each(|value| apart.update_batch(&column(&[*value])).unwrap());
                    assert_eq!(found(apart.evaluate().unwrap()), expected, "{extreme:?} of {values:?}, one by one");

                    let mut many = ManyGroups::<Float64Type>::new(extreme);
                    many.update_batch(&column(&values), &vec![1; values.len()], None, 2).unwrap();
                    let state = many.state(EmitTo::All).unwrap();
                    let mut merged = ManyGroups::<Float64Type>::new(extreme);
                    merged.merge_batch(&state, &[0, 1], 2).unwrap();
                    let all = merged.evaluate(EmitTo::All).unwrap();
                    assert!(all.is_null(0), "a group without values has none");
                    let of_group = ScalarValue::try_from_array(&all, 1).unwrap();
                    assert_eq!(found(of_group), expected, "{extreme:?} of {values:?}, as a group");
                }
            }
        }
    }

    #[test]
    fn windows_are_what_they_are_alone() {
        let values = [1.0, -f64::NAN, 0.0, -0.0, f64::NAN, f64::NEG_INFINITY, 3.0, 2.0, 2.0, f64::INFINITY, -1.0];
        for extreme in FloatExtreme::ALL {
            for rows in 1..5 {
                let mut slide = SlidingGroup::<Float64Type>::new(extreme);
                for (row, value) in values.iter().enumerate() {
                    slide.update_batch(&column(&[*value])).unwrap();
                    if row >= rows {
                        slide.retract_batch(&column(&[values[row - rows]])).unwrap();
                    }
                    let window = &values[(row + 1).saturating_sub(rows)..=row];
                    let expected = bits(expected(extreme, window));
                    assert_eq!(found(slide.evaluate().unwrap()), expected, "{extreme:?} of {window:?}");
                }
            }
        }
    }

    #[test]
    fn filters_and_nulls_are_passed_over() {
        let values: Vec<ArrayRef> = vec![Arc::new(Float64Array::from(vec![Some(5.0), None, Some(7.0), Some(9.0)]))];
        let filter = BooleanArray::from(vec![Some(true), Some(true), Some(false), None]);
        for extreme in FloatExtreme::ALL {
            let mut many = ManyGroups::<Float64Type>::new(extreme);
            many.update_batch(&values, &[0, 1, 0, 0], Some(&filter), 2).unwrap();
            let all = many.evaluate(EmitTo::All).unwrap();
            assert_eq!(all.as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(5.0), None]);
            let states = many.convert_to_state(&values, Some(&filter)).unwrap();
            let states = states[0].as_primitive::<Float64Type>().iter().collect::<Vec<_>>();
            assert_eq!(states, [Some(5.0), None, None, None]);
        }
    }

    #[test]
    fn each_stands_in_for_a_function() {
        for extreme in FloatExtreme::ALL {
            assert_eq!(FloatExtreme::of(&extreme.plain()), Some(extreme));
            assert_eq!(extreme.function().name(), extreme.name());
        }
    }
}
