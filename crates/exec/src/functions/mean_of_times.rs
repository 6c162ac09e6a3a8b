//! Means of dates and times: exact in 128 bits until the one division, which rounds down.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::kept_rows::is_kept;
use super::times::as_numbers;

/// Sums of 2⁶³ values of 64 bits fit in.
const SUM: DataType = DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0);

/// What is passed from one accumulator to the next: how many values there are, and their sum.
pub(super) fn state_fields(name: &str) -> Vec<FieldRef> {
    let field = |part, data_type| Arc::new(Field::new(format_state_name(name, part), data_type, true));
    vec![field("count", DataType::Int64), field("sum", SUM)]
}

/// How many values there are, and their sum.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    count: i64,
    sum: i128,
}

impl Total {
    fn add(&mut self, value: i64) {
        self.count += 1;
        self.sum += i128::from(value);
    }

    fn merge(&mut self, count: i64, sum: i128) {
        self.count += count;
        self.sum += sum;
    }

    fn mean(self) -> Option<i64> {
        // The mean of values of 64 bits is one.
        (self.count > 0).then(|| self.sum.div_euclid(self.count.into()) as i64)
    }
}

/// The columns of [`state_fields`].
fn state_of(totals: &[Total]) -> Result<Vec<ArrayRef>> {
    let counts: Int64Array = totals.iter().map(|total| Some(total.count)).collect();
    let sums: Decimal128Array = totals.iter().map(|total| Some(total.sum)).collect();
    Ok(vec![Arc::new(counts), Arc::new(sums.with_precision_and_scale(DECIMAL128_MAX_PRECISION, 0)?)])
}

/// Counts and sums from the columns of [`state_fields`].
fn totals_of(states: &[ArrayRef]) -> Result<impl Iterator<Item = (i64, i128)>> {
    let [counts, sums] = states else {
        return internal_err!("avg: expected counts and sums, got {} columns", states.len());
    };
    let (counts, sums) = (counts.as_primitive::<Int64Type>(), sums.as_primitive::<Decimal128Type>());
    Ok(counts.iter().zip(sums.iter()).map(|(count, sum)| (count.unwrap_or_default(), sum.unwrap_or_default())))
}

/// The mean of one group, or of a window.
#[derive(Debug)]
pub(super) struct MeanOfOne {
    total: Total,
    result: DataType,
}

impl MeanOfOne {
    /// A mean of type `result`.
    pub(super) fn of(result: &DataType) -> Self {
        Self { total: Total::default(), result: result.clone() }
    }
}

impl Accumulator for MeanOfOne {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = as_numbers(&values[0])?;
        values.as_primitive::<Int64Type>().iter().flatten().for_each(|value| self.total.add(value));
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = as_numbers(&values[0])?;
        let leaving = values.as_primitive::<Int64Type>().iter().flatten();
        leaving.for_each(|value| self.total.merge(-1, -i128::from(value)));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        totals_of(states)?.for_each(|(count, sum)| self.total.merge(count, sum));
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        state_of(&[self.total])?.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mean: ArrayRef = Arc::new(Int64Array::from(vec![self.total.mean()]));
        ScalarValue::try_from_array(&cast(&mean, &self.result)?, 0)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// The means of many groups.
pub(super) struct MeanOfGroups {
    totals: Vec<Total>,
    result: DataType,
}

impl MeanOfGroups {
    /// Means of type `result`.
    pub(super) fn of(result: &DataType) -> Self {
        Self { totals: vec![], result: result.clone() }
    }
}

impl GroupsAccumulator for MeanOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.totals.resize(total, Total::default());
        let values = as_numbers(&values[0])?;
        for (row, (value, group)) in values.as_primitive::<Int64Type>().iter().zip(groups).enumerate() {
            if let Some(value) = value
                && is_kept(filter, row)
            {
                self.totals[*group].add(value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.totals.resize(total, Total::default());
        for ((count, sum), group) in totals_of(states)?.zip(groups) {
            self.totals[*group].merge(count, sum);
        }
        Ok(())
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        state_of(&emit.take_needed(&mut self.totals))
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let means: Int64Array = emit.take_needed(&mut self.totals).into_iter().map(Total::mean).collect();
        Ok(cast(&means, &self.result)?)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = as_numbers(&values[0])?;
        let totals = values.as_primitive::<Int64Type>().iter().enumerate().map(|(row, value)| {
            let kept = value.filter(|_| is_kept(filter, row));
            kept.map_or_else(Total::default, |value| Total { count: 1, sum: value.into() })
        });
        state_of(&totals.collect::<Vec<_>>())
    }

    fn size(&self) -> usize {
        self.totals.capacity() * size_of::<Total>()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, TimestampNanosecondArray};

    use super::*;

    #[test]
    fn sums_do_not_overflow() {
        let late = i64::MAX - 1;
        let values: Vec<ArrayRef> = vec![Arc::new(TimestampNanosecondArray::from(vec![late, late, late - 3]))];
        let mut one = MeanOfOne::of(values[0].data_type());
        one.update_batch(&values).unwrap();
        let mut merged = MeanOfOne::of(values[0].data_type());
        let state: Vec<ArrayRef> = one.state().unwrap().iter().map(|state| state.to_array().unwrap()).collect();
        merged.merge_batch(&state).unwrap();
        assert_eq!(merged.evaluate().unwrap(), ScalarValue::TimestampNanosecond(Some(late - 1), None));
        one.retract_batch(&[values[0].slice(0, 2)]).unwrap();
        assert_eq!(one.evaluate().unwrap(), ScalarValue::TimestampNanosecond(Some(late - 3), None));
    }

    #[test]
    fn groups_agree_whether_they_were_states_before_or_not() {
        let numbers = Int64Array::from(vec![Some(1), Some(4), None, Some(9), Some(-5)]);
        let values = vec![cast(&numbers, &DataType::Duration(arrow::datatypes::TimeUnit::Second)).unwrap()];
        let filter = BooleanArray::from(vec![true, true, true, false, true]);
        let groups = [0, 0, 1, 1, 2];
        let mut direct = MeanOfGroups::of(values[0].data_type());
        direct.update_batch(&values, &groups, Some(&filter), 3).unwrap();
        let states = direct.convert_to_state(&values, Some(&filter)).unwrap();
        let mut merged = MeanOfGroups::of(values[0].data_type());
        merged.merge_batch(&states, &groups, 3).unwrap();
        let expected = cast(&Int64Array::from(vec![Some(2), None, Some(-5)]), values[0].data_type()).unwrap();
        assert_eq!(&direct.evaluate(EmitTo::All).unwrap(), &expected);
        assert_eq!(&merged.evaluate(EmitTo::All).unwrap(), &expected);
    }
}
