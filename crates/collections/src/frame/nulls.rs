//! Nulls: counted, filled, dropped.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{ExprSchemable, cast};
use datafusion::scalar::ScalarValue;

use super::DataFrame;
use super::resolve::known;
use crate::error::{Error, Result};
use crate::expr::agg::ExprAgg;
use crate::expr::conditional::all_of;
use crate::expr::literal::scalar;
use crate::expr::window::ExprWindow;
use crate::expr::{Expr, ExprExt, ExprOrValue, col};

/// With what [`DataFrame::fill_null_by`] fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillNull {
    /// The last value before it, in the frame's order (sort first).
    Forward,
    /// The next value after it, in the frame's order (sort first).
    Backward,
    /// The mean of the column, for numbers; cut to the column's type.
    Mean,
    /// The smallest value of the column.
    Min,
    /// The largest value of the column.
    Max,
    /// 0, for numbers.
    Zero,
    /// 1, for numbers.
    One,
}

impl DataFrame {
    /// Null replaced by `value` in every column whose type can hold it; types do not change. A number fills numbers (a
    /// fraction only floats and decimals), a text texts, and so on; other columns stay as they are.
    pub fn fill_null(&self, value: impl Into<ExprOrValue>) -> Self {
        let value = value.into().0;
        self.each_column(|name, data_type| Ok(fitted(&value, data_type).map(|value| col(name).fill_null(value))))
    }

    /// Null replaced by another value in each of the given columns.
    pub fn fill_nulls<S: Into<String>, E: Into<ExprOrValue>>(&self, values: impl IntoIterator<Item = (S, E)>) -> Self {
        let values: Vec<(String, Expr)> =
            values.into_iter().map(|(name, value)| (name.into(), value.into().0)).collect();
        let known = self.then(|plan| {
            values.iter().try_for_each(|(name, _)| known(name, plan.schema()))?;
            Ok(plan)
        });
        known.each_column(|name, data_type| {
            let Some((_, value)) = values.iter().find(|(column, _)| column == name) else { return Ok(None) };
            match fitted(value, data_type) {
                Some(value) => Ok(Some(col(name).fill_null(value))),
                None => {
                    let message = format!("column '{name}' of type {data_type} cannot hold {value}; cast it before");
                    Err(Error::invalid("fill_nulls", message))
                }
            }
        })
    }

    /// Null replaced by a value that comes from the column itself, or by 0 or 1.
    pub fn fill_null_by(&self, strategy: FillNull) -> Self {
        self.each_column(|name, data_type| {
            let column = || col(name);
            let typed = |value: Expr| Some(column().fill_null(cast(value, data_type.clone())));
            Ok(match strategy {
                FillNull::Forward => Some(column().forward_fill()),
                FillNull::Backward => Some(column().backward_fill()),
                FillNull::Min if !data_type.is_nested() => typed(column().min()),
                FillNull::Max if !data_type.is_nested() => typed(column().max()),
                FillNull::Mean if data_type.is_numeric() => typed(column().mean()),
                FillNull::Zero if data_type.is_numeric() => typed(datafusion::logical_expr::lit(0_i64)),
                FillNull::One if data_type.is_numeric() => typed(datafusion::logical_expr::lit(1_i64)),
                _ => None,
            })
        })
    }

    /// [`fill_null_by`](Self::fill_null_by) of at most `limit` nulls after (before) each value, for [`FillNull::Forward`] and
    /// [`FillNull::Backward`].
    pub fn fill_null_up_to(&self, strategy: FillNull, limit: u32) -> Self {
        self.each_column(|name, _| match strategy {
            FillNull::Forward => Ok(Some(col(name).forward_fill_limit(limit))),
            FillNull::Backward => Ok(Some(col(name).backward_fill_limit(limit))),
            other => Err(Error::invalid(
                "fill_null",
                format!("expected the strategy 'forward' or 'backward' with a limit, got {other:?}"),
            )),
        })
    }

    /// Without the rows that have null in any column.
    pub fn drop_nulls(&self) -> Self {
        match self.columns() {
            Ok(columns) => self.drop_nulls_in(columns),
            Err(error) => self.failed(error),
        }
    }

    /// Without the rows that have null in any of `columns`.
    pub fn drop_nulls_in<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>) -> Self {
        self.filter(all_of(columns.into_iter().map(|name| col(name).is_not_null())))
    }

    /// The number of nulls of every column, in one row.
    pub fn null_count(&self) -> Self {
        match self.columns() {
            Ok(columns) => self.agg(columns.iter().map(|name| col(name).null_count().alias(name))),
            Err(error) => self.failed(error),
        }
    }

    /// `change` of every column for which it gives something.
    fn each_column(&self, change: impl Fn(&str, &DataType) -> Result<Option<Expr>>) -> Self {
        let changed = || -> Result<Vec<Expr>> {
            let schema = self.schema()?;
            let changed = schema.fields().iter().map(|field| {
                let expr = change(field.name(), field.data_type())?;
                Ok(expr.map(|expr| expr.alias(field.name())))
            });
            Ok(changed.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
        };
        match changed() {
            Ok(columns) if columns.is_empty() => self.clone(),
            Ok(columns) => self.with_columns(columns),
            Err(error) => self.failed(error),
        }
    }
}

