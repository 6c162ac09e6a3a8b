//! The keys of one batch, in the form in which the merge compares them.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{ArrowNativeType, DataType, Decimal128Type, Float64Type, Int64Type};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::physical_expr::PhysicalExprRef;

/// A value of an `on` column: it has an order and a distance.
pub(super) trait OnValue: ArrowNativeType + PartialOrd + Send + Sync + Unpin + 'static {
    /// The values of `array`, which is of a type that [`swath_planner::AsofKey`] maps here.
    fn values(array: &ArrayRef) -> Result<ScalarBuffer<Self>>;

    /// The distance that a normalised tolerance stands for.
    fn tolerance(scalar: &ScalarValue) -> Result<Self>;

    /// Whether the value can match at all.
    fn is_ordered(self) -> bool {
        true
    }

    /// Whether `a` and `b` are at most `tolerance` apart.
    fn within(a: Self, b: Self, tolerance: Self) -> bool;

    /// Whether `middle`, with `before <= middle <= after`, is strictly nearer to `after`.
    fn nearer_to_after(before: Self, middle: Self, after: Self) -> bool;
}

impl OnValue for i64 {
    fn values(array: &ArrayRef) -> Result<ScalarBuffer<Self>> {
        Ok(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().values().clone())
    }

    fn tolerance(scalar: &ScalarValue) -> Result<Self> {
        match scalar {
            ScalarValue::Int64(Some(ticks)) => Ok(*ticks),
            other => internal_err!("an as-of tolerance in ticks, got {other:?}"),
        }
    }

    fn within(a: Self, b: Self, tolerance: Self) -> bool {
        a.abs_diff(b) <= tolerance.unsigned_abs()
    }

    fn nearer_to_after(before: Self, middle: Self, after: Self) -> bool {
        middle.abs_diff(after) < middle.abs_diff(before)
    }
}

impl OnValue for i128 {
    fn values(array: &ArrayRef) -> Result<ScalarBuffer<Self>> {
        let array = match array.data_type() {
            DataType::UInt64 => cast(array, &DataType::Decimal128(20, 0))?,
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) => {
                cast(array, &DataType::Decimal128(38, *scale))?
            }
            _ => Arc::clone(array),
        };
        Ok(array.as_primitive::<Decimal128Type>().values().clone())
    }

    fn tolerance(scalar: &ScalarValue) -> Result<Self> {
        match scalar {
            ScalarValue::Decimal128(Some(value), _, _) => Ok(*value),
            other => internal_err!("an as-of tolerance as a decimal, got {other:?}"),
        }
    }

    fn within(a: Self, b: Self, tolerance: Self) -> bool {
        a.abs_diff(b) <= tolerance.unsigned_abs()
    }

    fn nearer_to_after(before: Self, middle: Self, after: Self) -> bool {
        middle.abs_diff(after) < middle.abs_diff(before)
    }
}

impl OnValue for f64 {
    fn values(array: &ArrayRef) -> Result<ScalarBuffer<Self>> {
        Ok(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().values().clone())
    }

    fn tolerance(scalar: &ScalarValue) -> Result<Self> {
        match scalar {
            ScalarValue::Float64(Some(value)) => Ok(*value),
            other => internal_err!("an as-of tolerance as a float, got {other:?}"),
        }
    }

    fn is_ordered(self) -> bool {
        !self.is_nan()
    }

    fn within(a: Self, b: Self, tolerance: Self) -> bool {
        // Equal infinities are 0 apart, their difference is NaN.
        a == b || (a - b).abs() <= tolerance
    }

    fn nearer_to_after(before: Self, middle: Self, after: Self) -> bool {
        middle != before && (after == middle || after - middle < middle - before)
    }
}

/// Reads the keys of one side's batches.
pub(super) struct KeyReader {
    on: PhysicalExprRef,
    by: Vec<PhysicalExprRef>,
    converter: Option<RowConverter>,
}

impl KeyReader {
    pub(super) fn try_new(on: PhysicalExprRef, by: Vec<PhysicalExprRef>, by_types: &[DataType]) -> Result<Self> {
        let fields = by_types.iter().map(|t| SortField::new_with_options(t.clone(), super::KEY_ORDER));
        let converter = if by.is_empty() { None } else { Some(RowConverter::new(fields.collect())?) };
        Ok(Self { on, by, converter })
    }

    pub(super) fn read<V: OnValue>(&mut self, batch: RecordBatch) -> Result<KeyedBatch<V>> {
        let evaluate = |key: &PhysicalExprRef| key.evaluate(&batch)?.into_array(batch.num_rows());
        let on = evaluate(&self.on)?;
        let mut valid = on.logical_nulls();
        let by = match &mut self.converter {
            None => None,
            Some(converter) => {
                let columns = self.by.iter().map(evaluate).collect::<Result<Vec<_>>>()?;
                for column in &columns {
                    valid = NullBuffer::union(valid.as_ref(), column.logical_nulls().as_ref());
                }
                Some(converter.convert_columns(&columns)?)
            }
        };
        Ok(KeyedBatch { on: V::values(&on)?, by, valid: valid.filter(|nulls| nulls.null_count() > 0), batch })
    }
}

/// A batch and its keys.
pub(super) struct KeyedBatch<V: OnValue> {
    pub(super) batch: RecordBatch,
    on: ScalarBuffer<V>,
    by: Option<Rows>,
    /// Rows with no null among their keys; `None` means all.
    valid: Option<NullBuffer>,
}

impl<V: OnValue> KeyedBatch<V> {
    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    pub(super) fn on(&self, row: usize) -> V {
        self.on[row]
    }

    /// Whether `row` can match: it has no null key.
    pub(super) fn can_match(&self, row: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid.is_valid(row)) && self.on[row].is_ordered()
    }

    /// The order of the `by` keys of a row here and a row there.
    pub(super) fn compare_by(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        match (&self.by, &other.by) {
            (Some(here), Some(there)) => here.row(row).cmp(&there.row(other_row)),
            _ => Ordering::Equal,
        }
    }

    /// The order of all keys of two rows that can match.
    pub(super) fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        self.compare_by(row, other, other_row)
            .then_with(|| self.on[row].partial_cmp(&other.on[other_row]).unwrap_or(Ordering::Equal))
    }

    /// Bytes held: the batch, its key values and its key rows.
    pub(super) fn size_bytes(&self) -> usize {
        self.batch.get_array_memory_size() + self.on.len() * size_of::<V>() + self.by.as_ref().map_or(0, Rows::size)
    }
}
