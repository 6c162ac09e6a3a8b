//! A set of join keys, small enough to be sent, that tells of most other values that they are not in it.
//!
//! Whole numbers and dates within a narrow range are a bitmap, and exact; everything else is a Bloom filter over hashes
//! (register-blocked: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007), with 16 bits a key and
//! four of them set in one word. A value that is in the set is never denied, so a filter by it may drop rows that find no
//! partner, and nothing else.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, Schema};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, Operator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, lit};

/// The widest range of numbers for which there is a bitmap, of this many bits.
const WIDEST_BITMAP: i64 = 1 << 26;
const BITS_PER_KEY: usize = 16;

/// Keys of one type, without nulls: those never meet.
pub struct KeySet {
    form: Form,
    bounds: Option<(ScalarValue, ScalarValue)>,
    keys: usize,
}

enum Form {
    /// A bit for each number from the least one on.
    Bitmap { least: i64, bits: Vec<u64> },
    /// Words in which four bits are set for each key.
    Bloom { words: Vec<u64>, state: RandomState },
}

/// Whether keys of this type can be put into a set.
pub fn is_supported(data_type: &DataType) -> bool {
    is_whole(data_type)
        || matches!(
            data_type,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Decimal128(_, _) | DataType::UInt64
        )
}

/// Types whose values are whole numbers that fit 64 bits.
fn is_whole(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::Date32
            | DataType::Date64
    )
}

/// Values as 64-bit numbers.
fn numbers(values: &ArrayRef) -> Result<ArrayRef> {
    // Dates are numbers of days or milliseconds, but 32 bits are no direct cast to 64.
    let values = match values.data_type() {
        DataType::Date32 => cast(values, &DataType::Int32)?,
        _ => Arc::clone(values),
    };
    Ok(cast(&values, &DataType::Int64)?)
}

impl KeySet {
    /// The set of all values in `arrays`, which are of one supported type.
    ///
    /// # Errors
    /// If the type cannot be hashed.
    pub fn try_new(arrays: &[ArrayRef]) -> Result<Self> {
        let keys = arrays.iter().map(|array| array.len() - array.null_count()).sum();
        if arrays.iter().all(|array| is_whole(array.data_type())) {
            let numbers = arrays.iter().map(numbers).collect::<Result<Vec<_>>>()?;
            let all = || numbers.iter().flat_map(|array| array.as_primitive::<Int64Type>().iter().flatten());
            if let (Some(least), Some(greatest)) = (all().min(), all().max()) {
                let bounds = bounds(least, greatest, arrays[0].data_type())?;
                if greatest.checked_sub(least).is_some_and(|width| width < WIDEST_BITMAP) {
                    let mut bits = vec![0_u64; ((greatest - least) as usize >> 6) + 1];
                    for number in all() {
                        let place = (number - least) as usize;
                        bits[place >> 6] |= 1 << (place & 63);
                    }
                    return Ok(Self { form: Form::Bitmap { least, bits }, bounds, keys });
                }
                return Ok(Self { form: bloom(arrays, keys)?, bounds, keys });
            }
        }
        Ok(Self { form: bloom(arrays, keys)?, bounds: None, keys })
    }

    /// Number of keys put in, with repetitions.
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// `column` is in the set, and between its least and greatest key, for readers that know the bounds of their blocks.
    pub fn predicate(self: Arc<Self>, column: Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
        if self.keys == 0 {
            return lit(false);
        }
        let bounds = self.bounds.clone();
        let member: Arc<dyn PhysicalExpr> = Arc::new(KeySetExpr { column: Arc::clone(&column), set: self });
        let Some((least, greatest)) = bounds else { return member };
        let and = |left, operator, right| Arc::new(BinaryExpr::new(left, operator, right)) as Arc<dyn PhysicalExpr>;
        let above = and(Arc::clone(&column), Operator::GtEq, lit(least));
        let below = and(column, Operator::LtEq, lit(greatest));
        and(and(above, Operator::And, below), Operator::And, member)
    }

    /// Of each value, whether it may be in the set; of a null, no.
    fn contains(&self, values: &ArrayRef) -> Result<BooleanArray> {
        let mut found = BooleanBufferBuilder::new(values.len());
        match &self.form {
            Form::Bitmap { least, bits } => {
                let values = numbers(values)?;
                for number in values.as_primitive::<Int64Type>().values() {
                    let place = number.wrapping_sub(*least) as u64;
                    found.append(bits.get((place >> 6) as usize).is_some_and(|word| word >> (place & 63) & 1 == 1));
                }
            }
            Form::Bloom { words, state } => {
                let mut hashes = vec![0; values.len()];
                for hash in create_hashes([values], state, &mut hashes)?.iter() {
                    let (place, mask) = slot(*hash, words.len());
                    found.append(words[place] & mask == mask);
                }
            }
        }
        let found = found.finish();
        Ok(match values.logical_nulls() {
            Some(nulls) => BooleanArray::new(&found & nulls.inner(), None),
            None => BooleanArray::new(found, None),
        })
    }
}