/// `value` as `data_type`, if nothing of it is lost; an expression over columns is cast when it runs.
fn fitted(value: &Expr, data_type: &DataType) -> Option<Expr> {
    let Expr::Literal(literal, _) = value else {
        let empty = datafusion::common::DFSchema::empty();
        let same_kind = value.get_type(&empty).map_or(true, |own| kind(&own) == kind(data_type));
        return same_kind.then(|| cast(value.clone(), data_type.clone()));
    };
    fitted_value(literal, data_type).map(scalar)
}

/// `value` as `data_type`, if nothing of it is lost: digits of a float may be.
pub(super) fn fitted_value(value: &ScalarValue, data_type: &DataType) -> Option<ScalarValue> {
    let own = value.data_type();
    if kind(&own) != kind(data_type) {
        return None;
    }
    let there = value.cast_to(data_type).ok().filter(|there| !there.is_null())?;
    let back = there.cast_to(&own).ok()?;
    let rounded = own.is_floating() && data_type.is_floating() && is_infinite(&back) == is_infinite(value);
    (rounded || same(&back, value)).then_some(there)
}

fn is_infinite(value: &ScalarValue) -> bool {
    matches!(value, ScalarValue::Float64(Some(number)) if number.is_infinite())
}

fn same(left: &ScalarValue, right: &ScalarValue) -> bool {
    left == right || matches!((left, right), (ScalarValue::Float64(Some(a)), ScalarValue::Float64(Some(b))) if a == b)
}

/// Types of one kind hold each other's values.
#[derive(PartialEq)]
enum Kind {
    Number,
    Text,
    Bytes,
    Boolean,
    Time,
    TimeOfDay,
    Duration,
    Other(DataType),
}

fn kind(data_type: &DataType) -> Kind {
    match data_type {
        number if number.is_numeric() => Kind::Number,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Kind::Bytes,
        DataType::Boolean => Kind::Boolean,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Kind::Time,
        DataType::Time32(_) | DataType::Time64(_) => Kind::TimeOfDay,
        DataType::Duration(_) => Kind::Duration,
        DataType::Dictionary(_, values) => kind(values),
        other => Kind::Other(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::FillNull;
    use crate::prelude::*;
    use crate::testing::{mistake, rows, sorted_rows, table};

    fn gaps() -> DataFrame {
        table(
            "SELECT * FROM (VALUES (1, NULL, 1.5, 'a'), (2, 7, NULL, NULL), (3, NULL, NULL, 'c'), (4, 9, 4.5, NULL)) \
             AS t(i, x, y, s)",
        )
    }

    #[test]
    fn a_value_fills_the_columns_that_can_hold_it() {
        assert_eq!(sorted_rows(&gaps().fill_null(0)), ["1|0|1.5|a", "2|7|0.0|null", "3|0|0.0|c", "4|9|4.5|null"]);
        assert_eq!(sorted_rows(&gaps().fill_null(0.5))[1], "2|7|0.5|null");
        assert_eq!(sorted_rows(&gaps().fill_null(0.5))[0], "1|null|1.5|a");
        assert_eq!(sorted_rows(&gaps().fill_null("-"))[3], "4|9|4.5|-");
        let half = gaps().cast([("y", arrow::datatypes::DataType::Float32)]);
        assert_eq!(sorted_rows(&half.fill_null(0.1))[1], "2|7|0.1|null");
        assert_eq!(gaps().fill_null(0).dtypes().unwrap(), gaps().dtypes().unwrap());
    }

    #[test]
    fn each_column_may_have_its_own_value() {
        let filled = gaps().fill_nulls([("x", lit(0)), ("s", lit("?")), ("y", col("i"))]);
        assert_eq!(sorted_rows(&filled), ["1|0|1.5|a", "2|7|2.0|?", "3|0|3.0|c", "4|9|4.5|?"]);
        assert!(mistake(&gaps().fill_nulls([("x", 0.5)])).contains("column 'x' of type Int64 cannot hold"));
        assert!(mistake(&gaps().fill_nulls([("q", 0)])).contains("'q' not found"));
    }

    #[test]
    fn strategies() {
        let sorted = gaps().sort(["i"]);
        assert_eq!(
            rows(&sorted.fill_null_by(FillNull::Forward)),
            ["1|null|1.5|a", "2|7|1.5|a", "3|7|1.5|c", "4|9|4.5|c"]
        );
        assert_eq!(
            rows(&sorted.fill_null_by(FillNull::Backward)),
            ["1|7|1.5|a", "2|7|4.5|c", "3|9|4.5|c", "4|9|4.5|null"]
        );
        assert_eq!(rows(&sorted.fill_null_by(FillNull::Mean))[2], "3|8|3.0|c");
        assert_eq!(rows(&sorted.fill_null_by(FillNull::Min))[2], "3|7|1.5|c");
        assert_eq!(rows(&sorted.fill_null_by(FillNull::Max))[1], "2|7|4.5|c");
        assert_eq!(rows(&sorted.fill_null_by(FillNull::One))[2], "3|1|1.0|c");
    }

    #[test]
    fn nulls_are_dropped_and_counted() {
        assert_eq!(gaps().drop_nulls().count().unwrap(), 0);
        assert_eq!(sorted_rows(&gaps().drop_nulls_in(["x"]).select(["i"])), ["2", "4"]);
        assert_eq!(rows(&gaps().null_count()), ["0|2|2|2"]);
        assert!(mistake(&gaps().drop_nulls_in(["q"])).contains("'q' not found"));
    }
}
