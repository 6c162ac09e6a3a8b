//! `list_gather(list, positions, null_on_oob)`, `list_shift(list, rows)`, `list_diff(list, rows)`: lists made of the elements of lists, by
//! position.
//!
//! - `list_gather`: the elements at the positions, a list of whole numbers from 0 on, negative ones from the end; a null position
//!   gives null, one that does not exist null or an error.
//! - `list_shift`: each element moved `rows` places to the end (to the start, if negative), null where nothing is moved to.
//! - `list_diff`: each element minus the one `rows` places before. Unsigned elements become signed ones of 64 bits.
//!
//! Null lists give null.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::kernels::numeric::sub;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function that takes elements by position.
pub fn list_gather() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ByPosition::new(Kind::Gather).into()));
    Arc::clone(&FUNCTION)
}

/// The function that moves elements.
pub fn list_shift() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ByPosition::new(Kind::Shift).into()));
    Arc::clone(&FUNCTION)
}

/// The function that subtracts moved elements.
pub fn list_diff() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ByPosition::new(Kind::Diff).into()));
    Arc::clone(&FUNCTION)
}

/// The elements of lists of the type `list`.
pub(super) fn list_type(operation: &str, list: &DataType) -> Result<FieldRef> {
    match list {
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            Ok(Arc::clone(element))
        }
        DataType::Null => Ok(Arc::new(Field::new_list_field(DataType::Null, true))),
        other => plan_err!("{operation}: expected a list, got {other}"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Gather,
    Shift,
    Diff,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ByPosition {
    kind: Kind,
    signature: Signature,
}

impl ByPosition {
    fn new(kind: Kind) -> Self {
        Self { kind, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

impl ScalarUDFImpl for ByPosition {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Gather => "list_gather",
            Kind::Shift => "list_shift",
            Kind::Diff => "list_diff",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let element = |list| list_type(self.name(), list).map(|element| element.data_type().clone());
        match (self.kind, types) {
            (Kind::Gather, [list, positions, oob]) => {
                let position = element(positions)?;
                if !position.is_integer() && !position.is_null() {
                    return plan_err!("list_gather: expected positions as whole numbers, got {position}");
                }
                if *oob != DataType::Boolean {
                    return plan_err!("list_gather: expected null_on_oob to be true or false, got {oob}");
                }
                Ok(vec![list_of(element(list)?), list_of(DataType::Int64), DataType::Boolean])
            }
            (Kind::Shift | Kind::Diff, [list, rows]) => {
                if !rows.is_integer() {
                    return plan_err!("{}: expected a whole number of places, got {rows}", self.name());
                }
                let of = match (self.kind, element(list)?) {
                    (Kind::Diff, of) if of.is_unsigned_integer() => DataType::Int64,
                    (Kind::Diff, of) if !of.is_numeric() && !of.is_temporal() && !of.is_null() => {
                        return plan_err!("list_diff: expected lists of numbers or times, got {list}");
                    }
                    (_, of) => of,
                };
                Ok(vec![list_of(of), DataType::Int64])
            }
            _ => plan_err!("{}: got {} arguments, which is not the right number", self.name(), types.len()),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let of = list_type(self.name(), &types[0])?.data_type().clone();
        Ok(list_of(match (self.kind, &of) {
            (Kind::Diff, DataType::Null) => of,
            (Kind::Diff, _) => {
                // What the subtraction gives: durations for timestamps, a digit more for decimals.
                let none = arrow::array::new_empty_array(&of);
                sub(&none, &none)?.data_type().clone()
            }
            _ => of,
        }))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let arrays = arguments.args.iter().map(|one| one.to_array(rows)).collect::<Result<Vec<_>>>()?;
        let Some(lists) = arrays.first().and_then(|lists| lists.as_list_opt::<i32>()) else {
            return internal_err!("{}: expected lists", self.name());
        };
        let made = match (self.kind, arrays.as_slice()) {
            (Kind::Gather, [_, positions, _]) => {
                let ColumnarValue::Scalar(ScalarValue::Boolean(Some(null_on_oob))) = arguments.args[2] else {
                    return plan_err!("list_gather: expected a constant for null_on_oob");
                };
                gathered(lists, positions.as_list(), null_on_oob)?
            }
            (_, [_, rows]) => {
                let places = rows.as_primitive::<Int64Type>();
                let (moved, offsets, nulls) = shifted(lists, places)?;
                let values = if self.kind == Kind::Diff && !moved.data_type().is_null() {
                    // The elements of null lists are left out by the shift, and so they are here.
                    let (same, ..) = shifted(lists, &Int64Array::from(vec![0; lists.len()]))?;
                    sub(&same, &moved)?
                } else {
                    moved
                };
                list(values, offsets, nulls)?
            }
            _ => return internal_err!("{}: expected other arguments", self.name()),
        };
        Ok(ColumnarValue::Array(made))
    }
}

fn list(values: ArrayRef, offsets: OffsetBuffer<i32>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(field, offsets, values, nulls)?))
}

/// The elements, their offsets and the nulls, of lists with each element moved.
fn shifted(lists: &ListArray, places: &Int64Array) -> Result<(ArrayRef, OffsetBuffer<i32>, Option<NullBuffer>)> {
    let nulls = NullBuffer::union(lists.nulls(), places.nulls());
    let mut from: Vec<Option<u64>> = Vec::with_capacity(lists.values().len());
    let mut lengths = Vec::with_capacity(lists.len());
    for (row, ends) in lists.value_offsets().windows(2).enumerate() {
        let (start, end) = (i64::from(ends[0]), i64::from(ends[1]));
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            lengths.push(0);
            continue;
        }
        let moved = places.value(row);
        from.extend((start..end).map(|place| {
            let source = place.checked_sub(moved).filter(|source| (start..end).contains(source))?;
            u64::try_from(source).ok()
        }));
        lengths.push((end - start) as usize);
    }
    let values = take(lists.values(), &UInt64Array::from(from), None)?;
    Ok((values, OffsetBuffer::from_lengths(lengths), nulls))
}

fn gathered(lists: &ListArray, positions: &ListArray, null_on_oob: bool) -> Result<ArrayRef> {
    let nulls = NullBuffer::union(lists.nulls(), positions.nulls());
    let mut from: Vec<Option<u64>> = vec![];
    let mut lengths = Vec::with_capacity(lists.len());
    let wanted = positions.values().as_primitive::<Int64Type>();
    for row in 0..lists.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            lengths.push(0);
            continue;
        }
        let (start, length) = (lists.value_offsets()[row], i64::from(lists.value_length(row)));
        let places = positions.value_offsets()[row] as usize..positions.value_offsets()[row + 1] as usize;
        lengths.push(places.len());
        for place in places {
            if wanted.is_null(place) {
                from.push(None);
                continue;
            }
            let position = wanted.value(place);
            let counted = if position < 0 { position.saturating_add(length) } else { position };
            let inside = (0..length).contains(&counted);
            if !inside && !null_on_oob {
                return exec_err!(
                    "the position {position} does not exist in a list of {length} elements; null_on_oob=True gives null there"
                );
            }
            from.push(if inside { u64::try_from(i64::from(start) + counted).ok() } else { None });
        }
    }
    list(take(lists.values(), &UInt64Array::from(from), None)?, OffsetBuffer::from_lengths(lengths), nulls)
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(call: &str) -> Result<Vec<String>, String> {
        let context = SessionContext::new();
        for function in [super::list_gather(), super::list_shift(), super::list_diff()] {
            context.register_udf(function.as_ref().clone());
        }
        let sql = format!("SELECT {call} FROM (VALUES ([1, 2, 4], 1), ([3], 0), ([], 2), (NULL, 1)) AS t(l, n)");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect())
    }

    #[tokio::test]
    async fn elements_by_position() {
        assert_eq!(rows("list_shift(l, 1)").await.unwrap(), ["|[,1,2]|", "|[]|", "|[]|", "||"]);
        assert_eq!(rows("list_shift(l, -n)").await.unwrap(), ["|[2,4,]|", "|[3]|", "|[]|", "||"]);
        assert_eq!(rows("list_diff(l, 1)").await.unwrap(), ["|[,1,2]|", "|[]|", "|[]|", "||"]);
        assert_eq!(
            rows("list_diff(arrow_cast(l, 'LargeList(UInt8)'), -1)").await.unwrap(),
            ["|[-1,-2,]|", "|[]|", "|[]|", "||"]
        );
        assert_eq!(
            rows("list_gather(l, [0, -1, 7, NULL], true)").await.unwrap(),
            ["|[1,4,,]|", "|[3,3,,]|", "|[,,,]|", "||"]
        );
        assert_eq!(rows("list_gather(l, make_array(n - 1), true)").await.unwrap(), ["|[1]|", "|[3]|", "|[]|", "||"]);
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        assert!(rows("list_gather(l, [1], false)").await.unwrap_err().contains("the position 1 does not exist"));
        assert!(rows("list_gather(l, ['a'], false)").await.unwrap_err().contains("whole numbers"));
        assert!(rows("list_shift(n, 1)").await.unwrap_err().contains("list_shift: expected a list"));
        assert!(rows("list_diff(['a'], 1)").await.unwrap_err().contains("numbers or times"));
    }
}