fn bounds(least: i64, greatest: i64, data_type: &DataType) -> Result<Option<(ScalarValue, ScalarValue)>> {
    let scalar = |number: i64| match data_type {
        DataType::Date32 => ScalarValue::from(number).cast_to(&DataType::Int32)?.cast_to(data_type),
        _ => ScalarValue::from(number).cast_to(data_type),
    };
    Ok(Some((scalar(least)?, scalar(greatest)?)))
}

fn bloom(arrays: &[ArrayRef], keys: usize) -> Result<Form> {
    let state = RandomState::with_seed(0x5357_4154_485f_4b53);
    let mut words = vec![0_u64; (keys * BITS_PER_KEY / 64).max(1)];
    for array in arrays {
        let mut hashes = vec![0; array.len()];
        let hashes = create_hashes([array], &state, &mut hashes)?;
        for (index, hash) in hashes.iter().enumerate() {
            if array.is_valid(index) {
                let (place, mask) = slot(*hash, words.len());
                words[place] |= mask;
            }
        }
    }
    Ok(Form::Bloom { words, state })
}

/// The word of a hash, and the bits that it sets there.
fn slot(hash: u64, words: usize) -> (usize, u64) {
    let place = ((u128::from(hash) * words as u128) >> 64) as usize;
    // The upper bits choose the word.
    let mask = [0, 6, 12, 18].iter().fold(0, |mask, shift| mask | 1 << (hash >> shift & 63));
    (place, mask)
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Whether a column's value is in a set. It lives in the process that made it.
#[derive(Debug)]
struct KeySetExpr {
    column: Arc<dyn PhysicalExpr>,
    set: Arc<KeySet>,
}

impl PartialEq for KeySetExpr {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && Arc::ptr_eq(&self.set, &other.set)
    }
}

impl Eq for KeySetExpr {}

impl Hash for KeySetExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        Arc::as_ptr(&self.set).hash(state);
    }
}

impl fmt::Display for KeySetExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} IN (set of {} keys)", self.column, self.set.keys)
    }
}

impl PhysicalExpr for KeySetExpr {
    fn data_type(&self, _schema: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _schema: &Schema) -> Result<bool> {
        Ok(false)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let values = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        Ok(ColumnarValue::Array(Arc::new(self.set.contains(&values)?)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let column = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.column));
        Ok(Arc::new(Self { column, set: Arc::clone(&self.set) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Int32Array, Int64Array, StringViewArray};

    fn found(keys: &ArrayRef, asked: &ArrayRef) -> Vec<bool> {
        let set = KeySet::try_new(std::slice::from_ref(keys)).unwrap();
        set.contains(asked).unwrap().iter().map(Option::unwrap).collect()
    }

    #[test]
    fn numbers_in_a_narrow_range_are_exact() {
        let keys: ArrayRef = Arc::new(Int32Array::from(vec![Some(-5), Some(700), None]));
        let asked = vec![Some(-5), Some(-6), Some(700), Some(701), None, Some(i32::MIN)];
        let asked: ArrayRef = Arc::new(Int32Array::from(asked));
        assert_eq!(found(&keys, &asked), [true, false, true, false, false, false]);
        let dates: ArrayRef = Arc::new(Date32Array::from(vec![10, 20]));
        let asked: ArrayRef = Arc::new(Date32Array::from(vec![9, 10, 15, 20]));
        assert_eq!(found(&dates, &asked), [false, true, false, true]);
    }

    #[test]
    fn no_key_is_denied_and_few_others_are_taken() {
        let wide: Vec<i64> = (0..20_000).map(|i| i * 0x1234_5678_9abc).collect();
        let others: ArrayRef = Arc::new(Int64Array::from_iter_values(wide.iter().map(|key| key + 1)));
        let keys: ArrayRef = Arc::new(Int64Array::from(wide));
        assert!(found(&keys, &keys).into_iter().all(|found| found));
        let wrong = found(&keys, &others).into_iter().filter(|found| *found).count();
        assert!(wrong < 1000, "{wrong} of 20000");
        let text = |from: i32| -> ArrayRef {
            Arc::new(StringViewArray::from_iter_values((from..from + 9000).map(|i| format!("key {i}"))))
        };
        assert!(found(&text(0), &text(0)).into_iter().all(|found| found));
        assert!(found(&text(0), &text(9000)).into_iter().filter(|found| *found).count() < 450);
    }

    #[test]
    fn an_empty_set_takes_nothing() {
        let keys: ArrayRef = Arc::new(Int64Array::from(vec![None, None]));
        let predicate = Arc::new(KeySet::try_new(&[keys]).unwrap());
        assert_eq!(predicate.keys(), 0);
        let column = Arc::new(datafusion::physical_expr::expressions::Column::new("k", 0));
        assert_eq!(predicate.predicate(column).to_string(), "false");
    }
}
