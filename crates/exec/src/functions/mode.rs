//! `mode(value)`: the most frequent value, and of several the smallest.
//!
//! Nulls are not counted; null without values. NaN is a value. Holds each different value of a group, with its count, in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

/// The function.
pub fn mode() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(Mode { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Mode {
    signature: Signature,
}

fn item(data_type: &DataType) -> FieldRef {
    Arc::new(Field::new_list_field(data_type.clone(), true))
}

impl AggregateUDFImpl for Mode {
    fn name(&self) -> &str {
        "mode"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [DataType::Dictionary(_, values)] => Ok(vec![values.as_ref().clone()]),
            [any] if RowConverter::supports_fields(&[SortField::new(any.clone())]) => Ok(vec![any.clone()]),
            [other] => plan_err!("mode: expected values that have an order, got {other}"),
            _ => plan_err!("mode: expected one column, got {} arguments", types.len()),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types[0].clone())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |part, of: &DataType| {
            Arc::new(Field::new(format_state_name(arguments.name, part), DataType::List(item(of)), true))
        };
        let values = arguments.input_fields[0].data_type();
        Ok(vec![list("values", values), list("counts", &DataType::Int64)])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return plan_err!("mode: DISTINCT is not supported: every value would be as frequent");
        }
        let data_type = arguments.expr_fields[0].data_type().clone();
        let converter = RowConverter::new(vec![SortField::new(data_type.clone())])?;
        Ok(Box::new(Counts { data_type, converter, counts: HashMap::new(), bytes: 0 }))
    }
}

/// How often each value came.
struct Counts {
    data_type: DataType,
    converter: RowConverter,
    /// The bytes of rows have the order of the values.
    counts: HashMap<OwnedRow, i64>,
    /// Of the keys.
    bytes: usize,
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} different values", self.counts.len())
    }
}

impl Counts {
    /// Counts the values that are not null, the one in row `r` as `count(r)`.
    fn add(&mut self, values: &ArrayRef, count: impl Fn(usize) -> i64) -> Result<()> {
        let rows = self.converter.convert_columns(std::slice::from_ref(values))?;
        for (position, row) in rows.iter().enumerate().filter(|(position, _)| values.is_valid(*position)) {
            let (row, count) = (row.owned(), count(position));
            let size = row.as_ref().len();
            let known = self.counts.entry(row).or_insert_with(|| {
                self.bytes += size;
                0
            });
            *known += count;
        }
        Ok(())
    }

    fn values<'a>(&self, rows: impl IntoIterator<Item = &'a OwnedRow>) -> Result<ArrayRef> {
        let columns = self.converter.convert_rows(rows.into_iter().map(OwnedRow::row))?;
        match columns.into_iter().next() {
            Some(values) => Ok(values),
            None => internal_err!("mode: rows of one column have no column"),
        }
    }
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0], |_| 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (Some(values), Some(counts)) = (states[0].as_list_opt::<i32>(), states[1].as_list_opt::<i32>()) else {
            return internal_err!("mode: expected lists of values and counts");
        };
        for (values, counts) in values.iter().zip(counts.iter()) {
            if let (Some(values), Some(counts)) = (values, counts) {
                let counts = counts.as_primitive::<Int64Type>();
                self.add(&values, |row| counts.value(row))?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = self.values(self.counts.keys())?;
        let counts: ArrayRef = Arc::new(self.counts.values().copied().collect::<Int64Array>());
        let list = |of: ArrayRef| -> Result<ScalarValue> {
            let offsets = OffsetBuffer::from_lengths([of.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(item(of.data_type()), offsets, of, None)?)))
        };
        Ok(vec![list(values)?, list(counts)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let most = self.counts.iter().max_by(|(a, more), (b, less)| more.cmp(less).then_with(|| b.cmp(a)));
        match most {
            Some((value, _)) => ScalarValue::try_from_array(&self.values([value])?, 0),
            None => ScalarValue::try_from(&self.data_type),
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes + self.counts.capacity() * size_of::<(OwnedRow, i64)>()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(sql: &str) -> Vec<String> {
        let context = SessionContext::new();
        context.register_udaf(super::mode().as_ref().clone());
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect()
    }

    #[tokio::test]
    async fn the_most_frequent_and_of_several_the_smallest() {
        let of = "FROM (VALUES (1, 'b'), (1, 'b'), (1, 'a'), (2, 'd'), (2, 'c'), (3, NULL), (3, NULL), (3, 'z'), (4, NULL)) AS t(k, x)";
        assert_eq!(
            rows(&format!("SELECT k, mode(x) {of} GROUP BY k ORDER BY k")).await,
            ["|1|b|", "|2|c|", "|3|z|", "|4||"]
        );
        assert_eq!(rows(&format!("SELECT mode(-k), mode([k]) {of}")).await, ["|-3|[1]|"]);
        assert_eq!(
            rows("SELECT mode(arrow_cast(x, 'Dictionary(Int8, Utf8)')) FROM (VALUES ('q')) AS t(x)").await,
            ["|q|"]
        );
        assert_eq!(rows(&format!("SELECT mode(x) {of} WHERE k > 9")).await, ["||"]);
    }
}
